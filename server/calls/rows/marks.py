"""What was shown and pointed at in a call, as rows for its replay. No event and no ledger entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.aging import whole_marks
from server.store.tables import marks


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that one person showed (``kind`` point, look or pointer), or that was measured of a leg
    (quality, worker)."""

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
    found = await connection.execute(sa.select(marks).where(marks.c.call_id == call_id))
    return [Mark(**row) for row in whole_marks(found.mappings())]
