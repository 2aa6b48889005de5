"""Official papers as rows, and what a paper is made of that no other module reads.

Call inside Store.read or Store.change; in a change lock ``case:<id>`` first. What stands on a
paper is decided in server.case.acts.papers.press.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.standards.papers import DraftWhy, PaperKind, PaperState, Seal
from server.store.batch import Write, added, replaced
from server.store.tables import papers, signatures, units


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper; ``version`` is the version of the case at which it was asked for."""

    id: str
    case_id: str
    version: int
    kind: PaperKind
    number: str
    state: PaperState
    at: datetime
    size_bytes: int | None = None
    sha256: str | None = None
    pages: int | None = None
    template_id: str | None = None
    """The version of the unit's own template; None: the built-in one."""
    seal: Seal | None = None
    draft: DraftWhy | None = None
    """Why it bears no seal although one belongs on it; None too for what was made before there were seals."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with its strokes: x, y, pressure as shares, milliseconds since the first point."""

    id: str
    case_id: str
    hash: str
    shown_at: datetime
    at: datetime
    width: int
    height: int
    strokes: list[list[list[float]]]
    outdated: bool


@dataclass(frozen=True, slots=True)
class Issuer:
    """The unit that decides: its area code (GB/T 2260), and before whom its decisions can be taken; empty
    where that is not known."""

    region_code: str
    review_body: str
    court: str


def new_paper(paper: Paper) -> Write:
    """A new paper is kept, of which there is no file yet."""
    return added(papers, _values(paper))


def changed_paper(paper: Paper) -> Write:
    """A paper is written over its own row."""
    return replaced(papers, _values(paper))


def seal_as_json(seal: Seal) -> dict[str, Any]:
    """A seal as its column and the ledger keep it."""
    return asdict(seal) | {"at": seal.at.isoformat()}


async def find(connection: AsyncConnection, paper_id: str) -> Paper | None:
    found = await connection.execute(sa.select(papers).where(papers.c.id == paper_id))
    row = found.mappings().first()
    return None if row is None else _paper(row)


async def list_papers(connection: AsyncConnection, case_ids: Collection[str]) -> list[Paper]:
    """All papers of these cases, in the order in which they were asked for."""
    found = await connection.execute(
        sa.select(papers)
        .where(papers.c.case_id.in_(case_ids))
        .order_by(papers.c.version, papers.c.id)
    )
    return [_paper(row) for row in found.mappings()]


async def find_signature(connection: AsyncConnection, signature_id: str) -> Signed | None:
    return await _signed(connection, signatures.c.id == signature_id)


async def newest_signature(connection: AsyncConnection, case_id: str) -> Signed | None:
    """The signature that was given last in this case, outdated or not."""
    return await _signed(connection, signatures.c.case_id == case_id)


async def issuer_of(connection: AsyncConnection, unit_id: str) -> Issuer:
    """What papers say of the unit that decides."""
    found = await connection.execute(
        sa.select(units.c.region_code, units.c.review_body, units.c.court).where(
            units.c.id == unit_id
        )
    )
    return Issuer(*found.one())


async def _signed(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> Signed | None:
    found = await connection.execute(
        sa.select(signatures).where(which).order_by(signatures.c.version.desc()).limit(1)
    )
    row = found.mappings().first()
    if row is None:
        return None
    return Signed(**{name: row[name] for name in Signed.__dataclass_fields__})


def _paper(row: sa.RowMapping) -> Paper:
    seal = row["seal"]
    if seal is not None:
        seal = Seal(**{**seal, "at": datetime.fromisoformat(seal["at"])})
    return Paper(**{name: row[name] for name in Paper.__dataclass_fields__} | {"seal": seal})


def _values(paper: Paper) -> dict[str, Any]:
    values = {name: getattr(paper, name) for name in Paper.__dataclass_fields__}
    return values | {"seal": paper.seal and seal_as_json(paper.seal)}
