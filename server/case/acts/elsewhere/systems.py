"""The external systems that may report for a unit, as the command line keeps them, and their keys.

A key is drawn from the secret of the house, the system's id and the generation of its key: no database and no
backup holds one. Each system acts in the name of an account of its unit that has no role and that nobody can sign in
to, so that record and ledger name it like everybody else.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from server.people.rows import externals as rows
from server.people.rows import people as staff
from server.people.rows import staffing
from server.people.rows.externals import External
from server.rights.ids import new_id
from server.rights.subjects import of_person, of_unit
from server.standards import webhooks
from server.standards.identifiers import plain
from server.store import SYSTEM, Store
from server.store.subject import Turn
from signaling.refusals import Code, Refusal

LONGEST: Final = 60
"""Characters of a system's name, as people's names have at most."""
_NO_PASSWORD: Final = "!"
_STAFF_NUMBER: Final = "外部系统"


def key(secret: bytes, id: str, generation: int) -> bytes:
    """What the system signs with, and nobody else."""
    return webhooks.drawn(secret, "", id, generation)


def key_out(secret: bytes, id: str, generation: int) -> bytes:
    """What signs the messages to the system; another one than it signs with."""
    return webhooks.drawn(secret, "out", id, generation)


async def add(store: Store, *, unit: str, system: str) -> dict[str, Any]:
    """Let a system report for a unit: its id, and the generation of its key. ``unit`` is an id or a name; ``system``
    is called as the items call it that are decided in it.

    Refused: ``not_found`` (no such unit), ``malformed`` (no name, too long, or there already for this unit).
    """
    name = system.strip()
    if not name or len(name) > LONGEST or plain(name) != name:
        raise Refusal(Code.MALFORMED, fields="system")
    async with store.change(SYSTEM) as change:
        connection = change.connection
        units = await staffing.list_units(connection)
        home = next((one["id"] for one in units if unit in (one["id"], one["name"])), None)
        if home is None:
            raise Refusal(Code.NOT_FOUND, unit=unit)
        turn = await Turn.of(change, of_unit(home))
        there = await rows.list_externals(connection, home)
        if any(one.system == name and one.revoked_at is None for one in there):
            raise Refusal(Code.MALFORMED, fields="system")
        new = External(new_id(), home, name, 1, change.at, None, None)
        person = await Turn.of(change, of_person(new.id))
        await staff.add_person(
            connection,
            person_id=new.id,
            login=f"external-{new.id}",
            password_hash=_NO_PASSWORD,
            name=name,
            staff_number=_STAFF_NUMBER,
            unit_id=home,
            window_id=None,
            roles=(),
        )
        await staff.set_active(connection, new.id, active=False)
        await person.enter(
            "person.create", {"login": f"external-{new.id}", "unit": home, "roles": []}
        )
        await rows.add(connection, new)
        await turn.enter("external.add", {"external": new.id, "system": name})
    return {"id": new.id, "generation": new.generation}


async def rotate(store: Store, *, id: str) -> dict[str, Any]:
    """Its next key holds from now on, and the one before no more. Refused: ``not_found`` (none, or revoked)."""
    after = await _changed(store, id, "external.rotate")
    return {"id": after.id, "generation": after.generation}


async def revoke(store: Store, *, id: str) -> None:
    """It reports no more. Refused: ``not_found`` (none, or revoked)."""
    await _changed(store, id, "external.revoke")


async def tell(store: Store, *, id: str, url: str | None, hosts: Collection[str]) -> None:
    """From now on the system is told there of its cases; None: no more. ``hosts``: where messages may go.

    Refused: ``not_found`` (none, or revoked), ``malformed`` (not https, or another host).
    """
    if url is not None and not webhooks.may_go(url, hosts):
        raise Refusal(Code.MALFORMED, fields="url")
    await _changed(store, id, "external.tell", url)


async def listed(store: Store) -> list[dict[str, Any]]:
    """All that ever were, with the names of their units."""
    async with store.read() as connection:
        names = {one["id"]: one["name"] for one in await staffing.list_units(connection)}
        return [
            {
                "id": one.id,
                "unit": names[one.unit_id],
                "system": one.system,
                "generation": one.generation,
                "revoked": one.revoked_at is not None,
                "url": one.url,
            }
            for one in await rows.list_externals(connection)
        ]


async def _changed(store: Store, id: str, act: str, url: str | None = None) -> External:
    async with store.read() as connection:
        found = await rows.find(connection, id)
    if found is None:
        raise Refusal(Code.NOT_FOUND, external=id)
    async with store.change(SYSTEM, of=of_unit(found.unit_id)) as change:
        turn = await Turn.of(change, of_unit(found.unit_id))
        before = await rows.find(change.connection, id)
        if before is None or before.revoked_at is not None:
            raise Refusal(Code.NOT_FOUND, external=id)
        if act == "external.rotate":
            after = replace(before, generation=before.generation + 1)
        elif act == "external.tell":
            after = replace(before, url=url)
        else:
            after = replace(before, revoked_at=change.at)
        await rows.change(change.connection, after)
        payload = {"external": id, "system": after.system, "generation": after.generation}
        if act == "external.tell":
            payload["url"] = url or ""
        await turn.enter(act, payload)
    return after
