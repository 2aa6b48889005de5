"""Rooms of media workers that belong to no call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog

from media.client import MediaClient
from media.rejected import Rejected
from server.calls.acts.engine.parties import refusal, refusing
from server.calls.acts.engine.pool import Pool
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

_NAMED: Final = "rehearsal-"
"""How the names of such rooms begin; behind it stands when they end (Unix seconds)."""


class Rehearsed:
    """A room for a rehearsal; refuses as a call's room does. Nothing of it is recorded."""

    def __init__(self, client: MediaClient, room: str) -> None:
        self._client = client
        self._room = room

    async def party(self, name: str) -> str:
        with refusing():
            return await self._client.add_party(self._room, name, record=False)

    async def describe(self, name: str, sdp: str) -> None:
        with refusing():
            await self._client.answer(self._room, name, sdp)

    async def restart(self, name: str) -> str:
        with refusing():
            return await self._client.restart_ice(self._room, name)

    async def packets(self, name: str) -> Mapping[str, int]:
        with refusing():
            rooms = (await self._client.figures())["rooms"]
        tracks = rooms.get(self._room, {}).get(name, {}).get("tracks", {})
        return {mid: int(track["packets"]) for mid, track in tracks.items()}

    async def close(self) -> None:
        try:
            await self._client.close_room(self._room)
        except Rejected as rejected:
            log.info("rehearsal.not_closed", code=rejected.code)


async def stage(pool: Pool, name: str, ends_at: datetime) -> Rehearsed:
    """A new room for a rehearsal, at the worker here that holds the fewest; whatever happens to
    this node it is closed soon after ``ends_at``. Refused: media_unavailable."""
    await pool.any_up()
    up = list(pool.here().values())
    if not up:
        raise Refusal(Code.MEDIA_UNAVAILABLE)
    client = up[0]
    room = f"{_NAMED}{ends_at.timestamp():.0f}-{name}"
    try:
        await client.open_room(room)
    except Rejected as rejected:
        raise refusal(rejected) from None
    return Rehearsed(client, room)


def rehearsed(room: str) -> bool:
    """Whether a room of this name belongs to no call."""
    return room.startswith(_NAMED)


def ends_at(room: str) -> float:
    """When such a room is to end (Unix seconds)."""
    return float(room.removeprefix(_NAMED).partition("-")[0])
