"""Writing a case: as the difference of two, or one row of what belongs to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.domain.case import Case
from server.domain.checklist import Check
from server.domain.comment import Comment
from server.domain.form import Form, Proposal
from server.domain.material import Material
from server.domain.promise import Promise
from server.domain.saying import Saying
from server.domain.summary import Signature
from server.store import batch
from server.store.batch import Write
from server.store.cases.columns import (
    consent_json,
    decided_json,
    origin_json,
    promises_json,
    referrals_json,
    remarks_json,
    shown_json,
    submission_json,
)
from server.store.cases.reading import Connection, Draft
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
            state=case.state,
            mode=case.mode,
            item_id=case.item.id,
            unit_id=case.unit_id,
            window_id=case.window_id,
            window_unit_id=case.window_unit_id,
            clerk_id=case.clerk_id,
            applicant_name=case.applicant.name,
            identity_number=case.applicant.identity_number,
            phone=case.applicant.phone,
            credit_code=case.applicant.credit_code,
            consent=None,
            decision=None,
            call_id=None,
            corrections=0,
            created_at=case.created_at,
        )
    )


async def save(connection: Connection, before: Case, after: Case) -> None:
    """Write what a rule changed: the case's own row, its form, its materials."""
    changed = {
        name: value
        for name, value, old in (
            ("number", after.number, before.number),
            ("state", after.state, before.state),
            ("call_id", after.call_id, before.call_id),
            ("consent", consent_json(after.consent), consent_json(before.consent)),
            (
                "earlier_consent",
                consent_json(after.earlier_consent),
                consent_json(before.earlier_consent),
            ),
            ("decision", decided_json(after.decision), decided_json(before.decision)),
            ("corrections", after.corrections, before.corrections),
            ("owed_by", after.owed_by, before.owed_by),
            ("shown", shown_json(after.shown), shown_json(before.shown)),
            ("submission", submission_json(after.submission), submission_json(before.submission)),
            ("unit_id", after.unit_id, before.unit_id),
            ("referrals", referrals_json(after.referrals), referrals_json(before.referrals)),
        )
        if value != old
    }
    if changed:
        await connection.execute(cases.update().where(cases.c.id == after.id).values(changed))
    was = {one.id: one for one in before.materials}
    for one in after.materials:
        if was.get(one.id) != one:
            await save_material(connection, after.id, one, new=one.id not in was)
    await save_form(connection, after.id, before.form, after.form)


async def save_promises(connection: Connection, case_id: str, promises: Iterable[Promise]) -> None:
    """Write what is promised, whole."""
    await connection.execute(
        cases.update().where(cases.c.id == case_id).values(promises=promises_json(promises))
    )


async def save_form(connection: Connection, case_id: str, before: Form, after: Form) -> None:
    """Write ``changed_form``, in one go."""
    await batch.write(connection, changed_form(connection, case_id, before, after))


def changed_form(connection: Connection, case_id: str, before: Form, after: Form) -> list[Write]:
    """The entries (with their history), proposals and holds that differ, to be written."""
    writes: list[Write] = []

    def put(table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        statement = _upsert(connection.dialect.name, table, tuple(key), tuple(values))
        writes.append((statement, {**key, **values}))

    for name, entry in after.entries.items():
        if before.entries.get(name) == entry:
            continue
        put(
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
    was = {one.id: one for one in before.proposals}
    for one in after.proposals:
        if was.get(one.id) != one:
            put(
                proposals,
                {"id": one.id},
                {"case_id": case_id}
                | {
                    name: getattr(one, name)
                    for name in Proposal.__dataclass_fields__
                    if name != "id"
                },
            )
    for name in before.holds.keys() - after.holds.keys():
        writes.append((_DROP_HOLD, {"of": case_id, "at_field": name}))
    for name, hold in after.holds.items():
        if before.holds.get(name) != hold:
            put(
                field_holds,
                {"case_id": case_id, "field": name},
                {"person_id": hold.person_id, "expires_at": hold.expires_at},
            )
    return writes


async def save_material(
    connection: Connection, case_id: str, material: Material, *, new: bool
) -> None:
    """Write one version of one line, as a new row or over its own."""
    values = {name: getattr(material, name) for name in Material.__dataclass_fields__}
    values["origin"] = origin_json(material.origin)
    await connection.execute(
        materials.insert().values(values | {"case_id": case_id})
        if new
        else materials.update().where(materials.c.id == material.id).values(values)
    )


async def save_draft(
    connection: Connection, case_id: str, field: str, person_id: str, draft: Draft
) -> None:
    """Keep a person's unsaved value of a field; the one before is gone."""
    await _put(
        connection,
        field_drafts,
        {"case_id": case_id, "field": field, "person_id": person_id},
        {"value": draft.value, "base_version": draft.base_version, "at": draft.at},
    )


def dropped_draft(case_id: str, field: str, person_id: str) -> Write:
    """This person's unsaved value of the field is gone."""
    return _DROP_DRAFT, {"of": case_id, "at_field": field, "person": person_id}


async def add_saying(connection: Connection, case_id: str, saying: Saying) -> None:
    """Keep a new message."""
    values = {name: getattr(saying, name) for name in Saying.__dataclass_fields__}
    await connection.execute(sayings.insert().values(values | {"case_id": case_id}))


async def save_comment(connection: Connection, case_id: str, comment: Comment) -> None:
    """Write a thread, as a new row or over its own."""
    values = {name: getattr(comment, name) for name in Comment.__dataclass_fields__ if name != "id"}
    await _put(
        connection,
        comments,
        {"id": comment.id},
        values | {"case_id": case_id, "entries": remarks_json(comment)},
    )


async def save_check(connection: Connection, case_id: str, point: str, check: Check | None) -> None:
    """Write the word about a point of the checklist; None takes it away."""
    if check is None:
        await connection.execute(
            checks.delete().where(checks.c.case_id == case_id, checks.c.point == point)
        )
        return
    key = {"case_id": case_id, "point": point}
    values = {name: getattr(check, name) for name in Check.__dataclass_fields__ if name != "point"}
    await _put(connection, checks, key, values)


async def add_signature(
    connection: Connection, case_id: str, signature: Signature, strokes: Strokes
) -> None:
    """Keep a new signature with its picture."""
    values = {name: getattr(signature, name) for name in Signature.__dataclass_fields__}
    await connection.execute(
        signatures.insert().values(
            values
            | {
                "case_id": case_id,
                "width": strokes.width,
                "height": strokes.height,
                "strokes": strokes.strokes,
            }
        )
    )


def outdated_signatures(case_id: str) -> Write:
    """What was signed in this case is no longer what stands there."""
    return _OUTDATE_SIGNATURES, {"of": case_id}


async def outdate_signatures(connection: Connection, case_id: str) -> None:
    """Write ``outdated_signatures``."""
    await connection.execute(*outdated_signatures(case_id))


async def look(connection: Connection, case_id: str, version: int, at: datetime) -> None:
    """An approver sees the case as it is at this version: he opened it, or acted on it."""
    await connection.execute(
        cases.update()
        .where(cases.c.id == case_id)
        .values(looked={"at": at.isoformat(), "version": version})
    )


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


async def _put(
    connection: Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    statement = _upsert(connection.dialect.name, table, tuple(key), tuple(values))
    await connection.execute(statement, {**key, **values})


@cache
def _upsert(
    dialect: str, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in names}
    )
