"""How a call ends, for all or for one who may be in it no longer.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from dataclasses import replace
from datetime import datetime

from signaling.call import following, holding, seating
from signaling.call.claims import not_ended
from signaling.call.inputs import Barred, CallInput, Cancelled, ConsentWithdrawn, HungUp
from signaling.call.parts import (
    GUESTS,
    Call,
    CallState,
    EndReason,
    LegState,
    MonitorEnding,
    Patience,
    PersonId,
    RingState,
    Seat,
)
from signaling.refusals import Code, Refusal


def ended(call: Call, reason: EndReason, at: datetime) -> Call:
    return replace(
        holding.released(call, at),
        state=CallState.ENDED,
        reason=reason,
        ended_at=at,
        rings=tuple(ring.closed(RingState.CANCELLED, at) for ring in call.rings),
        legs=tuple(replace(leg.departed(LegState.LEFT, at), held_until=None) for leg in call.legs),
    )


def rung_out(call: Call, at: datetime) -> Call:
    """End an open call that nobody is asked to any more: missed if anyone let it ring."""
    if any(ring.state is RingState.RINGING for ring in call.rings):
        return call
    missed = any(ring.state is RingState.MISSED for ring in call.rings)
    return ended(call, EndReason.MISSED if missed else EndReason.DECLINED, at)


def cancelled(call: Call, event: Cancelled, at: datetime) -> Call:
    not_ended(call)
    if event.person_id != call.caller_id:
        raise Refusal(Code.NOT_IN_CALL)
    if call.state is CallState.LIVE:
        raise Refusal(Code.RING_CLOSED)
    return ended(call, EndReason.CANCELLED, at)


def hung_up(
    call: Call, event: HungUp, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    """The call ended for all by who sits at its head; anybody else only leaves it."""
    not_ended(call)
    leg = call.leg_of(event.person_id)
    if leg is None:
        raise Refusal(Code.NOT_IN_CALL)
    if leg.person_id not in head:
        return seating.unseated(call, leg.person_id, at, patience)
    live = call.state is CallState.LIVE
    return ended(call, EndReason.HUNG_UP if live else EndReason.CANCELLED, at)


def unrecorded(call: Call, event: ConsentWithdrawn, at: datetime) -> Call:
    if call.state is CallState.ENDED or not call.recorded:
        return call
    legs = tuple(replace(leg, recording=False) for leg in call.legs)
    call = replace(call, legs=legs, consent_withdrawn_at=at)
    return call if event.goes_on else ended(call, EndReason.UNRECORDED, at)


def barred(
    call: Call, person_id: PersonId, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    if call.state is CallState.ENDED:
        return call
    for ring in call.rings:
        if ring.target_id == person_id:
            call = call.with_ring(ring.closed(RingState.CANCELLED, at))
    monitor = call.monitor_of(person_id)
    if monitor is not None:
        call = following.over(call, monitor, MonitorEnding.BARRED, at, patience)
    leg = call.leg_of(person_id)
    if leg is not None and leg.seat not in GUESTS and person_id in head:
        return ended(call, EndReason.BARRED, at)
    call = seating.unseated(call, person_id, at, patience)
    return rung_out(call, at) if call.state is CallState.OPEN else call


def signed_out(call: Call, person_id: PersonId, at: datetime) -> Call:
    if call.state is CallState.OPEN and call.caller_id == person_id:
        return ended(call, EndReason.CANCELLED, at)
    for ring in call.rings:
        if ring.target_id == person_id:
            # he did not answer, and may be told so when he comes back
            call = call.with_ring(ring.closed(RingState.MISSED, at))
    return rung_out(call, at) if call.state is CallState.OPEN else call


def attended(call: Call, event: CallInput, at: datetime) -> Call:
    """End a call whose approver was relieved when the last one who was invited has left it too."""
    approved = any(leg.seat is Seat.APPROVER for leg in call.seated())
    if call.state is not CallState.LIVE or approved or not all(leg.barged for leg in call.guests()):
        return call
    match event:
        case HungUp():
            return ended(call, EndReason.HUNG_UP, at)
        case Barred():
            return ended(call, EndReason.BARRED, at)
        case _:
            return ended(call, EndReason.LOST, at)
