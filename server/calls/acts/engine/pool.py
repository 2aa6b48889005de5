"""The media workers of this node, and which of them holds a call's room.

That stands with the call, so that all nodes seat its pages in the same one. Who starts workers and hears
them is ``leading``; what they are told of a call is ``parties``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from media.client import MediaClient, Worker
from media.rejected import Rejected, Rejection
from server.calls.rows import placing
from server.rights.person import SYSTEM
from server.store import Store
from signaling.call.parts import CallId
from signaling.refusals import Code, Refusal

STARTING_IS_AWAITED_S: Final = 4.0
"""How long a page waits for a worker that is being started; it counts as silent after 5 s."""
MOVED_AFTER_S: Final = 2.0
"""How long the worker that holds a room may be away before another one takes the room."""

_OF_ONE: Final = frozenset({"port", "recorder_pid", "load_limit"})
"""Figures of a worker that are no amounts."""
_WORST: Final = frozenset({"lag_s"})
"""Figures of which that of the worst worker counts."""

Start = Callable[[], Awaitable[Worker]]
"""Starts a worker, takes up one that lives, or attaches to a shared one; raises Rejected or OSError."""


@dataclass(slots=True)
class Post:
    """A worker's place at this node; ``worker`` while it is there, ``up`` set meanwhile,
    ``missing`` once it was asked for in vain."""

    start: Start
    worker: Worker | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    missing: asyncio.Event = field(default_factory=asyncio.Event)


class Pool:
    """The workers that this node may use, by names: all nodes that share one have the same for it, and
    no two workers of a deployment have one name."""

    def __init__(self, workers: Mapping[str, Start], store: Store) -> None:
        self.posts = {name: Post(start) for name, start in workers.items()}
        self.led = False
        """Whether somebody starts them."""
        self._store = store

    @property
    def ready(self) -> bool:
        """Whether a worker is there."""
        return any(post.worker is not None for post in self.posts.values())

    async def figures(self) -> dict[str, Any]:
        """The counters of all workers, added up; empty while there is none."""
        found: dict[str, Any] = {}
        for post in self.posts.values():
            if post.worker is None:
                continue
            try:
                told = await post.worker.client.figures()
            except Rejected:
                continue
            if not found:
                found = told
                continue
            found["rooms"].update(told["rooms"])
            for name, value in told["worker"].items():
                if name in _WORST:
                    found["worker"][name] = max(found["worker"][name], value)
                elif isinstance(value, int | float) and name not in _OF_ONE:
                    found["worker"][name] += value
        return found

    async def full(self) -> str | None:
        """Why no worker that is here takes a new call; None when one does, or none is here."""
        why = None
        for client in self.here().values():
            with suppress(Rejected):
                if (why := await client.full()) is None:
                    return None
        return why

    def here(self) -> dict[str, MediaClient]:
        """The clients of the workers that are here, by their names."""
        return {name: post.worker.client for name, post in self.posts.items() if post.worker}

    async def open(self, call_id: CallId, client: MediaClient, moved: bool) -> MediaClient:
        """Open the call's room there, or, where that worker takes no new one, at one that does."""
        try:
            await client.open_room(call_id, resumed=moved)
            return client
        except Rejected as rejected:
            if rejected.code is not Rejection.BUSY:
                raise
            busy = rejected
        for name, other in self.here().items():
            if other is client or await other.full() is not None:
                continue
            async with self._store.change(SYSTEM) as change:
                before = await placing.worker_of(change.connection, call_id)
                placed = await placing.place(change.connection, call_id, name, before)
            if placed:
                await other.open_room(call_id)
                return other
        raise busy

    async def client_for(self, call_id: CallId) -> tuple[MediaClient, bool]:
        """The client of the worker that holds this call's room: the one that stands with the call,
        or, when there is none yet or it stays away, the one here that holds the fewest. And whether
        the call was at another one before."""
        held = await self._held_by(call_id)
        before = self.posts.get(held) if held is not None else None
        if before is not None and before.worker is None and len(self.posts) > 1:
            await _first_of((before.up, before.missing), MOVED_AFTER_S)
        if before is None or before.worker is None:
            await self.any_up()
            moved = held is not None
            held = await self._placed(call_id)
        else:
            moved = False
        return self._client_at(held), moved

    async def client_of(self, call_id: CallId) -> MediaClient:
        """The client of the worker that holds this call's room. Refused: media_unavailable."""
        return self._client_at(await self._held_by(call_id))

    def _client_at(self, name: str | None) -> MediaClient:
        post = self.posts.get(name) if name is not None else None
        if post is None or post.worker is None:
            raise Refusal(Code.MEDIA_UNAVAILABLE)
        return post.worker.client

    async def any_up(self) -> None:
        """Wait for a worker that is just being started."""
        if self.ready:
            return
        ups = [post.up for post in self.posts.values()]
        await _first_of(ups, STARTING_IS_AWAITED_S if self.led else 0)

    async def _held_by(self, call_id: CallId) -> str | None:
        async with self._store.read() as connection:
            return await placing.worker_of(connection, call_id)

    async def _placed(self, call_id: CallId) -> str | None:
        """Place a room at a worker that is here, unless it stands at one; the name of that."""
        async with self._store.change(SYSTEM) as change:
            before = await placing.worker_of(change.connection, call_id)
            here = [name for name, post in self.posts.items() if post.worker is not None]
            if not here or before in here:
                return before
            held = await placing.rooms_by_worker(change.connection)
            name = min(here, key=lambda name: held.get(name, 0))
            if await placing.place(change.connection, call_id, name, before):
                return name
            return await placing.worker_of(change.connection, call_id)


async def _first_of(events: Collection[asyncio.Event], timeout_s: float) -> None:
    """Wait for one of these, but not for long."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
