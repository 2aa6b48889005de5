"""RTP into WebM (the VP8 and Opus profile of Matroska), without decoding or encoding.

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
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Stream

from media.control import (
    Gap,
    RecordedTrack,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    configure_logging,
    event_to_json,
)
from media.forward import vp8_payload_at
from media.sdp import CLOCKS, RTX
from media.tap import JSON, PACKET, REPORT, REPORT_BODY, json_record, take_records

log = logging.getLogger(__name__)

LOCK_NAME = "recorder.lock"
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
MAX_GAPS = 1000
MAX_FRAME_BYTES = 4 << 20
DEFAULT_SIZE = (640, 480)
NTP_EPOCH_S = 2_208_988_800
_ARRIVAL = struct.Struct("!d")
MILLISECOND = Fraction(1, 1000)
CODECS = {"audio": "opus", "video": "vp8"}


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


def parse_rtp(data: bytes, arrival: float) -> tuple[int, Packet | None]:
    """The SSRC and the packet, with RTX undone (SSRC 0 then); no packet for a padding probe."""
    head = 12 + 4 * (data[0] & 15)
    if data[0] & 16 and len(data) >= head + 4:
        head += 4 + 4 * int.from_bytes(data[head + 2 : head + 4], "big")
    end = len(data) - (data[-1] if data[0] & 32 else 0)
    sequence = int.from_bytes(data[2:4], "big")
    ssrc = int.from_bytes(data[8:12], "big")
    if data[1] & 127 == RTX:
        sequence = int.from_bytes(data[head : head + 2], "big")
        head += 2
        ssrc = 0
    if head >= end:
        return ssrc, None
    timestamp = int.from_bytes(data[4:8], "big")
    return ssrc, Packet(sequence, timestamp, bool(data[1] & 128), arrival, data[head:end])


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
        behind = (packet.sequence - self._next) & 0xFFFF
        if behind < 0x8000:
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

    def at(self, timestamp: int, arrival: float) -> float:
        if self._last is None:
            self._last = self._base = timestamp
            self._anchor = arrival
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

    def _unwrap(self, timestamp: int) -> int:
        if self._last is None:
            return timestamp
        delta = (timestamp - self._last + 0x80000000) & 0xFFFFFFFF
        unwrapped = self._last + delta - 0x80000000
        self._last = max(self._last, unwrapped)
        return unwrapped


class Assembler:
    """VP8 packets into frames (RFC 7741). After a loss nothing comes before a key frame."""

    def __init__(self) -> None:
        self.needs_key = True
        self._frame = bytearray()
        self._timestamp: int | None = None

    def put(self, packet: Packet, broken: bool) -> tuple[bytes, bool] | None:
        """A whole frame and whether it is a key frame, when this packet completes one."""
        if broken:
            self.lose()
        at = vp8_payload_at(packet.payload, 0, len(packet.payload))
        if not at:
            return None
        begins = packet.payload[0] & 0x17 == 0x10
        if begins:
            if self._frame:
                # The frame before never got its last packet.
                self.lose()
            key = not packet.payload[at] & 1
            if self.needs_key and not key:
                return None
            self._timestamp = packet.timestamp
        elif self._timestamp != packet.timestamp:
            if not self.needs_key:
                self.lose()
            return None
        self._frame += packet.payload[at:]
        if len(self._frame) > MAX_FRAME_BYTES:
            # A page that never ends a frame must not fill the memory of the process that records all.
            self.lose()
            return None
        if not packet.marker:
            return None
        frame = bytes(self._frame)
        self._frame.clear()
        self._timestamp = None
        key = not frame[0] & 1
        self.needs_key = self.needs_key and not key
        return frame, key

    def lose(self) -> None:
        self.needs_key = True
        self._frame.clear()
        self._timestamp = None


def key_frame_size(frame: bytes) -> tuple[int, int]:
    """Width and height in a VP8 key frame's header (RFC 6386, 9.1)."""
    if len(frame) < 10 or frame[3:6] != b"\x9d\x01\x2a":
        return DEFAULT_SIZE
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else DEFAULT_SIZE


@dataclass(slots=True)
class Unit:
    """What is muxed: one frame of sound or picture at its UTC time.

    `gap` says why something is missing directly before it, or nothing.
    """

    moment: float
    data: bytes
    key: bool
    gap: str = ""


@dataclass(slots=True)
class Line:
    """One track of a recording on its way from packets to the file."""

    mid: str
    kind: str
    clock: Clock
    order: Reorder = field(default_factory=Reorder)
    assembler: Assembler | None = None
    ssrc: int | None = None
    stream: Stream | None = None
    held: list[Unit] = field(default_factory=list)
    packets: int = 0
    first: float | None = None
    last: float = 0.0
    last_ms: int = -1
    muted: bool = False
    broken: str = ""
    key_asked_at: float = float("-inf")


class Recording:
    """One recording: its lines, and from the first frame on its file."""

    def __init__(self, folder: Path, room: str, party: str, mids: tuple[str, ...]) -> None:
        self.room = room
        self.party = party
        self.segment = secrets.token_hex(12)
        self.lines: dict[str, Line] = {}
        for mid in mids:
            kind = kind_of(mid)
            line = Line(mid, kind, Clock(CLOCKS[kind]))
            if kind == "video":
                line.assembler = Assembler()
            self.lines[mid] = line
        self.gaps: list[Gap] = []
        self._folder = folder
        self._container: OutputContainer | None = None
        self._waiting_since: float | None = None
        self._size = DEFAULT_SIZE
        self.started_at: float | None = None
        self.announced = False

    def packet(self, mid: str, arrival: float, data: bytes) -> None:
        line = self.lines.get(mid)
        if line is None or line.muted or len(data) < 12:
            return
        ssrc, packet = parse_rtp(data, arrival)
        if ssrc and ssrc != line.ssrc:
            if line.ssrc is not None:
                line.order.restart()
                line.clock.restart()
                line.broken = line.broken or "lost"
                if line.assembler is not None:
                    line.assembler.lose()
            line.ssrc = ssrc
        if packet is None or line.ssrc is None:
            return
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

    def mute(self, mid: str, on: bool) -> None:
        line = self.lines.get(mid)
        if line is None:
            return
        line.muted = on
        line.broken = "muted"
        line.order.restart()
        if line.assembler is not None:
            line.assembler.lose()

    def dropped(self, mid: str) -> None:
        """Packets of this track never reached us: do not wait for them."""
        line = self.lines.get(mid)
        if line is not None:
            line.broken = line.broken or "dropped"
            line.order.restart()
            if line.assembler is not None:
                line.assembler.lose()

    def tick(self, now: float) -> list[str]:
        """Let what waited too long go on; the m-lines that need a key frame now."""
        wanting = []
        for line in self.lines.values():
            self._advance(line, now)
            needs = line.assembler is not None and line.assembler.needs_key
            if (
                needs
                and line.ssrc is not None
                and not line.muted
                and now - line.key_asked_at >= KEY_INTERVAL_S
            ):
                line.key_asked_at = now
                wanting.append(line.mid)
        self._open_when_due(now)
        return wanting

    def close(self) -> Path | None:
        """End the file; its path, or None when nothing was ever written."""
        for line in self.lines.values():
            self._advance(line, float("inf"))
        self._open_when_due(float("inf"))
        if self._container is None:
            return None
        self._container.close()
        self._container = None
        return self.path

    def abandon(self) -> None:
        """Let go of a file that cannot be written on; what is on the disk stays."""
        container, self._container = self._container, None
        if container is not None:
            with suppress(OSError, av.FFmpegError):
                container.close()

    def next(self) -> "Recording":
        """A recording of the same m-lines, beginning anew."""
        following = Recording(self._folder, self.room, self.party, tuple(self.lines))
        for mid, line in self.lines.items():
            following.lines[mid].muted = line.muted
        return following

    @property
    def path(self) -> Path:
        return self._folder / f"{self.segment}.webm"

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
                    line.mid, line.kind, CODECS[line.kind], line.packets, line.first or 0, line.last
                )
                for line in written
            ),
        }

    def _advance(self, line: Line, now: float) -> None:
        while (taken := line.order.take(now)) is not None:
            packet, broken = taken
            if broken:
                line.broken = line.broken or "lost"
            if line.assembler is None:
                unit = Unit(line.clock.at(packet.timestamp, packet.arrival), packet.payload, True)
            else:
                whole = line.assembler.put(packet, broken)
                if whole is None:
                    continue
                data, key = whole
                if key:
                    self._size = key_frame_size(data)
                unit = Unit(line.clock.at(packet.timestamp, packet.arrival), data, key)
            self._accept(line, unit, now)

    def _accept(self, line: Line, unit: Unit, now: float) -> None:
        unit.gap, line.broken = line.broken, ""
        if self._container is not None:
            self._write(line, unit)
            return
        line.held.append(unit)
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
        container = av.open(
            str(self.path),
            "w",
            format="webm",
            options={
                "cluster_time_limit": str(CLUSTER_MS),
                "flush_packets": "1",
                "max_interleave_delta": "200000",
            },
        )
        for line in self.lines.values():
            if line.kind == "video":
                width, height = self._size
                line.stream = container.add_mux_stream("vp8", width=width, height=height)
            else:
                line.stream = container.add_stream_from_template(_opus_template())
            line.stream.time_base = MILLISECOND
        held = sorted(
            ((unit, line) for line in self.lines.values() for unit in line.held),
            key=lambda pair: pair[0].moment,
        )
        self.started_at = held[0][0].moment
        self._container = container
        self._note_open()
        for unit, line in held:
            self._write(line, unit)
        for line in self.lines.values():
            line.held.clear()

    def _note_open(self) -> None:
        """Leave word of the file for the process that comes after a kill -9."""
        note = {
            "room": self.room,
            "party": self.party,
            "mids": list(self.lines),
            "started_at": self.started_at,
        }
        open_note(self._folder, self.segment).write_text(json.dumps(note))

    def _write(self, line: Line, unit: Unit) -> None:
        if self._container is None or line.stream is None or self.started_at is None:
            return
        if (
            unit.gap
            and line.first is not None
            and len(self.gaps) < MAX_GAPS
            and unit.moment > line.last
        ):
            self.gaps.append(Gap(line.mid, line.last, unit.moment, unit.gap))
        milliseconds = round((unit.moment - self.started_at) * 1000)
        if milliseconds <= line.last_ms:
            # Set back in time: sound would overlap, but the decoder needs each picture.
            if line.kind == "audio":
                return
            milliseconds = line.last_ms + 1
        milliseconds = max(milliseconds, 0)
        packet = av.Packet(unit.data)
        packet.stream = line.stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = milliseconds
        packet.is_keyframe = unit.key
        self._container.mux(packet)
        line.last_ms = milliseconds
        line.packets += 1
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
    sha256, size = digest(folder / f"{segment}.webm")
    event = event_to_json(SegmentFinished(sha256=sha256, size_bytes=size, **result))
    partial = folder / f"{segment}.json.part"
    with partial.open("w") as stream:
        json.dump(event, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(finished_note(folder, segment))
    open_note(folder, segment).unlink(missing_ok=True)
    return event


def salvage(folder: Path, segment: str) -> dict[str, Any]:
    """Finish the file of a recorder that was killed: read it through, take its true length."""
    note = json.loads(open_note(folder, segment).read_text())
    path = folder / f"{segment}.webm"
    spans: dict[int, tuple[str, int, float, float]] = {}
    try:
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is None or packet.time_base is None:
                    continue
                at = float(packet.pts * packet.time_base)
                kind = packet.stream.type
                _, count, first, _ = spans.get(packet.stream_index, (kind, 0, at, at))
                spans[packet.stream_index] = (kind, count + 1, first, at)
    except (av.FFmpegError, OSError):
        # A last cluster that was cut short ends the reading; what came before counts.
        pass
    if not spans:
        open_note(folder, segment).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        return event_to_json(SegmentLost(note["room"], note["party"], segment))
    start = float(note["started_at"])
    tracks = tuple(
        RecordedTrack(note["mids"][index], kind, CODECS[kind], count, start + first, start + last)
        for index, (kind, count, first, last) in sorted(spans.items())
    )
    return finish(
        folder,
        {
            "room": note["room"],
            "party": note["party"],
            "segment": segment,
            "started_at": start,
            "ended_at": max(track.ended_at for track in tracks),
            "gaps": (),
            "tracks": tracks,
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
        self._sealer = ThreadPoolExecutor(1, "seal")

    def run(self) -> None:
        """Work until the worker closes the line; then finish every file."""
        left = sorted(note.name for note in self._folder.glob("*.open.json"))
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
        for name in left:
            if (self._folder / name).exists():
                self._seal_by(salvage, name.removesuffix(".open.json"))
        self._sealed.put({"salvaged": True})

    def _seal_by(self, how: Callable[[Path, Any], dict[str, Any]], what: Any) -> None:
        """Finish a file and queue what there is to tell; a file that cannot be is left as it is."""
        try:
            self._sealed.put(how(self._folder, what))
        except (OSError, ValueError, KeyError, av.FFmpegError) as error:
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
            case {"mute": int(handle), "mid": mid, "on": on}:
                if recording := self._recordings.get(handle):
                    recording.mute(mid, on)
            case {"dropped": int(handle), "mid": mid}:
                if recording := self._recordings.get(handle):
                    recording.dropped(mid)
            case _:
                raise ValueError(f"unknown order: {sorted(order)}")

    def _tick(self) -> None:
        now = monotonic() + self._utc_offset
        for handle, recording in list(self._recordings.items()):
            with self._failing(handle, recording):
                for mid in recording.tick(now):
                    self._tell({"key": handle, "mid": mid})
                self._announce(recording)
        for handle, (again_at, failed) in list(self._failed.items()):
            if now >= again_at:
                del self._failed[handle]
                self._recordings[handle] = failed.next()
        self._tell_sealed()

    @contextmanager
    def _failing(self, handle: int, recording: Recording) -> Iterator[None]:
        """A disk that refuses ends the file as far as it went; a new one is begun after a while."""
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            log.error("a recording cannot be written: %s", error)
            self._recordings.pop(handle, None)
            again_at = monotonic() + self._utc_offset + RETRY_S
            self._failed[handle] = (again_at, recording)
            recording.abandon()
            if recording.started_at is not None:
                self._sealer.submit(self._seal_by, salvage, recording.segment)

    def _announce(self, recording: Recording) -> None:
        if recording.started_at is not None and not recording.announced:
            recording.announced = True
            started = RecordingStarted(
                recording.room, recording.party, recording.segment, recording.started_at
            )
            self._tell(event_to_json(started))

    def _close(self, handle: int) -> None:
        self._failed.pop(handle, None)
        recording = self._recordings.pop(handle, None)
        if recording is None:
            return
        with self._failing(handle, recording):
            if recording.close() is not None:
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
