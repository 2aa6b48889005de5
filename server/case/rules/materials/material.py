"""Materials: versions within the lines of an item's list, and which of them count.

The window brings materials. A line takes several files, each in a slot of its own (1, 2, …), with its
versions there: the newest of a slot that was neither cancelled nor rejected counts, the others stay in
the record. What is on no line is one file a slot. What the approver sends (blank forms, samples, guides,
notices, results) stands beside them and counts for nothing. How they come there is in ``bringing``, what is
said of them in ``judging``; how bytes arrive, are probed and stored is not known here. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from server.catalogue.rules.item import OTHER_LINE, Item, Line
from server.rights.hand import WorkingSide
from server.standards.identifiers import mask_numbers

MaterialState = Literal["receiving", "stored", "rejected", "cancelled"]
Verdict = Literal["accepted", "returned", "not_needed"]
Review = Literal["none", Verdict]
Judged = Literal["none", "some", "all"]
Purpose = Literal[
    "material", "page", "blank_form", "sample", "guide", "notice", "result", "snapshot"
]
"""What a file is for. ``material`` and ``page`` (a picture of a phone, of which a material is made)
come from the window; all others the approver sends. ``snapshot`` is what he took of the window's picture."""
Sender = WorkingSide
Grade = Literal["A", "B", "C", "D"]
"""How far a copy is trusted (国办函〔2016〕108号): A given by the authority that issued it, B compared with
the original by a window, C uploaded and not compared, D made by the applicant, who answers for it."""
ViewedState = Literal["none", "making", "ready", "failed", "locked"]
"""Of the copy that people look at. ``locked``: nothing of the file is shown before a scan finds it clean."""
Scan = Literal["off", "waiting", "clean", "not_scanned"]
"""``off``: no scanner is configured; ``not_scanned``: over the scanner's limits, which is not clean."""


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


def label(line: Line, material: Material, materials: Sequence[Material]) -> str:
    """What a file of a line is called, with nobody's number in it: the line, and which of its files
    where it has several."""
    if material.slot <= len(line.slots):
        return f"{line.name}（{line.slots[material.slot - 1]}）"
    beside = sum(one.state == "stored" for one in current(materials, line.key))
    return f"{line.name}（{mask_numbers(material.name)}）" if beside > 1 else line.name


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
            said = "未核对原件"
        case "D":
            said = "D级 申请人自行制作并承诺真实"
        case None:
            return []
        case never:
            assert_never(never)
    return [said, f"{window}  {moment}"]
