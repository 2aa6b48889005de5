"""RTP into Matroska (WebM but for H264), without decoding or encoding.

A process of its own, fed by `media.tap` over one stream. It puts packets in
order, joins them to frames, keeps sound and picture in step and writes one file
a recording, in clusters of a second, each flushed: kill -9 costs at most the
last one. On a broken stream it asks for a key frame and leaves the gap open. At
its start it finishes what an earlier process left behind. It knows handles and
m-lines, not what they record.
"""

import fcntl
import hashlib
import io
import json
import logging
import os
import secrets
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, BinaryIO

import av
from av.container import OutputContainer
from av.stream import Stream

from media.control import (
    SEGMENT_SUFFIX,
    Gap,
    RecordedTrack,
    RecordingHalted,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    configure_logging,
    event_to_json,
)
from media.frames import DEPACKETISERS, Depacketiser, Frame
from media.sdp import CLOCKS, OPUS, VIDEO
from media.tap import JSON, PACKET, REPORT, REPORT_BODY, json_record, take_records

log = logging.getLogger(__name__)

LOCK_NAME = "recorder.lock"
SEGMENT_ID = b"\x18\x53\x80\x67"
CLUSTER_MS = 1000
RETRY_S = 10.0
HEADER_WAIT_S = 2.0
REORDER_HOLD_S = 0.4
REORDER_PACKETS = 256
OFF_S = 0.5
OFF_FOR_S = 5.0
LEAP_S = 10.0
SYNC_STEP_S = 0.005
KEY_INTERVAL_S = 1.0
TICK_S = 0.1
WRITTEN_EVERY_S = 1.0
"""How often it is said of which tracks something was written."""
ENDS_EARLY_S = 1.0
"""A track that ends so long before its file has a gap there."""
MAX_GAPS = 1000
MAX_ANCHORS = 1000
TURN_EVERY_S = 1.0
DEFAULT_SIZE = (640, 480)
NTP_EPOCH_S = 2_208_988_800
_ARRIVAL = struct.Struct("!d")
MILLISECOND = Fraction(1, 1000)
PAYLOADS = {OPUS: "opus", **{codec.payload: name.lower() for name, codec in VIDEO.items()}}
REPAIRS = {codec.rtx: name.lower() for name, codec in VIDEO.items()}
"""Payload types of retransmissions (RFC 4588), and what they repeat."""
BARE = {"vp8", "vp9"}
"""What a file may announce before its first key frame is there."""
RAW_FORMATS = {"h264": ("h264", b""), "av1": ("obu", b"\x12\x00")}
"""For a header made of a key frame: FFmpeg's name of the bare stream, and what it begins with."""


def kind_of(mid: str) -> str:
    return "audio" if mid == "0" else "video"


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


class Clock:
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


@dataclass(slots=True)
class Unit:
    """What is muxed: one frame of sound or picture at its UTC time.

    `gap` says why something is missing directly before it, or nothing.
    """

    moment: float
    frame: Frame
    gap: str = ""


@dataclass(slots=True)
class Line:
    """One track of a recording on its way from packets to the file.

    `codec` is that of the packets, `written` that of the file's stream, when it has one.
    """

    mid: str
    kind: str
    clock: Clock
    order: Reorder = field(default_factory=Reorder)
    codec: str = ""
    frames: Depacketiser | None = None
    turned_at: float = float("-inf")
    ssrc: int | None = None
    stream: Stream | None = None
    written: str = ""
    held: list[Unit] = field(default_factory=list)
    packets: int = 0
    first: float | None = None
    last: float = 0.0
    last_ms: int = -1
    muted: bool = False
    wrote: bool = False
    broken: str = ""
    key_asked_at: float = float("-inf")

    def lose(self) -> None:
        """Forget what is unfinished: the next packet begins anew, a picture with a key frame."""
        self.order.restart()
        if self.frames is not None:
            self.frames.lose()

    def turn(self, codec: str) -> None:
        """Go on in another codec."""
        self.codec = codec
        if codec in DEPACKETISERS:
            self.frames = DEPACKETISERS[codec]()
        self.order.restart()

    def reopen(self) -> None:
        """Begin another file."""
        self.stream = self.first = None
        self.written = ""
        self.packets = 0
        self.last, self.last_ms = 0.0, -1
        del self.clock.anchors[:-1]


class Recording:
    """One recording: its lines, and from the first frame on its file.

    `outgrown` once it has something that this file cannot hold (a picture of another codec):
    then it is to be closed and to be gone on with by `next`.
    """

    def __init__(self, folder: Path, room: str, party: str, mids: tuple[str, ...]) -> None:
        self.room = room
        self.party = party
        self.segment = secrets.token_hex(12)
        self.lines = {mid: Line(mid, kind_of(mid), Clock(CLOCKS[kind_of(mid)])) for mid in mids}
        self.gaps: list[Gap] = []
        self.outgrown = False
        self._noted_gaps = 0
        self._folder = folder
        self._container: OutputContainer | None = None
        self._waiting_since: float | None = None
        self.started_at: float | None = None
        self.announced = False

    def packet(self, mid: str, arrival: float, data: bytes) -> None:
        line = self.lines.get(mid)
        if line is None or line.muted or len(data) < 12:
            return
        ssrc, codec, packet = parse_rtp(data, arrival)
        if (codec == "opus") != (line.kind == "audio") or not codec:
            return
        if ssrc and ssrc != line.ssrc:
            if line.ssrc is not None:
                line.clock.restart()
                line.broken = line.broken or "lost"
                line.lose()
            line.ssrc = ssrc
        if packet is None or line.ssrc is None:
            return
        if codec != line.codec:
            # What comes late is of the codec before; and who changes it all the time is not followed.
            if not ssrc or line.order.passed(packet) or arrival - line.turned_at < TURN_EVERY_S:
                return
            if line.codec:
                self._advance(line, float("inf"))
                line.broken = line.broken or "codec"
            line.turn(codec)
            line.turned_at = arrival
        line.order.put(packet)
        self._advance(line, arrival)

    def report(self, mid: str, ntp: int, timestamp: int) -> None:
        line = self.lines.get(mid)
        if line is None:
            return
        line.clock.report(ntp, timestamp)
        sound, picture = self.lines.get("0"), self.lines.get("1")
        if sound is None or picture is None:
            return
        ours, theirs = sound.clock.behind_sender(), picture.clock.behind_sender()
        if ours is not None and theirs is not None:
            apart = ours - theirs
            if SYNC_STEP_S < abs(apart) < OFF_S:
                picture.clock.shift(apart)

    def mute(self, mid: str, on: bool, reason: str) -> None:
        line = self.lines.get(mid)
        if line is None:
            return
        line.muted = on
        if on:
            line.broken = reason
        line.lose()

    def dropped(self, mid: str) -> None:
        """Packets of this track never reached us: do not wait for them."""
        line = self.lines.get(mid)
        if line is not None:
            line.broken = line.broken or "dropped"
            line.lose()

    def stall(self, mid: str) -> None:
        """Packets of this track come in, and nothing was written of them for long."""
        line = self.lines.get(mid)
        if line is not None and not line.muted:
            line.broken = "unwritten"

    def written(self) -> list[str]:
        """The m-lines of which something was written since this was asked last."""
        found = [line.mid for line in self.lines.values() if line.wrote]
        for line in self.lines.values():
            line.wrote = False
        return found

    def tick(self, now: float) -> list[str]:
        """Let what waited too long go on; the m-lines that need a key frame now."""
        wanting = []
        for line in self.lines.values():
            self._advance(line, now)
            if (
                line.frames is not None
                and line.frames.needs_key
                and line.ssrc is not None
                and not line.muted
                and now - line.key_asked_at >= KEY_INTERVAL_S
            ):
                line.key_asked_at = now
                wanting.append(line.mid)
        self._open_when_due(now)
        if self._noted_gaps < len(self.gaps):
            self._note_open()
        return wanting

    def close(self, *, last: bool = True) -> Path | None:
        """End the file; its path, or None when nothing was ever written.

        Unless it is the `last` one of its recording, what still waits is left to the next.
        """
        if last:
            for line in self.lines.values():
                self._advance(line, float("inf"))
            self._open_when_due(float("inf"))
        if self._container is None:
            return None
        if last:
            self._note_ends()
        self._container.close()
        self._container = None
        return self.path

    def _note_ends(self) -> None:
        """Name what is missing of a track that ended before its file."""
        written = [line.last for line in self.lines.values() if line.first is not None]
        for line in self.lines.values() if written else ():
            since = line.last if line.first is not None else self.started_at
            told = line.first is not None or line.broken == "unwritten"
            if since is not None and told and max(written) - since > ENDS_EARLY_S:
                self.gaps.append(Gap(line.mid, since, max(written), line.broken or "lost"))

    def abandon(self) -> None:
        """Let go of a file that cannot be written on; what is on the disk stays."""
        container, self._container = self._container, None
        if container is not None:
            with suppress(OSError, av.FFmpegError):
                container.close()

    def next(self) -> "Recording":
        """A recording of the same lines in another file: what is on its way goes into that one."""
        following = Recording(self._folder, self.room, self.party, tuple(self.lines))
        following.lines = self.lines
        for line in self.lines.values():
            line.reopen()
            if line.held:
                following._waiting_since = float("-inf")
        return following

    @property
    def path(self) -> Path:
        return self._folder / f"{self.segment}{SEGMENT_SUFFIX}"

    def result(self) -> dict[str, Any]:
        """The description of the finished file, but for its digest and size."""
        written = [line for line in self.lines.values() if line.first is not None]
        return {
            "room": self.room,
            "party": self.party,
            "segment": self.segment,
            "started_at": self.started_at,
            "ended_at": max(line.last for line in written),
            "gaps": tuple(self.gaps),
            "tracks": tuple(
                RecordedTrack(
                    line.mid,
                    line.kind,
                    line.written,
                    line.packets,
                    line.first or 0,
                    line.last,
                    tuple(line.clock.anchors),
                )
                for line in written
            ),
            "cut": False,
        }

    def _advance(self, line: Line, now: float) -> None:
        while (taken := line.order.take(now)) is not None:
            packet, broken = taken
            if broken:
                line.broken = line.broken or "lost"
            frame: Frame | None = Frame(packet.payload, True)
            if line.frames is not None:
                frame = line.frames.put(packet.payload, packet.timestamp, packet.marker, broken)
            if frame is not None:
                moment = line.clock.at(packet.timestamp, packet.arrival)
                self._accept(line, Unit(moment, frame), now)

    def _accept(self, line: Line, unit: Unit, now: float) -> None:
        unit.gap, line.broken = line.broken, ""
        if self._container is not None and line.written == line.codec:
            self._write(line, unit)
            return
        line.held.append(unit)
        if self._container is not None:
            self.outgrown = True
            return
        if self._waiting_since is None:
            self._waiting_since = now
        self._open_when_due(now)

    def _open_when_due(self, now: float) -> None:
        """Open the file once the picture's size is known, or after two seconds without one."""
        if self._container is not None or self._waiting_since is None:
            return
        picture = [line for line in self.lines.values() if line.kind == "video"]
        if any(not line.held for line in picture) and now - self._waiting_since < HEADER_WAIT_S:
            return
        coded = {line.codec for line in picture}
        container = av.open(
            str(self.path),
            "w",
            format="matroska" if "h264" in coded else "webm",
            options={
                "cluster_time_limit": str(CLUSTER_MS),
                "flush_packets": "1",
                "max_interleave_delta": "200000",
            },
        )
        for line in self.lines.values():
            self._add_stream(container, line)
        held = sorted(
            ((unit, line) for line in self.lines.values() for unit in line.held if line.stream),
            key=lambda pair: pair[0].moment,
        )
        self.started_at = held[0][0].moment
        self._container = container
        self._note_open()
        for unit, line in held:
            self._write(line, unit)
        for line in self.lines.values():
            line.held.clear()

    def _add_stream(self, container: OutputContainer, line: Line) -> None:
        """Announce the line in the file, unless more would have to be known of it first."""
        codec = line.codec or ("opus" if line.kind == "audio" else "vp8")
        if codec == "opus":
            line.stream = container.add_stream_from_template(_opus_template())
        elif codec in BARE:
            width, height = (line.held[0].frame.size if line.held else None) or DEFAULT_SIZE
            line.stream = container.add_mux_stream(codec, width=width, height=height)
        elif line.held:
            name, before = RAW_FORMATS[codec]
            with av.open(io.BytesIO(before + line.held[0].frame.data), format=name) as raw:
                line.stream = container.add_stream_from_template(raw.streams.video[0], opaque=True)
        if line.stream is not None:
            line.stream.time_base = MILLISECOND
            line.written = codec

    def _note_open(self) -> None:
        """Leave word of the file for the process that comes after a kill -9."""
        note = {
            "room": self.room,
            "party": self.party,
            "tracks": [[x.mid, x.kind, x.written] for x in self.lines.values() if x.written],
            "started_at": self.started_at,
            "gaps": [asdict(gap) for gap in self.gaps],
        }
        self._noted_gaps = len(self.gaps)
        path = open_note(self._folder, self.segment)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(note))
        partial.rename(path)

    def _write(self, line: Line, unit: Unit) -> None:
        if self._container is None or line.stream is None or self.started_at is None:
            return
        since = line.last
        if line.first is None:
            since = self.started_at if unit.gap == "unwritten" else unit.moment
        if unit.gap and len(self.gaps) < MAX_GAPS and unit.moment > since:
            self.gaps.append(Gap(line.mid, since, unit.moment, unit.gap))
        milliseconds = round((unit.moment - self.started_at) * 1000)
        if milliseconds <= line.last_ms:
            # Set back in time: sound would overlap, but the decoder needs each picture.
            if line.kind == "audio":
                return
            milliseconds = line.last_ms + 1
        milliseconds = max(milliseconds, 0)
        packet = av.Packet(unit.frame.data)
        packet.stream = line.stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = milliseconds
        packet.is_keyframe = unit.frame.key
        self._container.mux(packet)
        line.last_ms = milliseconds
        line.packets += 1
        line.wrote = True
        line.last = self.started_at + milliseconds / 1000
        if line.first is None:
            line.first = line.last


def open_note(folder: Path, segment: str) -> Path:
    return folder / f"{segment}.open.json"


def finished_note(folder: Path, segment: str) -> Path:
    return folder / f"{segment}.json"


_templates: list[Any] = []


def _opus_template() -> Any:
    """A stream with a valid OpusHead, made once in memory (48 kHz, stereo)."""
    if not _templates:
        memory = io.BytesIO()
        with av.open(memory, "w", format="webm") as container:
            stream = container.add_stream("libopus", rate=48_000, layout="stereo")
            silence = av.AudioFrame(format="s16", layout="stereo", samples=960)
            silence.sample_rate = 48_000
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(stream.encode(silence))
            container.mux(stream.encode(None))
        memory.seek(0)
        # The container is kept with its stream, which is only valid while it is open.
        source = av.open(memory)
        _templates.extend((source.streams.audio[0], source))
    return _templates[0]


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file, once it is safely on the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()


def finish(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Seal a finished file: digest, size, and the note that makes it known."""
    segment = str(result["segment"])
    sha256, size = digest(folder / f"{segment}{SEGMENT_SUFFIX}")
    event = event_to_json(SegmentFinished(sha256=sha256, size_bytes=size, **result))
    partial = folder / f"{segment}.json.part"
    with partial.open("w") as stream:
        json.dump(event, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(finished_note(folder, segment))
    _forget_note(folder, segment)
    return event


def _forget_note(folder: Path, segment: str) -> None:
    path = open_note(folder, segment)
    path.with_suffix(".part").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _drop(folder: Path, segment: str) -> None:
    """Let nothing be left of a file of which there is no word: none was ever told that it is."""
    with suppress(OSError):
        _forget_note(folder, segment)
        (folder / f"{segment}{SEGMENT_SUFFIX}").unlink(missing_ok=True)


def whole_bytes(stream: BinaryIO, size_bytes: int) -> int:
    """How far a Matroska file consists of whole elements (RFC 8794, 8.1): a cluster that the disk took
    half of is no use to anybody, and decoders complain of it."""
    whole = 0
    while True:
        head = stream.read(12)
        if len(head) < 2:
            return whole
        id_bytes = 9 - head[0].bit_length()
        if id_bytes > 4 or len(head) <= id_bytes:
            return whole
        length_bytes = 9 - head[id_bytes].bit_length()
        at = id_bytes + length_bytes
        if length_bytes > 8 or len(head) < at:
            return whole
        unknown = (1 << 7 * length_bytes) - 1
        length = int.from_bytes(head[id_bytes:at], "big") & unknown
        if head[:id_bytes] == SEGMENT_ID:
            # Its length is known only at the end; what is in it is looked at.
            whole += at
        elif length == unknown or whole + at + length > size_bytes:
            return whole
        else:
            whole += at + length
        stream.seek(whole)


def salvage(folder: Path, segment: str) -> dict[str, Any]:
    """Finish the file of a recorder that was killed, or whose disk refused: cut off what is not whole,
    read it through, take its true length."""
    note = json.loads(open_note(folder, segment).read_text())
    path = folder / f"{segment}{SEGMENT_SUFFIX}"
    spans: dict[int, tuple[int, float, float]] = {}
    try:
        with path.open("r+b") as stream:
            stream.truncate(whole_bytes(stream, path.stat().st_size))
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is None or packet.time_base is None:
                    continue
                at = float(packet.pts * packet.time_base)
                count, first, _ = spans.get(packet.stream_index, (0, at, at))
                spans[packet.stream_index] = (count + 1, first, at)
    except (av.FFmpegError, OSError):
        # A last cluster that was cut short ends the reading; what came before counts.
        pass
    if not spans:
        _forget_note(folder, segment)
        path.unlink(missing_ok=True)
        return event_to_json(SegmentLost(note["room"], note["party"], segment))
    start = float(note["started_at"])
    tracks = tuple(
        RecordedTrack(mid, kind, codec, count, start + first, start + last)
        for index, (count, first, last) in sorted(spans.items())
        for mid, kind, codec in [note["tracks"][index]]
    )
    ended_at = max(track.ended_at for track in tracks)
    return finish(
        folder,
        {
            "room": note["room"],
            "party": note["party"],
            "segment": segment,
            "started_at": start,
            "ended_at": ended_at,
            # A gap that was noted may end behind what is left.
            "gaps": tuple(Gap(**gap) for gap in note["gaps"] if gap["ended_at"] <= ended_at),
            "tracks": tracks,
            "cut": True,
        },
    )


class Desk:
    """The process: reads the line, leads the recordings, tells what is finished."""

    def __init__(self, folder: Path, line: socket.socket, utc_offset: float) -> None:
        self._folder = folder
        self._line = line
        self._utc_offset = utc_offset
        self._recordings: dict[int, Recording] = {}
        self._failed: dict[int, tuple[float, Recording]] = {}
        self._sealed: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._unsealed: SimpleQueue[tuple[float, Callable[[Path, Any], dict[str, Any]], Any]] = (
            SimpleQueue()
        )
        self._sealer = ThreadPoolExecutor(1, "seal")
        self._written_told_at = monotonic()

    def run(self) -> None:
        """Work until the worker closes the line; then finish every file."""
        left = sorted({note.name.partition(".")[0] for note in self._folder.glob("*.open.*")})
        Thread(target=self._salvage_left, args=(left,), name="salvage", daemon=True).start()
        stream = bytearray()
        ticked = monotonic()
        while True:
            readable, _, _ = select.select([self._line], [], [], TICK_S)
            if readable:
                try:
                    chunk = self._line.recv(1 << 18)
                except ConnectionResetError:
                    # a worker that was killed with an answer of ours unread: the end, all the same
                    chunk = b""
                if not chunk:
                    break
                stream += chunk
                for kind, body in take_records(stream):
                    self._take(kind, body)
            if monotonic() - ticked >= TICK_S:
                ticked = monotonic()
                self._tick()
        for handle in list(self._recordings):
            self._close(handle)
        self._sealer.shutdown(wait=True)
        self._tell_sealed()

    def _salvage_left(self, left: list[str]) -> None:
        """Finish what was open before us, once the process that wrote it is gone for certain."""
        lock = os.open(self._folder / LOCK_NAME, os.O_WRONLY | os.O_CREAT, 0o600)
        # Held until this process ends: the next one waits here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for segment in left:
            if open_note(self._folder, segment).exists():
                self._seal_by(salvage, segment)
            elif not finished_note(self._folder, segment).exists():
                _drop(self._folder, segment)
        self._sealed.put({"salvaged": True})

    def _seal_by(self, how: Callable[[Path, Any], dict[str, Any]], what: Any) -> None:
        """Finish a file and queue what there is to tell. While the disk refuses it is tried again; a
        file that cannot be read is left as it is."""
        try:
            self._sealed.put(how(self._folder, what))
        except OSError as error:
            log.error("a recording cannot be finished yet: %s", error)
            self._unsealed.put((monotonic() + RETRY_S, how, what))
        except (ValueError, KeyError, av.FFmpegError) as error:
            log.error("a recording could not be finished: %s", error)

    def _take(self, kind: int, body: bytes) -> None:
        if kind == PACKET:
            handle = int.from_bytes(body[:4], "big")
            recording = self._recordings.get(handle)
            if recording is not None:
                arrival = float(_ARRIVAL.unpack_from(body, 5)[0])
                with self._failing(handle, recording):
                    recording.packet(chr(body[4]), arrival, body[13:])
                    self._announce(recording)
                if recording.outgrown:
                    self._turn(handle, recording)
        elif kind == REPORT:
            handle, mid, _, ntp, timestamp = REPORT_BODY.unpack(body)
            recording = self._recordings.get(handle)
            if recording is not None:
                recording.report(mid.decode(), ntp, timestamp)
        elif kind == JSON:
            self._order(json.loads(body))

    def _order(self, order: dict[str, Any]) -> None:
        match order:
            case {"open": int(handle), "room": room, "party": party, "mids": mids}:
                self._recordings[handle] = Recording(self._folder, room, party, tuple(mids))
            case {"close": int(handle)}:
                self._close(handle)
            case {"mute": int(handle), "mid": mid, "on": on, "reason": reason}:
                if recording := self._recording(handle):
                    recording.mute(mid, on, reason)
            case {"dropped": int(handle), "mid": mid}:
                if recording := self._recording(handle):
                    recording.dropped(mid)
            case {"stalled": int(handle), "mid": mid}:
                if recording := self._recording(handle):
                    recording.stall(mid)
            case _:
                raise ValueError(f"unknown order: {sorted(order)}")

    def _recording(self, handle: int) -> Recording | None:
        """The recording of this handle, also while it waits for its disk."""
        found = self._recordings.get(handle)
        if found is None and handle in self._failed:
            _, found = self._failed[handle]
        return found

    def _tick(self) -> None:
        now = monotonic() + self._utc_offset
        for handle, recording in list(self._recordings.items()):
            with self._failing(handle, recording):
                for mid in recording.tick(now):
                    self._tell({"key": handle, "mid": mid})
                self._announce(recording)
            if recording.outgrown:
                self._turn(handle, recording)
        if monotonic() - self._written_told_at >= WRITTEN_EVERY_S:
            self._written_told_at = monotonic()
            written = [
                (handle, mid)
                for handle, recording in self._recordings.items()
                for mid in recording.written()
            ]
            if written:
                self._tell({"written": written})
        for handle, (again_at, failed) in list(self._failed.items()):
            if now >= again_at:
                del self._failed[handle]
                self._recordings[handle] = failed.next()
        for _ in range(self._unsealed.qsize()):
            due_at, how, what = self._unsealed.get()
            if monotonic() >= due_at:
                self._sealer.submit(self._seal_by, how, what)
            else:
                self._unsealed.put((due_at, how, what))
        self._tell_sealed()

    @contextmanager
    def _failing(self, handle: int, recording: Recording) -> Iterator[None]:
        """A disk that refuses ends the file as far as it went; a new one is begun after a while."""
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            log.error("a recording cannot be written: %s", error)
            self._recordings.pop(handle, None)
            if recording.announced:
                halted = RecordingHalted(recording.room, recording.party, recording.segment)
                self._tell(event_to_json(halted))
            again_at = monotonic() + self._utc_offset + RETRY_S
            self._failed[handle] = (again_at, recording)
            recording.abandon()
            for line in recording.lines.values():
                line.held.clear()
                line.lose()
            if open_note(self._folder, recording.segment).exists():
                self._sealer.submit(self._seal_by, salvage, recording.segment)
            else:
                # Nothing of it was told of yet.
                _drop(self._folder, recording.segment)

    def _announce(self, recording: Recording) -> None:
        """Say that it is being recorded, once there are bytes of it on the disk."""
        if recording.started_at is None or recording.announced:
            return
        if recording.path.stat().st_size:
            recording.announced = True
            started = RecordingStarted(
                recording.room, recording.party, recording.segment, recording.started_at
            )
            self._tell(event_to_json(started))

    def _turn(self, handle: int, recording: Recording) -> None:
        """Go on in a next file, when this one cannot hold what comes."""
        self._close(handle, last=False)
        self._recordings[handle] = recording.next()

    def _close(self, handle: int, *, last: bool = True) -> None:
        self._failed.pop(handle, None)
        recording = self._recordings.pop(handle, None)
        if recording is None:
            return
        with self._failing(handle, recording):
            if recording.close(last=last) is not None:
                self._announce(recording)
                self._sealer.submit(self._seal_by, finish, recording.result())
        self._failed.pop(handle, None)

    def _tell_sealed(self) -> None:
        while not self._sealed.empty():
            self._tell(self._sealed.get())

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._line.sendall(json_record(message))
        except (BrokenPipeError, ConnectionResetError):
            # The worker is gone; the notes on the disk tell the next one.
            pass


def main() -> None:
    """`python -m media.recorder FOLDER DESCRIPTOR UTC_OFFSET`; started by the worker only."""
    configure_logging()
    # It ends when its line ends, so that an interrupt never costs a file.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    folder, descriptor, utc_offset = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with socket.socket(fileno=descriptor) as line:
        Desk(folder, line, utc_offset).run()


if __name__ == "__main__":
    main()
