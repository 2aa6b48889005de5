"""Threads, the checklist and messages: every rule with its success and its refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from server.case.rules import checklist
from server.case.rules.checklist import Check
from server.case.rules.talk import comment, saying
from server.case.rules.talk.comment import Comment, Remark
from server.catalogue.rules.item import CheckPoint
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal
from tests.domain.test_case import APPROVER, AT, CLERK, ITEM, SUPERVISOR, texts

THIRD = Hand("person-sun", "third")
ITEM_WITH_LIST = replace(
    ITEM, checklist=(CheckPoint("seal", "加盖公章"), CheckPoint("dates", "写明日期"))
)


def thread(id: str = "c1", *, by: Hand = CLERK, on: str = "field:name") -> Comment:
    return Comment(id, 3, on, "open", (Remark(by.person_id, AT, "请核对"),))


def begin(on: str = "case", who: Hand = CLERK, *, closed: bool = False) -> Comment:
    return comment.begin(ITEM, (), "c1", on, "请核对", who, closed=closed, at=AT, version=3)


# ---------------------------------------------------------------- comments


@pytest.mark.parametrize("who", [CLERK, APPROVER, THIRD])
@pytest.mark.parametrize("on", ["case", "field:name", "line:licence", "line:other"])
def test_each_side_begins_a_thread_about_what_is_there(who: Hand, on: str) -> None:
    begun = begin(on, who)
    assert begun == Comment("c1", 3, on, "open", (Remark(who.person_id, AT, "请核对"),))


@pytest.mark.parametrize(
    "on, who, closed, code",
    [
        ("case", SUPERVISOR, False, Code.NOT_YOURS),
        ("case", CLERK, True, Code.CASE_CLOSED),
        ("field:nothing", CLERK, False, Code.FIELD_UNKNOWN),
        ("line:nothing", CLERK, False, Code.LINE_UNKNOWN),
    ],
)
def test_a_thread_is_not_begun(on: str, who: Hand, closed: bool, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        begin(on, who, closed=closed)
    assert refused.value.code is code


def test_a_case_takes_so_many_threads_and_a_thread_so_many_entries() -> None:
    full = tuple(thread(f"c{number}") for number in range(comment.THREADS_AT_MOST))
    with pytest.raises(Refusal) as refused:
        comment.begin(ITEM, full, "c", "case", "x", CLERK, closed=False, at=AT, version=9)
    assert refused.value.code is Code.THROTTLED
    long = replace(thread(), entries=thread().entries * comment.ENTRIES_AT_MOST)
    with pytest.raises(Refusal) as refused:
        comment.reply((long,), "c1", "x", CLERK, closed=False, at=AT)
    assert refused.value.code is Code.THROTTLED


def test_an_answer_opens_a_resolved_thread() -> None:
    resolved = comment.resolve((thread(),), "c1", True, APPROVER, closed=False, at=AT)
    assert (resolved.state, resolved.closed_by, resolved.closed_at) == (
        "resolved",
        APPROVER.person_id,
        AT,
    )
    again = comment.reply((resolved,), "c1", "又有不同", THIRD, closed=False, at=AT)
    assert (again.state, again.closed_by, again.closed_at) == ("open", None, None)
    assert [entry.by for entry in again.entries] == [CLERK.person_id, THIRD.person_id]
    opened = comment.resolve((resolved,), "c1", False, APPROVER, closed=False, at=AT)
    assert opened == thread()


@pytest.mark.parametrize("resolved", [True, False])
def test_what_is_so_already_stays_as_it_is(resolved: bool) -> None:
    now = comment.resolve((thread(),), "c1", resolved, APPROVER, closed=False, at=AT)
    other = Hand("person-gao", "approver")
    assert comment.resolve((now,), "c1", resolved, other, closed=False, at=AT) is now


@pytest.mark.parametrize(
    "who, may",
    [
        (APPROVER, True),
        (CLERK, True),
        (THIRD, False),
        (Hand("person-wang", "window"), False),
        (SUPERVISOR, False),
    ],
)
def test_the_approver_closes_any_thread_and_others_their_own(who: Hand, may: bool) -> None:
    if may:
        assert comment.resolve((thread(),), "c1", True, who, closed=False, at=AT).closed_by
        return
    with pytest.raises(Refusal) as refused:
        comment.resolve((thread(),), "c1", True, who, closed=False, at=AT)
    assert refused.value.code is Code.NOT_YOURS


def test_an_unknown_thread_and_a_closed_case_are_refused() -> None:
    for id, closed, code in (
        ("c2", False, Code.COMMENT_UNKNOWN),
        ("c1", True, Code.CASE_CLOSED),
    ):
        with pytest.raises(Refusal) as refused:
            comment.reply((thread(),), id, "x", CLERK, closed=closed, at=AT)
        assert refused.value.code is code
        with pytest.raises(Refusal) as refused:
            comment.resolve((thread(),), id, True, APPROVER, closed=closed, at=AT)
        assert refused.value.code is code


def test_open_threads_are_told_with_what_they_are_about() -> None:
    done = comment.resolve((thread("c2"),), "c2", True, APPROVER, closed=False, at=AT)
    threads = [thread(), done, thread("c3", on="line:licence"), thread("c4", on="line:other")]
    assert texts(comment.points(ITEM, [*threads, thread("c5", on="case")])) == [
        "姓名：请核对",
        "营业执照：请核对",
        "其他材料：请核对",
        "办件：请核对",
    ]


# ---------------------------------------------------------------- the checklist


def check(
    verdict: Literal["ok", "lacking", "none"] = "lacking",
    point: str = "seal",
    who: Hand = APPROVER,
    *,
    closed: bool = False,
) -> Check | None:
    return checklist.check(ITEM_WITH_LIST, point, verdict, " 缺 ", who, closed=closed, at=AT)


def test_the_approver_judges_a_point_and_takes_it_back() -> None:
    assert check() == Check("seal", "lacking", "缺", APPROVER.person_id, AT)
    assert check("ok") == Check("seal", "ok", "缺", APPROVER.person_id, AT)
    assert check("none") is None


@pytest.mark.parametrize(
    "point, who, closed, code",
    [
        ("seal", CLERK, False, Code.NOT_YOURS),
        ("seal", THIRD, False, Code.NOT_YOURS),
        ("seal", APPROVER, True, Code.CASE_CLOSED),
        ("nothing", APPROVER, False, Code.POINT_UNKNOWN),
    ],
)
def test_a_point_is_not_judged(point: str, who: Hand, closed: bool, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        check(point=point, who=who, closed=closed)
    assert refused.value.code is code


def test_lacking_points_are_told_in_the_order_of_the_list() -> None:
    words = {
        "dates": Check("dates", "lacking", "缺落款日期", "a", AT),
        "seal": Check("seal", "lacking", "", "a", AT),
        "gone": Check("gone", "lacking", "of an older version of the item", "a", AT),
    }
    assert checklist.lacking(ITEM_WITH_LIST, words) == ["seal", "dates"]
    assert texts(checklist.points(ITEM_WITH_LIST, words)) == ["加盖公章", "写明日期：缺落款日期"]
    words["seal"] = replace(words["seal"], verdict="ok")
    assert texts(checklist.points(ITEM_WITH_LIST, words)) == ["写明日期：缺落款日期"]


# ---------------------------------------------------------------- messages


def say(
    who: Hand = CLERK,
    lane: saying.Lane = "shared",
    *,
    for_applicant: bool = False,
    said: int = 0,
) -> saying.Saying:
    return saying.say(
        "s1", lane, "您好", who, said=said, for_applicant=for_applicant, call_id=None, at=AT,
        version=4,
    )  # fmt: skip


@pytest.mark.parametrize("who", [CLERK, APPROVER, THIRD])
@pytest.mark.parametrize("lane", ["shared", "staff"])
def test_each_side_writes_on_both_lanes(who: Hand, lane: saying.Lane) -> None:
    assert say(who, lane) == saying.Saying("s1", 4, lane, "您好", who.person_id, None, None, AT)


@pytest.mark.parametrize(
    "who, lane, for_applicant, said, code",
    [
        (SUPERVISOR, "shared", False, 0, Code.NOT_YOURS),
        (CLERK, "staff", True, 0, Code.NOT_YOURS),
        (APPROVER, "shared", True, 0, Code.NOT_YOURS),
        (THIRD, "shared", True, 0, Code.NOT_YOURS),
        (CLERK, "shared", False, saying.SAYINGS_AT_MOST, Code.THROTTLED),
    ],
)
def test_a_message_is_not_taken(
    who: Hand, lane: saying.Lane, for_applicant: bool, said: int, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        say(who, lane, for_applicant=for_applicant, said=said)
    assert refused.value.code is code


def test_the_applicant_writes_at_the_window() -> None:
    assert say(for_applicant=True).on_behalf_of == "applicant"
