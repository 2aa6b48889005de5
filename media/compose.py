"""Finished recordings into pictures that are played: one party's copied, several composed into one.

Offline, in a process of its own: it opens files and knows no call, person or database. Copying
never decodes; composing does, side by side with one sound. Both write WebM that can be sought:
with its length and an index (Cues) in front of the clusters.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer, OutputContainer
from PIL import Image, ImageDraw, ImageFont

Kind = Literal["audio", "video"]
Samples = npt.NDArray[np.int16]
Plane = npt.NDArray[np.uint8]

MILLISECOND: Final = Fraction(1, 1000)
CODECS: Final[dict[str, str]] = {"audio": "opus", "video": "vp8"}
OVERLAP_S: Final = 2.0
"""So far a leg may reach into the next one of its party; what overlaps more is another picture."""
TILE: Final = (640, 480)
PICTURES_PER_S: Final = 15
SOUND_HZ: Final = 48_000
BLOCK: Final = SOUND_HZ // 50
"""Sound goes into the composed file by 20 ms."""
QUIET: Final = b"\xf8\xff\xfe"
"""20 ms of silence in Opus: CELT, full band, mono, one frame (RFC 6716, 3.1)."""
QUIET_MS: Final = 20


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


@dataclass(frozen=True, slots=True)
class Party:
    """A party's file for composing, at which second of the whole it begins, and what is written on it."""

    path: Path
    offset_s: float
    label: str = ""


class NothingToPlay(Exception):
    """No segment held anything that could be copied or composed."""


# ---------------------------------------------------------------- one party, copied


def remux(segments: Sequence[Segment], target: Path) -> Made:
    """Copy the segments of one party into one seekable WebM; the gaps between them stay as time.

    Where sound is missing, of a lost packet or between segments, coded silence stands in the file:
    browsers play one packet of sound after the other whatever its time, and voices would come
    before their pictures.

    Sound is Opus and the picture VP8, as the recorder writes them; a picture may change its size at
    a key frame. Left out and named are segments that cannot be read, are coded otherwise, overlap
    an earlier one, or have no sound while others have (another picture of the same party). What
    can be read of a file that was cut short is taken. Raises NothingToPlay.
    """
    left_out: list[Path] = []
    with ExitStack() as stack:
        sources: list[tuple[Segment, InputContainer]] = []
        for segment in sorted(segments, key=lambda one: one.offset_s):
            source = _opened(segment.path)
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
        shown = {segment.path for segment, _ in sources if _has_picture(segment.path)}
        output = stack.enter_context(_webm(target))
        copy = _Copy(output, sources, shown)
        for segment, source in sources:
            if segment.offset_s < copy.length_ms / 1000 - OVERLAP_S:
                left_out.append(segment.path)
            else:
                copy.add(source, round(segment.offset_s * 1000))
        if not copy.length_ms:
            raise NothingToPlay
    return Made(copy.length_ms / 1000, copy.width, copy.height, tuple(left_out))


class _Copy:
    """The file that is being filled with packets, in milliseconds from its beginning."""

    def __init__(
        self,
        output: OutputContainer,
        sources: Sequence[tuple[Segment, InputContainer]],
        shown: set[Path],
    ) -> None:
        self.length_ms = 0
        self.width = self.height = 0
        self._output = output
        self._streams: dict[str, Any] = {}
        self._last: dict[str, int] = {}
        self._heard_ms: float | None = None
        """Where the sound ends that is played without a pause from the first packet on."""
        for _, source in sources:
            if source.streams.audio and "audio" not in self._streams:
                self._streams["audio"] = output.add_stream_from_template(source.streams.audio[0])
        sizes = [
            (one.streams.video[0].codec_context.width, one.streams.video[0].codec_context.height)
            for segment, one in sources
            if segment.path in shown
        ]
        # Only with a picture in it: a line that stays empty would leave the file without an index.
        if sizes:
            self.width, self.height = max(sizes, key=lambda size: size[0] * size[1])
            self._streams["video"] = output.add_mux_stream(
                "vp8", width=self.width, height=self.height
            )
        for stream in self._streams.values():
            stream.time_base = MILLISECOND

    def add(self, source: InputContainer, offset_ms: int) -> None:
        for packet in _packets(source):
            kind = packet.stream.type
            stream = self._streams.get(kind)
            if stream is None or packet.pts is None or packet.time_base is None:
                continue
            moment = offset_ms + max(0, round(packet.pts * packet.time_base * 1000))
            if moment <= self._last.get(kind, -1):
                if kind == "audio":
                    continue  # sound would overlap, but the decoder needs each picture
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
        self._output.mux(packet)
        self._last[kind] = moment
        self.length_ms = max(self.length_ms, moment)


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


def _opened(path: Path) -> InputContainer | None:
    """The file, when it can be read and is coded as the recorder does."""
    try:
        source = av.open(str(path))
    except (av.FFmpegError, OSError):
        return None
    for stream in source.streams:
        if CODECS.get(stream.type) != stream.codec_context.name:
            source.close()
            return None
    return source


def _packets(source: InputContainer) -> "Iterator[av.Packet[Any]]":
    """What can be read, in the order of the file; a last cluster that was cut short ends it."""
    try:
        yield from source.demux()
    except av.FFmpegError:
        return


def _has_picture(path: Path) -> bool:
    with av.open(str(path)) as source:
        return any(one.stream.type == "video" and one.size for one in _packets(source))


def _webm(target: Path) -> OutputContainer:
    """A WebM file whose index is moved to the front when it is closed."""
    return av.open(str(target), "w", format="webm", options={"cues_to_front": "1"})


# ---------------------------------------------------------------- all, side by side


def compose(parties: Sequence[Party], target: Path, *, font: Path | None = None) -> Made:
    """All parties side by side with one sound, as seekable WebM (VP8 and Opus), 15 pictures a second.

    Each has a tile of 640 x 480 that its picture is fitted into: black before the first, and then
    the last that came. Labels are burned in when a ``font`` (TrueType) is given. Raises
    NothingToPlay.
    """
    with ExitStack() as stack:
        pictures: list[_Pictures] = []
        sounds: list[_Sound] = []
        length_s = 0.0
        left_out: list[Path] = []
        for party in parties:
            # Once for each of both: they are read at their own pace.
            seen, heard = _opened(party.path), _opened(party.path)
            if seen is None or heard is None or seen.duration is None:
                left_out.append(party.path)
                continue
            stack.enter_context(seen)
            stack.enter_context(heard)
            pictures.append(_Pictures(seen, party.offset_s, _label(party.label, font)))
            sounds.append(_Sound(heard, party.offset_s))
            length_s = max(length_s, party.offset_s + seen.duration / av.time_base)
        if not pictures:
            raise NothingToPlay
        width, height = TILE[0] * len(pictures), TILE[1]
        output = stack.enter_context(_webm(target))
        picture = output.add_stream("libvpx", rate=PICTURES_PER_S)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.bit_rate = 500_000 * len(pictures)
        picture.options = {"deadline": "realtime", "cpu-used": "8"}
        # A key frame every second: a seek lands there at once.
        picture.codec_context.gop_size = PICTURES_PER_S
        sound = output.add_stream("libopus", rate=SOUND_HZ, layout="stereo")
        sound.bit_rate = 64_000
        blocks = 0
        for number in range(math.ceil(length_s * PICTURES_PER_S)):
            frame = av.VideoFrame.from_ndarray(
                _side_by_side([one.at(number / PICTURES_PER_S) for one in pictures]),
                format="yuv420p",
            )
            frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_S)
            output.mux(picture.encode(frame))
            while blocks * BLOCK < (number + 1) * SOUND_HZ / PICTURES_PER_S:
                output.mux(sound.encode(_mixed([one.take() for one in sounds], blocks)))
                blocks += 1
        output.mux(picture.encode(None))
        output.mux(sound.encode(None))
    return Made(length_s, width, height, tuple(left_out))


class _Pictures:
    """The pictures of one party, asked for moment by moment."""

    def __init__(self, source: InputContainer, offset_s: float, label: Plane | None) -> None:
        self._offset_s = offset_s
        self._label = label
        self._frames = _decoded(source, "video")
        self._next = next(self._frames, None)
        self._tile = _fitted(None, label)

    def at(self, moment_s: float) -> Plane:
        """The tile at that second, in rows of yuv420p; asked for in the order of time."""
        newest: Any = None
        while self._next is not None and self._next[0] + self._offset_s <= moment_s:
            newest = self._next[1]
            self._next = next(self._frames, None)
        if newest is not None:
            self._tile = _fitted(newest, self._label)
        return self._tile


class _Sound:
    """The sound of one party, taken block by block."""

    def __init__(self, source: InputContainer, offset_s: float) -> None:
        self._frames = _decoded(source, "audio")
        self._resampler = av.AudioResampler(format="s16", layout="stereo", rate=SOUND_HZ)
        self._offset = round(offset_s * SOUND_HZ)
        self._read = 0
        self._silence = 0
        self._samples = np.zeros((0, 2), np.int16)

    def take(self) -> Samples:
        """The next 20 ms; silence where there is none."""
        block = np.zeros((BLOCK, 2), np.int16)
        at = 0
        while at < BLOCK:
            quiet = min(self._silence, BLOCK - at)
            self._silence -= quiet
            at += quiet
            part, self._samples = self._samples[: BLOCK - at], self._samples[BLOCK - at :]
            block[at : at + len(part)] = part
            at += len(part)
            if at < BLOCK and not self._fill():
                break
        return block

    def _fill(self) -> bool:
        """Read on: the silence up to the next sound, and that sound. False at the end."""
        found = next(self._frames, None)
        if found is None:
            return False
        at_s, frame = found
        frame.pts = None
        parts = [one.to_ndarray().reshape(-1, 2) for one in self._resampler.resample(frame)]
        ahead = round(at_s * SOUND_HZ) + self._offset - self._read
        self._silence = ahead if ahead > BLOCK else 0
        self._samples = np.concatenate(parts) if parts else self._samples
        self._read += self._silence + len(self._samples)
        return True


def _decoded(source: InputContainer, kind: Kind) -> Iterator[tuple[float, Any]]:
    """The frames of one kind with their seconds; a packet that cannot be decoded is passed over."""
    streams = source.streams.video if kind == "video" else source.streams.audio
    if not streams:
        return
    for packet in source.demux(streams[0]):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, (av.VideoFrame, av.AudioFrame)) and frame.time is not None:
                yield frame.time, frame


def _mixed(blocks: Sequence[Samples], number: int) -> av.AudioFrame:
    mixed = np.sum(np.stack(blocks).astype(np.int32), axis=0)
    samples = np.clip(mixed, -32768, 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate = SOUND_HZ
    frame.pts, frame.time_base = number * BLOCK, Fraction(1, SOUND_HZ)
    return frame


def _fitted(frame: av.VideoFrame | None, label: Plane | None) -> Plane:
    """A picture in the middle of a black tile, as planes of yuv420p one below the other."""
    width, height = TILE
    luma = np.full((height, width), 16, np.uint8)
    chroma = np.full((2, height // 2, width // 2), 128, np.uint8)
    if frame is not None:
        share = min(width / frame.width, height / frame.height)
        w, h = (max(4, round(side * share) // 4 * 4) for side in (frame.width, frame.height))
        scaled = frame.reformat(width=w, height=h, format="yuv420p").to_ndarray()
        x, y = (width - w) // 4 * 2, (height - h) // 4 * 2
        luma[y : y + h, x : x + w] = scaled[:h]
        planes = scaled[h:].reshape(2, h // 2, w // 2)
        chroma[:, y // 2 : (y + h) // 2, x // 2 : (x + w) // 2] = planes
    if label is not None:
        h, w = label.shape
        luma[height - h :, :w] = label
        chroma[:, (height - h) // 2 :, : w // 2] = 128
    return np.concatenate([luma, chroma.reshape(-1, width)])


def _side_by_side(tiles: Sequence[Plane]) -> Plane:
    width, height = TILE
    luma = np.concatenate([tile[:height] for tile in tiles], axis=1)
    planes = [tile[height:].reshape(2, height // 2, width // 2) for tile in tiles]
    chroma = np.concatenate(planes, axis=2)
    return np.concatenate([luma, chroma.reshape(-1, width * len(tiles))])


def _label(text: str, font: Path | None) -> Plane | None:
    """White on dark, as brightness alone; even sides, at most as broad as a tile."""
    if not text or font is None:
        return None
    letters = ImageFont.truetype(str(font), 20)
    left, top, right, bottom = letters.getbbox(text)
    width = min(TILE[0], math.ceil(right - left + 16) // 2 * 2)
    height = math.ceil(bottom - top + 14) // 2 * 2
    picture = Image.new("L", (width, height), 32)
    ImageDraw.Draw(picture).text((8 - left, 7 - top), text, fill=235, font=letters)
    return np.asarray(picture)
