"""Playbacks as rows: one a party of a call, and one of all parties composed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import playbacks

PlaybackSeat = Literal["window", "approver", "third", "composed"]


@dataclass(frozen=True, slots=True)
class Playback:
    """A file that is made, or to be made, of the files whose SHA-256 stand in ``sources``.

    ``gaps`` are ``{from_s, to_s, reason}``; second 0 is ``started_at``.
    """

    id: str
    call_id: str
    seat: PlaybackSeat
    person_id: str | None
    state: Literal["waiting", "ready", "failed"]
    sources: list[str]
    started_at: datetime | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    gaps: tuple[dict[str, Any], ...] = ()


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
    """Those of a call: window, approver, third by when they begin, then the composed one."""
    found = await connection.execute(
        sa.select(playbacks).where(playbacks.c.call_id == call_id).order_by(playbacks.c.id)
    )
    rows = [_playback(row) for row in found.mappings()]
    return sorted(rows, key=lambda one: (_ORDER.index(one.seat), str(one.started_at), one.id))


_ORDER = ("window", "approver", "third", "composed")


def _playback(row: sa.RowMapping) -> Playback:
    values = {name: row[name] for name in Playback.__dataclass_fields__}
    return Playback(**{**values, "gaps": tuple(row["gaps"])})


def _values(playback: Playback) -> dict[str, Any]:
    values = {name: getattr(playback, name) for name in Playback.__dataclass_fields__}
    return {**values, "gaps": list(playback.gaps)}
