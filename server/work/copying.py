"""The copy of a material that people look at: written anew, bare of everything but what is seen.

``python -m server.work.copying`` reads ``{source, target, media_type, mark, fonts}`` and prints
``{media_type, pages}`` or ``{fault}``: ``unreadable``, ``font``, ``no_office``, ``no_ofd``,
``ofd_beyond`` or ``pdf_beyond``. A picture is decoded and encoded again without a word of what stood beside its pixels
(EXIF, place, serial numbers, colour profile, comments). Of a PDF the pages stay, with what their
forms and annotations show drawn into them (``server.work.pdf.appearances``); scripts, actions, attachments, form data, metadata and the EXIF
of its photographs are left out. Word and Excel become PDF first (``server.work.office``), and so does
OFD (``server.work.ofd``). ``mark``, lines of text, is laid over all of it; over OFD also that it is a
conversion, and which seals it leaves out. It runs on bytes of strangers, and so in the cell of
``server.work.child``.
"""

import json
import math
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from server.work import ofd, office
from server.work.pdf import appearances, laying, outlines
from server.work.probe import HEIC, OFD, OFFICE, PDF, PICTURES

_PDF_KEPT: Final = ("/Type", "/Pages", "/OCProperties", "/Lang")
_PAGE_KEPT: Final = frozenset({
    "/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit",
    "/Group",
})  # fmt: skip
_TOLD_BESIDE: Final = ("/Metadata", "/PieceInfo", "/AA", "/A", "/OPI", "/LastModified", "/Thumb")
_QUALITY: Final = 90
_DRAWN_DPI: Final = 200
_DRAWN_PIXELS: Final = 25_000_000
_MARK_ALPHA: Final = 44
"""Of 255: to be read where one looks for it, and past which one reads."""
_MARK_ANGLE: Final = 24
_MARK_SHARE: Final = 1 / 42
"""The height of the mark's letters, of the shorter side."""
_CHINESE_SIMPLIFIED: Final = 2
"""Which face of Noto's collection."""

_CONVERTED: Final = "OFD 转换件，以原件为准"
_FRAMES: Final = "动态图片，此处为第 1 帧（共 {} 帧）"
_SEALS: Final = "OFD 转换件，含 {} 处电子签章，未绘出、未验证"


class Unreadable(Exception):
    """Nothing can be made of these bytes."""


class FontMissing(Exception):
    """None of the fonts that the mark is written in is there."""


def copy(
    source: Path, target: Path, media_type: str, mark: Sequence[str], fonts: Sequence[str]
) -> dict[str, Any]:
    """Write the copy; ``{media_type, pages}`` of it. Raises Unreadable, FontMissing, NoOffice and
    NotConverted of ``server.work.office``, Undrawn and LetterMissing of ``server.work.pdf.outlines``, and NoOfd, Beyond and Broken of ``server.work.ofd``."""
    if media_type == OFD:
        made, seals = ofd.convert(source, target.parent, ofd.program(), _face(fonts))
        try:
            told = _SEALS.format(seals) if seals else _CONVERTED
            return {"media_type": PDF, "pages": _copy_pdf(made, target, [*mark, told], fonts)}
        finally:
            made.unlink()
    if media_type in OFFICE:
        made = office.convert(source, OFFICE[media_type], target.parent, office.program())
        try:
            return {"media_type": PDF, "pages": _copy_pdf(made, target, mark, fonts)}
        finally:
            made.unlink()
    if media_type == PDF:
        return {"media_type": PDF, "pages": _copy_pdf(source, target, mark, fonts)}
    return {"media_type": _copy_picture(source, target, media_type, mark, fonts), "pages": 1}


# ---------------------------------------------------------------- pictures


def _copy_picture(
    source: Path, target: Path, media_type: str, mark: Sequence[str], fonts: Sequence[str]
) -> str:
    from PIL import Image, ImageOps, UnidentifiedImageError

    # The probe has judged its size.
    Image.MAX_IMAGE_PIXELS = None
    if media_type == HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
        name, made, made_type = "HEIF", "JPEG", PICTURES["JPEG"]
    else:
        name = made = next(name for name, one in PICTURES.items() if one == media_type)
        made_type = media_type
    try:
        with Image.open(source, formats=[name]) as opened:
            frames = getattr(opened, "n_frames", 1) if media_type != HEIC else 1
            picture: Any = ImageOps.exif_transpose(_to_srgb(opened))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unreadable(str(error)) from None
    transparent = made != "JPEG" and (picture.mode in ("LA", "PA", "RGBA") or _see_through(picture))
    picture = picture.convert("RGBA" if transparent else "L" if picture.mode == "L" else "RGB")
    picture.info.clear()
    if frames > 1:
        mark = [*mark, _FRAMES.format(frames)]
    if mark:
        tile = _tile(mark, min(picture.size) * _MARK_SHARE, fonts)
        for x, y in _places(picture.width, picture.height, *tile.size):
            picture.paste(0 if picture.mode == "L" else (0, 0, 0), (x, y), tile)
    wanted: dict[str, Any] = {
        "JPEG": {"quality": _QUALITY, "subsampling": 0},
        "PNG": {"compress_level": 6},
        "WEBP": {"quality": _QUALITY, "method": 2},
    }[made]
    picture.save(target, made, **wanted)
    return made_type


def _see_through(picture: Any) -> bool:
    return "transparency" in picture.info


def _to_srgb(picture: Any) -> Any:
    """The pixels as a screen without colour management shows them; the profile itself is not kept."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    picture.load()
    if not profile or picture.mode not in ("RGB", "CMYK"):
        return picture
    import io

    try:
        told = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(
            picture, told, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:
        return picture
    return turned or picture


# ---------------------------------------------------------------- the mark


def _face(fonts: Sequence[str]) -> Path:
    path = next((one for one in map(Path, fonts) if one.is_file()), None)
    if path is None:
        raise FontMissing
    return path


def _tile(mark: Sequence[str], height: float, fonts: Sequence[str]) -> Any:
    """The mark once, slanted, as a mask: how much of it is seen where."""
    from PIL import Image, ImageDraw, ImageFont

    path = _face(fonts)
    size = max(9, round(height))
    face = ImageFont.truetype(path, size, _CHINESE_SIMPLIFIED if path.suffix == ".ttc" else 0)
    widest = math.ceil(max(face.getlength(line) for line in mark))
    step = math.ceil(size * 1.5)
    tile = Image.new("L", (widest + 2, step * len(mark) + 2), 0)
    pen = ImageDraw.Draw(tile)
    for number, line in enumerate(mark):
        pen.text((1, number * step), line, _MARK_ALPHA, face)
    return tile.rotate(_MARK_ANGLE, Image.Resampling.BICUBIC, expand=True)


def _places(width: int, height: int, across: int, down: int) -> list[tuple[int, int]]:
    """Where the mark stands, so that every part of the page has one and corners cut off take none
    away for good."""
    columns = max(1, min(3, width // max(1, across)))
    rows = max(2, min(12, round(height / (down * 1.1))))
    return [
        (
            round(width * (column + 0.5) / columns - across / 2),
            round(height * (row + 0.5) / rows - down / 2),
        )
        for row in range(rows)
        for column in range(columns)
    ]


# ---------------------------------------------------------------- PDF


def _copy_pdf(source: Path, target: Path, mark: Sequence[str], fonts: Sequence[str]) -> int:
    import pikepdf

    try:
        with pikepdf.open(source) as pdf:
            drawn = appearances.draw(pdf, target.parent, fonts)
            pdf.flatten_annotations("screen")
            _hold_to(source, pdf, drawn, target.parent)
            for key in [str(key) for key in pdf.Root]:
                if key not in _PDF_KEPT:
                    del pdf.Root[key]
            pages = list(pdf.pages)
            for page in pages:
                for key in [str(key) for key in page.obj]:
                    if key not in _PAGE_KEPT:
                        del page.obj[key]
            if mark:
                _mark_pages(pdf, pages, mark, fonts)
            for one in pdf.objects:
                _lay_bare(one)
            if "/Info" in pdf.trailer:
                del pdf.trailer["/Info"]
            pdf.save(
                target,
                fix_metadata_version=False,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                linearize=True,
                deterministic_id=True,
                encryption=False,
            )
            return len(pages)
    except (pikepdf.PdfError, pikepdf.ForeignObjectError) as error:
        raise Unreadable(str(error)) from None
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError, RecursionError) as error:
        # What objects of an unexpected kind make of a hostile file.
        raise Unreadable(type(error).__name__) from None


def _hold_to(source: Path, pdf: Any, drawn: appearances.Drawn, folder: Path) -> None:
    """Draw as a picture each page that would not look like the original. Raises outlines.Undrawn."""
    if not drawn.pages:
        return
    plain = folder / "plain.pdf"
    pdf.save(plain, encryption=False)
    try:
        for number in appearances.unlike(source, plain, drawn):
            if number in drawn.apart:
                raise outlines.Undrawn(f"page {number + 1}")
            _draw_page(source, pdf, number)
    finally:
        plain.unlink()


def _draw_page(source: Path, pdf: Any, number: int) -> None:
    import io

    from pikepdf import Dictionary, Name

    page = pdf.pages[number]
    left, bottom, right, top = (float(one) for one in page.cropbox)
    with laying.opened(source) as document:
        seen = document[number]
        seen.set_rotation(0)
        across, down = seen.get_size()
        scale = min(_DRAWN_DPI / 72, math.sqrt(_DRAWN_PIXELS / (across * down)))
        face = seen.render(scale=scale).to_pil().convert("RGB")
        seen.close()
    out = io.BytesIO()
    face.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    image = pdf.make_stream(out.getvalue())
    for key, value in {
        "/Type": Name.XObject, "/Subtype": Name.Image, "/Width": face.width, "/Height": face.height,
        "/ColorSpace": Name.DeviceRGB, "/BitsPerComponent": 8, "/Filter": Name.DCTDecode,
    }.items():  # fmt: skip
        image[key] = value
    page.obj["/Resources"] = Dictionary(XObject=Dictionary(Page=image))
    page.obj["/Contents"] = pdf.make_stream(
        b"q %.3f 0 0 %.3f %.3f %.3f cm /Page Do Q"
        % (abs(right - left), abs(top - bottom), min(left, right), min(bottom, top))
    )


def _mark_pages(pdf: Any, pages: Sequence[Any], mark: Sequence[str], fonts: Sequence[str]) -> None:
    import pikepdf
    from pikepdf import Array, Name

    tile = _tile(mark, 34, fonts)
    seen = pdf.make_stream(zlib.compress(tile.tobytes()))
    drawn = {
        "Type": Name.XObject, "Subtype": Name.Image, "Width": tile.width, "Height": tile.height,
        "ColorSpace": Name.DeviceGray, "BitsPerComponent": 8, "Filter": Name.FlateDecode,
    }  # fmt: skip
    for key, value in drawn.items():
        seen[f"/{key}"] = value
    ink = pdf.make_stream(zlib.compress(b"\0"))
    for key, value in {**drawn, "Width": 1, "Height": 1, "SMask": seen}.items():
        ink[f"/{key}"] = value
    # An image of one black point, seen through the letters.
    forms: dict[tuple[int, int, int], Any] = {}
    for page in pages:
        left, bottom, right, top = (float(one) for one in page.cropbox)
        width, height = abs(right - left), abs(top - bottom)
        if not (0 < width < 20_000 and 0 < height < 20_000):
            raise ValueError("a page of no size")
        turn = int(page.obj.get("/Rotate", 0) or 0) % 360
        face = (round(width), round(height), turn)
        if face not in forms:
            forms[face] = pdf.make_indirect(_form(pdf, ink, tile.size, *face))
        resources: Any = page.obj.get("/Resources")
        if resources is None:
            resources = _inherited(page.obj, "/Resources")
        # A copy of its own: another page may share them, under another form.
        mine: Any = pikepdf.Dictionary(resources) if resources is not None else pikepdf.Dictionary()
        xobjects: Any = mine.get("/XObject")
        mine["/XObject"] = pikepdf.Dictionary({} if xobjects is None else xobjects)
        mine["/XObject"]["/YunjianMark"] = forms[face]
        page.obj["/Resources"] = mine
        page.contents_add(b"q\n", prepend=True)
        placed = b"\nQ q 1 0 0 1 %.3f %.3f cm /YunjianMark Do Q\n" % (
            min(left, right),
            min(bottom, top),
        )
        page.contents_add(placed)
        if "/MediaBox" not in page.obj:
            page.obj["/MediaBox"] = Array(page.mediabox)


def _form(pdf: Any, ink: Any, tile: tuple[int, int], width: int, height: int, turn: int) -> Any:
    """A form of the page's size with the mark all over it, upright however the page is turned."""
    from pikepdf import Array, Dictionary, Name

    sideways = turn % 180 != 0
    across, down = (height, width) if sideways else (width, height)
    scale = min(across, down) * _MARK_SHARE / 34
    size = (max(1, round(tile[0] * scale)), max(1, round(tile[1] * scale)))
    # From the turned page's own axes, its origin at the top left, into those of the form.
    matrix = {
        0: (1, 0, 0, -1, 0, height),
        90: (0, 1, 1, 0, 0, 0),
        180: (-1, 0, 0, 1, width, 0),
        270: (0, -1, -1, 0, width, height),
    }.get(turn, (1, 0, 0, -1, 0, height))
    drawing = [b"q %d %d %d %d %d %d cm" % matrix]
    drawing += [
        b"q %d 0 0 %d %d %d cm /T Do Q" % (size[0], -size[1], x, y + size[1])
        for x, y in _places(across, down, *size)
    ]
    form = pdf.make_stream(b"\n".join([*drawing, b"Q"]))
    form["/Type"], form["/Subtype"] = Name.XObject, Name.Form
    form["/BBox"] = Array([0, 0, width, height])
    form["/Resources"] = Dictionary(XObject=Dictionary(T=ink))
    return form


def _inherited(page: Any, key: str) -> Any:
    above = page.get("/Parent")
    for _ in range(64):
        if above is None or key in above:
            break
        above = above.get("/Parent")
    return None if above is None else above.get(key)


def _lay_bare(one: Any) -> None:
    """Take from an object of a PDF what is told beside what is seen."""
    import pikepdf

    if not isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
        return
    for key in _TOLD_BESIDE:
        if key in one:
            del one[key]
    if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == pikepdf.Name.Image:
        _lay_bare_photograph(one)


def _lay_bare_photograph(one: Any) -> None:
    import io

    import pikepdf

    packed = one.get("/Filter")
    names = [str(packed)] if isinstance(packed, pikepdf.Name) else [str(x) for x in packed or ()]
    if not {"/DCTDecode", "/JPXDecode"} & set(names):
        return
    if names == ["/DCTDecode"]:
        told = one.read_raw_bytes()
        bare = without_segments(told)
        if bare != told:
            parameters = one.get("/DecodeParms")
            one.write(bare, filter=pikepdf.Name.DCTDecode, decode_parms=parameters)
        return
    # Packed twice, or JPEG 2000, whose boxes hold what they like: drawn anew.
    drawn = pikepdf.PdfImage(one).as_pil_image().convert("RGB")
    drawn.info.clear()
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    for key in ("/Decode", "/DecodeParms"):
        if key in one:
            del one[key]
    one["/ColorSpace"], one["/BitsPerComponent"] = pikepdf.Name.DeviceRGB, 8
    one.write(out.getvalue(), filter=pikepdf.Name.DCTDecode)


def without_segments(jpeg: bytes) -> bytes:
    """A JPEG without its application segments and comments (ITU-T T.81, B.2.4.5 and B.2.4.6), but
    for JFIF's and Adobe's, which tell how its colours are meant. What is no JPEG comes back as it was."""
    if not jpeg.startswith(b"\xff\xd8"):
        return jpeg
    kept = [jpeg[:2]]
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:  # from here on coded pixels
            return b"".join([*kept, jpeg[at:]])
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if length < 2:
            return jpeg
        told = marker == 0xFE or 0xE1 <= marker <= 0xED or marker == 0xEF
        if not told:
            kept.append(jpeg[at : at + 2 + length])
        at += 2 + length
    return jpeg


def main() -> None:
    """Write the copy that is asked for on standard input."""
    asked = json.load(sys.stdin)
    try:
        made = copy(
            Path(asked["source"]),
            Path(asked["target"]),
            asked["media_type"],
            asked["mark"],
            asked["fonts"],
        )
    except Unreadable:
        made = {"fault": "unreadable"}
    except office.NotConverted:
        made = {"fault": "unreadable"}
    except office.NoOffice:
        made = {"fault": "no_office"}
    except ofd.NoOfd:
        made = {"fault": "no_ofd"}
    except ofd.Broken:
        made = {"fault": "unreadable"}
    except ofd.Beyond:
        made = {"fault": "ofd_beyond"}
    except (FontMissing, outlines.LetterMissing):
        made = {"fault": "font"}
    except outlines.Undrawn:
        made = {"fault": "pdf_beyond"}
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
