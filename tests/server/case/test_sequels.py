"""后续办件: what follows a licence is a case of its own, linked to the first, which keeps what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from server.case import rows
from server.case.acts.course import listing
from server.case.acts.papers import facts
from server.case.acts.papers.press import KIND, Press
from server.case.rows import papers as paper_rows
from server.case.rules.course import sequels
from server.case.rules.course.course import Course as Kept
from server.case.rules.course.course import Result, Ruling, Sequel, SequelKind
from server.case.rules.course.states import STATES
from server.case.wire.course import advancing as wire
from server.case.wire.course.sequels import CaseBeginSequel
from server.case.wire.decision import CaseDecide
from server.case.wire.registering import CaseOpen
from server.jobs.runner import Jobs
from server.rights.hand import CASE_AUDIENCES, Hand, Side
from server.standards.working_days import Counted
from server.store import SYSTEM
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, THIRD, Office
from tests.server.case.test_course import LICENCE, Course
from tests.server.case.test_projection_law import Law

AT: Final = datetime(2026, 11, 23, 1, tzinfo=UTC)
KINDS: Final[tuple[SequelKind, ...]] = get_args(SequelKind)


def granted(until: date | None = date(2027, 11, 23), *gone: SequelKind) -> Kept:
    """A course that granted a licence up to that day, of which these became of it."""
    ruling = Ruling("granted", "", (), "meng", AT, Counted(date(2026, 12, 7), (), (), False))
    licence = Result("a", "licence", "证", "1", 1, 0, date(2026, 11, 23), until, "meng", AT)
    came = tuple(Sequel(f"case-{one}", one, "meng", AT, "granted", AT.date()) for one in gone)
    return Kept(ruling=ruling, results=(licence,), sequels=came)


def begun(
    kind: SequelKind,
    state: str = "delivered",
    side: Side = "window",
    *,
    course: Kept | None = None,
    reason: str = "理由",
    at: datetime = AT,
) -> Code | None:
    """What beginning it is refused with."""
    of = granted() if course is None else course
    new = Sequel("case-2", kind, "person", at)
    own = side == "approver"
    try:
        after = sequels.begin(of, state, new, reason, Hand("person", side), of_itself=own)
    except Refusal as refusal:
        return refusal.code
    assert after == replace(of, sequels=(*of.sequels, new))
    return None


def test_which_kind_begins_from_which_side_in_which_state() -> None:
    yes = {
        **{(kind, "window"): None for kind in KINDS if kind != "revoked"},
        ("revoked", "window"): Code.OTHER_SEQUEL,
        **{
            (kind, "approver"): None if kind in ("rectified", "revoked", "deregistered")
            else Code.OTHER_SEQUEL
            for kind in KINDS
        },
        **{(kind, side): Code.NOT_YOURS for kind in KINDS for side in ("third", "supervisor")},
    }  # fmt: skip
    sides: tuple[Side, ...] = ("window", "approver", "third", "supervisor")
    wrong = [
        (kind, side, state, told)
        for state in STATES
        for kind in KINDS
        for side in sides
        if (told := begun(kind, state, side))
        is not (
            yes[kind, side]
            if state in ("granted", "issued", "delivered", "archived")
            else Code.OTHER_STEP
        )
    ]
    assert not wrong
    new = Sequel("case-2", "revoked", "person", AT)
    with pytest.raises(Refusal, match="not_yours"):
        sequels.begin(granted(), "issued", new, "理由", Hand("p", "window"), of_itself=True)


def test_what_stands_in_the_way() -> None:
    assert begun("altered", course=Kept()) is Code.NOTHING_STANDS
    denied = replace(granted(), ruling=replace(granted().ruling, kind="denied"))  # type: ignore[type-var]
    assert begun("altered", "archived", course=denied) is Code.NOTHING_STANDS
    assert begun("revoked", side="approver", reason=" ") is Code.REASON_MISSING
    assert begun("altered", reason="") is None
    # what was revoked is still struck off; what is struck off is no more
    for kind in KINDS:
        side: Side = "approver" if kind == "revoked" else "window"
        revoked = begun(kind, side=side, course=granted(None, "revoked"))
        assert revoked is (None if kind == "deregistered" else Code.NOTHING_STANDS), kind
        struck = begun(kind, side=side, course=granted(None, "deregistered"))
        assert struck is Code.NOTHING_STANDS, kind
    open_one = replace(granted(), sequels=(Sequel("case-9", "altered", "p", AT),))
    assert begun("altered", course=open_one) is Code.SEQUEL_OPEN
    assert begun("reissued", course=open_one) is None
    again = sequels.ended(open_one, "case-9", "ended", AT)
    assert again.sequels[0].ended_on == date(2026, 11, 23)
    assert begun("altered", course=again) is None
    assert sequels.ended(open_one, "case-8", "granted", AT) == open_one


def test_prolonging_is_asked_for_before_the_end_and_told_when_it_is_late() -> None:
    last = date(2026, 11, 23)
    assert begun("prolonged", course=granted(last)) is None, "on the last day"
    over = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert begun("prolonged", course=granted(last), at=over) is Code.VALIDITY_OVER, "China's day"
    assert begun("prolonged", course=granted(None)) is Code.NOTHING_STANDS, "it holds for good"
    days = {date(2026, 12, 22): True, date(2026, 12, 23): False, None: False}
    assert {day: sequels.late("prolonged", granted(day), last) for day in days} == days
    assert not sequels.late("altered", granted(last), last)


@pytest.fixture
async def first(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    """A case in which a licence was issued."""
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    await course.accepted()
    await course.issued({**LICENCE, "valid_until": "2026-12-10"})
    yield course
    await office.switchboard.close()


async def sequels_of(first: Course) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await first.course())["sequels"]
    return told


async def test_the_applicant_asks_for_one_and_both_cases_show_the_link(first: Course) -> None:
    office, law = first.office, Law(first.office.store, f"case:{first.case_id}", CASE_AUDIENCES, reducers.reduce_case)  # fmt: skip
    await law.begin()
    assert await first.refused(APPROVER, CaseBeginSequel, kind="altered") is Code.NOT_YOURS
    assert await first.refused(THIRD, CaseBeginSequel, kind="altered") is Code.NOT_FOUND
    told = await first.do(CLERK, CaseBeginSequel, kind="prolonged", reason="继续经营")
    assert await law.holds("a sequel was begun") == 1
    assert told["late"], "seventeen days are left"
    case_id = told["case_id"]
    [link] = await sequels_of(first)
    assert (link["case_id"], link["kind"], link["outcome"]) == (case_id, "prolonged", "open")
    assert (await first.course())["state"] == "issued"

    new, old = await office.view(case_id), await office.view(first.case_id)
    assert new["state"] == "registered"
    assert new["sequel_of"] == {
        "case_id": first.case_id,
        "number": old["number"],
        "kind": "prolonged",
        "begun_by": "applicant",
        "reason": "继续经营",
    }
    assert new["applicant"] == old["applicant"]
    assert [one["key"] for one in new["item"]["lines"]] == [
        one["key"] for one in old["item"]["lines"]
    ], "the usual course, with the usual list"
    for login in (CLERK, SUPERVISOR):
        assert (await office.view(case_id, login))["sequel_of"]["case_id"] == first.case_id
    stranger = await office.refused(THIRD, CaseOpen, case_id=case_id)
    assert stranger.code is Code.NOT_FOUND
    listed = await listing.listing(office.store, office.actors[CLERK])
    assert {one.id: one.sequel_kind for one in listed} == {
        case_id: "prolonged",
        first.case_id: None,
    }

    # one of a kind at once; another once it came to an end without a ruling
    refusal = await office.refused(CLERK, CaseBeginSequel, case_id=first.case_id, kind="prolonged")
    assert (refusal.code, refusal.details["case"]) == (Code.SEQUEL_OPEN, case_id)
    end = {"kind": "withdrawn", "reason": "改日另行申请"}
    await office.do(CLERK, wire.CaseFinish, case_id=case_id, **end)
    assert await law.holds("the sequel was withdrawn") == 1
    assert [one["outcome"] for one in await sequels_of(first)] == ["ended"]
    await first.do(CLERK, CaseBeginSequel, kind="prolonged")
    assert [one["outcome"] for one in await sequels_of(first)] == ["ended", "open"]
    law.close()
    report = await office.store.verifier.verify()
    assert report.ok, report.findings


async def test_of_two_at_once_one_is_told_which_stands(first: Course) -> None:
    office = first.office
    version = await office.store.version(f"case:{first.case_id}")
    about = {"case_id": first.case_id, "kind": "altered", "seen_version": version}
    told = await asyncio.gather(
        *(office.do(CLERK, CaseBeginSequel, **about) for _ in range(4)), return_exceptions=True
    )
    [stands] = [one for one in told if isinstance(one, dict)]
    refused = [one for one in told if isinstance(one, Refusal)]
    assert [(one.code, one.details["case"]) for one in refused] == [
        (Code.SEQUEL_OPEN, stands["case_id"])
    ] * 3
    assert len(await sequels_of(first)) == 1


async def test_the_unit_revokes_of_itself_and_nothing_stands_any_more(first: Course) -> None:
    office, own = first.office, {"of_itself": True, "reason": "以欺骗手段取得"}
    for login in (CLERK, THIRD):
        code = await first.refused(login, CaseBeginSequel, kind="revoked", **own)
        assert code is (Code.NOT_YOURS if login == CLERK else Code.NOT_FOUND), login
    told = await first.do(APPROVER, CaseBeginSequel, kind="revoked", **own)
    case = {"case_id": told["case_id"]}
    view = await office.view(case["case_id"])
    assert (view["sequel_of"]["begun_by"], view["sequel_of"]["reason"]) == ("unit", own["reason"])
    assert (view["item"]["lines"], view["item"]["form"]) == ([], []), "nothing is asked of him"
    assert view["clerk"]["id"] == office.actors[CLERK].person_id
    assert view["owner"]["id"] == office.actors[APPROVER].person_id
    yes = {"decision": "accepted", "reason": "依职权立案"}
    await office.do(APPROVER, CaseDecide, **case, **yes)
    assert (await office.view(case["case_id"]))["papers"] == [], "he asked for nothing"
    await office.do(
        APPROVER, wire.CaseRule, **case, ruling="granted", reason="虚假材料",
        bases=["《中华人民共和国行政许可法》第六十九条"],
    )  # fmt: skip
    [link] = await sequels_of(first)
    assert (link["outcome"], link["ended_on"]) == ("granted", "2026-11-23")
    assert await first.refused(CLERK, CaseBeginSequel, kind="altered") is Code.NOTHING_STANDS
    await first.do(APPROVER, CaseBeginSequel, kind="deregistered", **own)

    jobs = Jobs(office.store, {KIND: Press(office.store, Children()).kind})
    while await jobs.work_once():
        pass
    [paper] = (await office.view(case["case_id"]))["papers"]
    assert paper["state"] == "ready"
    assert paper["kind"] in ("grant", "registration")
    async with office.store.change(SYSTEM) as change:
        record = await rows.find(change.connection, case["case_id"])
        assert record is not None
        [asked] = await paper_rows.list_papers(change.connection, [case["case_id"]])
        issuer = await paper_rows.issuer_of(change.connection, record.case.unit_id)
        written = await facts.of(change, record, asked, issuer)
    assert written["title"] in ("撤销行政许可决定书", "撤销登记决定书")
    assert written["sequel"]["number"] == (await office.view(first.case_id))["number"]
    entries = await office.entries(first.case_id)
    acts = [one["act"] for one in entries if one["result"] == "ok"]
    assert acts.count("case.begin_sequel") == 2
    assert acts.count("case.end_sequel") == 1
