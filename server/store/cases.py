"""The case record as rows: read whole as the domain's Case, written as the difference of two.

Also the list of cases, the daily serial of the 办件编号, and drafts. Call inside Store.read or
Store.change; in a change lock ``case:<id>`` first. Rights are asked in server.actions.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.case import Applicant, Case, Consent, Decided
from server.domain.form import Entry, Form, Hold, Proposal
from server.domain.item import Item
from server.domain.material import Material, missing
from server.domain.working_days import Counted
from server.store.catalogue import ITEM_COLUMNS, item_of
from server.store.people import person_refs
from server.store.tables import (
    calls,
    case_fields,
    case_serials,
    cases,
    field_drafts,
    field_history,
    field_holds,
    items,
    legs,
    materials,
    proposals,
    units,
    windows,
)
from signaling.protocol import PersonRef

Connection = AsyncConnection
"""What the functions of this module take: ``Change.connection`` or what ``Store.read`` gives."""

_window_units = units.alias("window_units")
_JOINED = (
    cases.join(items, items.c.id == cases.c.item_id)
    .join(units, units.c.id == cases.c.unit_id)
    .join(windows, windows.c.id == cases.c.window_id)
    .join(_window_units, _window_units.c.id == cases.c.window_unit_id)
)
_PLACES = (
    units.c.name.label("unit_name"),
    units.c.place.label("place"),
    windows.c.name.label("window_name"),
    _window_units.c.name.label("window_unit_name"),
    _window_units.c.place.label("window_place"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """As much of a case as rights and ephemerals ask for."""

    id: str
    clerk_id: str
    window_unit_id: str
    unit_id: str
    state: str
    item: Item


@dataclass(frozen=True, slots=True)
class Record:
    """A case with the names of all who stand in it."""

    case: Case
    people: Mapping[str, PersonRef]
    window_name: str
    window_unit_name: str
    window_place: str
    unit_name: str
    place: str


@dataclass(frozen=True, slots=True)
class Draft:
    value: str
    base_version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list of cases. The counts are of lines of the material list."""

    id: str
    number: str | None
    state: str
    mode: str
    item: Item
    applicant_name: str
    clerk: PersonRef
    window_name: str
    window_unit_name: str
    window_place: str
    unit_id: str
    unit_name: str
    place: str
    call_id: str | None
    created_at: datetime
    decision: Decided | None
    materials_stored: int
    materials_required: int


# ---------------------------------------------------------------- read


async def find_header(connection: Connection, case_id: str) -> Header | None:
    found = await connection.execute(
        sa.select(
            cases.c.id,
            cases.c.clerk_id,
            cases.c.window_unit_id,
            cases.c.unit_id,
            cases.c.state,
            *ITEM_COLUMNS,
        )
        .select_from(cases.join(items, items.c.id == cases.c.item_id))
        .where(cases.c.id == case_id)
    )
    row = found.mappings().first()
    if row is None:
        return None
    return Header(
        id=row["id"],
        clerk_id=row["clerk_id"],
        window_unit_id=row["window_unit_id"],
        unit_id=row["unit_id"],
        state=row["state"],
        item=item_of(dict(row)),
    )


async def find(connection: Connection, case_id: str) -> Record | None:
    """The whole case as it stands in this transaction."""
    found = await connection.execute(
        sa.select(cases, *_PLACES, *ITEM_COLUMNS).select_from(_JOINED).where(cases.c.id == case_id)
    )
    row = found.mappings().first()
    if row is None:
        return None
    entries = {
        one.field: Entry(one.value, one.version, one.by, one.at, one.on_behalf_of)
        for one in await connection.execute(
            sa.select(case_fields)
            .where(case_fields.c.case_id == case_id)
            .order_by(case_fields.c.field)
        )
    }
    holds = {
        one.field: Hold(one.person_id, one.expires_at)
        for one in await connection.execute(
            sa.select(field_holds).where(field_holds.c.case_id == case_id)
        )
    }
    proposed = tuple(
        Proposal(**{name: one[name] for name in Proposal.__dataclass_fields__})
        for one in (
            await connection.execute(
                sa.select(proposals)
                .where(proposals.c.case_id == case_id)
                .order_by(proposals.c.at, proposals.c.id)
            )
        ).mappings()
    )
    case = Case(
        id=row["id"],
        number=row["number"],
        state=row["state"],
        mode=row["mode"],
        item=item_of(dict(row)),
        clerk_id=row["clerk_id"],
        window_id=row["window_id"],
        window_unit_id=row["window_unit_id"],
        applicant=Applicant(
            row["applicant_name"], row["identity_number"], row["phone"], row["credit_code"]
        ),
        consent=_consent(row["consent"]),
        entries=entries,
        holds=holds,
        proposals=proposed,
        materials=tuple(await list_materials(connection, [case_id])),
        decision=_decided(row["decision"]),
        call_id=row["call_id"],
        created_at=row["created_at"],
    )
    return Record(
        case=case,
        people=await person_refs(connection, _everyone(case)),
        **{
            name: row[name]
            for name in Record.__dataclass_fields__
            if name not in ("case", "people")
        },
    )


async def list_materials(connection: Connection, case_ids: Collection[str]) -> list[Material]:
    """All versions of all lines of these cases, in the order in which they came."""
    found = await connection.execute(
        sa.select(materials)
        .where(materials.c.case_id.in_(case_ids))
        .order_by(materials.c.at, materials.c.line, materials.c.number)
    )
    return [material_of(dict(row)) for row in found.mappings()]


def material_of(row: Mapping[str, Any]) -> Material:
    """The domain's Material of a row of ``materials``."""
    return Material(**{name: row[name] for name in Material.__dataclass_fields__})


async def list_drafts(connection: Connection, case_id: str, person_id: str) -> dict[str, Draft]:
    """This person's unsaved values, by field."""
    found = await connection.execute(
        sa.select(field_drafts).where(
            field_drafts.c.case_id == case_id, field_drafts.c.person_id == person_id
        )
    )
    return {row.field: Draft(row.value, row.base_version, row.at) for row in found}


async def list_cases(
    connection: Connection,
    *,
    window_unit_ids: Collection[str],
    unit_ids: Collection[str],
    taken_part: str | None = None,
    state: str | None = None,
    text: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Listed]:
    """Cases taken at, or decided by, these units; newest first.

    ``taken_part`` narrows to the cases that this person registered or had a seat in a call about.
    ``text`` looks in the 办件编号 and the item's name, and at the beginning of the applicant's
    name. ``before`` is (created_at, id) of the last row of the page before.
    """
    query = (
        sa.select(cases, *_PLACES, *ITEM_COLUMNS)
        .select_from(_JOINED)
        .where(sa.or_(cases.c.window_unit_id.in_(window_unit_ids), cases.c.unit_id.in_(unit_ids)))
        .order_by(cases.c.created_at.desc(), cases.c.id.desc())
        .limit(limit)
    )
    if taken_part is not None:
        seated = (
            sa.select(legs.c.id)
            .select_from(legs.join(calls, calls.c.id == legs.c.call_id))
            .where(calls.c.case_id == cases.c.id, legs.c.person_id == taken_part)
        )
        query = query.where(sa.or_(cases.c.clerk_id == taken_part, seated.exists()))
    if state is not None:
        query = query.where(cases.c.state == state)
    if text:
        query = query.where(
            sa.or_(
                cases.c.number.contains(text, autoescape=True),
                items.c.name.contains(text, autoescape=True),
                cases.c.applicant_name.startswith(text, autoescape=True),
            )
        )
    if before is not None:
        at, id = before
        query = query.where(
            sa.or_(cases.c.created_at < at, sa.and_(cases.c.created_at == at, cases.c.id < id))
        )
    rows = (await connection.execute(query)).mappings().all()
    clerks = await person_refs(connection, [row["clerk_id"] for row in rows])
    brought: dict[str, list[Material]] = {row["id"]: [] for row in rows}
    if rows:
        found = await connection.execute(
            sa.select(materials).where(materials.c.case_id.in_(list(brought)))
        )
        for material in found.mappings():
            brought[material["case_id"]].append(material_of(dict(material)))
    return [_listed(dict(row), clerks[row["clerk_id"]], brought[row["id"]]) for row in rows]


def _listed(row: Mapping[str, Any], clerk: PersonRef, brought: Sequence[Material]) -> Listed:
    item = item_of(row)
    stored, required = counts(item, brought)
    return Listed(
        item=item,
        clerk=clerk,
        decision=_decided(row["decision"]),
        materials_stored=stored,
        materials_required=required,
        **{
            name: row[name]
            for name in (
                *("id", "number", "state", "mode", "applicant_name", "window_name", "unit_id"),
                *("window_unit_name", "window_place", "unit_name", "place", "call_id"),
                "created_at",
            )
        },
    )


def counts(item: Item, brought: Sequence[Material]) -> tuple[int, int]:
    """How many required lines hold a stored material, and how many lines are required."""
    required = [line for line in item.lines if line.need == "required"]
    return len(required) - len(missing(required, brought)), len(required)


# ---------------------------------------------------------------- write


async def add(connection: Connection, case: Case) -> None:
    """Keep a new case, without entries."""
    await connection.execute(
        cases.insert().values(
            id=case.id,
            number=case.number,
            state=case.state,
            mode=case.mode,
            item_id=case.item.id,
            unit_id=case.item.unit_id,
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
            ("consent", _consent_json(after.consent), _consent_json(before.consent)),
            ("decision", _decided_json(after.decision), _decided_json(before.decision)),
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


async def save_form(connection: Connection, case_id: str, before: Form, after: Form) -> None:
    """Write the entries (with their history), proposals and holds that differ."""
    for name, entry in after.entries.items():
        if before.entries.get(name) == entry:
            continue
        await _put(
            connection,
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
        await connection.execute(
            field_history.insert().values(
                case_id=case_id,
                version=entry.version,
                field=name,
                value=entry.value,
                by=entry.by,
                at=entry.at,
            )
        )
    was = {one.id: one for one in before.proposals}
    for one in after.proposals:
        if was.get(one.id) != one:
            await _put(
                connection,
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
        await connection.execute(
            field_holds.delete().where(
                field_holds.c.case_id == case_id, field_holds.c.field == name
            )
        )
    for name, hold in after.holds.items():
        if before.holds.get(name) != hold:
            await _put(
                connection,
                field_holds,
                {"case_id": case_id, "field": name},
                {"person_id": hold.person_id, "expires_at": hold.expires_at},
            )


async def save_material(
    connection: Connection, case_id: str, material: Material, *, new: bool
) -> None:
    """Write one version of one line, as a new row or over its own."""
    values = {name: getattr(material, name) for name in Material.__dataclass_fields__}
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


async def drop_draft(connection: Connection, case_id: str, field: str, person_id: str) -> None:
    await connection.execute(
        field_drafts.delete().where(
            field_drafts.c.case_id == case_id,
            field_drafts.c.field == field,
            field_drafts.c.person_id == person_id,
        )
    )


async def next_serial(connection: Connection, prefix: str) -> int:
    """The next number of this prefix, from 1; given once, and taken back by a rollback.

    Who comes second waits for the first's commit.
    """
    insert = _insert(connection, case_serials).values(prefix=prefix, last=1)
    found = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[case_serials.c.prefix], set_={"last": case_serials.c.last + 1}
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
    insert = _insert(connection, table).values({**key, **values})
    await connection.execute(
        insert.on_conflict_do_update(index_elements=list(key), set_=dict(values))
    )


# ---------------------------------------------------------------- columns of JSON


def _consent(stored: Mapping[str, Any] | None) -> Consent | None:
    if stored is None:
        return None
    return Consent(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def _consent_json(consent: Consent | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    return {
        "given": consent.given,
        "text_version": consent.text_version,
        "language": consent.language,
        "at": consent.at.isoformat(),
        "taken_by": consent.taken_by,
    }


def _decided(stored: Mapping[str, Any] | None) -> Decided | None:
    if stored is None:
        return None
    counted = stored["counted"]
    return Decided(
        kind=stored["kind"],
        reason=stored["reason"],
        by=stored["by"],
        at=datetime.fromisoformat(stored["at"]),
        counted=counted
        and Counted(
            due_on=date.fromisoformat(counted["due_on"]),
            days=tuple(map(date.fromisoformat, counted["days"])),
            skipped=tuple(map(date.fromisoformat, counted["skipped"])),
            provisional=counted["provisional"],
        ),
        points=tuple(stored["points"]),
    )


def _decided_json(decided: Decided | None) -> dict[str, Any] | None:
    if decided is None:
        return None
    counted = decided.counted
    return {
        "kind": decided.kind,
        "reason": decided.reason,
        "by": decided.by,
        "at": decided.at.isoformat(),
        "counted": counted
        and {
            "due_on": counted.due_on.isoformat(),
            "days": [day.isoformat() for day in counted.days],
            "skipped": [day.isoformat() for day in counted.skipped],
            "provisional": counted.provisional,
        },
        "points": list(decided.points),
    }


def _everyone(case: Case) -> set[str]:
    named: set[str | None] = {case.clerk_id}
    named.add(case.consent.taken_by if case.consent else None)
    named.add(case.decision.by if case.decision else None)
    named |= {one.by for one in case.entries.values()}
    named |= {id for one in case.proposals for id in (one.by, one.closed_by)}
    named |= {id for one in case.materials for id in (one.by, one.reviewed_by)}
    return {id for id in named if id}


__all__ = [
    "Connection", "Draft", "Header", "Listed", "Record", "add", "counts", "drop_draft", "find",
    "find_header", "list_cases", "list_drafts", "list_materials", "material_of", "next_serial",
    "save", "save_draft", "save_form", "save_material",
]  # fmt: skip
