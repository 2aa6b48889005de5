"""Calls, rings and legs as rows: read as the call machine's Call, written as its difference.

Also what is due, and recordings' rows. Call inside
Store.read or Store.change; in a change lock ``call:<id>`` first. No rule is here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import batch
from server.store.tables import calls, cases, legs, monitors, people, recordings, rings, units
from signaling.call.parts import (
    GUESTS,
    Call,
    CallId,
    CallState,
    EndReason,
    Hold,
    InviteId,
    Leg,
    LegId,
    LegState,
    Monitor,
    MonitorEnd,
    MonitorId,
    PersonId,
    Ring,
    RingId,
    RingState,
    Seat,
    Way,
)

Connection = AsyncConnection
LISTED_AT_MOST: Final = 200
"""A list of running calls is no longer than this: it is sent anew with each change."""

# The words of the partial indexes in ``tables``, as literals: a value bound later proves nothing to a planner.
RUNNING: Final = calls.c.state.in_([sa.literal_column("'open'"), sa.literal_column("'live'")])
"""A call that has not ended; to ask for all but the ended ones reads every call there ever was."""
LIVE: Final = sa.and_(calls.c.state == sa.literal_column("'live'"), RUNNING)
RINGING: Final = rings.c.state == sa.literal_column("'ringing'")
JOINED: Final = legs.c.state == sa.literal_column("'joined'")
HELD: Final = legs.c.held_until.is_not(None)
"""A lost leg of a running call, whose place is held."""
FOLLOWING: Final = monitors.c.ended_at.is_(None)
_INSERT_CALL: Final = calls.insert()
_INSERT_RING: Final = rings.insert()
_INSERT_LEG: Final = legs.insert()
BEING_WRITTEN: Final = recordings.c.state == sa.literal_column("'recording'")


@dataclass(frozen=True, slots=True)
class Header:
    """What a call is about, beside what the call machine knows."""

    case_id: str
    window_unit_id: str
    target_unit_id: str
    target_place: str
    card: Mapping[str, Any]
    """What a rung approver is shown of the case, as ``server.calls.wire.RingCard`` in JSON."""


@dataclass(frozen=True, slots=True)
class Live:
    """A live call, as a list of them tells it."""

    id: str
    case_id: str
    caller_id: str
    approver_id: str
    window_unit_id: str
    target_unit_id: str
    card: Mapping[str, Any]
    answered_at: datetime
    recording_consented: bool
    consent_withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded segment: one party of one leg."""

    id: str
    call_id: CallId
    leg_id: LegId
    segment: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    gaps: list[dict[str, Any]]
    tracks: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    sm3: str | None = None


# ---------------------------------------------------------------- read


async def find(connection: Connection, call_id: str) -> Call | None:
    """The call as it stands in this transaction."""
    found = await _find_all(connection, sa.select(calls).where(calls.c.id == call_id))
    return found[0] if found else None


async def find_header(connection: Connection, call_id: str) -> Header | None:
    row = (
        await connection.execute(
            sa.select(
                calls.c.case_id,
                calls.c.window_unit_id,
                calls.c.target_unit_id,
                calls.c.card,
                units.c.place,
            )
            .select_from(calls.join(units, units.c.id == calls.c.target_unit_id))
            .where(calls.c.id == call_id)
        )
    ).one_or_none()
    if row is None:
        return None
    return Header(
        row.case_id,
        row.window_unit_id,
        row.target_unit_id,
        row.place,
        row.card,
    )


async def due(
    connection: Connection, quiet_since: datetime, at: datetime, also: Collection[str]
) -> list[tuple[Call, dict[LegId | MonitorId, datetime]]]:
    """Running calls of which something may be overdue, and when their joined legs and those who
    follow them unseen were last seen."""
    wanted = sa.union(
        sa.select(rings.c.call_id).where(RINGING, rings.c.deadline_at <= at),
        sa.select(legs.c.call_id).where(
            JOINED, sa.or_(legs.c.silent, legs.c.last_seen_at <= quiet_since)
        ),
        sa.select(legs.c.call_id).where(HELD, legs.c.held_until <= at),
        sa.select(monitors.c.call_id).where(FOLLOWING, monitors.c.last_seen_at <= quiet_since),
        *([sa.select(calls.c.id).where(calls.c.id.in_(list(also)))] if also else []),
    )
    found = await _find_all(connection, sa.select(calls).where(RUNNING, calls.c.id.in_(wanted)))
    if not found:
        return []
    seen = await connection.execute(
        sa.select(legs.c.id, legs.c.call_id, legs.c.last_seen_at).where(
            JOINED, legs.c.call_id.in_([call.id for call in found])
        )
    )
    by_call: dict[str, dict[LegId | MonitorId, datetime]] = {call.id: {} for call in found}
    for row in seen:
        by_call[row.call_id][LegId(row.id)] = row.last_seen_at
    following = await connection.execute(
        sa.select(monitors.c.id, monitors.c.call_id, monitors.c.last_seen_at).where(
            FOLLOWING, monitors.c.call_id.in_([call.id for call in found])
        )
    )
    for row in following:
        by_call[row.call_id][MonitorId(row.id)] = row.last_seen_at
    return [(call, by_call[call.id]) for call in found]


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is in a running call: rung (neither seat nor way), seated, or following unseen."""

    call_id: CallId
    person_id: PersonId
    window_unit_id: str
    target_unit_id: str
    guest: bool
    seat: Seat | None = None
    way: Way | None = None
    answered: bool = True

    @property
    def rings(self) -> bool:
        """Whether somebody rings him, or he rings somebody and nobody has answered."""
        return (self.seat is None and self.way is None) or not self.answered


async def places(connection: Connection) -> list[Place]:
    """Who is rung by, sits in (also when his place is only held) or follows a call that has not ended."""
    found: list[Place] = []
    of_call = (calls.c.window_unit_id, calls.c.target_unit_id)
    for leg in await connection.execute(
        sa.select(
            legs.c.call_id,
            legs.c.person_id,
            legs.c.seat,
            legs.c.barged,
            calls.c.answered_at,
            *of_call,
        )
        .join(calls, calls.c.id == legs.c.call_id)
        .where(RUNNING, sa.or_(JOINED, HELD))
    ):
        seat, way = Seat(leg.seat), Way.BARGE if leg.barged else None
        who = (CallId(leg.call_id), PersonId(leg.person_id))
        units_of = (leg.window_unit_id, leg.target_unit_id)
        answered = leg.answered_at is not None
        found.append(Place(*who, *units_of, seat in GUESTS, seat, way, answered))
    for ring in await connection.execute(
        sa.select(rings.c.call_id, rings.c.target_id, rings.c.invite_id, *of_call)
        .join(calls, calls.c.id == rings.c.call_id)
        .where(RUNNING, RINGING)
    ):
        who = (CallId(ring.call_id), PersonId(ring.target_id))
        units_of = (ring.window_unit_id, ring.target_unit_id)
        found.append(Place(*who, *units_of, ring.invite_id is not None))
    for one in await connection.execute(
        sa.select(monitors.c.call_id, monitors.c.person_id, monitors.c.way, *of_call)
        .join(calls, calls.c.id == monitors.c.call_id)
        .where(RUNNING, FOLLOWING)
    ):
        who = (CallId(one.call_id), PersonId(one.person_id))
        units_of = (one.window_unit_id, one.target_unit_id)
        found.append(Place(*who, *units_of, True, None, Way(one.way)))
    return found


async def running_of(
    connection: Connection, person_id: str, case_id: str | None = None
) -> list[CallId]:
    """The calls that have not ended and that this person dialled, is rung by or sits in; and that about
    this case. Not that which he left as its guest.
    """
    engaged = sa.union(
        sa.select(rings.c.call_id).where(RINGING, rings.c.target_id == person_id),
        sa.select(legs.c.call_id).where(JOINED, legs.c.person_id == person_id),
        sa.select(legs.c.call_id).where(HELD, legs.c.person_id == person_id),
        *([sa.select(calls.c.id).where(RUNNING, calls.c.case_id == case_id)] if case_id else []),
    )
    found = await connection.scalars(
        sa.select(calls.c.id)
        .where(RUNNING, calls.c.id.in_(engaged))
        .order_by(calls.c.opened_at, calls.c.id)
    )
    return [CallId(call_id) for call_id in found]


def legs_now(person_id: str) -> sa.Select[Any]:
    """This person's legs of the live calls, by those calls: his legs of all years are many more."""
    # The call is the way in: SQLite would rather go through all that he ever sat in.
    his = sa.func.coalesce(legs.c.person_id, "") == person_id
    return (
        sa.select(legs.c.call_id, legs.c.state, calls.c.case_id)
        .join(calls, calls.c.id == legs.c.call_id)
        .where(his, LIVE)
        .order_by(legs.c.joined_at, sa.case((legs.c.state == LegState.JOINED, 1), else_=0))
    )


async def seats_of(connection: Connection, person_id: str) -> list[tuple[CallId, str]]:
    """The live calls in which this person sits, also while his place is only held, each with its case."""
    newest = {leg.call_id: leg for leg in await connection.execute(legs_now(person_id))}
    return [
        (CallId(leg.call_id), leg.case_id) for leg in newest.values() if leg.state != LegState.LEFT
    ]


async def running_about(connection: Connection, case_id: str) -> CallId | None:
    """The call about this case that has not ended."""
    found = await connection.scalar(
        sa.select(calls.c.id).where(calls.c.case_id == case_id, RUNNING)
    )
    return None if found is None else CallId(found)


async def live_of(connection: Connection, unit_ids: Collection[str]) -> dict[str, list[Live]]:
    """The live calls from windows of each of these units or to its approvers, the oldest first."""
    found = await connection.execute(
        sa.select(
            calls.c.id,
            calls.c.case_id,
            calls.c.caller_id,
            legs.c.person_id.label("approver_id"),
            calls.c.window_unit_id,
            calls.c.target_unit_id,
            calls.c.card,
            calls.c.answered_at,
            calls.c.recording_consented,
            calls.c.consent_withdrawn_at,
        )
        .join(legs, legs.c.call_id == calls.c.id)
        .where(
            LIVE,
            legs.c.seat == Seat.APPROVER,
            legs.c.previous_leg_id.is_(None),
            sa.or_(
                calls.c.window_unit_id.in_(list(unit_ids)),
                calls.c.target_unit_id.in_(list(unit_ids)),
            ),
        )
        .order_by(calls.c.answered_at, calls.c.id)
    )
    listed: dict[str, list[Live]] = {unit_id: [] for unit_id in unit_ids}
    for row in found.mappings():
        one = Live(**row)
        for unit_id in {one.window_unit_id, one.target_unit_id} & listed.keys():
            if len(listed[unit_id]) < LISTED_AT_MOST:
                listed[unit_id].append(one)
    return listed


async def guests_of(
    connection: Connection, case_ids: Collection[str]
) -> dict[str, frozenset[PersonId]]:
    """Who is a guest in the running call about each of these cases: seated, or lost and awaited. The
    approver is one too once another unit than that which was rung decides (转办)."""
    guests: dict[str, frozenset[PersonId]] = {case_id: frozenset() for case_id in case_ids}
    if not guests:
        return guests
    about = {
        row.id: row
        for row in await connection.execute(
            sa.select(calls.c.id, calls.c.case_id, calls.c.target_unit_id, cases.c.unit_id)
            .join(cases, cases.c.id == calls.c.case_id)
            .where(RUNNING, calls.c.case_id.in_(list(guests)))
        )
    }
    if not about:
        return guests
    for call in await _find_all(connection, sa.select(calls).where(calls.c.id.in_(list(about)))):
        row = about[call.id]
        found = {leg.person_id for leg in call.guests()}
        if row.target_unit_id != row.unit_id:
            found |= {leg.person_id for leg in call.seated() if leg.seat is Seat.APPROVER}
        guests[row.case_id] |= found
    return guests


async def decided_by_guests(connection: Connection, call_ids: Collection[str]) -> frozenset[CallId]:
    """Those of these calls whose case was referred (转办) to a unit of which somebody sits in them, joined or
    awaited, as their guest."""
    found = await connection.scalars(
        sa.select(calls.c.id)
        .join(cases, cases.c.id == calls.c.case_id)
        .join(legs, legs.c.call_id == calls.c.id)
        .join(people, people.c.id == legs.c.person_id)
        .where(
            calls.c.id.in_(list(call_ids)),
            cases.c.unit_id != calls.c.target_unit_id,
            people.c.unit_id == cases.c.unit_id,
            people.c.active,
            legs.c.seat.in_(list(GUESTS)),
            legs.c.barged.is_(False),
            sa.or_(JOINED, HELD),
        )
    )
    return frozenset(map(CallId, found))


async def _find_all(connection: Connection, query: sa.Select[Any]) -> list[Call]:
    rows = (await connection.execute(query)).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    of_rings: dict[str, list[Ring]] = {call_id: [] for call_id in ids}
    of_legs: dict[str, list[Leg]] = {call_id: [] for call_id in ids}
    for row in await connection.execute(
        sa.select(rings).where(rings.c.call_id.in_(ids)).order_by(rings.c.rung_at, rings.c.id)
    ):
        of_rings[row.call_id].append(_ring(row))
    for row in await connection.execute(sa.select(legs).where(legs.c.call_id.in_(ids))):
        of_legs[row.call_id].append(_leg(row))
    of_monitors: dict[str, list[Monitor]] = {call_id: [] for call_id in ids}
    for row in await connection.execute(
        sa.select(monitors)
        .where(monitors.c.call_id.in_(ids))
        .order_by(monitors.c.began_at, monitors.c.id)
    ):
        of_monitors[row.call_id].append(_monitor(row))
    return [
        Call(
            id=CallId(row.id),
            caller_id=PersonId(row.caller_id),
            recording_consented=row.recording_consented,
            opened_at=row.opened_at,
            rings=tuple(of_rings[row.id]),
            legs=_in_order(of_legs[row.id]),
            state=CallState(row.state),
            reason=None if row.reason is None else EndReason(row.reason),
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            holds=tuple(_hold(one) for one in row.holds or ()),
            monitors=tuple(of_monitors[row.id]),
            consent_withdrawn_at=row.consent_withdrawn_at,
        )
        for row in rows
    ]


def _in_order(found: list[Leg]) -> tuple[Leg, ...]:
    """Legs as they came: by time, and of one moment each behind the one that it follows."""
    by_id = {leg.id: leg for leg in found}

    def place(leg: Leg) -> tuple[datetime, int, int]:
        depth, older = 0, leg.previous_leg_id
        while older is not None:
            depth, older = depth + 1, by_id[older].previous_leg_id
        return leg.joined_at, depth, list(Seat).index(leg.seat)

    return tuple(sorted(found, key=place))


def _hold(kept: Mapping[str, str | None]) -> Hold:
    since, until = kept["since"], kept["until"]
    assert since is not None
    return Hold(
        PersonId(str(kept["by"])),
        datetime.fromisoformat(since),
        None if until is None else datetime.fromisoformat(until),
    )


def _ring(row: sa.Row[Any]) -> Ring:
    return Ring(
        id=RingId(row.id),
        target_id=PersonId(row.target_id),
        rung_at=row.rung_at,
        deadline_at=row.deadline_at,
        state=RingState(row.state),
        closed_at=row.closed_at,
        invite_id=None if row.invite_id is None else InviteId(row.invite_id),
        invited_by=None if row.invited_by is None else PersonId(row.invited_by),
        note=row.note,
    )


def _leg(row: sa.Row[Any]) -> Leg:
    return Leg(
        id=LegId(row.id),
        seat=Seat(row.seat),
        person_id=PersonId(row.person_id),
        joined_at=row.joined_at,
        state=LegState(row.state),
        silent=row.silent,
        media=row.media,
        recording=row.recording,
        muted=frozenset(row.muted),
        ended_at=row.ended_at,
        held_until=row.held_until,
        previous_leg_id=None if row.previous_leg_id is None else LegId(row.previous_leg_id),
        barged=row.barged,
        lacking=frozenset(row.lacking or ()),
    )


def _monitor(row: sa.Row[Any]) -> Monitor:
    return Monitor(
        id=MonitorId(row.id),
        person_id=PersonId(row.person_id),
        place=Seat(row.place),
        reason=row.reason,
        began_at=row.began_at,
        way=Way(row.way),
        ended_at=row.ended_at,
        ended=None if row.ended is None else MonitorEnd(row.ended),
    )


# ---------------------------------------------------------------- write


async def add(connection: Connection, call: Call, header: Header, registered_at: datetime) -> None:
    """Keep a new call about a case, of when it was registered, with its rings and its first leg, in one go."""
    values = {
        **_call_values(call),
        "id": call.id,
        "case_id": header.case_id,
        "caller_id": call.caller_id,
        "window_unit_id": header.window_unit_id,
        "target_unit_id": header.target_unit_id,
        "card": header.card,
        "recording_consented": call.recording_consented,
        "opened_at": call.opened_at,
    }
    of_call = {
        "call_id": call.id,
        "case_id": header.case_id,
        "window_unit_id": header.window_unit_id,
        "target_unit_id": header.target_unit_id,
        "opened_at": call.opened_at,
        "registered_at": registered_at,
    }
    await batch.write(
        connection,
        [
            (_INSERT_CALL, values),
            *((_INSERT_RING, _new_ring(call.id, ring)) for ring in call.rings),
            *((_INSERT_LEG, _new_leg(leg) | of_call) for leg in call.legs),
        ],
    )


async def save(connection: Connection, before: Call, after: Call) -> None:
    """Write what has changed between two states of a locked call."""
    if _call_values(before) != _call_values(after):
        await connection.execute(
            calls.update().where(calls.c.id == after.id).values(**_call_values(after))
        )
    closed: dict[tuple[RingState, datetime | None], list[RingId]] = {}
    for was, ring in zip(before.rings, after.rings, strict=False):
        if was is not ring:
            closed.setdefault((ring.state, ring.closed_at), []).append(ring.id)
    for (state, closed_at), ids in closed.items():
        await connection.execute(
            rings.update().where(rings.c.id.in_(ids)).values(state=state.value, closed_at=closed_at)
        )
    await _add_rings(connection, after.id, after.rings[len(before.rings) :])
    for old, leg in zip(before.legs, after.legs, strict=False):
        if old is not leg:
            await connection.execute(
                legs.update().where(legs.c.id == leg.id).values(**_leg_values(leg))
            )
    for leg in after.legs[len(before.legs) :]:
        await _add_leg(connection, after.id, leg)
    following = {monitor.id: monitor for monitor in before.monitors}
    for monitor in after.monitors:
        if monitor.id not in following:
            await _add_monitor(connection, after.id, monitor)
        elif monitor != following[monitor.id]:
            await connection.execute(
                monitors.update()
                .where(monitors.c.id == monitor.id)
                .values(**_monitor_values(monitor))
            )


async def show_card(connection: Connection, call_id: str, card: Mapping[str, Any]) -> None:
    """From now on whoever is rung in this call is shown this card."""
    await connection.execute(calls.update().where(calls.c.id == call_id).values(card=card))


async def heard(connection: Connection, seen: Mapping[LegId | MonitorId, datetime]) -> None:
    """Keep when these legs and monitors were last seen; it never goes back. One that an act has locked is passed
    over until the next time, as in ``roster.seen``."""
    for kept in (legs, monitors):
        free = await connection.scalars(
            sa.select(kept.c.id).where(kept.c.id.in_(seen)).with_for_update(skip_locked=True)
        )
        if due := [{"one": one, "at": seen[LegId(one)]} for one in free.all()]:
            await connection.execute(
                kept.update()
                .where(kept.c.id == sa.bindparam("one"), kept.c.last_seen_at < sa.bindparam("at"))
                .values(last_seen_at=sa.bindparam("at")),
                due,
            )


async def _add_rings(connection: Connection, call_id: str, added: Sequence[Ring]) -> None:
    await batch.write(connection, [(_INSERT_RING, _new_ring(call_id, ring)) for ring in added])


def _new_ring(call_id: str, ring: Ring) -> dict[str, Any]:
    return {
        "id": ring.id,
        "call_id": call_id,
        "target_id": ring.target_id,
        "state": ring.state.value,
        "rung_at": ring.rung_at,
        "deadline_at": ring.deadline_at,
        "closed_at": ring.closed_at,
        "invite_id": ring.invite_id,
        "invited_by": ring.invited_by,
        "note": ring.note,
    }


def _new_leg(leg: Leg) -> dict[str, Any]:
    return {
        **_leg_values(leg),
        "id": leg.id,
        "seat": leg.seat.value,
        "person_id": leg.person_id,
        "joined_at": leg.joined_at,
        "last_seen_at": leg.joined_at,
        "previous_leg_id": leg.previous_leg_id,
        "barged": leg.barged,
    }


async def _add_leg(connection: Connection, call_id: str, leg: Leg) -> None:
    """With what lists ask of its call and its case."""
    values = _new_leg(leg)
    of_call = {
        "call_id": calls.c.id,
        "case_id": calls.c.case_id,
        "window_unit_id": calls.c.window_unit_id,
        "target_unit_id": calls.c.target_unit_id,
        "opened_at": calls.c.opened_at,
        "registered_at": cases.c.created_at,
    }
    given = [sa.literal(value, legs.c[name].type) for name, value in values.items()]
    await connection.execute(
        legs.insert().from_select(
            [*values, *of_call],
            sa.select(*given, *of_call.values())
            .join(cases, cases.c.id == calls.c.case_id)
            .where(calls.c.id == call_id),
            include_defaults=False,
        )
    )


async def _add_monitor(connection: Connection, call_id: str, monitor: Monitor) -> None:
    await connection.execute(
        monitors.insert().values(
            **_monitor_values(monitor),
            id=monitor.id,
            call_id=call_id,
            person_id=monitor.person_id,
            reason=monitor.reason,
            began_at=monitor.began_at,
            last_seen_at=monitor.began_at,
        )
    )


def _monitor_values(monitor: Monitor) -> dict[str, Any]:
    return {
        "place": monitor.place.value,
        "way": monitor.way.value,
        "ended_at": monitor.ended_at,
        "ended": None if monitor.ended is None else monitor.ended.value,
    }


def _call_values(call: Call) -> dict[str, Any]:
    return {
        "state": call.state.value,
        "reason": None if call.reason is None else call.reason.value,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "consent_withdrawn_at": call.consent_withdrawn_at,
        "holds": [
            {
                "by": hold.by,
                "since": hold.since.isoformat(),
                "until": None if hold.until is None else hold.until.isoformat(),
            }
            for hold in call.holds
        ],
    }


def _leg_values(leg: Leg) -> dict[str, Any]:
    return {
        "state": leg.state.value,
        "silent": leg.silent,
        "media": leg.media,
        "recording": leg.recording,
        "muted": sorted(leg.muted),
        "lacking": sorted(leg.lacking),
        "ended_at": leg.ended_at,
        "held_until": leg.held_until,
    }


# ---------------------------------------------------------------- media workers


async def worker_of(connection: Connection, call_id: str) -> str | None:
    """The name of the media worker that holds the room of this call."""
    name: str | None = await connection.scalar(
        sa.select(calls.c.media_worker).where(calls.c.id == call_id)
    )
    return name


async def place(connection: Connection, call_id: str, worker: str, before: str | None) -> bool:
    """Let this worker hold the room; False when it is no longer at ``before``, or the call is over."""
    held = calls.c.media_worker.is_(None) if before is None else calls.c.media_worker == before
    done = await connection.execute(
        calls.update().where(calls.c.id == call_id, RUNNING, held).values(media_worker=worker)
    )
    return done.rowcount == 1


async def placed_at(connection: Connection, worker: str) -> list[Call]:
    """The running calls whose rooms this worker holds."""
    return await _find_all(
        connection,
        sa.select(calls).where(RUNNING, calls.c.media_worker == worker),
    )


async def withdrawn_at(connection: Connection, worker: str) -> list[Call]:
    """Those of them in which a consent to the recording was taken back."""
    taken_back = calls.c.consent_withdrawn_at.is_not(None)
    return await _find_all(
        connection, sa.select(calls).where(RUNNING, calls.c.media_worker == worker, taken_back)
    )


async def rooms_by_worker(connection: Connection) -> dict[str, int]:
    """How many running calls each worker holds."""
    rows = await connection.execute(
        sa.select(calls.c.media_worker, sa.func.count())
        .where(RUNNING, calls.c.media_worker.is_not(None))
        .group_by(calls.c.media_worker)
    )
    return {row[0]: row[1] for row in rows}


# ---------------------------------------------------------------- recordings


async def find_recording(connection: Connection, segment: str) -> Recording | None:
    row = (
        await connection.execute(sa.select(recordings).where(recordings.c.segment == segment))
    ).one_or_none()
    return None if row is None else _recording(row)


async def unfinished_recordings(connection: Connection, worker: str) -> Sequence[Recording]:
    """The recordings of calls at this worker that were begun and not sealed, oldest first."""
    rows = await connection.execute(
        sa.select(recordings)
        .join(calls, calls.c.id == recordings.c.call_id)
        .where(
            BEING_WRITTEN,
            sa.or_(calls.c.media_worker == worker, calls.c.media_worker.is_(None)),
        )
        .order_by(recordings.c.started_at)
    )
    return [_recording(row) for row in rows]


async def has_answered(connection: Connection, case_id: str, unit_id: str) -> bool:
    """Whether an approver of this unit has answered a call about the case."""
    found = await connection.scalar(
        sa.select(calls.c.id)
        .where(
            calls.c.case_id == case_id,
            calls.c.target_unit_id == unit_id,
            calls.c.answered_at.is_not(None),
        )
        .limit(1)
    )
    return found is not None


async def being_recorded(connection: Connection, leg_id: LegId) -> bool:
    """Whether any segment of this leg is being written."""
    row = await connection.execute(
        sa.select(recordings.c.id).where(recordings.c.leg_id == leg_id, BEING_WRITTEN).limit(1)
    )
    return row.first() is not None


async def add_recording(connection: Connection, recording: Recording) -> None:
    await connection.execute(recordings.insert().values(**_recording_values(recording)))


async def save_recording(connection: Connection, recording: Recording) -> None:
    await connection.execute(
        recordings.update()
        .where(recordings.c.id == recording.id)
        .values(**_recording_values(recording))
    )


def _recording(row: sa.Row[Any]) -> Recording:
    return Recording(
        id=row.id,
        call_id=CallId(row.call_id),
        leg_id=LegId(row.leg_id),
        segment=row.segment,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        gaps=list(row.gaps),
        tracks=list(row.tracks),
        cut=row.cut,
        sm3=row.sm3,
    )


def _recording_values(recording: Recording) -> dict[str, Any]:
    return {
        "id": recording.id,
        "call_id": recording.call_id,
        "leg_id": recording.leg_id,
        "segment": recording.segment,
        "state": recording.state,
        "started_at": recording.started_at,
        "ended_at": recording.ended_at,
        "size_bytes": recording.size_bytes,
        "sha256": recording.sha256,
        "gaps": recording.gaps,
        "tracks": recording.tracks,
        "cut": recording.cut,
        "sm3": recording.sm3,
    }
