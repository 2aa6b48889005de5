"""Tellings as rows: kept, claimed when they are due, and listed by case."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.batch import Write
from server.store.tables import cases, externals, items, tellings, units
from server.store.tables.indexes import as_indexed
from server.tellings.rules import Telling

Connection = AsyncConnection
DUE_AT_ONCE: Final = 100
LEASE: Final = timedelta(seconds=60)
"""So long no other node tries one that is being tried."""

_NAMES: Final = tuple(one.name for one in fields(Telling))
_CHANGES: Final = ("state", "due_at", "sent_at", "received_at", "why", "task_id")
_INSERT: Final = tellings.insert()
_UPDATE: Final = (
    tellings.update()
    .where(tellings.c.id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"new_{name}", type_=tellings.c[name].type) for name in _CHANGES})
)
_DUE: Final = as_indexed("due_at IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Claimed:
    """One that is tried now, with what is needed for it."""

    telling: Telling
    phone: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class ForSystem:
    """One that an external system is told now, with what is needed for it."""

    telling: Telling
    external_id: str
    system: str
    generation: int
    """Which of its keys holds."""
    url: str | None
    revoked: bool
    number: str
    """办件编号."""
    receipt_number: str | None
    item_code: str
    item_name: str
    unit_name: str
    window_unit_name: str


def new_telling(telling: Telling) -> Write:
    """The row of a telling, to be written with the entry of its first version."""
    return _INSERT, {name: getattr(telling, name) for name in _NAMES}


def changed_telling(telling: Telling) -> Write:
    """The row of a telling as it is now; how often it was tried is written by who tries."""
    return _UPDATE, {
        "of": telling.id,
        **{f"new_{name}": getattr(telling, name) for name in _CHANGES},
    }


def telling_of(row: Mapping[str, Any]) -> Telling:
    """The rules' telling of a row."""
    return Telling(**{name: row[name] for name in _NAMES})


async def find(connection: Connection, telling_id: str) -> Telling | None:
    """The telling of this id."""
    query = sa.select(tellings).where(tellings.c.id == telling_id)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else telling_of(dict(row))


async def of_case(connection: Connection, case_id: str) -> list[tuple[Telling, str]]:
    """What the applicant of a case is told, with the name of the unit that answers for each, oldest first."""
    query = (
        sa.select(tellings, units.c.name.label("unit_name"))
        .join(units, units.c.id == tellings.c.unit_id)
        .where(tellings.c.case_id == case_id, tellings.c.external_id.is_(None))
        .order_by(tellings.c.made_at, tellings.c.id)
    )
    found = (await connection.execute(query)).mappings()
    return [(telling_of(dict(row)), row["unit_name"]) for row in found]


async def of_system(connection: Connection, case_id: str) -> list[tuple[Telling, str]]:
    """What an external system is told of a case, with its name, oldest first."""
    query = (
        sa.select(tellings, externals.c.system)
        .join(externals, externals.c.id == tellings.c.external_id)
        .where(tellings.c.case_id == case_id)
        .order_by(tellings.c.made_at, tellings.c.id)
    )
    found = (await connection.execute(query)).mappings()
    return [(telling_of(dict(row)), row["system"]) for row in found]


async def untaken(connection: Connection, external_id: str, day: date) -> int:
    """How many messages of this day the system has not taken."""
    query = sa.select(sa.func.count()).where(
        tellings.c.external_id == external_id,
        tellings.c.day == day,
        tellings.c.state != "received",
    )
    return int(await connection.scalar(query) or 0)


async def due(connection: Connection, at: datetime, *, systems: bool = False) -> list[str]:
    """The ids of those whose time has come, the longest due first: of applicants, or of external systems."""
    whose = tellings.c.external_id.is_not(None) if systems else tellings.c.external_id.is_(None)
    query = (
        sa.select(tellings.c.id)
        .where(_DUE, tellings.c.due_at <= at, whose)
        .order_by(tellings.c.due_at)
        .limit(DUE_AT_ONCE)
    )
    return list(await connection.scalars(query))


async def claim(connection: Connection, telling_id: str, at: datetime) -> Claimed | None:
    """Take one whose time has come under a lease, and count the try; None when another node has it."""
    if not await _taken(connection, telling_id, at):
        return None
    query = (
        sa.select(tellings, cases.c.phone, units.c.name)
        .join(cases, cases.c.id == tellings.c.case_id)
        .join(units, units.c.id == tellings.c.unit_id)
        .where(tellings.c.id == telling_id)
    )
    row = (await connection.execute(query)).mappings().one()
    return Claimed(telling_of(dict(row)), row["phone"], row["name"])


async def claim_for_system(
    connection: Connection, telling_id: str, at: datetime
) -> ForSystem | None:
    """As ``claim``, of what an external system is told."""
    if not await _taken(connection, telling_id, at):
        return None
    window = units.alias("window_units")
    query = (
        sa.select(
            tellings,
            externals.c.system,
            externals.c.generation,
            externals.c.url,
            externals.c.revoked_at,
            cases.c.number.label("case_number"),
            cases.c.receipt_number,
            items.c.code.label("item_code"),
            items.c.name.label("item_name"),
            units.c.name.label("unit_name"),
            window.c.name.label("window_unit_name"),
        )
        .join(externals, externals.c.id == tellings.c.external_id)
        .join(cases, cases.c.id == tellings.c.case_id)
        .join(items, items.c.id == cases.c.item_id)
        .join(units, units.c.id == tellings.c.unit_id)
        .join(window, window.c.id == cases.c.window_unit_id)
        .where(tellings.c.id == telling_id)
    )
    row = (await connection.execute(query)).mappings().one()
    return ForSystem(
        telling=telling_of(dict(row)),
        external_id=row["external_id"],
        system=row["system"],
        generation=row["generation"],
        url=row["url"],
        revoked=row["revoked_at"] is not None,
        number=row["case_number"] or "",
        receipt_number=row["receipt_number"],
        item_code=row["item_code"],
        item_name=row["item_name"],
        unit_name=row["unit_name"],
        window_unit_name=row["window_unit_name"],
    )


async def _taken(connection: Connection, telling_id: str, at: datetime) -> bool:
    taken = await connection.execute(
        tellings.update()
        .where(tellings.c.id == telling_id, _DUE, tellings.c.due_at <= at)
        .values(due_at=at + LEASE, tries=tellings.c.tries + 1)
    )
    return bool(taken.rowcount)


async def archived(connection: Connection, telling: Telling) -> bool:
    """Whether the case of this telling lies in the archive."""
    query = sa.select(cases.c.state).where(cases.c.id == telling.case_id)
    return bool(await connection.scalar(query) == "archived")


async def put_off(
    connection: Connection, telling: Telling, until: datetime, *, counts: bool = True
) -> None:
    """Try it again then, unless something else became of it. Without ``counts`` this was no try."""
    await connection.execute(
        tellings.update()
        .where(
            tellings.c.id == telling.id,
            tellings.c.state == telling.state,
            tellings.c.tries == telling.tries,
        )
        .values(due_at=until, tries=telling.tries - (not counts))
    )
