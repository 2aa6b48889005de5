"""/api/v1/cases/{case_id}/package: the archive package of a case, to keep and check without this program."""

import asyncio
from typing import Annotated, Final

from aiohttp import hdrs, web
from pydantic import StringConstraints

from server.audit.acts.packages import TAKEN_AT_LEAST, Packing
from server.edge.edge import DOWNLOADED, attachment
from server.edge.route import Ask, Nothing, Routes
from server.store.blobs import CHUNK_BYTES
from signaling.refusals import Code
from signaling.wire.envelope import Message

routes: Final = Routes("packages")
PACKING: Final = web.AppKey("packing", Packing)
ZIP: Final = "application/zip"


class PackageAsked(Message):
    reason: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
    """What the package is needed for; kept in the ledger."""


@routes.route(
    "POST",
    "/api/v1/cases/{case_id}/package",
    produces=ZIP,
    problems=(
        Code.NOT_FOUND,
        Code.FORBIDDEN,
        Code.REASON_MISSING,
        Code.NOT_ARCHIVED,
        Code.CONTENT_ALTERED,
        Code.THROTTLED,
        Code.BUSY,
        Code.DISK_FULL,
        Code.DISK_READ_ONLY,
    ),
    act="case.package",
)
async def take_package(ask: Ask[Nothing, PackageAsked]) -> web.StreamResponse:
    """The archive package (归档包) of a case as one ZIP, for the unit that decided it; who took it and why
    is kept in the ledger of the case. It holds the case whole, with personal data. Whoever takes it too slowly is
    cut off."""
    packing = ask.request.app[PACKING]
    with await packing.take(ask.actor, ask.path("case_id"), ask.body.reason) as packed:
        response = web.StreamResponse(
            headers={
                **DOWNLOADED,
                hdrs.CONTENT_TYPE: ZIP,
                hdrs.CONTENT_DISPOSITION: attachment(packed.name),
            }
        )
        response.content_length = packed.size_bytes
        at_most_s = packing.silence_s + packed.size_bytes / TAKEN_AT_LEAST
        try:
            async with asyncio.timeout(at_most_s):
                await response.prepare(ask.request)
                while chunk := await asyncio.to_thread(packed.file.read, CHUNK_BYTES):
                    async with asyncio.timeout(packing.silence_s):
                        await response.write(chunk)
                await response.write_eof()
        except ConnectionResetError:
            raise
        except (ConnectionError, TimeoutError) as gone:
            if ask.request.transport is not None:  # what is still in its buffer is for nobody
                ask.request.transport.abort()
            raise ConnectionResetError from gone
    return response
