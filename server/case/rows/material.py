"""One material and the case that it belongs to, as rows."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rows import material_of
from server.case.rules.materials.material import Material
from server.store.tables import materials


async def find_material(
    connection: AsyncConnection, material_id: str
) -> tuple[Material, str] | None:
    """A material and the id of its case."""
    found = await connection.execute(sa.select(materials).where(materials.c.id == material_id))
    row = found.mappings().first()
    return None if row is None else (material_of(dict(row)), row["case_id"])


async def stored_with(connection: AsyncConnection, sha256: str) -> list[tuple[Material, str]]:
    """Every stored material with this content, and the id of its case."""
    found = await connection.execute(
        sa.select(materials)
        .where(materials.c.sha256 == sha256, materials.c.state == "stored")
        .order_by(materials.c.id)
    )
    return [(material_of(dict(row)), row["case_id"]) for row in found.mappings()]
