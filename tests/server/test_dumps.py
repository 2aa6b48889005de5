"""A filled database of each revision, as its own code left it, is brought to the newest."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from server.standards.numbering import end_of
from server.store import ReferencesBroken, Report, check
from server.store.database import Database
from server.store.ledger import Verifier
from server.store.tables import cases, comments, legs, sayings
from tests.kit import dumps
from tests.kit.services import Postgres

OLD = "0027"
"""The last revision whose entries tell no rows."""
Place = Callable[[str, str | None], str]
"""The address of a new database by this name: an empty one, or like that at another address."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":

        def file(name: str, like: str | None) -> str:
            path = tmp_path / f"{name}.sqlite"
            if like is not None:
                shutil.copyfile(sa.make_url(like).database or "", path)
            return f"sqlite+aiosqlite:///{path}"

        return file
    server: Postgres = request.getfixturevalue("postgres_server")

    def created(name: str, like: str | None) -> str:
        if like is None:
            return server.url(server.create())
        return server.url(server.create(template=sa.make_url(like).database or ""))

    return created


async def upgrade(url: str, to: str = "head") -> None:
    database = await Database.open(url)
    try:
        await database.upgrade(to)
    finally:
        await database.close()


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.set_main_option("path_separator", "os")
    found = ScriptDirectory.from_config(config).walk_revisions()
    return sorted(one.revision for one in found)


def test_every_revision_has_a_dump() -> None:
    missing = set(revisions()) - set(dumps.revisions())
    assert not missing, f"python -m tests.kit.dumps writes that of the newest: {missing}"
    assert dumps.revisions() == revisions()


@pytest.mark.parametrize("which", ["some", pytest.param("each", marks=pytest.mark.proofs)])
def test_a_filled_database_of_each_revision_is_upgraded_and_its_ledger_holds(
    which: str, place: Place, tmp_path: Path
) -> None:
    """Some in the suite, each in `make proofs`: from some on the way leads through every migration too."""
    kept = dumps.revisions()
    asyncio.run(_upgrade_each(place, tmp_path, kept if which == "each" else some(kept)))


def some(kept: list[str]) -> list[str]:
    """The first, those beside which a format changes, every eighth and the newest three."""
    wanted = {"0002", OLD, "0028", *kept[::8], *kept[-3:]}
    return [revision for revision in kept if revision in wanted]


async def _upgrade_each(place: Place, tmp_path: Path, those: list[str]) -> None:
    empty = place("empty", None)
    for revision in those:
        dump = dumps.read(revision)
        await upgrade(empty, revision)
        url = place(revision, empty)
        database = await Database.open(url)
        try:
            async with database.write() as connection:
                loaded = await dumps.load(connection, dump)
        finally:
            await database.close()
        assert loaded == sum(map(len, dump.rows.values())) > 200, revision
        await upgrade(url)
        assert (await check(url)).up_to_date, revision
        dumps.put_ledger(dump, tmp_path / revision)
        async with Verifier.opened(url, tmp_path / revision) as verifier:
            report = await verifier.verify()
        assert report.ok, (revision, report.findings)
        assert report.entries == len(dump.rows["ledger_entries"]), revision
        assert report.format_1 == (report.entries if revision < "0028" else 0), revision
        assert bool(report.untold) == (revision < "0028"), revision
        assert report.sealed > 20, revision
        assert await _fewer(url, dump) == {}, revision
        assert await _without_end(url) == [], revision
        if revision == OLD:
            await _add(url, tmp_path / revision, report)


async def _add(url: str, ledger: Path, before: Report) -> None:
    """What is added where old entries tell no rows is told, unless it bears the moment of one of them."""
    added = {sayings: "at", comments: "version", legs: "joined_at"}
    database = await Database.open(url)
    try:
        async with database.write() as connection:
            for table, column in added.items():
                found = await connection.execute(sa.select(table).limit(1))
                row = dict(found.mappings().one())
                other = row[column] + (99 if column == "version" else timedelta(microseconds=1))
                one, two = {"id": f"same-{table}"}, {"id": f"other-{table}", column: other}
                await connection.execute(table.insert(), [row | one, row | two])
    finally:
        await database.close()
    async with Verifier.opened(url, ledger) as verifier:
        report = await verifier.verify()
    told = sorted(one.text for one in report.findings)
    assert told == sorted(f"{table} other-{table} was added" for table in added)
    assert report.untold == before.untold + len(added)


async def _without_end(url: str) -> list[str | None]:
    """The numbers of cases that are not found by their end."""
    database = await Database.open(url, writable=False)
    try:
        async with database.read() as connection:
            rows = await connection.execute(sa.select(cases.c.number, cases.c.number_end))
            told = [(row.number, row.number_end) for row in rows]
    finally:
        await database.close()
    assert any(number for number, _ in told)
    return [number for number, end in told if end_of(number) != end]


async def _fewer(url: str, dump: dumps.Dump) -> dict[str, int]:
    """How many rows each table has, of those that have lost any."""
    database = await Database.open(url, writable=False)
    try:
        async with database.read() as connection:
            return {
                name: count
                for name, rows in dump.rows.items()
                if (
                    count := await connection.scalar(
                        sa.select(sa.func.count()).select_from(sa.table(name))
                    )
                    or 0
                )
                < len(rows)
            }
    finally:
        await database.close()


async def test_a_reference_that_leads_nowhere_stops_the_upgrade_and_changes_nothing(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    await upgrade(url, "0002")
    database = await Database.open(url)
    try:
        async with database._unwatched() as connection:
            await connection.execute(
                sa.text("INSERT INTO windows (id, unit_id, name) VALUES ('w', 'gone', '1')")
            )
        with pytest.raises(ReferencesBroken, match="1 rows lead nowhere: windows to units"):
            await database.upgrade()
        assert (await database.schema()).current == "0002"
        async with database.write() as connection:
            await connection.execute(sa.text("DELETE FROM windows"))
        await database.upgrade()
        with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
            async with database.write() as connection:
                await connection.execute(
                    sa.text("INSERT INTO windows (id, unit_id, name) VALUES ('w', 'gone', '1')")
                )
    finally:
        await database.close()
