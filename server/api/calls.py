"""/api/v1/calls, recordings and contents of materials: what is read afterwards, and sealed bytes."""

from datetime import date
from typing import Annotated, Final
from urllib.parse import quote

from aiohttp import hdrs, web
from pydantic import Field, StringConstraints

from server.actions import materials, supervision
from server.api.cases import Cursor, Text
from server.api.route import STORE, Ask, Nothing, Routes, read_cursor, write_cursor
from server.store import Store
from server.wire.http import CallDetail, CallLog
from signaling.protocol import Message
from signaling.refusals import Code

routes: Final = Routes("calls")
ARCHIVE: Final = web.AppKey("archive", supervision.Archive)
PAGE: Final = 50
PLAYED: Final = "video/webm"
"""VP8 and Opus in Matroska, as WebM says; what browsers play from a page."""
KEPT: Final = "video/x-matroska"


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class CallQuery(Message):
    number: Text = ""
    """Part of the 办件编号."""
    person: Text = ""
    """Part of the name, or the login or staff number, of anybody who had a seat."""
    from_: Annotated[Day | None, Field(alias="from")] = None
    """First day, in China."""
    to: Day | None = None
    """Last day, in China."""
    cursor: Cursor | None = None


class ContentQuery(Message):
    download: Annotated[str, StringConstraints(pattern="^[01]$")] = "0"
    """1: as a file to keep."""


@routes.route("GET", "/api/v1/calls", problems=(Code.FORBIDDEN,))
async def list_calls(ask: Ask[CallQuery, Nothing]) -> CallLog:
    """The log of calls from and to my unit, newest first; for supervisors."""
    rows = await supervision.call_log(
        ask.request.app[STORE],
        ask.actor,
        number=ask.query.number,
        person=ask.query.person,
        first=ask.query.from_,
        last=ask.query.to,
        before=read_cursor(ask.query.cursor),
        limit=PAGE + 1,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return CallLog(
        calls=rows[:PAGE],
        next_cursor=write_cursor(last.opened_at, last.call_id) if last else None,
    )


@routes.route("GET", "/api/v1/calls/{call_id}", problems=(Code.NOT_FOUND,))
async def read_call(ask: Ask[Nothing, Nothing]) -> CallDetail:
    """A call with its recordings (those for supervisors only), each checked against its hash."""
    return await ask.request.app[ARCHIVE].call(ask.actor, ask.path("call_id"))


@routes.route(
    "GET",
    "/api/v1/recordings/{recording_id}/content",
    produces=PLAYED,
    problems=(Code.NOT_FOUND, Code.MATERIAL_NOT_STORED, Code.CONTENT_ALTERED),
)
async def read_recording(ask: Ask[ContentQuery, Nothing]) -> web.StreamResponse:
    """One party's file, whole or by ``Range``; for supervisors. That it was watched is kept."""
    download = ask.query.download == "1"
    one = await ask.request.app[ARCHIVE].recording(
        ask.actor, ask.path("recording_id"), download=download
    )
    assert one.sha256 is not None
    assert one.size_bytes is not None
    name = f"{one.started_at:%Y%m%d-%H%M%S}-{one.seat}.mkv"
    return await _stream(
        ask.request,
        ask.request.app[STORE],
        one.sha256,
        one.size_bytes,
        {
            hdrs.CONTENT_TYPE: KEPT if download else PLAYED,
            hdrs.CONTENT_DISPOSITION: _disposition("attachment" if download else "inline", name),
        },
    )


@routes.route(
    "GET",
    "/api/v1/materials/{material_id}/content",
    problems=(Code.NOT_FOUND, Code.MATERIAL_NOT_STORED),
)
async def read_material(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """A stored material as a file. Nothing in it can run: attachment, nosniff, sandbox."""
    store = ask.request.app[STORE]
    content = await materials.find_content(store, ask.actor, ask.path("material_id"))
    return await _stream(
        ask.request,
        store,
        content.sha256,
        content.material.size_bytes,
        {
            hdrs.CONTENT_TYPE: content.media_type,
            hdrs.CONTENT_DISPOSITION: _disposition("attachment", content.material.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _disposition(kind: str, name: str) -> str:
    """RFC 6266, with the name in UTF-8 (RFC 8187)."""
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"


async def _stream(
    request: web.Request, store: Store, sha256: str, size: int, headers: dict[str, str]
) -> web.StreamResponse:
    """The bytes of a blob, or the one range that was asked for (RFC 9110, 14)."""
    asked = _range(request, size)
    start, end = asked or (0, size)
    response = web.StreamResponse(status=206 if asked else 200, headers=headers)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    response.content_length = end - start
    if asked:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    async with store.blobs.open(sha256, start, end) as chunks:
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk)
    await response.write_eof()
    return response


def _range(request: web.Request, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last. A unit or form that is not known counts as not asked."""
    try:
        asked = request.http_range
    except ValueError:
        return None
    start, end = asked.start, asked.stop
    if start is None:
        return None
    if start < 0:
        return max(0, size + start), size
    if start >= size:
        raise web.HTTPRequestRangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    return start, size if end is None else min(end, size)
