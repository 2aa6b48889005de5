"""The roster: who is on duty at which unit, who is engaged, and when he was last seen.

A reservation is one conditional update, so that two callers never get the same approver;
it is made and freed in the transaction of the call that it belongs to. No rule is here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.rows.people import REF_COLUMNS, STAFF, ref_of
from server.store.tables import calls, people, rings, roster, units
from signaling.wire.envelope import PersonRef

Connection = AsyncConnection

HANDLING_S = 600.0
"""How long a call lasts where none has ended yet, in seconds."""
HANDLING_OF_LAST = 50
"""The mean is taken over so many calls."""


@dataclass(frozen=True, slots=True)
class Desk:
    """An approver at his desk. Engaged: a call rings him, and then he is rung, or he is in one."""

    person_id: str
    on_duty: bool
    engaged: bool
    last_seen_at: datetime | None
    rung: bool = False


async def duty_of(connection: Connection, person_id: str) -> str:
    """``online`` or ``away``; away for who never went on duty."""
    found = await connection.scalar(sa.select(roster.c.duty).where(roster.c.person_id == person_id))
    return found or "away"


async def set_duty(
    connection: Connection, person_id: str, unit_id: str, duty: str, at: datetime
) -> None:
    """Go on or off duty at a unit; it counts as a sign of life. Reservations stay as they are."""
    values = {"unit_id": unit_id, "duty": duty, "last_seen_at": at, "free_since": at}
    done = await connection.execute(
        roster.update().where(roster.c.person_id == person_id).values(**values)
    )
    if done.rowcount == 0:
        await connection.execute(roster.insert().values(person_id=person_id, **values))


async def stand_down(connection: Connection, person_id: str) -> str | None:
    """Off duty, where he is on duty; a reservation stays as it is. Returns at which unit he was."""
    unit_id: str | None = await connection.scalar(
        roster.update()
        .where(roster.c.person_id == person_id, roster.c.duty == "online")
        .values(duty="away")
        .returning(roster.c.unit_id)
    )
    return unit_id


async def desks(connection: Connection, unit_id: str) -> list[Desk]:
    """The desks of a unit whose persons are still active, by person."""
    rows = await connection.execute(
        sa.select(roster, _RUNG.label("rung"))
        .join(people, people.c.id == roster.c.person_id)
        .where(roster.c.unit_id == unit_id, people.c.active)
        .order_by(roster.c.person_id)
    )
    return [_desk(row) for row in rows]


async def present(
    connection: Connection, unit_ids: Collection[str], seen_since: datetime
) -> dict[str, list[tuple[Desk, PersonRef]]]:
    """Who of each of these units is engaged, or on duty and was seen since then, by person: in one statement."""
    found: dict[str, list[tuple[Desk, PersonRef]]] = {unit_id: [] for unit_id in unit_ids}
    here = sa.and_(
        roster.c.duty == sa.literal_column("'online'"), roster.c.last_seen_at > seen_since
    )
    rows = await connection.execute(
        sa.select(
            roster.c.person_id,
            roster.c.unit_id.label("desk_of"),
            roster.c.duty,
            roster.c.reserved_by,
            roster.c.last_seen_at,
            _RUNG.label("rung"),
            *REF_COLUMNS,
        )
        .select_from(STAFF.join(roster, roster.c.person_id == people.c.id))
        .where(
            roster.c.unit_id.in_(list(found)),
            people.c.active,
            sa.or_(roster.c.reserved_by.is_not(None), here),
        )
        .order_by(roster.c.person_id)
    )
    for row in rows:
        found[row.desk_of].append((_desk(row), ref_of(row._mapping)))
    return found


async def on_duty(connection: Connection, seen_since: datetime) -> dict[str, int]:
    """How many approvers of each unit are on duty and were seen since then; a unit without any is not named."""
    rows = await connection.execute(
        sa.select(roster.c.unit_id, sa.func.count().label("approvers"))
        .join(people, people.c.id == roster.c.person_id)
        .where(
            roster.c.duty == sa.literal_column("'online'"),
            roster.c.last_seen_at > seen_since,
            people.c.active,
        )
        .group_by(roster.c.unit_id)
    )
    return {row.unit_id: row.approvers for row in rows}


def _desk(row: Any) -> Desk:
    on_duty, engaged = row.duty == "online", row.reserved_by is not None
    return Desk(row.person_id, on_duty, engaged, row.last_seen_at, rung=row.rung)


_RUNG: Final = (
    sa.select(rings.c.id)
    .where(
        rings.c.call_id == roster.c.reserved_by,
        rings.c.target_id == roster.c.person_id,
        rings.c.state == sa.literal_column("'ringing'"),
    )
    .exists()
)


FREE: Final = sa.and_(
    roster.c.duty == sa.literal_column("'online'"), roster.c.reserved_by.is_(None)
)
"""The words of the partial index ``roster_free``."""


async def reserve(
    connection: Connection,
    call_id: str,
    unit_id: str,
    *,
    at_most: int,
    seen_since: datetime,
    but: Collection[str] = (),
) -> list[str]:
    """Reserve so many free desks of a unit, the longest free first; returns whose, in that order.

    Free is who is on duty, was seen since then and is engaged by nobody; of two who reserve at once the
    second waits for the first, and takes the next ones."""
    free = (
        sa.select(roster.c.person_id)
        .where(
            roster.c.unit_id == unit_id,
            FREE,
            roster.c.last_seen_at > seen_since,
            roster.c.person_id.not_in(list(but)),
            sa.select(people.c.id)
            .where(people.c.id == roster.c.person_id, people.c.active)
            .exists(),
        )
        .order_by(roster.c.free_since, roster.c.person_id)
        .limit(at_most)
        .with_for_update(of=roster)
    )
    got = await connection.execute(
        roster.update()
        .where(roster.c.person_id.in_(free))
        .values(reserved_by=call_id)
        .returning(roster.c.free_since, roster.c.person_id)
    )
    ever = datetime.min.replace(tzinfo=UTC)
    return [row.person_id for row in sorted(got, key=lambda row: (row[0] or ever, row[1]))]


async def engage(connection: Connection, call_id: str, person_id: str) -> bool:
    """Mark somebody who calls from his own desk as engaged; False when another call has him."""
    by = await connection.scalar(
        roster.update()
        .where(roster.c.person_id == person_id)
        .values(reserved_by=sa.func.coalesce(roster.c.reserved_by, call_id))
        .returning(roster.c.reserved_by)
    )
    return by is None or by == call_id


async def release(
    connection: Connection, call_id: str, engaged: Collection[str], at: datetime
) -> None:
    """Free everybody whom this call has reserved but for those whom it still engages: from now on."""
    await connection.execute(
        roster.update()
        .where(roster.c.reserved_by == call_id, roster.c.person_id.not_in(list(engaged)))
        .values(reserved_by=None, free_since=at)
    )


async def seen(connection: Connection, at_by_person: Mapping[str, datetime]) -> None:
    """Keep when these people were last seen; who has no desk is passed over, time never goes back.

    Nobody is waited for: a desk that an act has locked is passed over until the next time, or two
    that lock several rows in another order would end each other.
    """
    free = await connection.scalars(
        sa.select(roster.c.person_id)
        .where(roster.c.person_id.in_(at_by_person))
        .with_for_update(skip_locked=True)
    )
    if due := [{"who": who, "at": at_by_person[who]} for who in free.all()]:
        await connection.execute(
            roster.update()
            .where(
                roster.c.person_id == sa.bindparam("who"),
                sa.or_(roster.c.last_seen_at.is_(None), roster.c.last_seen_at < sa.bindparam("at")),
            )
            .values(last_seen_at=sa.bindparam("at")),
            due,
        )


async def unit_exists(connection: Connection, unit_id: str) -> bool:
    found = await connection.scalar(sa.select(units.c.id).where(units.c.id == unit_id))
    return found is not None


async def handling_s(connection: Connection, unit_id: str) -> float:
    """The mean length of the last calls that this unit answered, in seconds."""
    rows = await connection.execute(
        sa.select(calls.c.answered_at, calls.c.ended_at)
        .where(
            calls.c.target_unit_id == unit_id,
            calls.c.answered_at.is_not(None),
            calls.c.ended_at.is_not(None),
        )
        .order_by(calls.c.ended_at.desc())
        .limit(HANDLING_OF_LAST)
    )
    lengths = [(row.ended_at - row.answered_at).total_seconds() for row in rows]
    return sum(lengths) / len(lengths) if lengths else HANDLING_S
