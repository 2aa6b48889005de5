"""/api/v1/uploads: tus 1.0.0 with creation, termination, checksum and expiration.

https://tus.io/protocols/resumable-upload. Headers in, headers out; what they
mean for the case is in ``server.actions.materials``.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Final

from aiohttp import ClientError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from server.actions.materials import ALGORITHMS, Checksum, Cut, Standing, Uploads
from server.api.machine import UPLOAD_LIMITS
from server.api.route import Ask, Nothing, Routes
from signaling.refusals import Code, Refusal

UPLOADS: Final = web.AppKey("uploads", Uploads)
PATH: Final = "/api/v1/uploads"
VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum,expiration"
PIECE: Final = "application/offset+octet-stream"
METADATA_MAX: Final = 4096

routes: Final = Routes("uploads")


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


@routes.route("OPTIONS", PATH + "/{upload_id}", status=204, public=True)
async def describe_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """The same for one upload."""
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
    produces="text/plain",
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
)
async def create_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Name a file: which case, which line of its list (tus creation).

    ``Upload-Length`` in bytes; ``Upload-Metadata`` with case_id, line, filename (Base64). Answers
    ``Location`` and ``Yunjian-Material``, the id of the material that is now being received.
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
    produces="text/plain",
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


@routes.route("PATCH", PATH + "/{upload_id}", status=204, problems=_PATCH_PROBLEMS)
async def append_to_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Append bytes at ``Upload-Offset``; with the last one the file is judged and stored.

    What arrived stays when the connection is cut; with ``Upload-Checksum`` all or nothing.
    """
    return await _append(ask)


@routes.route(
    "DELETE",
    PATH + "/{upload_id}",
    status=204,
    problems=(Code.UPLOAD_VERSION, Code.NOT_FOUND, Code.UPLOAD_EXPIRED, Code.UPLOAD_LOCKED),
)
async def cancel_upload(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Give the upload up (tus termination)."""
    return await _cancel(ask)


@routes.route("POST", PATH + "/{upload_id}", status=204, problems=_PATCH_PROBLEMS)
async def override_method(ask: Ask[Nothing, Nothing]) -> web.Response:
    """PATCH or DELETE for clients that cannot send them, named by ``X-HTTP-Method-Override``."""
    match ask.request.headers.get("X-HTTP-Method-Override"):
        case hdrs.METH_PATCH:
            return await _append(ask)
        case hdrs.METH_DELETE:
            return await _cancel(ask)
        case _:
            raise Refusal(Code.METHOD_NOT_ALLOWED)


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
