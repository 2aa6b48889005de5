"""The limits of 行政许可法 with stopped clocks, on the State Council's calendar of 2026."""

from __future__ import annotations

from datetime import date

import pytest

from server.standards import limits
from server.standards.limits import Stop
from server.standards.working_days import statutory_days
from signaling.refusals import Code, Refusal

KNOWN = dict(statutory_days(2024))
TODAY = date(2026, 11, 25)


def test_twenty_working_days_over_the_national_holiday() -> None:
    counted = limits.limit(KNOWN, date(2026, 9, 18), limits.DECIDE, today=TODAY)
    assert len(counted.days) == 20
    assert counted.due_on == max(counted.days)
    assert not set(counted.days) & {date(2026, 10, day) for day in range(1, 8)}
    assert not counted.provisional


def test_days_of_a_hearing_do_not_count() -> None:
    without = limits.limit(KNOWN, date(2026, 11, 2), 3, today=TODAY)
    assert without.due_on == date(2026, 11, 5)
    stop = Stop("hearing", date(2026, 11, 4), date(2026, 11, 6))
    counted = limits.limit(KNOWN, date(2026, 11, 2), 3, [stop], today=TODAY)
    # the 3rd counts; the 4th to the 6th do not; then come a weekend, the 9th and the 10th
    assert counted.days == (date(2026, 11, 3), date(2026, 11, 9), date(2026, 11, 10))
    assert not counted.provisional


def test_while_a_stop_lasts_the_end_is_provisional() -> None:
    stop = Stop("expert_review", date(2026, 11, 23))
    counted = limits.limit(KNOWN, date(2026, 11, 20), 1, [stop], today=TODAY)
    assert counted.due_on == date(2026, 11, 26)
    assert counted.provisional


def test_what_was_used_of_a_limit_is_counted_as_the_limit_is() -> None:
    accepted = date(2026, 9, 24)
    stops = [Stop("hearing", date(2026, 10, 9), date(2026, 10, 12))]
    for days in range(30):
        ends = limits.limit(KNOWN, accepted, days, stops, today=accepted).due_on
        assert limits.used(KNOWN, accepted, ends, stops) == days
    # a day off behind it adds none, and what still stands counts to the end
    assert limits.used(KNOWN, date(2026, 9, 30), date(2026, 10, 7)) == 0
    lasting = [Stop("hearing", date(2026, 10, 9))]
    assert limits.used(KNOWN, date(2026, 10, 8), date(2026, 10, 20), lasting) == 0
    # beyond what the calendar knows: Monday to Friday
    assert limits.used({}, date(2030, 1, 4), date(2030, 1, 11)) == 5


def test_overlapping_stops_are_passed_over_once() -> None:
    stops = [
        Stop("test", date(2026, 11, 3), date(2026, 11, 5)),
        Stop("appraisal", date(2026, 11, 5), date(2026, 11, 9)),
    ]
    counted = limits.limit(KNOWN, date(2026, 11, 2), 2, stops, today=TODAY)
    assert counted.days == (date(2026, 11, 10), date(2026, 11, 11))


@pytest.mark.parametrize(
    "stop",
    [
        Stop("hearing", date(2026, 11, 4), date(2026, 11, 3)),
        Stop("hearing", date(2026, 10, 1), date(2026, 11, 3)),
    ],
)
def test_a_stop_that_cannot_be_is_refused(stop: Stop) -> None:
    with pytest.raises(Refusal) as refused:
        limits.limit(KNOWN, date(2026, 11, 2), 3, [stop], today=TODAY)
    assert refused.value.code is Code.BAD_DATE


def test_the_longest_extension_is_that_of_the_law() -> None:
    assert limits.DECIDE + limits.extension(joint=False) == 30
    assert limits.JOINT + limits.extension(joint=True) == 60


def test_who_is_told_nothing_within_five_working_days_is_accepted() -> None:
    received = date(2026, 11, 16)  # a Monday; the fifth working day after it is the 23rd
    assert not limits.deemed_accepted(KNOWN, received, date(2026, 11, 23))
    assert limits.deemed_accepted(KNOWN, received, date(2026, 11, 24))
