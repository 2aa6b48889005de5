"""Legs that an answer would make: of each the page at which it rings has the worker's offer already.

Known in memory alone, until the ring is answered or over.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signaling.call.parts import Call, CallId, LegId, Ring, RingId, RingState
from signaling.refusals import Refusal
from signaling.switchboard.ports import Begin, CommandSource, IceServers, MediaRooms

log = logging.getLogger("yunjian.switchboard")


@dataclass(frozen=True, slots=True)
class ExpectedLeg:
    """A leg that a ring's answer would make, and the page that has its offer."""

    call_id: CallId
    ring_id: RingId
    person_id: str
    page: str
    until: datetime


class Expected:
    """Who is expected on this node. ``begin`` does beside what need not be waited for."""

    def __init__(
        self,
        rooms: MediaRooms,
        fresh_id: Callable[[], str],
        ice_servers: IceServers,
        begin: Begin,
    ) -> None:
        self._rooms = rooms
        self._fresh_id = fresh_id
        self._ice_servers = ice_servers
        self._begin = begin
        self._legs: dict[LegId, ExpectedLeg] = {}

    async def offer(self, call_id: CallId, ring: Ring, line: CommandSource) -> Mapping[str, Any]:
        """The worker's offer to this page, in the place of the one that it had; nothing where the engine has
        none, nor for a guest's seat: which one he gets his answer says."""
        for older, one in list(self._legs.items()):
            if (one.ring_id, one.page) == (ring.id, line.page):
                self._drop(older)
        if ring.invite_id is not None or not self._rooms.ready:
            return {}
        leg_id = LegId(self._fresh_id())
        try:
            sdp = await self._rooms.expect(call_id, leg_id)
        except Refusal as refusal:
            log.info("nobody expected call=%s code=%s", call_id, refusal.code.value)
            return {}
        who, until = line.who.person_id, ring.deadline_at
        self._legs[leg_id] = ExpectedLeg(call_id, ring.id, who, line.page, until)
        servers = [dict(server) for server in self._ice_servers(leg_id)]
        return {"leg_id": leg_id, "sdp": sdp, "ice_servers": servers}

    def find(self, leg_id: str | None, call_id: CallId, line: CommandSource) -> ExpectedLeg | None:
        """What is expected as this leg, when it is of this call and person."""
        one = self._legs.get(LegId(leg_id)) if leg_id is not None else None
        return (
            one if one and (one.call_id, one.person_id) == (call_id, line.who.person_id) else None
        )

    def come(self, leg_id: LegId) -> None:
        """Its ring is being answered: it is expected no more, and its connection stays."""
        del self._legs[leg_id]

    def settle(self, call: Call) -> None:
        """End what is expected by rings of this call that are over."""
        rings = {ring.id for ring in call.rings if ring.state is RingState.RINGING}
        for leg_id, one in list(self._legs.items()):
            if one.call_id == call.id and one.ring_id not in rings:
                self._drop(leg_id)

    def lapse(self, now: datetime) -> None:
        """End what was expected until now."""
        for leg_id, one in list(self._legs.items()):
            if one.until <= now:
                self._drop(leg_id)

    def _drop(self, leg_id: LegId) -> None:
        one = self._legs.pop(leg_id)
        self._begin(self._rooms.leave(one.call_id, leg_id))
