"""Heavy jobs as rows: waiting, claimed under a lease by one node, done or failed.

A claim is a conditional update, on PostgreSQL past rows that others hold (SKIP LOCKED), so that
any number of nodes may claim at once. What a kind of job does is not known here.

    waiting -> running -> done | failed;  running -> waiting (tried again, or its lease ran out)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import jobs

FAULT_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it was claimed; ``tries`` counts this claim."""

    id: str
    kind: str
    subject: str
    body: dict[str, Any]
    tries: int


async def add(
    connection: AsyncConnection,
    job_id: str,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    at: datetime,
) -> None:
    """Keep a new job, to be claimed from now on."""
    await connection.execute(
        jobs.insert().values(
            id=job_id, kind=kind, subject=subject, body=dict(body), state="waiting", tries=0, at=at
        )
    )


async def claim(
    connection: AsyncConnection,
    node: str,
    kinds: Collection[str],
    at: datetime,
    until: datetime,
) -> Job | None:
    """Take the oldest job of these kinds that waits, or whose lease ran out; None when there is none."""
    due = sa.or_(
        sa.and_(
            jobs.c.state == "waiting",
            sa.or_(jobs.c.not_before.is_(None), jobs.c.not_before <= at),
        ),
        sa.and_(jobs.c.state == "running", jobs.c.claimed_until <= at),
    )
    oldest = (
        sa.select(jobs.c.id)
        .where(jobs.c.state.in_(["waiting", "running"]), jobs.c.kind.in_(list(kinds)), due)
        .order_by(jobs.c.at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (
        await connection.execute(
            jobs.update()
            .where(jobs.c.id == oldest.scalar_subquery())
            .values(state="running", claimed_by=node, claimed_until=until, tries=jobs.c.tries + 1)
            .returning(jobs.c.id, jobs.c.kind, jobs.c.subject, jobs.c.body, jobs.c.tries)
        )
    ).one_or_none()
    return None if row is None else Job(row.id, row.kind, row.subject, dict(row.body), row.tries)


async def renew(connection: AsyncConnection, job: Job, node: str, until: datetime) -> bool:
    """Lengthen the lease; False when the job is no longer this node's."""
    return await _mine(connection, job, node, claimed_until=until)


async def done(connection: AsyncConnection, job: Job, node: str, at: datetime) -> bool:
    """End the job well and forget its body; False when it is no longer this node's."""
    return await _mine(
        connection, job, node, state="done", ended_at=at, claimed_until=None, body={}, fault=""
    )


async def again(
    connection: AsyncConnection,
    job: Job,
    node: str,
    not_before: datetime,
    fault: str,
    *,
    counts: bool = True,
) -> bool:
    """Put the job back to be claimed from then on; False when it is no longer this node's.

    Without ``counts`` this try is not counted.
    """
    return await _mine(
        connection,
        job,
        node,
        state="waiting",
        claimed_by=None,
        claimed_until=None,
        not_before=not_before,
        fault=fault[:FAULT_MAX],
        tries=job.tries if counts else job.tries - 1,
    )


async def fail(connection: AsyncConnection, job: Job, node: str, at: datetime, fault: str) -> bool:
    """End the job for good, its body kept; False when it is no longer this node's."""
    return await _mine(
        connection,
        job,
        node,
        state="failed",
        ended_at=at,
        claimed_until=None,
        fault=fault[:FAULT_MAX],
    )


async def _mine(connection: AsyncConnection, job: Job, node: str, **values: Any) -> bool:
    changed = await connection.execute(
        jobs.update()
        .where(
            jobs.c.id == job.id,
            jobs.c.state == "running",
            jobs.c.claimed_by == node,
            jobs.c.tries == job.tries,
        )
        .values(**values)
    )
    return bool(changed.rowcount)
