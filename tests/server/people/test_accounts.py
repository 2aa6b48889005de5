"""Accounts: blocked, given another password, signed out, by page and command line while the server runs."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from server import control
from server.app import Running
from server.catalogue.acts import reading as catalogue
from server.catalogue.acts.importing import ITEMS_AN_ENTRY
from server.edge.route import STORE
from server.people.acts.accounts import Accounts, judge
from server.people.acts.sessions import Sessions
from server.people.acts.throttle import Limit, Throttle
from server.people.api.sessions import SESSIONS
from server.people.rows import people, sessions
from server.rights.person import SYSTEM, Role
from server.store import Store, tables
from signaling.client import Client
from signaling.refusals import Code, Refusal
from tests.kit.nodes import PASSWORD, browser, hashed, node_settings, seat_staff, served, sign_in
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.kit.until import until
from tests.server.test_command import yunjian

NEW = "four quite unrelated words"


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def node(database: str, tmp_path: Path, moved: MovedClock) -> AsyncIterator[Running]:
    async with served(node_settings(database, tmp_path), moved) as node:
        store = node.app[STORE]
        async with store.working() as connection:  # an administrator elsewhere, an operator here
            await people.add_person(
                connection, person_id="admin-two", login="admin-two", password_hash=hashed(),
                name="admin-two", staff_number="T-2", unit_id="unit-qingdao", window_id=None,
                roles=[Role.ADMIN],
            )  # fmt: skip
        yield node


async def bearer(node: Running, login: str, password: str = PASSWORD) -> dict[str, str]:
    async with aiohttp.ClientSession(node.address) as http:
        body = {"login": login, "password": password}
        async with http.post("/api/v1/tokens", json=body) as said:
            assert said.status == 201, await said.text()
            return {"Authorization": f"Bearer {(await said.json())['token']}"}


async def status(node: Running, headers: dict[str, str], path: str = "/api/v1/units") -> int:
    async with aiohttp.ClientSession(node.address) as http, http.get(path, headers=headers) as said:
        return said.status


async def acts_of(store: Store, person_id: str) -> list[tuple[str, str, str]]:
    entries = tables.ledger_entries.c
    async with store.read() as connection:
        rows = await connection.execute(
            sa.select(entries.act, entries.actor, entries.result)
            .where(entries.subject == f"person:{person_id}", entries.act.like("person.%"))
            .order_by(entries.version)
        )
        return [(row.act, row.actor, row.result) for row in rows]


async def test_a_blocked_person_is_out_at_once_and_back_when_unblocked(node: Running) -> None:
    clerk = await bearer(node, "clerk-one")
    socket = Client(node.address, clerk["Authorization"].removeprefix("Bearer "))
    await socket.connect()
    async with browser(node) as admin:
        await sign_in(admin, "admin-one")
        block = "/api/v1/people/clerk-one/block"
        async with admin.post(block, json={"reason": " "}) as said:
            assert (await said.json())["code"] == "reason_missing"
        for _ in range(2):
            async with admin.post(block, json={"reason": "离岗"}) as said:
                assert said.status == 204
        assert await status(node, clerk) == 401
        try:
            await until(lambda: "still connected" if socket.connected else None)
        finally:
            await socket.close()
        async with browser(node) as page:
            body = {"login": "clerk-one", "password": PASSWORD}
            async with page.post("/api/v1/session", json=body) as said:
                assert (said.status, (await said.json())["code"]) == (401, "bad_credentials")
            # who was signed in is told why he is not any more, a stranger nothing
            assert await why_out(page, clerk) == "account_blocked"
            assert await why_out(page, {"Authorization": "Bearer stranger"}) == "unauthenticated"
            async with admin.post("/api/v1/people/clerk-one/unblock") as said:
                assert said.status == 204
            assert await why_out(page, clerk) == "unauthenticated"
            await sign_in(page, "clerk-one")
        assert await status(node, clerk) == 401  # what was ended stays ended
    acts = await acts_of(node.app[STORE], "clerk-one")
    assert acts == [("person.block", "admin-one", "ok"), ("person.unblock", "admin-one", "ok")]


async def why_out(page: aiohttp.ClientSession, headers: dict[str, str]) -> str:
    async with page.get("/api/v1/session", headers=headers) as said:
        assert said.status == 401
        return str((await said.json())["code"])


async def test_administrators_act_on_the_staff_of_their_own_unit_alone(node: Running) -> None:
    acts = (("POST", "block"), ("POST", "unblock"), ("POST", "password"), ("DELETE", "sessions"))

    async def told(login: str, whom: str) -> set[tuple[int, str]]:
        headers, codes = await bearer(node, login), set()
        async with aiohttp.ClientSession(node.address, headers=headers) as http:
            for method, act in acts:
                body = {"json": {"reason": "x"}} if act == "block" else {}
                path = f"/api/v1/people/{whom}/{act}"
                async with http.request(method, path, **body) as said:
                    codes.add((said.status, (await said.json())["code"]))
        return codes

    assert await told("admin-two", "clerk-one") == {(404, "not_found")}
    # whose password he set he could be
    assert await told("admin-one", "operator-one") == {(403, "forbidden")}
    assert await told("admin-one", "nobody") == {(404, "not_found")}
    assert await told("admin-one", "admin-one") == {(403, "forbidden")}
    assert await told("supervisor-one", "clerk-one") == {(403, "forbidden")}
    async with browser(node) as page:
        await sign_in(page, "clerk-one")


@SQLITE_ALONE
async def test_who_checks_on_an_administrator_gets_no_password_from_him(store: Store) -> None:
    """He could agree to what he asked for himself, or let his own exclusions be."""
    await seat_staff(store)
    book, accounts = Sessions(store), Accounts(store)
    admin = (await book.sign_in("admin-one", PASSWORD, "cookie", "192.0.2.1")).actor
    for login, role in (("also", Role.ADMIN), ("safe", Role.SECURITY)):
        async with store.working() as connection:
            await people.add_person(
                connection, person_id=login, login=login, password_hash=hashed(), name=login,
                staff_number="T-9", unit_id="unit-jinan", window_id=None, roles=[role],
            )  # fmt: skip
        with pytest.raises(Refusal) as told:
            await accounts.reset(admin, login)
        assert told.value.code is Code.FORBIDDEN
        assert not (await book.sign_in(login, PASSWORD, "cookie", "192.0.2.1")).must_change
        await accounts.block(admin, login, "left")  # opens nothing to him
    assert (await accounts.reset(SYSTEM, "also")).password


@SQLITE_ALONE
async def test_a_temporary_password_opens_nothing_but_its_change(
    node: Running, moved: MovedClock
) -> None:
    before = await bearer(node, "clerk-one")
    async with browser(node) as admin, browser(node) as page:
        await sign_in(admin, "admin-one")
        async with admin.post("/api/v1/people/clerk-one/password") as said:
            assert said.status == 201
            given = (await said.json())["password"]
        assert await status(node, before) == 401
        body = {"login": "clerk-one", "password": given}
        async with page.post("/api/v1/session", json=body) as said:
            assert (await said.json())["must_change"] is True
        async with page.get("/api/v1/session") as said:
            assert (await said.json())["must_change"] is True
        async with page.get("/api/v1/units") as said:
            assert said.status == 401
        async with page.put("/api/v1/session/password", json={"old": given, "new": NEW}) as said:
            assert said.status == 200
        async with page.get("/api/v1/session") as said:
            assert (await said.json())["must_change"] is False
        async with page.get("/api/v1/units") as said:
            assert said.status == 200
        # one that nobody takes up is worth nothing on another day
        async with admin.post("/api/v1/people/clerk-one/password") as said:
            late = (await said.json())["password"]
    moved.move(24 * 3600)
    async with browser(node) as page:
        body = {"login": "clerk-one", "password": late}
        async with page.post("/api/v1/session", json=body) as said:
            assert said.status == 401


async def test_changing_ones_own_password_ends_ones_other_sessions(node: Running) -> None:
    other = await bearer(node, "clerk-one")
    async with browser(node) as page:
        await sign_in(page, "clerk-one")

        async def change(old: str, new: str) -> tuple[int, str]:
            body = {"old": old, "new": new}
            async with page.put("/api/v1/session/password", json=body) as said:
                told = await said.json()
                return said.status, told.get("code", "")

        with capture_logs() as logs:
            assert await change("not it", NEW) == (401, "bad_credentials")
        [failed] = [one for one in logs if one["event"] == "password_change_failed"]
        assert (failed["person"], failed["source"]) == ("clerk-one", "127.0.0.1")
        assert await change(PASSWORD, PASSWORD) == (422, "password_same")
        assert await change(PASSWORD, "short one") == (422, "password_short")
        assert await change(PASSWORD, "x" * 201) == (422, "password_long")
        assert await change(PASSWORD, "Password123456") == (422, "password_common")
        assert await status(node, other) == 200
        assert await change(PASSWORD, NEW) == (200, "")
        assert await status(node, other) == 401
        async with page.get("/api/v1/units") as said:
            assert said.status == 200
    await bearer(node, "clerk-one", NEW)
    acts = await acts_of(node.app[STORE], "clerk-one")
    assert acts == [
        ("person.change_password", "clerk-one", result)
        for result in (
            "bad_credentials",
            "password_same",
            "password_short",
            "password_long",
            "password_common",
            "ok",
        )
    ]


@SQLITE_ALONE
async def test_an_old_password_is_guessed_at_no_faster_than_at_a_sign_in(store: Store) -> None:
    await seat_staff(store)
    actor = (await Sessions(store).sign_in("clerk-one", PASSWORD, "cookie", "192.0.2.1")).actor
    book, codes = Accounts(store, Throttle(store, "sign-in", pair=Limit(3, 900))), []
    for number in range(5):
        with pytest.raises(Refusal) as told:
            await book.change_own(actor, f"guess {number}", NEW, "192.0.2.1", None)
        codes.append(told.value.code)
    assert codes == [Code.BAD_CREDENTIALS] * 3 + [Code.THROTTLED] * 2


@pytest.mark.parametrize(
    ("password", "refused"),
    [
        ("1234567890", Code.PASSWORD_COMMON),
        ("qwertyuiop", Code.PASSWORD_COMMON),
        ("QWERTYUIOP", Code.PASSWORD_COMMON),
        ("5201314520", Code.PASSWORD_COMMON),
        ("aaaaaaaaaaaaaaaa", Code.PASSWORD_COMMON),
        ("yunjian-demo", Code.PASSWORD_COMMON),
        ("Lixiulan2026", Code.PASSWORD_COMMON),
        ("lixiulanlixiulan", Code.PASSWORD_COMMON),
        ("九个字的密码不够长", Code.PASSWORD_SHORT),
        ("nine char", Code.PASSWORD_SHORT),
        # no rule of composition, and blanks and any letters are taken as they are
        ("correct horse battery", None),
        ("kjwmvnqzrtpl", None),
        ("窗外的雨下了一整夜", Code.PASSWORD_SHORT),
        ("窗外的雨下了整整一夜", None),
        ("x7 " * 40, None),
    ],
)
def test_passwords_are_judged_by_length_and_lists(password: str, refused: Code | None) -> None:
    own = ("lixiulan", "李秀兰", "SZ0107")
    if refused is None:
        judge(password, own)
        return
    with pytest.raises(Refusal) as told:
        judge(password, own)
    assert told.value.code is refused


async def test_the_command_line_speaks_to_the_server_that_runs(tmp_path: Path) -> None:
    """On SQLite, whose file belongs to the server alone."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'yunjian.sqlite'}"
    data = tmp_path / "data"
    data.mkdir()

    async def typed(*words: str) -> tuple[int, str, str]:
        words = (*words, "--data", str(data))
        done = await asyncio.to_thread(yunjian, *words, folder=tmp_path)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    async with served(node_settings(url, tmp_path)) as node:
        mode = (data / control.NAME).stat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)
        clerk = await bearer(node, "clerk-one")
        await control.ask(data, "user.block", {"login": "clerk-one", "reason": "离岗"})
        assert await status(node, clerk) == 401
        await control.ask(data, "user.unblock", {"login": "clerk-one"})
        both = ("--role", "clerk", "--role", "supervisor")
        assert await typed("user", "exempt", "clerk-one", *both, "--reason", "仅此一人") == (
            0,
            "",
            "",
        )
        pair = {"login": "clerk-one", "roles": ["supervisor", "clerk"]}
        await control.ask(data, "user.roles", pair)
        await control.ask(data, "user.unexempt", pair)
        with pytest.raises(Refusal) as told:
            await control.ask(data, "user.roles", pair)
        assert told.value.code is Code.ROLES_EXCLUDE
        await control.ask(data, "user.roles", {"login": "clerk-one", "roles": ["clerk"]})
        given = await control.ask(data, "user.reset", {"login": "clerk-one"})
        async with browser(node) as page:
            body = {"login": "clerk-one", "password": given["password"]}
            async with page.post("/api/v1/session", json=body) as said:
                assert (await said.json())["must_change"] is True
        assert await control.ask(data, "user.sign-out", {"login": "clerk-one"}) == 1
        about = {
            "login": "sun", "name": "孙", "staff_number": "A-1", "roles": ["clerk"],
            "unit": "unit-jinan", "window": "window-3",
        }  # fmt: skip
        with pytest.raises(Refusal) as told:
            await control.ask(data, "user.create", {**about, "password": "1234567890"})
        assert told.value.code is Code.PASSWORD_COMMON
        with pytest.raises(Refusal) as told:
            await control.ask(data, "user.create", {**about, "password": NEW, "name": "孙\u202e"})
        assert told.value.code is Code.MALFORMED
        await control.ask(data, "user.create", {**about, "password": NEW})
        await bearer(node, "sun", NEW)
        rows = [
            {
                "实施编码": f"11370211MB2875541940001310{n:05}",
                "事项名称": f"食品经营许可{n}",
                "承诺办结时限": "5",
            }
            for n in range(ITEMS_AN_ENTRY + 1)
        ]
        listed = tmp_path / "items.json"
        listed.write_text(json.dumps(rows, ensure_ascii=False) + " " * 1_200_000)
        code, imported, why = await typed("item", "import", str(listed), "--unit", "unit-jinan")
        assert (code, why) == (0, "")
        assert imported.startswith(f"{len(rows)} rows: {len(rows)} new"), imported
        # by initials, and each entry tells a bounded part of it
        assert len(await catalogue.items(node.app[STORE], "spjy")) == 50
        assert await node.app[STORE].version("catalogue:items") == 2
        acts = await acts_of(node.app[STORE], "clerk-one")
        assert acts == [
            (act, "system", "ok")
            for act in (
                "person.block",
                "person.unblock",
                "person.exempt",
                "person.roles",
                "person.unexempt",
                "person.roles",
                "person.reset_password",
                "person.sign_out",
            )
        ]
    assert not (data / control.NAME).exists()
    # where no server runs, the command opens the database itself
    code, temporary, why = await typed("user", "reset-password", "sun")
    assert (code, len(temporary)) == (0, 16), why


class Watched:
    """The sessions of a node, looked after as its task does."""

    def __init__(self, store: Store, clock: MovedClock) -> None:
        self.book = Sessions(store, idle_s=1800)
        self.store, self.clock = store, clock

    async def open(self, login: str) -> Any:
        return await self.book.sign_in(login, PASSWORD, "cookie", "192.0.2.1")

    async def after(self, seconds: float, *used: str) -> None:
        """Minute by minute, as the sweeper looks far more often than sessions end."""
        for _ in range(int(seconds // 60)):
            self.clock.move(60)
            for session_id in used:
                self.book.used(session_id)
            await self.book.end_idle()

    async def runs(self, signed: Any) -> bool:
        return await self.book.authenticate(signed.token) is not None


async def test_a_session_that_nobody_uses_ends_after_half_an_hour(
    store: Store, clock: MovedClock
) -> None:
    await seat_staff(store)
    watched = Watched(store, clock)
    idle, used = await watched.open("clerk-one"), await watched.open("clerk-one")
    await watched.after(29 * 60, used.actor.session_id)
    assert await watched.runs(idle)
    await watched.after(60, used.actor.session_id)
    assert not await watched.runs(idle)
    assert await watched.runs(used)
    entries = tables.ledger_entries.c
    async with store.read() as connection:
        closed = await connection.execute(
            sa.select(entries.actor, entries.object).where(entries.act == "session.close")
        )
        assert [tuple(row) for row in closed] == [("system", f"session:{idle.actor.session_id}")]


@SQLITE_ALONE
async def test_a_use_that_another_node_wrote_down_or_that_could_not_be_written_down_counts(
    store: Store, clock: MovedClock
) -> None:
    await seat_staff(store)
    watched = Watched(store, clock)
    signed, other = await watched.open("clerk-one"), await watched.open("clerk-one")
    clock.move(1800)
    half_an_hour_ago = clock.now() - timedelta(seconds=1800)
    async with store.working() as connection:
        watched.book.used(other.actor.session_id)
        looking = asyncio.create_task(watched.book.end_idle())
        await asyncio.sleep(0)  # it waits for the one writer
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await sessions.note_used(connection, {signed.actor.session_id}, clock.now())
        assert not await sessions.end_idle_session(
            connection, signed.actor.session_id, clock.now(), half_an_hour_ago
        )
    await watched.book.end_idle()
    assert (await watched.runs(signed), await watched.runs(other)) == (True, True)


async def test_who_is_on_duty_or_in_a_call_is_not_signed_out(
    store: Store, clock: MovedClock
) -> None:
    await seat_staff(store)
    watched = Watched(store, clock)
    on_duty, away = await watched.open("approver-one"), await watched.open("supervisor-one")

    async def lives(duty: str) -> None:
        async with store.working() as connection:
            await connection.execute(tables.roster.delete())
            await connection.execute(
                tables.roster.insert().values(
                    person_id="approver-one", unit_id="unit-qingdao", duty=duty,
                    last_seen_at=clock.now(),
                )
            )  # fmt: skip

    for _ in range(120):
        await lives("online")
        await watched.after(60)
    assert (await watched.runs(on_duty), await watched.runs(away)) == (True, False)
    # off duty again there is about half an hour left, and a desk that nobody sees counts for nothing
    await lives("away")
    await watched.after(20 * 60)
    assert await watched.runs(on_duty)
    await watched.after(10 * 60)
    assert not await watched.runs(on_duty)


@SQLITE_ALONE
async def test_who_sits_in_a_call_follows_one_or_sends_a_file_is_not_idle(
    store: Store, clock: MovedClock
) -> None:
    await seat_staff(store)
    book = Sessions(store, idle_s=1800)
    clerk, approver, supervisor, admin, operator = [
        (await book.sign_in(f"{one}-one", PASSWORD, "cookie", "192.0.2.1")).actor
        for one in ("clerk", "approver", "supervisor", "admin", "operator")
    ]
    clock.move(1800)
    now, idle = clock.now(), timedelta(seconds=1800)
    leg = {"call_id": "call", "seat": "window", "muted": [], "joined_at": now, "last_seen_at": now}
    seat = {**leg, "id": "seat", "person_id": clerk.person_id, "state": "joined"}
    left = {**leg, "id": "left", "person_id": approver.person_id, "state": "left", "ended_at": now}
    ear = {
        "id": "ear", "call_id": "call", "person_id": supervisor.person_id, "place": "guest",
        "way": "listen", "reason": "x", "began_at": now, "last_seen_at": now,
    }  # fmt: skip
    async with store.working() as connection:
        # The call around them says nothing here, and is not there.
        await connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        await connection.execute(tables.legs.insert().values(**seat))
        await connection.execute(tables.legs.insert().values(**left))
        await connection.execute(tables.monitors.insert().values(**ear))
        await sessions.note_busy(connection, now, idle)
        unused = {who for _, who in await sessions.idle_sessions(connection, now - idle, now)}
        for table in (tables.legs, tables.monitors):
            await connection.execute(table.delete())
    assert unused == {approver.person_id, admin.person_id, operator.person_id}

    async def nothing(_: Any) -> None:
        return

    # Who sends a file is asked of the node at each look; the first one ends who is idle.
    watch = asyncio.create_task(book.watch(tuple, nothing, nothing, sending=lambda: [admin]))
    try:

        async def running() -> str | None:
            ids = {one.session_id for one in (clerk, approver, supervisor, admin, operator)}
            async with store.read() as connection:
                found = await sessions.running_sessions(connection, ids, now)
            wanted = {one.session_id for one in (clerk, supervisor, admin)}
            return None if found.keys() == wanted else f"{len(found)} run"

        await until(running, 10)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


@SQLITE_ALONE
async def test_a_page_that_says_it_is_used_keeps_its_session(
    database: str, tmp_path: Path, moved: MovedClock
) -> None:
    async with (
        served(node_settings(database, tmp_path, idle_s=1800), moved) as node,
        browser(node) as page,
        browser(node) as quiet,
    ):
        book = node.app[SESSIONS]
        await sign_in(page, "clerk-one")
        told = await sign_in(quiet, "supervisor-one")
        assert told["idle_s"] == 1800
        moved.move(1000)
        async with page.post("/api/v1/session/use") as said:
            assert said.status == 204
        async with quiet.get("/api/v1/units") as said:  # what pages ask by themselves is no use
            assert said.status == 200
        await book.end_idle()
        moved.move(1000)
        await book.end_idle()
        async with page.get("/api/v1/session") as said:
            assert said.status == 200
        async with quiet.get("/api/v1/session") as said:
            assert said.status == 401
