"""Staff, their units and their sign-in sessions, read and written by row.

Gives `Actor` (who acts) and `PersonRef` (a person as others see him). No rule
about rights or passwords is here; those are in server.rights.person and
server.people.acts.sessions.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.rules import Authority
from server.rights.person import Actor, Role
from server.store.tables import (
    exemptions,
    legs,
    monitors,
    people,
    roster,
    sessions,
    units,
    windows,
)
from signaling.wire.envelope import PersonRef

STAFF = people.join(units, units.c.id == people.c.unit_id).outerjoin(
    windows, windows.c.id == people.c.window_id
)
_COLUMNS = (
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


ON_DUTY_SEEN: Final = timedelta(seconds=120)
"""Who is on duty and was not seen for longer has no page open."""
IDLE_AT_ONCE: Final = 200


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


@dataclass(frozen=True, slots=True)
class Session:
    """A running sign-in."""

    actor: Actor
    kind: str
    expires_at: datetime
    must_change: bool = False
    """Whether it was opened with a temporary password, and opens nothing but its change."""


def _actor(row: Mapping[Any, Any], session_id: str) -> Actor:
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
        sa.select(*_COLUMNS, people.c.password_hash, people.c.password_until)
        .select_from(STAFF)
        .where(people.c.login == login, people.c.active)
    )
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    return Account(_actor(dict(row), ""), row["password_hash"], row["password_until"])


async def find_actor(connection: AsyncConnection, person_id: str, session_id: str) -> Actor | None:
    """The active person with this id, as somebody who acts in his name."""
    query = sa.select(*_COLUMNS).select_from(STAFF).where(people.c.id == person_id, people.c.active)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _actor(dict(row), session_id)


async def find_session(
    connection: AsyncConnection, token_hash: str, at: datetime
) -> Session | None:
    """The session of a token, unless it has ended or expired or its person is no longer active."""
    return (await find_sessions(connection, [token_hash], at)).get(token_hash)


async def find_sessions(
    connection: AsyncConnection, token_hashes: Collection[str], at: datetime
) -> dict[str, Session]:
    """As ``find_session``, of all these at once, by the hash."""
    query = (
        sa.select(
            *_COLUMNS,
            sessions.c.token_hash,
            sessions.c.id.label("session_id"),
            sessions.c.kind,
            sessions.c.expires_at,
            people.c.password_until,
        )
        .select_from(STAFF.join(sessions, sessions.c.person_id == people.c.id))
        .where(
            sessions.c.token_hash.in_(list(token_hashes)),
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > at,
            people.c.active,
        )
    )
    rows = (await connection.execute(query)).mappings()
    return {
        row["token_hash"]: Session(
            _actor(row, row["session_id"]),
            row["kind"],
            row["expires_at"],
            row["password_until"] is not None,
        )
        for row in rows
    }


async def of_blocked(connection: AsyncConnection, token_hash: str, at: datetime) -> bool:
    """Whether a session of this token, within its time, is of a person who is not active any more."""
    found = await connection.scalar(
        sa.select(sa.literal(True))
        .select_from(sessions.join(people, people.c.id == sessions.c.person_id))
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.expires_at > at,
            people.c.active.is_(False),
        )
    )
    return bool(found)


async def running_sessions(
    connection: AsyncConnection, ids: Collection[str], at: datetime
) -> dict[str, Actor]:
    """Those of these sessions that have not ended, not expired, and belong to an active person whose
    password is no temporary one; and who he is now."""
    if not ids:
        return {}
    query = (
        sa.select(*_COLUMNS, sessions.c.id.label("session_id"))
        .select_from(STAFF.join(sessions, sessions.c.person_id == people.c.id))
        .where(
            sessions.c.id.in_(ids),
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > at,
            people.c.active,
            people.c.password_until.is_(None),
        )
    )
    rows = (await connection.execute(query)).mappings()
    return {row["session_id"]: _actor(row, row["session_id"]) for row in rows}


async def actors(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Actor]:
    """The active ones of these people, by id, with empty session ids: nobody acts by them."""
    query = (
        sa.select(*_COLUMNS).select_from(STAFF).where(people.c.id.in_(list(ids)), people.c.active)
    )
    rows = (await connection.execute(query)).mappings()
    return {row["id"]: _actor(row, "") for row in rows}


async def add_session(
    connection: AsyncConnection,
    *,
    session_id: str,
    token_hash: str,
    person_id: str,
    kind: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new session; of the token only its SHA-256."""
    await connection.execute(
        sessions.insert().values(
            id=session_id,
            token_hash=token_hash,
            person_id=person_id,
            kind=kind,
            created_at=at,
            expires_at=expires_at,
            ended_at=None,
            used_at=at,
        )
    )


async def end_session(connection: AsyncConnection, session_id: str, at: datetime) -> bool:
    """End a session; False when it had ended already."""
    done = await connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        .values(ended_at=at)
    )
    return done.rowcount == 1


async def signed_in(connection: AsyncConnection, person_id: str, at: datetime) -> bool:
    """Whether a session of this person runs."""
    found = await connection.scalar(
        sa.select(sessions.c.id)
        .where(
            sessions.c.person_id == person_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > at,
        )
        .limit(1)
    )
    return found is not None


async def signed_out(connection: AsyncConnection, ids: Collection[str], at: datetime) -> set[str]:
    """Those of these people who were signed in once, and are nowhere any more."""
    if not ids:
        return set()
    found = await connection.scalars(
        sa.select(people.c.id).where(people.c.id.in_(list(ids)), *_signed_out(people.c.id, at))
    )
    return set(found)


async def on_duty_signed_out(connection: AsyncConnection, at: datetime) -> list[str]:
    """Who is on duty though he was signed out everywhere; a bounded part of them."""
    found = await connection.scalars(
        sa.select(roster.c.person_id)
        .where(roster.c.duty == sa.literal_column("'online'"), *_signed_out(roster.c.person_id, at))
        .order_by(roster.c.person_id)
        .limit(IDLE_AT_ONCE)
    )
    return list(found)


def _signed_out(
    person: sa.ColumnElement[str], at: datetime
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Who never was signed in was not signed out either."""
    mine = sessions.c.person_id == person
    runs = sa.and_(mine, sessions.c.ended_at.is_(None), sessions.c.expires_at > at)
    return sa.exists().where(mine), ~sa.exists().where(runs)


async def end_idle_session(
    connection: AsyncConnection, session_id: str, at: datetime, since: datetime
) -> bool:
    """As ``end_session``, unless somebody used it since then: another node may have written that down."""
    used = sa.func.coalesce(sessions.c.used_at, sessions.c.created_at)
    done = await connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id, sessions.c.ended_at.is_(None), used <= since)
        .values(ended_at=at)
    )
    return done.rowcount == 1


async def note_used(connection: AsyncConnection, ids: Collection[str], at: datetime) -> None:
    """These sessions are in use; time never goes back."""
    used = sa.func.coalesce(sessions.c.used_at, sessions.c.created_at)
    await connection.execute(
        sessions.update().where(sessions.c.id.in_(ids), used < at).values(used_at=at)
    )


async def note_busy(connection: AsyncConnection, at: datetime, idle: timedelta) -> None:
    """The sessions of whoever sits in a call, follows one, or is on duty at a page that lives, are in
    use. Written when a tenth of ``idle`` has passed."""
    used = sa.func.coalesce(sessions.c.used_at, sessions.c.created_at)
    busy = sa.union(
        sa.select(legs.c.person_id).where(legs.c.state == "joined", legs.c.ended_at.is_(None)),
        sa.select(monitors.c.person_id).where(monitors.c.ended_at.is_(None)),
        sa.select(roster.c.person_id).where(
            roster.c.duty == "online", roster.c.last_seen_at > at - ON_DUTY_SEEN
        ),
    )
    await connection.execute(
        sessions.update()
        .where(
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > at,
            used < at - idle / 10,
            sessions.c.person_id.in_(busy),
        )
        .values(used_at=at)
    )


async def idle_sessions(
    connection: AsyncConnection, since: datetime, at: datetime
) -> list[tuple[str, str]]:
    """(session, person) of those that run and were not used since then, the longest idle first."""
    used = sa.func.coalesce(sessions.c.used_at, sessions.c.created_at)
    rows = await connection.execute(
        sa.select(sessions.c.id, sessions.c.person_id)
        .where(sessions.c.ended_at.is_(None), sessions.c.expires_at > at, used <= since)
        .order_by(used)
        .limit(IDLE_AT_ONCE)
    )
    return [(row.id, row.person_id) for row in rows]


async def end_sessions(
    connection: AsyncConnection, person_id: str, at: datetime, *, but: str | None = None
) -> list[str]:
    """End every running session of a person, but for one; their ids."""
    ended = await connection.scalars(
        sessions.update()
        .where(
            sessions.c.person_id == person_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > at,
            sessions.c.id != (but or ""),
        )
        .values(ended_at=at)
        .returning(sessions.c.id)
    )
    return sorted(ended.all())


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
    query = sa.select(*_COLUMNS).select_from(STAFF).order_by(units.c.name, people.c.login)
    if unit_id is not None:
        query = query.where(people.c.unit_id == unit_id)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def list_units(connection: AsyncConnection) -> list[dict[str, Any]]:
    """All units by name, each with its windows."""
    found = (await connection.execute(sa.select(units).order_by(units.c.name))).mappings()
    rows = [{**unit, "windows": []} for unit in found]
    by_id = {row["id"]: row for row in rows}
    for window in (
        await connection.execute(sa.select(windows).order_by(windows.c.name))
    ).mappings():
        by_id[window["unit_id"]]["windows"].append({"id": window["id"], "name": window["name"]})
    return rows


async def find_authority(connection: AsyncConnection, unit_id: str) -> Authority | None:
    """A unit with the number of its approvers who may sign in; None when there is no such unit."""
    unit = (
        (await connection.execute(sa.select(units).where(units.c.id == unit_id))).mappings().first()
    )
    if unit is None:
        return None
    staff = await connection.scalars(
        sa.select(people.c.roles).where(people.c.unit_id == unit_id, people.c.active)
    )
    approvers = sum(Role.APPROVER in roles for roles in staff)
    return Authority(unit["id"], unit["name"], unit["place"], approvers)


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


async def set_roles(connection: AsyncConnection, login: str, roles: Collection[Role]) -> str | None:
    """Give this person these roles instead of those he has; his id, None when nobody signs in so."""
    person_id: str | None = await connection.scalar(
        people.update()
        .where(people.c.login == login)
        .values(roles=sorted(role.value for role in roles))
        .returning(people.c.id)
    )
    return person_id


async def unit_of(connection: AsyncConnection, person_id: str) -> str | None:
    """The unit of a person, active or not; None when there is no such person."""
    found: str | None = await connection.scalar(
        sa.select(people.c.unit_id).where(people.c.id == person_id)
    )
    return found


@dataclass(frozen=True, slots=True)
class Exemption:
    """Two roles that exclude one another, let be in one person."""

    id: str
    person_id: str
    first: str
    second: str
    reason: str
    by: str
    at: datetime


async def add_exemption(connection: AsyncConnection, new: Exemption) -> None:
    """Keep a new one."""
    values = {name: getattr(new, name) for name in Exemption.__dataclass_fields__}
    await connection.execute(exemptions.insert().values(**values))


async def end_exemption(
    connection: AsyncConnection, person_id: str, first: str, second: str
) -> bool:
    """Forget that these two roles were let be in this person; False when they were not."""
    mine = exemptions.c.person_id == person_id
    done = await connection.execute(
        exemptions.delete().where(mine, exemptions.c.first == first, exemptions.c.second == second)
    )
    return done.rowcount > 0


async def exempted(
    connection: AsyncConnection, login: str | None = None, *, unit_id: str | None = None
) -> list[Exemption]:
    """The exemptions of who signs in so, of a unit's people, or of all, oldest first."""
    query = (
        sa.select(exemptions)
        .join(people, people.c.id == exemptions.c.person_id)
        .order_by(exemptions.c.at)
    )
    if login is not None:
        query = query.where(people.c.login == login)
    if unit_id is not None:
        query = query.where(people.c.unit_id == unit_id)
    return [Exemption(**row) for row in (await connection.execute(query)).mappings()]


async def add_unit(
    connection: AsyncConnection,
    *,
    unit_id: str,
    name: str,
    place: str,
    region_code: str,
    credit_code: str,
    level: str,
) -> None:
    """Keep a new unit. `level` is its 行使层级 (GB/T 39046-2020 annex A)."""
    await connection.execute(
        units.insert().values(
            id=unit_id,
            name=name,
            place=place,
            region_code=region_code,
            credit_code=credit_code,
            level=level,
        )
    )


async def add_window(
    connection: AsyncConnection, *, window_id: str, unit_id: str, name: str
) -> None:
    """Keep a new window of a unit."""
    await connection.execute(windows.insert().values(id=window_id, unit_id=unit_id, name=name))
