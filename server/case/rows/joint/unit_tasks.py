"""A unit's tasks as rows: columns by which they are found and listed, and a body with the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.joint.unit_task import RUNNING, UnitTask, UnitTaskTab, scope_of
from server.catalogue.rules.item import NO_ITEM
from server.rights.hand import TaskScope
from server.standards.working_days import china_day
from server.store.batch import Write, added, replaced
from server.store.tables import cases, items, unit_tasks, units
from server.store.tables.indexes import as_indexed

_TASK: Final = TypeAdapter(UnitTask)
_OWN: Final = ("id", "unit_id", "key", "round", "kind", "state", "made_at", "ended_at")
"""Members that are columns."""
_DERIVED: Final = ("turn", "next_on")
_BODY: Final = frozenset(one.name for one in fields(UnitTask)) - set(_OWN)
_TO_DO: Final = as_indexed("unit_tasks.turn = 'own'")
_ANSWERED: Final = as_indexed("unit_tasks.state = 'answered'")
"""In the words of the partial indexes."""
_COLUMNS: Final = (*(unit_tasks.c[name] for name in _OWN), unit_tasks.c.body)


async def list_unit_tasks(connection: AsyncConnection, case_id: str) -> tuple[UnitTask, ...]:
    """All tasks of a case, in the order in which they were made."""
    found = await connection.execute(
        sa.select(*_COLUMNS).where(unit_tasks.c.case_id == case_id).order_by(unit_tasks.c.place)
    )
    return tuple(_task(row) for row in found.mappings())


async def scope(connection: AsyncConnection, case_id: str, unit_id: str) -> TaskScope | None:
    """What this unit may see of this case for its tasks; None: it has none that runs."""
    found = await connection.execute(
        sa.select(*_COLUMNS).where(
            unit_tasks.c.case_id == case_id,
            unit_tasks.c.unit_id == unit_id,
            unit_tasks.c.state.in_(sorted(RUNNING)),
        )
    )
    return scope_of([_task(row) for row in found.mappings()], unit_id)


@dataclass(frozen=True, slots=True)
class ListedUnitTask:
    """A task of a unit with what its list tells of the case: nothing that its scope does not show once it is over."""

    task: UnitTask
    case_id: str
    number: str | None
    receipt_number: str | None
    item_name: str
    lead_name: str


async def list_of_unit(
    connection: AsyncConnection,
    unit_id: str,
    tab: UnitTaskTab,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ListedUnitTask]:
    """The tasks of a unit in which it is its turn, the most urgent first; those that it answered and the lead has not
    closed, the oldest first; or those that are over, the newest first."""
    lead = units.alias("lead")
    query = (
        sa.select(
            *_COLUMNS,
            unit_tasks.c.case_id,
            cases.c.number,
            cases.c.receipt_number,
            sa.func.coalesce(items.c.name, NO_ITEM).label("item_name"),
            lead.c.name.label("lead_name"),
        )
        .select_from(
            unit_tasks.join(cases, cases.c.id == unit_tasks.c.case_id)
            .join(lead, lead.c.id == cases.c.unit_id)
            .outerjoin(items, items.c.id == cases.c.item_id)
        )
        .where(unit_tasks.c.unit_id == unit_id)
        .limit(limit)
    )
    if tab == "ended":
        query = query.where(unit_tasks.c.ended_at.is_not(None)).order_by(
            unit_tasks.c.ended_at.desc(), unit_tasks.c.id.desc()
        )
        if after is not None:
            query = query.where(
                sa.tuple_(unit_tasks.c.ended_at, unit_tasks.c.id) < sa.tuple_(*after)
            )
    else:
        query = query.where(_TO_DO if tab == "to_do" else _ANSWERED).order_by(
            unit_tasks.c.next_on, unit_tasks.c.id
        )
        if after is not None:
            day = china_day(after[0])
            query = query.where(
                sa.tuple_(unit_tasks.c.next_on, unit_tasks.c.id) > sa.tuple_(day, after[1])
            )
    found = await connection.execute(query)
    return [
        ListedUnitTask(
            _task(row),
            **{name: row[name] for name in ListedUnitTask.__dataclass_fields__ if name != "task"},
        )
        for row in found.mappings()
    ]


async def count_to_do(connection: AsyncConnection, unit_id: str) -> int:
    """In how many tasks of a unit it is its turn, counted up to 10,001."""
    at_most = (
        sa.select(sa.literal(1))
        .select_from(unit_tasks)
        .where(unit_tasks.c.unit_id == unit_id, _TO_DO)
    ).limit(10_001)
    return await connection.scalar(sa.select(sa.func.count()).select_from(at_most.subquery())) or 0


def changed(case_id: str, before: tuple[UnitTask, ...], after: tuple[UnitTask, ...]) -> list[Write]:
    """The tasks that differ, to be written."""
    were = {one.id: one for one in before}
    return [
        replaced(unit_tasks, _values(one))
        if one.id in were
        else added(unit_tasks, _values(one) | {"case_id": case_id, "place": place})
        for place, one in enumerate(after)
        if were.get(one.id) != one
    ]


def _task(row: Mapping[Any, Any]) -> UnitTask:
    return _TASK.validate_python({**row["body"], **{name: row[name] for name in _OWN}})


def _values(task: UnitTask) -> dict[str, Any]:
    body = _TASK.dump_python(task, mode="json", include=set(_BODY))
    columns = {name: getattr(task, name) for name in (*_OWN, *_DERIVED)}
    return {**columns, "body": body}
