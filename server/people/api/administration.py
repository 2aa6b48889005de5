"""The staff of a unit, for its administrators; the units, for everyone who may invite one into a call."""

from collections.abc import Mapping
from typing import Any, Final

from server.edge.route import STORE, Ask, Nothing, Routes
from server.people.acts import registering as actions
from server.people.rows import people, staffing
from server.people.wire import ExemptPerson, People, PersonRow, RoleConflict, RoleName
from server.rights.person import EXCLUDED, Act, Actor, Role, conflicts, may, ranked
from server.store import Store
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message

routes: Final = Routes("administration")


class RolePair(Message):
    first: RoleName
    second: RoleName


@routes.route("GET", "/api/v1/people", problems=(Code.FORBIDDEN,))
async def list_people(ask: Ask[Nothing, Nothing]) -> People:
    """The staff of my unit by login."""
    unit_id = ask.actor.unit_id
    if not may(ask.actor, Act.STAFF_READ, unit_id=unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with ask.request.app[STORE].read() as connection:
        rows = await people.list_people(connection, unit_id)
        exempted = await staffing.exempted(connection, unit_id=unit_id)
    allowed: dict[str, dict[tuple[str, str], str]] = {}
    for one in exempted:
        allowed.setdefault(one.person_id, {})[one.first, one.second] = one.reason
    return People(
        people=[
            PersonRow.model_validate(
                {name: row[name] for name in PersonRow.model_fields if name != "conflicts"}
                | {
                    "roles": [role.value for role in ranked([Role(one) for one in row["roles"]])],
                    "conflicts": _conflicts(row, allowed.get(row["id"], {})),
                }
            )
            for row in rows
        ]
    )


def _conflicts(
    row: Mapping[str, Any], allowed: Mapping[tuple[str, str], str]
) -> list[RoleConflict]:
    """The roles of a person that exclude one another, and those that he might have beside one another."""
    held = conflicts([Role(one) for one in row["roles"]])
    return [
        RoleConflict.model_validate(
            {
                "first": pair[0].value,
                "second": pair[1].value,
                "allowed": allowed.get(pair),
                "held": pair in held,
            }
        )
        for pair in EXCLUDED
        if pair in held or pair in allowed
    ]


_EXEMPTING: Final = (Code.FORBIDDEN, Code.NOT_FOUND, Code.NOT_YOURS, Code.FIELD_INVALID)


@routes.route(
    "POST",
    "/api/v1/people/{person_id}/exemptions",
    status=204,
    problems=(*_EXEMPTING, Code.REASON_MISSING),
    act="person.exempt",
)
async def exempt_person(ask: Ask[Nothing, ExemptPerson]) -> None:
    """Let two roles that exclude one another be in one person of my unit; for its security officer."""
    await actions.exempt(*_named(ask, ask.body), ask.body.reason)


@routes.route(
    "DELETE",
    "/api/v1/people/{person_id}/exemptions",
    status=204,
    problems=_EXEMPTING,
    act="person.unexempt",
)
async def end_exemption(ask: Ask[RolePair, Nothing]) -> None:
    """Let two roles exclude one another in a person again; he keeps those he has. Twice is no error."""
    await actions.end_exemption(*_named(ask, ask.query))


def _named(
    ask: Ask[Any, Any], pair: ExemptPerson | RolePair
) -> tuple[Store, Actor, str, Role, Role]:
    """Who asks, whose roles, and which two."""
    person_id = ask.path("person_id")
    return ask.request.app[STORE], ask.actor, person_id, Role(pair.first), Role(pair.second)
