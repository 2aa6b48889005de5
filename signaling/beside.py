"""Work that goes on beside what began it: nobody waits for it, and none of it is forgotten."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any


class Beside:
    """Tasks that were begun on the side, until each is done. What one of them raises is asyncio's to tell."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> Collection[asyncio.Task[None]]:
        """Those that are not done yet."""
        return set(self._tasks)

    async def wait(self) -> None:
        """Until those that run now are done."""
        await asyncio.gather(*self._tasks)
