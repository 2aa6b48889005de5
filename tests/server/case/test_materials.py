"""Uploads over tus 1.0.0: with tuspy as a stranger's client, and byte by byte where it matters."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from tusclient import client as tuspy

from server.app import Running
from server.demo import data as demo
from server.health import acts as health
from server.uploads.acts.announcing import LIVES
from server.uploads.api.uploads import UPLOADS
from server.work.child import MIB
from server.work.probe import OFFICE
from signaling.client import Client
from tests.kit.capabilities import needs
from tests.kit.desks import PIECE, TUS, Desk, demo_node, desk_of, metadata
from tests.kit.papers import pdf_of
from tests.kit.stores import MovedClock
from tests.kit.until import borne, until


def pdf(pages: int = 2) -> bytes:
    """A PDF of blank pages, with bytes enough for several pieces."""
    picture = Image.effect_noise((400, 400), 80).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PDF", save_all=True, append_images=[picture] * (pages - 1))
    return buffer.getvalue()


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((600, 400), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def node(tmp_path: Path, moved: MovedClock) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, moved, max_upload_bytes=8 * 1024 * 1024) as node:
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
async def line(clerk: Desk) -> str:
    async with clerk.http.get(f"/api/v1/items/{demo.PRINCIPAL}") as said:
        return str((await said.json())["lines"][0]["key"])


async def test_the_limits_are_told_before(clerk: Desk) -> None:
    async with clerk.http.get("/api/v1/limits") as said:
        limits = await said.json()
    async with clerk.http.options("/api/v1/uploads") as said:
        assert said.status == 204
        assert said.headers["Tus-Version"] == "1.0.0"
        assert said.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,sm3"
        assert int(said.headers["Tus-Max-Size"]) == limits["max_bytes"] == 8 * 1024 * 1024
    assert limits["media_types"] == [
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        *OFFICE,
        "application/ofd",
    ]


async def test_a_file_sent_by_tuspy_is_stored_and_read_again(
    node: Running, clerk: Desk, approver: Desk, line: str
) -> None:
    case_id = await clerk.open_case()
    data = pdf(3)

    def send() -> None:
        stranger = tuspy.TusClient(
            f"{node.address}/api/v1/uploads", headers={"Authorization": f"Bearer {clerk.token}"}
        )
        about = {"case_id": case_id, "line": line, "filename": "C:\\扫描\\申请书\u202e.pdf"}
        stranger.uploader(
            file_stream=io.BytesIO(data), chunk_size=100_000, metadata=about, upload_checksum=True
        ).upload()

    await asyncio.to_thread(send)
    [material] = (await approver.case(case_id))["materials"]
    assert material["state"] == "stored"
    assert material["name"] == "申请书.pdf"
    assert (material["pages"], material["number"]) == (3, 1)
    assert material["sha256"] == hashlib.sha256(data).hexdigest()
    assert await approver.original(material["id"]) == data
    await approver.copied(case_id, material["id"])
    async with approver.http.get(f"/api/v1/materials/{material['id']}/content") as said:
        viewed = await said.read()
        assert said.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in said.headers["Content-Security-Policy"]
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Cache-Control"] == "no-store"
        assert said.content_type == "application/pdf"
    headers = {"Range": "bytes=5-14"}
    async with approver.http.get(
        f"/api/v1/materials/{material['id']}/content", headers=headers
    ) as said:
        assert said.status == 206
        assert await said.read() == viewed[5:15]
        assert said.headers["Content-Range"] == f"bytes 5-14/{len(viewed)}"
    async with approver.http.get(
        f"/api/v1/materials/{material['id']}/content", headers={"Range": "bytes=99999999-"}
    ) as said:
        assert said.status == 416
        assert said.headers["Content-Range"] == f"bytes */{len(viewed)}"


async def test_the_other_side_sees_it_from_the_first_piece(
    node: Running, clerk: Desk, approver: Desk, line: str
) -> None:
    case_id = await clerk.open_case()
    events: list[Any] = []
    progress: list[Any] = []

    def states() -> list[str]:
        changed = [event for event in events if event["type"] == "material.changed"]
        return [event["material"]["state"] for event in changed]

    page = Client(
        node.address, approver.token, hear_event=events.append, hear_ephemeral=progress.append
    )
    await page.connect()
    try:
        await page.ask({"type": "case.open", "case_id": case_id})
        data = photo()
        location, material_id = await clerk.begin(case_id, line, len(data), "照片.jpg")
        async with clerk.patch(location, 0, data[:20_000]) as said:
            assert said.status == 204

        def received() -> str | None:
            seen = [one["received_bytes"] for one in progress if one["material_id"] == material_id]
            return None if 20_000 in seen else f"progress seen: {seen}"

        await until(received)
        # what is told beside the record may come before what is told of it
        await until(lambda: None if states() == ["receiving"] else f"seen: {states()}")
        async with clerk.patch(location, 20_000, data[20_000:]) as said:
            assert said.status == 204
        await until(lambda: None if states() == ["receiving", "stored"] else f"seen: {states()}")
    finally:
        await page.close()


async def test_a_bad_beginning_is_refused(clerk: Desk, line: str) -> None:
    case_id = await clerk.open_case()
    about = {"case_id": case_id, "line": line, "filename": "a.pdf"}
    good = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata(about)}
    async with clerk.http.post("/api/v1/uploads", headers=good) as said:
        assert said.status == 201
        assert said.headers["Upload-Expires"].endswith("GMT")
    for bad, status, code in (
        ({"Tus-Resumable": "0.2.2"}, 412, "upload_version"),
        ({"Upload-Length": "nine"}, 400, "malformed"),
        ({"Upload-Length": str(9 * 1024 * 1024)}, 413, "file_too_large"),
        ({"Upload-Metadata": "case_id !!!"}, 400, "malformed"),
        ({"Upload-Metadata": ""}, 400, "malformed"),
        ({"Upload-Defer-Length": "1"}, 400, "malformed"),
    ):
        async with clerk.http.post("/api/v1/uploads", headers={**good, **bad}) as said:
            assert (said.status, (await said.json())["code"]) == (status, code), bad
            assert said.headers["Tus-Resumable"] == "1.0.0"
    assert len((await clerk.case(case_id))["materials"]) == 1


async def test_a_line_takes_no_versions_without_end(
    clerk: Desk, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.case.rules.materials.bringing.VERSIONS_AT_MOST", 3)
    case_id = await clerk.open_case()
    about = {"case_id": case_id, "line": line, "filename": "a.pdf"}
    begin = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata(about)}
    for status in (201, 201, 201, 429):
        async with clerk.http.post("/api/v1/uploads", headers=begin) as said:
            assert said.status == status
            location = said.headers.get("Location")
        if location is not None:
            async with clerk.http.delete(location, headers=TUS) as said:
                assert said.status == 204
    assert len((await clerk.case(case_id))["materials"]) == 3


async def test_only_the_window_brings_and_only_the_bringer_goes_on(
    node: Running, clerk: Desk, approver: Desk, line: str
) -> None:
    case_id = await clerk.open_case()
    async with approver.begun(case_id, line, 100) as said:
        assert (said.status, (await said.json())["code"]) == (403, "not_yours")
    async with clerk.begun(case_id, "no-such-line", 100) as said:
        assert (said.status, (await said.json())["code"]) == (404, "line_unknown")
    async with clerk.begun("no-such-case", line, 100) as said:
        assert (said.status, (await said.json())["code"]) == (404, "not_found")
    location, _ = await clerk.begin(case_id, line, 100)
    async with desk_of(node, "wangfang") as colleague:
        async with colleague.patch(location, 0, b"x") as said:
            assert said.status == 404
        async with colleague.http.head(location, headers=TUS) as said:
            assert said.status == 404
        async with colleague.http.delete(location, headers=TUS) as said:
            assert said.status == 404
    async with (
        aiohttp.ClientSession(node.address) as stranger,
        stranger.patch(location, data=b"x", headers=PIECE) as said,
    ):
        assert said.status == 401
    assert await clerk.offset(location) == 0


async def test_offset_and_checksum_are_kept(clerk: Desk, line: str) -> None:
    case_id = await clerk.open_case()
    data = pdf(1)
    location, material_id = await clerk.begin(case_id, line, len(data))
    async with clerk.patch(location, 7, data) as said:
        problem = await said.json()
        assert (said.status, problem["code"], problem["details"]) == (
            409,
            "upload_offset",
            {"offset": 0},
        )
    half = len(data) // 2
    wrong = base64.b64encode(hashlib.sha1(b"else", usedforsecurity=False).digest()).decode()
    async with clerk.patch(
        location, 0, data[:half], **{"Upload-Checksum": f"sha1 {wrong}"}
    ) as said:
        assert said.status == 460
        assert said.reason == "Checksum Mismatch"
    assert await clerk.offset(location) == 0
    async with clerk.patch(location, 0, data[:half], **{"Upload-Checksum": "md5 AAAA"}) as said:
        assert (said.status, (await said.json())["code"]) == (400, "upload_checksum_algorithm")
    right = base64.b64encode(hashlib.sha256(data[:half]).digest()).decode()
    async with clerk.patch(
        location, 0, data[:half], **{"Upload-Checksum": f"sha256 {right}"}
    ) as said:
        assert said.status == 204
        assert said.headers["Upload-Offset"] == str(half)
    async with clerk.patch(location, half, data[half:] + b"more") as said:
        assert (said.status, (await said.json())["code"]) == (413, "too_large")

    async def too_much() -> AsyncIterator[bytes]:
        yield data[half:]
        yield b"more"

    async with clerk.patch(location, half, too_much()) as said:
        assert (said.status, (await said.json())["code"]) == (413, "too_large")
    assert await clerk.offset(location) == half
    async with clerk.patch(location, half, data[half:], **{"Content-Type": "text/plain"}) as said:
        assert said.status == 415
    async with clerk.patch(location, half, data[half:]) as said:
        assert said.status == 204
    assert (await clerk.material(case_id, material_id))["state"] == "stored"
    # The sender may have missed the answer: he asks, and learns that all is there.
    assert await clerk.offset(location, case_id) == len(data)


async def arrived(node: Running, location: str, size: int) -> None:
    """Wait until so many bytes of an upload lie on the disk."""
    file = node.app[UPLOADS].files.path_of(location.rpartition("/")[2])
    await until(lambda: None if file.stat().st_size == size else f"{file.stat().st_size} of {size}")


async def test_what_arrived_before_a_cut_stays(node: Running, clerk: Desk, line: str) -> None:
    case_id = await clerk.open_case()
    data = photo()
    location, material_id = await clerk.begin(case_id, line, len(data), "a.jpg")
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\n"
        f"Authorization: Bearer {clerk.token}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data[:30_000])
    await writer.drain()
    await arrived(node, location, 30_000)
    writer.transport.abort()
    assert await clerk.offset(location) == 30_000
    async with clerk.patch(location, 30_000, data[30_000:]) as said:
        assert said.status == 204
    stored = await clerk.material(case_id, material_id)
    assert stored["sha256"] == hashlib.sha256(data).hexdigest()
    del reader


@pytest.mark.timed
async def test_a_sender_that_hangs_is_asked_to_let_go(
    node: Running, clerk: Desk, line: str
) -> None:
    case_id = await clerk.open_case()
    data = photo()
    location, _ = await clerk.begin(case_id, line, len(data), "a.jpg")
    released = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield data[:10_000]
        await released.wait()

    async def hang() -> int | None:
        try:
            async with clerk.patch(location, 0, hanging()) as said:
                return int(said.status)
        except aiohttp.ClientError:
            return None  # the server answered before the body was over, and closed

    holder = asyncio.create_task(hang())
    await arrived(node, location, 10_000)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await clerk.offset(location) == 10_000
    assert loop.time() - began < borne(1.0)
    released.set()
    assert await holder in (423, None)
    async with clerk.patch(location, 10_000, data[10_000:]) as said:
        assert said.status == 204


async def test_of_two_writers_at_one_offset_one_wins(clerk: Desk, line: str) -> None:
    case_id = await clerk.open_case()
    data = pdf(1)
    location, material_id = await clerk.begin(case_id, line, len(data))

    async def write() -> int:
        async with clerk.patch(location, 0, data) as said:
            return int(said.status)

    statuses = await asyncio.gather(*(write() for _ in range(4)))
    assert sorted(statuses)[0] == 204
    assert set(sorted(statuses)[1:]) <= {409, 423}
    assert (await clerk.material(case_id, material_id))["sha256"] == hashlib.sha256(
        data
    ).hexdigest()


async def test_a_file_that_cannot_be_used_is_rejected_by_name(clerk: Desk, line: str) -> None:
    case_id = await clerk.open_case()
    for data, status, code in (
        (b"MZ" + b"\0" * 2000, 415, "file_type"),
        (b"<html><script>alert(1)</script>" + b" " * 2000, 415, "file_type"),
        (pdf(1)[:-300], 422, "file_broken"),
        (photo()[:-2000], 422, "file_broken"),
        (b"%PDF-1.7\n" + b"x" * 3000 + b"%%EOF", 422, "file_broken"),
        (b"tiny", 415, "file_type"),
    ):
        location, material_id = await clerk.begin(case_id, line, len(data))
        async with clerk.patch(location, 0, data) as said:
            problem = await said.json()
            assert (said.status, problem["code"]) == (status, code), data[:20]
            assert problem["title"]
            assert problem["reference"]
        material = await clerk.material(case_id, material_id)
        assert (material["state"], material["rejected_code"]) == ("rejected", code)
        async with clerk.http.get(f"/api/v1/materials/{material_id}/content") as said:
            assert (said.status, (await said.json())["code"]) == (409, "material_not_stored")


async def test_a_replacement_keeps_the_old_version_and_a_double_is_named(
    clerk: Desk, line: str
) -> None:
    case_id = await clerk.open_case()
    first, second = pdf(1), pdf(2)
    ids = []
    for data in (first, second, first):
        location, material_id = await clerk.begin(case_id, line, len(data))
        async with clerk.patch(location, 0, data) as said:
            assert said.status == 204
        ids.append(material_id)
    materials = (await clerk.case(case_id))["materials"]
    assert [(one["number"], one["duplicate_of"]) for one in materials] == [
        (1, None),
        (2, None),
        (3, ids[0]),
    ]
    assert await clerk.original(ids[0]) == first


async def test_a_cancelled_or_expired_upload_is_gone(
    node: Running, clerk: Desk, line: str, moved: MovedClock
) -> None:
    case_id = await clerk.open_case()
    location, cancelled = await clerk.begin(case_id, line, 5000)
    async with clerk.http.delete(location, headers=TUS) as said:
        assert said.status == 204
    async with clerk.patch(location, 0, b"x") as said:
        assert (said.status, (await said.json())["code"]) == (410, "upload_expired")
    location, expired = await clerk.begin(case_id, line, 5000)
    # A session lasts less long than an upload: he has signed in again meanwhile.
    moved.move(LIVES.total_seconds())
    async with desk_of(node, "lixiulan") as again:
        async with again.http.head(location, headers=TUS) as said:
            assert said.status == 410
        assert await node.app[UPLOADS].sweeping.sweep() == 1
        for material_id in (cancelled, expired):
            assert (await again.material(case_id, material_id))["state"] == "cancelled"


async def test_a_whole_file_is_stored_after_a_crash_before_its_end(
    tmp_path: Path, moved: MovedClock, demo_database: str
) -> None:
    """The last byte was there but nothing was committed: the next start finishes it."""
    data = pdf(2)
    async with (
        demo_node(demo_database, tmp_path, moved) as node,
        desk_of(node, "lixiulan") as clerk,
    ):
        async with clerk.http.get(f"/api/v1/items/{demo.PRINCIPAL}") as said:
            line = str((await said.json())["lines"][0]["key"])
        case_id = await clerk.open_case()
        location, material_id = await clerk.begin(case_id, line, len(data))
        async with clerk.patch(location, 0, data[:-1]) as said:
            assert said.status == 204
        file = node.app[UPLOADS].files.path_of(location.rpartition("/")[2])

    def append() -> None:
        with file.open("ab") as stream:
            stream.write(data[-1:])

    await asyncio.to_thread(append)
    async with (
        demo_node(demo_database, tmp_path, moved) as node,
        desk_of(node, "lixiulan") as clerk,
    ):
        material: dict[str, Any] = {}

        async def stored() -> str | None:
            material.update(await clerk.material(case_id, material_id))
            return None if material["state"] == "stored" else str(material["state"])

        await until(stored, 10)
        assert material["sha256"] == hashlib.sha256(data).hexdigest()


@needs("mounts")
async def test_a_folder_that_may_only_be_read_is_said_as_such(
    node: Running, clerk: Desk, line: str
) -> None:
    """For a file that begins, for one that goes on, and on the health page."""

    async def mount(*words: str) -> None:
        await asyncio.to_thread(subprocess.run, words, check=True)

    folder = node.app[UPLOADS].files.path_of("x").parent
    await mount("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder))
    try:
        case_id = await clerk.open_case()
        location, _ = await clerk.begin(case_id, line, 5000)
        await mount("mount", "-o", "remount,ro", str(folder))
        async with clerk.begun(case_id, line, 5000) as said:
            assert (said.status, (await said.json())["code"]) == (507, "disk_read_only")
        async with clerk.patch(location, 0, b"x") as said:
            assert (said.status, (await said.json())["code"]) == (507, "disk_read_only")
        look = await asyncio.to_thread(health.disk, {"uploads": folder})
        assert (look.state, look.said) == ("failing", "disk_read_only")
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(folder)], check=True)


@needs("mounts")
async def test_a_disk_that_is_full_answers_507_and_keeps_what_came(
    node: Running, clerk: Desk, line: str
) -> None:
    """OPT-STORE-001 and R11: for a file that goes on and for one that begins; with room again it goes
    on from where it stood."""
    folder = node.app[UPLOADS].files.path_of("x").parent
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    data = pdf_of(3 * MIB)
    try:
        case_id = await clerk.open_case()
        location, _ = await clerk.begin(case_id, line, len(data))
        filler = folder / "filler"
        filled = shutil.disk_usage(folder).free - MIB
        await asyncio.to_thread(
            subprocess.run, ["fallocate", "-l", str(filled), str(filler)], check=True
        )
        async with clerk.patch(location, 0, io.BytesIO(data)) as said:
            assert (said.status, (await said.json())["code"]) == (507, "disk_full")
        came = await clerk.offset(location)
        assert 0 < came <= MIB
        async with clerk.begun(case_id, line, 5000) as said:
            assert (said.status, (await said.json())["code"]) == (507, "disk_full")
        await asyncio.to_thread(filler.unlink)
        async with clerk.patch(location, came, io.BytesIO(data[came:])) as said:
            assert said.status == 204
        [material] = (await clerk.case(case_id))["materials"]
        assert material["state"] == "stored"
        assert material["sha256"] == hashlib.sha256(data).hexdigest()
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(folder)], check=True)
