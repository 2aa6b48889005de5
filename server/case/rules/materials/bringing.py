"""Where a file comes to: who may bring it now, in which slot of which line, and that it is put elsewhere. Pure."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from typing import Final

from server.case.rules.materials.judging import unsaid
from server.case.rules.materials.material import Material, Purpose, Sender, current, in_slot
from server.catalogue.rules.item import OTHER_LINE, Item
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

FROM_WINDOW: Final[frozenset[Purpose]] = frozenset({"material", "page"})
"""What the window brings: materials, and pages of a phone that are yet to become one."""
AFTER_CLOSING: Final[frozenset[Purpose]] = frozenset({"notice", "result"})
"""What the approver still sends when the case is decided."""
NEW_SLOT: Final = 0
"""A file that stands beside those of its line."""
VERSIONS_AT_MOST: Final = 200
"""Of one line of one case, those given up included: the whole case is read with each act."""


def sent(
    item: Item,
    materials: Sequence[Material],
    line: str,
    purpose: Purpose,
    answers: str | None,
    who: Hand,
    *,
    closed: bool,
    owed: Set[str] = frozenset(),
) -> Sender:
    """Judge whether a file may come now, and give whose it is.

    The window brings materials, one of which may return a file of the approver's (``answers``), and
    pages, of which materials are made; the approver sends everything else. What may come after the
    decision is told by ``follows``; ``owed`` are lines whose materials may follow acceptance. Refused:
    ``not_yours``, ``case_closed``, ``line_unknown``, ``not_found`` (``answers`` names no file that
    the approver sent), ``throttled`` (200 versions of the line).
    """
    if not who.handles(f"line:{line}"):
        raise Refusal(Code.NOT_YOURS)
    sender: Sender = "window" if who.fills else "approver"
    if (purpose in FROM_WINDOW) is not (sender == "window") or (answers and purpose != "material"):
        raise Refusal(Code.NOT_YOURS, purpose=purpose)
    if closed and not follows(purpose, line, owed):
        raise Refusal(Code.CASE_CLOSED)
    if line != OTHER_LINE and item.line(line) is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if answers is not None and not any(
        one.id == answers and one.side == "approver" and one.state == "stored" for one in materials
    ):
        raise Refusal(Code.NOT_FOUND, material=answers)
    if sum(one.line == line for one in materials) >= VERSIONS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return sender


def follows(purpose: Purpose, line: str, owed: Set[str]) -> bool:
    """Whether such a file may come to a decided case: notices and results, materials of owed lines, and
    while any is owed pages, which are on no line: one material is made of them."""
    match purpose:
        case "material":
            return line in owed
        case "page":
            return bool(owed)
        case _:
            return purpose in AFTER_CLOSING


def placed(
    item: Item, materials: Sequence[Material], line: str, purpose: Purpose, slot: int | None
) -> int:
    """The slot for a file that comes to a line: beside its files (``NEW_SLOT``), or as the next version
    in one that is there or has a name. None: the first that is named and empty, else the next version of
    the line's first file; on no line beside the others. Refused: ``not_found`` (no such slot)."""
    if purpose != "material":
        return 1
    names = _slots_of(item, line)
    here = {one.slot for one in materials if one.line == line and one.purpose == "material"}
    held = [one.slot for one in current(materials, line)]
    if slot is not None and slot != NEW_SLOT:
        if slot not in here and slot > len(names):
            raise Refusal(Code.NOT_FOUND, slot=slot)
        return slot
    free = next((one for one in range(1, len(names) + 1) if one not in held), None)
    if free is not None:
        return free
    if slot is None and line != OTHER_LINE:
        return min(held, default=1)
    return max((*here, len(names)), default=0) + 1


def _slots_of(item: Item, line: str) -> tuple[str, ...]:
    found = item.line(line)
    return found.slots if found else ()


def next_number(materials: Iterable[Material], line: str) -> int:
    """The number of the line's next file, from 1; cancelled versions keep theirs."""
    return max((one.number for one in materials if one.line == line), default=0) + 1


def moved(
    item: Item,
    materials: Sequence[Material],
    material_id: str,
    line: str,
    slot: int | None,
    who: Hand,
    *,
    closed: bool,
) -> list[Material]:
    """A file with all its versions on another line, in a slot of its own there; or, within its line, in
    the slot that is named, whose file comes to where it was.

    Gives those that changed. What the approver said of the version that counts was about its being in
    that line: it begins anew; what he said of older ones, its grade and what was drawn on it stay. Refused: ``case_closed``,
    ``not_yours`` (who only watches, a file of the approver's), ``not_found`` (it, or the slot),
    ``line_unknown``, ``material_not_stored`` (one of its versions still arrives, or none was stored),
    ``malformed`` (where it is already), ``throttled`` (200 versions of the line).
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    material = next((one for one in materials if one.id == material_id), None)
    places = {f"line:{line}", f"line:{material.line}" if material else ""}
    if not all(map(who.handles, places)):
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.purpose != "material":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if line != OTHER_LINE and item.line(line) is None:
        raise Refusal(Code.LINE_UNKNOWN)
    whole = _versions(materials, material.line, material.slot)
    states = {one.state for one in whole}
    if "receiving" in states or "stored" not in states:
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id)
    if line != material.line:
        if sum(one.line == line for one in materials) + len(whole) > VERSIONS_AT_MOST:
            raise Refusal(Code.THROTTLED)
        to = placed(item, materials, line, "material", NEW_SLOT)
        first = next_number(materials, line)
        there = [
            replace(one, line=line, slot=to, number=first + at) for at, one in enumerate(whole)
        ]
        return _unjudged(there)
    if slot is None or slot == material.slot:
        raise Refusal(Code.MALFORMED, fields="line")
    to = placed(item, materials, line, "material", slot)
    swapped = _versions(materials, line, to)
    if any(one.state == "receiving" for one in swapped):
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id)
    return [
        *_unjudged([replace(one, slot=to) for one in whole]),
        *_unjudged([replace(one, slot=material.slot) for one in swapped]),
    ]


def _versions(materials: Iterable[Material], line: str, slot: int) -> list[Material]:
    """All of the window's in a slot, the oldest first."""
    found = [
        one
        for one in materials
        if one.line == line and one.slot == slot and one.purpose == "material"
    ]
    return sorted(found, key=lambda one: one.number)


def _unjudged(versions: list[Material]) -> list[Material]:
    counts = in_slot(versions, versions[0].line, versions[0].slot) if versions else None
    return [unsaid(one) if one is counts else one for one in versions]
