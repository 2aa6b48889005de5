"""Checks, the clock, referral and decision: views, commands and events."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from server.case.rules.case import Decision
from server.case.rules.checklist import Verdict as PointVerdict
from server.case.rules.checklist import Word as PointWord
from server.case.rules.clock import Started
from server.case.rules.course.states import CaseState
from server.case.wire.words import CaseAct, CaseCommand, Reason
from server.rights.seen import STAFF, Put, Seen, everywhere
from server.standards.limits import StopReason
from signaling.wire.envelope import Event, Id, Message, PersonRef


class Check(Message):
    """The approver's word about one point of the checklist; ``lacking`` goes into a 补正 notice."""

    seen: ClassVar = Seen(to=STAFF)

    point: str
    verdict: PointVerdict
    note: str = ""
    by: PersonRef
    at: datetime


class DueDay(Message):
    """One working day counted towards the due date."""

    on: date
    number: int


class DueView(Message):
    """How a time limit is counted in working days, day by day."""

    due_on: date
    due_days: list[DueDay]
    skipped_days: list[date]
    provisional: bool


class HaltView(Message):
    """A span that does not count; it lasts while ``ended`` is null."""

    why: StopReason
    reason: str
    began: date
    by: PersonRef
    at: datetime
    ended: date | None = None
    ended_by: PersonRef | None = None
    ended_at: datetime | None = None


class ExtensionView(Message):
    """延长: so many working days more (行政许可法 42)."""

    days: int
    reason: str
    by: PersonRef
    at: datetime


class ClockView(Message):
    """What the limits of an accepted case are counted from. While the clock is stopped both are
    counted as if it ran again on the day of the stop, and provisional."""

    started_on: date
    started: Started
    """``deemed``: nobody told in time what was missing, so it counts from the receipt (32);
    ``corrected``: from the day on which the last of what was missing arrived."""
    promised_days: int
    legal_days: int
    extension_at_most: int
    legal: DueView
    halts: list[HaltView] = []
    extension: ExtensionView | None = None


class Decided(Message):
    seen: ClassVar = Seen(at=everywhere, blank={"task": {"reason": "", "points": [], "about": []}})

    kind: Decision
    reason: str
    by: PersonRef
    at: datetime
    due_on: date | None = None
    due_days: list[DueDay] = []
    skipped_days: list[date] = []
    provisional: bool = False
    """暂定: the count runs past the known working-day calendar."""
    points: list[str] = []
    """补正: every open point at once (行政许可法 32): returned materials with reason, missing required lines."""
    about: list[str] = []
    """The place of each point: ``line:<key>``, ``line:<key>:<slot>``, ``field:<path>``, ``comment:<id>`` or
    ``check:<key>``. Empty in notices from before places were kept."""
    correct_by: date | None = None
    """补正: until when, as its notice is printed; null in notices from before the day was kept."""
    clock: ClockView | None = None
    """Of an accepted case; ``due_on`` is its promised limit."""
    combined: bool = False
    """By who took the case at the window, too (即办可审核合一): to be sampled."""


class ReferralView(Message):
    """转办: which unit passed the case on to which, and why."""

    seen: ClassVar = Seen(at=everywhere, blank={"task": {"reason": ""}})

    from_unit_name: str
    to_unit_name: str
    reason: str
    by: PersonRef
    at: datetime


class CaseDecide(CaseAct):
    """Approver only. ``accepted`` is refused (incomplete) while a required line has no accepted material.

    Gives the 办件编号 at the first decision. Result: ``{number}``.
    """

    type: Literal["case.decide"] = "case.decide"
    decision: Decision
    reason: Reason
    again: bool = False
    """Set after the warning: a second 补正 notice is refused (second_notice) without it."""
    grant: bool = False
    """受理并准予 (即办): the accepted case is granted in the same act, as ``case.rule`` would; nothing of any other
    decision."""
    bases: Annotated[
        list[Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]],
        Field(max_length=20),
    ] = []
    """Of the ruling, when it is granted at once."""


class CaseRefer(CaseAct):
    """转办: let another unit decide from now on. Approver only.

    Refused: case_closed, reason_missing, same_unit, no_approver (nobody there could decide).
    """

    type: Literal["case.refer"] = "case.refer"
    unit_id: Id
    reason: Reason


class CaseStopClock(CaseAct):
    """Stop the clock of an accepted case for what does not count (行政许可法 45); its notice is made.
    Approver only. Refused: limit_not_running, clock_stopped, limit_passed, reason_missing."""

    type: Literal["case.stop_clock"] = "case.stop_clock"
    why: StopReason
    reason: Reason


class CaseResumeClock(CaseAct):
    """Let the clock run again. Approver only. Refused: limit_not_running, clock_running.
    Result: ``{due_on}``."""

    type: Literal["case.resume_clock"] = "case.resume_clock"


class CaseExtendLimit(CaseAct):
    """延长 (行政许可法 42), once; its notice is made. Only an approver who is the head of the authority
    (forbidden). Refused: limit_not_running, extended_already, extension_too_long, limit_passed,
    reason_missing. Result: ``{due_on}``."""

    type: Literal["case.extend_limit"] = "case.extend_limit"
    days: Annotated[int, Field(ge=1, le=60)]
    reason: Reason


class CaseCheck(CaseCommand):
    """The approver's word about one point of the item's checklist; ``none`` takes it back."""

    type: Literal["case.check"] = "case.check"
    point: Annotated[str, StringConstraints(max_length=64)]
    verdict: PointWord
    note: Reason = ""


class CaseDecided(Event):
    """Open proposals named in ``outdated`` are outdated by a decision that closes the case."""

    sets: ClassVar = {"number": "number", "state": "state", "decision": "decision"}
    also: ClassVar = ("corrections", "proposals")

    type: Literal["case.decided"] = "case.decided"
    number: str
    state: CaseState
    decision: Decided
    outdated: list[str] = []


class CaseReferred(Event):
    """Another unit decides. Whoever watched the case as anything but the window opens it anew: his socket
    gets nothing more of it."""

    into: ClassVar = (Put("referrals", "referral"),)
    also: ClassVar = ("item", "owner")

    type: Literal["case.referred"] = "case.referred"
    referral: ReferralView
    unit_id: str
    place: str


class CaseRecounted(Event):
    """The limits of an accepted case, counted anew: the working-day calendar changed, or its clock."""

    sets: ClassVar = {"decision": "decision"}

    type: Literal["case.recounted"] = "case.recounted"
    decision: Decided
    why: Literal["calendar", "stopped", "resumed", "extended"] = "calendar"
    by: PersonRef | None = None


class CaseChecked(Event):
    """``check`` is null when it was taken back."""

    into: ClassVar = (Put("checks", "check"),)

    type: Literal["case.checked"] = "case.checked"
    point: str
    check: Check | None
