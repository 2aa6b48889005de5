"""Following a call unseen: commands and what is told of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    StringConstraints,
)

from signaling.call import parts
from signaling.wire.envelope import WORDS, Command, Id, Message, PersonRef

Way = Annotated[parts.Way, WORDS]


class MonitorWatch(Command):
    """Watch the live calls of my unit, from its windows or to its approvers. For supervisors.

    Result: MonitorCalls; later changes come as that ephemeral. Refused: forbidden.
    """

    type: Literal["monitor.watch"] = "monitor.watch"


class MonitorBegin(Command):
    """Hear and see a live call of my unit and be neither heard nor seen, for the reason given.

    Result: ``{monitor_id}``, which stands for a leg in ``call.connect`` and ``call.describe``. One
    that I had of this call ends. Refused: not_found (not a call of my unit), forbidden (I lack the
    right), not_in_call (nobody has answered), already_in_call, seat_taken.
    """

    type: Literal["monitor.begin"] = "monitor.begin"
    call_id: Id
    reason: Annotated[
        str,
        StringConstraints(
            min_length=2, max_length=200, strip_whitespace=True, pattern=r"\S[\s\S]*\S"
        ),
    ]


class MonitorTurn(Command):
    """Go on in another way: ``whisper`` is heard by the approver alone, ``barge`` takes a guest's
    seat, for all to see and hear.

    Each way is a right of its own; whispering is for supervisors of the deciding unit. Result:
    ``{leg_id}`` of a barge. Refused: forbidden, not_in_call, seat_taken.
    """

    type: Literal["monitor.turn"] = "monitor.turn"
    call_id: Id
    monitor_id: Id
    way: Way
    reason: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""


class MonitorEnd(Command):
    """Follow the call no longer, in whichever way I did."""

    type: Literal["monitor.end"] = "monitor.end"
    call_id: Id
    monitor_id: Id


class MonitorChanged(Message):
    """Ephemeral to those who may know: who follows this call has changed; ask for the call again."""

    type: Literal["monitor.changed"] = "monitor.changed"
    call_id: str


class MonitorView(Message):
    """A supervisor who follows the call now."""

    id: str
    person: PersonRef
    way: Way
    since: datetime
