"""What external systems state of a day, as rows. Call inside Store.read or Store.change; in a change lock
``unit:<id>`` first."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import statements


@dataclass(frozen=True, slots=True)
class Statement:
    """All that a system says it did on a day: steps as dicts of ``case``, ``step`` and ``number``. ``message`` and
    ``sha256``: of the signed message in which it said so."""

    id: str
    external_id: str
    unit_id: str
    day: date
    at: datetime
    message: str
    sha256: str
    steps: list[dict[str, Any]]


async def add(connection: AsyncConnection, new: Statement) -> None:
    """A new one is kept; those before it stay."""
    await connection.execute(statements.insert().values(**asdict(new)))


async def of_message(
    connection: AsyncConnection, external_id: str, message: str
) -> Statement | None:
    """What this message stated."""
    return await _newest(connection, external_id, statements.c.message == message)


async def newest(connection: AsyncConnection, external_id: str, day: date) -> Statement | None:
    """What the system stated last of this day."""
    return await _newest(connection, external_id, statements.c.day == day)


async def _newest(
    connection: AsyncConnection, external_id: str, which: sa.ColumnElement[bool]
) -> Statement | None:
    query = (
        sa.select(statements)
        .where(statements.c.external_id == external_id, which)
        .order_by(statements.c.at.desc(), statements.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    return Statement(**{name: row[name] for name in Statement.__dataclass_fields__})
