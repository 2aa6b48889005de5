"""The call book of the switchboard, on the one road of the store.

Each act opens a turn of its call (``turns``); who may see a call is in ``telling``. The rules of a call are in
``signaling.call``; the engine and the recordings have their own modules.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from server.calls.about import About
from server.calls.acts.turns import CallTurn, DialTurn, InviteTurn, locked
from server.calls.rows import calls as rows
from server.people.rows import people as staff
from server.people.rows import sessions
from server.rights.connected import signed_in
from server.rights.person import SYSTEM, Act, Actor, may
from server.rights.subjects import of_case, of_person
from server.store import Store
from signaling.call.inputs import Barred, SignedOut
from signaling.call.parts import Call, CallId, LegId, MonitorId, Seat, Way
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallDial, CallInvite
from signaling.wire.envelope import Command, Who

_RIGHTS: Final = {
    Way.LISTEN: Act.CALL_LISTEN,
    Way.WHISPER: Act.CALL_WHISPER,
    Way.BARGE: Act.CALL_BARGE,
}


class Book:
    """The switchboard's CallBook."""

    def __init__(self, store: Store, about: About) -> None:
        self._store = store
        self._about = about

    @asynccontextmanager
    async def dial(self, who: Who, command: CallDial) -> AsyncIterator[DialTurn]:
        actor = signed_in(who)
        # Two dials of one clerk, or about one case, wait for each other here.
        me = of_person(actor.person_id)
        async with self._store.change(actor, command, of=me) as change:
            if change.replayed is not None:
                yield DialTurn(change, actor.person_id, None)
                return
            connection = change.connection
            await change.lock(me)
            await change.lock(of_case(command.case_id))
            about = await self._about.dialling(connection, actor, command.case_id, change.at)
            running = await rows.running_of(connection, actor.person_id, command.case_id)
            if running:
                raise Refusal(Code.ALREADY_IN_CALL, call=running[0])
            yield DialTurn(change, actor.person_id, about)

    @asynccontextmanager
    async def turn(
        self, who: Who | None, call_id: CallId, command: Command | None = None
    ) -> AsyncIterator[CallTurn]:
        actor = SYSTEM if who is None else signed_in(who)
        async with self._store.change(actor, command) as change:
            yield CallTurn(change, self._about, *await locked(change, call_id))

    @asynccontextmanager
    async def monitor(
        self, who: Who, call_id: CallId, way: Way, command: Command
    ) -> AsyncIterator[CallTurn]:
        actor = signed_in(who)
        async with self._store.change(actor, command) as change:
            call, header = await locked(change, call_id)
            units = {"window_unit_id": header.window_unit_id, "unit_id": header.target_unit_id}
            if not may(actor, Act.CASE_WATCH, **units):
                raise Refusal(Code.NOT_FOUND)
            if not may(actor, _RIGHTS[way], **units):
                raise Refusal(Code.FORBIDDEN)
            yield CallTurn(change, self._about, call, header)

    @asynccontextmanager
    async def invite(self, who: Who, command: CallInvite) -> AsyncIterator[InviteTurn]:
        async with self._store.change(signed_in(who), command) as change:
            inviting = InviteTurn(
                change, self._about, *await locked(change, CallId(command.call_id))
            )
            inviting.unit_id = command.unit_id
            yield inviting

    async def find(self, call_id: CallId) -> Call:
        async with self._store.read() as connection:
            call = await rows.find(connection, call_id)
        if call is None:
            raise Refusal(Code.NOT_FOUND, call=call_id)
        return call

    async def barred(self) -> Sequence[tuple[CallId, Barred | SignedOut]]:
        async with self._store.read() as connection:
            places = await rows.places(connection)
            if not places:
                return []
            known = await staff.actors(connection, {place.person_id for place in places})
            ringing = {place.person_id for place in places if place.rings}
            gone = await sessions.signed_out(connection, ringing, self._store.clock.now())
            barred = {one for one in places if not _may_hold(known.get(one.person_id), one)}
        found: dict[tuple[CallId, Barred | SignedOut], None] = {}
        for place in places:
            if place in barred:
                found[place.call_id, Barred(place.person_id)] = None
            elif place.rings and place.person_id in gone:
                found[place.call_id, SignedOut(place.person_id)] = None
        return list(found)

    async def due(
        self, quiet_since: datetime, at: datetime, also: Collection[CallId]
    ) -> Sequence[tuple[Call, Mapping[LegId | MonitorId, datetime]]]:
        async with self._store.read() as connection:
            return await rows.due(connection, quiet_since, at, also)


def _may_hold(actor: Actor | None, place: rows.CallPlace) -> bool:
    if actor is None:
        return False
    units = {"window_unit_id": place.window_unit_id, "unit_id": place.target_unit_id}
    if place.way is not None:
        return may(actor, _RIGHTS[place.way], **units)
    if place.seat is Seat.WINDOW:
        return may(actor, Act.CALL_DIAL, **units)
    # A guest decides in his own unit.
    deciding = actor.unit_id if place.guest else place.target_unit_id
    return may(actor, Act.CALL_ANSWER, unit_id=deciding)
