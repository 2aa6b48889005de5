"""The official papers (受理文书): which there are, how they are numbered, whose seal stands on them.

Titles and the two-letter signs of the number are ours; that a number of at most 30 characters
stands on each paper follows GB/T 39046-2020. Pure.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args

AgentPaper = Literal["agent_start", "mandate", "agent_pause", "renewal", "agent_end"]
"""受理单, 委托书, 中止单, 续办委托书, 办结（终止）单 of 帮办代办."""
PaperKind = Literal[
    "receipt", "acceptance", "correction", "refusal", "suspension", "extension", "application",
    "handover", "grant", "registration", "denial", "delivery", "closing", "withdrawal", "return", "termination",
    AgentPaper,
]  # fmt: skip
"""``application`` is the form as it was filled, ``handover`` the list that goes with paper originals; neither
is a notice of the authority. The last five are those of 帮办代办: what the unit of the agent tells, and the mandates
that the applicant signs."""

PaperState = Literal["making", "ready", "failed"]

SealPurpose = Literal["receiving", "acceptance", "approval"]
"""What a seal of a unit is for: 收件专用章, 受理专用章, 审批专用章."""
SealState = Literal["valid", "unsealed", "altered", "untrusted", "expired"]
"""What the seal on a file is found to be. ``altered``: a byte under it, or behind it, is another; ``untrusted``:
no certificate of an authority that is known here leads to it; ``expired``: its certificate was not valid at the
moment that the seal tells."""
DraftWhy = Literal["no_seal", "expired", "not_yet", "failed"]
"""Why a paper that wants a seal has none: the unit has none for this, its certificate is no more or not yet
valid, or sealing failed."""

TITLES: Final[dict[PaperKind, str]] = {
    "receipt": "收件凭证",
    "acceptance": "受理通知书",
    "correction": "补正材料通知书",
    "refusal": "不予受理通知书",
    "suspension": "特别程序告知书",
    "extension": "延长办理期限告知书",
    "application": "申请表",
    "handover": "材料交接清单",
    "grant": "准予行政许可决定书",
    "registration": "登记通知书",
    "denial": "不予行政许可决定书",
    "delivery": "送达回证",
    "closing": "办结单",
    "withdrawal": "撤回申请书",
    "return": "退件单",
    "termination": "终止办理告知书",
    "agent_start": "帮办代办受理单",
    "mandate": "代办委托书",
    "agent_pause": "帮办代办中止单",
    "renewal": "续办委托书",
    "agent_end": "帮办代办办结（终止）单",
}
_SIGNS: Final[dict[PaperKind, str]] = {
    "receipt": "SJ",
    "acceptance": "SL",
    "correction": "BZ",
    "refusal": "BY",
    "suspension": "TB",
    "extension": "YC",
    "application": "SQ",
    "handover": "JJ",
    "grant": "ZY",
    "registration": "DJ",
    "denial": "BX",
    "delivery": "SD",
    "closing": "BJ",
    "withdrawal": "CH",
    "return": "TJ",
    "termination": "ZZ",
    "agent_start": "DS",
    "mandate": "WT",
    "agent_pause": "DT",
    "renewal": "XW",
    "agent_end": "DB",
}
AGENT_PAPERS: Final[frozenset[PaperKind]] = frozenset(get_args(AgentPaper))
"""Issued by the unit whose window took the case: the agents are of it (DB3205/T 1077-2023)."""
OWN_PAPERS: Final[frozenset[PaperKind]] = frozenset({"application", "mandate", "renewal"})
"""What the applicant signs with his whole number: the window reads it, the other sides do not."""


SEAL_NAMES: Final[dict[SealPurpose, str]] = {
    "receiving": "收件专用章",
    "acceptance": "受理专用章",
    "approval": "审批专用章",
}
SEALS: Final[dict[PaperKind, SealPurpose | None]] = {
    "receipt": "receiving",
    "handover": "receiving",
    "agent_start": "receiving",
    "agent_pause": "receiving",
    "agent_end": "receiving",
    "acceptance": "acceptance",
    "correction": "acceptance",
    "refusal": "acceptance",
    "return": "acceptance",
    "suspension": "approval",
    "extension": "approval",
    "grant": "approval",
    "registration": "approval",
    "denial": "approval",
    "termination": "approval",
    "delivery": "approval",
    "closing": "approval",
    "application": None,
    "withdrawal": None,
    "mandate": None,
    "renewal": None,
}
"""Which seal stands on a paper (行政许可法 32; 国务院令第716号 art. 9): ``receiving`` is that of the unit that
takes the papers in, the others are of the unit that decides. None: the applicant's own paper."""


@dataclass(frozen=True, slots=True)
class Seal:
    """An electronic seal as it was put on a paper."""

    purpose: SealPurpose
    unit_name: str
    subject: str
    """Of its certificate, as RFC 4514 writes it."""
    fingerprint: str
    """SHA-256 of the certificate, hex."""
    at: datetime


def number_prefix(kind: PaperKind, region_code: str, day: date) -> str:
    """What the serials of one kind, region (GB/T 2260) and day have in common."""
    return f"{region_code}-{_SIGNS[kind]}-{day:%Y%m%d}"


def number(kind: PaperKind, region_code: str, day: date, serial: int) -> str:
    """The 受理文书编号, e.g. ``370211-SL-20261124-0001``. ValueError beyond 30 characters."""
    made = f"{number_prefix(kind, region_code, day)}-{serial:04}"
    if serial < 1 or len(made) > 30:
        raise ValueError("not a number of a paper")
    return made
