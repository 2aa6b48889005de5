"""Rehearsals: a person tries out his devices over the real way, with no call and nobody else.

A rehearsal is a room of its own on a media worker with two parties, both of the same page: what
one sends the other gets back. It is no act of the record: nothing is stored, recorded or told.
What it costs is bounded: one a person, few a minute, so many a node, and 90 s each.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn, Protocol

import structlog

from server.rights.ids import new_id
from server.rights.person import Act, Actor, may
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command, Who
from signaling.wire.rehearsal import (
    RehearsalClose,
    RehearsalDescribe,
    RehearsalLook,
    RehearsalOpen,
    RehearsalRestart,
)

log = structlog.get_logger(__name__)

LASTS: Final = timedelta(seconds=90)
OPENED_AT_MOST: Final = 6
WITHIN: Final = timedelta(minutes=1)
AT_ONCE: Final = 32
"""Of one node."""
PEOPLE_REMEMBERED: Final = 2_000
SWEPT_EVERY_S: Final = 2.0
SEND: Final = "send"
RECEIVE: Final = "receive"


class Stage(Protocol):
    """A room of a media worker that belongs to no call; ``engine.rehearsed`` has them."""

    async def party(self, name: str) -> str:
        """The worker's offer for a new party of this name."""
        ...

    async def describe(self, name: str, sdp: str) -> None: ...
    async def restart(self, name: str) -> str: ...
    async def packets(self, name: str) -> Mapping[str, int]:
        """How many came from this party, by m-line."""
        ...

    async def close(self) -> None:
        """Never refused."""
        ...


class RehearsalLine(Protocol):
    @property
    def who(self) -> Who: ...


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    id: str
    person_id: str
    stage: Stage
    ends_at: datetime


class Rehearsals:
    """Those of one node. ``stage`` makes the room of a rehearsal that ends at a moment; ``ice_servers``
    what a page is given to reach the worker by."""

    def __init__(
        self,
        stage: Callable[[str, datetime], Awaitable[Stage]],
        now: Callable[[], datetime],
        ice_servers: Callable[[str], Sequence[Mapping[str, Any]]] = lambda name: (),
    ) -> None:
        self._stage = stage
        self._now = now
        self._ice_servers = ice_servers
        self._running: dict[str, _Rehearsal] = {}
        self._opened: dict[str, deque[datetime]] = {}

    def commands(self) -> Mapping[type[Command], Callable[[Any, Any], Awaitable[Any]]]:
        """What it answers, by command; for ``Gateway.on``."""
        return {
            RehearsalOpen: self.open,
            RehearsalDescribe: self.describe,
            RehearsalRestart: self.restart,
            RehearsalLook: self.look,
            RehearsalClose: self.close,
        }

    async def open(self, line: RehearsalLine, command: RehearsalOpen) -> Mapping[str, Any]:
        """Refused: ``forbidden``, ``throttled``, ``media_unavailable``."""
        actor = line.who
        if not isinstance(actor, Actor) or not may(actor, Act.REHEARSE):
            raise Refusal(Code.FORBIDDEN)
        now = self._now()
        self._throttle(actor.person_id, now)
        for before in list(self._running.values()):
            if before.person_id == actor.person_id:
                await self._end(before)
        if len(self._running) >= AT_ONCE:
            raise Refusal(Code.THROTTLED)
        rehearsal_id, ends_at = new_id(), now + LASTS
        stage = await self._stage(rehearsal_id, ends_at)
        rehearsal = _Rehearsal(rehearsal_id, actor.person_id, stage, ends_at)
        self._running[rehearsal_id] = rehearsal
        try:
            offers = {name: await stage.party(name) for name in (SEND, RECEIVE)}
        except BaseException:
            await self._end(rehearsal)
            raise
        return {
            "rehearsal_id": rehearsal_id,
            **offers,
            "ice_servers": [dict(server) for server in self._ice_servers(rehearsal_id)],
            "ends_at": ends_at.isoformat(),
        }

    async def describe(self, line: RehearsalLine, command: RehearsalDescribe) -> Mapping[str, Any]:
        await self._own(line, command.rehearsal_id).stage.describe(command.party, command.sdp)
        return {}

    async def restart(self, line: RehearsalLine, command: RehearsalRestart) -> Mapping[str, Any]:
        return {"sdp": await self._own(line, command.rehearsal_id).stage.restart(SEND)}

    async def look(self, line: RehearsalLine, command: RehearsalLook) -> Mapping[str, Any]:
        return {"packets": dict(await self._own(line, command.rehearsal_id).stage.packets(SEND))}

    async def close(self, line: RehearsalLine, command: RehearsalClose) -> Mapping[str, Any]:
        found = self._running.get(command.rehearsal_id)
        if found is not None and found.person_id == line.who.person_id:
            await self._end(found)
        return {}

    async def run(self) -> NoReturn:
        """End what has lasted too long, until cancelled."""
        while True:
            await asyncio.sleep(SWEPT_EVERY_S)
            await self.sweep()

    async def sweep(self) -> None:
        now = self._now()
        for rehearsal in list(self._running.values()):
            if rehearsal.ends_at <= now:
                await self._end(rehearsal)

    async def end_all(self) -> None:
        for rehearsal in list(self._running.values()):
            await self._end(rehearsal)

    async def _end(self, rehearsal: _Rehearsal) -> None:
        if self._running.pop(rehearsal.id, None) is not None:
            await rehearsal.stage.close()

    def _own(self, line: RehearsalLine, rehearsal_id: str) -> _Rehearsal:
        found = self._running.get(rehearsal_id)
        if found is None or found.person_id != line.who.person_id or found.ends_at <= self._now():
            raise Refusal(Code.NOT_FOUND)
        return found

    def _throttle(self, person_id: str, now: datetime) -> None:
        opened = self._opened.setdefault(person_id, deque())
        while opened and now - opened[0] > WITHIN:
            opened.popleft()
        if len(opened) >= OPENED_AT_MOST:
            raise Refusal(Code.THROTTLED)
        opened.append(now)
        if len(self._opened) > PEOPLE_REMEMBERED:
            del self._opened[next(iter(self._opened))]
