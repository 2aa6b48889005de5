"""Calls, rings and legs as rows, read as the call machine's Call, and what is due; ``writing`` writes its difference.

Call inside Store.read or Store.change; in a change lock ``call:<id>`` first. No rule is here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import calls, cases, legs, monitors, people, rings, units
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
    MonitorEnding,
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


@dataclass(frozen=True, slots=True)
class CallHead:
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
    deciding_unit_id: str
    """The unit that decides the case by now."""
    deciding_unit_name: str
    card: Mapping[str, Any]
    answered_at: datetime
    recording_consented: bool
    consent_withdrawn_at: datetime | None


async def find(connection: Connection, call_id: str) -> Call | None:
    """The call as it stands in this transaction."""
    found = await find_all(connection, sa.select(calls).where(calls.c.id == call_id))
    return found[0] if found else None


async def find_header(connection: Connection, call_id: str) -> CallHead | None:
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
    return CallHead(
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
    found = await find_all(connection, sa.select(calls).where(RUNNING, calls.c.id.in_(wanted)))
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
class CallPlace:
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


async def places(connection: Connection) -> list[CallPlace]:
    """Who is rung by, sits in (also when his place is only held) or follows a call that has not ended."""
    found: list[CallPlace] = []
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
        found.append(CallPlace(*who, *units_of, seat in GUESTS, seat, way, answered))
    for ring in await connection.execute(
        sa.select(rings.c.call_id, rings.c.target_id, rings.c.invite_id, *of_call)
        .join(calls, calls.c.id == rings.c.call_id)
        .where(RUNNING, RINGING)
    ):
        who = (CallId(ring.call_id), PersonId(ring.target_id))
        units_of = (ring.window_unit_id, ring.target_unit_id)
        found.append(CallPlace(*who, *units_of, ring.invite_id is not None))
    for one in await connection.execute(
        sa.select(monitors.c.call_id, monitors.c.person_id, monitors.c.way, *of_call)
        .join(calls, calls.c.id == monitors.c.call_id)
        .where(RUNNING, FOLLOWING)
    ):
        who = (CallId(one.call_id), PersonId(one.person_id))
        units_of = (one.window_unit_id, one.target_unit_id)
        found.append(CallPlace(*who, *units_of, True, None, Way(one.way)))
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


async def talked_about(connection: Connection, case_id: str) -> bool:
    """Whether a call about this case was answered and has not ended."""
    found = await connection.scalar(
        sa.select(calls.c.id).where(
            calls.c.case_id == case_id, RUNNING, calls.c.answered_at.is_not(None)
        )
    )
    return found is not None


async def talked_s(connection: Connection, case_id: str, at: datetime) -> int:
    """How many seconds the answered calls about this case lasted; one that runs lasts until now."""
    found = await connection.execute(
        sa.select(calls.c.answered_at, calls.c.ended_at).where(
            calls.c.case_id == case_id, calls.c.answered_at.is_not(None)
        )
    )
    return int(sum(((row.ended_at or at) - row.answered_at).total_seconds() for row in found))


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
            units.c.id.label("deciding_unit_id"),
            units.c.name.label("deciding_unit_name"),
            calls.c.card,
            calls.c.answered_at,
            calls.c.recording_consented,
            calls.c.consent_withdrawn_at,
        )
        .join(legs, legs.c.call_id == calls.c.id)
        .join(cases, cases.c.id == calls.c.case_id)
        .join(units, units.c.id == cases.c.unit_id)
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
    for call in await find_all(connection, sa.select(calls).where(calls.c.id.in_(list(about)))):
        row = about[call.id]
        found = {leg.person_id for leg in call.guests()}
        if row.target_unit_id != row.unit_id:
            found |= {leg.person_id for leg in call.seated() if leg.seat is Seat.APPROVER}
        guests[row.case_id] |= found
    return guests


async def deciding_in(connection: Connection, call_id: CallId) -> frozenset[PersonId]:
    """The guests of this call, joined or awaited, who are of the unit to which its case was referred (转办)."""
    found = await connection.scalars(
        sa.select(people.c.id)
        .select_from(calls)
        .join(cases, cases.c.id == calls.c.case_id)
        .join(legs, legs.c.call_id == calls.c.id)
        .join(people, people.c.id == legs.c.person_id)
        .where(
            calls.c.id == call_id,
            cases.c.unit_id != calls.c.target_unit_id,
            people.c.unit_id == cases.c.unit_id,
            people.c.active,
            legs.c.seat.in_(list(GUESTS)),
            legs.c.barged.is_(False),
            sa.or_(JOINED, HELD),
        )
    )
    return frozenset(map(PersonId, found))


async def find_all(connection: Connection, query: sa.Select[Any]) -> list[Call]:
    """The calls that this asks for, whole, in its order."""
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
        ended=None if row.ended is None else MonitorEnding(row.ended),
    )


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
