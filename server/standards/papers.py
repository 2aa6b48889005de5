"""The official papers (受理文书): which there are, how they are numbered, until when to correct.

Titles and the two-letter signs of the number are ours; that a number of at most 30 characters
stands on each paper follows GB/T 39046-2020. Pure.
"""

from datetime import date
from typing import Final, Literal

PaperKind = Literal[
    "receipt", "acceptance", "correction", "refusal", "suspension", "extension", "application",
    "handover", "grant", "registration", "denial", "delivery", "closing", "withdrawal", "return", "termination",
]  # fmt: skip
"""``application`` is the form as it was filled, ``handover`` the list that goes with paper originals; neither
is a notice of the authority."""

PaperState = Literal["making", "ready", "failed"]

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
}


def number_prefix(kind: PaperKind, region_code: str, day: date) -> str:
    """What the serials of one kind, region (GB/T 2260) and day have in common."""
    return f"{region_code}-{_SIGNS[kind]}-{day:%Y%m%d}"


def number(kind: PaperKind, region_code: str, day: date, serial: int) -> str:
    """The 受理文书编号, e.g. ``370211-SL-20261124-0001``. ValueError beyond 30 characters."""
    made = f"{number_prefix(kind, region_code, day)}-{serial:04}"
    if serial < 1 or len(made) > 30:
        raise ValueError("not a number of a paper")
    return made
