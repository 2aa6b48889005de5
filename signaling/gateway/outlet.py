"""What goes to one socket: in order, and behind the ack of the command that it waits for.

A page that asks for a snapshot and watches what follows must get the snapshot first. So what comes while a
command of its socket is answered is held until the ack is on its way. Knows no library and no subject's sense.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

Body = dict[str, Any]
Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs work beside, until it is done or the edge closes."""


class Outlet:
    """``emit`` hands a named message to the socket."""

    def __init__(self, emit: Callable[[str, Body], Awaitable[None]], spawn: Spawn) -> None:
        self._emit = emit
        self._spawn = spawn
        self._open = True
        self._busy = 0
        self._held: deque[tuple[str, str, Body]] = deque()

    async def send(self, subject: str, event: str, body: Body) -> None:
        """Send it, or hold it; nothing happens once this is closed."""
        if not self._open:
            return
        if self._busy or self._held:
            self._held.append((subject, event, body))
        else:
            await self._emit(event, body)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Hold what is to be sent until the block has ended, and the step of the loop in which it does."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy and self._held:
                # The ack is queued as soon as its handler returns; what was held goes behind it.
                asyncio.get_running_loop().call_soon(self._flush_soon)

    def forget(self, subject: str) -> None:
        """Send nothing of this subject that is held."""
        self._held = deque(held for held in self._held if held[0] != subject)

    def close(self) -> None:
        """The socket is gone."""
        self._open = False
        self._held.clear()

    def _flush_soon(self) -> None:
        self._spawn(self._flush())

    async def _flush(self) -> None:
        while self._held and not self._busy:
            held = self._held[0]
            _, event, body = held
            await self._emit(event, body)
            # Taken off afterwards, so that nothing newer overtakes what is being sent.
            if self._held and self._held[0] is held:
                self._held.popleft()
