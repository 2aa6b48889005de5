"""What a call is made of: rings, legs, holds, monitors, and how long each is waited for. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

CallId = NewType("CallId", str)
RingId = NewType("RingId", str)
InviteId = NewType("InviteId", str)
LegId = NewType("LegId", str)
MonitorId = NewType("MonitorId", str)
PersonId = NewType("PersonId", str)
RING_FOR_S = 30.0
SILENT_AFTER_S = 5.0
# What is found by a sweep a second later is lost within 15 s all the same.
LOST_AFTER_S = 13.5
HELD_WITH_OTHER_S = 120.0
HELD_ALONE_S = 60.0
LEGS_AT_MOST = 200
RINGS_AT_MOST = 200
HOLDS_AT_MOST = 200
MONITORS_AT_MOST = 200
"""Each event carries the whole call: who takes his seat, invites or holds again and again must not
make it endless."""


class CallState(StrEnum):
    OPEN = "open"
    LIVE = "live"
    ENDED = "ended"


class EndReason(StrEnum):
    HUNG_UP = "hung_up"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    MISSED = "missed"
    LOST = "lost"
    BARRED = "barred"
    """Who sat at its head may do so no longer."""
    UNRECORDED = "unrecorded"
    """The applicant took his consent back, and it may not go on without a recording."""


class RingState(StrEnum):
    RINGING = "ringing"
    ANSWERED = "answered"
    DECLINED = "declined"
    MISSED = "missed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class LegState(StrEnum):
    JOINED = "joined"
    LOST = "lost"
    LEFT = "left"


class Seat(StrEnum):
    """``third`` to ``sixth``: units that were invited into the live call."""

    WINDOW = "window"
    APPROVER = "approver"
    THIRD = "third"
    FOURTH = "fourth"
    FIFTH = "fifth"
    SIXTH = "sixth"


class Way(StrEnum):
    """How a supervisor follows a call. Only who barges in has a seat."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class MonitorEnding(StrEnum):
    CLOSED = "closed"
    REPLACED = "replaced"
    DISPLACED = "displaced"
    LOST = "lost"
    BARRED = "barred"
    CALL_ENDED = "call_ended"


GUESTS: Final = (Seat.THIRD, Seat.FOURTH, Seat.FIFTH, Seat.SIXTH)
"""The seats of those who are invited into a live call: an invitation asks for the first free one."""
PERCHES: Final = (Seat.SIXTH, Seat.FIFTH)
"""The places of the media room from which supervisors follow a call unseen. A guest whose seat one
of them is comes first: that nobody can be invited any more tells of a listener."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each thing is waited for, in seconds."""

    ring_for_s: float = RING_FOR_S
    silent_after_s: float = SILENT_AFTER_S
    lost_after_s: float = LOST_AFTER_S
    held_with_other_s: float = HELD_WITH_OTHER_S
    held_alone_s: float = HELD_ALONE_S


PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Ring:
    """One approver being asked; open until ``deadline_at``, which is itself too late.

    With an ``invite_id`` he is asked into a live call as a guest: the rings of one invitation
    stand together, and the first answer takes a seat.
    """

    id: RingId
    target_id: PersonId
    rung_at: datetime
    deadline_at: datetime
    state: RingState = RingState.RINGING
    closed_at: datetime | None = None
    invite_id: InviteId | None = None
    invited_by: PersonId | None = None
    note: str = ""

    def closed(self, state: RingState, at: datetime) -> "Ring":
        """The ring over as ``state``; one that is over stays as it is."""
        return replace(self, state=state, closed_at=at) if self.state is RingState.RINGING else self


@dataclass(frozen=True, slots=True)
class Leg:
    """One presence of one seat. ``muted`` holds the m-lines that the worker stops, ``lacking`` those
    for which this page has no device: nobody has stopped them, and nothing comes of them."""

    id: LegId
    seat: Seat
    person_id: PersonId
    joined_at: datetime
    state: LegState = LegState.JOINED
    silent: bool = False
    media: bool = False
    recording: bool = False
    muted: frozenset[str] = frozenset()
    ended_at: datetime | None = None
    held_until: datetime | None = None
    previous_leg_id: LegId | None = None
    barged: bool = False
    """A supervisor's, who was not invited."""
    lacking: frozenset[str] = frozenset()

    def departed(self, state: LegState, at: datetime) -> "Leg":
        """The leg ended as ``state``; one that has ended keeps how and when, and only falls quiet."""
        leg = replace(self, silent=False, media=self.media and state is LegState.LOST)
        if state is LegState.LEFT:
            leg = replace(leg, recording=False)
        return replace(leg, state=state, ended_at=at) if leg.state is LegState.JOINED else leg

    def gone(self, at: datetime) -> "Leg":
        """A leg given up for good while the call goes on: a guest's, or the approver's who is relieved, who
        hung up or was lost for too long."""
        return replace(self.departed(LegState.LEFT, at), state=LegState.LEFT, held_until=None)


@dataclass(frozen=True, slots=True)
class Hold:
    """One time on hold: from ``since``, by whom, and until when; open while ``until`` is None."""

    by: PersonId
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Monitor:
    """One supervisor following the call, and why. While he barges he sits on a guest's seat and is
    seen as its leg; otherwise he receives at ``place`` and nobody's page knows of it."""

    id: MonitorId
    person_id: PersonId
    place: Seat
    reason: str
    began_at: datetime
    way: Way = Way.LISTEN
    ended_at: datetime | None = None
    ended: MonitorEnding | None = None

    @property
    def unseen(self) -> bool:
        return self.ended is None and self.way is not Way.BARGE


@dataclass(frozen=True, slots=True)
class Call:
    """A meeting between a window and an approver, and perhaps guests, from dialling to end."""

    id: CallId
    caller_id: PersonId
    recording_consented: bool
    opened_at: datetime
    rings: tuple[Ring, ...]
    legs: tuple[Leg, ...]
    state: CallState = CallState.OPEN
    reason: EndReason | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    holds: tuple[Hold, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    consent_withdrawn_at: datetime | None = None
    """Since when nothing is recorded any more, though it was consented to before."""

    @property
    def recorded(self) -> bool:
        """Whether what its legs send is to be recorded now; a consent that was taken back does not come
        back in the same call."""
        return self.recording_consented and self.consent_withdrawn_at is None

    def on_hold(self) -> Hold | None:
        """The hold that is open: no party hears, sees or is recorded."""
        last = self.holds[-1] if self.holds else None
        return last if last is not None and last.until is None else None

    def seated(self) -> tuple[Leg, ...]:
        """The newest leg of each seat, window first: of one that is given up only while he holds it, which
        are a guest's, and the approver's who was relieved of a call that goes on."""
        newest = {leg.seat: leg for leg in self.legs}
        kept = frozenset(GUESTS) if self.state is CallState.ENDED else frozenset(Seat)
        return tuple(
            newest[seat]
            for seat in Seat
            if seat in newest and (seat not in kept or newest[seat].state is not LegState.LEFT)
        )

    def guests(self) -> tuple[Leg, ...]:
        """The legs of those who were invited: joined, or lost and their places still held."""
        return tuple(leg for leg in self.seated() if leg.seat in GUESTS)

    def monitor_of(self, person_id: PersonId) -> Monitor | None:
        """How this person follows the call now; None when he does not."""
        return next((m for m in self.monitors if m.person_id == person_id and not m.ended), None)

    def leg_of(self, person_id: PersonId) -> Leg | None:
        """The newest leg of the seat this person holds; None when he holds none."""
        return next((leg for leg in self.seated() if leg.person_id == person_id), None)

    def engaged(self) -> frozenset[PersonId]:
        """Who is rung or seated now: nobody else may ring them, and they may not dial."""
        if self.state is CallState.ENDED:
            return frozenset()
        ringing = {ring.target_id for ring in self.rings if ring.state is RingState.RINGING}
        return frozenset(ringing | {leg.person_id for leg in self.seated()})

    def with_ring(self, ring: Ring) -> "Call":
        """The call with this ring in the place of the one with its id; itself when that is the same."""
        if ring in self.rings:
            return self
        return replace(self, rings=tuple(ring if x.id == ring.id else x for x in self.rings))

    def with_leg(self, leg: Leg) -> "Call":
        """As ``with_ring``."""
        if leg in self.legs:
            return self
        return replace(self, legs=tuple(leg if x.id == leg.id else x for x in self.legs))

    def with_monitor(self, monitor: Monitor) -> "Call":
        """The call with this monitor in the place of the one with its id."""
        monitors = tuple(monitor if x.id == monitor.id else x for x in self.monitors)
        return replace(self, monitors=monitors)
