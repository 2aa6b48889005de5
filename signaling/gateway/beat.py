"""What is done at each beat: every socket hears it, those that hear nothing are closed, and it is asked again who is
still signed in."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from signaling.gateway.connection import Connection, Connections
from signaling.gateway.handshake import Handshake
from signaling.refusals import Refusal
from signaling.wire.envelope import Who

log = logging.getLogger("yunjian.gateway")

NAMELESS_S: Final = 6.0
"""How long a transport may stay open on which nobody has said who he is."""
PACKETS_WAITING: Final = 1_000
"""A socket that has let so many gather reads nothing any more, and is closed."""
RECHECK_EVERY_S: Final = 60.0
RECHECKED_AT_ONCE: Final = 500

Security = Callable[[str, Mapping[str, Any]], None]
Bug = Callable[[Exception], object]


class BeatenSockets(Protocol):
    """The sockets, as the beat needs them; see ``transport.Sockets``."""

    async def emit(self, sid: str, event: str, body: object) -> None: ...
    async def cut(self, transport_id: str) -> bool: ...
    def transport_of(self, sid: str) -> str: ...
    def transports(self) -> Collection[str]: ...
    def waiting(self, sid: str) -> int: ...


class Beat:
    """The beat of one node, every ``every_s`` seconds.

    A page that answers it gives a sign of life. What reads nothing is closed, and a transport on which for
    ``nameless_s`` nobody said who he is: Engine.IO asks of both only that they answer pings. ``there`` hears at
    each beat which transports are open.
    """

    def __init__(
        self,
        line: BeatenSockets,
        connections: Connections,
        there: Callable[[Collection[str]], None],
        *,
        every_s: float,
        nameless_s: float,
        counts: Counter[str],
        security: Security,
        bug: Bug,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._connections = connections
        self._there = there
        self._every_s = every_s
        self._nameless_s = nameless_s
        self._counts = counts
        self._security = security
        self._bug = bug
        self._clock = clock
        self._nameless: dict[str, float] = {}

    async def run(self) -> None:
        """Never returns."""
        number = 0
        while True:
            await asyncio.sleep(self._every_s)
            number += 1
            await self.beat(number)
            try:
                await self.close_nameless()
            except Exception as error:  # noqa: BLE001 - without beats every page would count as silent
                self._bug(error)

    async def beat(self, number: int) -> None:
        """Let every socket hear it, but those that read nothing."""
        for connection in self._connections:
            with suppress(KeyError):  # it may go while the others are served
                await self._close_if_stuck(connection)
                await self._line.emit(connection.sid, "beat", number)

    async def close_nameless(self) -> None:
        """Close transports that were opened, and then nothing."""
        now, open_now = self._clock(), self._line.transports()
        self._there(open_now)
        named = {self._line.transport_of(connection.sid) for connection in self._connections}
        since = {one: self._nameless.get(one, now) for one in open_now if one not in named}
        self._nameless = since
        for transport_id, at in since.items():
            if now - at > self._nameless_s and await self._line.cut(transport_id):
                self._counts["nameless_closed"] += 1

    async def _close_if_stuck(self, connection: Connection) -> None:
        if self._line.waiting(connection.sid) > PACKETS_WAITING:
            self._security("socket_stuck", {"person": connection.who.person_id})
            await self._line.cut(self._line.transport_of(connection.sid))


class Recheck:
    """Whether who is connected is still signed in: asked of each every ``every_s`` seconds, of all whose turn it
    is at once; ``end`` closes a socket whose person is nobody now, or another. Looks each ``beat_every_s``, beside
    the beats: who waits for the database must not make a page count as silent."""

    def __init__(
        self,
        connections: Connections,
        ask_again: Callable[[Sequence[Handshake]], Awaitable[Sequence[Who | None]]],
        end: Callable[[Connection], Awaitable[None]],
        *,
        every_s: float,
        beat_every_s: float,
        bug: Bug,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._ask_again = ask_again
        self._end = end
        self._every_s = every_s
        self._beat_every_s = beat_every_s
        self._bug = bug
        self._clock = clock

    async def run(self) -> None:
        """Never returns."""
        while True:
            await asyncio.sleep(self._beat_every_s)
            try:
                await self.ask()
            except Exception as error:  # noqa: BLE001 - who is signed out must not stay because of another
                self._bug(error)

    async def ask(self) -> None:
        """Ask of those whose turn it is. While the database is away they keep their sockets until the next."""
        due = self._clock() - self._every_s
        turn = [
            (connection, connection.handshake)
            for connection in self._connections
            if connection.handshake is not None and connection.checked_at <= due
        ]
        for first in range(0, len(turn), RECHECKED_AT_ONCE):
            asked = turn[first : first + RECHECKED_AT_ONCE]
            for connection, _ in asked:
                connection.checked_at = self._clock()
            try:
                now = await self._ask_again([handshake for _, handshake in asked])
            except Refusal as refusal:
                log.warning("not rechecked code=%s", refusal.code.value)
                return
            for (connection, _), who in zip(asked, now, strict=True):
                if who is None or who.person_id != connection.who.person_id:
                    await self._end(connection)
