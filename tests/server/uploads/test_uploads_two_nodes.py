"""Uploads and early views at two nodes: each hands on what lies at the other, in one signed hop."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.app import Running, running
from server.neighbours.nodes import AWAY, GONE, Nodes, identify
from server.neighbours.relay import NODES, SIGNATURE
from server.store import Clock
from server.uploads.api.uploads import UPLOADS
from tests.kit.desks import PIECE, TUS, Desk, desk_of
from tests.kit.meetings import load
from tests.kit.nodes import node_settings
from tests.kit.papers import pdf_of
from tests.kit.stores import SQLITE_ALONE, MovedClock, opened
from tests.kit.until import borne, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(90)]
SECRET = "a secret between two nodes"
LINE = "application"
DATA = pdf_of(300_000)


@asynccontextmanager
async def one_node(
    url: str, redis: str, folder: Path, name: str, clock: Clock | None = None, **more: Any
) -> AsyncIterator[Running]:
    chosen = {
        "redis_url": redis, "bus_secret": SECRET, "blob_root": folder / "blobs",
        "node_address": "http://127.0.0.1:0", **more,
    }  # fmt: skip
    settings = node_settings(url, folder / name, **chosen)
    async with running(settings, clock, media=False) as node:
        yield node


@pytest.fixture
async def pair(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Running, Running]]:
    await load(postgres_url, tmp_path)
    async with (
        one_node(postgres_url, redis_url, tmp_path, "one") as one,
        one_node(postgres_url, redis_url, tmp_path, "two") as two,
    ):
        yield one, two


@asynccontextmanager
async def at_both(pair: tuple[Running, Running], login: str) -> AsyncIterator[tuple[Desk, Desk]]:
    """The same person with one sign-in at both nodes, as behind a balancer."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(desk_of(pair[0], login))
        headers = {"Authorization": f"Bearer {here.token}"}
        http = aiohttp.ClientSession(pair[1].address, headers=headers)
        yield here, Desk(await stack.enter_async_context(http), here.token)


async def test_the_early_view_is_read_through_the_other_node(
    pair: tuple[Running, Running],
) -> None:
    async with desk_of(pair[0], "lixiulan") as clerk, desk_of(pair[1], "zhoumingyuan") as approver:
        case_id = await clerk.open_case()
        location, material = await clerk.begin(case_id, LINE, len(DATA))
        async with clerk.patch(location, 0, DATA[:100_000]) as said:
            assert said.status == 204
        early = f"/api/v1/materials/{material}/early"
        async with approver.http.get(early) as said:
            assert said.status == 200
            assert said.headers["Yunjian-Size"] == str(len(DATA))
            assert said.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert await said.content.readexactly(100_000) == DATA[:100_000]
            async with clerk.patch(location, 100_000, DATA[100_000:200_000]) as patched:
                assert patched.status == 204
            assert await said.content.readexactly(100_000) == DATA[100_000:200_000]
        # who was cut off goes on where he stood, and ends with the writer
        async with approver.http.get(early, headers={"Range": "bytes=150000-"}) as said:
            assert said.status == 206
            assert await said.content.readexactly(50_000) == DATA[150_000:200_000]
            async with clerk.patch(location, 200_000, DATA[200_000:]) as patched:
                assert patched.status == 204
            assert await said.read() == DATA[200_000:]
        async with approver.http.get(early, headers={"Range": "bytes=10-19"}) as said:
            assert (said.status, await said.read()) == (206, DATA[10:20])


async def test_an_upload_goes_on_through_the_other_node(pair: tuple[Running, Running]) -> None:
    async with at_both(pair, "lixiulan") as (here, there):
        case_id = await here.open_case()
        location, material = await here.begin(case_id, LINE, len(DATA))
        async with there.patch(location, 0, DATA[:50_000]) as said:
            assert (said.status, said.headers["Upload-Offset"]) == (204, "50000")
        assert await there.offset(location) == await here.offset(location) == 50_000
        async with there.patch(location, 7, DATA) as said:
            assert (said.status, said.headers["Upload-Offset"]) == (409, "50000")
        async with there.patch(location, 50_000, DATA[50_000:]) as said:
            assert said.status == 204
        stored = await there.material(case_id, material)
        assert stored["sha256"] == hashlib.sha256(DATA).hexdigest()
        second, _ = await there.begin(case_id, LINE, 1000)
        async with here.http.delete(second, headers=TUS) as said:
            assert said.status == 204


@pytest.mark.timed
async def test_a_right_that_ends_ends_the_reading_through_the_other_node(
    pair: tuple[Running, Running],
) -> None:
    async with (
        desk_of(pair[0], "lixiulan") as clerk,
        desk_of(pair[1], "zhoumingyuan") as approver,
        desk_of(pair[1], "admin") as admin,
    ):
        location, material = await clerk.begin(await clerk.open_case(), LINE, len(DATA))
        async with clerk.patch(location, 0, DATA[:5000]) as said:
            assert said.status == 204
        early = f"/api/v1/materials/{material}/early"
        async with admin.http.get(early) as said:
            assert said.status == 404
        async with approver.http.get(early) as said:
            await said.content.readexactly(5000)
            async with approver.http.delete("/api/v1/session") as ended:
                assert ended.status == 204
            began = time.monotonic()
            with pytest.raises(aiohttp.ClientPayloadError):
                await said.read()
            assert time.monotonic() - began < borne(2)


async def test_a_node_is_believed_only_with_the_secret(
    pair: tuple[Running, Running], tmp_path: Path
) -> None:
    async with desk_of(pair[0], "lixiulan") as clerk:
        location, _ = await clerk.begin(await clerk.open_case(), LINE, 1000)
        mine = pair[1].app[NODES]
        for said in ("", "x", "other 1 abc", f"{mine.node_id} {time.time():.3f} {'0' * 64}"):
            async with clerk.http.head(location, headers={**TUS, SIGNATURE: said}) as answer:
                assert answer.status == 403
        # signed for another request, or handed on once already
        elsewhere = mine.sign("HEAD\n/api/v1/uploads/else\n")
        async with clerk.http.head(location, headers={**TUS, SIGNATURE: elsewhere}) as answer:
            assert answer.status == 403


async def test_a_signed_request_is_never_handed_on(pair: tuple[Running, Running]) -> None:
    """Two nodes that each believe the other holds an upload do not ask each other for ever."""
    async with at_both(pair, "lixiulan") as (here, there):
        location, _ = await here.begin(await here.open_case(), LINE, 1000)
        pair[0].app[UPLOADS].files.path_of(location.rpartition("/")[2]).unlink()
        async with there.http.head(location, headers=TUS) as said:
            assert said.status == 410


async def test_a_sender_is_told_that_a_node_is_away_and_then_that_it_is_gone(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    await load(postgres_url, tmp_path)
    clock = MovedClock()
    async with one_node(postgres_url, redis_url, tmp_path, "two", clock) as two:
        async with (
            one_node(postgres_url, redis_url, tmp_path, "one", clock) as one,
            desk_of(one, "lixiulan") as clerk,
        ):
            case_id = await clerk.open_case()
            kept, first = await clerk.begin(case_id, LINE, len(DATA))
            async with clerk.patch(kept, 0, DATA[:9000]) as said:
                assert said.status == 204
        clock.move(AWAY.total_seconds() + 1)
        await two.app[NODES].beat()
        async with desk_of(two, "lixiulan") as clerk:
            async with clerk.http.head(kept, headers=TUS) as said:
                assert said.status == 503
            async with clerk.patch(kept, 9000, DATA[9000:]) as said:
                assert (await said.json(content_type=None))["code"] == "node_away"
        # it is back: nothing was lost
        async with (
            one_node(postgres_url, redis_url, tmp_path, "one", clock),
            desk_of(two, "lixiulan") as clerk,
        ):
            assert await clerk.offset(kept) == 9000
            again, second = await clerk.begin(case_id, LINE, len(DATA))
            assert await clerk.offset(again) == 0
        clock.move(GONE.total_seconds() + 1)
        await two.app[NODES].beat()
        assert await two.app[UPLOADS].sweeping.sweep() == 1
        async with desk_of(two, "lixiulan") as clerk:
            states = {one["id"]: one["state"] for one in (await clerk.case(case_id))["materials"]}
            assert states == {first: "cancelled", second: "receiving"}
            async with clerk.http.head(kept, headers=TUS) as said:
                assert said.status == 410


@SQLITE_ALONE
async def test_a_signature_ends_and_is_for_one_request(database: str, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as store:
        one = Nodes(store, "one", secret=b"a secret")
        two = Nodes(store, "two", secret=b"a secret")
        stranger = Nodes(store, "three", secret=b"another")
        said = one.sign("GET /a")
        assert two.believe(said, "GET /a")
        assert not two.believe(said, "GET /b")
        assert not one.believe(said, "GET /a")
        assert not stranger.believe(said, "GET /a")
        assert not Nodes(store, "two").believe(said, "GET /a")
        node_id, _, rest = said.partition(" ")
        at, _, mac = rest.partition(" ")
        assert not two.believe(f"{node_id} {float(at) - 3600:.3f} {mac}", "GET /a")
        assert await two.address_of("one") is None
    names = {await asyncio.to_thread(identify, tmp_path / "data") for _ in range(2)}
    assert len(names) == 1


async def test_a_body_that_breaks_off_on_the_way_is_kept_as_far_as_it_came(
    pair: tuple[Running, Running],
) -> None:
    async with at_both(pair, "lixiulan") as (here, _):
        location, _ = await here.begin(await here.open_case(), LINE, len(DATA))
        _, writer = await asyncio.open_connection("127.0.0.1", pair[1].port)
        writer.write(
            (
                f"PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {here.token}\r\n"
                f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                f"Content-Type: {PIECE['Content-Type']}\r\nContent-Length: {len(DATA)}\r\n\r\n"
            ).encode()
            + DATA[:40_000]
        )
        await writer.drain()
        file = pair[0].app[UPLOADS].files.path_of(location.rpartition("/")[2])
        await until(
            lambda: None if file.stat().st_size == 40_000 else f"{file.stat().st_size} are there"
        )
        writer.transport.abort()
        assert await here.offset(location) == 40_000
