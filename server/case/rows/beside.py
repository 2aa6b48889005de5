"""What belongs to a case and is read beside it: materials, sayings, comments, checks, entries, drafts, what is published of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rows.columns import Looked, course_of, looked_of, origin_of, remarks_of
from server.case.rules.applying import Applicant, kept
from server.case.rules.checklist import Check
from server.case.rules.course.publishing import Granting, Withheld
from server.case.rules.course.reconciling import StatedStep
from server.case.rules.form import SavedValue
from server.case.rules.materials.material import Material
from server.case.rules.talk.comment import Comment
from server.case.rules.talk.saying import Saying
from server.catalogue.rows.catalogue import ITEM_COLUMNS, item_of
from server.standards.papers import TITLES
from server.store.batch import Write, put
from server.store.tables import (
    case_fields,
    cases,
    checks,
    comments,
    field_drafts,
    field_history,
    items,
    materials,
    papers,
    publications,
    sayings,
)

Connection = AsyncConnection


REPORTED_WITHIN: Final = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class Draft:
    value: str
    base_version: int
    at: datetime


async def list_materials(connection: Connection, case_ids: Collection[str]) -> list[Material]:
    """All versions of all lines of these cases, in the order in which they came."""
    found = await connection.execute(
        sa.select(materials)
        .where(materials.c.case_id.in_(case_ids))
        .order_by(materials.c.version, materials.c.at, materials.c.line, materials.c.number)
    )
    return [material_of(dict(row)) for row in found.mappings()]


def material_of(row: Mapping[str, Any]) -> Material:
    """The domain's Material of a row of ``materials``."""
    values = {name: row[name] for name in Material.__dataclass_fields__}
    return Material(**values | {"origin": origin_of(values["origin"])})


async def list_sayings(connection: Connection, case_id: str) -> list[Saying]:
    """All that was said about the case, in its order."""
    found = await connection.execute(
        sa.select(sayings).where(sayings.c.case_id == case_id).order_by(sayings.c.version)
    )
    return [
        Saying(**{name: row[name] for name in Saying.__dataclass_fields__})
        for row in found.mappings()
    ]


async def count_sayings(connection: Connection, case_id: str) -> int:
    found = await connection.scalar(
        sa.select(sa.func.count()).select_from(sayings).where(sayings.c.case_id == case_id)
    )
    return found or 0


async def list_drafts(connection: Connection, case_id: str, person_id: str) -> dict[str, Draft]:
    """This person's unsaved values, by field."""
    found = await connection.execute(
        sa.select(field_drafts).where(
            field_drafts.c.case_id == case_id, field_drafts.c.person_id == person_id
        )
    )
    return {row.field: Draft(row.value, row.base_version, row.at) for row in found}


async def looked_at(connection: Connection, case_id: str) -> Looked | None:
    """When an approver last looked at the case; None: never."""
    return looked_of(
        await connection.scalar(sa.select(cases.c.looked).where(cases.c.id == case_id))
    )


async def values_at(connection: Connection, case_id: str, version: int) -> dict[str, str]:
    """What was saved in each field when the case was at this version."""
    found = await connection.execute(
        sa.select(field_history.c.field, field_history.c.value)
        .where(field_history.c.case_id == case_id, field_history.c.version <= version)
        .order_by(field_history.c.version)
    )
    return {row.field: row.value for row in found}


async def list_comments(
    connection: Connection, case_ids: Collection[str]
) -> dict[str, tuple[Comment, ...]]:
    """The comments of each of these cases, in their order."""
    found = await connection.execute(
        sa.select(comments).where(comments.c.case_id.in_(case_ids)).order_by(comments.c.version)
    )
    listed: dict[str, tuple[Comment, ...]] = dict.fromkeys(case_ids, ())
    for one in found.mappings():
        listed[one["case_id"]] += (
            Comment(
                **{name: one[name] for name in Comment.__dataclass_fields__ if name != "entries"},
                entries=remarks_of(one["entries"]),
            ),
        )
    return listed


async def list_checks(
    connection: Connection, case_ids: Collection[str]
) -> dict[str, dict[str, Check]]:
    """The approver's words about the points of each of these cases, by point."""
    found = await connection.execute(
        sa.select(checks).where(checks.c.case_id.in_(case_ids)).order_by(checks.c.point)
    )
    listed: dict[str, dict[str, Check]] = {id: {} for id in case_ids}
    for one in found:
        listed[one.case_id][one.point] = Check(one.point, one.verdict, one.note, one.by, one.at)
    return listed


async def list_entries(
    connection: Connection, case_ids: Collection[str]
) -> dict[str, dict[str, SavedValue]]:
    """What is saved in the form of each of these cases, by field."""
    found = await connection.execute(
        sa.select(case_fields).where(case_fields.c.case_id.in_(case_ids))
    )
    listed: dict[str, dict[str, SavedValue]] = {id: {} for id in case_ids}
    for one in found:
        entry = SavedValue(one.value, one.version, one.by, one.at, one.on_behalf_of)
        listed[one.case_id][one.field] = entry
    return listed


async def reported_on(
    connection: AsyncConnection, unit_id: str, system: str, day: date
) -> list[StatedStep]:
    """What the system did on this day by the cases that this unit decides in it. A case of which it is older than two
    years is not looked for."""
    since = datetime.combine(day, time.min, UTC) - REPORTED_WITHIN
    query = (
        sa.select(cases.c.number, cases.c.course)
        .join(items, items.c.id == cases.c.item_id)
        .where(
            cases.c.unit_id == unit_id,
            cases.c.number.is_not(None),
            cases.c.created_at > since,
            items.c.body["system"].as_string() == system,
        )
    )
    return [
        StatedStep(row["number"], one.step, one.number)
        for row in (await connection.execute(query)).mappings()
        for one in course_of(row["course"]).reports
        if one.on == day
    ]


@dataclass(frozen=True, slots=True)
class Publication:
    """双公示 of one case: when it was exported first, and why it is withheld; neither: it waits."""

    exported_at: datetime | None = None
    withheld: Withheld | None = None
    note: str = ""


async def list_granted(
    connection: AsyncConnection, unit_id: str, first: date, last: date, limit: int
) -> list[tuple[Granting, Publication]]:
    """What this unit granted on these days, the oldest first, with what was published of each: by an index of unit and
    day, and never a case of another day."""
    ruling = (
        sa.select(papers.c.number)
        .where(papers.c.case_id == cases.c.id, papers.c.kind.in_(("grant", "registration")))
        .limit(1)
    )
    number = ruling.scalar_subquery().label("paper_number")
    told = publications.c
    query = (
        sa.select(cases, *ITEM_COLUMNS, told.exported_at, told.withheld, told.note, number)
        .select_from(
            cases.join(items, items.c.id == cases.c.item_id).outerjoin(
                publications, told.case_id == cases.c.id
            )
        )
        .where(
            cases.c.unit_id == unit_id,
            sa.text("granted_on IS NOT NULL"),
            cases.c.granted_on.between(first, last),
        )
        .order_by(cases.c.granted_on, cases.c.id)
        .limit(limit)
    )
    return [
        (_granting(dict(row)), Publication(row["exported_at"], row["withheld"], row["note"] or ""))
        for row in (await connection.execute(query)).mappings()
    ]


def _granting(row: Mapping[str, Any]) -> Granting:
    course, item = course_of(row["course"]), item_of(row)
    there = next((one.number for one in course.reports if one.step == "granted"), None)
    title = TITLES["registration" if item.registers else "grant"]
    return Granting(
        row["id"],
        row["number"],
        item,
        Applicant(
            row["applicant_name"],
            row["identity_number"],
            row["phone"],
            row["credit_code"],
            row["document"],
            kept(row["principal"]),
        ),
        course,
        row["granted_on"],
        (title, there or row["paper_number"] or ""),
    )


def published(connection: AsyncConnection, case_id: str, **values: Any) -> Write:
    """What is kept of the publication of a case, over what was."""
    return put(connection, publications, {"case_id": case_id}, values)


async def publication_of(
    connection: AsyncConnection, unit_id: str, case_id: str
) -> Publication | None:
    """What is kept of the publication of this case; None where this unit granted no such case."""
    told = publications.c
    found = await connection.execute(
        sa.select(told.exported_at, told.withheld, told.note)
        .select_from(cases.outerjoin(publications, told.case_id == cases.c.id))
        .where(cases.c.id == case_id, cases.c.unit_id == unit_id, cases.c.granted_on.is_not(None))
    )
    row = found.first()
    return None if row is None else Publication(row.exported_at, row.withheld, row.note or "")
