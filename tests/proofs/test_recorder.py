"""What recordings survive, in full counts: twenty SIGKILLs of the recorder and of the worker (R9), a
full disk (R11), and one failing call to the kernel at a time (R12)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from media.client import RecordingHalted, RecordingStarted, SegmentFinished, spawn
from tests.kit.capabilities import need
from tests.kit.peer import GREEN, RED, Peer, near
from tests.kit.recording import play
from tests.kit.until import until
from tests.media.conftest import Studio, studio
from tests.media.test_killed_recorder import LOST_AT_MOST_S, kill_again_and_again

pytestmark = [pytest.mark.proofs, pytest.mark.timeout(1800)]

__all__ = ["studio"]

Tell = Callable[[str, object], None]
COLOURS = {"sun": RED, "li": GREEN}


async def test_a_recorder_that_is_killed_twenty_times(
    studio: Studio, tmp_path: Path, record_property: Tell
) -> None:
    measured = await kill_again_and_again(studio, tmp_path, 20, (5.0, 60.0))
    record_property("worst_lost_s", max(lost for lost, _ in measured))
    record_property("worst_next_s", max(after for _, after in measured))


async def meet(studio: Studio) -> tuple[Peer, Peer]:
    """Two who see and hear each other, both recorded."""
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, record=True)
    await studio.seat("room", "li", li, record=True)
    await still_meet(sun, li)
    await until(lambda: begun(studio, 1), 15)
    return sun, li


async def still_meet(sun: Peer, li: Peer) -> None:
    for peer in (sun, li):
        peer.forget()
    await until(lambda: sun.meets(GREEN, 880), 15)
    await until(lambda: li.meets(RED, 440), 15)


def begun(studio: Studio, count: int) -> str | None:
    parties = [e.party for e in studio.heard if isinstance(e, RecordingStarted)]
    return None if min(map(parties.count, COLOURS)) >= count else f"begun: {parties}"


async def plays(folder: Path, segment: SegmentFinished) -> None:
    """It decodes to its told end without an error, and shows who it says."""
    played = await asyncio.to_thread(play, folder / f"{segment.segment}.mkv")
    assert played.errors == ""
    assert near(played.colour, COLOURS[segment.party])
    assert abs(played.duration_s - (segment.ended_at - segment.started_at)) < 0.1


async def test_a_worker_that_is_killed_twenty_times(tmp_path: Path, record_property: Tell) -> None:
    """Its recorder ends by itself and finishes what it has; the next worker of the folder knows it."""
    worst = 0.0
    for number in range(20):
        async with AsyncExitStack() as stack:
            workdir = tmp_path / f"media{number}"
            studio = Studio(await spawn(workdir, host="127.0.0.1"), workdir, stack)
            await meet(studio)
            # The row's own times, shortened: a file of 2 to 15 s has as many ways to end.
            await asyncio.sleep(random.uniform(2, 15))
            process = studio.worker.process
            assert process is not None
            process.kill()
            died = time.time()
            await process.wait()
            await studio.client.close()
            following = await spawn(workdir, host="127.0.0.1")
            try:
                segments = await following.client.list_segments()
                assert sorted(one.party for one in segments) == ["li", "sun"]
                for segment in segments:
                    worst = max(worst, died - segment.ended_at)
                    await plays(workdir / "segments", segment)
            finally:
                await following.stop()
        shutil.rmtree(workdir)
    record_property("worst_lost_s", round(worst, 2))
    assert worst <= LOST_AT_MOST_S


@pytest.fixture
async def small_disk(tmp_path: Path) -> AsyncIterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    need("mounts")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    yield folder
    await asyncio.to_thread(subprocess.run, ["umount", str(folder)], check=True)


async def test_a_full_disk_is_told_and_the_call_goes_on(
    small_disk: Path, record_property: Tell
) -> None:
    """R11. What was written is finished as soon as there is room, and recording goes on by itself."""
    async with AsyncExitStack() as stack:
        workdir = small_disk / "media"
        studio = Studio(await spawn(workdir, host="127.0.0.1"), workdir, stack)
        stack.push_async_callback(studio.close)
        sun, li = await meet(studio)
        await asyncio.sleep(3)  # so that there is something to lose
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb") as stream:
            while True:
                stream.write(bytes(4096))
                stream.flush()
        full_at = time.time()

        def alarmed() -> str | None:
            told = {e.party for e in studio.heard if isinstance(e, RecordingHalted)}
            return None if told == set(COLOURS) else f"told of {told}"

        await until(alarmed, 15)
        alarm_s = time.time() - full_at
        assert (await studio.client.figures())["worker"]["recorder_halted"] == 2
        await still_meet(sun, li)
        filler.unlink()
        await until(lambda: begun(studio, 2), 40)
        assert (await studio.client.figures())["worker"]["recorder_halted"] == 0
        await until(lambda: None if len(studio.segments()) == 2 else "not finished yet", 40)
        await studio.client.close_room("room")
        for party in COLOURS:
            first, second = await studio.finished(party, 2)
            assert full_at - first.ended_at <= LOST_AT_MOST_S
            for segment in (first, second):
                await plays(workdir / "segments", segment)
        await still_there(workdir)
        record_property("alarm_s", round(alarm_s, 2))
        assert alarm_s <= 5


async def still_there(workdir: Path) -> None:
    """Every file in the folder is told of, and none is open."""
    folder = workdir / "segments"
    names = await asyncio.to_thread(lambda: sorted(os.listdir(folder)))
    assert not [name for name in names if ".open." in name or name.endswith(".part")], names
    files = {name.removesuffix(".mkv") for name in names if name.endswith(".mkv")}
    notes = {name.removesuffix(".json") for name in names if name.endswith(".json")}
    assert files == notes, names


def injections(folder: Path) -> int:
    return sum("(INJECTED)" in trace.read_text() for trace in folder.glob("trace*"))


CALLS = ("openat", "write", "fsync", "rename", "close")


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", CALLS)
async def test_one_call_to_the_kernel_fails_at_a_time(
    tmp_path: Path, call: str, error: str, record_property: Tell
) -> None:
    """R12, of recordings: the first, the third and a later one of each call of the recorder fails.

    However that ends, the call goes on, and what the next worker of the folder finds plays whole.
    """
    need("strace")
    found = 0
    for when in (1, 3, random.randrange(4, 30)):
        async with AsyncExitStack() as stack:
            workdir = tmp_path / f"media{when}"
            studio = Studio(await spawn(workdir, host="127.0.0.1"), workdir, stack)
            recorder = (await studio.client.figures())["worker"]["recorder_pid"]
            tracer = await asyncio.create_subprocess_exec(
                *("strace", "-f", "-qq", "-p", str(recorder), "-o", str(tmp_path / f"trace{when}")),
                *("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"),
            )
            try:
                sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
                await studio.seat("room", "sun", sun, record=True)
                await studio.seat("room", "li", li, record=True)
                await still_meet(sun, li)
                await until(lambda studio=studio: begun(studio, 1), 30)
                await still_meet(sun, li)
                await studio.client.close_room("room")
                await studio.close()
            finally:
                if tracer.returncode is None:
                    tracer.send_signal(signal.SIGINT)
                await tracer.wait()
            following = await spawn(workdir, host="127.0.0.1")
            try:
                segments = await following.client.list_segments()
                assert {one.party for one in segments} == set(COLOURS)
                for segment in segments:
                    await plays(workdir / "segments", segment)
                found += len(segments)
                await still_there(workdir)
            finally:
                await following.stop()
    failed = await asyncio.to_thread(injections, tmp_path)
    record_property("files", found)
    record_property("trials_in_which_it_failed", failed)
    assert failed
