"""The states of a case (办件) to its end, and the four questions that acts ask of one.

    registered < reviewing < accepted | to_correct | refused;  to_correct < accepted | refused | returned
    accepted < granted | denied;  granted < issued < delivered;  denied < delivered
    registered … accepted < withdrawn;  accepted < terminated
    delivered | refused | returned | withdrawn | terminated < archived

State only moves forward. What stands open until somebody closes it is not one question but four: may the
case still be filled in, may what was promised still come, may a call about it begin, is it in the archive.
Sources: 行政许可法 32, 38, 42, 44; GB/T 39046-2020. Pure.
"""

from typing import Final, Literal, get_args

CaseState = Literal[
    "registered", "reviewing", "accepted", "to_correct", "refused", "granted", "denied", "issued", "delivered",
    "returned", "withdrawn", "terminated", "archived",
]  # fmt: skip
"""登记 → 连线审核 → 受理 | 补正 | 不予受理; 受理 → 准予 | 不予 → 制证 → 送达 → 归档. To the side: 退件, 撤回, 终止.

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


def fillable(state: str) -> bool:
    """Whether form and materials may be filled in, judged and decided on."""
    return state in FILLABLE


def takes_owed(state: str) -> bool:
    """Whether materials that were promised (容缺后补) may still come, be judged and be counted."""
    return state in TAKES_OWED


def callable_(state: str) -> bool:
    """Whether a call about the case may begin. None changes its state once it was accepted."""
    return state not in ARCHIVED


def archived(state: str) -> bool:
    """Whether the case lies in the archive: nothing about it changes, but what is appended to its file."""
    return state in ARCHIVED
