"""Calls as pages see them: with the case that each is about. How a call is told and asked for is signaling's.

Signaling runs calls without knowing what they are about; here are the views that do: the card of a ring,
a desk, the lists of calls that run and that were missed.
"""

from datetime import datetime
from typing import Any, Literal

from server.calls.rules import MarkKind, PlaybackSource, PlaybackState, PlaybackType
from server.catalogue.rules.item import Mode
from server.rights.hand import Audience
from signaling.wire.call import CallState, EndReason, HoldView, LegView, RingView, Seat
from signaling.wire.desk import Duty
from signaling.wire.envelope import Event, Message, PersonRef
from signaling.wire.monitor import MonitorView


class RingCard(Message):
    """What a rung approver needs to know; the applicant's name is masked (孙**)."""

    item_name: str
    applicant_masked: str
    window_name: str
    place: str
    unit_name: str
    mode: Mode
    waiting_since: datetime
    materials_stored: int
    materials_required: int
    registered_at: datetime | None = None
    """When the case was registered: tells cases of one surname and item apart. None in calls of before."""
    question: str | None = None
    """咨询: what is asked, by somebody who is not named; null of a case."""


class CallView(Message):
    """A call as one audience sees it. A rung person sees only his own ring."""

    id: str
    case_id: str
    state: CallState
    reason: EndReason | None = None
    caller: PersonRef
    target_unit_id: str
    target_place: str
    card: RingCard
    rings: list[RingView]
    legs: list[LegView]
    recording_consented: bool
    opened_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    holds: list[HoldView] = []
    """In the order in which they came; the last may still be open."""
    consent_withdrawn_at: datetime | None = None
    """When the applicant took back his consent: from then on nothing is recorded, and what was before stays."""


class CallChanged(Event):
    """The call as it is at ``version``. State-carrying, so a late or doubled one does no harm."""

    type: Literal["call.changed"] = "call.changed"
    call: CallView


class CallSnapshot(Message):
    version: int
    audience: Audience
    call: CallView
    monitors: list[MonitorView] = []
    """Who follows the call: all of them for supervisors, who whispers to him for the approver."""


class DeskView(Message):
    """Where I stand: my duty, and my calls that have not ended (ringing me, dialled by me, live)."""

    person: PersonRef
    roles: list[str]
    duty: Duty
    calls: list[CallSnapshot]


class RunningCall(Message):
    """A live call, as the supervisors of its units see it in the list."""

    call_id: str
    case_id: str
    item_name: str
    applicant_masked: str
    caller: PersonRef
    approver: PersonRef
    answered_at: datetime
    unrecorded: Literal["refused", "withdrawn"] | None
    """Why nothing is recorded now: the applicant did not agree, or took his consent back."""
    decides: bool
    """Whether this unit was called to decide the case: whispering is for its supervisors alone."""
    deciding_unit_id: str
    """The unit that decides the case now: another than was called once it was referred (转办)."""
    deciding_unit_name: str


class MonitorCalls(Message):
    """Ephemeral: the live calls of a unit, the oldest first."""

    type: Literal["monitor.calls"] = "monitor.calls"
    unit_id: str
    calls: list[RunningCall]
    at: datetime


class MissedCall(Message):
    """The last call about a case that ended with nobody having answered. It goes when a later one
    about this case is answered, or the case is decided."""

    case_id: str
    call_id: str
    reason: EndReason
    caller: PersonRef
    window_id: str | None
    """The window at which it was dialled."""
    target_unit_id: str
    """The unit that decides the case now."""
    target_unit_name: str
    card: RingCard
    at: datetime
    times: int
    """How many calls in a row nobody answered."""
    asked_by: PersonRef | None = None
    """The approver who asks to be called."""
    asked_at: datetime | None = None
    ask_again_at: datetime | None = None
    """When it may be asked for once more."""


class MissedCalls(Message):
    """Ephemeral: the missed calls of its reader's window and to the approvers of whom he is one, the newest first."""

    type: Literal["missed.calls"] = "missed.calls"
    calls: list[MissedCall]
    at: datetime


EVENTS: tuple[type[Event], ...] = (CallChanged,)
EPHEMERALS: tuple[type[Message], ...] = (MonitorCalls, MissedCalls)


RecordingState = Literal["recording", "stored", "lost", "tampered"]


class RecordingView(Message):
    """One party's file: one leg, one segment. ``tampered``: the bytes no longer match ``sha256``."""

    id: str
    leg_id: str
    seat: Seat
    person: PersonRef
    state: RecordingState
    started_at: datetime
    ended_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    gaps: list[dict[str, Any]]
    """Spans in which packets were missing."""
    source: PlaybackSource
    cut: bool
    """Its recorder died over it: it goes as far as could be read."""
    sm3: str | None
    """SM3 (GB/T 32905) of the file, where that is set."""


class Loudness(Message):
    """How loud one party was, step by step, 0 to 100."""

    label: str
    peaks: list[int]


class Waveform(Message):
    """All parties' voices in steps of ``step_s`` seconds."""

    step_s: float
    parties: list[Loudness]


class ChapterView(Message):
    """What begins at a second of a composed file."""

    at_s: float
    title: str


class PlaybackView(Message):
    """One party's finished pictures and voice in one seekable file, copied from the segments (its
    document camera and its screen have files of their own); or, with seat ``composed``, all of
    them in one picture. Second 0 is ``started_at``."""

    id: str
    call_id: str
    seat: Seat | Literal["composed"]
    source: PlaybackSource
    person: PersonRef | None
    state: PlaybackState
    progress: float
    """The share that is done, while it waits."""
    fault: Literal["", "font", "nothing"]
    """Why it failed, when that is known: no Chinese font on this server; nothing could be read."""
    media_type: PlaybackType
    started_at: datetime | None
    duration_s: float | None
    size_bytes: int | None
    sha256: str | None
    width: int | None
    height: int | None
    gaps: list[dict[str, Any]]
    """Spans without packets, as ``{from_s, to_s, reason, mid}``."""
    chapters: list[ChapterView]
    loudness: Waveform | None


class MarkView(Message):
    """What was shown or pointed at during a call; not in the ledger, only for replay.

    ``point``: body {field}; ``look``: body {material_id, page}; ``pointer``: body {material_id, page, x, y};
    ``quality``: body {leg_id, quality, sample}, how good the connection of that leg was, as its page told;
    ``worker``: body {leg_id, sample}, a WorkerSample, what the media worker counted of it.
    """

    at: datetime
    kind: MarkKind
    by: PersonRef
    body: dict[str, Any]


class WorkerSample(Message):
    """What a media worker counted of one leg in the ``seconds`` before: packets that came from it and
    went to it, that did not come (repaired or not), that it asked for again and was asked for again
    (nacks), key frames that it asked for and was asked for (plis), and the rates."""

    seconds: float
    packets_in: int
    packets_out: int
    lost_in: int
    nacks_in: int
    nacks_out: int
    plis_in: int
    plis_out: int
    in_kbps: int
    out_kbps: int


class Marks(Message):
    marks: list[MarkView]
