"""Uploads under cuts, silence, kills, races, strangers and hostile names: rows U2 to U14, one test a row.

Small counts in the suite, the rows' own under ``proofs``. Real nodes, real sockets; connections
are cut by a relay between client and node.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tusclient import client as tuspy

from server.app import Running
from server.edge.route import STORE
from server.store import SYSTEM, tables
from server.uploads.acts.announcing import LIVES
from server.uploads.api.tus import METADATA_MAX, metadata
from server.uploads.api.uploads import UPLOADS
from signaling.refusals import Code, Refusal
from tests.kit.desks import PIECE, TUS, Desk, demo_node, desk_of
from tests.kit.desks import metadata as told
from tests.kit.meetings import load
from tests.kit.papers import pdf_of
from tests.kit.processes import ROOT, serving
from tests.kit.relay import relay, reset
from tests.kit.stores import MovedClock
from tests.kit.until import borne, until

KIB: Final = 1024
MIB: Final = 1024 * 1024
LINE: Final = "application"


def times(few: int, many: int, limit_s: int = 1800) -> Any:
    """How often: a few in the suite, the row's own count under ``proofs``."""
    suite = pytest.param(few, marks=pytest.mark.timeout(120))
    proofs = pytest.param(many, marks=[pytest.mark.proofs, pytest.mark.timeout(limit_s)])
    return pytest.mark.parametrize("count", [suite, proofs])


def sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@asynccontextmanager
async def window(folder: Path, **chosen: Any) -> AsyncIterator[tuple[Running, Desk]]:
    async with (
        demo_node(sqlite(folder), folder, MovedClock(), **chosen) as node,
        desk_of(node, "lixiulan") as desk,
    ):
        yield node, desk


def stored_bytes(node: Running, location: str) -> int:
    """How much of an unfinished upload lies on the disk."""
    return node.app[UPLOADS].files.path_of(location.rpartition("/")[2]).stat().st_size


async def arrived(node: Running, location: str, size: int) -> None:
    def why_not() -> str | None:
        there = stored_bytes(node, location)
        return None if there == size else f"{there} of {size}"

    await until(why_not)


def patch_head(desk: Desk, location: str, offset: int, length: int) -> bytes:
    return (
        f"PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {desk.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n"
        f"Content-Type: {PIECE['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


# ---------------------------------------------------------------- U2: other people's clients


async def sent_by_tuspy(node: Running, desk: Desk, case_id: str, file: Path, chunk: int) -> None:
    def send() -> None:
        stranger = tuspy.TusClient(
            f"{node.address}/api/v1/uploads", headers={"Authorization": f"Bearer {desk.token}"}
        )
        about = {"case_id": case_id, "line": LINE, "filename": file.name}
        with file.open("rb") as content:
            stranger.uploader(
                file_stream=content, chunk_size=chunk, metadata=about, upload_checksum=True
            ).upload()

    await asyncio.to_thread(send)


async def sent_by_node(
    node: Running, desk: Desk, case_id: str, file: Path, chunk: int, **how: Any
) -> None:
    told = {
        "endpoint": f"{node.address}/api/v1/uploads", "token": desk.token, "file": str(file),
        "metadata": {"case_id": case_id, "line": LINE, "filename": file.name},
        "chunkSize": chunk, **how,
    }  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        "node", str(ROOT / "tests/kit/tus_client.mjs"), json.dumps(told),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(120):
        _, errors = await program.communicate()
    assert program.returncode == 0, errors.decode()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "size,chunks,rounds",
    [
        # tus-js-client in node never ends an empty last piece: so the last one holds seven bytes
        (3 * MIB + 7, [MIB], 1),
        pytest.param(
            50 * MIB + 7,
            [MIB, 5 * MIB, 20 * MIB],
            10,
            marks=[pytest.mark.proofs, pytest.mark.timeout(3600)],
        ),
    ],
)
async def test_u2_other_peoples_clients(
    size: int, chunks: list[int], rounds: int, tmp_path: Path
) -> None:
    data = pdf_of(size)
    file = tmp_path / "scan.pdf"
    await asyncio.to_thread(file.write_bytes, data)
    async with window(tmp_path) as (node, desk):
        for chunk in chunks:
            for _ in range(rounds):
                case_id = await desk.open_case()
                await sent_by_tuspy(node, desk, case_id, file, chunk)
                await sent_by_node(node, desk, case_id, file, chunk)
                await sent_by_node(node, desk, case_id, file, chunk, parallel=4)
                await sent_by_node(node, desk, case_id, file, chunk, deferred=True)
                materials = (await desk.case(case_id))["materials"]
                assert [one["state"] for one in materials] == ["stored"] * 4
                assert {one["sha256"] for one in materials} == {sha256(data)}
                assert {one["size_bytes"] for one in materials} == {size}


# ---------------------------------------------------------------- U3, U4, U5: broken connections


@times(4, 100)
async def test_u3_a_connection_cut_at_any_byte(
    count: int, tmp_path: Path, record_property: Any
) -> None:
    seed = random.randrange(2**32)
    record_property("seed", seed)
    chance = random.Random(seed)
    data = pdf_of(1_200_000)
    most_lost = 0
    async with window(tmp_path) as (node, desk), relay(node.port) as between:
        for _ in range(count):
            case_id = await desk.open_case()
            location, material = await desk.begin(case_id, LINE, len(data))
            head = patch_head(desk, location, 0, len(data))
            cut = chance.randrange(len(head), len(head) + len(data))
            between.cut_after(cut)
            reader, writer = await asyncio.open_connection("127.0.0.1", between.port)
            writer.write(head + data)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            passed = between.passed - len(head)

            # The node reads on what the line still brought after its end.
            def why_not(location: str = location, passed: int = passed) -> str | None:
                there = stored_bytes(node, location)
                return None if there >= passed - 64 * KIB else f"{there} of {passed}"

            await until(why_not, 5)
            # Of a short piece the node may have read nothing yet when it is asked: then what it
            # reads later moves the offset, and the sender asks again, as every client does.
            for _ in range(5):
                at = await desk.offset(location, case_id)
                async with desk.patch(location, at, io.BytesIO(data[at:])) as said:
                    status = said.status
                if status != 409:
                    break
            assert status == 204
            assert passed - 64 * KIB <= at <= passed
            most_lost = max(most_lost, passed - at)
            assert (await desk.material(case_id, material))["sha256"] == sha256(data)
    record_property("most bytes of one cut that had to be sent again", most_lost)


@pytest.mark.timed
@pytest.mark.parametrize("limit_s", [1.0, pytest.param(5.0, marks=pytest.mark.proofs)])
async def test_u4_a_sender_who_falls_silent(limit_s: float, tmp_path: Path) -> None:
    data = pdf_of(40_000)
    async with window(tmp_path, upload_silence_s=limit_s) as (node, desk):
        case_id = await desk.open_case()
        location, material = await desk.begin(case_id, LINE, len(data))
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        silent = time.monotonic()
        writer.write(patch_head(desk, location, 0, len(data)) + data[:30_000])
        await writer.drain()
        await reader.read()
        assert limit_s <= time.monotonic() - silent <= limit_s + borne(2.0)
        writer.close()
        assert await desk.offset(location) == 30_000
        async with desk.patch(location, 30_000, data[30_000:]) as said:
            assert said.status == 204
        assert (await desk.material(case_id, material))["state"] == "stored"


async def test_u5_a_reset_after_half(tmp_path: Path) -> None:
    data = pdf_of(10_000)
    async with window(tmp_path) as (node, desk):
        case_id = await desk.open_case()
        location, material = await desk.begin(case_id, LINE, len(data))
        _, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(patch_head(desk, location, 0, len(data)) + data[:5000])
        await writer.drain()
        await arrived(node, location, 5000)  # what a reset finds unread is lost to any program
        reset(writer)
        assert await desk.offset(location) == 5000
        async with desk.patch(location, 5000, data[5000:]) as said:
            assert said.status == 204
        assert (await desk.material(case_id, material))["sha256"] == sha256(data)


# ---------------------------------------------------------------- U6, U7: two at once


@pytest.mark.timed
async def test_u6_head_while_a_patch_hangs(tmp_path: Path) -> None:
    data = pdf_of(40_000)
    async with window(tmp_path) as (node, desk):
        case_id = await desk.open_case()
        location, material = await desk.begin(case_id, LINE, len(data))
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(patch_head(desk, location, 0, len(data)) + data[:17_000])
        await writer.drain()
        await arrived(node, location, 17_000)
        began = time.monotonic()
        assert await desk.offset(location) == 17_000
        assert time.monotonic() - began <= borne(1.0)
        assert (await reader.read()).startswith(b"HTTP/1.1 423 ")
        writer.close()
        async with desk.patch(location, 17_000, data[17_000:]) as said:
            assert said.status == 204
        assert (await desk.material(case_id, material))["sha256"] == sha256(data)


async def test_u6_a_second_patch_takes_over_from_a_silent_one(tmp_path: Path) -> None:
    data = pdf_of(40_000)
    async with window(tmp_path) as (node, desk):
        location, _ = await desk.begin(await desk.open_case(), LINE, len(data))
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(patch_head(desk, location, 0, len(data)) + data[:17_000])
        await writer.drain()
        await arrived(node, location, 17_000)

        async def taken_over() -> str | None:
            async with desk.patch(location, 17_000, data[17_000:]) as said:
                return None if said.status == 204 else f"{said.status}"

        await until(taken_over)
        assert (await reader.read()).startswith(b"HTTP/1.1 423 ")
        writer.close()


@times(5, 200)
async def test_u7_two_at_one_offset(count: int, tmp_path: Path) -> None:
    data = pdf_of(150_000)
    async with window(tmp_path) as (node, desk), desk_of(node, "lixiulan") as other:
        case_id = await desk.open_case()
        for number in range(count):
            if number % 100 == 0:
                case_id = await desk.open_case()
            location, material = await desk.begin(case_id, LINE, len(data))

            async def write(by: Desk, location: str = location) -> int:
                async with by.patch(location, 0, data) as said:
                    return int(said.status)

            first, second = sorted(await asyncio.gather(write(desk), write(other)))
            assert first == 204
            assert second in (409, 423)
            assert (await desk.material(case_id, material))["sha256"] == sha256(data)


# ---------------------------------------------------------------- U8: a killed node


@times(1, 50, 3600)
async def test_u8_a_node_killed_while_it_writes(
    count: int, tmp_path: Path, record_property: Any
) -> None:
    seed = random.randrange(2**32)
    record_property("seed", seed)
    chance = random.Random(seed)
    data = pdf_of(6 * MIB)
    url = sqlite(tmp_path)
    await load(url, tmp_path)
    async with serving(tmp_path / "node", database_url=url) as node:
        await node.start()
        for _ in range(count):
            kill_at = chance.randrange(len(data))
            async with desk_of(node, "lixiulan") as desk:
                case_id = await desk.open_case()
                location, material = await desk.begin(case_id, LINE, len(data))
                file = node.data / "uploads" / location.rpartition("/")[2]
                sent = asyncio.Event()

                async def until_killed(
                    kill_at: int = kill_at, sent: asyncio.Event = sent
                ) -> AsyncIterator[bytes]:
                    for start in range(0, kill_at, 64 * KIB):
                        yield data[start : min(start + 64 * KIB, kill_at)]
                    sent.set()
                    await asyncio.Event().wait()

                headers = {**PIECE, "Upload-Offset": "0"}
                sending = asyncio.create_task(_sent(desk, location, until_killed(), headers))
                await sent.wait()
                await node.kill()
                await sending
            there = file.stat().st_size
            await node.start()
            async with desk_of(node, "lixiulan") as desk:
                at = await desk.offset(location, case_id)
                assert at <= there
                async with desk.patch(location, at, io.BytesIO(data[at:])) as said:
                    assert said.status == 204
                assert (await desk.material(case_id, material))["sha256"] == sha256(data)


async def _sent(desk: Desk, location: str, body: Any, headers: dict[str, str]) -> None:
    with pytest.raises(aiohttp.ClientError):
        async with desk.http.patch(location, data=body, headers=headers):
            pass


# ---------------------------------------------------------------- U9, U10: what is said of bytes


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sm3"])
async def test_u9_wrong_and_unknown_checksums(algorithm: str, tmp_path: Path) -> None:
    data = pdf_of(20_000)

    def of(content: bytes) -> str:
        digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
        return f"{algorithm} {base64.b64encode(digest).decode()}"

    async with window(tmp_path) as (_, desk):
        case_id = await desk.open_case()
        location, material = await desk.begin(case_id, LINE, len(data))
        for said_of, status in ((of(b"else"), 460), ("crc32 AAAA", 400), (algorithm, 400)):
            async with desk.patch(location, 0, data, **{"Upload-Checksum": said_of}) as said:
                assert said.status == status
            assert await desk.offset(location) == 0
        async with desk.patch(location, 0, data, **{"Upload-Checksum": of(data)}) as said:
            assert said.status == 204
        assert (await desk.material(case_id, material))["state"] == "stored"


async def test_u10_more_than_was_declared(tmp_path: Path) -> None:
    data = pdf_of(20_000)

    async def chunked(content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 4096):
            yield content[start : start + 4096]

    async with window(tmp_path) as (node, desk):
        case_id = await desk.open_case()
        location, material = await desk.begin(case_id, LINE, len(data))
        for body in (data + b"x", chunked(data + b"x"), chunked(data + data)):
            async with desk.patch(location, 0, body) as said:
                assert said.status == 413
            assert stored_bytes(node, location) <= len(data)
        at = await desk.offset(location, case_id)
        async with desk.patch(location, at, chunked(data[at:])) as said:
            assert said.status == 204
        stored = await desk.material(case_id, material)
        assert (stored["size_bytes"], stored["sha256"]) == (len(data), sha256(data))


# ---------------------------------------------------------------- U11: what is over


@times(3, 1000)
@pytest.mark.timeout(1800)
async def test_u11_what_expired_is_gone_and_what_is_finished_stays(
    count: int, tmp_path: Path
) -> None:
    data = pdf_of(3000)
    clock = MovedClock()
    settings = {"quota_person_files": 0}
    async with demo_node(sqlite(tmp_path), tmp_path, clock, **settings) as node:
        finished: list[tuple[str, str]] = []
        async with desk_of(node, "lixiulan") as desk:
            for number in range(count):
                if number % 100 == 0:  # a line of a case takes 200 versions
                    case_id = await desk.open_case()
                location, _ = await desk.begin(case_id, LINE, len(data))
                async with desk.patch(location, 0, data) as said:
                    assert said.status == 204
                finished.append((location, case_id))
            begun = [(await desk.begin(case_id, LINE, 100_000))[0] for _ in range(3)]
            for location in begun:
                async with desk.patch(location, 0, data) as said:
                    assert said.status == 204
        folder = tmp_path / "data" / "uploads"
        assert len(list(folder.iterdir())) == 3
        clock.move(LIVES.total_seconds() + 1)
        async with desk_of(node, "lixiulan") as desk:
            for location in begun:
                async with desk.http.head(location, headers=TUS) as said:
                    assert said.status == 410
        assert await node.app[UPLOADS].sweeping.sweep() == 3
        assert not list(folder.iterdir())
        for _ in range(20):
            clock.move(3600)
            assert await node.app[UPLOADS].sweeping.sweep() == 0
        async with desk_of(node, "lixiulan") as desk:
            for location, case_id in finished:
                assert await desk.offset(location, case_id) == len(data)
            states = [
                one["state"]
                for each in dict.fromkeys(case_id for _, case_id in finished)
                for one in (await desk.case(each))["materials"]
            ]
            assert Counter(states) == {"stored": count, "cancelled": 3}


# ---------------------------------------------------------------- U12: other people's uploads

METHODS: Final = ("HEAD", "PATCH", "DELETE", "POST")
STRANGERS: Final = ("wangfang", "zhoumingyuan", "chenli", "admin")


async def answers(desk: Desk, location: str) -> set[int]:
    """What each method answers at the address of an upload."""
    statuses = set()
    for method in METHODS:
        headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        data = b"x" if method in ("PATCH", "POST") else None
        async with desk.http.request(method, location, headers=headers, data=data) as said:
            statuses.add(int(said.status))
    return statuses


async def refusals_of(node: Running, login: str) -> int:
    """Entries of refused acts of a person in the ledger."""
    async with node.app[STORE].read() as connection:
        return int(
            await connection.scalar(
                sa.select(sa.func.count())
                .select_from(tables.ledger_entries)
                .where(
                    tables.ledger_entries.c.subject == f"person:person-{login}",
                    tables.ledger_entries.c.result == Code.NOT_FOUND.value,
                )
            )
            or 0
        )


async def test_u12_nobody_else_finds_an_upload(tmp_path: Path) -> None:
    data = pdf_of(5000)
    async with window(tmp_path) as (node, desk):
        location, _ = await desk.begin(await desk.open_case(), LINE, len(data))
        part = {**TUS, "Upload-Concat": "partial", "Upload-Length": str(len(data))}
        async with desk.http.post("/api/v1/uploads", headers=part) as said:
            parted = said.headers["Location"]
        async with desk.patch(parted, 0, data) as said:
            assert said.status == 204
        for login in STRANGERS:
            before = await refusals_of(node, login)
            async with desk_of(node, login) as stranger:
                assert await answers(stranger, location) == {404}
                assert await answers(stranger, parted) == {404}
            # each but HEAD, which changes nothing
            assert await refusals_of(node, login) == before + 2 * (len(METHODS) - 1)
        async with desk_of(node, "wangfang") as colleague:
            case_id = await colleague.open_case()
            final = {
                **TUS,
                "Upload-Concat": f"final;{parted}",
                "Upload-Metadata": told({"case_id": case_id, "line": LINE, "filename": "a.pdf"}),
            }
            async with colleague.http.post("/api/v1/uploads", headers=final) as said:
                assert said.status == 404
            assert (await colleague.case(case_id))["materials"] == []
        assert await desk.offset(location) == 0
        assert await desk.offset(parted) == len(data)


async def test_u12_a_right_that_ended_ends_the_upload(tmp_path: Path) -> None:
    async with window(tmp_path) as (node, desk):
        location, _ = await desk.begin(await desk.open_case(), LINE, 5000)
        async with node.app[STORE].change(SYSTEM) as change:
            await change.connection.execute(
                tables.people.update()
                .where(tables.people.c.id == "person-lixiulan")
                .values(roles=["admin"])
            )
        assert await answers(desk, location) <= {401, 404}
        assert stored_bytes(node, location) == 0


# ---------------------------------------------------------------- U13: hostile names

KEYS: Final = st.one_of(
    st.sampled_from(["case_id", "line", "filename", "", " ", "filename\r\nX-Evil: 1", "é"]),
    st.text(max_size=12),
)
VALUES: Final = st.one_of(
    st.sampled_from(
        ["../../etc/passwd", "a\0b", "a\r\nSet-Cookie: x=y", "x" * 8192, "%%%", "..\\..\\a.pdf"]
    ),
    st.text(max_size=40),
)
PAIR: Final = st.tuples(KEYS, VALUES, st.booleans()).map(
    lambda one: f"{one[0]} {_encoded(one[1]) if one[2] else one[1]}"
)


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()


@settings(max_examples=2000, deadline=None)
@given(st.lists(PAIR, max_size=5).map(",".join))
def test_u13_metadata_hold_nothing_hostile(said: str) -> None:
    try:
        about = metadata(said)
    except Refusal:
        return
    assert len(said) <= METADATA_MAX
    assert all(re.fullmatch(r"[!-~]+", key) for key in about)
    assert not any(ord(one) < 32 for value in about.values() for one in value)
    assert ".." not in about.get("filename", "").replace("\\", "/").split("/")
    # as it stands it is said again in a header of the answer to HEAD
    assert "\r" not in said
    assert "\n" not in said


async def test_u13_hostile_names_over_the_wire(tmp_path: Path) -> None:
    async with window(tmp_path) as (node, desk):
        case_id = await desk.open_case()

        def raw(metadata: str) -> dict[str, str]:
            return {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata}

        good = {"case_id": case_id, "line": LINE, "filename": "a.pdf"}
        for hostile in (
            told({**good, "filename": "../../a.pdf"}),
            told({**good, "filename": "a\0.pdf"}),
            told({**good, "filename": "a\r\nSet-Cookie: x=y"}),
            told({**good, "note": "x" * 8 * KIB})[: 8 * KIB - 200],
            told(good) + "," + told({"filename": "b.pdf"}),
        ):
            async with desk.http.post("/api/v1/uploads", headers=raw(hostile)) as said:
                assert said.status == 400
                assert "Set-Cookie" not in said.headers
        for crafted in ("..", "%2e%2e%2fnode", "a%00b", "a%0d%0aX-Evil:1", "x" * 70, "%2fetc"):
            async with desk.http.head(f"/api/v1/uploads/{crafted}", headers=TUS) as said:
                assert said.status in (400, 404, 405)
                assert "X-Evil" not in said.headers
        async with desk.http.post("/api/v1/uploads", headers=raw(told(good))) as said:
            assert said.status == 201
        names = [one.name for one in (tmp_path / "data" / "uploads").iterdir()]
        assert len(names) == 1
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", names[0])
        assert not (await desk.case(case_id))["materials"][1:]
    del node


# ---------------------------------------------------------------- U14: quotas


async def begun_at_once(desk: Desk, count: int, size: int) -> list[tuple[int, str]]:
    """Status and code of so many creations at once."""
    case_id = await desk.open_case()

    async def begin() -> tuple[int, str]:
        async with desk.begun(case_id, LINE, size) as said:
            code = "" if said.status == 201 else str((await said.json(content_type=None))["code"])
            return int(said.status), code

    return await asyncio.gather(*(begin() for _ in range(count)))


@pytest.mark.parametrize(
    "quota",
    [{"quota_person_files": 6}, {"quota_person_bytes": 6500}, {"quota_unit_files": 6},
     {"quota_unit_bytes": 6500}],
    ids=lambda quota: next(iter(quota)),
)  # fmt: skip
async def test_u14_a_quota_holds_under_twenty_at_once(
    quota: dict[str, int], demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path, MovedClock(), **quota) as node:
        async with desk_of(node, "lixiulan") as desk:
            limits = await desk.get("/limits")
            assert (limits["files_left"], limits["bytes_left"])[
                "bytes" in next(iter(quota))
            ] == next(iter(quota.values()))
            assert limits["quota_scarce"] is False
            said = await begun_at_once(desk, 20, 1000)
            assert sorted(said) == [(201, "")] * 6 + [(403, "quota_exceeded")] * 14
            async with desk.begun(await desk.open_case(), LINE, 1000) as refused:
                problem = await refused.json(content_type=None)
            assert "24 小时" in problem["title"]
            limits = await desk.get("/limits")
            assert 0 in (limits["files_left"], limits["bytes_left"]) or limits["bytes_left"] == 500
            assert limits["quota_scarce"] is True
        async with desk_of(node, "wangfang") as colleague:
            said = await begun_at_once(colleague, 1, 1000)
            shared = "quota_unit_files" in quota or "quota_unit_bytes" in quota
            assert said == [(403, "quota_exceeded") if shared else (201, "")]


async def test_u14_what_was_given_up_is_counted_no_more(tmp_path: Path) -> None:
    async with window(tmp_path, quota_person_files=1) as (_, desk):
        case_id = await desk.open_case()
        location, _ = await desk.begin(case_id, LINE, 1000)
        assert (await begun_at_once(desk, 1, 1000))[0][0] == 403
        async with desk.http.delete(location, headers=TUS) as said:
            assert said.status == 204
        assert (await begun_at_once(desk, 1, 1000))[0][0] == 201
