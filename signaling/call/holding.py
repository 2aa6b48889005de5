"""A call on hold: put so by the window or the approver, and resumed by the same.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from dataclasses import replace
from datetime import datetime

from signaling.call.claims import at_the_head, not_ended
from signaling.call.inputs import PutOnHold, Resumed
from signaling.call.parts import HOLDS_AT_MOST, Call, Hold
from signaling.refusals import Code, Refusal


def put_on_hold(call: Call, event: PutOnHold, at: datetime) -> Call:
    not_ended(call)
    at_the_head(call, event.person_id)
    if call.on_hold() is not None:
        return call
    if len(call.holds) >= HOLDS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return replace(call, holds=(*call.holds, Hold(event.person_id, at)))


def resumed(call: Call, event: Resumed, at: datetime) -> Call:
    not_ended(call)
    at_the_head(call, event.person_id)
    hold = call.on_hold()
    if hold is None:
        return call
    if hold.by != event.person_id:
        raise Refusal(Code.NOT_YOURS)
    return released(call, at)


def released(call: Call, at: datetime) -> Call:
    hold = call.on_hold()
    if hold is None:
        return call
    return replace(call, holds=(*call.holds[:-1], replace(hold, until=at)))
