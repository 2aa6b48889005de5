"""Signing in and out over HTTP, and how the edge answers everything else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from openapi_spec_validator import OpenAPIV31SpecValidator
from yarl import URL

from server.app import Running
from server.case.wire.registering import CaseOpen
from server.edge.problems import sentence
from server.edge.route import REFUSALS, STORE
from server.node import GATEWAY
from server.people.acts.registering import set_roles
from server.people.api.sessions import SESSIONS
from server.people.rows import people, roster
from server.rights.person import SYSTEM, Actor, Role
from server.store import Store, tables
from signaling.client import Client
from signaling.gateway.connection import Connection
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Who
from tests.kit.nodes import PASSWORD, browser, node_settings, served, sign_in
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.kit.until import until


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def node(database: str, tmp_path: Path, moved: MovedClock) -> AsyncIterator[Running]:
    async with served(node_settings(database, tmp_path), moved) as node:
        yield node


@pytest.fixture
async def page(node: Running) -> AsyncIterator[aiohttp.ClientSession]:
    async with browser(node) as client:
        yield client


@SQLITE_ALONE
async def test_a_session_is_a_cookie_that_scripts_cannot_read(
    page: aiohttp.ClientSession,
) -> None:
    async with page.get("/api/v1/session") as said:
        assert said.status == 401
    credentials = {"login": "clerk-one", "password": PASSWORD}
    async with page.post("/api/v1/session", json=credentials) as said:
        assert said.status == 200
        cookie = said.cookies["yunjian"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert len(cookie.value) >= 43
    async with page.get("/api/v1/session") as said:
        person = (await said.json())["person"]
        assert person["window"] == {"id": "window-3", "name": "3号窗口"}
        assert person["roles"] == ["clerk"]
    async with page.delete("/api/v1/session") as said:
        assert said.status == 204
    async with page.get("/api/v1/session", headers={"Cookie": f"yunjian={cookie.value}"}) as said:
        assert said.status == 401


async def test_each_sign_in_makes_a_new_token_and_ends_after_a_working_day(
    page: aiohttp.ClientSession, moved: MovedClock
) -> None:
    credentials = {"login": "approver-one", "password": PASSWORD}
    tokens = set()
    for _ in range(2):
        async with page.post("/api/v1/tokens", json=credentials) as said:
            assert said.status == 201
            tokens.add((await said.json())["token"])
    assert len(tokens) == 2
    bearer = {"Authorization": f"Bearer {tokens.pop()}"}
    async with page.get("/api/v1/session", headers=bearer) as said:
        assert said.status == 200
    moved.move(12 * 3600)
    async with page.get("/api/v1/session", headers=bearer) as said:
        assert said.status == 401


@SQLITE_ALONE
async def test_an_unknown_login_is_told_as_a_wrong_password(page: aiohttp.ClientSession) -> None:
    told = []
    for login in ("clerk-one", "nobody-here"):
        body = {"login": login, "password": "not it"}
        async with page.post("/api/v1/session", json=body) as said:
            problem = await said.json()
            assert said.status == 401
            assert problem["reference"] == said.headers["X-Request-Id"]
            told.append((problem["code"], problem["title"]))
    assert told[0] == told[1] == ("bad_credentials", sentence(Code.BAD_CREDENTIALS, "zh-CN"))


@SQLITE_ALONE
async def test_another_site_cannot_ask(page: aiohttp.ClientSession) -> None:
    await sign_in(page, "clerk-one")
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
    ):
        async with page.delete("/api/v1/session", headers=foreign) as said:
            assert said.status == 403
            assert (await said.json())["code"] == "foreign_origin"
    async with page.get("/api/v1/session") as said:
        assert said.status == 200


@SQLITE_ALONE
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("PATCH", "/api/v1/session", 405, "method_not_allowed"),
        ("POST", "/window", 405, "method_not_allowed"),
        ("GET", "/assets/nothing.js", 404, "not_found"),
        ("GET", "/../setup.cfg", 404, "not_found"),
        ("GET", "/%2e%2e/%2e%2e/setup.cfg", 404, "not_found"),
        ("GET", "/api/v1/consent-text?language=xx", 401, "unauthenticated"),
    ],
)
async def test_every_error_is_a_problem(
    page: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    address = URL(str(page._base_url).rstrip("/") + path, encoded=True)
    headers = {"Accept-Language": "en;q=0.5, fr"}
    async with aiohttp.request(method, address, headers=headers) as said:
        problem = await said.json(content_type="application/problem+json")
        assert (said.status, problem["status"], problem["code"]) == (status, status, code)
        assert problem["title"].isascii()
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        if status == 405:
            assert said.headers["Allow"]


@SQLITE_ALONE
async def test_a_body_that_does_not_fit_is_told_by_the_names_of_its_fields(
    page: aiohttp.ClientSession,
) -> None:
    async with page.post("/api/v1/session", json={"login": "x", "secret": "s3cr3t"}) as said:
        text = await said.text()
        assert said.status == 400
        assert "password" in text
        assert "s3cr3t" not in text
    async with page.post(
        "/api/v1/session", data=b"{", headers={"Content-Type": "application/json"}
    ) as said:
        assert said.status == 400
    async with page.post("/api/v1/session", data={"login": "x"}) as said:
        assert said.status == 415
    async with page.post("/api/v1/session", json={"login": "x" * 300_000}) as said:
        assert (said.status, (await said.json())["code"]) == (413, "too_large")


@SQLITE_ALONE
async def test_pages_carry_the_policy_and_hide_the_server(page: aiohttp.ClientSession) -> None:
    async with page.get("/healthz") as said:
        policy = said.headers["Content-Security-Policy"]
        assert said.status == 200
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"ws://{said.url.authority}" in policy
        assert said.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in said.headers


@SQLITE_ALONE
async def test_the_description_is_valid_openapi(page: aiohttp.ClientSession) -> None:
    async with page.get("/api/v1/openapi.json") as said:
        document = await said.json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["paths"]["/api/v1/session"]["post"]["requestBody"]["required"]
    assert len(document["paths"]) >= 5


async def test_signing_in_and_out_stands_in_the_ledger(
    node: Running, page: aiohttp.ClientSession
) -> None:
    await sign_in(page, "supervisor-one")
    for _ in range(2):
        async with page.delete("/api/v1/session") as said:
            assert said.status == 204
    entries = sa.select(tables.ledger_entries.c.act, tables.ledger_entries.c.result).where(
        tables.ledger_entries.c.subject == "person:supervisor-one"
    )
    async with node.app[STORE].read() as connection:
        rows = (await connection.execute(entries.order_by("version"))).all()
    # before them: that he is one of the staff, which a fixture and no act has made him
    acts = [tuple(row) for row in rows if row.act != "record.keep"]
    assert acts == [("session.open", "ok"), ("session.close", "ok")]


async def test_who_signed_out_everywhere_is_off_duty(
    node: Running, page: aiohttp.ClientSession
) -> None:
    async def duty() -> str:
        async with node.app[STORE].read() as connection:
            return await roster.duty_of(connection, "approver-one")

    async def signs_out(client: aiohttp.ClientSession) -> None:
        async with client.delete("/api/v1/session") as said:
            assert said.status == 204

    await sign_in(page, "approver-one")
    async with browser(node) as other:
        await sign_in(other, "approver-one")
        async with node.app[STORE].change(SYSTEM) as change:
            await roster.set_duty(
                change.connection, "approver-one", "unit-qingdao", "online", change.at
            )
        await signs_out(other)
        assert await duty() == "online", "he is still signed in here"
        await signs_out(page)
        assert await duty() == "away"


async def test_whose_session_ends_by_itself_is_off_duty(
    node: Running, page: aiohttp.ClientSession, moved: MovedClock
) -> None:
    """At its time, or idle: with an entry, once."""
    store, book = node.app[STORE], node.app[SESSIONS]
    await sign_in(page, "approver-one")
    async with store.change(SYSTEM) as change:
        await roster.set_duty(
            change.connection, "approver-one", "unit-qingdao", "online", change.at
        )

    async def told() -> tuple[str, list[tuple[str, str]]]:
        entries = tables.ledger_entries.c
        async with store.read() as connection:
            rows = await connection.execute(
                sa.select(entries.actor, entries.object).where(entries.act == "desk.duty")
            )
            return await roster.duty_of(connection, "approver-one"), [tuple(row) for row in rows]

    await book.stand_down()
    assert await told() == ("online", [])
    moved.move(12 * 3600)
    for _ in range(2):
        await book.stand_down()
    assert await told() == ("away", [("system", "unit:unit-qingdao")])


@SQLITE_ALONE
async def test_the_socket_of_an_expired_session_is_closed(
    node: Running, page: aiohttp.ClientSession, moved: MovedClock
) -> None:
    credentials = {"login": "approver-one", "password": PASSWORD}
    async with page.post("/api/v1/tokens", json=credentials) as said:
        token = (await said.json())["token"]
    socket = Client(node.address, token)
    changed: list[Who] = []

    async def again(who: Who) -> None:
        changed.append(who)

    await socket.connect()
    try:
        gateway, book = node.app[GATEWAY], node.app[SESSIONS]
        look = partial(book.close_ended, disconnect=gateway.disconnect_session, reconnect=again)
        await look(gateway.connected())
        assert (await socket.send({"type": "desk.duty", "duty": "online"})).ok
        moved.move(12 * 3600)
        await look(gateway.connected())
        await until(lambda: "still connected" if socket.connected else None)
        assert changed == []
        async with node.app[STORE].read() as connection:
            assert await roster.duty_of(connection, "approver-one") == "away"
    finally:
        await socket.close()


@SQLITE_ALONE
async def test_a_socket_acts_with_the_roles_that_its_person_has_now(
    node: Running, page: aiohttp.ClientSession
) -> None:
    """What he connected with is worth nothing once it was taken away, without signing out."""
    credentials = {"login": "approver-one", "password": PASSWORD}
    async with page.post("/api/v1/tokens", json=credentials) as said:
        token = (await said.json())["token"]
    socket, again = Client(node.address, token), Client(node.address, token)
    await socket.connect()
    try:
        assert (await socket.send({"type": "desk.duty", "duty": "online"})).ok
        await set_roles(node.app[STORE], "approver-one", [Role.SUPERVISOR])

        await until(lambda: "still connected" if socket.connected else None, 15)
        await again.connect()
        assert (await again.send({"type": "desk.duty", "duty": "away"})).code == "forbidden"
    finally:
        for one in (socket, again):
            await one.close()


@SQLITE_ALONE
async def test_figures_are_for_this_machine_and_operators(
    node: Running, page: aiohttp.ClientSession
) -> None:
    async with page.get("/metrics") as said:
        text = await said.text()
        assert said.status == 200
    assert "yunjian_gateway_sockets 0.0" in text
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    async with page.get("/metrics", headers=elsewhere) as said:
        assert said.status == 403
    await sign_in(page, "operator-one")
    async with page.get("/metrics", headers=elsewhere) as said:
        assert said.status == 200


@SQLITE_ALONE
async def test_a_socket_takes_only_the_cookie_of_its_way(database: str, tmp_path: Path) -> None:
    """Over https the plain cookie, which anybody on the way may have set, is nobody's."""
    settings = node_settings(database, tmp_path, trusted_proxies=("127.0.0.1/32",))
    async with served(settings) as node, browser(node) as page:
        await sign_in(page, "clerk-one")
        token = {one.key: one.value for one in page.cookie_jar}["yunjian"]
        host = URL(node.address).authority

        async def opened(cookie: str, scheme: str, origin: str) -> str:
            headers = {
                "Cookie": f"{cookie}={token}",
                "Origin": f"{origin}://{host}",
                "X-Forwarded-Proto": scheme,
            }
            path = "/socket.io/?EIO=4&transport=polling"
            async with aiohttp.ClientSession(node.address, headers=headers) as http:
                async with http.get(path) as said:
                    if said.status != 200:
                        return str((await said.json(content_type=None))["code"])
                    sid = json.loads((await said.text())[1:])["sid"]
                async with http.post(f"{path}&sid={sid}", data="40") as said:
                    assert said.status == 200
                async with http.get(f"{path}&sid={sid}") as said:
                    return (await said.text())[:2]

        assert await opened("yunjian", "http", "http") == "40"
        assert await opened("__Host-yunjian", "https", "https") == "40"
        assert await opened("yunjian", "https", "https") == "44"
        assert await opened("__Host-yunjian", "http", "http") == "44"
        # a page that came over the open net is not one that came over https
        assert await opened("__Host-yunjian", "https", "http") == "foreign_origin"
        assert await opened("yunjian", "http", "https") == "foreign_origin"
        origin = {"Origin": f"http://{host}", "X-Forwarded-Proto": "https"}
        async with page.delete("/api/v1/session", headers=origin) as said:
            assert said.status == 403


async def test_refusals_that_repeat_are_counted_in_one_entry(
    node: Running, page: aiohttp.ClientSession, moved: MovedClock
) -> None:
    """Three hundred in six seconds were three hundred entries."""
    await sign_in(page, "clerk-one")
    gateway, store, refusals = node.app[GATEWAY], node.app[STORE], node.app[REFUSALS]
    actor = await actor_of(store, "clerk-one")
    for number in range(300):
        asked = {"type": "case.open", "case_id": f"no-case-{number}", "id": f"command-{number}"}
        assert (await gateway.dispatch(Connection(actor), asked)).code == "not_found"
    entries, kept = tables.ledger_entries.c, tables.ledger_payloads.c

    async def told() -> list[tuple[str, str]]:
        async with store.read() as connection:
            rows = await connection.execute(
                sa.select(entries.object, kept.payload)
                .join_from(
                    tables.ledger_entries,
                    tables.ledger_payloads,
                    (entries.subject == kept.subject) & (entries.version == kept.version),
                )
                .where(entries.act == "case.open", entries.result == "not_found")
                .order_by(entries.version)
            )
            return [(row.object, row.payload) for row in rows]

    assert [one for one, _ in await told()] == [f"case:no-case-{n}" for n in range(10)]
    await refusals.flush()
    assert len(await told()) == 10
    moved.move(60)
    await refusals.flush()
    about, payload = (await told())[10]
    assert (about, json.loads(payload)["times"], len(await told())) == ("none", 290, 11)
    await refusals.flush()
    assert len(await told()) == 11

    # what is counted while an entry cannot be written is told with it
    async def refused(count: int) -> None:
        asked = CaseOpen(case_id="no-case-here", id="a-command")
        no = Refusal(Code.NOT_FOUND)
        await asyncio.gather(*(refusals.command(actor, asked, no) for _ in range(count)))

    await refused(11)
    async with store.change(SYSTEM) as change:
        await change.lock("person:clerk-one")
        writing = asyncio.create_task(refusals.flush(all_of_them=True))
        await asyncio.sleep(0)
        more = asyncio.create_task(refused(12))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await more
    await refusals.flush(all_of_them=True)
    assert json.loads((await told())[-1][1])["times"] == 3


async def actor_of(store: Store, person_id: str) -> Actor:
    async with store.read() as connection:
        actor = await people.find_actor(connection, person_id, "a session")
    assert actor is not None
    return actor
