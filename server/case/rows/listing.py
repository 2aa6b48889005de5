"""Lists of cases, newest first, with how many of their required lines hold a material."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from server.case.rows.beside import list_checks, list_comments, list_entries, material_of
from server.case.rows.columns import course_of, decided_of, promises_of, referrals_of, submission_of
from server.case.rows.reading import JOINED, PLACES, Connection, asked_item
from server.case.rules import case as rules
from server.case.rules.applying import kept
from server.case.rules.case import Decided
from server.case.rules.checklist import Check
from server.case.rules.course.course import Course, SequelKind
from server.case.rules.course.due import Tab
from server.case.rules.course.states import CONSULTATIONS, CaseState
from server.case.rules.form import Form
from server.case.rules.materials.judging import judged, missing
from server.case.rules.materials.material import Judged, Material, counted
from server.case.rules.materials.promise import Promise, unverified, wanted
from server.case.rules.summary import Submission
from server.case.rules.talk.comment import Comment
from server.catalogue.rows.catalogue import ITEM_COLUMNS
from server.catalogue.rules.item import Item, Line, Mode
from server.people.rows.people import person_refs
from server.rights.hand import WorkingSide
from server.standards.identifiers import mask_name
from server.standards.numbering import END, Sought, sought, ungrouped
from server.store.tables import COMBINED, CONSULTED, cases, items, legs, materials, sayings
from signaling.wire.envelope import PersonRef

Wanted = sa.ColumnElement[bool] | sa.TextClause
COUNTED_AT_MOST: Final = 10_000
"""A list counts no further: it says 1 万+ then."""
NUMBERED_AT_MOST: Final = 10_000
"""Cases with the same end of a number: one of each unit that decides and year."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A list of one side: of the cases of its own unit in one of the tabs. ``soon`` is what ends by that day.

    ``narrowed`` to one window, or at the approver's to whom handles it.
    """

    side: WorkingSide
    tab: Tab
    soon: date
    narrowed: str | None = None

    def wanted(self) -> list[Wanted]:
        """In the words of the partial indexes."""
        wanted: list[Wanted] = []
        other: WorkingSide = "approver" if self.side == "window" else "window"
        match self.tab:
            case "mine" | "theirs":
                wanted.append(sa.text("due_on IS NOT NULL"))
                wanted.append(cases.c.turn == (self.side if self.tab == "mine" else other))
            case "soon":
                wanted += [sa.text("due_on IS NOT NULL"), cases.c.due_on <= self.soon]
            case "done":
                wanted.append(sa.text("state = 'archived'"))
        if self.narrowed is not None:
            of = cases.c.window_id if self.side == "window" else cases.c.owner_id
            wanted.append(of == self.narrowed)
        return wanted


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One row of a list of cases. The counts are of lines of the material list."""

    id: str
    number: str | None
    receipt_number: str | None
    state: CaseState
    mode: Mode
    item: Item
    lines: Sequence[Line]
    """Those of the list as they are wanted of this applicant."""
    unverified: Sequence[str]
    """The keys of lines whose declaration is to be verified, once it is granted."""
    applicant_masked: str
    """A company by its whole name, a person masked."""
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
    materials: tuple[Material, ...]
    materials_stored: int
    materials_required: int
    judged: Judged
    referred_from: str | None
    """Name of the unit that referred it to the one that decides."""
    submission: Submission | None
    course: Course
    sequel_kind: SequelKind | None
    """Of which kind, where it follows another case."""
    owner: PersonRef | None


@dataclass(frozen=True, slots=True)
class _Noticed:
    """As much of a listed case as a notice tells."""

    item: Item
    lines: Sequence[Line]
    materials: tuple[Material, ...]
    form: Form
    comments: tuple[Comment, ...]
    checks: Mapping[str, Check]


@dataclass(frozen=True, slots=True)
class Owing:
    """An accepted case to which something was promised."""

    case_id: str
    owed_by: date
    number: str | None
    item: Item
    applicant_masked: str
    """A company by its whole name, a person masked."""
    window_unit_name: str
    promises: tuple[Promise, ...]
    materials: tuple[Material, ...]


async def list_owed(
    connection: Connection,
    *,
    window_unit_ids: Collection[str],
    unit_ids: Collection[str],
    after: tuple[date, str] | None = None,
    limit: int = 100,
) -> list[Owing]:
    """Accepted cases taken at, or decided by, these units that are owed something, most urgent first;
    ``after`` is the last one of the page before, as (owed by, id)."""
    place = sa.tuple_(cases.c.owed_by, cases.c.id)
    owed = [cases.c.owed_by.is_not(None), *([] if after is None else [place > sa.tuple_(*after)])]
    order = (cases.c.owed_by, cases.c.id)
    ids = await connection.scalars(
        _of_units(window_unit_ids, unit_ids, owed, order, limit, once=False)
    )
    page = ids.all()
    found = await connection.execute(
        sa.select(cases, *PLACES, *ITEM_COLUMNS)
        .select_from(JOINED)
        .where(cases.c.id.in_(page))
        .order_by(*order)
        .limit(limit)
    )
    rows = found.mappings().all()
    brought = await _brought(connection, [row["id"] for row in rows])
    return [
        Owing(
            case_id=row["id"],
            owed_by=row["owed_by"],
            number=row["number"],
            item=asked_item(dict(row)),
            applicant_masked=listed_name(dict(row)),
            window_unit_name=row["window_unit_name"],
            promises=promises_of(row["promises"]),
            materials=tuple(brought[row["id"]]),
        )
        for row in rows
    ]


async def list_cases(
    connection: Connection,
    *,
    window_unit_ids: Collection[str],
    unit_ids: Collection[str],
    whole_names_of: Collection[str] = (),
    taken_part: str | None = None,
    state: str | None = None,
    combined: bool = False,
    text: str = "",
    before: tuple[datetime, str] | None = None,
    due_after: tuple[date, str] | None = None,
    by_due: bool = False,
    desk: Desk | None = None,
    limit: int = 50,
) -> list[ListedCase]:
    """Cases taken at, or decided by, these units; newest first, or ``by_due``: those in which something is due, the
    most urgent first, behind ``due_after``, which is (due_on, id) of the last row of the page before. ``desk`` narrows
    to one of its tabs.

    What was only asked (咨询) is found by its ``state`` alone.
    ``combined`` narrows to those that one person took and decided, by the mark of their decision. ``taken_part`` narrows to the cases that this person registered or had a seat in a call about.
    ``text`` that is a 办件编号, the end of one or a 收件号 (``server.standards.numbering.sought``) finds by that alone,
    through an index. Any other looks in parts of both, the item's name, the names of files and what was said, and at the
    beginning of the names of the applicant and of whom he came for; a digit finds no file with somebody's number in its name, but in
    cases taken at ``whole_names_of``, whose people read such names whole. ``before`` is (created_at, id) of the last row of the page before.
    """
    place = sa.tuple_(cases.c.created_at, cases.c.id)
    order: tuple[sa.ColumnElement[Any], ...] = (cases.c.created_at.desc(), cases.c.id.desc())
    wanted: list[Wanted] = []
    if by_due:
        order = (cases.c.due_on, cases.c.id)
        wanted.append(sa.text("due_on IS NOT NULL"))
        if due_after is not None:
            wanted.append(sa.tuple_(cases.c.due_on, cases.c.id) > sa.tuple_(*due_after))
    elif state in CONSULTATIONS:
        wanted.append(sa.text(f"cases.{CONSULTED}"))
    elif desk is None and not combined:
        wanted.append(sa.text(f"NOT cases.{CONSULTED}"))
    if desk is not None:
        wanted += desk.wanted()
    if state is not None:
        wanted.append(cases.c.state == state)
    if combined:
        wanted.append(COMBINED[connection.dialect.name])
    number = sought(text) if text else None
    if text and number is None:
        # Asked of one case after the other: PostgreSQL would read all of an EXISTS among others at once.
        named, said = (
            sa.select(column)
            .where(table.c.case_id == cases.c.id, column.contains(text, autoescape=True), *where)
            .limit(1)
            .scalar_subquery()
            .is_not(None)
            for table, column, where in (
                (
                    materials,
                    materials.c.name,
                    named_so(text, cases.c.window_unit_id.in_(whole_names_of)),
                ),
                (sayings, sayings.c.text, ()),
            )
        )
        of_item = (
            sa.select(items.c.id)
            .where(items.c.id == cases.c.item_id, items.c.name.contains(text, autoescape=True))
            .scalar_subquery()
            .is_not(None)
        )
        wanted.append(
            sa.or_(
                cases.c.number.contains(ungrouped(text), autoescape=True),
                cases.c.receipt_number.contains(ungrouped(text).upper(), autoescape=True),
                cases.c.applicant_name.startswith(text, autoescape=True),
                cases.c.principal["name"].as_string().startswith(text, autoescape=True),
                of_item,
                named,
                said,
            )
        )
    if before is not None:
        wanted.append(place < sa.tuple_(*before))
    if by_due and taken_part is not None:
        sat = legs.c.case_id == cases.c.id, legs.c.person_id == taken_part
        wanted.append(sa.or_(cases.c.clerk_id == taken_part, sa.exists().where(*sat)))
    if number is not None:
        ids = await _numbered(connection, window_unit_ids, unit_ids, number)
        if not ids:
            return []
        if taken_part is not None and not by_due:
            sat = legs.c.case_id == cases.c.id, legs.c.person_id == taken_part
            wanted.append(sa.or_(cases.c.clerk_id == taken_part, sa.exists().where(*sat)))
        by_id = sa.select(cases.c.id).where(cases.c.id.in_(ids), *wanted)
        page = sa.union(sa.select(by_id.order_by(*order).limit(limit).subquery().c.id))
    elif taken_part is None or by_due:
        page = _of_units(window_unit_ids, unit_ids, wanted, order, limit, once=bool(text))
    else:
        here = sa.or_(cases.c.window_unit_id.in_(window_unit_ids), cases.c.unit_id.in_(unit_ids))
        page = _of_person(taken_part, [here, *wanted], before, limit)
    query = (
        sa.select(cases, *PLACES, *ITEM_COLUMNS)
        .select_from(JOINED)
        .where(cases.c.id.in_((await connection.scalars(page)).all()))
        .order_by(*order)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings().all()
    persons = {id for row in rows for id in (row["clerk_id"], row["owner_id"]) if id}
    people = await person_refs(connection, persons)
    brought = await _brought(connection, [row["id"] for row in rows])
    return [_listed(dict(row), people, brought[row["id"]]) for row in rows]


async def _numbered(
    connection: Connection,
    window_unit_ids: Collection[str],
    unit_ids: Collection[str],
    number: Sought,
) -> Sequence[str]:
    """The ids of the cases of these units with this number: each unit and side by its own index, and no other case
    is read."""
    named: tuple[Wanted, ...]
    if number.end is not None:
        ends = {number.end[-END:], number.end[-END:].upper()}
        whole = sa.func.upper(cases.c.number)
        named = (
            sa.text("number_end IS NOT NULL"),
            cases.c.number_end.in_(sorted(ends)),
            whole.endswith(number.end.upper(), autoescape=True),
        )
    else:
        named = sa.text("receipt_number IS NOT NULL"), cases.c.receipt_number == number.receipt
    sides = [cases.c.window_unit_id == id for id in window_unit_ids]
    sides += [cases.c.unit_id == id for id in unit_ids]
    each = [sa.select(cases.c.id).where(side, *named) for side in sides or [sa.false()]]
    return (await connection.scalars(sa.union(*each).limit(NUMBERED_AT_MOST))).all()


async def count_cases(connection: Connection, unit_id: str, desk: Desk) -> int:
    """How many rows that list of the unit has, counted up to ``COUNTED_AT_MOST`` and one, in its index alone."""
    of = cases.c.window_unit_id if desk.side == "window" else cases.c.unit_id
    some = sa.select(sa.literal(1)).where(of == unit_id, *desk.wanted()).limit(COUNTED_AT_MOST + 1)
    counting = sa.select(sa.func.count()).select_from(some.subquery())
    return await connection.scalar(counting) or 0


def named_so(text: str, whole: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    """Beside that a file's name holds the text: a text with a digit would tell a masked number bit by bit,
    where the name is not read ``whole``."""
    if not any(one.isdigit() for one in text):
        return ()
    return (sa.or_(whole, ~materials.c.name.regexp_match("[0-9０-９]{11}")),)


def _of_units(
    window_unit_ids: Collection[str],
    unit_ids: Collection[str],
    wanted: Sequence[Wanted],
    order: Sequence[sa.ColumnElement[Any]],
    limit: int,
    *,
    once: bool,
) -> sa.CompoundSelect[tuple[str]]:
    """The ids of a page of what was taken at, or is decided by, these units: each unit and side by its own index,
    of which no more than the page is read.

    ``once``: what is asked of a case costs more than to read it, so that a case of both sides is asked at one alone.
    """
    sides = [cases.c.window_unit_id == id for id in window_unit_ids]
    elsewhere = [cases.c.window_unit_id.not_in(window_unit_ids)] if once else []
    sides += [sa.and_(cases.c.unit_id == id, *elsewhere) for id in unit_ids]
    each = [
        sa.select(cases.c.id).where(side, *wanted).order_by(*order).limit(limit).subquery()
        for side in sides or [sa.false()]
    ]
    return sa.union(*(sa.select(one.c.id) for one in each))


def _of_person(
    person_id: str,
    wanted: Sequence[Wanted],
    before: tuple[datetime, str] | None,
    limit: int,
) -> sa.CompoundSelect[tuple[str]]:
    """The ids of a page of the cases that this person registered or sat in a call about."""
    sat_at = sa.tuple_(legs.c.registered_at, legs.c.case_id)
    sat = (
        sa.select(cases.c.id)
        .join(legs, legs.c.case_id == cases.c.id)
        .where(legs.c.person_id == person_id, *wanted)
        .group_by(legs.c.registered_at, legs.c.case_id, cases.c.id)
        .order_by(legs.c.registered_at.desc(), legs.c.case_id.desc())
        .limit(limit)
    )
    if before is not None:
        sat = sat.where(sat_at < sa.tuple_(*before))
    registered = (
        sa.select(cases.c.id)
        .where(cases.c.clerk_id == person_id, *wanted)
        .order_by(cases.c.created_at.desc(), cases.c.id.desc())
        .limit(limit)
    )
    return sa.union(*(sa.select(one.subquery().c.id) for one in (registered, sat)))


async def correcting(
    connection: Connection, listed: Sequence[ListedCase], at: datetime
) -> set[str]:
    """The ids of those that wait for what a notice named: three statements for all, none where no notice was given."""
    told = {one.id: one for one in listed if one.state == "to_correct"}
    if not told:
        return set()
    entries = await list_entries(connection, told)
    comments = await list_comments(connection, told)
    checks = await list_checks(connection, told)

    def noticed(one: ListedCase) -> _Noticed:
        attached = frozenset(each.line for each in counted(one.item, one.materials))
        filled = entries[one.id]
        form = Form(one.item.fields, filled, {}, (), False, one.item.rules, attached)
        return _Noticed(one.item, one.lines, one.materials, form, comments[one.id], checks[one.id])

    return {
        id
        for id, one in told.items()
        if rules.correcting(one.state, one.decision, noticed(one), at)
    }


async def _brought(connection: Connection, case_ids: Collection[str]) -> dict[str, list[Material]]:
    """All materials of these cases."""
    brought: dict[str, list[Material]] = {id: [] for id in case_ids}
    if brought:
        found = await connection.execute(
            sa.select(materials).where(materials.c.case_id.in_(list(brought)))
        )
        for material in found.mappings():
            brought[material["case_id"]].append(material_of(dict(material)))
    return brought


def _listed(
    row: Mapping[str, Any], people: Mapping[str, PersonRef], brought: Sequence[Material]
) -> ListedCase:
    item, of = asked_item(row), row["sequel_of"]
    promises, course = promises_of(row["promises"]), course_of(row["course"])
    lines = wanted(item.lines, promises)
    stored, required = counts(lines, brought)
    referrals = referrals_of(row["referrals"])
    return ListedCase(
        item=item,
        lines=lines,
        unverified=unverified(promises, brought) if course.granted else [],
        clerk=people[row["clerk_id"]],
        owner=people[row["owner_id"]] if row["owner_id"] else None,
        submission=submission_of(row["submission"]),
        course=course,
        sequel_kind=of["kind"] if of else None,
        decision=decided_of(row["decision"]),
        materials=tuple(brought),
        materials_stored=stored,
        materials_required=required,
        judged=judged(item, brought),
        referred_from=referrals[-1].from_unit_name if referrals else None,
        applicant_masked=listed_name(row),
        **{
            name: row[name]
            for name in (
                *(
                    "id",
                    "number",
                    "receipt_number",
                    "state",
                    "mode",
                    "window_name",
                    "unit_id",
                ),
                *("window_unit_name", "window_place", "unit_name", "place", "call_id"),
                "created_at",
            )
        },
    )


def listed_name(row: Mapping[str, Any]) -> str:
    """Who applies, as lists name him: a company by its whole name, a person masked."""
    who = kept(row["principal"])
    if who is None:
        return mask_name(row["applicant_name"])
    return who.name if who.company else mask_name(who.name)


def counts(lines: Sequence[Line], brought: Sequence[Material]) -> tuple[int, int]:
    """How many required lines hold a stored material, and how many lines are required."""
    required = [line for line in lines if line.need == "required"]
    return len(required) - len(missing(required, brought)), len(required)
