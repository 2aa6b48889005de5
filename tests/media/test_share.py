"""What a receiver gets within its rate: everybody small before anybody large; steps that fail wait."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media.forwarding.share import RAISE_AFTER_AT_MOST_S, RAISE_AFTER_S, Share, choose

LAYERS = (150e3, 500e3, 1500e3)


def test_everybody_is_seen_small_before_anybody_is_seen_large() -> None:
    two = [LAYERS, LAYERS]
    assert choose(100e3, two) == [None, None]
    assert choose(200e3, two) == [0, None]
    assert choose(600e3, two) == [0, 0]
    assert choose(700e3, two) == [1, 0]
    assert choose(1000e3, two) == [1, 1]
    assert choose(2000e3, two) == [2, 1]
    assert choose(3000e3, two) == [2, 2]
    assert choose(1e9, [(), LAYERS]) == [None, 2]


@given(
    st.floats(0, 1e7),
    st.lists(st.lists(st.floats(1, 5e6), max_size=3).map(sorted), max_size=5),
)
def test_a_choice_never_costs_more_than_there_is(budget: float, sources: list[list[float]]) -> None:
    chosen = choose(budget, sources)
    cost = sum(rates[at] for rates, at in zip(sources, chosen, strict=True) if at is not None)
    assert cost <= budget * (1 + 1e-9)


def test_without_a_bound_everything_is_sent() -> None:
    assert Share().decide(0.0, None, {"a": LAYERS, "b": (9e6,), "c": ()}) == {
        "a": 2,
        "b": 0,
        "c": None,
    }


def test_it_goes_down_at_once_and_up_step_by_step() -> None:
    share = Share()
    sources = {"a": LAYERS, "b": LAYERS}
    share.decide(0.0, None, sources)
    assert share.decide(1.0, 350e3, sources) == {"a": 0, "b": 0}
    assert share.decide(1.5, 5e6, sources) == {"a": 0, "b": 0}
    now, steps = 1.5, []
    while share.chosen != {"a": 2, "b": 2}:
        now += 0.1
        before = dict(share.chosen)
        after = share.decide(now, 5e6, sources)
        if before != after:
            steps.append(now)
    assert len(steps) == 4
    assert all(later - sooner >= RAISE_AFTER_S - 0.01 for sooner, later in pairwise(steps))


def test_a_step_that_fails_is_tried_ever_more_seldom() -> None:
    share = Share()
    sources = {"a": LAYERS}
    now, tries = 0.0, []
    while now < 400:
        now += 0.1
        # The estimate always says yes, the way always says no.
        up = share.decide(now, 900e3, sources)["a"] == 1
        if up:
            tries.append(now)
            share.decide(now + 0.5, 200e3, sources)
    waits = [round(later - sooner) for sooner, later in pairwise(tries)]
    assert waits[0] < 6
    assert waits == sorted(waits)
    assert max(waits) <= RAISE_AFTER_AT_MOST_S + 1


def test_without_any_picture_the_smallest_is_tried() -> None:
    """A budget that nothing has proved is not believed for ever."""
    share = Share()
    sources = {"a": LAYERS, "b": LAYERS}
    share.decide(0.0, None, sources)
    assert share.decide(1.0, 50e3, sources) == {"a": None, "b": None}
    assert share.decide(4.0, 50e3, sources) == {"a": None, "b": None}
    assert share.decide(5.1, 50e3, sources) == {"a": 0, "b": None}
    assert share.decide(6.0, 50e3, sources) == {"a": 0, "b": None}
    # The estimate has not seen that the way bears it, and the next try comes later.
    assert share.decide(8.2, 50e3, sources) == {"a": None, "b": None}
    assert share.decide(12.0, 50e3, sources) == {"a": None, "b": None}
    assert share.decide(12.3, 50e3, sources) == {"a": 0, "b": None}
    # Now it has: it stays, and is not taken away for the noise of measuring.
    assert share.decide(15.4, 160e3, sources) == {"a": 0, "b": None}
    assert share.decide(15.9, 140e3, sources) == {"a": 0, "b": None}


def test_late_packets_alone_take_nobodys_picture_away() -> None:
    share = Share()
    sources = {"a": LAYERS, "b": LAYERS}
    share.decide(0.0, None, sources)
    assert share.decide(1.0, 10e3, sources, pausing=False) == {"a": 0, "b": 0}
    assert share.decide(2.0, 10e3, sources, pausing=True) == {"a": None, "b": None}


def test_who_leaves_is_forgotten() -> None:
    share = Share()
    share.decide(0.0, None, {"a": LAYERS, "b": LAYERS})
    assert share.decide(1.0, 1e9, {"b": LAYERS}) == {"b": 2}
