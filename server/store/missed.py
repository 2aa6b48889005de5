"""Calls that nobody answered (未接来电, 未接通), one row a case, as long as nobody has called back.

The row is made when such a call ends and goes when a later one is answered or the case is decided, so
the table is as long as what is to be done, however many calls there were. It is derived from calls and
their entries; who asked to be called has an entry of its own. No rule is here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.people import person_refs
from server.store.tables import calls, missed_calls, units
from signaling.protocol import MissedCall, RingCard

Connection = AsyncConnection
LISTED_AT_MOST: Final = 100
"""A list is no longer than this: it is sent anew with each change."""

Side = Literal["window", "approver"]
Desks = tuple[str, tuple[Side, ...]]
"""A unit, and on which sides of a call somebody sits there."""
_SIDES: Final[Mapping[Side, sa.Column[str]]] = {
    "window": missed_calls.c.window_unit_id,
    "approver": missed_calls.c.target_unit_id,
}


async def keep(
    connection: Connection, case_id: str, call_id: str, units_of: tuple[str, str], at: datetime
) -> None:
    """A call about this case has ended and nobody had answered; ``at``: when it began; ``units_of``: the
    window's, the target's.

    Who had asked to be called before has been called back: he is to be found no more.
    """
    window_unit_id, target_unit_id = units_of
    values = {
        "call_id": call_id,
        "window_unit_id": window_unit_id,
        "target_unit_id": target_unit_id,
        "at": at,
        "asked_by": None,
        "asked_at": None,
    }
    done = await connection.execute(
        missed_calls.update()
        .where(missed_calls.c.case_id == case_id)
        .values(**values, times=missed_calls.c.times + 1)
    )
    if done.rowcount == 0:
        await connection.execute(missed_calls.insert().values(**values, case_id=case_id, times=1))


async def forget(connection: Connection, case_id: str) -> None:
    """Somebody called back, or there is nothing left to call about."""
    await connection.execute(missed_calls.delete().where(missed_calls.c.case_id == case_id))


async def pass_on(connection: Connection, case_id: str, unit_id: str) -> None:
    """Another unit decides the case: its approvers have not been called."""
    await connection.execute(
        missed_calls.update()
        .where(missed_calls.c.case_id == case_id)
        .values(target_unit_id=unit_id, asked_by=None, asked_at=None)
    )


async def ask(connection: Connection, case_id: str, person_id: str, at: datetime) -> str | None:
    """Keep that this person asks to be called; the call that was missed, or None where none is."""
    here = missed_calls.c.case_id == case_id
    call_id: str | None = await connection.scalar(sa.select(missed_calls.c.call_id).where(here))
    if call_id is not None:
        await connection.execute(
            missed_calls.update().where(here).values(asked_by=person_id, asked_at=at)
        )
    return call_id


def newest(sides: Mapping[Side, Collection[str]]) -> sa.CompoundSelect[tuple[str]]:
    """The cases of the newest missed calls of each of these units on a side: from its windows, to its
    approvers. Each side by its own index."""
    each = []
    for side, unit_ids in sides.items():
        place = (missed_calls.c.at.desc(), missed_calls.c.case_id.desc())
        number = sa.func.row_number().over(partition_by=_SIDES[side], order_by=place)
        numbered = (
            sa.select(missed_calls.c.case_id, number.label("number"))
            .where(_SIDES[side].in_(list(unit_ids)))
            .subquery()
        )
        each.append(sa.select(numbered.c.case_id).where(numbered.c.number <= LISTED_AT_MOST))
    return sa.union(*each)


async def of_desks(
    connection: Connection, desks: Collection[Desks]
) -> Mapping[Desks, Sequence[MissedCall]]:
    """What each of these desks missed or was not reached in, the newest first."""
    sides: dict[Side, list[str]] = {}
    for unit_id, of in desks:
        for side in of:
            sides.setdefault(side, []).append(unit_id)
    if not sides:
        return {one: [] for one in desks}
    rows = (
        await connection.execute(
            sa.select(
                missed_calls,
                calls.c.caller_id,
                calls.c.card,
                calls.c.reason,
                units.c.name.label("target_unit_name"),
            )
            .select_from(
                missed_calls.join(calls, calls.c.id == missed_calls.c.call_id).join(
                    units, units.c.id == missed_calls.c.target_unit_id
                )
            )
            .where(missed_calls.c.case_id.in_(newest(sides)))
            .order_by(missed_calls.c.at.desc(), missed_calls.c.case_id.desc())
        )
    ).all()
    people = {row.caller_id for row in rows} | {row.asked_by for row in rows if row.asked_by}
    refs = await person_refs(connection, people)
    found: dict[Desks, list[MissedCall]] = {one: [] for one in desks}
    for row in rows:
        told = MissedCall(
            case_id=row.case_id,
            call_id=row.call_id,
            reason=row.reason,
            caller=refs[row.caller_id],
            target_unit_id=row.target_unit_id,
            target_unit_name=row.target_unit_name,
            card=RingCard.model_validate(row.card),
            at=row.at,
            times=row.times,
            asked_by=refs.get(row.asked_by) if row.asked_by else None,
            asked_at=row.asked_at,
        )
        at: Mapping[Side, str] = {"window": row.window_unit_id, "approver": row.target_unit_id}
        for one, listed in found.items():
            unit_id, of = one
            if len(listed) < LISTED_AT_MOST and any(at[side] == unit_id for side in of):
                listed.append(told)
    return found
