"""The database: its schema, its one writer, and what is left when a writer is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from server.catalogue.rows.catalogue import words_of
from server.rights.person import SYSTEM
from server.store import AlreadyOpen, SchemaOutdated, Store, batch, check, tables, upgrade, verify
from server.store.database import Database
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command
from tests.kit.services import Postgres
from tests.kit.stores import MovedClock, opened, settings_for
from tests.kit.until import until
from tests.kit.writer import SUBJECT

ROOT = Path(__file__).parents[3]


def _differ(
    context: object,
    inspected: object,
    column: sa.Column[Any],
    there: str | None,
    default: object,
    wanted: str | None,
) -> bool | None:
    """Of JSON PostgreSQL compares no two values, as Alembic would have it do; the words say it."""
    if isinstance(column.type, sa.JSON) and there is not None and wanted is not None:
        return there.removesuffix("::json") != wanted
    return None


async def test_migrations_make_the_tables_as_the_code_knows_them(empty_database: str) -> None:
    before = await upgrade(empty_database)
    assert before.current is None
    assert not before.up_to_date
    assert (await check(empty_database)).up_to_date
    engine = create_async_engine(empty_database)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda plain: compare_metadata(
                MigrationContext.configure(
                    plain, opts={"compare_type": True, "compare_server_default": _differ}
                ),
                tables.metadata,
            )
        )
    await engine.dispose()
    assert differences == []


async def alembic(database: str, *arguments: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", "-x", f"url={database}",
        *arguments,
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await child.communicate()
    assert child.returncode == 0, output.decode()
    return output.decode()


async def test_migrations_go_back_and_forth_by_the_alembic_command(empty_database: str) -> None:
    await alembic(empty_database, "upgrade", "head")
    assert (await check(empty_database)).up_to_date
    await alembic(empty_database, "downgrade", "base")
    assert (await check(empty_database)).current is None
    await upgrade(empty_database)
    assert "(head)" in await alembic(empty_database, "current")


async def test_items_that_are_there_get_their_initials(empty_database: str) -> None:
    await alembic(empty_database, "upgrade", "0018")
    database = await Database.open(empty_database)
    async with database.write() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO units (id, name, place, region_code, credit_code, level)"
                " VALUES ('u', 'u', 'u', '370200', 'c', '3')"
            )
        )
        for number, name in enumerate(["食品经营许可（新办）", "户口迁移", "户口迁移"]):
            await connection.execute(
                sa.text(
                    "INSERT INTO items (id, code, version, unit_id, name, body, in_use)"
                    " VALUES (:id, :id, 1, 'u', :name, '{}', true)"
                ),
                {"id": str(number), "name": name},
            )
    await database.close()
    await alembic(empty_database, "upgrade", "head")
    database = await Database.open(empty_database)
    async with database.read() as connection:
        query = sa.select(tables.items.c.initials).order_by(tables.items.c.id)
        assert (await connection.scalars(query)).all() == ["spjyxkxb", "hkqy", "hkqy"]
        words: dict[str, set[str]] = {}
        for word, name, _ in await connection.execute(sa.select(tables.item_words)):
            words.setdefault(name, set()).add(word)
        assert words == {
            name: words_of(name, letters)
            for name, letters in (("食品经营许可（新办）", "spjyxkxb"), ("户口迁移", "hkqy"))
        }
    await database.close()


async def test_a_store_is_not_opened_on_an_old_schema(empty_database: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match="yunjian db upgrade"):
        await Store.open(settings_for(empty_database, tmp_path))
    async with opened(empty_database, tmp_path):
        pass


async def test_a_second_opening_of_an_sqlite_file_is_refused(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with opened(database, tmp_path):
        with pytest.raises(AlreadyOpen):
            await Database.open(database)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kit.writer", database, str(tmp_path),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, complaint = await child.communicate()
        assert child.returncode != 0
        assert b"AlreadyOpen" in complaint
        assert (await check(database)).up_to_date
    await (await Database.open(database)).close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite+aiosqlite://", "postgresql://x/y"])
async def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite"):
        await Database.open(url)


async def test_a_reader_sees_one_moment_and_changes_nothing(store: Store) -> None:
    async def edit() -> None:
        async with store.change(SYSTEM) as change:
            await change.record("case:one", "case.edit", "x", None, payload={})

    await edit()
    count = sa.select(sa.func.count()).where(tables.events.c.subject == "case:one")
    async with store.read() as connection:
        assert await connection.scalar(count) == 1
        await edit()
        assert await connection.scalar(count) == 1
    async with store.read() as connection:
        assert await connection.scalar(count) == 2
        with pytest.raises(sa.exc.DBAPIError):
            await connection.execute(tables.events.delete())


async def test_two_acts_that_wait_for_each_other_end_with_busy(
    postgres_url: str, tmp_path: Path
) -> None:
    async with opened(postgres_url, tmp_path) as store:
        both = asyncio.Barrier(2)

        async def act(first: str, second: str) -> None:
            async with store.change(SYSTEM) as change:
                await change.lock(first)
                await both.wait()
                await change.lock(second)

        done = await asyncio.gather(
            act("case:a", "case:b"), act("case:b", "case:a"), return_exceptions=True
        )
        [refusal] = [outcome for outcome in done if outcome is not None]
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.BUSY


async def test_a_command_that_does_not_get_its_turn_is_busy(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    async with opened(postgres_url, tmp_path) as store:
        command = Command(id="command-1")

        async def act() -> bool:
            async with store.change(SYSTEM, command, of="case:one") as change:
                return change.replayed is not None

        async with store.change(SYSTEM, command) as change:
            await change.record("case:one", "case.edit", "x", None, payload={})
            second = asyncio.create_task(act())

            async def sent_away() -> str | None:
                ended = await asyncio.to_thread(
                    postgres_server.sql,
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory' "
                    f"AND datname = '{sa.make_url(postgres_url).database}'",
                )
                return None if second.done() else f"waits: {ended}"

            await until(sent_away)
        with pytest.raises(Refusal) as refused:
            await second
        assert refused.value.code is Code.BUSY
        # By whatever connection it comes now.
        assert await asyncio.gather(*(act() for _ in range(30))) == [True] * 30
        async with store.change(SYSTEM, of="case:one") as change:
            assert await change.record("case:one", "case.edit", "x", None, payload={}) == 2


async def test_a_database_that_goes_away_is_busy_and_comes_back(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    async with opened(postgres_url, tmp_path) as store:

        async def act() -> None:
            async with store.change(SYSTEM) as change:
                await change.lock("case:one")
                await asyncio.to_thread(
                    postgres_server.sql,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{sa.make_url(postgres_url).database}'",
                )
                await change.record("case:one", "case.edit", "x", None, payload={})

        with pytest.raises(Refusal) as refused:
            await act()
        assert refused.value.code is Code.BUSY
        async with store.change(SYSTEM) as change:
            assert await change.record("case:one", "case.edit", "x", None, payload={}) == 1


@pytest.mark.parametrize("ask_after_s", [0.0, 3600.0])
async def test_a_connection_that_went_away_while_it_rested_is_not_given_out(
    postgres_server: Postgres, postgres_url: str, ask_after_s: float
) -> None:
    database = await Database.open(postgres_url, ask_after_s=ask_after_s)

    async def given_out() -> tuple[int, Any]:
        async with database.write() as connection:
            raw = await connection.get_raw_connection()
            pid = await connection.scalar(sa.text("SELECT pg_backend_pid()"))
            return int(pid or 0), raw.driver_connection

    try:
        first, driver = await given_out()
        assert (await given_out())[0] == first
        end = f"SELECT pg_terminate_backend({first})"
        await asyncio.to_thread(postgres_server.sql, end)
        await until(lambda: None if driver.is_closed() else "not heard of yet")
        second, _ = await given_out()
        assert second != first
        assert (await given_out())[0] == second
    finally:
        await database.close()


@pytest.mark.parametrize("there", ["nothing", "a socket of before", "hangs up", "gibberish"])
async def test_a_server_that_is_not_reached_is_busy(there: str) -> None:
    """While PostgreSQL starts again, its socket is away, or is one that nobody reads."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if there == "gibberish":
            await reader.read(8)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    with tempfile.TemporaryDirectory(prefix="yj-", dir="/tmp") as folder:
        socket_path = Path(folder, ".s.PGSQL.5432")
        if there == "a socket of before":
            with socket.socket(socket.AF_UNIX) as before:
                before.bind(str(socket_path))
        server = (
            await asyncio.start_unix_server(answer, socket_path)
            if there in {"hangs up", "gibberish"}
            else None
        )
        database = await Database.open(f"postgresql+asyncpg://yunjian@/x?host={folder}")
        try:
            for way in (database.read, database.write):
                with pytest.raises(Refusal) as refused:
                    async with way():
                        pass
                assert refused.value.code is Code.BUSY
        finally:
            await database.close()
            if server is not None:
                server.close()
                await server.wait_closed()


async def test_whatever_is_raised_over_a_closed_connection_is_busy(postgres_url: str) -> None:
    database = await Database.open(postgres_url)

    async def act(way: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        async with way() as connection:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            raw.driver_connection.terminate()
            raise RuntimeError("the transport is closed")

    async def act_wrongly(way: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        async with way():
            raise RuntimeError("our own")

    try:
        for way in (database.read, database.write):
            with pytest.raises(Refusal) as refused:
                await act(way)
            assert refused.value.code is Code.BUSY
            with pytest.raises(RuntimeError, match="our own"):
                await act_wrongly(way)
    finally:
        await database.close()


async def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    await _kill_writers(tmp_path, 3)


@pytest.mark.proofs
@pytest.mark.timeout(1200)
async def test_killed_writers_lose_nothing_two_hundred_times(tmp_path: Path) -> None:
    await _kill_writers(tmp_path, 200)


async def test_killed_processes_leave_one_chain_on_postgresql(
    postgres_url: str, tmp_path: Path
) -> None:
    """Two nodes write one subject and are killed at once; a third seals what they left."""
    await upgrade(postgres_url)
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kit.writer", postgres_url, str(tmp_path / f"node-{node}"),
            cwd=ROOT, stdout=subprocess.PIPE,
        )
        for node in range(2)
    ]  # fmt: skip
    acknowledged: list[int] = []
    try:
        for child in children:
            assert child.stdout is not None
            for _ in range(5):
                acknowledged.append(int((await child.stdout.readline()).split()[0]))
    finally:
        for child in children:
            child.kill()
    for child in children:
        assert child.stdout is not None
        rest = (await child.stdout.read()).decode().splitlines(keepends=True)
        acknowledged += [int(line.split()[0]) for line in rest if "\n" in line]
        await child.wait()

    # The killed sequencer's claim has run out by then.
    later = MovedClock(datetime.now(UTC) + timedelta(minutes=5))
    async with opened(postgres_url, tmp_path / "after", later) as store:
        async with store.change(SYSTEM) as change:
            last = await change.record(SUBJECT, "case.edit", "x", None, payload={})

        async def all_sealed() -> str | None:
            sealed = await store.seal()
            return None if sealed == last + 3 else f"{sealed} of {last} sealed"

        await until(all_sealed)
        assert len(acknowledged) == len(set(acknowledged)) < last
        events = await store.events(SUBJECT, 0, 1_000_000)
        assert [event.version for event in events] == list(range(1, last + 1))
        report = await store.verifier.verify()
        assert (report.ok, report.sealed) == (True, last + 3), report.findings
    for node in range(2):
        settings = settings_for(postgres_url, tmp_path / f"node-{node}")
        assert (await verify(settings)).ok


async def _kill_writers(folder: Path, times: int) -> None:
    file = folder / "yunjian.sqlite"
    database = f"sqlite+aiosqlite:///{file}"
    chance = random.Random(20261123)
    acknowledged: dict[int, str] = {}
    for _ in range(times):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kit.writer", database, str(folder),
            cwd=ROOT, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        first = await child.stdout.readline()
        # The kill comes at a random moment of the writing; nothing is waited for.
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        os.kill(child.pid, signal.SIGKILL)
        output = first + await child.stdout.read()
        assert await child.wait() == -signal.SIGKILL
        lines = [line.split() for line in output.decode().splitlines(keepends=True) if "\n" in line]
        acknowledged |= {int(version): command for version, command in lines}
    assert len(acknowledged) >= times

    def inspect() -> tuple[str, list[int], dict[str, int]]:
        with sqlite3.connect(file) as connection:
            [[integrity]] = connection.execute("PRAGMA integrity_check").fetchall()
            versions = connection.execute(
                "SELECT version FROM ledger_entries WHERE subject = ? ORDER BY version", (SUBJECT,)
            ).fetchall()
            acks = connection.execute(
                "SELECT id, json_extract(ack, '$.result.version') FROM commands"
            ).fetchall()
        connection.close()
        return integrity, [version for [version] in versions], dict(acks)

    integrity, versions, acks = await asyncio.to_thread(inspect)
    assert integrity == "ok"
    assert versions == list(range(1, len(versions) + 1))
    assert {command: version for version, command in acknowledged.items()}.items() <= acks.items()
    settings = settings_for(database, folder)
    report = await verify(settings)
    assert (report.ok, report.entries) == (True, len(versions) + 1), report.findings

    store = await Store.open(settings)

    async def all_sealed() -> str | None:
        sealed = await store.seal()
        return None if sealed == len(versions) + 1 else f"{sealed} of {len(versions)} sealed"

    await until(all_sealed)
    await store.close()
    assert (await verify(settings)).ok


_ADD = tables.subjects.insert()
_MOVE = tables.subjects.update().where(tables.subjects.c.subject == sa.bindparam("of"))
_MOVE_ON = _MOVE.values(version=sa.bindparam("version"))


def _subject(name: str, version: int = 1) -> dict[str, Any]:
    return {"subject": name, "version": version, "head": "0" * 64}


async def _subjects(store: Store) -> dict[str, int]:
    async with store.read() as connection:
        rows = await connection.execute(sa.select(tables.subjects))
        return {row.subject: row.version for row in rows}


async def test_a_batch_is_written_as_one_and_a_broken_one_not_at_all(store: Store) -> None:
    before = await _subjects(store)
    async with store.change(SYSTEM) as change:
        await batch.write(change.connection, [])
        await batch.write(change.connection, [(_ADD, _subject("case:one"))])
        await batch.write(
            change.connection,
            [
                (_ADD, _subject("case:two")),
                (_MOVE_ON, {"of": "case:one", "version": 7}),
                (_ADD, _subject("case:three", 3)),
            ],
        )
    made = {"case:one": 7, "case:two": 1, "case:three": 3}
    assert await _subjects(store) == {**before, **made}
    with pytest.raises(sa.exc.IntegrityError):
        async with store.change(SYSTEM) as change:
            await batch.write(
                change.connection,
                [
                    (_MOVE_ON, {"of": "case:one", "version": 8}),
                    (_ADD, _subject("case:four")),
                    (_ADD, _subject("case:two")),
                ],
            )
    assert await _subjects(store) == {**before, **made}
    twice = [(_MOVE_ON, {"of": "case:one", "version": 8}), (_ADD, _subject("case:one"))]
    again = _MOVE.where(tables.subjects.c.version == sa.bindparam("was")).values(head="1" * 64)
    for other in (twice[1], twice[0], (again, {"of": "case:one", "was": 7})):
        with pytest.raises(RuntimeError, match="one row of subjects"):
            async with store.change(SYSTEM) as change:
                await batch.write(change.connection, [twice[0], (_ADD, _subject("case:x")), other])
    assert await _subjects(store) == {**before, **made}


async def test_who_is_cancelled_within_a_statement_leaves_nothing_open(store: Store) -> None:
    before = await _subjects(store)
    many = sa.text(
        "INSERT INTO subjects (subject, version, head) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "SELECT 'many:' || i, 1, 'x' FROM n"
    )
    for steps in range(12):

        async def fill() -> None:
            async with store.change(SYSTEM) as change:
                await change.connection.execute(many)
                raise RuntimeError("not to be committed")

        filling = asyncio.create_task(fill())
        for _ in range(steps):
            await asyncio.sleep(0)
        filling.cancel()
        with pytest.raises((asyncio.CancelledError, RuntimeError)):
            await filling
        async with store.change(SYSTEM) as change:
            await batch.write(
                change.connection,
                [(_ADD, _subject(f"case:{steps}")), (_ADD, _subject(f"x:{steps}"))],
            )
    after = await _subjects(store)
    assert len(after) == len(before) + 24
    assert not [subject for subject in after if subject.startswith("many:")]


async def test_a_file_is_closed_behind_those_who_were_cancelled(tmp_path: Path) -> None:
    """However often they were, while a connection was opened, used or given up: `close` waits for
    the driver's threads, which do what they were asked for all the same."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    await upgrade(url)
    threads = set(threading.enumerate())
    for steps in range(30):
        database = await Database.open(url)

        async def count(database: Database = database) -> None:
            async with database.read() as connection:
                await connection.execute(
                    sa.text(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                        "WHERE i < 50000) SELECT max(i) FROM n"
                    )
                )

        counting = [asyncio.create_task(count()) for _ in range(3)]
        for _ in range(steps):
            await asyncio.sleep(0)
        for times in range(1, 4):
            for each in counting[:times]:
                each.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*counting, return_exceptions=True)
        await database.close()
        left = [
            each
            for each in set(threading.enumerate()) - threads
            if "_connection_worker_thread" in each.name
        ]
        assert left == [], (steps, left)
        assert not any(
            each.path.startswith(str(tmp_path)) for each in psutil.Process().open_files()
        ), steps


async def test_closing_leaves_nobody_a_connection(tmp_path: Path) -> None:
    """Who reads at that moment is refused; no thread and no open file stay behind him."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    await upgrade(url)
    threads = set(threading.enumerate())
    database = await Database.open(url)
    holds, closed = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.read() as connection:
            await connection.execute(sa.text("SELECT 1"))
            holds.set()
            await closed.wait()
            await connection.execute(sa.text("SELECT 2"))

    holding = asyncio.create_task(hold())
    await holds.wait()
    await database.close()
    closed.set()
    with pytest.raises(Refusal) as refused:
        await holding
    assert refused.value.code is Code.BUSY
    left = {one.name for one in set(threading.enumerate()) - threads}
    assert not [name for name in left if "_connection_worker_thread" in name]
    files = psutil.Process().open_files()
    assert not [one.path for one in files if one.path.startswith(str(tmp_path))]
