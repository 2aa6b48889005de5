"""Writing a case: as the difference of two, or one row of what belongs to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.case.rows.beside import Draft
from server.case.rows.columns import (
    Looked,
    consent_json,
    course_json,
    decided_json,
    looked_json,
    origin_json,
    promises_json,
    referrals_json,
    remarks_json,
    shown_json,
    submission_json,
)
from server.case.rows.joint import unit_tasks
from server.case.rows.reading import Connection
from server.case.rows.referred import new_referrals
from server.case.rules.applying import stored
from server.case.rules.case import Case
from server.case.rules.checklist import Check
from server.case.rules.course import sequels
from server.case.rules.form import FieldLock, Form, Proposal, SavedValue
from server.case.rules.materials.material import Material
from server.case.rules.summary import Signature
from server.case.rules.talk.comment import Comment
from server.case.rules.talk.saying import Saying
from server.standards.numbering import end_of
from server.store import batch
from server.store.batch import Write, added, put, replaced
from server.store.tables import (
    case_fields,
    case_serials,
    cases,
    checks,
    comments,
    field_drafts,
    field_history,
    field_holds,
    materials,
    proposals,
    sayings,
    signatures,
)

# Made once, as in reading.
_INSERT_HISTORY: Final = field_history.insert()
_INSERT_SIGNATURE: Final = signatures.insert()
_INSERT_SAYING: Final = sayings.insert()
_DROP_CHECK: Final = checks.delete().where(
    checks.c.case_id == sa.bindparam("of"), checks.c.point == sa.bindparam("at_point")
)
_DROP_HOLD: Final = field_holds.delete().where(
    field_holds.c.case_id == sa.bindparam("of"), field_holds.c.field == sa.bindparam("at_field")
)
_DROP_DRAFT: Final = field_drafts.delete().where(
    field_drafts.c.case_id == sa.bindparam("of"),
    field_drafts.c.field == sa.bindparam("at_field"),
    field_drafts.c.person_id == sa.bindparam("person"),
)
_OUTDATE_SIGNATURES: Final = (
    signatures.update()
    .where(signatures.c.case_id == sa.bindparam("of"), sa.not_(signatures.c.outdated))
    .values(outdated=True)
)


@dataclass(frozen=True, slots=True)
class Strokes:
    """The picture of a signature: x, y, pressure as shares, milliseconds since the first point."""

    width: int
    height: int
    strokes: list[list[tuple[float, float, float, int]]]


async def add(connection: Connection, case: Case) -> None:
    """Keep a new case, without entries."""
    await connection.execute(
        cases.insert().values(
            id=case.id,
            number=case.number,
            number_end=end_of(case.number),
            state=case.state,
            mode=case.mode,
            item_id=case.item.id or None,
            unit_id=case.unit_id,
            window_id=case.window_id,
            window_unit_id=case.window_unit_id,
            clerk_id=case.clerk_id,
            applicant_name=case.applicant.name,
            identity_number=case.applicant.identity_number,
            phone=case.applicant.phone,
            credit_code=case.applicant.credit_code,
            document=case.applicant.document,
            principal=stored(case.applicant.principal),
            consent=None,
            decision=None,
            call_id=None,
            corrections=0,
            created_at=case.created_at,
            due_on=case.due_on,
            turn=case.turn,
            course=course_json(case.course),
            owner_id=case.owner_id,
            sequel_of=sequels.stored(case.sequel_of),
        )
    )


async def save(connection: Connection, before: Case, after: Case) -> None:
    """Write ``changed_case``, in one go."""
    await batch.write(connection, changed_case(connection, before, after))


COLUMNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "number": lambda number: number,
    "state": lambda state: state,
    "call_id": lambda call_id: call_id,
    "unit_id": lambda unit_id: unit_id,
    "corrections": lambda corrections: corrections,
    "owed_by": lambda day: day,
    "consent": consent_json,
    "earlier_consent": consent_json,
    "decision": decided_json,
    "shown": shown_json,
    "submission": submission_json,
    "promises": promises_json,
    "referrals": referrals_json,
    "course": course_json,
    "owner_id": lambda owner_id: owner_id,
    "mode": lambda mode: mode,
    "due_on": lambda day: day,
    "turn": lambda side: side,
    "granted_on": lambda day: day,
    "receipt_number": lambda number: number,
}
"""Parts of a case that are a column of its row, and how each is written."""
ROWS: Final = frozenset(
    {"unit_tasks", "entries", "holds", "proposals", "materials", "comments", "checks"}
)
"""Parts that are rows of their own, which ``changed_case`` writes too."""
FIXED: Final = frozenset({
    "id", "clerk_id", "window_id", "window_unit_id", "created_at", "sequel_of",
})  # fmt: skip
"""What is as it was when the case was registered, or the consultation begun."""
REGISTERED: Final = frozenset({"item", "applicant"})
"""What a consultation gets when it becomes a case, each in columns of other names; see ``_registered``."""
BESIDE: Final = frozenset({"signature"})
"""What is kept by a function of its own, as it has more than a case tells of it."""


def changed_case(
    connection: Connection, before: Case, after: Case, looked: Looked | None = None
) -> list[Write]:
    """Every part in which two states of a case differ, to be written; no row is named twice.

    A part that a rule left alone is the same object: that is looked at first, and its content only where it
    is not. ``looked``: an approver saw the case, which stands in its own row.
    """
    row: dict[str, Any] = {}
    for name, written in COLUMNS.items():
        old, new = getattr(before, name), getattr(after, name)
        if new is not old and new != old:
            row[name] = written(new)
    if "number" in row:
        row["number_end"] = end_of(after.number)
    row |= _registered(before, after)
    if looked is not None:
        row["looked"] = looked_json(looked)
    writes = [_changed_row(after.id, row)] if row else []
    if after.materials is not before.materials:
        were = {one.id: one for one in before.materials}
        writes += [
            changed_material(one)
            if one.id in were
            else added(materials, _material_values(one) | {"case_id": after.id})
            for one in after.materials
            if were.get(one.id) != one
        ]
    if after.referrals is not before.referrals:
        writes += new_referrals(before, after)
    if after.unit_tasks is not before.unit_tasks:
        writes += unit_tasks.changed(after.id, before.unit_tasks, after.unit_tasks)
    if after.comments is not before.comments:
        threads = {one.id: one for one in before.comments}
        writes += [
            _written_comment(connection, after.id, one)
            for one in after.comments
            if threads.get(one.id) != one
        ]
    if after.checks is not before.checks:
        writes += [
            (_DROP_CHECK, {"of": after.id, "at_point": point})
            for point in before.checks.keys() - after.checks.keys()
        ]
        writes += [
            _written_check(connection, after.id, one)
            for point, one in after.checks.items()
            if before.checks.get(point) != one
        ]
    return writes + changed_form(connection, after.id, before, after)


def _registered(before: Case, after: Case) -> dict[str, Any]:
    """The columns of item and applicant, where a consultation became a case."""
    row: dict[str, Any] = {}
    if after.item is not before.item and after.item.id != before.item.id:
        row["item_id"] = after.item.id or None
    if after.applicant is not before.applicant and after.applicant != before.applicant:
        row["applicant_name"] = after.applicant.name
        row |= {
            name: getattr(after.applicant, name)
            for name in ("document", "identity_number", "phone", "credit_code")
        }
        row["principal"] = stored(after.applicant.principal)
    return row


def seen_by_approver(case_id: str, looked: Looked) -> Write:
    """An approver saw the case as it was at this version: he opened it, or acted on it."""
    return _changed_row(case_id, {"looked": looked_json(looked)})


class WithForm(Protocol):
    """What is filled in: a form, or the case that has it."""

    @property
    def entries(self) -> Mapping[str, SavedValue]: ...
    @property
    def holds(self) -> Mapping[str, FieldLock]: ...
    @property
    def proposals(self) -> tuple[Proposal, ...]: ...


async def save_form(connection: Connection, case_id: str, before: Form, after: Form) -> None:
    """Write ``changed_form``, in one go."""
    await batch.write(connection, changed_form(connection, case_id, before, after))


def changed_form(
    connection: Connection, case_id: str, before: WithForm, after: WithForm
) -> list[Write]:
    """The entries (with their history), proposals and holds that differ, to be written."""
    writes: list[Write] = []

    def add(table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        writes.append(put(connection, table, key, values))

    for name, entry in after.entries.items() if after.entries is not before.entries else ():
        if before.entries.get(name) == entry:
            continue
        add(
            case_fields,
            {"case_id": case_id, "field": name},
            {
                "value": entry.value,
                "version": entry.version,
                "by": entry.by,
                "on_behalf_of": entry.on_behalf_of,
                "at": entry.at,
            },
        )
        new = {
            "case_id": case_id,
            "version": entry.version,
            "field": name,
            "value": entry.value,
            "by": entry.by,
            "at": entry.at,
        }
        writes.append((_INSERT_HISTORY, new))
    if after.proposals is not before.proposals:
        was = {one.id: one for one in before.proposals}
        for one in after.proposals:
            if was.get(one.id) != one:
                names = (name for name in Proposal.__dataclass_fields__ if name != "id")
                values = {name: getattr(one, name) for name in names}
                add(proposals, {"id": one.id}, {"case_id": case_id} | values)
    if after.holds is not before.holds:
        for name in before.holds.keys() - after.holds.keys():
            writes.append((_DROP_HOLD, {"of": case_id, "at_field": name}))
        for name, hold in after.holds.items():
            if before.holds.get(name) != hold:
                add(
                    field_holds,
                    {"case_id": case_id, "field": name},
                    {"person_id": hold.person_id, "expires_at": hold.expires_at},
                )
    return writes


def changed_material(material: Material) -> Write:
    """One version of one line, over its own row."""
    return replaced(materials, _material_values(material))


def _material_values(material: Material) -> dict[str, Any]:
    values = {name: getattr(material, name) for name in Material.__dataclass_fields__}
    return values | {"origin": origin_json(material.origin)}


async def save_draft(
    connection: Connection, case_id: str, field: str, person_id: str, draft: Draft
) -> None:
    """Keep a person's unsaved value of a field; the one before is gone."""
    key = {"case_id": case_id, "field": field, "person_id": person_id}
    values = {"value": draft.value, "base_version": draft.base_version, "at": draft.at}
    await connection.execute(*put(connection, field_drafts, key, values))


def dropped_draft(case_id: str, field: str, person_id: str) -> Write:
    """This person's unsaved value of the field is gone."""
    return _DROP_DRAFT, {"of": case_id, "at_field": field, "person": person_id}


def new_saying(case_id: str, saying: Saying) -> Write:
    """A message is kept."""
    values = {name: getattr(saying, name) for name in Saying.__dataclass_fields__}
    return _INSERT_SAYING, values | {"case_id": case_id}


def _written_comment(connection: Connection, case_id: str, comment: Comment) -> Write:
    values = {name: getattr(comment, name) for name in Comment.__dataclass_fields__ if name != "id"}
    values |= {"case_id": case_id, "entries": remarks_json(comment)}
    return put(connection, comments, {"id": comment.id}, values)


def _written_check(connection: Connection, case_id: str, check: Check) -> Write:
    values = {name: getattr(check, name) for name in Check.__dataclass_fields__ if name != "point"}
    return put(connection, checks, {"case_id": case_id, "point": check.point}, values)


def new_signature(case_id: str, signature: Signature, strokes: Strokes) -> Write:
    """A new signature is kept with its picture."""
    values = {name: getattr(signature, name) for name in Signature.__dataclass_fields__}
    picture = {"width": strokes.width, "height": strokes.height, "strokes": strokes.strokes}
    return _INSERT_SIGNATURE, values | picture | {"case_id": case_id}


def outdated_signatures(case_id: str) -> Write:
    """What was signed in this case is no longer what stands there."""
    return _OUTDATE_SIGNATURES, {"of": case_id}


async def look(connection: Connection, case_id: str, version: int, at: datetime) -> None:
    """Write ``seen_by_approver``."""
    await connection.execute(*seen_by_approver(case_id, Looked(at, version)))


async def next_serial(connection: Connection, prefix: str, *, at_least: int = 1) -> int:
    """The next number of this prefix, from 1 or from ``at_least``; given once, and taken back by a rollback.

    Who comes second waits for the first's commit.
    """
    insert = _insert(connection, case_serials).values(prefix=prefix, last=at_least)
    after = case_serials.c.last + 1
    found = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[case_serials.c.prefix],
            set_={"last": sa.case((after < at_least, at_least), else_=after)},
        ).returning(case_serials.c.last)
    )
    serial: int = found.scalar_one()
    return serial


def _insert(connection: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _changed_row(case_id: str, values: Mapping[str, Any]) -> Write:
    return replaced(cases, {"id": case_id, **values})
