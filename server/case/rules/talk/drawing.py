"""Strokes that window and approver draw on a document, in its own coordinates. Pure.

A stroke stays until it is cleared: everybody clears what he drew, the approver what all drew. The
approver may keep drawing to himself (only me). A stroke is no part of the document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from server.case.rules.materials.material import Material
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

STROKES_AT_MOST: Final = 500
"""Of one case, those that were cleared left out: the whole case is read with each opening."""
Whose = Literal["mine", "all"]


@dataclass(frozen=True)
class Drawing:
    """One stroke on one page: shares of its width and height, from the left and the top."""

    id: str
    material_id: str
    page: int
    points: tuple[tuple[float, float], ...]
    by: str
    at: datetime
    version: int


def may_draw(
    materials: Sequence[Material],
    material_id: str,
    there: Sequence[Drawing],
    only: str | None,
    who: Hand,
) -> Material:
    """The document, when this person may draw a stroke on it now. ``only`` is who keeps drawing to himself.

    Refused: ``not_yours`` (no side that draws, or another keeps it), ``not_found``,
    ``material_not_stored``, ``throttled`` (500 strokes in the case).
    """
    if not who.handles() or (only is not None and only != who.person_id):
        raise Refusal(Code.NOT_YOURS, material=material_id)
    material = next((one for one in materials if one.id == material_id), None)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id)
    if len(there) >= STROKES_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return material


def cleared(there: Sequence[Drawing], material_id: str, whose: Whose, who: Hand) -> list[Drawing]:
    """The strokes on that document that go. Refused: ``not_yours`` (no side that draws, or ``all`` and
    not the approver)."""
    if not who.handles() or (whose == "all" and not who.judges()):
        raise Refusal(Code.NOT_YOURS, material=material_id)
    return [
        one
        for one in there
        if one.material_id == material_id and (whose == "all" or one.by == who.person_id)
    ]


def kept_by(only_me: bool, who: Hand) -> str | None:
    """Who alone may draw from now on; None: everybody who guides. Refused: ``not_yours``."""
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    return who.person_id if only_me else None
