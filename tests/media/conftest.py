"""A real worker with a real recorder, on loopback, in a folder of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from media.client import MediaClient, MediaEvent, SegmentFinished, Worker, spawn
from media.peer import Colour
from tests.kit.peer import Peer
from tests.kit.until import until


class Studio:
    """A worker, its events so far, and the peers of a test; closes all of them."""

    def __init__(self, worker: Worker, workdir: Path, stack: AsyncExitStack) -> None:
        self.worker = worker
        self.workdir = workdir
        self.heard: list[MediaEvent] = []
        self._stack = stack
        self._listening = asyncio.create_task(self._listen())

    @property
    def client(self) -> MediaClient:
        return self.worker.client

    def peer(self, colour: Colour, tone_hz: float, **more: Any) -> Peer:
        peer = Peer(colour, tone_hz, **more)
        self._stack.push_async_callback(peer.close)
        return peer

    async def seat(
        self, room: str, name: str, peer: Peer, *, record: bool = False, place: int | None = None
    ) -> None:
        """Open the room if need be and bring the peer in."""
        await self.client.open_room(room)
        offer = await self.client.add_party(room, name, record=record, place=place)
        await self.client.answer(room, name, await peer.answer(offer))

    async def mute(self, room: str, party: str, *mids: str) -> None:
        """Hold back these of the party's lines and no other, in a room that is not held."""
        await self.client.let_through(room, held=False, turn=0, muted={party: mids})

    def segments(self, party: str | None = None) -> list[SegmentFinished]:
        return [
            event
            for event in self.heard
            if isinstance(event, SegmentFinished) and party in (None, event.party)
        ]

    async def pull(self, segment: SegmentFinished, into: Path) -> Path:
        path = into / f"{segment.segment}.mkv"
        chunks = [chunk async for chunk in self.client.pull_segment(segment.segment)]
        path.write_bytes(b"".join(chunks))
        return path

    async def finished(self, party: str, count: int = 1) -> list[SegmentFinished]:
        def why_not() -> str | None:
            got = len(self.segments(party))
            return None if got >= count else f"{got} of {count} segments of {party} are finished"

        await until(why_not, 10)
        return self.segments(party)

    async def close(self) -> None:
        await self.worker.stop()
        await self._listening

    async def _listen(self) -> None:
        async for event in self.client.events():
            self.heard.append(event)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with AsyncExitStack() as stack:
        workdir = tmp_path / "media"
        studio = Studio(await spawn(workdir, host="127.0.0.1"), workdir, stack)
        stack.push_async_callback(studio.close)
        yield studio
