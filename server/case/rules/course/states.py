"""The states of a case (办件) to its end, and the four questions that acts ask of one.

    registered < reviewing < accepted | to_correct | refused;  to_correct < accepted | refused | returned
    accepted < granted | denied;  granted < issued < delivered;  denied < delivered
    registered … accepted < withdrawn;  accepted < terminated
    delivered | refused | returned | withdrawn | terminated < archived
    consulting < registered | reviewing | consulted

State only moves forward. What stands open until somebody closes it is not one question but four: may the
case still be filled in, may what was promised still come, may a call about it begin, is it in the archive.
A consultation (咨询) is no case yet: nothing of it is filled in, judged or decided on.
Sources: 行政许可法 32, 38, 42, 44; GB/T 39046-2020. Pure.
"""

from typing import Final, Literal, get_args

CaseState = Literal[
    "registered", "reviewing", "accepted", "to_correct", "refused", "granted", "denied", "issued", "delivered",
    "returned", "withdrawn", "terminated", "archived", "consulting", "consulted",
]  # fmt: skip
"""登记 → 连线审核 → 受理 | 补正 | 不予受理; 受理 → 准予 | 不予 → 制证 → 送达 → 归档. To the side: 退件, 撤回, 终止.
Before it: 咨询 → 登记 | 已答复.

``to_correct`` stays until it is decided again; ``accepted`` is under examination (审查) until it is ruled on.
"""
STATES: Final[tuple[CaseState, ...]] = get_args(CaseState)

FILLABLE: Final[frozenset[CaseState]] = frozenset({"registered", "reviewing", "to_correct"})
TAKES_OWED: Final[frozenset[CaseState]] = frozenset({"accepted"})
ARCHIVED: Final[frozenset[CaseState]] = frozenset({"archived"})
ENDED: Final[frozenset[CaseState]] = frozenset(
    {"delivered", "refused", "returned", "withdrawn", "terminated"}
)
"""Nothing is left to do but to archive it."""
CONSULTATIONS: Final[frozenset[CaseState]] = frozenset({"consulting", "consulted"})
"""What was asked, and became no case or has not yet: on no list of cases to handle, in no figure of them."""


def fillable(state: str) -> bool:
    """Whether form and materials may be filled in, judged and decided on."""
    return state in FILLABLE


def takes_owed(state: str) -> bool:
    """Whether materials that were promised (容缺后补) may still come, be judged and be counted."""
    return state in TAKES_OWED


def callable_(state: str) -> bool:
    """Whether a call about the case may begin. None changes its state once it was accepted."""
    return state not in ARCHIVED and state != "consulted"


def archived(state: str) -> bool:
    """Whether the case lies in the archive: nothing about it changes, but what is appended to its file."""
    return state in ARCHIVED


def named(state: str) -> CaseState:
    """The state of this name, which has to be one."""
    return next(one for one in STATES if one == state)
