"""What nobody can ask for any more, taken away by age: answers to commands, sign-ins, jobs that have
ended, links for phones, nodes that are gone.

Nothing here is part of the record: each column of these tables is ``working``. Of each table so many rows at
once, so that nobody waits for long. No rule about how long is here. Events and marks: see ``aging``.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import commands, jobs, nodes, phones, sessions

AT_ONCE: Final = 2_000


async def acks(connection: AsyncConnection, before: datetime) -> int:
    """Answers to commands that were given before; returns how many, AT_ONCE at most."""
    old = (
        sa.select(commands.c.person_id, commands.c.id)
        .where(commands.c.at < before)
        .order_by(commands.c.at)
        .limit(AT_ONCE)
    )
    which = sa.tuple_(commands.c.person_id, commands.c.id)
    return (await connection.execute(commands.delete().where(which.in_(old)))).rowcount


async def sign_ins(connection: AsyncConnection, before: datetime) -> int:
    """Sign-ins that would have expired before, however they ended; returns how many, AT_ONCE at most."""
    old = (
        sa.select(sessions.c.id)
        .where(sessions.c.expires_at < before)
        .order_by(sessions.c.expires_at)
        .limit(AT_ONCE)
    )
    return (await connection.execute(sessions.delete().where(sessions.c.id.in_(old)))).rowcount


async def jobs_ended(connection: AsyncConnection, before: datetime) -> int:
    """Jobs that ended before, well or not; returns how many, AT_ONCE at most."""
    old = (
        sa.select(jobs.c.id)
        .where(jobs.c.ended_at.is_not(None), jobs.c.ended_at < before)
        .order_by(jobs.c.ended_at)
        .limit(AT_ONCE)
    )
    return (await connection.execute(jobs.delete().where(jobs.c.id.in_(old)))).rowcount


async def links(connection: AsyncConnection, before: datetime) -> int:
    """Links for phones that have ended and would have before; returns how many, AT_ONCE at most."""
    old = (
        sa.select(phones.c.id)
        .where(phones.c.expires_at < before, phones.c.ended_at.is_not(None))
        .order_by(phones.c.expires_at)
        .limit(AT_ONCE)
    )
    return (await connection.execute(phones.delete().where(phones.c.id.in_(old)))).rowcount


async def gone_nodes(connection: AsyncConnection, before: datetime) -> int:
    """Nodes that were last seen before; returns how many."""
    return (await connection.execute(nodes.delete().where(nodes.c.seen_at < before))).rowcount
