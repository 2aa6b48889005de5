"""The copy that people look at: bare of what files tell beside what is seen, and marked with its grade.

Row F6, and C18 of the behaviours: 原件已核对 turns a scan to grade B, by an act that can be taken back.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pikepdf
import pillow_heif
import pytest
import sqlalchemy as sa
from PIL import Image, ImageChops

from server.app import Running
from server.edge.route import STORE
from server.store import tables
from server.work.copying import without_segments
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR
from tests.kit.desks import TUS, Desk, demo_node, desk_of, metadata
from tests.kit.papers import pdf_of
from tests.server.uploads.test_file_rows import calling

LINE: Final = "application"
SERIAL: Final = "SN-20261128-4711"
GREY: Final = (180, 180, 180)


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node:
        yield node


@pytest.fixture
async def clerk(node: Running) -> AsyncIterator[Desk]:
    async with desk_of(node, CLERK) as desk:
        yield desk


async def brought(desk: Desk, case_id: str, data: bytes, name: str = "a.pdf") -> dict[str, Any]:
    """A file, once its copy is made."""
    location, material_id = await desk.begin(case_id, LINE, len(data), name)
    async with desk.patch(location, 0, data) as said:
        assert said.status == 204, await said.text()
    return await desk.copied(case_id, material_id)


def photograph(form: str, size: tuple[int, int] = (1200, 800)) -> bytes:
    """A picture that tells where, when and with which camera it was taken, and stands on its side."""
    told = Image.Exif()
    told[0x0110] = SERIAL
    told[0x0112] = 6
    told.get_ifd(0x8825).update({1: "N", 2: (36.0, 39.0, 54.0), 3: "E", 4: (117.0, 7.0, 12.0)})
    told.get_ifd(0x8769)[0xA431] = SERIAL
    out = io.BytesIO()
    picture = Image.new("RGB", size, GREY)
    more = {"comment": SERIAL.encode()} if form == "JPEG" else {}
    picture.save(out, form, exif=told, xmp=f"<x>{SERIAL}</x>".encode(), **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_f6_a_picture_tells_nothing_but_what_is_seen(clerk: Desk, form: str) -> None:
    if form == "HEIF":
        pillow_heif.register_heif_opener()
    data = photograph(form)
    assert SERIAL.encode() in data
    case_id = await clerk.open_case()
    material = await brought(clerk, case_id, data, f"照片.{form.lower()}")
    assert material["viewed"]["state"] == "ready"
    viewed = await clerk.viewed(material["id"])
    assert SERIAL.encode() not in viewed
    seen = Image.open(io.BytesIO(viewed))
    assert seen.format == ("JPEG" if form == "HEIF" else form)
    assert len(seen.getexif()) == 0
    assert not {"exif", "xmp", "comment", "icc_profile"} & seen.info.keys()
    if form != "HEIF":  # its reader turns it itself
        assert seen.size == (800, 1200)
    assert await clerk.original(material["id"]) == data


async def test_f6_a_pdf_keeps_its_pages_and_nothing_that_acts(clerk: Desk) -> None:
    case_id = await clerk.open_case()
    for name, data in calling(9).items():
        material = await brought(clerk, case_id, data + b" " * 1100 + b"\n%%EOF\n", f"{name}.pdf")
        assert material["viewed"]["state"] == "ready", name
        with pikepdf.open(io.BytesIO(await clerk.viewed(material["id"]))) as pdf:
            assert len(pdf.pages) == 1
            assert set(pdf.Root) <= {"/Type", "/Pages"}
            assert not any("/Annots" in page.obj or "/AA" in page.obj for page in pdf.pages)
            for one in pdf.objects:
                text = str(one.unparse()) if not isinstance(one, pikepdf.Stream) else ""
                for word in ("JavaScript", "Launch", "/URI", "EmbeddedFile", "a.exe"):
                    assert word not in text, (name, word)


async def test_f6_photographs_within_a_pdf_tell_no_place(clerk: Desk) -> None:
    photo = photograph("JPEG")
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(595, 842))
        image = pdf.make_stream(photo)
        for key, value in {
            "/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": 1200,
            "/Height": 800, "/ColorSpace": pikepdf.Name.DeviceRGB, "/BitsPerComponent": 8,
            "/Filter": pikepdf.Name.DCTDecode,
        }.items():  # fmt: skip
            image[key] = value
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
        page.obj.Contents = pdf.make_stream(b"q 500 0 0 300 40 40 cm /I Do Q")
        pdf.docinfo["/Author"] = SERIAL
        out = io.BytesIO()
        pdf.save(out)
    case_id = await clerk.open_case()
    material = await brought(clerk, case_id, out.getvalue())
    with pikepdf.open(io.BytesIO(await clerk.viewed(material["id"]))) as pdf:
        assert "/Info" not in pdf.trailer
        for one in pdf.objects:
            raw = one.read_raw_bytes() if isinstance(one, pikepdf.Stream) else b""
            assert SERIAL.encode() not in raw


def test_a_jpeg_loses_its_segments_and_not_a_pixel() -> None:
    told = photograph("JPEG")
    bare = without_segments(told)
    assert SERIAL.encode() not in bare
    before, after = (Image.open(io.BytesIO(one)) for one in (told, bare))
    assert ImageChops.difference(before, after).getbbox() is None
    for broken in (b"", b"\xff\xd8", told[:40], b"\xff\xd8\xff\xe1\x00\x00" + told[6:]):
        assert without_segments(broken) == broken or SERIAL.encode() not in without_segments(broken)


async def test_the_original_is_given_for_a_reason_that_the_ledger_keeps(
    node: Running, clerk: Desk
) -> None:
    case_id = await clerk.open_case()
    data = pdf_of(1000)
    material = await brought(clerk, case_id, data)
    path = f"/api/v1/materials/{material['id']}/original"
    for body, status, code in (
        ({"reason": "  "}, 422, "reason_missing"),
        ({}, 400, "malformed"),
    ):
        async with clerk.http.post(path, json=body) as said:
            assert (said.status, (await said.json())["code"]) == (status, code)
    async with desk_of(node, SUPERVISOR) as supervisor:
        assert await supervisor.original(material["id"], "复核公章") == data
    async with (
        desk_of(node, "sunlei") as stranger,
        stranger.http.post(path, json={"reason": "x"}) as said,
    ):
        assert said.status == 404
    async with node.app[STORE].read() as connection:
        entries = tables.ledger_entries
        [entry] = await connection.execute(
            sa.select(entries.c.actor, entries.c.object, entries.c.version).where(
                entries.c.subject == f"case:{case_id}",
                entries.c.act == "material.original",
                entries.c.result == "ok",
            )
        )
        payloads = tables.ledger_payloads
        told = await connection.scalar(
            sa.select(payloads.c.payload).where(
                payloads.c.subject == f"case:{case_id}", payloads.c.version == entry.version
            )
        )
    assert (entry.actor, entry.object) == ("person-chenli", f"material:{material['id']}")
    assert "复核公章" in str(told)


async def test_c18_the_window_compares_with_the_original_and_takes_it_back(
    node: Running, clerk: Desk
) -> None:
    case_id = await clerk.open_case()
    material = await brought(clerk, case_id, photograph("PNG"), "身份证.png")
    assert (material["grade"], material["graded_by"]) == ("C", None)
    about = {"case_id": case_id, "material_id": material["id"]}
    copies = {"C": await clerk.viewed(material["id"])}
    for grade, note in (("B", ""), ("A", "青岛市行政审批服务局"), ("D", ""), ("C", "")):
        await clerk.command("case.grade", **about, grade=grade, note=note)
        async with desk_of(node, APPROVER) as approver:
            seen = await approver.copied(case_id, material["id"])
            assert (seen["grade"], seen["grade_note"]) == (grade, note)
            assert seen["graded_by"]["name"] == "李秀兰"
            assert seen["viewed"]["state"] == "ready"
            copies[grade + note] = await approver.viewed(material["id"])
    # each has its own mark, all over the same picture
    assert len(set(copies.values())) == len(copies) == 4
    plain = Image.new("L", (800, 1200), GREY[0])
    marked = Image.open(io.BytesIO(copies["B"])).convert("L")
    box = ImageChops.difference(plain, marked).getbbox()
    assert box is not None
    assert box[2] - box[0] > 400
    assert box[3] - box[1] > 900

    # a new version is uncompared again, and nobody grades the one before
    await brought(clerk, case_id, pdf_of(1000))
    async with clerk.http.post(
        "/api/v1/commands",
        json={"type": "case.grade", "id": "grade-again", **about, "grade": "B"},
    ) as said:
        assert (await said.json())["code"] == "stale"


async def test_what_the_approver_sends_is_bare_and_without_a_mark(
    node: Running, clerk: Desk
) -> None:
    case_id = await clerk.open_case()
    data = photograph("PNG", (400, 300))
    async with desk_of(node, APPROVER) as approver:
        told = {"case_id": case_id, "line": LINE, "filename": "b.png", "purpose": "blank_form"}
        location = await begun_with(approver, told, len(data))
        async with approver.patch(location, 0, data) as said:
            assert said.status == 204
    [one] = (await clerk.case(case_id))["materials"]
    one = await clerk.copied(case_id, one["id"])
    assert one["grade"] is None
    seen = Image.open(io.BytesIO(await clerk.viewed(one["id"]))).convert("RGB")
    assert seen.getcolors() == [(300 * 400, GREY)]


async def begun_with(desk: Desk, told: dict[str, str], size: int) -> str:
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(told)}
    async with desk.http.post("/api/v1/uploads", headers=headers) as said:
        assert said.status == 201
        return said.headers["Location"]
