"""What a file really is: type by content, pages, whether it opens. A program of its own.

``python -m server.work.probe FILE`` prints one JSON object. It runs on bytes of
strangers, and so in the cell of ``server.work.child``; the worst a file can do is
to end this process.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any, Final

PDF: Final = "application/pdf"
PICTURES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
HEIC: Final = "image/heic"
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"
OFFICE: Final = {
    f"{_OPEN_XML}.wordprocessingml.document": "docx",
    f"{_OPEN_XML}.spreadsheetml.sheet": "xlsx",
}
"""Word and Excel, by their types, with the endings of their names."""
OFD: Final = "application/ofd"
"""GB/T 33190-2016."""
PACKED: Final = "application/zip"
"""What these three begin as; which of them it is, if any, is told by what is inside."""
MEDIA_TYPES: Final = (PDF, *PICTURES.values(), HEIC, *OFFICE, OFD)
ENDINGS: Final = {
    PDF: ("pdf",),
    PICTURES["JPEG"]: ("jpg", "jpeg", "jpe", "jfif"),
    PICTURES["PNG"]: ("png", "apng"),
    PICTURES["WEBP"]: ("webp",),
    HEIC: ("heic", "heif", "hif"),
    **{media_type: (ending,) for media_type, ending in OFFICE.items()},
    OFD: ("ofd",),
}
"""How names of each type end; the first is put where another stood."""
EARLY_TYPES: Final = (PDF, *PICTURES.values())
"""What browsers draw by themselves, and of a part too."""
HEAD_BYTES: Final = 1024
TAIL_BYTES: Final = 4096

_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_MAX_PIXELS: Final = 120_000_000
"""A page or photo beyond 120 megapixels is a decompression bomb or of no use on a screen."""
_HEADERS_BYTES: Final = 4 * 1024 * 1024
"""In which a JPEG tells what it is; before that stand colour profile and EXIF."""
_MAX_PAGES: Final = 5000
_MAX_ENTRIES: Final = 10_000
_MAX_UNPACKED: Final = 512 * 1024 * 1024
"""Of all that is inside a packed file, as it says itself and as it is held to."""
_MAX_RATIO: Final = 200
_RATIO_FROM: Final = 4 * 1024 * 1024
"""What is larger than this and packed more than 200 to 1 is a bomb: text of a document is packed some 10 to 1."""


def media_type_of(head: bytes) -> str | None:
    """The type that the first bytes (up to 1024 are looked at) tell; None for all that is not taken.

    PDF may begin anywhere in them (ISO 32000-1, annex H.3.4.1).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return PICTURES["JPEG"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PICTURES["PNG"]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PICTURES["WEBP"]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and b"avif" not in head[12:40]:
        return HEIC
    if head.startswith(b"PK\x03\x04"):
        return PACKED
    if b"%PDF-" in head[:HEAD_BYTES]:
        return PDF
    return None


class Unusable(Exception):
    """Why a file is not taken, as the code of a refusal."""


def probe(file: Path) -> dict[str, Any]:
    """``{media_type, pages}``, or ``{code}``: file_type, file_broken, file_password, file_depth (a
    picture of 12 bits a colour), file_pixels or file_bomb."""
    try:
        return _probe(file)
    except Unusable as why:
        return {"code": str(why)}


def _probe(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(max(0, file.stat().st_size - TAIL_BYTES))
        tail = stream.read()
    media_type = media_type_of(head)
    if media_type is None:
        return {"code": "file_type"}
    if media_type == PACKED:
        return _packed(file)
    pages = _pdf_pages(file, tail) if media_type == PDF else _picture_pages(file, media_type)
    return {"code": "file_broken"} if pages is None else {"media_type": media_type, "pages": pages}


def _packed(file: Path) -> dict[str, Any]:
    """What a packed file is by what is inside: Word, Excel or OFD, read whole. Macros make it none."""
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {one.filename for one in entries}
            if "[Content_Types].xml" in names and "word/document.xml" in names:
                media_type = next(one for one, ending in OFFICE.items() if ending == "docx")
            elif "[Content_Types].xml" in names and "xl/workbook.xml" in names:
                media_type = next(one for one, ending in OFFICE.items() if ending == "xlsx")
            elif "OFD.xml" in names:
                media_type = OFD
            else:
                return {"code": "file_type"}
            if any(name.endswith("vbaProject.bin") for name in names):
                return {"code": "file_type"}
            unpacked = sum(one.file_size for one in entries)
            bomb = any(
                one.file_size > max(_RATIO_FROM, _MAX_RATIO * one.compress_size) for one in entries
            )
            # All of this is told by the directory at its end: nothing is unpacked before.
            if bomb or len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED:
                return {"code": "file_bomb"}
            if any(one.flag_bits & 1 for one in entries):
                return {"code": "file_password"}
            # Reads each entry to the size that it tells and no further, and asks its checksum.
            if archive.testzip() is not None:
                return {"code": "file_broken"}
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
        ValueError,
    ):  # fmt: skip
        return {"code": "file_broken"}
    return {"media_type": media_type, "pages": None}


def _pdf_pages(file: Path, tail: bytes) -> int | None:
    """Pages of a PDF that opens without a password, is not cut off, and whose pages all load."""
    import pypdfium2  # type: ignore[import-untyped]

    if b"%%EOF" not in tail:
        return None
    try:
        document = pypdfium2.PdfDocument(file)
        count = len(document)
        if not 0 < count <= _MAX_PAGES:
            return None
        for number in range(count):
            page = document[number]
            width, height = page.get_size()
            page.close()
            if width <= 0 or height <= 0:
                return None
        document.close()
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Unusable("file_password") from None
        return None
    except IndexError:
        return None
    return count


def _picture_pages(file: Path, media_type: str) -> int | None:
    """1 for a picture that decodes whole."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    if media_type == HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
        name = "HEIF"
    else:
        name = next(name for name, one in PICTURES.items() if one == media_type)
    if name == "JPEG" and _bits(file) not in (None, 8):
        raise Unusable("file_depth")
    try:
        # What is above the limit is told by us, from the size that the picture says.
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            picture = Image.open(file, formats=[name])
        with picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise Unusable("file_pixels")
            picture.load()
    except Image.DecompressionBombError:
        raise Unusable("file_pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None
    return 1


def _bits(file: Path) -> int | None:
    """Bits of each colour of a JPEG, by the head of its first frame (ITU-T T.81, B.2.2)."""
    with file.open("rb") as stream:
        data = stream.read(_HEADERS_BYTES)
    at = 2
    while at + 5 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[at + 4]
        else:
            at += 2 + length
    return None


def main() -> None:
    """Print what the file named by the first argument is."""
    json.dump(probe(Path(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
