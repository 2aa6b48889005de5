"""The summary and its signature; the decision over all that may be open; files of both sides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.case.rules import case as rules
from server.case.rules import summary
from server.case.rules.case import Case
from server.case.rules.checklist import Check
from server.case.rules.form import SavedValue
from server.case.rules.materials import bringing, judging
from server.case.rules.materials import material as materials
from server.case.rules.materials.bringing import AFTER_CLOSING
from server.case.rules.materials.material import Material, Purpose
from server.case.rules.points import points
from server.case.rules.summary import Shown, Signature, Submission
from server.case.rules.talk.comment import Comment, Remark
from server.catalogue.rules.item import CheckPoint
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal
from tests.domain.test_case import (
    APPROVER,
    AT,
    CLERK,
    ITEM,
    LINES,
    SUPERVISOR,
    case,
    decide,
    stored,
    texts,
)

THIRD = Hand("person-sun", "third")
BOTH = (
    replace(stored("application"), sha256="a" * 64),
    replace(stored("licence"), sha256="b" * 64),
)
STRICT = replace(ITEM, checklist=(CheckPoint("seal", "加盖公章"),), signature="required")
TELL_BY = date(2026, 10, 6)
"""Five working days after, by weekday alone."""


def signature(of: str, *, outdated: bool = False, id: str = "sig-1") -> Signature:
    return Signature(id, of, AT, AT, CLERK.person_id, 9, 7, outdated)


def signed(start: Case, *, outdated: bool = False) -> Case:
    return replace(start, signature=signature(start.summary_hash, outdated=outdated))


# ---------------------------------------------------------------- the hash


def test_the_hash_is_the_one_of_the_canonical_form() -> None:
    start = case(BOTH)
    shown = {
        "case": "case-1",
        "item": {"code": ITEM.code, "name": "变更登记", "version": 1},
        "applicant": {
            "name": "孙雅宁",
            "identity_number": "11010519491231002X",
            "phone": "13805316217",
            "credit_code": None,
        },
        "fields": {"name": "孙雅宁", "remark": ""},
        "materials": [
            {"line": "application", "number": 1, "sha256": "a" * 64},
            {"line": "licence", "number": 1, "sha256": "b" * 64},
        ],
    }
    # RFC 8785 of text and small whole numbers: sorted names, no blanks, UTF-8 as it is.
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert start.summary_hash == hashlib.sha256(text.encode()).hexdigest()
    # another document is named beside its number, and counts
    odd = replace(start, applicant=replace(start.applicant, document="passport"))
    named = text.replace('"identity_number"', '"document":"passport","identity_number"')
    assert odd.summary_hash == hashlib.sha256(named.encode()).hexdigest()


def test_everything_that_was_shown_is_bound() -> None:
    start = case(BOTH)
    newer = replace(stored("licence", 2), sha256="b" * 64)
    other = replace(stored("other"), sha256="c" * 64)
    changed = [
        replace(start, id="case-2"),
        replace(start, item=replace(ITEM, version=2)),
        replace(start, applicant=replace(start.applicant, phone="13805316218")),
        replace(start, applicant=replace(start.applicant, credit_code="91350100M000100Y43")),
        replace(start, entries={"name": SavedValue("孙雅", 3, "p", AT)}),
        replace(start, entries={**start.entries, "remark": SavedValue("x", 4, "p", AT)}),
        replace(start, materials=BOTH[:1]),
        replace(start, materials=(*BOTH, newer)),
        replace(start, materials=(*BOTH, other)),
        replace(start, materials=(BOTH[0], replace(BOTH[1], sha256="d" * 64))),
    ]
    hashes = [one.summary_hash for one in (start, *changed)]
    assert len(set(hashes)) == len(hashes)


def test_what_was_not_shown_is_not_bound() -> None:
    start = case(BOTH)
    arriving = replace(stored("licence", 2, "none", "receiving"), sha256=None)
    rejected = replace(arriving, state="rejected")
    sample = replace(stored("licence", 3), sha256="e" * 64, side="approver", purpose="sample")
    same = [
        replace(start, state="to_correct", number="1"),
        replace(start, entries={**start.entries, "remark": SavedValue("", 4, "p", AT)}),
        replace(start, entries={"name": SavedValue("孙雅宁", 9, "other", AT)}),
        replace(start, materials=(*BOTH, arriving)),
        replace(start, materials=(*BOTH, rejected)),
        replace(start, materials=(*BOTH, sample)),
        replace(start, materials=(BOTH[1], replace(BOTH[0], review="returned"))),
    ]
    assert {one.summary_hash for one in same} == {start.summary_hash}


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_two_values_have_one_hash(first: str, second: str) -> None:
    one, two = (
        replace(case(), entries={"name": SavedValue(value, 3, "p", AT)}).summary_hash
        for value in (first, second)
    )
    assert (one == two) is (first == second)


# ---------------------------------------------------------------- signing and handing in


def sign(start: Case, of: str, *, shown: Shown | None, moved_s: float = 0) -> Signature:
    return summary.sign(
        "sig-1",
        of,
        AT + timedelta(seconds=moved_s),
        9,
        CLERK,
        shown=shown,
        now=start.summary_hash,
        at=AT,
        version=7,
    )


def test_what_was_shown_is_signed() -> None:
    start = case()
    now = start.summary_hash
    assert sign(start, now, shown=Shown(now, AT)) == signature(now)


def test_nothing_else_is_signed() -> None:
    start = case()
    now = start.summary_hash
    for of, shown, moved_s in (
        (now, None, 0),
        (now, Shown("0" * 64, AT), 0),
        ("0" * 64, Shown(now, AT), 0),
        ("0" * 64, Shown("0" * 64, AT), 0),
        (now, Shown(now, AT), 1),
    ):
        with pytest.raises(Refusal) as refused:
            sign(start, of, shown=shown, moved_s=moved_s)
        assert refused.value.code is Code.STALE


def test_the_window_alone_shows_signs_and_hands_in_before_the_decision() -> None:
    summary.at_the_window(CLERK, closed=False)
    for who in (APPROVER, THIRD, SUPERVISOR):
        with pytest.raises(Refusal) as refused:
            summary.at_the_window(who, closed=False)
        assert refused.value.code is Code.NOT_YOURS
    with pytest.raises(Refusal) as refused:
        summary.at_the_window(CLERK, closed=True)
    assert refused.value.code is Code.CASE_CLOSED


def test_what_is_signed_and_complete_is_handed_in_once() -> None:
    start = signed(case(BOTH))
    now = start.summary_hash
    after = rules.submitted(start, now, CLERK, at=AT, known_days={})
    assert after.submission == Submission(now, "sig-1", AT, CLERK.person_id, TELL_BY)
    later = AT + timedelta(hours=1)
    assert rules.submitted(after, now, CLERK, at=later, known_days={}) is after
    again = replace(after, signature=signature(now, id="sig-2"))
    handed = rules.submitted(again, now, CLERK, at=later, known_days={}).submission
    assert handed == Submission(now, "sig-2", later, CLERK.person_id, TELL_BY)


@pytest.mark.parametrize(
    "brought, name, how, code",
    [
        (BOTH, "孙", "unsigned", Code.SIGNATURE_MISSING),
        (BOTH, "孙", "outdated", Code.SIGNATURE_MISSING),
        (BOTH, "孙", "of another", Code.SIGNATURE_MISSING),
        (BOTH[:1], "孙", "signed", Code.INCOMPLETE),
        (BOTH, "", "signed", Code.INCOMPLETE),
    ],
)
def test_it_is_not_handed_in(
    brought: tuple[Material, ...], name: str, how: str, code: Code
) -> None:
    start = case(brought, name=name)
    now = start.summary_hash
    if how != "unsigned":
        start = signed(start, outdated=how == "outdated")
    of = "0" * 64 if how == "of another" else now
    with pytest.raises(Refusal) as refused:
        rules.submitted(start, of, CLERK, at=AT, known_days={})
    assert refused.value.code is code


def test_an_item_that_wants_a_signature_is_accepted_with_one_that_holds() -> None:
    start = replace(signed(case(BOTH)), item=STRICT)
    now = start.summary_hash
    start = signed(start)
    handed = rules.submitted(start, now, CLERK, at=AT, known_days={})
    assert decide(handed, "accepted").state == "accepted"
    edited = replace(handed, entries={"name": SavedValue("孙雅", 9, "p", AT)})
    for open_ in (
        start,
        replace(handed, signature=signature(now, outdated=True)),
        replace(edited, signature=signature(edited.summary_hash, id="sig-2")),
    ):
        with pytest.raises(Refusal) as refused:
            decide(open_, "accepted")
        assert refused.value.code is Code.INCOMPLETE
        assert refused.value.details["signature"] is True
    optional = replace(start, item=ITEM, signature=None)
    assert decide(optional, "accepted").state == "accepted"


# ---------------------------------------------------------------- what is open


def test_comments_and_points_stand_in_the_way_until_they_are_settled() -> None:
    start = replace(case(BOTH), item=replace(STRICT, signature="optional"))
    thread = Comment("c1", 3, "case", "open", (Remark("p", AT, "请本人到场"),))
    lacking = Check("seal", "lacking", "缺公章", "a", AT)
    for open_, comments, checks in (
        (replace(start, comments=(thread,)), 1, ""),
        (replace(start, checks={"seal": lacking}), 0, "seal"),
    ):
        with pytest.raises(Refusal) as refused:
            decide(open_, "accepted")
        assert (refused.value.details["comments"], refused.value.details["checks"]) == (
            comments,
            checks,
        )
    both = replace(start, comments=(thread,), checks={"seal": lacking})
    assert texts(points(both, AT)) == ["办件：请本人到场", "加盖公章：缺公章"]
    settled = replace(
        both,
        comments=(replace(thread, state="resolved"),),
        checks={"seal": replace(lacking, verdict="ok")},
    )
    assert decide(settled, "accepted").state == "accepted"
    assert texts(points(settled, AT)) == []


def test_a_case_waits_for_what_its_notice_named_until_all_of_it_is_settled() -> None:
    back = (replace(BOTH[0], review="returned"), stored("photo", review="returned"))
    thread = Comment("c1", 3, "case", "open", (Remark("p", AT, "请本人到场"),))
    told = decide(replace(case(back, name=""), comments=(thread,)), "to_correct")
    assert told.decision is not None
    places = "line:application:1 line:licence line:photo:1 field:name comment:c1"
    assert told.decision.about == tuple(places.split())

    def waits(now: Case) -> bool:
        return rules.correcting(now.state, now.decision, now, AT)

    assert waits(told)
    mended = replace(told, entries=case().entries, comments=(replace(thread, state="resolved"),))
    photo = replace(back[1], id="photo-2", number=2)
    for files, still in (
        (back, True),
        ((*BOTH, back[1]), True),
        # what came is not judged
        ((*BOTH, replace(photo, review="none")), True),
        ((BOTH[0], replace(BOTH[1], review="none"), replace(photo, review="accepted")), True),
        ((*BOTH, replace(photo, review="accepted")), False),
        # what was put elsewhere is asked for no more
        (BOTH, False),
    ):
        assert waits(replace(mended, materials=files)) is still, files
        assert not waits(replace(mended, materials=files, state="reviewing"))
    settled = replace(mended, materials=(*BOTH, replace(photo, review="accepted")))
    assert waits(replace(settled, comments=(thread,)))
    assert waits(replace(settled, entries={}))
    # of a notice from before places were kept no file may be without a word
    old = replace(told.decision, about=())
    assert not waits(replace(settled, decision=old))
    unread = (BOTH[0], replace(BOTH[1], review="none"))
    assert waits(replace(settled, decision=old, materials=unread))


def test_a_second_notice_is_given_only_when_it_is_asked_for_again() -> None:
    first = decide(case(), "to_correct")
    assert first.corrections == 1
    with pytest.raises(Refusal) as refused:
        decide(first, "to_correct")
    assert (refused.value.code, refused.value.details) == (Code.SECOND_NOTICE, {"count": 1})
    second = rules.decide(first, "to_correct", "再次", APPROVER, at=AT, known_days={}, again=True)
    assert second.corrections == 2
    assert decide(first, "refused").corrections == 1


# ---------------------------------------------------------------- files of both sides


def sent(
    purpose: Purpose,
    who: Hand,
    line: str = "licence",
    *,
    answers: str | None = None,
    closed: bool = False,
    brought: tuple[Material, ...] = (),
) -> materials.Sender:
    return bringing.sent(ITEM, brought, line, purpose, answers, who, closed=closed)


SENT: tuple[Purpose, ...] = ("blank_form", "sample", "guide", "notice", "result")
BLANK = replace(stored("licence"), id="blank", side="approver", purpose="blank_form")


def test_each_side_sends_its_own() -> None:
    assert sent("material", CLERK) == "window"
    assert sent("material", CLERK, "other") == "window"
    assert sent("material", CLERK, answers="blank", brought=(BLANK,)) == "window"
    for purpose in SENT:
        assert sent(purpose, APPROVER) == "approver"
        if purpose in AFTER_CLOSING:
            assert sent(purpose, APPROVER, closed=True) == "approver"


def test_nobody_sends_what_is_the_others() -> None:
    for purpose, who in [
        *[(purpose, CLERK) for purpose in SENT],
        *[(purpose, who) for purpose in ("material", *SENT) for who in (THIRD, SUPERVISOR)],
        ("material", APPROVER),
    ]:
        with pytest.raises(Refusal) as refused:
            sent(purpose, who)
        assert refused.value.code is Code.NOT_YOURS
    with pytest.raises(Refusal) as refused:
        sent("sample", APPROVER, answers="blank", brought=(BLANK,))
    assert refused.value.code is Code.NOT_YOURS


def test_a_file_that_cannot_come_is_refused() -> None:
    mine = stored("licence")
    unfinished = replace(BLANK, state="receiving")
    full = tuple(stored("licence", n) for n in range(1, bringing.VERSIONS_AT_MOST + 1))
    for wanted, code in (
        (lambda: sent("material", CLERK, closed=True), Code.CASE_CLOSED),
        (lambda: sent("guide", APPROVER, closed=True), Code.CASE_CLOSED),
        (lambda: sent("material", CLERK, "nothing"), Code.LINE_UNKNOWN),
        (lambda: sent("material", CLERK, answers="blank"), Code.NOT_FOUND),
        (lambda: sent("material", CLERK, answers=mine.id, brought=(mine,)), Code.NOT_FOUND),
        (lambda: sent("material", CLERK, answers="blank", brought=(unfinished,)), Code.NOT_FOUND),
        (lambda: sent("material", CLERK, brought=full), Code.THROTTLED),
    ):
        with pytest.raises(Refusal) as refused:
            wanted()
        assert refused.value.code is code


@pytest.mark.parametrize(
    ("purpose", "line", "owed", "comes"),
    [
        ("material", "licence", {"licence"}, True),
        ("material", "licence", {"tax"}, False),
        ("material", "other", {"licence"}, False),
        ("page", "other", {"licence"}, True),
        ("page", "other", set(), False),
        ("notice", "other", set(), True),
        ("guide", "licence", {"licence"}, False),
    ],
)
def test_what_still_comes_to_a_decided_case(
    purpose: Purpose, line: str, owed: set[str], comes: bool
) -> None:
    assert bringing.follows(purpose, line, owed) is comes


def test_what_the_approver_sends_counts_for_nothing() -> None:
    later = replace(BLANK, number=2)
    assert materials.current([stored("licence"), later], "licence") == [stored("licence")]
    assert materials.current([later], "licence") == []
    assert judging.missing(LINES, [BLANK]) == [LINES[0], LINES[1]]
    assert bringing.next_number([stored("licence"), later], "licence") == 3
    with pytest.raises(Refusal) as refused:
        judging.reviewed([BLANK], "blank", "accepted", "", APPROVER, closed=False, at=AT)
    assert refused.value.code is Code.NOT_YOURS


def test_files_on_no_line_are_judged_each_on_its_own() -> None:
    first, second = stored("other", 1, "none"), replace(stored("other", 2, "none"), slot=2)
    back = judging.reviewed(
        [first, second], first.id, "returned", "看不清", APPROVER, closed=False, at=AT
    )
    assert texts(judging.points(LINES, [*BOTH, back, second])) == ["a.pdf：看不清"]
    assert judging.unsettled(LINES, [*BOTH, back, second]) == []
