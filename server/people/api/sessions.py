"""/api/v1/session and /api/v1/tokens: sign in, who am I, sign out."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from server.edge.edge import cookie_name, is_secure, source, token_of
from server.edge.route import Ask, Nothing, Routes
from server.people.acts.sessions import LIVES, Kind, Sessions, SignedSession
from server.people.acts.throttle import DEVICE_LIVES
from server.people.wire import SessionView, SignedIn, SignIn, TokenView, UnitRef, WindowRef
from server.rights.person import Actor, ranked
from signaling.refusals import Code, Refusal

SESSIONS: Final = web.AppKey("sessions", Sessions)
Disconnect = Callable[[str], Awaitable[None]]
DISCONNECT: Final[web.AppKey[Disconnect]] = web.AppKey("disconnect")
"""Ends the sockets of a session that has ended."""

routes: Final = Routes("sessions")


def signed_in(actor: Actor) -> SignedIn:
    """The person of a session, as he sees himself."""
    return SignedIn(
        id=actor.person_id,
        login=actor.login,
        name=actor.name,
        staff_number=actor.staff_number,
        roles=ranked(actor.roles),
        unit=UnitRef(id=actor.unit_id, name=actor.unit_name, place=actor.place),
        window=(
            None
            if actor.window_id is None
            else WindowRef(id=actor.window_id, name=actor.window_name or "")
        ),
    )


async def _open(ask: Ask[Nothing, SignIn], kind: Kind) -> SignedSession:
    return await ask.request.app[SESSIONS].sign_in(
        ask.body.login,
        ask.body.password,
        kind,
        source(ask.request),
        device_of(ask.request),
    )


def device_of(request: web.Request) -> str | None:
    """What this browser was given when somebody last signed in there."""
    return request.cookies.get(_device_cookie(request))


def _device_cookie(request: web.Request) -> str:
    return f"{cookie_name(request)}-device"


async def _end_own(request: web.Request) -> None:
    """End the session that the request shows, one with a temporary password too."""
    token = token_of(request)
    session = await request.app[SESSIONS].find(token) if token else None
    if session is not None:
        await _end(request, session.actor)


async def _end(request: web.Request, actor: Actor) -> None:
    await request.app[SESSIONS].sign_out(actor)
    await request.app[DISCONNECT](actor.session_id)


@routes.route(
    "POST",
    "/api/v1/session",
    public=True,
    answer=SessionView,
    problems=(Code.BAD_CREDENTIALS, Code.THROTTLED),
)
async def open_session(ask: Ask[Nothing, SignIn]) -> web.Response:
    """Sign in with a password; the session comes as a cookie that scripts cannot read.

    The session that this browser had before ends with that, on its sockets too.
    """
    session = await _open(ask, "cookie")
    if hdrs.AUTHORIZATION not in ask.request.headers:
        await _end_own(ask.request)
    view = SessionView(
        person=signed_in(session.actor),
        expires_at=session.expires_at,
        must_change=session.must_change,
        idle_s=ask.request.app[SESSIONS].idle_s,
    )
    response = web.Response(
        text=view.model_dump_json(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    response.set_cookie(
        cookie_name(ask.request),
        session.token,
        max_age=int(LIVES.total_seconds()),
        path="/",
        secure=is_secure(ask.request),
        httponly=True,
        samesite="Strict",
    )
    response.set_cookie(
        _device_cookie(ask.request),
        session.device,
        max_age=int(DEVICE_LIVES.total_seconds()),
        path="/",
        secure=is_secure(ask.request),
        httponly=True,
        samesite="Strict",
    )
    return response


@routes.route(
    "GET",
    "/api/v1/session",
    public=True,
    problems=(Code.UNAUTHENTICATED, Code.ACCOUNT_BLOCKED),
)
async def read_session(ask: Ask[Nothing, Nothing]) -> SessionView:
    """Who is signed in, and until when. Who brings the token of a session of his, within its time, and is blocked
    by now is told so, also when he had signed out; a stranger is not."""
    token = token_of(ask.request)
    session = await ask.request.app[SESSIONS].find(token) if token else None
    if session is None:
        if token and await ask.request.app[SESSIONS].blocked(token):
            raise Refusal(Code.ACCOUNT_BLOCKED)
        raise Refusal(Code.UNAUTHENTICATED)
    return SessionView(
        person=signed_in(session.actor),
        expires_at=session.expires_at,
        must_change=session.must_change,
        idle_s=ask.request.app[SESSIONS].idle_s,
    )


@routes.route("POST", "/api/v1/session/use")
async def use_session(ask: Ask[Nothing, Nothing]) -> None:
    """Say that somebody uses the page; its session ends when nobody does for ``idle_s``."""
    ask.request.app[SESSIONS].used(ask.actor.session_id)


@routes.route("DELETE", "/api/v1/session", status=204, public=True)
async def close_session(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Sign out: the session ends, on its sockets too. Asking twice is no error."""
    await _end_own(ask.request)
    response = web.Response(status=204, headers={"Cache-Control": "no-store"})
    response.del_cookie(
        cookie_name(ask.request),
        path="/",
        secure=is_secure(ask.request),
        httponly=True,
        samesite="Strict",
    )
    return response


@routes.route(
    "POST",
    "/api/v1/tokens",
    status=201,
    public=True,
    problems=(Code.BAD_CREDENTIALS, Code.THROTTLED),
)
async def make_token(ask: Ask[Nothing, SignIn]) -> TokenView:
    """Sign in for a client without cookies; it sends ``Authorization: Bearer`` from then on."""
    session = await _open(ask, "bearer")
    return TokenView(
        token=session.token, person=signed_in(session.actor), expires_at=session.expires_at
    )
