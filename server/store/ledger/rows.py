"""Rows as entries tell them, and whether the rows still say the same.

An entry of format 2 tells in its payload what its change made of the sealed columns: which rows,
by ``facts.<table>.<key>.<column>``. A check gathers this in a temporary file, so that it needs no more
memory for a large ledger, and then reads each table once. Made from the words of the columns; knows
no table by name.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.ledger.entry import canonical, moment
from server.store.tables.words import FACTS, Home, Sealed, facts_of, home_of, word_of

WHOLE: Final = 64
"""Up to how many bytes a value is told as it is; a longer one by its SHA-256."""
CHUNK: Final = 1_000
AT_ONCE: Final = 5_000
"""How many values are gathered before they are written to the file."""
THERE, GONE = "there", "gone"
_TABLES: Final = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
CREATE TABLE told (of TEXT, key TEXT, subject TEXT, name TEXT, version INTEGER, value TEXT,
    PRIMARY KEY (of, key, subject, name)) WITHOUT ROWID;
CREATE TABLE seen (of TEXT, key TEXT, PRIMARY KEY (of, key)) WITHOUT ROWID;
CREATE TABLE silent (subject TEXT PRIMARY KEY, version INTEGER) WITHOUT ROWID;
CREATE TABLE mute (subject TEXT, version INTEGER, at TEXT, PRIMARY KEY (subject, version)) WITHOUT ROWID;
CREATE TABLE files (sha256 TEXT PRIMARY KEY, subject TEXT, name TEXT) WITHOUT ROWID;
"""
Key = tuple[Any, ...]
"""The values of a row's primary key, in the order of its columns."""


def named(key: Key) -> str:
    """The key of a row as a payload names it."""
    if len(key) == 1:
        return str(key[0])
    return canonical([shown(one) for one in key]).decode()


def shown(value: Any) -> Any:
    """A value as a payload tells it: itself, or ``{"sha256": …}`` when it is long."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        whole, text = value, value.encode(errors="surrogateescape")
    else:
        whole = to_jsonable_python(value)
        text = canonical(whole)
    return whole if len(text) <= WHOLE else {"sha256": hashlib.sha256(text).hexdigest()}


def _text(value: Any) -> str:
    """The same for two values only when they are the same in RFC 8785."""
    if not isinstance(value, str | int | None):
        value = json.loads(canonical(value))
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is not as it was told, with the entry that told it last."""

    subject: str
    version: int | None
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A sealed file that a row names."""

    sha256: str
    subject: str
    text: str


def _before() -> dict[str, list[tuple[str, str, list[str]]]]:
    """Kind of object -> table, column, path: where entries of format 1 told a value."""
    from server.store.tables import metadata

    found: dict[str, list[tuple[str, str, list[str]]]] = {}
    for table in metadata.sorted_tables:
        for column in table.columns:
            word = word_of(column)
            if isinstance(word, Sealed) and word.before is not None:
                kind, _, path = word.before.partition(":*/")
                found.setdefault(kind, []).append((table.name, column.name, path.split(".")))
    return found


class LastWords:
    """What the entries of a check tell of rows: the last word of each subject on each column."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._waiting: list[tuple[str, str, str, str, int, str]] = []
        self._before = _before()
        self.old = False
        """Whether any entry is of format 1."""

    @classmethod
    @asynccontextmanager
    async def gathered(cls) -> AsyncIterator[LastWords]:
        """An empty one, in a file that the system takes away at the end. All it does is work for a thread."""
        file = await asyncio.to_thread(
            sqlite3.connect, "", check_same_thread=False, isolation_level=None
        )
        try:
            await asyncio.to_thread(file.executescript, _TABLES)
            yield cls(file)
        finally:
            await asyncio.to_thread(file.close)

    def silent(self, subject: str, version: int, at: str, *, old: bool) -> None:
        """This entry cannot tell all that it changed: it is of format 1, or its payload was erased."""
        self.old |= old
        self._file.execute("INSERT OR IGNORE INTO mute VALUES (?, ?, ?)", (subject, version, at))
        self._file.execute(
            "INSERT OR REPLACE INTO silent VALUES (?, ?)", (subject, 0 if old else version)
        )

    def entry(self, subject: str, version: int, object: str, payload: Mapping[str, Any]) -> None:
        """Keep what this entry tells. Give those of a subject in their order."""
        kind, _, id = object.partition(":")
        for table, column, path in self._before.get(kind, ()):
            value: Any = payload
            for member in path:
                value = value.get(member) if isinstance(value, Mapping) else None
            if value is not None:
                self._keep(table, id, subject, column, version, _text(shown(value)))
        facts = payload.get(FACTS)
        for table, rows in facts.items() if isinstance(facts, dict) else ():
            for key, values in rows.items():
                self._keep(table, key, subject, "", version, GONE if values is None else THERE)
                for column, value in (values or {}).items():
                    self._keep(table, key, subject, column, version, _text(value))

    def _keep(self, *one: Any) -> None:
        self._waiting.append(one)
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """All that was given is in the file."""
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO told VALUES (?,?,?,?,?,?)", self._waiting)
        self._file.execute("COMMIT")
        self._waiting.clear()

    def compare(
        self, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, alone: bool
    ) -> tuple[list[Wrong], int]:
        """The rows of a chunk that are not as they were told, and how many nobody tells of because
        they are older. ``alone``: some subjects were read, and not who else may tell of its rows."""
        home = home_of(table)
        keys = [named(tuple(row[one.name] for one in table.primary_key)) for row in rows]
        told = self._told(table.name, keys)
        wrong: list[Wrong] = []
        older = 0
        for key, row in zip(keys, rows, strict=True):
            subject = home.subject.format(**row)
            words = sorted(told.get(key, ()), key=lambda one: (one[0] == subject, one[2]))
            if not words:
                if (alone and home.born) or self._may_be_older(home, subject, row):
                    older += 1
                else:
                    wrong.append(Wrong(subject, None, f"{table.name} {key} was added"))
                continue
            last = {name: (by, version, value) for by, name, version, value in words}
            by, version, there = last.pop("", ("", 0, THERE))
            if there == GONE:
                wrong.append(
                    Wrong(by, version, f"{table.name} {key} was taken away and stands again")
                )
                continue
            differ: dict[tuple[str, int], list[str]] = {}
            for name, (teller, at, value) in last.items():
                if name in row and _text(shown(row[name])) != value:
                    if at < self._erased(teller):
                        older += 1
                    else:
                        differ.setdefault((teller, at), []).append(name)
            for (teller, at), names in differ.items():
                what = ", ".join(sorted(names))
                wrong.append(Wrong(teller, at, f"{table.name} {key} differs in {what}"))
            self._name_files(table, key, row, subject)
        self._file.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", [(table.name, key) for key in keys]
        )
        return wrong, older

    def passed(self, table: sa.Table, key: Key) -> None:
        """This row is there, whatever it says."""
        self._file.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (table.name, named(key)))

    def removed(self, table: sa.Table, at_most: int) -> list[Wrong]:
        """The rows that were told of and are not there."""
        found = self._file.execute(
            """SELECT key, min(subject), max(version) FROM told
            WHERE of = ?1 AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.of = ?1 AND seen.key = told.key)
            GROUP BY key HAVING sum(name = '' AND value = ?2) = 0 LIMIT ?3""",
            (table.name, GONE, at_most),
        )
        return [
            Wrong(subject, version, f"{table.name} {key} was removed")
            for key, subject, version in found
        ]

    def files(self, after: str = "") -> list[File]:
        """The next sealed files that rows name, each once, in the order of their hashes."""
        found = self._file.execute(
            "SELECT sha256, subject, name FROM files WHERE sha256 > ? ORDER BY sha256 LIMIT ?",
            (after, CHUNK),
        )
        return [File(*one) for one in found]

    def _told(self, table: str, keys: Sequence[str]) -> dict[str, list[tuple[str, str, int, str]]]:
        found: dict[str, list[tuple[str, str, int, str]]] = {}
        for first in range(0, len(keys), 500):
            some = keys[first : first + 500]
            places = ",".join("?" * len(some))
            for key, *word in self._file.execute(
                f"SELECT key, subject, name, version, value FROM told WHERE of = ? AND key IN ({places})",  # noqa: S608
                (table, *some),
            ):
                found.setdefault(key, []).append(tuple(word))
        return found

    def _may_be_older(self, home: Home, subject: str, row: Mapping[str, Any]) -> bool:
        """Whether an entry that cannot tell may have made this row: one of its moment, or its version."""
        if home.born and self.old:
            return True
        made = None if home.made is None else row[home.made]
        at = moment(made) if isinstance(made, datetime) else None
        found = self._file.execute(
            """SELECT 1 FROM mute WHERE subject = ?1
            AND (?2 IS NULL OR at = ?2) AND (?3 IS NULL OR version = ?3) LIMIT 1""",
            (subject, at, made if at is None else None),
        )
        return found.fetchone() is not None

    def _erased(self, subject: str) -> int:
        found = self._file.execute(
            "SELECT version FROM silent WHERE subject = ?", (subject,)
        ).fetchone()
        return found[0] if found else 0

    def _name_files(self, table: sa.Table, key: str, row: Mapping[str, Any], subject: str) -> None:
        for column in facts_of(table):
            word = word_of(column)
            sha256 = row[column.name]
            if isinstance(word, Sealed) and word.file and isinstance(sha256, str):
                self._file.execute(
                    "INSERT OR IGNORE INTO files VALUES (?, ?, ?)",
                    (sha256, subject, f"{table.name} {key}"),
                )


async def chunks(
    connection: AsyncConnection, table: sa.Table, of: Collection[str] | None
) -> AsyncIterator[tuple[list[Mapping[str, Any]], list[Key]]]:
    """The rows of a table (of these subjects alone) by their sealed columns, and the keys of those that cannot
    be read, in chunks."""
    keys = list(table.primary_key)
    query = sa.select(*facts_of(table)).order_by(*keys).limit(CHUNK)
    home = home_of(table)
    if of is not None and home.column is not None:
        mine = [id for kind, _, id in (one.partition(":") for one in of) if kind == home.kind]
        query = query.where(table.c[home.column].in_(mine))
    after: Key | None = None
    while True:
        part = query if after is None else query.where(sa.tuple_(*keys) > after)
        broken: list[Key] = []
        rows: list[Mapping[str, Any]]
        try:
            rows = [dict(row._mapping) for row in await connection.execute(part)]
            met = [tuple(row[one.name] for one in keys) for row in rows]
        except ValueError:
            rows = []
            met = [tuple(row) for row in await connection.execute(part.with_only_columns(*keys))]
            for key in met:
                here = sa.and_(*(one == value for one, value in zip(keys, key, strict=True)))
                try:
                    one_row = (
                        await connection.execute(sa.select(*facts_of(table)).where(here))
                    ).one()
                    rows.append(dict(one_row._mapping))
                except ValueError:
                    broken.append(key)
        if met:
            yield rows, broken
        if len(met) < CHUNK:
            return
        after = met[-1]
