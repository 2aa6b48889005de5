"""对账: what an external system says it did on a day, beside what the cases have of it. Pure.

Both sides are lists of steps, each of a case by its 办件编号, under the number that the system gave (受理号). A step is
one of both, of one side alone, or of both under different numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from server.case.rules.course.course import ReportStep

Verdict = Literal["differs", "only_here", "only_there", "same"]
"""号码不一致, 只有本平台有, 只有外部系统有, 一致: what has to be looked into first."""
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
STATED_AT_MOST: Final = 1000
"""Steps of one statement; a day with more is stated in the body of another system's key."""


@dataclass(frozen=True, slots=True)
class StatedStep:
    """One step: of which case (办件编号), which, and under which number."""

    case: str
    step: ReportStep
    number: str


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """The same step on both sides; None: that side has it not."""

    case: str
    step: ReportStep
    ours: str | None
    theirs: str | None
    verdict: Verdict


def reconcile(ours: Iterable[StatedStep], theirs: Iterable[StatedStep]) -> tuple[ComparedStep, ...]:
    """Every step of either side, once; what does not agree first, then by case and step."""
    here = {(one.case, one.step): one.number for one in ours}
    there = {(one.case, one.step): one.number for one in theirs}
    steps = get_args(ReportStep)
    found = [
        ComparedStep(case, step, mine := here.get(key), its := there.get(key), _verdict(mine, its))
        for key in here.keys() | there.keys()
        for case, step in [key]
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (VERDICTS.index(one.verdict), one.case, steps.index(one.step)),
        )
    )


def _verdict(ours: str | None, theirs: str | None) -> Verdict:
    if ours is None:
        return "only_there"
    if theirs is None:
        return "only_here"
    return "same" if ours == theirs else "differs"
