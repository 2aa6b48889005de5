"""Materials: versions within the lines of an item's list, their review, and what is still open.

The window brings materials. A line takes several files, each in a slot of its own (1, 2, …), with its
versions there: the newest of a slot that was neither cancelled nor rejected counts, the others stay in
the record. What is on no line is one file a slot. What the approver sends (blank forms, samples, guides,
notices, results) stands beside them and counts for nothing. How bytes arrive, are probed and stored is not known
here. Pure.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, assert_never

from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import OTHER_LINE, Item, Line
from server.rights.hand import Hand, Side
from server.standards.identifiers import mask_numbers
from signaling.refusals import Code, Refusal

MaterialState = Literal["receiving", "stored", "rejected", "cancelled"]
Verdict = Literal["accepted", "returned", "not_needed"]
Review = Literal["none", Verdict]
Judged = Literal["none", "some", "all"]
Purpose = Literal[
    "material", "page", "blank_form", "sample", "guide", "notice", "result", "snapshot"
]
"""What a file is for. ``material`` and ``page`` (a picture of a phone, of which a material is made)
come from the window; all others the approver sends. ``snapshot`` is what he took of the window's picture."""
Sender = Literal["window", "approver"]
Grade = Literal["A", "B", "C", "D"]
"""How far a copy is trusted (国办函〔2016〕108号): A given by the authority that issued it, B compared with
the original by a window, C uploaded and not compared, D made by the applicant, who answers for it."""
ViewedState = Literal["none", "making", "ready", "failed", "locked"]
"""Of the copy that people look at. ``locked``: nothing of the file is shown before a scan finds it clean."""
Scan = Literal["off", "waiting", "clean", "not_scanned"]
"""``off``: no scanner is configured; ``not_scanned``: over the scanner's limits, which is not clean."""

FROM_WINDOW: Final[frozenset[Purpose]] = frozenset({"material", "page"})
"""What the window brings: materials, and pages of a phone that are yet to become one."""
AFTER_CLOSING: Final[frozenset[Purpose]] = frozenset({"notice", "result"})
"""What the approver still sends when the case is decided."""
NEW_SLOT: Final = 0
"""A file that stands beside those of its line."""
VERSIONS_AT_MOST: Final = 200
"""Of one line of one case, those given up included: the whole case is read with each act."""


@dataclass(frozen=True)
class Origin:
    """Where a file came from that was taken over from an earlier case; ``at`` is when it was brought there."""

    case_id: str
    material_id: str
    item_name: str
    line_name: str
    """Empty for what was on no line."""
    place: str
    at: datetime


@dataclass(frozen=True)
class Material:
    """One version in one slot of a line. receiving < stored | rejected | cancelled.

    ``number`` is its place among all files of the line, in the order in which they came there.
    ``side`` sent it for ``purpose``; ``answers`` is the approver's file that it returns; ``version``
    is the case's version that brought it. ``sha256`` and ``media_type`` are of the sealed original;
    ``viewed_*`` tell of the copy that people look at, and ``viewed_fault`` why there is none.
    ``grade_note`` names, for grade A, the authority that issued the paper. ``origin`` is there when it
    was taken over from an earlier case.
    """

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
    side: Sender = "window"
    purpose: Purpose = "material"
    answers: str | None = None
    version: int = 0
    grade: Grade | None = None
    grade_note: str = ""
    graded_by: str | None = None
    graded_at: datetime | None = None
    viewed_state: ViewedState = "none"
    viewed_type: str | None = None
    viewed_sha256: str | None = None
    viewed_bytes: int | None = None
    viewed_fault: str = ""
    scan: Scan = "off"
    origin: Origin | None = None
    slot: int = 1


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
    match who.side:
        case "window" | "approver" as sender:
            pass
        case _:
            raise Refusal(Code.NOT_YOURS)
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


def in_slot(materials: Iterable[Material], line: str, slot: int) -> Material | None:
    """The version that counts in a slot: the newest of the window's that was not cancelled. One that
    was rejected counts only where no other came: it takes nothing away from the one before."""
    versions = [
        one
        for one in materials
        if one.line == line
        and one.slot == slot
        and one.purpose == "material"
        and one.state != "cancelled"
    ]
    taken = [one for one in versions if one.state != "rejected"]
    return max(taken or versions, key=lambda one: one.number, default=None)


def current(materials: Sequence[Material], line: str) -> list[Material]:
    """What counts of a line, by its slots. Files that were rejected count only where no other came,
    and of these the last."""
    slots = sorted({one.slot for one in materials if one.line == line})
    counting = [one for slot in slots if (one := in_slot(materials, line, slot)) is not None]
    taken = [one for one in counting if one.state != "rejected"]
    return taken or sorted(counting, key=lambda one: one.number)[-1:]


def next_number(materials: Iterable[Material], line: str) -> int:
    """The number of the line's next file, from 1; cancelled versions keep theirs."""
    return max((one.number for one in materials if one.line == line), default=0) + 1


def counted(item: Item, materials: Sequence[Material]) -> list[Material]:
    """What is stored of the window's files: the newest such version in each slot, by the lines of
    the list, then what is on no line, as it came. A version that still arrives, or was rejected, takes
    nothing away from the one before it."""
    newest: dict[tuple[str, int], Material] = {}
    for one in materials:
        if one.purpose == "material" and one.state == "stored":
            before = newest.get((one.line, one.slot))
            if before is None or before.number < one.number:
                newest[one.line, one.slot] = one
    listed = [
        newest[key, slot] for line in item.lines for key, slot in sorted(newest) if key == line.key
    ]
    counting = {one.id for one in newest.values()}
    others = [one for one in materials if one.line == OTHER_LINE and one.id in counting]
    return [*listed, *others]


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


def shown_name(name: str, side: Side) -> str:
    """The name of a file as this side may read it: whole at the window, without people's numbers elsewhere."""
    return name if side == "window" else mask_numbers(name)


def label(line: Line, material: Material, materials: Sequence[Material]) -> str:
    """What a file of a line is called, with nobody's number in it: the line, and which of its files
    where it has several."""
    if material.slot <= len(line.slots):
        return f"{line.name}（{line.slots[material.slot - 1]}）"
    beside = sum(one.state == "stored" for one in current(materials, line.key))
    return f"{line.name}（{mask_numbers(material.name)}）" if beside > 1 else line.name


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
    if who.side not in ("window", "approver"):
        raise Refusal(Code.NOT_YOURS, material=material_id)
    material = next((one for one in materials if one.id == material_id), None)
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
    return [_unsaid(one) if one is counts else one for one in versions]


def _unsaid(one: Material) -> Material:
    return replace(one, review="none", review_reason="", reviewed_by=None, reviewed_at=None)


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
    somebody else that would be taken back), ``not_found``,
    ``material_not_stored``, ``stale`` (a newer version of it counts), ``reason_missing``
    (returned without one), ``material_locked`` (accepted before a scan found it clean).
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if who.side != "approver":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    material = next((one for one in materials if one.id == material_id), None)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.purpose != "material":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id, state=material.state)
    newest = in_slot(materials, material.line, material.slot)
    if newest and newest.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=newest.id)
    if verdict == "none":
        if material.reviewed_by not in (None, who.person_id):
            raise Refusal(Code.NOT_YOURS, material=material_id)
        return _unsaid(material)
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
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if who.side != "window":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    material = next((one for one in materials if one.id == material_id), None)
    if material is None:
        raise Refusal(Code.NOT_FOUND, material=material_id)
    if material.purpose != "material":
        raise Refusal(Code.NOT_YOURS, material=material_id)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id, state=material.state)
    newest = in_slot(materials, material.line, material.slot)
    if newest and newest.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=newest.id)
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


def mark(material: Material, window: str, moment: str) -> list[str]:
    """What is laid over the copy that people look at, line by line; nothing over what is ungraded.

    ``window`` and ``moment`` are where and when it was graded or brought (国办函〔2016〕108号 gives the
    words of A and B).
    """
    match material.grade:
        case "A":
            said = f"A级 此件由{material.grade_note}提供，仅供办理政务服务事项时使用"
        case "B":
            said = "B级 此件经与原件核对无误，仅供办理政务服务事项时使用"
        case "C":
            said = "C级 用户上传，未经与原件核对"
        case "D":
            said = "D级 申请人自行制作并承诺真实"
        case None:
            return []
        case never:
            assert_never(never)
    return [said, f"{window}  {moment}"]
