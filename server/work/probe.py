"""What a file really is: type by content, pages, whether it opens. A program of its own.

``python -m server.work.probe FILE`` prints one JSON object. It runs on bytes of
strangers, and so in the cell of ``server.work.child``; the worst a file can do is
to end this process.
"""

import json
import sys
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
EARLY_TYPES: Final = (PDF, *PICTURES.values())
"""What browsers draw by themselves, and of a part too."""
HEAD_BYTES: Final = 1024
TAIL_BYTES: Final = 4096

_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_MAX_PIXELS: Final = 120_000_000
"""A page or photo beyond 120 megapixels is a decompression bomb or of no use on a screen."""
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


def probe(file: Path) -> dict[str, Any]:
    """``{media_type, pages}``, or ``{code}``: file_type or file_broken."""
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
                return {"code": "file_broken"}
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
    except (pypdfium2.PdfiumError, IndexError):
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
    try:
        with Image.open(file, formats=[name]) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return None
            picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None
    return 1


def main() -> None:
    """Print what the file named by the first argument is."""
    json.dump(probe(Path(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
