"""/api/v1/uploads: tus 1.0.0 with all that its clients use of it.

https://tus.io/protocols/resumable-upload. Headers in (``tus``), headers out; what they mean for the case is
in ``server.uploads.acts.uploads``. What lies at another node is asked there (``elsewhere``).
"""

import asyncio
import re
from typing import Final, get_args
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from server.case.rules.materials.material import Purpose
from server.edge.route import ID_PATTERN, Ask, Header, Nothing, Routes
from server.edge.senders import SENDERS
from server.neighbours.nodes import ConnectionCut
from server.uploads.acts.joining import PARTS_MAX
from server.uploads.acts.receiving import ALGORITHMS, Checksum
from server.uploads.acts.uploads import Standing, Uploads
from server.uploads.api.elsewhere import here_or_there, pieces_of
from server.uploads.api.limits import UPLOAD_LIMITS
from server.uploads.api.tus import (
    VERSION,
    announced_in,
    checksum_in,
    metadata,
    number_in,
    offset_headers,
    same_version,
)
from server.uploads.rows import PART
from signaling.refusals import Code, Refusal

UPLOADS: Final = web.AppKey("uploads", Uploads)
PATH: Final = "/api/v1/uploads"
EXTENSIONS: Final = (
    "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration,"
    "concatenation"
)
PIECE: Final = "application/offset+octet-stream"
OFFSET: Final = web.RequestKey("upload_offset", int)
"""Where an upload stands whose sender was told that he is elsewhere."""
_SPOKEN: Final = re.compile(r"/api/v1(/phones)?/uploads(/.*)?")
"""Where this protocol is spoken."""
_PART: Final = re.compile(rf"{PATH}/({ID_PATTERN})")


async def tus_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer under this path tells the protocol."""
    if not _SPOKEN.fullmatch(request.path):
        return
    response.headers["Tus-Resumable"] = VERSION
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    if response.status == 412:
        response.headers["Tus-Version"] = VERSION
    if response.status == 409 and (offset := request.get(OFFSET)) is not None:
        response.headers["Upload-Offset"] = str(offset)


routes: Final = Routes("uploads", prepares=tus_headers)

_FOR_CASE: Final = "Yunjian-Case"
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
    Header("Upload-Length", _BYTES, "The whole size, when it was deferred.", required=False),
)


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


_BYTES_PROBLEMS: Final = (
    Code.UPLOAD_LOCKED,
    Code.UPLOAD_CHECKSUM,
    Code.UPLOAD_CHECKSUM_ALGORITHM,
    Code.TOO_LARGE,
    Code.FILE_TYPE,
    Code.FILE_BROKEN,
    Code.FILE_PASSWORD,
    Code.FILE_DEPTH,
    Code.FILE_PIXELS,
    Code.FILE_BOMB,
)


@routes.route(
    "POST",
    PATH,
    status=201,
    produces=(),
    headers=(
        _TUS,
        Header("Upload-Length", _BYTES, "Size of the file in bytes.", required=False),
        Header("Upload-Defer-Length", {"const": "1"}, "The size is told later.", required=False),
        Header(
            "Upload-Metadata",
            {"type": "string"},
            "Pairs of a key and the Base64 of a value; a part of a file needs none.",
            required=False,
        ),
        Header(
            "Upload-Concat",
            {"type": "string", "pattern": "^(partial|final;.+)$"},
            "A part of a file, or a file made of parts.",
            required=False,
        ),
        Header("Upload-Checksum", {"type": "string"}, "Of the first bytes.", required=False),
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
        Code.DISK_READ_ONLY,
        Code.THROTTLED,
        Code.UNSUPPORTED_MEDIA_TYPE,
        Code.UPLOAD_EXPIRED,
        Code.UPLOAD_UNFINISHED,
        Code.QUOTA_EXCEEDED,
        Code.NODE_AWAY,
        *_BYTES_PROBLEMS,
    ),
    act="material.begin",
)
async def create_upload(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Name a file: which case, which line of its list (tus creation).

    ``Upload-Length`` in bytes, or ``Upload-Defer-Length: 1``; ``Upload-Metadata`` with case_id, line
    (``other`` for none of the list), filename, and where it is not the window's material ``purpose``
    (blank_form, sample, guide, notice, result), or ``answers`` with the id of the approver's file
    that it returns; ``slot`` 0 for a file beside those that the line holds, or the number of the one
    of which it is the next version (without it: the first) (all Base64). A body of the type of pieces is taken as the first one. With
    ``Upload-Concat: partial`` a part is announced, which needs no metadata; with ``final;`` and
    the addresses of parts they become one file. Answers ``Location`` and ``Yunjian-Material``, the
    id of the material that is now being received.
    """
    request = ask.request
    same_version(request)
    said = request.headers.get("Upload-Metadata", "").strip()
    about = metadata(said)
    concat = request.headers.get("Upload-Concat", "").strip()
    brings = request.body_exists
    if brings and request.content_type != PIECE:
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, accepted=PIECE)
    if concat.startswith("final;"):
        if brings or "Upload-Length" in request.headers or "Upload-Defer-Length" in request.headers:
            raise Refusal(Code.MALFORMED, fields="Upload-Concat, Upload-Length")
        return await here_or_there(request, lambda: _join(ask, about, concat, said))
    if concat not in ("", PART):
        raise Refusal(Code.MALFORMED, fields="Upload-Concat")
    length = announced_in(request)
    size = request.content_length
    if length is not None and size is not None and size > length:
        raise Refusal(Code.TOO_LARGE, room_bytes=length)
    checksum = checksum_in(request) if brings else None
    uploads = request.app[UPLOADS]
    if concat == PART:
        standing = await uploads.begin_part(ask.actor, length, told=said)
    else:
        case_id, line, name = _named(about)
        standing = await uploads.begin(
            ask.actor,
            case_id,
            line,
            name,
            length,
            purpose=_purpose(about.get("purpose", "material")),
            answers=about.get("answers") or None,
            slot=_slot(about.get("slot", "")),
            told=said,
        )
    if brings:
        try:
            with request.app[SENDERS].sending(ask):
                standing = await uploads.append(
                    ask.actor,
                    standing.upload_id,
                    0,
                    pieces_of(request),
                    size=size,
                    checksum=checksum,
                )
        except BaseException as error:
            # He was not told the address: nobody could go on with what is there.
            await asyncio.shield(uploads.abandon(ask.actor, standing.upload_id))
            if isinstance(error, ConnectionCut):
                raise ConnectionResetError from None
            raise
    return _created(standing)


def _created(standing: Standing) -> web.Response:
    headers = {hdrs.LOCATION: f"{PATH}/{standing.upload_id}", **offset_headers(standing)}
    if standing.material_id is not None:
        headers["Yunjian-Material"] = standing.material_id
    return web.Response(status=201, headers=headers)


async def _join(
    ask: Ask[Nothing, Nothing], about: dict[str, str], concat: str, said: str
) -> web.StreamResponse:
    case_id, line, name = _named(about)
    parts = []
    for address in concat.removeprefix("final;").split():
        try:
            found = _PART.fullmatch(urlsplit(address).path)
        except ValueError:
            found = None
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        parts.append(found[1])
    if not 0 < len(parts) <= PARTS_MAX:
        raise Refusal(Code.MALFORMED, fields="Upload-Concat")
    return _created(
        await ask.request.app[UPLOADS].join(
            ask.actor,
            case_id,
            line,
            name,
            parts,
            purpose=_purpose(about.get("purpose", "material")),
            answers=about.get("answers") or None,
            slot=_slot(about.get("slot", "")),
            told=said,
            concat="final;" + " ".join(f"{PATH}/{part}" for part in parts),
        )
    )


@routes.route(
    "HEAD",
    PATH + "/{upload_id}",
    produces=(),
    headers=(
        _TUS,
        Header(
            _FOR_CASE,
            {"type": "string"},
            "The case that the file is meant for; without it a finished upload is gone (410).",
            required=False,
        ),
    ),
    problems=(
        Code.UPLOAD_VERSION,
        Code.NOT_FOUND,
        Code.UPLOAD_EXPIRED,
        Code.UPLOAD_LOCKED,
        Code.NODE_AWAY,
    ),
)
async def read_upload(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """How many bytes are there, of how many, and what was said of it at its beginning.

    A sender that hangs is asked to let go first. One that has ended, stored or rejected, is gone
    (410), unless it was made of parts, but for who names its case in ``Yunjian-Case``: a client that remembers addresses by file
    would take it for the same file of a later case, send nothing and call that a success.
    """
    same_version(ask.request)
    upload_id = ask.path("upload_id")
    return await here_or_there(ask.request, lambda: _stands(ask, upload_id))


async def _stands(ask: Ask[Nothing, Nothing], upload_id: str) -> web.StreamResponse:
    standing = await ask.request.app[UPLOADS].standing(ask.actor, upload_id)
    if standing.ended_in not in (None, ask.request.headers.get(_FOR_CASE)):
        raise Refusal(Code.UPLOAD_EXPIRED)
    length = standing.length
    headers = {
        **offset_headers(standing),
        **({"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}),
    }
    for name, value in (
        ("Upload-Metadata", standing.told),
        ("Upload-Concat", standing.concat),
        ("Yunjian-Material", standing.material_id),
    ):
        if value:
            headers[name] = value
    return web.Response(headers=headers)


_PATCH_PROBLEMS: Final = (
    Code.UPLOAD_VERSION,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.MALFORMED,
    Code.NOT_FOUND,
    Code.UPLOAD_EXPIRED,
    Code.UPLOAD_OFFSET,
    Code.UPLOAD_LENGTH,
    Code.UPLOAD_FINAL,
    Code.FILE_TOO_LARGE,
    Code.CASE_CLOSED,
    Code.DISK_FULL,
    Code.DISK_READ_ONLY,
    Code.NODE_AWAY,
    *_BYTES_PROBLEMS,
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
async def append_to_upload(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Append bytes at ``Upload-Offset``; with the last one the file is judged and stored.

    What arrived stays when the connection is cut; with ``Upload-Checksum`` all or nothing.
    """
    return await _append(ask)


@routes.route(
    "DELETE",
    PATH + "/{upload_id}",
    status=204,
    headers=(_TUS,),
    problems=(
        Code.UPLOAD_VERSION,
        Code.NOT_FOUND,
        Code.UPLOAD_EXPIRED,
        Code.UPLOAD_LOCKED,
        Code.NODE_AWAY,
    ),
    act="material.cancel",
)
async def cancel_upload(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Give the upload up (tus termination). What was stored already stays in the record."""
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
async def override_method(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """PATCH or DELETE for clients that cannot send them, named by ``X-HTTP-Method-Override``."""
    match ask.request.headers.get("X-HTTP-Method-Override"):
        case hdrs.METH_PATCH:
            return await _append(ask)
        case hdrs.METH_DELETE:
            return await _cancel(ask)
        case _:
            raise Refusal(Code.METHOD_NOT_ALLOWED)


async def _append(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    request = ask.request
    same_version(request)
    if request.content_type != PIECE:
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, accepted=PIECE)
    upload_id = ask.path("upload_id")
    offset = number_in(request, "Upload-Offset")
    checksum = checksum_in(request)
    length = number_in(request, "Upload-Length") if "Upload-Length" in request.headers else None
    try:
        with request.app[SENDERS].sending(ask):
            return await here_or_there(
                request, lambda: _appended(ask, upload_id, offset, checksum, length)
            )
    except Refusal as refusal:
        at = refusal.details.get("offset")
        if refusal.code is Code.UPLOAD_OFFSET and isinstance(at, int):
            request[OFFSET] = at
        raise
    except ConnectionCut:
        raise ConnectionResetError from None


async def _appended(
    ask: Ask[Nothing, Nothing],
    upload_id: str,
    offset: int,
    checksum: Checksum | None,
    length: int | None,
) -> web.StreamResponse:
    standing = await ask.request.app[UPLOADS].append(
        ask.actor,
        upload_id,
        offset,
        pieces_of(ask.request),
        size=ask.request.content_length,
        checksum=checksum,
        length=length,
    )
    return web.Response(status=204, headers=offset_headers(standing))


async def _cancel(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    same_version(ask.request)
    upload_id = ask.path("upload_id")

    async def cancelled() -> web.StreamResponse:
        await ask.request.app[UPLOADS].cancel(ask.actor, upload_id)
        return web.Response(status=204)

    return await here_or_there(ask.request, cancelled)


def _named(about: dict[str, str]) -> tuple[str, str, str]:
    if missing := [name for name in ("case_id", "line", "filename") if not about.get(name)]:
        raise Refusal(Code.MALFORMED, fields=", ".join(f"Upload-Metadata {m}" for m in missing))
    return about["case_id"], about["line"], about["filename"]


def _purpose(said: str) -> Purpose:
    known: tuple[Purpose, ...] = get_args(Purpose)
    for purpose in known:
        if said == purpose:
            return purpose
    raise Refusal(Code.MALFORMED, fields="Upload-Metadata purpose")


def _slot(said: str) -> int | None:
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= 3):
        raise Refusal(Code.MALFORMED, fields="Upload-Metadata slot")
    return int(said)
