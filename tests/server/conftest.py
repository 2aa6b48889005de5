"""The store that most tests of the server begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store import Store
from tests.kit import templates
from tests.kit.casework import Office, office_of
from tests.kit.exchange import Site
from tests.kit.exchange import site as site_of
from tests.kit.stores import MovedClock, opened, settings_for


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(database: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Store]:
    """An open and empty store, once on SQLite and once on PostgreSQL."""
    async with opened(database, tmp_path, clock) as store:
        yield store


@pytest.fixture
async def office(demo_database: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Office]:
    """The people of the demo data over a store that holds nothing else."""
    settings = settings_for(demo_database, tmp_path)
    await templates.fill(settings)
    store = await Store.open(settings, clock)
    try:
        office = await office_of(store, clock)
        yield office
        # what a call leaves to be done on the side reads the store
        await office.switchboard.close()
    finally:
        await store.close()


@pytest.fixture
async def site(demo_database: str, clock: MovedClock) -> AsyncIterator[Site]:
    """Where nodes may stand, with the demo's data; once on SQLite and once on PostgreSQL."""
    async with site_of(demo_database, clock) as found:
        yield found


@pytest.fixture
async def sqlite_site(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Site]:
    """The same on SQLite alone, for what does not depend on the kind of database."""
    copy = tmp_path / "yunjian.sqlite"
    templates.copied(copy)
    async with site_of(f"sqlite+aiosqlite:///{copy}", clock) as found:
        yield found
