"""Looking at a file while it arrives: over a real node, with a sender who stops where the test wants."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from server.app import Running
from server.demo import data as demo
from server.edge.edge import AUTHENTICATE
from server.edge.ways import TcpWay
from server.uploads.acts import turns
from server.uploads.acts.early import READERS_OF_A_PERSON
from server.uploads.api.early import EARLY
from tests.kit.desks import TUS, Desk, demo_node, desk_of, metadata
from tests.kit.papers import pdf_of
from tests.kit.stores import MovedClock
from tests.kit.until import borne, until


def pdf(pages: int = 2) -> bytes:
    picture = Image.effect_noise((400, 400), 80).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PDF", save_all=True, append_images=[picture] * (pages - 1))
    return buffer.getvalue()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, MovedClock()) as node:
        yield node


@pytest.fixture
async def clerk(node: Running) -> AsyncIterator[Desk]:
    async with desk_of(node, "lixiulan") as desk:
        yield desk


@pytest.fixture
async def approver(node: Running) -> AsyncIterator[Desk]:
    async with desk_of(node, "zhoumingyuan") as desk:
        yield desk


@pytest.fixture
async def case_id(clerk: Desk) -> str:
    return await clerk.open_case()


LINE = next(item for item in demo.ITEMS if item.id == demo.PRINCIPAL).lines[0].key


@asynccontextmanager
async def looking(
    desk: Desk, material_id: str, **headers: str
) -> AsyncIterator[aiohttp.ClientResponse]:
    address = f"/api/v1/materials/{material_id}/early"
    async with desk.http.get(address, headers=headers) as said:
        yield said


async def refused(desk: Desk, material_id: str, **headers: str) -> tuple[int, str]:
    async with looking(desk, material_id, **headers) as said:
        return said.status, (await said.json(content_type=None))["code"]


async def piece(desk: Desk, location: str, offset: int, data: Any, **headers: str) -> int:
    async with desk.patch(location, offset, data, **headers) as said:
        return int(said.status)


async def test_the_other_side_reads_what_is_there_and_then_what_comes(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf(3)
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:70_000]) == 204
    async with looking(approver, material) as said:
        assert said.status == 200
        assert said.headers["Yunjian-Size"] == str(len(data))
        assert said.content_type == "application/pdf"
        assert said.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert said.headers["Cache-Control"] == "no-store"
        assert await said.content.readexactly(70_000) == data[:70_000]
        rest = asyncio.create_task(said.content.readexactly(30_000))
        assert await piece(clerk, location, 70_000, data[70_000:100_000]) == 204
        assert await rest == data[70_000:100_000]
        # The writer is neither locked out nor waited for.
        assert await clerk.offset(location) == 100_000
        assert await piece(clerk, location, 100_000, data[100_000:]) == 204
        assert await said.read() == data[100_000:]
    assert (await clerk.material(case_id, material))["state"] == "stored"
    async with looking(approver, material) as said:
        assert hashlib.sha256(await said.read()).digest() == hashlib.sha256(data).digest()


async def test_a_piece_with_a_checksum_is_seen_once_it_was_checked(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:2000]) == 204
    async with looking(approver, material) as said:
        assert await said.content.readexactly(2000) == data[:2000]
        wrong = {"Upload-Checksum": "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
        assert await piece(clerk, location, 2000, b"x" * 1000, **wrong) == 460
        assert await piece(clerk, location, 2000, data[2000:]) == 204
        assert await said.read() == data[2000:]


async def test_a_reader_who_was_cut_off_goes_on_where_he_stood(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204
    async with looking(approver, material, Range="bytes=3000-") as said:
        assert said.status == 206
        assert said.headers["Content-Range"] == f"bytes 3000-{len(data) - 1}/{len(data)}"
        assert await said.content.readexactly(2000) == data[3000:5000]
        assert await piece(clerk, location, 5000, data[5000:]) == 204
        assert await said.read() == data[5000:]
    async with looking(approver, material, Range=f"bytes={len(data)}-") as said:
        assert said.status == 416
        assert said.headers["Content-Range"] == f"bytes */{len(data)}"


def forget(folder: Path, name: str) -> None:
    """Have the kernel drop what it holds of this file in memory."""
    with next(folder.rglob(name)).open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


async def test_what_memory_no_longer_holds_is_read_from_the_disk(
    clerk: Desk, approver: Desk, case_id: str, tmp_path: Path
) -> None:
    data = pdf(8)
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:-1]) == 204
    await asyncio.to_thread(forget, tmp_path, location.rpartition("/")[2])
    async with looking(approver, material) as said:
        assert await said.content.readexactly(len(data) - 1) == data[:-1]
        assert await piece(clerk, location, len(data) - 1, data[-1:]) == 204
        assert await said.read() == data[-1:]


async def test_an_upload_that_is_given_up_ends_the_reading(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204
    async with looking(approver, material) as said:
        await said.content.readexactly(5000)
        async with clerk.http.delete(location, headers=TUS) as ended:
            assert ended.status == 204
        with pytest.raises(aiohttp.ClientPayloadError):
            await said.read()
    assert await refused(approver, material) == (409, "no_early_view")


async def test_bytes_that_are_taken_back_end_the_reading(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    more = asyncio.Event()

    async def too_much() -> AsyncIterator[bytes]:
        yield data[:-1]
        await more.wait()
        yield b"more than was announced"

    sending = asyncio.create_task(piece(clerk, location, 0, too_much()))
    async with looking(approver, material) as said:
        assert await said.content.readexactly(len(data) - 1) == data[:-1]
        more.set()
        assert await sending == 413
        with pytest.raises(aiohttp.ClientPayloadError):
            await said.read()


async def test_what_is_no_page_or_picture_has_no_early_view(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    location, material = await clerk.begin(case_id, LINE, 5000)
    assert await piece(clerk, location, 0, b"<script>alert(1)</script>" * 20) == 204
    waiting = asyncio.create_task(refused(approver, material))
    assert await piece(clerk, location, 500, b"<p>" * 1000) == 415
    assert await waiting == (409, "no_early_view")


async def test_who_may_not_see_the_case_sees_nothing_of_it_early(
    node: Running, clerk: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204
    async with desk_of(node, "admin") as admin:
        assert await refused(admin, material) == (404, "not_found")
    async with (
        aiohttp.ClientSession(node.address) as nobody,
        nobody.get(f"/api/v1/materials/{material}/early") as said,
    ):
        assert said.status == 401
    assert await refused(clerk, "AAAAAAAAAAAAAAAAAAAAAA") == (404, "not_found")


@pytest.mark.timed
async def test_a_reader_whose_sign_in_ends_is_cut_off_within_two_seconds(
    node: Running, clerk: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204
    async with desk_of(node, "zhoumingyuan") as approver, looking(approver, material) as said:
        await said.content.readexactly(5000)
        async with approver.http.delete("/api/v1/session") as ended:
            assert ended.status == 204
        began = time.monotonic()
        with pytest.raises(aiohttp.ClientPayloadError):
            await said.read()
        assert time.monotonic() - began < borne(2)


async def test_a_person_has_so_many_readers_and_they_end_with_their_pages(
    node: Running, clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf()
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204
    open_now = [
        await approver.http.get(f"/api/v1/materials/{material}/early")
        for _ in range(READERS_OF_A_PERSON)
    ]
    assert {said.status for said in open_now} == {200}
    assert await refused(approver, material) == (429, "throttled")
    for said in open_now:
        said.close()
    early = node.app[EARLY]
    await until(lambda: f"{early._followed} are left" if early._followed else None)
    assert not early._bells


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with (
        demo_node(url, tmp_path, MovedClock(), early_view=False) as node,
        desk_of(node, "lixiulan") as clerk,
    ):
        data = pdf()
        location, material = await clerk.begin(await clerk.open_case(), LINE, len(data))
        assert await piece(clerk, location, 0, data[:5000]) == 204
        assert await refused(clerk, material) == (409, "no_early_view")


async def test_a_reader_slower_than_the_writer_loses_nothing(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf_of(24 * 1024 * 1024)  # more than the sockets between hold
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, io.BytesIO(data[:5000])) == 204
    async with looking(approver, material) as said:
        assert await said.content.readexactly(5000) == data[:5000]
        # he reads nothing until the file is stored, and its upload gone
        assert await piece(clerk, location, 5000, io.BytesIO(data[5000:])) == 204
        assert (await clerk.material(case_id, material))["state"] == "stored"
        digest = hashlib.sha256(data[:5000])
        async for chunk in said.content.iter_any():
            digest.update(chunk)
        assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


class Held:
    """A way on which so much waits."""

    def __init__(self) -> None:
        self.held_bytes = 1

    def waiting(self) -> int:
        return self.held_bytes


@pytest.mark.parametrize("left", ["sent", "gone", "time is over"])
async def test_what_is_left_of_a_file_that_has_all_come_goes_before_what_still_comes(
    node: Running,
    clerk: Desk,
    approver: Desk,
    case_id: str,
    left: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "FIRST_FOR_S", 1.0 if left == "time is over" else 60.0)
    data = pdf(20)
    early, who = node.app[EARLY], node.app[AUTHENTICATE]
    reads, writes = await who(approver.token), await who(clerk.token)
    assert reads is not None
    assert writes is not None
    (first, whole), (second, coming) = [await clerk.begin(case_id, LINE, len(data)) for _ in "12"]
    for location in (first, second):
        assert await piece(clerk, location, 0, data[:5000]) == 204
    way = Held()
    async with (
        early.open(reads, whole, way) as ending,
        early.open(reads, coming) as going_on,
        early.open(writes, coming) as elsewhere,
    ):
        of_ending, of_going_on = ending.pieces(0), going_on.pieces(0)
        of_elsewhere = elsewhere.pieces(0)
        for pieces in (of_ending, of_going_on, of_elsewhere):
            assert await anext(pieces) == data[:5000]
        assert await piece(clerk, second, 5000, data[5000:6000]) == 204
        assert await anext(of_going_on) == data[5000:6000]
        assert await piece(clerk, first, 5000, io.BytesIO(data[5000:])) == 204
        read = 5000 + len(await anext(of_ending))
        waits = asyncio.create_task(anext(of_going_on))
        assert await piece(clerk, second, 6000, data[6000:7000]) == 204
        assert await anext(of_elsewhere) == data[5000:7000], "who reads on his own line waits not"
        if left == "gone":
            await of_ending.aclose()
        else:
            while read < len(data):
                read += len(await anext(of_ending))
            ends = asyncio.create_task(anext(of_ending, None))
            for _ in range(30):
                await asyncio.sleep(0)
            assert left == "time is over" or not (ends.done() or waits.done())
            if left == "sent":
                way.held_bytes = 0
            assert await ends is None
        assert await waits == data[6000:7000]


async def test_files_that_have_all_come_go_in_the_order_in_which_they_had() -> None:
    line = turns.Turns()
    one, two, three = readers = [turns.Reader() for _ in range(3)]
    line.complete(two)
    line.complete(one)
    line.complete(two)
    came: list[turns.Reader] = []

    async def go(reader: turns.Reader) -> None:
        await line.mine(reader)
        came.append(reader)
        await line.sent(reader)
        line.leave(reader)

    await asyncio.gather(*map(go, readers))
    assert came == [two, one, three]


async def test_a_way_tells_what_is_not_under_way() -> None:
    got = asyncio.Event()
    ways: list[TcpWay] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways.append(TcpWay(writer.transport))
        assert ways[0].waiting() == 0
        writer.write(bytes(20_000_000))
        got.set()
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        await got.wait()
        [way] = ways
        assert way.waiting() > 1_000_000
        assert len(await reader.readexactly(20_000_000)) == 20_000_000
        await until(lambda: None if way.waiting() == 0 else "some of it waits")
        writer.close()
        await writer.wait_closed()
    assert TcpWay(None).waiting() == 0


async def test_a_part_is_read_as_soon_as_it_is_there(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf_of(90_000)
    location, material = await clerk.begin(case_id, LINE, len(data))
    assert await piece(clerk, location, 0, data[:5000]) == 204

    async def part() -> tuple[int, str, bytes]:
        async with looking(approver, material, Range="bytes=4000-59999") as said:
            return said.status, said.headers["Content-Range"], await said.read()

    reading = asyncio.create_task(part())
    assert await piece(clerk, location, 5000, data[5000:70_000]) == 204
    assert await reading == (206, f"bytes 4000-59999/{len(data)}", data[4000:60_000])


async def test_what_has_no_length_yet_is_followed_to_its_end(
    clerk: Desk, approver: Desk, case_id: str
) -> None:
    data = pdf_of(60_000)
    about = metadata({"case_id": case_id, "line": LINE, "filename": "a.pdf"})
    deferred = {**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": about}
    begun = []
    for _ in range(2):
        async with clerk.http.post("/api/v1/uploads", headers=deferred) as said:
            assert said.status == 201
            begun.append((said.headers["Location"], said.headers["Yunjian-Material"]))
    for (location, material), ends in zip(begun, (True, False), strict=True):
        assert await piece(clerk, location, 0, data[:20_000]) == 204
        async with looking(approver, material, Range="bytes=9-") as said:
            assert said.status == 200
            assert "Yunjian-Size" not in said.headers
            assert await said.content.readexactly(20_000) == data[:20_000]
            if ends:
                whole = {"Upload-Length": str(len(data))}
                assert await piece(clerk, location, 20_000, data[20_000:], **whole) == 204
                assert await said.read() == data[20_000:]
            else:
                async with clerk.http.delete(location, headers=TUS) as ended:
                    assert ended.status == 204
                with pytest.raises(aiohttp.ClientPayloadError):
                    await said.read()
