"""The switchboard's MediaRooms, over media workers: a room is a call, a party is a leg.

The engine's refusals become ours here. Which worker a room is at is known by the pool.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import structlog

from media.client import MediaClient
from media.rejected import Rejected, Rejection
from server.calls.acts.engine.parties import held, leave, let_through, refusing, seated
from server.calls.acts.engine.pool import Pool
from signaling.call.parts import Call, CallId, Leg, LegId, Monitor, MonitorId, Seat
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)


class CallRooms:
    """The media rooms of calls, at the workers of a pool."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        # who made the offer that a leg's page has to answer, and who that of one that is expected
        self._offering: dict[tuple[CallId, LegId | MonitorId], MediaClient] = {}
        self._expecting: dict[tuple[CallId, LegId | MonitorId], MediaClient] = {}

    @property
    def ready(self) -> bool:
        return self.pool.ready

    async def full(self) -> str | None:
        return await self.pool.full()

    async def prepare(self, call_id: CallId) -> None:
        try:
            client, moved = await self.pool.client_for(call_id)
            await self.pool.open(call_id, client, moved)
        except (Refusal, Rejected) as failed:
            log.info("room.not_prepared", call=call_id, code=failed.code)

    async def offer(self, call: Call, leg: Leg | Monitor, *, restart: bool) -> str:
        client, moved = await self.pool.client_for(call.id)
        with refusing():
            sdp = await self._restarted(client, call, leg) if restart else None
            if sdp is None:
                seat = partial(seated, call=call, leg=leg)
                client, sdp = await self._opened(call.id, client, moved, seat)
        self._offering[call.id, leg.id] = client
        return sdp

    async def _opened(
        self,
        call_id: CallId,
        client: MediaClient,
        moved: bool,
        ask: Callable[[MediaClient], Awaitable[str]],
    ) -> tuple[MediaClient, str]:
        """What the worker says, and which one it is; the room is opened first where there is none."""
        try:
            return client, await ask(client)
        except Rejected as rejected:
            if rejected.code is not Rejection.UNKNOWN_ROOM:
                raise
        client = await self.pool.open(call_id, client, moved)
        return client, await ask(client)

    async def expect(self, call_id: CallId, leg_id: LegId) -> str:
        client, moved = await self.pool.client_for(call_id)
        place = list(Seat).index(Seat.APPROVER)
        with refusing():
            client, sdp = await self._opened(
                call_id, client, moved, lambda at: at.expect_party(call_id, leg_id, place=place)
            )
        self._expecting[call_id, leg_id] = client
        return sdp

    async def seat(self, call: Call, leg: Leg) -> None:
        client = self._expecting.pop((call.id, leg.id), None)
        if client is None:
            raise Refusal(Code.MEDIA_UNAVAILABLE)
        with refusing():
            record = call.recorded
            await client.seat_party(call.id, leg.id, record=record, **held(call))

    async def _restarted(self, client: MediaClient, call: Call, leg: Leg | Monitor) -> str | None:
        """None for a party that is not there: it is to be seated anew."""
        with suppress(Rejected):
            return await client.restart_ice(call.id, leg.id)
        return None

    async def describe(self, call_id: CallId, leg_id: LegId | MonitorId, sdp: str) -> None:
        leg = call_id, leg_id
        client = self._expecting.get(leg) or self._offering.pop(leg, None)
        client = client or await self.pool.client_of(call_id)
        with refusing():
            await client.answer(call_id, leg_id, sdp)

    async def let_through(self, call: Call) -> None:
        client = await self.pool.client_of(call.id)
        with refusing():
            await let_through(client, call)

    async def leave(self, call_id: CallId, leg_id: LegId | MonitorId | None) -> None:
        expecting = self._expecting.get((call_id, leg_id)) if leg_id is not None else None
        for kept in (self._offering, self._expecting):
            for one in [one for one in kept if one[0] == call_id and leg_id in (None, one[1])]:
                del kept[one]
        try:
            client = expecting or await self.pool.client_of(call_id)
        except Refusal as refusal:
            # The worker's next tidying finds what nobody needs any more.
            log.info("room.not_left", call=call_id, leg=leg_id, code=refusal.code)
            return
        await leave(client, call_id, leg_id)
