"""The estimator on synthetic traces: a link of a rate, a queue, a delay, a loss; all pure."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from media.forwarding.estimate import MIN_BPS, Delay, Estimate, Sent, Usage

PACKET_BYTES = 1000
REPORT_S = 0.1


class Link:
    """A way with a queue: what is sent into it arrives later, or never."""

    def __init__(
        self,
        bps: Callable[[float], float],
        *,
        delay_s: float = 0.04,
        queue_s: float = 0.3,
        jitter_s: float = 0.0,
        loss: float = 0.0,
    ) -> None:
        self._bps, self._delay_s, self._queue_s = bps, delay_s, queue_s
        self._jitter_s, self._loss = jitter_s, loss
        self._free_at = self._last = 0.0
        self._random = random.Random(1)
        self.queued_s = 0.0

    def send(self, at: float, size_bytes: int) -> Sent:
        self._free_at = max(self._free_at, at)
        self.queued_s = self._free_at - at
        if self._random.random() < self._loss or self.queued_s > self._queue_s:
            return Sent(at, None, size_bytes)
        self._free_at += size_bytes * 8 / self._bps(at)
        arrived = self._free_at + self._delay_s + self._random.uniform(0, self._jitter_s)
        self._last = max(self._last, arrived)
        return Sent(at, self._last, size_bytes)


def _run(
    link: Link,
    seconds: float,
    *,
    most_bps: float = 4e6,
    estimate: Estimate | None = None,
    began: float = 0.0,
) -> tuple[Estimate, list[tuple[float, float, float]]]:
    """Send as the estimate says, thirty frames a second; (time, target, queue) at each report."""
    estimate = estimate or Estimate()
    waiting: list[Sent] = []
    told: list[tuple[float, float, float]] = []
    owed = 0.0
    reported = began
    for frame in range(int(seconds * 30)):
        now = began + frame / 30
        owed += min(estimate.target_bps, most_bps) / 30 / 8
        while owed >= PACKET_BYTES:
            owed -= PACKET_BYTES
            waiting.append(link.send(now, PACKET_BYTES))
        if now - reported >= REPORT_S:
            reported = now
            there = [p for p in waiting if p.arrived_at is None or p.arrived_at <= now]
            waiting = [p for p in waiting if p not in there]
            if there:
                estimate.feedback(there, now)
            told.append((now, estimate.target_bps, link.queued_s))
    return estimate, told


def _mean(told: list[tuple[float, float, float]], after: float) -> float:
    late = [target for at, target, _ in told if at >= after]
    return sum(late) / len(late)


@pytest.mark.parametrize("bps", [300_000, 1_000_000, 2_500_000])
def test_it_finds_what_a_link_carries_without_filling_its_queue(bps: float) -> None:
    _, told = _run(Link(lambda _: bps), 40)
    assert 0.6 * bps < _mean(told, 20) < 1.1 * bps
    late = [queued for at, _, queued in told if at >= 20]
    assert sum(late) / len(late) < 0.15


def test_it_follows_a_link_that_narrows_and_widens() -> None:
    link = Link(lambda at: 500_000 if 20 <= at < 40 else 2_000_000)
    _, told = _run(link, 80)
    narrow = [target for at, target, _ in told if 25 <= at < 40]
    assert 0.5 * 500_000 < sum(narrow) / len(narrow) < 1.15 * 500_000
    first = next(at for at, target, _ in told if at >= 20 and target < 600_000)
    assert first < 23, "it took too long to see"
    assert _mean(told, 70) > 1_000_000


def test_jitter_alone_does_not_lower_it() -> None:
    _, told = _run(Link(lambda _: 5e6, jitter_s=0.008), 30, most_bps=1_500_000)
    assert _mean(told, 15) > 1_300_000


def test_little_loss_is_no_reason_and_much_is() -> None:
    _, told = _run(Link(lambda _: 5e6, loss=0.01), 20, most_bps=1_500_000)
    assert _mean(told, 10) > 1_300_000
    _, told = _run(Link(lambda _: 5e6, loss=0.25), 20, most_bps=1_500_000)
    assert _mean(told, 10) < 300_000


def test_loss_reports_alone_are_enough() -> None:
    """A receiver without transport-cc: only its receiver reports."""
    estimate = Estimate(start_bps=1_000_000)
    for second in range(10):
        estimate.report(0.3, float(second))
    assert estimate.target_bps < 300_000
    for second in range(10, 60):
        estimate.report(0.0, float(second))
    assert estimate.target_bps > 1_000_000
    estimate.limit(200_000, 60.0)
    estimate.forget_limit(64.0)
    assert estimate.target_bps == 200_000
    estimate.limit(0, 65.0)
    assert estimate.target_bps == MIN_BPS
    estimate.forget_limit(71.0)
    assert estimate.target_bps > 1_000_000


def test_what_is_not_sent_proves_nothing() -> None:
    """A sender with little to say does not make the estimate run away."""
    estimate, _ = _run(Link(lambda _: 5e6), 60, most_bps=200_000)
    assert estimate.target_bps <= 1_000_000


def test_what_arrives_without_a_queue_is_carried() -> None:
    """After a fall the rate is known again as soon as it is tried, not by growing for a minute."""
    link = Link(lambda at: 100_000 if at < 10 else 2_000_000)
    estimate, _ = _run(link, 20)
    low = estimate.target_bps
    assert low < 400_000
    # Somebody sends more than the estimate says, on trial.
    for report in range(30):
        at = 21 + report * 0.1
        packets = [link.send(at + k * 0.01, PACKET_BYTES) for k in range(10)]
        estimate.feedback(packets, at + 0.15)
    assert estimate.target_bps > 700_000


def test_a_growing_queue_is_over_use_and_an_emptying_one_under_use() -> None:
    delay = Delay()
    for count in range(60):
        delay.take(count * 0.02, count * 0.02 + 0.05)
    assert delay.usage is Usage.NORMAL
    for count in range(60, 100):
        delay.take(count * 0.02, count * 0.02 + 0.05 + (count - 60) * 0.005)
    assert delay.usage is Usage.OVER
    for count in range(100, 130):
        delay.take(count * 0.02, count * 0.02 + 0.25 - (count - 100) * 0.005)
    assert delay.usage is Usage.UNDER


def test_a_clock_that_differs_and_a_route_that_changes_do_no_harm() -> None:
    """Only differences count: another epoch, and one jump of 80 ms in the delay."""
    estimate = Estimate()
    for report in range(300):
        at = report * 0.1
        jump = 0.08 if at > 15 else 0.0
        packets = [
            Sent(at + k * 0.01, at + k * 0.01 + 5000 + jump, PACKET_BYTES) for k in range(10)
        ]
        estimate.feedback(packets, at + 0.1)
    assert estimate.target_bps > 700_000
