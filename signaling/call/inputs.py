"""What can happen to a call. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from signaling.call.parts import InviteId, LegId, MonitorId, PersonId, RingId, Way


@dataclass(frozen=True, slots=True)
class Answered:
    ring_id: RingId
    person_id: PersonId
    leg_id: LegId
    """The id of the leg that the answer makes."""


@dataclass(frozen=True, slots=True)
class Declined:
    ring_id: RingId
    person_id: PersonId


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The caller gives up before an answer."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class HungUp:
    """Ends the call for all; a guest only leaves, as does the approver who is relieved of it."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class Invited:
    """The window or the approver asks these to one more seat, all at once."""

    person_id: PersonId
    invite_id: InviteId
    rings: tuple[tuple[RingId, PersonId], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The window or the approver takes an invitation back that nobody has answered."""

    person_id: PersonId
    invite_id: InviteId


@dataclass(frozen=True, slots=True)
class Joined:
    """Who holds a seat takes it again: after a reload, on another screen, after a loss."""

    person_id: PersonId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class Muted:
    leg_id: LegId
    person_id: PersonId
    mid: str
    on: bool


@dataclass(frozen=True, slots=True)
class Lacked:
    """The page of a leg has no device for a line, or has one again."""

    leg_id: LegId
    person_id: PersonId
    mid: str
    on: bool


@dataclass(frozen=True, slots=True)
class PutOnHold:
    """The window or the approver lets nobody hear or see anybody for a while."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class Resumed:
    """Who put the call on hold goes on."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class MonitorBegun:
    """A supervisor begins to listen in silence, and says why."""

    person_id: PersonId
    monitor_id: MonitorId
    reason: str


@dataclass(frozen=True, slots=True)
class MonitorTurned:
    """He goes on in another way; ``leg_id`` is that of the leg that a barge makes."""

    person_id: PersonId
    monitor_id: MonitorId
    way: Way
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class MonitorClosed:
    person_id: PersonId
    monitor_id: MonitorId


@dataclass(frozen=True, slots=True)
class Barred:
    """This person may be in the call no longer as what he is in it: nobody asks him any more, and
    whoever sits at its head ends it."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class SignedOut:
    """This person is signed in nowhere any more: nobody rings him, and he rings nobody. A seat of his in
    a live call is held for who signs in anew."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class MediaTurned:
    """The media engine says that packets of this leg flow, or flow no longer."""

    leg_id: LegId
    on: bool


@dataclass(frozen=True, slots=True)
class RecordingTurned:
    leg_id: LegId
    on: bool


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The applicant takes back his consent to the recording; a call that may not be without one ends."""

    goes_on: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed. ``heard``: when each leg, and each monitor that is unseen, last gave a sign;
    one not named is not judged.

    ``gone`` are legs whose connection is known to be closed: silent at once, lost when due.
    """

    heard: Mapping[LegId | MonitorId, datetime] = field(default_factory=dict)
    gone: frozenset[LegId | MonitorId] = frozenset()


CallInput = (
    Answered
    | Declined
    | Cancelled
    | HungUp
    | Invited
    | Withdrawn
    | Joined
    | Muted
    | Lacked
    | PutOnHold
    | Resumed
    | MonitorBegun
    | MonitorTurned
    | MonitorClosed
    | Barred
    | SignedOut
    | MediaTurned
    | RecordingTurned
    | ConsentWithdrawn
    | Tick
)
