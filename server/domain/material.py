"""Materials: versions within the lines of an item's list, their review, and what is still open.

The window brings materials; the newest version of a line that was neither cancelled nor rejected
counts, the others stay in the record. What the approver sends (blank forms, samples, guides,
notices, results) stands beside them and counts for nothing. How bytes arrive, are probed and stored is not known
here. Pure.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, assert_never

from server.domain.form import Hand
from server.domain.item import OTHER_LINE, Item, Line
from signaling.refusals import Code, Refusal

MaterialState = Literal["receiving", "stored", "rejected", "cancelled"]
Verdict = Literal["accepted", "returned", "not_needed"]
Review = Literal["none", "accepted", "returned", "not_needed"]
Purpose = Literal[
    "material", "page", "blank_form", "sample", "guide", "notice", "result", "snapshot"
]
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
    """One version of one line. receiving < stored | rejected | cancelled.

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


def counting(materials: Iterable[Material], line: str) -> Material | None:
    """The version of that line that counts: the newest of the window's that was not cancelled. One
    that was rejected counts only where no other came: it takes nothing away from the one before."""
    versions = [
        one
        for one in materials
        if one.line == line and one.purpose == "material" and one.state != "cancelled"
    ]
    taken = [one for one in versions if one.state != "rejected"]
    return max(taken or versions, key=lambda one: one.number, default=None)


def next_number(materials: Iterable[Material], line: str) -> int:
    """The number of the line's next version, from 1; cancelled versions keep theirs."""
    return max((one.number for one in materials if one.line == line), default=0) + 1


def counted(item: Item, materials: Sequence[Material]) -> list[Material]:
    """What is stored of the window's files: the newest such version of each line of the list, then
    all that is on no line, as it came. A version that still arrives, or was rejected, takes nothing
    away from the one before it."""
    stored = [one for one in materials if one.purpose == "material" and one.state == "stored"]
    newest = [
        max(
            (one for one in stored if one.line == line.key),
            key=lambda one: one.number,
            default=None,
        )
        for line in item.lines
    ]
    others = [one for one in stored if one.line == OTHER_LINE]
    return [one for one in (*newest, *others) if one is not None]


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

    Returned versions with their reason, required lines of which nothing is stored, and what was
    returned of the files that are on no line.
    """
    back = [
        one
        for one in materials
        if one.line == OTHER_LINE and one.purpose == "material" and one.review == "returned"
    ]
    reasons = {line.key: one.review_reason for line, one in returned(lines, materials)}
    absent = {line.key for line in missing(lines, materials)}
    listed = [
        f"{line.name}：{reasons[line.key]}" if line.key in reasons else f"缺少：{line.name}"
        for line in lines
        if line.key in reasons or line.key in absent
    ]
    return [*listed, *(f"{one.name}：{one.review_reason}" for one in back)]


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

    Refused: ``case_closed``, ``not_yours`` (not the approver, or a file that he sent), ``not_found``,
    ``material_not_stored``, ``stale`` (a newer version of the line counts), ``reason_missing``
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
    current = None if material.line == OTHER_LINE else counting(materials, material.line)
    if current and current.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=current.id)
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
    ``material_not_stored``, ``stale`` (a newer version of the line counts), ``reason_missing`` (A
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
    current = None if material.line == OTHER_LINE else counting(materials, material.line)
    if current and current.id != material.id:
        raise Refusal(Code.STALE, material=material_id, newer=current.id)
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
