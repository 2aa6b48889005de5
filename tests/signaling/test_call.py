"""The call machine: its whole (state, event) table, and what holds for any order of any inputs.

The table is written out: a row an event, a column a state, and every cell says what comes of it.
A cell is ``=`` (nothing changes), ``!code`` (refused) or the call that follows, as ``shown`` says.
"""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signaling.call.claims import own_leg
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
    RINGS_AT_MOST,
    Call,
    CallId,
    CallState,
    EndReason,
    Hold,
    InviteId,
    Leg,
    LegId,
    LegState,
    MonitorEnding,
    MonitorId,
    PersonId,
    Ring,
    RingId,
    RingState,
    Seat,
    Way,
)
from signaling.call.ringing import dial
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.wire import call as signaling_call

T0: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CLERK, FIRST, SECOND, STRANGER = (PersonId(p) for p in ("clerk", "first", "second", "stranger"))
GUEST, OTHER = PersonId("guest"), PersonId("other")
CHIEF, SECOND_CHIEF = PersonId("chief"), PersonId("second-chief")
M1, M2 = MonitorId("monitor-1"), MonitorId("monitor-2")
B1: Final = LegId("leg-b1")
R1, R2, R9 = RingId("ring-1"), RingId("ring-2"), RingId("ring-9")
R3, R4, R5 = RingId("ring-3"), RingId("ring-4"), RingId("ring-5")
I1, I2, I9 = InviteId("invite-1"), InviteId("invite-2"), InviteId("invite-9")
W1, W2, A1, A2 = LegId("leg-w1"), LegId("leg-w2"), LegId("leg-a1"), LegId("leg-a2")
G1: Final = LegId("leg-g1")
NEW: Final = LegId("leg-new")


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def dialled() -> Call:
    return dial(
        CallId("call-1"), CLERK, W1, [(R1, FIRST), (R2, SECOND)], T0, recording_consented=True
    )


def heard(at: float, *legs: LegId) -> Tick:
    """All named legs were last heard at ``at`` seconds."""
    return Tick({leg: after(at) for leg in legs})


def played(call: Call, *moves: tuple[CallInput, float]) -> Call:
    for event, at in moves:
        call = step(call, event, after(at))
    return call


LETTER: Final = {state: state.value[0].upper() for state in RingState} | {
    LegState.JOINED: "J",
    LegState.LOST: "L",
    LegState.LEFT: "X",
}


def shown(call: Call) -> str:
    """``state[:reason][:hold]/rings/legs[/monitors]``: a ring is its first letter; a leg J joined, L
    lost, X left, with s silent, v media, r recording, b barged, the muted m-lines behind it, and - before those it lacks; a
    monitor l listens, w whispers, b barges, or why it ended and at which of them."""
    reason = f":{call.reason.value}" if call.reason else ""
    reason += ":hold" if call.on_hold() else ""
    legs = ",".join(
        LETTER[leg.state]
        + "s" * leg.silent
        + "v" * leg.media
        + "r" * leg.recording
        + "b" * leg.barged
        + "".join(sorted(leg.muted))
        + "".join(f"-{mid}" for mid in sorted(leg.lacking))
        for leg in call.legs
    )
    monitors = "".join(
        f"/{monitor.way.value[0]}" + (f":{monitor.ended.value}" if monitor.ended else "")
        for monitor in call.monitors
    )
    rings = "".join(LETTER[ring.state] for ring in call.rings)
    return f"{call.state.value}{reason}/{rings}/{legs}{monitors}"


def outcome(call: Call, event: CallInput, at: datetime, deciding: Collection[PersonId]) -> str:
    try:
        result = step(call, event, at, deciding=deciding)
    except Refusal as refusal:
        return f"!{refusal.code.value}"
    return "=" if result is call else shown(result)


# All states stand at 10 s; the events of the table happen at 20 s unless they name a time.
ANSWER = (Answered(R1, FIRST, A1), 3.0)
INVITE = (Invited(FIRST, I1, ((R3, GUEST), (R4, OTHER)), "please look"), 6.0)
COME = (Answered(R3, GUEST, G1), 8.0)
LISTEN = (MonitorBegun(CHIEF, M1, "a complaint"), 5.0)
STATES: Final[Mapping[str, Call]] = {
    "open": dialled(),
    "one_left": played(dialled(), (Declined(R2, SECOND), 2)),
    "open_silent": played(dialled(), (heard(0, W1), 6)),
    "open_lost": played(dialled(), (heard(-10, W1), 6)),
    "live": played(dialled(), ANSWER),
    "media": played(
        dialled(),
        ANSWER,
        (MediaTurned(W1, True), 4),
        (MediaTurned(A1, True), 4),
        (RecordingTurned(W1, True), 4),
        (Muted(A1, FIRST, "0", True), 5),
    ),
    "held": played(dialled(), ANSWER, (PutOnHold(FIRST), 7)),
    "resumed": played(dialled(), ANSWER, (PutOnHold(CLERK), 5), (Resumed(CLERK), 7)),
    "w_lost": played(dialled(), ANSWER, (heard(-6, W1), 10)),
    "a_lost": played(dialled(), ANSWER, (heard(-6, A1), 10)),
    "both_lost": played(dialled(), ANSWER, (heard(-6, W1, A1), 10)),
    "rejoined": played(dialled(), ANSWER, (Joined(CLERK, W2), 8)),
    "invited": played(dialled(), ANSWER, INVITE),
    "uninvited": played(
        dialled(), ANSWER, INVITE, (Declined(R3, GUEST), 7), (Declined(R4, OTHER), 8)
    ),
    "three": played(
        dialled(), ANSWER, INVITE, COME, (MediaTurned(G1, True), 9), (RecordingTurned(G1, True), 9)
    ),
    "g_lost": played(dialled(), ANSWER, INVITE, COME, (heard(-5, G1), 10)),
    "g_left": played(dialled(), ANSWER, INVITE, COME, (HungUp(GUEST), 9)),
    "relieved": step(
        played(dialled(), ANSWER, INVITE, COME), Barred(FIRST), after(9), deciding={GUEST}
    ),
    "only_g": played(dialled(), ANSWER, INVITE, COME, (heard(-5, W1, A1), 10)),
    "all_lost": played(dialled(), ANSWER, INVITE, COME, (heard(-5, W1, A1, G1), 10)),
    "listened": played(dialled(), ANSWER, LISTEN),
    "whispered": played(dialled(), ANSWER, LISTEN, (MonitorTurned(CHIEF, M1, Way.WHISPER, B1), 6)),
    "barged": played(dialled(), ANSWER, LISTEN, (MonitorTurned(CHIEF, M1, Way.BARGE, B1), 6)),
    "ended": played(dialled(), ANSWER, (HungUp(FIRST), 9)),
    "cancelled": played(dialled(), (Cancelled(CLERK), 9)),
}
EVENTS: Final[Mapping[str, tuple[CallInput, float]]] = {
    "answer": (Answered(R1, FIRST, NEW), 20),
    "answer_late": (Answered(R1, FIRST, NEW), 30),
    "answer_other": (Answered(R2, SECOND, NEW), 20),
    "answer_not_his": (Answered(R1, SECOND, NEW), 20),
    "answer_unknown": (Answered(R9, FIRST, NEW), 20),
    "decline": (Declined(R1, FIRST), 20),
    "decline_again": (Declined(R2, SECOND), 20),
    "decline_not_his": (Declined(R1, CLERK), 20),
    "cancel": (Cancelled(CLERK), 20),
    "cancel_not_his": (Cancelled(FIRST), 20),
    "hang_up_clerk": (HungUp(CLERK), 20),
    "hang_up_approver": (HungUp(FIRST), 20),
    "hang_up_stranger": (HungUp(STRANGER), 20),
    "hang_up_guest": (HungUp(GUEST), 20),
    "hang_up_relieved": (HungUp(FIRST), 20),
    "hang_up_deciding": (HungUp(GUEST), 20),
    "answer_invite": (Answered(R3, GUEST, NEW), 20),
    "answer_invite_late": (Answered(R4, OTHER, NEW), 36),
    "decline_invite": (Declined(R3, GUEST), 20),
    "invite": (Invited(CLERK, I2, ((R5, OTHER),)), 20),
    "invite_nobody": (Invited(FIRST, I2, ()), 20),
    "invite_by_guest": (Invited(GUEST, I2, ((R5, OTHER),)), 20),
    "invite_by_stranger": (Invited(STRANGER, I2, ((R5, OTHER),)), 20),
    "withdraw": (Withdrawn(CLERK, I1), 20),
    "withdraw_by_guest": (Withdrawn(GUEST, I1), 20),
    "withdraw_unknown": (Withdrawn(FIRST, I9), 20),
    "join_guest": (Joined(GUEST, NEW), 20),
    "join_guest_late": (Joined(GUEST, NEW), 600),
    "mute_guest": (Muted(G1, GUEST, "0", True), 20),
    "media_guest": (MediaTurned(G1, False), 20),
    "join_clerk": (Joined(CLERK, NEW), 20),
    "join_approver": (Joined(FIRST, NEW), 20),
    "join_stranger": (Joined(STRANGER, NEW), 20),
    "join_late": (Joined(CLERK, NEW), 600),
    "mute": (Muted(W1, CLERK, "1", True), 20),
    "unmute": (Muted(A1, FIRST, "0", False), 20),
    "mute_not_his": (Muted(W1, FIRST, "1", True), 20),
    "mute_unknown": (Muted(NEW, CLERK, "1", True), 20),
    "lack": (Lacked(W1, CLERK, "1", True), 20),
    "lack_not_his": (Lacked(W1, FIRST, "1", True), 20),
    "hold": (PutOnHold(CLERK), 20),
    "hold_by_guest": (PutOnHold(GUEST), 20),
    "resume": (Resumed(FIRST), 20),
    "resume_other": (Resumed(CLERK), 20),
    "resume_by_stranger": (Resumed(STRANGER), 20),
    "listen": (MonitorBegun(CHIEF, M2, "a second look"), 20),
    "listen_too": (MonitorBegun(SECOND_CHIEF, M2, "asked to"), 20),
    "listen_in_own_call": (MonitorBegun(FIRST, M2, "curious"), 20),
    "turn_silent": (MonitorTurned(CHIEF, M1, Way.LISTEN, NEW), 20),
    "turn_whisper": (MonitorTurned(CHIEF, M1, Way.WHISPER, NEW), 20),
    "turn_barge": (MonitorTurned(CHIEF, M1, Way.BARGE, NEW), 20),
    "turn_not_his": (MonitorTurned(FIRST, M1, Way.BARGE, NEW), 20),
    "listen_no_more": (MonitorClosed(CHIEF, M1), 20),
    "hang_up_chief": (HungUp(CHIEF), 20),
    "bar_clerk": (Barred(CLERK), 20),
    "bar_approver": (Barred(FIRST), 20),
    "bar_relieved": (Barred(FIRST), 20),
    "bar_guest": (Barred(GUEST), 20),
    "bar_chief": (Barred(CHIEF), 20),
    "bar_stranger": (Barred(STRANGER), 20),
    "sign_out_clerk": (SignedOut(CLERK), 20),
    "sign_out_approver": (SignedOut(FIRST), 20),
    "sign_out_guest": (SignedOut(GUEST), 20),
    "sign_out_stranger": (SignedOut(STRANGER), 20),
    "tick_monitor_lost": (Tick({M1: after(6)}), 20),
    "media_on": (MediaTurned(W1, True), 20),
    "media_off": (MediaTurned(A1, False), 20),
    "media_unknown": (MediaTurned(NEW, True), 20),
    "recording_on": (RecordingTurned(A1, True), 20),
    "recording_off": (RecordingTurned(W1, False), 20),
    "unrecord": (ConsentWithdrawn(True), 20),
    "unrecord_end": (ConsentWithdrawn(False), 20),
    "tick": (heard(19, W1, W2, A1, G1), 20),
    "tick_unjudged": (Tick(), 20),
    "tick_gone": (Tick({W1: after(19), W2: after(19), A1: after(19)}, frozenset({W1, W2})), 20),
    "tick_silent": (heard(15, W1, W2, A1, G1), 20),
    "tick_lost": (heard(5, W1, W2), 20),
    "tick_lost_guest": (heard(5, G1), 20),
    "tick_ring_over": (heard(29, W1, W2, A1, G1), 30),
    "tick_invite_over": (heard(35, W1, W2, A1, G1), 36),
    "tick_hold_over": (heard(134, W1, W2, A1, G1), 135),
}
DECIDED: Final = ("hang_up_relieved", "hang_up_deciding", "bar_relieved")
"""The guest's unit decides by the time of these."""
TABLE: Final = """
answer:
  open  live/AS/J,J
  one_left  live/AD/J,J
  open_silent  live/AS/Js,J
  open_lost  live/AS/L,J
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !ring_closed
answer_late:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !ring_closed
answer_other:
  open  live/SA/J,J
  one_left|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !ring_closed
  open_silent  live/SA/Js,J
  open_lost  live/SA/L,J
answer_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !not_found
answer_unknown:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !not_found
decline:
  open  open/DR/J
  one_left  ended:declined/DD/X
  open_silent  open/DR/Js
  open_lost  open/DR/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !ring_closed
decline_again:
  open  open/RD/J
  one_left|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !ring_closed
  open_silent  open/RD/Js
  open_lost  open/RD/L
decline_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  !not_found
cancel:
  open|open_silent  ended:cancelled/CC/X
  one_left  ended:cancelled/CD/X
  open_lost  ended:cancelled/CC/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !ring_closed
  ended|cancelled  !call_ended
cancel_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
hang_up_clerk:
  open|open_silent  ended:cancelled/CC/X
  one_left  ended:cancelled/CD/X
  open_lost  ended:cancelled/CC/L
  live|held|resumed  ended:hung_up/AS/X,X
  media  ended:hung_up/AS/X,X0
  w_lost  ended:hung_up/AS/L,X
  a_lost  ended:hung_up/AS/X,L
  both_lost  ended:hung_up/AS/L,L
  rejoined  ended:hung_up/AS/X,X,X
  invited  ended:hung_up/ASCC/X,X
  uninvited  ended:hung_up/ASDD/X,X
  three|g_left|relieved  ended:hung_up/ASAS/X,X,X
  g_lost  ended:hung_up/ASAS/X,X,L
  only_g  ended:hung_up/ASAS/L,L,X
  all_lost  ended:hung_up/ASAS/L,L,L
  ended|cancelled  !call_ended
  listened  ended:hung_up/AS/X,X/l:call_ended
  whispered  ended:hung_up/AS/X,X/w:call_ended
  barged  ended:hung_up/AS/X,X,Xb/b:call_ended
hang_up_approver:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|held|resumed  ended:hung_up/AS/X,X
  media  ended:hung_up/AS/X,X0
  w_lost  ended:hung_up/AS/L,X
  a_lost  ended:hung_up/AS/X,L
  both_lost  ended:hung_up/AS/L,L
  rejoined  ended:hung_up/AS/X,X,X
  invited  ended:hung_up/ASCC/X,X
  uninvited  ended:hung_up/ASDD/X,X
  three|g_left  ended:hung_up/ASAS/X,X,X
  g_lost  ended:hung_up/ASAS/X,X,L
  only_g  ended:hung_up/ASAS/L,L,X
  all_lost  ended:hung_up/ASAS/L,L,L
  ended|cancelled  !call_ended
  listened  ended:hung_up/AS/X,X/l:call_ended
  whispered  ended:hung_up/AS/X,X/w:call_ended
  barged  ended:hung_up/AS/X,X,Xb/b:call_ended
hang_up_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
hang_up_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_left|listened|whispered|barged  !not_in_call
  three|g_lost  live/ASAS/J,J,X
  only_g|all_lost  live/ASAS/L,L,X
  ended|cancelled  !call_ended
  relieved  ended:hung_up/ASAS/X,X,X
hang_up_relieved:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|held|resumed  ended:hung_up/AS/X,X
  media  ended:hung_up/AS/X,X0
  w_lost  ended:hung_up/AS/L,X
  a_lost  ended:hung_up/AS/X,L
  both_lost  ended:hung_up/AS/L,L
  rejoined  ended:hung_up/AS/X,X,X
  invited  ended:hung_up/ASCC/X,X
  uninvited  ended:hung_up/ASDD/X,X
  three  live/ASAS/J,X,Jvr
  g_lost  live/ASAS/J,X,L
  g_left  ended:hung_up/ASAS/X,X,X
  only_g  live/ASAS/L,X,J
  all_lost  live/ASAS/L,X,L
  ended|cancelled  !call_ended
  listened  ended:hung_up/AS/X,X/l:call_ended
  whispered  ended:hung_up/AS/X,X/w:call_ended
  barged  ended:hung_up/AS/X,X,Xb/b:call_ended
hang_up_deciding:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_left|listened|whispered|barged  !not_in_call
  three|relieved  ended:hung_up/ASAS/X,X,X
  g_lost  ended:hung_up/ASAS/X,X,L
  only_g  ended:hung_up/ASAS/L,L,X
  all_lost  ended:hung_up/ASAS/L,L,L
  ended|cancelled  !call_ended
answer_invite:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|ended|cancelled|listened|whispered|barged  !not_found
  invited  live/ASAS/J,J,J
  uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !ring_closed
answer_invite_late:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|ended|cancelled|listened|whispered|barged  !not_found
  invited|uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !ring_closed
decline_invite:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|ended|cancelled|listened|whispered|barged  !not_found
  invited  live/ASDR/J,J
  uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !ring_closed
invite:
  open|one_left|open_silent|open_lost  !not_in_call
  live|resumed  live/ASR/J,J
  media  live/ASR/Jvr,Jv0
  held  live:hold/ASR/J,J
  w_lost  live/ASR/L,J
  a_lost  live/ASR/J,L
  both_lost  live/ASR/L,L
  rejoined  live/ASR/X,J,J
  invited  !seat_taken
  three  live/ASASR/J,J,Jvr
  g_lost  live/ASASR/J,J,L
  only_g  live/ASASR/L,L,J
  all_lost  live/ASASR/L,L,L
  uninvited  live/ASDDR/J,J
  g_left  live/ASASR/J,J,X
  ended|cancelled  !call_ended
  listened  live/ASR/J,J/l
  whispered  live/ASR/J,J/w
  barged  live/ASR/J,J,Jb/b
  relieved  live/ASASR/J,X,J
invite_nobody:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|uninvited|g_left|three|g_lost|only_g|all_lost|listened|whispered|barged  !no_approver_free
  invited  !seat_taken
  ended|cancelled  !call_ended
invite_by_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
invite_by_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
withdraw:
  open|one_left|open_silent|open_lost  !not_in_call
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|listened|whispered|barged  !not_found
  invited  live/ASCC/J,J
  uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !ring_closed
  ended|cancelled  !call_ended
withdraw_by_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
withdraw_unknown:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged  !not_found
  ended|cancelled  !call_ended
join_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_left|listened|whispered|barged  !not_in_call
  three  live/ASAS/J,J,X,J
  g_lost  live/ASAS/J,J,L,J
  only_g  live/ASAS/L,L,X,J
  all_lost  live/ASAS/L,L,L,J
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,X,J
join_guest_late:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_lost|g_left|all_lost|listened|whispered|barged  !not_in_call
  three  live/ASAS/J,J,X,J
  only_g  live/ASAS/L,L,X,J
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,X,J
mute_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_lost|g_left|all_lost|listened|whispered|barged  !not_in_call
  three  live/ASAS/J,J,Jvr0
  only_g  live/ASAS/L,L,J0
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,J0
media_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
  three  live/ASAS/J,J,Jr
join_clerk:
  open|open_silent  open/RR/X,J
  one_left  open/RD/X,J
  open_lost  open/RR/L,J
  live|resumed  live/AS/X,J,J
  media  live/AS/X,Jv0,J
  held  live:hold/AS/X,J,J
  w_lost  live/AS/L,J,J
  a_lost  live/AS/X,L,J
  both_lost  live/AS/L,L,J
  rejoined  live/AS/X,J,X,J
  invited  live/ASRR/X,J,J
  uninvited  live/ASDD/X,J,J
  three  live/ASAS/X,J,Jvr,J
  g_lost  live/ASAS/X,J,L,J
  g_left  live/ASAS/X,J,X,J
  only_g  live/ASAS/L,L,J,J
  all_lost  live/ASAS/L,L,L,J
  ended|cancelled  !call_ended
  listened  live/AS/X,J,J/l
  whispered  live/AS/X,J,J/w
  barged  live/AS/X,J,Jb,J/b
  relieved  live/ASAS/X,X,J,J
join_approver:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|resumed  live/AS/J,X,J
  media  live/AS/Jvr,X0,J0
  held  live:hold/AS/J,X,J
  w_lost  live/AS/L,X,J
  a_lost  live/AS/J,L,J
  both_lost  live/AS/L,L,J
  rejoined  live/AS/X,X,J,J
  invited  live/ASRR/J,X,J
  uninvited  live/ASDD/J,X,J
  three  live/ASAS/J,X,Jvr,J
  g_lost  live/ASAS/J,X,L,J
  g_left  live/ASAS/J,X,X,J
  only_g  live/ASAS/L,L,J,J
  all_lost  live/ASAS/L,L,L,J
  ended|cancelled  !call_ended
  listened  live/AS/J,X,J/l
  whispered  live/AS/J,X,J/w
  barged  live/AS/J,X,Jb,J/b
join_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
join_late:
  open|open_silent  open/RR/X,J
  one_left  open/RD/X,J
  open_lost|w_lost|both_lost|only_g|all_lost|ended|cancelled  !call_ended
  live|resumed  live/AS/X,J,J
  media  live/AS/X,Jv0,J
  held  live:hold/AS/X,J,J
  a_lost  live/AS/X,L,J
  rejoined  live/AS/X,J,X,J
  invited  live/ASRR/X,J,J
  uninvited  live/ASDD/X,J,J
  three  live/ASAS/X,J,Jvr,J
  g_lost  live/ASAS/X,J,L,J
  g_left  live/ASAS/X,J,X,J
  listened  live/AS/X,J,J/l
  whispered  live/AS/X,J,J/w
  barged  live/AS/X,J,Jb,J/b
  relieved  live/ASAS/X,X,J,J
mute:
  open  open/RR/J1
  one_left  open/RD/J1
  open_silent  open/RR/Js1
  open_lost|w_lost|both_lost|only_g|all_lost  !not_in_call
  live|resumed  live/AS/J1,J
  media  live/AS/Jvr1,Jv0
  held  live:hold/AS/J1,J
  a_lost  live/AS/J1,L
  rejoined  !leg_replaced
  invited  live/ASRR/J1,J
  uninvited  live/ASDD/J1,J
  three  live/ASAS/J1,J,Jvr
  g_lost  live/ASAS/J1,J,L
  g_left  live/ASAS/J1,J,X
  ended|cancelled  !call_ended
  listened  live/AS/J1,J/l
  whispered  live/AS/J1,J/w
  barged  live/AS/J1,J,Jb/b
  relieved  live/ASAS/J1,X,J
unmute:
  open|one_left|open_silent|open_lost|a_lost|both_lost|only_g|all_lost|relieved  !not_in_call
  live|held|resumed|w_lost|rejoined|invited|uninvited|three|g_lost|g_left|listened|whispered|barged  =
  media  live/AS/Jvr,Jv
  ended|cancelled  !call_ended
mute_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
mute_unknown:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
lack:
  open  open/RR/J-1
  one_left  open/RD/J-1
  open_silent  open/RR/Js-1
  open_lost|w_lost|both_lost|only_g|all_lost  !not_in_call
  live|resumed  live/AS/J-1,J
  media  live/AS/Jvr-1,Jv0
  held  live:hold/AS/J-1,J
  a_lost  live/AS/J-1,L
  rejoined  !leg_replaced
  invited  live/ASRR/J-1,J
  uninvited  live/ASDD/J-1,J
  three  live/ASAS/J-1,J,Jvr
  g_lost  live/ASAS/J-1,J,L
  g_left  live/ASAS/J-1,J,X
  ended|cancelled  !call_ended
  listened  live/AS/J-1,J/l
  whispered  live/AS/J-1,J/w
  barged  live/AS/J-1,J,Jb/b
  relieved  live/ASAS/J-1,X,J
lack_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
hold:
  open|one_left|open_silent|open_lost  !not_in_call
  live|resumed  live:hold/AS/J,J
  media  live:hold/AS/Jvr,Jv0
  held  =
  w_lost  live:hold/AS/L,J
  a_lost  live:hold/AS/J,L
  both_lost  live:hold/AS/L,L
  rejoined  live:hold/AS/X,J,J
  invited  live:hold/ASRR/J,J
  uninvited  live:hold/ASDD/J,J
  three  live:hold/ASAS/J,J,Jvr
  g_lost  live:hold/ASAS/J,J,L
  g_left  live:hold/ASAS/J,J,X
  only_g  live:hold/ASAS/L,L,J
  all_lost  live:hold/ASAS/L,L,L
  ended|cancelled  !call_ended
  listened  live:hold/AS/J,J/l
  whispered  live:hold/AS/J,J/w
  barged  live:hold/AS/J,J,Jb/b
  relieved  live:hold/ASAS/J,X,J
hold_by_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
resume:
  open|one_left|open_silent|open_lost|relieved  !not_in_call
  live|media|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged  =
  held  live/AS/J,J
  ended|cancelled  !call_ended
resume_other:
  open|one_left|open_silent|open_lost  !not_in_call
  live|media|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  =
  held  !not_yours
  ended|cancelled  !call_ended
resume_by_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
listen:
  open|one_left|open_silent|open_lost  !not_in_call
  live|resumed  live/AS/J,J/l
  media  live/AS/Jvr,Jv0/l
  held  live:hold/AS/J,J/l
  w_lost  live/AS/L,J/l
  a_lost  live/AS/J,L/l
  both_lost  live/AS/L,L/l
  rejoined  live/AS/X,J,J/l
  invited  live/ASRR/J,J/l
  uninvited  live/ASDD/J,J/l
  three  live/ASAS/J,J,Jvr/l
  g_lost  live/ASAS/J,J,L/l
  g_left  live/ASAS/J,J,X/l
  only_g  live/ASAS/L,L,J/l
  all_lost  live/ASAS/L,L,L/l
  listened  live/AS/J,J/l:replaced/l
  whispered  live/AS/J,J/w:replaced/l
  barged  live/AS/J,J,Xb/b:replaced/l
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,J/l
listen_too:
  open|one_left|open_silent|open_lost  !not_in_call
  live|resumed  live/AS/J,J/l
  media  live/AS/Jvr,Jv0/l
  held  live:hold/AS/J,J/l
  w_lost  live/AS/L,J/l
  a_lost  live/AS/J,L/l
  both_lost  live/AS/L,L/l
  rejoined  live/AS/X,J,J/l
  invited  live/ASRR/J,J/l
  uninvited  live/ASDD/J,J/l
  three  live/ASAS/J,J,Jvr/l
  g_lost  live/ASAS/J,J,L/l
  g_left  live/ASAS/J,J,X/l
  only_g  live/ASAS/L,L,J/l
  all_lost  live/ASAS/L,L,L/l
  listened  live/AS/J,J/l/l
  whispered  live/AS/J,J/w/l
  barged  live/AS/J,J,Jb/b/l
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,J/l
listen_in_own_call:
  open|one_left|open_silent|open_lost  !not_in_call
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged  !already_in_call
  ended|cancelled  !call_ended
  relieved  live/ASAS/J,X,J/l
turn_silent:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !not_in_call
  listened  =
  whispered  live/AS/J,J/l
  barged  live/AS/J,J,Xb/l
  ended|cancelled  !call_ended
turn_whisper:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !not_in_call
  listened  live/AS/J,J/w
  whispered  =
  barged  live/AS/J,J,Xb/w
  ended|cancelled  !call_ended
turn_barge:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !not_in_call
  listened|whispered  live/AS/J,J,Jb/b
  barged  =
  ended|cancelled  !call_ended
turn_not_his:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|relieved  !not_in_call
  ended|cancelled  !call_ended
listen_no_more:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|relieved  !not_in_call
  listened  live/AS/J,J/l:closed
  whispered  live/AS/J,J/w:closed
  barged  live/AS/J,J,Xb/b:closed
  ended|cancelled  !call_ended
hang_up_chief:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|relieved  !not_in_call
  barged  live/AS/J,J,Xb/b:closed
  ended|cancelled  !call_ended
bar_clerk:
  open|open_silent  ended:barred/CC/X
  one_left  ended:barred/CD/X
  open_lost  ended:barred/CC/L
  live|held|resumed  ended:barred/AS/X,X
  media  ended:barred/AS/X,X0
  w_lost  ended:barred/AS/L,X
  a_lost  ended:barred/AS/X,L
  both_lost  ended:barred/AS/L,L
  rejoined  ended:barred/AS/X,X,X
  invited  ended:barred/ASCC/X,X
  uninvited  ended:barred/ASDD/X,X
  three|g_left|relieved  ended:barred/ASAS/X,X,X
  g_lost  ended:barred/ASAS/X,X,L
  only_g  ended:barred/ASAS/L,L,X
  all_lost  ended:barred/ASAS/L,L,L
  listened  ended:barred/AS/X,X/l:call_ended
  whispered  ended:barred/AS/X,X/w:call_ended
  barged  ended:barred/AS/X,X,Xb/b:call_ended
  ended|cancelled  =
bar_approver:
  open  open/CR/J
  one_left  ended:declined/CD/X
  open_silent  open/CR/Js
  open_lost  open/CR/L
  live|held|resumed  ended:barred/AS/X,X
  media  ended:barred/AS/X,X0
  w_lost  ended:barred/AS/L,X
  a_lost  ended:barred/AS/X,L
  both_lost  ended:barred/AS/L,L
  rejoined  ended:barred/AS/X,X,X
  invited  ended:barred/ASCC/X,X
  uninvited  ended:barred/ASDD/X,X
  three|g_left  ended:barred/ASAS/X,X,X
  g_lost  ended:barred/ASAS/X,X,L
  only_g  ended:barred/ASAS/L,L,X
  all_lost  ended:barred/ASAS/L,L,L
  listened  ended:barred/AS/X,X/l:call_ended
  whispered  ended:barred/AS/X,X/w:call_ended
  barged  ended:barred/AS/X,X,Xb/b:call_ended
  ended|cancelled|relieved  =
bar_relieved:
  open  open/CR/J
  one_left  ended:declined/CD/X
  open_silent  open/CR/Js
  open_lost  open/CR/L
  live|held|resumed  ended:barred/AS/X,X
  media  ended:barred/AS/X,X0
  w_lost  ended:barred/AS/L,X
  a_lost  ended:barred/AS/X,L
  both_lost  ended:barred/AS/L,L
  rejoined  ended:barred/AS/X,X,X
  invited  ended:barred/ASCC/X,X
  uninvited  ended:barred/ASDD/X,X
  three  live/ASAS/J,X,Jvr
  g_lost  live/ASAS/J,X,L
  g_left  ended:barred/ASAS/X,X,X
  relieved|ended|cancelled  =
  only_g  live/ASAS/L,X,J
  all_lost  live/ASAS/L,X,L
  listened  ended:barred/AS/X,X/l:call_ended
  whispered  ended:barred/AS/X,X/w:call_ended
  barged  ended:barred/AS/X,X,Xb/b:call_ended
bar_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|uninvited|g_left|listened|whispered|barged|ended|cancelled  =
  invited  live/ASCR/J,J
  three|g_lost  live/ASAS/J,J,X
  only_g|all_lost  live/ASAS/L,L,X
  relieved  ended:barred/ASAS/X,X,X
bar_chief:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|relieved  =
  listened  live/AS/J,J/l:barred
  whispered  live/AS/J,J/w:barred
  barged  live/AS/J,J,Xb/b:barred
bar_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|ended|cancelled|relieved  =
sign_out_clerk:
  open|open_silent  ended:cancelled/CC/X
  one_left  ended:cancelled/CD/X
  open_lost  ended:cancelled/CC/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|ended|cancelled|relieved  =
sign_out_approver:
  open  open/MR/J
  one_left  ended:missed/MD/X
  open_silent  open/MR/Js
  open_lost  open/MR/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|ended|cancelled|relieved  =
sign_out_guest:
  invited  live/ASMR/J,J
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|ended|cancelled|relieved  =
sign_out_stranger:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|listened|whispered|barged|ended|cancelled|relieved  =
tick_monitor_lost:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|barged|ended|cancelled|relieved  =
  listened  live/AS/J,J/l:lost
  whispered  live/AS/J,J/w:lost
media_on:
  open  open/RR/Jv
  one_left  open/RD/Jv
  open_silent  open/RR/Jsv
  open_lost  open/RR/Lv
  live|resumed  live/AS/Jv,J
  media|rejoined|ended|cancelled  =
  held  live:hold/AS/Jv,J
  w_lost  live/AS/Lv,J
  a_lost  live/AS/Jv,L
  both_lost  live/AS/Lv,L
  invited  live/ASRR/Jv,J
  uninvited  live/ASDD/Jv,J
  three  live/ASAS/Jv,J,Jvr
  g_lost  live/ASAS/Jv,J,L
  g_left  live/ASAS/Jv,J,X
  only_g  live/ASAS/Lv,L,J
  all_lost  live/ASAS/Lv,L,L
  listened  live/AS/Jv,J/l
  whispered  live/AS/Jv,J/w
  barged  live/AS/Jv,J,Jb/b
  relieved  live/ASAS/Jv,X,J
media_off:
  open|one_left|open_silent|open_lost|live|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
  media  live/AS/Jvr,J0
media_unknown:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
recording_on:
  open|one_left|open_silent|open_lost|ended|cancelled|relieved  =
  live|resumed  live/AS/J,Jr
  media  live/AS/Jvr,Jvr0
  held  live:hold/AS/J,Jr
  w_lost  live/AS/L,Jr
  a_lost  live/AS/J,Lr
  both_lost  live/AS/L,Lr
  rejoined  live/AS/X,Jr,J
  invited  live/ASRR/J,Jr
  uninvited  live/ASDD/J,Jr
  three  live/ASAS/J,Jr,Jvr
  g_lost  live/ASAS/J,Jr,L
  g_left  live/ASAS/J,Jr,X
  only_g  live/ASAS/L,Lr,J
  all_lost  live/ASAS/L,Lr,L
  listened  live/AS/J,Jr/l
  whispered  live/AS/J,Jr/w
  barged  live/AS/J,Jr,Jb/b
recording_off:
  open|one_left|open_silent|open_lost|live|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
  media  live/AS/Jv,Jv0
unrecord:
  open  open/RR/J
  one_left  open/RD/J
  open_silent  open/RR/Js
  open_lost  open/RR/L
  live|resumed  live/AS/J,J
  media  live/AS/Jv,Jv0
  held  live:hold/AS/J,J
  w_lost  live/AS/L,J
  a_lost  live/AS/J,L
  both_lost  live/AS/L,L
  rejoined  live/AS/X,J,J
  invited  live/ASRR/J,J
  uninvited  live/ASDD/J,J
  three  live/ASAS/J,J,Jv
  g_lost  live/ASAS/J,J,L
  g_left  live/ASAS/J,J,X
  only_g  live/ASAS/L,L,J
  all_lost  live/ASAS/L,L,L
  listened  live/AS/J,J/l
  whispered  live/AS/J,J/w
  barged  live/AS/J,J,Jb/b
  ended|cancelled  =
  relieved  live/ASAS/J,X,J
unrecord_end:
  open|open_silent  ended:unrecorded/CC/X
  one_left  ended:unrecorded/CD/X
  open_lost  ended:unrecorded/CC/L
  live|held|resumed  ended:unrecorded/AS/X,X
  media  ended:unrecorded/AS/X,X0
  w_lost  ended:unrecorded/AS/L,X
  a_lost  ended:unrecorded/AS/X,L
  both_lost  ended:unrecorded/AS/L,L
  rejoined  ended:unrecorded/AS/X,X,X
  invited  ended:unrecorded/ASCC/X,X
  uninvited  ended:unrecorded/ASDD/X,X
  three|g_left|relieved  ended:unrecorded/ASAS/X,X,X
  g_lost  ended:unrecorded/ASAS/X,X,L
  only_g  ended:unrecorded/ASAS/L,L,X
  all_lost  ended:unrecorded/ASAS/L,L,L
  listened  ended:unrecorded/AS/X,X/l:call_ended
  whispered  ended:unrecorded/AS/X,X/w:call_ended
  barged  ended:unrecorded/AS/X,X,Xb/b:call_ended
  ended|cancelled  =
tick:
  open|one_left|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
  open_silent  open/RR/J
tick_unjudged:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
tick_gone:
  open  open/RR/Js
  one_left  open/RD/Js
  open_silent|open_lost|w_lost|both_lost|only_g|all_lost|ended|cancelled  =
  live|resumed  live/AS/Js,J
  media  live/AS/Jsvr,Jv0
  held  live:hold/AS/Js,J
  a_lost  live/AS/Js,L
  rejoined  live/AS/X,J,Js
  invited  live/ASRR/Js,J
  uninvited  live/ASDD/Js,J
  three  live/ASAS/Js,J,Jvr
  g_lost  live/ASAS/Js,J,L
  g_left  live/ASAS/Js,J,X
  listened  live/AS/Js,J/l
  whispered  live/AS/Js,J/w
  barged  live/AS/Js,J,Jb/b
  relieved  live/ASAS/Js,X,J
tick_silent:
  open  open/RR/Js
  one_left  open/RD/Js
  open_silent|open_lost|both_lost|all_lost|ended|cancelled  =
  live|resumed  live/AS/Js,Js
  media  live/AS/Jsvr,Jsv0
  held  live:hold/AS/Js,Js
  w_lost  live/AS/L,Js
  a_lost  live/AS/Js,L
  rejoined  live/AS/X,Js,Js
  invited  live/ASRR/Js,Js
  uninvited  live/ASDD/Js,Js
  three  live/ASAS/Js,Js,Jsvr
  g_lost  live/ASAS/Js,Js,L
  g_left  live/ASAS/Js,Js,X
  only_g  live/ASAS/L,L,Js
  listened  live/AS/Js,Js/l
  whispered  live/AS/Js,Js/w
  barged  live/AS/Js,Js,Jb/b
  relieved  live/ASAS/Js,X,Js
tick_lost:
  open|open_silent  open/RR/L
  one_left  open/RD/L
  open_lost|w_lost|both_lost|only_g|all_lost|ended|cancelled  =
  live|resumed  live/AS/L,J
  media  live/AS/Lvr,Jv0
  held  live:hold/AS/L,J
  a_lost  live/AS/L,L
  rejoined  live/AS/X,J,L
  invited  live/ASRR/L,J
  uninvited  live/ASDD/L,J
  three  live/ASAS/L,J,Jvr
  g_lost  live/ASAS/L,J,L
  g_left  live/ASAS/L,J,X
  listened  live/AS/L,J/l
  whispered  live/AS/L,J/w
  barged  live/AS/L,J,Jb/b
  relieved  live/ASAS/L,X,J
tick_lost_guest:
  open|one_left|open_silent|open_lost|live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|g_lost|g_left|all_lost|ended|cancelled|listened|whispered|barged  =
  three  live/ASAS/J,J,Lvr
  only_g  live/ASAS/L,L,L
  relieved  live/ASAS/J,X,L
tick_ring_over:
  open|open_silent  ended:missed/MM/X
  one_left  ended:missed/MD/X
  open_lost  ended:missed/MM/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|invited|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
tick_invite_over:
  open|open_silent  ended:missed/MM/X
  one_left  ended:missed/MD/X
  open_lost  ended:missed/MM/L
  live|media|held|resumed|w_lost|a_lost|both_lost|rejoined|uninvited|three|g_lost|g_left|only_g|all_lost|ended|cancelled|listened|whispered|barged|relieved  =
  invited  live/ASMM/J,J
tick_hold_over:
  open|open_silent  ended:missed/MM/X
  one_left  ended:missed/MD/X
  open_lost  ended:missed/MM/L
  live|media|held|resumed|rejoined|uninvited|three|g_left|ended|cancelled|listened|whispered|barged|relieved  =
  w_lost  ended:lost/AS/L,X
  a_lost  ended:lost/AS/X,L
  both_lost  ended:lost/AS/L,L
  invited  live/ASMM/J,J
  g_lost  live/ASAS/J,J,X
  only_g  ended:lost/ASAS/L,L,X
  all_lost  ended:lost/ASAS/L,L,L
"""


def cells() -> dict[tuple[str, str], str]:
    found = {}
    event = ""
    for line in TABLE.strip().splitlines():
        if not line.startswith(" "):
            event = line.strip().rstrip(":")
            continue
        states, expected = line.split()
        for state in states.split("|"):
            assert (state, event) not in found, f"{state}, {event} stands twice"
            found[state, event] = expected
    return found


CELLS: Final = cells()


def test_the_table_is_whole() -> None:
    assert set(CELLS) == {(state, event) for state in STATES for event in EVENTS}
    assert {type(event) for event, _ in EVENTS.values()} == set(get_args(CallInput))
    assert {call.state for call in STATES.values()} == set(CallState)
    assert {leg.state for call in STATES.values() for leg in call.legs} == set(LegState)


def test_every_cell_holds() -> None:
    """All that are wrong are told at once."""
    came = {}
    for state, event in CELLS:
        what, at = EVENTS[event]
        deciding = {GUEST} if event in DECIDED else set[PersonId]()
        came[state, event] = outcome(STATES[state], what, after(at), deciding)
    wrong = {
        cell: (came[cell], expected) for cell, expected in CELLS.items() if came[cell] != expected
    }
    assert not wrong, f"{len(wrong)} of {len(CELLS)} cells: came, expected"


def test_a_call_that_rings_nobody_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        dial(CallId("call-1"), CLERK, W1, [], T0, recording_consented=True)
    assert refused.value.code is Code.NO_APPROVER_FREE


@pytest.mark.parametrize(
    ("fallen", "until"),
    [
        ([(A1, 10)], {A1: 130}),  # the clerk is there: 120 s
        ([(W1, 10), (A1, 12)], {W1: 72, A1: 72}),  # nobody is: 60 s from when the last one fell
        ([(W1, 10), (A1, 110)], {W1: 130, A1: 170}),  # a place is never kept for longer than 120 s
    ],
)
def test_the_place_of_a_lost_seat_is_kept(
    fallen: list[tuple[LegId, float]], until: dict[LegId, float]
) -> None:
    call = STATES["live"]
    for leg, at in fallen:
        call = step(call, heard(at - 15, leg), after(at))
    assert {leg.id: leg.held_until for leg in call.legs if leg.state is LegState.LOST} == {
        leg: after(at) for leg, at in until.items()
    }
    over = min(until.values())
    assert step(call, Tick(), after(over - 0.001)).state is CallState.LIVE
    assert step(call, Tick(), after(over)).reason is EndReason.LOST


def test_who_comes_back_gives_the_other_his_time_again() -> None:
    both = played(STATES["live"], (heard(-5, W1), 10), (heard(-5, A1), 10))
    back = step(both, Joined(CLERK, W2), after(65))
    assert [leg.held_until for leg in back.seated()] == [None, after(130)]


def test_own_leg() -> None:
    rejoined = STATES["rejoined"]
    assert own_leg(rejoined, W2, CLERK).previous_leg_id == W1
    for call, leg, person, code in [
        (rejoined, W1, CLERK, Code.LEG_REPLACED),
        (rejoined, W2, FIRST, Code.NOT_IN_CALL),
        (STATES["w_lost"], W1, CLERK, Code.NOT_IN_CALL),
        (STATES["ended"], W1, CLERK, Code.CALL_ENDED),
    ]:
        with pytest.raises(Refusal) as refused:
            own_leg(call, leg, person)
        assert refused.value.code is code


# ---------------------------------------------------------------- any inputs in any order

people = st.sampled_from([CLERK, FIRST, SECOND, GUEST, OTHER, STRANGER, CHIEF])
rings = st.sampled_from([R1, R2, R3, R4, R9])
legs = st.sampled_from([W1, W2, A1, A2, G1])
invites = st.sampled_from([I1, I2])
monitors = st.sampled_from([M1, M2])
moments = st.floats(-20, 400).map(after)
inputs: Final[st.SearchStrategy[CallInput]] = st.one_of(
    st.builds(Answered, rings, people, legs),
    st.builds(Declined, rings, people),
    st.builds(Cancelled, people),
    st.builds(HungUp, people),
    st.builds(Invited, people, invites, st.just(((R3, GUEST), (R4, OTHER)))),
    st.builds(Withdrawn, people, invites),
    st.builds(Joined, people, legs),
    st.builds(Muted, legs, people, st.sampled_from("0123"), st.booleans()),
    st.builds(MonitorBegun, people, monitors, st.just("why")),
    st.builds(MonitorTurned, people, monitors, st.sampled_from(Way), legs),
    st.builds(MonitorClosed, people, monitors),
    st.builds(Barred, people),
    st.builds(SignedOut, people),
    st.builds(PutOnHold, people),
    st.builds(Resumed, people),
    st.builds(MediaTurned, legs, st.booleans()),
    st.builds(RecordingTurned, legs, st.booleans()),
    st.builds(ConsentWithdrawn, st.booleans()),
    st.builds(Tick, st.dictionaries(st.one_of(legs, monitors), moments), st.frozensets(legs)),
)
ORDER: Final = {CallState.OPEN: 0, CallState.LIVE: 1, CallState.ENDED: 2}


def fresh(event: CallInput, call: Call) -> CallInput:
    """Legs, rings and invitations are named once: a second of one name gets a new one."""
    if isinstance(event, Answered | Joined | MonitorTurned) and event.leg_id in {
        leg.id for leg in call.legs
    }:
        return replace(event, leg_id=LegId(f"leg-{len(call.legs)}"))
    if isinstance(event, MonitorBegun) and event.monitor_id in {m.id for m in call.monitors}:
        return replace(event, monitor_id=MonitorId(f"monitor-{len(call.monitors)}-again"))
    if isinstance(event, Invited) and R3 in {ring.id for ring in call.rings}:
        first = len(call.rings)
        named = tuple(
            (RingId(f"ring-{first + n}-again"), who) for n, (_, who) in enumerate(event.rings)
        )
        return replace(event, invite_id=InviteId(f"invite-{first}-again"), rings=named)
    return event


def holds(call: Call) -> None:
    """What is true of every call that can come about."""
    answered = [ring for ring in call.rings if ring.state is RingState.ANSWERED]
    ringing = [ring for ring in call.rings if ring.state is RingState.RINGING]
    joined = [leg for leg in call.legs if leg.state is LegState.JOINED]
    mains = [ring for ring in answered if ring.invite_id is None]
    assert len(mains) == (call.answered_at is not None)
    assert len({ring.invite_id for ring in answered}) == len(answered)
    assert len({ring.invite_id for ring in ringing}) <= 1
    invited = [leg for leg in call.legs if leg.seat in GUESTS and not leg.barged]
    assert len([leg for leg in invited if not leg.previous_leg_id]) == len(answered) - len(mains)
    assert all((ring.closed_at is None) == (ring in ringing) for ring in call.rings)
    assert all((leg.ended_at is None) == (leg in joined) for leg in call.legs)
    assert len({leg.seat for leg in joined}) == len(joined)
    assert set(joined) <= set(call.seated())
    assert len({leg.id for leg in call.legs}) == len(call.legs)
    assert (
        (call.state is CallState.ENDED) == (call.reason is not None) == (call.ended_at is not None)
    )
    match call.state:
        case CallState.OPEN:
            assert ringing
            assert not answered
            assert {leg.seat for leg in call.legs} == {Seat.WINDOW}
        case CallState.LIVE:
            assert all(ring.invite_id for ring in ringing)
            assert not ringing or len(call.guests()) < len(GUESTS)
            head = [leg.person_id for leg in call.seated() if leg.seat not in GUESTS]
            relieved = not any(leg.seat is Seat.APPROVER for leg in call.seated())
            assert head == ([CLERK] if relieved else [CLERK, mains[0].target_id])
            assert not relieved or any(not leg.barged for leg in call.guests())
        case CallState.ENDED:
            assert not ringing
            assert not joined
            assert not call.engaged()
    following = [monitor for monitor in call.monitors if monitor.ended is None]
    assert not following or call.state is CallState.LIVE
    assert len({monitor.person_id for monitor in following}) == len(following)
    for monitor in following:
        held = call.leg_of(monitor.person_id)
        # Who is unseen has no seat and no place that a party has; who barges has one, and says so.
        assert monitor.unseen == (held is None)
        assert held is None or held.barged
    places = [monitor.place for monitor in following if monitor.unseen]
    assert len({*places, *(leg.seat for leg in call.guests())}) == len(places) + len(call.guests())
    for hold in call.holds[:-1]:
        assert hold.until is not None
    for earlier, later in pairwise(call.holds):
        assert earlier.until is not None
        assert earlier.since <= earlier.until <= later.since
    assert call.on_hold() is None or call.state is CallState.LIVE
    for seat in Seat:
        chain = [leg for leg in call.legs if leg.seat is seat]
        assert seat in GUESTS or len({leg.person_id for leg in chain}) <= 1
        for older, newer in pairwise(chain):
            # Only a guest's seat is given up while the call goes on, and taken by another.
            anew = seat in GUESTS and newer.previous_leg_id is None
            assert anew or (newer.previous_leg_id, newer.person_id) == (older.id, older.person_id)
            assert not anew or older.state is LegState.LEFT
        # A lost place is held for its page while the call goes on, and for nobody afterwards.
        for leg in chain:
            lost = leg.state is LegState.LOST and call.state is not CallState.ENDED
            assert (leg.held_until is not None) == lost


def moved_forward(old: Call, new: Call) -> None:
    assert ORDER[old.state] <= ORDER[new.state]
    for before, then in zip(old.rings, new.rings, strict=False):
        assert then.id == before.id
        assert then.state is before.state or before.state is RingState.RINGING
        assert before.closed_at in (None, then.closed_at)
    assert [leg.id for leg in new.legs[: len(old.legs)]] == [leg.id for leg in old.legs]
    for was, now in zip(old.legs, new.legs, strict=False):
        lapsed = was.seat is not Seat.WINDOW and (was.state, now.state) == (
            LegState.LOST,
            LegState.LEFT,
        )
        assert lapsed or now.state is was.state or was.state is LegState.JOINED
        assert was.ended_at in (None, now.ended_at)
    for past, present in zip(old.holds, new.holds, strict=False):
        assert (past.by, past.since) == (present.by, present.since)
        assert past.until in (None, present.until)
    assert len(old.holds) <= len(new.holds)
    if old.state is CallState.ENDED:
        assert new is old


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(inputs, st.floats(0, 40)), max_size=25),
    st.booleans(),
    st.frozensets(people, max_size=3),
)
@example(
    [
        (Answered(RingId("ring-2"), PersonId("second"), LegId("leg-w1")), 0.0),
        (MonitorBegun(PersonId("first"), MonitorId("monitor-1"), "why"), 0.0),
    ],
    False,
    frozenset(),
)
@example([(Tick({LegId("leg-w1"): T0}), 14.0), (ConsentWithdrawn(False), 0.0)], False, frozenset())
def test_any_inputs_move_it_only_forward(
    moves: list[tuple[CallInput, float]], twice: bool, deciding: frozenset[PersonId]
) -> None:
    call, at = dialled(), T0
    holds(call)
    for event, seconds in moves:
        at += timedelta(seconds=seconds)
        event = fresh(event, call)
        for _ in range(1 + twice):  # a doubled input
            old = call
            try:
                call = step(call, event, at, deciding=deciding)
            except Refusal:
                continue
            holds(call)
            moved_forward(old, call)
        if not isinstance(event, Tick):
            try:
                assert step(call, event, at, deciding=deciding) is call
            except Refusal:
                pass


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(inputs, st.floats(0, 10)), max_size=15))
def test_nothing_rings_or_waits_for_ever(moves: list[tuple[CallInput, float]]) -> None:
    call, at = dialled(), T0
    for event, seconds in moves:
        at += timedelta(seconds=seconds)
        try:
            call = step(call, fresh(event, call), at)
        except Refusal:
            pass
    silence = {leg.id: at for leg in call.legs}
    for second in range(15 + 120 + 30 + 1):
        call = step(call, Tick(silence), at + timedelta(seconds=second))
    assert call.state is CallState.ENDED


def test_views_of_the_wire_have_what_the_machine_has() -> None:
    """By the same names, so that no layer translates."""

    assert {field.name for field in fields(Hold)} == set(signaling_call.HoldView.model_fields)
    shared = {field.name for field in fields(Leg)} - {"person_id"}
    assert shared <= set(signaling_call.LegView.model_fields)
    assert {field.name for field in fields(Ring)} - {"target_id"} <= set(
        signaling_call.RingView.model_fields
    )


def test_a_third_party_that_leaves_gives_his_seat_to_the_next_one() -> None:
    left = STATES["g_left"]
    again = played(left, (Invited(CLERK, I2, ((R5, GUEST),)), 20), (Answered(R5, GUEST, NEW), 21))
    (third,) = again.guests()
    assert third.seat is Seat.THIRD
    assert (third.person_id, third.previous_leg_id) == (GUEST, None)
    assert left.leg_of(GUEST) is None
    assert GUEST not in left.engaged()
    with pytest.raises(Refusal) as refused:
        own_leg(again, G1, GUEST)
    assert refused.value.code is Code.NOT_IN_CALL


def test_up_to_four_guests_sit_in_the_seats_that_are_free() -> None:
    call = STATES["live"]
    people = [PersonId(f"guest-{number}") for number in range(5)]

    def seat(call: Call, person: PersonId, at: float) -> Call:
        number = len(call.rings)
        ring, invite = RingId(f"ring-of-{number}"), InviteId(f"invite-{number}")
        call = step(call, Invited(CLERK, invite, ((ring, person),)), after(at))
        with pytest.raises(Refusal) as asked:
            step(call, Invited(FIRST, I9, ((R9, OTHER),)), after(at))
        assert asked.value.code is Code.SEAT_TAKEN, "one invitation at a time"
        return step(call, Answered(ring, person, LegId(f"leg-of-{number}")), after(at + 1))

    for number, person in enumerate(people[:4]):
        call = seat(call, person, 20 + 2 * number)
    assert [leg.seat for leg in call.seated()] == list(Seat)
    with pytest.raises(Refusal) as refused:
        step(call, Invited(CLERK, I9, ((R9, people[4]),)), after(40))
    assert refused.value.code is Code.SEAT_TAKEN
    # The fourth of the call goes, and the next guest sits where he sat; nobody else moves.
    call = step(call, HungUp(people[1]), after(41))
    assert call.state is CallState.LIVE
    assert [leg.seat for leg in call.guests()] == [Seat.THIRD, Seat.FIFTH, Seat.SIXTH]
    call = seat(call, people[4], 42)
    assert {leg.seat: leg.person_id for leg in call.guests()} == {
        Seat.THIRD: people[0],
        Seat.FOURTH: people[4],
        Seat.FIFTH: people[2],
        Seat.SIXTH: people[3],
    }
    # A guest's loss or going ends nothing; the approver's does, for all.
    call = step(call, Joined(people[3], NEW), after(50))
    assert call.leg_of(people[3]) == call.guests()[-1]
    assert step(call, HungUp(FIRST), after(51)).state is CallState.ENDED


def test_the_others_are_held_from_when_the_last_third_party_left() -> None:
    """Both were lost at 10 s and he stayed: 120 s. He goes at 50 s: 60 s from then."""
    call = step(STATES["only_g"], HungUp(GUEST), after(50))
    assert {leg.held_until for leg in call.seated()} == {after(110)}


def test_a_lost_third_party_is_held_as_the_others_are() -> None:
    call = STATES["g_lost"]
    assert [leg.held_until for leg in call.seated()] == [None, None, after(130)]
    assert step(call, Tick(), after(129.9)) is call
    lapsed = step(call, Tick(), after(130))
    assert (lapsed.state, lapsed.guests()) == (CallState.LIVE, ())
    assert lapsed.legs[-1].held_until is None


def test_a_lost_approver_who_decides_no_more_leaves_alone() -> None:
    """And his hold with him; the window's loss ends it all the same, and so does that of both who decided."""
    three = played(dialled(), ANSWER, INVITE, COME, (PutOnHold(FIRST), 9))
    lost = step(three, heard(-5, A1), after(10))
    assert lost.leg_of(FIRST) is not None
    assert step(lost, Tick(), after(129.9), deciding={GUEST}) is lost
    alone = step(lost, Tick(), after(130), deciding={GUEST})
    assert (shown(alone), alone.leg_of(FIRST)) == ("live/ASAS/J,X,J", None)
    assert step(lost, Tick(), after(130)).reason is EndReason.LOST
    assert step(STATES["only_g"], Tick(), after(130), deciding={GUEST}).reason is EndReason.LOST
    both = step(three, heard(-5, A1, G1), after(10))
    assert step(both, Tick(), after(130), deciding={GUEST}).reason is EndReason.LOST


def test_who_invites_for_ever_does_not_make_the_call_endless() -> None:
    call = STATES["live"]
    for number in range(RINGS_AT_MOST - len(call.rings)):
        invite = InviteId(f"invite-{number}")
        rung = ((RingId(f"ring-{number}-again"), GUEST),)
        call = played(call, (Invited(CLERK, invite, rung), 20), (Withdrawn(FIRST, invite), 20))
    with pytest.raises(Refusal) as refused:
        step(call, Invited(CLERK, I9, ((R9, GUEST),)), after(21))
    assert refused.value.code is Code.THROTTLED


def test_when_a_call_was_on_hold_is_kept() -> None:
    call = played(
        STATES["live"],
        (PutOnHold(CLERK), 10),
        (Resumed(CLERK), 20),
        (PutOnHold(FIRST), 30),
        (HungUp(CLERK), 40),
    )
    assert call.holds == (
        Hold(CLERK, after(10), after(20)),
        Hold(FIRST, after(30), after(40)),
    )


def test_who_holds_for_ever_does_not_make_the_call_endless() -> None:
    call = STATES["live"]
    for _ in range(HOLDS_AT_MOST):
        call = played(call, (PutOnHold(CLERK), 20), (Resumed(CLERK), 20))
    with pytest.raises(Refusal) as refused:
        step(call, PutOnHold(FIRST), after(21))
    assert refused.value.code is Code.THROTTLED
    assert step(call, HungUp(CLERK), after(22)).state is CallState.ENDED


def test_who_joins_for_ever_does_not_make_the_call_endless() -> None:
    call = dialled()
    for number in range(LEGS_AT_MOST - 1):
        call = step(call, Joined(CLERK, LegId(f"leg-{number}")), after(1))
    with pytest.raises(Refusal) as refused:
        step(call, Joined(CLERK, NEW), after(2))
    assert refused.value.code is Code.THROTTLED
    assert len(call.legs) == LEGS_AT_MOST
    assert step(call, HungUp(CLERK), after(3)).state is CallState.ENDED


# ---------------------------------------------------------------- who follows a call


def crowded(guests: int, call: Call) -> Call:
    for number in range(guests):
        ring = RingId(f"ring-g{number}")
        person = PersonId(f"guest-{number}")
        invite = InviteId(f"invite-g{number}")
        call = played(
            call,
            (Invited(CLERK, invite, ((ring, person),)), 20),
            (Answered(ring, person, LegId(f"leg-g{number}")), 21),
        )
    return call


def test_a_guest_comes_before_who_listens_in_silence() -> None:
    call = crowded(4, STATES["listened"])
    assert [leg.seat for leg in call.guests()] == list(GUESTS)
    assert [monitor.ended for monitor in call.monitors] == [MonitorEnding.DISPLACED]


def test_a_seat_is_kept_for_who_is_rung() -> None:
    call = crowded(3, STATES["listened"])
    call = step(call, Invited(FIRST, I9, ((R9, OTHER),)), after(30))
    with pytest.raises(Refusal) as refused:
        step(call, MonitorTurned(CHIEF, M1, Way.BARGE, NEW), after(31))
    assert refused.value.code is Code.SEAT_TAKEN
    assert len(step(call, Answered(R9, OTHER, A2), after(32)).guests()) == len(GUESTS)


def test_more_follow_a_call_than_there_are_places_for() -> None:
    call = played(STATES["listened"], (MonitorBegun(SECOND_CHIEF, M2, "asked to"), 20))
    assert {monitor.place for monitor in call.monitors} == {Seat.SIXTH, Seat.FIFTH}
    with pytest.raises(Refusal) as refused:
        step(call, MonitorBegun(STRANGER, MonitorId("monitor-3"), "me too"), after(21))
    assert refused.value.code is Code.SEAT_TAKEN
    ended = step(call, HungUp(CLERK), after(30))
    assert {monitor.ended for monitor in ended.monitors} == {MonitorEnding.CALL_ENDED}


def test_who_barged_in_and_reloads_is_still_who_barged_in() -> None:
    call = step(STATES["barged"], Joined(CHIEF, NEW), after(20))
    assert [leg.barged for leg in call.guests()] == [True]
    back = step(call, MonitorTurned(CHIEF, M1, Way.LISTEN, A2), after(21))
    assert (back.guests(), back.monitors[0].place) == ((), Seat.SIXTH)
