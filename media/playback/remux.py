"""One party's finished recordings copied into one file that browsers play and seek.

Offline, in a process of its own: it opens files and knows no call, person or database. It does
not decode, unless the segments are of several codecs. WebM, or MP4 for H264; each with its length
and its index in front.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer, OutputContainer

MILLISECOND: Final = Fraction(1, 1000)
CODECS: Final = {"audio": ("opus", "aac"), "video": ("vp8", "vp9", "h264", "av1")}
COMMON: Final = "vp8"
"""What a picture is coded in anew when its segments are of several codecs."""
SPARSE: Final = ("vp8", "vp9")
"""Codecs whose files need no header of their own."""
WEBM: Final = "video/webm"
MP4: Final = "video/mp4"
OVERLAP_S: Final = 2.0
"""So far a leg may reach into the next one of its party; what overlaps more is another picture."""
QUIET: Final = b"\xf8\xff\xfe"
"""20 ms of silence in Opus: CELT, full band, mono, one frame (RFC 6716, 3.1)."""
QUIET_MS: Final = 20
KEY_EVERY_MS: Final = 2000
BITS_PER_S: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A recorded file, and at which second of the whole it begins."""

    path: Path
    offset_s: float


@dataclass(frozen=True, slots=True)
class Made:
    """What was written. ``left_out`` are the segments that could not be read or did not fit."""

    duration_s: float
    width: int
    height: int
    left_out: tuple[Path, ...] = ()
    media_type: str = WEBM


class NothingToPlay(Exception):
    """No segment held anything that could be copied or composed."""


def remux(segments: Sequence[Segment], target: Path) -> Made:
    """Copy the segments of one party into one seekable file; the gaps between them stay as time.

    Where sound is missing, of a lost packet or between segments, coded silence stands in the file:
    browsers play one packet of sound after the other whatever its time, and voices would come
    before their pictures.

    A picture may change its size at a key frame. When the segments are of several codecs those
    that are not VP8 are coded in it anew. Left out and named are segments that cannot be read,
    overlap an earlier one, or have no sound while others have (another picture of the same
    party). What can be read of a file that was cut short is taken. Raises NothingToPlay.
    """
    left_out: list[Path] = []
    with ExitStack() as stack:
        sources: list[tuple[Segment, InputContainer]] = []
        for segment in sorted(segments, key=lambda one: one.offset_s):
            source = opened(segment.path)
            if source is None:
                left_out.append(segment.path)
            else:
                sources.append((segment, stack.enter_context(source)))
        spoken = [one for one in sources if one[1].streams.audio]
        left_out += [
            segment.path for segment, _ in sources if spoken and (segment, _) not in spoken
        ]
        sources = spoken or sources
        if not sources:
            raise NothingToPlay
        shown = [source for segment, source in sources if _has_picture(segment.path)]
        coded = {coding(source.streams.video[0]) for source in shown}
        codec = coded.pop() if len(coded) == 1 else COMMON
        media_type = MP4 if codec == "h264" else WEBM
        output = stack.enter_context(file_for(target, media_type))
        copy = _Copy(output, codec, sources, shown)
        for segment, source in sources:
            if segment.offset_s < copy.length_ms / 1000 - OVERLAP_S:
                left_out.append(segment.path)
            else:
                copy.add(source, round(segment.offset_s * 1000))
        if not copy.length_ms:
            raise NothingToPlay
    return Made(copy.length_ms / 1000, copy.width, copy.height, tuple(left_out), media_type)


class _Copy:
    """The file that is being filled with packets, in milliseconds from its beginning."""

    def __init__(
        self,
        output: OutputContainer,
        codec: str,
        sources: Sequence[tuple[Segment, InputContainer]],
        shown: Sequence[InputContainer],
    ) -> None:
        self.length_ms = 0
        self.width = self.height = 0
        self._output = output
        self._codec = codec
        self._streams: dict[str, Any] = {}
        self._last: dict[str, int] = {}
        self._heard_ms: float | None = None
        """Where the sound ends that is played without a pause from the first packet on."""
        for _, source in sources:
            if source.streams.audio and "audio" not in self._streams:
                self._streams["audio"] = output.add_stream_from_template(source.streams.audio[0])
        # Only with a picture in it: a line that stays empty would leave the file without an index.
        if shown:
            pictures = [source.streams.video[0] for source in shown]
            largest = max(pictures, key=lambda one: one.width * one.height)
            self.width, self.height = largest.width, largest.height
            if codec in SPARSE:
                stream: Any = output.add_mux_stream(codec, width=self.width, height=self.height)
            else:
                stream = output.add_stream_from_template(largest, opaque=True)
            self._streams["video"] = stream
        for stream in self._streams.values():
            stream.time_base = MILLISECOND

    def add(self, source: InputContainer, offset_ms: int) -> None:
        pictures = source.streams.video
        anew = "video" in self._streams and pictures and coding(pictures[0]) != self._codec
        recoder = _Recoder() if anew else None
        for packet in readable(source):
            kind = packet.stream.type
            if kind not in self._streams or packet.pts is None or packet.time_base is None:
                continue
            if kind == "video" and recoder is not None:
                for coded in recoder.take(packet):
                    self._put(coded, kind, offset_ms)
            else:
                self._put(packet, kind, offset_ms)
        if recoder is not None:
            for coded in recoder.end():
                self._put(coded, "video", offset_ms)

    def _put(self, packet: "av.Packet[Any]", kind: str, offset_ms: int) -> None:
        assert packet.pts is not None
        assert packet.time_base is not None
        moment = offset_ms + max(0, round(packet.pts * packet.time_base * 1000))
        if moment <= self._last.get(kind, -1):
            if kind == "audio":
                return  # sound would overlap, but the decoder needs each picture
            moment = self._last[kind] + 1
        if kind == "audio":
            self._hush(moment)
            self._heard_ms = (self._heard_ms or moment) + _opus_ms(bytes(packet))
        self._write(packet, kind, moment)

    def _hush(self, until_ms: int) -> None:
        """Fill what is missing of the sound up to this moment, to the nearest 20 ms."""
        while self._heard_ms is not None and until_ms - self._heard_ms >= QUIET_MS / 2:
            self._write(av.Packet(QUIET), "audio", round(self._heard_ms))
            self._heard_ms += QUIET_MS

    def _write(self, packet: "av.Packet[Any]", kind: str, moment: int) -> None:
        packet.stream = self._streams[kind]
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = moment
        if kind == "audio":
            packet.duration = round(_opus_ms(bytes(packet)))
        self._output.mux(packet)
        self._last[kind] = moment
        self.length_ms = max(self.length_ms, moment)


class _Recoder:
    """Pictures of any codec into VP8 of their own size."""

    def __init__(self) -> None:
        self._encoder: Any = None
        self._key_at_ms = 0

    def take(self, packet: "av.Packet[Any]") -> Iterator["av.Packet[Any]"]:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                yield from self._code(frame)

    def end(self) -> Iterator["av.Packet[Any]"]:
        if self._encoder is not None:
            yield from self._encoder.encode(None)

    def _code(self, frame: av.VideoFrame) -> Iterator["av.Packet[Any]"]:
        moment = round(frame.time * 1000)
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (frame.width, frame.height):
            yield from self.end()
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
            encoder.time_base, encoder.framerate = MILLISECOND, Fraction(30)
            encoder.bit_rate = BITS_PER_S
            encoder.options = {"deadline": "realtime", "cpu-used": "16"}
            encoder.thread_count = 1
            self._encoder, self._key_at_ms = encoder, moment - KEY_EVERY_MS
        picture = frame.reformat(format="yuv420p")
        picture.pts, picture.time_base = moment, MILLISECOND
        if moment - self._key_at_ms >= KEY_EVERY_MS:
            picture.pict_type = av.video.frame.PictureType.I
            self._key_at_ms = moment
        yield from encoder.encode(picture)


def _opus_ms(packet: bytes) -> float:
    """How long a packet sounds, by its first byte (RFC 6716, 3.1)."""
    if not packet:
        return 0.0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame_ms = (10.0, 20.0, 40.0, 60.0)[config % 4]
    elif config < 16:
        frame_ms = (10.0, 20.0)[config % 2]
    else:
        frame_ms = (2.5, 5.0, 10.0, 20.0)[config % 4]
    frames = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 1)[code]
    return frame_ms * frames


def coding(stream: Any) -> str:
    """The codec of a stream, whoever decodes it."""
    return str(stream.codec_context.codec.canonical_name)


def opened(path: Path) -> InputContainer | None:
    """The file, when it can be read and is coded as the recorder does."""
    try:
        source = av.open(str(path))
    except (av.FFmpegError, OSError):
        return None
    for stream in source.streams:
        if stream.type not in CODECS or coding(stream) not in CODECS[stream.type]:
            source.close()
            return None
    return source


def readable(source: InputContainer) -> "Iterator[av.Packet[Any]]":
    """What can be read, in the order of the file; a last cluster that was cut short ends it."""
    try:
        yield from source.demux()
    except av.FFmpegError:
        return


def _has_picture(path: Path) -> bool:
    with av.open(str(path)) as source:
        return any(one.stream.type == "video" and one.size for one in readable(source))


def file_for(target: Path, media_type: str) -> OutputContainer:
    """A file of this type whose index is moved to the front when it is closed."""
    if media_type == MP4:
        return av.open(str(target), "w", format="mp4", options={"movflags": "faststart"})
    return av.open(str(target), "w", format="webm", options={"cues_to_front": "1"})
