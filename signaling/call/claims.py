"""What a person has in a call: which ring, leg or monitor is his, and whether he may act for all.

Each answers or refuses, and changes nothing. Pure.
"""

from collections.abc import Collection
from datetime import datetime

from signaling.call.parts import (
    GUESTS,
    Call,
    CallState,
    Leg,
    LegId,
    LegState,
    Monitor,
    MonitorId,
    PersonId,
    Ring,
    RingId,
    RingState,
    Seat,
)
from signaling.refusals import Code, Refusal


def head(call: Call, deciding: Collection[PersonId]) -> frozenset[PersonId]:
    """Who ends the call for all: the window, and the approver, or instead of him those who decide now."""
    instead = {
        leg.person_id for leg in call.guests() if leg.person_id in deciding and not leg.barged
    }
    heads = {Seat.WINDOW} if instead else {Seat.WINDOW, Seat.APPROVER}
    return frozenset(instead | {leg.person_id for leg in call.seated() if leg.seat in heads})


def own_leg(call: Call, leg_id: LegId, person_id: PersonId) -> Leg:
    """The joined leg ``leg_id`` of this person.

    Refused: ``call_ended``; ``not_in_call`` when it is not his or was lost (he may join again);
    ``leg_replaced`` when he took the seat elsewhere since.
    """
    not_ended(call)
    leg = next((leg for leg in call.legs if leg.id == leg_id), None)
    if leg is None or leg.person_id != person_id:
        raise Refusal(Code.NOT_IN_CALL)
    if any(newer.previous_leg_id == leg.id for newer in call.legs):
        raise Refusal(Code.LEG_REPLACED)
    if leg.state is not LegState.JOINED:
        raise Refusal(Code.NOT_IN_CALL)
    return leg


def own_monitor(call: Call, monitor_id: MonitorId, person_id: PersonId) -> Monitor:
    """The monitor of this person that goes on. Refused: ``call_ended``, ``not_in_call``."""
    not_ended(call)
    found = call.monitor_of(person_id)
    if found is None or found.id != monitor_id:
        raise Refusal(Code.NOT_IN_CALL)
    return found


def open_ring(call: Call, ring_id: RingId, person_id: PersonId, at: datetime) -> Ring:
    """The ring of this person while it rings; refused as not_found, ring_closed."""
    ring = next((ring for ring in call.rings if ring.id == ring_id), None)
    if ring is None or ring.target_id != person_id:
        raise Refusal(Code.NOT_FOUND)
    # A ring says more than the call's end does: whoever is told may have answered first himself.
    if ring.state is not RingState.RINGING or ring.deadline_at <= at:
        raise Refusal(Code.RING_CLOSED)
    return ring


def may_invite(call: Call, person_id: PersonId) -> None:
    """Refused with what ``Invited`` of this person would be, whoever is asked."""
    not_ended(call)
    at_the_head(call, person_id)
    asked = any(
        ring.invite_id is not None and ring.state is RingState.RINGING for ring in call.rings
    )
    if asked or len(call.guests()) == len(GUESTS):
        raise Refusal(Code.SEAT_TAKEN)


def at_the_head(call: Call, person_id: PersonId) -> None:
    """Refuse who sits neither at the window nor as the approver of a live call."""
    leg = call.leg_of(person_id)
    if call.state is not CallState.LIVE or leg is None or leg.seat in GUESTS:
        raise Refusal(Code.NOT_IN_CALL)


def not_ended(call: Call) -> None:
    if call.state is CallState.ENDED:
        raise Refusal(Code.CALL_ENDED)
