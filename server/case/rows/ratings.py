"""What applicants said of calls, as rows. Call inside Store.read or Store.change."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.talk.rating import Rating
from server.standards.codes import Satisfaction
from server.store.batch import Write
from server.store.tables import ratings

_INSERT: Final = ratings.insert()


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


def new_rating(case_id: str, rating: Rating) -> Write:
    """A new one is kept. A second of one call and number is an IntegrityError: lock the case."""
    values = {name: getattr(rating, name) for name in Rating.__dataclass_fields__}
    values |= {"case_id": case_id, "level": rating.level.value, "reasons": list(rating.reasons)}
    return _INSERT, values
