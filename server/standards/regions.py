"""行政区划 (GB/T 2260): which codes stand today, how places are called, what lies in what.

The table is that of python-stdnum, which keeps the years of each code; a code that was abolished
keeps its name and is not offered any more. Pure; read once.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from stdnum import numdb

from signaling.refusals import Code, Refusal

Level = Literal[1, 2, 3]
"""Province, prefecture, county."""

_NAMED: Final = re.compile(r"(?:\[(?:\d*)-(?P<until>\d*)\])?(?P<name>[^,\[]+)")
_FILLERS: Final = frozenset({"市辖区", "县", "省直辖县级行政单位", "自治区直辖县级行政单位"})
"""Headings of the table that are no place."""


@dataclass(frozen=True, slots=True)
class Region:
    """One code of the table. ``parent`` is empty for a province; ``current``: not abolished."""

    code: str
    name: str
    level: Level
    parent: str
    current: bool


@cache
def table() -> dict[str, Region]:
    """All regions by their six digits, abolished ones too, in the order of the standard."""
    raw: dict[str, tuple[str, bool]] = {}
    for _, province, _, properties, counties in numdb.get("cn/loc").prefixes:
        raw[f"{province}0000"] = (properties["province"], True)
        for _, rest, _, named, _ in counties:
            raw[province + rest] = _newest(named["county"])
    found: dict[str, Region] = {}
    for code, (name, current) in raw.items():
        level: Level = 1 if code.endswith("0000") else 2 if code.endswith("00") else 3
        above = f"{code[:4]}00" if level == 3 and f"{code[:4]}00" in raw else f"{code[:2]}0000"
        place = current and not (level == 3 and name in _FILLERS)
        found[code] = Region(code, name, level, "" if level == 1 else above, place)
    return found


def region(text: str, level: Level = 3) -> str:
    """Return the six digits of a region of today that goes down to ``level``, or as far as it goes.

    Refused: ``bad_region`` for a code nobody has, or has any more, and for one that is too wide.
    """
    code = re.sub(r"\s", "", text)
    known = table().get(code)
    if known is None or not known.current:
        raise Refusal(Code.BAD_REGION)
    if known.level < level and code in _parents():
        raise Refusal(Code.BAD_REGION, why="too_wide")
    return code


def name(code: str) -> str:
    """四川省 广安市 广安区; the code itself where nobody knows it."""
    names: list[str] = []
    known = table().get(code)
    while known is not None:
        if known.name not in _FILLERS or not names:
            names.append(known.name)
        known = table().get(known.parent)
    return " ".join(reversed(names)) or code


@cache
def _parents() -> frozenset[str]:
    """Codes that have something below them."""
    return frozenset(one.parent for one in table().values() if one.current and one.parent)


def _newest(text: str) -> tuple[str, bool]:
    """The last name that a code had, and whether it still has it: ``[-1991]东郊区,[1992-]东丽区``."""
    found = [(one["name"], one["until"]) for one in _NAMED.finditer(text)]
    standing = [one for one, until in found if not until]
    return (standing[-1], True) if standing else (found[-1][0], False)
