"""The roster of the switchboard: who is on duty at which desk, what waits there, and how a call looks from it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from math import ceil

from server.calls.about import About
from server.calls.acts.telling import audience_of, found, room_of
from server.calls.projection import project_call
from server.calls.rows import calls as rows
from server.calls.rows import missed as missed_rows
from server.calls.rows import writing
from server.calls.views import call_view, missed_calls, running_calls
from server.calls.wire import CallSnapshot, DeskView, MissedCalls, MonitorCalls
from server.people.rows import people as staff
from server.people.rows import roster as desks
from server.rights.connected import signed_in
from server.rights.person import Act, Actor, may, ranked
from server.rights.subjects import of_asking, of_call, of_case, of_person, of_unit
from server.store import Store, version_of
from server.store.subject import Turn
from signaling import waiting
from signaling.call.parts import LOST_AFTER_S, Call, CallId, LegId, MonitorId, Way
from signaling.refusals import Code, Refusal
from signaling.subjects import ADVISED, SUPERVISOR, Availability
from signaling.wire.desk import DeskDuty, MissedAsk, Presence, UnitPresence
from signaling.wire.envelope import Ack, Who
from signaling.wire.monitor import MonitorView


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
            if not await self._about.deciding(change.connection, actor, command.case_id):
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


def _desks(name: str) -> missed_rows.Desks:
    """The desks of which ``Desks.misses`` gave the name."""
    window_id, _, unit_id = name.partition(":")
    return window_id or None, unit_id or None
