"""The staff of a unit, for its administrators; the units, for everyone who may invite one into a call."""

from typing import Final

from server.actions import people as actions
from server.api.route import STORE, Ask, Nothing, Routes
from server.domain.person import Act, Role, conflicts, may, ranked
from server.store import people
from server.wire.http import (
    ExemptPerson,
    People,
    PersonRow,
    RoleConflict,
    UnitRow,
    Units,
    WindowRef,
)
from signaling.refusals import Code, Refusal

routes: Final = Routes("administration")


@routes.route("GET", "/api/v1/people", problems=(Code.FORBIDDEN,))
async def list_people(ask: Ask[Nothing, Nothing]) -> People:
    """The staff of my unit by login."""
    unit_id = ask.actor.unit_id
    if not may(ask.actor, Act.STAFF_READ, unit_id=unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with ask.request.app[STORE].read() as connection:
        rows = await people.list_people(connection, unit_id)
        exempted = await people.exempted(connection, unit_id=unit_id)
    allowed = {(one.person_id, one.first, one.second): one.reason for one in exempted}
    return People(
        people=[
            PersonRow.model_validate(
                {name: row[name] for name in PersonRow.model_fields if name != "conflicts"}
                | {
                    "roles": [role.value for role in ranked([Role(one) for one in row["roles"]])],
                    "conflicts": [
                        RoleConflict(
                            first=first.value,
                            second=second.value,
                            allowed=allowed.get((row["id"], first, second)),
                        )
                        for first, second in conflicts([Role(one) for one in row["roles"]])
                    ],
                }
            )
            for row in rows
        ]
    )


@routes.route(
    "POST",
    "/api/v1/people/{person_id}/exemptions",
    status=204,
    problems=(
        Code.FORBIDDEN, Code.NOT_FOUND, Code.NOT_YOURS, Code.FIELD_INVALID, Code.REASON_MISSING,
    ),
    act="person.exempt",
)  # fmt: skip
async def exempt_person(ask: Ask[Nothing, ExemptPerson]) -> None:
    """Let two roles that exclude one another be in one person of my unit; for its security officer."""
    await actions.exempt(
        ask.request.app[STORE],
        ask.actor,
        ask.path("person_id"),
        Role(ask.body.first),
        Role(ask.body.second),
        ask.body.reason,
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
