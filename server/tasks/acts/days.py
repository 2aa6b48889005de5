"""Moments counted in working days."""

from datetime import datetime, timedelta
from typing import Final

from server.catalogue.rows import catalogue
from server.standards.working_days import CHINA_REGION, china_day, count
from server.tasks.rows import Connection

AHEAD: Final = timedelta(days=60)
"""As far as the calendar is read: no count here takes longer, holidays included."""


async def in_working_days(connection: Connection, at: datetime, days: int) -> datetime:
    """The same time of day so many working days later."""
    today = china_day(at)
    known = await catalogue.known_days(connection, CHINA_REGION, today, today + AHEAD)
    return at + (count(known, today, days).due_on - today)
