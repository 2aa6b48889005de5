"""The picture of a round seal, drawn in outlines: a ring, a star, the unit's name around, what it is for below.

Size and parts follow 国发〔1999〕25号 (round, 42 mm, a star, the name from left to right in an arc). It is a
picture alone: what makes a seal hold is the signature behind it (``server.work.seals``).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from server.work.paper import FONT_DIRS

FILE: Final = "NotoSerifCJK-Bold.ttc"
FAMILY: Final = "Noto Serif CJK SC"
RED: Final = "#d0121b"
_SIZE: Final = 420.0
_CENTRE: Final = _SIZE / 2
_STAR: Final = 56.0
_EM_MAX: Final = 50.0
_ARC_MAX: Final = math.radians(252)


def engrave(name: str, purpose: str, below: str = "", font_dirs: Sequence[Path] = ()) -> str:
    """The picture as SVG, 420 units wide (42 mm), with a clear ground.

    FileNotFoundError: Noto Serif CJK SC Bold is in none of the folders (Debian: fonts-noto-cjk).
    """
    with _font(font_dirs) as font:
        drawn = [
            f'<circle cx="{_CENTRE:g}" cy="{_CENTRE:g}" r="203" fill="none" stroke="{RED}" stroke-width="10"/>',
            f'<path d="{_star()}"/>',
            *_around(font, name),
            *_line(font, purpose, 308, 40, 250),
            *_line(font, below, 352, 27, 190),
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE:g} {_SIZE:g}" fill="{RED}"'
        f' opacity="0.82">{"".join(drawn)}</svg>'
    )


class _Font:
    def __init__(self, font: Any) -> None:
        self.em = float(font["head"].unitsPerEm)
        self._names = font.getBestCmap()
        self._glyphs = font.getGlyphSet()

    def outline(self, letter: str) -> str:
        from fontTools.pens.svgPathPen import (  # type: ignore[import-untyped]
            SVGPathPen,
        )

        pen = SVGPathPen(self._glyphs, ntos=lambda number: f"{number:g}")
        name = self._names.get(ord(letter))
        if name is not None:
            self._glyphs[name].draw(pen)
        return str(pen.getCommands())

    def at(self, letter: str, where: str, width: float, height: float) -> str:
        """The letter around the point ``where`` (a transform), so wide and so high."""
        scale = f"scale({width / self.em:.4f} {-height / self.em:.4f})"
        middle = f"translate({-self.em / 2:g} {-self.em * 0.38:g})"
        return f'<path transform="{where} {scale} {middle}" d="{self.outline(letter)}"/>'


@contextmanager
def _font(font_dirs: Sequence[Path]) -> Iterator[_Font]:
    from fontTools.ttLib import TTCollection  # type: ignore[import-untyped]

    for folder in font_dirs or [Path(one) for one in FONT_DIRS]:
        for file in sorted(folder.rglob(FILE)) if folder.is_dir() else ():
            with TTCollection(file, lazy=True) as collection:
                for font in collection.fonts:
                    if FAMILY in (font["name"].getDebugName(number) for number in (1, 16)):
                        yield _Font(font)
                        return
    raise FileNotFoundError(f"no {FILE} in the folders with fonts (Debian: fonts-noto-cjk)")


def _around(font: _Font, name: str) -> list[str]:
    """The name from left to right over the star; letters of a long one are narrower."""
    radius = 165.0
    step = min(math.radians(21), _ARC_MAX / max(1, len(name)))
    width = min(_EM_MAX, step * radius * 0.98)
    first = -step * (len(name) - 1) / 2
    made = []
    for place, letter in enumerate(name):
        angle = first + step * place
        x, y = _CENTRE + radius * math.sin(angle), _CENTRE - radius * math.cos(angle)
        turned = f"translate({x:.1f} {y:.1f}) rotate({math.degrees(angle):.2f})"
        made.append(font.at(letter, turned, width, _EM_MAX))
    return made


def _line(font: _Font, text: str, y: float, em: float, most: float) -> list[str]:
    width = min(em, most / max(1, len(text)))
    first = _CENTRE - width * (len(text) - 1) / 2
    return [
        font.at(letter, f"translate({first + width * place:.1f} {y:g})", width, em)
        for place, letter in enumerate(text)
    ]


def _star() -> str:
    points = []
    for corner in range(10):
        radius = _STAR if corner % 2 == 0 else _STAR * 0.382
        angle = math.pi * corner / 5
        x = _CENTRE + radius * math.sin(angle)
        y = _CENTRE + 2 - radius * math.cos(angle)
        points.append(f"{x:.1f} {y:.1f}")
    return f"M{'L'.join(points)}Z"
