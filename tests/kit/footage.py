"""Recorded segments as the recorder leaves them, made in a moment: one colour and one tone each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from media.peer import dominant_tone
from tests.kit.peer import Colour

SOUND_HZ = 48_000
PICTURES_PER_S = 10


def segment(
    path: Path,
    seconds: float,
    colour: Colour | None,
    tone_hz: float | None,
    size: tuple[int, int] = (320, 240),
) -> Path:
    """Write VP8 and Opus in WebM, in clusters of a second, the key frame first and no other; a part
    whose argument is None is left out."""
    with av.open(
        str(path),
        "w",
        format="webm",
        options={"cluster_time_limit": "1000", "flush_packets": "1", "live": "1"},
    ) as file:
        picture = sound = None
        if colour is not None:
            picture = file.add_stream("libvpx", rate=PICTURES_PER_S)
            picture.width, picture.height = size
            picture.pix_fmt = "yuv420p"
            picture.options = {"deadline": "realtime", "cpu-used": "8"}
            picture.codec_context.gop_size = 100_000
        if tone_hz is not None:
            sound = file.add_stream("libopus", rate=SOUND_HZ, layout="stereo")
        blocks = 0
        for number in range(round(seconds * PICTURES_PER_S)):
            if picture is not None and colour is not None:
                pixels = np.empty((size[1], size[0], 3), np.uint8)
                pixels[:] = colour
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_S)
                file.mux(picture.encode(frame))
            while sound is not None and blocks * 960 < (number + 1) * SOUND_HZ // PICTURES_PER_S:
                moments = (np.arange(960) + blocks * 960) / SOUND_HZ
                wave = (8000 * np.sin(2 * np.pi * float(tone_hz or 0) * moments)).astype(np.int16)
                block = av.AudioFrame.from_ndarray(
                    np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo"
                )
                block.sample_rate = SOUND_HZ
                block.pts, block.time_base = blocks * 960, Fraction(1, SOUND_HZ)
                file.mux(sound.encode(block))
                blocks += 1
        for stream in (picture, sound):
            if stream is not None:
                file.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Seen:
    """What a player shows after a seek: where it stands, and the mean colours of each half."""

    at_s: float
    left: tuple[float, float, float]
    right: tuple[float, float, float]


def seek(path: Path, to_s: float) -> Seen:
    """Seek as a browser does: to the key frame before, then decode up to the moment."""
    with av.open(str(path)) as file:
        file.seek(int(to_s * av.time_base))
        shown = None
        for frame in file.decode(video=0):
            if shown is not None and _second(frame) > to_s:
                break
            shown = frame
        assert shown is not None
        pixels = shown.to_ndarray(format="rgb24")
        height, width = pixels.shape[:2]
        middle = pixels[height // 4 : height // 2]
        halves = (
            middle[:, width // 8 : width * 3 // 8],
            middle[:, width * 5 // 8 : width * 7 // 8],
        )
        left, right = (tuple(map(float, half.reshape(-1, 3).mean(axis=0))) for half in halves)
        return Seen(_second(shown), left, right)  # type: ignore[arg-type]


def _second(frame: av.VideoFrame | av.AudioFrame) -> float:
    assert frame.time is not None
    return frame.time


def tones(path: Path, from_s: float, to_s: float) -> list[float]:
    """The two strongest frequencies between these seconds, in Hz, ascending."""
    samples = []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            if from_s <= _second(frame) < to_s:
                samples.append(frame.to_ndarray()[0].astype(np.float32))
    sound = np.concatenate(samples)
    first = dominant_tone(sound, SOUND_HZ)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    hertz = np.fft.rfftfreq(len(sound), 1 / SOUND_HZ)
    spectrum[np.abs(hertz - (first or 0.0)) < 60] = 0
    return sorted([first or 0.0, float(hertz[int(np.argmax(spectrum))])])


def spans_of_tone(path: Path, hz: float) -> list[tuple[float, float]]:
    """When a tone is heard, from and to, by windows of 40 ms, 10 ms apart."""
    with av.open(str(path)) as file:
        first: float | None = None
        samples = []
        for frame in file.decode(audio=0):
            first = _second(frame) if first is None else first
            whole = frame.to_ndarray().astype(np.float32)
            samples.append(whole[0] if whole.shape[0] == 2 else whole[0][::2])
    sound = np.concatenate(samples)
    window, hop = SOUND_HZ // 25, SOUND_HZ // 100
    wave = np.exp(-2j * np.pi * hz * np.arange(window) / SOUND_HZ) * np.hanning(window)
    starts = range(0, len(sound) - window, hop)
    loud = np.array([abs(np.dot(sound[at : at + window], wave)) for at in starts])
    heard = loud > loud.max() / 3
    found: list[tuple[float, float]] = []
    began: int | None = None
    for number, on in enumerate([*heard, False]):
        if on and began is None:
            began = number
        elif not on and began is not None:
            # The middle of the window is where it is heard.
            edges = (
                (edge * hop + window / 2) / SOUND_HZ + (first or 0.0) for edge in (began, number)
            )
            found.append((next(edges), next(edges)))
            began = None
    return found


def index_in_front(path: Path) -> bool:
    """Whether the index (Cues) stands before the first cluster, so that a seek reads one place."""
    content = path.read_bytes()
    cues, cluster = content.find(b"\x1c\x53\xbb\x6b"), content.find(b"\x1f\x43\xb6\x75")
    return 0 < cues < cluster
