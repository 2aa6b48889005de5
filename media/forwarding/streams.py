"""What passes through the hot path and where it goes: streams in, streams out, and the ways that they take.

`Endpoint` is one party's transport as seen from here, `Track` what it sends on one m-line, `Feed`
the copy that one other party gets. Each feed has its own SSRC, sequence, RTX and transport-cc
numbers from its first packet, so that its source may change in mid-call without a break. They keep
numbers and counts; packets are the forwarder's.
"""

import secrets

from media.forwarding.layout import Layout
from media.wire.dtls import Address
from media.wire.rtcp import Arrivals, Departures, LegNumbering, Reception
from media.wire.sdp import CLOCKS, CODEC_BY_PAYLOAD, FACE, OPUS, VP8
from media.wire.srtp import Inbound, Outbound

MAX_SSRCS = 64
MAX_ASKED = 1024
IDLE_S = 2.0
ASK_AGAIN_S = 0.1
RING_BYTES = 512 << 10
"""What is kept of one stream to be sent again: a second and more of what a camera sends."""


def _ssrc() -> int:
    return secrets.randbits(31) | 1


def first_sequence() -> int:
    """Where a stream of ours begins to count: below 2^15, so that a packet reordered before the first one
    cannot wrap the index."""
    return secrets.randbits(14) + 64


class PacketRing:
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
        self.ring: PacketRing | None = None
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
            self.sequence_offset = (first_sequence() - sequence) & 0xFFFF
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
        self.numbering = LegNumbering(secrets.randbits(14))
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
