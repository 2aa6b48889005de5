"""Unfinished uploads as rows, and materials found by id. The bytes themselves are not here."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.material import Material
from server.store.cases import material_of
from server.store.tables import materials, uploads


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. ``finished_at`` is set when nothing more is taken: stored, rejected or given up."""

    id: str
    material_id: str
    case_id: str
    person_id: str
    length_bytes: int
    expires_at: datetime
    finished_at: datetime | None


def _upload(row: sa.RowMapping) -> Upload:
    return Upload(**{name: row[name] for name in Upload.__dataclass_fields__})


async def add(connection: AsyncConnection, upload: Upload) -> None:
    """Keep a new upload; its material must be there."""
    await connection.execute(
        uploads.insert().values(
            **{name: getattr(upload, name) for name in Upload.__dataclass_fields__}
        )
    )


async def find(connection: AsyncConnection, upload_id: str) -> Upload | None:
    found = await connection.execute(sa.select(uploads).where(uploads.c.id == upload_id))
    row = found.mappings().first()
    return None if row is None else _upload(row)


async def find_by_material(connection: AsyncConnection, material_id: str) -> Upload | None:
    """The upload that brought a material, whether it is finished or not."""
    found = await connection.execute(sa.select(uploads).where(uploads.c.material_id == material_id))
    row = found.mappings().first()
    return None if row is None else _upload(row)


async def finish(connection: AsyncConnection, upload_id: str, at: datetime) -> bool:
    """Take nothing more for this upload; False when that was so already."""
    done = await connection.execute(
        uploads.update()
        .where(uploads.c.id == upload_id, uploads.c.finished_at.is_(None))
        .values(finished_at=at)
    )
    return done.rowcount == 1


async def unfinished(
    connection: AsyncConnection, expired_at: datetime | None = None
) -> list[Upload]:
    """Uploads that still take bytes; with a moment, only those that have expired by then."""
    query = sa.select(uploads).where(uploads.c.finished_at.is_(None))
    if expired_at is not None:
        query = query.where(uploads.c.expires_at <= expired_at)
    return [_upload(row) for row in (await connection.execute(query)).mappings()]


async def find_material(
    connection: AsyncConnection, material_id: str
) -> tuple[Material, str] | None:
    """A material and the id of its case."""
    found = await connection.execute(sa.select(materials).where(materials.c.id == material_id))
    row = found.mappings().first()
    return None if row is None else (material_of(dict(row)), row["case_id"])
