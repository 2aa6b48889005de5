"""Cases of which a day has passed, the applicant's or one of their clocks, as long as no task tells of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection as Connection

from server.store.batch import Write, replaced
from server.store.tables import cases, tasks, units
from server.store.tables.indexes import as_indexed

AT_ONCE: Final = 100
PassedDay = Literal["correction_passed", "promise_passed"]
"""补正, 容缺后补."""


PassedLimit = Literal["limit_passed"]
"""Any other clock of a case."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The last day, that day included, was ``on``. ``once`` names the day in the case's task."""

    case_id: str
    cause: PassedDay | PassedLimit
    on: date
    once: str


def limit_once(on: date) -> str:
    """What names the task of a limit that ended on that day."""
    return f"limit_passed:{on.isoformat()}"


async def list_passed(
    connection: Connection, today: date, case_id: str | None = None
) -> list[Passed]:
    """Of all cases, or of this one: 补正 and 容缺后补 whose day is over, the oldest first, 100 of each."""
    found = list[Passed]()
    for cause, day, condition in _DAYS:
        once = sa.literal(f"{cause}:") + sa.cast(day, sa.String)
        told = sa.exists().where(tasks.c.case_id == cases.c.id, tasks.c.once == once)
        query = (
            sa.select(cases.c.id, day, once)
            .where(condition, day < today, sa.not_(told))
            .order_by(day)
            .limit(AT_ONCE)
        )
        if case_id is not None:
            query = query.where(cases.c.id == case_id)
        found += [Passed(id, cause, on, named) for id, on, named in await connection.execute(query)]
    return found


async def list_late(
    connection: Connection, today: date, after: tuple[date, str] | None = None
) -> list[Passed]:
    """Cases outside the archive and outside 补正 whose next date is over, the oldest first, 100 at once, behind that of
    this day and id. Whether the clock stands still, the case itself must say."""
    once = sa.literal("limit_passed:") + sa.cast(cases.c.due_on, sa.String)
    told = sa.exists().where(tasks.c.case_id == cases.c.id, tasks.c.once == once)
    query = (
        # unit by unit, as the partial index has them
        sa.select(cases.c.id, cases.c.due_on, once)
        .select_from(units.join(cases, cases.c.unit_id == units.c.id))
        .where(
            as_indexed("due_on IS NOT NULL"),
            cases.c.due_on < today,
            cases.c.state != "to_correct",
            sa.not_(told),
        )
        .order_by(cases.c.due_on, cases.c.id)
        .limit(AT_ONCE)
    )
    if after is not None:
        query = query.where(sa.tuple_(cases.c.due_on, cases.c.id) > sa.tuple_(*after))
    found = await connection.execute(query)
    return [Passed(id, "limit_passed", on, named) for id, on, named in found]


async def list_to_migrate(connection: Connection) -> list[tuple[str, date]]:
    """Cases that an upgrade marked, with its day, 100 at once."""
    query = sa.select(cases.c.id, cases.c.to_migrate).where(as_indexed("to_migrate IS NOT NULL"))
    found = await connection.execute(query.order_by(cases.c.id).limit(AT_ONCE))
    return [(id, on) for id, on in found]


def no_longer_to_migrate(case_id: str, due_on: date | None) -> Write:
    """It was entered, and this is its next date."""
    return replaced(cases, {"id": case_id, "to_migrate": None, "due_on": due_on})


_DAYS: Final[
    tuple[
        tuple[
            PassedDay,
            sa.Column[date | None],
            sa.ColumnElement[bool],
        ],
        ...,
    ]
] = (
    ("correction_passed", cases.c.due_on, as_indexed("state = 'to_correct'")),
    ("promise_passed", cases.c.owed_by, as_indexed("owed_by IS NOT NULL")),
)
"""In the words of the partial indexes."""
