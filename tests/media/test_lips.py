"""A finished recording (R10): both voices are there, lips match, its length is that of the talk."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import av
import numpy as np

from media.client import RecordingStarted
from media.playback.remux import Segment, remux
from tests.kit.footage import spans_of_tone
from tests.kit.peer import GREEN, RED
from tests.kit.recording import play
from tests.kit.until import until
from tests.media.conftest import Studio

APART_S = 0.2
LENGTH_S = 1.0
TALK_S = 7.0
WITHOUT_S = 0.5
"""Half of what lies between two flashes: what is further away is the tone of another one."""


def flashes(path: Path) -> list[float]:
    """When the picture turns bright."""
    found, dark = [], False
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            bright = float(frame.to_ndarray(format="gray8").mean()) > 30
            assert frame.time is not None
            if bright and dark:
                found.append(frame.time)
            dark = not bright
    return found


async def test_lips_match_and_nothing_of_the_talk_is_missing(
    studio: Studio, tmp_path: Path
) -> None:
    colours = {"sun": (RED, 440.0), "li": (GREEN, 880.0)}
    for name, (colour, tone_hz) in colours.items():
        peer = studio.peer(colour, tone_hz, fps=20, blinking=True)
        await studio.seat("room", name, peer, record=True)

    def begun() -> str | None:
        parties = {e.party for e in studio.heard if isinstance(e, RecordingStarted)}
        return None if parties == set(colours) else f"recordings of {parties}"

    await until(begun, 15)
    began = time.time()
    # the length of the talk is what is measured here
    await until(lambda: None if time.time() - began > TALK_S else "they talk", 2 * TALK_S)
    await studio.client.close_room("room")
    ended = time.time()
    for name, (_, tone_hz) in colours.items():
        (segment,) = await studio.finished(name)
        path = await studio.pull(segment, tmp_path)
        played = await asyncio.to_thread(play, path)
        assert played.errors == ""
        assert segment.started_at < began + LENGTH_S
        assert abs(segment.ended_at - ended) < LENGTH_S
        missing = sum(gap.ended_at - gap.started_at for gap in segment.gaps if gap.mid == "0")
        assert abs(played.sound_s + missing - (ended - segment.started_at)) < LENGTH_S
        target = tmp_path / f"{name}.webm"
        await asyncio.to_thread(remux, [Segment(path, 0.0)], target)
        seen = await asyncio.to_thread(flashes, target)
        heard = [at for at, _ in await asyncio.to_thread(spans_of_tone, target, tone_hz)]
        assert len(seen) >= TALK_S - 2, "the picture is there"
        assert len(heard) >= TALK_S - 2, "the voice is there"
        apart = [flash - min(heard, key=lambda at, flash=flash: abs(at - flash)) for flash in seen]
        # A flash whose tone the busy machine lost has nothing to be judged by; most have theirs.
        judged = [one for one in apart[2:] if abs(one) < WITHOUT_S]
        assert len(judged) >= TALK_S - 3, apart
        # The sender reports of the first seconds are what brings them in step.
        assert abs(statistics.median(judged)) <= APART_S, apart
        assert float(np.ptp(judged)) <= 2 * APART_S, apart
