"""What a PDF's forms and annotations show where the file holds no picture of it: drawn as a viewer draws it.

PDFium, with its form filling, lays the values and marks out. Its letters become outlines in the copy,
so that they are the same in every viewer, whatever fonts that has, and are found by their text. A
character for which it finds no font is drawn from the font of the mark, in its place. Where something
would be seen in the original that cannot be drawn here, the file is refused whole. It runs in the cell
of ``server.work.child``.
"""

import ctypes
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from server.work.pdf.outlines import (
    Bare,
    Face,
    Letter,
    LetterMissing,
    Outlines,
    Undrawn,
    letters_of,
    packed,
)

_MARKUP: Final = frozenset({
    "/FreeText", "/Ink", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Text", "/Square",
    "/Circle", "/Line", "/Polygon", "/PolyLine", "/Stamp", "/Caret",
})  # fmt: skip
_LINES: Final = frozenset({"/Line", "/Polygon", "/PolyLine"})
"""What PDFium draws of no file that does not hold its picture; _STAMPS too, which have no one look."""
_STAMPS: Final = frozenset({"/Stamp", "/Caret"})
_TELLS_NOTHING: Final = frozenset({"/Link", "/Popup"})
_UNSEEN: Final = 2 | 32
"""Flags of an annotation: hidden, not on a screen."""
_MULTILINE: Final = 1 << 12
_PASSWORD: Final = 1 << 13
_PUSHBUTTON: Final = 1 << 16
_COMBO: Final = 1 << 17
_STAND_IN: Final = "口"
"""As wide as the character that it stands for while a line is laid out."""
_COMPARED_PAGES: Final = 200
_SCALE: Final = 2.0
_MOST_POINTS: Final = 8_000_000
_BLOCK: Final = 6
_MOST_APART: Final = 28
"""Of 255, between means of a block of 6 by 6 points. The same letter as an outline and of a font is at
most 15 apart, one that is missing 40 and more."""
_USUAL_FOLDERS: Final = (
    "/usr/share/fonts", "/usr/share/X11/fonts/Type1", "/usr/share/X11/fonts/TTF",
    "/usr/local/share/fonts",
)  # fmt: skip


Box = tuple[float, float, float, float]
Place = tuple[int, int]
"""Of an annotation: number of its page, and where it stands in that page's list."""


@dataclass(frozen=True)
class _Laid:
    """What PDFium made of one annotation: its appearance without text, its letters, its place."""

    bare: Bare
    letters: Sequence[Letter]
    rect: Sequence[float]

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.letters)


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
        for place, one in enumerate(_annotations(page)):
            if not _is_seen(one):
                continue
            if not drawn.pages or drawn.pages[-1] != number:
                drawn.pages.append(number)
            kind = str(one.get("/Subtype"))
            if kind == "/Widget":
                what = str(_inherited(one, "/FT"))
                if anew and what in ("/Tx", "/Ch") and "/AP" in one:
                    del one["/AP"]
                if not filled or what not in ("/Tx", "/Ch", "/Btn"):
                    continue
                if anew or not _has_appearance(one):
                    wanted.append((number, place))
            elif kind not in _MARKUP or _has_appearance(one):
                continue
            elif kind in _STAMPS:
                raise Undrawn(kind)
            elif kind in _LINES:
                _draw_lines(pdf, one, kind)
                drawn.apart.setdefault(number, []).append(_rect(one))
            else:
                wanted.append((number, place))
    if wanted:
        _draw_wanted(pdf, folder, fonts, wanted, drawn)
    if filled:
        form["/NeedAppearances"] = False
    return drawn


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


@contextmanager
def opened(file: Path | io.BytesIO) -> Iterator[Any]:
    """A PDF in PDFium, with its form filled. Raises Undrawn when it does not open."""
    import pypdfium2  # type: ignore[import-untyped]

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise Undrawn(str(error)) from None
    try:
        document.init_forms()
        yield document
    finally:
        document.close()


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


# ---------------------------------------------------------------- annotations


def _annotations(page: Any) -> list[Any]:
    import pikepdf

    listed = page.obj.get("/Annots")
    if not isinstance(listed, pikepdf.Array):
        return []
    return [one for one in listed if isinstance(one, pikepdf.Dictionary)]


def _is_seen(one: Any) -> bool:
    flags = one.get("/F", 0)
    if str(one.get("/Subtype")) in _TELLS_NOTHING or (isinstance(flags, int) and flags & _UNSEEN):
        return False
    left, bottom, right, top = _rect(one)
    return "/Subtype" in one and right > left and top > bottom


def _rect(one: Any) -> Box:
    import pikepdf

    told = one.get("/Rect")
    if not isinstance(told, pikepdf.Array) or len(told) != 4:
        return (0, 0, 0, 0)
    left, bottom, right, top = (float(x) for x in told)
    return (min(left, right), min(bottom, top), max(left, right), max(bottom, top))


def _has_appearance(one: Any) -> bool:
    import pikepdf

    told = one.get("/AP")
    return isinstance(told, pikepdf.Dictionary) and "/N" in told


def _holder(one: Any, key: str) -> Any:
    """The field that says it: this one or one above."""
    for _ in range(32):
        if one is None or key in one:
            return one
        one = one.get("/Parent")
    return None


def _inherited(one: Any, key: str) -> Any:
    holder = _holder(one, key)
    return None if holder is None else holder.get(key)


def _said(value: Any) -> str:
    import pikepdf

    if value is None or isinstance(value, pikepdf.Name):
        return ""
    if isinstance(value, pikepdf.Stream):
        return str(pikepdf.String(value.read_bytes()))
    return str(value)


def _expected(one: Any) -> str | None:
    """The text that a viewer shows of it, without its spaces; None: none that is known beforehand."""
    import pikepdf

    if one.get("/Subtype") == "/FreeText":
        return packed(_said(one.get("/Contents")))
    kind, flags = _inherited(one, "/FT"), int(_inherited(one, "/Ff") or 0)
    value = _inherited(one, "/V")
    if kind == "/Tx":
        longest = _inherited(one, "/MaxLen")
        told = packed(_said(value)[: None if longest is None else int(longest)])
        return "*" * len(told) if flags & _PASSWORD else told
    if kind == "/Ch":
        options = [
            (_said(item[0]), _said(item[1]))
            if isinstance(item, pikepdf.Array)
            else (_said(item),) * 2
            for item in _inherited(one, "/Opt") or ()
        ]
        if not flags & _COMBO:  # a list, of which all is seen
            return packed("".join(shown for _, shown in options))
        chosen = _said(value[0] if isinstance(value, pikepdf.Array) and len(value) else value)
        return packed(next((shown for said, shown in options if said == chosen), chosen))
    if kind == "/Btn" and flags & _PUSHBUTTON:
        return packed(_said((one.get("/MK") or {}).get("/CA")))
    return None


def _draw_lines(pdf: Any, one: Any, kind: str) -> None:
    from pikepdf import Array, Dictionary, Name

    points = [float(x) for x in one.get("/L" if kind == "/Line" else "/Vertices") or ()]
    ends = one.get("/LE")
    if len(points) < 4 or len(points) % 2 or (ends is not None and "/None" not in str(ends)):
        raise Undrawn(kind)
    if isinstance(ends, Array) and any(str(end) != "/None" for end in ends):
        raise Undrawn(kind)
    width = float((one.get("/BS") or {}).get("/W", 1))
    inside = _colour(one.get("/IC"), b"rg") if kind == "/Polygon" else b""
    path = b" ".join(
        b"%.2f %.2f %s" % (points[at], points[at + 1], b"l" if at else b"m")
        for at in range(0, len(points), 2)
    )
    close = b"h " if kind == "/Polygon" else b""
    paint = b"B" if inside else b"S"
    stroke = _colour(one.get("/C"), b"RG") or b"0 0 0 RG"
    stream = pdf.make_stream(b"%s %s %.2f w %s %s%s" % (stroke, inside, width, path, close, paint))
    around = (
        min(points[::2]) - width,
        min(points[1::2]) - width,
        max(points[::2]) + width,
        max(points[1::2]) + width,
    )
    stream["/Type"], stream["/Subtype"] = Name.XObject, Name.Form
    stream["/BBox"] = one["/Rect"] = Array([round(x, 2) for x in around])
    one["/AP"] = Dictionary(N=stream)


def _colour(told: Any, operator: bytes) -> bytes:
    parts = [float(x) for x in told or ()]
    match len(parts):
        case 1:
            red, green, blue = parts * 3
        case 3:
            red, green, blue = parts
        case 4:
            red, green, blue = (1 - min(1.0, x + parts[3]) for x in parts[:3])
        case _:
            return b""
    return b"%.3f %.3f %.3f %s" % (red, green, blue, operator)


# ---------------------------------------------------------------- what PDFium makes of them


def _draw_wanted(
    pdf: Any, folder: Path, fonts: Sequence[str], wanted: Sequence[Place], drawn: Drawn
) -> None:
    import pikepdf

    _tell_folders(fonts)
    expected = {at: _expected(_at(pdf, at)) for at in wanted}
    face = Face(fonts)
    strange = _without_font({c for text in expected.values() for c in text or "" if ord(c) > 126})
    prepared = folder / "prepared.pdf"
    pdf.save(prepared, encryption=False)
    try:
        with pikepdf.open(prepared) as other:
            laid = _laid_out(other, wanted, expected, strange)
    finally:
        prepared.unlink()
    fonts_made = Outlines(pdf)
    for at in wanted:
        one, found = _at(pdf, at), laid[at]
        if found is None and not expected[at] and one.get("/Subtype") == "/Widget":
            continue
        if found is None or not _holds(found, expected[at], strange):
            raise Undrawn(str(one.get("/Subtype")))
        if _has_appearance(one) and found.bare.content == _content(one):
            continue  # not drawn anew
        letters = _restored(found.letters, expected[at], face)
        if letters is not found.letters or _is_chinese_note(one):
            drawn.apart.setdefault(at[0], []).append(_rect(one))
        # A mark stands where its points are, whatever its rectangle says.
        field = one.get("/Subtype") == "/Widget"
        one["/Rect"] = pikepdf.Array(found.rect if field else found.bare.box)
        one["/AP"] = pikepdf.Dictionary(N=fonts_made.written(found.bare, letters))
    fonts_made.finish()


def _laid_out(
    pdf: Any, wanted: Sequence[Place], expected: dict[Place, str | None], strange: set[str]
) -> dict[Place, _Laid | None]:
    """What PDFium makes of them where it gets all its chances; changes the file that it is given."""
    _exchange(pdf, wanted, strange)
    laid = _lay_out(pdf, wanted)
    notes = [at for at in wanted if _is_chinese_note(_at(pdf, at))]
    frames = {at: laid[at] for at in notes}
    for at in notes:
        _become_field(pdf, at)
    if notes:
        laid |= _lay_out(pdf, notes)
    other = [at for at in wanted if not _holds(laid[at], expected[at], strange)]
    for at in other:
        _take_plain_font(pdf, _at(pdf, at))
    if other:
        laid |= _lay_out(pdf, other)
    for at, frame in frames.items():
        letters = laid[at]
        if frame is not None and letters is not None:
            # Its frame as it is of a note, and the letters where they stood in the field.
            shift = [a - b for a, b in zip(frame.bare.box, letters.bare.box, strict=True)]
            laid[at] = replace(frame, letters=[one.moved(*shift[:2]) for one in letters.letters])
    return laid


def _content(one: Any) -> bytes:
    stream = _chosen(one)
    return b"" if stream is None else bytes(stream.read_bytes())


def _at(pdf: Any, at: Place) -> Any:
    return _annotations(pdf.pages[at[0]])[at[1]]


def _swapped(text: str, strange: set[str]) -> str:
    return "".join(_STAND_IN if c in strange else c for c in text)


def _holds(laid: _Laid | None, expected: str | None, strange: set[str]) -> bool:
    """Whether these are the letters that are expected, all of them."""
    text = "" if laid is None else laid.text
    return expected is None or text == _swapped(expected, strange)


def _restored(letters: Sequence[Letter], expected: str | None, face: "Face") -> Sequence[Letter]:
    """The letters with those for which another stood in, or of which there is no outline, of the face."""
    text = "".join(one.text for one in letters) if expected is None else expected
    made: list[Letter] = []
    for letter, told in zip(letters, text, strict=True):
        if letter.text == told and letter.outline:
            made.append(letter)
        else:
            outline, width = face.glyph(told)
            made.append(replace(letter, text=told, outline=outline, width=width))
    return made if made != list(letters) else letters


def _exchange(pdf: Any, wanted: Sequence[Place], strange: set[str]) -> None:
    """Put a stand-in for each strange character of what they say."""
    import pikepdf

    for at in wanted if strange else ():
        one = _at(pdf, at)
        for key in ("/V", "/Opt", "/Contents"):
            holder = _holder(one, key)
            if holder is not None:
                holder[key] = _exchanged(holder[key], strange)
        told = one.get("/MK")
        if isinstance(told, pikepdf.Dictionary) and "/CA" in told:
            told["/CA"] = _exchanged(told["/CA"], strange)


def _exchanged(value: Any, strange: set[str]) -> Any:
    import pikepdf

    if isinstance(value, pikepdf.Array):
        return pikepdf.Array([_exchanged(one, strange) for one in value])
    if isinstance(value, pikepdf.String | pikepdf.Stream):
        return pikepdf.String(_swapped(_said(value), strange))
    return value


def _is_chinese_note(one: Any) -> bool:
    """Of a note PDFium writes Latin letters alone; of a field all."""
    told = _said(one.get("/Contents"))
    return one.get("/Subtype") == "/FreeText" and any(ord(c) > 126 for c in told)


def _become_field(pdf: Any, at: Place) -> None:
    """Make a note a field that says the same."""
    from pikepdf import Array, Dictionary, Name, String

    one = _indirect(pdf, at)
    _plain_font(pdf)
    words = str(one.get("/DA", "")).split()
    size = words[words.index("Tf") - 1] if "Tf" in words[1:] else "12"
    inks = [(at, w) for at, w in enumerate(words) if w in ("g", "rg", "k")]
    count = {"g": 1, "rg": 3, "k": 4}
    ink = words[inks[-1][0] - count[inks[-1][1]] : inks[-1][0] + 1] if inks else ["0", "g"]
    looks = Dictionary(BC=Array([float(x) for x in ink[:-1]]))
    one["/Subtype"], one["/FT"], one["/T"] = Name.Widget, Name.Tx, String(f"note-{at[0]}-{at[1]}")
    one["/V"], one["/Ff"], one["/MK"] = String(_said(one.get("/Contents"))), _MULTILINE, looks
    for key in ("/AP", "/BS", "/Border"):
        if key in one:
            del one[key]
    one["/DA"] = String(f"/YunjianPlain {size} Tf {' '.join(ink)}")
    pdf.Root["/AcroForm"]["/Fields"].append(one)


def _indirect(pdf: Any, at: Place) -> Any:
    """The annotation as an object of its own, which a form can name."""
    one = _at(pdf, at)
    if not one.is_indirect:
        listed = pdf.pages[at[0]].obj["/Annots"]
        place = next(n for n, other in enumerate(listed) if other == one and not other.is_indirect)
        listed[place] = pdf.make_indirect(one)
    return _at(pdf, at)


def _plain_font(pdf: Any) -> None:
    """See to it that the form knows a font that is in every viewer."""
    from pikepdf import Array, Dictionary, Name

    if not isinstance(pdf.Root.get("/AcroForm"), Dictionary):
        pdf.Root["/AcroForm"] = Dictionary(Fields=Array())
    form = pdf.Root["/AcroForm"]
    for key in ("/DR", "/Font"):
        holder = form if key == "/DR" else form["/DR"]
        if not isinstance(holder.get(key), Dictionary):
            holder[key] = Dictionary()
    if "/Fields" not in form:
        form["/Fields"] = Array()
    form["/DR"]["/Font"]["/YunjianPlain"] = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )


def _take_plain_font(pdf: Any, one: Any) -> None:
    """Let a field whose own font does not hold its text be laid out in another one."""
    from pikepdf import Array, Dictionary, String

    _plain_font(pdf)
    form = pdf.Root["/AcroForm"]
    words = str(_inherited(one, "/DA") or form.get("/DA") or "").split()
    if "Tf" in words[2:]:
        words[words.index("Tf") - 2] = "/YunjianPlain"
    else:
        words += ["/YunjianPlain", "12", "Tf"]
    one["/DA"] = String(" ".join(words))
    # Its other fonts would be tried for what Helvetica has not.
    form["/DR"]["/Font"] = Dictionary({"/YunjianPlain": form["/DR"]["/Font"]["/YunjianPlain"]})
    form["/Fields"] = form.get("/Fields", Array())


def _without_font(characters: set[str]) -> set[str]:
    """Those of which PDFium finds no letter: each is tried in a field of its own."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name, String

    if not characters:
        return set()
    listed = sorted({*characters, _STAND_IN})
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(100, 100))
        _plain_font(pdf)
        page.obj["/Annots"] = Array([
            pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(str(number)), F=4,
                    Rect=Array([10, 10, 90, 90]), V=String(one), DA=String("/YunjianPlain 12 Tf 0 g"),
                )
            )
            for number, one in enumerate(listed)
        ])  # fmt: skip
        pdf.Root["/AcroForm"]["/Fields"] = Array(page.obj["/Annots"])
        laid = _lay_out(pdf, [(0, number) for number in range(len(listed))])
    strange = {
        one
        for number, one in enumerate(listed)
        if (found := laid[0, number]) is None or found.text != one or not found.letters[0].outline
    }
    if _STAND_IN in strange:
        raise LetterMissing(_STAND_IN)
    return strange


def _lay_out(pdf: Any, wanted: Sequence[Place]) -> dict[Place, _Laid | None]:
    """What PDFium makes of these annotations; None where it makes nothing."""
    import pikepdf

    given, made = io.BytesIO(), io.BytesIO()
    pdf.save(given)
    given.seek(0)
    with opened(given) as document:
        for number in sorted({at[0] for at in wanted}):
            page = document[number]
            page.render(scale=0.05)
            page.close()
        document.save(made)
    made.seek(0)
    found: dict[Place, _Laid | None] = {}
    streams: dict[Place, Any] = {}
    with pikepdf.open(made) as done:
        pages = pikepdf.new()
        for at in wanted:
            stream = _chosen(_at(done, at))
            found[at] = None
            if stream is None:
                continue
            box = [float(x) for x in stream["/BBox"]]
            page = pages.add_blank_page(page_size=(100, 100))
            page.obj["/MediaBox"] = pikepdf.Array(box)
            page.obj["/Contents"] = pages.make_stream(stream.read_bytes())
            if "/Resources" in stream:
                page.obj["/Resources"] = pages.copy_foreign(
                    done.make_indirect(stream["/Resources"])
                )
            streams[at] = stream
        alone = io.BytesIO()
        pages.save(alone)
        alone.seek(0)
        with opened(alone) as document:
            letters = letters_of(document)
            for (at, stream), of_one in zip(streams.items(), letters, strict=True):
                rect = [float(x) for x in _at(done, at)["/Rect"]]
                found[at] = _Laid(Bare.of(stream, bool(of_one)), of_one, rect)
    return found


def _chosen(one: Any) -> Any:
    import pikepdf

    told = one.get("/AP")
    stream = told.get("/N") if isinstance(told, pikepdf.Dictionary) else None
    if isinstance(stream, pikepdf.Stream):
        return stream
    if isinstance(stream, pikepdf.Dictionary):
        state = one.get("/AS", pikepdf.Name.Off)
        stream = stream.get(str(state))
        return stream if isinstance(stream, pikepdf.Stream) else None
    return None


def _tell_folders(fonts: Sequence[str]) -> None:
    """Let PDFium know folders of fonts that it would not look into by itself."""
    from pypdfium2 import raw

    more = sorted(
        {
            str(Path(one).parent)
            for one in fonts
            if Path(one).is_file() and not one.startswith(_USUAL_FOLDERS)
        }
    )
    if not more:
        return
    told = [ctypes.create_string_buffer(one.encode()) for one in (*more, *_USUAL_FOLDERS)]
    characters = ctypes.POINTER(ctypes.c_char)
    folders = (characters * (len(told) + 1))(*(ctypes.cast(one, characters) for one in told))
    _KEPT.extend([*told, folders])
    raw.FPDF_DestroyLibrary()
    raw.FPDF_InitLibraryWithConfig(
        raw.FPDF_LIBRARY_CONFIG(
            version=2, m_pUserFontPaths=folders, m_pIsolate=None, m_v8EmbedderSlot=0
        )
    )


_KEPT: Final[list[Any]] = []
"""What PDFium keeps the address of."""
