"""Which media worker holds the room of a call."""

import sqlalchemy as sa

from server.calls.rows.calls import RUNNING, Connection, find_all
from server.store.tables import calls
from signaling.call.parts import (
    Call,
)


async def worker_of(connection: Connection, call_id: str) -> str | None:
    """The name of the media worker that holds the room of this call."""
    name: str | None = await connection.scalar(
        sa.select(calls.c.media_worker).where(calls.c.id == call_id)
    )
    return name


async def place(connection: Connection, call_id: str, worker: str, before: str | None) -> bool:
    """Let this worker hold the room; False when it is no longer at ``before``, or the call is over."""
    held = calls.c.media_worker.is_(None) if before is None else calls.c.media_worker == before
    done = await connection.execute(
        calls.update().where(calls.c.id == call_id, RUNNING, held).values(media_worker=worker)
    )
    return done.rowcount == 1


async def placed_at(connection: Connection, worker: str) -> list[Call]:
    """The running calls whose rooms this worker holds."""
    return await find_all(
        connection,
        sa.select(calls).where(RUNNING, calls.c.media_worker == worker),
    )


async def withdrawn_at(connection: Connection, worker: str) -> list[Call]:
    """Those of them in which a consent to the recording was taken back."""
    taken_back = calls.c.consent_withdrawn_at.is_not(None)
    return await find_all(
        connection, sa.select(calls).where(RUNNING, calls.c.media_worker == worker, taken_back)
    )


async def rooms_by_worker(connection: Connection) -> dict[str, int]:
    """How many running calls each worker holds."""
    rows = await connection.execute(
        sa.select(calls.c.media_worker, sa.func.count())
        .where(RUNNING, calls.c.media_worker.is_not(None))
        .group_by(calls.c.media_worker)
    )
    return {row[0]: row[1] for row in rows}
