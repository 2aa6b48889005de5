"""What a new revision must change in the record: acts of the system, each with its entry and event.

A migration changes the shape of tables and never a value that the ledger tells, or a check would find
it altered. Where one must change, the change is an amendment here, beside the number of its migration:
`db upgrade` runs those that the ledger does not name yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from server.rights.person import SYSTEM
from server.store import facts
from server.store.database import Database, SchemaState
from server.store.tables import ledger_entries
from server.store.unit_of_work import Change

SUBJECT: Final = "db:upgrade"
ACT: Final = "db.amend"
Amendment = Callable[[Change], Awaitable[None]]
"""Changes rows and records each change under its own subject, in one transaction."""
AMENDMENTS: Final[Mapping[str, Amendment]] = {}
"""By the revision whose migration they follow."""


async def _amend(database: Database, now: Callable[[], datetime]) -> None:
    """Run those that were not run yet, in order. A database without any entry has nothing to amend, and
    what came after it needs none."""
    if not AMENDMENTS:
        return
    database.watch(facts.ran, facts.done)
    for revision in sorted(AMENDMENTS):
        async with database.write() as connection:
            change = Change(connection, SYSTEM, None, now())
            try:
                await change.lock(SUBJECT)
                run = sa.exists().where(
                    ledger_entries.c.subject == SUBJECT,
                    ledger_entries.c.object == f"revision:{revision}",
                )
                if await connection.scalar(sa.select(run)):
                    continue
                amended = await connection.scalar(sa.select(sa.exists(ledger_entries.select())))
                if amended:
                    await AMENDMENTS[revision](change)
                payload = {"revision": revision, "amended": bool(amended)}
                await change.record(SUBJECT, ACT, f"revision:{revision}", None, payload=payload)
                await change.finish()
            finally:
                change.end()


async def upgrade(url: str) -> SchemaState:
    """Bring the database at `url` to the newest migration, and the record with it; returns where it
    stood before."""
    database = await Database.open(url)
    try:
        before = await database.upgrade()
        await _amend(database, lambda: datetime.now(UTC))
        return before
    finally:
        await database.close()
