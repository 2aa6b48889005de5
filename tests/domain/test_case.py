"""Materials, review and decision of a case: what counts, what is missing, what closes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

import pytest

from server.case.rules import case as rules
from server.case.rules import form
from server.case.rules.applying import Applicant
from server.case.rules.case import Case, Consent, Decision
from server.case.rules.course import states
from server.case.rules.course.states import STATES, CaseState
from server.case.rules.form import Proposal, SavedValue
from server.case.rules.materials import bringing, judging
from server.case.rules.materials import material as materials
from server.case.rules.materials.material import Material, MaterialState, Review
from server.case.rules.materials.promise import Promise
from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import Field, Item, Line
from server.rights.hand import Hand, TaskScope
from server.standards import working_days
from signaling.refusals import Code, Refusal

AT = datetime(2026, 9, 29, 3, 0, tzinfo=UTC)
KNOWN = dict(working_days.statutory_days(2026))
CLERK = Hand("person-li", "window")
APPROVER = Hand("person-zhou", "approver")
SUPERVISOR = Hand("person-chen", "supervisor")

LINES = (
    Line("application", "申请书", "required", "both", 1, 0),
    Line("licence", "营业执照", "required", "both", 1, 0),
    Line("photo", "照片", "optional", "both", 1, 0),
    Line("tax", "清税证明", "later", "both", 1, 0),
)
ITEM = Item(
    id="item-1",
    code="1" * 31,
    name="变更登记",
    version=1,
    unit_id="unit-q",
    promised_days=3,
    modes=("online",),
    lines=LINES,
    form_title="表",
    form=(
        Field("name", "姓名", "Name", "text", True),
        Field("remark", "备注", "Remark", "text", False),
    ),
    recording_refusal="not_recorded",
)


TAX = Promise("tax", date(2026, 10, 20), "2026-11", "zh-CN", CLERK.person_id, AT)
"""What ITEM lets follow is promised, so that it stands in nobody's way."""


def stored(
    line: str, number: int = 1, review: Review = "accepted", state: MaterialState = "stored"
) -> Material:
    return Material(
        id=f"{line}-{number}",
        line=line,
        number=number,
        name="a.pdf",
        state=state,
        size_bytes=1,
        by=CLERK.person_id,
        at=AT,
        review=review,
        review_reason="看不清" if review == "returned" else "",
    )


def case(
    brought: Iterable[Material] = (), *, state: CaseState = "reviewing", name: str = "孙雅宁"
) -> Case:
    return Case(
        id="case-1",
        number=None,
        state=state,
        mode="online",
        item=ITEM,
        clerk_id=CLERK.person_id,
        window_id="w",
        window_unit_id="unit-j",
        unit_id=ITEM.unit_id,
        applicant=Applicant("孙雅宁", "11010519491231002X", "13805316217", None),
        consent=None,
        entries={"name": SavedValue(name, 3, CLERK.person_id, AT, "applicant")} if name else {},
        holds={},
        proposals=(),
        materials=tuple(brought),
        decision=None,
        call_id=None,
        created_at=AT,
        promises=(TAX,),
    )


def texts(points: list[Point]) -> list[str]:
    """A notice as people read it."""
    return [one.text for one in points]


def decide(start: Case, decision: Decision, reason: str = "齐全", who: Hand = APPROVER) -> Case:
    return rules.decide(start, decision, reason, who, at=AT, known_days=KNOWN)


BOTH = (stored("application"), stored("licence"))


def test_what_may_follow_is_promised_before_acceptance() -> None:
    with pytest.raises(Refusal) as told:
        decide(replace(case(BOTH), promises=()), "accepted")
    assert told.value.code is Code.INCOMPLETE
    assert told.value.details["promises"] == "tax"
    assert decide(replace(case((*BOTH, stored("tax"))), promises=()), "accepted").owed_by is None
    after = decide(case(BOTH), "accepted")
    assert (after.owed, after.owed_by) == ({"tax"}, TAX.due_on)
    assert (after.shut("licence"), after.shut("tax")) == (True, False)
    assert decide(case(BOTH), "refused", "不属于").owed == frozenset()


def test_acceptance_starts_the_promised_working_days() -> None:
    after = decide(case(BOTH), "accepted", " 齐全 ")
    assert after.state == "accepted"
    assert after.decision is not None
    assert after.decision.counted is not None
    assert (after.decision.kind, after.decision.reason) == ("accepted", "齐全")
    assert after.decision.counted.due_on == date(2026, 10, 9)
    assert not after.decision.counted.provisional
    assert not after.fillable


@pytest.mark.parametrize(
    "brought, name, lines, fields",
    [
        ((), "孙", "application,licence", ""),
        ((stored("application"),), "孙", "licence", ""),
        ((*BOTH[:1], stored("licence", review="none")), "孙", "licence", ""),
        ((*BOTH[:1], stored("licence", review="returned")), "孙", "licence", ""),
        ((*BOTH, stored("licence", 2, "none", "receiving")), "孙", "licence", ""),
        ((*BOTH[:1], stored("licence", 1, "none", "rejected")), "孙", "licence", ""),
        ((*BOTH, stored("photo", review="returned")), "孙", "photo", ""),
        (BOTH, "", "", "name"),
        ((), "", "application,licence", "name"),
    ],
)
def test_acceptance_is_refused_while_something_required_is_open(
    brought: tuple[Material, ...], name: str, lines: str, fields: str
) -> None:
    with pytest.raises(Refusal) as refused:
        decide(case(brought, name=name), "accepted")
    assert refused.value.code is Code.INCOMPLETE
    assert refused.value.details == {"lines": lines, "fields": fields, "comments": 0, "checks": ""}


@pytest.mark.parametrize(
    "brought",
    [
        (BOTH[0], stored("licence", review="not_needed")),
        (*BOTH, stored("licence", 2, "none", "cancelled")),
        (*BOTH, stored("photo", review="none"), stored("tax", review="none")),
        (BOTH[0], stored("licence", 1, "returned"), stored("licence", 2)),
    ],
)
def test_acceptance_asks_for_no_more_than_what_counts(brought: tuple[Material, ...]) -> None:
    assert decide(case(brought), "accepted").state == "accepted"


def test_correction_names_every_point_at_once() -> None:
    brought = (
        stored("licence", review="returned"),
        stored("photo", review="returned"),
        stored("tax", review="none"),
    )
    after = decide(case(brought, name=""), "to_correct", "请补正")
    assert after.decision is not None
    assert after.decision.points == (
        "缺少：申请书",
        "营业执照：看不清",
        "照片：看不清",
        "未填写：姓名",
    )
    assert after.decision.counted is None
    # fifteen working days from 29 September 2026, over the holidays of the National Day
    assert after.decision.correct_by == date(2026, 10, 26)
    assert after.fillable
    closing = decide(replace(after, materials=BOTH, entries=case().entries), "accepted")
    assert not closing.fillable
    assert closing.decision is not None
    assert closing.decision.correct_by is None


def test_a_decision_that_closes_the_case_closes_its_open_proposals() -> None:
    waits = Proposal("p1", "remark", "加急", "", 0, "", APPROVER.person_id, AT)
    done = replace(waits, id="p2", state="declined")
    held = replace(case(BOTH), proposals=(waits, done))
    closing: Decision
    for closing in ("accepted", "refused"):
        after = decide(held, closing, "依据")
        assert [one.state for one in after.proposals] == ["outdated", "declined"]
        assert form.outdated(held.proposals, after.proposals) == ["p1"]
    told = decide(replace(held, materials=()), "to_correct", "缺材料")
    assert told.proposals == held.proposals


@pytest.mark.parametrize("decision", ["accepted", "to_correct", "refused"])
@pytest.mark.parametrize(
    "state, who, reason, code",
    [
        ("accepted", SUPERVISOR, "", Code.CASE_CLOSED),
        ("refused", APPROVER, "齐全", Code.CASE_CLOSED),
        ("reviewing", CLERK, "", Code.NOT_YOURS),
        ("reviewing", SUPERVISOR, "齐全", Code.NOT_YOURS),
        ("reviewing", APPROVER, " \n", Code.REASON_MISSING),
    ],
)
def test_a_decision_is_refused(
    decision: Decision, state: CaseState, who: Hand, reason: str, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        decide(case(BOTH, state=state), decision, reason, who)
    assert refused.value.code is code


STAGES: Final[Mapping[CaseState, tuple[CaseState | None, CaseState]]] = {
    "registered": ("registered", "reviewing"),
    "reviewing": ("reviewing", "reviewing"),
    # what the notice named is still wanted, whoever talks about it meanwhile
    "to_correct": ("to_correct", "to_correct"),
    # no call changes a state any more, and none begins about what lies in the archive
    **{
        state: (None if state in ("archived", "consulted") else state, state)
        for state in STATES
        if state not in ("registered", "reviewing", "to_correct")
    },
}
"""The stage once a case in this one is called about, and once that is answered; None where it may not be called."""


@pytest.mark.parametrize("state", STATES)
def test_a_call_moves_the_stage_only_of_what_was_registered_and_once_it_is_answered(
    state: CaseState,
) -> None:
    called, answered = STAGES[state]
    stands = case(state=state)
    if called is None:
        with pytest.raises(Refusal) as refused:
            rules.called(stands, "call-1")
        wanted = Code.CASE_ARCHIVED if state == "archived" else Code.OTHER_STEP
        assert refused.value.code is wanted
    else:
        rung = rules.called(stands, "call-1")
        assert (rung.state, rung.call_id) == (called, "call-1")
        assert rules.answered(rung) == replace(rung, state=answered)
    assert rules.answered(stands) == replace(stands, state=answered)


@pytest.mark.parametrize(
    "state", [one for one in STATES if not states.fillable(one) and one != "consulting"]
)
def test_a_case_that_is_not_filled_in_any_more_takes_no_consent_and_no_review(
    state: CaseState,
) -> None:
    closed = case(BOTH, state=state)
    consent = Consent(True, "2026-11", "zh-CN", AT, CLERK.person_id)
    for act in (
        lambda: rules.consented(closed, consent, CLERK),
        lambda: judging.reviewed(
            BOTH, "licence-1", "accepted", "", APPROVER, closed=not closed.fillable, at=AT
        ),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code is Code.CASE_CLOSED


def test_consent_is_taken_at_the_window_and_may_change() -> None:
    yes = Consent(True, "2026-11", "zh-CN", AT, CLERK.person_id)
    given = rules.consented(case(), yes, CLERK)
    assert given.consent == yes
    assert rules.consented(given, replace(yes, given=False), CLERK).consent != yes
    with pytest.raises(Refusal) as refused:
        rules.consented(case(), yes, APPROVER)
    assert refused.value.code is Code.NOT_YOURS


def review(
    brought: tuple[Material, ...],
    id: str,
    reason: str = "",
    who: Hand = APPROVER,
    *,
    back: bool = True,
) -> Material:
    return judging.reviewed(
        brought, id, "returned" if back else "accepted", reason, who, closed=False, at=AT
    )


def test_a_review_is_the_approvers_and_may_be_taken_back() -> None:
    brought = (stored("licence", review="none"),)
    judged = review(brought, "licence-1", " 看不清 ")
    assert (judged.review, judged.review_reason) == ("returned", "看不清")
    assert (judged.reviewed_by, judged.reviewed_at) == (APPROVER.person_id, AT)
    again = review((judged,), "licence-1", back=False)
    assert (again.review, again.review_reason) == ("accepted", "")


def test_who_has_a_part_of_a_case_judges_its_places_alone() -> None:
    guest = Hand("person-tax", "third", TaskScope("task-1", frozenset({"licence"}), frozenset()))
    assert guest.judges("line:licence")
    assert not guest.fills
    assert not any(guest.judges(place) for place in ("line:photo", "field:name", "case", ""))
    assert not Hand("person-tax", "third").judges("line:licence")
    judged = review(BOTH, "licence-1", "看不清", guest)
    assert (judged.review, judged.reviewed_by) == ("returned", guest.person_id)
    for act in (
        lambda: review(BOTH, "application-1", "看不清", guest),
        lambda: rules.decide(case(BOTH), "refused", "不符合", guest, at=AT, known_days=KNOWN),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code is Code.NOT_YOURS


def test_only_who_judged_a_file_takes_his_word_back() -> None:
    unsaid = stored("licence", review="none")
    judged = review((unsaid,), "licence-1", "看不清")

    def back(who: Hand) -> Material:
        return judging.reviewed((judged,), "licence-1", "none", "", who, closed=False, at=AT)

    assert back(APPROVER) == unsaid
    with pytest.raises(Refusal) as refused:
        back(replace(APPROVER, person_id="another"))
    assert refused.value.code is Code.NOT_YOURS


@pytest.mark.parametrize(
    "brought, id, reason, who, code",
    [
        (BOTH, "licence-1", "看不清", CLERK, Code.NOT_YOURS),
        (BOTH, "licence-9", "看不清", APPROVER, Code.NOT_FOUND),
        (BOTH, "licence-1", "  ", APPROVER, Code.REASON_MISSING),
        (
            (stored("tax", 1, "none", "receiving"),),
            "tax-1",
            "x",
            APPROVER,
            Code.MATERIAL_NOT_STORED,
        ),
        (
            (stored("tax", 1, "none", "cancelled"),),
            "tax-1",
            "x",
            APPROVER,
            Code.MATERIAL_NOT_STORED,
        ),
        ((*BOTH, stored("licence", 2)), "licence-1", "x", APPROVER, Code.STALE),
    ],
)
def test_a_review_is_refused(
    brought: tuple[Material, ...], id: str, reason: str, who: Hand, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        review(brought, id, reason, who)
    assert refused.value.code is code


def test_a_cancelled_version_keeps_its_number_and_counts_for_nothing() -> None:
    brought = (stored("licence"), stored("licence", 2, "none", "cancelled"))
    assert materials.current(brought, "licence") == [brought[0]]
    assert bringing.next_number(brought, "licence") == 3
    assert materials.current(brought, "photo") == []
    assert bringing.next_number(brought, "photo") == 1


def test_a_rejected_version_takes_nothing_away_from_the_one_before() -> None:
    rejected = stored("licence", 2, "none", "rejected")
    brought = (*BOTH, rejected)
    assert materials.current(brought, "licence") == [BOTH[1]]
    assert judging.unsettled(LINES, brought) == []
    assert materials.current([rejected], "licence") == [rejected]
    assert judging.missing(LINES, [BOTH[0], rejected]) == [LINES[1]]
    assert bringing.next_number(brought, "licence") == 3
