"""Plays a recording to its end and says what is in it.

Decoded here, because the engine never does: every picture and every sound of the
file passes through the codec, and any complaint of a decoder is reported.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from media.peer import dominant_tone
from server.calls.rows import marks as mark_rows
from server.store import Store

# Pictures come when they come: without this ffmpeg fits them to a frame rate that it
# guesses, and complains of its own rounding.
AS_TIMED = ("-enc_time_base", "demux", "-fps_mode", "passthrough")


@dataclass(frozen=True)
class Played:
    """`colour` is the mean RGB of the upper middle of the last picture, `errors` what ffmpeg said."""

    duration_s: float
    pictures: int
    colour: tuple[float, float, float] | None
    tone_hz: float | None
    sound_s: float
    errors: str


def play(path: Path) -> Played:
    """Decode the whole file, twice: by ffmpeg for its complaints, by PyAV for the content."""
    told = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *AS_TIMED, "-f", "null", "-"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    errors = told.stderr.strip() or ("" if told.returncode == 0 else f"exit {told.returncode}")
    pictures = 0
    colour: tuple[float, float, float] | None = None
    samples: list[np.ndarray] = []
    first, last = float("inf"), 0.0
    with av.open(str(path)) as container:
        # The chapters of MP4 are a stream too.
        for packet in container.demux([*container.streams.video, *container.streams.audio]):
            if packet.pts is not None and packet.time_base is not None:
                at = float(packet.pts * packet.time_base)
                first, last = min(first, at), max(last, at)
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures += 1
                    height, width = frame.height, frame.width
                    middle = frame.to_ndarray(format="rgb24")[
                        height // 8 : height // 2, width // 4 : 3 * width // 4
                    ]
                    red, green, blue = middle.reshape(-1, 3).mean(axis=0)
                    colour = (float(red), float(green), float(blue))
                elif isinstance(frame, av.AudioFrame):
                    samples.append(frame.to_ndarray()[0].astype(np.float32))
    sound = np.concatenate(samples) if samples else np.empty(0)
    return Played(
        max(0.0, last - first),
        pictures,
        colour,
        dominant_tone(sound[-96_000:], 48_000),
        len(sound) / 48_000,
        errors,
    )


async def counted(store: Store, call_id: str, legs: int) -> str | None:
    """Why what the worker counted is not kept of so many legs of a call yet; for ``until``."""
    async with store.read() as connection:
        marks = await mark_rows.list_marks(connection, call_id)
    found = {one.body["leg_id"] for one in marks if one.kind == "worker"}
    return None if len(found) == legs else f"counted of {found}"
