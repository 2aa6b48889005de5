"""The clock of an accepted case: what stops it, what it does to both limits, the one extension."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.case.rules import clock
from server.case.rules.clock import Deadlines
from server.demo import data as demo
from server.standards.working_days import statutory_days
from signaling.refusals import Code, Refusal

KNOWN = dict(statutory_days(2024))
ITEM = next(one for one in demo.ITEMS if one.id == demo.PRINCIPAL)
MONDAY = date(2026, 11, 2)


def at(day: int, hour: int = 2) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def begun(joint: bool = False) -> Deadlines:
    mode = "joint" if joint else "proxy"
    return clock.start(ITEM, mode, MONDAY, "decided", known=KNOWN, today=MONDAY)


def refused(code: Code, step: object) -> Refusal:
    assert callable(step)
    with pytest.raises(Refusal) as told:
        step()
    assert told.value.code is code
    return told.value


def test_both_limits_run_from_the_acceptance() -> None:
    now = begun()
    assert (now.promised_days, now.legal_days) == (3, 20)
    assert now.promised.due_on == date(2026, 11, 5)
    assert now.legal.due_on == date(2026, 11, 30)
    assert begun(joint=True).legal_days == 45
    item = replace(ITEM, legal_days=7)
    own = clock.start(item, "proxy", MONDAY, "decided", known=KNOWN, today=MONDAY)
    assert own.legal.due_on == date(2026, 11, 11)


def test_days_of_a_hearing_do_not_count_and_the_limits_move() -> None:
    stopped = clock.stop(begun(), "hearing", "听证", "zhou", at=at(4), known=KNOWN)
    assert stopped.stopped is not None
    assert stopped.promised.provisional
    again = clock.resume(stopped, "zhou", at=at(6), known=KNOWN)
    # the 4th, 5th and 6th were passed over; then comes a weekend
    assert again.promised.days == (date(2026, 11, 3), date(2026, 11, 9), date(2026, 11, 10))
    assert again.legal.due_on == date(2026, 12, 3)
    assert not again.promised.provisional
    refused(Code.CLOCK_RUNNING, lambda: clock.resume(again, "zhou", at=at(6), known=KNOWN))
    refused(
        Code.CLOCK_STOPPED,
        lambda: clock.stop(stopped, "test", "检测", "zhou", at=at(5), known=KNOWN),
    )
    refused(
        Code.REASON_MISSING,
        lambda: clock.stop(begun(), "test", " ", "zhou", at=at(4), known=KNOWN),
    )


def test_the_law_knows_one_extension() -> None:
    now = clock.extend(begun(), 10, "案情复杂", "gao", at=at(5), known=KNOWN)
    assert now.promised.due_on == date(2026, 11, 19)
    assert now.legal.due_on == date(2026, 12, 14)
    assert (now.promised_days, now.legal_days) == (3, 20), "what was promised is still told"
    refused(Code.EXTENDED_ALREADY, lambda: clock.extend(now, 1, "又", "gao", at=at(5), known=KNOWN))
    told = refused(
        Code.EXTENSION_TOO_LONG,
        lambda: clock.extend(begun(), 11, "长", "gao", at=at(5), known=KNOWN),
    )
    assert told.details == {"at_most": 10}
    joint = clock.extend(begun(joint=True), 15, "长", "gao", at=at(5), known=KNOWN)
    assert joint.extension is not None


def test_a_limit_that_is_over_is_neither_stopped_nor_extended() -> None:
    late = datetime(2026, 12, 1, 2, tzinfo=UTC)  # the legal limit ended the day before
    refused(Code.LIMIT_PASSED, lambda: clock.extend(begun(), 5, "迟", "gao", at=late, known=KNOWN))
    refused(
        Code.LIMIT_PASSED, lambda: clock.stop(begun(), "test", "迟", "gao", at=late, known=KNOWN)
    )
    # one that is stopped does not run out
    stopped = clock.stop(begun(), "test", "检测", "zhou", at=at(4), known=KNOWN)
    assert clock.extend(stopped, 5, "长", "gao", at=late, known=KNOWN).extension is not None
