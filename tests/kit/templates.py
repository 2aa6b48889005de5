"""Databases with the demo's data: copies of one that is made once in each process.

To migrate and to load takes more than a second, a copy some milliseconds. Whoever needs the demo's
data asks for the fixture `demo_database`, or says `fill` of an address at which nothing is yet. With
the database goes the ledger folder that has its key: of the first node on it, which so need not join.
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from server.demo import data as demo
from server.store import Store, StoreSettings, upgrade
from tests.kit.casework import hashed
from tests.kit.stores import MovedClock, settings_for


@dataclass(frozen=True)
class Template:
    """A database with the demo's data, and the ledger folder that has its key; to be copied."""

    database: str
    ledger: Path


async def fill(settings: StoreSettings) -> None:
    """Bring this database to the newest schema and put the demo's data in, where they are not yet."""
    await asyncio.to_thread(settings.ledger_dir.parent.mkdir, parents=True, exist_ok=True)
    address = sa.make_url(settings.database_url)
    template = _copies.pop(settings.database_url, None)
    if template is None and address.drivername.startswith("sqlite"):
        file = Path(str(address.database))
        if not await asyncio.to_thread(file.exists):
            template = await asyncio.to_thread(copied, file)
    if template is None:
        await _load(settings)
    elif not await asyncio.to_thread(settings.ledger_dir.exists):
        await asyncio.to_thread(shutil.copytree, template.ledger, settings.ledger_dir)


def copied(file: Path) -> Template:
    """Make this file a database with the demo's data, and tell of what."""
    template = sqlite()
    shutil.copyfile(str(sa.make_url(template.database).database), file)
    return template


def handed_out(database: str, template: Template) -> None:
    """Remember that nobody has used this copy of a template yet."""
    _copies[database] = template


def made(database: str, folder: Path) -> Template:
    """Fill this database, to which nobody connects afterwards, with its ledger in ``folder``."""
    settings = settings_for(database, folder)
    with ThreadPoolExecutor(1) as thread:  # which has no loop of its own yet
        thread.submit(asyncio.run, _load(settings)).result()
    return Template(database, settings.ledger_dir)


@cache
def sqlite() -> Template:
    """The one of this process."""
    folder = Path(tempfile.mkdtemp(prefix="yj-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    template = made(f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}", folder)
    assert not (folder / "yunjian.sqlite-wal").exists(), "a copy would lack a part"
    return template


async def _load(settings: StoreSettings) -> None:
    await upgrade(settings.database_url)
    store = await Store.open(settings, MovedClock())
    try:
        await demo.load(store, hashed())
    finally:
        await store.close()


_copies: Final[dict[str, Template]] = {}
