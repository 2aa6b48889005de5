"""The roster: who is on duty at which unit, who is engaged, and when he was last seen.

A reservation is one conditional update, so that two callers never get the same approver;
it is made and freed in the transaction of the call that it belongs to. No rule is here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import calls, people, rings, roster, units
from signaling.call import RingState

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
    values = {"unit_id": unit_id, "duty": duty, "last_seen_at": at}
    done = await connection.execute(
        roster.update().where(roster.c.person_id == person_id).values(**values)
    )
    if done.rowcount == 0:
        await connection.execute(roster.insert().values(person_id=person_id, **values))


async def stand_down(connection: Connection, person_id: str) -> None:
    """Off duty, where he has a desk; a reservation stays as it is."""
    await connection.execute(
        roster.update().where(roster.c.person_id == person_id).values(duty="away")
    )


async def desks(connection: Connection, unit_id: str) -> list[Desk]:
    """The desks of a unit whose persons are still active, by person."""
    rung = (
        sa.select(rings.c.id)
        .where(
            rings.c.call_id == roster.c.reserved_by,
            rings.c.target_id == roster.c.person_id,
            rings.c.state == RingState.RINGING,
        )
        .exists()
    )
    rows = await connection.execute(
        sa.select(roster, rung.label("rung"))
        .join(people, people.c.id == roster.c.person_id)
        .where(roster.c.unit_id == unit_id, people.c.active)
        .order_by(roster.c.person_id)
    )
    return [
        Desk(
            row.person_id,
            row.duty == "online",
            row.reserved_by is not None,
            row.last_seen_at,
            rung=row.rung,
        )
        for row in rows
    ]


async def reserve(connection: Connection, call_id: str, wanted: Sequence[str]) -> list[str]:
    """Reserve those of ``wanted`` who are on duty and free, in this order; returns whom it got."""
    got = []
    for person_id in wanted:
        done = await connection.execute(
            roster.update()
            .where(
                roster.c.person_id == person_id,
                roster.c.duty == "online",
                roster.c.reserved_by.is_(None),
            )
            .values(reserved_by=call_id)
        )
        if done.rowcount == 1:
            got.append(person_id)
    return got


async def engage(connection: Connection, call_id: str, person_id: str) -> bool:
    """Mark somebody who calls from his own desk as engaged; False when another call has him."""
    await connection.execute(
        roster.update()
        .where(roster.c.person_id == person_id, roster.c.reserved_by.is_(None))
        .values(reserved_by=call_id)
    )
    by = await connection.scalar(
        sa.select(roster.c.reserved_by).where(roster.c.person_id == person_id)
    )
    return by is None or by == call_id


async def release(connection: Connection, call_id: str, engaged: Collection[str]) -> None:
    """Free everybody whom this call has reserved but for those whom it still engages."""
    await connection.execute(
        roster.update()
        .where(roster.c.reserved_by == call_id, roster.c.person_id.not_in(list(engaged)))
        .values(reserved_by=None)
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
    for person_id in free.all():
        at = at_by_person[person_id]
        await connection.execute(
            roster.update()
            .where(
                roster.c.person_id == person_id,
                sa.or_(roster.c.last_seen_at.is_(None), roster.c.last_seen_at < at),
            )
            .values(last_seen_at=at)
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
