"""The store that most tests of the server begin with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.store import Store
from tests.kit import services
from tests.kit.casework import Office, open_office
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


@pytest.fixture(scope="session")
def demo_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo data, to copy."""
    folder = tmp_path_factory.mktemp("demo")
    asyncio.run(_load_demo(f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}", folder))
    return folder / "yunjian.sqlite"


@pytest.fixture(scope="session")
def demo_postgres(
    postgres_server: services.Postgres, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The name of a PostgreSQL database with the demo data, to be used as a template."""
    name = postgres_server.create()
    asyncio.run(_load_demo(postgres_server.url(name), tmp_path_factory.mktemp("demo")))
    return name


async def _load_demo(database: str, folder: Path) -> None:
    async with opened(database, folder) as store:
        await open_office(store, MovedClock())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def demo_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database with the demo data; the test runs once on each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "yunjian.sqlite"
        shutil.copyfile(request.getfixturevalue("demo_sqlite"), copy)
        yield f"sqlite+aiosqlite:///{copy}"
        return
    server: services.Postgres = request.getfixturevalue("postgres_server")
    name = server.create(template=request.getfixturevalue("demo_postgres"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def office(demo_database: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Office]:
    """The people of the demo data over a store that holds nothing else."""
    store = await Store.open(settings_for(demo_database, tmp_path), clock)
    try:
        office = await open_office(store, clock)
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
async def sqlite_site(demo_sqlite: Path, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Site]:
    """The same on SQLite alone, for what does not depend on the kind of database."""
    copy = tmp_path / "yunjian.sqlite"
    shutil.copyfile(demo_sqlite, copy)
    async with site_of(f"sqlite+aiosqlite:///{copy}", clock) as found:
        yield found
