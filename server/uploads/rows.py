"""Uploads as rows, and what people and units brought lately.

The bytes themselves are not here: they lie in a file of the node that a row names.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import nodes, units, uploads

PART: Final = "partial"
"""What ``concat`` of a part is, as tus has it."""
Ended = Literal["", "stored", "rejected", "cancelled", "joined", "freed"]


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of a person. A part belongs to no case and brings no material yet.

    ``length_bytes`` is None until it is told. ``finished_at`` is set when nothing more is taken, and
    ``ended`` says why; "freed" is a stored one whose sender asked to forget it. ``told`` is the
    metadata as it was said, ``concat`` what tus knows of parts: ``partial``, ``final;<addresses>``.
    """

    id: str
    material_id: str | None
    case_id: str | None
    person_id: str
    unit_id: str
    node_id: str
    length_bytes: int | None
    began_at: datetime | None
    expires_at: datetime
    finished_at: datetime | None = None
    ended: Ended = ""
    told: str = ""
    concat: str = ""

    @property
    def part(self) -> bool:
        return self.concat == PART


@dataclass(frozen=True, slots=True)
class Brought:
    """How many files, of how many bytes, somebody brought or is bringing."""

    files: int
    bytes: int


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


async def find_joined(
    connection: AsyncConnection, person_id: str, concat: str, told: str
) -> Upload | None:
    """The upload that this person made of these parts by the same words."""
    found = await connection.execute(
        sa.select(uploads).where(
            uploads.c.person_id == person_id,
            uploads.c.concat == concat,
            uploads.c.told == told,
            uploads.c.ended != "cancelled",
        )
    )
    row = found.mappings().first()
    return None if row is None else _upload(row)


async def finish(
    connection: AsyncConnection, upload_id: str, at: datetime, ended: Ended = "cancelled"
) -> bool:
    """Take nothing more for this upload; False when that was so already."""
    done = await connection.execute(
        uploads.update()
        .where(uploads.c.id == upload_id, uploads.c.finished_at.is_(None))
        .values(finished_at=at, ended=ended)
    )
    return done.rowcount == 1


async def free(connection: AsyncConnection, upload_id: str) -> None:
    """Forget the upload of what was judged; the record keeps what it brought."""
    await connection.execute(
        uploads.update()
        .where(uploads.c.id == upload_id, uploads.c.finished_at.is_not(None))
        .values(ended="freed")
    )


async def set_length(connection: AsyncConnection, upload_id: str, length_bytes: int) -> bool:
    """Keep the length that is told late; False when one was told before."""
    done = await connection.execute(
        uploads.update()
        .where(uploads.c.id == upload_id, uploads.c.length_bytes.is_(None))
        .values(length_bytes=length_bytes)
    )
    return done.rowcount == 1


async def set_expiry(connection: AsyncConnection, upload_id: str, expires_at: datetime) -> None:
    await connection.execute(
        uploads.update().where(uploads.c.id == upload_id).values(expires_at=expires_at)
    )


async def set_node(connection: AsyncConnection, upload_id: str, node_id: str) -> None:
    """Say that another node holds the bytes from now on."""
    await connection.execute(
        uploads.update().where(uploads.c.id == upload_id).values(node_id=node_id)
    )


async def unfinished(
    connection: AsyncConnection, expired_at: datetime | None = None
) -> list[Upload]:
    """Uploads that still take bytes; with a moment, only those that have expired by then."""
    query = sa.select(uploads).where(uploads.c.finished_at.is_(None))
    if expired_at is not None:
        query = query.where(uploads.c.expires_at <= expired_at)
    return [_upload(row) for row in (await connection.execute(query)).mappings()]


async def stranded(connection: AsyncConnection, seen_before: datetime, but: str) -> list[Upload]:
    """Uploads that still take bytes, at nodes but that one that nobody has seen since."""
    gone = sa.select(nodes.c.id).where(nodes.c.seen_at < seen_before, nodes.c.id != but)
    query = sa.select(uploads).where(uploads.c.finished_at.is_(None), uploads.c.node_id.in_(gone))
    return [_upload(row) for row in (await connection.execute(query)).mappings()]


async def lock_unit(connection: AsyncConnection, unit_id: str) -> None:
    """Let what the people of a unit begin happen one after another, so that a quota holds."""
    await connection.execute(
        sa.select(units.c.id).where(units.c.id == unit_id).with_for_update(key_share=True)
    )


async def brought(
    connection: AsyncConnection, since: datetime, unknown_bytes: int, **by: str
) -> Brought:
    """What a person (``person_id``) or a unit (``unit_id``) brought since then, and is bringing.

    What was given up or rejected counts as nothing, what was joined counts once, and a length that
    was not told counts as ``unknown_bytes``.
    """
    [(column, value)] = by.items()
    size = sa.func.coalesce(uploads.c.length_bytes, unknown_bytes)
    row = (
        await connection.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(size), 0)).where(
                uploads.c[column] == value,
                uploads.c.began_at > since,
                uploads.c.ended.in_(["", "stored", "freed"]),
            )
        )
    ).one()
    return Brought(int(row[0]), int(row[1]))
