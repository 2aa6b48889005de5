"""The hot path: an RTP packet in, decrypted, renumbered, encrypted, out. Never decoded.

`Endpoint` is one party's transport as seen from here, `Track` what it sends on
one m-line, `Feed` the copy that one other party gets. Each feed has its own
SSRC, sequence, RTX and transport-cc numbers from its first packet, so that its
source may change in mid-call without a break. Who feeds whom is decided by the
room.
"""

import secrets
from collections.abc import Callable
from itertools import cycle
from struct import Struct
from typing import NamedTuple, Protocol

from media.codec.beginning import BEGINS
from media.wire.batch import BATCH
from media.wire.dtls import Address
from media.wire.rtcp import Arrivals, Departures, Numbering, Reception
from media.wire.sdp import (
    CLOCKS,
    CODEC_BY_PAYLOAD,
    FACE,
    LAYERED,
    MID_EXTENSION,
    OPUS,
    REPAIRED_RID_EXTENSION,
    RID_EXTENSION,
    RTX_PAYLOADS,
    TWCC_EXTENSION,
    VIDEO,
    VP8,
)
from media.wire.srtp import Buffer, Inbound, Outbound


class Tap(Protocol):
    """Takes a copy of each packet of a recorded track; it never waits."""

    def packet(self, track: "Track", packet: memoryview, now: float) -> None: ...


# Flags, marker and payload type, sequence, timestamp, SSRC; and what of these is renumbered.
_HEAD = Struct("!BBHII")
_NUMBERS = Struct("!HII")

KEY_AGAIN_S = 0.3
"""A sender is asked for a key frame at most so often; Chromium heeds no more."""
MAX_SSRCS = 64
MAX_ASKED = 1024
MAX_DROPOUT = 3000
"""A stream whose numbers jump further has begun anew (RFC 3550, appendix A.1)."""
MAX_LACKED = 17
"""So many packets in a row are asked for again; more are a stream that broke off."""
IDLE_S = 2.0
ASK_AGAIN_S = 0.1
RING_BYTES = 512 << 10
"""What is kept of one stream to be sent again: a second and more of what a camera sends."""


def _ssrc() -> int:
    return secrets.randbits(31) | 1


def _first_sequence() -> int:
    # Below 2^15, so that a packet reordered before the first one cannot wrap the index.
    return secrets.randbits(14) + 64


class Ring:
    """The last packets of one stream as they came in, to be sent again; bounded in bytes."""

    __slots__ = ("_bytes", "_kept")

    def __init__(self) -> None:
        self._kept: dict[int, tuple[bytes, int, int, int]] = {}
        self._bytes = 0

    def keep(self, sequence: int, packet: bytes, head: int, mid_at: int, twcc_at: int) -> None:
        """A packet, where its payload begins, and where its two extensions are (0: nowhere)."""
        kept = self._kept
        before = kept.pop(sequence, None)
        if before is not None:
            self._bytes -= len(before[0])
        kept[sequence] = (packet, head, mid_at, twcc_at)
        self._bytes += len(packet)
        while self._bytes > RING_BYTES:
            self._bytes -= len(kept.pop(next(iter(kept)))[0])

    def find(self, sequence: int) -> tuple[bytes, int, int, int] | None:
        return self._kept.get(sequence)


class Layout(NamedTuple):
    """Where the extensions of one stream's packets are.

    It changes seldom in a stream, and is proved for a packet by one comparison: of all between
    `first` and `head` that `mask` does not leave out as a value.
    """

    flags: int
    first: int
    mask: int
    marks: int
    head: int
    mid_at: int
    twcc_at: int

    def fits(self, data: bytearray, length: int) -> bool:
        flags, first, mask, marks, head, _, _ = self
        return (
            data[0] & 31 == flags
            and head <= length
            and int.from_bytes(data[first:head], "big") & mask == marks
        )


def read_layout(data: bytearray, length: int) -> tuple[Layout, bytes] | None:
    """Walk a packet's header extensions (RFC 8285, one byte); None when they are cut short.

    With the name of a layer, if there is one. Who gets the packet knows nothing of layers:
    padding takes its place.
    """
    flags = data[0] & 31
    first = 12 + 4 * (flags & 15)
    if not flags & 16:
        return (Layout(flags, first, 0, 0, first, 0, 0), b"") if first <= length else None
    head = first + 4 + 4 * (data[first + 2] << 8 | data[first + 3])
    if head > length:
        return None
    mid_at = twcc_at = 0
    rid = b""
    mask = bytearray(b"\xff") * (head - first)
    if data[first] == 0xBE and data[first + 1] == 0xDE:
        at = first + 4
        while at < head:
            mark = data[at]
            after = at + (mark & 15) + 2
            if mark == 0:
                at += 1
                continue
            if after > head:
                break
            number = mark >> 4
            if number == TWCC_EXTENSION and after == at + 3:
                twcc_at = at + 1
            elif number == MID_EXTENSION:
                mid_at = at + 1
            elif RID_EXTENSION <= number <= REPAIRED_RID_EXTENSION:
                rid = bytes(data[at + 1 : at + 2])
                data[at:after] = bytes(after - at)
            mask[at + 1 - first : after - first] = bytes(after - at - 1)
            at = after
    values = int.from_bytes(mask, "big")
    marks = int.from_bytes(data[first:head], "big") & values
    return Layout(flags, first, values, marks, head, mid_at, twcc_at), rid


class Track:
    """What one party sends on one m-line, or one layer of it (`rid`).

    `ring` while it may have to be sent again from here; `lost` the packets that did not come, or
    not yet, whether repaired afterwards or not.
    """

    __slots__ = (
        "active_at",
        "asked_at",
        "bytes",
        "codec",
        "endpoint",
        "feeds",
        "highest",
        "key_asked_at",
        "kind",
        "lost",
        "measured_bytes",
        "mid",
        "muted",
        "packets",
        "payload",
        "rate_bps",
        "repaired",
        "report",
        "rid",
        "ring",
        "rtx_ssrc",
        "segment",
        "ssrc",
    )

    def __init__(self, endpoint: "Endpoint", mid: str, kind: str, rid: str = "") -> None:
        self.endpoint = endpoint
        self.mid = mid
        self.kind = kind
        self.payload = OPUS if kind == "audio" else VP8
        self.codec = "opus" if kind == "audio" else "VP8"
        self.rid = rid
        self.ring: Ring | None = None
        self.report = Reception()
        self.repaired = 0
        self.rate_bps = 0.0
        self.measured_bytes = 0
        self.asked_at: dict[int, float] = {}
        self.active_at = float("-inf")
        self.ssrc: int | None = None
        self.rtx_ssrc: int | None = None
        self.muted = False
        self.segment = 0
        self.feeds: list[Feed] = []
        self.packets = 0
        self.bytes = 0
        self.lost = 0
        self.highest = -1
        self.key_asked_at = float("-inf")

    def asks(self, number: int, now: float) -> bool:
        """Whether to ask the sender for this packet: not when that was done just now."""
        asked = self.asked_at
        if now - asked.get(number, float("-inf")) < ASK_AGAIN_S:
            return False
        asked.pop(number, None)
        asked[number] = now
        if len(asked) > MAX_ASKED:
            del asked[next(iter(asked))]
        return True

    def measure(self, passed_s: float, now: float) -> None:
        """Note what has come in since the last time, `passed_s` ago."""
        fresh = self.bytes - self.measured_bytes
        self.measured_bytes = self.bytes
        rate = 8 * fresh / passed_s
        if fresh:
            self.active_at = now
            self.rate_bps = rate if not self.rate_bps else 0.7 * self.rate_bps + 0.3 * rate
        elif now - self.active_at > IDLE_S:
            self.rate_bps = 0.0

    def change_codec(self, payload: int) -> bool:
        """Let the track be of the codec with this payload type from now on; False if there is none.

        Whoever gets it waits for a key frame.
        """
        codec = CODEC_BY_PAYLOAD.get(payload)
        if self.kind != "video" or codec is None:
            return False
        self.payload = payload
        self.codec = codec
        for feed in self.feeds:
            feed.hold()
        return True


class Feed:
    """One outgoing stream: a track of another party on an m-line of this one.

    `base` is what it may bring; `source` the stream that it brings now, that one or a layer of
    it, or None; `pending` the layer that it turns to with the next key frame of it.
    `sequence_offset` and `timestamp_offset` turn the source's numbers into ours;
    `waiting` holds until a stream (video: a key frame) begins; `asked` are the source's
    numbers that this receiver has asked for again, oldest first.
    """

    __slots__ = (
        "asked",
        "base",
        "began_at",
        "clock",
        "endpoint",
        "kind",
        "last_at",
        "last_sequence",
        "last_timestamp",
        "mid",
        "mid_bytes",
        "packets",
        "pending",
        "retransmitted",
        "rtx_last",
        "rtx_offset",
        "rtx_source_ssrc",
        "rtx_ssrc",
        "sequence_offset",
        "source",
        "source_ssrc",
        "ssrc",
        "timestamp_offset",
        "waiting",
        "wanted",
    )

    def __init__(self, endpoint: "Endpoint", mid: str, kind: str) -> None:
        self.endpoint = endpoint
        self.mid = mid
        self.mid_bytes = mid.encode()
        self.kind = kind
        self.clock = CLOCKS[kind]
        self.ssrc = _ssrc()
        self.rtx_ssrc = _ssrc()
        self.base: Track | None = None
        self.source: Track | None = None
        self.pending: Track | None = None
        self.source_ssrc: int | None = None
        self.waiting = True
        self.wanted = True
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.began_at = -1
        self.last_sequence = -1
        self.last_timestamp = 0
        self.last_at = 0.0
        self.rtx_source_ssrc: int | None = None
        self.rtx_offset = 0
        self.rtx_last = -1
        self.packets = 0
        self.retransmitted = 0
        self.asked: dict[int, None] = {}

    @property
    def is_face(self) -> bool:
        return self.base is not None and self.base.mid == FACE

    def ask(self, number: int) -> None:
        """Note that the receiver lacks the packet that the source numbered so."""
        self.asked[number] = None
        if len(self.asked) > MAX_ASKED:
            del self.asked[next(iter(self.asked))]

    def hold(self) -> None:
        """Wait for the next beginning; what is sent then continues our numbers."""
        self.waiting = True

    def begin(self, ssrc: int, sequence: int, timestamp: int, now: float) -> None:
        """Take up a stream at this packet, directly behind the last one sent."""
        if self.last_sequence < 0:
            self.sequence_offset = (_first_sequence() - sequence) & 0xFFFF
        else:
            self.sequence_offset = (self.last_sequence + 1 - sequence) & 0xFFFF
            if ssrc != self.source_ssrc:
                passed = max(1, int((now - self.last_at) * self.clock))
                self.timestamp_offset = (self.last_timestamp + passed - timestamp) & 0xFFFFFFFF
        self.source_ssrc = ssrc
        self.began_at = (sequence + self.sequence_offset) & 0xFFFF
        self.waiting = False

    def turn_to(self, track: Track) -> None:
        """Take this layer, which was pending, from its packet that comes now on."""
        if self.source is not None:
            self.source.feeds.remove(self)
        self.source = track
        self.pending = None
        self.asked.clear()

    def take(self, track: Track | None) -> None:
        """Bring this stream and no other, from its next beginning on; None: nothing."""
        self.wait_for(None)
        if self.source is track:
            return
        if self.source is not None:
            self.source.feeds.remove(self)
        self.source = track
        self.asked.clear()
        self.hold()
        if track is not None:
            track.feeds.append(self)

    def wait_for(self, track: Track | None) -> None:
        """Turn to this layer as soon as it begins; go on with the present one until then."""
        if self.pending is track:
            return
        if self.pending is not None:
            self.pending.feeds.remove(self)
        self.pending = track
        if track is not None:
            track.feeds.append(self)

    def original(self, number: int) -> int | None:
        """The source's number of the packet that we numbered so; None for another source's."""
        if self.began_at < 0 or (number - self.began_at) & 0xFFFF >= 0x8000:
            return None
        return (number - self.sequence_offset) & 0xFFFF


class Endpoint:
    """One party's transport: its keys, where it is reached, what it sends and gets.

    `sent` and `received` are its m-lines, each a mid and a kind. `ready` once the keys
    stand and the fingerprint is the answered one. `codecs` are those of pictures that it can
    decode; others are not sent to it. `reports` says whether its feedback is
    that of a browser with transport-cc; `end_to_end` whether its one receiver's feedback
    and repairs concern it alone, or end at the worker because there are two.
    """

    def __init__(
        self, sent: tuple[tuple[str, str], ...], received: tuple[tuple[str, str], ...]
    ) -> None:
        self.ready = False
        self.inbound: Inbound | None = None
        self.outbound: Outbound | None = None
        self.destination: Address | None = None
        self.tracks = {mid: Track(self, mid, kind) for mid, kind in sent}
        self.feeds: dict[str, Feed] = {}
        self.layers: dict[str, Track] = {}
        self.departures: Departures | None = None
        self.by_ssrc: dict[int, Track] = {}
        self.layouts: dict[int, Layout] = {}
        self.by_feed_ssrc: dict[int, Feed] = {}
        self.receive(received)
        self.numbering = Numbering(secrets.randbits(14))
        self.reports = False
        self.codecs: frozenset[str] = frozenset()
        self.end_to_end = True
        self.self_reporting = True
        self.arrivals = Arrivals()
        self.relayed_at = float("-inf")
        self.feedback_count = 0
        self.packets_in = 0
        self.packets_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.refused = 0
        self.heard_at = 0.0
        # Of repairs and key frames: what it asked for, and what was asked of it.
        self.nacks_in = 0
        self.nacks_out = 0
        self.plis_in = 0
        self.plis_out = 0

    def receive(self, lines: tuple[tuple[str, str], ...]) -> None:
        """Let the party get streams on these m-lines too."""
        for mid, kind in lines:
            feed = self.feeds[mid] = Feed(self, mid, kind)
            self.by_feed_ssrc[feed.ssrc] = self.by_feed_ssrc[feed.rtx_ssrc] = feed

    def dissolve(self) -> None:
        """Let go of all that refers back to it: what a party held is free at once, and not when
        the collector finds the circle."""
        for circle in (self.tracks, self.layers, self.feeds, self.by_ssrc, self.by_feed_ssrc):
            circle.clear()

    def claim(self, ssrc: int, track: Track) -> bool:
        """Let packets with this SSRC be of that track; False beyond what one party may have."""
        if ssrc not in self.by_ssrc and len(self.by_ssrc) >= MAX_SSRCS:
            return False
        self.by_ssrc[ssrc] = track
        return True


class Forwarder:
    """Forwards RTP for all rooms of one worker.

    A packet for one receiver is rewritten where it lies; of several, each but the last gets a
    copy. `send(buffer, length, address)` may put off the sending of up to `BATCH` packets.
    `want_key(track, now)` is called, at most every 0.3 s and track, while a feed
    waits for a key frame; `want_again(track, first, count, now)` when packets of a recorded
    picture did not come that no receiver could ask for.
    """

    def __init__(
        self,
        send: Callable[[Buffer, int, Address], None],
        tap: Tap,
        want_key: Callable[[Track, float], None],
        want_again: Callable[[Track, int, int, float], None],
    ) -> None:
        self._send = send
        # One more than wait to be sent at most, so that none is taken again before it is gone.
        self._spare = cycle([Buffer() for _ in range(BATCH + 1)])
        self._tap = tap
        self._want_key = want_key
        self._want_again = want_again

    def rtp(self, endpoint: Endpoint, buffer: Buffer, length: int, now: float) -> None:
        """Take the encrypted packet of `length` bytes that lies in the buffer."""
        inbound = endpoint.inbound
        if inbound is None or not endpoint.ready:
            endpoint.refused += 1
            return
        length = inbound.rtp(buffer, length)
        data = buffer.data
        if length < 12:
            endpoint.refused += 1
            return
        endpoint.packets_in += 1
        endpoint.bytes_in += length
        endpoint.heard_at = now
        _, payload, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
        payload &= 127
        track = endpoint.by_ssrc.get(ssrc)
        layout = endpoint.layouts.get(ssrc)
        if layout is None or not layout.fits(data, length):
            read = read_layout(data, length)
            if read is None:
                endpoint.refused += 1
                return
            layout, rid = read
            if track is None and layout.mid_at:
                mid = data[layout.mid_at : layout.mid_at + 1]
                track = self._bind(endpoint, ssrc, payload, mid, rid)
            if track is not None and not rid:
                endpoint.layouts[ssrc] = layout
        if track is None:
            endpoint.refused += 1
            return
        head, mid_at, twcc_at = layout.head, layout.mid_at, layout.twcc_at
        retransmission = payload in RTX_PAYLOADS
        if payload != track.payload and not (
            track.kind == "video" if retransmission else track.change_codec(payload)
        ):
            endpoint.refused += 1
            return
        if not retransmission:
            if track.ssrc != ssrc:
                track.ssrc = ssrc
                track.highest = -1
            if track.highest < 0:
                track.highest = sequence
            else:
                ahead = (sequence - track.highest) & 0xFFFF
                if ahead != 1:
                    track.lost = _lost(track.lost, ahead)
                if ahead < 0x8000:
                    if 1 < ahead <= MAX_LACKED + 1 and (
                        track.ring is not None or (track.segment and not _heard(track))
                    ):
                        self._want_again(track, track.highest + 1, ahead - 1, now)
                    track.highest += ahead
        else:
            track.repaired += 1
        track.packets += 1
        track.bytes += length
        incoming = data[twcc_at] << 8 | data[twcc_at + 1] if twcc_at else -1
        if incoming >= 0 and endpoint.self_reporting:
            endpoint.arrivals.note(incoming, now)
        if track.segment and not track.muted:
            self._tap.packet(track, buffer.view[:length], now)
        if track.ring is not None:
            if not retransmission:
                track.ring.keep(sequence, bytes(buffer.view[:length]), head, mid_at, twcc_at)
            elif length - head > 2 and track.ssrc is not None and not data[0] & 32:
                original = data[head] << 8 | data[head + 1]
                packet = bytearray(data[:head]) + data[head + 2 : length]
                packet[1] = data[1] & 128 | VIDEO[track.codec].payload
                packet[2:4] = data[head : head + 2]
                packet[8:12] = track.ssrc.to_bytes(4, "big")
                track.ring.keep(original, bytes(packet), head, mid_at, twcc_at)
        last = track.feeds[-1] if track.feeds else None
        for feed in track.feeds:
            out = buffer if feed is last else next(self._spare)
            sent = not track.muted and self._copy(
                feed,
                track,
                buffer,
                out,
                retransmission,
                sequence,
                timestamp,
                ssrc,
                length,
                head,
                mid_at,
                twcc_at,
                incoming,
                now,
            )
            if not sent and incoming >= 0:
                feed.endpoint.numbering.keep(incoming)

    def _copy(
        self,
        feed: Feed,
        track: Track,
        buffer: Buffer,
        out: Buffer,
        retransmission: bool,
        sequence: int,
        timestamp: int,
        ssrc: int,
        length: int,
        head: int,
        mid_at: int,
        twcc_at: int,
        incoming: int,
        now: float,
    ) -> bool:
        """Send one feed's copy of the packet, made in `out`; False when it goes no further."""
        to = feed.endpoint
        outbound = to.outbound
        destination = to.destination
        if not to.ready or outbound is None or destination is None or not feed.wanted:
            return False
        source = buffer.data
        other = track is not feed.source
        if feed.waiting or other or (feed.source_ssrc != ssrc and not retransmission):
            if track.kind == "video" and track.codec not in to.codecs:
                return False
            if retransmission or not _begins(track, source, head, length):
                feed.waiting = feed.waiting or not other
                if now - track.key_asked_at >= KEY_AGAIN_S:
                    self._want_key(track, now)
                return False
            if other:
                feed.turn_to(track)
            feed.begin(ssrc, sequence, timestamp, now)
        repairs = retransmission and _repairs(source, head, length)
        if retransmission and not track.endpoint.end_to_end:
            original = source[head] << 8 | source[head + 1] if repairs else -1
            if original not in feed.asked:
                return False
            del feed.asked[original]
        data = out.data
        if out is not buffer:
            data[:length] = buffer.view[:length]
        moved = (timestamp + feed.timestamp_offset) & 0xFFFFFFFF
        if retransmission:
            if feed.rtx_source_ssrc != ssrc:
                first = _first_sequence() if feed.rtx_last < 0 else feed.rtx_last + 1
                feed.rtx_offset = (first - sequence) & 0xFFFF
                feed.rtx_source_ssrc = ssrc
            number = (sequence + feed.rtx_offset) & 0xFFFF
            feed.rtx_last = number
            feed.retransmitted += 1
            own = feed.rtx_ssrc
            if repairs:
                original = ((source[head] << 8 | source[head + 1]) + feed.sequence_offset) & 0xFFFF
                data[head] = original >> 8
                data[head + 1] = original & 255
        else:
            number = (sequence + feed.sequence_offset) & 0xFFFF
            own = feed.ssrc
            if (number - feed.last_sequence) & 0xFFFF < 0x8000 or feed.last_sequence < 0:
                feed.last_sequence = number
                feed.last_timestamp = moved
                feed.last_at = now
        _NUMBERS.pack_into(data, 2, number, moved, own)
        if mid_at and feed.mid != track.mid:
            data[mid_at : mid_at + 1] = feed.mid_bytes
        if twcc_at:
            number = to.numbering.assign(incoming)
            data[twcc_at] = number >> 8
            data[twcc_at + 1] = number & 255
            if to.departures is not None:
                to.departures.note(number, now, length)
        length = outbound.rtp(out, length)
        if not length:
            to.refused += 1
            return False
        self._send(out, length, destination)
        feed.packets += 1
        to.packets_out += 1
        to.bytes_out += length
        if incoming >= 0 and to.reports and track.endpoint.end_to_end:
            track.endpoint.relayed_at = now
        return True

    def send_again(self, feed: Feed, number: int, now: float) -> bool:
        """Send the packet that this feed numbered so once more, as RTX (RFC 4588), from the ring.

        False when it is not kept here.
        """
        track, to = feed.source, feed.endpoint
        original = feed.original(number)
        if track is None or track.ring is None or original is None or track.muted or feed.waiting:
            return False
        kept = track.ring.find(original)
        if kept is None or to.outbound is None or to.destination is None or not to.ready:
            return False
        packet, head, mid_at, twcc_at = kept
        out = next(self._spare)
        data = out.data
        length = len(packet) + 2
        data[:head] = packet[:head]
        data[head] = number >> 8
        data[head + 1] = number & 255
        data[head + 2 : length] = packet[head:]
        data[1] = packet[1] & 128 | VIDEO[track.codec].rtx
        feed.rtx_last = _first_sequence() if feed.rtx_last < 0 else (feed.rtx_last + 1) & 0xFFFF
        # A repair that the sender itself sends goes on behind this one.
        feed.rtx_source_ssrc = None
        data[2:4] = feed.rtx_last.to_bytes(2, "big")
        timestamp = int.from_bytes(packet[4:8], "big") + feed.timestamp_offset
        data[4:8] = (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        data[8:12] = feed.rtx_ssrc.to_bytes(4, "big")
        if mid_at:
            data[mid_at : mid_at + 1] = feed.mid_bytes
        if twcc_at:
            assigned = to.numbering.assign(-1)
            data[twcc_at : twcc_at + 2] = assigned.to_bytes(2, "big")
            if to.departures is not None:
                to.departures.note(assigned, now, length)
        length = to.outbound.rtp(out, length)
        if not length:
            to.refused += 1
            return False
        self._send(out, length, to.destination)
        feed.packets += 1
        feed.retransmitted += 1
        to.packets_out += 1
        to.bytes_out += length
        return True

    def _bind(
        self, endpoint: Endpoint, ssrc: int, payload: int, mid: bytes | bytearray, rid: bytes
    ) -> Track | None:
        """An unknown SSRC named its m-line, and its layer where it has some: remember it."""
        name = mid.decode("ascii", "replace")
        if name == LAYERED:
            track = endpoint.layers.get(rid.decode("ascii", "replace"))
        else:
            track = endpoint.tracks.get(name)
        if track is None or not endpoint.claim(ssrc, track):
            return None
        if payload in RTX_PAYLOADS:
            track.rtx_ssrc = ssrc
        return track


def _lost(before: int, ahead: int) -> int:
    """How many packets of a stream did not come, when the next one is so far ahead of the highest."""
    if ahead >= 0x8000:
        # It was late: what an earlier jump has counted.
        return max(before - 1, 0)
    return before + ahead - 1 if 1 < ahead <= MAX_DROPOUT else before


def _heard(track: Track) -> bool:
    """Whether somebody receives this track, and will ask for what he lacks himself."""
    return any(feed.endpoint.ready and feed.wanted for feed in track.feeds)


def _repairs(data: bytearray, head: int, length: int) -> bool:
    """Whether an RTX packet repeats another one, whose number then stands first in it; what is
    all padding is a probe."""
    return length - head >= 2 and not (data[0] & 32 and data[length - 1] >= length - head)


def _begins(track: Track, data: bytearray, head: int, length: int) -> bool:
    """Whether a stream may begin here: any sound packet, or the first of a key frame."""
    return track.kind == "audio" or BEGINS[track.codec](data, head, length)


__all__ = ["Endpoint", "Feed", "Forwarder", "Layout", "Ring", "Tap", "Track", "read_layout"]
