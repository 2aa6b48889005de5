"""What a unit referred away (转办), newest first: written with the referral, read as its list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection as Connection

from server.case.rows.columns import referrals_of
from server.case.rules.case import Case, Referral
from server.store.batch import Write
from server.store.tables import cases, items, referred_away, units, windows

_INSERT: Final = referred_away.insert()


@dataclass(frozen=True, slots=True)
class ReferredAway:
    """One referral of a case, as it stood when the unit passed the case on; nothing that came after."""

    case_id: str
    item_name: str
    applicant_name: str
    window_unit_name: str
    window_name: str
    referral: Referral


def new_referrals(before: Case, after: Case) -> list[Write]:
    """The referrals of ``after`` that ``before`` has not, to be written."""
    return [
        (
            _INSERT,
            {
                "case_id": after.id,
                "nth": nth,
                "from_unit_id": one.from_unit_id,
                "to_unit_id": one.to_unit_id,
                "at": one.at,
            },
        )
        for nth, one in enumerate(after.referrals)
        if nth >= len(before.referrals)
    ]


async def list_referred_away(
    connection: Connection,
    from_unit_id: str,
    *,
    to: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ReferredAway]:
    """What this unit referred away, newest first; ``to``: part of the name or the place of the unit that got it.

    ``before`` is (at, case_id) of the last row of the page before.
    """
    place = sa.tuple_(referred_away.c.at, referred_away.c.case_id)
    there, here = units.alias("there"), units.alias("here")
    query = (
        sa.select(
            referred_away.c.case_id,
            referred_away.c.nth,
            items.c.name.label("item_name"),
            cases.c.applicant_name,
            cases.c.referrals,
            here.c.name.label("window_unit_name"),
            windows.c.name.label("window_name"),
        )
        .join(cases, cases.c.id == referred_away.c.case_id)
        .join(items, items.c.id == cases.c.item_id)
        .join(windows, windows.c.id == cases.c.window_id)
        .join(here, here.c.id == cases.c.window_unit_id)
        .join(there, there.c.id == referred_away.c.to_unit_id)
        .where(referred_away.c.from_unit_id == from_unit_id)
        .order_by(referred_away.c.at.desc(), referred_away.c.case_id.desc())
        .limit(limit)
    )
    if to:
        query = query.where(
            sa.or_(*(one.contains(to, autoescape=True) for one in (there.c.name, there.c.place)))
        )
    if before is not None:
        query = query.where(place < sa.tuple_(*before))
    found = await connection.execute(query)
    return [
        ReferredAway(
            case_id=row.case_id,
            item_name=row.item_name,
            applicant_name=row.applicant_name,
            window_unit_name=row.window_unit_name,
            window_name=row.window_name,
            referral=referrals_of(row.referrals)[row.nth],
        )
        for row in found
    ]
