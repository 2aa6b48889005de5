"""Two nodes on PostgreSQL and Redis that share media workers: window at one, approver at the other.

Real processes: two of `yunjian serve`, one or two of `yunjian media`. What one of them holds
alone dies with it, and nothing else does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from media.client import Worker, attach
from tests.kit.meetings import load, meet_again, met, nothing_is_open, recorded
from tests.kit.peer import BLUE
from tests.kit.processes import Engine, Serving, serving
from tests.kit.seats import Approver, Colour, Seat, Supervisor, Window, story
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(240)

BACK_WITHIN_S = 15.0
FROM_ANOTHER_WITHIN_S = 5.0
S = TypeVar("S", bound=Seat)


class Pair:
    """Two nodes and the workers that they share."""

    def __init__(self, nodes: tuple[Serving, Serving], engines: list[Engine]) -> None:
        self.here, self.there = nodes
        self.engines = engines

    async def seated(self, stack: AsyncExitStack) -> tuple[Window, Approver, str, str]:
        """A live call: the window's page is served here, the approver's there."""
        ushers = {
            kind: await stack.enter_async_context(story(node))
            for kind, node in ((Window, self.here), (Approver, self.there))
        }

        async def seat(kind: type[S], login: str, colour: Colour, tone_hz: float) -> S:
            return await ushers[kind](kind, login, colour, tone_hz)

        return await met(seat)


@pytest.fixture
async def pair(
    request: pytest.FixtureRequest, postgres_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[Pair]:
    await load(postgres_url, tmp_path)
    async with AsyncExitStack() as stack:
        engines = []
        for _ in range(request.param):
            # Short: the path of a Unix socket may have 107 bytes.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="yj-"))
            engine = Engine(Path(folder))
            stack.callback(engine.close)
            await engine.start()
            engines.append(engine)
        shared: dict[str, Any] = {
            "database_url": postgres_url,
            "redis_url": redis_url,
            "bus_secret": "a secret between two nodes",
            "blob_root": tmp_path / "blobs",
            "media_workers": [str(engine.socket) for engine in engines],
        }
        here = await stack.enter_async_context(serving(tmp_path / "here", **shared))
        there = await stack.enter_async_context(serving(tmp_path / "there", **shared))
        # One after the other, so that the worker's events go to the first.
        await here.start()
        await there.start()
        yield Pair((here, there), engines)


@asynccontextmanager
async def watching(engine: Engine) -> AsyncIterator[Worker]:
    worker = await attach(engine.socket)
    try:
        yield worker
    finally:
        await worker.client.close()


@pytest.mark.timed
@pytest.mark.parametrize("pair", [1], indirect=True)
async def test_a_node_dies_and_its_page_comes_back_by_the_other(pair: Pair, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        window, approver, _, call_id = await pair.seated(stack)
        mine = approver.leg_id
        await approver.sees_call(
            call_id, lambda call: all(leg["recording"] for leg in call["legs"]), 20
        )
        async with watching(pair.engines[0]) as worker:

            async def came_in() -> int:
                party = (await worker.client.figures())["rooms"][call_id][mine]
                return int(sum(track["packets"] for track in party["tracks"].values()))

            before = await came_in()
            await pair.here.kill()
            killed_at = time.monotonic()
            # Neither hears of it: pictures and sound flow on through the worker.
            await meet_again(window, approver)
            assert await came_in() > before

            window.address = pair.there.address
            desk = await window.open_page()
            assert [one["call"]["id"] for one in desk["calls"]] == [call_id]
            assert window.peer is not None
            old = window.peer
            await window.take_seat(call_id)
            await meet_again(window, approver)
            assert time.monotonic() - killed_at < borne(BACK_WITHIN_S)
            await old.close()
            assert approver.peer is not None
            assert approver.peer.state == "connected"
            assert set((await worker.client.figures())["rooms"][call_id]) == {window.leg_id, mine}

        # What the worker says now comes to the node that is left.
        call = await approver.sees_call(
            call_id,
            lambda call: all(
                leg["media"] and leg["recording"]
                for leg in call["legs"]
                if leg["state"] == "joined"
            ),
            20,
        )
        assert [leg["state"] for leg in call["legs"]] == ["left", "joined", "joined"]
        assert call["legs"][1]["id"] == mine
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        usher = await stack.enter_async_context(story(pair.there))
        supervisor = await usher(Supervisor, "chenli", BLUE, 880.0)
        detail = await recorded(supervisor, call_id, tmp_path)
        assert len(detail["recordings"]) == 3
        unbroken = next(one for one in detail["recordings"] if one["leg_id"] == mine)
        assert unbroken["gaps"] == []
        await nothing_is_open(supervisor, call_id)
        assert pair.there.errors() == []


@pytest.mark.timed
@pytest.mark.parametrize("pair", [2], indirect=True)
async def test_a_worker_dies_and_both_nodes_take_the_other_one(pair: Pair) -> None:
    async with AsyncExitStack() as stack:
        window, approver, _, call_id = await pair.seated(stack)
        rooms = []
        for engine in pair.engines:
            async with watching(engine) as worker:
                rooms.append(set((await worker.client.figures())["rooms"]))
        held = rooms.index({call_id})
        assert rooms[1 - held] == set(), "both pages are at one worker"
        pair.engines[held].kill()
        killed_at = time.monotonic()
        for seat in (window, approver):
            await seat.sees_call(
                call_id, lambda call: not any(leg["media"] for leg in call["legs"])
            )

        async def seat_again(seat: Seat) -> None:
            assert seat.peer is not None
            old = seat.peer
            await seat.take_seat(call_id, seat.leg_id)
            await old.close()

        await asyncio.gather(seat_again(window), seat_again(approver))
        await window.sees_call(
            call_id,
            lambda call: all(leg["media"] for leg in call["legs"] if leg["state"] == "joined"),
        )
        assert time.monotonic() - killed_at < borne(FROM_ANOTHER_WITHIN_S)
        await meet_again(window, approver)
        async with watching(pair.engines[1 - held]) as worker:
            parties = set((await worker.client.figures())["rooms"][call_id])
        assert parties == {window.leg_id, approver.leg_id}

        # The worker that comes back tells what it had recorded; the call stays where it is.
        await pair.engines[held].start()
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        usher = await stack.enter_async_context(story(pair.there))
        supervisor = await usher(Supervisor, "chenli", BLUE, 880.0)

        async def sealed() -> str | None:
            found = (await supervisor.get(f"/calls/{call_id}"))["recordings"]
            states = [one["state"] for one in found]
            return None if states == ["stored"] * 4 else f"recordings: {states}"

        await until(sealed, 30)
