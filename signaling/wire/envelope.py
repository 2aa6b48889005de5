"""The wire: envelope, call, rehearsal, desk and unit messages, ephemerals.

Every message is a frozen model that refuses unknown fields and is told apart by
``type``. Commands are imperative and carry an ``id`` made by the page; events are
past tense and carry the next ``version`` of their ``subject``; ephemerals are
never stored. ``case.*`` and ``material.*`` live in ``server.wire`` and are
registered with the gateway. Snake case on the wire and in TypeScript alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

from signaling import subjects
from signaling.call import parts

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""An opaque id: 8 to 64 of A-Z a-z 0-9 _ -. Ours are 22 characters of base64url (128 random bits)."""

Sdp = Annotated[str, StringConstraints(min_length=1, max_length=64_000)]


class _Words:
    """Beside an enum of words: the schema tells them where they stand, and not under a name of their own."""

    def __get_pydantic_core_schema__(self, of: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.enum_schema(of, list(of), sub_type="str")

    def __get_pydantic_json_schema__(self, schema: Any, _: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"enum": [one.value for one in schema["members"]], "type": "string"}


WORDS: Final = _Words()
Seat = Annotated[parts.Seat, WORDS]


class Message(BaseModel):
    """Base of all wire models: immutable, and an unknown field is refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


_M = TypeVar("_M", bound=Message)


def holds_nul(told: object) -> bool:
    """Whether a text anywhere in what was told holds U+0000, which no database keeps as text."""
    left: list[object] = [told]
    while left:
        match left.pop():
            case str() as text:
                if "\0" in text:
                    return True
            case Mapping() as members:
                left += [*members.keys(), *members.values()]
            case list() as several:
                left += several
            case _:
                pass
    return False


class Who(Protocol):
    """Who asks, passed through as it came from the authentication; only these two are looked at."""

    @property
    def person_id(self) -> str: ...
    @property
    def session_id(self) -> str: ...


# ---------------------------------------------------------------- envelope


class Command(Message):
    """Something a page asks for. ``id`` is made by the page; a repeat returns the stored ack."""

    id: Id


class Ack(Message):
    """Answer to a command. ``result`` is filled when ``ok``; the rest when refused (RFC 9457 members)."""

    ok: bool
    result: dict[str, Any] = {}
    code: str | None = None
    title: str | None = None
    details: dict[str, Any] = {}
    reference: str | None = None


class PersonRef(Message):
    """A member of staff as others see him: applicants always see who speaks (name, unit, staff number)."""

    id: str
    name: str
    staff_number: str
    unit_id: str
    unit_name: str
    place: str
    """Short place for the line between two places, e.g. 济南市中 or 青岛西海岸."""
    window_name: str | None = None


class Event(Message):
    """Something that happened. ``version`` is the next one of ``subject``; a gap means: ask for a snapshot."""

    subject: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the outbox keeps it: once, whole. ``body`` is the event's JSON, never sent unprojected.

    ``people`` names whose sockets watch the subject from now on, with their audience.
    """

    subject: str
    version: int
    type: str
    body: dict[str, Any]
    people: dict[str, str]
    at: datetime


def recall(model: type[_M], kept: Mapping[str, Any]) -> _M:
    """The message that was stored as this JSON, by whichever revision wrote it.

    What is stored outlives its shape: a member that this revision does not know is left out, and one
    that the writer did not know has its default. ValidationError for anything else: a stored shape
    only grows (``tests/server/test_kept_events.py``).
    """
    return model.model_validate(kept, extra="ignore")


class Skipped(Event):
    """Holds the place of an event that this audience may not see."""

    type: Literal["skipped"] = "skipped"


# ---------------------------------------------------------------- call: views

CallState = Annotated[parts.CallState, WORDS]
EndReason = Annotated[parts.EndReason, WORDS]
RingState = Annotated[parts.RingState, WORDS]
LegState = Annotated[parts.LegState, WORDS]


class RingView(Message):
    """One approver being asked. ``deadline_at`` is when it becomes missed.

    Rings with an ``invite_id`` ask for a guest's seat of a live call; the others for the approver's.
    """

    id: str
    target: PersonRef
    state: RingState
    rung_at: datetime
    deadline_at: datetime
    closed_at: datetime | None = None
    invite_id: str | None = None
    invited_by: PersonRef | None = None
    note: str = ""
    """Why the guest is asked to come, in the inviter's words."""


class LegView(Message):
    """One seat's presence. ``silent`` is shown after 5 s without a beat, ``lost`` comes after 15 s."""

    id: str
    seat: Seat
    person: PersonRef
    state: LegState
    silent: bool = False
    media: bool = False
    recording: bool = False
    muted: list[str] = []
    """The m-lines (mid) whose packets the worker stops: 0 microphone, 1 face, 2 document camera, 3 screen."""
    lacking: list[str] = []
    """Those for which the page has no device."""
    joined_at: datetime
    ended_at: datetime | None = None
    previous_leg_id: str | None = None
    held_until: datetime | None = None
    """Until when the place of a lost seat is kept."""
    barged: bool = False
    """A supervisor's, who was not invited and is there for all to see."""


class HoldView(Message):
    """One time on hold. ``until`` is None while nothing is heard, seen or recorded on either side."""

    by: PersonRef
    since: datetime
    until: datetime | None = None


# ---------------------------------------------------------------- call: commands


class CallDial(Command):
    """Ring all free approvers of the case's target unit. Result: ``{call_id}``. Refused without consent answer."""

    type: Literal["call.dial"] = "call.dial"
    case_id: Id


class CallCancel(Command):
    """The clerk gives up before an answer."""

    type: Literal["call.cancel"] = "call.cancel"
    call_id: Id


class CallPrepare(Command):
    """While it rings at me for the approver's seat: ask for the offer of the leg that my answer would
    make, never stored. It is answered by ``call.describe``, and named by ``call.answer``.

    Result: ``{leg_id, sdp, ice_servers}``, or nothing where there is none to be had. Refused with
    ``ring_closed``.
    """

    type: Literal["call.prepare"] = "call.prepare"
    call_id: Id
    ring_id: Id


class CallAnswer(Command):
    """First answer wins; later ones are refused with ``ring_closed``. Result: ``{call_id, leg_id}``.

    ``leg_id`` is that of ``call.prepare``, whose offer this page has answered: where the leg got it,
    the result has ``seated`` beside them, and the page has only to connect. Else, with ``connect``,
    it has beside them what ``call.connect`` would say of the new leg. Neither is stored: where they
    are missing (a repeat, no media worker), ``call.connect`` gives an offer or says why not.
    """

    type: Literal["call.answer"] = "call.answer"
    call_id: Id
    ring_id: Id
    connect: bool = False
    leg_id: Id | None = None


class CallDecline(Command):
    type: Literal["call.decline"] = "call.decline"
    call_id: Id
    ring_id: Id


class CallJoin(Command):
    """Take my seat (again) after a reload or a loss: a new leg linked to the one before. Result: ``{leg_id}``."""

    type: Literal["call.join"] = "call.join"
    call_id: Id


class CallConnect(Command):
    """Ask for the worker's offer for my leg. Never stored. Result: ``{sdp, ice_servers}``.

    The offer has two groups of m-lines: mids 0-3 carry my own tracks out and those of the first
    other seat in, 4-7 those of the second other seat in; the seats come in their order. Within a
    group: microphone, face, document camera, screen. Once a fourth seat is taken a new offer
    (``restart``) has three groups more (8, 9, a to j); from the third on it has the line k, on
    which the face goes out in layers.
    """

    type: Literal["call.connect"] = "call.connect"
    call_id: Id
    leg_id: Id
    restart: bool = False


class CallDescribe(Command):
    """The page's SDP answer, for my leg or that of ``call.prepare``. Checked for membership, never
    stored, never logged."""

    type: Literal["call.describe"] = "call.describe"
    call_id: Id
    leg_id: Id
    sdp: Sdp


class CallMute(Command):
    """Stop or resume the packets of one m-line at the worker."""

    type: Literal["call.mute"] = "call.mute"
    call_id: Id
    leg_id: Id
    mid: Literal["0", "1", "2", "3"]
    on: StrictBool


class CallLack(Command):
    """Say that my page has no device for one m-line, or has one again. Nothing is stopped by it."""

    type: Literal["call.lack"] = "call.lack"
    call_id: Id
    leg_id: Id
    mid: Literal["0", "1"]
    on: StrictBool


class CallHold(Command):
    """Let nobody in the live call hear or see anybody, and record nothing, until ``call.resume``.

    From the window or the approver; refused to others: not_in_call.
    """

    type: Literal["call.hold"] = "call.hold"
    call_id: Id


class CallResume(Command):
    """End the hold; only who holds may. Refused: not_yours, not_in_call."""

    type: Literal["call.resume"] = "call.resume"
    call_id: Id


class CallHangUp(Command):
    """Ends the call for all; a guest only leaves."""

    type: Literal["call.hang_up"] = "call.hang_up"
    call_id: Id


class CallInvite(Command):
    """Ring the free approvers of one more unit into the live call, for the next free seat of four.

    From the window or the approver. Refused: seat_taken (all are taken, or somebody is being rung),
    no_approver_free, not_in_call. Result: ``{invite_id}``.
    """

    type: Literal["call.invite"] = "call.invite"
    call_id: Id
    unit_id: Id
    note: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""


class CallWithdraw(Command):
    """Take an invitation back while nobody has answered it. From the window or the approver."""

    type: Literal["call.withdraw"] = "call.withdraw"
    call_id: Id
    invite_id: Id


class CallOpen(Command):
    """Watch a call. Result: ``{audience, version, call, monitors}``."""

    type: Literal["call.open"] = "call.open"
    call_id: Id


# ---------------------------------------------------------------- monitors

Way = Annotated[parts.Way, WORDS]


class MonitorWatch(Command):
    """Watch the live calls of my unit, from its windows or to its approvers. For supervisors.

    Result: MonitorCalls; later changes come as that ephemeral. Refused: forbidden.
    """

    type: Literal["monitor.watch"] = "monitor.watch"


class MonitorBegin(Command):
    """Hear and see a live call of my unit and be neither heard nor seen, for the reason given.

    Result: ``{monitor_id}``, which stands for a leg in ``call.connect`` and ``call.describe``. One
    that I had of this call ends. Refused: not_found (not a call of my unit), forbidden (I lack the
    right), not_in_call (nobody has answered), already_in_call, seat_taken.
    """

    type: Literal["monitor.begin"] = "monitor.begin"
    call_id: Id
    reason: Annotated[
        str,
        StringConstraints(
            min_length=2, max_length=200, strip_whitespace=True, pattern=r"\S[\s\S]*\S"
        ),
    ]


class MonitorTurn(Command):
    """Go on in another way: ``whisper`` is heard by the approver alone, ``barge`` takes a guest's
    seat, for all to see and hear.

    Each way is a right of its own; whispering is for supervisors of the deciding unit. Result:
    ``{leg_id}`` of a barge. Refused: forbidden, not_in_call, seat_taken.
    """

    type: Literal["monitor.turn"] = "monitor.turn"
    call_id: Id
    monitor_id: Id
    way: Way
    reason: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""


class MonitorEnd(Command):
    """Follow the call no longer, in whichever way I did."""

    type: Literal["monitor.end"] = "monitor.end"
    call_id: Id
    monitor_id: Id


class MonitorChanged(Message):
    """Ephemeral to those who may know: who follows this call has changed; ask for the call again."""

    type: Literal["monitor.changed"] = "monitor.changed"
    call_id: str


class MonitorView(Message):
    """A supervisor who follows the call now."""

    id: str
    person: PersonRef
    way: Way
    since: datetime


# ---------------------------------------------------------------- missed calls


class MissedWatch(Command):
    """Watch the calls that nobody answered: for a clerk from his window, for an approver to his unit; the 100 newest of each.

    Result: MissedCalls; later changes come as that ephemeral. For windows and approvers. Refused: forbidden.
    """

    type: Literal["missed.watch"] = "missed.watch"


class MissedAsk(Command):
    """As an approver, ask the window to call again about a case of which my unit missed the call.

    The window sees it in its list and dials. Once a missed call, whoever asked, and again after 10 min. Refused:
    not_found, not_yours (not the approver), call_ended (nothing is missed any more), throttled
    (``retry_after_s``).
    """

    type: Literal["missed.ask"] = "missed.ask"
    case_id: Id


# ---------------------------------------------------------------- rehearsal


class RehearsalOpen(Command):
    """Try out my devices with no call: a room of my own with two parties, one to send, one to receive.

    For whoever may sit in a call. Result: ``{rehearsal_id, send, receive, ice_servers, ends_at}``,
    where ``send`` and ``receive`` are the worker's offers. It ends after 90 s, when the person opens
    another, or by ``rehearsal.close``. Nothing of it is recorded. Refused: forbidden, throttled.
    """

    type: Literal["rehearsal.open"] = "rehearsal.open"


RehearsalParty = Literal["send", "receive"]


class RehearsalDescribe(Command):
    """The page's answer for one of the two. Never stored, never logged. Refused: not_found, bad_sdp."""

    type: Literal["rehearsal.describe"] = "rehearsal.describe"
    rehearsal_id: Id
    party: RehearsalParty
    sdp: Sdp


class RehearsalRestart(Command):
    """A new offer for the sending party, with new ICE credentials. Result: ``{sdp}``."""

    type: Literal["rehearsal.restart"] = "rehearsal.restart"
    rehearsal_id: Id


class RehearsalLook(Command):
    """What the worker has counted. Result: ``{packets}``: what came in, by m-line of the sending party."""

    type: Literal["rehearsal.look"] = "rehearsal.look"
    rehearsal_id: Id


class RehearsalClose(Command):
    """The end of it; one that has ended is no error."""

    type: Literal["rehearsal.close"] = "rehearsal.close"
    rehearsal_id: Id


# ---------------------------------------------------------------- desk and unit

Duty = Literal["online", "away"]


class DeskOpen(Command):
    """First command of a page. Result: DeskView. Joins my running calls (and rings) on this socket."""

    type: Literal["desk.open"] = "desk.open"


class DeskDuty(Command):
    """Go on or off duty (approver). Result: ``{duty}``. The click also unlocks the ring sound in the page."""

    type: Literal["desk.duty"] = "desk.duty"
    duty: Duty


class UnitOpen(Command):
    """Watch who is on duty at a unit. Result: UnitPresence; later changes come as that ephemeral."""

    type: Literal["unit.open"] = "unit.open"
    unit_id: Id


class Presence(Message):
    person: PersonRef
    state: Annotated[subjects.Availability, WORDS]


class UnitPresence(Message):
    """Ephemeral: who of the unit is on duty now. Ringing = being rung, busy = in a call."""

    type: Literal["unit.presence"] = "unit.presence"
    unit_id: str
    approvers: list[Presence]
    at: datetime


class Replaced(Message):
    """Ephemeral to one socket: the same person took the same seat elsewhere; the newer wins."""

    type: Literal["desk.replaced"] = "desk.replaced"
    call_id: str


class OfferWanted(Message):
    """Ephemeral to the parties of a call: this leg's page is to ask for a new offer, because the
    room has more lines than it was offered, or somebody does not take the codec that it sends."""

    type: Literal["call.offer_wanted"] = "call.offer_wanted"
    call_id: str
    leg_id: str


Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[int, Field(ge=0, le=1_000_000)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class QualitySample(Message):
    """What a page has counted of its connection in a few seconds: shares, ms and kbit/s; no address."""

    loss_in: Share
    loss_out: Share
    round_trip_ms: Milliseconds | None
    jitter_ms: Milliseconds
    in_kbps: Rate
    out_kbps: Rate
    freezes: Annotated[int, Field(ge=0, le=1_000)]
    freeze_ms: Milliseconds
    concealed: Share
    limited_by: Literal["none", "bandwidth", "cpu", "other"]
    candidate: Literal["host", "srflx", "prflx", "relay", "unknown"]
    protocol: Literal["udp", "tcp", "unknown"]


class CallQuality(Message):
    """Ephemeral of a page about its own leg, every four seconds, to the others in the call and its
    supervisors; kept beside the call for the replay. More often it is dropped. Refused: not_found,
    not_in_call, leg_replaced, call_ended."""

    type: Literal["call.quality"] = "call.quality"
    call_id: Id
    leg_id: Id
    quality: Literal["excellent", "good", "poor", "lost"]
    sample: QualitySample


COMMANDS: tuple[type[Command], ...] = (
    CallDial, CallCancel, CallPrepare, CallAnswer, CallDecline, CallJoin, CallConnect, CallDescribe,
    CallMute, CallLack, CallHold, CallResume, CallHangUp, CallInvite, CallWithdraw, CallOpen, DeskOpen,
    DeskDuty, UnitOpen, MonitorWatch, MonitorBegin, MonitorTurn, MonitorEnd, MissedWatch, MissedAsk, RehearsalOpen, RehearsalDescribe, RehearsalRestart, RehearsalLook,
    RehearsalClose,
)  # fmt: skip
EVENTS: tuple[type[Event], ...] = (Skipped,)
EPHEMERALS: tuple[type[Message], ...] = (
    UnitPresence,
    Replaced,
    OfferWanted,
    MonitorChanged,
    CallQuality,
)

BEAT_EVERY_S = 2.0
"""How often the server sends the beat that every page answers; the other times stand in ``call.Patience``."""
