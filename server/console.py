"""What the command line does to a store, by name: in a server that runs, or where none does.

Arguments and results are JSON, so that they pass over the server's local socket (server.control).
Whoever asks holds the machine: the acts are the machine's own in the ledger.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from server.case.acts.elsewhere import systems
from server.catalogue.acts.importing import Importer, NewUnits
from server.people.acts import registering as people
from server.people.acts.accounts import Accounts
from server.rights.person import SYSTEM, Role
from server.store import Store
from server.work.child import Children
from signaling.refusals import Code, Refusal

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


async def _import(
    store: Store,
    *,
    content: str,
    pattern: str,
    unit: str | None,
    region_code: str | None,
    place: str | None,
    dry_run: bool,
    skip_bad: bool,
) -> dict[str, Any]:
    """``content`` is the file in base 64. With bad rows nothing is written, unless ``skip_bad``."""
    importer = Importer(store, Children(1), pattern)
    where = NewUnits(region_code, place) if region_code and place else None
    file = base64.b64decode(content)
    told = await importer.take(SYSTEM, file, unit_id=unit, new_units=where, dry_run=True)
    if not (dry_run or (told.bad and not skip_bad)):
        told = await importer.take(SYSTEM, file, unit_id=unit, new_units=where, skip_bad=skip_bad)
    return told.model_dump(mode="json")


async def _exempt(store: Store, *, login: str, roles: list[str], reason: str) -> None:
    await people.exempt(store, SYSTEM, login, *_pair(roles), reason)


async def _unexempt(store: Store, *, login: str, roles: list[str]) -> None:
    await people.end_exemption(store, SYSTEM, login, *_pair(roles))


def _pair(roles: list[str]) -> tuple[Role, Role]:
    if len(roles) != 2:
        raise Refusal(Code.FIELD_INVALID, fields="roles")
    return Role(roles[0]), Role(roles[1])


ACTS: Final[Mapping[str, Act]] = {
    "unit.create": people.add_unit,
    "unit.review": people.set_review,
    "external.add": systems.add,
    "external.rotate": systems.rotate,
    "external.revoke": systems.revoke,
    "external.tell": systems.tell,
    "external.list": systems.listed,
    "item.import": _import,
    "user.create": _create,
    "user.roles": _roles,
    "user.block": _block,
    "user.unblock": _unblock,
    "user.reset": _reset,
    "user.sign-out": _sign_out,
    "user.exempt": _exempt,
    "user.unexempt": _unexempt,
}


async def do(store: Store, act: str, given: Mapping[str, Any]) -> Any:
    """Do one of ``ACTS``; refused as the act itself."""
    return await ACTS[act](store, **given)
