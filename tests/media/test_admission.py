"""A worker at its limit: new calls are refused with the reason, those that run keep their rate."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from media.client import LoadLimits, Worker, spawn
from media.load import Load as Measured
from media.rejected import Rejected, Rejection
from tests.kit.load import Load
from tests.kit.until import until

KEPT = 0.9


__all__ = ["KEPT", "loaded", "refused"]


@asynccontextmanager
async def loaded(folder: Path, limits: LoadLimits) -> AsyncIterator[tuple[Worker, Load]]:
    worker = await spawn(folder / "m", host="127.0.0.1", limits=limits)
    load = Load(worker.client)
    try:
        yield worker, load
    finally:
        if worker.process is not None and worker.process.returncode is None:
            await load.close()
        await worker.stop()


async def refused(load: Load) -> str:
    with pytest.raises(Rejected) as rejected:
        await load.call()
    assert rejected.value.code is Rejection.BUSY
    return rejected.value.detail


async def test_at_the_limit_a_new_call_is_refused_and_those_that_run_keep_their_rate(
    tmp_path: Path,
) -> None:
    async with loaded(tmp_path, LoadLimits(calls=2)) as (worker, load):
        first, _ = await load.call(), await load.call()
        assert await worker.client.full() == "calls"
        talking = asyncio.create_task(load.talk(1.5, 100))
        while not talking.done():
            assert await refused(load) == "calls"
            await asyncio.sleep(0.05)
        assert await talking >= KEPT
        assert all(talker.opened for pair in load.calls.values() for talker in pair)
        # Who comes back into a call that runs is let in, and a call that another worker lost.
        await worker.client.open_room(first)
        await worker.client.remove_party(first, "b")
        await worker.client.add_party(first, "b", record=True)
        moved = await load.call(resumed=True)
        for room in (first, moved):
            await load.end(room)
        assert await worker.client.full() is None
        await load.call()


async def test_a_worker_that_drains_ends_with_its_last_call(tmp_path: Path) -> None:
    async with loaded(tmp_path, LoadLimits()) as (worker, load):
        room = await load.call()
        assert worker.process is not None
        os.kill(worker.process.pid, signal.SIGUSR1)

        async def heard_of_it() -> str | None:
            return None if await worker.client.full() == "draining" else "it takes calls"

        await until(heard_of_it)
        assert await refused(load) == "draining"
        assert await load.talk(0.5, 100) >= KEPT
        assert (await worker.client.figures())["worker"]["draining"] == 1
        await load.end(room)
        async with asyncio.timeout(10):
            assert await worker.process.wait() == 0


async def test_limits_of_nothing_refuse_nothing(tmp_path: Path) -> None:
    async with loaded(tmp_path, LoadLimits(calls=0, load=0.0)) as (worker, load):
        await load.call()
        assert await worker.client.full() is None


def test_the_share_of_a_core_refuses_when_it_lasts_and_lets_in_when_it_is_over() -> None:
    measured = Measured(LoadLimits(calls=0, load=0.5), 0.1, 0.0, 0.0)
    measured.tick(1.0, 0.9, 900)
    assert measured.full(5) is None, "one busy second turns nobody away"
    measured.tick(2.0, 1.8, 1800)
    assert measured.full(5) == "load"
    assert measured.figures()["packets_per_s"] == 900
    measured.tick(3.0, 1.9, 1800)
    measured.tick(4.0, 1.9, 1800)
    assert measured.full(5) is None


def test_the_worst_lateness_of_a_second_is_told() -> None:
    measured = Measured(LoadLimits(), 0.1, 0.0, 0.0)
    now = 0.0
    for wait_s in (0.1, 0.1, 0.45, 0.1, 0.1, 0.1, 0.1):
        now += wait_s
        measured.tick(now, 0.0, 0)
    assert measured.figures()["lag_s"] == pytest.approx(0.35)
