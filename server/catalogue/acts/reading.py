"""The catalogue: items as they can be asked for, and the working-day calendar behind time limits.

Reading is for everyone who is signed in. Knows no case.
"""

import asyncio
from typing import Final

from server.catalogue.rows import catalogue as rows
from server.catalogue.views import item_view
from server.catalogue.wire import ItemSummary, ItemView
from server.rights.subjects import of_calendar
from server.standards import regions
from server.standards.working_days import CHINA_REGION, SOURCE, statutory_days
from server.store import SYSTEM, Store
from server.store.subject import Turn
from signaling.refusals import Code, Refusal

FIRST_YEAR: Final = 2024
"""The calendar is kept from here on: limits are counted forwards and old ones stand in the cases."""


async def items(
    store: Store, text: str = "", unit_id: str = "", limit: int = 50
) -> list[ItemSummary]:
    """Items in use whose name or its pinyin initials, code, unit or place matches; all up to ``limit`` when empty.
    Of one unit where it is named."""
    async with store.read() as reading:
        found = await rows.list_items(reading, text.strip(), limit, unit_id)
    return [
        ItemSummary(
            id=row.item.id,
            code=row.item.code,
            name=row.item.name,
            version=row.item.version,
            unit_id=row.item.unit_id,
            unit_name=row.unit_name,
            place=row.place,
            promised_days=row.item.promised_days,
            modes=list(row.item.modes),
        )
        for row in found
    ]


async def item(store: Store, item_id: str) -> ItemView:
    """One version of an item with its material list and form; refused ``not_found``."""
    async with store.read() as reading:
        row = await rows.find_item(reading, item_id)
    if row is None:
        raise Refusal(Code.NOT_FOUND, item=item_id)
    return item_view(row.item, row.item.unit_id, row.unit_name, row.place)


async def learn_regions() -> None:
    """Read the table of regions once, so that no edit waits for the file."""
    await asyncio.to_thread(regions.table)


async def seed_calendar(store: Store) -> None:
    """Fill the State Council's calendar as far as chinesecalendar knows it; edited days stay.

    Harmless to repeat: call it at each start, so that a newer package brings the next year.
    """
    days = statutory_days(FIRST_YEAR)
    async with store.read() as reading:
        known = await rows.known_days(reading, CHINA_REGION, days[0][0], days[-1][0])
    unknown = [day for day in days if day[0] not in known]
    if unknown:
        async with store.change(SYSTEM) as change:
            await rows.add_days(change.connection, CHINA_REGION, unknown, SOURCE)
            turn = await Turn.of(change, of_calendar(CHINA_REGION))
            await turn.enter("calendar.seed", {"source": SOURCE, "days": len(unknown)})
