"""The course of a case after its acceptance, on a real store: each way to its end, what is told and what is printed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import pytest
import sqlalchemy as sa

from server.case.acts.course import listing, telling
from server.case.acts.papers.press import KIND, Press
from server.case.rules.course.due import Tab
from server.case.rules.course.states import CaseState
from server.case.wire import decision, materials
from server.case.wire.course import advancing as wire
from server.case.wire.course import mode, owning
from server.case.wire.http import CaseSummary
from server.case.wire.registering import CaseConsent
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.rights.hand import WorkingSide
from server.rights.person import Actor
from server.store import SYSTEM, tables
from server.work.child import Children
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallDial
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OTHER_APPROVER,
    OTHER_IDENTITY_NUMBER,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_clocks import DAY_S, Deciding

LICENCE: Final[dict[str, Any]] = {
    "kind": "licence",
    "name": "营业执照",
    "number": "91370211MA3N5XGY1G",
    "originals": 1,
    "copies": 2,
    "valid_from": "2026-11-23",
}
ELECTRONIC: Final = {**LICENCE, "name": "电子营业执照", "number": "D237004416", "copies": 0}
PERMIT: Final = {**LICENCE, "name": "备案通知", "kind": "document", "number": "青备〔2026〕7 号"}
FETCHES: Final = {
    "name": "孙雅宁",
    "document": "identity_card",
    "number": IDENTITY_NUMBER,
    "how": "reader",
}
DAY: Final = "2026-11-23"
BASIS: Final = "《中华人民共和国市场主体登记管理条例》第二十四条"


class Course(Deciding):
    """A case that was accepted, on its way to its end."""

    async def course(self) -> dict[str, Any]:
        view = await self.office.view(self.case_id)
        course: dict[str, Any] = view["course"]
        return {"state": view["state"], **course}

    async def kinds(self) -> list[str]:
        """The papers that were asked for, in their order."""
        return [one["kind"] for one in (await self.office.view(self.case_id))["papers"]]

    async def issued(self, *results: dict[str, Any]) -> list[str]:
        """Granted and issued; the ids of the results."""
        await self.do(
            APPROVER,
            wire.CaseRule,
            ruling="granted",
            bases=[BASIS],
        )
        await self.do(APPROVER, wire.CaseIssue, results=list(results or (LICENCE,)))
        return [one["id"] for one in (await self.course())["results"]]

    async def begin(self, login: str, way: str, **members: Any) -> str:
        began = await self.do(login, wire.CaseBeginDelivery, way=way, **members)
        id: str = began["delivery_id"]
        return id

    async def end(self, login: str, id: str, outcome: str = "delivered", **members: Any) -> None:
        told = {"delivery_id": id, "outcome": outcome, "on": DAY, **members}
        await self.do(login, wire.CaseEndDelivery, **told)

    async def made(self) -> None:
        """Every paper that was asked for is made."""
        jobs = Jobs(self.office.store, {KIND: Press(self.office.store, Children()).kind})
        while await jobs.work_once():
            pass


@pytest.fixture
async def course(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    yield course
    await office.switchboard.close()


async def test_from_acceptance_to_the_archive_by_each_way_of_delivery(course: Course) -> None:
    await course.accepted()
    assert await course.refused(APPROVER, wire.CaseArchive) is Code.OTHER_STEP
    licence, electronic, document = await course.issued(LICENCE, ELECTRONIC, PERMIT)
    told = await course.course()
    assert told["state"] == "issued"
    assert told["ruling"]["by"]["name"] == "周明远"
    assert told["ruling"]["deliver"]["due_on"] == "2026-12-07", "ten working days"
    assert [one["valid_until"] for one in told["results"]] == [None] * 3

    # fetched at the window: the identity first, then that it was handed over
    fetched = await course.begin(CLERK, "collected", results=[licence])
    assert (
        await course.refused(
            CLERK, wire.CaseEndDelivery, delivery_id=fetched, outcome="delivered", on=DAY
        )
        is Code.RECEIVER_MISSING
    )
    wrong = {**FETCHES, "number": "370103198506072841"}
    assert (
        await course.refused(CLERK, wire.CaseCheckReceiver, delivery_id=fetched, **wrong)
        is Code.BAD_IDENTITY_NUMBER
    )
    await course.do(CLERK, wire.CaseCheckReceiver, delivery_id=fetched, **FETCHES)
    [seen] = [one for one in (await course.course())["deliveries"] if one["id"] == fetched]
    assert seen["receiver"]["number"] == "370103************"
    await course.end(CLERK, fetched)

    # electronically: agreed to before it is sent
    sent = {"way": "electronic", "results": [electronic]}
    assert await course.refused(APPROVER, wire.CaseBeginDelivery, **sent) is Code.AGREEMENT_MISSING
    await course.do(CLERK, wire.CaseAgreeElectronic, address="13805316217")
    assert (await course.course())["agreement"]["address"] == "138****6217"
    by_wire = await course.begin(APPROVER, "electronic", results=[electronic])
    await course.end(APPROVER, by_wire, note="统一身份认证平台已到达")
    assert (await course.course())["state"] == "issued", "one is still to come"

    # by post: it comes back, and goes again
    parcel = {"courier": "EMS", "tracking": "EX123456789CN"}
    first = await course.begin(APPROVER, "posted", **parcel)
    await course.end(APPROVER, first, "returned", note="查无此人")
    again = await course.begin(APPROVER, "posted", courier="EMS", tracking="EX987654321CN")
    await course.end(APPROVER, again, note="本人签收")
    told = await course.course()
    assert told["state"] == "delivered"
    assert [one["state"] for one in told["deliveries"]] == [
        "delivered", "delivered", "returned", "delivered",
    ]  # fmt: skip
    assert told["deliveries"][3]["results"] == [document], "all that had not arrived"
    assert (await course.kinds())[-5:] == [
        "registration",
        "delivery",
        "delivery",
        "delivery",
        "closing",
    ]

    assert await course.refused(APPROVER, wire.CaseArchive) is Code.UNFINISHED
    await course.made()
    assert await course.refused(CLERK, wire.CaseArchive) is Code.NOT_YOURS
    await course.do(APPROVER, wire.CaseArchive)
    assert (await course.course())["state"] == "archived"
    assert await course.refused(APPROVER, wire.CaseArchive) is Code.CASE_ARCHIVED


async def test_a_case_all_online_takes_no_originals_and_is_delivered_by_the_unit(
    course: Course,
) -> None:
    parcel = {
        "courier": "EMS",
        "tracking": "EX123456789CN",
        "lines": [{"line": "licence", "originals": 1, "copies": 0}],
    }
    assert await course.refused(APPROVER, mode.CaseChangeMode, mode="online") is Code.NOT_YOURS
    await course.do(CLERK, mode.CaseChangeMode, mode="online")
    assert (await course.office.view(course.case_id))["mode"] == "online"
    assert await course.refused(CLERK, materials.CaseSendOriginals, **parcel) is Code.OTHER_MODE
    await course.accepted()
    assert await course.refused(CLERK, mode.CaseChangeMode, mode="proxy") is Code.OTHER_STEP
    await course.issued()
    cases = tables.cases
    turn = sa.select(cases.c.turn).where(cases.c.id == course.case_id)
    async with course.office.store.read() as connection:
        assert (await connection.execute(turn)).scalar_one() == "approver", (
            "no window hands it over"
        )
    posted = {"courier": "EMS", "tracking": "EX123456789CN"}
    assert await course.refused(CLERK, wire.CaseBeginDelivery, way="collected") is Code.OTHER_MODE
    assert await course.refused(CLERK, wire.CaseBeginDelivery, way="posted", **posted) is (
        Code.NOT_YOURS
    )
    await course.end(APPROVER, await course.begin(APPROVER, "posted", **posted))
    assert (await course.course())["state"] == "delivered"
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)
    assert (await course.course())["state"] == "archived"


async def test_originals_that_travelled_keep_a_case_from_going_all_online(course: Course) -> None:
    sheet = {"line": "licence", "originals": 1, "copies": 0}
    parcel = {"courier": "EMS", "tracking": "EX123456789CN", "lines": [sheet]}
    await course.do(CLERK, materials.CaseSendOriginals, **parcel)
    assert await course.refused(CLERK, mode.CaseChangeMode, mode="online") is Code.ORIGINALS_SENT


async def test_a_call_may_begin_up_to_the_archive_and_changes_no_state(course: Course) -> None:
    office = course.office
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await course.do(CLERK, CaseConsent, **yes)
    await course.accepted()
    await course.issued()
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=course.case_id))["call_id"]
    await office.answer(APPROVER, call_id)
    view = await office.view(course.case_id)
    assert (view["state"], view["call_id"]) == ("issued", call_id)


async def test_accepted_and_granted_in_one_act(course: Course) -> None:
    for material in (await course.office.view(course.case_id))["materials"]:
        judged = {"material_id": material["id"], "review": "accepted"}
        await course.do(APPROVER, materials.CaseReview, **judged)
    at_once = {"decision": "accepted", "reason": "当场办结。", "grant": True, "bases": [BASIS]}
    await course.do(APPROVER, decision.CaseDecide, **at_once)
    told = await course.course()
    assert (told["state"], told["ruling"]["bases"]) == ("granted", [BASIS])
    assert (await course.kinds())[-2:] == ["acceptance", "registration"]
    acts = [one["act"] for one in await course.office.entries(course.case_id)]
    assert acts[-4:] == ["case.decide", "paper.ask", "case.rule", "paper.ask"]


@SQLITE_ALONE
async def test_a_denial_tells_its_reason_and_is_delivered_too(course: Course) -> None:
    await course.accepted()
    assert await course.refused(APPROVER, wire.CaseRule, ruling="denied") is Code.REASON_MISSING
    reason = "不符合《市场主体登记管理条例》第九条的规定。"
    await course.do(APPROVER, wire.CaseRule, ruling="denied", reason=reason)
    assert await course.refused(APPROVER, wire.CaseIssue, results=[LICENCE]) is Code.OTHER_STEP
    fetched = await course.begin(CLERK, "collected")
    await course.do(CLERK, wire.CaseCheckReceiver, delivery_id=fetched, **FETCHES)
    await course.end(CLERK, fetched)
    assert (await course.course())["state"] == "delivered"
    assert (await course.kinds())[-3:] == ["denial", "delivery", "closing"]


async def test_the_limits_stand_still_once_it_is_ruled_on(course: Course) -> None:
    await course.accepted()
    await course.do(APPROVER, wire.CaseRule, ruling="granted")
    hearing = {"why": "hearing", "reason": "听证"}
    assert (
        await course.refused(APPROVER, decision.CaseStopClock, **hearing) is Code.LIMIT_NOT_RUNNING
    )


async def test_the_applicant_withdraws_and_it_is_filed(course: Course) -> None:
    away = {"kind": "withdrawn", "reason": "申请人书面撤回"}
    assert await course.refused(APPROVER, wire.CaseFinish, **away) is Code.NOT_YOURS
    await course.do(CLERK, wire.CaseFinish, **away)
    told = await course.course()
    assert (told["state"], told["ending"]["reason"]) == ("withdrawn", "申请人书面撤回")
    assert (await course.kinds())[-1] == "withdrawal"
    entry = (await course.office.entries(course.case_id))[-2]
    assert (entry["act"], entry["on_behalf_of"]) == ("case.finish", "applicant")
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)


async def test_what_is_not_corrected_goes_back_by_a_person_when_the_day_is_over(
    course: Course,
) -> None:
    await course.do(APPROVER, decision.CaseDecide, decision="to_correct", reason="请补正")
    back = {"kind": "returned", "reason": "逾期未补正"}
    assert await course.refused(APPROVER, wire.CaseFinish, **back) is Code.TIME_LEFT
    course.office.clock.move(25 * DAY_S)
    assert (await course.course())["state"] == "to_correct", "never by itself"
    await course.do(APPROVER, wire.CaseFinish, **back)
    assert (await course.course())["state"] == "returned"
    assert (await course.kinds())[-1] == "return"


async def test_an_accepted_case_is_terminated_for_a_cause_of_the_law(course: Course) -> None:
    await course.accepted()
    over = {"kind": "terminated", "reason": "公司已注销"}
    assert await course.refused(APPROVER, wire.CaseFinish, **over) is Code.CAUSE_MISSING
    await course.do(APPROVER, wire.CaseFinish, **over, cause="dissolved")
    told = await course.course()
    assert (told["state"], told["ending"]["cause"]) == ("terminated", "dissolved")
    assert (await course.kinds())[-1] == "termination"
    assert await course.refused(APPROVER, wire.CaseRule, ruling="granted") is Code.OTHER_STEP


@SQLITE_ALONE
async def test_who_neither_takes_nor_decides_does_nothing_of_it(course: Course) -> None:
    await course.accepted()
    assert await course.refused(SUPERVISOR, wire.CaseRule, ruling="granted") is Code.NOT_YOURS
    assert await course.refused(THIRD, wire.CaseRule, ruling="granted") is Code.NOT_FOUND


@SQLITE_ALONE
async def test_an_act_on_a_course_that_went_on_meanwhile_is_refused(course: Course) -> None:
    await course.accepted()
    seen = await course.office.store.version(f"case:{course.case_id}")
    await course.do(APPROVER, wire.CaseRule, ruling="granted")
    over = {"kind": "withdrawn", "reason": "撤回", "seen_version": seen}
    refusal = await course.office.refused(CLERK, wire.CaseFinish, case_id=course.case_id, **over)
    assert (refusal.code, refusal.details["changes"]) == (Code.CHANGED, "course")


async def test_a_list_narrows_to_the_new_states(course: Course) -> None:
    await course.accepted()
    await course.issued()
    actor = course.office.actors[APPROVER]

    async def found_in(state: CaseState) -> list[CaseSummary]:
        return await listing.listing(course.office.store, actor, state=state)

    [found] = await found_in("issued")
    assert found.id == course.case_id
    assert not await found_in("accepted")


async def test_a_case_of_before_has_no_course(course: Course) -> None:
    """Rows that were written before the column was there read as nothing that happened."""
    await course.accepted()
    cases = tables.cases
    async with course.office.store.read() as connection:
        stored = await connection.scalar(
            sa.select(cases.c.course).where(cases.c.id == course.case_id)
        )
    assert stored is None
    assert (await course.course())["ruling"] is None


async def test_a_case_is_claimed_handed_over_and_given_back(course: Course) -> None:
    office = course.office
    me, other = (office.actors[login].person_id for login in (APPROVER, OTHER_APPROVER))
    assert (await office.view(course.case_id))["owner"] is None, "in the pool"
    clerk = {"person_id": office.actors[CLERK].person_id, "from_id": None}
    assert await course.refused(APPROVER, owning.CaseAssign, **clerk) is Code.NO_APPROVER
    assert (
        await course.refused(CLERK, owning.CaseAssign, person_id=me, from_id=None) is Code.NOT_YOURS
    )
    await course.do(APPROVER, owning.CaseAssign, person_id=me, from_id=None)
    before = await office.store.version(f"case:{course.case_id}")
    await course.do(APPROVER, owning.CaseAssign, person_id=me, from_id=None)
    assert await office.store.version(f"case:{course.case_id}") == before, "no act"
    await course.do(OTHER_APPROVER, owning.CaseAssign, person_id=other, from_id=me)
    assert (await office.view(course.case_id))["owner"]["name"] == "高新民"
    away = {"unit_id": demo.LIAOCHENG, "reason": "属东昌府区管辖"}
    await course.do(APPROVER, decision.CaseRefer, **away)
    assert (await office.view(course.case_id))["owner"] is None, "it lies in the other unit's pool"


async def test_of_two_who_claim_a_case_at_once_one_has_it_and_the_other_is_told(
    course: Course,
) -> None:
    """And whoever looked at a list of before takes a case from nobody without knowing it."""
    office, about = course.office, {"case_id": course.case_id}
    people = {login: office.actors[login].person_id for login in (APPROVER, OTHER_APPROVER)}

    async def claim(login: str, seen: str | None) -> str | None:
        """Who has it instead, where it is not he who asks."""
        claimed = {**about, "person_id": people[login], "from_id": seen}
        try:
            await office.do(login, owning.CaseAssign, **claimed)
        except Refusal as refusal:
            if refusal.code is not Code.CASE_CLAIMED:
                raise
            return str(refusal.details["owner"])
        return None

    told = await asyncio.gather(*(claim(login, None) for login in people))
    [winner] = [one for one in told if one is not None]
    assert told.count(None) == 1
    assert winner in people.values()
    [loser] = [login for login, one in people.items() if one != winner]
    owner = (await office.view(course.case_id))["owner"]
    assert owner["id"] == winner
    # told of it he takes it knowingly; the first, whose page still shows him, gives back nothing of his
    assert await claim(loser, winner) is None
    [first] = [login for login in people if login != loser]
    stale = {**about, "person_id": None, "from_id": winner}
    refusal = await office.refused(first, owning.CaseAssign, **stale)
    assert (refusal.code, refusal.details["owner"]) == (Code.CASE_CLAIMED, people[loser])
    await office.do(loser, owning.CaseAssign, **{**stale, "from_id": people[loser]})
    refusal = await office.refused(first, owning.CaseAssign, **{**stale, "person_id": winner})
    assert (refusal.code, refusal.details["owner"]) == (Code.CASE_CLAIMED, None)


async def test_the_list_of_what_is_due_names_the_clock_and_turns_its_pages(course: Course) -> None:
    office = course.office
    later = [await office.case(identity_number=OTHER_IDENTITY_NUMBER) for _ in range(3)]
    await course.accepted()
    me = office.actors[APPROVER]
    await course.do(APPROVER, owning.CaseAssign, person_id=me.person_id, from_id=None)
    office.clock.move(DAY_S)
    rows = await listing.listing(office.store, me, by_due=True)
    told = [(one.id, one.running.clock, one.running.left) for one in rows if one.running]
    assert told[0] == (course.case_id, "promised", 2)
    assert {one[0] for one in told[1:]} == set(later)
    assert {one[1:] for one in told[1:]} == {("taking_in", 4)}
    assert (rows[0].owner and rows[0].owner.name, rows[1].owner) == ("周明远", None)
    paged: list[str] = []
    after = None
    while page := await listing.listing(office.store, me, by_due=True, due_after=after, limit=2):
        paged += [one.id for one in page]
        last = page[-1].running
        assert last is not None
        after = (last.on, page[-1].id)
    assert paged == [one.id for one in rows]
    mine = await listing.listing(office.store, me, by_due=True, mine=True)
    assert mine == [], "he registered none of them, and sat in no call about one"

    await course.do(CLERK, wire.CaseFinish, kind="withdrawn", reason="书面撤回")
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)
    rows = await listing.listing(office.store, me, by_due=True)
    assert course.case_id not in {one.id for one in rows}
    [archived] = await listing.listing(office.store, me, state="archived")
    assert archived.running is None


async def test_no_open_case_is_without_a_next_date(course: Course) -> None:
    """The query that must find nothing, after each step."""
    cases = tables.cases
    without = sa.select(cases.c.id).where(cases.c.due_on.is_(None), cases.c.state != "archived")

    async def none_lacks() -> None:
        async with course.office.store.read() as connection:
            assert (await connection.scalars(without)).all() == []

    await none_lacks()
    await course.accepted()
    await none_lacks()
    await course.issued()
    await none_lacks()
    fetched = await course.begin(CLERK, "collected")
    await course.do(CLERK, wire.CaseCheckReceiver, delivery_id=fetched, **FETCHES)
    await course.end(CLERK, fetched)
    await none_lacks()


async def test_an_unpaid_fee_keeps_back_what_is_issued(office: Office, tmp_path: Path) -> None:
    """Told by the approver with amount, basis and code; once it is paid, both desks see it and go on."""
    [known] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
    fee: dict[str, Any] = {
        "fee_basis": "发改价格规〔2021〕1号", "fee_fen": 12_500, "fee_first": True,
    }  # fmt: skip
    item = replace(known, id="item-fee", code=known.code[:-1] + "8", **fee)
    async with office.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    course = Course(office, tmp_path)
    await course.filled(item_id=item.id)
    shown = (await office.view(course.case_id))["item"]
    assert {name: shown[name] for name in fee} == fee
    await course.handed_in()
    paid = {"kind": "paid", "on": DAY, "number": "票 3702-0001"}
    ask = {"amount_fen": 12_500, "code": "3702 1188 0001"}
    assert await course.refused(APPROVER, wire.CaseAskFee, **ask) is Code.OTHER_STEP
    await course.accepted()
    await course.do(APPROVER, wire.CaseRule, ruling="granted", bases=[])
    issue = {"results": [LICENCE]}
    assert await course.refused(APPROVER, wire.CaseIssue, **issue) is Code.FEE_UNPAID
    assert await course.refused(CLERK, wire.CaseSettleFee, **paid) is Code.FEE_NOT_ASKED
    for login in (CLERK, SUPERVISOR, THIRD):
        refused = await course.refused(login, wire.CaseAskFee, **ask)
        assert refused in (Code.NOT_YOURS, Code.FORBIDDEN, Code.NOT_FOUND), login
    await course.do(APPROVER, wire.CaseAskFee, **ask)
    told = (await telling.listing(office.store, office.actors[CLERK], course.case_id)).tellings
    assert [one.step for one in told] == ["accepted", "granted", "fee"]
    assert await course.refused(APPROVER, wire.CaseIssue, **issue) is Code.FEE_UNPAID
    waived = {"kind": "waived", "on": DAY, "reason": "小微企业减免"}
    assert await course.refused(CLERK, wire.CaseSettleFee, **waived) is Code.NOT_YOURS
    await course.do(CLERK, wire.CaseSettleFee, **paid)
    assert await course.refused(APPROVER, wire.CaseSettleFee, **waived) is Code.FEE_SETTLED
    view = (await course.course())["fee"]
    assert (view["amount_fen"], view["basis"], view["code"]) == (
        12_500, fee["fee_basis"], ask["code"],
    )  # fmt: skip
    assert (view["payment"]["number"], view["payment"]["by"]["name"]) == (paid["number"], "李秀兰")
    await course.do(APPROVER, wire.CaseIssue, **issue)
    await office.switchboard.close()


async def test_a_case_that_is_decided_elsewhere_takes_what_was_decided_there(
    office: Office, tmp_path: Path
) -> None:
    """Number, day and proof of each step are entered; no paper of ours tells the decision, delivery stays ours."""
    [known] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
    item = replace(known, id="item-elsewhere", code=known.code[:-1] + "9", system="省工程审批平台")
    async with office.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    course = Course(office, tmp_path)
    await course.filled(item_id=item.id)
    await course.handed_in()
    await course.accepted()
    proof = (await office.view(course.case_id))["materials"][0]["id"]
    told = {"number": "2237004416", "on": DAY, "proof": proof}

    assert await course.refused(APPROVER, wire.CaseRule, ruling="granted") is Code.DECIDED_ELSEWHERE
    await course.do(APPROVER, wire.CaseReport, step="accepted", **told)
    for login in (CLERK, SUPERVISOR, THIRD):
        refused = await course.refused(login, wire.CaseReport, step="granted", **told)
        assert refused in (Code.NOT_YOURS, Code.FORBIDDEN, Code.NOT_FOUND), login
    foreign = {**told, "proof": "another-case"}
    assert (
        await course.refused(APPROVER, wire.CaseReport, step="granted", **foreign)
        is Code.PROOF_MISSING
    )
    before = await course.kinds()
    await course.do(APPROVER, wire.CaseReport, step="granted", **told)
    assert await course.refused(APPROVER, wire.CaseIssue, results=[LICENCE]) is (
        Code.DECIDED_ELSEWHERE
    )
    assert (
        await course.refused(APPROVER, wire.CaseReport, step="issued", **told)
        is Code.RESULT_MISSING
    )
    await course.do(APPROVER, wire.CaseReport, step="issued", results=[LICENCE], **told)
    assert await course.kinds() == before, "no decision of ours is printed"
    shown = await course.course()
    assert [(one["step"], one["number"], one["by"]["name"]) for one in shown["reports"]] == [
        ("accepted", "2237004416", "周明远"),
        ("granted", "2237004416", "周明远"),
        ("issued", "2237004416", "周明远"),
    ]
    parcel = {"courier": "EMS", "tracking": "EX123456789CN"}
    await course.end(APPROVER, await course.begin(APPROVER, "posted", **parcel))
    await course.made()
    assert (await course.kinds())[len(before) :] == ["delivery", "closing"]
    await course.do(APPROVER, wire.CaseArchive)
    assert (await course.course())["state"] == "archived"


async def test_the_first_material_gives_the_receipt_number_once_and_counts_by_unit_and_day(
    course: Course,
) -> None:
    office = course.office
    first = (await office.view(course.case_id))["receipt_number"]
    assert first == "S-1123-0001", "of the many materials of this case the first one gave it"
    more = [await office.case(identity_number=OTHER_IDENTITY_NUMBER) for _ in range(4)]
    assert (await office.view(more[0]))["receipt_number"] is None
    await asyncio.gather(*(office.bring(course.uploads, one, "identity") for one in more))
    given = [(await office.view(one))["receipt_number"] for one in more]
    assert sorted(given) == [f"S-1123-000{n}" for n in range(2, 6)], "given at once, each its own"
    office.clock.move(DAY_S)
    await office.bring(course.uploads, more[0], "identity")
    assert (await office.view(more[0]))["receipt_number"] == given[0], "kept"
    other = await office.case()
    await office.bring(course.uploads, other, "identity")
    assert (await office.view(other))["receipt_number"] == "S-1124-0001"
    me = office.actors[APPROVER]
    found = await listing.listing(office.store, me, text="s-1124", side="approver")
    assert [one.id for one in found] == [other]
    entries = [one for one in await office.entries(other) if one["act"] == "case.receive"]
    assert [one["object"] for one in entries] == [f"case:{other}"]


async def test_each_list_of_a_desk_has_its_cases_and_their_count(course: Course) -> None:
    office = course.office
    clerk, me = office.actors[CLERK], office.actors[APPROVER]

    async def lists(actor: Actor, side: WorkingSide, *, only: bool = False) -> dict[Tab, list[str]]:
        """Each list in its order; its count is that of its rows."""
        told: dict[Tab, list[str]] = {}
        counts = await listing.counted(office.store, actor, side, only=only)
        for tab in get_args(Tab):
            asked: dict[str, Any] = {"side": side, "tab": tab, "only": only}
            found = await listing.listing(office.store, actor, by_due=tab != "done", **asked)
            told[tab] = [one.id for one in found]
            assert getattr(counts, tab) == len(found), tab
        return told

    new = await office.case(identity_number=OTHER_IDENTITY_NUMBER)
    nothing: dict[Tab, list[str]] = {"mine": [], "theirs": [], "soon": [], "done": []}
    assert await lists(clerk, "window") == {**nothing, "mine": [new], "theirs": [course.case_id]}
    assert await lists(me, "approver") == {**nothing, "mine": [course.case_id], "theirs": [new]}
    assert await lists(me, "window") == await lists(clerk, "approver") == nothing, "not his side"
    assert await lists(me, "approver", only=True) == nothing, "in the pool"
    await course.do(APPROVER, owning.CaseAssign, person_id=me.person_id, from_id=None)
    assert await lists(me, "approver", only=True) == {**nothing, "mine": [course.case_id]}
    assert (await lists(clerk, "window", only=True))["theirs"] == [course.case_id]
    await course.accepted()
    office.clock.move(2 * DAY_S)
    assert (await lists(me, "approver"))["soon"] == [course.case_id], "one working day is left"
    office.clock.move(7 * DAY_S)
    late = await lists(me, "approver")
    assert late["soon"] == [course.case_id, new], "what is over stays among what is due"
    await course.do(CLERK, wire.CaseFinish, kind="withdrawn", reason="不再申请")
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)
    assert await lists(clerk, "window") == {
        **nothing,
        "mine": [new],
        "soon": [new],
        "done": [course.case_id],
    }
