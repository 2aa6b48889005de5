"""A node that is asked to end (R5): no new call, no running call cut, every byte of an upload kept."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.kit.desks import metadata
from tests.kit.meetings import load, meet_again, met, scan
from tests.kit.peer import BLUE, RED
from tests.kit.processes import Serving, serving
from tests.kit.seats import TUS, Approver, Window, story
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(120)

ENDS_WITHIN_S = 10.0


async def trickle(first: bytes, sent: asyncio.Event, stop: asyncio.Event) -> AsyncIterator[bytes]:
    """The body of a PATCH that sends its first bytes and then nothing more."""
    yield first
    sent.set()
    await stop.wait()


@pytest.mark.timed
@pytest.mark.parametrize("how", ["limit", "hang_up", "again"])
async def test_a_node_that_is_asked_to_end(tmp_path: Path, how: str) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    await load(database, tmp_path)
    # time enough for what goes on meanwhile, on a busy machine too
    limit_s = 14.0 if how == "limit" else 60.0
    async with serving(tmp_path, database_url=database, drain_limit_s=limit_s) as node:
        await node.start()
        async with story(node) as seat:
            window, approver, case_id, call_id = await met(seat)
            other = await seat(Window, "wangfang", BLUE, 880.0)
            other_case = await other.register()
            await other.take_consent(other_case)
            colleague = await seat(Approver, "gaoxinmin", BLUE, 880.0)
            await colleague.on_duty()

            content = scan(1)
            about = {"case_id": case_id, "line": "appointment", "filename": "任职文件.pdf"}
            async with window.http.post(
                "/api/v1/uploads",
                headers={
                    **TUS,
                    "Upload-Length": str(len(content)),
                    "Upload-Metadata": metadata(about),
                },
            ) as said:
                location = said.headers["Location"]
            half = len(content) // 2
            sent, stop = asyncio.Event(), asyncio.Event()
            patch = asyncio.create_task(
                hanging(window, location, trickle(content[:half], sent, stop))
            )
            await sent.wait()

            async def arrived() -> str | None:
                size = (node.data / "uploads" / location.rpartition("/")[2]).stat().st_size
                return None if size == half else f"{size} of {half} bytes"

            await until(arrived)

            began = time.monotonic()
            node.signal(signal.SIGTERM)
            await until(node_is_unready(node))
            dial = {"type": "call.dial", "case_id": other_case}
            assert await other.refused(dial) == "draining"

            # The running call goes on: fresh pictures and tones, and it can still be worked in.
            await meet_again(window, approver)
            await window.fill(case_id, {"appointed_on": "2026-11-20"})
            assert window.calls[call_id]["state"] == "live"
            assert node.running

            if how == "hang_up":
                await window.ask({"type": "call.hang_up", "call_id": call_id})
            elif how == "again":
                node.signal(signal.SIGTERM)
            assert await node.ended(limit_s + ENDS_WITHIN_S - (time.monotonic() - began)) == 0
            took_s = time.monotonic() - began
            if how == "limit":
                assert took_s >= limit_s
            else:
                assert took_s < limit_s, "it waited for nobody"
                assert took_s < borne(ENDS_WITHIN_S + 5)
            stop.set()
            assert await patch in (0, 423)

        # Started again: the upload stands where it stood, and goes on from there.
        await node.start()
        async with story(node) as seat:
            window = await seat(Window, "lixiulan", RED, 440.0)
            async with window.http.head(location, headers=TUS) as said:
                assert said.status == 200
                assert int(said.headers["Upload-Offset"]) == half
            async with window.http.patch(
                location,
                data=content[half:],
                headers={
                    **TUS,
                    "Upload-Offset": str(half),
                    "Content-Type": "application/offset+octet-stream",
                },
            ) as said:
                assert said.status == 204
            [material] = (await window.case(case_id))["materials"]
            assert material["state"] == "stored"
            desk = await window.ask({"type": "desk.open"})
            assert bool(desk["calls"]) is (how != "hang_up"), "a call ends by its people alone"
        assert node.errors() == []


async def hanging(window: Window, location: str, body: AsyncIterator[bytes]) -> int:
    """The status of a PATCH; 0 when the connection went."""
    try:
        async with window.http.patch(
            location,
            data=body,
            headers={
                **TUS,
                "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream",
            },
        ) as said:
            return said.status
    except aiohttp.ClientError:
        return 0


def node_is_unready(node: Serving) -> Callable[[], Awaitable[str | None]]:
    async def why_not() -> str | None:
        told = await node.why_not_ready()
        return None if told is not None and '"accepting":"failing"' in told else f"ready: {told}"

    return why_not
