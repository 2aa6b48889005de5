"""Rehearsals: a person's own room on a real worker, with both its parties at his own page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from media.client import attach
from media.control import socket_path
from media.peer import ScriptedPeer
from server.calls.acts.rehearsals import LASTS, OPENED_AT_MOST, SWEPT_EVERY_S
from signaling.client import Client, Refused
from tests.kit.casework import APPROVER, CLERK
from tests.kit.desks import demo_node, desk_of
from tests.kit.peer import BLUE, RED, near
from tests.kit.stores import MovedClock
from tests.kit.until import until

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def sockets(
    folder: Path, *logins: str, clock: MovedClock | None = None
) -> AsyncIterator[list[Client]]:
    database = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
    async with demo_node(database, folder, clock, media=True) as node:
        clients = []
        for login in logins:
            async with desk_of(node, login) as desk:
                clients.append(client := Client(node.address, desk.token))
            await client.connect()
        try:
            yield clients
        finally:
            for client in clients:
                await client.close()


async def rooms(folder: Path) -> dict[str, Any]:
    worker = await attach(socket_path(folder / "data" / "media"))
    try:
        return dict((await worker.client.figures())["rooms"])
    finally:
        await worker.client.close()


async def test_what_a_page_sends_comes_back_to_it(tmp_path: Path) -> None:
    async with sockets(tmp_path, CLERK, APPROVER) as [clerk, approver]:
        opened = await clerk.ask({"type": "rehearsal.open"})
        mine = {"rehearsal_id": opened["rehearsal_id"]}
        sending, receiving = ScriptedPeer(RED, 440.0), ScriptedPeer(BLUE, 660.0)
        try:
            for name, peer in (("send", sending), ("receive", receiving)):
                sdp = await peer.answer(opened[name])
                await clerk.ask({"type": "rehearsal.describe", **mine, "party": name, "sdp": sdp})

            def back() -> str | None:
                got = receiving.received
                heard = got.tone_hz is not None and abs(got.tone_hz - 440) < 15
                return None if heard and near(got.colour, RED) else f"{got}"

            await until(back, 15)
            packets = (await clerk.ask({"type": "rehearsal.look", **mine}))["packets"]
            assert packets["0"] > 0
            assert packets["1"] > 0
            again = await clerk.ask({"type": "rehearsal.restart", **mine})
            assert again["sdp"].count("a=ice-ufrag") == opened["send"].count("a=ice-ufrag")
            assert _ufrag(again["sdp"]) != _ufrag(opened["send"])
            # it is nobody else's, and no record of it is made
            ack = await approver.send({"type": "rehearsal.look", **mine})
            assert ack.code == "not_found"
            assert [name.startswith("rehearsal-") for name in await rooms(tmp_path)] == [True]
            [parties] = (await rooms(tmp_path)).values()
            assert not any(party["recording"] for party in parties.values())
            # another one of the same person ends the first
            second = await clerk.ask({"type": "rehearsal.open"})
            assert second["rehearsal_id"] != opened["rehearsal_id"]
            assert len(await rooms(tmp_path)) == 1
            await clerk.ask({"type": "rehearsal.close", "rehearsal_id": second["rehearsal_id"]})
            assert await rooms(tmp_path) == {}
        finally:
            await sending.close()
            await receiving.close()


def _ufrag(sdp: str) -> str:
    return next(line for line in sdp.splitlines() if line.startswith("a=ice-ufrag"))


async def test_it_ends_by_itself_and_few_are_given(tmp_path: Path) -> None:
    clock = MovedClock()
    async with sockets(tmp_path, CLERK, clock=clock) as [clerk]:
        for _ in range(OPENED_AT_MOST):
            opened = await clerk.ask({"type": "rehearsal.open"})
        look = {"type": "rehearsal.look", "rehearsal_id": opened["rehearsal_id"]}
        await clerk.ask(look)
        with pytest.raises(Refused) as refused:
            await clerk.ask({"type": "rehearsal.open"})
        assert refused.value.ack.code == "throttled"
        assert len(await rooms(tmp_path)) == 1
        clock.move(LASTS.total_seconds())
        with pytest.raises(Refused) as refused:
            await clerk.ask(look)
        assert refused.value.ack.code == "not_found"

        async def ended() -> str | None:
            left = await rooms(tmp_path)
            return f"rooms: {list(left)}" if left else None

        await until(ended, 3 * SWEPT_EVERY_S, every_s=0.2)
        await clerk.ask({"type": "rehearsal.open"})
