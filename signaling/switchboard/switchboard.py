"""The switchboard: pairs window and approver, rings, seats, carries SDP, and keeps the time.

It answers ``call.*``, ``desk.*`` and ``unit.open`` and sweeps what is overdue. What it
needs of the world are its ports: CallBook (one call in one transaction), Roster (who is
at which desk), MediaRooms (the engine) and Screens (the sockets of this node). It knows
no HTTP, no SQL and no rule of a case; a person is an id to it. Which page holds a seat is
known in memory alone (``signaling.seats``). This is its front, which joins its parts; what
each of them does its first line says.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from signaling import waiting
from signaling.beside import Beside
from signaling.call.parts import PATIENCE, Call, CallId, LegId, Patience
from signaling.seats import Seats
from signaling.switchboard.answering import Answering
from signaling.switchboard.asking import Asking
from signaling.switchboard.changes import Changes
from signaling.switchboard.engine import Engine
from signaling.switchboard.expected import Expected
from signaling.switchboard.following import Following
from signaling.switchboard.noting import Noting
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import CallBook, Handlers, MediaRooms, Roster, Screens
from signaling.switchboard.ringing import Ringing
from signaling.switchboard.seating import Seating
from signaling.switchboard.settling import Settling
from signaling.switchboard.sweeping import Sweeping
from signaling.switchboard.watching import Opening, Showing


class Switchboard:
    """The calls of one node. ``fresh_id`` makes ids of 22 characters; ``now`` is aware UTC;
    ``ice_servers`` makes what the page of a leg is given to reach the worker by; ``rings_at_once`` are
    rung together; ``sweeps`` are what else ends with time, done in each pass over the calls."""

    def __init__(
        self,
        book: CallBook,
        roster: Roster,
        rooms: MediaRooms,
        screens: Screens,
        *,
        now: Callable[[], datetime],
        fresh_id: Callable[[], str],
        patience: Patience = PATIENCE,
        ice_servers: Callable[[LegId], Sequence[Mapping[str, Any]]] = lambda leg_id: (),
        rings_at_once: int = waiting.AT_ONCE,
        sweeps: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self.rooms = rooms
        self._wake = asyncio.Event()
        self._beside = Beside()
        self._seats = seats = Seats()
        wake, begin = self._wake.set, self._beside.begin
        pages = Pages(seats, roster, rooms, patience, now, begin, wake)
        asking = Asking(fresh_id, patience, rings_at_once)
        expected = Expected(rooms, fresh_id, ice_servers, begin)
        self._engine = engine = Engine(book, rooms, ice_servers)
        self._settle = settle = Settling(seats, expected, rooms, screens, begin).settle
        changes = Changes(book, asking, patience, settle, wake)
        self._ringing = Ringing(
            book, rooms, asking, changes, pages, patience, fresh_id, begin, wake
        )
        answering = Answering(book, rooms, changes, expected, engine, pages, now, fresh_id, begin)
        seating = Seating(book, rooms, screens, changes, expected, engine, seats, pages, fresh_id)
        following = Following(book, engine, pages, patience, settle, fresh_id, wake)
        opening = Opening(roster, seats, pages, now, wake)
        noting = Noting(book, screens, changes)
        sweeping = Sweeping(
            book,
            asking,
            expected,
            seats,
            pages,
            Showing(roster, screens),
            patience,
            settle,
            now,
            self._wake,
            sweeps,
        )
        self._answering = (self._ringing, answering, seating, following, opening)
        self.heard, self.gone, self.signed_out = pages.heard, pages.gone, pages.signed_out
        self.media_turned, self.media_lost = noting.media_turned, noting.media_lost
        self.offer_wanted, self.find = noting.offer_wanted, noting.find
        self.run, self.sweep, self.bar = sweeping.run, sweeping.sweep, sweeping.bar
        self.drain = self._ringing.drain

    def handlers(self) -> Handlers:
        """What it answers, by command; for ``Gateway.on``."""
        return {
            command: handler
            for part in self._answering
            for command, handler in part.handlers().items()
        }

    @property
    def calls(self) -> Collection[CallId]:
        """The calls of which a page of this node holds a seat, or held it and may come back."""
        return self._seats.calls

    async def turned(self, before: Call, call: Call) -> None:
        """The call was changed by an act of another noun, which is in the record: bring seats and engine
        in step with it."""
        self._settle(before, call)
        self._wake.set()
        await self._engine.let_through(call.id)

    async def close(self) -> None:
        """Wait for what was begun on the side."""
        await self._beside.wait()
