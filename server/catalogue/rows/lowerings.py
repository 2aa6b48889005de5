"""Lowerings as rows: forms of items that make a field less sensitive and wait for a second person.

Call inside Store.read or Store.change. Who may agree is decided in server.catalogue.acts.lowerings.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.catalogue.rules.lowering import LoweringState
from server.store.tables import lowerings


@dataclass(frozen=True, slots=True)
class Lowering:
    """A form that waits, or waited. ``item_id`` is the version over which it was written, ``made_id`` the
    one that came of it; ``fields`` are those that it makes less sensitive, as [path, label]."""

    id: str
    item_id: str
    unit_id: str
    code: str
    document: dict[str, Any]
    fields: list[list[str]]
    note: str
    by: str
    at: datetime
    state: LoweringState
    closed_by: str | None = None
    closed_at: datetime | None = None
    made_id: str | None = None


async def add(connection: AsyncConnection, new: Lowering) -> None:
    """Keep a new one."""
    values = {name: getattr(new, name) for name in Lowering.__dataclass_fields__}
    await connection.execute(lowerings.insert().values(**values))


async def find(connection: AsyncConnection, lowering_id: str) -> Lowering | None:
    """One by its id."""
    row = (
        await connection.execute(sa.select(lowerings).where(lowerings.c.id == lowering_id))
    ).mappings()
    return next((Lowering(**one) for one in row), None)


async def newest(connection: AsyncConnection, unit_id: str, code: str) -> Lowering | None:
    """The last one of this item: the one that waits, if any does."""
    query = (
        sa.select(lowerings)
        .where(lowerings.c.unit_id == unit_id, lowerings.c.code == code)
        .order_by((lowerings.c.state == "waiting").desc(), lowerings.c.at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else Lowering(**row)


async def waiting(connection: AsyncConnection, unit_id: str, code: str) -> Lowering | None:
    """The one that waits for this item; there is one at most."""
    found = await newest(connection, unit_id, code)
    return found if found is not None and found.state == "waiting" else None


async def waiting_in(connection: AsyncConnection, unit_id: str) -> Sequence[Lowering]:
    """All that wait in a unit, the oldest first."""
    query = (
        sa.select(lowerings)
        .where(lowerings.c.unit_id == unit_id, lowerings.c.state == "waiting")
        .order_by(lowerings.c.at, lowerings.c.id)
    )
    return [Lowering(**row) for row in (await connection.execute(query)).mappings()]


async def close(
    connection: AsyncConnection,
    lowering_id: str,
    state: LoweringState,
    *,
    by: str,
    at: datetime,
    made_id: str | None = None,
) -> None:
    """Keep what became of one."""
    values = {"state": state, "closed_by": by, "closed_at": at, "made_id": made_id}
    await connection.execute(
        lowerings.update().where(lowerings.c.id == lowering_id).values(**values)
    )


async def agreed_versions(connection: AsyncConnection, unit_ids: Collection[str]) -> set[str]:
    """The ids of the versions of these units' items that two people agreed on."""
    found = await connection.scalars(
        sa.select(lowerings.c.made_id).where(
            lowerings.c.unit_id.in_(list(unit_ids)), lowerings.c.made_id.is_not(None)
        )
    )
    return {one for one in found if one is not None}
