"""The recorder is killed in mid-call (R9): what was written plays, the next segment begins, nobody notices."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest

from media.client import RecordingStarted
from tests.kit.peer import GREEN, RED, near
from tests.kit.recording import play
from tests.kit.until import borne, until
from tests.media.conftest import Studio

pytestmark = pytest.mark.timeout(120)

LOST_AT_MOST_S = 2.5
NEXT_WITHIN_S = 5.0
PARTIES = {"sun": RED, "li": GREEN}


async def kill_again_and_again(
    studio: Studio, into: Path, times: int, between_s: tuple[float, float]
) -> list[tuple[float, float]]:
    """Kill the recorder so often, so many seconds after its files began; check every file.

    Returns of each kill the seconds that the worse of the two files lacks, and those until both
    next segments had begun.
    """
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, record=True)
    await studio.seat("room", "li", li, record=True)
    await until(lambda: sun.meets(GREEN, 880), 15)
    await until(lambda: li.meets(RED, 440), 15)
    died: list[float] = []
    measured = []

    def begun(count: int) -> str | None:
        parties = [e.party for e in studio.heard if isinstance(e, RecordingStarted)]
        least = min(parties.count(party) for party in PARTIES)
        return None if least >= count else f"begun: {parties}"

    await until(lambda: begun(1), 15)
    for number in range(times):
        # The row's own times: how much is written when it happens is what is tried here.
        await asyncio.sleep(random.uniform(*between_s))
        pid = (await studio.client.figures())["worker"]["recorder_pid"]
        os.kill(pid, signal.SIGKILL)
        died.append(time.time())
        await until(lambda number=number: begun(number + 2), 2 * NEXT_WITHIN_S)
        next_s = time.time() - died[-1]
        assert next_s <= borne(NEXT_WITHIN_S)
        missing_s = 0.0
        for party in PARTIES:
            segment = (await studio.finished(party, number + 1))[number]
            missing_s = max(missing_s, died[-1] - segment.ended_at)
        assert missing_s <= borne(LOST_AT_MOST_S)
        measured.append((missing_s, next_s))
    for peer, (colour, tone_hz) in ((sun, (GREEN, 880)), (li, (RED, 440))):
        peer.forget()
        await until(lambda p=peer, c=colour, t=tone_hz: p.meets(c, t), 10)
        assert peer.state == "connected"
    await studio.client.close_room("room")
    for party, colour in PARTIES.items():
        segments = await studio.finished(party, times + 1)
        for number, segment in enumerate(segments):
            played = await asyncio.to_thread(play, await studio.pull(segment, into))
            assert played.errors == ""
            assert segment.cut is (number < times)
            assert near(played.colour, colour)
            length_s = segment.ended_at - segment.started_at
            assert abs(played.duration_s - length_s) < 0.1
            if number:
                # The gap is told by the times of the two files that it parts.
                assert segment.started_at > segments[number - 1].ended_at
                assert segment.started_at - died[number - 1] <= borne(NEXT_WITHIN_S)
    return measured


@pytest.mark.timed
async def test_a_recorder_that_is_killed_twice(studio: Studio, tmp_path: Path) -> None:
    await kill_again_and_again(studio, tmp_path, 2, (2.0, 5.0))
