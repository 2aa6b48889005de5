"""Letters as outlines: taken from what PDFium draws or from a font of ours, and written as fonts of a PDF.

A letter so written looks the same in every viewer, whatever fonts that has, and is found by its text.
Knows nothing of forms and annotations (``server.work.pdf.appearances``).
"""

import ctypes
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

_EM: Final = 1000.0
_CODES: Final = 256
"""Of one font of outlines."""


class Undrawn(Exception):
    """Something would be seen in the original that cannot be drawn here."""


class LetterMissing(Exception):
    """A character is to be drawn for which there is no font here."""


@dataclass(frozen=True)
class Letter:
    """One letter of an appearance: ``matrix`` takes a square of its em into that; its outline is in
    thousandths."""

    text: str
    outline: bytes
    width: float
    matrix: tuple[float, float, float, float, float, float]
    colour: tuple[float, float, float]

    def moved(self, across: float, up: float) -> "Letter":
        """The same letter elsewhere."""
        a, b, c, d, x, y = self.matrix
        return replace(self, matrix=(a, b, c, d, x + across, y + up))


@dataclass(frozen=True)
class Bare:
    """An appearance without its text, apart from the file that it came from."""

    content: bytes
    after: bytes
    """What follows its last text."""
    box: Sequence[float]
    matrix: Sequence[float]
    states: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, stream: Any, has_text: bool) -> "Bare":
        """That of a form; with ``has_text`` what it writes is left out."""
        import pikepdf

        content, after = stream.read_bytes(), b""
        if has_text:
            before: list[Any] = []
            kept: list[Any] = []
            within = False
            for one in pikepdf.parse_content_stream(stream):
                name = str(one.operator)
                if name == "BT":
                    within, before, kept = True, [*before, *kept], []
                if not within:
                    kept.append(one)
                within = within and name != "ET"
            content, after = map(pikepdf.unparse_content_stream, (before, kept))
        states: dict[str, dict[str, Any]] = {}
        told = stream.get("/Resources", {}).get("/ExtGState", {})
        for name, state in told.items():
            states[name] = {
                key: str(value) if isinstance(value, pikepdf.Name) else float(value)
                for key, value in state.items()
                if key in ("/BM", "/CA", "/ca")
            }
        return cls(
            content,
            after,
            [float(x) for x in stream["/BBox"]],
            [float(x) for x in stream.get("/Matrix", (1, 0, 0, 1, 0, 0))],
            states,
        )


def packed(text: str) -> str:
    """Without its spaces and what tells only how it is set."""
    return "".join(
        c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf")
    )


def letters_of(document: Any) -> Iterator[list[Letter]]:
    """The letters of each page, in its own space."""
    from pypdfium2 import raw  # type: ignore[import-untyped]

    known: dict[tuple[int, int], tuple[bytes, float]] = {}
    for number in range(len(document)):
        page = document[number]
        words = page.get_textpage()
        made: list[Letter] = []
        for at in range(raw.FPDFText_CountChars(words)):
            told = raw.FPDFText_GetUnicode(words, at)
            if told == 2 or raw.FPDFText_IsHyphen(words, at) == 1:
                told = ord("-")  # at the end of a line
            elif raw.FPDFText_IsGenerated(words, at) == 1:
                continue
            text = chr(told)
            thing = raw.FPDFText_GetTextObject(words, at)
            if not thing or not packed(text):
                continue
            font = raw.FPDFTextObj_GetFont(thing)
            key = (ctypes.addressof(font.contents), told)
            if key not in known:
                known[key] = _outline(font, told)
            outline, width = known[key]
            turn, x, y = raw.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
            raw.FPDFText_GetMatrix(words, at, turn)
            raw.FPDFText_GetCharOrigin(words, at, x, y)
            scale = raw.FPDFText_GetFontSize(words, at)
            ink = [ctypes.c_uint() for _ in range(4)]
            raw.FPDFPageObj_GetFillColor(thing, *ink)
            made.append(
                Letter(
                    text,
                    outline,
                    width,
                    (
                        turn.a * scale,
                        turn.b * scale,
                        turn.c * scale,
                        turn.d * scale,
                        x.value,
                        y.value,
                    ),
                    (ink[0].value / 255, ink[1].value / 255, ink[2].value / 255),
                )
            )
        yield made
        words.close()
        page.close()


def _outline(font: Any, told: int) -> tuple[bytes, float]:
    from pypdfium2 import raw

    width = ctypes.c_float()
    raw.FPDFFont_GetGlyphWidth(font, told, _EM, width)
    path = raw.FPDFFont_GetGlyphPath(font, told, _EM)
    parts: list[bytes] = []
    curve: list[float] = []
    across, up = ctypes.c_float(), ctypes.c_float()
    for at in range(raw.FPDFGlyphPath_CountGlyphSegments(path) if path else 0):
        segment = raw.FPDFGlyphPath_GetGlyphPathSegment(path, at)
        raw.FPDFPathSegment_GetPoint(segment, across, up)
        x, y = across.value * _EM, up.value * _EM  # it tells shares of the em
        match raw.FPDFPathSegment_GetType(segment):
            case raw.FPDF_SEGMENT_MOVETO:
                parts.append(b"%.0f %.0f m" % (x, y))
            case raw.FPDF_SEGMENT_LINETO:
                parts.append(b"%.0f %.0f l" % (x, y))
            case _:
                curve += [x, y]
                if len(curve) == 6:
                    parts.append(b"%.0f %.0f %.0f %.0f %.0f %.0f c" % tuple(curve))
                    curve = []
        if raw.FPDFPathSegment_GetClose(segment):
            parts.append(b"h")
    return b" ".join(parts), float(width.value) or _EM


class Face:
    """The font that the mark is written in, for what PDFium finds no letter of."""

    def __init__(self, fonts: Sequence[str]) -> None:
        self._path = next((one for one in map(Path, fonts) if one.is_file()), None)
        self._font: Any = None

    def glyph(self, character: str) -> tuple[bytes, float]:
        """Outline and width, in thousandths of the em. Raises LetterMissing and Undrawn."""
        from fontTools.pens.basePen import (  # type: ignore[import-untyped]
            decomposeQuadraticSegment,
        )
        from fontTools.pens.recordingPen import (  # type: ignore[import-untyped]
            DecomposingRecordingPen,
        )
        from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

        if self._path is None:
            raise LetterMissing(character)
        if self._font is None:
            self._font = TTFont(self._path, fontNumber=2 if self._path.suffix == ".ttc" else 0)
        name = self._font.getBestCmap().get(ord(character))
        if name is None:
            raise Undrawn(f"U+{ord(character):04X}")
        scale = _EM / self._font["head"].unitsPerEm
        glyphs = self._font.getGlyphSet()
        pen = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(pen)
        parts: list[bytes] = []

        def add(operator: bytes, *points: tuple[float, float]) -> None:
            told = [b"%.0f %.0f" % (x * scale, y * scale) for x, y in points]
            parts.append(b" ".join([*told, operator]))

        at = (0.0, 0.0)
        for act, points in pen.value:
            match act:
                case "moveTo":
                    add(b"m", *points)
                case "lineTo":
                    add(b"l", *points)
                case "curveTo":
                    add(b"c", *points)
                case "qCurveTo":
                    for by, to in decomposeQuadraticSegment(points):
                        one, two = (
                            tuple(a + (b - a) * 2 / 3 for a, b in zip(end, by, strict=True))
                            for end in (at, to)
                        )
                        add(b"c", (one[0], one[1]), (two[0], two[1]), to)
                        at = to
                case _:
                    parts.append(b"h")
            at = points[-1] if points else at
        return b" ".join(parts), glyphs[name].width * scale


class Outlines:
    """Letters as fonts of outlines (Type 3), and the appearances that use them."""

    def __init__(self, pdf: Any) -> None:
        from pikepdf import Dictionary

        self._pdf = pdf
        self._codes: dict[tuple[bytes, str], int] = {}
        self._widths: list[float] = []
        self._fonts: list[Any] = []
        self._Dictionary = Dictionary

    def written(self, bare: Bare, letters: Sequence[Letter]) -> Any:
        """The form that shows this appearance with these letters."""
        from pikepdf import Array, Dictionary, Name

        lines = [b"q", bare.content]
        used: set[int] = set()
        for one in letters:
            font, code = divmod(self._code(one), _CODES)
            used.add(font)
            lines.append(b"BT %.3f %.3f %.3f rg" % one.colour)
            lines.append(b"/Y%d 1 Tf %.4f %.4f %.4f %.4f %.3f %.3f Tm" % (font, *one.matrix))
            lines.append(b"<%02X> Tj ET" % code)
        form = self._pdf.make_stream(b"\n".join([*lines, bare.after, b"Q"]))
        form["/Type"], form["/Subtype"] = Name.XObject, Name.Form
        form["/BBox"], form["/Matrix"] = Array(bare.box), Array(bare.matrix)
        resources = Dictionary()
        if used:
            resources["/Font"] = Dictionary({f"/Y{n}": self._fonts[n] for n in sorted(used)})
        if bare.states:
            resources["/ExtGState"] = Dictionary(
                {
                    name: Dictionary(
                        {
                            key: Name(value) if isinstance(value, str) else value
                            for key, value in state.items()
                        }
                    )
                    for name, state in bare.states.items()
                }
            )
        form["/Resources"] = resources
        return form

    def _code(self, one: Letter) -> int:
        from pikepdf import Dictionary

        key = (one.outline, one.text)
        if key not in self._codes:
            self._codes[key] = len(self._codes)
            self._widths.append(one.width)
            if len(self._codes) > len(self._fonts) * _CODES:
                self._fonts.append(self._pdf.make_indirect(Dictionary()))
        return self._codes[key]

    def finish(self) -> None:
        """Write the fonts."""
        from pikepdf import Array, Dictionary, Name

        letters = list(self._codes)
        for number, font in enumerate(self._fonts):
            mine = letters[number * _CODES : (number + 1) * _CODES]
            widths = self._widths[number * _CODES : (number + 1) * _CODES]
            procedures = Dictionary()
            for code, ((outline, _), width) in enumerate(zip(mine, widths, strict=True)):
                procedures[f"/g{code}"] = self._pdf.make_stream(
                    b"%.0f 0 -1000 -1000 3000 2000 d1 %s f" % (width, outline)
                )
            told = "\n".join(
                f"<{code:02X}> <{text.encode('utf-16-be').hex()}>"
                for code, (_, text) in enumerate(mine)
            )
            for key, value in {
                "/Type": Name.Font,
                "/Subtype": Name.Type3,
                "/FontBBox": Array([-1000, -1000, 3000, 2000]),
                "/FontMatrix": Array([0.001, 0, 0, 0.001, 0, 0]),
                "/FirstChar": 0,
                "/LastChar": len(mine) - 1,
                "/Widths": Array([round(one) for one in widths]),
                "/Encoding": Dictionary(
                    Type=Name.Encoding,
                    Differences=Array([0, *(Name(f"/g{code}") for code in range(len(mine)))]),
                ),
                "/CharProcs": procedures,
                "/Resources": Dictionary(),
                "/ToUnicode": self._pdf.make_stream(_TO_UNICODE % _in_hundreds(told).encode()),
            }.items():
                font[key] = value


_TO_UNICODE: Final = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Yunjian def
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange
%s
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


def _in_hundreds(told: str) -> str:
    lines = told.splitlines()
    return "\n".join(
        "\n".join([f"{len(some)} beginbfchar", *some, "endbfchar"])
        for at in range(0, len(lines), 100)
        if (some := lines[at : at + 100])
    )
