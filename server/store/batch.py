"""Several writes in one go: one errand for SQLite's thread, one round trip to PostgreSQL.

What a transaction costs is mostly how often it asks, not what for. Statements here are made once and
run again and again; they give nothing back, and no two of a batch name the same row: PostgreSQL runs
them as one statement with the others as its CTEs, in no order, and one of the two would be lost. Knows
dialects, no table.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import facts
from server.store.sqlite import Halted, SqliteConnection

Write = tuple[sa.Insert | sa.Update | sa.Delete, Mapping[str, Any]]
"""A statement that is made once, and its values."""
_PLACE: Final = re.compile(r"\$(\d+)")


async def write(
    connection: AsyncConnection, writes: Sequence[Write], *, told: bool = False
) -> None:
    """Run these within the transaction; DBAPIError, as from ``execute``, when one cannot be run, and
    RuntimeError when two of them name one row: by its key what is inserted, by its condition the rest.

    ``told``: what they write into sealed columns is known already.
    """
    if len(writes) < 2:
        for statement, values in writes:
            await connection.execute(statement, values)
        return
    if not told:
        await facts.see(connection, writes)
    made = [_made(statement, tuple(values), connection.dialect) for statement, values in writes]
    given = [one.given(values) for one, (_, values) in zip(made, writes, strict=True)]
    _apart(made, given)
    if connection.dialect.name == "postgresql":
        sql = _joined(tuple(one.sql for one in made))
        await connection.exec_driver_sql(sql, tuple(value for values in given for value in values))
    else:
        raw = await connection.get_raw_connection()
        assert isinstance(raw.driver_connection, SqliteConnection)
        try:
            await raw.driver_connection.run_all(
                [(one.sql, values) for one, values in zip(made, given, strict=True)]
            )
        except Halted as halted:
            if isinstance(halted.why, sqlite3.IntegrityError):
                raise RowRefused(made[halted.place].table.name, halted.why) from halted.why
            raise sa.exc.DBAPIError(None, None, halted.why) from halted.why


class RowRefused(sa.exc.IntegrityError):
    """A row of a batch that SQLite does not take, with the name of its table."""

    def __init__(self, table: str, why: sqlite3.IntegrityError) -> None:
        super().__init__(None, None, why)
        self.table = table


def table_of(error: sa.exc.DBAPIError) -> str | None:
    """The table that did not take a row of a batch; None where it is no matter of one."""
    if isinstance(error, RowRefused):
        return error.table
    told: str | None = getattr(getattr(error.orig, "__cause__", None), "table_name", None)
    return told


def added(table: sa.Table, values: Mapping[str, Any]) -> Write:
    """A new row."""
    return _insert(table), values


def replaced(table: sa.Table, values: Mapping[str, Any]) -> Write:
    """These columns of the row whose ``id`` is among them."""
    others = {name: value for name, value in values.items() if name != "id"}
    return _update(table, tuple(others)), {"of": values["id"], **others}


def put(
    connection: AsyncConnection,
    table: sa.Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
) -> Write:
    """The row with this key, whether it was there before or not."""
    statement = _upsert(connection.dialect.name, table, tuple(key), tuple(values))
    return statement, {**key, **values}


@cache
def _insert(table: sa.Table) -> sa.Insert:
    return table.insert()


@cache
def _update(table: sa.Table, names: tuple[str, ...]) -> sa.Update:
    sets: dict[str, Any] = {name: sa.bindparam(name) for name in names}
    return table.update().where(table.c.id == sa.bindparam("of")).values(sets)


@cache
def _upsert(
    dialect: str, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in names}
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """A statement in the words of one dialect, and how its values get into their places."""

    sql: str
    compiled: sa.Compiled
    places: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    table: Any
    key: tuple[tuple[str, int], ...] | None
    """The columns that name its row, and at which place their values stand; None: the database names it."""

    def given(self, values: Mapping[str, Any]) -> list[Any]:
        all_values = self.compiled.construct_params(dict(values)) or {}
        return [
            process(all_values[name]) if process else all_values[name]
            for name, process in self.places
        ]


@lru_cache(maxsize=512)
def _made(
    statement: sa.Insert | sa.Update | sa.Delete, names: tuple[str, ...], dialect: sa.Dialect
) -> _Made:
    compiled: Any = statement.compile(dialect=dialect, column_keys=sorted(names))
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise RuntimeError("a batch gives no column its default")
    places = tuple(
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup
    )
    return _Made(str(compiled), compiled, places, statement.table, _key(statement, compiled))


def _key(
    statement: sa.Insert | sa.Update | sa.Delete, compiled: Any
) -> tuple[tuple[str, int], ...] | None:
    if isinstance(statement, sa.Insert):
        named = {one.name: one.name for one in statement.table.primary_key}
    else:
        asked, _ = facts.asked_for(statement)
        named = {name: compiled.bind_names.get(one, one.key) for name, one in asked.items()}
    if not set(compiled.positiontup) >= set(named.values()):
        return None
    return tuple((name, compiled.positiontup.index(at)) for name, at in named.items())


def _apart(made: Sequence[_Made], given: Sequence[Sequence[Any]]) -> None:
    """Refuse two that name one row, also where one of them names more of it than the other."""
    rows = [
        (one.table, {name: values[place] for name, place in one.key}.items())
        for one, values in zip(made, given, strict=True)
        if one.key is not None
    ]
    for (table, row), (other, beside) in combinations(rows, 2):
        if table is other and (row <= beside or beside <= row):
            raise RuntimeError(f"two writes of a batch name one row of {table}")


@lru_cache(maxsize=512)
def _joined(statements: tuple[str, ...]) -> str:
    """One statement of PostgreSQL that runs all of these; their places are numbered through."""
    numbered: list[str] = []
    before = 0
    for statement in statements:

        def later(found: re.Match[str], by: int = before) -> str:
            return f"${int(found[1]) + by}"

        numbered.append(_PLACE.sub(later, statement))
        before += len(set(_PLACE.findall(statement)))
    *beside, last = numbered
    with_them = ", ".join(f"w{number} AS ({one})" for number, one in enumerate(beside))
    return f"WITH {with_them} {last}"
