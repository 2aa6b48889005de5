"""Packets in order and in time: RTP parsed, late ones waited for, and their times mapped to UTC.

Knows no frame, no file and no clock but the times that it is given.
"""

from dataclasses import dataclass

from media.wire.sdp import OPUS, VIDEO

REORDER_HOLD_S = 0.4
REORDER_PACKETS = 256
OFF_S = 0.5
OFF_FOR_S = 5.0
LEAP_S = 10.0
MAX_ANCHORS = 1000
NTP_EPOCH_S = 2_208_988_800
PAYLOADS = {OPUS: "opus", **{codec.payload: name.lower() for name, codec in VIDEO.items()}}
REPAIRS = {codec.rtx: name.lower() for name, codec in VIDEO.items()}
"""Payload types of retransmissions (RFC 4588), and what they repeat."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One media packet without its header; `timestamp` in RTP units, `arrival` in UTC seconds."""

    sequence: int
    timestamp: int
    marker: bool
    arrival: float
    payload: bytes


def parse_rtp(data: bytes, arrival: float) -> tuple[int, str, Packet | None]:
    """The SSRC, the codec and the packet, with RTX undone (SSRC 0 then); no packet for a padding probe."""
    head = 12 + 4 * (data[0] & 15)
    if data[0] & 16 and len(data) >= head + 4:
        head += 4 + 4 * int.from_bytes(data[head + 2 : head + 4], "big")
    end = len(data) - (data[-1] if data[0] & 32 else 0)
    sequence = int.from_bytes(data[2:4], "big")
    ssrc = int.from_bytes(data[8:12], "big")
    kind = data[1] & 127
    codec = PAYLOADS.get(kind, "")
    if kind in REPAIRS:
        codec = REPAIRS[kind]
        sequence = int.from_bytes(data[head : head + 2], "big")
        head += 2
        ssrc = 0
    if head >= end:
        return ssrc, codec, None
    timestamp = int.from_bytes(data[4:8], "big")
    marker = bool(data[1] & 128)
    return ssrc, codec, Packet(sequence, timestamp, marker, arrival, data[head:end])


class Reorder:
    """Packets in order: late ones are waited for a moment, doubled ones dropped.

    `take` gives (packet, broken): `broken` says that packets before this one never came.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Packet] = {}
        self._next: int | None = None

    def put(self, packet: Packet) -> None:
        if self._next is None:
            self._next = packet.sequence
        if not self.passed(packet):
            self._waiting.setdefault(packet.sequence, packet)

    def take(self, now: float) -> tuple[Packet, bool] | None:
        if not self._waiting or self._next is None:
            return None
        expected = self._next
        packet = self._waiting.pop(expected, None)
        if packet is not None:
            self._next = (expected + 1) & 0xFFFF
            return packet, False
        first = min(self._waiting, key=lambda s: (s - expected) & 0xFFFF)
        oldest = min(p.arrival for p in self._waiting.values())
        if len(self._waiting) < REORDER_PACKETS and now - oldest < REORDER_HOLD_S:
            return None
        self._next = (first + 1) & 0xFFFF
        return self._waiting.pop(first), True

    def passed(self, packet: Packet) -> bool:
        """Whether the packet's turn is over."""
        return self._next is not None and (packet.sequence - self._next) & 0xFFFF >= 0x8000

    def restart(self) -> None:
        """Forget the order: the next packet begins a new one."""
        self._waiting.clear()
        self._next = None


class RtpClock:
    """Maps RTP time to UTC seconds: anchored at the first arrival, and again only for a reason.

    The sender's time is believed: packets behind a stall keep their places, and so
    does the burst that follows. Only when all have been off for five seconds has it
    stood still, or was the anchor a late packet; and a leap of ten is a new beginning.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._anchor = 0.0
        self._last: int | None = None
        self._base = 0
        self._sender: tuple[float, int] | None = None
        self._off_since: float | None = None
        self._least_off = 0.0
        self.anchors: list[tuple[int, float]] = []
        """RTP times and the UTC seconds that they stand for, wherever that began anew."""

    def at(self, timestamp: int, arrival: float) -> float:
        if self._last is None:
            self._last = self._base = timestamp
            self._anchor = arrival
            self._note(timestamp, arrival)
        moment = self._anchor + (self._unwrap(timestamp) - self._base) / self._rate
        off = arrival - moment
        if abs(off) < OFF_S:
            self._off_since = None
            return moment
        if abs(off) < LEAP_S:
            if self._off_since is None or (off > 0) != (self._least_off > 0):
                self._off_since, self._least_off = arrival, off
            self._least_off = min(self._least_off, off, key=abs)
            if arrival - self._off_since < OFF_FOR_S:
                return moment
            off = self._least_off
        self._off_since = None
        self._anchor += off
        self._note(timestamp, moment + off)
        return moment + off

    def report(self, ntp: int, timestamp: int) -> None:
        """A sender report: the sender's own time (NTP, 32.32) of an RTP time."""
        if self._last is not None:
            seconds = ntp / (1 << 32) - NTP_EPOCH_S
            self._sender = (seconds, self._unwrap(timestamp))

    def restart(self) -> None:
        self._last = self._sender = self._off_since = None

    def behind_sender(self) -> float | None:
        """Our time minus the sender's for the same sample; None before a report."""
        if self._sender is None:
            return None
        seconds, unwrapped = self._sender
        return self._anchor + (unwrapped - self._base) / self._rate - seconds

    def shift(self, seconds: float) -> None:
        self._anchor += seconds
        if self._last is not None:
            moment = self._anchor + (self._last - self._base) / self._rate
            self._note(self._last & 0xFFFFFFFF, moment)

    def _note(self, timestamp: int, moment: float) -> None:
        if len(self.anchors) < MAX_ANCHORS:
            self.anchors.append((timestamp, moment))

    def _unwrap(self, timestamp: int) -> int:
        if self._last is None:
            return timestamp
        delta = (timestamp - self._last + 0x80000000) & 0xFFFFFFFF
        unwrapped = self._last + delta - 0x80000000
        self._last = max(self._last, unwrapped)
        return unwrapped
