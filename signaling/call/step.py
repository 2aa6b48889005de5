"""The one function that moves a Call with its Rings, Legs, Holds and Monitors: ``step``.

    Call  open ──> live ──> ended(reason)
    Ring  ringing ──> answered | declined | missed | cancelled | superseded
    Leg   joined ──> lost | left            (coming back is a new leg, linked to the one before)
                     lost ──> left          (whose place lapsed while the call goes on: a guest's, or that
                                             of an approver who is relieved)
    Hold  since ──> until                   (one after another; while one is open nothing is heard or seen)
    Monitor  listen <──> whisper <──> barge ──> ended(reason)      (a barge is a leg on a guest's seat)

Window and approver make the call, and either may hold it. Up to four more units come and go on its other
seats. Supervisors follow it: unseen, heard by the approver alone, or seated. Pure: no clock, no storage, no
wire. State only moves forward: late, doubled and reordered inputs do no harm. Knows not who sees a call.
"""

from collections.abc import Collection
from datetime import datetime
from typing import assert_never

from signaling.call import ending, following, holding, ringing, seating, sweeping
from signaling.call.claims import head
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
from signaling.call.parts import PATIENCE, Call, Patience, PersonId


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

    Refused, of what people wish (what the engine, the clock or the staff's rights say never is):
    too late: ``call_ended``, ``ring_closed`` (also a cancel that an answer overtook), ``leg_replaced``;
    a stranger: ``not_found`` (a ring), ``not_in_call`` (a seat; a guest who invites); to resume what the other
    holds: ``not_yours``; to invite: ``seat_taken`` (all are, or somebody is being rung), ``no_approver_free``;
    to follow: ``already_in_call`` (his own call), ``not_in_call`` (none that is live), ``seat_taken``;
    the 201st leg, ring, hold or monitor: ``throttled``.
    """
    chiefs = head(call, deciding)
    return following.followed(
        ending.attended(_stepped(call, event, at, patience, chiefs), event, at), at
    )


def _stepped(
    call: Call, event: CallInput, at: datetime, patience: Patience, head: frozenset[PersonId]
) -> Call:
    """The one table: which module answers which event."""
    match event:
        case Tick():
            return sweeping.ticked(call, event, at, patience, head)
        case MediaTurned():
            return seating.flagged(call, event.leg_id, media=event.on)
        case RecordingTurned():
            return seating.flagged(call, event.leg_id, recording=event.on)
        case Joined():
            return seating.joined(call, event, at, patience)
        case Muted():
            return seating.muted(call, event)
        case Lacked():
            return seating.lacked(call, event)
        case Answered():
            return ringing.answered(call, event, at, patience)
        case Declined():
            return ringing.declined(call, event, at)
        case Invited():
            return ringing.invited(call, event, at, patience)
        case Withdrawn():
            return ringing.withdrawn(call, event, at)
        case PutOnHold():
            return holding.put_on_hold(call, event, at)
        case Resumed():
            return holding.resumed(call, event, at)
        case MonitorBegun():
            return following.begun(call, event, at)
        case MonitorTurned():
            return following.turned(call, event, at, patience)
        case MonitorClosed():
            return following.closed(call, event, at, patience)
        case Cancelled():
            return ending.cancelled(call, event, at)
        case HungUp():
            return ending.hung_up(call, event, at, patience, head)
        case ConsentWithdrawn():
            return ending.unrecorded(call, event, at)
        case Barred():
            return ending.barred(call, event.person_id, at, patience, head)
        case SignedOut():
            return ending.signed_out(call, event.person_id, at)
        case _:
            assert_never(event)
