"""Strokes on documents as rows, and who alone may draw. Call inside Store.read or Store.change."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.talk.drawing import Drawing
from server.store.batch import Write, added, put
from server.store.tables import drawing_rights, drawings


async def list_drawings(connection: AsyncConnection, case_id: str) -> tuple[Drawing, ...]:
    """The strokes of a case that were not cleared, in their order."""
    found = await connection.execute(
        sa.select(drawings)
        .where(drawings.c.case_id == case_id, drawings.c.cleared_at.is_(None))
        .order_by(drawings.c.version)
    )
    return tuple(
        Drawing(
            **{name: row[name] for name in Drawing.__dataclass_fields__}
            | {"points": tuple((x, y) for x, y in row["points"])}
        )
        for row in found.mappings()
    )


def new_drawing(case_id: str, drawing: Drawing) -> Write:
    """A new stroke is kept."""
    values = {name: getattr(drawing, name) for name in Drawing.__dataclass_fields__}
    points = [list(point) for point in drawing.points]
    return added(drawings, {**values, "points": points, "case_id": case_id})


async def clear(connection: AsyncConnection, ids: Collection[str], at: datetime) -> None:
    """These strokes are no longer shown."""
    await connection.execute(drawings.update().where(drawings.c.id.in_(ids)).values(cleared_at=at))


async def only(connection: AsyncConnection, case_id: str) -> str | None:
    """Who alone may draw in this case; None: everybody who guides."""
    found: str | None = await connection.scalar(
        sa.select(drawing_rights.c.only).where(drawing_rights.c.case_id == case_id)
    )
    return found


def kept_for(connection: AsyncConnection, case_id: str, person_id: str | None) -> Write:
    """Who alone may draw from now on."""
    return put(connection, drawing_rights, {"case_id": case_id}, {"only": person_id})
