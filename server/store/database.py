"""Connections to the one database: readers with a snapshot, writers with a transaction.

SQLite (WAL, synchronous=FULL) has one writer connection behind a lock and separate
readers, and refuses a second process on the same file; PostgreSQL has a pool. Here is
also where the schema is brought up to date. Knows connections and dialects, no table.
A database that is gone, busy or full is told as a Refusal, never as a driver's error.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from server.store.files import opened
from server.store.sqlite import SqliteConnections
from signaling.refusals import Code, Refusal

READERS: Final = 4
POSTGRESQL_CONNECTIONS: Final = 20
WAIT_FOR_CONNECTION_S: Final = 5.0
ASK_AFTER_S: Final = 5.0
"""How long a connection to PostgreSQL may rest before it is asked whether it is still one."""
LOCK_TIMEOUT_MS: Final = 5_000
STATEMENT_TIMEOUT_MS: Final = 30_000
ENDS_WITHIN_S: Final = 30.0
"""How long an SQLite file is kept for a statement of somebody who was cancelled."""

_WRITER: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
_READER: Final = ("query_only=ON",)
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03", "57014", "53300"})
_UNTAKEN_STATES: Final = frozenset({"22021", "22P05"})
"""PostgreSQL takes no U+0000 in a text."""
_FULL_STATES: Final = frozenset({"53100"})
_GONE_CLASSES: Final = ("08", "57P")
_UPGRADE_LOCK: Final = 7_304_017_001


class AlreadyOpen(RuntimeError):
    """Another process has this SQLite file open for writing."""


class SchemaOutdated(RuntimeError):
    """The database is not at the newest migration; `yunjian db upgrade` brings it there."""


class ReferencesBroken(RuntimeError):
    """After the migrations a row would refer to one that is not there; the message counts them."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The migration a database stands at (None: empty) and the newest one."""

    current: str | None
    newest: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.newest


class Database:
    """One open database. Make it with `open`, end it with `close`."""

    def __init__(
        self,
        dialect: Literal["sqlite", "postgresql"],
        readers: AsyncEngine,
        writers: AsyncEngine | None,
        lock_file: int | None,
        files: SqliteConnections | None = None,
    ) -> None:
        self.dialect = dialect
        self._readers = readers
        self._writers = writers
        self._lock_file = lock_file
        self._files = files
        self._one_writer = asyncio.Lock() if dialect == "sqlite" else None

    @classmethod
    async def open(
        cls, url: str, *, writable: bool = True, ask_after_s: float = ASK_AFTER_S
    ) -> Database:
        """Open `sqlite+aiosqlite:///<path>` or `postgresql+asyncpg://...`.

        A writable SQLite file belongs to one process: AlreadyOpen when another has it. With
        `writable=False` nothing is locked or made, and `write` is a bug. A connection to
        PostgreSQL that rested for longer than `ask_after_s` is asked before it is used.
        ValueError for other addresses and for SQLite in memory.
        """
        address = sa.make_url(url)
        if address.drivername == "sqlite+aiosqlite":
            if not address.database or address.database == ":memory:":
                raise ValueError("SQLite needs a file")
            path = Path(address.database)
            if not writable and not await asyncio.to_thread(path.is_file):
                raise FileNotFoundError(f"no database at {path}")
            files = SqliteConnections(path)
            readers = await asyncio.to_thread(_sqlite, url, files, READERS, "BEGIN", _READER)
            if not writable:
                return cls("sqlite", readers, None, None, files)
            writers = await asyncio.to_thread(_sqlite, url, files, 1, "BEGIN IMMEDIATE", _WRITER)
            lock_file = await opened(partial(_take_file, path), os.close)
            database = cls("sqlite", readers, writers, lock_file, files)
            try:
                # The first connection turns WAL on, before any reader opens the file.
                async with database.write():
                    pass
            except BaseException:
                await database.close()
                raise
            return database
        if address.drivername == "postgresql+asyncpg":
            engine = create_async_engine(
                address,
                pool_size=POSTGRESQL_CONNECTIONS,
                max_overflow=0,
                pool_timeout=WAIT_FOR_CONNECTION_S,
                connect_args={
                    "connection_class": _Connection,
                    # Always given: without one the driver would look for ~/.pgpass on the loop.
                    "password": address.password or os.environ.get("PGPASSWORD", ""),
                    "timeout": WAIT_FOR_CONNECTION_S,
                    "server_settings": {
                        "application_name": "yunjian",
                        "lock_timeout": str(LOCK_TIMEOUT_MS),
                        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                        "idle_in_transaction_session_timeout": str(STATEMENT_TIMEOUT_MS),
                    },
                },
            )
            _look_before_use(engine, ask_after_s)
            return cls("postgresql", engine, engine if writable else None, None)
        raise ValueError(f"neither SQLite nor PostgreSQL: {address.drivername}")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that reads one consistent snapshot for the time of the block."""
        async with _connected(self._readers) as connection:
            if self.dialect == "postgresql":
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self, turn: int | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Two with the same `turn`, a signed integer of 64 bits, come one after the other, each having
        begun before it reads anything.

        On SQLite it waits for its turn and holds the write lock from the start; on PostgreSQL
        it is READ COMMITTED and locks what it asks for.
        """
        if self._writers is None:
            raise RuntimeError("this database was opened for reading")
        if self._one_writer is None:
            async with _connected(self._writers) as connection:
                driver = _driver(connection)
                driver.turn = turn
                try:
                    async with connection.begin():
                        yield connection
                finally:
                    driver.turn = None
        else:
            async with (
                self._one_writer,
                _connected(self._writers) as connection,
                connection.begin(),
            ):
                yield connection

    def watch(self, ran: Callable[..., None], done: Callable[..., None]) -> None:
        """Tell `ran` of each statement that writers are about to execute, and `done` of what came of it, as
        SQLAlchemy's ``before_execute`` and ``after_execute`` do."""
        assert self._writers is not None
        sa.event.listen(self._writers.sync_engine, "before_execute", ran)
        sa.event.listen(self._writers.sync_engine, "after_execute", done)

    async def schema(self) -> SchemaState:
        """Where the schema stands."""
        scripts = await asyncio.to_thread(_scripts)
        async with self.read() as connection:
            current = await connection.run_sync(
                lambda plain: MigrationContext.configure(plain).get_current_revision()
            )
        return SchemaState(current, _newest(scripts))

    async def upgrade(self, to: str = "head") -> SchemaState:
        """Run the migrations that are missing, in one transaction; returns where it stood before.

        SQLite changes a column by a table that takes the place of the old one, to which rows of
        others refer: it is asked not to watch them meanwhile, and to look at all of them before
        the commit. ReferencesBroken, and nothing has changed, when one leads nowhere then. `to` is
        another revision than the newest, for who fills a database as it was then.
        """
        scripts = await asyncio.to_thread(_scripts)

        def run(connection: sa.Connection) -> str | None:
            def missing(revision: Any, _: MigrationContext) -> Iterable[Any]:
                return scripts._upgrade_revs(to, revision)

            context = MigrationContext.configure(connection, opts={"fn": missing})
            before = context.get_current_revision()
            with Operations.context(context):
                context.run_migrations()
            return before

        if self._one_writer is None:
            async with self.write() as connection:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
                before = await connection.run_sync(run)
        else:
            async with self._unwatched() as connection:
                before = await connection.run_sync(run)
                broken = (await connection.execute(sa.text("PRAGMA foreign_key_check"))).all()
                if broken:
                    told = sorted({f"{row.table} to {row.parent}" for row in broken})
                    raise ReferencesBroken(f"{len(broken)} rows lead nowhere: {', '.join(told)}")
        return SchemaState(before, _newest(scripts))

    @asynccontextmanager
    async def _unwatched(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on SQLite in which references are not watched. Within one that has begun
        the pragma would do nothing."""
        assert self._writers is not None
        assert self._one_writer is not None
        async with self._one_writer, _connected(self._writers) as connection:
            driver = _driver(connection)
            await driver.run_all([("PRAGMA foreign_keys=OFF", ())])
            try:
                async with connection.begin():
                    yield connection
            finally:
                await driver.run_all([("PRAGMA foreign_keys=ON", ())])

    async def close(self) -> None:
        """Close all connections, also those that somebody still holds on an SQLite file, and let the file go."""
        await self._readers.dispose()
        if self._writers is not None and self._writers is not self._readers:
            await self._writers.dispose()
        if self._files is not None:
            await self._files.ended(ENDS_WITHIN_S)
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


async def check(url: str) -> SchemaState:
    """Where the database at `url` stands; nothing is changed or made."""
    database = await Database.open(url, writable=False)
    try:
        return await database.schema()
    finally:
        await database.close()


def _sqlite(
    url: str, files: SqliteConnections, size: int, begin: str, pragmas: tuple[str, ...]
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        async_creator=files.open,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION_S,
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        # The driver must not begin transactions by itself: it would begin deferred ones.
        connection.isolation_level = None
        # Bytes that are no UTF-8 (a tampered file) must reach the ledger's check, not stop it.
        connection.driver_connection.text_factory = _text
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={LOCK_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _look_before_use(engine: AsyncEngine, ask_after_s: float) -> None:
    """Give out no connection that is gone by then: what the driver knows of it costs nothing, and
    one that has rested is asked. To ask each time is three round trips of each transaction."""
    failures = (engine.dialect.loaded_dbapi.Error, asyncpg.InterfaceError, OSError)

    @sa.event.listens_for(engine.sync_engine, "checkin")
    def rests(_: object, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def taken(connection: Any, record: Any, _: object) -> None:
        rests_since = record.info.get("rests_since")
        if rests_since is None:
            return
        try:
            if time.monotonic() - rests_since > ask_after_s:
                connection.ping()
        except failures as error:
            raise sa.exc.InvalidatePoolError from error
        if connection.driver_connection.is_closed():
            raise sa.exc.InvalidatePoolError


def _text(stored: bytes) -> str:
    return stored.decode(errors="surrogateescape")


def _take_file(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock_file)
        raise AlreadyOpen(f"another process has {path} open") from None
    return lock_file


@cache
def _scripts() -> ScriptDirectory:
    config = Config()
    with resources.as_file(resources.files("migrations")) as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        scripts = ScriptDirectory.from_config(config)
        scripts.get_heads()  # loads the versions now, off the loop
    return scripts


def _newest(scripts: ScriptDirectory) -> str:
    newest = scripts.get_current_head()
    if newest is None:
        raise RuntimeError("no migrations are installed")
    return newest


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool; what ends it from outside is told as a Refusal.

    A server that dies shows itself in many ways: by what ``refusal_of`` knows, by an error
    of the socket (whose file is gone while the server starts again), by one of the driver's
    own, or by SQLAlchemy's for a transaction whose connection went away. Whatever is raised
    over a connection that is closed by then has changed nothing and may be tried again.
    """
    driver: Any = None
    try:
        async with engine.connect() as connection:
            driver = _driver(connection)
            yield connection
    except Refusal:
        raise
    except sa.exc.TimeoutError as error:
        raise Refusal(Code.BUSY, what="connections") from error
    except sa.exc.DBAPIError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    except Exception as error:
        if isinstance(error, ConnectionError) or _gone(driver, error):
            raise Refusal(Code.BUSY, what="database") from error
        raise


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Takes its turn in the same round trip that begins a transaction."""

    turn: int | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        turn, self.turn = self.turn, None
        if turn is None:
            return str(await super().execute(query, *args, timeout=timeout))
        try:
            return str(await super().execute(f"{query} SELECT pg_advisory_xact_lock({turn})"))
        except asyncpg.PostgresError:
            # It has begun all the same, and the driver takes it for one that has not.
            if not self.is_closed():
                await self.reset()
            raise


def _driver(connection: AsyncConnection) -> Any:
    """The driver's own connection under this one."""
    plain = connection.sync_connection
    return None if plain is None else plain.connection.driver_connection


def _gone(driver: Any, error: Exception) -> bool:
    """Whether there is no server at the other end: none was reached, or it has hung up."""
    if driver is None:
        return isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)
    return isinstance(driver, asyncpg.Connection) and driver.is_closed()


def refusal_of(error: sa.exc.DBAPIError) -> Refusal | None:
    """What to tell for a database that is gone, busy, full, or takes no such text; else None."""
    state = getattr(error.orig, "sqlstate", None)
    text = str(error.orig)
    if state in _UNTAKEN_STATES:
        return Refusal(Code.MALFORMED, fields="text")
    if state in _FULL_STATES or "database or disk is full" in text:
        return Refusal(Code.DISK_FULL)
    if state in _BUSY_STATES or "database is locked" in text:
        return Refusal(Code.BUSY, what="locks")
    if error.connection_invalidated or (state or "").startswith(_GONE_CLASSES):
        return Refusal(Code.BUSY, what="database")
    return None


def untaken(error: sa.exc.DBAPIError) -> bool:
    """Whether a table does not take a row or a value."""
    if isinstance(error, sa.exc.IntegrityError):
        # What a trigger forbids is no matter of the row.
        return getattr(error.orig, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_TRIGGER"
    unbound = str(error.orig).startswith("Error binding parameter")
    return unbound or isinstance(getattr(error.orig, "__cause__", None), asyncpg.DataError)
