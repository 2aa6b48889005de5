"""The early view: the bytes of a file while they still arrive, followed by somebody who looks at them."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import ClientError, hdrs, web

from server.edge.edge import AUTHENTICATE, DOWNLOADED, attachment, token_of
from server.edge.route import Ask, Nothing, Routes
from server.edge.ways import TcpWay
from server.uploads.acts.early import Arriving, Early, UploadCut
from server.uploads.api.elsewhere import here_or_there
from server.work.probe import MEDIA_TYPES
from signaling.refusals import Code

routes: Final = Routes("uploads")
EARLY: Final = web.AppKey("early", Early)
ASKED_AGAIN_EVERY_S: Final = 1.0
"""How often it is asked during an early view whether its reader is there and may still see it."""
STALLED_S: Final = 60.0
"""How long a reader may take no bytes."""
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
_EARLY_HEADERS: Final = {
    **DOWNLOADED,
    # Or nginx would gather what should be seen at once.
    "X-Accel-Buffering": "no",
}


@routes.route(
    "GET",
    "/api/v1/materials/{material_id}/early",
    produces=MEDIA_TYPES,
    ranges=True,
    problems=(Code.NOT_FOUND, Code.NO_EARLY_VIEW, Code.THROTTLED, Code.BUSY),
)
async def read_early(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """The bytes of a file while they still arrive, unchecked, to be looked at only.

    ``Yunjian-Size`` tells how many were announced (absent: not told yet); ``Range: bytes=N-`` goes
    on at N, ``bytes=N-M`` ends with M. The answer ends with the last byte, and is cut off when the
    upload is given up or rejected, or the right to see it ends. A stored file answers too. How an
    upload ended is told by ``material.changed``.
    """
    material_id = ask.path("material_id")
    return await here_or_there(ask.request, lambda: _follow(ask, material_id))


async def _follow(ask: Ask[Nothing, Nothing], material_id: str) -> web.StreamResponse:
    request = ask.request
    early = request.app[EARLY]
    async with early.open(ask.actor, material_id, TcpWay(request.transport)) as arriving:
        response, start, end = _beginning(request, arriving)
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        sending = asyncio.create_task(_send(response, arriving.pieces(start, end)))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=ASKED_AGAIN_EVERY_S)
                if not sending.done() and not await _still(request, early, arriving):
                    break
        finally:
            sending.cancel()
            [ended] = await asyncio.gather(sending, return_exceptions=True)
            if ended is not True and request.transport is not None:
                # Less came than was announced: a clean end would say that this was all.
                request.transport.abort()
        if isinstance(ended, Exception):
            raise ended
    return response


def _beginning(
    request: web.Request, arriving: Arriving
) -> tuple[web.StreamResponse, int, int | None]:
    """The answer before its first byte, and from where up to where it goes (None: to the last)."""
    length = arriving.length
    start, end = _range(request, length)
    partial = start > 0 or end is not None
    response = web.StreamResponse(status=206 if partial else 200, headers=_EARLY_HEADERS)
    response.content_type = arriving.media_type
    response.headers[hdrs.CONTENT_DISPOSITION] = attachment(arriving.name)
    if length is not None:
        upto = length if end is None else end
        response.headers["Yunjian-Size"] = str(length)
        response.content_length = upto - start
        if partial:
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{upto - 1}/{length}"
    return response, start, end


async def _send(response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> bool:
    """Write the pieces; False when they or their reader broke off."""
    try:
        async for piece in pieces:
            async with asyncio.timeout(STALLED_S):
                await response.write(piece)
        await response.write_eof()
    except (UploadCut, TimeoutError, OSError, ClientError):
        return False
    return True


async def _still(request: web.Request, early: Early, arriving: Arriving) -> bool:
    """Whether somebody is there and may still see the file."""
    if request.transport is None or request.transport.is_closing():
        return False
    token = token_of(request)
    actor = await request.app[AUTHENTICATE](token) if token else None
    return actor is not None and await early.may(actor, arriving)


def _range(request: web.Request, length: int | None) -> tuple[int, int | None]:
    """What ``Range: bytes=N-`` or ``bytes=N-M`` asks for (RFC 9110, 14.2): from N up to, not
    including, M + 1. Another form counts as not asked, and so does any while the length is not
    told: the answer to a range names its last byte."""
    found = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, ""))
    if found is None or length is None:
        return 0, None
    start = int(found[1])
    end = int(found[2]) + 1 if found[2] else length
    if start >= length or end <= start:
        raise web.HTTPRequestRangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{length}"})
    return start, None if end >= length else end
