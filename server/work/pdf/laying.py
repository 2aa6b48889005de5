"""Annotations as PDFium lays them out, with its form filling: their letters, and their looks without these.

A character for which it finds no font is held open by another one of its width. It runs in the cell of
``server.work.child``.
"""

import ctypes
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from server.work.pdf.annotations import (
    Place,
    at_place,
    chosen,
    holder_of,
    inherited,
    is_chinese_note,
    said,
)
from server.work.pdf.outlines import Bare, Face, Letter, LetterMissing, Undrawn, letters_of

_MULTILINE: Final = 1 << 12
_STAND_IN: Final = "口"
"""As wide as the character that it stands for while a line is laid out."""
_USUAL_FOLDERS: Final = (
    "/usr/share/fonts", "/usr/share/X11/fonts/Type1", "/usr/share/X11/fonts/TTF",
    "/usr/local/share/fonts",
)  # fmt: skip


@dataclass(frozen=True)
class Laid:
    """What PDFium made of one annotation: its appearance without text, its letters, its place."""

    bare: Bare
    letters: Sequence[Letter]
    rect: Sequence[float]

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.letters)


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


def laid_out(
    pdf: Any, wanted: Sequence[Place], expected: dict[Place, str | None], strange: set[str]
) -> dict[Place, Laid | None]:
    """What PDFium makes of them where it gets all its chances; changes the file that it is given."""
    _exchange(pdf, wanted, strange)
    laid = lay_out(pdf, wanted)
    notes = [at for at in wanted if is_chinese_note(at_place(pdf, at))]
    frames = {at: laid[at] for at in notes}
    for at in notes:
        _become_field(pdf, at)
    if notes:
        laid |= lay_out(pdf, notes)
    other = [at for at in wanted if not holds(laid[at], expected[at], strange)]
    for at in other:
        _take_plain_font(pdf, at_place(pdf, at))
    if other:
        laid |= lay_out(pdf, other)
    for at, frame in frames.items():
        letters = laid[at]
        if frame is not None and letters is not None:
            # Its frame as it is of a note, and the letters where they stood in the field.
            shift = [a - b for a, b in zip(frame.bare.box, letters.bare.box, strict=True)]
            laid[at] = replace(frame, letters=[one.moved(*shift[:2]) for one in letters.letters])
    return laid


def lay_out(pdf: Any, wanted: Sequence[Place]) -> dict[Place, Laid | None]:
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
    found: dict[Place, Laid | None] = {}
    streams: dict[Place, Any] = {}
    with pikepdf.open(made) as done:
        pages = pikepdf.new()
        for at in wanted:
            stream = chosen(at_place(done, at))
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
                rect = [float(x) for x in at_place(done, at)["/Rect"]]
                found[at] = Laid(Bare.of(stream, bool(of_one)), of_one, rect)
    return found


def without_font(characters: set[str]) -> set[str]:
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
        laid = lay_out(pdf, [(0, number) for number in range(len(listed))])
    strange = {
        one
        for number, one in enumerate(listed)
        if (found := laid[0, number]) is None or found.text != one or not found.letters[0].outline
    }
    if _STAND_IN in strange:
        raise LetterMissing(_STAND_IN)
    return strange


def holds(laid: Laid | None, expected: str | None, strange: set[str]) -> bool:
    """Whether these are the letters that are expected, all of them."""
    text = "" if laid is None else laid.text
    return expected is None or text == _swapped(expected, strange)


def _swapped(text: str, strange: set[str]) -> str:
    return "".join(_STAND_IN if c in strange else c for c in text)


def restored(letters: Sequence[Letter], expected: str | None, face: "Face") -> Sequence[Letter]:
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
        one = at_place(pdf, at)
        for key in ("/V", "/Opt", "/Contents"):
            holder = holder_of(one, key)
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
        return pikepdf.String(_swapped(said(value), strange))
    return value


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
    one["/V"], one["/Ff"], one["/MK"] = String(said(one.get("/Contents"))), _MULTILINE, looks
    for key in ("/AP", "/BS", "/Border"):
        if key in one:
            del one[key]
    one["/DA"] = String(f"/YunjianPlain {size} Tf {' '.join(ink)}")
    pdf.Root["/AcroForm"]["/Fields"].append(one)


def _indirect(pdf: Any, at: Place) -> Any:
    """The annotation as an object of its own, which a form can name."""
    one = at_place(pdf, at)
    if not one.is_indirect:
        listed = pdf.pages[at[0]].obj["/Annots"]
        place = next(n for n, other in enumerate(listed) if other == one and not other.is_indirect)
        listed[place] = pdf.make_indirect(one)
    return at_place(pdf, at)


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
    words = str(inherited(one, "/DA") or form.get("/DA") or "").split()
    if "Tf" in words[2:]:
        words[words.index("Tf") - 2] = "/YunjianPlain"
    else:
        words += ["/YunjianPlain", "12", "Tf"]
    one["/DA"] = String(" ".join(words))
    # Its other fonts would be tried for what Helvetica has not.
    form["/DR"]["/Font"] = Dictionary({"/YunjianPlain": form["/DR"]["/Font"]["/YunjianPlain"]})
    form["/Fields"] = form.get("/Fields", Array())


def tell_folders(fonts: Sequence[str]) -> None:
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
