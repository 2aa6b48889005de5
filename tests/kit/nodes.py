"""A whole node that serves on a port of its own, with a few people to sign in."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import aiohttp
from yarl import URL

from server.app import Running, running
from server.people.acts.passwords import Passwords
from server.people.acts.sessions import LIVES
from server.people.acts.throttle import digest
from server.people.rows import people, sessions
from server.rights.person import Role
from server.settings import Settings
from server.store import Clock, Store, tables, upgrade

PASSWORD: Final = "a long one for tests"


@cache
def hashed() -> str:
    """The hash of PASSWORD, made once."""
    return Passwords().hash(PASSWORD)


async def seat_staff(store: Store) -> None:
    """Two units, a window, and one person of each role, all with PASSWORD; the login is the id."""
    from server.store import SYSTEM

    async with store.change(SYSTEM) as change:
        for unit, place in (("unit-jinan", "济南市中"), ("unit-qingdao", "青岛西海岸")):
            await change.connection.execute(
                tables.units.insert().values(
                    id=unit,
                    name=place,
                    place=place,
                    region_code="370100",
                    credit_code="11370103004188012X",
                    level="3",
                )
            )
        await change.connection.execute(
            tables.windows.insert().values(id="window-3", unit_id="unit-jinan", name="3号窗口")
        )
        for person, unit, role in (
            ("clerk-one", "unit-jinan", Role.CLERK),
            ("approver-one", "unit-qingdao", Role.APPROVER),
            ("supervisor-one", "unit-jinan", Role.SUPERVISOR),
            ("admin-one", "unit-jinan", Role.ADMIN),
            ("operator-one", "unit-jinan", Role.OPERATOR),
        ):
            await people.add_person(
                change.connection,
                person_id=person,
                login=person,
                password_hash=hashed(),
                name=person,
                staff_number="T-1",
                unit_id=unit,
                window_id="window-3" if role is Role.CLERK else None,
                roles=[role],
            )


def node_settings(database: str, folder: Path, **more: Any) -> Settings:
    """Settings of a node on `database` (the fixture's address) with its files in `folder`. No session of
    it ends idle, unless that is asked for: tests move the clock by hours. Several may share a database."""
    chosen = {"idle_s": 0, "ledger_join": True, **more}
    return Settings(data=folder / "data", database_url=database, port=0, **chosen)


async def session_of(store: Store, login: str) -> str:
    """The token of a new session of this person, that is written and not asked for: no password is hashed."""
    token, now = secrets.token_urlsafe(32), store.clock.now()
    async with store.read() as connection:
        account = await people.find_account(connection, login)
    assert account is not None, login
    async with store.working() as connection:
        await sessions.add_session(
            connection,
            session_id=secrets.token_urlsafe(16),
            token_hash=digest(token),
            person_id=account.actor.person_id,
            kind="bearer",
            at=now,
            expires_at=now + LIVES,
        )
    return token


@asynccontextmanager
async def served(
    settings: Settings, clock: Clock | None = None, *, staff: bool = True, media: bool = False
) -> AsyncIterator[Running]:
    """Migrate, seat the staff, serve for the time of the block."""
    assert settings.database_url is not None
    await upgrade(settings.database_url)
    if staff:
        store = await Store.open(settings.store)
        try:
            await seat_staff(store)
        finally:
            await store.close()
    async with running(settings, clock, media=media) as node:
        yield node


@asynccontextmanager
async def browser(
    node: Running, headers: Mapping[str, str] | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client with cookies, as a page of the node is: it names its origin."""
    async with aiohttp.ClientSession(
        node.address,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        headers={"Origin": str(URL(node.address).origin()), **(headers or {})},
    ) as client:
        yield client


async def sign_in(client: aiohttp.ClientSession, login: str) -> dict[str, Any]:
    """Sign this client in; returns the session."""
    async with client.post("/api/v1/session", json={"login": login, "password": PASSWORD}) as said:
        assert said.status == 200, await said.text()
        body: dict[str, Any] = await said.json()
        return body
