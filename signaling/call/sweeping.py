"""What time alone does to a call: rings run out, silent seats are lost, places lapse.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from dataclasses import replace
from datetime import datetime

from signaling.call import ending, following, seating
from signaling.call.inputs import Tick
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
)


def ticked(
    call: Call, tick: Tick, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    if call.state is CallState.ENDED:
        return call
    for ring in call.rings:
        if ring.deadline_at <= at:
            call = call.with_ring(ring.closed(RingState.MISSED, at))
    if call.state is CallState.OPEN:
        call = ending.rung_out(call, at)
        if call.state is CallState.ENDED:
            return call
    for leg in call.seated():
        if leg.state is not LegState.JOINED or leg.id not in tick.heard:
            continue
        unheard_s = (at - tick.heard[leg.id]).total_seconds()
        if unheard_s >= patience.lost_after_s:
            call = call.with_leg(leg.departed(LegState.LOST, at))
        else:
            silent = leg.id in tick.gone or unheard_s >= patience.silent_after_s
            call = call.with_leg(replace(leg, silent=silent))
    for monitor in call.monitors:
        if monitor.unseen and monitor.id in tick.heard:
            unheard_s = (at - tick.heard[monitor.id]).total_seconds()
            if unheard_s >= patience.lost_after_s:
                call = following.over(call, monitor, MonitorEnding.LOST, at, patience)
    call = seating.places_held(call, patience)
    overdue = [leg for leg in call.seated() if leg.held_until is not None and leg.held_until <= at]
    if any(leg.seat not in GUESTS and leg.person_id in head for leg in overdue):
        return ending.ended(call, EndReason.LOST, at)
    for leg in overdue:
        call = seating.unseated(call, leg.person_id, at, patience)
    return call
