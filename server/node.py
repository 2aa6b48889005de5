"""A node: what each room joins to, what it does by itself while it runs, and how it ends. Knows no subject."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol, Self

import structlog
from aiohttp import web

from server.edge.route import STORE, Routes
from server.settings import Settings
from server.store import Clock, Store
from signaling.gateway.gateway import Gateway
from signaling.switchboard.switchboard import Switchboard
from signaling.wire.envelope import Command, Message

log = structlog.get_logger("app")

GATEWAY: Final = web.AppKey("gateway", Gateway)
Answer = Callable[[Any, Any], Awaitable[Any]]

EMPTY_LOOKED_FOR_EVERY_S = 0.2


class Tasks:
    """What goes on by itself while a node runs. One that dies makes the node unready."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_told)
        self._tasks.append(task)

    async def alive(self) -> bool:
        return not any(task.done() for task in self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Node:
    """One node, from its settings to its end. ``async with`` it: what its rooms have opened is closed again,
    the last first, whatever fails on the way.

    A room joins once the store is open, and after the rooms that it stands on; nothing that it hands over
    goes on by itself before ``start``, when all have joined.
    """

    def __init__(
        self,
        app: web.Application,
        settings: Settings,
        clock: Clock | None,
        *,
        media: bool,
        keep_media: bool,
    ) -> None:
        self.app = app
        self.settings = settings
        self.clock = clock
        """One that tests or the demo move; None: the machine's."""
        self.media = media
        """Whether calls have a media worker."""
        self.keep_media = keep_media
        """Whether the worker outlives an orderly end."""
        self.data = settings.data.absolute()
        self.checks: dict[str, Callable[[], Awaitable[bool]]] = {}
        """What readiness asks, by name."""
        self.figures: dict[str, Callable[[], Awaitable[Mapping[str, Any]]]] = {}
        """What the rooms count for the metrics, by the name of the part."""
        self._opened = AsyncExitStack()
        self._runs: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._hangs_up: list[Callable[[], Awaitable[None]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self._opened.__aexit__(*raised)

    @property
    def store(self) -> Store:
        return self.app[STORE]

    @property
    def gateway(self) -> Gateway:
        return self.app[GATEWAY]

    def closes(self, close: Callable[..., Awaitable[Any]], **how: Any) -> None:
        """Do this at the end, before what was handed over earlier is closed."""
        self._opened.push_async_callback(close, **how)

    def hangs_up(self, hang_up: Callable[[], Awaitable[None]]) -> None:
        """Do this as soon as the node ends, while requests in progress are still waited for."""
        self._hangs_up.append(hang_up)

    def answers(self, *tables: Mapping[type[Command], Answer]) -> None:
        """Let these answer commands, by their type."""
        for table in tables:
            for command, answer in table.items():
                self.gateway.on(command, answer)

    def passes(self, *tables: Mapping[type[Message], Answer]) -> None:
        """Let these say to whom an ephemeral goes, by its type."""
        for table in tables:
            for message, told in table.items():
                self.gateway.on_ephemeral(message, told)

    def runs(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this from ``start`` on, for as long as the node runs."""
        self._runs.append((name, work))

    async def start(self) -> None:
        """Begin what goes on by itself. One of these that dies makes the node unready."""
        tasks = Tasks()
        self.closes(tasks.close)
        self.checks["tasks"] = tasks.alive
        for name, work in self._runs:
            tasks.start(name, work())

    async def hang_up(self) -> None:
        """What ``hangs_up`` was told, the last first."""
        for hang_up in reversed(self._hangs_up):
            await hang_up()


class HouseRoom(Protocol):
    """The module ``join`` of a room: all that a node has of it."""

    @property
    def ROUTES(self) -> Sequence[Routes]: ...  # noqa: N802 - a constant of a module

    async def join(self, node: Node) -> None:
        """Open what the room needs and hand it over: what answers, runs, is counted and asked."""


class Drain:
    """The end of a node that is asked to end: no new call, and time for those that run."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self.began = False

    def begin(self) -> None:
        """Refuse new calls and become unready, so that whoever balances looks elsewhere."""
        self.began = True
        self._switchboard.drain()
        log.info("draining", calls=self.calls)

    @property
    def calls(self) -> int:
        """How many calls still run at pages of this node."""
        return len(self._switchboard.calls)

    async def accepting(self) -> bool:
        return not self.began

    async def emptied(self) -> None:
        """Returns when no call runs here any more."""
        while self.calls:  # noqa: ASYNC110 - seats come and go in many places
            await asyncio.sleep(EMPTY_LOOKED_FOR_EVERY_S)


DRAIN = web.AppKey("drain", Drain)


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task_died", task=task.get_name(), exc_info=error)


def set_aside() -> None:
    """Let the collector look no more through what the start has made, 200,000 objects: each look through
    all of them holds the loop for a tenth of a second. For a process that does nothing but serve."""
    gc.collect()
    gc.freeze()
