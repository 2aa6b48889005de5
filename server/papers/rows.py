"""Units' own templates of papers as rows. Call inside Store.read or Store.change.

A version is never changed: going back to an earlier one is a new version. What may be published is
decided in server.papers.studio.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.standards.papers import PaperKind
from server.store.tables import paper_templates, people, units


@dataclass(frozen=True, slots=True)
class Template:
    """One version of how a unit lays out a kind of paper. ``source`` None: by the built-in layout."""

    id: str
    unit_id: str
    kind: PaperKind
    version: int
    source: str | None
    sha256: str | None
    by: str
    at: datetime
    note: str


async def add(connection: AsyncConnection, new: Template) -> None:
    """Keep a new version."""
    values = {name: getattr(new, name) for name in Template.__dataclass_fields__}
    await connection.execute(paper_templates.insert().values(**values))


async def find(connection: AsyncConnection, template_id: str) -> Template | None:
    """One version by its id."""
    found = await connection.execute(_ROWS.where(paper_templates.c.id == template_id))
    row = found.mappings().first()
    return None if row is None else _template(row)


async def newest(connection: AsyncConnection, unit_id: str, kind: PaperKind) -> Template | None:
    """The version by which this unit lays out its papers of that kind now; None: it never had one."""
    found = await connection.execute(
        _ROWS.where(paper_templates.c.unit_id == unit_id, paper_templates.c.kind == kind)
        .order_by(paper_templates.c.version.desc())
        .limit(1)
    )
    row = found.mappings().first()
    return None if row is None else _template(row)


async def list_versions(
    connection: AsyncConnection, unit_id: str, kind: PaperKind | None = None
) -> list[tuple[Template, str]]:
    """All versions of a unit, of one kind or of all, newest first, with the name of who made each."""
    query = (
        sa.select(paper_templates, people.c.name.label("made_by"))
        .select_from(
            paper_templates.outerjoin(people, people.c.id == paper_templates.c.by),
        )
        .where(paper_templates.c.unit_id == unit_id)
        .order_by(paper_templates.c.kind, paper_templates.c.version.desc())
    )
    if kind is not None:
        query = query.where(paper_templates.c.kind == kind)
    found = await connection.execute(query)
    return [(_template(row), row["made_by"] or "") for row in found.mappings()]


async def names_review(connection: AsyncConnection, unit_id: str) -> bool:
    """Whether it is known before whom the decisions of this unit can be taken."""
    found = await connection.execute(
        sa.select(units.c.review_body, units.c.court).where(units.c.id == unit_id)
    )
    return all(found.one())


_ROWS = sa.select(paper_templates)


def _template(row: sa.RowMapping) -> Template:
    return Template(**{name: row[name] for name in Template.__dataclass_fields__})
