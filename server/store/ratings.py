"""What applicants said of calls, as rows. Call inside Store.read or Store.change."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.codes import Satisfaction
from server.domain.rating import Rating
from server.store.tables import ratings


async def list_ratings(connection: AsyncConnection, case_id: str) -> tuple[Rating, ...]:
    """All that was said of calls about this case, in its order."""
    found = await connection.execute(
        sa.select(ratings).where(ratings.c.case_id == case_id).order_by(ratings.c.version)
    )
    return tuple(
        Rating(
            **{name: row[name] for name in Rating.__dataclass_fields__}
            | {"level": Satisfaction(row["level"]), "reasons": tuple(row["reasons"])}
        )
        for row in found.mappings()
    )


async def add_rating(connection: AsyncConnection, case_id: str, rating: Rating) -> None:
    """Keep a new one. A second of one call and number is an IntegrityError: lock the case."""
    values = {name: getattr(rating, name) for name in Rating.__dataclass_fields__}
    values |= {"case_id": case_id, "level": rating.level.value, "reasons": list(rating.reasons)}
    await connection.execute(ratings.insert().values(values))
