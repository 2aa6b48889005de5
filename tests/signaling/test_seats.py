"""The seats of one node: who holds them, when they were heard, and what of it other nodes are told."""

from datetime import UTC, datetime, timedelta
from typing import Final

from signaling.call.inputs import Answered
from signaling.call.parts import Call, CallId, LegId, PersonId, RingId
from signaling.call.ringing import dial
from signaling.call.step import step
from signaling.seats import SEEN_WRITTEN_EVERY_S, Seats, Sitting

T0: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CALL: Final = CallId("call-1")
WINDOW, APPROVER = LegId("leg-w"), LegId("leg-a")


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def seated() -> Seats:
    """The clerk's page holds the window's seat, and nobody here the approver's."""
    seats = Seats()
    seats.sit(WINDOW, Sitting(CALL, "clerk", "page-1", "socket-1", T0))
    return seats


def answered() -> Call:
    ring = (RingId("ring-1"), PersonId("approver"))
    call = dial(CALL, PersonId("clerk"), WINDOW, [ring], T0, recording_consented=True)
    return step(call, Answered(ring[0], ring[1], APPROVER), after(1))


def test_a_page_that_comes_back_by_another_socket_keeps_its_seat() -> None:
    seats = seated()
    assert seats.gone("socket-1")
    assert list(seats.left) == [CALL]
    for stranger in (("other", "page-1"), ("clerk", "page-2")):
        assert not seats.heard(*stranger, "socket-2", after(2))
    assert seats.tick(answered(), {}).gone == {WINDOW}
    assert seats.heard("clerk", "page-1", "socket-2", after(3))
    assert not seats.heard("clerk", "page-1", "socket-2", after(4)), "it was there already"
    assert not seats.gone("socket-1"), "the old socket holds nothing any more"
    assert seats.tick(answered(), {}).heard == {WINDOW: after(4)}
    assert not seats.left
    assert [one for one, _ in seats.held_by("socket-2")] == [WINDOW]


def test_the_own_page_is_judged_by_memory_and_the_others_by_what_they_wrote() -> None:
    tick = seated().tick(answered(), {WINDOW: after(50), APPROVER: after(60)})
    assert tick.heard == {WINDOW: T0, APPROVER: after(60 + SEEN_WRITTEN_EVERY_S)}
    assert seated().tick(answered(), {}).heard == {WINDOW: T0}, "who was never heard is not judged"


def test_a_sign_of_life_is_due_by_its_own_time() -> None:
    seats = seated()
    seats.heard("clerk", "page-1", "socket-1", after(1))
    people, legs = seats.unwritten()
    assert (people, legs) == ({"clerk": after(1)}, {WINDOW: after(1)})
    assert seats.unwritten() == (people, legs), "nothing was written yet"
    seats.wrote(people, legs, T0)
    assert seats.unwritten() == ({}, {})
    seats.heard("clerk", "page-1", "socket-1", after(1 + SEEN_WRITTEN_EVERY_S - 0.1))
    assert seats.unwritten() == ({}, {})
    due = after(1 + SEEN_WRITTEN_EVERY_S)
    seats.heard("clerk", "page-1", "socket-1", due)
    assert seats.unwritten() == ({"clerk": due}, {WINDOW: due})


def test_who_is_free_or_long_unheard_is_forgotten() -> None:
    seats = seated()
    seats.person_heard("clerk", T0)
    seats.wrote(*seats.unwritten(), after(1))
    seats.free(WINDOW)
    seats.free(WINDOW)
    assert WINDOW not in seats
    assert not seats.calls
    assert seats.unwritten() == ({}, {})
    seats.person_heard("clerk", after(2))
    assert seats.unwritten() == ({"clerk": after(2)}, {}), "he is written anew, being new again"
