"""Time limits in working days, on the State Council's calendar and beyond it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.standards import working_days

KNOWN = dict(working_days.statutory_days(2024))


def test_the_calendar_knows_the_swaps_of_2026() -> None:
    assert KNOWN[date(2026, 2, 14)]  # a Saturday on which one works
    assert KNOWN[date(2026, 1, 4)]  # a Sunday on which one works
    assert not any(KNOWN[date(2026, 10, day)] for day in range(1, 8))
    assert min(KNOWN) == date(2024, 1, 1)
    assert max(KNOWN).month == 12


def test_counts_past_the_national_holiday() -> None:
    counted = working_days.count(KNOWN, date(2026, 9, 29), 3)
    assert counted.days == (date(2026, 9, 30), date(2026, 10, 8), date(2026, 10, 9))
    assert counted.due_on == date(2026, 10, 9)
    assert counted.skipped == tuple(date(2026, 10, day) for day in range(1, 8))
    assert not counted.provisional


def test_counts_a_working_weekend() -> None:
    counted = working_days.count(KNOWN, date(2026, 2, 13), 1)
    assert counted.due_on == date(2026, 2, 14)


def test_runs_past_the_known_year_provisionally() -> None:
    counted = working_days.count(KNOWN, date(2026, 12, 30), 3)
    assert counted.provisional
    assert counted.due_on == date(2027, 1, 4)  # by weekday alone: Thursday, Friday, Monday
    assert not working_days.count(KNOWN, date(2026, 12, 30), 1).provisional


def test_nothing_to_wait_for() -> None:
    counted = working_days.count(KNOWN, date(2026, 11, 22), 0)
    assert (counted.due_on, counted.days, counted.skipped) == (date(2026, 11, 22), (), ())
    with pytest.raises(ValueError, match="negative"):
        working_days.count(KNOWN, date(2026, 11, 22), -1)


@given(st.dates(date(2024, 1, 1), date(2027, 6, 1)), st.integers(1, 60))
def test_every_day_is_counted_or_skipped_once(start: date, limit: int) -> None:
    counted = working_days.count(KNOWN, start, limit)
    assert len(counted.days) == limit
    assert counted.days[-1] == counted.due_on
    every = [start + timedelta(days=n) for n in range(1, (counted.due_on - start).days + 1)]
    assert sorted(counted.days + counted.skipped) == every
    assert counted.provisional == any(day not in KNOWN for day in every)
    assert all(KNOWN.get(day, day.weekday() < 5) for day in counted.days)


def test_a_day_in_china_begins_at_sixteen_hours_utc() -> None:
    assert working_days.china_day(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert working_days.china_day(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == date(2026, 11, 24)
    with pytest.raises(ValueError, match="zone"):
        working_days.china_day(datetime(2026, 11, 23))  # noqa: DTZ001 - the mistake that is meant
