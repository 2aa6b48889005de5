"""RTCP as bytes: read, rewritten from one leg's numbers to another's, written.

Pure functions and two small state holders for transport-wide congestion control
(draft-holmer-rmcat-transport-wide-cc-extensions-01). Malformed input gives
nothing, never an exception; who gets what is decided by the room.
"""

import struct
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from operator import sub
from typing import Any

SR = 200
RR = 201
RTPFB = 205
PSFB = 206
NACK = 1
TWCC = 15
AFB = 15
PLI = 1
FIR = 4

# The worker's own SSRC as a sender of feedback.
WORKER_SSRC = 1
REPORT_BYTES = 24

_WINDOW = 1 << 14
_SENT = 1 << 12
_TICKS_PER_REFERENCE = 256
_TICKS_PER_SECOND = 4000
_MAX_GAP = 200
_MAX_REPORTS = 31
_MAX_REPORTED = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """One packet of a compound: `count` is the 5-bit field, `data` all of it with header."""

    kind: int
    count: int
    data: bytes


def split(compound: bytes) -> Iterator[Block]:
    """The packets of a compound RTCP packet, up to the first one that is cut short."""
    position = 0
    while position + 4 <= len(compound):
        end = position + 4 + 4 * int.from_bytes(compound[position + 2 : position + 4], "big")
        if compound[position] >> 6 != 2 or end > len(compound):
            return
        yield Block(compound[position + 1], compound[position] & 31, compound[position:end])
        position = end


def ssrc_at(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "big")


def sender_report(block: Block, ssrc: int, timestamp_offset: int) -> bytes:
    """The sender info of an SR as of the outgoing stream; its report blocks are left out.

    NTP time passes unchanged, so that round trips measure end to end without state here.
    """
    timestamp = (ssrc_at(block.data, 16) + timestamp_offset) & 0xFFFFFFFF
    return (
        b"\x80\xc8\x00\x06"
        + ssrc.to_bytes(4, "big")
        + block.data[8:16]
        + timestamp.to_bytes(4, "big")
        + block.data[20:28]
    )


def report_blocks(block: Block) -> list[bytes]:
    """The reception reports of an SR or RR, 24 bytes each."""
    start = 28 if block.kind == SR else 8
    return [
        block.data[at : at + REPORT_BYTES]
        for at in range(start, start + block.count * REPORT_BYTES, REPORT_BYTES)
        if at + REPORT_BYTES <= len(block.data)
    ]


def rewrite_report(report: bytes, ssrc: int, extended_highest: int) -> bytes:
    """A reception report about an outgoing stream, told to the sender of its source."""
    return (
        ssrc.to_bytes(4, "big")
        + report[4:8]
        + (extended_highest & 0xFFFFFFFF).to_bytes(4, "big")
        + report[12:]
    )


def receiver_report(reports: list[bytes]) -> bytes:
    """An RR of the worker; of more than 31 reports, which its count can say, the first."""
    reports = reports[:_MAX_REPORTS]
    head = struct.pack("!BBHI", 0x80 | len(reports), RR, 1 + 6 * len(reports), WORKER_SSRC)
    return head + b"".join(reports)


def picture_loss(ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80 | PLI, PSFB, 2, WORKER_SSRC, ssrc)


def rewrite_nack(block: Block, ssrc: int, sequence_offset: int) -> bytes:
    """A generic NACK (RFC 4585) with sequence numbers as the source sent them."""
    out = block.data[:4] + struct.pack("!II", WORKER_SSRC, ssrc)
    for at in range(12, len(block.data) - 3, 4):
        first, mask = struct.unpack_from("!HH", block.data, at)
        out += struct.pack("!HH", (first - sequence_offset) & 0xFFFF, mask)
    return out


def ask_again(ssrc: int, first: int, count: int) -> bytes:
    """A generic NACK of the worker's own for up to 17 packets from this number on."""
    mask = (1 << (count - 1)) - 1
    return struct.pack(
        "!BBHIIHH", 0x80 | NACK, RTPFB, 3, WORKER_SSRC, ssrc, first & 0xFFFF, mask & 0xFFFF
    )


def ask_for(ssrc: int, numbers: list[int]) -> bytes:
    """A generic NACK of the worker's own for these packets."""
    pairs: list[list[int]] = []
    for number in numbers:
        ahead = (number - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        else:
            pairs.append([number & 0xFFFF, 0])
    head = struct.pack("!BBHII", 0x80 | NACK, RTPFB, 2 + len(pairs), WORKER_SSRC, ssrc)
    return head + b"".join(struct.pack("!HH", *pair) for pair in pairs)


def nacked(block: Block) -> Iterator[int]:
    """The sequence numbers that a generic NACK asks for, as it names them."""
    for at in range(12, len(block.data) - 3, 4):
        first, mask = struct.unpack_from("!HH", block.data, at)
        yield first
        for bit in range(16):
            if mask >> bit & 1:
                yield (first + 1 + bit) & 0xFFFF


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Transport-cc feedback: from `base` on, the arrival of each packet or None for lost.

    `reference` counts 64 ms; arrivals count 250 us from it.
    """

    base: int
    reference: int
    arrivals: list[int | None]


def read_feedback(data: bytes) -> TransportFeedback | None:
    """Read a transport-cc packet; None when it is cut short.

    None, too, for more than 4096 packets: a browser reports each 50 to 250 ms, and a few bytes
    that tell of 65535 would cost the worker milliseconds each time.
    """
    if len(data) < 20:
        return None
    base, count = struct.unpack_from("!HH", data, 12)
    if count > _MAX_REPORTED:
        return None
    reference = int.from_bytes(data[16:19], "big")
    position = 20
    symbols: list[int] = []
    while len(symbols) < count:
        if position + 2 > len(data):
            return None
        chunk = int.from_bytes(data[position : position + 2], "big")
        position += 2
        if not chunk & 0x8000:
            run = min(chunk & 0x1FFF, count - len(symbols))
            if run == 0:
                return None
            symbols += [(chunk >> 13) & 3] * run
        elif chunk & 0x4000:
            symbols += [(chunk >> (12 - 2 * i)) & 3 for i in range(7)]
        else:
            symbols += [(chunk >> (13 - i)) & 1 for i in range(14)]
    arrivals: list[int | None] = []
    del symbols[count:]
    if symbols.count(1) == count:
        # All came, one soon after the other: the ordinary case.
        arrivals += accumulate(data[position : position + count])
        return TransportFeedback(base, reference, arrivals) if len(arrivals) == count else None
    at = 0
    for symbol in symbols:
        if symbol == 1:
            if position >= len(data):
                return None
            at += data[position]
            position += 1
        elif symbol == 2:
            if position + 2 > len(data):
                return None
            at += int.from_bytes(data[position : position + 2], "big", signed=True)
            position += 2
        arrivals.append(at if symbol in (1, 2) else None)
    return TransportFeedback(base, reference, arrivals)


def write_feedback(feedback: TransportFeedback, media_ssrc: int, count: int) -> bytes:
    """Write transport-cc feedback; an arrival too far from the one before becomes lost."""
    symbols: list[int] = []
    deltas = bytearray()
    before = 0
    with suppress(TypeError, ValueError):
        # None is no number, and a delta that is no byte none of these: the ordinary case has neither.
        arrivals: list[Any] = feedback.arrivals
        deltas += bytes(map(sub, arrivals, [0, *arrivals]))
        symbols = [1] * len(arrivals)
    for arrival in feedback.arrivals if not symbols else ():
        if arrival is None:
            symbols.append(0)
            continue
        delta = arrival - before
        if 0 <= delta < 256:
            symbols.append(1)
            deltas.append(delta)
        elif -32768 <= delta < 32768:
            symbols.append(2)
            deltas += delta.to_bytes(2, "big", signed=True)
        else:
            symbols.append(0)
            continue
        before = arrival
    chunks = bytearray()
    start = 0
    while start < len(symbols):
        end = start
        while end < len(symbols) and symbols[end] == symbols[start] and end - start < 0x1FFF:
            end += 1
        if end - start >= 7:
            chunks += (symbols[start] << 13 | (end - start)).to_bytes(2, "big")
            start = end
            continue
        vector = 0xC000
        for index, symbol in enumerate(symbols[start : start + 7]):
            vector |= symbol << (12 - 2 * index)
        chunks += vector.to_bytes(2, "big")
        start += 7
    body = (
        struct.pack(
            "!IIHH", WORKER_SSRC, media_ssrc, feedback.base & 0xFFFF, len(feedback.arrivals)
        )
        + (feedback.reference & 0xFFFFFF).to_bytes(3, "big")
        + bytes((count & 0xFF,))
        + bytes(chunks)
        + bytes(deltas)
    )
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes((padding,))
    flags = 0xA0 if padding else 0x80
    return struct.pack("!BBH", flags | TWCC, RTPFB, len(body) // 4) + body


def lost_share(report: bytes) -> float:
    """The share of packets lost since the last one, as a reception report tells it."""
    return report[4] / 256


def read_remb(data: bytes) -> float | None:
    """The rate (bit/s) that a REMB packet names; None for another one."""
    if len(data) < 20 or data[12:16] != b"REMB":
        return None
    exponent = data[17] >> 2
    return float(((data[17] & 3) << 16 | data[18] << 8 | data[19]) << exponent)


class Reception:
    """What the worker reports of one incoming stream (RFC 3550, 6.4.1)."""

    __slots__ = ("_expected", "_received", "_report_at", "_report_ntp", "base", "ssrc")

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.base = 0
        self._expected = 0
        self._received = 0
        self._report_ntp = 0
        self._report_at = 0.0

    def heard(self, ntp: int, now: float) -> None:
        """A sender report with this NTP time came."""
        self._report_ntp = ntp >> 16 & 0xFFFFFFFF
        self._report_at = now

    def block(self, ssrc: int, highest: int, received: int, now: float) -> bytes:
        """A reception report: `highest` extended number, `received` packets in all.

        The first of a stream counts from there on.
        """
        if ssrc != self.ssrc:
            self.ssrc = ssrc
            self.base = highest - received
            self._expected = self._received = received
            self._report_ntp = 0
        expected = highest - self.base
        lately = expected - self._expected
        lost = lately - (received - self._received)
        self._expected, self._received = expected, received
        share = min(max(256 * lost // lately, 0), 255) if lately > 0 and lost > 0 else 0
        in_all = min(max(expected - received, 0), 0x7FFFFF)
        since = int((now - self._report_at) * 65536) & 0xFFFFFFFF if self._report_ntp else 0
        return struct.pack(
            "!IIIIII",
            ssrc,
            share << 24 | in_all,
            highest & 0xFFFFFFFF,
            0,
            self._report_ntp,
            since,
        )


def nearest(number: int, near: int) -> int:
    """The 16-bit `number` unwrapped to the value closest to `near`."""
    return near + ((number - near + 0x8000) & 0xFFFF) - 0x8000


class LegNumbering:
    """The transport-cc numbers of one outgoing leg and the incoming numbers they stand for.

    `assign` is on the hot path. `translate` turns the subscriber's feedback into
    the publisher's numbers: what was lost on the way in is reported as lost, or
    the publisher would never see its own loss; what the worker itself held back
    (`keep`) is reported as arrived, or holding back would look like loss.
    """

    __slots__ = ("_incoming", "_kept", "_last", "_next", "lost", "unmapped")

    def __init__(self, first: int) -> None:
        self._next = first & 0xFFFF
        self._incoming = array("i", [-1]) * _WINDOW
        self._kept = array("i", [-1]) * _WINDOW
        self._last: int | None = None
        self.unmapped = 0
        self.lost = 0

    def assign(self, incoming: int) -> int:
        """The next outgoing number, standing for `incoming`."""
        number = self._next
        self._next = (number + 1) & 0xFFFF
        self._incoming[number & (_WINDOW - 1)] = incoming
        return number

    def keep(self, incoming: int) -> None:
        """The packet with this number arrived here and goes no further."""
        self._kept[incoming & (_WINDOW - 1)] = incoming

    def change_source(self) -> None:
        """Another publisher from now on: earlier numbers mean nothing any more."""
        self._incoming = array("i", [-1]) * _WINDOW
        self._kept = array("i", [-1]) * _WINDOW
        self._last = None

    def translate(self, feedback: TransportFeedback) -> TransportFeedback | None:
        if (first := self._straight(feedback)) is not None:
            return TransportFeedback(first, feedback.reference, feedback.arrivals)
        found: dict[int, int | None] = {}
        near: int | None = None
        for index, arrival in enumerate(feedback.arrivals):
            incoming = self._incoming[(feedback.base + index) & (_WINDOW - 1)]
            if incoming < 0:
                self.unmapped += 1
                continue
            if arrival is None:
                self.lost += 1
            near = incoming if near is None else nearest(incoming, near)
            found[near] = arrival
        if near is None:
            return None
        high = max(found)
        low = max(min(found), high - _WINDOW)
        if self._last is not None:
            gap = ((low - self._last - 1 + 0x8000) & 0xFFFF) - 0x8000
            if 0 < gap < _MAX_GAP:
                low -= gap
        self._last = high & 0xFFFF
        arrivals: list[int | None] = []
        before = next((a for a in found.values() if a is not None), 0)
        for number in range(low, high + 1):
            arrival = found.get(number)
            slot = number & (_WINDOW - 1)
            if arrival is None and self._kept[slot] == number & 0xFFFF:
                arrival = before
                self._kept[slot] = -1
            if arrival is not None:
                before = arrival
            arrivals.append(arrival)
        return TransportFeedback(low & 0xFFFF, feedback.reference, arrivals)

    def _straight(self, feedback: TransportFeedback) -> int | None:
        """The publisher's first number where all of its numbers came, in one row behind the last
        ones told: the ordinary case, in which nothing but the first number changes."""
        count = len(feedback.arrivals)
        start = feedback.base & (_WINDOW - 1)
        incoming = self._incoming[start : start + count]
        if not count or len(incoming) < count or None in feedback.arrivals:
            return None
        first = incoming[0]
        if first < 0 or incoming != array("i", range(first, first + count)):
            return None
        if self._last is not None and 0 < (first - self._last - 1) & 0xFFFF < _MAX_GAP:
            return None
        self._last = (first + count - 1) & 0xFFFF
        return first


class Departures:
    """When the worker sent what, by transport-cc number: what a receiver's feedback is held against."""

    __slots__ = ("_at", "_number", "_size")

    def __init__(self) -> None:
        self._number = array("i", [-1]) * _SENT
        self._at = array("d", [0.0]) * _SENT
        self._size = array("H", [0]) * _SENT

    def note(self, number: int, now: float, size_bytes: int) -> None:
        slot = number & (_SENT - 1)
        self._number[slot] = number
        self._at[slot] = now
        self._size[slot] = size_bytes

    def match(self, feedback: TransportFeedback) -> list[tuple[float, float | None, int]]:
        """The packets of this feedback, each once: sent at, arrived at (on the receiver's clock, None
        for lost), bytes."""
        found: list[tuple[float, float | None, int]] = []
        origin = feedback.reference * _TICKS_PER_REFERENCE
        for index, arrival in enumerate(feedback.arrivals):
            number = feedback.base + index & 0xFFFF
            slot = number & (_SENT - 1)
            if self._number[slot] != number:
                continue
            self._number[slot] = -1
            arrived = (origin + arrival) / _TICKS_PER_SECOND if arrival is not None else None
            found.append((self._at[slot], arrived, self._size[slot]))
        return found


class Arrivals:
    """The worker's own feedback for a publisher that no subscriber reports on.

    Without any, a browser alone in a room sinks to its lowest rate and stays
    there long after somebody joins.
    """

    __slots__ = ("_last", "_log")

    def __init__(self) -> None:
        self._log: list[tuple[int, float]] = []
        self._last: int | None = None

    def note(self, number: int, now: float) -> None:
        self._log.append((number, now))

    def clear(self) -> None:
        self._log.clear()
        self._last = None

    def report(self) -> TransportFeedback | None:
        """What came since the last report; None when nothing did."""
        log, self._log = self._log, []
        if not log:
            return None
        near = log[0][0]
        times: dict[int, float] = {}
        for number, at in log:
            near = nearest(number, near)
            times.setdefault(near, at)
        high = max(times)
        low = max(min(times), high - _WINDOW)
        if self._last is not None:
            gap = ((low - self._last - 1 + 0x8000) & 0xFFFF) - 0x8000
            if 0 < gap < _MAX_GAP:
                low -= gap
        self._last = high & 0xFFFF
        ticks = {n: int(t * _TICKS_PER_SECOND) for n, t in times.items() if n >= low}
        reference = min(ticks.values()) // _TICKS_PER_REFERENCE
        start = reference * _TICKS_PER_REFERENCE
        return TransportFeedback(
            low & 0xFFFF,
            reference & 0xFFFFFF,
            [ticks[n] - start if n in ticks else None for n in range(low, high + 1)],
        )
