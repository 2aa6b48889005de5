"""One recording: its packets become frames, and from the first frame on a file, in clusters of a second, each flushed.

Sound and picture are kept in step. On a broken stream it asks for a key frame and leaves the gap open. It knows
m-lines, not what they record, and no process: what it is told and when comes from outside.
"""

import io
import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Stream

from media.codec.depacketisers import DEPACKETISERS
from media.codec.frames import Depacketiser, Frame
from media.control import SEGMENT_SUFFIX, Gap, RecordedTrack
from media.recorder.ordering import OFF_S, Reorder, RtpClock, parse_rtp
from media.recorder.sealing import open_note
from media.wire.sdp import CLOCKS

CLUSTER_MS = 1000
HEADER_WAIT_S = 2.0
SYNC_STEP_S = 0.005
KEY_INTERVAL_S = 1.0
ENDS_EARLY_S = 1.0
"""A track that ends so long before its file has a gap there."""
MAX_GAPS = 1000
TURN_EVERY_S = 1.0
DEFAULT_SIZE = (640, 480)
MILLISECOND = Fraction(1, 1000)
BARE = {"vp8", "vp9"}
"""What a file may announce before its first key frame is there."""
RAW_FORMATS = {"h264": ("h264", b""), "av1": ("obu", b"\x12\x00")}
"""For a header made of a key frame: FFmpeg's name of the bare stream, and what it begins with."""


def kind_of(mid: str) -> str:
    return "audio" if mid == "0" else "video"


@dataclass(slots=True)
class Unit:
    """What is muxed: one frame of sound or picture at its UTC time.

    `gap` says why something is missing directly before it, or nothing.
    """

    moment: float
    frame: Frame
    gap: str = ""


@dataclass(slots=True)
class WrittenTrack:
    """One track of a recording on its way from packets to the file.

    `codec` is that of the packets, `written` that of the file's stream, when it has one.
    """

    mid: str
    kind: str
    clock: RtpClock
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
        self.lines = {
            mid: WrittenTrack(mid, kind_of(mid), RtpClock(CLOCKS[kind_of(mid)])) for mid in mids
        }
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

    def _advance(self, line: WrittenTrack, now: float) -> None:
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

    def _accept(self, line: WrittenTrack, unit: Unit, now: float) -> None:
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

    def _add_stream(self, container: OutputContainer, line: WrittenTrack) -> None:
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

    def _write(self, line: WrittenTrack, unit: Unit) -> None:
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
