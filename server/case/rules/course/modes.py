"""What the mode (通办形式) of a case makes of its course: one table, which acts and pages read.

| mode | who checks identity | originals | who decides | what is laid ready or visited | posted | electronic |
|---|---|---|---|---|---|---|
| 全程网办 | documents that can be verified | none travel | the unit | nobody | the unit | the unit |
| 异地代收代办 | the window | posted with a list | the unit | the window | either | the unit |
| 多地联办 | the lead window | posted with a list | each unit its part | the window | either | the unit |

Sources: 国办发〔2020〕35号 and 国办发〔2022〕34号 (what each mode is, and the duties of both ends). Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.case.rules.course import states
from server.case.rules.course.course import Way
from server.catalogue.rules.item import Mode
from server.rights.hand import Part, WorkingSide
from signaling.refusals import Code, Refusal

IdentityCheck = Literal["documents", "window"]
"""凭可核验的电子证件 | 由窗口当面核对."""
Originals = Literal["none", "posted"]
"""不收原件 | 随清单寄送."""
Deciders = Literal["unit", "units"]
"""The unit that decides the case, or each unit its part."""
_BOTH: Final[tuple[WorkingSide, ...]] = ("window", "approver")


@dataclass(frozen=True)
class Handling:
    """One row of the table. ``hands_over``: the ways in which results get to the applicant, and from which side each
    may begin; a way that is not named is not for this mode."""

    identity: IdentityCheck
    originals: Originals
    decides: Deciders
    hands_over: Mapping[Way, tuple[WorkingSide, ...]]


_BY_HAND: Final[Mapping[Way, tuple[WorkingSide, ...]]] = {
    "collected": ("window",),
    "posted": _BOTH,
    "electronic": ("approver",),
    "left": ("window",),
}
HANDLING: Final[Mapping[Mode, Handling]] = {
    "online": Handling(
        "documents", "none", "unit", {"posted": ("approver",), "electronic": ("approver",)}
    ),
    "proxy": Handling("window", "posted", "unit", _BY_HAND),
    "joint": Handling("window", "posted", "units", _BY_HAND),
}


def hands_over(mode: Mode, way: Way, who: Part) -> None:
    """Refused: ``other_mode`` (not in this mode), ``not_yours`` (not from this side)."""
    sides = HANDLING[mode].hands_over.get(way)
    if sides is None:
        raise Refusal(Code.OTHER_MODE, mode=mode)
    if not ("window" in sides and who.fills) and not ("approver" in sides and who.judges()):
        raise Refusal(Code.NOT_YOURS)


def takes_originals(mode: Mode) -> None:
    """Refused ``other_mode`` where no paper original travels."""
    if HANDLING[mode].originals == "none":
        raise Refusal(Code.OTHER_MODE, mode=mode)


def change(
    offered: Sequence[Mode], state: str, mode: Mode, to: Mode, who: Part, *, sent: bool
) -> Mode:
    """Handle it in another mode from now on: at the window, while the case is filled in.

    ``offered``: the modes of its item. ``sent``: paper originals travelled, which 全程网办 does not know. Refused:
    ``other_step`` (decided, or a consultation), ``case_archived``, ``not_yours``, ``item_unavailable``
    (the item is not offered so), ``originals_sent``.
    """
    if states.archived(state):
        raise Refusal(Code.CASE_ARCHIVED)
    if not states.fillable(state):
        raise Refusal(Code.OTHER_STEP, state=state, wanted=",".join(sorted(states.FILLABLE)))
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if to != mode and to not in offered:
        raise Refusal(Code.ITEM_UNAVAILABLE, mode=to)
    if sent and HANDLING[to].originals == "none":
        raise Refusal(Code.ORIGINALS_SENT)
    return to
