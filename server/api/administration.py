"""The staff of a unit, for its administrators; the units, for everyone who may invite one into a call."""

from typing import Final

from server.api.route import STORE, Ask, Nothing, Routes
from server.domain.person import Act, Role, may, ranked
from server.store import people
from server.wire.http import People, PersonRow, UnitRow, Units, WindowRef
from signaling.refusals import Code, Refusal

routes: Final = Routes("administration")


@routes.route("GET", "/api/v1/people", problems=(Code.FORBIDDEN,))
async def list_people(ask: Ask[Nothing, Nothing]) -> People:
    """The staff of my unit by login."""
    unit_id = ask.actor.unit_id
    if not may(ask.actor, Act.ADMINISTER, unit_id=unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with ask.request.app[STORE].read() as connection:
        rows = await people.list_people(connection, unit_id)
    return People(
        people=[
            PersonRow.model_validate(
                {name: row[name] for name in PersonRow.model_fields}
                | {"roles": [role.value for role in ranked([Role(one) for one in row["roles"]])]}
            )
            for row in rows
        ]
    )


@routes.route("GET", "/api/v1/units")
async def list_units(ask: Ask[Nothing, Nothing]) -> Units:
    """All units by name, with their windows. For everyone who is signed in."""
    async with ask.request.app[STORE].read() as connection:
        rows = await people.list_units(connection)
    return Units(
        units=[
            UnitRow.model_validate(
                {name: row[name] for name in UnitRow.model_fields}
                | {"windows": [WindowRef(**window) for window in row["windows"]]}
            )
            for row in rows
        ]
    )
