"""The rows of a table that somebody exported: Excel, CSV or JSON. A program of its own.

``python -m server.work.sheet`` reads ``{"content": base64}`` and prints ``{"rows": [...]}``, each row a
mapping from column name to text, or ``{"code": why}``. It runs on files of strangers, and so in
the cell of ``server.work.child``. It knows no columns: ``server.catalogue.rules.listing`` reads them.
"""

import base64
import csv
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any, Final

MOST_ROWS: Final = 50_000
_UNPACKED_BYTES: Final = 96 * 1024 * 1024
_RATIO: Final = 200
_MATERIALS: Final = ("材料", "materials")
"""A second sheet of this name holds the material lines, each with the code of its item."""
_CODES: Final = ("实施编码", "事项编码", "item_code", "task_code", "code")

Row = dict[str, Any]


def read(content: bytes) -> dict[str, Any]:
    """``{"rows": ...}``, or ``{"code": "bad_sheet"}`` for what is none of the three kinds."""
    try:
        if content.startswith(b"PK\x03\x04"):
            rows = _excel(content)
        else:
            text = _text(content)
            rows = _json(text) if text.lstrip()[:1] in ("{", "[") else _csv(text)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, csv.Error):
        return {"code": "bad_sheet"}
    if not rows or len(rows) > MOST_ROWS:
        return {"code": "bad_sheet"}
    return {"rows": rows}


def _text(content: bytes) -> str:
    """UTF-8 with or without its mark, or the GB 18030 that Excel writes in China."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _json(text: str) -> list[Row]:
    """A list of rows, or an object that has one under ``items`` or ``local_catalogue.items``."""
    told = json.loads(text)
    if isinstance(told, dict):
        told = (told.get("local_catalogue") or told)["items"]
    if not all(isinstance(row, dict) for row in told):
        raise ValueError("a row that is no object")
    return list(told)


def _csv(text: str) -> list[Row]:
    if "\x00" in text:
        raise ValueError("no text")
    return [
        {name: value for name, value in row.items() if name and value is not None}
        for row in csv.DictReader(io.StringIO(text))
    ]


def _excel(content: bytes) -> list[Row]:
    import openpyxl  # type: ignore[import-untyped]

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > _UNPACKED_BYTES or unpacked > _RATIO * len(content):
        raise ValueError("a bomb")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    first = book.worksheets[0]
    rows = list(_sheet(first))
    for sheet in book.worksheets[1:]:
        if sheet.title in _MATERIALS:
            by_code: dict[str, list[Row]] = {}
            for line in _sheet(sheet):
                by_code.setdefault(_code(line), []).append(line)
            for row in rows:
                if lines := by_code.get(_code(row)):
                    row["materials"] = lines
    return rows


def _sheet(sheet: Any) -> Iterator[Row]:
    """The rows below the first one, which names the columns; empty rows are left out."""
    lines = sheet.iter_rows(values_only=True)
    names = [str(cell).strip() if cell is not None else "" for cell in next(lines, ())]
    for cells in lines:
        row = {
            name: _cell(cell)
            for name, cell in zip(names, cells, strict=False)
            if name and cell is not None
        }
        if row:
            yield row


def _cell(cell: Any) -> str:
    # Excel keeps whole numbers as floats.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _code(row: Row) -> str:
    return next((str(row[name]).strip() for name in _CODES if row.get(name)), "")


def main() -> None:
    """Print the rows of what is told."""
    json.dump(read(base64.b64decode(json.load(sys.stdin)["content"])), sys.stdout)


if __name__ == "__main__":
    main()
