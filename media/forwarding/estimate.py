"""What a receiver's way can carry, from its own reports: pure state, fed with times and sizes.

Loss and the receiver's own limit (REMB) first; where there is transport-cc feedback, delay as
well, after draft-ietf-rmcat-gcc-02: arrivals are grouped into bursts, the slope of their
accumulated delay is compared with an adaptive threshold, and the rate follows by additive
increase and multiplicative decrease. It knows no clock, no socket and nobody's name: all
times are given to it, in seconds, rates are in bits per second.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from math import ceil

MIN_BPS = 50_000.0
MAX_BPS = 10_000_000.0
START_BPS = 1_000_000.0

BURST_S = 0.005
"""Packets sent within this time are one group (gcc-02, 5.2)."""
WINDOW = 20
"""So many groups are looked at for the slope."""
SMOOTHING = 0.9
GAIN = 4.0
OVERUSE_S = 0.1
THRESHOLD_MS = 12.5
THRESHOLD_MIN_MS, THRESHOLD_MAX_MS = 6.0, 600.0
K_UP, K_DOWN = 0.0087, 0.039
"""How fast the threshold widens and narrows (gcc-02, 5.4, as libwebrtc sets them)."""
BETA = 0.85
INCREASE_A_SECOND = 1.08
LOSS_HIGH, LOSS_LOW = 0.10, 0.02
LOSS_INCREASE_A_SECOND = 1.05
STANDING_S = 0.15
STANDING_FOR_S = 1.0
BASE_WINDOW_S = 30.0
"""A queue of so much, for so long, over the least delay of the last minute or half of it: a queue
that neither grows nor empties has no slope, and its few losses alone are no reason to go down."""
LIMIT_HOLDS_S = 5.0
LOSS_HOLDS_S = 10.0
ACKED_WINDOW_S = 0.5
RESPONSE_S = 0.2
"""Round trip that is assumed until one is known: how often a rate may be lowered."""


class Usage(Enum):
    """The way is used as it can be, too much, or its queue is emptying."""

    NORMAL = "normal"
    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet as its receiver reports it: `arrived_at` on its clock, None when it was lost."""

    sent_at: float
    arrived_at: float | None
    size_bytes: int


@dataclass(slots=True)
class _Group:
    sent_at: float
    last_sent_at: float
    arrived_at: float


@dataclass(slots=True)
class Delay:
    """The arrival-time filter and the over-use detector (gcc-02, 5.3 and 5.4)."""

    usage: Usage = Usage.NORMAL
    threshold_ms: float = THRESHOLD_MS
    _now: _Group | None = None
    _before: _Group | None = None
    _points: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _accumulated_ms: float = 0.0
    _smoothed_ms: float = 0.0
    _first_at: float | None = None
    _deltas: int = 0
    _over_since: float | None = None
    _trend_before: float = 0.0
    _updated_at: float | None = None
    _base_s: float = float("inf")
    _next_base_s: float = float("inf")
    _base_at: float | None = None
    _standing_since: float | None = None

    def take(self, sent_at: float, arrived_at: float) -> Usage:
        """One packet that arrived, in the order of sending."""
        group = self._now
        if group is None:
            self._now = _Group(sent_at, sent_at, arrived_at)
        elif sent_at - group.sent_at <= BURST_S:
            group.last_sent_at = max(group.last_sent_at, sent_at)
            group.arrived_at = max(group.arrived_at, arrived_at)
        else:
            if self._before is not None:
                self._compare(self._before, group)
            self._before = group
            self._now = _Group(sent_at, sent_at, arrived_at)
            if self._stands(group):
                self.usage = Usage.OVER
        return self.usage

    def _stands(self, group: _Group) -> bool:
        at, delay_s = group.arrived_at, group.arrived_at - group.last_sent_at
        if self._base_at is None or at - self._base_at > BASE_WINDOW_S:
            self._base_s, self._next_base_s = self._next_base_s, float("inf")
            self._base_at = at
        self._base_s = min(self._base_s, delay_s)
        self._next_base_s = min(self._next_base_s, delay_s)
        if delay_s - self._base_s < STANDING_S:
            self._standing_since = None
            return False
        if self._standing_since is None:
            self._standing_since = at
        return at - self._standing_since > STANDING_FOR_S

    def _compare(self, before: _Group, group: _Group) -> None:
        sent_s = group.last_sent_at - before.last_sent_at
        gradient_ms = 1000 * (group.arrived_at - before.arrived_at - sent_s)
        self._deltas = min(self._deltas + 1, 60)
        self._accumulated_ms += gradient_ms
        self._smoothed_ms = SMOOTHING * self._smoothed_ms + (1 - SMOOTHING) * self._accumulated_ms
        if self._first_at is None:
            self._first_at = group.arrived_at
        self._points.append((1000 * (group.arrived_at - self._first_at), self._smoothed_ms))
        if len(self._points) == WINDOW:
            slope = _slope(self._points)
            self._detect(slope, sent_s, group.arrived_at)
            self._trend_before = slope

    def _detect(self, slope: float, sent_s: float, at: float) -> None:
        trend_ms = self._deltas * slope * GAIN
        if trend_ms > self.threshold_ms:
            if self._over_since is None:
                self._over_since = at - sent_s / 2
            elif at - self._over_since > OVERUSE_S and slope >= self._trend_before:
                self.usage = Usage.OVER
        else:
            self._over_since = None
            self.usage = Usage.UNDER if trend_ms < -self.threshold_ms else Usage.NORMAL
        self._adapt(trend_ms, at)

    def _adapt(self, trend_ms: float, at: float) -> None:
        before, self._updated_at = self._updated_at, at
        # A sudden jump (a route that changed) must not blind the detector.
        if before is None or abs(trend_ms) > self.threshold_ms + 15:
            return
        gain = K_DOWN if abs(trend_ms) < self.threshold_ms else K_UP
        passed_ms = min(1000 * (at - before), 100)
        self.threshold_ms += gain * (abs(trend_ms) - self.threshold_ms) * passed_ms
        self.threshold_ms = min(max(self.threshold_ms, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS)


def _slope(points: deque[tuple[float, float]]) -> float:
    """The least-squares slope of y over x; 0 when all x are one."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


@dataclass(slots=True)
class Estimate:
    """What one receiver's way carries. `target_bps` is what may be sent to it; `bounded` once
    anything has shown that there is a bound.

    `feedback` gets each transport-cc report; `report` the loss of a receiver report, from
    receivers without that; `limit` what a receiver says itself (REMB).
    """

    start_bps: float = START_BPS
    bounded: bool = False
    delay: Delay = field(default_factory=Delay)
    acked_bps: float | None = None
    loss: float = 0.0
    _by_delay_bps: float = 0.0
    _by_loss_bps: float = 0.0
    _limit_bps: float = MAX_BPS
    _limited_at: float = float("-inf")
    _acked: deque[tuple[float, int]] = field(default_factory=deque)
    _acked_bytes: int = 0
    _first_acked_at: float | None = None
    _lowered_at: float = float("-inf")
    _raised_at: float | None = None
    _near_bps: float | None = None
    _lost_at: float = float("-inf")
    _counted: int = 0
    _lost: int = 0
    _loss_at: float | None = None

    def __post_init__(self) -> None:
        self._by_delay_bps = self._by_loss_bps = self.start_bps

    @property
    def target_bps(self) -> float:
        rate = min(self._by_loss_bps, self._limit_bps)
        if self._first_acked_at is not None:
            rate = min(rate, self._by_delay_bps)
        return min(max(rate, MIN_BPS), MAX_BPS)

    @property
    def usage(self) -> Usage:
        return self.delay.usage

    def feedback(self, packets: list[Sent], now: float, round_trip_s: float = RESPONSE_S) -> None:
        """One report's packets in the order of sending, and when it came here."""
        over = under = False
        for packet in packets:
            self._counted += 1
            if packet.arrived_at is None:
                self._lost += 1
                continue
            self._ack(packet)
            usage = self.delay.take(packet.sent_at, packet.arrived_at)
            over |= usage is Usage.OVER
            under |= usage is Usage.UNDER
        if over or self.delay.usage is Usage.OVER:
            self._lower(now, round_trip_s)
        elif self.delay.usage is Usage.NORMAL and not under:
            self._raise(now)
        else:
            self._raised_at = now
        if self._counted >= 20 and (self._loss_at is None or now - self._loss_at >= 0.5):
            self.report(self._lost / self._counted, now)
            self._counted = self._lost = 0

    def report(self, loss: float, now: float) -> None:
        """The share of packets that were lost since the last report (gcc-02, 6)."""
        self.loss = loss
        if loss > LOSS_LOW:
            self._lost_at = now
        passed = 1.0 if self._loss_at is None else min(now - self._loss_at, 2.0)
        self._loss_at = now
        if loss > LOSS_HIGH:
            self.bounded = True
            if self.acked_bps is not None:
                self._by_loss_bps = min(self._by_loss_bps, 1.5 * self.acked_bps)
            self._by_loss_bps *= 1 - 0.5 * loss
        elif loss < LOSS_LOW:
            self._by_loss_bps *= LOSS_INCREASE_A_SECOND**passed
            self._by_loss_bps = max(self._by_loss_bps, self.acked_bps or 0.0)
        self._by_loss_bps = min(max(self._by_loss_bps, MIN_BPS), self._ceiling())

    def loses(self, now: float) -> bool:
        """Whether packets were lost of late, or the receiver has named a limit: not delay alone."""
        return now - self._lost_at < LOSS_HOLDS_S or self._limit_bps < MAX_BPS

    def limit(self, bps: float, now: float) -> None:
        """What the receiver itself says it can take; it holds for some seconds."""
        self.bounded = True
        self._limit_bps = max(bps, MIN_BPS)
        self._limited_at = now

    def forget_limit(self, now: float) -> None:
        """Let go of what the receiver said too long ago: of little that comes it can say little."""
        if now - self._limited_at > LIMIT_HOLDS_S:
            self._limit_bps = MAX_BPS

    def _ack(self, packet: Sent) -> None:
        assert packet.arrived_at is not None
        if self._first_acked_at is None:
            self._first_acked_at = packet.arrived_at
        self._acked.append((packet.arrived_at, packet.size_bytes))
        self._acked_bytes += packet.size_bytes
        while self._acked and packet.arrived_at - self._acked[0][0] > ACKED_WINDOW_S:
            self._acked_bytes -= self._acked.popleft()[1]
        if packet.arrived_at - self._first_acked_at >= ACKED_WINDOW_S:
            self.acked_bps = 8 * self._acked_bytes / ACKED_WINDOW_S

    def _lower(self, now: float, round_trip_s: float) -> None:
        if now - self._lowered_at < max(round_trip_s, 0.1):
            return
        self._lowered_at = now
        self._raised_at = None
        self.bounded = True
        came = self.acked_bps if self.acked_bps is not None else self._by_delay_bps
        self._near_bps = came
        self._by_delay_bps = max(min(self._by_delay_bps, BETA * came), MIN_BPS)

    def _raise(self, now: float) -> None:
        passed = min(now - self._raised_at, 1.0) if self._raised_at is not None else 0.0
        self._raised_at = now
        near = self._near_bps
        if self.acked_bps is not None and self.acked_bps > self._by_delay_bps:
            # It arrives, and no queue grows: that much is carried.
            self._by_delay_bps = self.acked_bps
        if near is not None and 0.95 * near < self._by_delay_bps < 1.2 * near:
            # Close to where it was too much: half a packet more each response time.
            frame_bits = self._by_delay_bps / 30
            packet_bits = frame_bits / ceil(frame_bits / (1200 * 8))
            self._by_delay_bps += max(1000.0, 0.5 * packet_bits / (RESPONSE_S + 0.1)) * passed
        else:
            if near is not None and self._by_delay_bps >= 1.2 * near:
                self._near_bps = None
            self._by_delay_bps *= INCREASE_A_SECOND**passed
        self._by_delay_bps = min(self._by_delay_bps, self._ceiling())

    def _ceiling(self) -> float:
        """How far a rate may run ahead of what is known to pass: what is not sent proves nothing."""
        if self.acked_bps is None:
            return MAX_BPS
        return max(1.5 * self.acked_bps + 10_000, self.start_bps)
