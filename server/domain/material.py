"""Materials: versions within the lines of an item's list, their review, and what is still open.

The newest version of a line that was not cancelled counts; older ones stay in the record. How
bytes arrive, are probed and stored is not known here. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from server.domain.form import Hand
from server.domain.item import Line
from signaling.refusals import Code, Refusal

MaterialState = Literal["receiving", "stored", "rejected", "cancelled"]
Verdict = Literal["accepted", "returned", "not_needed"]
Review = Literal["none", "accepted", "returned", "not_needed"]


@dataclass(frozen=True)
class Material:
    """One version of one line. receiving < stored | rejected | cancelled."""

    id: str
    line: str
    number: int
    name: str
    state: MaterialState
    size_bytes: int
    by: str
    at: datetime
    media_type: str | None = None
    sha256: str | None = None
    pages: int | None = None
    rejected_code: str | None = None
    duplicate_of: str | None = None
    review: Review = "none"
    review_reason: str = ""
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None


def counting(materials: Iterable[Material], line: str) -> Material | None:
    """The version of that line that counts: the newest that was not cancelled."""
    versions = [one for one in materials if one.line == line and one.state != "cancelled"]
    return max(versions, key=lambda one: one.number, default=None)


def next_number(materials: Iterable[Material], line: str) -> int:
    """The number of the line's next version, from 1; cancelled versions keep theirs."""
    return max((one.number for one in materials if one.line == line), default=0) + 1


def settled(material: Material | None) -> bool:
    """Whether the approver is done with a line: its counting version is accepted or not needed."""
    return (
        material is not None
        and material.state == "stored"
        and material.review in ("accepted", "not_needed")
    )


def missing(lines: Sequence[Line], materials: Sequence[Material]) -> list[Line]:
    """Required lines without a stored counting version, in the order of the list."""
    return [
        line
        for line in lines
        if line.need == "required"
        and ((one := counting(materials, line.key)) is None or one.state != "stored")
    ]


def returned(lines: Sequence[Line], materials: Sequence[Material]) -> list[tuple[Line, Material]]:
    """Lines whose counting version was returned, required or not, in the order of the list."""
    counted = [(line, counting(materials, line.key)) for line in lines]
    return [(line, one) for line, one in counted if one is not None and one.review == "returned"]


def unsettled(lines: Sequence[Line], materials: Sequence[Material]) -> list[Line]:
    """Lines in the way of acceptance: required and not settled, or returned."""
    back = {line.key for line, _ in returned(lines, materials)}
    return [
        line
        for line in lines
        if line.key in back
        or (line.need == "required" and not settled(counting(materials, line.key)))
    ]


def points(lines: Sequence[Line], materials: Sequence[Material]) -> list[str]:
    """Every open point of a 补正 notice about materials, all at once (行政许可法 32), as sentences.

    Returned versions with their reason, and required lines of which nothing is stored.
    """
    reasons = {line.key: one.review_reason for line, one in returned(lines, materials)}
    absent = {line.key for line in missing(lines, materials)}
    return [
        f"{line.name}：{reasons[line.key]}" if line.key in reasons else f"缺少：{line.name}"
        for line in lines
        if line.key in reasons or line.key in absent
    ]


def reviewed(
    materials: Sequence[Material],
    material_id: str,
    verdict: Verdict,
    reason: str,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
) -> Material:
    """The material after the approver's verdict; a later verdict replaces an earlier one.

    Refused: ``case_closed``, ``not_yours`` (not the approver), ``not_found``,
    ``material_not_stored``, ``stale`` (a newer version of the line counts), ``reason_missing``
    (returned without one).
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if who.side != "approver":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    material = next((one for one in materials if one.id == material_id), None)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id, state=material.state)
    if (current := counting(materials, material.line)) and current.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=current.id)
    if verdict == "returned" and not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    return replace(
        material,
        review=verdict,
        review_reason=reason.strip(),
        reviewed_by=who.person_id,
        reviewed_at=at,
    )
