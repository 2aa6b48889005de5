"""/api/v1/phones: what a phone may do by a link, with a cookie of its own and without a sign-in.

The secret of a link stands in the fragment of an address, which no request carries; the phone's page
shows it once and gets the cookie. Pages of papers come by tus 1.0.0 (core, creation, checksum,
termination). Whoever has no such cookie is told nothing (401).
"""

from typing import Final

from aiohttp import hdrs, web

from server.case.rules.materials.phone import LIVES, PAGES_AT_MOST
from server.edge.edge import is_secure, source
from server.edge.route import Ask, Header, Nothing, Routes
from server.neighbours.nodes import ConnectionCut, Elsewhere
from server.uploads.acts.phones import ActingPhone, Phones
from server.uploads.api.elsewhere import pieces_of
from server.uploads.api.limits import UPLOAD_LIMITS
from server.uploads.api.tus import checksum_in, metadata, number_in, offset_headers, same_version
from server.uploads.api.uploads import OFFSET, PIECE
from server.uploads.wire import PhoneSession, TakePhone
from signaling.refusals import Code, Refusal

PHONES: Final = web.AppKey("phones", Phones)
SESSION: Final = "/api/v1/phones/session"
UPLOADS: Final = "/api/v1/phones/uploads"
SECURE_COOKIE: Final = "__Host-yunjian-phone"
PLAIN_COOKIE: Final = "yunjian-phone"

routes: Final = Routes("phones")

_BYTES: Final = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_TUS: Final = Header("Tus-Resumable", {"const": "1.0.0"}, "Version of the protocol.")
_REFUSED: Final = (Code.UNAUTHENTICATED, Code.NOT_FOUND, Code.UPLOAD_VERSION)


def _cookie(request: web.Request) -> str:
    return SECURE_COOKIE if is_secure(request) else PLAIN_COOKIE


def _token(request: web.Request) -> str | None:
    return request.cookies.get(_cookie(request))


async def _mine(request: web.Request) -> tuple[Phones, str | None]:
    """The links, and this phone's token, once it is known to hold one: who does not is told nothing else."""
    token = _token(request)
    phones = request.app[PHONES]
    await phones.hold(token)
    same_version(request)
    return phones, token


def _view(request: web.Request, held: ActingPhone) -> PhoneSession:
    return PhoneSession(
        case_id=held.phone.case_id,
        applicant_masked=held.applicant_masked,
        item_name=held.item_name,
        line_name=held.line_name,
        sides=list(held.sides),
        unit_name=held.unit_name,
        window_name=held.window_name,
        expires_at=held.expires_at,
        pages=len(held.phone.pages),
        taken=[page.upload_id for page in held.phone.pages if page.taken],
        pages_at_most=PAGES_AT_MOST,
        max_bytes=request.app[UPLOAD_LIMITS].max_bytes,
    )


@routes.route(
    "POST",
    SESSION,
    public=True,
    answer=PhoneSession,
    problems=(Code.NOT_FOUND, Code.THROTTLED),
)
async def take_phone(ask: Ask[Nothing, TakePhone]) -> web.Response:
    """Take a link by its secret, once; the right comes as a cookie that scripts cannot read.

    A link that is wrong, was used, has ended or is too old is not found.
    """
    token, held = await ask.request.app[PHONES].connect(
        ask.body.phone_id, ask.body.secret, source(ask.request)
    )
    response = web.Response(
        text=_view(ask.request, held).model_dump_json(),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )
    response.set_cookie(
        _cookie(ask.request),
        token,
        max_age=int(LIVES.total_seconds()),
        path="/",
        secure=is_secure(ask.request),
        httponly=True,
        samesite="Strict",
    )
    return response


@routes.route("GET", SESSION, public=True, problems=(Code.UNAUTHENTICATED,))
async def read_phone(ask: Ask[Nothing, Nothing]) -> PhoneSession:
    """What this phone may bring, and until when."""
    return _view(ask.request, await ask.request.app[PHONES].hold(_token(ask.request)))


@routes.route("DELETE", SESSION, status=204, public=True, problems=(Code.UNAUTHENTICATED,))
async def finish_phone(ask: Ask[Nothing, Nothing]) -> web.Response:
    """The phone is done: its link ends."""
    await ask.request.app[PHONES].finish(_token(ask.request))
    response = web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})
    response.del_cookie(
        _cookie(ask.request),
        path="/",
        secure=is_secure(ask.request),
        httponly=True,
        samesite="Strict",
    )
    return response


@routes.route(
    "POST",
    UPLOADS,
    status=201,
    public=True,
    produces=(),
    headers=(
        _TUS,
        Header("Upload-Length", _BYTES, "Size of the picture in bytes."),
        Header("Upload-Metadata", {"type": "string"}, "filename and its Base64."),
    ),
    problems=(
        *_REFUSED,
        Code.MALFORMED,
        Code.CASE_CLOSED,
        Code.FILE_TOO_LARGE,
        Code.DISK_FULL,
        Code.DISK_READ_ONLY,
        Code.THROTTLED,
        Code.QUOTA_EXCEEDED,
    ),
)
async def begin_page(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Name a picture (tus creation); case and line are those of the link."""
    request = ask.request
    phones, token = await _mine(request)
    about = metadata(request.headers.get("Upload-Metadata", "").strip())
    standing = await phones.begin(
        token, about.get("filename") or "page", number_in(request, "Upload-Length")
    )
    headers = {hdrs.LOCATION: f"{UPLOADS}/{standing.upload_id}", **offset_headers(standing)}
    return web.Response(status=201, headers=headers)


@routes.route(
    "HEAD",
    UPLOADS + "/{upload_id}",
    public=True,
    produces=(),
    headers=(_TUS,),
    problems=(*_REFUSED, Code.UPLOAD_EXPIRED, Code.UPLOAD_LOCKED, Code.NODE_AWAY),
)
async def read_page(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """How many bytes of a picture of this phone are there."""
    phones, token = await _mine(ask.request)
    try:
        standing = await phones.standing(token, ask.path("upload_id"))
    except Elsewhere:
        raise Refusal(Code.NODE_AWAY) from None
    return web.Response(
        headers={**offset_headers(standing), "Upload-Length": str(standing.length or 0)}
    )


@routes.route(
    "PATCH",
    UPLOADS + "/{upload_id}",
    status=204,
    public=True,
    headers=(
        _TUS,
        Header("Upload-Offset", _BYTES, "Where these bytes begin."),
        Header("Upload-Checksum", {"type": "string"}, "Of these bytes.", required=False),
    ),
    takes=PIECE,
    problems=(
        *_REFUSED,
        Code.UNSUPPORTED_MEDIA_TYPE,
        Code.MALFORMED,
        Code.UPLOAD_EXPIRED,
        Code.UPLOAD_OFFSET,
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
        Code.CASE_CLOSED,
        Code.DISK_FULL,
        Code.DISK_READ_ONLY,
        Code.NODE_AWAY,
    ),
)
async def append_to_page(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """Bytes of a picture of this phone; with the last one it is judged and stands in the case."""
    request = ask.request
    phones, token = await _mine(request)
    if request.content_type != PIECE:
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, accepted=PIECE)
    try:
        standing = await phones.append(
            token,
            ask.path("upload_id"),
            number_in(request, "Upload-Offset"),
            pieces_of(request),
            size=request.content_length,
            checksum=checksum_in(request),
        )
    except Refusal as refusal:
        at = refusal.details.get("offset")
        if refusal.code is Code.UPLOAD_OFFSET and isinstance(at, int):
            request[OFFSET] = at
        raise
    except Elsewhere:
        raise Refusal(Code.NODE_AWAY) from None
    except ConnectionCut:
        raise ConnectionResetError from None
    return web.Response(status=204, headers=offset_headers(standing))


@routes.route(
    "DELETE",
    UPLOADS + "/{upload_id}",
    status=204,
    public=True,
    headers=(_TUS,),
    problems=(*_REFUSED, Code.UPLOAD_EXPIRED, Code.UPLOAD_LOCKED, Code.NODE_AWAY),
)
async def cancel_page(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Give a picture up that has not come whole."""
    phones, token = await _mine(ask.request)
    try:
        await phones.cancel(token, ask.path("upload_id"))
    except Elsewhere:
        raise Refusal(Code.NODE_AWAY) from None
    return web.Response(status=204)
