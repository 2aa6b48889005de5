"""Where a party's packets go, as its checks say: pure, no socket."""

from __future__ import annotations

from aioice import stun

from media.wire.ice import Agent

HIGH, LOW = 2122260223, 2121998079
OLD, NEW, OTHER = ("192.0.2.1", 4000), ("198.51.100.7", 5000), ("203.0.113.9", 6000)


def check(priority: int, *, nominates: bool = True) -> stun.Message:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["PRIORITY"] = priority
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    return message


def test_the_best_of_the_nominated_paths_is_taken() -> None:
    """Firefox nominates each path that it checks, and the last one is not the best."""
    agent = Agent()
    assert agent.checked(check(HIGH, nominates=False), 1, OLD)
    assert agent.destination is None
    agent.checked(check(LOW), 1, NEW)
    agent.checked(check(HIGH), 1, OLD)
    agent.checked(check(LOW), 1, NEW)
    assert agent.destination == OLD


def test_a_lesser_path_is_taken_when_its_peer_has_left_the_better_one() -> None:
    """A browser whose address changed goes on over what it has left, and nominates it alone."""
    agent = Agent()
    agent.checked(check(HIGH), 1, OLD)
    agent.checked(check(LOW), 1, NEW)
    assert agent.destination == OLD
    agent.checked(check(LOW), 1, NEW)
    assert agent.destination == NEW
    # From now on that one is the best: a better one takes its place at once again.
    agent.checked(check(HIGH), 1, OTHER)
    assert agent.destination == OTHER


def test_a_nomination_that_is_sent_again_is_no_second_one() -> None:
    """RFC 8489 §6.2.1: a request without an answer is retransmitted as it is."""
    agent = Agent()
    agent.checked(check(HIGH), 1, OLD)
    lost = check(LOW)
    for _ in range(7):
        agent.checked(lost, 1, NEW)
    assert agent.destination == OLD


def test_a_path_that_is_still_checked_is_kept() -> None:
    agent = Agent()
    agent.checked(check(HIGH), 1, OLD)
    for _ in range(5):
        agent.checked(check(LOW), 1, NEW)
        # Whether it says so again or not: somebody is there.
        agent.checked(check(HIGH, nominates=False), 1, OLD)
    assert agent.destination == OLD
    # Two lesser ones in turn are no word of either.
    for path in (NEW, OTHER, NEW, OTHER):
        agent.checked(check(LOW), 1, path)
    assert agent.destination == OLD


def test_a_restart_begins_anew_and_old_credentials_move_nothing() -> None:
    agent = Agent()
    agent.checked(check(HIGH), 1, OLD)
    agent.checked(check(LOW), 1, NEW)
    agent.restart(0.0)
    for _ in range(3):
        agent.checked(check(HIGH), 1, NEW)
    assert agent.destination == OLD
    agent.checked(check(LOW), 2, OTHER)
    assert (agent.destination, agent.nominated) == (OTHER, 2)
