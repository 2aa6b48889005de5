"""SQLite with one errand a statement: what the driver's thread is asked for, it does in one go.

aiosqlite goes to its thread four times for a statement: a cursor is made, it executes, the rows are
fetched, it is closed. Each time the loop and that thread must get the interpreter from each other,
which beside a busy loop costs far more than the statement. Here a cursor is made here, and one
errand executes, fetches and closes; a BEGIN goes with the first statement behind it, and nothing is
rolled back where nothing is open. Knows the driver and what SQLAlchemy asks of it, no table.
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
        connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), _CHUNK)
        # As the dialect does with its own: a thread that is left must not keep the process.
        connection._thread.daemon = True
        return await connection

    return connect


class _Cursor:
    """One statement and its rows, as SQLAlchemy's adapter uses a cursor of aiosqlite."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run it and keep all its rows; a BEGIN waits for the statement that needs it."""
        if sql.startswith("BEGIN"):
            self._connection.begins = sql
            return
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


class Connection(aiosqlite.Connection):
    """One connection of the driver, which goes to its thread as seldom as it can."""

    begins: str | None = None
    """The BEGIN that the next statement takes along."""
    # Each is counted by one thread alone.
    _asked = 0
    _done = 0

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def errand(self, work: Callable[..., None], *given: Any) -> None:
        """Let the driver's thread do this, and wait for it."""
        begins, self.begins = self.begins, None
        self._asked += 1
        await self._execute(self._run, begins, work, *given)  # type: ignore[no-untyped-call]

    async def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Run these in their order, in one errand; the first that fails is the last."""
        await self.errand(self._run_all, statements)

    async def commit(self) -> None:
        """As the driver does."""
        self.begins = None
        await super().commit()

    async def rollback(self) -> None:
        """As the driver does; no errand where nothing is open, as after a commit."""
        self.begins = None
        # Of who was cancelled an errand may still be on its way, and begin something.
        if self._asked != self._done or self._conn.in_transaction:
            await super().rollback()

    def _run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        for sql, parameters in statements:
            self._conn.execute(sql, parameters)

    def _run(self, begins: str | None, work: Callable[..., None], *given: Any) -> None:
        try:
            if begins:
                self._conn.execute(begins)
            work(*given)
        finally:
            self._done += 1
