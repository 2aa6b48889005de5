"""External systems that report by API, as rows. Call inside Store.read or Store.change; in a change lock
``unit:<id>`` first."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import cases, externals


@dataclass(frozen=True, slots=True)
class External:
    """A system that reports for a unit, of the items that name it. ``id`` is that of the account in whose name it
    acts; ``generation`` says which of its keys holds; ``revoked_at``: none does any more; ``url``: where it is told of
    its cases, None: nowhere."""

    id: str
    unit_id: str
    system: str
    generation: int
    made_at: datetime
    revoked_at: datetime | None
    url: str | None


def _external(row: Mapping[str, Any]) -> External:
    return External(**{name: row[name] for name in External.__dataclass_fields__})


async def list_externals(connection: AsyncConnection, unit_id: str | None = None) -> list[External]:
    """Those of a unit, or all, the oldest first."""
    query = sa.select(externals).order_by(externals.c.made_at, externals.c.id)
    if unit_id is not None:
        query = query.where(externals.c.unit_id == unit_id)
    return [_external(dict(row)) for row in (await connection.execute(query)).mappings()]


async def find(connection: AsyncConnection, id: str) -> External | None:
    found = await connection.execute(sa.select(externals).where(externals.c.id == id))
    row = found.mappings().first()
    return None if row is None else _external(dict(row))


async def of_system(connection: AsyncConnection, unit_id: str, system: str) -> External | None:
    """The one that reports for the unit what is done in this system."""
    query = sa.select(externals).where(
        externals.c.unit_id == unit_id,
        externals.c.system == system,
        externals.c.revoked_at.is_(None),
    )
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _external(dict(row))


async def add(connection: AsyncConnection, new: External) -> None:
    """A new one is kept."""
    await connection.execute(externals.insert().values(**asdict(new)))


async def change(connection: AsyncConnection, after: External) -> None:
    """Its key is another one, or none, or it is told elsewhere."""
    await connection.execute(
        externals.update()
        .where(externals.c.id == after.id)
        .values(generation=after.generation, revoked_at=after.revoked_at, url=after.url)
    )


async def case_of(connection: AsyncConnection, external: External, number: str) -> str | None:
    """The case of this 办件编号, where the system's unit decides it."""
    id: str | None = await connection.scalar(
        sa.select(cases.c.id).where(cases.c.number == number, cases.c.unit_id == external.unit_id)
    )
    return id
