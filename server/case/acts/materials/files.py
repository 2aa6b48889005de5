"""Files as materials of a case: begun, judged, stored or rejected, given up; and found to be read.

Every way in uses these, whoever brings the bytes: a row ``receiving`` first, then the whole file is
judged, then one transaction makes it ``stored`` or ``rejected``. How bytes arrive is in
``server.uploads.acts.uploads``. Knows no HTTP.
"""

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from server.case import rows
from server.case.acts.course.numbers import receive
from server.case.admission import header, reader_of
from server.case.rows import material as material_rows
from server.case.rows import origin_json
from server.case.rules.case import Case
from server.case.rules.materials.bringing import follows, next_number, placed, sent
from server.case.rules.materials.material import Material, Purpose
from server.case.turn import CaseTurn
from server.case.views import material_view
from server.case.wire.materials import MaterialChanged, MaterialView
from server.jobs.runner import enqueue
from server.people.rows.people import person_refs
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.seen import Audience, sees
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store.files import head_of
from server.store.subject import Told, Turn
from server.work import probe
from server.work.child import JUDGING, JUDGING_PDF, Children, JobFailed, WallsFell
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import PersonRef

NAME_MAX: Final = 255
ENDING_MAX: Final = 20
ENDING: Final = re.compile("[A-Za-z][A-Za-z0-9]{1,4}")
COPY_KIND: Final = "viewed_copy"
"""The job that makes the copy of a stored file."""
FOR_APPLICANT: Final = frozenset(
    {"material.begin", "material.store", "material.reject", "material.cancel", "case.take_earlier"}
)
"""What the clerk does in the applicant's name."""


@dataclass(frozen=True, slots=True)
class MaterialContent:
    """A stored file of a material that may be read: its copy, or the original."""

    material: Material
    case_id: str
    name: str
    sha256: str
    media_type: str
    size_bytes: int


async def begin(
    change: Change,
    actor: Actor,
    case_id: str,
    line: str,
    name: str,
    size_bytes: int,
    *,
    purpose: Purpose = "material",
    answers: str | None = None,
    slot: int | None = None,
) -> Material:
    """A new version of that line, ``receiving`` from now on. Refused as in
    ``server.case.rules.materials.bringing.sent`` and ``placed``, and not_found (a case that is not his)."""
    turn = await CaseTurn.begin(change, actor, case_id)
    case = turn.case
    side = sent(
        case.item,
        case.materials,
        line,
        purpose,
        answers,
        turn.hand,
        closed=not case.fillable and not case.takes_shown(line),
        owed=case.owed,
    )
    material = Material(
        id=new_id(),
        line=line,
        number=next_number(case.materials, line),
        slot=placed(case.item, case.materials, line, purpose, slot),
        name=clean_name(name),
        state="receiving",
        size_bytes=size_bytes,
        by=actor.person_id,
        at=change.at,
        side=side,
        purpose=purpose,
        answers=answers,
        version=turn.version,
    )
    turn.keep(with_material(case, material))
    await turn.tell("material.begin", changed(turn, "material.begin", material, turn.people))
    return material


async def judge(
    store: Store, children: Children, path: Path
) -> tuple[Mapping[str, Any], str | None]:
    """What a whole file is, as ``settle`` takes it, and its SHA-256 in the blob store; None, and
    not kept, when it is refused. The file is read-only afterwards and stays where it lies. Refused:
    ``busy`` when it cannot be judged now."""
    await asyncio.to_thread(path.chmod, 0o400)
    try:
        head = await asyncio.to_thread(head_of, path, probe.HEAD_BYTES)
        limits = JUDGING_PDF if probe.media_type_of(head) == probe.PDF else JUDGING
        found = await children.run(probe.__name__, str(path), limits=limits, reads=[path])
    except WallsFell:
        raise Refusal(Code.BUSY) from None
    except JobFailed:
        found = {"code": Code.FILE_BROKEN.value}
    return found, None if "code" in found else await store.blobs.put(path)


async def settle(
    change: Change,
    case_id: str,
    material_id: str,
    found: Mapping[str, Any],
    sha256: str | None,
    size_bytes: int | None,
    *,
    scanned: bool = False,
) -> Code | None:
    """The material of a case that is locked becomes stored, or rejected with the code that is
    returned. ``size_bytes`` None: as it was announced. With ``scanned`` nothing of it is shown before
    a scanner has found it clean. Asks for the copy that people look at; with the first material the case
    gets its 收件号."""
    turn = await CaseTurn.open(change, case_id)
    case = turn.case
    materials = case.materials
    before = next(one for one in materials if one.id == material_id)
    size = before.size_bytes if size_bytes is None else size_bytes
    code = Code(found["code"]) if "code" in found else None
    open_ = case.fillable or case.takes_shown(before.line)
    if code is None and not open_ and not follows(before.purpose, before.line, case.owed):
        code = Code.CASE_CLOSED
    if code is not None:
        after = replace(before, state="rejected", rejected_code=code.value, size_bytes=size)
        act = "material.reject"
    else:
        same = next((one.id for one in materials if one.sha256 == sha256), None)
        after = replace(
            before,
            state="stored",
            size_bytes=size,
            media_type=found["media_type"],
            pages=found["pages"],
            sha256=sha256,
            duplicate_of=same,
            grade="C" if before.purpose == "material" else None,
            viewed_state="locked" if scanned else "making",
            viewed_fault="waiting" if scanned else "",
            scan="waiting" if scanned else "off",
        )
        act = "material.store"
    turn.keep(with_material(case, after))
    told = changed(turn, act, after, turn.people)
    if code is None:

        async def then() -> None:
            await ask_copy(change, case_id, after)
            if after.purpose == "material" and after.side == "window":
                await receive(turn)

        unsigned = after.purpose == "material" and case.fillable
        told = replace(
            told,
            beside=[rows.outdated_signatures(case_id)] if unsigned else [],
            then=then,
        )
    await turn.tell(act, told)
    return code


async def give_up(change: Change, case_id: str, material_id: str, act: str) -> None:
    """The material of a case that is locked stands as cancelled, for the act's reason."""
    turn = await Turn.of(change, of_case(case_id))
    found = await material_rows.find_material(change.connection, material_id)
    assert found is not None
    await tell_changed(turn, act, replace(found[0], state="cancelled"))


async def ask_copy(change: Change, case_id: str, material: Material) -> None:
    """Ask in this transaction for the copy of a material as it stands now."""
    await enqueue(change, COPY_KIND, of_case(case_id), {"case": case_id, "material": material.id})


async def find(
    store: Store, actor: Actor, material_id: str, *, afterwards: bool = False
) -> tuple[Material, str, Audience]:
    """A material that this person may see, its case's id, and as which audience he sees it;
    ``afterwards`` also for a supervisor whose unit has passed the case on since. Refused: not_found."""
    async with store.read() as connection:
        found = await material_rows.find_material(connection, material_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        material, case_id = found
        if afterwards:
            audience = await reader_of(connection, actor, case_id, f"material:{material_id}")
        else:
            _, audience = await header(connection, actor, case_id)
    if not sees(MaterialView.seen, material, audience):
        raise Refusal(Code.NOT_FOUND)
    return material, case_id, audience


def clean_name(name: str) -> str:
    """A file name to be shown: its last part, NFC, without control characters, up to 255 bytes of
    UTF-8, which is what file systems take; what is too long loses of its middle and keeps its ending."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    if len(shown.encode()) > NAME_MAX:
        stem, dot, ending = shown.rpartition(".")
        told = dot + ending if stem and len(ending) <= ENDING_MAX else ""
        room = NAME_MAX - len(told.encode())
        shown = shown.encode()[:room].decode(errors="ignore").rstrip(" .") + told
    return shown or "file"


def offered_name(name: str, media_type: str) -> str:
    """The name under which a file is given out: with an ending of its type, whatever it came with."""
    stem, _, ending = name.rpartition(".")
    endings = probe.ENDINGS[media_type]
    if stem and ending.lower() in endings:
        return name
    # What is like an ending is one; of 关于2.5 the number is part of the name.
    replaced = stem if stem and ENDING.fullmatch(ending) else name
    return clean_name(f"{replaced}.{endings[0]}")


def with_material(case: Case, material: Material) -> Case:
    """The case with this material in the place of what has its id, or behind the others."""
    if all(one.id != material.id for one in case.materials):
        return replace(case, materials=(*case.materials, material))
    others = [material if one.id == material.id else one for one in case.materials]
    return replace(case, materials=tuple(others))


async def tell_changed(turn: Turn, act: str, material: Material) -> None:
    """Write a material of a case that was not read whole, and tell of it."""
    named = (material.by, material.reviewed_by, material.graded_by)
    people = await person_refs(turn.connection, {one for one in named if one})
    told = changed(turn, act, material, people)
    await turn.tell(act, replace(told, beside=[rows.changed_material(material)]))


def changed(turn: Turn, act: str, material: Material, people: Mapping[str, PersonRef]) -> Told:
    """That a material was changed."""
    by_hand = isinstance(turn.change.actor, Actor) and material.side == "window"
    return Told(
        MaterialChanged(**turn.stamp, material=material_view(material, people)),
        f"material:{material.id}",
        {
            "line": material.line,
            "number": material.number,
            "slot": material.slot,
            "name": material.name,
            "state": material.state,
            "size_bytes": material.size_bytes,
            "media_type": material.media_type,
            "sha256": material.sha256,
            "pages": material.pages,
            "rejected_code": material.rejected_code,
            "side": material.side,
            "purpose": material.purpose,
            "answers": material.answers,
            "grade": material.grade,
            "grade_note": material.grade_note,
            "viewed_state": material.viewed_state,
            "viewed_sha256": material.viewed_sha256,
            "viewed_fault": material.viewed_fault,
            "scan": material.scan,
            **({"origin": origin_json(material.origin)} if material.origin else {}),
        },
        on_behalf_of=APPLICANT if by_hand and act in FOR_APPLICANT else None,
    )
