"""The store that most tests of the server begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store import Store
from tests.kit.stores import MovedClock, opened


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(database: str, tmp_path: Path, clock: MovedClock) -> AsyncIterator[Store]:
    """An open and empty store, once on SQLite and once on PostgreSQL."""
    async with opened(database, tmp_path, clock) as store:
        yield store
