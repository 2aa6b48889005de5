"""迁移: a case that ended at its acceptance in an old version goes on after the upgrade, entered once by the system."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from server.case import rows
from server.case.acts.course import following
from server.case.rules.course.course import Migrated
from server.case.rules.course.due import due
from server.standards.working_days import china_day
from server.store import Store, acts_after
from server.store.database import Database
from server.store.ledger import Verifier
from server.store.tables import cases
from tests.domain.test_due import AT, Standing, decided
from tests.kit import dumps
from tests.kit.stores import MovedClock, settings_for
from tests.server.test_dumps import Place, upgrade
from tests.server.test_dumps import place as place

BEFORE = "0034"
"""The last revision in which a case ended at its acceptance."""


def test_of_a_migrated_case_no_clock_ends_before_a_week_from_the_upgrade() -> None:
    accepted = Standing("accepted", decision=decided())
    now = due(accepted)
    assert now is not None
    migrated = replace(accepted.course, migrated=Migrated(date(2027, 3, 1), AT))
    assert due(replace(accepted, course=migrated)) == replace(now, on=date(2027, 3, 8))
    early = replace(accepted.course, migrated=Migrated(now.on - timedelta(days=30), AT))
    assert due(replace(accepted, course=early)) == now, "a limit that still runs is not made longer"
    assert due(replace(accepted, state="archived", course=migrated)) is None


def test_a_case_of_an_old_version_is_entered_once_and_goes_on(place: Place, tmp_path: Path) -> None:
    asyncio.run(_goes_on(place, tmp_path))


async def _goes_on(place: Place, tmp_path: Path) -> None:
    url, ledger = place("old", None), tmp_path / "ledger"
    await upgrade(url, BEFORE)
    dump = dumps.read(BEFORE)
    async with _database(url) as database, database.write() as connection:
        await dumps.load(connection, dump)
    await upgrade(url)
    ended = {row["id"] for row in dump.rows["cases"] if row["state"] in ("accepted", "refused")}
    assert ended
    assert await _marked(url) == dict.fromkeys(ended, china_day(datetime.now(UTC)))

    store = await Store.open(settings_for(url, tmp_path), MovedClock())
    try:
        made = await asyncio.gather(following.migrate(store), following.migrate(store))
        assert sum(made) == len(ended), "two nodes enter each once"
        assert await following.migrate(store) == 0
        for case_id in ended:
            async with store.read() as connection:
                found = await rows.find(connection, case_id)
                told = await acts_after(
                    connection, f"case:{case_id}", 0, ["case.migrate"], but_by="nobody"
                )
                kept = await connection.execute(
                    sa.select(cases.c.due_on, cases.c.owner_id).where(cases.c.id == case_id)
                )
            assert found is not None
            [entry] = told
            assert entry.body["step"] == "migrated"
            on = china_day(datetime.now(UTC))
            assert found.case.course.migrated is not None
            assert found.case.course.migrated.on == on
            assert tuple(kept.one()) == (on + timedelta(days=7), None), "in the pool, a week to go"
            assert found.case.due_on == on + timedelta(days=7)
    finally:
        await store.close()
    assert await _marked(url) == {}
    async with Verifier.opened(url, ledger) as verifier:
        report = await verifier.verify()
    assert report.ok, report.findings


def _database(url: str) -> Any:
    class Opened:
        async def __aenter__(self) -> Database:
            self.database = await Database.open(url)
            return self.database

        async def __aexit__(self, *_: object) -> None:
            await self.database.close()

    return Opened()


async def _marked(url: str) -> dict[str, date]:
    async with _database(url) as database, database.read() as connection:
        found = await connection.execute(
            sa.select(cases.c.id, cases.c.to_migrate).where(cases.c.to_migrate.is_not(None))
        )
        return {row.id: row.to_migrate for row in found}
