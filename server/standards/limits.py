"""The time limits of 行政许可法 32, 42 to 45: how long each takes, what stops the clock, what silence means.

All in working days (82), on a calendar that the caller gives; ``server.standards.working_days`` counts.
Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from server.standards.working_days import Counted, count
from signaling.refusals import Code, Refusal

DECIDE: Final = 20
"""42: from acceptance to the decision."""
DECIDE_EXTENDED: Final = 10
"""42: more, by the head of the authority, the reason told to the applicant."""
JOINT: Final = 45
"""42: where several authorities handle it together."""
JOINT_EXTENDED: Final = 15
"""42: more, by the head of the government."""
LOWER_REVIEW: Final = 20
"""43: a lower authority's review before the higher one decides."""
DELIVER: Final = 10
"""44: from the decision to handing over or sending the licence."""
CORRECT: Final = 15
"""From the notice for correction until what it names is there: 32 names no limit, a unit's own rule may be
another."""
TELL_ALL: Final = 5
"""32 (4): from receipt to the one notice of everything that is missing."""

StopReason = Literal[
    "hearing", "tender", "auction", "inspection", "test", "quarantine", "appraisal", "expert_review"
]
"""45: what takes time that does not count, and must be told in writing."""
WHY: Final[Mapping[StopReason, str]] = {
    "hearing": "听证",
    "tender": "招标",
    "auction": "拍卖",
    "inspection": "检验",
    "test": "检测",
    "quarantine": "检疫",
    "appraisal": "鉴定",
    "expert_review": "专家评审",
}
"""In the words of the article."""


@dataclass(frozen=True)
class Stop:
    """A span that does not count: from ``began`` to ``ended``, both included; None: it still lasts."""

    why: StopReason
    began: date
    ended: date | None = None


def limit(
    known: Mapping[date, bool],
    accepted_on: date,
    working_days: int,
    stops: Sequence[Stop] = (),
    *,
    today: date,
) -> Counted:
    """When a limit of so many working days ends; days inside a stop are passed over.

    While a stop lasts the end is not known: it is counted as if the stop ended ``today``, and
    ``provisional``. Refused: ``bad_date`` for a stop that ends before it begins or begins before the
    acceptance.
    """
    if any(one.began < accepted_on or (one.ended and one.ended < one.began) for one in stops):
        raise Refusal(Code.BAD_DATE, why="stop")
    spans = [(one.began, one.ended or max(today, one.began)) for one in stops]
    counted = count(_Stopped(known, spans), accepted_on, working_days)
    lasting = any(one.ended is None for one in stops)
    return replace(counted, provisional=True) if lasting else counted


def used(
    known: Mapping[date, bool], accepted_on: date, ended_on: date, stops: Sequence[Stop] = ()
) -> int:
    """How many working days a matter took: those behind the day of acceptance up to the day of its end,
    without those inside a stop. Counted as ``limit`` counts, so that what ends on the last day of a limit
    used all of it."""
    spans = [(one.began, one.ended or ended_on) for one in stops]
    calendar = _Stopped(known, spans)
    days = (accepted_on + timedelta(days=n) for n in range(1, (ended_on - accepted_on).days + 1))
    return sum(on.weekday() < 5 if (works := calendar.get(on)) is None else works for on in days)


def extension(joint: bool) -> int:
    """The most working days of the one extension that the law knows."""
    return JOINT_EXTENDED if joint else DECIDE_EXTENDED


def tell_by(known: Mapping[date, bool], received_on: date) -> date:
    """32 (4): the last day on which can be told what is missing."""
    return count(known, received_on, TELL_ALL).due_on


def correct_by(known: Mapping[date, bool], noticed_on: date) -> date:
    """The day before whose end what a notice for correction names is to be there."""
    return count(known, noticed_on, CORRECT).due_on


def deemed_accepted(known: Mapping[date, bool], received_on: date, today: date) -> bool:
    """32 (4): whether an application of which nobody told what is missing counts as accepted.

    It does once five working days have passed without the notice; then from ``received_on``.
    """
    return today > tell_by(known, received_on)


class _Stopped(Mapping[date, bool]):
    """A calendar on which nobody works inside the spans."""

    def __init__(self, known: Mapping[date, bool], spans: Sequence[tuple[date, date]]) -> None:
        self._known = known
        self._spans = spans

    def __getitem__(self, on: date) -> bool:
        if any(began <= on <= ended for began, ended in self._spans):
            return False
        return self._known[on]

    def __iter__(self) -> Iterator[date]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
