"""What a node does by itself while it runs, and how it ends. Knows no subject."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import web

from signaling.switchboard.switchboard import Switchboard

log = structlog.get_logger("app")


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
