"""Word and Excel: by content, looked at as PDF where LibreOffice is there, and a clear sentence elsewhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import openpyxl
import pypdfium2
import pytest
from PIL import Image

from server.app import Running
from server.work import office, probe
from tests.kit.capabilities import needs
from tests.kit.casework import CLERK
from tests.kit.desks import Desk, demo_node, desk_of

LINE: Final = "application"
WORDS: Final = "变更登记申请书"
INSTALLED: Final = office.program() is not None
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RED: Final = (255, 0, 0)
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006"
_LINKED: Final = (
    f'<w:document xmlns:w="{_WORD}" xmlns:r="{_OFFICE}" xmlns:a="{_DRAWING}/main" '
    f'xmlns:wp="{_DRAWING}/wordprocessingDrawing" xmlns:pic="{_DRAWING}/picture">'
    "<w:body><w:p><w:r><w:drawing><wp:inline>"
    '<wp:extent cx="2857500" cy="1905000"/><wp:docPr id="1" name="p"/>'
    f'<a:graphic><a:graphicData uri="{_DRAWING}/picture"><pic:pic>'
    '<pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr>'
    '<pic:blipFill><a:blip r:link="p1"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="2857500" cy="1905000"/></a:xfrm>'
    '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic>'
    "</wp:inline></w:drawing></w:r></w:p></w:body></w:document>"
)
"""A Word document with a picture that is not in it but named by an address."""
_MAIN: Final = f"{probe._OPEN_XML}.wordprocessingml.document.main+xml"


def packed(**entries: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def word(**more: str | bytes) -> bytes:
    """A Word file with one line of text."""
    return packed(
        **{
            "[Content_Types].xml": (
                f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType='
                '"application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>'
            ),
            "_rels/.rels": (
                f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
                f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
            ),
            "word/document.xml": (
                f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>'
                "</w:body></w:document>"
            ),
            **more,
        }
    )


def excel() -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = WORDS
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node:
        yield node


async def brought(desk: Desk, case_id: str, data: bytes, name: str) -> dict[str, Any]:
    location, material_id = await desk.begin(case_id, LINE, len(data), name)
    async with desk.patch(location, 0, data) as said:
        assert said.status == 204, await said.text()
    return await desk.copied(case_id, material_id, within_s=120)


@pytest.mark.timeout(400)  # LibreOffice begins cold, twice, on a machine that may be busy
async def test_word_and_excel_are_looked_at_or_a_sentence_says_why_not(node: Running) -> None:
    async with desk_of(node, CLERK) as desk:
        case_id = await desk.open_case()
        for data, name in ((word(), "申请书.docx"), (excel(), "清单.xlsx")):
            material = await brought(desk, case_id, data, name)
            assert material["media_type"] in probe.OFFICE
            assert await desk.original(material["id"]) == data
            if not INSTALLED:
                assert material["viewed"]["fault"] == "no_office"
                async with desk.http.get(f"/api/v1/materials/{material['id']}/content") as said:
                    assert said.status == 409
                    told = await said.json(content_type=None)
                assert (told["code"], "请说明理由调阅原件" in told["title"]) == ("no_office", True)
                continue
            assert (material["viewed"]["state"], material["viewed"]["media_type"]) == (
                "ready",
                probe.PDF,
            )
            assert material["pages"] == 1  # as papers say it: counted on the copy
            document = pypdfium2.PdfDocument(await desk.viewed(material["id"]))
            try:
                text = document[0].get_textpage().get_text_bounded()
            finally:
                document.close()
            assert WORDS[:4] in text


@pytest.mark.parametrize(
    "data, code",
    [
        (word(**{"word/vbaProject.bin": b"macros"}), "file_type"),
        (packed(**{"a.exe": b"MZ", "word/document.xml": b"x"}), "file_type"),
        (word()[:-40], "file_broken"),
        (word(**{"word/media/a.bin": b"\0" * (5 * 2**20)}), "file_bomb"),
        (word(**{f"word/{number}.xml": b"" for number in range(10_001)}), "file_bomb"),
    ],
    ids=["macros", "no document", "cut off", "packed too well", "too many"],
)
def test_what_is_no_document_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    assert probe.probe(file) == {"code": code}


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    data = bytearray(word(**{"word/media/a.bin": bytes(range(256)) * 40}))
    at = data.index(b"word/media/a.bin") + 60
    data[at] ^= 0xFF
    (tmp_path / "file").write_bytes(data)
    assert probe.probe(tmp_path / "file") == {"code": "file_broken"}


@pytest.mark.timeout(200)
@needs("LibreOffice")
def test_a_picture_that_a_file_only_names_is_not_fetched(tmp_path: Path) -> None:
    named = tmp_path / "of-another.png"
    Image.new("RGB", (300, 200), RED).save(named)
    shown = {
        "word/document.xml": _LINKED,
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="p1" Type="{_OFFICE}/image" '
            f'Target="file://{named}" TargetMode="External"/></Relationships>'
        ),
    }
    (tmp_path / "a").write_bytes(word(**shown))
    made = office.convert(tmp_path / "a", "docx", tmp_path, office.program())
    document = pypdfium2.PdfDocument(made)
    try:
        page = document[0].render().to_pil().convert("RGB")
    finally:
        document.close()
    assert RED not in {color for _, color in page.getcolors(page.width * page.height)}


def test_where_libreoffice_is_not_no_copy_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert office.program(str(tmp_path)) is None
    (tmp_path / "a").write_bytes(word())
    with pytest.raises(office.NoOffice):
        office.convert(tmp_path / "a", "docx", tmp_path, None)
