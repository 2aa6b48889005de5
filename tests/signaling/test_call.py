"""The call machine: its whole (state, event) table, and what holds for any order of any inputs.

The table is written out: a row an event, a column a state, and every cell says what comes of it.
A cell is ``=`` (nothing changes), ``!code`` (refused) or the call that follows, as ``shown`` says.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.call import (
    LEGS_AT_MOST,
    Answered,
    Call,
    CallId,
    CallInput,
    CallState,
    Cancelled,
    Declined,
    EndReason,
    HungUp,
    Joined,
    Leg,
    LegId,
    LegState,
    MediaTurned,
    Muted,
    PersonId,
    RecordingTurned,
    RingId,
    RingState,
    Seat,
    Tick,
    dial,
    own_leg,
    step,
)
from signaling.refusals import Code, Refusal

T0: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CLERK, FIRST, SECOND, STRANGER = (PersonId(p) for p in ("clerk", "first", "second", "stranger"))
R1, R2, R9 = RingId("ring-1"), RingId("ring-2"), RingId("ring-9")
W1, W2, A1, A2 = LegId("leg-w1"), LegId("leg-w2"), LegId("leg-a1"), LegId("leg-a2")
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
    """``state[:reason]/rings/legs``: a ring is its first letter; a leg J joined, L lost, X left,
    with s silent, v media, r recording and the muted m-lines behind it."""
    reason = f":{call.reason.value}" if call.reason else ""
    legs = ",".join(
        LETTER[leg.state]
        + "s" * leg.silent
        + "v" * leg.media
        + "r" * leg.recording
        + "".join(sorted(leg.muted))
        for leg in call.legs
    )
    return f"{call.state.value}{reason}/{''.join(LETTER[ring.state] for ring in call.rings)}/{legs}"


def outcome(call: Call, event: CallInput, at: datetime) -> str:
    try:
        result = step(call, event, at)
    except Refusal as refusal:
        return f"!{refusal.code.value}"
    return "=" if result is call else shown(result)


# All states stand at 10 s; the events of the table happen at 20 s unless they name a time.
ANSWER = (Answered(R1, FIRST, A1), 3.0)
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
    "w_lost": played(dialled(), ANSWER, (heard(-6, W1), 10)),
    "a_lost": played(dialled(), ANSWER, (heard(-6, A1), 10)),
    "both_lost": played(dialled(), ANSWER, (heard(-6, W1, A1), 10)),
    "rejoined": played(dialled(), ANSWER, (Joined(CLERK, W2), 8)),
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
    "join_clerk": (Joined(CLERK, NEW), 20),
    "join_approver": (Joined(FIRST, NEW), 20),
    "join_stranger": (Joined(STRANGER, NEW), 20),
    "join_late": (Joined(CLERK, NEW), 600),
    "mute": (Muted(W1, CLERK, "1", True), 20),
    "unmute": (Muted(A1, FIRST, "0", False), 20),
    "mute_not_his": (Muted(W1, FIRST, "1", True), 20),
    "mute_unknown": (Muted(NEW, CLERK, "1", True), 20),
    "media_on": (MediaTurned(W1, True), 20),
    "media_off": (MediaTurned(A1, False), 20),
    "media_unknown": (MediaTurned(NEW, True), 20),
    "recording_on": (RecordingTurned(A1, True), 20),
    "recording_off": (RecordingTurned(W1, False), 20),
    "tick": (heard(19, W1, W2, A1), 20),
    "tick_unjudged": (Tick(), 20),
    "tick_gone": (Tick({W1: after(19), W2: after(19), A1: after(19)}, frozenset({W1, W2})), 20),
    "tick_silent": (heard(15, W1, W2, A1), 20),
    "tick_lost": (heard(5, W1, W2), 20),
    "tick_ring_over": (heard(29, W1, W2, A1), 30),
    "tick_hold_over": (heard(134, W1, W2, A1), 135),
}
TABLE: Final = """
answer:
  open  live/AS/J,J
  one_left  live/AD/J,J
  open_silent  live/AS/Js,J
  open_lost  live/AS/L,J
  live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !ring_closed
answer_late:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !ring_closed
answer_other:
  open  live/SA/J,J
  one_left|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !ring_closed
  open_silent  live/SA/Js,J
  open_lost  live/SA/L,J
answer_not_his:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !not_found
answer_unknown:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !not_found
decline:
  open  open/DR/J
  one_left  ended:declined/DD/X
  open_silent  open/DR/Js
  open_lost  open/DR/L
  live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !ring_closed
decline_again:
  open  open/RD/J
  one_left|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !ring_closed
  open_silent  open/RD/Js
  open_lost  open/RD/L
decline_not_his:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  !not_found
cancel:
  open|open_silent  ended:cancelled/CC/X
  one_left  ended:cancelled/CD/X
  open_lost  ended:cancelled/CC/L
  live|media|w_lost|a_lost|both_lost|rejoined  !ring_closed
  ended|cancelled  !call_ended
cancel_not_his:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined  !not_in_call
  ended|cancelled  !call_ended
hang_up_clerk:
  open|open_silent  ended:cancelled/CC/X
  one_left  ended:cancelled/CD/X
  open_lost  ended:cancelled/CC/L
  live  ended:hung_up/AS/X,X
  media  ended:hung_up/AS/X,X0
  w_lost  ended:hung_up/AS/L,X
  a_lost  ended:hung_up/AS/X,L
  both_lost  ended:hung_up/AS/L,L
  rejoined  ended:hung_up/AS/X,X,X
  ended|cancelled  !call_ended
hang_up_approver:
  open|one_left|open_silent|open_lost  !not_in_call
  live  ended:hung_up/AS/X,X
  media  ended:hung_up/AS/X,X0
  w_lost  ended:hung_up/AS/L,X
  a_lost  ended:hung_up/AS/X,L
  both_lost  ended:hung_up/AS/L,L
  rejoined  ended:hung_up/AS/X,X,X
  ended|cancelled  !call_ended
hang_up_stranger:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined  !not_in_call
  ended|cancelled  !call_ended
join_clerk:
  open|open_silent  open/RR/X,J
  one_left  open/RD/X,J
  open_lost  open/RR/L,J
  live  live/AS/X,J,J
  media  live/AS/X,Jv0,J
  w_lost  live/AS/L,J,J
  a_lost  live/AS/X,L,J
  both_lost  live/AS/L,L,J
  rejoined  live/AS/X,J,X,J
  ended|cancelled  !call_ended
join_approver:
  open|one_left|open_silent|open_lost  !not_in_call
  live  live/AS/J,X,J
  media  live/AS/Jvr,X0,J0
  w_lost  live/AS/L,X,J
  a_lost  live/AS/J,L,J
  both_lost  live/AS/L,L,J
  rejoined  live/AS/X,X,J,J
  ended|cancelled  !call_ended
join_stranger:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined  !not_in_call
  ended|cancelled  !call_ended
join_late:
  open|open_silent  open/RR/X,J
  one_left  open/RD/X,J
  open_lost|w_lost|both_lost|ended|cancelled  !call_ended
  live  live/AS/X,J,J
  media  live/AS/X,Jv0,J
  a_lost  live/AS/X,L,J
  rejoined  live/AS/X,J,X,J
mute:
  open  open/RR/J1
  one_left  open/RD/J1
  open_silent  open/RR/Js1
  open_lost|w_lost|both_lost  !not_in_call
  live  live/AS/J1,J
  media  live/AS/Jvr1,Jv0
  a_lost  live/AS/J1,L
  rejoined  !leg_replaced
  ended|cancelled  !call_ended
unmute:
  open|one_left|open_silent|open_lost|a_lost|both_lost  !not_in_call
  live|w_lost|rejoined  =
  media  live/AS/Jvr,Jv
  ended|cancelled  !call_ended
mute_not_his:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined  !not_in_call
  ended|cancelled  !call_ended
mute_unknown:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined  !not_in_call
  ended|cancelled  !call_ended
media_on:
  open  open/RR/Jv
  one_left  open/RD/Jv
  open_silent  open/RR/Jsv
  open_lost  open/RR/Lv
  live  live/AS/Jv,J
  media|rejoined|ended|cancelled  =
  w_lost  live/AS/Lv,J
  a_lost  live/AS/Jv,L
  both_lost  live/AS/Lv,L
media_off:
  open|one_left|open_silent|open_lost|live|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
  media  live/AS/Jvr,J0
media_unknown:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
recording_on:
  open|one_left|open_silent|open_lost|ended|cancelled  =
  live  live/AS/J,Jr
  media  live/AS/Jvr,Jvr0
  w_lost  live/AS/L,Jr
  a_lost  live/AS/J,Lr
  both_lost  live/AS/L,Lr
  rejoined  live/AS/X,Jr,J
recording_off:
  open|one_left|open_silent|open_lost|live|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
  media  live/AS/Jv,Jv0
tick:
  open|one_left|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
  open_silent  open/RR/J
tick_unjudged:
  open|one_left|open_silent|open_lost|live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
tick_gone:
  open  open/RR/Js
  one_left  open/RD/Js
  open_silent|open_lost|w_lost|both_lost|ended|cancelled  =
  live  live/AS/Js,J
  media  live/AS/Jsvr,Jv0
  a_lost  live/AS/Js,L
  rejoined  live/AS/X,J,Js
tick_silent:
  open  open/RR/Js
  one_left  open/RD/Js
  open_silent|open_lost|both_lost|ended|cancelled  =
  live  live/AS/Js,Js
  media  live/AS/Jsvr,Jsv0
  w_lost  live/AS/L,Js
  a_lost  live/AS/Js,L
  rejoined  live/AS/X,Js,Js
tick_lost:
  open|open_silent  open/RR/L
  one_left  open/RD/L
  open_lost|w_lost|both_lost|ended|cancelled  =
  live  live/AS/L,J
  media  live/AS/Lvr,Jv0
  a_lost  live/AS/L,L
  rejoined  live/AS/X,J,L
tick_ring_over:
  open|open_silent  ended:missed/MM/X
  one_left  ended:missed/MD/X
  open_lost  ended:missed/MM/L
  live|media|w_lost|a_lost|both_lost|rejoined|ended|cancelled  =
tick_hold_over:
  open|open_silent  ended:missed/MM/X
  one_left  ended:missed/MD/X
  open_lost  ended:missed/MM/L
  live|media|rejoined|ended|cancelled  =
  w_lost  ended:lost/AS/L,X
  a_lost  ended:lost/AS/X,L
  both_lost  ended:lost/AS/L,L
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


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_cell(state: str, event: str) -> None:
    what, at = EVENTS[event]
    assert outcome(STATES[state], what, after(at)) == CELLS[state, event]


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

people = st.sampled_from([CLERK, FIRST, SECOND, STRANGER])
rings = st.sampled_from([R1, R2, R9])
legs = st.sampled_from([W1, W2, A1, A2])
moments = st.floats(-20, 400).map(after)
inputs: Final[st.SearchStrategy[CallInput]] = st.one_of(
    st.builds(Answered, rings, people, legs),
    st.builds(Declined, rings, people),
    st.builds(Cancelled, people),
    st.builds(HungUp, people),
    st.builds(Joined, people, legs),
    st.builds(Muted, legs, people, st.sampled_from("0123"), st.booleans()),
    st.builds(MediaTurned, legs, st.booleans()),
    st.builds(RecordingTurned, legs, st.booleans()),
    st.builds(Tick, st.dictionaries(legs, moments), st.frozensets(legs)),
)
ORDER: Final = {CallState.OPEN: 0, CallState.LIVE: 1, CallState.ENDED: 2}


def fresh(event: CallInput, taken: set[LegId]) -> CallInput:
    """Legs are named once: an input that would make a second leg of one name gets a new name."""
    if isinstance(event, Answered | Joined) and event.leg_id in taken:
        return replace(event, leg_id=LegId(f"leg-{len(taken)}"))
    return event


def holds(call: Call) -> None:
    """What is true of every call that can come about."""
    answered = [ring for ring in call.rings if ring.state is RingState.ANSWERED]
    ringing = [ring for ring in call.rings if ring.state is RingState.RINGING]
    joined = [leg for leg in call.legs if leg.state is LegState.JOINED]
    assert len(answered) == (call.answered_at is not None)
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
            assert not ringing
            assert [leg.person_id for leg in call.seated()] == [CLERK, answered[0].target_id]
        case CallState.ENDED:
            assert not ringing
            assert not joined
            assert not call.engaged()
    for seat in Seat:
        chain = [leg for leg in call.legs if leg.seat is seat]
        assert len({leg.person_id for leg in chain}) <= 1
        assert all(newer.previous_leg_id == older.id for older, newer in pairwise(chain))
        assert all(leg.held_until for leg in chain if leg.state is LegState.LOST)


def moved_forward(old: Call, new: Call) -> None:
    assert ORDER[old.state] <= ORDER[new.state]
    for before, then in zip(old.rings, new.rings, strict=True):
        assert then.state is before.state or before.state is RingState.RINGING
        assert before.closed_at in (None, then.closed_at)
    assert [leg.id for leg in new.legs[: len(old.legs)]] == [leg.id for leg in old.legs]
    for was, now in zip(old.legs, new.legs, strict=False):
        assert now.state is was.state or was.state is LegState.JOINED
        assert was.ended_at in (None, now.ended_at)
    if old.state is CallState.ENDED:
        assert new is old


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(inputs, st.floats(0, 40)), max_size=25), st.booleans())
def test_any_inputs_move_it_only_forward(moves: list[tuple[CallInput, float]], twice: bool) -> None:
    call, at = dialled(), T0
    taken = {leg.id for leg in call.legs}
    holds(call)
    for event, seconds in moves:
        at += timedelta(seconds=seconds)
        event = fresh(event, taken)
        for _ in range(1 + twice):  # a doubled input
            old = call
            try:
                call = step(call, event, at)
            except Refusal:
                continue
            holds(call)
            moved_forward(old, call)
        if not isinstance(event, Tick):
            try:
                assert step(call, event, at) is call
            except Refusal:
                pass
        taken |= {leg.id for leg in call.legs}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(inputs, st.floats(0, 10)), max_size=15))
def test_nothing_rings_or_waits_for_ever(moves: list[tuple[CallInput, float]]) -> None:
    call, at = dialled(), T0
    for event, seconds in moves:
        at += timedelta(seconds=seconds)
        try:
            call = step(call, fresh(event, {leg.id for leg in call.legs}), at)
        except Refusal:
            pass
    silence = {leg.id: at for leg in call.legs}
    for second in range(15 + 120 + 30 + 1):
        call = step(call, Tick(silence), at + timedelta(seconds=second))
    assert call.state is CallState.ENDED


def test_views_of_the_wire_name_the_same_states() -> None:
    """The words of the machine are the words of the wire, so that no layer translates."""
    from signaling import protocol

    assert set(get_args(protocol.CallState)) == set(CallState)
    assert set(get_args(protocol.EndReason)) == set(EndReason)
    assert set(get_args(protocol.RingState)) == set(RingState)
    assert set(get_args(protocol.LegState)) == set(LegState)
    assert set(get_args(protocol.Seat)) == set(Seat)
    shared = {field.name for field in fields(Leg)} - {"person_id"}
    assert shared <= set(protocol.LegView.model_fields)


def test_who_joins_for_ever_does_not_make_the_call_endless() -> None:
    call = dialled()
    for number in range(LEGS_AT_MOST - 1):
        call = step(call, Joined(CLERK, LegId(f"leg-{number}")), after(1))
    with pytest.raises(Refusal) as refused:
        step(call, Joined(CLERK, NEW), after(2))
    assert refused.value.code is Code.THROTTLED
    assert len(call.legs) == LEGS_AT_MOST
    assert step(call, HungUp(CLERK), after(3)).state is CallState.ENDED
