"""Who is rung, and the estimated wait."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.people.rows.roster import Desk
from signaling.subjects import Availability
from signaling.waiting import estimated_wait_s, presence, room

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def desk(
    name: str,
    *,
    duty: bool = True,
    engaged: bool = False,
    rung: bool = False,
    quiet_s: float | None = 1,
) -> Desk:
    seen = None if quiet_s is None else NOW - timedelta(seconds=quiet_s)
    return Desk(name, duty, engaged or rung, seen, rung)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (desk("a"), Availability.FREE),
        (desk("a", quiet_s=14.9), Availability.FREE),
        (desk("a", quiet_s=15), Availability.AWAY),
        (desk("a", quiet_s=None), Availability.AWAY),
        (desk("a", duty=False), Availability.AWAY),
        (desk("a", engaged=True), Availability.BUSY),
        (desk("a", rung=True), Availability.RINGING),
        (desk("a", rung=True, quiet_s=60), Availability.RINGING),
        (desk("a", engaged=True, quiet_s=60), Availability.BUSY),
        (desk("a", engaged=True, duty=False), Availability.BUSY),
    ],
)
def test_presence(one: Desk, expected: Availability) -> None:
    assert presence(one, NOW) is expected


@pytest.mark.parametrize(
    ("ringing", "rung", "expected"),
    [(0, 0, 12), (12, 12, 0), (11, 12, 1), (0, 12, 12), (3, 195, 5), (0, 200, 0), (0, 205, 0)],
)
def test_as_many_are_rung_as_find_room(ringing: int, rung: int, expected: int) -> None:
    assert room(ringing, rung, 12, 200) == expected


@pytest.mark.parametrize(
    ("desks", "ahead", "expected"),
    [
        ([], 0, None),
        ([desk("a", duty=False)], 0, None),
        ([desk("a")], 0, 0.0),
        ([desk("a")], 1, 300.0),
        ([desk("a", engaged=True)], 0, 300.0),
        ([desk("a", rung=True)], 0, 300.0),
        ([desk("a", engaged=True), desk("b", engaged=True)], 0, 150.0),
        ([desk("a", engaged=True), desk("b", engaged=True)], 3, 600.0),
    ],
)
def test_estimated_wait(desks: list[Desk], ahead: int, expected: float | None) -> None:
    assert estimated_wait_s(desks, ahead, 300.0, NOW) == expected


some_desks = st.lists(
    st.builds(
        desk,
        st.text("abcdef", min_size=1, max_size=3),
        duty=st.booleans(),
        engaged=st.booleans(),
        quiet_s=st.none() | st.floats(0, 30),
    ),
    max_size=8,
)


@given(some_desks, st.integers(0, 20), st.floats(1, 3600))
def test_the_wait_grows_with_the_queue_and_is_nothing_when_somebody_can_be_rung(
    desks: list[Desk], ahead: int, handling_s: float
) -> None:
    now, behind = (estimated_wait_s(desks, n, handling_s, NOW) for n in (ahead, ahead + 1))
    assert (now is None) == (behind is None)
    assert now is None or behind is None or 0 <= now <= behind
    if any(presence(one, NOW) is Availability.FREE for one in desks):
        assert estimated_wait_s(desks, 0, handling_s, NOW) == 0.0
