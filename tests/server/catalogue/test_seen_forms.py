"""What is seen in the copy of a PDF is what is in the file: values of forms, notes and marks.

Files of eight producers (``forms/make.py``) and structures built by hand, each looked at in PDFium, where
the original shows its form too, and in poppler; and each field's text read from where the field stands.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageChops, ImageDraw

from server.work import copying
from server.work.pdf import outlines
from tests.kit.casework import CLERK
from tests.kit.desks import demo_node, desk_of

FORMS: Final = Path(__file__).parents[1] / "forms"
FONTS: Final = ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"]
PRODUCERS: Final = (
    "fpdf2", "jspdf", "pdf-lib", "pdfkit", "pikepdf", "pypdf", "qpdf", "reportlab",
)  # fmt: skip
AS_DRAWN: Final = ("jspdf", "qpdf", "reportlab")
"""Whose files say that their own appearances hold, right or wrong: so every viewer shows them."""
SCALE: Final = 2
BLOCK: Final = 6 * SCALE
SAME: Final = 28
"""Of 255: a letter that is missing makes 40 and more."""
ALIKE: Final = 75
"""Between two renderers, which do not place or darken strokes alike: a missing word makes 120 and more."""
LATIN: Final = Dictionary(
    Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
)


def copied(source: Path, folder: Path) -> Path:
    target = folder / f"{source.stem}-copy.pdf"
    made = copying.copy(source, target, "application/pdf", [], FONTS)
    assert made["media_type"] == "application/pdf"
    assert sorted(one.name for one in folder.iterdir() if one != source) == [target.name]
    return target


def faces(file: Path) -> list[Image.Image]:
    """Each page as PDFium shows it, forms filled."""
    document = pypdfium2.PdfDocument(file)
    try:
        document.init_forms()
        return [page.render(scale=SCALE, grayscale=True).to_pil().convert("L") for page in document]
    finally:
        document.close()


def poppler_faces(file: Path, folder: Path) -> list[Image.Image]:
    subprocess.run(
        ["pdftoppm", "-gray", "-r", str(72 * SCALE), str(file), str(folder / "poppler")],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    made: list[Image.Image] = []
    for one in sorted(folder.glob("poppler*.pgm")):
        with Image.open(one) as face:
            made.append(face.copy())
    return made


def apart(one: Image.Image, other: Image.Image) -> int:
    """How far two pages are apart where they are furthest, by the means of blocks."""
    assert one.size == other.size
    small = (one.width // BLOCK, one.height // BLOCK)
    blocks = [face.resize(small, Image.Resampling.BOX) for face in (one, other)]
    found = ImageChops.difference(*blocks).getextrema()[1]
    assert isinstance(found, int)
    return found


def fields(file: Path) -> Iterator[tuple[int, list[float], str]]:
    """Page, rectangle and text of each field that says something, and of each note."""
    with pikepdf.open(file) as pdf:
        for number, page in enumerate(pdf.pages):
            for one in page.obj.get("/Annots", ()):
                up: Any = one
                while "/V" not in up and "/Parent" in up:
                    up = up["/Parent"]
                value = one.get("/Contents") if one.Subtype == "/FreeText" else up.get("/V")
                if isinstance(value, String) and str(value):
                    shown = {
                        str(item[0]): str(item[1])
                        for item in up.get("/Opt", ())
                        if isinstance(item, Array)
                    }
                    yield (
                        number,
                        [float(x) for x in one.Rect],
                        shown.get(str(value), str(value)),
                    )


def words(text: str) -> str:
    return "".join(c for c in text if not c.isspace())


@pytest.mark.parametrize("producer", PRODUCERS)
def test_a_filled_form_is_seen_as_its_viewer_shows_it(producer: str, tmp_path: Path) -> None:
    source = FORMS / f"{producer}.pdf"
    target = copied(source, tmp_path)
    held(source, target, tmp_path, read=producer not in AS_DRAWN)


def held(source: Path, target: Path, folder: Path, *, read: bool = True) -> None:
    """Original and copy are alike in PDFium, but for Chinese in notes, which PDFium leaves out; the
    copy is alike in poppler; and where a field stands its text is read."""
    notes: dict[int, list[list[float]]] = {}
    with pikepdf.open(source) as pdf:
        for number, page in enumerate(pdf.pages):
            notes[number] = [
                [float(x) for x in one.Rect]
                for one in page.obj.get("/Annots", ())
                if one.Subtype in ("/FreeText", "/Line") and "/AP" not in one
            ]
    for number, pair in enumerate(zip(faces(source), faces(target), strict=True)):
        for face in pair:
            pen = ImageDraw.Draw(face)
            for left, bottom, right, top in notes[number]:
                pen.rectangle(
                    [x * SCALE for x in (left + 2, face.height / SCALE - top + 2,
                                         right - 2, face.height / SCALE - bottom - 2)],
                    255,
                )  # fmt: skip
        assert apart(*pair) < SAME
    # What its own appearances name by fonts that are in no file, each renderer shows in its own.
    for one, other in zip(faces(target), poppler_faces(target, folder), strict=True):
        assert source.stem == "jspdf" or apart(one, other) < ALIKE
    if read:
        texts_stand(source, target)


def texts_stand(source: Path, target: Path) -> None:
    document = pypdfium2.PdfDocument(target)
    try:
        for number, (left, bottom, right, top), text in fields(source):
            page = document[number].get_textpage()
            assert words(text) in words(page.get_text_bounded(left, bottom, right, top))
    finally:
        document.close()


# ---------------------------------------------------------------- built by hand


def built(file: Path, annotations: list[Any], *, anew: bool = True, **page_says: Any) -> Path:
    """One page with these annotations, in a form where they are fields."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(420, 300))
        for key, value in page_says.items():
            page.obj[f"/{key}"] = value
        page.obj["/Contents"] = pdf.make_stream(b"0.8 g 20 20 60 30 re f")
        listed = [pdf.make_indirect(one) for one in annotations]
        page.obj["/Annots"] = Array(listed)
        pdf.Root["/AcroForm"] = Dictionary(
            Fields=Array([one for one in listed if one.Subtype == "/Widget"]),
            DA=String("/Helv 12 Tf 0 g"),
            DR=Dictionary(Font=Dictionary(Helv=LATIN)),
            NeedAppearances=anew,
        )
        pdf.save(file)
    return file


def text_field(value: str, rect: list[float], **more: Any) -> Any:
    told: dict[str, Any] = {"DA": String("/Helv 12 Tf 0 g"), "T": String(f"{rect}"), **more}
    return Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, F=4, V=String(value), Rect=Array(rect),
        **told,
    )  # fmt: skip


def mark(kind: str, rect: list[float], **more: Any) -> Any:
    return Dictionary(Type=Name.Annot, Subtype=Name(kind), F=4, Rect=Array(rect), **more)


def test_a_stale_appearance_is_drawn_anew_when_the_form_says_so(tmp_path: Path) -> None:
    source = built(tmp_path / "a.pdf", [text_field("张三", [20, 200, 200, 224])])
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        stale = pdf.make_stream(b"BT /Helv 12 Tf 2 8 Td (STALE) Tj ET")
        stale["/Type"], stale["/Subtype"] = Name.XObject, Name.Form
        stale["/BBox"] = Array([0, 0, 180, 24])
        stale["/Resources"] = Dictionary(Font=Dictionary(Helv=LATIN))
        pdf.pages[0].obj["/Annots"][0]["/AP"] = Dictionary(N=stale)
        pdf.save()
    target = copied(source, tmp_path)
    held(source, target, tmp_path)
    assert "STALE" not in page_text(target)


def page_text(file: Path) -> str:
    document = pypdfium2.PdfDocument(file)
    try:
        text = document[0].get_textpage().get_text_range()
        assert isinstance(text, str)
        return text
    finally:
        document.close()


def test_one_value_of_several_widgets_with_a_name_that_has_rare_characters(tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    with pikepdf.new() as pdf:
        field = pdf.make_indirect(
            Dictionary(
                FT=Name.Tx, T=String("name"), V=String("王䶮𠮷"), DA=String("/Helv 14 Tf 0 g")
            )
        )
        kids = []
        for _ in range(2):
            page = pdf.add_blank_page(page_size=(300, 200))
            kid = pdf.make_indirect(mark("/Widget", [20, 100, 200, 130], Parent=field))
            page.obj["/Annots"] = Array([kid])
            kids.append(kid)
        field["/Kids"] = Array(kids)
        pdf.Root["/AcroForm"] = Dictionary(
            Fields=Array([field]), DR=Dictionary(Font=Dictionary(Helv=LATIN))
        )
        pdf.save(source)
    target = copied(source, tmp_path)
    texts_stand(source, target)
    # PDFium alone shows the first character: in the copy all three are drawn, alike in both renderers
    for one, other in zip(faces(target), poppler_faces(target, tmp_path), strict=True):
        assert apart(one, other) < ALIKE
        ink = ImageChops.invert(one).getbbox()
        assert ink is not None
        assert ink[2] - ink[0] > 2.7 * 14 * SCALE


def test_marks_and_notes_without_a_picture_on_a_page_that_begins_elsewhere(tmp_path: Path) -> None:
    source = built(
        tmp_path / "a.pdf",
        [
            mark("/FreeText", [120, 250, 300, 290], Contents=String("请补盖公章 here"),
                 DA=String("/Helv 14 Tf 1 0 0 rg")),
            mark("/Ink", [120, 180, 300, 240], C=Array([1, 0, 0]), BS=Dictionary(W=2),
                 InkList=Array([Array([122, 182, 180, 238, 240, 182, 298, 238])])),
            mark("/Highlight", [120, 60, 180, 80], C=Array([1, 1, 0]),
                 QuadPoints=Array([120, 80, 180, 80, 120, 60, 180, 60])),
            mark("/Text", [320, 200, 340, 220], Contents=String("便签"), C=Array([1, 1, 0])),
            mark("/Square", [320, 100, 400, 160], C=Array([0, 0.5, 0]), BS=Dictionary(W=3)),
            mark("/Line", [320, 60, 400, 80], L=Array([322, 62, 398, 78]), C=Array([0, 0, 1])),
        ],
        anew=False,
        MediaBox=Array([100, 40, 420, 300]),
        Rotate=0,
    )  # fmt: skip
    target = copied(source, tmp_path)
    texts_stand(source, target)
    for one, other in zip(faces(target), poppler_faces(target, tmp_path), strict=True):
        assert apart(one, other) < ALIKE
    [before], [after] = faces(source), faces(target)
    for left, bottom, right, top in (
        (120, 180, 300, 240),
        (100, 40, 200, 100),
        (300, 95, 420, 300),
    ):
        box = [x * SCALE for x in (left - 100, 300 - top, right - 100, 300 - bottom)]
        assert apart(before.crop(box), after.crop(box)) < SAME
    line = after.crop([x * SCALE for x in (220, 220, 300, 240)])
    assert line.getextrema()[0] < 200


def test_turned_secret_and_overlong_fields_on_a_turned_page(tmp_path: Path) -> None:
    source = built(
        tmp_path / "a.pdf",
        [
            text_field("竖排的地址", [20, 60, 50, 220], MK=Dictionary(R=90)),
            text_field("secret", [80, 200, 200, 224], Ff=1 << 13),
            text_field("一行放不下的很长的内容" * 4, [80, 160, 200, 184]),
            text_field("多行放不下的很长的内容" * 12, [80, 100, 200, 150], Ff=1 << 12),
            text_field("自动字号的多行内容" * 12, [220, 100, 400, 150], Ff=1 << 12,
                       DA=String("/Helv 0 Tf 0 g")),
            text_field("甲乙丙", [220, 200, 400, 224], Ff=1 << 24, MaxLen=6),
            text_field("（全角）：，。《》— “引号”", [220, 160, 400, 184], Q=1),
        ],
        Rotate=90,
    )  # fmt: skip
    target = copied(source, tmp_path)
    held(source, target, tmp_path, read=False)
    said = words(page_text(target))
    assert "secret" not in said
    for text in ("竖排的地址", "甲乙丙", "自动字号的多行内容" * 12, "（全角）：，。《》—“引号”"):
        assert text in said


def test_a_page_that_would_not_look_like_its_original_becomes_a_picture(tmp_path: Path) -> None:
    button = mark(
        "/Widget", [100, 100, 300, 200], FT=Name.Btn, Ff=1 << 16, T=String("b"), MK=Dictionary(TP=1)
    )
    source = built(tmp_path / "a.pdf", [button], anew=False)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        icon = pdf.make_stream(b"1 0 0 rg 0 0 50 50 re f")
        icon["/Type"], icon["/Subtype"] = Name.XObject, Name.Form
        icon["/BBox"] = Array([0, 0, 50, 50])
        pdf.pages[0].obj["/Annots"][0]["/MK"]["/I"] = icon
        pdf.save()
    target = copied(source, tmp_path)
    held(source, target, tmp_path)
    with pikepdf.open(target) as pdf:
        assert set(pdf.pages[0].obj["/Resources"]["/XObject"].keys()) == {"/Page"}


async def test_the_copy_of_a_case_shows_the_form_or_says_why_not(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    stamp = built(tmp_path / "stamp.pdf", [mark("/Stamp", [20, 100, 200, 150], Name=Name.Approved)])
    form = FORMS / "pikepdf.pdf"
    async with demo_node(url, tmp_path) as node, desk_of(node, CLERK) as clerk:
        case_id = await clerk.open_case()
        made: list[dict[str, Any]] = []
        for file in (form, stamp):
            data = file.read_bytes() + b" " * 1100 + b"\n%%EOF\n"
            location, material_id = await clerk.begin(case_id, "application", len(data), "a.pdf")
            async with clerk.patch(location, 0, data) as said:
                assert said.status == 204, await said.text()
            made.append(await clerk.copied(case_id, material_id))
        assert [one["viewed"]["state"] for one in made] == ["ready", "failed"]
        seen = tmp_path / "seen.pdf"
        seen.write_bytes(await clerk.viewed(made[0]["id"]))
        texts_stand(form, seen)
        async with clerk.http.get(f"/api/v1/materials/{made[1]['id']}/content") as said:
            told = await said.json(content_type=None)
        assert (said.status, told["code"]) == (409, "pdf_beyond")
        assert "打印为 PDF" in told["title"]


@pytest.mark.parametrize(
    "one",
    [
        mark("/Stamp", [20, 100, 200, 150], Name=Name.Approved),
        text_field("不存在的字\U0002ffff", [20, 100, 200, 124]),
    ],
    ids=["stamp", "character"],
)
def test_what_cannot_be_drawn_is_refused_whole(one: Any, tmp_path: Path) -> None:
    source = built(tmp_path / "a.pdf", [one])
    with pytest.raises(outlines.Undrawn):
        copying.copy(source, tmp_path / "b.pdf", "application/pdf", [], FONTS)
    with pytest.raises(outlines.LetterMissing):
        copying.copy(built(source, [text_field("\U0002ffff", [0, 0, 50, 20])]),
                     tmp_path / "b.pdf", "application/pdf", [], [])  # fmt: skip
