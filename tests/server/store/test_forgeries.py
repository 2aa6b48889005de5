"""Each sealed column is forged, in each table a row is removed and one added: a check tells all of it.

Made from the words of the columns, on the newest dump: a filled database of a whole story. A table
that has no row there gets one that is made from its columns.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.rights.person import SYSTEM
from server.store import Change, FindingKind, Report, Verifier, facts, upgrade
from server.store.database import Database
from server.store.ledger import derived, moment
from server.store.tables import Utc, metadata, signatures
from server.store.tables.words import Sealed, facts_of, home_of, word_of
from server.store.unit_of_work import KEEP
from tests.kit import dumps

Row = dict[str, Any]
AT = datetime(2030, 1, 1, tzinfo=UTC)
"""When what the story lacks is filled in."""
FACTS = [table for table in metadata.sorted_tables if facts_of(table)]
OWN = [
    table
    for table in metadata.sorted_tables
    if table not in FACTS and any(isinstance(word_of(one), Sealed) for one in table.columns)
]
"""The ledger's own tables, and the events that it seals."""


def forged(column: sa.Column[Any], value: Any) -> Any:
    """Another value than this one that the column takes."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1_000_000
        case str() if not isinstance(column.type, sa.JSON):
            return f"{'y' if value[:1] == 'x' else 'x'}{value[1:]}"
        case datetime():
            return value + timedelta(seconds=1)
        case date():
            return value + timedelta(days=20_000)
        case None if not isinstance(column.type, sa.JSON):
            return made(column)
        case _:
            return {"forged": value}


@dataclass
class Filled:
    """A database of the newest dump, its owner, and what is checked."""

    engine: AsyncEngine
    verifier: Verifier
    rows: dict[str, list[Row]]

    @asynccontextmanager
    async def forging(self, tables: Iterable[sa.Table]) -> AsyncIterator[AsyncConnection]:
        """Change these tables as their owner; all stands again afterwards."""
        async with self.engine.connect() as connection:
            yield connection
            async with self.owner() as owner:
                for table in tables:
                    await owner.execute(table.delete())
                    await owner.execute(table.insert(), self.rows[table.name])

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(sa.text("SET session_replication_role = replica"))
            yield connection

    async def after(
        self, change: Callable[[sa.Table, Row], Any], tables: Iterable[sa.Table]
    ) -> Report:
        """Run what `change` says of the first row of each table, and check."""
        tables = list(tables)
        async with self.forging(tables):
            async with self.owner() as owner:
                for table in tables:
                    await owner.execute(change(table, self.rows[table.name][0]))
            return await self.verifier.verify()


async def fill(database: Database, tables: Iterable[sa.Table]) -> None:
    """A row in each of these, written by the one road and told by it."""
    database.watch(facts.ran, facts.done)
    async with database.write() as connection:
        change = Change(connection, SYSTEM, None, AT)
        for table in tables:
            # a signature is the last thing that happened to its case
            values: Row = {"version": 1_000_000} if table is signatures else {}
            for column in table.columns:
                for key in column.foreign_keys:
                    values[column.name] = await connection.scalar(sa.select(key.column).limit(1))
                values.setdefault(column.name, made(column))
            await connection.execute(table.insert().values(values))
        await change.finish()
        change.end()


def made(column: sa.Column[Any]) -> Any:
    """Some value that the column takes."""
    if isinstance(column.type, sa.JSON):
        return ["made"]
    if isinstance(column.type, Utc):
        return AT
    return {int: 1, float: 1.0, bool: False, str: "x", date: AT.date()}[column.type.python_type]


def here(table: sa.Table, row: Row) -> sa.ColumnElement[bool]:
    return sa.and_(*(one == row[one.name] for one in table.primary_key))


def turned(columns: Callable[[sa.Table], Iterable[sa.Column[Any]]]) -> Callable[..., Any]:
    """An update of these columns of a row."""

    def change(table: sa.Table, row: Row) -> Any:
        values = {one.name: forged(one, row[one.name]) for one in columns(table)}
        return table.update().where(here(table, row)).values(values)

    return change


def removal(table: sa.Table, row: Row) -> Any:
    return table.delete().where(here(table, row))


def fixed(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns by which a row is found and told."""
    home = home_of(table).column
    return [one for one in facts_of(table) if one.primary_key or one.name == home]


def nth(number: int) -> Callable[[sa.Table], list[sa.Column[Any]]]:
    return lambda table: [fixed(table)[number]]


def only(column: sa.Column[Any]) -> Callable[[sa.Table], list[sa.Column[Any]]]:
    return lambda table: [column]


def texts(report: Report) -> list[str]:
    return [one.text for one in report.findings if one.kind is FindingKind.ROW]


@pytest.fixture
async def filled(database: str, tmp_path: Path) -> AsyncIterator[Filled]:
    await upgrade(database)
    dump = dumps.read(dumps.revisions()[-1])
    opened = await Database.open(database)
    async with opened.write() as connection:
        await dumps.load(connection, dump)
    await fill(opened, [table for table in FACTS if table.name not in dump.rows])
    async with opened.read() as connection:
        rows = {
            table.name: [dict(row._mapping) for row in await connection.execute(sa.select(table))]
            for table in metadata.sorted_tables
        }
    await opened.close()
    dumps.put_ledger(dump, tmp_path / "ledger")
    engine = create_async_engine(database)
    async with Verifier.opened(database, tmp_path / "ledger") as verifier:
        yield Filled(engine, verifier, rows)
    await engine.dispose()


async def test_every_forged_value_and_every_removed_or_added_row_is_told(filled: Filled) -> None:
    whole = await filled.verifier.verify()
    assert (whole.ok, whole.findings, whole.format_1, whole.untold) == (True, [], 0, 0)
    late = [one for one in filled.rows["ledger_entries"] if one["act"] == KEEP]
    assert {one["at"] for one in late} <= {moment(AT)}, "an act of the story told too early"
    changed = removed = added = 0

    found = texts(
        await filled.after(
            turned(lambda table: [one for one in facts_of(table) if one not in fixed(table)]),
            [table for table in FACTS if len(fixed(table)) < len(facts_of(table))],
        )
    )
    for table in FACTS:
        named = {
            name
            for text in found
            if (match := re.match(rf"{table.name} .* differs in (.*)", text))
            for name in match[1].split(", ")
        }
        expected = {one.name for one in facts_of(table) if one not in fixed(table)}
        assert named == expected, table.name
        changed += len(expected)

    for number in range(max(len(fixed(table)) for table in FACTS)):
        tables = [table for table in FACTS if len(fixed(table)) > number]
        found = texts(await filled.after(turned(nth(number)), tables))
        for table in tables:
            assert any(text.startswith(f"{table.name} ") for text in found), fixed(table)[number]
            changed += 1

    found = texts(await filled.after(removal, FACTS))
    for table in FACTS:
        assert [one for one in found if re.match(rf"{table.name} .* was removed", one)], table.name
        removed += 1

    def another(table: sa.Table, row: Row) -> Any:
        unique = {
            one.name
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint)
            for one in constraint.columns
        } | {one.name for one in table.columns if one.unique or one.primary_key}
        # of an index over several columns one other value is enough
        unique |= {
            list(one.columns)[-1].name
            for one in table.indexes
            if one.unique and len(one.columns) > 1
        }
        unique -= {home_of(table).column} - {one.name for one in table.primary_key}
        return table.insert().values(
            row | {name: forged(table.c[name], row[name]) for name in unique}
        )

    found = texts(await filled.after(another, FACTS))
    for table in FACTS:
        assert [one for one in found if re.match(rf"{table.name} .* was added", one)], table.name
        added += 1

    for table in OWN:
        for column in table.columns:
            if isinstance(word_of(column), Sealed):
                report = await filled.after(turned(only(column)), [table])
                assert not report.ok, f"{table.name}.{column.name}"
                changed += 1
        report = await filled.after(removal, [table])
        assert not report.ok, table.name
        removed += 1

    # whether a signature still holds: tests/server/case/test_signing.py
    for column in derived.ANEW - {signatures.c.outdated}:
        report = await filled.after(turned(only(column)), [column.table])
        assert [one for one in texts(report) if f" in {column.name} does not follow" in one], column

    sealed = [
        one
        for table in metadata.sorted_tables
        for one in table.columns
        if isinstance(word_of(one), Sealed)
    ]
    assert (changed, removed, added) == (len(sealed), len(FACTS) + len(OWN), len(FACTS))
    assert (await filled.verifier.verify()).ok
