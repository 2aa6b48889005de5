"""What is said of the files of a line, and what is still open: the approver's word, the window's grade. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from server.case.rules.materials.material import (
    Grade,
    Judged,
    Material,
    Review,
    counted,
    current,
    in_slot,
    label,
)
from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import OTHER_LINE, Item, Line
from server.rights.hand import Hand
from server.standards.identifiers import mask_numbers
from signaling.refusals import Code, Refusal


def judged(item: Item, materials: Sequence[Material]) -> Judged:
    """How many of the files that count the approver has judged, whatever he said of them."""
    words = {one.review != "none" for one in counted(item, materials)}
    return "some" if len(words) > 1 else "all" if True in words else "none"


def settled(files: Sequence[Material]) -> bool:
    """Whether the approver is done with the files of a line: there are some, and each is accepted or
    not needed."""
    return bool(files) and all(
        one.state == "stored" and one.review in ("accepted", "not_needed") for one in files
    )


def there(files: Sequence[Material]) -> bool:
    """Whether a line holds something, and nothing of it still arrives."""
    return bool(files) and all(one.state == "stored" for one in files)


def lacking(line: Line, files: Sequence[Material]) -> list[str]:
    """The named slots of a line that hold no stored file, of those that count. A file of at least as
    many pages holds them all, and nothing lacks where the line is not needed."""
    stored = [one for one in files if one.state == "stored"]
    if any((one.pages or 1) >= len(line.slots) for one in stored):
        return []
    if stored and all(one.review == "not_needed" for one in stored):
        return []
    held = {one.slot for one in stored}
    return [name for slot, name in enumerate(line.slots, 1) if slot not in held]


def _whole(line: Line, files: Sequence[Material]) -> bool:
    return there(files) and not lacking(line, files)


def missing(lines: Sequence[Line], materials: Sequence[Material]) -> list[Line]:
    """Required lines without a stored file, of which one still arrives, or a named one lacks; in the
    order of the list."""
    return [
        line
        for line in lines
        if line.need == "required" and not _whole(line, current(materials, line.key))
    ]


def returned(lines: Sequence[Line], materials: Sequence[Material]) -> list[tuple[Line, Material]]:
    """Files that count and were returned, with their lines, required or not, in the order of the list."""
    return [
        (line, one)
        for line in lines
        for one in current(materials, line.key)
        if one.review == "returned"
    ]


def unsettled(lines: Sequence[Line], materials: Sequence[Material]) -> list[Line]:
    """Lines in the way of acceptance: required and not settled or not whole, or returned."""
    back = {line.key for line, _ in returned(lines, materials)}

    def done(line: Line) -> bool:
        files = current(materials, line.key)
        return settled(files) and _whole(line, files)

    return [
        line for line in lines if line.key in back or (line.need == "required" and not done(line))
    ]


def points(lines: Sequence[Line], materials: Sequence[Material]) -> list[Point]:
    """Every open point of a 补正 notice about materials, all at once (行政许可法 32).

    Returned files with their reason, required lines of which nothing is stored or a named file lacks,
    and what was returned of the files that are on no line.
    """
    back = [one for one in current(materials, OTHER_LINE) if one.review == "returned"]
    absent = {line.key for line in missing(lines, materials)}
    listed: list[Point] = []
    for line in lines:
        files = current(materials, line.key)
        reasons = [
            Point(_place(one), f"{label(line, one, materials)}：{one.review_reason}")
            for one in files
            if one.review == "returned"
        ]
        lacks = lacking(line, files) if line.key in absent else []
        listed += reasons
        if lacks and any(one.state == "stored" for one in files):
            listed += [
                Point(
                    f"line:{line.key}:{line.slots.index(name) + 1}", f"缺少：{line.name}（{name}）"
                )
                for name in lacks
            ]
        elif line.key in absent and not reasons:
            listed.append(Point(f"line:{line.key}", f"缺少：{line.name}"))
    return [
        *listed,
        *(Point(_place(one), f"{mask_numbers(one.name)}：{one.review_reason}") for one in back),
    ]


def _place(material: Material) -> str:
    """What a point about this file is about: its slot, whatever is brought there next."""
    return f"line:{material.line}:{material.slot}"


def awaited(lines: Sequence[Line], materials: Sequence[Material], about: str) -> bool:
    """Whether a notice's point about materials still waits, for a file or for the word about one that came.
    A file that was put elsewhere is asked for no more, unless its line has to hold one."""
    _, key, *slot = about.split(":")
    files = [one for one in current(materials, key) if one.state != "rejected"]
    there = [one for one in files if slot == [str(one.slot)]]
    if there or key == OTHER_LINE:
        return bool(there) and not settled(there)
    if files:
        return not settled(files)
    return any(one.key == key and one.need == "required" for one in lines)


def unsaid(one: Material) -> Material:
    """As before anybody judged it."""
    return replace(one, review="none", review_reason="", reviewed_by=None, reviewed_at=None)


def _counting(
    materials: Sequence[Material], material_id: str, may: Callable[[str], bool], *, closed: bool
) -> Material:
    """The material of an open case of which something may be said: stored, and the newest of its slot.

    ``may`` says of a place whether it is his who asks; the place of a file that is not there is empty, so
    that a stranger learns nothing of what is. Refused as ``reviewed`` and ``graded`` say.
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    material = next((one for one in materials if one.id == material_id), None)
    if not may(f"line:{material.line}" if material else ""):
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.purpose != "material":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id, state=material.state)
    newest = in_slot(materials, material.line, material.slot)
    if newest and newest.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=newest.id)
    return material


def reviewed(
    materials: Sequence[Material],
    material_id: str,
    verdict: Review,
    reason: str,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
) -> Material:
    """The material after the approver's verdict; a later verdict replaces an earlier one, and ``none``
    takes his own back.

    Refused: ``case_closed``, ``not_yours`` (not the approver, a file that he sent, or a word of
    somebody else that this takes back), ``not_found``,
    ``material_not_stored``, ``stale`` (a newer version of it counts), ``reason_missing``
    (returned without one), ``material_locked`` (accepted before a scan found it clean).
    """
    material = _counting(materials, material_id, who.judges, closed=closed)
    if verdict == "none":
        if material.reviewed_by not in (None, who.person_id):
            raise Refusal(Code.NOT_YOURS, material=material_id)
        return unsaid(material)
    if verdict == "accepted" and material.viewed_state == "locked":
        raise Refusal(Code.MATERIAL_LOCKED, material=material_id)
    if verdict == "returned" and not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    return replace(
        material,
        review=verdict,
        review_reason=reason.strip(),
        reviewed_by=who.person_id,
        reviewed_at=at,
    )


def graded(
    materials: Sequence[Material],
    material_id: str,
    grade: Grade,
    note: str,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
) -> Material:
    """The material after the window said how far it is trusted; a later word replaces an earlier one.

    B is 原件已核对: the window compared it with the original; C takes that back. Refused:
    ``case_closed``, ``not_yours`` (not the window, or no material of its), ``not_found``,
    ``material_not_stored``, ``stale`` (a newer version of it counts), ``reason_missing`` (A
    without the authority that issued it).
    """
    material = _counting(materials, material_id, lambda _: who.fills, closed=closed)
    if grade == "A" and not note.strip():
        raise Refusal(Code.REASON_MISSING)
    return replace(
        material,
        grade=grade,
        grade_note=note.strip() if grade == "A" else "",
        graded_by=who.person_id,
        graded_at=at,
        viewed_state="locked" if material.viewed_state == "locked" else "making",
        viewed_fault="",
    )
