"""/api/v1/people/{id}/…: accounts, for administrators of the unit; /api/v1/session/password: one's own."""

from typing import Final

from aiohttp import web

from server.edge.edge import source, token_of
from server.edge.route import Ask, Nothing, Routes
from server.people.acts.accounts import Accounts
from server.people.api.sessions import SESSIONS, device_of
from server.people.wire import BlockPerson, ChangePassword, SessionsEnded, TemporaryPassword
from signaling.refusals import Code, Refusal

ACCOUNTS: Final = web.AppKey("accounts", Accounts)
_PROBLEMS: Final = (Code.FORBIDDEN, Code.NOT_FOUND)

routes: Final = Routes("accounts")


@routes.route(
    "POST",
    "/api/v1/people/{person_id}/block",
    problems=(*_PROBLEMS, Code.REASON_MISSING),
    act="person.block",
)
async def block_person(ask: Ask[Nothing, BlockPerson]) -> None:
    """Let a person of one's unit sign in no more; what he is signed in to ends. Twice is no error."""
    await ask.request.app[ACCOUNTS].block(ask.actor, ask.path("person_id"), ask.body.reason)


@routes.route(
    "POST", "/api/v1/people/{person_id}/unblock", problems=_PROBLEMS, act="person.unblock"
)
async def unblock_person(ask: Ask[Nothing, Nothing]) -> None:
    """Let a person of one's unit sign in again. Twice is no error."""
    await ask.request.app[ACCOUNTS].unblock(ask.actor, ask.path("person_id"))


@routes.route(
    "POST",
    "/api/v1/people/{person_id}/password",
    status=201,
    problems=_PROBLEMS,
    act="person.reset_password",
)
async def reset_password(ask: Ask[Nothing, Nothing]) -> TemporaryPassword:
    """Give a person of one's unit a temporary password, told once. It opens nothing but its change, for
    24 hours; all his sessions end."""
    given = await ask.request.app[ACCOUNTS].reset(ask.actor, ask.path("person_id"))
    return TemporaryPassword(password=given.password, until=given.until)


@routes.route(
    "DELETE",
    "/api/v1/people/{person_id}/sessions",
    answer=SessionsEnded,
    problems=_PROBLEMS,
    act="person.sign_out",
)
async def end_sessions(ask: Ask[Nothing, Nothing]) -> SessionsEnded:
    """Sign a person of one's unit out everywhere."""
    ended = await ask.request.app[ACCOUNTS].end_sessions(ask.actor, ask.path("person_id"))
    return SessionsEnded(ended=ended)


@routes.route(
    "PUT",
    "/api/v1/session/password",
    public=True,
    problems=(
        Code.UNAUTHENTICATED,
        Code.BAD_CREDENTIALS,
        Code.THROTTLED,
        Code.PASSWORD_SHORT,
        Code.PASSWORD_LONG,
        Code.PASSWORD_COMMON,
        Code.PASSWORD_SAME,
    ),
    act="person.change_password",
)
async def change_password(ask: Ask[Nothing, ChangePassword]) -> SessionsEnded:
    """Change one's own password, a temporary one too; one's other sessions end."""
    token = token_of(ask.request)
    session = await ask.request.app[SESSIONS].find(token) if token else None
    if session is None:
        raise Refusal(Code.UNAUTHENTICATED)
    ended = await ask.request.app[ACCOUNTS].change_own(
        session.actor, ask.body.old, ask.body.new, source(ask.request), device_of(ask.request)
    )
    return SessionsEnded(ended=ended)
