"""To whom goes what: events in the order of their versions, and ephemerals, each to those who watch.

A hint says that a subject has reached a version; what happened is read from the outbox and given to each audience
as ``project`` shows it. Rooms are fan-out only, never truth: a socket that missed something asks for a snapshot.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from pydantic import BaseModel

from signaling.gateway.connection import Connection, Connections
from signaling.gateway.outlet import Body, Spawn
from signaling.gateway.watchers import Watchers
from signaling.refusals import Refusal
from signaling.subjects import watched_as
from signaling.wire.envelope import StoredEvent

log = logging.getLogger("yunjian.gateway")

AGAIN_AFTER_S: Final = 1.0
SUBJECTS_REMEMBERED: Final = 20_000
EVENTS_AT_ONCE: Final = 100

_UNKNOWN: Final = -1
"""The version of a hint that only says: look."""


class Outbox(Protocol):
    """Where events are read from, after a hint that there are some."""

    async def following(self, subject: str, after: int, limit: int) -> Sequence[StoredEvent]:
        """Events of ``subject`` from version ``after`` + 1 on, oldest first: perhaps not all, but
        at least the next one where there is one."""
        ...

    async def version(self, subject: str) -> int:
        """The version that ``subject`` is at; 0 when nothing has happened to it."""
        ...


class FanOut:
    """What the sockets of one node watch, and what they are sent of it.

    ``project``, ``parted`` and ``relay`` are as the Gateway is given them; ``counts`` hears of each event."""

    def __init__(
        self,
        connections: Connections,
        outbox: Outbox,
        project: Callable[[StoredEvent, str], Mapping[str, Any] | BaseModel],
        parted: Callable[[StoredEvent, str], bool],
        relay: Callable[[str, Mapping[str, Any]], None] | None,
        spawn: Spawn,
        counts: Counter[str],
    ) -> None:
        self._connections = connections
        self._outbox = outbox
        self._project = project
        self._parted = parted
        self._relay = relay
        self._spawn = spawn
        self._counts = counts
        self.watchers: Watchers[Connection] = Watchers()
        self._delivered: OrderedDict[str, int] = OrderedDict()
        self._hints: asyncio.Queue[tuple[str, int]] = asyncio.Queue()

    # ------------------------------------------------------------ who watches

    async def watch(self, connection: Connection, subject: str, audience: str) -> None:
        """What happens from now on to the subject goes to this socket, as this audience sees it."""
        self.watchers.watch(connection, subject, audience)
        if subject not in self._delivered:
            version = await self._outbox.version(subject)
            if subject not in self._delivered:
                self._remember(subject, version)

    def forget(self, connection: Connection, subject: str) -> None:
        """Nothing more of it goes there, what is held neither."""
        self.watchers.unwatch(connection, subject)
        if connection.outlet is not None:
            connection.outlet.forget(subject)

    def send_out(self, person_id: str, subject: str, audience: str) -> None:
        """``forget`` it for all sockets of this person that watch it as this audience."""
        for connection in self._connections.of_person(person_id):
            if self.watchers.audience(connection, subject) == audience:
                self.forget(connection, subject)

    def leave(self, connection: Connection) -> None:
        """This socket is gone."""
        self.watchers.leave(connection)

    def audience(self, connection: Connection, subject: str) -> str | None:
        return self.watchers.audience(connection, subject)

    # ------------------------------------------------------------ ephemerals

    def spread(self, subject: str, audience: str, body: Mapping[str, Any]) -> None:
        """Send it to who watches so, on all nodes."""
        room = watched_as(subject, audience)
        if self._relay is None:
            self._spawn(self.deliver(room, body))
        else:
            self._relay(room, body)

    async def deliver(self, room: str, body: Mapping[str, Any]) -> None:
        """Send what was ``spread`` to the sockets of this node."""
        subject, _, audience = room.partition(" ")
        await self.show(subject, audience, body)

    async def show(self, subject: str, audience: str, body: Mapping[str, Any]) -> None:
        """Send it to who watches so, on this node."""
        for connection in self.watchers.of(subject, audience):
            await self.send(connection, subject, "ephemeral", dict(body))

    async def send(self, connection: Connection, subject: str, event: str, body: Body) -> None:
        """Send to one socket, behind the ack that it waits for."""
        if connection.outlet is not None:
            await connection.outlet.send(subject, event, body)

    # ------------------------------------------------------------ events

    def hint(self, subject: str, version: int = _UNKNOWN) -> None:
        """The subject has reached this version, or has perhaps changed."""
        self._hints.put_nowait((subject, version))

    async def run(self) -> None:
        """Follow the hints. Never returns."""
        while True:
            subject, version = await self._hints.get()
            try:
                await self._follow(subject, version)
            except Refusal as refusal:
                # The database is away: look again rather than leave a page behind.
                log.warning("events not read subject=%s code=%s", subject, refusal.code.value)
                asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self.hint, subject, version)
            except Exception as error:
                log.error(
                    "events not delivered subject=%s version=%s error=%s",
                    subject,
                    version,
                    type(error).__name__,
                    exc_info=error,
                )

    async def _follow(self, subject: str, version: int) -> None:
        after = self._delivered.get(subject, version - 1)
        while after < version or version == _UNKNOWN:
            events = await self._outbox.following(subject, max(after, 0), EVENTS_AT_ONCE)
            for event in events:
                await self._tell(event)
                after = event.version
                self._remember(subject, after)
            if not events:
                return

    def _remember(self, subject: str, version: int) -> None:
        self._delivered[subject] = version
        self._delivered.move_to_end(subject)
        while len(self._delivered) > SUBJECTS_REMEMBERED + len(self.watchers):
            oldest, reached = self._delivered.popitem(last=False)
            if oldest in self.watchers:
                self._delivered[oldest] = reached

    async def _tell(self, event: StoredEvent) -> None:
        for person_id, audience in event.people.items():
            for connection in self._connections.of_person(person_id):
                self.watchers.watch(connection, event.subject, audience)
        for audience in self.watchers.audiences(event.subject):
            seen = self._project(event, audience)
            body = seen.model_dump(mode="json") if isinstance(seen, BaseModel) else dict(seen)
            for connection in self.watchers.of(event.subject, audience):
                await self.send(connection, event.subject, "event", body)
            if self._parted(event, audience):
                for connection in self.watchers.of(event.subject, audience):
                    self.watchers.unwatch(connection, event.subject)
        self._counts["events"] += 1
