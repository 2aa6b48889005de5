"""Units, windows and staff as an administrator adds them at the command line."""

import asyncio
from collections.abc import Collection

from server.actions.accounts import judge, words_of
from server.actions.cases import new_id
from server.actions.passwords import Passwords
from server.domain.identifiers import plain
from server.domain.person import Role
from server.store import SYSTEM, Store
from server.store import people as staff
from signaling.refusals import Code, Refusal


async def add_unit(
    store: Store,
    *,
    name: str,
    place: str,
    region_code: str,
    credit_code: str,
    level: str,
    windows: Collection[str] = (),
) -> str:
    """Keep a new unit with its windows; returns its id. Refused: malformed (a name with characters
    that are not seen)."""
    _seen(name=name, place=place, window="".join(windows))
    unit_id = new_id()
    async with store.change(SYSTEM) as change:
        await staff.add_unit(
            change.connection,
            unit_id=unit_id,
            name=name,
            place=place,
            region_code=region_code,
            credit_code=credit_code,
            level=level,
        )
        for window in windows:
            await staff.add_window(
                change.connection, window_id=new_id(), unit_id=unit_id, name=window
            )
        await change.record(
            f"unit:{unit_id}",
            "unit.create",
            f"unit:{unit_id}",
            None,
            payload={"name": name, "place": place, "windows": list(windows)},
        )
    return unit_id


async def add_person(
    store: Store,
    *,
    login: str,
    password: str,
    name: str,
    staff_number: str,
    unit: str,
    window: str | None,
    roles: Collection[Role],
) -> str:
    """Keep a new person; ``unit`` and ``window`` are ids or names. Returns the person's id.

    Refused: malformed (login taken, or a name with characters that are not seen), not_found, and as
    by ``accounts.judge``.
    """
    _seen(login=login, name=name, staff_number=staff_number)
    await asyncio.to_thread(judge, password, words_of(login, name, staff_number))
    password_hash = await asyncio.to_thread(Passwords().hash, password)
    person_id = new_id()
    async with store.change(SYSTEM) as change:
        await change.lock("people")
        if await staff.find_account(change.connection, login) is not None:
            raise Refusal(Code.MALFORMED, fields="login")
        units = await staff.list_units(change.connection)
        home = next((one for one in units if unit in (one["id"], one["name"])), None)
        if home is None:
            raise Refusal(Code.NOT_FOUND, unit=unit)
        seat = None
        if window is not None:
            seat = next((w for w in home["windows"] if window in (w["id"], w["name"])), None)
            if seat is None:
                raise Refusal(Code.NOT_FOUND, window=window)
        await staff.add_person(
            change.connection,
            person_id=person_id,
            login=login,
            password_hash=password_hash,
            name=name,
            staff_number=staff_number,
            unit_id=home["id"],
            window_id=seat["id"] if seat else None,
            roles=roles,
        )
        await change.record(
            f"person:{person_id}",
            "person.create",
            f"person:{person_id}",
            None,
            payload={
                "login": login,
                "unit": home["id"],
                "roles": sorted(role.value for role in roles),
            },
        )
    return person_id


def _seen(**names: str) -> None:
    if hidden := [what for what, name in names.items() if plain(name) != name]:
        raise Refusal(Code.MALFORMED, fields=", ".join(hidden))


async def set_roles(store: Store, login: str, roles: Collection[Role]) -> None:
    """Give this person these roles and no other, within two seconds also where he is
    connected. Refused: not_found."""
    async with store.change(SYSTEM) as change:
        await change.lock("people")
        person_id = await staff.set_roles(change.connection, login, roles)
        if person_id is None:
            raise Refusal(Code.NOT_FOUND, login=login)
        await change.record(
            f"person:{person_id}",
            "person.roles",
            f"person:{person_id}",
            None,
            payload={"roles": sorted(role.value for role in roles)},
        )
