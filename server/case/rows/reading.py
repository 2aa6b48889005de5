"""Reading a case: its header for rights, its record for rules, the whole of it for a page.

What has an order is read back in the order of the versions that brought it, as the events told
it; the times of two acts may be the other way round.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rows.beside import (
    list_checks,
    list_comments,
    list_materials,
    list_sayings,
    material_of,
)
from server.case.rows.columns import (
    consent_of,
    course_of,
    decided_of,
    promises_of,
    referrals_of,
    shown_of,
    submission_of,
)
from server.case.rows.drawings import list_drawings
from server.case.rows.drawings import only as drawing_only
from server.case.rows.handovers import list_handovers
from server.case.rows.joint.unit_tasks import list_unit_tasks
from server.case.rows.papers import Paper, list_papers
from server.case.rows.phones import list_phones
from server.case.rows.ratings import list_ratings
from server.case.rows.unmaskings import list_unmaskings
from server.case.rules.applying import Applicant, kept, with_mandate
from server.case.rules.case import Case
from server.case.rules.course import sequels, states
from server.case.rules.form import FieldLock, Form, Proposal, SavedValue
from server.case.rules.materials.earlier import CASES_AT_MOST, Earlier
from server.case.rules.materials.handover import Handover
from server.case.rules.materials.material import Material
from server.case.rules.materials.phone import Phone
from server.case.rules.summary import Signature
from server.case.rules.talk.drawing import Drawing
from server.case.rules.talk.rating import Rating
from server.case.rules.talk.saying import Saying
from server.case.rules.unmasking import Unmasking
from server.catalogue.rows.catalogue import ITEM_COLUMNS, item_of
from server.catalogue.rules.item import Item
from server.people.rows.people import person_refs
from server.store.tables import (
    case_fields,
    cases,
    field_holds,
    items,
    materials,
    proposals,
    signatures,
    units,
    windows,
)
from signaling.wire.envelope import PersonRef

Connection = AsyncConnection
"""What the functions of this package take: ``Change.connection`` or what ``Store.read`` gives."""

_window_units = units.alias("window_units")
JOINED = (
    cases.outerjoin(items, items.c.id == cases.c.item_id)
    .join(units, units.c.id == cases.c.unit_id)
    .join(windows, windows.c.id == cases.c.window_id)
    .join(_window_units, _window_units.c.id == cases.c.window_unit_id)
)
PLACES = (
    units.c.name.label("unit_name"),
    units.c.place.label("place"),
    windows.c.name.label("window_name"),
    _window_units.c.name.label("window_unit_name"),
    _window_units.c.place.label("window_place"),
)
_SIGNATURE = [signatures.c[name] for name in Signature.__dataclass_fields__]


# Made once: each act on a form runs them, and making a statement costs more than running it.
_OF_CASE: Final[sa.BindParameter[str]] = sa.bindparam("of")
_ENTRY: Final = "entry"
_HOLD: Final = "hold"
"""In the place of a proposal's state: what else a row of ``_FILLED`` may be."""


def _beside_proposals(table: sa.Table, state: str, **columns: str) -> sa.Select[Any]:
    """The rows of this table of one case in the columns of proposals."""
    return sa.select(
        *(
            sa.literal(state)
            if name == "state"
            else table.c[columns[name]]
            if name in columns
            else sa.cast(sa.null(), proposals.c[name].type)
            for name in Proposal.__dataclass_fields__
        )
    ).where(table.c.case_id == _OF_CASE)


_HEADER_COLUMNS: Final = (
    cases.c.id,
    cases.c.clerk_id,
    cases.c.window_unit_id,
    cases.c.unit_id,
    cases.c.state,
    cases.c.principal,
    cases.c.sequel_of,
    *ITEM_COLUMNS,
)
_HEADER: Final = (
    sa.select(*_HEADER_COLUMNS)
    .select_from(cases.outerjoin(items, items.c.id == cases.c.item_id))
    .where(cases.c.id == _OF_CASE)
)
_FILLED: Final = sa.union_all(
    # Proposals stand first: they name the columns and their types.
    sa.select(*(proposals.c[name] for name in Proposal.__dataclass_fields__)).where(
        proposals.c.case_id == _OF_CASE
    ),
    _beside_proposals(
        case_fields,
        field="field",
        value="value",
        version="version",
        by="by",
        at="at",
        closed_by="on_behalf_of",
        state=_ENTRY,
    ),
    _beside_proposals(field_holds, field="field", by="person_id", at="expires_at", state=_HOLD),
)
"""All that was filled in, is held and proposed in a case, in one statement."""


def _nothing(columns: Iterable[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[Any]]:
    return [sa.cast(sa.null(), column.type) for column in columns]


_filled_rows = _FILLED.subquery()
_FORM: Final = sa.union_all(
    _HEADER.add_columns(*_nothing(_filled_rows.c)),
    sa.select(*_nothing(_HEADER_COLUMNS), *_filled_rows.c),
)
"""The header, in a row that nothing was filled in, and all of ``_FILLED``, each behind an empty header."""


@dataclass(frozen=True, slots=True)
class _Filled:
    entries: dict[str, SavedValue]
    holds: dict[str, FieldLock]
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class CaseHead:
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
class Whole:
    """All that a page shows of a case: the record, what was said, the papers."""

    record: Record
    sayings: tuple[Saying, ...]
    papers: tuple[Paper, ...]
    ratings: tuple[Rating, ...]
    phones: tuple[Phone, ...]
    unmaskings: tuple[Unmasking, ...]
    drawings: tuple[Drawing, ...]
    drawing_only: str | None
    handovers: tuple[Handover, ...]
    people: Mapping[str, PersonRef]
    """Those of the record, and who said something, invited a phone or read a value whole."""


async def find_header(connection: Connection, case_id: str) -> CaseHead | None:
    row = (await connection.execute(_HEADER, {"of": case_id})).first()
    return None if row is None else _header(row)


def _header(row: Sequence[Any]) -> CaseHead:
    """The header in a row of ``_HEADER`` or ``_FORM``."""
    named = {column.name: value for column, value in zip(_HEADER_COLUMNS, row, strict=False)}
    return CaseHead(
        id=named["id"],
        clerk_id=named["clerk_id"],
        window_unit_id=named["window_unit_id"],
        unit_id=named["unit_id"],
        state=named["state"],
        item=asked_item(named),
    )


async def find_form(connection: Connection, case_id: str) -> tuple[CaseHead, Form] | None:
    """The case as acts on its form ask for it, without what else a record holds.

    No such act asks whether a material is there: ``attached`` is empty.
    """
    header: CaseHead | None = None
    within: list[Sequence[Any]] = []
    for row in await connection.execute(_FORM, {"of": case_id}):
        if row[0] is None:
            within.append(row[len(_HEADER_COLUMNS) :])
        else:
            header = _header(row)
    if header is None:
        return None
    filled = _filled(within)
    return header, Form(
        header.item.fields,
        filled.entries,
        filled.holds,
        filled.proposals,
        not states.fillable(header.state),
        header.item.rules,
    )


async def find_by_number(connection: Connection, number: str) -> Record | None:
    """The case of this 办件编号."""
    case_id = await connection.scalar(sa.select(cases.c.id).where(cases.c.number == number))
    return None if case_id is None else await find(connection, case_id)


async def find(connection: Connection, case_id: str, *, for_call: bool = False) -> Record | None:
    """The case as it stands in this transaction, as far as rules ask for it; ``for_call`` as far as those of a
    call do, without its form, what was judged of it, and names."""
    found = await connection.execute(
        sa.select(cases, *PLACES, *ITEM_COLUMNS).select_from(JOINED).where(cases.c.id == case_id)
    )
    row = found.mappings().first()
    if row is None:
        return None
    filled = _Filled({}, {}, ())
    if not for_call:
        filled = _filled(await connection.execute(_FILLED, {"of": case_id}))
    case = Case(
        id=row["id"],
        number=row["number"],
        state=row["state"],
        mode=row["mode"],
        item=asked_item(dict(row)),
        clerk_id=row["clerk_id"],
        window_id=row["window_id"],
        window_unit_id=row["window_unit_id"],
        unit_id=row["unit_id"],
        applicant=applicant_of(dict(row)),
        consent=consent_of(row["consent"]),
        entries=filled.entries,
        holds=filled.holds,
        proposals=filled.proposals,
        materials=tuple(await list_materials(connection, [case_id])),
        decision=decided_of(row["decision"]),
        call_id=row["call_id"],
        created_at=row["created_at"],
        comments=() if for_call else (await list_comments(connection, [case_id]))[case_id],
        checks={} if for_call else (await list_checks(connection, [case_id]))[case_id],
        shown=shown_of(row["shown"]),
        signature=None if for_call else await _signature(connection, case_id),
        submission=submission_of(row["submission"]),
        corrections=row["corrections"],
        earlier_consent=consent_of(row["earlier_consent"]),
        promises=promises_of(row["promises"]),
        referrals=referrals_of(row["referrals"]),
        course=course_of(row["course"]),
        owner_id=row["owner_id"],
        unit_tasks=await list_unit_tasks(connection, case_id) if row["mode"] == "joint" else (),
        receipt_number=row["receipt_number"],
        sequel_of=sequels.kept(row["sequel_of"]),
    )
    return Record(
        case=case,
        people={} if for_call else await person_refs(connection, _everyone(case)),
        **{
            name: row[name]
            for name in Record.__dataclass_fields__
            if name not in ("case", "people")
        },
    )


async def running_limits(connection: Connection, today: date, from_day: date) -> list[str]:
    """Ids of accepted cases of which a limit, the promised or the legal one, runs on today and past
    ``from_day``, oldest first."""
    promised = cases.c.decision["counted"]["due_on"].as_string()
    legal = cases.c.decision["clock"]["legal"]["due_on"].as_string()
    last = max(today, from_day).isoformat()
    found = await connection.scalars(
        sa.select(cases.c.id)
        .where(
            cases.c.state == "accepted",
            sa.or_(promised >= last, legal >= last),
        )
        .order_by(cases.c.created_at, cases.c.id)
    )
    return list(found)


async def find_whole(connection: Connection, case_id: str) -> Whole | None:
    """All that a page shows of the case, as it stands in this transaction."""
    record = await find(connection, case_id)
    if record is None:
        return None
    said = await list_sayings(connection, case_id)
    phones = await list_phones(connection, case_id)
    unmaskings = await list_unmaskings(connection, case_id)
    speak = {one.by for one in said} | {one.by for one in phones} | {one.by for one in unmaskings}
    drawn = await list_drawings(connection, case_id)
    only = await drawing_only(connection, case_id)
    speak |= {one.by for one in drawn}
    speak |= {only} if only else set()
    sent = await list_handovers(connection, case_id)
    speak |= {id for one in sent for id in (one.by, one.received_by) if id}
    unknown = speak - record.people.keys()
    return Whole(
        record=record,
        sayings=tuple(said),
        papers=tuple(await list_papers(connection, [case_id])),
        ratings=await list_ratings(connection, case_id),
        phones=tuple(phones),
        unmaskings=unmaskings,
        drawings=drawn,
        drawing_only=only,
        handovers=sent,
        people={**record.people, **await person_refs(connection, unknown)},
    )


def _filled(rows: Iterable[Sequence[Any]]) -> _Filled:
    """What rows of ``_FILLED`` tell."""
    entries: list[tuple[str, SavedValue]] = []
    holds: dict[str, FieldLock] = {}
    made: list[Proposal] = []
    for row in rows:
        told = dict(zip(Proposal.__dataclass_fields__, row, strict=True))
        if told["state"] == _ENTRY:
            entry = SavedValue(
                told["value"], told["version"], told["by"], told["at"], told["closed_by"]
            )
            entries.append((told["field"], entry))
        elif told["state"] == _HOLD:
            holds[told["field"]] = FieldLock(told["by"], told["at"])
        else:
            made.append(Proposal(**told))
    entries.sort(key=lambda one: one[0])
    made.sort(key=lambda one: (one.version, one.at, one.id))
    return _Filled(dict(entries), holds, tuple(made))


def asked_item(row: Mapping[str, Any]) -> Item:
    """The item as this case has it: of who comes for another with his mandate, of a sequel of the unit's own with
    nothing that is asked."""
    item = with_mandate(item_of(row), kept(row["principal"]))
    return sequels.asked_of(item, sequels.kept(row["sequel_of"]))


def applicant_of(row: Mapping[str, Any]) -> Applicant:
    """Who applies, from the row of a case."""
    return Applicant(
        row["applicant_name"],
        row["identity_number"],
        row["phone"],
        row["credit_code"],
        row["document"],
        kept(row["principal"]),
    )


async def list_earlier(connection: Connection, case: Case) -> list[Earlier]:
    """Cases of the applicant with the same identity number beside this one, newest first; of those
    in the name of an organisation only that of this case. What somebody brought as an agent was another
    person's, and an agent brings nothing of his own: neither is among them."""
    organisation, who = cases.c.credit_code, case.applicant.principal
    if who is not None and who.capacity == "agent":
        return []
    came_as = sa.func.coalesce(cases.c.principal["capacity"].as_string(), "")
    found = await connection.execute(
        sa.select(cases.c.id, *PLACES, *ITEM_COLUMNS)
        .select_from(JOINED)
        .where(
            cases.c.identity_number == case.applicant.identity_number,
            cases.c.identity_number != "",
            cases.c.document == case.applicant.document,
            sa.or_(organisation.is_(None), organisation == case.applicant.credit_code),
            came_as != "agent",
            cases.c.id != case.id,
        )
        .order_by(cases.c.created_at.desc(), cases.c.id.desc())
        .limit(CASES_AT_MOST)
    )
    rows = found.mappings().all()
    brought: dict[str, list[Material]] = {row["id"]: [] for row in rows}
    if rows:
        of_these = await connection.execute(
            sa.select(materials)
            .where(materials.c.case_id.in_(list(brought)))
            .order_by(materials.c.version, materials.c.line, materials.c.number)
        )
        for material in of_these.mappings():
            brought[material["case_id"]].append(material_of(dict(material)))
    return [
        Earlier(row["id"], item_of(dict(row)), row["window_place"], tuple(brought[row["id"]]))
        for row in rows
    ]


async def _signature(connection: Connection, case_id: str) -> Signature | None:
    """The newest, without its strokes."""
    found = await connection.execute(
        sa.select(*_SIGNATURE)
        .where(signatures.c.case_id == case_id)
        .order_by(signatures.c.version.desc())
        .limit(1)
    )
    row = found.mappings().first()
    return None if row is None else Signature(**row)


def _everyone(case: Case) -> set[str]:
    named: set[str | None] = {case.clerk_id}
    named.add(case.consent.taken_by if case.consent else None)
    named.add(case.earlier_consent.taken_by if case.earlier_consent else None)
    named |= {one.by for one in case.promises}
    named |= {one.moved.by for one in case.promises if one.moved}
    named |= {one.verified.by for one in case.promises if one.verified}
    named.add(case.decision.by if case.decision else None)
    if case.decision and (clock := case.decision.clock):
        named |= {id for one in clock.halts for id in (one.by, one.ended_by)}
        named.add(clock.extension.by if clock.extension else None)
    named.add(case.signature.by if case.signature else None)
    named.add(case.submission.by if case.submission else None)
    named |= {one.by for one in case.entries.values()}
    named |= {id for one in case.proposals for id in (one.by, one.closed_by)}
    named |= {id for one in case.materials for id in (one.by, one.reviewed_by, one.graded_by)}
    named |= {one.closed_by for one in case.comments}
    named |= {entry.by for one in case.comments for entry in one.entries}
    named |= {one.by for one in case.checks.values()}
    named |= {one.by for one in case.referrals}
    named |= case.course.people
    named |= {id for one in case.unit_tasks for id in one.people}
    named.add(case.owner_id)
    return {id for id in named if id}
