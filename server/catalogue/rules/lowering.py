"""What of a form becomes readable for more people: fields that were sensitive and are to be no more.

A field is known by its name and by its label; and since both can be changed in one edit, a sensitive one
that goes while another of its kind comes counts as the same. Numbers of people are sensitive by what they
are. Whether somebody may do it is not asked here. Pure.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.catalogue.rules.item import Field, Kind

LoweringState = Literal["waiting", "agreed", "declined", "withdrawn", "outdated"]
"""``outdated``: another version of the item was published while it waited."""
_NATURAL: Final[frozenset[Kind]] = frozenset({"identity_number", "phone"})
_BY_PLACE: Final = re.compile(r"f\d+", re.ASCII)
"""How an import names fields: by their place in the list, which another field may take."""


@dataclass(frozen=True)
class Lowered:
    """A field that would leave unmasked; ``path`` is its name, or ``group.column``."""

    path: str
    label: str


@dataclass(frozen=True)
class _Spot:
    path: str
    label: str
    kind: Kind
    sensitive: bool


def lowered(before: Sequence[Collection[Field]], after: Collection[Field]) -> list[Lowered]:
    """What a form shows that forms ``before`` it masked, or that are numbers of people; nothing for the
    first form of an item."""
    if not before:
        return []
    now = list(_spots(after))
    open_now = [one for one in now if not one.sensitive]
    found: dict[str, _Spot] = {}
    for form in before:
        had = {one.path: one for one in _spots(form)}
        for was in had.values():
            if was.sensitive:
                found |= {one.path: one for one in _shown(was, had, now)}
    known = {(one.path, one.kind) for form in before for one in _spots(form) if not one.sensitive}
    found |= {
        one.path: one
        for one in open_now
        if one.kind in _NATURAL and (one.path, one.kind) not in known
    }
    return [Lowered(one.path, one.label) for one in now if one.path in found]


def _shown(was: _Spot, had: Collection[str], now: Sequence[_Spot]) -> list[_Spot]:
    """Where what stood in a sensitive field would stand open."""
    labelled = [one for one in now if one.label == was.label]
    moved = _BY_PLACE.fullmatch(was.path) and any(one.sensitive for one in labelled)
    named = [one for one in now if one.path == was.path and not (moved and one not in labelled)]
    same = [*labelled, *named] or [
        one for one in now if one.kind == was.kind and one.path not in had
    ]
    return [one for one in same if not one.sensitive]


def _spots(form: Collection[Field]) -> Iterator[_Spot]:
    for one in form:
        yield _Spot(one.name, _label(one), one.kind, one.sensitive)
        for cell in one.columns:
            yield _Spot(f"{one.name}.{cell.name}", _label(cell), cell.kind, cell.sensitive)


def _label(field: Field) -> str:
    return "".join(field.label.split())
