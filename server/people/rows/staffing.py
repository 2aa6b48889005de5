"""Units, windows, roles and exemptions, as they are set up by the command line and by administrators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.rules import Authority
from server.rights.person import Role
from server.store.tables import exemptions, people, units, windows


async def list_units(connection: AsyncConnection) -> list[dict[str, Any]]:
    """All units by name, each with its windows."""
    found = (await connection.execute(sa.select(units).order_by(units.c.name))).mappings()
    rows = [{**unit, "windows": []} for unit in found]
    by_id = {row["id"]: row for row in rows}
    for window in (
        await connection.execute(sa.select(windows).order_by(windows.c.name))
    ).mappings():
        by_id[window["unit_id"]]["windows"].append({"id": window["id"], "name": window["name"]})
    return rows


async def find_authority(connection: AsyncConnection, unit_id: str) -> Authority | None:
    """A unit with the number of its approvers who may sign in; None when there is no such unit."""
    unit = (
        (await connection.execute(sa.select(units).where(units.c.id == unit_id))).mappings().first()
    )
    if unit is None:
        return None
    staff = await connection.scalars(
        sa.select(people.c.roles).where(people.c.unit_id == unit_id, people.c.active)
    )
    approvers = sum(Role.APPROVER in roles for roles in staff)
    return Authority(unit["id"], unit["name"], unit["place"], approvers)


async def credit_code_of(connection: AsyncConnection, unit_id: str) -> str:
    """统一社会信用代码 of a unit; empty where there is no such unit."""
    return (
        await connection.scalar(sa.select(units.c.credit_code).where(units.c.id == unit_id)) or ""
    )


async def decides_at(connection: AsyncConnection, person_id: str, unit_id: str) -> bool:
    """Whether this person may decide cases of that unit now: an approver of it who may sign in."""
    roles = await connection.scalar(
        sa.select(people.c.roles).where(
            people.c.id == person_id, people.c.unit_id == unit_id, people.c.active
        )
    )
    return roles is not None and Role.APPROVER in roles


async def set_roles(connection: AsyncConnection, login: str, roles: Collection[Role]) -> str | None:
    """Give this person these roles instead of those he has; his id, None when nobody signs in so."""
    person_id: str | None = await connection.scalar(
        people.update()
        .where(people.c.login == login)
        .values(roles=sorted(role.value for role in roles))
        .returning(people.c.id)
    )
    return person_id


async def unit_of(connection: AsyncConnection, person_id: str) -> str | None:
    """The unit of a person, active or not; None when there is no such person."""
    found: str | None = await connection.scalar(
        sa.select(people.c.unit_id).where(people.c.id == person_id)
    )
    return found


@dataclass(frozen=True, slots=True)
class Exemption:
    """Two roles that exclude one another, let be in one person."""

    id: str
    person_id: str
    first: str
    second: str
    reason: str
    by: str
    at: datetime


async def add_exemption(connection: AsyncConnection, new: Exemption) -> None:
    """Keep a new one."""
    values = {name: getattr(new, name) for name in Exemption.__dataclass_fields__}
    await connection.execute(exemptions.insert().values(**values))


async def end_exemption(
    connection: AsyncConnection, person_id: str, first: str, second: str
) -> bool:
    """Forget that these two roles were let be in this person; False when they were not."""
    mine = exemptions.c.person_id == person_id
    done = await connection.execute(
        exemptions.delete().where(mine, exemptions.c.first == first, exemptions.c.second == second)
    )
    return done.rowcount > 0


async def exempted(
    connection: AsyncConnection, login: str | None = None, *, unit_id: str | None = None
) -> list[Exemption]:
    """The exemptions of who signs in so, of a unit's people, or of all, oldest first."""
    query = (
        sa.select(exemptions)
        .join(people, people.c.id == exemptions.c.person_id)
        .order_by(exemptions.c.at)
    )
    if login is not None:
        query = query.where(people.c.login == login)
    if unit_id is not None:
        query = query.where(people.c.unit_id == unit_id)
    return [Exemption(**row) for row in (await connection.execute(query)).mappings()]


async def add_unit(
    connection: AsyncConnection,
    *,
    unit_id: str,
    name: str,
    place: str,
    region_code: str,
    credit_code: str,
    level: str,
    review_body: str = "",
    court: str = "",
) -> None:
    """Keep a new unit. `level` is its 行使层级 (GB/T 39046-2020 annex A); `review_body` and `court`: before whom
    its decisions can be taken, empty where that is not known."""
    await connection.execute(
        units.insert().values(
            id=unit_id,
            name=name,
            place=place,
            region_code=region_code,
            credit_code=credit_code,
            level=level,
            review_body=review_body,
            court=court,
        )
    )


async def set_review(
    connection: AsyncConnection, unit_id: str, review_body: str, court: str
) -> bool:
    """Keep before whom the decisions of a unit can be taken; False when there is no such unit."""
    done = await connection.execute(
        units.update().where(units.c.id == unit_id).values(review_body=review_body, court=court)
    )
    return done.rowcount > 0


async def add_window(
    connection: AsyncConnection, *, window_id: str, unit_id: str, name: str
) -> None:
    """Keep a new window of a unit."""
    await connection.execute(windows.insert().values(id=window_id, unit_id=unit_id, name=name))
