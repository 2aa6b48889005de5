"""Whose turn a case is and until when: every open case has a next date, and it is told by which clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from server.case.rules.case import Decided
from server.case.rules.clock import start, stop
from server.case.rules.course.course import NOTHING, Course, Delivery, Ending, Ruling
from server.case.rules.course.due import Due, due
from server.case.rules.course.states import CONSULTATIONS, STATES, CaseState
from server.case.rules.summary import Submission
from server.catalogue.rules.item import Mode
from server.demo import data as demo
from server.standards.working_days import Counted, left, statutory_days

KNOWN: Final = dict(statutory_days(2024))
AT: Final = datetime(2026, 11, 23, 2, tzinfo=UTC)
ITEM: Final = next(one for one in demo.ITEMS if one.id == demo.PRINCIPAL)


@dataclass(frozen=True)
class Standing:
    """As much of a case as its clocks ask for."""

    state: CaseState
    created_at: datetime = AT
    submission: Submission | None = None
    decision: Decided | None = None
    course: Course = NOTHING
    mode: Mode = "proxy"
    unverified: tuple[str, ...] = ()


def decided(**more: Any) -> Decided:
    clock = start(
        ITEM, "proxy", date(2026, 11, 23), "decided", known=KNOWN, today=date(2026, 11, 23)
    )
    return Decided("accepted", "齐全", "zhou", AT, counted=clock.promised, clock=clock, **more)


RULED: Final = Course(
    ruling=Ruling("granted", "", (), "meng", AT, Counted(date(2026, 12, 7), (), (), False))
)


@pytest.mark.parametrize("state", STATES)
def test_every_open_case_has_a_next_date(state: CaseState) -> None:
    """Whatever else is known of it: of cases from before there were days nothing is."""
    for case in (
        Standing(state),
        Standing(state, decision=decided(), course=RULED),
        Standing(state, decision=Decided("to_correct", "补", "zhou", AT)),
    ):
        assert (due(case) is None) is (state == "archived" or state in CONSULTATIONS)


def test_each_step_names_its_clock_and_whose_turn_it_is() -> None:
    signed = Submission("0" * 64, "signature", AT, "li", tell_by=date(2026, 11, 30))
    taken = Standing("registered")
    assert due(taken) == Due("taking_in", date(2026, 11, 30), "window")
    assert due(replace(taken, state="reviewing", submission=signed)) == Due(
        "telling", date(2026, 11, 30), "approver"
    )
    noticed = Decided("to_correct", "补", "zhou", AT, correct_by=date(2026, 12, 14))
    assert due(Standing("to_correct", decision=noticed)) == Due(
        "correcting", date(2026, 12, 14), "window"
    )
    accepted = Standing("accepted", decision=decided())
    assert due(accepted) == Due("promised", date(2026, 11, 26), "approver")


def test_of_two_limits_the_next_to_end_runs_and_a_stop_is_told() -> None:
    now = decided()
    assert now.clock is not None
    stopped = stop(now.clock, "hearing", "听证", "zhou", at=AT, known=KNOWN)
    told = due(Standing("accepted", decision=replace(now, clock=stopped)))
    assert told is not None
    assert told.stopped
    longer = replace(now.clock, promised=replace(now.clock.promised, due_on=date(2027, 1, 8)))
    told = due(Standing("accepted", decision=replace(now, clock=longer)))
    assert told == Due("legal", now.clock.legal.due_on, "approver")


def test_what_is_on_its_way_is_the_turn_of_who_sent_it() -> None:
    by_law = date(2026, 12, 7)
    granted = Standing("granted", course=RULED)
    assert due(granted) == Due("delivering", by_law, "approver")
    issued = replace(granted, state="issued")
    assert due(issued) == Due("delivering", by_law, "window")
    online = replace(issued, mode="online")
    assert due(online) == Due("delivering", by_law, "approver"), "nothing is handed over there"
    posted = replace(RULED, deliveries=(Delivery("a", "posted", (), "meng", AT),))
    assert due(replace(issued, course=posted)) == Due("delivering", by_law, "approver")
    back = replace(RULED, deliveries=(Delivery("a", "posted", (), "meng", AT, state="returned"),))
    assert due(replace(issued, course=back)) == Due("delivering", by_law, "window")


def test_what_came_to_its_end_is_to_be_archived() -> None:
    arrived = Delivery(
        "a", "collected", (), "li", AT, state="delivered", ended_on=date(2026, 11, 25)
    )
    over = Standing("delivered", course=replace(RULED, deliveries=(arrived,)))
    assert due(over) == Due("archiving", date(2026, 12, 2), "approver")
    declared = replace(over, unverified=("licence",))
    assert due(declared) == Due("archiving", date(2027, 1, 22), "approver"), "60 days of the ruling"
    ending = Course(ending=Ending("withdrawn", "撤回", "li", datetime(2026, 11, 24, tzinfo=UTC)))
    assert due(Standing("withdrawn", course=ending)) == Due(
        "archiving", date(2026, 12, 1), "approver"
    )


@pytest.mark.parametrize(
    ("today", "on", "days"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),
        (date(2026, 11, 23), date(2026, 11, 27), 4),
        (date(2026, 11, 27), date(2026, 11, 30), 1),  # over a weekend
        (date(2026, 9, 30), date(2026, 10, 8), 1),  # over a holiday
        (date(2026, 11, 24), date(2026, 11, 23), -1),
        (date(2026, 11, 30), date(2026, 11, 27), -1),
        (
            date(2026, 11, 29),
            date(2026, 11, 28),
            -1,
        ),  # of a Saturday on its Sunday: over, by less than a day
    ],
)
def test_working_days_that_are_left(today: date, on: date, days: int) -> None:
    assert left(KNOWN, today, on) == days
