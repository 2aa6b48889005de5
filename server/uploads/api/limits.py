"""/api/v1/limits: what a file may be, and how many may come."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from server.edge.route import Ask, Nothing, Routes
from server.rights.person import Actor
from server.uploads.acts.quotas import QuotaLeft
from server.uploads.wire import Limits

routes: Final = Routes("machine")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may be: bytes, types by content, and seconds it is kept without a byte."""

    max_bytes: int
    media_types: tuple[str, ...]
    lives_s: int
    reads_cards: bool = False


UPLOAD_LIMITS: Final = web.AppKey("upload_limits", UploadLimits)
ROOM: Final[web.AppKey[Callable[[Actor], Awaitable[QuotaLeft]]]] = web.AppKey("room")
"""What is left of a person's quota."""


@routes.route("GET", "/api/v1/limits")
async def read_limits(ask: Ask[Nothing, Nothing]) -> Limits:
    """What a file may be, and how many may come; asked before one is chosen."""
    limits = ask.request.app[UPLOAD_LIMITS]
    room = await ask.request.app[ROOM](ask.actor)
    return Limits(
        max_bytes=limits.max_bytes,
        media_types=list(limits.media_types),
        upload_lives_s=limits.lives_s,
        files_left=room.files,
        bytes_left=room.bytes,
        reads_cards=limits.reads_cards,
        quota_scarce=room.scarce,
    )
