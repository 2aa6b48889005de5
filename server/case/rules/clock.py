"""The clock of an accepted case: its promised and its legal limit, what stops them, the one extension.

    running < stopped(why) < running …;  extended once

Both limits are counted from the day of acceptance on the same working days (行政许可法 42, 45, 82);
how long they are stands in ``server.standards.limits``. Pure: time and calendar are given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from server.catalogue.rules.item import Item, Mode
from server.standards import limits
from server.standards.limits import Stop, StopReason
from server.standards.working_days import Counted, china_day
from signaling.refusals import Code, Refusal

Started = Literal["decided", "deemed", "corrected"]
"""Why that day is the day of acceptance: the decision's own; 32 (4), nobody told in time what was
missing; the day on which the last of what was to be corrected arrived."""
STOPS_AT_MOST: Final = 50


@dataclass(frozen=True)
class Halt:
    """A span that does not count, with what was written to the applicant about it."""

    why: StopReason
    reason: str
    began: date
    by: str
    at: datetime
    ended: date | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Extension:
    """延长: so many working days more, by the head of the authority, with the reason."""

    days: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Deadlines:
    """Both limits of an accepted case. ``promised_days`` and ``legal_days`` are without the extension."""

    started_on: date
    started: Started
    promised_days: int
    legal_days: int
    joint: bool
    promised: Counted
    legal: Counted
    halts: tuple[Halt, ...] = ()
    extension: Extension | None = None

    @property
    def stopped(self) -> Halt | None:
        """What stops it now."""
        return next((one for one in self.halts if one.ended is None), None)


def start(
    item: Item,
    mode: Mode,
    started_on: date,
    started: Started,
    *,
    known: Mapping[date, bool],
    today: date,
) -> Deadlines:
    """A clock that begins to run. The legal limit is the item's own, or else that of the law."""
    joint = mode == "joint"
    legal = item.legal_days
    if legal is None:
        legal = limits.JOINT if joint else limits.DECIDE
    nothing = Counted(started_on, (), (), False)
    new = Deadlines(started_on, started, item.promised_days, legal, joint, nothing, nothing)
    return counted(new, known, today)


def counted(clock: Deadlines, known: Mapping[date, bool], today: date) -> Deadlines:
    """The clock with both limits counted anew; see ``limits.limit`` for what a stop does."""
    stops = [Stop(one.why, one.began, one.ended) for one in clock.halts]
    more = clock.extension.days if clock.extension else 0

    def until(days: int) -> Counted:
        return limits.limit(known, clock.started_on, days + more, stops, today=today)

    return replace(clock, promised=until(clock.promised_days), legal=until(clock.legal_days))


def stop(
    clock: Deadlines,
    why: StopReason,
    reason: str,
    by: str,
    *,
    at: datetime,
    known: Mapping[date, bool],
) -> Deadlines:
    """Stop the clock today, for one of the reasons of 45.

    Refused: ``reason_missing``, ``clock_stopped``, ``limit_passed`` (the legal limit is over),
    ``throttled`` (stopped 50 times).
    """
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if clock.stopped:
        raise Refusal(Code.CLOCK_STOPPED, why=clock.stopped.why)
    today = _before_the_end(clock, at)
    if len(clock.halts) >= STOPS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    halt = Halt(why, reason.strip(), today, by, at)
    return counted(replace(clock, halts=(*clock.halts, halt)), known, today)


def resume(clock: Deadlines, by: str, *, at: datetime, known: Mapping[date, bool]) -> Deadlines:
    """Let the clock run again: the day of the resumption is the last that does not count.

    Refused: ``clock_running``.
    """
    if clock.stopped is None:
        raise Refusal(Code.CLOCK_RUNNING)
    today = china_day(at)
    ended = replace(clock.stopped, ended=today, ended_by=by, ended_at=at)
    halts = tuple(ended if one.ended is None else one for one in clock.halts)
    return counted(replace(clock, halts=halts), known, today)


def extend(
    clock: Deadlines, days: int, reason: str, by: str, *, at: datetime, known: Mapping[date, bool]
) -> Deadlines:
    """延长 by so many working days; both limits move. That ``by`` is the head is asked before.

    Refused: ``reason_missing``, ``extended_already`` (the law knows one), ``extension_too_long``
    with ``at_most``, ``limit_passed`` (a limit is extended before it is over).
    """
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if clock.extension:
        raise Refusal(Code.EXTENDED_ALREADY)
    at_most = limits.extension(clock.joint)
    if not 1 <= days <= at_most:
        raise Refusal(Code.EXTENSION_TOO_LONG, at_most=at_most)
    today = china_day(at)
    if clock.stopped is None:
        _before_the_end(clock, at)
    longer = replace(clock, extension=Extension(days, reason.strip(), by, at))
    return counted(longer, known, today)


def _before_the_end(clock: Deadlines, at: datetime) -> date:
    """Today; refused ``limit_passed`` behind the last day of the legal limit."""
    today = china_day(at)
    if today > max(clock.legal.due_on, clock.promised.due_on):
        raise Refusal(Code.LIMIT_PASSED)
    return today
