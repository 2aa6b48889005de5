"""Sign-ins as rows: begun, found, used, ended, and those that are over by themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.rows.people import COLUMNS, STAFF, actor_in
from server.rights.person import Actor
from server.store.tables import legs, monitors, people, roster, sessions

ON_DUTY_SEEN: Final = timedelta(seconds=120)
"""Who is on duty and was not seen for longer has no page open."""
IDLE_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """A running sign-in."""

    actor: Actor
    kind: str
    expires_at: datetime
    must_change: bool = False
    """Whether it was opened with a temporary password, and opens nothing but its change."""


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
            *COLUMNS,
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
            actor_in(row, row["session_id"]),
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
        sa.select(*COLUMNS, sessions.c.id.label("session_id"))
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
    return {row["session_id"]: actor_in(row, row["session_id"]) for row in rows}


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
