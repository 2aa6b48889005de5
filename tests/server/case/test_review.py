"""What an attacker would try against a whole node, beside what the tests of each part try."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.app import Running
from server.edge.edge import EDGE, EdgeSettings, source
from server.people.acts.sessions import Sessions
from server.people.acts.throttle import Limit, Throttle
from server.store import SYSTEM, Store, tables, version_of
from signaling.client import Client
from signaling.refusals import Refusal
from tests.kit.exchange import APPROVERS, CLERK, OTHER_CLERK, Site, acts, exchange, live, ringing
from tests.kit.nodes import browser, node_settings, seat_staff, served, sign_in
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.kit.until import until


@pytest.fixture
async def node(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    settings = node_settings(database, tmp_path, trusted_proxies=("127.0.0.1/32",))
    async with served(settings) as node:
        yield node


async def test_guesses_that_come_at_once_are_slowed_down_too(store: Store) -> None:
    await seat_staff(store)
    book = Sessions(store, Throttle(store, "sign-in", pair=Limit(6, 900)))

    async def guess(number: int) -> str:
        with pytest.raises(Refusal) as told:
            await book.sign_in("clerk-one", f"guess {number}", "cookie", "192.0.2.1")
        return told.value.code.value

    codes = await asyncio.gather(*map(guess, range(40)))
    assert codes.count("bad_credentials") <= 6
    assert set(codes) == {"bad_credentials", "throttled"}


@SQLITE_ALONE
async def test_a_source_that_the_asker_invents_is_not_believed(node: Running) -> None:
    async with browser(node) as page:
        codes = []
        for number in range(40):
            # As a proxy sends it that adds a line of its own behind the asker's.
            lines = [("X-Forwarded-For", f"198.51.100.{number}"), ("X-Forwarded-For", "192.0.2.1")]
            wrong = {"login": f"nobody-{number}", "password": "a guess"}
            async with page.post("/api/v1/session", json=wrong, headers=lines) as said:
                codes.append((await said.json())["code"])
        assert codes[-1] == "throttled"


@pytest.mark.parametrize(
    ("remote", "told", "whence"),
    [
        ("::ffff:192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("::ffff:127.0.0.1", "::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8:0:1::7%eth0", "198.51.100.1", "2001:db8:0:1::/64"),
    ],
)
async def test_an_ipv4_address_told_as_ipv6_is_a_source_of_its_own(
    remote: str, told: str, whence: str
) -> None:
    app = web.Application()
    app[EDGE] = EdgeSettings(proxies=(ipaddress.IPv4Network("127.0.0.1/32"),))
    request = make_mocked_request("GET", "/", {"X-Forwarded-For": told}, app=app)
    assert source(request.clone(remote=remote)) == whence


@SQLITE_ALONE
async def test_signing_in_ends_the_session_that_the_browser_had(node: Running) -> None:
    async with browser(node) as page:
        await sign_in(page, "clerk-one")
        before = {one.key: one.value for one in page.cookie_jar}["yunjian"]
        socket = Client(node.address, before)
        await socket.connect()
        try:
            await sign_in(page, "approver-one")
            await until(lambda: "still connected" if socket.connected else None)
        finally:
            await socket.close()
        async with page.get("/api/v1/session") as said:
            assert (await said.json())["person"]["login"] == "approver-one"
    async with aiohttp.ClientSession(node.address) as thief:
        stolen = {"Authorization": f"Bearer {before}"}
        async with thief.get("/api/v1/session", headers=stolen) as said:
            assert said.status == 401


@pytest.mark.parametrize(
    ("login", "method", "path", "body", "headers", "status"),
    [
        ("supervisor-one", "POST", "/api/v1/search/calls", {"to": "9999-12-31"}, {}, 400),
        ("supervisor-one", "POST", "/api/v1/search/calls", {"from": "0001-01-01"}, {}, 400),
        (
            "clerk-one",
            "GET",
            "/api/v1/cases?cursor=MDAwMS0wMS0wMVQwMDowMCswOTowMCB4",
            None,
            {},
            400,
        ),
        ("clerk-one", "DELETE", "/api/v1/session", None, {"Origin": "http://["}, 403),
    ],
)
async def test_no_request_is_a_fault(
    node: Running,
    login: str,
    method: str,
    path: str,
    body: dict[str, str] | None,
    headers: dict[str, str],
    status: int,
) -> None:
    async with browser(node) as page:
        await sign_in(page, login)
        async with page.request(method, path, json=body, headers=headers) as said:
            assert said.status == status, await said.text()


async def test_a_text_that_a_database_does_not_take_is_refused(store: Store, database: str) -> None:
    refused: list[str] = []
    try:
        async with store.read() as connection:
            await connection.execute(
                sa.select(tables.people.c.id).where(tables.people.c.name == "\0")
            )
    except Refusal as refusal:
        refused.append(refusal.code.value)
    assert refused == ([] if database.startswith("sqlite") else ["malformed"])


async def test_a_call_that_cannot_be_written_stops_no_other_calls_time(
    site: Site, clock: MovedClock
) -> None:
    async with (
        exchange(site) as node,
        node.desk(CLERK) as sun,
        node.desk(OTHER_CLERK) as zhou,
        node.desk(APPROVERS[0]) as li,
        node.desk(APPROVERS[1]) as chen,
    ):
        await li.do("desk.duty", duty="online")
        broken = await ringing(sun, [li])
        await chen.do("desk.duty", duty="online")
        whole = await ringing(zhou, [chen])
        async with node.store.read() as connection:
            version = await version_of(connection, f"call:{broken}")
        async with node.store.change(SYSTEM) as change:
            await change.connection.execute(_taken(f"call:{broken}", version + 1))
        clock.move(31)
        await node.switchboard.sweep()
        call = await zhou.sees(lambda call: call["state"] == "ended", whole)
        assert call["reason"] == "missed"
        assert (await acts(node.store, broken))[-1] == "forged"


@SQLITE_ALONE
async def test_who_takes_the_name_of_anothers_page_does_not_take_his_seat(
    site: Site, clock: MovedClock
) -> None:
    async with (
        exchange(site) as node,
        node.desk(CLERK) as sun,
        node.desk(APPROVERS[0]) as li,
    ):
        await li.do("desk.duty", duty="online")
        call_id = await live(sun, li, [])
        async with node.desk(OTHER_CLERK, page=sun.page):
            await sun.close()
            call = await li.sees(lambda call: call["legs"][0]["silent"], call_id)
            clock.move(16)
            await li.beat_again()
            await node.switchboard.sweep()
            call = await li.sees(lambda call: call["legs"][0]["state"] == "lost", call_id)
            assert call["state"] == "live"


def _taken(subject: str, version: int) -> sa.Insert:
    """An entry where the next one would have to stand."""
    return tables.ledger_entries.insert().values(
        subject=subject,
        version=version,
        previous="0" * 64,
        at="2026-11-24T00:00:00.000000Z",
        actor="nobody",
        on_behalf_of=None,
        unit="none",
        act="forged",
        object=subject,
        result="ok",
        digest="0" * 64,
        hash="f" * 64,
        leaf=None,
    )


@pytest.mark.parametrize("version", [-1, 2**31, 10**30])
async def test_a_version_that_no_database_counts_to_is_malformed(
    node: Running, version: int
) -> None:
    async with browser(node) as page:
        await sign_in(page, "clerk-one")
        for kind in ("case.edit", "case.draft"):
            command = {"type": kind, "id": "command-1", "case_id": "case-one"}
            command |= {"field": "name", "value": "x"}
            body = {**command, "base_version": version}
            async with page.post("/api/v1/commands", json=body) as said:
                assert (await said.json())["code"] == "malformed"
        await sign_in(page, "supervisor-one")
        async with page.get(f"/api/v1/cases/case-one/history?after={version}") as said:
            assert said.status == 400


async def test_acts_are_refused_when_the_sequencer_has_ended(store: Store) -> None:
    sequencer = store._sequencer
    assert store.ledger_failure is None
    assert sequencer._task is not None
    sequencer._task.cancel()
    await asyncio.wait([sequencer._task])
    with pytest.raises(Refusal) as refused:
        async with store.change(SYSTEM):
            pass
    assert refused.value.code.value == "ledger_unavailable"
