"""Official papers as PDF: facts in, A4 pages out, drawn by Typst. A program of its own.

``python -m server.work.paper`` reads one JSON object, ``{facts, font_dirs}``, and prints
``{pdf (Base64), pages}`` or ``{fault}``: nothing of a paper is ever in a temporary file. The
layout is ``paper.typ`` beside this module. A Chinese font that is not installed is a failure:
Typst itself would print boxes and only warn.
"""

import base64
import io
import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

FAMILIES: Final = ("Noto Serif CJK SC", "Noto Sans CJK SC")
"""What the layout is set in (Debian: fonts-noto-cjk)."""
FONT_DIRS: Final = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/truetype/noto",
    "/usr/local/share/fonts",
)
"""Where systems keep them: Debian, Arch, Fedora; what is not there is passed over."""
LAYOUT: Final = Path(__file__).with_suffix(".typ")
_STROKE_POINTS: Final = 4000
"""A signature of more points is thinned out to about so many."""
_INK: Final = "#0b1f5c"


def missing_fonts(font_dirs: Sequence[str] = ()) -> list[str]:
    """The families that the layout needs and that none of these folders (or the known ones) has."""
    there = set(_fonts(font_dirs).families())
    return [family for family in FAMILIES if family not in there]


def draw(facts: dict[str, Any], font_dirs: Sequence[str] = ()) -> tuple[bytes, int]:
    """The PDF (PDF/A-2u) of a paper and how many pages it has. ValueError: a font is missing."""
    import pypdfium2  # type: ignore[import-untyped]
    import typst

    if missing := missing_fonts(font_dirs):
        raise ValueError(f"fonts missing: {', '.join(missing)}")
    signature = facts.get("signature")
    told = {**facts, "signature": signature and {**signature, "strokes": None}}
    compiler = typst.Compiler(
        LAYOUT.read_bytes(),
        root=LAYOUT.parent,
        font_paths=_fonts(font_dirs),
        ignore_system_fonts=True,
        sys_inputs={
            "facts": json.dumps(told, ensure_ascii=False),
            "ink": ink(signature) if signature else "",
            "code": code(facts["case_number"]) if facts["case_number"] else "",
        },
    )
    pdf, warnings = compiler.compile_with_warnings(
        format="pdf", pdf_standards="a-2u", timestamp=int(facts["made_epoch_s"])
    )
    if warnings:
        raise ValueError("; ".join(warning.message for warning in warnings))
    assert isinstance(pdf, bytes)
    document = pypdfium2.PdfDocument(pdf)
    try:
        return pdf, len(document)
    finally:
        document.close()


def ink(signature: dict[str, Any]) -> str:
    """The strokes of a signature as SVG: the harder the pen was pressed, the broader."""
    width, height = float(signature["width"]), float(signature["height"])
    broad = min(width, height) * 0.022
    strokes = signature["strokes"]
    every = max(1, sum(map(len, strokes)) // _STROKE_POINTS)
    lines = []
    for stroke in strokes:
        points = [*stroke[:-1:every], stroke[-1]]
        if len(points) == 1:
            points = points * 2
        for (x, y, _, _), (u, v, pressure, _) in pairwise(points):
            lines.append(
                f'<line x1="{x * width:.1f}" y1="{y * height:.1f}" x2="{u * width:.1f}"'
                f' y2="{v * height:.1f}" stroke-width="{broad * (0.4 + 1.2 * pressure):.2f}"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' stroke="{_INK}" stroke-linecap="round" fill="none">{"".join(lines)}</svg>'
    )


def code(number: str) -> str:
    """The 办件编号 as a QR code in SVG: what is read from it is the number and nothing else."""
    import segno

    out = io.BytesIO()
    segno.make(number, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def _fonts(font_dirs: Sequence[str]) -> Any:
    import typst

    folders = [one for one in (font_dirs or FONT_DIRS) if Path(one).is_dir()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def main() -> None:
    """Draw the paper that is asked for on standard input; with ``--fonts`` tell which are missing."""
    asked = json.load(sys.stdin)
    if sys.argv[1:] == ["--fonts"]:
        json.dump({"missing": missing_fonts(asked["font_dirs"])}, sys.stdout)
        return
    try:
        pdf, pages = draw(asked["facts"], asked["font_dirs"])
    except ValueError as error:
        json.dump({"fault": str(error)}, sys.stdout)
        return
    json.dump({"pdf": base64.b64encode(pdf).decode(), "pages": pages}, sys.stdout)


if __name__ == "__main__":
    main()
