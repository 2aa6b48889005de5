"""Supervisors who follow a call: unseen, heard by the approver alone, or seated among the others.

Each event is answered by one function, which gives the call after it; ``step`` says what is refused. Pure.
"""

from dataclasses import replace
from datetime import datetime

from signaling.call import seating
from signaling.call.claims import not_ended, own_monitor
from signaling.call.inputs import MonitorBegun, MonitorClosed, MonitorTurned
from signaling.call.parts import (
    GUESTS,
    LEGS_AT_MOST,
    MONITORS_AT_MOST,
    PATIENCE,
    PERCHES,
    Call,
    CallState,
    Leg,
    Monitor,
    MonitorEnding,
    Patience,
    RingState,
    Seat,
    Way,
)
from signaling.refusals import Code, Refusal


def begun(call: Call, event: MonitorBegun, at: datetime) -> Call:
    not_ended(call)
    if call.state is not CallState.LIVE:
        raise Refusal(Code.NOT_IN_CALL)
    if len(call.monitors) >= MONITORS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    before = call.monitor_of(event.person_id)
    if before is not None and before.id == event.monitor_id:
        return call
    if before is not None:
        # The newer page wins, and begins unseen.
        call = over(call, before, MonitorEnding.REPLACED, at, PATIENCE)
    if event.person_id in call.engaged():
        raise Refusal(Code.ALREADY_IN_CALL, call=call.id)
    place = _perch(call)
    monitor = Monitor(event.monitor_id, event.person_id, place, event.reason, at)
    return replace(call, monitors=(*call.monitors, monitor))


def turned(call: Call, event: MonitorTurned, at: datetime, patience: Patience) -> Call:
    monitor = own_monitor(call, event.monitor_id, event.person_id)
    if monitor.way is event.way:
        return call
    if event.way is Way.BARGE:
        if len(call.legs) >= LEGS_AT_MOST:
            raise Refusal(Code.THROTTLED)
        held, taken = {leg.seat for leg in call.guests()}, _taken(call, but=monitor)
        # Whoever is being rung finds a seat when he answers.
        kept = any(ring.invite_id and ring.state is RingState.RINGING for ring in call.rings)
        seat = next((seat for seat in GUESTS if seat not in taken), None)
        if seat is None or len(held) + kept == len(GUESTS):
            raise Refusal(Code.SEAT_TAKEN)
        leg = Leg(event.leg_id, seat, event.person_id, at, barged=True)
        call = call.with_monitor(replace(monitor, way=Way.BARGE))
        return seating.places_held(replace(call, legs=(*call.legs, leg)), patience)
    if monitor.way is Way.BARGE:
        call = seating.unseated(call, event.person_id, at, patience)
        monitor = replace(monitor, place=_perch(call))
    return call.with_monitor(replace(monitor, way=event.way))


def closed(call: Call, event: MonitorClosed, at: datetime, patience: Patience) -> Call:
    monitor = own_monitor(call, event.monitor_id, event.person_id)
    return over(call, monitor, MonitorEnding.CLOSED, at, patience)


def over(
    call: Call, monitor: Monitor, why: MonitorEnding, at: datetime, patience: Patience
) -> Call:
    if monitor.way is Way.BARGE:
        call = seating.unseated(call, monitor.person_id, at, patience)
    return call.with_monitor(replace(monitor, ended=why, ended_at=at))


def followed(call: Call, at: datetime) -> Call:
    """End the monitors that cannot go on: the call has ended, a guest came to the place of one, or
    who had barged in has left his seat."""
    seats = {leg.seat for leg in call.guests()}
    for monitor in call.monitors:
        if monitor.ended is not None:
            continue
        why: MonitorEnding | None = None
        if call.state is CallState.ENDED:
            why = MonitorEnding.CALL_ENDED
        elif monitor.unseen and monitor.place in seats:
            why = MonitorEnding.DISPLACED
        elif monitor.unseen is (call.leg_of(monitor.person_id) is not None):
            # He has left the seat that he had barged into, or was invited to one meanwhile.
            why = MonitorEnding.CLOSED
        if why is not None:
            call = call.with_monitor(replace(monitor, ended=why, ended_at=at))
    return call


def _taken(call: Call, but: Monitor | None = None) -> frozenset[Seat]:
    """The guests' seats that somebody has, or follows the call from."""
    perched = {monitor.place for monitor in call.monitors if monitor.unseen and monitor is not but}
    return frozenset(perched | {leg.seat for leg in call.guests()})


def _perch(call: Call) -> Seat:
    free = next((seat for seat in PERCHES if seat not in _taken(call)), None)
    if free is None:
        raise Refusal(Code.SEAT_TAKEN)
    return free
