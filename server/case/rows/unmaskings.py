"""Who read a sensitive value whole, as rows. Call inside Store.read or Store.change."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.unmasking import Unmasking
from server.store.batch import Write, added
from server.store.tables import unmaskings


async def list_unmaskings(connection: AsyncConnection, case_id: str) -> tuple[Unmasking, ...]:
    """All of this case, in their order."""
    found = await connection.execute(
        sa.select(unmaskings).where(unmaskings.c.case_id == case_id).order_by(unmaskings.c.version)
    )
    return tuple(
        Unmasking(**{name: row[name] for name in Unmasking.__dataclass_fields__})
        for row in found.mappings()
    )


def new_unmasking(case_id: str, new: Unmasking) -> Write:
    """A new one is kept."""
    values = {name: getattr(new, name) for name in Unmasking.__dataclass_fields__}
    return added(unmaskings, values | {"case_id": case_id})
