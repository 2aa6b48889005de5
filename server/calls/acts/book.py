"""The call book and the roster of the switchboard, on the one road of the store.

A turn locks one call, writes what the machine made of it, frees who is no longer engaged
and records the whole call as ``call.changed``. Here is also who may see a call. The rules
of a call are in ``signaling.call``; the engine and the recordings have their own modules.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from server.calls.about import About, Dialling
from server.calls.acts import playbacks
from server.calls.projection import project_call
from server.calls.rows import calls as rows
from server.calls.rows import missed as missed_rows
from server.calls.rows import writing
from server.calls.views import call_view, missed_calls, running_calls
from server.calls.wire import (
    CallChanged,
    CallSnapshot,
    DeskView,
    MissedCalls,
    MonitorCalls,
    RingCard,
)
from server.people.rows import people as staff
from server.people.rows import roster as desks
from server.rights.connected import signed_in
from server.rights.hand import Audience
from server.rights.person import SYSTEM, Act, Actor, may, ranked
from server.rights.subjects import (
    of_asking,
    of_call,
    of_case,
    of_monitor,
    of_monitors,
    of_person,
    of_unit,
)
from server.store import Change, Store, version_of
from server.store.subject import Told, Turn
from signaling import waiting
from signaling.call.inputs import Barred, ConsentWithdrawn, SignedOut
from signaling.call.parts import (
    LOST_AFTER_S,
    Call,
    CallId,
    CallState,
    LegId,
    Monitor,
    MonitorId,
    PersonId,
    Seat,
    Way,
)
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.subjects import ADVISED, PARTY, SUPERVISOR, Availability, rung_as
from signaling.wire.call import CallDial, CallInvite
from signaling.wire.desk import DeskDuty, MissedAsk, Presence, UnitPresence
from signaling.wire.envelope import Ack, Command, Who, recall
from signaling.wire.monitor import MonitorView

_RIGHTS: Final = {
    Way.LISTEN: Act.CALL_LISTEN,
    Way.WHISPER: Act.CALL_WHISPER,
    Way.BARGE: Act.CALL_BARGE,
}


def audience_of(actor: Actor, call: Call, header: rows.Header) -> Audience | None:
    """As which audience this person sees the call; None: it does not exist for him.

    party: who holds a seat; rung: who is or was rung, and who was a guest and has left;
    supervisor: those of either unit.
    """
    if actor.person_id == call.caller_id or call.leg_of(PersonId(actor.person_id)) is not None:
        return "party"
    if any(ring.target_id == actor.person_id for ring in call.rings):
        return "rung"
    units = {"window_unit_id": header.window_unit_id, "unit_id": header.target_unit_id}
    return "supervisor" if may(actor, Act.CASE_WATCH, **units) else None


def room_of(audience: Audience, person_id: str, call: Call) -> str:
    """The audience as the gateway knows it: that of a rung person is his alone, and the approver is
    told apart from the other parties because it is he to whom one whispers."""
    if audience == "rung":
        return rung_as(person_id)
    leg = call.leg_of(PersonId(person_id))
    if audience == "party" and leg is not None and leg.seat is Seat.APPROVER:
        return ADVISED
    return audience


def people_of(call: Call) -> dict[str, str]:
    """Whose sockets watch this call, and in which of the gateway's audiences."""
    people = {ring.target_id: room_of("rung", ring.target_id, call) for ring in call.rings}
    people |= {leg.person_id: room_of(PARTY, leg.person_id, call) for leg in call.seated()}
    return {str(person_id): audience for person_id, audience in people.items()}


async def record(
    change: Change, call: Call, header: rows.Header, act: str, object: str, **payload: Any
) -> None:
    """Record the call as it is now: one event with the whole view, one entry with the states.

    An ended call gets the playbacks that it lacks.
    """
    view = await call_view(change.connection, call, header)
    if call.state is CallState.ENDED:
        await playbacks.ask(change, call.id)
    turn = await Turn.of(change, of_call(call.id))
    told = Told(
        CallChanged(**turn.stamp, call=view),
        object,
        {
            "case": header.case_id,
            "state": call.state,
            "reason": call.reason,
            "rings": {ring.id: [ring.target_id, ring.state] for ring in call.rings},
            "legs": {leg.id: [leg.person_id, leg.seat, leg.state] for leg in call.legs},
            **payload,
        },
        people=people_of(call),
    )
    await turn.tell(act, told)


class _Ringing:
    """What is asked of the desks of the unit that rings, within one change."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self.replayed = change.replayed
        self.at = change.at

    def _unit(self) -> str:
        raise NotImplementedError

    async def around(self) -> tuple[Sequence[waiting.Desk], float]:
        """The desks of the unit, and how long a call of it lasts: for who finds nobody free."""
        connection, unit = self._change.connection, self._unit()
        return await desks.desks(connection, unit), await desks.handling_s(connection, unit)

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        return await desks.reserve(
            self._change.connection,
            call_id,
            self._unit(),
            at_most=at_most,
            seen_since=seen_since,
            but=but,
        )

    def ack(self, result: Mapping[str, Any]) -> Ack:
        return self._change.ack(result)


class _Turn(_Ringing):
    def __init__(self, change: Change, about: About, call: Call, header: rows.Header) -> None:
        super().__init__(change)
        self._about = about
        self._header = header
        self.call = call

    def _unit(self) -> str:
        return self._header.target_unit_id

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        """As ``Turn`` says. Who follows the call unseen is kept under a subject of its own, so that
        not even the call's version tells its parties that something was."""
        before = self.call
        await writing.save(self._change.connection, before, call)
        was = {monitor.id: monitor for monitor in before.monitors}
        for monitor in call.monitors:
            if monitor != was.get(monitor.id):
                await self._follow(call, monitor, begun=monitor.id not in was, **more)
        if replace(call, monitors=()) != replace(before, monitors=()):
            await desks.release(self._change.connection, call.id, call.engaged(), self._change.at)
            await record(self._change, call, self._header, act, object, **more)
        if before.state is CallState.OPEN and call.state is not CallState.OPEN:
            await self._answered_or_missed(call)
        self.call = call

    async def _answered_or_missed(self, call: Call) -> None:
        """An answer puts the case under review and is a call back; without one, the call is missed."""
        connection, header = self._change.connection, self._header
        if call.answered_at is not None:
            await self._about.mark_answered(self._change, header.case_id, call.id)
            await missed_rows.forget(connection, header.case_id)
            return
        await self._change.lock(of_case(header.case_id))
        unit_id = await self._about.waits_at(connection, header.case_id)
        if unit_id is not None:
            await missed_rows.keep(
                connection, header.case_id, call.id, call.caller_id, unit_id, call.opened_at
            )

    async def _follow(
        self, call: Call, monitor: Monitor, *, begun: bool, why: str = "", **_: Any
    ) -> None:
        """The entry of a beginning, a change of way or an end; nobody is sent anything of it."""
        turn = await Turn.of(self._change, of_monitors(call.id))
        act = "monitor.begin" if begun else "monitor.turn"
        if monitor.ended is not None:
            act = "monitor.end"
        payload = {
            "call": call.id,
            "case": self._header.case_id,
            "person": monitor.person_id,
            "way": monitor.way,
            "reason": monitor.reason,
            "why": why,
            "ended": monitor.ended,
        }
        await turn.enter(act, payload, of_monitor(monitor.id))


class _Inviting(_Turn):
    unit_id: str = ""

    def _unit(self) -> str:
        return self.unit_id

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        """As ``Turn`` says; who is asked now is told what is there now, and not what was at the dialling."""
        connection, header = self._change.connection, self._header
        waiting_since = recall(RingCard, header.card).waiting_since
        shown = await self._about.card(connection, header.case_id, waiting_since)
        card = shown.model_dump(mode="json")
        await writing.show_card(connection, call.id, card)
        self._header = replace(header, card=card)
        await super().write(call, act, object, **more)


async def end_recording(
    change: Change, about: About, call_id: CallId, *, goes_on: bool
) -> tuple[Call, Call]:
    """Keep in the caller's transaction, which has locked this call, that the applicant took back his
    consent to its recording; the call before and after.

    Without ``goes_on`` the call may not be without a recording, and ends."""
    before, header = await found(change.connection, call_id)
    after = step(before, ConsentWithdrawn(goes_on), change.at)
    if after is not before:
        await _Turn(change, about, before, header).write(
            after,
            "call.unrecord",
            of_call(call_id),
            consent_withdrawn_at=change.at.isoformat(),
        )
    return before, after


class _Dialling(_Ringing):
    def __init__(
        self,
        change: Change,
        caller_id: str,
        about: Dialling | None,
    ) -> None:
        super().__init__(change)
        self._caller_id = caller_id
        self._about = about

    @property
    def about(self) -> Dialling:
        assert self._about is not None, "a repeated command dials nobody"
        return self._about

    @property
    def recording_consented(self) -> bool:
        return self.about.recording_consented

    def _unit(self) -> str:
        return self.about.target_unit_id

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        if not await desks.engage(self._change.connection, call_id, self._caller_id):
            raise Refusal(Code.ALREADY_IN_CALL)
        return await super().reserve(call_id, at_most, seen_since, but)

    async def open(self, call: Call) -> None:
        about = self.about
        header = rows.Header(
            about.case_id,
            about.window_unit_id,
            about.target_unit_id,
            about.target_place,
            about.card.model_dump(mode="json"),
        )
        await self._change.make(of_call(call.id))
        await writing.add(self._change.connection, call, header, about.registered_at)
        await record(self._change, call, header, "call.dial", of_call(call.id))
        await about.called(self._change, call.id)


async def _locked(change: Change, call_id: CallId) -> tuple[Call, rows.Header]:
    """The call as an act on it finds it; a repeat changes nothing and locks nothing."""
    if change.replayed is None:
        await change.lock(of_call(call_id))
    return await found(change.connection, call_id)


class Book:
    """The switchboard's CallBook."""

    def __init__(self, store: Store, about: About) -> None:
        self._store = store
        self._about = about

    @asynccontextmanager
    async def dial(self, who: Who, command: CallDial) -> AsyncIterator[_Dialling]:
        actor = signed_in(who)
        # Two dials of one clerk, or about one case, wait for each other here.
        me = of_person(actor.person_id)
        async with self._store.change(actor, command, of=me) as change:
            if change.replayed is not None:
                yield _Dialling(change, actor.person_id, None)
                return
            connection = change.connection
            await change.lock(me)
            await change.lock(of_case(command.case_id))
            about = await self._about.dialling(connection, actor, command.case_id, change.at)
            running = await rows.running_of(connection, actor.person_id, command.case_id)
            if running:
                raise Refusal(Code.ALREADY_IN_CALL, call=running[0])
            yield _Dialling(change, actor.person_id, about)

    @asynccontextmanager
    async def turn(
        self, who: Who | None, call_id: CallId, command: Command | None = None
    ) -> AsyncIterator[_Turn]:
        actor = SYSTEM if who is None else signed_in(who)
        async with self._store.change(actor, command) as change:
            yield _Turn(change, self._about, *await _locked(change, call_id))

    @asynccontextmanager
    async def monitor(
        self, who: Who, call_id: CallId, way: Way, command: Command
    ) -> AsyncIterator[_Turn]:
        actor = signed_in(who)
        async with self._store.change(actor, command) as change:
            call, header = await _locked(change, call_id)
            units = {"window_unit_id": header.window_unit_id, "unit_id": header.target_unit_id}
            if not may(actor, Act.CASE_WATCH, **units):
                raise Refusal(Code.NOT_FOUND)
            if not may(actor, _RIGHTS[way], **units):
                raise Refusal(Code.FORBIDDEN)
            yield _Turn(change, self._about, call, header)

    @asynccontextmanager
    async def invite(self, who: Who, command: CallInvite) -> AsyncIterator[_Inviting]:
        async with self._store.change(signed_in(who), command) as change:
            inviting = _Inviting(
                change, self._about, *await _locked(change, CallId(command.call_id))
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
            gone = await staff.signed_out(connection, ringing, self._store.clock.now())
            barred = {one for one in places if not _may_hold(known.get(one.person_id), one)}
            heads = [one.call_id for one in barred if one.seat is Seat.APPROVER]
            relieved = await rows.decided_by_guests(connection, heads) if heads else frozenset()
        found: dict[tuple[CallId, Barred | SignedOut], None] = {}
        for place in places:
            if place in barred:
                bars = Barred(place.person_id, relieved=place.call_id in relieved)
                found[place.call_id, bars] = None
            elif place.rings and place.person_id in gone:
                found[place.call_id, SignedOut(place.person_id)] = None
        return list(found)

    async def due(
        self, quiet_since: datetime, at: datetime, also: Collection[CallId]
    ) -> Sequence[tuple[Call, Mapping[LegId | MonitorId, datetime]]]:
        async with self._store.read() as connection:
            return await rows.due(connection, quiet_since, at, also)


class Desks:
    """The switchboard's Roster. ``away_after_s``: how long a page may be quiet and still be rung."""

    def __init__(self, store: Store, about: About, away_after_s: float = LOST_AFTER_S) -> None:
        self._store = store
        self._about = about
        self._away_after_s = away_after_s

    async def desk(
        self, who: Who
    ) -> tuple[DeskView, Mapping[str, str], list[tuple[CallId, LegId]]]:
        actor = signed_in(who)
        async with self._store.read() as connection:
            found_rooms = [
                await _snapshot(connection, actor, call_id)
                for call_id in await rows.running_of(connection, actor.person_id)
            ]
            duty = await desks.duty_of(connection, actor.person_id)
            refs = await staff.person_refs(connection, [actor.person_id])
        view = DeskView(
            person=refs[actor.person_id],
            roles=[role.value for role in ranked(actor.roles)],
            duty="online" if duty == "online" else "away",
            calls=[snapshot for snapshot, _ in found_rooms],
        )
        seats = [
            (CallId(one.call.id), LegId(leg.id))
            for one in view.calls
            for leg in one.call.legs
            if leg.person.id == actor.person_id and leg.state == "joined"
        ]
        return view, {of_call(one.call.id): room for one, room in found_rooms}, seats

    async def snapshot(self, who: Who, call_id: CallId) -> tuple[CallSnapshot, str]:
        actor = signed_in(who)
        async with self._store.read() as connection:
            return await _snapshot(connection, actor, call_id)

    async def duty(self, who: Who, command: DeskDuty) -> Ack:
        actor = signed_in(who)
        if not may(actor, Act.DUTY):
            raise Refusal(Code.FORBIDDEN)
        async with self._store.change(actor, command) as change:
            if change.replayed is not None:
                return change.replayed
            turn = await Turn.of(change, of_person(actor.person_id))
            await desks.set_duty(
                change.connection, actor.person_id, actor.unit_id, command.duty, change.at
            )
            ack = change.ack({"duty": command.duty})
            await turn.enter("desk.duty", {"duty": command.duty}, of_unit(actor.unit_id))
            return ack

    async def known(self, unit_id: str) -> bool:
        async with self._store.read() as connection:
            return await desks.unit_exists(connection, unit_id)

    async def presence(self, unit_ids: Collection[str]) -> Mapping[str, UnitPresence]:
        at = self._store.clock.now()
        since = at - timedelta(seconds=self._away_after_s)
        async with self._store.read() as connection:
            around = await desks.present(connection, unit_ids, since)
        return {
            unit_id: UnitPresence(
                unit_id=unit_id,
                approvers=[
                    Presence(person=person, state=state)
                    for desk, person in there
                    if (state := waiting.presence(desk, at, self._away_after_s))
                    is not Availability.AWAY
                ],
                at=at,
            )
            for unit_id, there in around.items()
        }

    def monitored(self, who: Who) -> str:
        actor = signed_in(who)
        if not may(actor, Act.CALL_LISTEN, unit_id=actor.unit_id):
            raise Refusal(Code.FORBIDDEN)
        return actor.unit_id

    def misses(self, who: Who) -> str:
        actor = signed_in(who)
        units = {"window_unit_id": actor.unit_id, "unit_id": actor.unit_id}
        window_id = actor.window_id if may(actor, Act.CALL_DIAL, **units) else None
        unit_id = actor.unit_id if may(actor, Act.CALL_ANSWER, **units) else None
        if window_id is None and unit_id is None:
            raise Refusal(Code.FORBIDDEN)
        return f"{window_id or ''}:{unit_id or ''}"

    async def missed(self, desks: Collection[str]) -> Mapping[str, MissedCalls]:
        names = {_desks(name): name for name in desks}
        async with self._store.read() as connection:
            found = await missed_calls(connection, await missed_rows.of_desks(connection, names))
        at = self._store.clock.now()
        return {names[one]: MissedCalls(calls=calls, at=at) for one, calls in found.items()}

    async def ask(self, who: Who, command: MissedAsk) -> Ack:
        actor = signed_in(who)
        async with self._store.change(actor, command) as change:
            if change.replayed is not None:
                return change.replayed
            await change.lock(of_case(command.case_id))
            side = await self._about.side_of(change.connection, actor, command.case_id)
            if side != "approver":
                raise Refusal(Code.NOT_YOURS, case=command.case_id)
            turn = await Turn.of(change, of_asking(command.case_id))
            missed = await missed_rows.find(change.connection, command.case_id)
            if missed is None:
                raise Refusal(Code.CALL_ENDED, case=command.case_id)
            call_id, asked_at = missed
            if asked_at is not None:
                left = asked_at + missed_rows.ASKED_AGAIN_AFTER - change.at
                if left > timedelta():
                    raise Refusal(Code.THROTTLED, retry_after_s=ceil(left.total_seconds()))
            await missed_rows.ask(change.connection, command.case_id, actor.person_id, change.at)
            ack = change.ack()
            await turn.enter("missed.ask", {"case": command.case_id}, of_call(call_id))
            return ack

    async def running(self, unit_ids: Collection[str]) -> Mapping[str, MonitorCalls]:
        async with self._store.read() as connection:
            found = await running_calls(connection, await rows.live_of(connection, unit_ids))
        at = self._store.clock.now()
        return {
            unit_id: MonitorCalls(unit_id=unit_id, calls=calls, at=at)
            for unit_id, calls in found.items()
        }

    async def seen(
        self, people: Mapping[str, datetime], legs: Mapping[LegId | MonitorId, datetime]
    ) -> None:
        async with self._store.working() as connection:
            await desks.seen(connection, people)
            await writing.heard(connection, legs)


async def _snapshot(
    connection: rows.Connection, actor: Actor, call_id: CallId
) -> tuple[CallSnapshot, str]:
    """The call as this person may see it, and his audience at the gateway."""
    call, header = await found(connection, call_id)
    audience = audience_of(actor, call, header)
    if audience is None:
        raise Refusal(Code.NOT_FOUND, call=call_id)
    view = await call_view(connection, call, header)
    room = room_of(audience, actor.person_id, call)
    snapshot = CallSnapshot(
        version=await version_of(connection, of_call(call_id)),
        audience=audience,
        call=project_call(view, audience, actor.person_id),
        monitors=await _following(connection, call, room),
    )
    return snapshot, room


async def _following(connection: rows.Connection, call: Call, room: str) -> list[MonitorView]:
    """Who follows the call, as far as this audience may know: parties see a barge as its leg, the
    approver hears of who whispers to him, and nobody but supervisors of who listens."""
    known = [monitor for monitor in call.monitors if monitor.ended is None]
    if room == ADVISED:
        known = [monitor for monitor in known if monitor.way is Way.WHISPER]
    elif room != SUPERVISOR:
        return []
    refs = await staff.person_refs(connection, {monitor.person_id for monitor in known})
    return [
        MonitorView(
            id=monitor.id,
            person=refs[monitor.person_id],
            way=monitor.way,
            since=monitor.began_at,
        )
        for monitor in known
    ]


async def found(connection: rows.Connection, call_id: CallId) -> tuple[Call, rows.Header]:
    call = await rows.find(connection, call_id)
    header = await rows.find_header(connection, call_id)
    if call is None or header is None:
        raise Refusal(Code.NOT_FOUND, call=call_id)
    return call, header


def _desks(name: str) -> missed_rows.Desks:
    """The desks of which ``Desks.misses`` gave the name."""
    window_id, _, unit_id = name.partition(":")
    return window_id or None, unit_id or None


def _may_hold(actor: Actor | None, place: rows.Place) -> bool:
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
