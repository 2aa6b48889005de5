"""Who is asked into a call and what they answer: at dialling, and when a guest is invited.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from signaling.call import ending, seating
from signaling.call.claims import at_the_head, may_invite, not_ended, open_ring
from signaling.call.inputs import Answered, Declined, Invited, Withdrawn
from signaling.call.parts import (
    GUESTS,
    LEGS_AT_MOST,
    PATIENCE,
    RINGS_AT_MOST,
    Call,
    CallId,
    CallState,
    Leg,
    LegId,
    Patience,
    PersonId,
    Ring,
    RingId,
    RingState,
    Seat,
)
from signaling.refusals import Code, Refusal


def dial(
    call_id: CallId,
    caller_id: PersonId,
    leg_id: LegId,
    rings: Iterable[tuple[RingId, PersonId]],
    at: datetime,
    *,
    recording_consented: bool,
    patience: Patience = PATIENCE,
) -> Call:
    """A new open call: the caller sits at the window, everyone in ``rings`` is asked at once
    (``asked`` adds who is asked afterwards).

    Refused with ``no_approver_free`` when there is nobody to ring.
    """
    deadline_at = at + timedelta(seconds=patience.ring_for_s)
    asked = tuple(Ring(ring_id, target_id, at, deadline_at) for ring_id, target_id in rings)
    if not asked:
        raise Refusal(Code.NO_APPROVER_FREE)
    return Call(
        id=call_id,
        caller_id=caller_id,
        recording_consented=recording_consented,
        opened_at=at,
        rings=asked,
        legs=(Leg(leg_id, Seat.WINDOW, caller_id, at),),
    )


def asked(
    call: Call,
    rings: Iterable[tuple[RingId, PersonId]],
    at: datetime,
    patience: Patience = PATIENCE,
) -> Call:
    """An open call that asks these too, in the place of those who declined or let it ring; nobody is asked
    twice, and any other call is as it was."""
    known = {ring.target_id for ring in call.rings}
    deadline_at = at + timedelta(seconds=patience.ring_for_s)
    more = tuple(
        Ring(ring_id, target_id, at, deadline_at)
        for ring_id, target_id in rings
        if target_id not in known
    )
    if call.state is not CallState.OPEN or not more:
        return call
    return replace(call, rings=(*call.rings, *more[: RINGS_AT_MOST - len(call.rings)]))


def answered(call: Call, event: Answered, at: datetime, patience: Patience) -> Call:
    own = open_ring(call, event.ring_id, event.person_id, at)
    if len(call.legs) >= LEGS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    rings = tuple(
        ring
        if ring.invite_id != own.invite_id
        else ring.closed(RingState.ANSWERED, at)
        if ring.id == own.id
        else ring.closed(RingState.SUPERSEDED, at)
        for ring in call.rings
    )
    seat = Seat.APPROVER
    if own.invite_id is not None:
        held = {leg.seat for leg in call.guests()}
        # One invitation stands at a time, and only while a seat is free.
        seat = next(seat for seat in GUESTS if seat not in held)
    leg = Leg(event.leg_id, seat, event.person_id, at)
    call = replace(call, rings=rings, legs=(*call.legs, leg))
    if seat is Seat.APPROVER:
        call = replace(call, state=CallState.LIVE, answered_at=at)
    return seating.places_held(call, patience)


def declined(call: Call, event: Declined, at: datetime) -> Call:
    ring = open_ring(call, event.ring_id, event.person_id, at)
    call = call.with_ring(ring.closed(RingState.DECLINED, at))
    return ending.rung_out(call, at) if call.state is CallState.OPEN else call


def invited(call: Call, event: Invited, at: datetime, patience: Patience) -> Call:
    may_invite(call, event.person_id)
    if not event.rings:
        raise Refusal(Code.NO_APPROVER_FREE)
    if len(call.rings) + len(event.rings) > RINGS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    asked = tuple(
        Ring(
            ring_id,
            target_id,
            at,
            at + timedelta(seconds=patience.ring_for_s),
            invite_id=event.invite_id,
            invited_by=event.person_id,
            note=event.note,
        )
        for ring_id, target_id in event.rings
    )
    return replace(call, rings=(*call.rings, *asked))


def withdrawn(call: Call, event: Withdrawn, at: datetime) -> Call:
    not_ended(call)
    at_the_head(call, event.person_id)
    asked = [ring for ring in call.rings if ring.invite_id == event.invite_id]
    if not asked:
        raise Refusal(Code.NOT_FOUND)
    if not any(ring.state is RingState.RINGING for ring in asked):
        raise Refusal(Code.RING_CLOSED)
    for ring in asked:
        call = call.with_ring(ring.closed(RingState.CANCELLED, at))
    return call
