"""SQLite with one errand a statement: what the driver's thread is asked for, it does in one go.

aiosqlite goes to its thread four times for a statement: a cursor is made, it executes, the rows are
fetched, it is closed. Each time the loop and that thread must get the interpreter from each other,
which beside a busy loop costs far more than the statement. Here a cursor is made here, and one
errand executes, fetches and closes; a BEGIN goes with the first statement behind it, and nothing is
rolled back where nothing is open. Knows the driver and what SQLAlchemy asks of it, no table.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

_CHUNK: Final = 64
"""aiosqlite's own number of rows for who iterates; nobody does."""


class SqliteConnections:
    """The connections of one engine to one file; `open` is its ``async_creator``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: list[SqliteConnection] = []

    async def open(self) -> aiosqlite.Connection:
        """One more connection."""
        self._opened = [each for each in self._opened if each._thread.is_alive()]
        connection = SqliteConnection(self._path)
        self._opened.append(connection)
        return await connection

    async def ended(self, within_s: float) -> None:
        """Close those that somebody still holds, and wait until all threads are done with the file.

        Who was cancelled twice, or while a connection was opened, waits for no thread; that one
        still does what it was asked for. Who holds a connection gets what he asked for by now, and is
        refused whatever he asks for next. None is waited for longer than `within_s`.
        """
        for each in self._opened:
            if each._running:
                each.stop()
            await asyncio.to_thread(each._thread.join, within_s)


class _Cursor:
    """One statement and its rows, as SQLAlchemy's adapter uses a cursor of aiosqlite."""

    def __init__(self, connection: SqliteConnection) -> None:
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


class Halted(Exception):
    """Which of several statements failed, counted from 0, and why."""

    def __init__(self, place: int, why: sqlite3.Error) -> None:
        super().__init__(place, why)
        self.place, self.why = place, why


class SqliteConnection(aiosqlite.Connection):
    """One connection of the driver, which goes to its thread as seldom as it can."""

    begins: str | None = None
    """The BEGIN that the next statement takes along."""
    # Each is counted by one thread alone.
    _asked = 0
    _done = 0

    def __init__(self, path: Path) -> None:
        super().__init__(self._opening, _CHUNK)
        self._path = path
        # As the dialect does with its own: a thread that is left must not keep the process.
        self._thread.daemon = True
        self._file: sqlite3.Connection | None = None

    def stop(self) -> None:
        """Close the file behind what was asked for, and end the thread; tells nobody.

        The driver's own tells a future, of a loop that may be gone by then, and which never comes
        true for the second who asks. It also leaves open what was opened for somebody cancelled.
        """
        self._running = False
        self._tx.put_nowait((None, self._ending))

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def errand(self, work: Callable[..., None], *given: Any) -> None:
        """Let the driver's thread do this, and wait for it."""
        begins, self.begins = self.begins, None
        self._asked += 1
        await self._execute(self._run, begins, work, *given)  # type: ignore[no-untyped-call]

    async def run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Run these in their order, in one errand; the first that fails is the last, and raises Halted."""
        await self.errand(self._run_all, statements)

    async def close(self) -> None:
        """As the driver does; nothing of one that ends already."""
        if self._running:
            await super().close()

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

    def _opening(self) -> sqlite3.Connection:
        self._file = sqlite3.connect(self._path, check_same_thread=False)
        return self._file

    def _ending(self) -> object:
        if self._file is not None:
            self._file.close()
        self._connection = None
        return _STOP_RUNNING_SENTINEL

    def _run_all(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
        for place, (sql, parameters) in enumerate(statements):
            try:
                self._conn.execute(sql, parameters)
            except sqlite3.Error as error:
                raise Halted(place, error) from error

    def _run(self, begins: str | None, work: Callable[..., None], *given: Any) -> None:
        try:
            if begins:
                self._conn.execute(begins)
            work(*given)
        finally:
            self._done += 1
