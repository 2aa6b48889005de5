"""Tasks as rows: kept, found, listed and counted. Lists read the partial indexes of what is not over."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Final, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.catalogue.rules.item import NO_ITEM
from server.store.batch import Write
from server.store.ledger.entry import OK
from server.store.tables import cases, items, ledger_entries, materials, people, tasks, units
from server.store.tables.indexes import as_indexed
from server.tasks.rules import (
    AGENT_KINDS,
    Demand,
    Mandate,
    Task,
    TaskKind,
    TaskOnly,
    TaskResult,
    TaskSource,
    TaskTab,
)

Connection = AsyncConnection
COUNTED: Final[tuple[str, ...]] = (*get_args(TaskTab)[:-1], "agents")
"""Those that stand open, and 帮办 and 代办 among them; what is over is not counted."""
RAISED_AT_ONCE: Final = 100

_NAMES: Final = tuple(one.name for one in fields(Task))
_LISTS: Final = frozenset({"sources", "results", "demands", "mandates"})
_BORN_WITH: Final = frozenset({"id", "case_id", "kind", "made_at", "once", "call_id", "joined_at"})
"""What never changes."""
_INSERT: Final = tasks.insert()
_UPDATE: Final = (
    tasks.update()
    .where(tasks.c.id == sa.bindparam("of"))
    .values(
        {
            name: sa.bindparam(f"new_{name}", type_=tasks.c[name].type)
            for name in (*_NAMES, "demand_by")
            if name not in _BORN_WITH
        }
    )
)
_NOT_OVER: Final = tasks.c.ended_at.is_(None)
_HELPS: Final = ("task.claim", "task.mandate", "task.enter", "task.suspend", "task.resume")
"""What of 帮办 and 代办 its agent alone does."""
_TELLS: Final = as_indexed("kind = 'tell'")
_ELSE: Final = as_indexed("kind <> 'tell'")
"""In the words of the partial indexes."""
_AGENTS: Final = tasks.c.kind.in_(sorted(AGENT_KINDS))


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task with what a list tells of its case."""

    task: Task
    item_name: str
    applicant_name: str
    phone: str
    unit_name: str


def new_task(task: Task) -> Write:
    """The row of a task, to be written with the entry of its version."""
    return _INSERT, _values(task)


def changed_task(task: Task) -> Write:
    """The row of a task as it is now."""
    values = _values(task)
    return _UPDATE, {
        "of": task.id,
        **{f"new_{name}": value for name, value in values.items() if name not in _BORN_WITH},
    }


def _values(task: Task) -> dict[str, Any]:
    values = {name: getattr(task, name) for name in _NAMES}
    for name in _LISTS:
        values[name] = [_kept(one) for one in values[name]]
    return values | {"demand_by": task.demand_by}


def _kept(thing: TaskSource | TaskResult | Demand | Mandate) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(thing).items()
    }


_MOMENTS: Final = frozenset({"at", "answer_by", "answered_at"})
_DAYS: Final = frozenset({"signed_on", "until"})


def _told(kept: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(kept)
    for name, value in kept.items():
        if value and name in _MOMENTS:
            told[name] = datetime.fromisoformat(value)
        elif name in _DAYS:
            told[name] = date.fromisoformat(value)
    return told


def task_of(row: Mapping[str, Any]) -> Task:
    """The rules' task of a row."""
    values = {name: row[name] for name in _NAMES}
    values["sources"] = tuple(TaskSource(**_told(one)) for one in row["sources"])
    values["results"] = tuple(TaskResult(**_told(one)) for one in row["results"])
    values["demands"] = tuple(Demand(**_told(one)) for one in row["demands"])
    values["mandates"] = tuple(Mandate(**_told(one)) for one in row["mandates"] or ())
    return Task(**values)


async def find(connection: Connection, task_id: str) -> Task | None:
    """The task of this id."""
    row = (
        (await connection.execute(sa.select(tasks).where(tasks.c.id == task_id))).mappings().first()
    )
    return None if row is None else task_of(dict(row))


async def going_on(connection: Connection, case_id: str, kind: str | None = None) -> list[Task]:
    """The tasks of a case that are not over, oldest first; of one kind alone where it is named."""
    query = sa.select(tasks).where(tasks.c.case_id == case_id, _NOT_OVER).order_by(tasks.c.made_at)
    if kind is not None:
        query = query.where(tasks.c.kind == kind)
    return [task_of(dict(row)) for row in (await connection.execute(query)).mappings()]


async def of_case(connection: Connection, case_id: str, kinds: Collection[TaskKind]) -> list[Task]:
    """The tasks of a case of these kinds, over or not, oldest first."""
    query = sa.select(tasks).where(tasks.c.case_id == case_id, tasks.c.kind.in_(kinds))
    found = await connection.execute(query.order_by(tasks.c.made_at, tasks.c.id))
    return [task_of(dict(row)) for row in found.mappings()]


async def has_helped(connection: Connection, case_id: str, person_id: str) -> bool:
    """Whether this person helps or acts for the applicant of a case (帮办, 代办), or ever did: it lies with him, or the
    ledger has what he did of it."""
    entry = ledger_entries.c
    did = sa.exists().where(
        entry.subject == sa.literal("task:") + tasks.c.id,
        entry.actor == person_id,
        entry.act.in_(_HELPS),
        entry.result == OK,
    )
    query = sa.select(tasks.c.id).where(
        tasks.c.case_id == case_id,
        tasks.c.kind.in_(AGENT_KINDS),
        (tasks.c.owner_id == person_id) | did,
    )
    return await connection.scalar(query.limit(1)) is not None


async def has_file(connection: Connection, case_id: str, material_id: str) -> bool:
    """Whether this is a file that the window brought to the case, and that is kept."""
    query = sa.select(materials.c.id).where(
        materials.c.id == material_id,
        materials.c.case_id == case_id,
        materials.c.side == "window",
        materials.c.purpose == "material",
        materials.c.state == "stored",
    )
    return await connection.scalar(query) is not None


async def has_once(connection: Connection, case_id: str, once: str) -> bool:
    """Whether the case has, or had, a task that is opened but once."""
    query = sa.select(tasks.c.id).where(tasks.c.case_id == case_id, tasks.c.once == once)
    return await connection.scalar(query) is not None


async def to_raise(connection: Connection, at: datetime) -> list[str]:
    """The ids of tasks whose time to be raised has come, the longest due first."""
    query = (
        sa.select(tasks.c.id)
        .where(tasks.c.raise_at.is_not(None), tasks.c.raise_at <= at)
        .order_by(tasks.c.raise_at)
        .limit(RAISED_AT_ONCE)
    )
    return list(await connection.scalars(query))


def _tab(tab: TaskTab, unit_id: str, person_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    mine = tasks.c.owner_id == person_id
    here = tasks.c.unit_id == unit_id
    match tab:
        case "mine":
            return here, _NOT_OVER, _ELSE, mine
        case "others":
            others = tasks.c.owner_id.is_not(None), tasks.c.owner_id != person_id
            return here, _NOT_OVER, _ELSE, *others
        case "demanded":
            return here, tasks.c.demand_by.is_not(None)
        case "unclaimed":
            return here, _NOT_OVER, _ELSE, tasks.c.owner_id.is_(None)
        case "untold":
            return here, _NOT_OVER, _TELLS
        case "ended":
            return here, tasks.c.ended_at.is_not(None)


_LISTED: Final = sa.select(
    tasks,
    sa.func.coalesce(items.c.name, NO_ITEM).label("item_name"),
    cases.c.applicant_name,
    cases.c.phone,
    units.c.name.label("unit_name"),
).select_from(
    tasks.join(cases, cases.c.id == tasks.c.case_id)
    .outerjoin(items, items.c.id == cases.c.item_id)
    .join(units, units.c.id == tasks.c.unit_id)
)


async def list_tasks(
    connection: Connection,
    unit_id: str,
    person_id: str,
    tab: TaskTab,
    *,
    only: TaskOnly | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ListedTask]:
    """The tasks of a unit under a tab, the next first; those that are over, the newest first. ``after``: the
    time and the id of the last row of the page before."""
    ended = tab == "ended"
    by = tasks.c.ended_at if ended else tasks.c.next_at
    query = _LISTED.where(*_tab(tab, unit_id, person_id), *_only(only)).limit(limit)
    if after is not None:
        place, last = sa.tuple_(by, tasks.c.id), sa.tuple_(*map(sa.literal, after))
        query = query.where(place < last if ended else place > last)
    order = (by.desc(), tasks.c.id.desc()) if ended else (by, tasks.c.id)
    return await _listed(connection, query.order_by(*order))


async def find_listed(connection: Connection, task_id: str) -> ListedTask | None:
    """The task of this id with what is told of its case."""
    found = await _listed(connection, _LISTED.where(tasks.c.id == task_id))
    return found[0] if found else None


async def _listed(connection: Connection, query: sa.Select[Any]) -> list[ListedTask]:
    return [
        ListedTask(
            task_of(dict(row)),
            row["item_name"],
            row["applicant_name"],
            row["phone"],
            row["unit_name"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


def _only(only: TaskOnly | None) -> tuple[sa.ColumnElement[bool], ...]:
    return () if only is None else (_AGENTS,)


async def count_tasks(
    connection: Connection, unit_id: str, person_id: str, *, only: TaskOnly | None = None
) -> dict[str, int]:
    """How many tasks of the unit stand under each tab but that of those which are over, and how many are 帮办 and
    代办: one statement."""
    one = sa.func.count()
    query = sa.select(
        one.filter(tasks.c.owner_id == person_id),
        one.filter(tasks.c.owner_id != person_id),
        _counted(*_tab("demanded", unit_id, person_id), *_only(only)),
        one.filter(tasks.c.owner_id.is_(None)),
        _counted(*_tab("untold", unit_id, person_id), *_only(only)),
        one.filter(_AGENTS),
    ).where(tasks.c.unit_id == unit_id, _NOT_OVER, _ELSE, *_only(only))
    found = (await connection.execute(query)).one()
    return dict(zip(COUNTED, found, strict=True))


def _counted(*of: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    # an alias of its own: else it would be taken for a part of the rows around it
    query = sa.select(sa.func.count()).select_from(sa.select(tasks.c.id).where(*of).subquery())
    return query.scalar_subquery()


async def without_owner_or_date(connection: Connection, limit: int = 100) -> list[str]:
    """Tasks that are not over and have no next time, or lie with somebody who can do nothing at their unit:
    there must be none."""
    query = (
        sa.select(tasks.c.id)
        .outerjoin(people, people.c.id == tasks.c.owner_id)
        .where(
            _NOT_OVER,
            tasks.c.next_at.is_(None)
            | (tasks.c.next_step == "")
            | (
                tasks.c.owner_id.is_not(None)
                & (sa.not_(people.c.active) | (people.c.unit_id != tasks.c.unit_id))
            ),
        )
        .limit(limit)
    )
    return list(await connection.scalars(query))
