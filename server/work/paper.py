"""Official papers as PDF: facts in, A4 pages out, drawn by Typst. A program of its own.

``python -m server.work.paper`` reads one JSON object, ``{facts, font_dirs, template, seal, draft, pictures}``, and
prints ``{pdf (Base64), pages, pictures (PNG, Base64)}``, ``{fault}``, or ``{faults}`` of a template:
nothing of a paper is ever in a temporary file. The layout is ``paper.typ`` beside this module, or a
unit's own text, which reads no file and loads no package. A Chinese font that is not installed is a
failure: Typst itself would print boxes and only warn.
"""

import base64
import io
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from server.standards.template import PAGES_AT_MOST, TemplateFault, Why, lacking

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
BYTES_AT_MOST: Final = 8 * 1024 * 1024
"""Of a paper that a unit's own template draws."""
_PLACE: Final = "/tmp"  # noqa: S108 an empty folder of a random name, and no file
PICTURES_AT_MOST: Final = 6
PIXELS_AT_MOST: Final = 1600
"""Along the longer side of a picture."""
DRAFT: Final = "草稿"
_CLAIM: Final = (
    '#set page(foreground: { place(center + horizon, rotate(-35deg, text(font: "Noto Sans CJK SC", '
    'weight: "bold", size: 150pt, tracking: 0.3em, fill: luma(110).transparentize(84%))[草稿])); '
    'place(top + center, dy: 7mm, text(font: "Noto Sans CJK SC", size: 9pt, fill: luma(95))'
    "[草稿：没有加盖印章，不是正式文书]) });"
)
"""Before the first line of a layout, so that its lines keep their numbers: every page is marked as a draft."""
SEAL_INPUT: Final = "sys.inputs.seal"
_STAMP: Final = (
    "#set page(foreground: context if here().page() == counter(page).final().first() { place(bottom + right, "
    'dx: -34mm, dy: -30mm, image(bytes(sys.inputs.seal), format: "svg", width: 42mm, alt: "印章")) });'
)
"""Likewise: the seal on the last page of a layout that does not place it by itself."""
_NOWHERE: Final = "http://127.0.0.1:9"
"""Typst fetches packages over the network, through a proxy where one is named: this one answers nobody."""
_PROXIES: Final = (
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
)
_LINE: Final = re.compile(r"\.typ:(\d+):\d+")
_SAID: Final[tuple[tuple[str, Why], ...]] = (
    (r"unclosed .*", "unclosed"),
    (r"unknown variable: (.+)", "unknown_name"),
    (r".*does not contain key (.+)", "unknown_key"),
    (r"unknown font family: (.+)", "font"),
    (r".*package.*", "package"),
    (r"(?:file not found|failed to load|path |access denied|cannot access).*", "file"),
    (r"panicked with: (.+)", "panicked"),
    (r"assertion failed:? ?(.*)", "panicked"),
    (r"(?:maximum .*depth|condition is always|loop seems|array is too).*", "endless"),
    (r"((?:un)?expected .+)", "expected"),
)
"""What Typst says, and what that is called here; the group is what it is about."""


class Unfit(Exception):
    """A template that cannot be used, and why."""

    def __init__(self, *faults: TemplateFault) -> None:
        super().__init__(", ".join(fault.why for fault in faults))
        self.faults = faults


def missing_fonts(font_dirs: Sequence[str] = ()) -> list[str]:
    """The families that the layout needs and that none of these folders (or the known ones) has."""
    return _missing(_fonts(font_dirs))


@contextmanager
def _off_the_network() -> Iterator[None]:
    """Proxies that answer nobody, for as long as Typst is asked; afterwards the process has those of before."""
    before = {name: os.environ.get(name) for name in _PROXIES}
    os.environ.update(dict.fromkeys(_PROXIES, _NOWHERE))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@_off_the_network()
def draw(
    facts: dict[str, Any],
    font_dirs: Sequence[str] = (),
    template: str | None = None,
    *,
    seal: str = "",
    draft: bool = False,
) -> tuple[bytes, int]:
    """The PDF (PDF/A-2u) of a paper and how many pages it has, by this template or by ``paper.typ``.

    ``seal`` is the picture of the seal that is put on it afterwards (SVG); a ``draft`` is marked so on each page.
    ValueError: a font is missing. Unfit: the template has a fault, does not say what has to stand
    on the paper, or makes more than 60 pages or 8 MiB of it.
    """
    import pypdfium2  # type: ignore[import-untyped]
    import typst

    # to look through all fonts takes as long as to set the paper: once
    fonts = _fonts(font_dirs)
    if missing := _missing(fonts):
        raise ValueError(f"fonts missing: {', '.join(missing)}")
    signature = facts.get("signature")
    told = {**facts, "signature": signature and {**signature, "strokes": None}}
    text = LAYOUT.read_text(encoding="utf-8") if template is None else template
    floats = bool(seal) and SEAL_INPUT not in text
    layout = ((_CLAIM if draft else _STAMP if floats else "") + text).encode()
    with _nothing() as root:
        compiler = typst.Compiler(
            layout,
            root=root,
            font_paths=fonts,
            ignore_system_fonts=True,
            sys_inputs={
                "facts": json.dumps(told, ensure_ascii=False),
                "seal": seal,
                "ink": ink(signature) if signature else "",
                "code": code(read)
                if (read := facts.get("enquiry") or facts["case_number"])
                else "",
            },
            package_path=root,
            package_cache_path=root,
        )
    try:
        pdf, warnings = compiler.compile_with_warnings(
            format="pdf", pdf_standards="a-2u", timestamp=int(facts["made_epoch_s"])
        )
    except typst.TypstError as error:
        if template is None:
            raise
        raise Unfit(_fault(error)) from None
    if warnings and template is None:
        raise ValueError("; ".join(warning.message for warning in warnings))
    if warnings:
        raise Unfit(*map(_fault, warnings))
    assert isinstance(pdf, bytes)
    if template is not None and len(pdf) > BYTES_AT_MOST:
        raise Unfit(TemplateFault(0, "too_big"))
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = len(document)
        if template is not None:
            if pages > PAGES_AT_MOST:
                raise Unfit(TemplateFault(0, "too_long"))
            text = "".join(page.get_textpage().get_text_range() for page in document)
            if lacks := lacking(text, facts, pages):
                raise Unfit(*(TemplateFault(0, "lacks", one) for one in lacks))
            if draft and DRAFT not in text:
                raise Unfit(TemplateFault(0, "lacks", "draft"))
        return pdf, pages
    finally:
        document.close()


@contextmanager
def _nothing() -> Iterator[Path]:
    """A folder with nothing in it, for as long as Typst asks whether there is one: what a template
    wants to read is not there."""
    folder = Path(os.environ.get("TMPDIR", _PLACE)) / f"yunjian-paper-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o500)
    try:
        yield folder
    finally:
        folder.rmdir()


def _fault(said: Any) -> TemplateFault:
    """An error or a warning of Typst: its line, and what it is about."""
    line = _LINE.search(said.diagnostic)
    for pattern, why in _SAID:
        if found := re.fullmatch(pattern, said.message, re.DOTALL):
            name = found.group(1) if found.groups() else ""
            return TemplateFault(int(line.group(1)) if line else 0, why, name.strip('"`')[:200])
    return TemplateFault(int(line.group(1)) if line else 0, "other", said.message[:200])


def pictures(pdf: bytes) -> list[bytes]:
    """The first pages of a paper as PNG."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        made = []
        for number in range(min(len(document), PICTURES_AT_MOST)):
            out = io.BytesIO()
            scale = min(1.6, PIXELS_AT_MOST / max(document[number].get_size()))
            shown = document[number].render(scale=scale).to_pil().quantize(64, dither=0)
            shown.save(out, "PNG", optimize=True)
            made.append(out.getvalue())
        return made
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


def code(text: str) -> str:
    """The 办件编号, or the address at which the case is asked about, as a QR code in SVG."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def _fonts(font_dirs: Sequence[str]) -> Any:
    import typst

    folders = [one for one in (font_dirs or FONT_DIRS) if Path(one).is_dir()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _missing(fonts: Any) -> list[str]:
    there = set(fonts.families())
    return [family for family in FAMILIES if family not in there]


def main() -> None:
    """Draw the paper that is asked for on standard input; with ``--fonts`` tell which are missing."""
    asked = json.load(sys.stdin)
    if sys.argv[1:] == ["--fonts"]:
        json.dump({"missing": missing_fonts(asked["font_dirs"])}, sys.stdout)
        return
    try:
        pdf, pages = draw(
            asked["facts"],
            asked["font_dirs"],
            asked.get("template"),
            seal=asked.get("seal", ""),
            draft=asked.get("draft", False),
        )
        shown = pictures(pdf) if asked.get("pictures") else []
    except Unfit as unfit:
        json.dump({"faults": [asdict(one) for one in unfit.faults]}, sys.stdout)
        return
    except ValueError as error:
        json.dump({"fault": str(error)}, sys.stdout)
        return
    told = {"pdf": base64.b64encode(pdf).decode(), "pages": pages}
    json.dump(told | {"pictures": [base64.b64encode(one).decode() for one in shown]}, sys.stdout)


if __name__ == "__main__":
    main()
