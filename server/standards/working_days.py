"""Working days: how a time limit is counted and shown day by day (行政许可法 82).

The State Council moves holidays and working weekends each year by notice; those days stand in
the table ``work_calendar``, seeded from chinesecalendar and editable. This module counts on a
calendar that it is given and knows no table. Days are days in China.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Final

import chinese_calendar  # type: ignore[import-untyped]
from chinese_calendar.constants import holidays  # type: ignore[import-untyped]

CHINA: Final = timezone(timedelta(hours=8), "CST")
"""One zone, without summer time since 1991."""
CHINA_REGION: Final = "CN"
SOURCE: Final = "chinesecalendar"


def china_day(at: datetime) -> date:
    """The day in China at that moment. A moment without time zone is an error."""
    if at.tzinfo is None:
        raise ValueError("a moment without time zone")
    return at.astimezone(UTC).astimezone(CHINA).date()


@dataclass(frozen=True)
class Counted:
    """A time limit as it was counted: each working day with its number, and each day passed over."""

    due_on: date
    days: tuple[date, ...]
    """The working days that count, in order; the first has number 1 and the last is ``due_on``."""
    skipped: tuple[date, ...]
    provisional: bool
    """暂定: the count ran over a day that the calendar does not know yet."""


def count(known: Mapping[date, bool], start: date, working_days: int) -> Counted:
    """Count ``working_days`` working days after ``start``; the day of acceptance itself never counts.

    ``known`` tells of a day whether one works on it. A day that it does not know is taken as
    working from Monday to Friday and makes the result provisional. 0 gives ``start`` itself (即办).
    """
    if working_days < 0:
        raise ValueError("a negative time limit")
    days: list[date] = []
    skipped: list[date] = []
    provisional = False
    on = start
    while len(days) < working_days:
        on += timedelta(days=1)
        works = known.get(on)
        if works is None:
            provisional = True
            works = on.weekday() < 5
        (days if works else skipped).append(on)
    return Counted(on, tuple(days), tuple(skipped), provisional)


def left(known: Mapping[date, bool], today: date, on: date) -> int:
    """How many working days are left until a day: 0 on the day itself, negative once it is over. A day that the
    calendar does not know is taken as working from Monday to Friday."""
    early, late = sorted((today, on))
    days = (early + timedelta(days=n) for n in range(1, (late - early).days + 1))
    works = sum(known.get(day, day.weekday() < 5) for day in days)
    return works if on >= today else -max(works, 1)


@cache
def statutory_days(first_year: int) -> tuple[tuple[date, bool], ...]:
    """Every day from ``first_year`` on that chinesecalendar knows, and whether one works on it.

    It knows whole years and no year before its State Council notice; asked for another it raises.
    Worked out once in a process.
    """
    first = date(max(first_year, min(holidays).year), 1, 1)
    last = date(max(holidays).year, 12, 31)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple((on, chinese_calendar.is_workday(on)) for on in days)
