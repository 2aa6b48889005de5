"""Who handles a case at the unit that decides (承办人), and the clock that runs in it."""

from datetime import date
from typing import ClassVar, Literal

from server.case.rules.course.due import ClockName, WhoseTurn
from server.case.wire.words import CaseCommand
from signaling.wire.envelope import Event, Id, Message, PersonRef


class RunningClock(Message):
    """The clock that runs in a case, the day on which it ends, and whose turn it is.

    ``left``: working days from today to that day; 0 on the day itself, negative once it is over.
    """

    clock: ClockName
    on: date
    left: int
    turn: WhoseTurn
    stopped: bool


class CaseAssign(CaseCommand):
    """Let somebody of the unit that decides handle the case: oneself (认领), a colleague (交给), or with null nobody:
    it goes back to the unit's pool (待认领). ``from_id``: who had it as the page showed it, null for nobody.
    Approver only. What it is already changes nothing.

    Refused: case_archived, no_approver (he cannot decide there), case_claimed (somebody else has it by now, or
    nobody: ``owner``).
    """

    type: Literal["case.assign"] = "case.assign"
    person_id: Id | None
    from_id: Id | None


class CaseAssigned(Event):
    """``owner`` is null when the case lies in the pool."""

    sets: ClassVar = {"owner": "owner"}

    type: Literal["case.assigned"] = "case.assigned"
    owner: PersonRef | None
