"""What is on its way when its sender is signed out is cut off, wherever that was done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from server.app import Running
from server.edge.route import STORE
from server.edge.senders import SENDERS
from server.people.acts.accounts import Accounts
from server.store import SYSTEM
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until

SIZE = 1_000_000
HALF = SIZE // 2


@pytest.fixture
async def node(demo_database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with demo_node(demo_database, tmp_path) as node:
        yield node


async def sending(desk: Desk, node: Running) -> tuple[str, asyncio.Event, asyncio.Task[bool]]:
    """An upload of which half has come, what lets the rest go, and whether it was all taken."""
    case_id = await desk.open_case()
    location, _ = await desk.begin(case_id, "application", SIZE)
    goes_on = asyncio.Event()

    async def bytes_of() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n" + b"x" * (HALF - 9)
        left = SIZE - HALF
        # never silent: else the rule for slow bodies would cut it off, and not the end of the sign-in
        while not goes_on.is_set() and left > 1_000:
            yield b"x" * 1_000
            left -= 1_000
            with suppress(TimeoutError):
                await asyncio.wait_for(goes_on.wait(), 0.2)
        yield b"x" * left

    async def sent() -> bool:
        with suppress(aiohttp.ClientError):
            async with desk.patch(location, 0, bytes_of()) as said:
                return bool(said.status == 204)
        return False

    task = asyncio.create_task(sent())
    await until(lambda: None if node.app[SENDERS].who() else "nothing is being sent")
    return location, goes_on, task


@SQLITE_ALONE
@pytest.mark.parametrize("how", ["signs out", "is blocked"])
async def test_a_patch_begun_before_the_sign_in_ended_is_cut_off(node: Running, how: str) -> None:
    async with desk_of(node, "lixiulan") as desk:
        location, goes_on, task = await sending(desk, node)
        store = node.app[STORE]
        if how == "signs out":
            async with desk.http.delete("/api/v1/session") as said:
                assert said.status == 204
        else:  # as another node, or the command line, does it: this one sees it in the database
            await Accounts(store).block(SYSTEM, "lixiulan", "离岗")
        await until(lambda: "it is still being sent" if node.app[SENDERS].who() else None)
        goes_on.set()
        assert await task is False
    if how == "is blocked":
        await Accounts(store).unblock(SYSTEM, "lixiulan")
    async with desk_of(node, "lixiulan") as desk:  # what arrived stays, and can be gone on with
        assert 0 < await desk.offset(location) < SIZE
