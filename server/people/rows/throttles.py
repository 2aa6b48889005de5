"""How often something failed, and from which devices an account is known: shared by all nodes.

Working rows: nothing of them is an act, and none stands in the ledger. Keys are SHA-256. The rules are
in server.people.acts.throttle.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import Utc, devices, throttles

Connection = AsyncConnection


async def spent(connection: AsyncConnection, most: dict[str, int], at: datetime) -> datetime | None:
    """Until when one of these keys has no try left; None when each has one. ``most``: by key."""
    rows = await connection.execute(
        sa.select(throttles).where(throttles.c.key.in_(list(most)), throttles.c.until > at)
    )
    return max((row.until for row in rows if row.tries >= most[row.key]), default=None)


async def take(
    connection: AsyncConnection, key: str, most: int, at: datetime, lasts: timedelta
) -> datetime | None:
    """Take one of ``most`` tries; None when it was taken, else until when there is none.

    The first one says when all are forgotten. Of any number that ask at once, on any nodes, no more
    than ``most`` get one.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    gone, then = throttles.c.until <= at, at + lasts
    taken = await connection.execute(
        insert(throttles)
        .values(key=key, tries=1, until=then)
        .on_conflict_do_update(
            index_elements=[throttles.c.key],
            set_={
                "tries": sa.case((gone, 1), else_=throttles.c.tries + 1),
                "until": sa.case((gone, sa.literal(then, Utc())), else_=throttles.c.until),
            },
            where=sa.or_(gone, throttles.c.tries < most),
        )
    )
    if taken.rowcount == 1:
        return None
    until: datetime | None = await connection.scalar(
        sa.select(throttles.c.until).where(throttles.c.key == key)
    )
    return until or at


async def give_back(connection: AsyncConnection, keys: Collection[str], at: datetime) -> None:
    """Forget one try of each key."""
    for key in sorted(keys):
        await connection.execute(
            throttles.update()
            .where(throttles.c.key == key, throttles.c.until > at, throttles.c.tries > 0)
            .values(tries=throttles.c.tries - 1)
        )


async def is_known(connection: AsyncConnection, account: str, device: str, since: datetime) -> bool:
    """Whether this account was signed in from this device since then."""
    found = await connection.scalar(
        sa.select(devices.c.seen_at).where(
            devices.c.account == account, devices.c.device == device, devices.c.seen_at > since
        )
    )
    return found is not None


async def is_somebodys(connection: AsyncConnection, device: str, since: datetime) -> bool:
    """Whether anybody was signed in from this device since then."""
    found = await connection.scalar(
        sa.select(devices.c.account)
        .where(devices.c.device == device, devices.c.seen_at > since)
        .limit(1)
    )
    return found is not None


async def know(connection: AsyncConnection, account: str, device: str, at: datetime) -> None:
    """Keep that the account was signed in from this device."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        insert(devices)
        .values(account=account, device=device, seen_at=at)
        .on_conflict_do_update(
            index_elements=[devices.c.account, devices.c.device], set_={"seen_at": at}
        )
    )


async def forget(connection: AsyncConnection, at: datetime, devices_before: datetime) -> None:
    """Drop what no longer counts."""
    await connection.execute(throttles.delete().where(throttles.c.until <= at))
    await connection.execute(devices.delete().where(devices.c.seen_at <= devices_before))


async def forget_devices(connection: AsyncConnection, account: str) -> None:
    """From now on every device of this account is an unknown one."""
    await connection.execute(devices.delete().where(devices.c.account == account))
