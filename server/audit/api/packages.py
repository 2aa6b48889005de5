"""/api/v1/cases/{case_id}/package: the archive package of a case, to keep and check without this program."""

import asyncio
from typing import Annotated, Final

from aiohttp import hdrs, web
from pydantic import StringConstraints

from server.audit.acts.packages import Packing
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
    ),
    act="case.package",
)
async def take_package(ask: Ask[Nothing, PackageAsked]) -> web.StreamResponse:
    """The archive package (归档包) of a case as one ZIP, for the unit that decided it; who took it and why
    is kept in the ledger of the case. It holds the case whole, with personal data."""
    packed = await ask.request.app[PACKING].take(ask.actor, ask.path("case_id"), ask.body.reason)
    with packed.file as file:
        response = web.StreamResponse(
            headers={
                **DOWNLOADED,
                hdrs.CONTENT_TYPE: ZIP,
                hdrs.CONTENT_DISPOSITION: attachment(packed.name),
            }
        )
        response.content_length = packed.size_bytes
        await response.prepare(ask.request)
        try:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                await response.write(chunk)
            await response.write_eof()
        except ConnectionResetError:
            raise
        except ConnectionError as gone:
            raise ConnectionResetError from gone
    return response
