"""Who sits where in a call: taken again, muted, with media or without, given up, kept for a lost one.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from signaling.call import holding
from signaling.call.claims import not_ended, own_leg
from signaling.call.inputs import Joined, Lacked, Muted
from signaling.call.parts import (
    GUESTS,
    LEGS_AT_MOST,
    Call,
    CallState,
    Leg,
    LegId,
    LegState,
    Patience,
    PersonId,
)
from signaling.refusals import Code, Refusal


def joined(call: Call, event: Joined, at: datetime, patience: Patience) -> Call:
    not_ended(call)
    before = call.leg_of(event.person_id)
    if before is None:
        raise Refusal(Code.NOT_IN_CALL)
    if before.id == event.leg_id:
        return call
    if len(call.legs) >= LEGS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    if before.state is LegState.LOST and before.held_until is not None and before.held_until <= at:
        raise Refusal(Code.NOT_IN_CALL if before.seat in GUESTS else Code.CALL_ENDED)
    if before.state is LegState.JOINED:
        call = call.with_leg(before.departed(LegState.LEFT, at))
    # Who had muted himself stays muted: a reload must not open a microphone.
    leg = Leg(
        event.leg_id,
        before.seat,
        event.person_id,
        at,
        muted=before.muted,
        previous_leg_id=before.id,
        barged=before.barged,
        lacking=before.lacking,
    )
    return places_held(replace(call, legs=(*call.legs, leg)), patience)


def muted(call: Call, event: Muted) -> Call:
    leg = own_leg(call, event.leg_id, event.person_id)
    lines = leg.muted | {event.mid} if event.on else leg.muted - {event.mid}
    return call.with_leg(replace(leg, muted=lines))


def lacked(call: Call, event: Lacked) -> Call:
    leg = own_leg(call, event.leg_id, event.person_id)
    lines = leg.lacking | {event.mid} if event.on else leg.lacking - {event.mid}
    return call.with_leg(replace(leg, lacking=lines))


def flagged(
    call: Call, leg_id: LegId, *, media: bool | None = None, recording: bool | None = None
) -> Call:
    """Note what the engine says of a leg that can still have media; a late word changes nothing."""
    leg = next((leg for leg in call.seated() if leg.id == leg_id), None)
    if leg is None or leg.state is LegState.LEFT or call.state is CallState.ENDED:
        return call
    changed = replace(
        leg,
        media=leg.media if media is None else media,
        recording=leg.recording if recording is None else recording and call.recorded,
    )
    return call.with_leg(changed)


def unseated(call: Call, person_id: PersonId, at: datetime, patience: Patience) -> Call:
    """He leaves a call that goes on; a hold of his ends, which nobody else could end."""
    leg = call.leg_of(person_id)
    if leg is None:
        return call
    hold = call.on_hold()
    if hold is not None and hold.by == person_id:
        call = holding.released(call, at)
    return places_held(call.with_leg(leg.gone(at)), patience)


def places_held(call: Call, patience: Patience) -> Call:
    """Say until when the place of each lost seat is kept, from who lives and when the last one fell."""
    seated = call.seated()
    lost = {leg.id: leg.ended_at for leg in seated if leg.state is LegState.LOST and leg.ended_at}
    if not lost:
        return call
    alone_since = max(leg.ended_at for leg in call.legs if leg.ended_at)
    somebody = any(leg.state is LegState.JOINED for leg in seated)
    for leg in seated:
        if leg.id not in lost:
            continue
        until = lost[leg.id] + timedelta(seconds=patience.held_with_other_s)
        if not somebody:
            until = min(until, alone_since + timedelta(seconds=patience.held_alone_s))
        call = call.with_leg(replace(leg, held_until=until))
    return call
