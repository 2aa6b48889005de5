"""Staff, their units and their sign-in sessions, read and written by row.

Gives `Actor` (who acts) and `PersonRef` (a person as others see him). No rule
about rights or passwords is here; those are in server.rights.person and
server.people.acts.sessions.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.rights.person import Actor, Role
from server.store.tables import people, units, windows
from signaling.wire.envelope import PersonRef

STAFF = people.join(units, units.c.id == people.c.unit_id).outerjoin(
    windows, windows.c.id == people.c.window_id
)
COLUMNS = (
    people.c.id,
    people.c.login,
    people.c.name,
    people.c.staff_number,
    people.c.roles,
    people.c.active,
    people.c.unit_id,
    units.c.name.label("unit_name"),
    units.c.place,
    people.c.window_id,
    windows.c.name.label("window_name"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in, with the hash of his password (argon2, PHC format)."""

    actor: Actor
    """With an empty session id: nobody acts by it yet."""
    password_hash: str
    password_until: datetime | None = None
    """Set for a temporary password: until when it opens what changes it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person whose account is acted on, active or not."""

    id: str
    login: str
    unit_id: str
    roles: frozenset[Role]


def actor_in(row: Mapping[Any, Any], session_id: str) -> Actor:
    """The person of a row of ``COLUMNS``, as somebody who acts."""
    return Actor(
        person_id=row["id"],
        login=row["login"],
        name=row["name"],
        staff_number=row["staff_number"],
        unit_id=row["unit_id"],
        unit_name=row["unit_name"],
        place=row["place"],
        roles=frozenset(Role(role) for role in row["roles"]),
        window_id=row["window_id"],
        window_name=row["window_name"],
        session_id=session_id,
    )


async def find_account(connection: AsyncConnection, login: str) -> Account | None:
    """The active person with this login."""
    query = (
        sa.select(*COLUMNS, people.c.password_hash, people.c.password_until)
        .select_from(STAFF)
        .where(people.c.login == login, people.c.active)
    )
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    return Account(actor_in(dict(row), ""), row["password_hash"], row["password_until"])


async def find_actor(connection: AsyncConnection, person_id: str, session_id: str) -> Actor | None:
    """The active person with this id, as somebody who acts in his name."""
    query = sa.select(*COLUMNS).select_from(STAFF).where(people.c.id == person_id, people.c.active)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else actor_in(dict(row), session_id)


async def actors(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Actor]:
    """The active ones of these people, by id, with empty session ids: nobody acts by them."""
    query = (
        sa.select(*COLUMNS).select_from(STAFF).where(people.c.id.in_(list(ids)), people.c.active)
    )
    rows = (await connection.execute(query)).mappings()
    return {row["id"]: actor_in(row, "") for row in rows}


async def find_named(
    connection: AsyncConnection, who: str, *, by_login: bool = False
) -> Named | None:
    """The person with this id, or login, active or not."""
    named = people.c.id == who
    row = (
        await connection.execute(
            sa.select(people.c.id, people.c.login, people.c.unit_id, people.c.roles)
            .where(sa.or_(named, people.c.login == who) if by_login else named)
            .order_by(people.c.login != who)
        )
    ).first()
    if row is None:
        return None
    return Named(row.id, row.login, row.unit_id, frozenset(map(Role, row.roles)))


async def set_active(connection: AsyncConnection, person_id: str, active: bool) -> bool:
    """Whether he may sign in; False when it was so already."""
    done = await connection.execute(
        people.update()
        .where(people.c.id == person_id, people.c.active.is_not(active))
        .values(active=active)
    )
    return done.rowcount == 1


async def set_password(
    connection: AsyncConnection, person_id: str, password_hash: str, until: datetime | None
) -> None:
    """Keep the hash of another password; ``until``: of a temporary one."""
    await connection.execute(
        people.update()
        .where(people.c.id == person_id)
        .values(password_hash=password_hash, password_until=until)
    )


REF_COLUMNS = (
    people.c.id,
    people.c.name,
    people.c.staff_number,
    people.c.unit_id,
    units.c.name.label("unit_name"),
    units.c.place,
    windows.c.name.label("window_name"),
)
"""Of STAFF, for who reads people beside something else."""


def ref_of(row: Mapping[Any, Any]) -> PersonRef:
    """The person of a row that was read with REF_COLUMNS."""
    return PersonRef(**{name: row[name] for name in PersonRef.model_fields})


async def person_refs(connection: AsyncConnection, ids: Collection[str]) -> dict[str, PersonRef]:
    """These people as others see them, by id; an unknown id is left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = sa.select(*REF_COLUMNS).select_from(STAFF).where(people.c.id.in_(wanted))
    rows = (await connection.execute(query)).mappings()
    return {row["id"]: ref_of(row) for row in rows}


async def list_people(
    connection: AsyncConnection, unit_id: str | None = None
) -> list[dict[str, Any]]:
    """The people of a unit, or all, by unit and login, with the names of unit and window."""
    query = sa.select(*COLUMNS).select_from(STAFF).order_by(units.c.name, people.c.login)
    if unit_id is not None:
        query = query.where(people.c.unit_id == unit_id)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def add_person(
    connection: AsyncConnection,
    *,
    person_id: str,
    login: str,
    password_hash: str,
    name: str,
    staff_number: str,
    unit_id: str,
    window_id: str | None,
    roles: Collection[Role],
) -> None:
    """Keep a new person of staff."""
    await connection.execute(
        people.insert().values(
            id=person_id,
            login=login,
            password_hash=password_hash,
            name=name,
            staff_number=staff_number,
            unit_id=unit_id,
            window_id=window_id,
            roles=sorted(role.value for role in roles),
            active=True,
        )
    )
