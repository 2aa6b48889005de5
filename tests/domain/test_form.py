"""The form under many hands: every refusal, their order, and what each step leaves as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.case.rules import form as rules
from server.case.rules.form import FieldLock, Form, Proposal, SavedValue
from server.catalogue.rules import values
from server.catalogue.rules.item import Field
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
CLERK = Hand("person-li", "window")
OTHER_CLERK = Hand("person-wang", "window")
APPROVER = Hand("person-zhou", "approver")
SUPERVISOR = Hand("person-chen", "supervisor")

FIELDS = {
    field.name: field
    for field in (
        Field("name", "姓名", "Name", "text", True, max_length=5),
        Field("number", "身份证号", "Number", "identity_number", True, sensitive=True),
        Field("code", "信用代码", "Code", "credit_code", False),
        Field("phone", "电话", "Phone", "phone", True),
        Field("on", "日期", "Day", "date", False),
        Field("way", "方式", "Way", "choice", False, choices=("甲", "乙")),
        Field("remark", "备注", "Remark", "long_text", False, max_length=500),
    )
}


def form(**changes: object) -> Form:
    start = Form(
        fields=FIELDS,
        entries={"name": SavedValue("孙雅宁", 4, CLERK.person_id, AT, "applicant")},
        holds={},
        proposals=(),
        closed=False,
    )
    return replace(start, **changes)  # type: ignore[arg-type]


def proposal(
    id: str = "p1", field: str = "name", version: int = 4, state: str = "open"
) -> Proposal:
    return Proposal(id, field, "孙亚宁", "孙雅宁", version, "", APPROVER.person_id, AT, state)  # type: ignore[arg-type]


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> Code:
    return refused.value.code


def edit(
    start: Form, field: str = "name", value: str = "孙宁", base: int = 4, who: Hand = CLERK
) -> Form:
    return rules.edit(start, field, value, base, who, at=AT, version=9)


def test_an_edit_writes_one_entry_on_the_applicants_behalf() -> None:
    start = form()
    after = edit(start, value="  孙宁 ")
    assert after.entries == {"name": SavedValue("孙宁", 9, CLERK.person_id, AT, "applicant")}
    assert edit(start, "remark", "急", 0).entries["remark"].version == 9
    assert start.entries["name"].value == "孙雅宁"


@pytest.mark.parametrize(
    "start, field, base, who, code",
    [
        (form(closed=True), "nothing", 0, APPROVER, Code.CASE_CLOSED),
        (form(), "nothing", 0, APPROVER, Code.NOT_YOURS),
        (form(), "name", 4, SUPERVISOR, Code.NOT_YOURS),
        (form(), "nothing", 0, CLERK, Code.FIELD_UNKNOWN),
        (
            form(holds={"name": FieldLock("person-wang", AT + timedelta(seconds=1))}),
            "name",
            0,
            CLERK,
            Code.FIELD_HELD,
        ),
        (form(), "name", 0, CLERK, Code.STALE),
        (form(), "name", 3, CLERK, Code.STALE),
        (form(), "remark", 4, CLERK, Code.STALE),
    ],
)
def test_an_edit_is_refused(start: Form, field: str, base: int, who: Hand, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        edit(start, field, "新", base, who)
    assert code_of(refused) is code


def test_a_lease_binds_others_until_it_runs_out() -> None:
    held = rules.hold(form(), "name", OTHER_CLERK, at=AT)
    with pytest.raises(Refusal) as refused:
        edit(held)
    assert refused.value.details == {"field": "name", "holder": OTHER_CLERK.person_id}
    assert edit(held, who=OTHER_CLERK).entries["name"].value == "孙宁"
    later = AT + rules.LEASE
    assert rules.edit(held, "name", "孙宁", 4, CLERK, at=later, version=9).entries != held.entries
    taken_over = rules.hold(held, "name", CLERK, at=later)
    assert taken_over.holds["name"] == FieldLock(CLERK.person_id, later + rules.LEASE)


def test_a_person_holds_one_field_at_most_and_drops_it() -> None:
    first = rules.hold(form(), "name", CLERK, at=AT)
    second = rules.hold(first, "remark", CLERK, at=AT)
    assert set(second.holds) == {"remark"}
    with pytest.raises(Refusal) as refused:
        rules.hold(second, "remark", OTHER_CLERK, at=AT)
    assert code_of(refused) is Code.FIELD_HELD
    with pytest.raises(Refusal) as refused:
        rules.hold(form(), "name", APPROVER, at=AT)
    assert code_of(refused) is Code.NOT_YOURS
    both = rules.hold(second, "name", OTHER_CLERK, at=AT)
    assert set(rules.hold(both, None, CLERK, at=AT).holds) == {"name"}


@pytest.mark.parametrize(
    "field, value, rule",
    [
        ("name", "一二三四五六", "too_long"),
        ("number", "110105194912310021", "bad_identity_number"),
        ("number", "370103199002300015", "bad_date"),
        ("code", "91350100M000100Y4Z", "bad_credit_code"),
        ("phone", "12345", "bad_phone"),
        ("on", "2026-02-30", "bad_date"),
        ("way", "丙", "not_a_choice"),
    ],
)
def test_an_invalid_value_names_the_rule(field: str, value: str, rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        values.checked(FIELDS[field], value, AT)
    assert code_of(refused) is Code.FIELD_INVALID
    assert refused.value.details["rule"] == rule
    assert value not in refused.value.details.values()
    assert values.checked(FIELDS[field], "  ", AT) == ""


@pytest.mark.parametrize(
    "field, value, saved",
    [
        ("number", "11010519491231002x", "11010519491231002X"),
        ("code", "91350100-m000100y43", "91350100M000100Y43"),
        ("phone", "138 0531 6217", "13805316217"),
        ("on", "2026年1月8日", "2026-01-08"),
        ("way", "乙", "乙"),
        ("remark", " 加急 ", "加急"),
    ],
)
def test_a_value_is_saved_in_its_canonical_form(field: str, value: str, saved: str) -> None:
    assert values.checked(FIELDS[field], value, AT) == saved


def test_so_many_proposals_wait_for_an_answer() -> None:
    waiting = tuple(proposal(f"p{number}") for number in range(rules.OPEN_AT_MOST))
    with pytest.raises(Refusal) as refused:
        rules.propose(form(proposals=waiting), "p", "name", "x", "", APPROVER, at=AT, version=9)
    assert refused.value.code is Code.THROTTLED
    answered = (replace(waiting[0], state="declined"), *waiting[1:])
    after = rules.propose(
        form(proposals=answered), "p", "name", "x", "", APPROVER, at=AT, version=9
    )
    assert after.proposals[-1].version == 9


def test_an_edit_outdates_the_open_proposals_of_its_field_alone() -> None:
    start = form(
        proposals=(
            proposal("p1"),
            proposal("p2"),
            proposal("p3", state="declined"),
            proposal("p4", field="remark", version=0),
        )
    )
    after = edit(start)
    assert [one.state for one in after.proposals] == ["outdated", "outdated", "declined", "open"]
    assert rules.outdated(start.proposals, after.proposals) == ["p1", "p2"]


def test_a_proposal_changes_no_value() -> None:
    start = form()
    after = rules.propose(start, "p1", "name", "孙亚宁", "见身份证", APPROVER, at=AT, version=7)
    assert after.entries == start.entries
    [one] = after.proposals
    assert (one.old_value, one.field_version, one.state) == ("孙雅宁", 4, "open")
    empty = rules.propose(start, "p2", "on", "20261118", "", APPROVER, at=AT, version=7).proposals[
        0
    ]
    assert (empty.value, empty.old_value, empty.field_version) == ("2026-11-18", "", 0)
    for who in (CLERK, SUPERVISOR):
        with pytest.raises(Refusal) as refused:
            rules.propose(start, "p1", "name", "孙亚宁", "", who, at=AT, version=7)
        assert code_of(refused) is Code.NOT_YOURS
    with pytest.raises(Refusal) as refused:
        rules.propose(start, "p1", "phone", "12345", "", APPROVER, at=AT, version=7)
    assert code_of(refused) is Code.FIELD_INVALID


def test_adopting_writes_the_field_and_closes_in_one_step() -> None:
    start = form(proposals=(proposal("p1"), proposal("p2")))
    after = rules.close_proposal(start, "p1", True, CLERK, at=AT, version=9)
    assert after.entries["name"] == SavedValue("孙亚宁", 9, CLERK.person_id, AT, "applicant")
    assert [one.state for one in after.proposals] == ["adopted", "outdated"]
    assert (after.proposals[0].closed_by, after.proposals[0].closed_at) == (CLERK.person_id, AT)
    assert rules.outdated(start.proposals, after.proposals) == ["p2"]
    declined = rules.close_proposal(start, "p1", False, CLERK, at=AT, version=9)
    assert declined.entries == start.entries
    assert [one.state for one in declined.proposals] == ["declined", "open"]


def test_what_the_applicant_says_to_a_proposal_changes_no_value_and_leaves_it_open() -> None:
    start = form(proposals=(proposal("p1"), proposal("p2")))
    said = rules.answer_proposal(start, "p1", "yes", CLERK, at=AT)
    assert said == replace(
        start, proposals=(replace(start.proposals[0], answer="yes", answered_at=AT), proposal("p2"))
    )
    assert rules.answer_proposal(said, "p1", "yes", CLERK, at=AT + timedelta(seconds=9)) is said
    otherwise = rules.answer_proposal(said, "p1", "no", CLERK, at=AT)
    assert [one.answer for one in otherwise.proposals] == ["no", None]
    # the clerk's word is another's, and stands beside it
    closed = rules.close_proposal(said, "p1", True, CLERK, at=AT, version=9).proposals[0]
    assert (closed.state, closed.answer, closed.closed_by) == ("adopted", "yes", CLERK.person_id)
    for now, who, id, code in (
        (start, APPROVER, "p1", Code.NOT_YOURS),
        (start, CLERK, "p9", Code.NOT_FOUND),
        (replace(start, closed=True), CLERK, "p1", Code.CASE_CLOSED),
        (form(proposals=(proposal(state="declined"),)), CLERK, "p1", Code.PROPOSAL_CLOSED),
    ):
        with pytest.raises(Refusal) as refused:
            rules.answer_proposal(now, id, "yes", who, at=AT)
        assert code_of(refused) is code


@pytest.mark.parametrize(
    "start, who, id, adopt, code",
    [
        (form(proposals=(proposal(),)), APPROVER, "p1", True, Code.NOT_YOURS),
        (form(proposals=(proposal(),)), CLERK, "p9", True, Code.NOT_FOUND),
        (form(proposals=(proposal(),), closed=True), CLERK, "p1", False, Code.CASE_CLOSED),
        (form(proposals=(proposal(state="outdated"),)), CLERK, "p1", True, Code.PROPOSAL_CLOSED),
        (form(proposals=(proposal(state="adopted"),)), CLERK, "p1", False, Code.PROPOSAL_CLOSED),
        (form(proposals=(proposal(version=3),)), CLERK, "p1", True, Code.STALE),
        (
            form(
                proposals=(proposal(),), holds={"name": FieldLock("x", AT + timedelta(seconds=5))}
            ),
            CLERK,
            "p1",
            True,
            Code.FIELD_HELD,
        ),
    ],
)
def test_closing_a_proposal_is_refused(
    start: Form, who: Hand, id: str, adopt: bool, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        rules.close_proposal(start, id, adopt, who, at=AT, version=9)
    assert code_of(refused) is code


def test_required_fields_without_a_value_are_named() -> None:
    assert [one.path for one in rules.empty_required(form(), AT)] == ["number", "phone"]
    cleared = edit(form(), value=" ")
    assert [one.path for one in rules.empty_required(cleared, AT)] == ["name", "number", "phone"]


Hands = st.sampled_from([CLERK, OTHER_CLERK, APPROVER, SUPERVISOR])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["edit", "propose", "adopt", "decline", "hold"]),
            Hands,
            st.sampled_from(["name", "remark", "nothing"]),
            st.integers(0, 12),
        ),
        max_size=25,
    )
)
def test_no_order_of_acts_lets_another_than_the_window_change_a_value(
    acts: list[tuple[str, Hand, str, int]],
) -> None:
    now = form()
    for version, (act, who, field, number) in enumerate(acts, 10):
        before = now
        try:
            match act:
                case "edit":
                    entry = now.entries.get(field)
                    base = entry.version if entry and number % 2 else number
                    now = rules.edit(now, field, f"值{number}", base, who, at=AT, version=version)
                case "propose":
                    id = f"p{version}"
                    now = rules.propose(
                        now, id, field, f"议{number}", "", who, at=AT, version=number
                    )
                case "adopt" | "decline":
                    ids = [one.id for one in now.proposals] or ["p0"]
                    id = ids[number % len(ids)]
                    now = rules.close_proposal(now, id, act == "adopt", who, at=AT, version=version)
                case _:
                    now = rules.hold(now, field, who, at=AT)
        except Refusal:
            assert now is before
            continue
        if now.entries != before.entries:
            assert who.side == "window"
            [changed] = [n for n in now.entries if now.entries[n] != before.entries.get(n)]
            assert now.entries[changed].version == version
            assert not [
                one for one in now.proposals if one.field == changed and one.state == "open"
            ]
        closed = {one.id: one.state for one in before.proposals if one.state != "open"}
        assert closed.items() <= {one.id: one.state for one in now.proposals}.items()
