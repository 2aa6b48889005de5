"""Reading the text off a picture of a card, by RapidOCR where it is installed (``pip install yunjian[cards]``).

``python -m server.work.cards`` reads ``{source, media_type}`` and prints ``{texts: [{text, box}]}``
(boxes in pixels: left, top, right, bottom) or ``{fault}``: ``unreadable`` or ``no_reader``. Of a PDF the
first page is read. The models lie in the package, nothing is fetched. It runs on bytes of
strangers, and so in the cell of ``server.work.child``.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from server.work.probe import HEIC, PDF, PICTURES

LONGEST_PX: Final = 2000
"""A card in a larger picture is read as well, and quicker, when it is made smaller."""
LEAST_SCORE: Final = 0.6
THREADS: Final = 2


class NoPicture(Exception):
    """No picture can be made of these bytes."""


def installed() -> bool:
    """Whether this machine can read cards."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def texts(source: Path, media_type: str) -> list[dict[str, Any]]:
    """Each piece of text with its box. Raises NoPicture."""
    # Optional at install, and so unknown to whoever checks the types without them.
    numpy: Any = importlib.import_module("numpy")
    rapidocr: Any = importlib.import_module("rapidocr")
    picture = _picture(source, media_type)
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    reader = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    # The library takes pixels as OpenCV has them: blue first.
    read = reader(numpy.asarray(picture)[:, :, ::-1])
    found = zip(read.boxes, read.txts, read.scores, strict=True) if read.txts else ()
    return [
        {"text": text, "box": [float(edge) for edge in (*box.min(axis=0), *box.max(axis=0))]}
        for box, text, score in found
        if score >= LEAST_SCORE
    ]


def _picture(source: Path, media_type: str) -> Any:
    from PIL import Image, ImageOps, UnidentifiedImageError

    # The probe has judged its size.
    Image.MAX_IMAGE_PIXELS = None
    if media_type == PDF:
        return _first_page(source)
    if media_type == HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
        name = "HEIF"
    elif media_type in PICTURES.values():
        name = next(name for name, one in PICTURES.items() if one == media_type)
    else:
        raise NoPicture(media_type)
    try:
        with Image.open(source, formats=[name]) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise NoPicture(str(error)) from None


def _first_page(source: Path) -> Any:
    import pypdfium2  # type: ignore[import-untyped]

    try:
        document = pypdfium2.PdfDocument(source)
        page = document[0]
        scale = LONGEST_PX / max(page.get_size())
        return page.render(scale=scale).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, IndexError, ZeroDivisionError) as error:
        raise NoPicture(str(error)) from None


def main() -> None:
    """Do what is asked on standard input."""
    asked = json.load(sys.stdin)
    # What the libraries print must not stand in the answer.
    answer, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    if not installed():
        made: dict[str, Any] = {"fault": "no_reader"}
    else:
        try:
            made = {"texts": texts(Path(asked["source"]), asked["media_type"])}
        except NoPicture:
            made = {"fault": "unreadable"}
    json.dump(made, answer)
    answer.close()


if __name__ == "__main__":
    main()
