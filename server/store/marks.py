"""What was shown and pointed at in a call, as rows for its replay. No event and no ledger entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import marks


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that one person showed. ``kind`` is point, look or pointer."""

    id: str
    call_id: str
    kind: str
    by: str
    body: Mapping[str, Any]
    at: datetime


async def add(connection: AsyncConnection, noted: Iterable[Mark]) -> None:
    """Keep these marks."""
    values = [{name: getattr(one, name) for name in Mark.__dataclass_fields__} for one in noted]
    if values:
        await connection.execute(marks.insert(), values)


async def list_marks(connection: AsyncConnection, call_id: str) -> list[Mark]:
    """The marks of a call, in the order in which they were made."""
    found = await connection.execute(
        sa.select(marks).where(marks.c.call_id == call_id).order_by(marks.c.at, marks.c.id)
    )
    return [
        Mark(**{name: row[name] for name in Mark.__dataclass_fields__}) for row in found.mappings()
    ]
