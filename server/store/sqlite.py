"""SQLite with one errand a statement: what the driver's thread is asked for, it does in one go.

aiosqlite goes to its thread four times for a statement: a cursor is made, it executes, the rows are
fetched, it is closed. Each time the loop and that thread must get the interpreter from each other,
which beside a busy loop costs far more than the statement. Here a cursor is made here, and one
errand executes, fetches and closes. Knows the driver and what SQLAlchemy asks of it, no table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite

_CHUNK: Final = 64
"""aiosqlite's own number of rows for who iterates; nobody does."""


def connecting(path: Path) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """Opens connections to this file, for ``create_async_engine``'s ``async_creator``."""

    async def connect() -> aiosqlite.Connection:
        connection = _Connection(lambda: sqlite3.connect(path, check_same_thread=False), _CHUNK)
        # As the dialect does with its own: a thread that is left must not keep the process.
        connection._thread.daemon = True
        return await connection

    return connect


class _Cursor:
    """One statement and its rows, as SQLAlchemy's adapter uses a cursor of aiosqlite."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run it and keep all its rows."""
        await self._connection.errand(self._run, sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run it once for each of these."""
        await self._connection.errand(self._run, sqlite3.Cursor.executemany, sql, parameters)

    async def fetchall(self) -> list[Any]:
        """The rows, which are here already."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """The driver's own is closed already."""
        self._rows = []

    def _run(self, how: Callable[..., sqlite3.Cursor], sql: str, parameters: Any) -> None:
        cursor = self._connection._conn.cursor()
        try:
            how(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _Connection(aiosqlite.Connection):
    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def errand(self, work: Callable[..., None], *given: Any) -> None:
        """Let the driver's thread do this, and wait for it."""
        await self._execute(work, *given)  # type: ignore[no-untyped-call]
