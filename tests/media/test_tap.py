"""The line to the recorder is bounded: a recorder that stands still costs packets, never time."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from media.control import SegmentFinished, event_from_json
from media.forwarding.streams import Endpoint
from media.tap import Recorder
from media.wire.sdp import SEAT_LINES
from tests.kit.capabilities import need
from tests.kit.until import borne, until


def _opus(sequence: int) -> memoryview:
    number, timestamp = sequence % (1 << 16), sequence * 960 % (1 << 32)
    header = b"\x80\x6f" + number.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    return memoryview(header + b"\0\0\0\7" + b"\xfc" + bytes(99))


@pytest.mark.timed
async def test_what_does_not_fit_is_dropped_counted_and_named_in_the_file(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    recorder = Recorder(tmp_path, told.append, lambda *_: None, limit_bytes=20_000)
    await recorder.start()
    track = Endpoint(SEAT_LINES, SEAT_LINES).tracks["0"]
    track.segment = recorder.open("room", "sun", ("0",))
    sequence = 0
    # A stream of the past, so that it may be fed faster than it was spoken.
    start = time.monotonic() - 200

    def feed(count: int) -> None:
        nonlocal sequence
        for _ in range(count):
            recorder.packet(track, _opus(sequence), start + sequence * 0.02)
            sequence += 1
            recorder.flush()

    feed(50)
    await until(lambda: None if told else "nothing was written", 10)
    assert recorder.process_id is not None
    os.kill(recorder.process_id, signal.SIGSTOP)
    began = time.monotonic()
    feed(5000)
    assert time.monotonic() - began < borne(2), "the worker waited for its recorder"
    assert 0 < recorder.dropped < 5000
    os.kill(recorder.process_id, signal.SIGCONT)

    def accepts() -> str | None:
        before = recorder.dropped
        feed(1)
        return None if recorder.dropped == before else "still full"

    await until(accepts, 10)
    feed(20)
    recorder.close(track.segment)
    await recorder.stop()
    (finished,) = [
        event for event in map(event_from_json, told) if isinstance(event, SegmentFinished)
    ]
    assert [gap.reason for gap in finished.gaps] == ["dropped"]
    missing = round((finished.gaps[0].ended_at - finished.gaps[0].started_at) / 0.02) - 1
    assert missing == sequence - finished.tracks[0].packets


async def _fed_through_its_death(folder: Path) -> list[dict[str, Any]]:
    """What is told by a recorder that is killed while packets go on coming."""
    told: list[dict[str, Any]] = []
    recorder = Recorder(folder, told.append, lambda *_: None)
    await recorder.start()
    track = Endpoint(SEAT_LINES, SEAT_LINES).tracks["0"]
    track.segment = recorder.open("room", "sun", ("0",))
    sequence = 0

    def begun(count: int) -> str | None:
        nonlocal sequence
        recorder.packet(track, _opus(sequence), time.monotonic())
        sequence += 1
        recorder.flush()
        found = [one for one in told if one["event"] == "recording_started"]
        return None if len(found) == count else f"begun: {found}"

    await until(lambda: begun(1), 10)
    assert recorder.process_id is not None
    os.kill(recorder.process_id, signal.SIGKILL)
    await until(lambda: begun(2), 10, every_s=0.0)
    await recorder.stop()
    assert recorder.restarts == 1
    return told


def test_packets_for_one_that_just_died_harm_nothing(tmp_path: Path) -> None:
    """In the loop that workers run in: it raises where asyncio's own only warns."""
    need("uvloop")
    uvloop = importlib.import_module("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(_fed_through_its_death(tmp_path))
    assert [one["event"] for one in told].count("recording_started") == 2


async def test_one_that_is_just_started_anew_ends_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(tmp_path, lambda _: None, lambda *_: None)
    await recorder.start()
    assert recorder.process_id is not None
    os.kill(recorder.process_id, signal.SIGKILL)
    await until(lambda: None if recorder.restarts else "it is not missed yet", 10)
    await recorder.stop()
    assert "did not finish" not in caplog.text
