"""Who read a sensitive value whole, as rows. Call inside Store.read or Store.change."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.unmasking import Unmasking
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


async def add_unmasking(connection: AsyncConnection, case_id: str, new: Unmasking) -> None:
    """Keep a new one."""
    values = {name: getattr(new, name) for name in Unmasking.__dataclass_fields__}
    await connection.execute(unmaskings.insert().values(values | {"case_id": case_id}))
