"""容缺后补: which lines may follow, until when, and how a promise stands on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from server.case.rules.materials import promise as rules
from server.case.rules.materials.promise import Promise
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal
from tests.domain.test_case import APPROVER, CLERK, ITEM, stored

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 26)
TAX = Promise("tax", date(2026, 12, 3), "2026-11", "zh-CN", CLERK.person_id, AT)


@pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=180)])
def test_a_line_that_may_follow_is_promised_and_promised_anew(day: date) -> None:
    (made,) = rules.make(ITEM, (TAX,), replace(TAX, due_on=day), CLERK, closed=False)
    assert made.due_on == day


@pytest.mark.parametrize(
    "new, who, closed, code",
    [
        (TAX, APPROVER, False, Code.NOT_YOURS),
        (TAX, CLERK, True, Code.CASE_CLOSED),
        (replace(TAX, line="nothing"), CLERK, False, Code.LINE_UNKNOWN),
        (replace(TAX, line="licence"), CLERK, False, Code.LINE_NOT_LATER),
        (replace(TAX, line="photo"), CLERK, False, Code.LINE_NOT_LATER),
        (replace(TAX, due_on=TODAY - timedelta(days=1)), CLERK, False, Code.BAD_DATE),
        (replace(TAX, due_on=TODAY + timedelta(days=181)), CLERK, False, Code.BAD_DATE),
    ],
)
def test_a_promise_is_refused(new: Promise, who: Hand, closed: bool, code: Code) -> None:
    with pytest.raises(Refusal) as told:
        rules.make(ITEM, (), new, who, closed=closed)
    assert told.value.code is code


def test_a_promise_stands_by_its_day_and_by_what_came() -> None:
    def on(day: date, *materials: object) -> str:
        return rules.standing(TAX, materials, day)  # type: ignore[arg-type]

    assert on(TAX.due_on) == "open"
    assert on(TAX.due_on + timedelta(days=1)) == "overdue"
    came = stored("tax", review="none")
    late = TAX.due_on + timedelta(days=9)
    assert on(late, came) == "received"
    assert on(late, stored("tax", review="returned")) == "overdue"
    assert on(TODAY, stored("tax", review="returned")) == "open"
    assert on(late, stored("tax", review="accepted")) == "done"
    assert on(late, stored("tax", review="not_needed")) == "done"
    assert on(late, stored("tax", state="receiving", review="none")) == "overdue"


def test_what_is_not_promised_and_what_is_owed() -> None:
    assert [one.key for one in rules.unpromised(ITEM.lines, (), ())] == ["tax"]
    assert rules.unpromised(ITEM.lines, (TAX,), ()) == []
    assert rules.unpromised(ITEM.lines, (), (stored("tax", review="none"),)) == []
    assert rules.owed((TAX,), (stored("tax", review="none"),)) == [TAX]
    assert rules.owed((TAX,), (stored("tax"),)) == []


def test_the_words_name_the_material_and_the_day() -> None:
    assert "“清税证明”" in rules.words(ITEM, TAX)
    assert "2026年12月3日前补交" in rules.words(ITEM, TAX)
    assert "by 2026-12-03" in rules.words(ITEM, replace(TAX, language="en"))
    assert rules.text("1999-01", "zh-CN") is None
