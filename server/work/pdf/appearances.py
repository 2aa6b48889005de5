"""What a PDF's forms and annotations show where the file holds no picture of it: drawn as a viewer draws it.

PDFium, with its form filling, lays the values and marks out. Its letters become outlines in the copy,
so that they are the same in every viewer, whatever fonts that has, and are found by their text. A
character for which it finds no font is drawn from the font of the mark, in its place. Where something
would be seen in the original that cannot be drawn here, the file is refused whole. It runs in the cell
of ``server.work.child``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from server.work.pdf.annotations import (
    Box,
    Place,
    annotations,
    at_place,
    content_of,
    draw_lines,
    expected_of,
    has_appearance,
    inherited,
    is_chinese_note,
    is_seen,
    rect_of,
)
from server.work.pdf.laying import holds, laid_out, opened, restored, tell_folders, without_font
from server.work.pdf.outlines import Face, Outlines, Undrawn

_MARKUP: Final = frozenset({
    "/FreeText", "/Ink", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Text", "/Square",
    "/Circle", "/Line", "/Polygon", "/PolyLine", "/Stamp", "/Caret",
})  # fmt: skip
_LINES: Final = frozenset({"/Line", "/Polygon", "/PolyLine"})
"""What PDFium draws of no file that does not hold its picture; _STAMPS too, which have no one look."""
_STAMPS: Final = frozenset({"/Stamp", "/Caret"})
_COMPARED_PAGES: Final = 200
_SCALE: Final = 2.0
_MOST_POINTS: Final = 8_000_000
_BLOCK: Final = 6
_MOST_APART: Final = 28
"""Of 255, between means of a block of 6 by 6 points. The same letter as an outline and of a font is at
most 15 apart, one that is missing 40 and more."""


@dataclass
class Drawn:
    """The pages that hold something to be compared, and where the copy shows more than PDFium does."""

    pages: list[int] = field(default_factory=list)
    apart: dict[int, list[Box]] = field(default_factory=dict)


def draw(pdf: Any, folder: Path, fonts: Sequence[str]) -> Drawn:
    """Give an appearance to each field and mark of an open PDF that shows something and has none, and
    to the fields of a form that says that theirs are out of date. ``fonts``: where Chinese is taken
    from. Raises Undrawn and LetterMissing."""
    import pikepdf

    form = pdf.Root.get("/AcroForm")
    filled = isinstance(form, pikepdf.Dictionary)
    anew = filled and bool(form.get("/NeedAppearances", False))
    drawn = Drawn()
    wanted: list[Place] = []
    for number, page in enumerate(pdf.pages):
        for place, one in enumerate(annotations(page)):
            if not is_seen(one):
                continue
            if not drawn.pages or drawn.pages[-1] != number:
                drawn.pages.append(number)
            kind = str(one.get("/Subtype"))
            if kind == "/Widget":
                what = str(inherited(one, "/FT"))
                if anew and what in ("/Tx", "/Ch") and "/AP" in one:
                    del one["/AP"]
                if not filled or what not in ("/Tx", "/Ch", "/Btn"):
                    continue
                if anew or not has_appearance(one):
                    wanted.append((number, place))
            elif kind not in _MARKUP or has_appearance(one):
                continue
            elif kind in _STAMPS:
                raise Undrawn(kind)
            elif kind in _LINES:
                draw_lines(pdf, one, kind)
                drawn.apart.setdefault(number, []).append(rect_of(one))
            else:
                wanted.append((number, place))
    if wanted:
        _draw_wanted(pdf, folder, fonts, wanted, drawn)
    if filled:
        form["/NeedAppearances"] = False
    return drawn


def _draw_wanted(
    pdf: Any, folder: Path, fonts: Sequence[str], wanted: Sequence[Place], drawn: Drawn
) -> None:
    import pikepdf

    tell_folders(fonts)
    expected = {at: expected_of(at_place(pdf, at)) for at in wanted}
    face = Face(fonts)
    strange = without_font({c for text in expected.values() for c in text or "" if ord(c) > 126})
    prepared = folder / "prepared.pdf"
    pdf.save(prepared, encryption=False)
    try:
        with pikepdf.open(prepared) as other:
            laid = laid_out(other, wanted, expected, strange)
    finally:
        prepared.unlink()
    fonts_made = Outlines(pdf)
    for at in wanted:
        one, found = at_place(pdf, at), laid[at]
        if found is None and not expected[at] and one.get("/Subtype") == "/Widget":
            continue
        if found is None or not holds(found, expected[at], strange):
            raise Undrawn(str(one.get("/Subtype")))
        if has_appearance(one) and found.bare.content == content_of(one):
            continue  # not drawn anew
        letters = restored(found.letters, expected[at], face)
        if letters is not found.letters or is_chinese_note(one):
            drawn.apart.setdefault(at[0], []).append(rect_of(one))
        # A mark stands where its points are, whatever its rectangle says.
        field = one.get("/Subtype") == "/Widget"
        one["/Rect"] = pikepdf.Array(found.rect if field else found.bare.box)
        one["/AP"] = pikepdf.Dictionary(N=fonts_made.written(found.bare, letters))
    fonts_made.finish()


def unlike(source: Path, copied: Path, drawn: Drawn) -> list[int]:
    """Pages on which the copy does not look like the original, as PDFium shows both, block by
    block, but for places that show more by intent. The first 200 with annotations are compared."""
    if not drawn.pages:
        return []
    other: list[int] = []
    with opened(source) as before, opened(copied) as after:
        for number in drawn.pages[:_COMPARED_PAGES]:
            faces = [_seen(one, number, drawn.apart.get(number, ())) for one in (before, after)]
            if _differ(*faces):
                other.append(number)
    return other


def _seen(document: Any, number: int, apart: Sequence[Box]) -> Any:
    """The page in blocks, each as light as the mean of its points."""
    from PIL import Image, ImageDraw

    page = document[number]
    if apart:
        page.set_rotation(0)
    left, _, _, top = page.get_bbox()
    width, height = page.get_size()
    scale = min(_SCALE, math.sqrt(_MOST_POINTS / max(1.0, float(width) * float(height))))
    face = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    pen = ImageDraw.Draw(face)
    for one in apart:  # where more is seen by intent
        around = (one[0] - left - 2, top - one[3] - 2, one[2] - left + 2, top - one[1] + 2)
        pen.rectangle([x * scale for x in around], 255)
    page.close()
    blocks = [max(1, round(side / scale / _BLOCK)) for side in face.size]
    return face.resize(blocks, Image.Resampling.BOX)


def _differ(one: Any, other: Any) -> bool:
    from PIL import ImageChops

    if one.size != other.size:
        return True
    apart: Any = ImageChops.difference(one, other).getextrema()
    return bool(apart[1] > _MOST_APART)
