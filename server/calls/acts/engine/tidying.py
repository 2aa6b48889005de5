"""Bringing a media worker and the record together again, and keeping what the worker counts."""

import asyncio
import time
from collections.abc import Collection
from typing import Any, Final, Protocol

import structlog

from media.client import MediaClient
from media.rejected import Rejected
from server.calls.acts.engine.parties import leave, let_through
from server.calls.acts.engine.rehearsed import ends_at, rehearsed
from server.calls.acts.qualities import SAMPLED_EVERY_S, Differences, Keep
from server.calls.rows import placing
from server.store import Store
from signaling.call.parts import Call, CallState, LegState
from signaling.refusals import Refusal

log = structlog.get_logger(__name__)

TIDIED_EVERY_S: Final = 10.0
WITHDRAWN_EVERY_S: Final = 1.0
"""How often it is asked whether a worker records on without consent, because the node that took the word back
died before it told the worker."""


class MediaListener(Protocol):
    """Who hears what happens to the media of calls; the switchboard."""

    async def media_turned(self, call_id: str, leg_id: str, on: bool) -> None: ...
    async def media_lost(self, calls: Collection[str]) -> None: ...
    async def offer_wanted(self, call_id: str, leg_id: str) -> None: ...
    async def find(self, call_id: str) -> Call | None: ...


class Tidying:
    """What a node does of it for the worker of a name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tidy_on(self, name: str, client: MediaClient, told: MediaListener) -> None:
        """Tidy every few seconds, until the worker is gone or this is cancelled."""
        next_at = time.monotonic()
        while True:
            try:
                if time.monotonic() >= next_at:
                    next_at = time.monotonic() + TIDIED_EVERY_S
                    await self._tidy(name, client, told)
                else:
                    await self._unrecord(name, client)
            except Refusal as refusal:
                log.warning("media.put_off", code=refusal.code)
            except Rejected:
                return
            await asyncio.sleep(WITHDRAWN_EVERY_S)

    async def _unrecord(self, name: str, client: MediaClient) -> None:
        """End the recordings at this worker that nobody consents to any more."""
        async with self._store.read() as connection:
            withdrawn = await placing.withdrawn_at(connection, name)
        if not withdrawn:
            return
        found: dict[str, Any] = (await client.figures())["rooms"]
        for call in withdrawn:
            if any(seat["recording"] for seat in found.get(call.id, {}).values()):
                await let_through(client, call)

    async def _tidy(self, name: str, client: MediaClient, told: MediaListener) -> None:
        """Bring worker and record together where a word between them was lost: rooms of calls
        that ended, parties of legs that left, recordings that nobody consents to any more, and legs
        whose media is said to be otherwise."""
        # In this order: a leg that is said to have media before it is missed here has none now.
        async with self._store.read() as connection:
            placed = await placing.placed_at(connection, name)
        found: dict[str, Any] = (await client.figures())["rooms"]
        now = self._store.clock.now().timestamp()
        for room, seats in found.items():
            if rehearsed(room):
                if ends_at(room) + TIDIED_EVERY_S < now:
                    await leave(client, room, None)
                continue
            call = await told.find(room)
            if call is None or call.state is CallState.ENDED:
                await leave(client, room, None)
                continue
            over: set[str] = {leg.id for leg in call.legs if leg.state is LegState.LEFT}
            over |= {monitor.id for monitor in call.monitors if not monitor.unseen}
            for party in over & set(seats):
                await leave(client, room, party)
            if not call.recorded and any(seat["recording"] for seat in seats.values()):
                await let_through(client, call)
        for call in placed:
            for leg in call.seated():
                if leg.media and leg.id not in found.get(call.id, {}):
                    await told.media_turned(call.id, leg.id, False)


async def sample_on(client: MediaClient, told: MediaListener, keep: Keep) -> None:
    """Keep what the worker counts of each leg; of several nodes one is told."""
    differences = Differences()
    people: dict[str, str] = {}
    while True:
        try:
            rooms = await client.counters()
            for room, party, sample in differences.take(rooms, time.monotonic()):
                if party not in people and not rehearsed(room):
                    call = await told.find(room)
                    # Who follows a call unseen has no leg, and nothing is kept of him.
                    people |= {leg.id: leg.person_id for leg in call.legs} if call else {}
                if party in people:
                    body = {"leg_id": party, "sample": sample.model_dump(mode="json")}
                    keep(room, people[party], body)
            seated = {party for seats in (rooms or {}).values() for party in seats}
            people = {party: person for party, person in people.items() if party in seated}
        except Refusal as refusal:
            log.warning("media.put_off", code=refusal.code)
        except Rejected:
            return
        await asyncio.sleep(SAMPLED_EVERY_S)
