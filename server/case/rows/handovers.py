"""Lists of paper originals as rows. Call inside Store.read or Store.change; in a change lock ``case:<id>``."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.materials.handover import Handover, Sheet
from server.store.batch import Write, added, replaced
from server.store.tables import handovers


async def list_handovers(connection: AsyncConnection, case_id: str) -> tuple[Handover, ...]:
    """All of this case, in their order."""
    found = await connection.execute(
        sa.select(handovers).where(handovers.c.case_id == case_id).order_by(handovers.c.version)
    )
    return tuple(
        Handover(
            **{name: row[name] for name in Handover.__dataclass_fields__ if name != "sheets"},
            sheets=tuple(Sheet(**one) for one in row["sheets"]),
        )
        for row in found.mappings()
    )


def new_handover(case_id: str, new: Handover) -> Write:
    """A new list is kept."""
    return added(handovers, {**_values(new), "case_id": case_id})


def changed_handover(handover: Handover) -> Write:
    """A list is written over its own row."""
    return replaced(handovers, _values(handover))


def _values(handover: Handover) -> dict[str, Any]:
    values = {name: getattr(handover, name) for name in Handover.__dataclass_fields__}
    return {**values, "sheets": [asdict(one) for one in handover.sheets]}
