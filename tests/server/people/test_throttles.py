"""Guessing is slowed down where the guesses come from, by all nodes together, and nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from server.app import Running, running
from server.calls.wire import RingCard
from server.demo import data as demo
from server.edge.route import STORE
from server.people.acts.sessions import Sessions
from server.people.acts.throttle import Limit, Throttle, sweep
from server.store import Store, tables, upgrade
from signaling.refusals import Refusal
from tests.kit.desks import demo_node, desk_of
from tests.kit.nodes import PASSWORD, browser, node_settings, seat_staff
from tests.kit.stores import SQLITE_ALONE, MovedClock

HOME = "192.0.2.1"
ELSEWHERE = "198.51.100.1"


@pytest.fixture
async def book(store: Store) -> Sessions:
    await seat_staff(store)
    return Sessions(store)


async def enter(
    book: Sessions, login: str, source: str, *, device: str | None = None, wrong: bool = False
) -> str:
    """What came of it: ``device:<id>``, or the code of the refusal."""
    password = "not the right one" if wrong else PASSWORD
    try:
        signed = await book.sign_in(login, password, "cookie", source, device)
    except Refusal as refusal:
        return refusal.code.value
    return f"device:{signed.device}"


async def test_thirty_two_wrong_tries_leave_the_owner_alone_at_another_address(
    book: Sessions,
) -> None:
    said = await asyncio.gather(
        *(enter(book, "clerk-one", ELSEWHERE, wrong=True) for _ in range(32))
    )
    assert sorted(said) == ["bad_credentials"] * 10 + ["throttled"] * 22
    assert await enter(book, "clerk-one", ELSEWHERE) == "throttled"
    assert (await enter(book, "clerk-one", HOME)).startswith("device:")


@SQLITE_ALONE
async def test_a_blocked_pair_is_open_again_after_a_quarter_of_an_hour(
    book: Sessions, clock: MovedClock
) -> None:
    for _ in range(10):
        assert await enter(book, "clerk-one", HOME, wrong=True) == "bad_credentials"
    with pytest.raises(Refusal) as told:
        await book.sign_in("clerk-one", PASSWORD, "cookie", HOME)
    assert told.value.details == {"retry_after_s": 900}
    clock.move(899)
    assert await enter(book, "clerk-one", HOME) == "throttled"
    clock.move(1)
    assert (await enter(book, "clerk-one", HOME)).startswith("device:")


@SQLITE_ALONE
async def test_the_right_passwords_of_an_office_never_count(book: Sessions) -> None:
    people = ("clerk-one", "approver-one", "supervisor-one", "admin-one")
    for number in range(10):
        assert await enter(book, f"nobody-{number}", HOME, wrong=True) == "bad_credentials"
    said = await asyncio.gather(*(enter(book, login, HOME) for login in people * 6))
    assert all(one.startswith("device:") for one in said), said
    # and the failures before them still do
    for number in range(10):
        assert await enter(book, f"nobody-{number}", HOME, wrong=True) == "bad_credentials"
    assert await enter(book, "nobody-20", HOME, wrong=True) == "throttled"


@SQLITE_ALONE
async def test_guesses_from_many_addresses_hold_back_unknown_devices_alone(
    book: Sessions, clock: MovedClock
) -> None:
    known = (await enter(book, "clerk-one", HOME)).removeprefix("device:")
    said = [
        await enter(book, "clerk-one", f"198.51.100.{n}", wrong=True, device=f"forged-{n}")
        for n in range(30)
    ]
    assert said == ["bad_credentials"] * 20 + ["throttled"] * 10
    assert await enter(book, "clerk-one", HOME) == "throttled"
    # a device that another account is known from is none of this one's
    other = (await enter(book, "admin-one", HOME)).removeprefix("device:")
    assert await enter(book, "clerk-one", HOME, device=other) == "throttled"
    assert await enter(book, "clerk-one", HOME, device=known) == f"device:{known}"
    assert await enter(book, "clerk-one", "203.0.113.9", device=known) == f"device:{known}"
    clock.move(60)
    assert (await enter(book, "clerk-one", HOME)).startswith("device:")


@SQLITE_ALONE
async def test_a_known_device_has_failures_of_its_own(store: Store) -> None:
    await seat_staff(store)
    limits = {"pair": Limit(4, 900), "name": Limit(6, 60), "source": Limit(6, 60)}
    book = Sessions(store, Throttle(store, "sign-in", **limits))
    known = (await enter(book, "clerk-one", HOME)).removeprefix("device:")
    said = [
        await enter(book, "clerk-one", f"198.51.100.{n}", wrong=True, device=known)
        for n in range(14)
    ]
    # its own, then those of any unknown device
    assert said == ["bad_credentials"] * 10 + ["throttled"] * 4


async def test_what_counts_no_more_is_swept(
    book: Sessions, store: Store, clock: MovedClock
) -> None:
    await enter(book, "clerk-one", HOME)
    await enter(book, "clerk-one", HOME, wrong=True)

    async def kept() -> tuple[int, int]:
        async with store.read() as connection:
            rows = [
                len((await connection.execute(table.select())).all())
                for table in (tables.throttles, tables.devices)
            ]
        return rows[0], rows[1]

    await sweep(store)
    assert await kept() == (3, 1)
    clock.move(900)
    await sweep(store)
    assert await kept() == (0, 1)
    clock.move(180 * 24 * 3600)
    await sweep(store)
    assert await kept() == (0, 0)


@SQLITE_ALONE
async def test_calls_are_checked_six_times_a_minute(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    """Each check hashes every file of a call anew."""
    async with demo_node(database, tmp_path, clock) as node, desk_of(node, "chenli") as desk:
        store = node.app[STORE]
        async with desk_of(node, "lixiulan") as clerk:
            case_id = await clerk.open_case()
        card = RingCard(
            item_name="x", applicant_masked="孙**", window_name="x", place="x", unit_name="x",
            mode="proxy", waiting_since=clock.now(), materials_stored=0, materials_required=0,
        )  # fmt: skip
        async with store.working() as connection:
            await connection.execute(
                tables.calls.insert().values(
                    id="call-one", case_id=case_id, caller_id="person-lixiulan",
                    window_unit_id=demo.JINAN, target_unit_id=demo.XIHAIAN, state="ended",
                    reason="cancelled", card=card.model_dump(mode="json"), recording_consented=True, opened_at=clock.now(),
                )
            )  # fmt: skip

        async def checked() -> int:
            async with desk.http.post("/api/v1/calls/call-one/check") as said:
                return said.status

        assert [await checked() for _ in range(8)] == [200] * 6 + [429] * 2
        async with desk.http.post("/api/v1/calls/no-call/check") as said:
            assert said.status == 404
        clock.move(60)
        assert await checked() == 200


@pytest.fixture
async def pair(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Running, Running]]:
    @asynccontextmanager
    async def one_node(name: str) -> AsyncIterator[Running]:
        settings = node_settings(
            postgres_url, tmp_path / name, redis_url=redis_url, bus_secret="a secret of two nodes",
            blob_root=tmp_path / "blobs",
        )  # fmt: skip
        async with running(settings, media=False) as node:
            yield node

    await upgrade(postgres_url)
    store = await Store.open(node_settings(postgres_url, tmp_path / "first").store)
    await seat_staff(store)
    await store.close()
    async with one_node("one") as one, one_node("two") as two:
        yield one, two


@pytest.mark.postgres
async def test_two_nodes_count_together(pair: tuple[Running, Running]) -> None:
    async with browser(pair[0]) as one, browser(pair[1]) as two:

        async def tried(page: aiohttp.ClientSession, password: str) -> str:
            body = {"login": "clerk-one", "password": password}
            async with page.post("/api/v1/session", json=body) as said:
                return str((await said.json()).get("code", said.status))

        said = await asyncio.gather(
            *(tried(page, f"a guess {n}") for n in range(20) for page in (one, two))
        )
        assert sorted(said) == ["bad_credentials"] * 10 + ["throttled"] * 30
        assert [await tried(page, PASSWORD) for page in (one, two)] == ["throttled"] * 2


@pytest.mark.postgres
async def test_a_browser_is_known_at_both_nodes(pair: tuple[Running, Running]) -> None:
    async with browser(pair[0]) as one, browser(pair[1]) as two:
        body = {"login": "clerk-one", "password": PASSWORD}
        async with one.post("/api/v1/session", json=body) as said:
            assert said.status == 200
            device = said.cookies["yunjian-device"]
            assert (device["httponly"], device["samesite"], device["path"]) == (True, "Strict", "/")
        for n in range(10):
            async with two.post("/api/v1/session", json={**body, "password": f"{n}"}) as said:
                assert said.status == 401
        async with two.post("/api/v1/session", json=body) as said:
            assert said.status == 429
        known = {"Cookie": f"yunjian-device={device.value}"}
        async with two.post("/api/v1/session", json=body, headers=known) as said:
            assert said.status == 200
