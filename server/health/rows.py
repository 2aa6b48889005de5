"""How things stand in the database at this moment, in numbers: for health, metrics and alarms.

Counts and ages only, never an id of a person or a word of a case. Reads, one snapshot each;
everything that is asked once a second or by a scrape runs over an index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import calls, jobs, ledger_entries, rings, uploads


@dataclass(frozen=True, slots=True)
class Queue:
    """The heavy jobs: how many stand in each state, and since when the oldest is due."""

    waiting: int
    running: int
    failed: int
    oldest_due_at: datetime | None


async def running_calls(connection: AsyncConnection) -> dict[str, int]:
    """Calls that have not ended, by state (open, live), and rings that ring."""
    found = await connection.execute(
        sa.select(calls.c.state, sa.func.count())
        .where(calls.c.state.in_(("open", "live")))
        .group_by(calls.c.state)
    )
    counted: dict[str, int] = {"open": 0, "live": 0} | {row[0]: row[1] for row in found}
    ringing = (
        sa.select(sa.func.count())
        .select_from(rings.join(calls, calls.c.id == rings.c.call_id))
        .where(calls.c.state.in_(("open", "live")), rings.c.state == "ringing")
    )
    counted["ringing"] = await connection.scalar(ringing) or 0
    return counted


async def unfinished_uploads(connection: AsyncConnection) -> Mapping[str, int]:
    """Uploads that still take bytes: how many, and how many bytes were announced for them."""
    row = (
        await connection.execute(
            sa.select(
                sa.func.count(), sa.func.coalesce(sa.func.sum(uploads.c.length_bytes), 0)
            ).where(uploads.c.finished_at.is_(None))
        )
    ).one()
    return {"unfinished": row[0], "announced_bytes": int(row[1])}


async def queue(connection: AsyncConnection, at: datetime, failed_since: datetime) -> Queue:
    """The jobs as they stand at ``at``; failed ones count when they ended after ``failed_since``."""
    due = sa.func.coalesce(jobs.c.not_before, jobs.c.at)
    counted = {
        row.state: row
        for row in await connection.execute(
            sa.select(jobs.c.state, sa.func.count().label("count"), sa.func.min(due).label("due"))
            .where(jobs.c.state.in_(("waiting", "running")))
            .group_by(jobs.c.state)
        )
    }
    failed = await connection.scalar(
        sa.select(sa.func.count())
        .select_from(jobs)
        .where(jobs.c.state == "failed", jobs.c.ended_at >= failed_since)
    )
    waiting: Any = counted.get("waiting")
    running: Any = counted.get("running")
    oldest: datetime | None = waiting.due if waiting else None
    return Queue(
        waiting=waiting.count if waiting else 0,
        running=running.count if running else 0,
        failed=failed or 0,
        oldest_due_at=oldest if oldest is not None and oldest <= at else None,
    )


async def database_now(connection: AsyncConnection) -> datetime | None:
    """The database server's own clock; None where it has none of its own (SQLite)."""
    if connection.dialect.name == "sqlite":
        return None
    now: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return now


async def newest_sealed_at(connection: AsyncConnection) -> datetime | None:
    """The moment in the ledger entry that was numbered last; None while none is."""
    last = sa.select(sa.func.max(ledger_entries.c.leaf)).scalar_subquery()
    at = await connection.scalar(
        sa.select(ledger_entries.c.at).where(ledger_entries.c.leaf == last)
    )
    return None if at is None else datetime.fromisoformat(at)
