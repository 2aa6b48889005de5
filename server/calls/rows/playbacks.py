"""Playbacks as rows: one a party of a call, and one of all parties composed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.calls.rules import PlaybackSource, PlaybackState
from server.store.tables import playbacks
from signaling.wire.call import Seat

PlaybackSeat = Seat | Literal["composed"]


@dataclass(frozen=True, slots=True)
class Playback:
    """A file that is made, or to be made, of the files whose SHA-256 stand in ``sources``.

    ``gaps`` are ``{from_s, to_s, reason, mid}``, ``chapters`` ``{at_s, title}``; second 0 is
    ``started_at``. ``progress`` is the share that is done of one that waits; ``fault`` says why
    one failed, when that is known. ``loudness`` of a composed one is ``{step_s, parties: [{label,
    peaks}]}``, with peaks from 0 to 100.
    """

    id: str
    call_id: str
    seat: PlaybackSeat
    person_id: str | None
    state: PlaybackState
    sources: list[str]
    started_at: datetime | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    gaps: tuple[dict[str, Any], ...] = ()
    source: PlaybackSource = "face"
    media_type: str = "video/webm"
    progress: float = 0.0
    fault: str = ""
    loudness: dict[str, Any] | None = None
    chapters: tuple[dict[str, Any], ...] = ()


async def add(connection: AsyncConnection, playback: Playback) -> None:
    await connection.execute(playbacks.insert().values(**_values(playback)))


async def save(connection: AsyncConnection, playback: Playback) -> None:
    """Write a playback over its own row."""
    await connection.execute(
        playbacks.update().where(playbacks.c.id == playback.id).values(**_values(playback))
    )


async def find(connection: AsyncConnection, playback_id: str) -> Playback | None:
    found = await connection.execute(sa.select(playbacks).where(playbacks.c.id == playback_id))
    row = found.mappings().first()
    return None if row is None else _playback(row)


async def list_playbacks(connection: AsyncConnection, call_id: str) -> list[Playback]:
    """Those of a call: window, approver, third by when they begin, their documents, then the composed."""
    found = await connection.execute(
        sa.select(playbacks).where(playbacks.c.call_id == call_id).order_by(playbacks.c.id)
    )
    rows = [_playback(row) for row in found.mappings()]
    return sorted(
        rows,
        key=lambda one: (
            one.seat == "composed",
            one.source != "face",
            _ORDER.index(one.seat),
            str(one.started_at),
            one.id,
        ),
    )


async def tell_progress(connection: AsyncConnection, playback_id: str, share: float) -> None:
    """Keep how far a playback is that is being made; no event and no ledger tell of it."""
    await connection.execute(
        playbacks.update()
        .where(playbacks.c.id == playback_id, playbacks.c.state == "waiting")
        .values(progress=share)
    )


_ORDER = ("window", "approver", "third", "fourth", "fifth", "sixth", "composed")


def _playback(row: sa.RowMapping) -> Playback:
    values = {name: row[name] for name in Playback.__dataclass_fields__}
    return Playback(**{**values, "gaps": tuple(row["gaps"]), "chapters": tuple(row["chapters"])})


def _values(playback: Playback) -> dict[str, Any]:
    values = {name: getattr(playback, name) for name in Playback.__dataclass_fields__}
    return {**values, "gaps": list(playback.gaps), "chapters": list(playback.chapters)}
