"""What the command line does to a store, by name: in a server that runs, or where none does.

Arguments and results are JSON, so that they pass over the server's local socket (server.api.control).
Whoever asks holds the machine: the acts are the machine's own in the ledger.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from server.actions import people
from server.actions.accounts import Accounts
from server.domain.person import SYSTEM, Role
from server.store import Store

Act = Callable[..., Awaitable[Any]]


async def _create(store: Store, *, roles: list[str], **about: Any) -> str:
    return await people.add_person(store, roles=[Role(role) for role in roles], **about)


async def _roles(store: Store, *, login: str, roles: list[str]) -> None:
    await people.set_roles(store, login, [Role(role) for role in roles])


async def _block(store: Store, *, login: str, reason: str) -> None:
    await Accounts(store).block(SYSTEM, login, reason)


async def _unblock(store: Store, *, login: str) -> None:
    await Accounts(store).unblock(SYSTEM, login)


async def _reset(store: Store, *, login: str) -> dict[str, str]:
    given = await Accounts(store).reset(SYSTEM, login)
    return {"password": given.password, "until": given.until.isoformat()}


async def _sign_out(store: Store, *, login: str) -> int:
    return await Accounts(store).end_sessions(SYSTEM, login)


ACTS: Final[Mapping[str, Act]] = {
    "unit.create": people.add_unit,
    "user.create": _create,
    "user.roles": _roles,
    "user.block": _block,
    "user.unblock": _unblock,
    "user.reset": _reset,
    "user.sign-out": _sign_out,
}


async def do(store: Store, act: str, given: Mapping[str, Any]) -> Any:
    """Do one of ``ACTS``; refused as the act itself."""
    return await ACTS[act](store, **given)
