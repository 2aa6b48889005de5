"""An open store on a new database, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from server.store import SchemaOutdated, Store, StoreSettings, upgrade

SQLITE_ALONE: Final = pytest.mark.sqlite_alone
"""For what does not depend on the kind of database: which acts write what is shown on both elsewhere. On a test,
or as ``pytestmark`` of a file."""


class MovedClock:
    """Stands at a moment until it is moved; only forward."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move(self, seconds: float) -> datetime:
        """Go forward by `seconds`; returns the new moment. ValueError for going back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._at += timedelta(seconds=seconds)
        return self._at


def settings_for(database: str, folder: Path) -> StoreSettings:
    """Settings of a store on `database` (the fixture's address) with its files in `folder`."""
    return StoreSettings(
        database_url=database,
        blob_root=folder / "blobs",
        ledger_dir=folder / "ledger",
        ledger_join=True,
    )


@asynccontextmanager
async def opened(
    database: str, folder: Path, clock: MovedClock | None = None
) -> AsyncIterator[Store]:
    """Open a store on `database` for the time of the block; what is not at the newest is migrated first."""
    settings, clock = settings_for(database, folder), clock or MovedClock()
    try:
        store = await Store.open(settings, clock)
    except SchemaOutdated:
        await upgrade(database)
        store = await Store.open(settings, clock)
    try:
        yield store
    finally:
        await store.close()
