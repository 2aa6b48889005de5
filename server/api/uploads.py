"""/api/v1/uploads: tus 1.0.0 with creation, termination, checksum and expiration; and the early view.

https://tus.io/protocols/resumable-upload. Headers in, headers out; what they
mean for the case is in ``server.actions.materials``, who follows an upload while
it arrives in ``server.actions.early``.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Final, get_args

from aiohttp import ClientError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from server.actions.early import Cut as EarlyCut
from server.actions.early import Early
from server.actions.materials import ALGORITHMS, Checksum, Cut, Standing, Uploads
from server.api.edge import AUTHENTICATE, token_of
from server.api.machine import UPLOAD_LIMITS
from server.api.route import Ask, Header, Nothing, Routes
from server.domain.material import Purpose
from server.work.probe import MEDIA_TYPES
from signaling.refusals import Code, Refusal

UPLOADS: Final = web.AppKey("uploads", Uploads)
PATH: Final = "/api/v1/uploads"
VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum,expiration"
PIECE: Final = "application/offset+octet-stream"
METADATA_MAX: Final = 4096
EARLY: Final = web.AppKey("early", Early)
ASKED_AGAIN_EVERY_S: Final = 1.0
"""How often it is asked during an early view whether its reader is there and may still see it."""
STALLED_S: Final = 60.0
"""How long a reader may take no bytes."""
_FROM: Final = re.compile(r"bytes=(\d{1,15})-")
_EARLY_HEADERS: Final = {
    hdrs.CONTENT_DISPOSITION: "attachment",
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # Or nginx would gather what should be seen at once.
    "X-Accel-Buffering": "no",
}

routes: Final = Routes("uploads")

_TUS: Final = Header("Tus-Resumable", {"const": VERSION}, "Version of the protocol.")
_BYTES: Final = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_PIECE_HEADERS: Final = (
    _TUS,
    Header("Upload-Offset", _BYTES, "Where these bytes begin."),
    Header(
        "Upload-Checksum",
        {"type": "string"},
        "Algorithm and Base64 of the digest of these bytes.",
        required=False,
    ),
)


async def tus_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal ``on_response_prepare``: every answer under this path tells the protocol."""
    if request.path != PATH and not request.path.startswith(PATH + "/"):
        return
    response.headers["Tus-Resumable"] = VERSION
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    if response.status == 412:
        response.headers["Tus-Version"] = VERSION


@routes.route("OPTIONS", PATH, status=204, public=True)
async def describe_uploads(ask: Ask[Nothing, Nothing]) -> web.Response:
    """What this server can do (tus): version, extensions, largest size, checksum algorithms."""
    return _about(ask.request)


@routes.route("OPTIONS", PATH + "/{upload_id}", status=204, public=True, problems=(Code.NOT_FOUND,))
async def describe_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """The same for one upload."""
    ask.path("upload_id")
    return _about(ask.request)


def _about(request: web.Request) -> web.Response:
    return web.Response(
        status=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(request.app[UPLOAD_LIMITS].max_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@routes.route(
    "POST",
    PATH,
    status=201,
    produces=(),
    headers=(
        _TUS,
        Header("Upload-Length", _BYTES, "Size of the file in bytes."),
        Header("Upload-Metadata", {"type": "string"}, "Pairs of a key and the Base64 of a value."),
    ),
    problems=(
        Code.UPLOAD_VERSION,
        Code.MALFORMED,
        Code.NOT_FOUND,
        Code.NOT_YOURS,
        Code.CASE_CLOSED,
        Code.LINE_UNKNOWN,
        Code.FILE_EMPTY,
        Code.FILE_TOO_LARGE,
        Code.DISK_FULL,
        Code.THROTTLED,
    ),
    act="material.begin",
)
async def create_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Name a file: which case, which line of its list (tus creation).

    ``Upload-Length`` in bytes; ``Upload-Metadata`` with case_id, line (``other`` for none of the
    list), filename, and where it is not the window's material ``purpose`` (blank_form, sample, guide,
    notice, result), or ``answers`` with the id of the approver's file that it returns (all Base64).
    Answers ``Location`` and ``Yunjian-Material``, the id of the material that is now being received.
    """
    _same_version(ask.request)
    if "Upload-Defer-Length" in ask.request.headers:
        raise Refusal(Code.MALFORMED, fields="Upload-Defer-Length")
    about = metadata(ask.request.headers.get("Upload-Metadata", ""))
    if missing := [name for name in ("case_id", "line", "filename") if not about.get(name)]:
        raise Refusal(Code.MALFORMED, fields=", ".join(f"Upload-Metadata {m}" for m in missing))
    standing = await ask.request.app[UPLOADS].begin(
        ask.actor,
        about["case_id"],
        about["line"],
        about["filename"],
        _number(ask.request, "Upload-Length"),
        purpose=_purpose(about.get("purpose", "material")),
        answers=about.get("answers") or None,
    )
    return web.Response(
        status=201,
        headers={
            hdrs.LOCATION: f"{PATH}/{standing.upload_id}",
            "Yunjian-Material": standing.material_id,
            **_expires(standing),
        },
    )


@routes.route(
    "HEAD",
    PATH + "/{upload_id}",
    produces=(),
    headers=(_TUS,),
    problems=(Code.UPLOAD_VERSION, Code.NOT_FOUND, Code.UPLOAD_EXPIRED, Code.UPLOAD_LOCKED),
)
async def read_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """How many bytes are there. A sender that hangs is asked to let go first."""
    _same_version(ask.request)
    standing = await ask.request.app[UPLOADS].standing(ask.actor, ask.path("upload_id"))
    return web.Response(
        headers={
            **_offset(standing),
            "Upload-Length": str(standing.length),
            "Yunjian-Material": standing.material_id,
        }
    )


_PATCH_PROBLEMS: Final = (
    Code.UPLOAD_VERSION,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.MALFORMED,
    Code.NOT_FOUND,
    Code.UPLOAD_EXPIRED,
    Code.UPLOAD_LOCKED,
    Code.UPLOAD_OFFSET,
    Code.UPLOAD_CHECKSUM,
    Code.UPLOAD_CHECKSUM_ALGORITHM,
    Code.TOO_LARGE,
    Code.FILE_TYPE,
    Code.FILE_BROKEN,
    Code.CASE_CLOSED,
    Code.DISK_FULL,
)


@routes.route(
    "PATCH",
    PATH + "/{upload_id}",
    status=204,
    problems=_PATCH_PROBLEMS,
    headers=_PIECE_HEADERS,
    takes=PIECE,
    act="material.append",
)
async def append_to_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Append bytes at ``Upload-Offset``; with the last one the file is judged and stored.

    What arrived stays when the connection is cut; with ``Upload-Checksum`` all or nothing.
    """
    return await _append(ask)


@routes.route(
    "DELETE",
    PATH + "/{upload_id}",
    status=204,
    headers=(_TUS,),
    problems=(Code.UPLOAD_VERSION, Code.NOT_FOUND, Code.UPLOAD_EXPIRED, Code.UPLOAD_LOCKED),
    act="material.cancel",
)
async def cancel_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Give the upload up (tus termination)."""
    return await _cancel(ask)


@routes.route(
    "POST",
    PATH + "/{upload_id}",
    status=204,
    problems=(*_PATCH_PROBLEMS, Code.METHOD_NOT_ALLOWED),
    headers=(
        *_PIECE_HEADERS,
        Header(
            "X-HTTP-Method-Override", {"enum": ["PATCH", "DELETE"]}, "The method that is meant."
        ),
    ),
    takes=PIECE,
    act="material.append",
)
async def override_method(ask: Ask[Nothing, Nothing]) -> web.Response:
    """PATCH or DELETE for clients that cannot send them, named by ``X-HTTP-Method-Override``."""
    match ask.request.headers.get("X-HTTP-Method-Override"):
        case hdrs.METH_PATCH:
            return await _append(ask)
        case hdrs.METH_DELETE:
            return await _cancel(ask)
        case _:
            raise Refusal(Code.METHOD_NOT_ALLOWED)


@routes.route(
    "GET",
    "/api/v1/materials/{material_id}/early",
    produces=MEDIA_TYPES,
    ranges=True,
    problems=(Code.NOT_FOUND, Code.NO_EARLY_VIEW, Code.THROTTLED, Code.BUSY),
)
async def read_early(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """The bytes of a file while they still arrive, unchecked, to be looked at only.

    ``Yunjian-Size`` tells how many were announced; ``Range: bytes=N-`` goes on at N. The answer ends
    with the last byte, and is cut off when the upload is given up or rejected, or the right to
    see it ends. A stored file answers too. How an upload ended is told by ``material.changed``.
    """
    request = ask.request
    early = request.app[EARLY]
    async with early.open(ask.actor, ask.path("material_id")) as arriving:
        start = _start(request, arriving.length)
        response = web.StreamResponse(status=206 if start else 200, headers=_EARLY_HEADERS)
        response.content_type = arriving.media_type
        response.content_length = arriving.length - start
        response.headers["Yunjian-Size"] = str(arriving.length)
        if start:
            last = arriving.length - 1
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{last}/{arriving.length}"
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        sending = asyncio.create_task(_send(response, arriving.pieces(start)))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=ASKED_AGAIN_EVERY_S)
                if not sending.done() and not await _still(request, early, arriving.case_id):
                    break
        finally:
            sending.cancel()
            [end] = await asyncio.gather(sending, return_exceptions=True)
            if end is not True and request.transport is not None:
                # Less came than was announced: a clean end would say that this was all.
                request.transport.abort()
        if isinstance(end, Exception):
            raise end
    return response


async def _send(response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> bool:
    """Write the pieces; False when they or their reader broke off."""
    try:
        async for piece in pieces:
            async with asyncio.timeout(STALLED_S):
                await response.write(piece)
        await response.write_eof()
    except (EarlyCut, TimeoutError, OSError, ClientError):
        return False
    return True


async def _still(request: web.Request, early: Early, case_id: str) -> bool:
    """Whether somebody is there and may still see the case."""
    if request.transport is None or request.transport.is_closing():
        return False
    token = token_of(request)
    actor = await request.app[AUTHENTICATE](token) if token else None
    return actor is not None and await early.may(actor, case_id)


def _start(request: web.Request, length: int) -> int:
    """Where ``Range: bytes=N-`` begins (RFC 9110, 14.2); another form counts as not asked."""
    found = _FROM.fullmatch(request.headers.get(hdrs.RANGE, ""))
    start = int(found[1]) if found else 0
    if start >= length:
        raise web.HTTPRequestRangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{length}"})
    return start


async def _append(ask: Ask[Nothing, Nothing]) -> web.Response:
    request = ask.request
    _same_version(request)
    if request.content_type != PIECE:
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, accepted=PIECE)
    said = request.headers.get("Upload-Checksum")
    try:
        standing = await request.app[UPLOADS].append(
            ask.actor,
            ask.path("upload_id"),
            _number(request, "Upload-Offset"),
            _pieces(request),
            size=request.content_length,
            checksum=None if said is None else Checksum.parse(said),
        )
    except Cut:
        raise ConnectionResetError from None
    return web.Response(status=204, headers=_offset(standing))


async def _cancel(ask: Ask[Nothing, Nothing]) -> web.Response:
    _same_version(ask.request)
    await ask.request.app[UPLOADS].cancel(ask.actor, ask.path("upload_id"))
    return web.Response(status=204)


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    try:
        while piece := await request.content.readany():
            yield piece
    except (OSError, ClientError, HttpProcessingError) as error:
        raise Cut from error


def metadata(said: str) -> dict[str, str]:
    """``Upload-Metadata``: pairs of a key and the Base64 of a UTF-8 value. Refused: malformed."""
    told: dict[str, str] = {}
    if len(said) > METADATA_MAX:
        raise Refusal(Code.MALFORMED, fields="Upload-Metadata")
    for pair in filter(None, (one.strip() for one in said.split(","))):
        key, _, value = pair.partition(" ")
        try:
            told[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(Code.MALFORMED, fields="Upload-Metadata") from None
    return told


def _purpose(said: str) -> Purpose:
    known: tuple[Purpose, ...] = get_args(Purpose)
    for purpose in known:
        if said == purpose:
            return purpose
    raise Refusal(Code.MALFORMED, fields="Upload-Metadata purpose")


def _same_version(request: web.Request) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Refusal(Code.UPLOAD_VERSION)


def _number(request: web.Request, header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdigit() and len(said) <= 15):
        raise Refusal(Code.MALFORMED, fields=header)
    return int(said)


def _offset(standing: Standing) -> dict[str, str]:
    return {"Upload-Offset": str(standing.offset), **_expires(standing)}


def _expires(standing: Standing) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(standing.expires_at, usegmt=True)}
