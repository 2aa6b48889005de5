"""Whose turn a case is and until when: every open case has an owner and a next date.

The clock that runs is named: 收件 (ours), 告知 (行政许可法 32), 补正, 承诺, 法定 (42), 送达 (44), 归档 (ours). Of several the
next to end is told. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol

from server.case.rules.clock import Deadlines
from server.case.rules.course import modes
from server.case.rules.course.course import Course
from server.case.rules.course.states import CaseState
from server.case.rules.materials.promise import VERIFY_WITHIN
from server.case.rules.summary import Submission
from server.catalogue.rules.item import Mode
from server.rights.hand import WorkingSide
from server.standards.working_days import Counted, china_day

ClockName = Literal[
    "taking_in", "telling", "correcting", "promised", "legal", "delivering", "archiving"
]
"""收件 | 告知 | 补正 | 承诺 | 法定 | 送达 | 归档."""
WhoseTurn = WorkingSide
Tab = Literal["mine", "theirs", "soon", "done"]
"""要我处理 | 对方处理 | 将到期 | 已办结, as one side of a case has them."""
TAKE_IN: Final = timedelta(days=7)
"""From the registration until somebody looks after what was not handed in; ours, not the law's."""
ARCHIVE: Final = timedelta(days=7)
"""From the end until the case lies in the archive; ours."""


@dataclass(frozen=True)
class Due:
    """The clock that runs in a case, the day on which it ends, and whose turn it is."""

    clock: ClockName
    on: date
    turn: WhoseTurn
    stopped: bool = False


class WithDays(Protocol):
    """As much of a decision as has days."""

    @property
    def at(self) -> datetime: ...
    @property
    def counted(self) -> Counted | None: ...
    @property
    def clock(self) -> Deadlines | None: ...
    @property
    def correct_by(self) -> date | None: ...


class WithClocks(Protocol):
    """As much of a case as its clocks ask for."""

    @property
    def state(self) -> CaseState: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def submission(self) -> Submission | None: ...
    @property
    def decision(self) -> WithDays | None: ...
    @property
    def course(self) -> Course: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def unverified(self) -> Sequence[str]: ...


def due(case: WithClocks) -> Due | None:
    """What runs in the case as it stands; None in the archive, and of a consultation, which is no case to handle. Of one
    that was migrated (迁移) nothing ends before a week from the upgrade."""
    now, migrated = _due(case), case.course.migrated
    if now is None or migrated is None:
        return now
    return replace(now, on=max(now.on, migrated.on + TAKE_IN))


def _due(case: WithClocks) -> Due | None:
    decided, course = case.decision, case.course
    match case.state:
        case "archived" | "consulting" | "consulted":
            return None
        case "registered" | "reviewing":
            told = case.submission.tell_by if case.submission else None
            if told is not None:
                return Due("telling", told, "approver")
            asked = course.consultation
            begun = (asked and asked.registered_at) or case.created_at
            return Due("taking_in", china_day(begun) + TAKE_IN, "window")
        case "to_correct":
            # a notice of before the day was kept with it waits as long as what was never handed in
            noticed = china_day(decided.at) + TAKE_IN if decided else china_day(case.created_at)
            by = decided.correct_by if decided else None
            return Due("correcting", by or noticed, "window")
        case "accepted":
            clock = decided.clock if decided else None
            if clock is None:
                begun = decided.at if decided else case.created_at
                counted = decided.counted if decided else None
                on = counted.due_on if counted else china_day(begun) + TAKE_IN
                return Due("promised", on, "approver")
            stopped = clock.stopped is not None
            if clock.promised.due_on <= clock.legal.due_on:
                return Due("promised", clock.promised.due_on, "approver", stopped)
            return Due("legal", clock.legal.due_on, "approver", stopped)
        case "granted" | "denied" | "issued":
            by_law = course.ruling.deliver.due_on if course.ruling else None
            turn: WhoseTurn = "window" if _at_the_window(case) else "approver"
            return Due("delivering", by_law or china_day(case.created_at) + TAKE_IN, turn)
        case "delivered" | "refused" | "returned" | "withdrawn" | "terminated":
            return Due("archiving", _archive_by(case), "approver")


def _archive_by(case: WithClocks) -> date:
    """A week after the end; the archive waits for the verification of what was declared, and so does its day."""
    on, ruling = _ended_on(case) + ARCHIVE, case.course.ruling
    if not case.unverified or ruling is None:
        return on
    return max(on, china_day(ruling.at) + VERIFY_WITHIN)


def _at_the_window(case: WithClocks) -> bool:
    """What is made, or denied, lies at the window unless it is on its way from elsewhere, or nothing is handed over
    there in this mode."""
    if case.state == "granted" or "collected" not in modes.HANDLING[case.mode].hands_over:
        return False
    waiting = [one for one in case.course.deliveries if one.state == "waiting"]
    return all(one.way in ("collected", "left") for one in waiting)


def _ended_on(case: WithClocks) -> date:
    """The day on which the case came to its end."""
    arrived = [one.ended_on for one in case.course.deliveries if one.ended_on is not None]
    if case.state == "delivered" and arrived:
        return max(arrived)
    ending, decided = case.course.ending, case.decision
    at = ending.at if ending else decided.at if decided else case.created_at
    return china_day(at)
