"""Calls that nobody answered (未接来电, 未接通), one row a case, as long as nobody has called back.

The row is made when such a call ends and goes when a later one is answered or the case is decided, so
the table is as long as what is to be done, however many calls there were. It is derived from calls and
their entries; who asked to be called has an entry of its own. No rule is here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.batch import Write
from server.store.tables import calls, missed_calls, people, units

Connection = AsyncConnection
LISTED_AT_MOST: Final = 100
"""A list of one window, or of one unit's approvers, is no longer than this: it is sent anew with each change."""
ASKED_AGAIN_AFTER: Final = timedelta(minutes=10)
"""Somebody who was asked to call back has this long to do so before he is asked again."""

Desks = tuple[str | None, str | None]
"""The window at which somebody sits, and the unit for which he answers; either may be None."""

_FORGET: Final = missed_calls.delete().where(missed_calls.c.case_id == sa.bindparam("of"))
_PASS_ON: Final = (
    missed_calls.update()
    .where(missed_calls.c.case_id == sa.bindparam("of"))
    .values(target_unit_id=sa.bindparam("unit"), asked_by=None, asked_at=None)
)


@dataclass(frozen=True, slots=True)
class Missed:
    """The last call about a case that ended with nobody having answered."""

    case_id: str
    call_id: str
    reason: str
    caller_id: str
    window_id: str | None
    target_unit_id: str
    target_unit_name: str
    card: Mapping[str, Any]
    at: datetime
    times: int
    asked_by: str | None
    asked_at: datetime | None

    @property
    def ask_again_at(self) -> datetime | None:
        """When somebody may ask for a call once more; None where nobody has."""
        return self.asked_at and self.asked_at + ASKED_AGAIN_AFTER


_SIDES: Final[tuple[sa.Column[str | None], ...]] = (
    missed_calls.c.window_id,
    missed_calls.c.target_unit_id,
)


async def keep(
    connection: Connection,
    case_id: str,
    call_id: str,
    caller_id: str,
    unit_id: str,
    at: datetime,
) -> None:
    """A call about this case has ended and nobody had answered; ``at``: when it began. It is kept for the
    window of who dialled, and for this unit, which decides.

    Who had asked to be called before has been called back: he is to be found no more.
    """
    values = {
        "call_id": call_id,
        "window_id": sa.select(people.c.window_id)
        .where(people.c.id == caller_id)
        .scalar_subquery(),
        "target_unit_id": unit_id,
        "at": at,
        "asked_by": None,
        "asked_at": None,
    }
    done = await connection.execute(
        missed_calls.update()
        .where(missed_calls.c.case_id == case_id)
        .values(**values, times=missed_calls.c.times + 1)
    )
    if done.rowcount == 0:
        await connection.execute(missed_calls.insert().values(**values, case_id=case_id, times=1))


async def forget(connection: Connection, case_id: str) -> None:
    """Write ``forgotten``."""
    await connection.execute(*forgotten(case_id))


def forgotten(case_id: str) -> Write:
    """Somebody called back, or there is nothing left to call about."""
    return _FORGET, {"of": case_id}


def passed_on(case_id: str, unit_id: str) -> Write:
    """Another unit decides the case: the window calls that one, whose approvers have not been called."""
    return _PASS_ON, {"of": case_id, "unit": unit_id}


async def find(connection: Connection, case_id: str) -> tuple[str, datetime | None] | None:
    """The call about this case that was missed, and when somebody asked to be called; None where none was."""
    query = sa.select(missed_calls.c.call_id, missed_calls.c.asked_at)
    row = (await connection.execute(query.where(missed_calls.c.case_id == case_id))).first()
    return None if row is None else (row.call_id, row.asked_at)


async def ask(connection: Connection, case_id: str, person_id: str, at: datetime) -> None:
    """Keep that this person asks to be called about a case of which a call was missed."""
    await connection.execute(
        missed_calls.update()
        .where(missed_calls.c.case_id == case_id)
        .values(asked_by=person_id, asked_at=at)
    )


def newest(desks: Collection[Desks]) -> sa.CompoundSelect[tuple[str]]:
    """The cases of the newest missed calls of all these desks: from each window, to each unit's approvers.
    Each side by its own index."""
    each = []
    for side, ids in zip(_SIDES, zip(*desks, strict=True), strict=True):
        wanted = sorted({one for one in ids if one is not None})
        if not wanted:
            continue
        place = (missed_calls.c.at.desc(), missed_calls.c.case_id.desc())
        number = sa.func.row_number().over(partition_by=side, order_by=place)
        numbered = (
            sa.select(missed_calls.c.case_id, number.label("number"))
            .where(side.in_(wanted))
            .subquery()
        )
        each.append(sa.select(numbered.c.case_id).where(numbered.c.number <= LISTED_AT_MOST))
    return sa.union(*each)


async def of_desks(
    connection: Connection, desks: Collection[Desks]
) -> Mapping[Desks, Sequence[Missed]]:
    """What each of these desks missed or was not reached in, the newest first; to approvers only what rang at their unit."""
    found: dict[Desks, list[Missed]] = {one: [] for one in desks}
    at_window: dict[str, list[Desks]] = {}
    of_unit: dict[str, list[Desks]] = {}
    for one in found:
        window_id, unit_id = one
        if window_id is not None:
            at_window.setdefault(window_id, []).append(one)
        if unit_id is not None:
            of_unit.setdefault(unit_id, []).append(one)
    if not at_window and not of_unit:
        return found
    rows = (
        await connection.execute(
            sa.select(
                missed_calls,
                calls.c.caller_id,
                calls.c.card,
                calls.c.reason,
                calls.c.target_unit_id.label("rung_unit_id"),
                units.c.name.label("target_unit_name"),
            )
            .select_from(
                missed_calls.join(calls, calls.c.id == missed_calls.c.call_id).join(
                    units, units.c.id == missed_calls.c.target_unit_id
                )
            )
            .where(missed_calls.c.case_id.in_(newest(found)))
            .order_by(missed_calls.c.at.desc(), missed_calls.c.case_id.desc())
        )
    ).all()
    for row in rows:
        missed = Missed(
            case_id=row.case_id,
            call_id=row.call_id,
            reason=row.reason,
            caller_id=row.caller_id,
            window_id=row.window_id,
            target_unit_id=row.target_unit_id,
            target_unit_name=row.target_unit_name,
            card=row.card,
            at=row.at,
            times=row.times,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
        )
        # a unit to which the case was referred since was never called
        rung = row.target_unit_id == row.rung_unit_id
        mine = at_window.get(row.window_id, []) + (
            of_unit.get(row.target_unit_id, []) if rung else []
        )
        for desk in dict.fromkeys(mine):
            if len(found[desk]) < LISTED_AT_MOST:
                found[desk].append(missed)
    return found
