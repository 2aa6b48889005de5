"""OFD (GB/T 33190-2016): drawn as it is meant where ofd-cli is there, or not at all, and a sentence that says why."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pypdfium2
import pytest
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable  # type: ignore[import-untyped]
from PIL import Image

from server.app import Running
from server.work import copying, ofd, probe
from server.work.child import MIB, ChildLimits, Children, JobFailed
from tests.kit import ofds
from tests.kit.capabilities import needs
from tests.kit.casework import CLERK
from tests.kit.desks import demo_node, desk_of
from tests.kit.ofds import box, drawn, page, picture, text

FONT: Final = Path(ofds.FONT)
INSTALLED: Final = ofd.program() is not None
installed = needs("ofd-cli")
LINE: Final = "application"
RED, GREEN, BLUE, WHITE = (200, 0, 0), (0, 160, 0), (0, 0, 200), (255, 255, 255)


def file(tmp_path: Path, data: bytes) -> Path:
    made = tmp_path / "file"
    made.write_bytes(data)
    return made


def program(tmp_path: Path, *lines: str) -> str:
    """A program in the place of ofd-cli."""
    made = tmp_path / "in-its-place"
    made.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    made.chmod(0o755)
    return str(made)


def symbols() -> bytes:
    """A font whose characters are told by a table of symbols alone."""
    font = ofds.subset_of("营业执照")
    table = CmapSubtable.newSubtable(4)
    table.platformID, table.platEncID, table.language = 3, 0, 0
    table.cmap = dict(font.getBestCmap())
    font["cmap"].tables = [table]
    return ofds.saved(font)


def embedded(name: str, data: bytes, words: str = "营业执照", inner: str = "") -> bytes:
    font = f'<ofd:Font ID="1" FontName="E"><ofd:FontFile>{name}</ofd:FontFile></ofd:Font>'
    return ofds.ofd(page(text(101, 20, 20, words, inner=inner)), fonts=font, files={name: data})


def glyphs(*numbers: int) -> str:
    told = " ".join(map(str, numbers))
    return f'<ofd:CGTransform CodePosition="0" CodeCount="{len(numbers)}" GlyphCount="{len(numbers)}"><ofd:Glyphs>{told}</ofd:Glyphs></ofd:CGTransform>'


def shown(what: bytes, told: str = "") -> bytes:
    return ofds.ofd(page(picture(101, 20, 20, 60, 40, 30, told)), media={30: ("p.bin", what)})


CLIP: Final = (
    '<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="0 0 9 9"><ofd:AbbreviatedData>M 0 0 L 9 0 L 9 9 C'
    "</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips>"
)
SHADED: Final = (
    '<ofd:FillColor><ofd:AxialShd StartPoint="0 0" EndPoint="30 0"><ofd:Segment Position="0">'
    '<ofd:Color Value="255 0 0"/></ofd:Segment></ofd:AxialShd></ofd:FillColor>'
)
TILED: Final = '<ofd:FillColor><ofd:Pattern Width="5" Height="5"><ofd:CellContent/></ofd:Pattern></ofd:FillColor>'


def beyond() -> dict[str, bytes]:
    """Files each of which holds one thing that would be lost or changed, or that hides one."""
    font = ofds.subset_of("营业执照")
    bare = font.getTableData("CFF ")
    whole = ofds.saved(font)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile tells of a name that comes twice
        twice = ofds.ofd(page(text(101, 20, 20, "甲")), more=[("Doc_0/Document.xml", "<a/>")])
    return {
        "clipped": ofds.ofd(page(box(101, 20, 20, "0 0 200", inner=CLIP))),
        "shaded": ofds.ofd(page(box(101, 20, 20, SHADED))),
        "tiled": ofds.ofd(page(box(101, 20, 20, TILED))),
        "by palette": ofds.ofd(page(box(101, 20, 20, '<ofd:FillColor Index="1"/>'))),
        "hidden": ofds.ofd(page(text(101, 20, 20, "藏", told='Visible="false"'))),
        "masked": shown(drawn("PNG"), 'ImageMask="30"'),
        "picture of another kind": shown(drawn("PPM")),
        "picture cut off": shown(drawn("PNG", (300, 200))[:-60]),
        "picture of 16 bits": shown(sixteen()),
        "no such picture": ofds.ofd(
            page(picture(101, 20, 20, 60, 40, 30)),
            resources='<ofd:MultiMedias><ofd:MultiMedia ID="30" Type="Image"><ofd:MediaFile>no.png'
            "</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>",
        ),
        "space before": ofds.ofd(page(text(101, 20, 20, " 甲乙"))),
        "no steps": ofds.ofd(page(text(101, 20, 20, "甲乙").replace("DeltaX", "Beside"))),
        "character that no font has": ofds.ofd(page(text(101, 20, 20, "同意\u2611"))),
        "character that its font has not": embedded("a.otf", whole, "营业执照副本"),
        "font of symbols": embedded("a.ttf", symbols()),
        "font of bare outlines": embedded("a.cff", bare),
        "no font at all": embedded("a.ttf", b"\0\1\0\0" + b"\xff" * 60),
        "glyph that its font has not": embedded("a.otf", whole, inner=glyphs(1, 2, 3, 4000)),
        "glyphs of a font that is named only": ofds.ofd(
            page(text(101, 20, 20, "甲乙", inner=glyphs(1, 2)))
        ),
        "font of no resource": ofds.ofd(page(text(101, 20, 20, "甲", font=7))),
        "another version": ofds.ofd(
            page(text(101, 20, 20, "甲")), body='<ofd:Versions><ofd:Version ID="1"/></ofd:Versions>'
        ),
        "entities": ofds.ofd(
            page(text(101, 20, 20, "甲")), more=[("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>')]
        ),
        "broken part": ofds.ofd(page(text(101, 20, 20, "甲")), more=[("a.xml", "<a><b></a>")]),
        "part in UTF-16": ofds.ofd(
            page(text(101, 20, 20, "甲")), more=[("a.xml", "<a/>".encode("utf-16"))]
        ),
        "two of one name": twice,
    }


def sixteen() -> bytes:
    out = io.BytesIO()
    Image.new("I;16", (20, 20), 40_000).save(out, "PNG")
    return out.getvalue()


def test_what_would_be_lost_or_changed_is_not_drawn(tmp_path: Path) -> None:
    taken = {}
    for name, data in beyond().items():
        try:
            taken[name] = ofd.judge(file(tmp_path, data), FONT)
        except ofd.Beyond:
            continue
    assert taken == {}


def test_what_is_drawn_as_it_is_meant_is_taken(tmp_path: Path) -> None:
    font = ofds.subset_of("营业执照")
    whole = ofds.saved(font)
    order = [font.getGlyphID(font.getBestCmap()[ord(one)]) for one in "营业执照"]
    good = {
        "licence": (ofds.licence(), 1),
        "embedded": (embedded("a.otf", whole), 0),
        "embedded, by glyph": (embedded("a.otf", whole, "????", glyphs(*order)), 0),
        "only spaces": (ofds.ofd(page(text(101, 20, 20, "  "))), 0),
        "annotation that is switched off": (
            ofds.ofd(
                page(text(101, 20, 20, "甲")),
                more=[("Doc_0/An.xml", ofds.part("Annot", "", 'Visible="false"'))],
            ),
            0,
        ),
        **{f"picture {kind}": (shown(drawn(kind)), 0) for kind in ("PNG", "JPEG", "BMP", "TIFF")},
    }
    found = {name: ofd.judge(file(tmp_path, data), FONT) for name, (data, _) in good.items()}
    assert found == {name: seals for name, (_, seals) in good.items()}


def test_what_is_no_archive_is_broken(tmp_path: Path) -> None:
    with pytest.raises(ofd.Broken):
        ofd.judge(file(tmp_path, ofds.licence()[:-40]), FONT)


def test_where_ofd_cli_is_not_no_copy_is_made(tmp_path: Path) -> None:
    with pytest.raises(ofd.NoOfd):
        ofd.convert(file(tmp_path, ofds.licence()), tmp_path, None, FONT)


@pytest.mark.parametrize(
    "lines, error",
    [
        (['[ "$1" = render ]'], ofd.Beyond),
        (['[ "$1" = check ]'], ofd.Broken),
        (["exit 0"], ofd.Broken),
        (['[ "$1" = check ] || { mkdir "$3"; echo x >"$3/p_doc0_page0.png"; }'], ofd.Broken),
    ],
    ids=["finds a fault", "fails", "draws nothing", "draws no picture"],
)
def test_a_program_that_makes_nothing_leaves_nothing(
    tmp_path: Path, lines: list[str], error: type[Exception]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(error):
        ofd.convert(file(tmp_path, ofds.licence()), folder, program(tmp_path, *lines), FONT)
    assert list(folder.iterdir()) == []


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    hangs = program(tmp_path, "exec sleep 600")
    began = time.monotonic()
    with pytest.raises(ofd.Broken, match="TimeoutExpired"):
        ofd.convert(file(tmp_path, ofds.licence()), folder, hangs, FONT, patience_s=0.3)
    assert (time.monotonic() - began < 300, list(folder.iterdir())) == (True, [])


# ---------------------------------------------------------------- where it is installed


def pages_of(tmp_path: Path, data: bytes) -> list[Image.Image]:
    """The pages of a file as they are drawn, 4 points to a mm."""
    made, _ = ofd.convert(file(tmp_path, data), tmp_path, ofd.program(), FONT)
    document = pypdfium2.PdfDocument(made)
    try:
        return [
            one.render(scale=4 * 25.4 / 72).to_pil().convert("RGB").resize((840, 560))
            for one in document
        ]
    finally:
        document.close()


def seen(page: Image.Image, x: float, y: float, w: float, h: float) -> set[tuple[int, int, int]]:
    """The colours of a part of a page, in mm."""
    part = page.crop(tuple(round(4 * one) for one in (x, y, x + w, y + h)))  # type: ignore[arg-type]
    return {color for _, color in part.getcolors(part.width * part.height)}  # type: ignore[misc]


def near(colors: set[tuple[int, int, int]], wanted: tuple[int, int, int]) -> bool:
    return any(all(abs(a - b) < 40 for a, b in zip(one, wanted, strict=True)) for one in colors)


@installed
def test_text_pictures_templates_and_stamps_are_drawn_where_they_belong(tmp_path: Path) -> None:
    first, second = pages_of(tmp_path, ofds.licence())
    for one in (first, second):
        assert near(seen(one, 20, 8, 60, 10), RED)
        assert near(seen(one, 20, 22, 170, 2), RED)
    assert near(seen(first, 20, 32, 80, 7), (0, 0, 0))
    assert near(seen(first, 74, 44, 50, 7), (0, 0, 0))
    assert seen(first, 25, 90, 30, 20) == {BLUE}
    assert near(seen(first, 74, 94, 40, 7), RED)
    # the seal of the signature lies here, and is not drawn
    assert seen(first, 136, 78, 20, 18) == {WHITE}
    assert near(seen(second, 20, 40, 40, 7), (0, 0, 0))
    assert seen(second, 20, 84, 45, 30) == {WHITE}


@installed
def test_an_embedded_font_and_pictures_of_each_kind_are_drawn(tmp_path: Path) -> None:
    whole = ofds.saved(ofds.subset_of("营业执照"))
    (told,) = pages_of(tmp_path, embedded("a.otf", whole))
    for at in range(4):
        assert near(seen(told, 20 + 6 * at, 20, 6, 7), (0, 0, 0))
    kinds = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")
    media = {30 + at: (f"{at}.bin", drawn(kind)) for at, kind in enumerate(kinds)}
    (told,) = pages_of(
        tmp_path,
        ofds.ofd(
            page(*(picture(101 + at, 10 + 32 * at, 20, 30, 20, 30 + at) for at in range(6))),
            media=media,
        ),
    )
    assert all(near(seen(told, 12 + 32 * at, 22, 26, 16), BLUE) for at in range(6))


@installed
@pytest.mark.parametrize("right", [True, False], ids=["as signed", "altered since"])
def test_what_is_not_as_it_was_signed_is_not_drawn(tmp_path: Path, right: bool) -> None:
    signed = file(tmp_path, ofds.ofd(page(text(101, 20, 20, "甲")), signed=right))
    if right:
        made, seals = ofd.convert(signed, tmp_path, ofd.program(), FONT)
        assert (made.is_file(), seals) == (True, 1)
    else:
        with pytest.raises(ofd.Beyond, match="check"):
            ofd.convert(signed, tmp_path, ofd.program(), FONT)


@installed
async def test_a_page_that_fills_memory_ends_at_the_limit(tmp_path: Path) -> None:
    huge = ofds.ofd(page(text(101, 20, 20, "甲")), area="0 0 2500 2500")
    source, target = file(tmp_path, huge), tmp_path / "work" / "copy"
    target.parent.mkdir()
    given = {
        "source": str(source), "target": str(target), "mark": [],
        "media_type": probe.OFD, "fonts": [ofds.FONT],
    }  # fmt: skip
    with pytest.raises(JobFailed, match="unreadable") as failed:
        await Children().run(
            copying.__name__,
            given=given,
            limits=ChildLimits(memory_bytes=768 * MIB, file_bytes=64 * MIB, processor_s=60),
            reads=[source],
            writes=[target.parent],
        )
    assert failed.value.final


# ---------------------------------------------------------------- through a node


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node:
        yield node


async def test_ofd_is_looked_at_or_a_sentence_says_why_not(node: Running) -> None:
    files = {"ready": ofds.licence(), "ofd_beyond": beyond()["clipped"]}
    async with desk_of(node, CLERK) as desk:
        case_id = await desk.open_case()
        for outcome, data in files.items():
            location, material_id = await desk.begin(case_id, LINE, len(data), "证照.ofd")
            async with desk.patch(location, 0, data) as said:
                assert said.status == 204, await said.text()
            material: dict[str, Any] = await desk.copied(case_id, material_id, within_s=120)
            assert material["media_type"] == probe.OFD
            assert await desk.original(material_id) == data
            viewed = material["viewed"]
            if INSTALLED and outcome == "ready":
                assert (viewed["state"], viewed["media_type"]) == ("ready", probe.PDF)
                assert material["pages"] == 2  # as papers say it: counted on the copy
                document = pypdfium2.PdfDocument(await desk.viewed(material_id))
                try:
                    assert len(document) == 2
                finally:
                    document.close()
                continue
            code = outcome if INSTALLED else "no_ofd"
            assert (viewed["state"], viewed["fault"]) == ("failed", code)
            async with desk.http.get(f"/api/v1/materials/{material_id}/content") as said:
                assert said.status == 409
                told = await said.json(content_type=None)
            assert (told["code"], "请说明理由调阅原件" in told["title"]) == (code, True)
