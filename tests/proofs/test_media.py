"""The media worker over long times: R19, more calls than fit, and R20, two hours of calls.

`YUNJIAN_SOAK_MINUTES` shortens the soak.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from media.client import LoadLimits, SegmentFinished, Worker
from tests.kit.until import until
from tests.media.test_admission import KEPT, loaded

pytestmark = pytest.mark.proofs

Tell = Callable[[str, object], None]
SOAK_MINUTES = float(os.environ.get("YUNJIAN_SOAK_MINUTES", "120"))
CALLS = 8
LIMIT, RATE = 0.08, 200.0
WARM_UP = 0.1
"""Of the time; the first rounds fill pools and caches."""
GROWTH = 1.05
LEFT_OVER = 5


@pytest.mark.timeout(300)
async def test_more_recorded_calls_than_fit(tmp_path: Path, record_property: Tell) -> None:
    """Calls are added until the measured load refuses the next; then 20 s of knocking."""
    async with loaded(tmp_path, LoadLimits(calls=0, load=LIMIT)) as (worker, load):
        why = None
        while why is None:
            await load.call()
            talking = asyncio.create_task(load.talk(2.5, RATE))
            while not talking.done() and why is None:
                await asyncio.sleep(0.2)
                why = await worker.client.full()
            await talking
        talking = asyncio.create_task(load.talk(20, RATE))
        await asyncio.sleep(3)
        knocks = refusals = 0
        while not talking.done():
            knocks += 1
            refusals += await worker.client.full() is not None
            await asyncio.sleep(0.2)
        kept = await talking
        figures = (await worker.client.figures())["worker"]
        record_property("calls", len(load.calls))
        record_property("refused", f"{refusals} of {knocks}")
        record_property("least_share_kept", round(kept, 4))
        record_property("load", figures["load"])
        record_property("recorder_dropped", figures["recorder_dropped"])
        assert why == "load"
        # At the limit the load that is measured lies now above and now below it.
        assert refusals
        assert kept >= KEPT


class Watch:
    """What the two processes of a worker hold: bytes, descriptors, sockets, tasks."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def look(self) -> dict[str, int]:
        figures = (await self._worker.client.figures())["worker"]
        assert self._worker.process is not None
        found = {"tasks": int(figures["tasks"])}
        for name, process in (
            ("worker", self._worker.process.pid),
            ("recorder", int(figures["recorder_pid"])),
        ):
            told = await asyncio.to_thread(_held, process)
            found |= {f"{name}_{what}": amount for what, amount in told.items()}
        return found


def _held(process: int) -> dict[str, int]:
    folder = Path(f"/proc/{process}")
    links = []
    for descriptor in (folder / "fd").iterdir():
        try:
            links.append(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    pages = int((folder / "statm").read_text().split()[1])
    return {
        "kb": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "descriptors": len(links),
        "sockets": sum(link.startswith("socket:") for link in links),
    }


@pytest.mark.timeout(SOAK_MINUTES * 60 + 300)
async def test_calls_for_two_hours(tmp_path: Path, record_property: Tell) -> None:
    """Recorded calls come and go; their files are pulled and dropped as a server does it."""
    async with loaded(tmp_path, LoadLimits()) as (worker, load):
        watch = Watch(worker)
        pulled = 0

        async def seal() -> None:
            nonlocal pulled
            async for event in worker.client.events():
                if isinstance(event, SegmentFinished):
                    async for _ in worker.client.pull_segment(event.segment):
                        pass
                    await worker.client.drop_segment(event.segment)
                    pulled += 1

        def all_sealed(rounds: int) -> str | None:
            missing = rounds * CALLS * 2 - pulled
            return f"{missing} files are not there" if missing else None

        sealing = asyncio.create_task(seal())
        began = time.monotonic()
        rounds, least = 0, 1.0
        at_rest: dict[str, int] = {}
        warm: dict[str, int] = {}
        now: dict[str, int] = {}
        try:
            while (passed := time.monotonic() - began) < SOAK_MINUTES * 60 or not warm:
                for _ in range(CALLS):
                    await load.call()
                least = min(least, await load.talk(5, 60))
                busy = await watch.look()
                await load.close()
                rounds += 1
                await until(partial(all_sealed, rounds), 30, every_s=0.05)
                now = await watch.look()
                at_rest = at_rest or now
                if not warm and passed >= SOAK_MINUTES * 60 * WARM_UP:
                    warm = {**now, "busy_kb": busy["worker_kb"]}
        finally:
            sealing.cancel()
            await asyncio.gather(sealing, return_exceptions=True)
        record_property("rounds", rounds)
        record_property("calls", rounds * CALLS)
        record_property("least_share_kept", round(least, 4))
        record_property("first", at_rest)
        record_property("warm", warm)
        record_property("last", now)
        for name, amount in now.items():
            if name.endswith("_kb"):
                assert amount <= warm[name] * GROWTH, f"{name}: {warm[name]} to {amount}"
            else:
                assert abs(amount - at_rest[name]) <= LEFT_OVER, (
                    f"{name}: {at_rest[name]} to {amount}"
                )
