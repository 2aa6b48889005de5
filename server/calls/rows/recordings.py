"""The recordings of calls as they are written, sealed and lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from server.calls.rows.calls import Connection
from server.store.tables import calls, recordings
from signaling.call.parts import (
    CallId,
    LegId,
)

BEING_WRITTEN: Final = recordings.c.state == sa.literal_column("'recording'")


@dataclass(frozen=True, slots=True)
class RecordedSegment:
    """One recorded segment: one party of one leg."""

    id: str
    call_id: CallId
    leg_id: LegId
    segment: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    gaps: list[dict[str, Any]]
    tracks: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    sm3: str | None = None


async def find_recording(connection: Connection, segment: str) -> RecordedSegment | None:
    row = (
        await connection.execute(sa.select(recordings).where(recordings.c.segment == segment))
    ).one_or_none()
    return None if row is None else _recording(row)


async def unfinished_recordings(connection: Connection, worker: str) -> Sequence[RecordedSegment]:
    """The recordings of calls at this worker that were begun and not sealed, oldest first."""
    rows = await connection.execute(
        sa.select(recordings)
        .join(calls, calls.c.id == recordings.c.call_id)
        .where(
            BEING_WRITTEN,
            sa.or_(calls.c.media_worker == worker, calls.c.media_worker.is_(None)),
        )
        .order_by(recordings.c.started_at)
    )
    return [_recording(row) for row in rows]


async def being_recorded(connection: Connection, leg_id: LegId) -> bool:
    """Whether any segment of this leg is being written."""
    row = await connection.execute(
        sa.select(recordings.c.id).where(recordings.c.leg_id == leg_id, BEING_WRITTEN).limit(1)
    )
    return row.first() is not None


async def add_recording(connection: Connection, recording: RecordedSegment) -> None:
    await connection.execute(recordings.insert().values(**_recording_values(recording)))


async def save_recording(connection: Connection, recording: RecordedSegment) -> None:
    await connection.execute(
        recordings.update()
        .where(recordings.c.id == recording.id)
        .values(**_recording_values(recording))
    )


def _recording(row: sa.Row[Any]) -> RecordedSegment:
    return RecordedSegment(
        id=row.id,
        call_id=CallId(row.call_id),
        leg_id=LegId(row.leg_id),
        segment=row.segment,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        gaps=list(row.gaps),
        tracks=list(row.tracks),
        cut=row.cut,
        sm3=row.sm3,
    )


def _recording_values(recording: RecordedSegment) -> dict[str, Any]:
    return {
        "id": recording.id,
        "call_id": recording.call_id,
        "leg_id": recording.leg_id,
        "segment": recording.segment,
        "state": recording.state,
        "started_at": recording.started_at,
        "ended_at": recording.ended_at,
        "size_bytes": recording.size_bytes,
        "sha256": recording.sha256,
        "gaps": recording.gaps,
        "tracks": recording.tracks,
        "cut": recording.cut,
        "sm3": recording.sm3,
    }
