"""容缺后补: which lines may follow, until when, and how a promise stands on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from server.case.rules.materials import promise as rules
from server.case.rules.materials.promise import Promise, Verified
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
    assert rules.owed((TAX,), (stored("tax", review="none"),)) == [(TAX.due_on, TAX)]
    assert rules.owed((TAX,), (stored("tax"),)) == []


def test_the_words_name_the_material_and_the_day() -> None:
    assert "“清税证明”" in rules.words(ITEM, TAX)
    assert "2026年12月3日前补交" in rules.words(ITEM, TAX)
    assert "by 2026-12-03" in rules.words(ITEM, replace(TAX, language="en"))
    assert rules.text("1999-01", "zh-CN") is None


DECLARING = replace(
    ITEM,
    lines=tuple(replace(one, declares=one.key == "licence") for one in ITEM.lines),
)
DECLARED = Promise("licence", None, "2026-12d", "zh-CN", CLERK.person_id, AT)
FOUND = Verified("true", "compared", "", APPROVER.person_id, AT)


def test_where_the_item_lets_him_declare_nothing_need_come() -> None:
    (made,) = rules.make(DECLARING, (), DECLARED, CLERK, closed=False)
    assert rules.declared([made], ()) == rules.unverified([made], ()) == ["licence"]
    assert rules.owed([made], ()) == []
    needs = {one.key: one.need for one in rules.wanted(DECLARING.lines, [made])}
    assert needs["licence"] == "optional"
    assert [one.need for one in rules.wanted(DECLARING.lines, [TAX])] == [
        one.need for one in DECLARING.lines
    ]
    came = [stored("licence", review="accepted")]
    assert rules.declared([made], came) == []
    assert rules.standing(made, came, TODAY) == "done"
    with pytest.raises(Refusal) as told:
        rules.make(ITEM, (), DECLARED, CLERK, closed=False)
    assert told.value.code is Code.LINE_NOT_DECLARED
    with pytest.raises(Refusal) as told:
        rules.move(
            [made], (), "licence", TODAY, APPROVER, reason="", closed=True, accepted=True, at=AT
        )
    assert told.value.code is Code.LINE_UNKNOWN


@pytest.mark.parametrize("version, due_on, fits", [
    ("2026-11", TODAY, True), ("2026-11", None, False), ("2026-12d", None, True), ("2026-12d", TODAY, False),
    ("1999-01", None, False),
])  # fmt: skip
def test_a_text_is_of_its_kind(version: str, due_on: date | None, fits: bool) -> None:
    assert rules.fits(replace(DECLARED, text_version=version, due_on=due_on)) is fits


def test_a_declaration_is_verified_once_by_the_approver() -> None:
    (told,) = rules.verify([DECLARED], (), "licence", FOUND, APPROVER)
    assert rules.standing(told, (), TODAY) == "true"
    assert rules.unverified([told], ()) == rules.untrue([told], ()) == []
    bad = replace(FOUND, verdict="untrue", note=" 查无此证 ")
    (found,) = rules.verify([DECLARED], (), "licence", bad, APPROVER)
    assert rules.untrue([found], ()) == ["licence"]
    assert found.verified is not None
    assert found.verified.note == "查无此证"
    came = [stored("licence", review="accepted")]
    for promises, materials, line, verified, who, code in (
        ([DECLARED], (), "licence", FOUND, CLERK, Code.NOT_YOURS),
        ([TAX], (), "tax", FOUND, APPROVER, Code.LINE_UNKNOWN),
        ([DECLARED], (), "photo", FOUND, APPROVER, Code.LINE_UNKNOWN),
        ([DECLARED], came, "licence", FOUND, APPROVER, Code.LINE_UNKNOWN),
        ([told], (), "licence", FOUND, APPROVER, Code.VERIFIED_ALREADY),
        ([DECLARED], (), "licence", replace(bad, note=" "), APPROVER, Code.REASON_MISSING),
    ):
        with pytest.raises(Refusal) as refused:
            rules.verify(promises, materials, line, verified, who)
        assert refused.value.code is code
