"""The one function that moves a Call with its Rings, Legs, Holds and Monitors: ``step``.

    Call  open ──> live ──> ended(reason)
    Ring  ringing ──> answered | declined | missed | cancelled | superseded
    Leg   joined ──> lost | left            (coming back is a new leg, linked to the one before)
                     lost ──> left          (whose place lapsed while the call goes on: a guest's, or that
                                             of an approver who is relieved)
    Hold  since ──> until                   (one after another; while one is open nothing is heard or seen)
    Monitor  listen <──> whisper <──> barge ──> ended(reason)      (a barge is a leg on a guest's seat)

The window and the approver make the call; while it is live, up to four more units may be invited to
its other seats, who come and go without ending it, and either of the two may hold it. Supervisors
may follow it: unseen, heard by the approver alone, or seated among the others. Pure: no clock, no storage, no wire. State only moves forward, so that late, doubled and reordered inputs do
no harm. Who may see a call, and what is sent to whom, is not known here.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from signaling.call.inputs import (
    Answered,
    Barred,
    CallInput,
    Cancelled,
    ConsentWithdrawn,
    Declined,
    HungUp,
    Invited,
    Joined,
    Lacked,
    MediaTurned,
    MonitorBegun,
    MonitorClosed,
    MonitorTurned,
    Muted,
    PutOnHold,
    RecordingTurned,
    Resumed,
    SignedOut,
    Tick,
    Withdrawn,
)
from signaling.call.parts import (
    GUESTS,
    HOLDS_AT_MOST,
    LEGS_AT_MOST,
    MONITORS_AT_MOST,
    PATIENCE,
    PERCHES,
    RINGS_AT_MOST,
    Call,
    CallId,
    CallState,
    EndReason,
    Hold,
    Leg,
    LegId,
    LegState,
    Monitor,
    MonitorEnd,
    MonitorId,
    Patience,
    PersonId,
    Ring,
    RingId,
    RingState,
    Seat,
    Way,
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


def step(
    call: Call,
    event: CallInput,
    at: datetime,
    patience: Patience = PATIENCE,
    deciding: Collection[PersonId] = (),
) -> Call:
    """The call after ``event`` at the moment ``at``; the very same object when nothing changes.

    ``deciding``: those of the unit to which the case went in the meantime. While one of them sits in the
    call as its guest, or his place is held, the call is in his hands: he ends it by hanging up, and the
    approver who hangs up, is barred or stays away for too long only leaves it. Asked of a ``HungUp``, a
    ``Barred`` and a ``Tick``.

    A person's wish that comes too late is refused: ``call_ended``, ``ring_closed`` (also to a
    cancel that an answer overtook), ``leg_replaced``; that of a stranger: ``not_found`` for a ring
    that is not his, ``not_in_call`` for a seat (and to a guest who would invite); ``seat_taken``
    to an invitation while all seats are taken or somebody is being rung, ``no_approver_free`` to one
    of nobody; ``not_yours`` to who would resume what the other holds; and ``throttled`` when there
    are 200 legs, rings, holds or monitors already. Who would follow a call that he is in is refused
    with ``already_in_call``, one that is not live or while no place is left with ``not_in_call`` and
    ``seat_taken``. What the engine, the clock or the staff's rights say is never refused.
    """
    head = _head(call, deciding)
    return _followed(_attended(_stepped(call, event, at, patience, head), event, at), at)


def _head(call: Call, deciding: Collection[PersonId]) -> frozenset[PersonId]:
    """Who ends the call for all: the window, and the approver, or instead of him those who decide now."""
    instead = {
        leg.person_id for leg in call.guests() if leg.person_id in deciding and not leg.barged
    }
    heads = {Seat.WINDOW} if instead else {Seat.WINDOW, Seat.APPROVER}
    return frozenset(instead | {leg.person_id for leg in call.seated() if leg.seat in heads})


def _stepped(
    call: Call, event: CallInput, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    match event:
        case Tick():
            return _ticked(call, event, at, patience, head)
        case MediaTurned():
            return _flagged(call, event.leg_id, media=event.on)
        case RecordingTurned():
            return _flagged(call, event.leg_id, recording=event.on)
        case ConsentWithdrawn():
            return _unrecorded(call, event, at)
        case Answered():
            return _answered(call, event, at, patience)
        case Declined():
            ring = open_ring(call, event.ring_id, event.person_id, at)
            call = _with_ring(call, _closed(ring, RingState.DECLINED, at))
            return _rung_out(call, at) if call.state is CallState.OPEN else call
        case Cancelled():
            _not_ended(call)
            if event.person_id != call.caller_id:
                raise Refusal(Code.NOT_IN_CALL)
            if call.state is CallState.LIVE:
                raise Refusal(Code.RING_CLOSED)
            return _ended(call, EndReason.CANCELLED, at)
        case HungUp():
            _not_ended(call)
            held = call.leg_of(event.person_id)
            if held is None:
                raise Refusal(Code.NOT_IN_CALL)
            if held.person_id not in head:
                return _unseated(call, held.person_id, at, patience)
            live = call.state is CallState.LIVE
            return _ended(call, EndReason.HUNG_UP if live else EndReason.CANCELLED, at)
        case Invited():
            return _invited(call, event, at, patience)
        case Withdrawn():
            return _withdrawn(call, event, at)
        case Joined():
            return _joined(call, event, at, patience)
        case Muted():
            leg = own_leg(call, event.leg_id, event.person_id)
            muted = leg.muted | {event.mid} if event.on else leg.muted - {event.mid}
            return _with_leg(call, replace(leg, muted=muted))
        case Lacked():
            leg = own_leg(call, event.leg_id, event.person_id)
            lacking = leg.lacking | {event.mid} if event.on else leg.lacking - {event.mid}
            return _with_leg(call, replace(leg, lacking=lacking))
        case PutOnHold():
            return _put_on_hold(call, event, at)
        case Resumed():
            return _resumed(call, event, at)
        case MonitorBegun():
            return _monitor_begun(call, event, at)
        case MonitorTurned():
            return _monitor_turned(call, event, at, patience)
        case MonitorClosed():
            monitor = own_monitor(call, event.monitor_id, event.person_id)
            return _monitor_over(call, monitor, MonitorEnd.CLOSED, at, patience)
        case Barred():
            return _barred(call, event.person_id, at, patience, head)
        case SignedOut():
            return _signed_out(call, event.person_id, at)
        case _:
            assert_never(event)


def own_leg(call: Call, leg_id: LegId, person_id: PersonId) -> Leg:
    """The joined leg ``leg_id`` of this person.

    Refused: ``call_ended``; ``not_in_call`` when it is not his or was lost (he may join again);
    ``leg_replaced`` when he took the seat elsewhere since.
    """
    _not_ended(call)
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
    _not_ended(call)
    found = call.monitor_of(person_id)
    if found is None or found.id != monitor_id:
        raise Refusal(Code.NOT_IN_CALL)
    return found


def _monitor_begun(call: Call, event: MonitorBegun, at: datetime) -> Call:
    _not_ended(call)
    if call.state is not CallState.LIVE:
        raise Refusal(Code.NOT_IN_CALL)
    if len(call.monitors) >= MONITORS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    before = call.monitor_of(event.person_id)
    if before is not None and before.id == event.monitor_id:
        return call
    if before is not None:
        # The newer page wins, and begins unseen.
        call = _monitor_over(call, before, MonitorEnd.REPLACED, at, PATIENCE)
    if event.person_id in call.engaged():
        raise Refusal(Code.ALREADY_IN_CALL, call=call.id)
    place = _perch(call)
    begun = Monitor(event.monitor_id, event.person_id, place, event.reason, at)
    return replace(call, monitors=(*call.monitors, begun))


def _monitor_turned(call: Call, event: MonitorTurned, at: datetime, patience: Patience) -> Call:
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
        call = _with_monitor(call, replace(monitor, way=Way.BARGE))
        return _held(replace(call, legs=(*call.legs, leg)), patience)
    if monitor.way is Way.BARGE:
        call = _unseated(call, event.person_id, at, patience)
        monitor = replace(monitor, place=_perch(call))
    return _with_monitor(call, replace(monitor, way=event.way))


def _monitor_over(
    call: Call, monitor: Monitor, why: MonitorEnd, at: datetime, patience: Patience
) -> Call:
    if monitor.way is Way.BARGE:
        call = _unseated(call, monitor.person_id, at, patience)
    return _with_monitor(call, replace(monitor, ended=why, ended_at=at))


def _barred(
    call: Call, person_id: PersonId, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    if call.state is CallState.ENDED:
        return call
    for ring in call.rings:
        if ring.target_id == person_id:
            call = _with_ring(call, _closed(ring, RingState.CANCELLED, at))
    monitor = call.monitor_of(person_id)
    if monitor is not None:
        call = _monitor_over(call, monitor, MonitorEnd.BARRED, at, patience)
    leg = call.leg_of(person_id)
    if leg is not None and leg.seat not in GUESTS and person_id in head:
        return _ended(call, EndReason.BARRED, at)
    call = _unseated(call, person_id, at, patience)
    return _rung_out(call, at) if call.state is CallState.OPEN else call


def _signed_out(call: Call, person_id: PersonId, at: datetime) -> Call:
    if call.state is CallState.OPEN and call.caller_id == person_id:
        return _ended(call, EndReason.CANCELLED, at)
    for ring in call.rings:
        if ring.target_id == person_id:
            # he did not answer, and may be told so when he comes back
            call = _with_ring(call, _closed(ring, RingState.MISSED, at))
    return _rung_out(call, at) if call.state is CallState.OPEN else call


def _attended(call: Call, event: CallInput, at: datetime) -> Call:
    """End a call whose approver was relieved when the last one who was invited has left it too."""
    approved = any(leg.seat is Seat.APPROVER for leg in call.seated())
    if call.state is not CallState.LIVE or approved or not all(leg.barged for leg in call.guests()):
        return call
    match event:
        case HungUp():
            return _ended(call, EndReason.HUNG_UP, at)
        case Barred():
            return _ended(call, EndReason.BARRED, at)
        case _:
            return _ended(call, EndReason.LOST, at)


def _followed(call: Call, at: datetime) -> Call:
    """End the monitors that cannot go on: the call has ended, a guest came to the place of one, or
    who had barged in has left his seat."""
    seats = {leg.seat for leg in call.guests()}
    for monitor in call.monitors:
        if monitor.ended is not None:
            continue
        why: MonitorEnd | None = None
        if call.state is CallState.ENDED:
            why = MonitorEnd.CALL_ENDED
        elif monitor.unseen and monitor.place in seats:
            why = MonitorEnd.DISPLACED
        elif monitor.unseen is (call.leg_of(monitor.person_id) is not None):
            # He has left the seat that he had barged into, or was invited to one meanwhile.
            why = MonitorEnd.CLOSED
        if why is not None:
            call = _with_monitor(call, replace(monitor, ended=why, ended_at=at))
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


def _unseated(call: Call, person_id: PersonId, at: datetime, patience: Patience) -> Call:
    """He leaves a call that goes on; a hold of his ends, which nobody else could end."""
    leg = call.leg_of(person_id)
    if leg is None:
        return call
    hold = call.on_hold()
    if hold is not None and hold.by == person_id:
        call = _released(call, at)
    return _held(_with_leg(call, _gone(leg, at)), patience)


def may_invite(call: Call, person_id: PersonId) -> None:
    """Refused with what ``Invited`` of this person would be, whoever is asked."""
    _not_ended(call)
    _at_the_head(call, person_id)
    asked = any(
        ring.invite_id is not None and ring.state is RingState.RINGING for ring in call.rings
    )
    if asked or len(call.guests()) == len(GUESTS):
        raise Refusal(Code.SEAT_TAKEN)


def _at_the_head(call: Call, person_id: PersonId) -> None:
    """Refuse who sits neither at the window nor as the approver of a live call."""
    leg = call.leg_of(person_id)
    if call.state is not CallState.LIVE or leg is None or leg.seat in GUESTS:
        raise Refusal(Code.NOT_IN_CALL)


def _invited(call: Call, event: Invited, at: datetime, patience: Patience) -> Call:
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


def _withdrawn(call: Call, event: Withdrawn, at: datetime) -> Call:
    _not_ended(call)
    _at_the_head(call, event.person_id)
    asked = [ring for ring in call.rings if ring.invite_id == event.invite_id]
    if not asked:
        raise Refusal(Code.NOT_FOUND)
    if not any(ring.state is RingState.RINGING for ring in asked):
        raise Refusal(Code.RING_CLOSED)
    for ring in asked:
        call = _with_ring(call, _closed(ring, RingState.CANCELLED, at))
    return call


def _put_on_hold(call: Call, event: PutOnHold, at: datetime) -> Call:
    _not_ended(call)
    _at_the_head(call, event.person_id)
    if call.on_hold() is not None:
        return call
    if len(call.holds) >= HOLDS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return replace(call, holds=(*call.holds, Hold(event.person_id, at)))


def _resumed(call: Call, event: Resumed, at: datetime) -> Call:
    _not_ended(call)
    _at_the_head(call, event.person_id)
    hold = call.on_hold()
    if hold is None:
        return call
    if hold.by != event.person_id:
        raise Refusal(Code.NOT_YOURS)
    return _released(call, at)


def _released(call: Call, at: datetime) -> Call:
    hold = call.on_hold()
    if hold is None:
        return call
    return replace(call, holds=(*call.holds[:-1], replace(hold, until=at)))


def _answered(call: Call, event: Answered, at: datetime, patience: Patience) -> Call:
    answered = open_ring(call, event.ring_id, event.person_id, at)
    if len(call.legs) >= LEGS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    rings = tuple(
        ring
        if ring.invite_id != answered.invite_id
        else _closed(ring, RingState.ANSWERED, at)
        if ring.id == answered.id
        else _closed(ring, RingState.SUPERSEDED, at)
        for ring in call.rings
    )
    seat = Seat.APPROVER
    if answered.invite_id is not None:
        held = {leg.seat for leg in call.guests()}
        # One invitation stands at a time, and only while a seat is free.
        seat = next(seat for seat in GUESTS if seat not in held)
    leg = Leg(event.leg_id, seat, event.person_id, at)
    call = replace(call, rings=rings, legs=(*call.legs, leg))
    if seat is Seat.APPROVER:
        call = replace(call, state=CallState.LIVE, answered_at=at)
    return _held(call, patience)


def _joined(call: Call, event: Joined, at: datetime, patience: Patience) -> Call:
    _not_ended(call)
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
        call = _with_leg(call, _departed(before, LegState.LEFT, at))
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
    return _held(replace(call, legs=(*call.legs, leg)), patience)


def _ticked(
    call: Call, tick: Tick, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    if call.state is CallState.ENDED:
        return call
    for ring in call.rings:
        if ring.deadline_at <= at:
            call = _with_ring(call, _closed(ring, RingState.MISSED, at))
    if call.state is CallState.OPEN:
        call = _rung_out(call, at)
        if call.state is CallState.ENDED:
            return call
    for leg in call.seated():
        if leg.state is not LegState.JOINED or leg.id not in tick.heard:
            continue
        unheard_s = (at - tick.heard[leg.id]).total_seconds()
        if unheard_s >= patience.lost_after_s:
            call = _with_leg(call, _departed(leg, LegState.LOST, at))
        else:
            silent = leg.id in tick.gone or unheard_s >= patience.silent_after_s
            call = _with_leg(call, replace(leg, silent=silent))
    for monitor in call.monitors:
        if monitor.unseen and monitor.id in tick.heard:
            unheard_s = (at - tick.heard[monitor.id]).total_seconds()
            if unheard_s >= patience.lost_after_s:
                call = _monitor_over(call, monitor, MonitorEnd.LOST, at, patience)
    call = _held(call, patience)
    overdue = [leg for leg in call.seated() if leg.held_until is not None and leg.held_until <= at]
    if any(leg.seat not in GUESTS and leg.person_id in head for leg in overdue):
        return _ended(call, EndReason.LOST, at)
    for leg in overdue:
        call = _unseated(call, leg.person_id, at, patience)
    return call


def _held(call: Call, patience: Patience) -> Call:
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
        call = _with_leg(call, replace(leg, held_until=until))
    return call


def _rung_out(call: Call, at: datetime) -> Call:
    """End an open call that nobody is asked to any more: missed if anyone let it ring."""
    if any(ring.state is RingState.RINGING for ring in call.rings):
        return call
    missed = any(ring.state is RingState.MISSED for ring in call.rings)
    return _ended(call, EndReason.MISSED if missed else EndReason.DECLINED, at)


def _ended(call: Call, reason: EndReason, at: datetime) -> Call:
    return replace(
        _released(call, at),
        state=CallState.ENDED,
        reason=reason,
        ended_at=at,
        rings=tuple(_closed(ring, RingState.CANCELLED, at) for ring in call.rings),
        legs=tuple(
            replace(_departed(leg, LegState.LEFT, at), held_until=None) for leg in call.legs
        ),
    )


def _not_ended(call: Call) -> None:
    if call.state is CallState.ENDED:
        raise Refusal(Code.CALL_ENDED)


def open_ring(call: Call, ring_id: RingId, person_id: PersonId, at: datetime) -> Ring:
    """The ring of this person while it rings; refused as not_found, ring_closed."""
    ring = next((ring for ring in call.rings if ring.id == ring_id), None)
    if ring is None or ring.target_id != person_id:
        raise Refusal(Code.NOT_FOUND)
    # A ring says more than the call's end does: whoever is told may have answered first himself.
    if ring.state is not RingState.RINGING or ring.deadline_at <= at:
        raise Refusal(Code.RING_CLOSED)
    return ring


def _closed(ring: Ring, state: RingState, at: datetime) -> Ring:
    return replace(ring, state=state, closed_at=at) if ring.state is RingState.RINGING else ring


def _departed(leg: Leg, state: LegState, at: datetime) -> Leg:
    """The leg ended as ``state``; one that has ended keeps how and when, and only falls quiet."""
    leg = replace(leg, silent=False, media=leg.media and state is LegState.LOST)
    if state is LegState.LEFT:
        leg = replace(leg, recording=False)
    return replace(leg, state=state, ended_at=at) if leg.state is LegState.JOINED else leg


def _gone(leg: Leg, at: datetime) -> Leg:
    """A leg given up for good while the call goes on: a guest's, or the approver's who is relieved, who hung
    up or was lost for too long."""
    return replace(_departed(leg, LegState.LEFT, at), state=LegState.LEFT, held_until=None)


def _flagged(
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
    return _with_leg(call, changed)


def _unrecorded(call: Call, event: ConsentWithdrawn, at: datetime) -> Call:
    if call.state is CallState.ENDED or not call.recorded:
        return call
    legs = tuple(replace(leg, recording=False) for leg in call.legs)
    call = replace(call, legs=legs, consent_withdrawn_at=at)
    return call if event.goes_on else _ended(call, EndReason.UNRECORDED, at)


def _with_ring(call: Call, ring: Ring) -> Call:
    if ring in call.rings:
        return call
    return replace(call, rings=tuple(ring if r.id == ring.id else r for r in call.rings))


def _with_leg(call: Call, leg: Leg) -> Call:
    if leg in call.legs:
        return call
    return replace(call, legs=tuple(leg if x.id == leg.id else x for x in call.legs))


def _with_monitor(call: Call, monitor: Monitor) -> Call:
    return replace(
        call, monitors=tuple(monitor if x.id == monitor.id else x for x in call.monitors)
    )
