"""Duty, who is there, and calls that were missed: commands and what is told."""

from datetime import datetime
from typing import Annotated, Literal

from signaling import subjects
from signaling.wire.envelope import WORDS, Command, Id, Message, PersonRef


class MissedWatch(Command):
    """Watch the calls that nobody answered: for a clerk from his window, for an approver to his unit; the 100 newest of each.

    Result: MissedCalls; later changes come as that ephemeral. For windows and approvers. Refused: forbidden.
    """

    type: Literal["missed.watch"] = "missed.watch"


class MissedAsk(Command):
    """As an approver, ask the window to call again about a case of which my unit missed the call.

    The window sees it in its list and dials. Once a missed call, whoever asked, and again after 10 min. Refused:
    not_found, not_yours (not the approver), call_ended (nothing is missed any more), throttled
    (``retry_after_s``).
    """

    type: Literal["missed.ask"] = "missed.ask"
    case_id: Id


Duty = Literal["online", "away"]


class DeskOpen(Command):
    """First command of a page. Result: DeskView. Joins my running calls (and rings) on this socket."""

    type: Literal["desk.open"] = "desk.open"


class DeskDuty(Command):
    """Go on or off duty (approver). Result: ``{duty}``. The click also unlocks the ring sound in the page."""

    type: Literal["desk.duty"] = "desk.duty"
    duty: Duty


class UnitOpen(Command):
    """Watch who is on duty at a unit. Result: UnitPresence; later changes come as that ephemeral."""

    type: Literal["unit.open"] = "unit.open"
    unit_id: Id


class Presence(Message):
    person: PersonRef
    state: Annotated[subjects.Availability, WORDS]


class UnitPresence(Message):
    """Ephemeral: who of the unit is on duty now. Ringing = being rung, busy = in a call."""

    type: Literal["unit.presence"] = "unit.presence"
    unit_id: str
    approvers: list[Presence]
    at: datetime
