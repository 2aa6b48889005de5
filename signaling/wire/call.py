"""A call on the wire: its rings, legs and holds, and the commands of those who sit in it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    StrictBool,
    StringConstraints,
)

from signaling.call import parts
from signaling.wire.envelope import WORDS, Command, Id, Message, PersonRef

Sdp = Annotated[str, StringConstraints(min_length=1, max_length=64_000)]
Seat = Annotated[parts.Seat, WORDS]
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
