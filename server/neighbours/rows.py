"""The nodes that serve, as rows: when each was last seen, and where the others reach it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import nodes


async def beat(
    connection: AsyncConnection, node_id: str, address: str | None, at: datetime
) -> None:
    """Keep that a node lives, and its address."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    told = {"address": address, "seen_at": at}
    await connection.execute(
        insert(nodes)
        .values(id=node_id, **told)
        .on_conflict_do_update(index_elements=[nodes.c.id], set_=told)
    )


async def address_of(connection: AsyncConnection, node_id: str, seen_since: datetime) -> str | None:
    """Where a node is reached; None for one that is unknown, has no address or was not seen since."""
    found: str | None = await connection.scalar(
        sa.select(nodes.c.address).where(nodes.c.id == node_id, nodes.c.seen_at >= seen_since)
    )
    return found
