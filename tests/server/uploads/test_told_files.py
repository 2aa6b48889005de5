"""Each file that is not taken is told as what it is, and what is given out bears a name of its type."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops

from server.app import Running
from server.case.acts.materials.files import clean_name, offered_name
from server.papers import specimen
from server.work import copying, probe
from server.work import paper as drawing
from tests.kit.casework import CLERK
from tests.kit.desks import demo_node, desk_of
from tests.server.uploads.test_file_rows import png_of

FONTS: Final = ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"]
PDF: Final = "application/pdf"
VECTORS: Final = Path(__file__).parents[2] / "vectors"


def locked(user: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(out, encryption=pikepdf.Encryption(user=user, owner="owner"))
    return out.getvalue()


def picture(form: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (250, 250, 250)).save(out, form, **more)
    return out.getvalue()


def deep_jpeg() -> bytes:
    """As cameras of medicine write them: an extended frame of 12 bits."""
    data = bytearray(picture("JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 1], data[frame + 4] = 0xC1, 12
    return bytes(data)


def word_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * (8 * 2**20))
    return out.getvalue()


UNUSABLE: Final = {
    "file_password": (locked("user"), "密码"),
    "file_depth": (deep_jpeg(), "8 位"),
    "file_pixels": (png_of(12_001, 10_001), "分辨率"),
    "file_bomb": (word_bomb(), "打印为 PDF"),
}


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node:
        yield node


def test_the_page_names_the_types_that_are_taken() -> None:
    """Writes what web/src/record/rules/words.test.ts holds against the page's words."""
    VECTORS.mkdir(exist_ok=True)
    told = {"subject": "files", "media_types": probe.MEDIA_TYPES, "endings": probe.ENDINGS}
    (VECTORS / "files.json").write_text(json.dumps(told), "utf-8")
    assert set(probe.ENDINGS) == set(probe.MEDIA_TYPES)


async def test_what_is_not_taken_is_told_as_what_it_is_and_what_to_do(node: Running) -> None:
    async with desk_of(node, CLERK) as clerk:
        case_id = await clerk.open_case()
        for code, (data, advice) in UNUSABLE.items():
            location, material_id = await clerk.begin(case_id, "application", len(data))
            async with clerk.patch(location, 0, data) as said:
                problem = await said.json()
                assert (said.status, problem["code"]) == (422, code)
                assert advice in problem["title"]
            material = await clerk.material(case_id, material_id)
            assert (material["state"], material["rejected_code"]) == ("rejected", code)


def test_a_pdf_that_only_asks_for_a_password_to_change_it_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(locked(""))
    assert probe.probe(file) == {"media_type": PDF, "pages": 1}


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_further_frames_are_told_on_the_copy(form: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (320, 240), (250, 250, shade)) for shade in (0, 90)]
    faces: dict[str, Image.Image] = {}
    for name, data in {
        "one": picture(form),
        "three": picture(form, save_all=True, append_images=frames, duration=100),
    }.items():
        (tmp_path / name).write_bytes(data)
        media_type = probe.PICTURES[form]
        assert probe.probe(tmp_path / name) == {"media_type": media_type, "pages": 1}
        copying.copy(tmp_path / name, tmp_path / f"{name}-copy", media_type, [], FONTS)
        with Image.open(tmp_path / f"{name}-copy") as made:
            assert getattr(made, "n_frames", 1) == 1
            faces[name] = made.convert("L")
    assert faces["one"].getextrema()[0] > 240
    assert ImageChops.difference(*faces.values()).getbbox() is not None
    assert faces["three"].getextrema()[0] < 230


@pytest.mark.parametrize(
    "name, media_type, offered",
    [
        ("营业执照.pdf", PDF, "营业执照.pdf"),
        ("照片.JPEG", "image/jpeg", "照片.JPEG"),
        ("照片.pdf", "image/jpeg", "照片.jpg"),
        ("setup.exe", PDF, "setup.pdf"),
        ("关于2.5", PDF, "关于2.5.pdf"),
        ("无扩展名", "image/png", "无扩展名.png"),
        (
            "表.docx",
            next(one for one, ending in probe.OFFICE.items() if ending == "xlsx"),
            "表.xlsx",
        ),
    ],
)
def test_a_name_is_offered_with_the_ending_of_its_type(
    name: str, media_type: str, offered: str
) -> None:
    assert offered_name(name, media_type) == offered


def test_a_name_that_is_too_long_keeps_its_ending() -> None:
    for name in ("材料" * 200 + ".pdf", "材" * 84 + "料料.xlsx", "a" * 300 + ".docx"):
        cut = clean_name(name)
        assert len(cut.encode()) <= 255
        assert cut.rpartition(".")[2] == name.rpartition(".")[2]
        assert name.startswith(cut.rpartition(".")[0])
    assert len(offered_name(clean_name("材" * 300), PDF).encode()) <= 255
    assert offered_name(clean_name("材" * 300), PDF).endswith(".pdf")
    assert clean_name("短名.pdf") == "短名.pdf"


def test_pages_that_nobody_counted_are_no_number_on_a_paper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in drawing._PROXIES:
        monkeypatch.setenv(name, "")
    facts = specimen.facts("receipt", "样本行政审批服务局")
    one = {"originals": 1, "copies": 1, "pages": None, "name": "清单", "file": "清单.xlsx"}
    facts["materials"] = [{**facts["materials"][0], **one}]
    made, _ = drawing.draw(facts)
    document = pypdfium2.PdfDocument(made)
    try:
        text = document[0].get_textpage().get_text_range()
    finally:
        document.close()
    assert "—" in text[text.index("清单") :]
    assert "none" not in text
