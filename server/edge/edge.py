"""The outer edge of HTTP: who asks, from where, in which language; how all answers look.

One middleware around everything, Socket.IO's and aiohttp's own answers included:
a foreign origin is refused, the session is found, refusals and faults become
problems, each request is logged once and counted. The security headers are set
as an answer is prepared. Knows no noun of the product.
"""

import asyncio
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import hdrs, web

from server.edge import problems
from server.edge.figures import FIGURES
from server.edge.route import ACTOR, LANGUAGE
from server.rights.person import Actor
from signaling.refusals import Code, Refusal

SAFE_METHODS: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
LANGUAGE_HEADER: Final = "X-Yunjian-Language"
REFERENCE_HEADER: Final = "X-Request-Id"
_KNOWN_TO: Final = ("/api/", "/metrics")
"""Where the session is looked up; pages and their files are the same for all."""
_SOCKET: Final = "/socket.io/"
_ASKED_ALL_DAY: Final = frozenset({"/healthz", "/readyz", "/metrics"})
SECURE_COOKIE: Final = "__Host-yunjian"
PLAIN_COOKIE: Final = "yunjian"

log = structlog.get_logger("edge")
security = structlog.get_logger("security")


@dataclass(frozen=True)
class EdgeSettings:
    """How this node is reached.

    ``origins`` are further origins (scheme, host, port) whose pages may ask; a page
    of the host that was asked always may. ``proxies`` are the networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed.
    """

    origins: frozenset[str] = frozenset()
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()


EDGE: Final = web.AppKey("edge", EdgeSettings)
Authenticate = Callable[[str], Awaitable[Actor | None]]
AUTHENTICATE: Final[web.AppKey[Authenticate]] = web.AppKey("authenticate")
USED: Final[web.AppKey[Callable[[str], None]]] = web.AppKey("used")
"""Is told which session is used. Pages ask much by themselves, and tell apart when somebody is there:
of theirs only what brings a file counts."""
REFERENCE: Final = web.RequestKey("reference", str)


# ---------------------------------------------------------------- where a request comes from


def _trusted(request: web.Request) -> bool:
    peer = _peer(request)
    return peer is not None and any(peer in network for network in request.app[EDGE].proxies)


def _peer(request: web.Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    return _address(request.remote or "")


def _address(told: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address as itself, also where a socket for both kinds tells it as IPv6 (RFC 4291 2.5.5.2):
    else all of IPv4 were one /64."""
    try:
        address = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _nearest(request: web.Request, header: str) -> str:
    """What the proxy next to us says. Some add to the line that came, some add a line of their own:
    the last value of the last line is the proxy's, all before may be the asker's invention."""
    return ",".join(request.headers.getall(header, ())).rpartition(",")[2].strip()


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks https, to us or to a proxy that we believe."""
    if _trusted(request) and (told := _nearest(request, "X-Forwarded-Proto")):
        return told == "https"
    return request.scheme == "https"


def own_origin(request: web.Request) -> str:
    """The origin (RFC 6454) at which a browser reached us, in lower case."""
    return f"{'https' if is_secure(request) else 'http'}://{request.host}".lower()


def is_local(request: web.Request) -> bool:
    """Whether the request comes from this very machine and through no proxy."""
    peer = _peer(request)
    return peer is not None and peer.is_loopback and "X-Forwarded-For" not in request.headers


def source(request: web.Request) -> str:
    """The network a request comes from, for throttling: an IPv4 address or an IPv6 /64."""
    address = request.remote or "unknown"
    if _trusted(request) and (told := _nearest(request, "X-Forwarded-For")):
        address = told
    parsed = _address(address)
    if parsed is None:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def check_origin(settings: EdgeSettings, own: str, origin: str | None, site: str | None) -> None:
    """Refuse what another site's page asks for (Fetch Metadata and RFC 6454).

    A browser names ``Origin`` on unsafe methods and on web sockets; a client
    without either header is no browser and carries no cookie of one. ``own`` is the origin at which the
    browser reached us, scheme and all.
    """
    if origin is not None:
        if origin.lower() != own and origin not in settings.origins:
            raise Refusal(Code.FOREIGN_ORIGIN)
    elif site is not None and site not in ("same-origin", "none"):
        raise Refusal(Code.FOREIGN_ORIGIN)


def check_encoding(request: web.Request) -> None:
    """Refuse a body that is compressed (RFC 9110 15.5.16): nothing here takes one."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower() != "identity":
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE)


def check_same_site(request: web.Request) -> None:
    """``check_origin`` for a request of HTTP."""
    check_origin(
        request.app[EDGE],
        own_origin(request),
        request.headers.get(hdrs.ORIGIN),
        request.headers.get("Sec-Fetch-Site"),
    )


def check_socket_site(request: web.Request) -> None:
    """``check_same_site`` for the requests of a socket, safe methods too.

    A browser names ``Origin`` when it opens a web socket and ``Sec-Fetch-Site`` when it polls; a
    request that brings its cookie and neither comes from no page of ours.
    """
    origin, site = request.headers.get(hdrs.ORIGIN), request.headers.get("Sec-Fetch-Site")
    upgrading = hdrs.UPGRADE in request.headers
    if hdrs.COOKIE in request.headers and origin is None and (upgrading or site is None):
        raise Refusal(Code.FOREIGN_ORIGIN)
    check_origin(request.app[EDGE], own_origin(request), origin, site)


# ---------------------------------------------------------------- who asks


def token_of(request: web.Request) -> str | None:
    """The bearer token, or else the token of the session cookie."""
    if authorization := request.headers.get(hdrs.AUTHORIZATION):
        scheme, _, token = authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    return request.cookies.get(cookie_name(request))


def cookie_name(request: web.Request) -> str:
    """``__Host-`` binds the cookie to this host and to https; plain http on localhost has no such prefix."""
    return SECURE_COOKIE if is_secure(request) else PLAIN_COOKIE


def socket_token(
    headers: Mapping[str, str],
    cookies: Mapping[str, str],
    auth: Mapping[str, object],
    *,
    secure: bool,
) -> str | None:
    """The token that a socket's handshake shows: in its payload, as bearer, or as the cookie that belongs
    to this way (``secure``: https). Header names are in lower case.
    """
    if isinstance(shown := auth.get("token"), str):
        return shown
    if authorization := headers.get("authorization"):
        scheme, _, token = authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    return cookies.get(SECURE_COOKIE if secure else PLAIN_COOKIE)


# ---------------------------------------------------------------- the middleware


@web.middleware
async def edge(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Around every request of this node."""
    reference = problems.new_reference()
    language = problems.choose_language(
        request.headers.get(LANGUAGE_HEADER) or request.headers.get(hdrs.ACCEPT_LANGUAGE) or ""
    )
    request[REFERENCE] = reference
    request[LANGUAGE] = language
    began = time.perf_counter()
    asker: Actor | None = None
    status = 500
    try:
        if request.path.startswith(_SOCKET):
            check_socket_site(request)
        elif request.method not in SAFE_METHODS:
            check_same_site(request)
        check_encoding(request)
        if request.path.startswith(_KNOWN_TO) and (token := token_of(request)):
            asker = await request.app[AUTHENTICATE](token)
        if asker is not None:
            request[ACTOR] = asker
            if hdrs.AUTHORIZATION in request.headers or request.method == hdrs.METH_PATCH:
                request.app[USED](asker.session_id)
        response = await handler(request)
        status = response.status
        return response
    except Refusal as refusal:
        if refusal.code is Code.FOREIGN_ORIGIN:
            security.warning("foreign_origin", source=source(request), reference=reference)
        response = problems.answer(refusal, language, reference)
        if request.path.startswith(_SOCKET):
            response.force_close()
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        if status < 400:
            raise
        return _translated(error, language, reference)
    except asyncio.CancelledError:
        status = 499
        raise
    except ConnectionResetError:
        # Who asked has gone in mid-answer; aiohttp would log what is raised here as our fault.
        status = 499
        return web.Response(status=status)
    except Exception:
        log.exception("fault", reference=reference, method=request.method, route=_route(request))
        return problems.answer(Refusal(Code.INTERNAL), language, reference)
    finally:
        took_s = time.perf_counter() - began
        if not request.path.startswith(_SOCKET):  # a socket lasts for hours and counts itself
            _count(request, asker, status, took_s)


def _count(request: web.Request, asker: Actor | None, status: int, took_s: float) -> None:
    route = _route(request)
    request.app[FIGURES].answered(request.method, route, status, took_s)
    say = log.debug if route in _ASKED_ALL_DAY else log.info
    say(
        "request",
        method=request.method,
        route=route,
        status=status,
        took_ms=round(took_s * 1000, 1),
        reference=request[REFERENCE],
        person=asker.person_id if asker else None,
    )


_FROM_STATUS: Final = {
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
}


def _translated(error: web.HTTPException, language: str, reference: str) -> web.Response:
    """An error of aiohttp itself as a problem; ``Allow`` and ``Content-Range`` stay."""
    kept = [
        (name, error.headers[name])
        for name in (hdrs.ALLOW, hdrs.CONTENT_RANGE)
        if name in error.headers
    ]
    if code := _FROM_STATUS.get(error.status):
        return problems.answer(Refusal(code), language, reference, kept)
    refusal = Refusal(Code.MALFORMED if error.status < 500 else Code.INTERNAL, fields=error.reason)
    response = problems.answer(refusal, language, reference, kept)
    response.set_status(error.status)
    return response


def _route(request: web.Request) -> str:
    """The pattern of the route, never the path: ids and searches stay out of the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


# ---------------------------------------------------------------- security headers

_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")

FIXED_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}


def content_security_policy(host: str) -> str:
    """CSP 3 of the pages. The socket is named, as not every browser counts ws as 'self'.

    Inline styles stay allowed for the positions that the component library sets;
    ``wasm-unsafe-eval`` is for the picture decoders of the PDF viewer.
    """
    socket = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self' data:; "
        f"worker-src 'self' blob:; connect-src 'self'{socket}; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


NOTHING_RUNS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox"}

DOWNLOADED: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    **NOTHING_RUNS,
    "X-Content-Type-Options": "nosniff",
}
"""What every file that is given out carries beside its ``attachment``: nothing in it can run."""


def attachment(name: str) -> str:
    """``Content-Disposition`` of a file (RFC 6266), with the name in UTF-8 (RFC 8187)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


async def secure_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal ``on_response_prepare``: what every answer carries unless its handler said otherwise."""
    headers = response.headers
    for name, value in FIXED_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", content_security_policy(request.host))
    if reference := request.get(REFERENCE):
        headers.setdefault(REFERENCE_HEADER, reference)
    if is_secure(request):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.popall(hdrs.SERVER, None)
