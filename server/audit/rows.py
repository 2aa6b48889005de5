"""What a supervisor reads afterwards: calls with their cases.

Read only, page by page, newest first. Whose units they are is said by the asker; of a case that a unit
referred to another one it is told, and finds, what was there at the referral.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rows import course_of, named_so
from server.case.rules.course.course import Consultation
from server.case.rules.course.states import CONSULTATIONS
from server.catalogue.rules.item import NO_ITEM
from server.people.rows.people import person_refs
from server.rights.subjects import id_of, of_call, of_case
from server.standards.numbering import ungrouped
from server.store.ledger.entry import OK, Entry
from server.store.tables import (
    calls,
    cases,
    events,
    items,
    ledger_entries,
    ledger_payloads,
    legs,
    marks,
    materials,
    people,
    recordings,
    rings,
    sayings,
)
from signaling.wire.envelope import PersonRef


@dataclass(frozen=True, slots=True)
class Logged:
    """One call of the log."""

    call_id: str
    case_id: str
    case_number: str | None
    item_name: str
    applicant_name: str
    consultation: Consultation | None
    """咨询: of a call about what is no case; None of a case, and of one that became a case."""
    caller: PersonRef
    approver: PersonRef | None
    declined_by: PersonRef | None
    """Who declined a call that nobody answered: the last of them."""
    state: str
    reason: str | None
    opened_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    recordings: int
    decision: str | None
    """What was decided in it, at last, as far as the unit may know it; None: nothing, whatever became of its case
    before or since."""
    decided_by: PersonRef | None
    """Who decided that: after a referral not the one who answered."""


_NEVER: Final = 2**31 - 1
_SEAT_ROWS = sa.select(legs.c.call_id, legs.c.person_id).where(legs.c.seat == "approver")


async def list_calls(
    connection: AsyncConnection,
    unit_id: str,
    *,
    number: str = "",
    person: str = "",
    file: str = "",
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Logged]:
    """Calls from or to this unit; newest first.

    ``number`` is a part of the 办件编号; ``person`` a part of the name, or the login or staff
    number, of anybody who had a seat; ``file`` a part of the name of a file that came or was shown in
    the call; ``text`` a part of a message that was written in it; ``since`` and ``until`` (not included) bound when the call
    was opened; ``before`` is (opened_at, call id) of the last row of the page before.
    """
    order = (calls.c.opened_at.desc(), calls.c.id.desc())
    wanted: list[sa.ColumnElement[bool]] = []
    if since is not None:
        wanted.append(calls.c.opened_at >= since)
    if until is not None:
        wanted.append(calls.c.opened_at < until)
    if before is not None:
        wanted.append(sa.tuple_(calls.c.opened_at, calls.c.id) < sa.tuple_(*before))
    if number:
        numbered = sa.select(cases.c.id).where(
            cases.c.id == calls.c.case_id,
            cases.c.number.contains(ungrouped(number), autoescape=True),
            _number(unit_id).is_not(None),
        )
        wanted.append(_each(numbered))
    if text:
        said = sa.select(sayings.c.id).where(
            sayings.c.call_id == calls.c.id,
            sayings.c.text.contains(text, autoescape=True),
            _known(unit_id, sayings.c.version),
        )
        wanted.append(_each(said))
    if file:
        wanted.append(_shown(file, unit_id))
    sides = [calls.c.window_unit_id == unit_id, calls.c.target_unit_id == unit_id]
    if person:
        meant = await connection.scalars(_meant(person))
        of_them = sa.select(legs.c.id).where(
            legs.c.call_id == calls.c.id, legs.c.person_id.in_(list(meant))
        )
        wanted.append(_each(of_them))
    each = [
        sa.select(calls.c.id).where(side, *wanted).order_by(*order).limit(limit).subquery()
        for side in sides
    ]
    page = await connection.scalars(sa.union(*(sa.select(one.c.id) for one in each)))
    query = (
        sa.select(
            calls,
            cases.c.number,
            _own(unit_id).label("own"),
            cases.c.applicant_name,
            cases.c.state.label("case_state"),
            cases.c.course,
            sa.func.coalesce(items.c.name, NO_ITEM).label("item"),
            sa.select(sa.func.count())
            .where(recordings.c.call_id == calls.c.id)
            .scalar_subquery()
            .label("recorded"),
        )
        .select_from(
            calls.join(cases, cases.c.id == calls.c.case_id).outerjoin(
                items, items.c.id == cases.c.item_id
            )
        )
        .where(calls.c.id.in_(page.all()))
        .order_by(*order)
        .limit(limit)
    )
    rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    passed = await _passed_on(
        connection, unit_id, {row["case_id"] for row in rows if not row["own"]}
    )
    for row in rows:
        given, row["known"] = passed.get(row["case_id"], (0, _NEVER))
        if given > row["known"]:
            row["number"] = None
    return await _logged(connection, rows)


async def _passed_on(
    connection: AsyncConnection, unit_id: str, case_ids: Collection[str]
) -> dict[str, tuple[int, int]]:
    """Of cases that are not this unit's any more: the version that gave each its number, and the one with which the
    unit referred it to another one, after which it knows nothing of it."""
    if not case_ids:
        return {}
    found = await connection.execute(
        sa.select(cases.c.id, _given(), _left(unit_id)).where(cases.c.id.in_(sorted(case_ids)))
    )
    return {case_id: (given, left) for case_id, given, left in found}


def _meant(person: str) -> sa.Select[tuple[str]]:
    """Who is meant by a part of a name, a staff number or a login."""
    return sa.select(people.c.id).where(
        sa.or_(
            people.c.name.contains(person, autoescape=True),
            people.c.staff_number == person,
            people.c.login == person,
        )
    )


def _shown(file: str, unit_id: str) -> sa.ColumnElement[bool]:
    """A file of such a name came while the call ran, or somebody looked or pointed at it then."""
    looked = sa.select(marks.c.id).where(
        marks.c.call_id == calls.c.id,
        marks.c.kind.in_(["look", "pointer"]),
        marks.c.body["material_id"].as_string() == materials.c.id,
    )
    came = sa.and_(
        materials.c.at >= calls.c.opened_at,
        sa.or_(calls.c.ended_at.is_(None), materials.c.at <= calls.c.ended_at),
    )
    return _each(
        sa.select(materials.c.id).where(
            materials.c.case_id == calls.c.case_id,
            materials.c.name.contains(file, autoescape=True),
            *named_so(file, sa.false()),
            _known(unit_id, materials.c.version),
            sa.or_(came, _each(looked.correlate(calls, materials))),
        )
    )


def _own(unit_id: str) -> sa.ColumnElement[bool]:
    """Whether the case is this unit's, on either side."""
    return sa.or_(cases.c.window_unit_id == unit_id, cases.c.unit_id == unit_id)


def _version(which: Any, *acts: str, unit_id: str | None = None) -> sa.ScalarSelect[int]:
    """The first or the last version of a case that one of these acts made."""
    entry = ledger_entries.c
    made = sa.select(which(entry.version)).where(
        entry.subject == sa.literal(of_case("")) + cases.c.id,
        entry.act.in_(acts),
        entry.result == OK,
    )
    if unit_id is not None:
        made = made.where(entry.unit == unit_id)
    return made.correlate(cases).scalar_subquery()


def _left(unit_id: str) -> sa.ColumnElement[int]:
    """The version of a case with which this unit referred it to another one, at last."""
    left = _version(sa.func.max, "case.refer", unit_id=unit_id)
    return sa.func.coalesce(left, _NEVER)


def _known(unit_id: str, version: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether this unit may know what came to the case of a call with this version."""
    its = sa.select(cases.c.id).where(
        cases.c.id == calls.c.case_id, sa.or_(_own(unit_id), version <= _left(unit_id))
    )
    return _each(its.correlate(calls, materials, sayings))


def _number(unit_id: str) -> sa.ColumnElement[str | None]:
    """The 办件编号 of a case as far as this unit may know it."""
    return sa.case(
        (_own(unit_id), cases.c.number), (_given() <= _left(unit_id), cases.c.number), else_=None
    )


def _given() -> sa.ColumnElement[int]:
    """The version of a case that gave it its number; 0 before."""
    return sa.func.coalesce(_version(sa.func.min, "case.submit", "case.decide"), 0)


def _each(query: sa.Select[tuple[str]]) -> sa.ColumnElement[bool]:
    """Whether there is such a row, asked of one call after the other, the newest first: of an EXISTS
    PostgreSQL would rather read all there is."""
    return query.limit(1).scalar_subquery().is_not(None)


async def _logged(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[Logged]:
    ids = [row["id"] for row in rows]
    seats = await connection.execute(
        _SEAT_ROWS.where(legs.c.call_id.in_(ids)).order_by(legs.c.joined_at)
    )
    approvers: dict[str, str] = {row.call_id: row.person_id for row in seats}
    declined = await _declined(
        connection, [row["id"] for row in rows if row["reason"] == "declined"]
    )
    callers = {row["caller_id"] for row in rows}
    refs = await person_refs(connection, callers | set(approvers.values()) | set(declined.values()))
    decided = await _decisions(connection, {row["case_id"] for row in rows})
    told = {row["id"]: _decided_in(row, decided.get(row["case_id"], ())) for row in rows}
    return [
        Logged(
            call_id=row["id"],
            case_id=row["case_id"],
            case_number=row["number"],
            item_name=row["item"],
            applicant_name=row["applicant_name"],
            consultation=course_of(row["course"]).consultation
            if row["case_state"] in CONSULTATIONS
            else None,
            caller=refs[row["caller_id"]],
            approver=refs.get(approvers.get(row["id"], "")),
            declined_by=refs.get(declined.get(row["id"], "")),
            state=row["state"],
            reason=row["reason"],
            opened_at=row["opened_at"],
            answered_at=row["answered_at"],
            ended_at=row["ended_at"],
            recordings=row["recorded"],
            decision=None if (last := told[row["id"]]) is None else last.kind,
            decided_by=None if last is None else last.by,
        )
        for row in rows
    ]


async def _declined(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    """Who declined each of these calls last."""
    if not ids:
        return {}
    found = await connection.execute(
        sa.select(rings.c.call_id, rings.c.target_id)
        .where(rings.c.call_id.in_(ids), rings.c.state == "declined", rings.c.invite_id.is_(None))
        .order_by(rings.c.closed_at, rings.c.id)
    )
    return {row.call_id: row.target_id for row in found}


@dataclass(frozen=True, slots=True)
class _Decided:
    version: int
    at: datetime
    kind: str
    by: PersonRef


async def _decisions(
    connection: AsyncConnection, case_ids: Collection[str]
) -> Mapping[str, list[_Decided]]:
    """When each of these cases was decided, how and by whom, the earliest first."""
    told = await connection.execute(
        sa.select(events.c.subject, events.c.version, events.c.at, events.c.body)
        .where(
            events.c.subject.in_([of_case(one) for one in case_ids]),
            events.c.type == "case.decided",
        )
        .order_by(events.c.subject, events.c.version)
    )
    found: dict[str, list[_Decided]] = {}
    for row in told:
        decision = row.body["decision"]
        by = PersonRef.model_validate(decision["by"])
        one = _Decided(row.version, row.at, decision["kind"], by)
        found.setdefault(id_of(row.subject), []).append(one)
    return found


def _decided_in(call: Mapping[str, Any], decisions: Sequence[_Decided]) -> _Decided | None:
    begun, ended = call["answered_at"], call["ended_at"]
    if begun is None:
        return None
    within = [
        one
        for one in decisions
        if begun <= one.at and (ended is None or one.at <= ended) and one.version <= call["known"]
    ]
    return within[-1] if within else None


async def case_number(connection: AsyncConnection, case_id: str, unit_id: str) -> str | None:
    """The 办件编号 of a case for this unit; None before its first decision, and where it was given after the
    unit had referred the case to another one."""
    number: str | None = await connection.scalar(
        sa.select(_number(unit_id)).where(cases.c.id == case_id)
    )
    return number


async def calls_about(connection: AsyncConnection, case_id: str) -> list[str]:
    """The ids of all calls about a case, oldest first."""
    found = await connection.scalars(
        sa.select(calls.c.id).where(calls.c.case_id == case_id).order_by(calls.c.opened_at)
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as a package takes it along: what is hashed, its hash and leaf, and what it tells."""

    entry: Entry
    hash: str
    leaf: int | None
    salt: str
    payload: str | None


async def list_sealed(connection: AsyncConnection, subject: str) -> list[SealedEntry]:
    """The ledger of one subject with all that it tells, in the order of its versions."""
    both = ledger_entries.join(
        ledger_payloads,
        sa.and_(
            ledger_payloads.c.subject == ledger_entries.c.subject,
            ledger_payloads.c.version == ledger_entries.c.version,
        ),
    )
    found = await connection.execute(
        sa.select(ledger_entries, ledger_payloads.c.salt, ledger_payloads.c.payload)
        .select_from(both)
        .where(ledger_entries.c.subject == subject)
        .order_by(ledger_entries.c.version)
    )
    return [
        SealedEntry(
            Entry(**{name: row[name] for name in Entry.__dataclass_fields__}),
            row["hash"],
            row["leaf"],
            row["salt"],
            row["payload"],
        )
        for row in found.mappings()
    ]


_CHANGES_AT_ONCE: Final = 200


async def told_legs(
    connection: AsyncConnection, call_id: str
) -> list[tuple[datetime, list[Mapping[str, Any]]]]:
    """The legs of a call with what each lacks, as the changes of it told them, the earliest first; a change that
    left this as it was is left out. Some after the other, for a call may have thousands of changes."""
    found: list[tuple[datetime, list[Mapping[str, Any]]]] = []
    query = (
        sa.select(events.c.version, events.c.at, events.c.body)
        .where(events.c.subject == of_call(call_id), events.c.type == "call.changed")
        .order_by(events.c.version)
        .limit(_CHANGES_AT_ONCE)
    )
    after = 0
    while rows := (await connection.execute(query.where(events.c.version > after))).all():
        for row in rows:
            told = row.body["call"]["legs"]
            legs: list[Mapping[str, Any]] = [
                {"id": leg["id"], "lacking": leg.get("lacking", ())} for leg in told
            ]
            if not found or found[-1][1] != legs:
                found.append((row.at, legs))
        after = rows[-1].version
    return found
