"""What strangers' files may not do: rows F2 to F5 of the file content, one test a row.

Every download is asked for, with the headers that keep a browser from running it; bombs and hostile
PDFs go through the whole road, over HTTP, while somebody else uses the node.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import re
import statistics
import struct
import time
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from server.edge.route import Route
from tests.kit.casework import ADMIN, APPROVER, CLERK, SUPERVISOR
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.papers import pdf_of
from tests.kit.stores import MovedClock
from tests.kit.until import borne
from tests.server.rights.test_rights import Scene, asked, declared, named, scene

__all__ = ["scene"]

RFC_6266: Final = re.compile(
    r"attachment; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+"
)
MIB: Final = 1024 * 1024
LINE: Final = "application"


# ---------------------------------------------------------------- F2: headers


def downloads() -> list[Route]:
    """Every route that gives out a file; the original of a material is asked for with a reason."""
    texts = {"application/json", "text/plain", "application/octet-stream"}
    return [
        route
        for route in declared()
        if (route.method == "GET" or route.path.endswith("/original"))
        and route.produces
        and not set(route.produces) & texts
    ]


async def test_f2_every_download_says_that_nothing_in_it_may_run(scene: Scene) -> None:
    seen = set()
    arriving = replace(scene, values={**scene.values, "material_id": scene.values["arriving_id"]})
    for route in downloads():
        early = route.path.endswith("/early")
        for login in (CLERK, APPROVER, SUPERVISOR, ADMIN):
            about = arriving if early else scene
            async with asked(scene.desks[login].http, about, route) as said:
                if said.status not in (200, 206):
                    continue
                seen.add(named(route))
                headers = said.headers
                assert RFC_6266.fullmatch(headers["Content-Disposition"]), named(route)
                assert headers["X-Content-Type-Options"] == "nosniff", named(route)
                assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
                assert headers["Cache-Control"] == "no-store", named(route)
    assert seen == {named(route) for route in downloads()}
    assert len(seen) >= 5


# ---------------------------------------------------------------- F3: pixel bombs


def png_of(width: int, height: int) -> bytes:
    """A PNG of one colour and any size; white lines pack a thousand to one."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    packer = zlib.compressobj(9)
    line = b"\0" + b"\xff" * ((width + 7) // 8)
    body = bytearray()
    for _ in range(height):
        body += packer.compress(line)
        if len(body) > MIB:
            break
    body += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", bytes(body[: MIB - 100]))
        + chunk(b"IEND", b"")
    )


async def sent(desk: Desk, case_id: str, data: bytes, line: str = LINE) -> tuple[int, str, float]:
    """Status, code and seconds of a file sent whole."""
    location, _ = await desk.begin(case_id, line, len(data))
    began = time.monotonic()
    async with desk.patch(location, 0, io.BytesIO(data)) as said:
        code = "" if said.status == 204 else str((await said.json(content_type=None))["code"])
        return int(said.status), code, time.monotonic() - began


class Peak:
    """The most memory that the node and its children take together, looked at all the time."""

    def __init__(self) -> None:
        self._node = psutil.Process()
        self.mb = 0.0
        self.began = self.now()

    def now(self) -> float:
        total = 0
        for one in (self._node, *self._node.children(recursive=True)):
            try:
                total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total / MIB

    async def watch(self) -> None:
        while True:
            self.mb = max(self.mb, await asyncio.to_thread(self.now))
            await asyncio.sleep(0.02)  # how finely it is looked at


@pytest.mark.timed
async def test_f3_a_pixel_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, MovedClock()) as node, desk_of(node, CLERK) as desk:
        case_id = await desk.open_case()
        # what the judging child itself takes, with a harmless file
        peak = Peak()
        watching = asyncio.create_task(peak.watch())
        try:
            _, _, usual_s = await sent(desk, case_id, png_of(100, 100))
            [harmless] = (await desk.case(case_id))["materials"]
            await desk.copied(case_id, harmless["id"])
            usual_mb, peak.mb = peak.mb, 0.0
            for width, height in ((50_000, 50_000), (120_001, 1000), (2**31 - 1, 2**31 - 1)):
                bomb = png_of(width, height)
                assert len(bomb) <= MIB
                status, code, took = await sent(desk, case_id, bomb)
                assert (status, code) == (422, "file_pixels")
                assert took <= borne(max(1.0, 2 * usual_s))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        assert peak.mb - usual_mb <= 100


# ---------------------------------------------------------------- F4: packed bombs


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"\0" * (64 * MIB))
    return out.getvalue()


def docx_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b"<Types/>" + b" " * (32 * MIB))
        packed.writestr("word/document.xml", b"<w:document/>")
    return out.getvalue()


def nested() -> bytes:
    inner = zip_bomb()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(10):
            packed.writestr(f"{number}.zip", inner)
    return out.getvalue()


def overlapping() -> bytes:
    """Two names in the directory for the same bytes."""
    data = bytearray(zip_bomb())
    end = data.rindex(b"PK\x05\x06")
    size, place = struct.unpack("<II", data[end + 12 : end + 20])
    record = data[place : place + size]
    twice = bytes(data[:place]) + bytes(record) * 2 + bytes(data[end:])
    fixed = bytearray(twice)
    end = fixed.rindex(b"PK\x05\x06")
    struct.pack_into("<HHI", fixed, end + 8, 2, 2, 2 * size)
    return bytes(fixed)


def symlink() -> bytes:
    out = io.BytesIO()
    link = zipfile.ZipInfo("a.pdf")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(link, "/etc/passwd")
        packed.writestr("padding", b"x" * 2000)
    return out.getvalue()


BOMBS: Final = {
    "zip": zip_bomb,
    "docx": docx_bomb,
    "gzip": lambda: gzip.compress(b"\0" * (64 * MIB)),
    "nested": nested,
    "overlapping": overlapping,
    "symlink": symlink,
}


@pytest.mark.timed
async def test_f4_packed_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    """Of archives only Word, Excel and OFD are taken; what one is, and how much it would become, is
    told by its directory."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, MovedClock()) as node, desk_of(node, CLERK) as desk:
        case_id = await desk.open_case()
        for name, make in BOMBS.items():
            data = make()
            status, code, took = await sent(desk, case_id, data)
            expected = (422, "file_bomb") if name == "docx" else (415, "file_type")
            assert (status, code) == expected, name
            assert took <= borne(10.0)
            # the same as a disguise: a PDF by its first bytes, an archive by its end
            status, code, _ = await sent(desk, case_id, b"%PDF-1.7\n" + data)
            assert (status, code) == (422, "file_broken"), name


# ---------------------------------------------------------------- F5: hostile PDFs


def pdf_with(*objects: bytes, root: bytes = b"") -> bytes:
    """A one-page PDF whose catalogue holds ``root``, with more objects from 4 on."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R]>>",
        *objects,
    ]
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, table)
    return bytes(out)


def calling(port: int) -> dict[str, bytes]:
    """PDFs that want to run, open, fetch or carry something."""
    address = b"http://127.0.0.1:%d/x" % port
    return {
        "script": pdf_with(
            b"<</S/JavaScript/JS(app.launchURL\\('%s'\\); this.submitForm\\('%s'\\))>>"
            % (address, address),
            root=b"/OpenAction 4 0 R",
        ),
        "launch": pdf_with(b"<</S/Launch/F(/bin/sh)>>", root=b"/OpenAction 4 0 R"),
        "address": pdf_with(b"<</S/URI/URI(%s)>>" % address, root=b"/OpenAction 4 0 R"),
        "embedded": pdf_with(
            b"<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>",
            b"<</Type/EmbeddedFile/Length 4>>\nstream\nMZ\0\0\nendstream",
            root=b"/Names<</EmbeddedFiles<</Names[(a.exe)4 0 R]>>>>",
        ),
    }


def xref_loop() -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    place = len(body)
    return (
        body
        + b"xref\n0 1\n0000000000 65535 f \ntrailer<</Size 3/Root 1 0 R/Prev %d>>\n" % place
        + b"startxref\n%d\n%%%%EOF\n" % place
        + b" " * 1024
        + b"%%EOF\n"
    )


def many_pages(count: int) -> bytes:
    kids = b"3 0 R " * count
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    out = bytearray(b"%PDF-1.7\n")
    for number, body in enumerate(bodies, 1):
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return bytes(out + b"trailer<</Size 4/Root 1 0 R>>\n%%EOF\n")


@pytest.mark.timed
async def test_f5_hostile_pdfs_harm_nobody(tmp_path: Path, record_property: Any) -> None:
    callers: list[str] = []

    async def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append("called")
        writer.close()

    listening = await asyncio.start_server(called, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with (
        listening,
        demo_node(url, tmp_path, MovedClock()) as node,
        desk_of(node, CLERK) as desk,
        desk_of(node, APPROVER) as other,
    ):
        case_id = await desk.open_case()
        waits: list[float] = []

        async def use() -> None:
            while True:
                began = time.monotonic()
                await other.get("/limits")
                waits.append(time.monotonic() - began)
                await asyncio.sleep(0.01)  # somebody at work, not a load

        using = asyncio.create_task(use())
        # taken as pictures of pages are: nothing in them is ever run, on the server or in a page
        for name, data in calling(port).items():
            status, code, _ = await sent(desk, case_id, data + b" " * 1100 + b"\n%%EOF\n")
            assert (status, code) in ((204, ""), (422, "file_broken")), name
        for data in (xref_loop(), many_pages(100_000), many_pages(5001)):
            status, code, took = await sent(desk, case_id, data)
            assert (status, code) == (422, "file_broken")
            assert took <= borne(15.0)
        assert (await sent(desk, case_id, pdf_of(5000)))[0] == 204
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)
        assert callers == []
        p99 = statistics.quantiles(waits, n=100)[98]
        record_property("p99 of somebody else's requests, ms", round(p99 * 1000, 1))
        assert p99 <= borne(0.5)
