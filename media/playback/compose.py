"""All parties of a call in one picture that is played: side by side, a document large beside them.

Offline, in a process of its own: it opens files and knows no call and no database. Names, the
clock of the wall, who speaks, and why nothing is seen are burned in; chapters are in the file.
Seekable WebM (VP8, Opus), or MP4 (H264, AAC).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from PIL import Image, ImageDraw, ImageFont

from media.playback.remux import MP4, WEBM, Made, NothingToPlay, file_for, opened

Kind = Literal["audio", "video"]
Samples = npt.NDArray[np.int16]
Plane = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, width, height."""

WIDTH, HEIGHT = 1280, 720
BAND: Final = 40
"""The line below the pictures, with the clock of the wall."""
COLUMN: Final = 320
"""How broad the parties are while a document is large."""
LABEL: Final = 32
PICTURES_PER_S: Final = 15
SOUND_HZ: Final = 48_000
BLOCK: Final = SOUND_HZ // 50
"""Sound goes into the composed file by 20 ms."""
SPEAKS_ABOVE: Final = 330.0
"""Mean loudness, of 32768, over ``SPEAKS_S``: -40 dBFS."""
SPEAKS_S: Final = 0.3
STALE_S: Final = 5.0
"""A document of which nothing comes for so long has been put away."""
CHINA: Final = timezone(timedelta(hours=8))
MAX_PEAKS: Final = 2000
MIN_PEAK_S: Final = 0.1

INK = (13, 23, 34)
PANEL = (28, 40, 54)
PAPER = (240, 244, 248)
VOICE = (46, 184, 114)
WARNING = (250, 204, 92)

PLATES: Final = {
    "held": "保持中 On hold",
    "away": "连接中断 Connection lost",
    "cut": "录制中断 Recording interrupted",
    "lost": "画面丢失 Picture lost",
    "unseen": "画面已关闭 Camera off",
    "early": "尚未加入 Not here yet",
    "left": "已离开 Left",
}


class NoChineseFont(Exception):
    """There is no font with Chinese letters: names and clock could not be written."""


@dataclass(frozen=True, slots=True)
class Span:
    """Why something is missing from one second to another: a name of ``PLATES``, or ``silenced``."""

    from_s: float
    to_s: float
    why: str


@dataclass(frozen=True, slots=True)
class ComposedParty:
    """A party's file, at which second of the whole it begins, what is written on it, what is missing."""

    path: Path
    offset_s: float
    label: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The pictures of a document camera or a screen; shown large while they come."""

    path: Path
    offset_s: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What begins at a second."""

    at_s: float
    title: str


@dataclass(frozen=True, slots=True)
class Composed(Made):
    """``peaks`` are each party's loudness (0 to 100), ``peak_s`` seconds each, in order of the parties."""

    peak_s: float = 0.0
    peaks: tuple[tuple[int, ...], ...] = ()


def compose(
    parties: Sequence[ComposedParty],
    target: Path,
    *,
    font: Path | None,
    documents: Sequence[Document] = (),
    chapters: Sequence[Chapter] = (),
    began_at: float | None = None,
    media_type: str = WEBM,
    told: Callable[[float], None] = lambda share: None,
) -> Composed:
    """All parties in one picture of 1280 x 720 with one sound, 15 pictures a second.

    ``began_at`` is second 0 in UTC; without it no clock is shown. ``told`` is called about every
    second of the whole with the share that is done. Seconds with nothing to show have their
    reason written on them. Raises NothingToPlay, and NoChineseFont.
    """
    if font is None:
        raise NoChineseFont
    with ExitStack() as stack:
        tiles: list[_Tile] = []
        papers: list[_Paper] = []
        sounds: list[_Sound] = []
        length_s = 0.0
        left_out: list[Path] = []
        for party in parties:
            # Once for each of both: they are read at their own pace.
            seen, heard = opened(party.path), opened(party.path)
            if seen is None or heard is None or seen.duration is None:
                left_out.append(party.path)
                continue
            ends_s = party.offset_s + seen.duration / av.time_base
            pictures = _Pictures(stack.enter_context(seen), party.offset_s)
            tiles.append(_Tile(party, pictures, ends_s, font))
            sounds.append(_Sound(stack.enter_context(heard), party.offset_s))
            length_s = max(length_s, ends_s)
        if not tiles:
            raise NothingToPlay
        for document in documents:
            shown = opened(document.path)
            if shown is None:
                left_out.append(document.path)
                continue
            pictures = _Pictures(stack.enter_context(shown), document.offset_s)
            papers.append(_Paper(document.label, pictures, font))
        output = stack.enter_context(file_for(target, media_type))
        picture: Any = output.add_stream(
            "libx264" if media_type == MP4 else "libvpx", rate=PICTURES_PER_S
        )
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        if media_type == MP4:
            picture.options = {"preset": "veryfast", "crf": "26"}
        else:
            picture.bit_rate = 1_200_000
            picture.options = {"deadline": "realtime", "cpu-used": "16"}
            # Its threads wait for each other by spinning: one takes a fraction of the processor.
            picture.codec_context.thread_count = 1
        # A key frame every second: a seek lands there at once.
        picture.codec_context.gop_size = PICTURES_PER_S
        sound: Any = output.add_stream(
            "aac" if media_type == MP4 else "libopus", rate=SOUND_HZ, layout="stereo"
        )
        sound.bit_rate = 96_000
        output.set_chapters(_chapters(chapters, length_s))
        stage = _Stage(tiles, papers, chapters, began_at, font)
        peak_s = max(MIN_PEAK_S, length_s / MAX_PEAKS)
        blocks = 0
        count = math.ceil(length_s * PICTURES_PER_S)
        for number in range(count):
            moment_s = number / PICTURES_PER_S
            while blocks * BLOCK < (number + 1) * SOUND_HZ / PICTURES_PER_S:
                taken = [one.take() for one in sounds]
                for tile, block in zip(tiles, taken, strict=True):
                    tile.hear(block, blocks * BLOCK / SOUND_HZ, peak_s)
                output.mux(sound.encode(_mixed(taken, blocks)))
                blocks += 1
            frame = av.VideoFrame.from_ndarray(stage.at(moment_s), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_S)
            output.mux(picture.encode(frame.reformat(format="yuv420p")))
            if number % PICTURES_PER_S == 0:
                told(number / count)
        output.mux(picture.encode(None))
        output.mux(sound.encode(None))
    return Composed(
        length_s,
        WIDTH,
        HEIGHT,
        tuple(left_out),
        media_type,
        peak_s,
        tuple(tuple(tile.peaks) for tile in tiles),
    )


def _chapters(chapters: Sequence[Chapter], length_s: float) -> list[Any]:
    """In the form of the file, each up to the next; what lies outside the file is left out."""
    within = sorted((c for c in chapters if 0 <= c.at_s < length_s), key=lambda c: c.at_s)
    starts = [round(chapter.at_s * 1000) for chapter in within]
    return [
        {
            "id": number + 1,
            "start": start,
            "end": max(start, end),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": chapter.title},
        }
        for number, (chapter, start, end) in enumerate(
            zip(within, starts, [*starts[1:], round(length_s * 1000)], strict=False)
        )
    ]


# ---------------------------------------------------------------- what is seen


class _Stage:
    """The whole picture; only what changed is drawn anew."""

    def __init__(
        self,
        tiles: Sequence["_Tile"],
        papers: Sequence["_Paper"],
        chapters: Sequence[Chapter],
        began_at: float | None,
        font: Path,
    ) -> None:
        self._tiles = tiles
        self._papers = papers
        self._chapters = sorted(chapters, key=lambda one: one.at_s)
        self._began_at = began_at
        self._font = font
        self._canvas = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        self._canvas[:] = INK
        self._shown: _Paper | None = None
        self._line = ""

    def at(self, moment_s: float) -> Plane:
        """The picture at that second; asked for in the order of time."""
        showing = [paper for paper in self._papers if paper.comes(moment_s)]
        paper = showing[-1] if showing else None
        anew = paper is not self._shown
        self._shown = paper
        if anew:
            self._canvas[: HEIGHT - BAND] = INK
        if paper is not None and (paper.changed or anew):
            _put(self._canvas, paper.drawn((WIDTH - COLUMN - 12, HEIGHT - BAND)), (0, 0))
        for tile, box in zip(self._tiles, _boxes(len(self._tiles), paper is not None), strict=True):
            drawn = tile.drawn(moment_s, box[2:], anew)
            if drawn is not None:
                _put(self._canvas, drawn, box[:2])
        self._write_line(moment_s)
        return self._canvas

    def _write_line(self, moment_s: float) -> None:
        passed = [one.title for one in self._chapters if one.at_s <= moment_s]
        clock = ""
        if self._began_at is not None:
            at = datetime.fromtimestamp(self._began_at + moment_s, UTC).astimezone(CHINA)
            clock = f"{at:%Y-%m-%d %H:%M:%S}"
        line = f"{clock}\n{passed[-1] if passed else ''}"
        if line == self._line:
            return
        self._line = line
        self._canvas[HEIGHT - BAND :] = PANEL
        _put(self._canvas, _text(clock, self._font, 22, PAPER, PANEL), (12, HEIGHT - BAND + 3))
        title = _text(line.partition("\n")[2], self._font, 20, WARNING, PANEL)
        at_x = max(WIDTH - 12 - title.shape[1], 320)
        _put(self._canvas, title[:, : WIDTH - at_x], (at_x, HEIGHT - BAND + 4))


def _boxes(count: int, document: bool) -> list[Box]:
    """Where the parties stand: in a row, or in a column at the right of a document."""
    height = HEIGHT - BAND
    if document:
        each = height // count
        return [(WIDTH - COLUMN, number * each, COLUMN, each - 4) for number in range(count)]
    each = WIDTH // count
    return [(number * each, 0, each - 4, height) for number in range(count)]


class _Tile:
    """One party: its newest picture, or why there is none; its name; whether it speaks."""

    def __init__(
        self, party: ComposedParty, pictures: "_Pictures", ends_s: float, font: Path
    ) -> None:
        self.peaks: list[int] = []
        self._party = party
        self._pictures = pictures
        self._ends_s = ends_s
        self._font = font
        self._loud = 0.0
        self._state: tuple[str, bool, bool] = ("", False, False)

    def hear(self, block: Samples, moment_s: float, peak_s: float) -> None:
        """Take 20 ms of the party's own sound."""
        samples = block.astype(np.float32)
        loud = float(np.sqrt(np.mean(samples * samples)))
        share = 0.02 / SPEAKS_S
        self._loud += share * (loud - self._loud)
        if int(moment_s / peak_s) >= len(self.peaks):
            self.peaks.append(0)
        self.peaks[-1] = max(self.peaks[-1], round(100 * float(np.abs(samples).max()) / 32768))

    def drawn(self, moment_s: float, size: tuple[int, int], anew: bool) -> Plane | None:
        """The tile, when it is another than the one before."""
        frame, changed = self._pictures.at(moment_s)
        spans = {s.why for s in self._party.spans if s.from_s <= moment_s < s.to_s}
        plate = next((why for why in PLATES if why in spans), "")
        if moment_s < self._party.offset_s:
            plate = "early"
        elif moment_s >= self._ends_s and not plate:
            plate = "left"
        speaks = self._loud > SPEAKS_ABOVE and not plate
        state = (plate, speaks, "silenced" in spans)
        if not (anew or state != self._state or (changed and not plate)):
            return None
        self._state = state
        width, height = size
        tile = np.empty((height, width, 3), np.uint8)
        tile[:] = PANEL
        if plate:
            sign = _text(PLATES[plate], self._font, 24 if width > 400 else 18, WARNING, PANEL)
            _put(tile, sign, ((width - sign.shape[1]) // 2, (height - sign.shape[0]) // 2))
        elif frame is not None:
            _put(tile, *_fitted(frame, (width, height - LABEL)))
        label = self._party.label + ("  已静音" if "silenced" in spans else "")
        written = _text(label, self._font, 18, PAPER, VOICE if speaks else INK)
        tile[height - LABEL :] = VOICE if speaks else INK
        _put(tile, written[:LABEL, :width], (0, height - LABEL))
        if speaks:
            tile[:4] = tile[:, :4] = tile[:, -4:] = VOICE
        return tile


class _Paper:
    """A document camera or a screen, large while its pictures come."""

    def __init__(self, label: str, pictures: "_Pictures", font: Path) -> None:
        self.changed = False
        self._label = label
        self._pictures = pictures
        self._font = font
        self._frame: av.VideoFrame | None = None

    def comes(self, moment_s: float) -> bool:
        self._frame, self.changed = self._pictures.at(moment_s)
        return self._frame is not None and self._pictures.goes_on(moment_s)

    def drawn(self, size: tuple[int, int]) -> Plane:
        width, height = size
        tile = np.empty((height, width, 3), np.uint8)
        tile[:] = PANEL
        if self._frame is not None:
            _put(tile, *_fitted(self._frame, (width, height - LABEL)))
        tile[height - LABEL :] = INK
        _put(tile, _text(self._label, self._font, 18, PAPER, INK)[:LABEL, :width], (0, height - LABEL))  # fmt: skip
        return tile


class _Pictures:
    """The pictures of one file, asked for moment by moment."""

    def __init__(self, source: InputContainer, offset_s: float) -> None:
        self._offset_s = offset_s
        self._frames = _decoded(source, "video")
        self._next = next(self._frames, None)
        self._newest: av.VideoFrame | None = None
        self._newest_s = 0.0

    def at(self, moment_s: float) -> tuple[av.VideoFrame | None, bool]:
        """The newest picture at that second, and whether it has come since the last time."""
        changed = False
        while self._next is not None and self._next[0] + self._offset_s <= moment_s:
            self._newest_s, self._newest = self._next[0] + self._offset_s, self._next[1]
            self._next = next(self._frames, None)
            changed = True
        return self._newest, changed

    def goes_on(self, moment_s: float) -> bool:
        """Whether the newest picture is not the last for long."""
        if moment_s - self._newest_s < 1.0:
            return True
        return self._next is not None and self._next[0] + self._offset_s - self._newest_s < STALE_S


def _fitted(frame: av.VideoFrame, size: tuple[int, int]) -> tuple[Plane, tuple[int, int]]:
    """A picture as large as fits, and where it stands to be in the middle."""
    share = min(size[0] / frame.width, size[1] / frame.height)
    width, height = (max(2, round(side * share)) for side in (frame.width, frame.height))
    scaled = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return scaled.astype(np.uint8, copy=False), ((size[0] - width) // 2, (size[1] - height) // 2)


def _put(canvas: Plane, part: Plane, at: tuple[int, int]) -> None:
    left, top = max(0, at[0]), max(0, at[1])
    room = canvas[top : top + part.shape[0], left : left + part.shape[1]]
    room[:] = part[: room.shape[0], : room.shape[1]]


@lru_cache(maxsize=256)
def _text(
    text: str, font: Path, size: int, ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> Plane:
    """A line of text on its ground, with a little room around it."""
    letters = ImageFont.truetype(str(font), size)
    width = math.ceil(letters.getlength(text)) + 16
    picture = Image.new("RGB", (width, size + 12), ground)
    ImageDraw.Draw(picture).text((8, 6 + size // 2), text, fill=ink, font=letters, anchor="lm")
    return np.asarray(picture)


# ---------------------------------------------------------------- what is heard


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
