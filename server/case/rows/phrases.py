"""Quick phrases (常用语), as rows."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.talk.saying import PhraseKind
from server.store.tables import phrases


async def add_phrase(
    connection: AsyncConnection,
    *,
    phrase_id: str,
    unit_id: str | None,
    kind: PhraseKind,
    text: str,
    position: int,
) -> None:
    """Keep a quick phrase of a unit, or of all (None); ``position`` orders those of a kind."""
    await connection.execute(
        phrases.insert().values(
            id=phrase_id, unit_id=unit_id, kind=kind, text=text, position=position
        )
    )


async def list_phrases(connection: AsyncConnection, unit_id: str) -> list[dict[str, Any]]:
    """The quick phrases of this unit and those of all, in their order."""
    found = await connection.execute(
        sa.select(phrases.c.id, phrases.c.kind, phrases.c.text)
        .where(sa.or_(phrases.c.unit_id == unit_id, phrases.c.unit_id.is_(None)))
        .order_by(phrases.c.kind, phrases.c.position, phrases.c.id)
    )
    return [dict(row) for row in found.mappings()]
