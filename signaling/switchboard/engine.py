"""The engine, in step with the call: what passes in its room, and the offers to its pages."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from signaling.call.parts import Call, CallId, CallState, Leg, LegId, Monitor
from signaling.refusals import Refusal
from signaling.switchboard.changes import own
from signaling.switchboard.ports import CallBook, IceServers, MediaRooms
from signaling.wire.envelope import Who

log = logging.getLogger("yunjian.switchboard")


class Engine:
    """One call at a time is brought in step, by the record as it is then: whichever command came last counts."""

    def __init__(self, book: CallBook, rooms: MediaRooms, ice_servers: IceServers) -> None:
        self._book = book
        self._rooms = rooms
        self._ice_servers = ice_servers
        self._settling: WeakValueDictionary[CallId, asyncio.Lock] = WeakValueDictionary()

    async def offer(
        self, who: Who, call: Call, leg: Leg | Monitor, *, restart: bool
    ) -> Mapping[str, Any]:
        """The worker's offer for this leg of his, and by what it reaches the worker; refused as ``own`` is
        when it has ended meanwhile, and as ``MediaRooms.offer`` is."""
        sdp = await self._rooms.offer(call, leg, restart=restart)
        # Before its page can answer: what it has muted, and whether the call is on hold.
        now = await self._settle(call.id)
        try:
            own(now, who, leg.id)
        except Refusal:
            # It has ended meanwhile, and whoever ended it found no party yet.
            await self._rooms.leave(call.id, None if now.state is CallState.ENDED else leg.id)
            raise
        servers = [dict(server) for server in self._ice_servers(LegId(leg.id))]
        return {"sdp": sdp, "ice_servers": servers}

    async def let_through(self, call_id: CallId) -> None:
        """Let through what the call says as it is now. Without a room nothing is said: no packets pass."""
        try:
            await self._settle(call_id)
        except Refusal as refusal:
            # The next offer applies what the call says.
            log.info("settling waits call=%s code=%s", call_id, refusal.code.value)

    async def _settle(self, call_id: CallId) -> Call:
        async with self._settling.setdefault(call_id, asyncio.Lock()):
            call = await self._book.find(call_id)
            if call.state is not CallState.ENDED:
                await self._rooms.let_through(call)
        return call
