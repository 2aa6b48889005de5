"""Killed under load (R6 to R8): the server, PostgreSQL, Redis. Refused in words, nothing lost, soon back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from server.app import Running, running
from server.demo import data as demo
from server.people.rows import roster
from server.store import SYSTEM, Store, SystemClock, tables, upgrade, verify
from tests.kit import services
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.meetings import load
from tests.kit.nodes import node_settings
from tests.kit.processes import serving
from tests.kit.seats import Approver, Window, story
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(120)

WRITERS = 4
RECOVERS_WITHIN_S = 5.0
WRITTEN_WITHIN_S = 2.0


@pytest.fixture
def durable() -> Iterator[services.Postgres]:
    """A PostgreSQL that may be killed."""
    with services.postgres(durable=True) as server:
        yield server


@pytest.fixture
def mortal_redis() -> Iterator[services.Redis]:
    """A Redis that may be killed."""
    with services.redis() as server:
        yield server


async def write(desk: Desk, number: int, done: dict[str, str], told: Counter[int]) -> None:
    """Cases, one after another, each command sent again with its id until it is answered."""
    count = 0
    while True:
        count += 1
        body = {
            "type": "case.create", "id": f"writer-{number}-command-{count:06}",
            "item_id": demo.PRINCIPAL, "mode": "proxy", "applicant_name": "孙雅宁",
            "identity_number": "11010519491231002X", "phone": "13805316217",
        }  # fmt: skip
        while True:
            # As a page does: the same command with the same id until it is answered.
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with desk.http.post("/api/v1/commands", json=body) as said:
                    told[said.status] += 1
                    if said.status == 200:
                        done[str(body["id"])] = (await said.json())["result"]["case_id"]
                        break
            await asyncio.sleep(0.02)


async def kill_under_load(folder: Path, durable: services.Postgres, times: int) -> list[float]:
    """Returns how many seconds after PostgreSQL each recovery took."""
    url = durable.url(await asyncio.to_thread(durable.create))
    done: dict[str, str] = {}
    told: Counter[int] = Counter()
    took: list[float] = []
    async with demo_node(url, folder, SystemClock()) as node, desk_of(node, "lixiulan") as desk:
        writers = [
            asyncio.create_task(write(desk, number, done, told)) for number in range(WRITERS)
        ]
        for _ in range(times):
            before = len(done)
            await until(lambda least=before + 10: None if len(done) >= least else "too few", 30)
            await asyncio.to_thread(durable.kill)
            refused = told[503]
            await until(lambda at=refused: None if told[503] > at else "nobody was refused", 20)
            await asyncio.to_thread(durable.start)
            began, before = time.monotonic(), len(done)
            await until(lambda at=before: None if len(done) > at else "not yet", 20)
            took.append(time.monotonic() - began)
        for writer in writers:
            writer.cancel()
        for outcome in await asyncio.gather(*writers, return_exceptions=True):
            assert isinstance(outcome, asyncio.CancelledError | aiohttp.ClientError), outcome
        assert set(told) == {200, 503}, told
        for command, case_id in done.items():
            assert (await desk.case(case_id))["id"] == case_id, command
        assert len(set(done.values())) == len(done)
    report = await verify(node_settings(url, folder).store)
    assert report.ok, report.findings
    assert max(took) <= borne(RECOVERS_WITHIN_S), took
    return took


@pytest.mark.timed
@pytest.mark.postgres
async def test_a_database_killed_under_load(tmp_path: Path, durable: services.Postgres) -> None:
    await kill_under_load(tmp_path, durable, 1)


@pytest.mark.proofs
@pytest.mark.timeout(900)
@pytest.mark.postgres
async def test_a_database_killed_under_load_twenty_times(
    tmp_path: Path, durable: services.Postgres, record_property: Callable[[str, object], None]
) -> None:
    took = await kill_under_load(tmp_path, durable, 20)
    record_property("worst_recovery_s", round(max(took), 1))


# ---------------------------------------------------------------- the server itself, on SQLite


async def kill_server_under_load(folder: Path, times: int) -> int:
    """R8 with the whole server: killed at random moments of its writing, started again each time;
    returns how many acts were acknowledged, all of which are there."""
    chance = random.Random(20261124)
    file = folder / "yunjian.sqlite"
    database = f"sqlite+aiosqlite:///{file}"
    await load(database, folder)
    done: dict[str, str] = {}
    told: Counter[int] = Counter()
    async with serving(folder, database_url=database, log_level="WARNING") as node:
        await node.start()
        async with desk_of(node, "lixiulan") as desk:
            writers = [
                asyncio.create_task(write(desk, number, done, told)) for number in range(WRITERS)
            ]
            for _ in range(times):
                before = len(done)
                await until(lambda least=before + 5: None if len(done) >= least else "few", 30)
                await asyncio.sleep(chance.uniform(0.0, 0.5))  # the row's random moment
                await node.kill()
                await node.start()
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
            assert set(told) <= {200, 503}, told
            for command, case_id in done.items():
                assert (await desk.case(case_id))["id"] == case_id, command
            assert len(set(done.values())) == len(done), "a command was done twice"
        assert node.errors() == []

    def integrity() -> str:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            return str(connection.execute("PRAGMA integrity_check").fetchone()[0])

    assert await asyncio.to_thread(integrity) == "ok"
    report = await verify(node_settings(database, folder).store)
    assert report.ok, report.findings
    return len(done)


async def test_a_server_killed_while_it_writes(tmp_path: Path) -> None:
    await kill_server_under_load(tmp_path, 2)


@pytest.mark.proofs
@pytest.mark.timeout(3600)
async def test_a_server_killed_while_it_writes_two_hundred_times(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("acknowledged", await kill_server_under_load(tmp_path, 200))


# ---------------------------------------------------------------- locks


@pytest.mark.timed
@pytest.mark.postgres
async def test_signs_of_life_wait_for_no_act(postgres_url: str, tmp_path: Path) -> None:
    """An act locks legs before desks, signs of life come for many of both: neither may end the other."""
    await load(postgres_url, tmp_path)
    store = await Store.open(node_settings(postgres_url, tmp_path).store)
    first, second = "person-gaoxinmin", "person-zhoumingyuan"
    at = store.clock.now()
    try:
        async with store.change(SYSTEM) as change:
            for person in (first, second):
                unit = "unit-qingdao-xihaian"
                await roster.set_duty(change.connection, person, unit, "online", at)
        later = at + timedelta(seconds=5)
        async with store.change(SYSTEM) as act:
            await act.connection.execute(
                sa.select(tables.roster).where(tables.roster.c.person_id == first).with_for_update()
            )
            async with asyncio.timeout(borne(3)):
                async with store.change(SYSTEM) as change:
                    await roster.seen(change.connection, {first: later, second: later})
        async with store.read() as connection:
            rows = await connection.execute(
                sa.select(tables.roster.c.person_id, tables.roster.c.last_seen_at)
            )
            seen = {row.person_id: row.last_seen_at for row in rows}
        assert seen[second] == later
        assert seen[first] != later
    finally:
        await store.close()


# ---------------------------------------------------------------- Redis


@asynccontextmanager
async def two_nodes(url: str, redis: services.Redis, folder: Path) -> AsyncIterator[list[Running]]:
    """Two nodes on one database and one Redis, without media."""
    await load(url, folder)
    async with contextlib.AsyncExitStack() as stack:
        nodes = []
        for name in ("one", "two"):
            settings = node_settings(
                url, folder / name, redis_url=redis.url, bus_secret="a secret between nodes",
                blob_root=folder / "blobs",
            )  # fmt: skip
            nodes.append(await stack.enter_async_context(running(settings, media=False)))
        yield nodes


async def lose_redis(folder: Path, url: str, redis: services.Redis, away_s: float) -> float:
    """Redis is away for so long while a case is worked in across two nodes; returns how many
    seconds after its return all was seen on the other one."""
    async with two_nodes(url, redis, folder) as (one, two), story(one) as seat, story(two) as far:
        window = await seat(Window, "lixiulan", (200, 30, 30), 440.0)
        approver = await far(Approver, "zhoumingyuan", (30, 170, 30), 660.0)
        await approver.on_duty()
        case_id = await window.register()
        await window.take_consent(case_id)
        call_id = await window.dial(case_id)
        ring = await approver.rung(call_id)
        answer = {"type": "call.answer", "call_id": call_id, "ring_id": ring["id"]}
        await approver.ask(answer)
        await window.sees_call(call_id, lambda call: call["state"] == "live")
        await approver.ask({"type": "case.open", "case_id": case_id})

        await asyncio.to_thread(redis.kill)
        gone = time.monotonic()
        written: list[str] = []
        slowest_s = 0.0
        while time.monotonic() - gone < away_s or len(written) < away_s:
            began = time.monotonic()
            written.append(f"第{len(written)}次")
            await window.fill(case_id, {"remark": written[-1]})
            for node in (one, two):
                async with window.http.get(f"{node.address}/readyz") as said:
                    assert said.status == 200, await said.text()
            slowest_s = max(slowest_s, time.monotonic() - began)
            await asyncio.sleep(0.2)  # a person types no faster
        assert slowest_s <= borne(WRITTEN_WITHIN_S), "a field and two questions to the nodes"
        assert window.calls[call_id]["state"] == "live"
        await asyncio.to_thread(redis.start)
        back = time.monotonic()
        await window.fill(case_id, {"appointed_on": "2026-11-20"})
        await approver.sees_event("case.edited", 10, field="appointed_on")
        took_s = time.monotonic() - back
        assert took_s <= borne(RECOVERS_WITHIN_S)
        # All that was acknowledged while Redis was away has reached the other node, once, in order.
        edits = [event for event in approver.events if event["type"] == "case.edited"]
        assert [event["field_state"]["value"] for event in edits] == [*written, "2026-11-20"]
        versions = [
            event["version"] for event in approver.events if event["subject"] == f"case:{case_id}"
        ]
        assert versions == list(range(versions[0], versions[0] + len(versions)))
        for person in (window, approver):
            assert person.calls[call_id]["state"] == "live"
            assert all(leg["state"] == "joined" for leg in person.calls[call_id]["legs"])
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        await approver.sees_call(call_id, lambda call: call["state"] == "ended")
    return took_s


@pytest.mark.timed
@pytest.mark.postgres
async def test_a_call_across_two_nodes_outlives_redis(
    postgres_url: str, mortal_redis: services.Redis, tmp_path: Path
) -> None:
    await lose_redis(tmp_path, postgres_url, mortal_redis, 3.0)


@pytest.mark.proofs
@pytest.mark.postgres
async def test_a_call_across_two_nodes_outlives_redis_ten_seconds(
    postgres_url: str,
    mortal_redis: services.Redis,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    took_s = await lose_redis(tmp_path, postgres_url, mortal_redis, 10.0)
    record_property("seen_after_s", round(took_s, 1))


async def test_a_node_that_cannot_start_leaves_nothing_open(tmp_path: Path) -> None:
    """What was opened before is closed (the watch on every test sees tasks), and the file is free again."""
    settings = node_settings(f"sqlite+aiosqlite:///{tmp_path / 'one.sqlite'}", tmp_path)
    await upgrade(str(settings.database_url))
    settings.data.mkdir()
    in_the_way = settings.data / "uploads"
    in_the_way.touch()
    with pytest.raises(OSError, match="uploads"):
        async with running(settings, media=False):
            pass
    in_the_way.unlink()
    async with running(settings, media=False):
        pass
