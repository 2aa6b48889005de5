"""Cases of which a day has passed that the applicant was given, as long as no task tells of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection as Connection

from server.store.tables import cases, tasks

AT_ONCE: Final = 100
PassedDay = Literal["correction_passed", "promise_passed"]
"""补正, 容缺后补."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The last day, that day included, was ``on``. ``once`` names the day in the case's task."""

    case_id: str
    cause: PassedDay
    on: date
    once: str


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
    ("correction_passed", cases.c.due_on, sa.literal_column("state = 'to_correct'", sa.Boolean)),
    ("promise_passed", cases.c.owed_by, sa.literal_column("owed_by IS NOT NULL", sa.Boolean)),
)
"""In the words of the partial indexes."""
