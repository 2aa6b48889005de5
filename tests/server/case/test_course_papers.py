"""The papers of the course of a case: decision, delivery, closing sheet, and those of the ends to the side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from server.case.wire.course import advancing as course
from server.case.wire.decision import CaseDecide, CaseResumeClock, CaseStopClock
from server.case.wire.materials import CaseReview
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.people.acts import registering
from server.people.rows import staffing
from server.store import SYSTEM
from tests.kit.casework import APPROVER, CLERK, Office
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_papers import ALWAYS, Desk, on, text_of

BASES: Final = [
    "《中华人民共和国公司法》第三十四条",
    "《中华人民共和国市场主体登记管理条例》第二十四条",
]
REVIEW: Final = ("青岛市黄岛区人民政府", "青岛市黄岛区人民法院")
LICENCE: Final[dict[str, Any]] = {
    "kind": "licence",
    "name": "营业执照",
    "number": "91370211MA3N5XGY1G",
    "originals": 1,
    "copies": 2,
    "valid_from": "2026-11-23",
}
REPLY: Final[dict[str, Any]] = {
    "kind": "document",
    "name": "关于准予变更的批复",
    "number": "青西新审批〔2026〕17号",
    "valid_from": "2026-11-23",
    "valid_until": "2031-11-22",
}


class Course(Desk):
    """A case, and acts on it by either side."""

    async def clerk(self, command: type[Any], **about: Any) -> dict[str, Any]:
        return await self.office.do(CLERK, command, case_id=self.case_id, **about)

    async def approver(self, command: type[Any], **about: Any) -> dict[str, Any]:
        return await self.office.do(APPROVER, command, case_id=self.case_id, **about)

    async def accept(self, **changes: Any) -> None:
        await self.fill(**changes)
        await self.judge()
        await self.decide("accepted", "材料齐全，符合法定形式。")

    async def printed(self) -> dict[str, str]:
        """Let all papers be made; the text of the newest of each kind."""
        while await self.jobs.work_once():
            pass
        blobs = self.office.store.blobs
        papers = (await self.office.view(self.case_id))["papers"]
        assert {one["state"] for one in papers} == {"ready"}
        return {
            one["kind"]: text_of(one["kind"], blobs.path(one["sha256"]).read_bytes())
            for one in papers
        }

    async def number_of(self, kind: str) -> str:
        papers = (await self.office.view(self.case_id))["papers"]
        return str(next(one["number"] for one in papers if one["kind"] == kind))


@pytest.fixture
async def desk(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    yield Course(office, tmp_path)
    await office.switchboard.close()


async def permit(office: Office) -> str:
    """Keep an item of which what is granted is a licence and no registration; its id."""
    [registers] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
    item = replace(registers, id="item-permit", code=registers.code[:-1] + "9", registers=False)
    async with office.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    return item.id


def day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


@SQLITE_ALONE
async def test_what_is_left_tells_who_saw_it(desk: Course) -> None:
    await desk.accept()
    await desk.approver(course.CaseRule, ruling="denied", reason="不符合条件。")
    seen = "受送达人拒收，留置于其住所，社区工作人员周某见证并拍照"
    left = await desk.clerk(course.CaseBeginDelivery, way="left", note=seen)
    await desk.clerk(course.CaseEndDelivery, **left, outcome="delivered", on="2026-11-23")
    text = (await desk.printed())["delivery"]
    on(text, "留置送达", seen, "李秀兰（工号SZ-0306）")


@SQLITE_ALONE
async def test_a_denial_names_its_reason_and_before_whom_it_can_be_taken(desk: Course) -> None:
    await desk.accept()
    await desk.approver(
        course.CaseRule, ruling="denied", reason="新负责人被限制任职。", bases=BASES
    )
    text = (await desk.printed())["denial"]
    on(text, *ALWAYS, "不予行政许可决定书", *BASES, "新负责人被限制任职。", "第三十八条第二款")
    on(text, *REVIEW, "六十日内", "行政复议", "六个月内", "行政诉讼")
    await desk.clerk(course.CaseAgreeElectronic, address="sunyaning@example.com")
    sent = await desk.approver(course.CaseBeginDelivery, way="electronic")
    on_day = {"on": "2026-11-23"}
    back = {"outcome": "returned", "note": "邮箱退信", **on_day}
    await desk.approver(course.CaseEndDelivery, **sent, **back)
    assert "delivery" not in await desk.printed()
    again = await desk.approver(course.CaseBeginDelivery, way="electronic")
    await desk.approver(course.CaseEndDelivery, **again, outcome="delivered", **on_day)
    papers = await desk.printed()
    on(papers["delivery"], "电子送达", "s********@example.com", "不予行政许可决定书")
    on(papers["delivery"], await desk.number_of("denial"), "送达文书（共1项）")
    assert "sunyaning" not in papers["delivery"]
    on(papers["closing"], "不予，2026年11月23日", "实际用时0个工作日", "已送达决定书")


@SQLITE_ALONE
async def test_a_withdrawal_is_the_applicants_own_paper(desk: Course) -> None:
    await desk.fill()
    await desk.clerk(course.CaseFinish, kind="withdrawn", reason="公司改变了任命，不再变更。")
    text = (await desk.printed())["withdrawal"]
    on(text, "撤回申请书", "青岛西海岸新区行政审批服务局：", "公司改变了任命，不再变更。")
    on(
        text,
        "申请人签名（盖章）",
        "请求退还的材料",
        "2026年11月23日",
        "孙雅宁",
        "370103************",
    )
    for line in desk.lines:
        assert (line["name"] in text) is (line["need"] == "required"), line["name"]
    assert "（印章）" not in text


@SQLITE_ALONE
async def test_what_was_not_corrected_goes_back_with_its_list(desk: Course) -> None:
    await desk.fill()
    first = (await desk.office.view(desk.case_id))["materials"][0]["id"]
    await desk.approver(
        CaseReview, material_id=first, review="returned", reason="印章不清晰，请重新扫描"
    )
    await desk.decide("to_correct", "请一次补齐。")
    desk.office.clock.move(timedelta(days=22).total_seconds())
    await desk.approver(course.CaseFinish, kind="returned", reason="逾期未补正，电话催告两次。")
    text = (await desk.printed())["return"]
    on(text, *ALWAYS, "退件单", "逾期未补正，电话催告两次。", "补正期限至2026年12月14日")
    on(text, "印章不清晰，请重新扫描", "2026年11月23日出具补正材料通知书", "退件日期2026年12月15日")
    on(text, "退还的材料", *(one["name"] for one in desk.lines if one["need"] == "required"))


@SQLITE_ALONE
async def test_a_termination_names_its_legal_cause_and_the_rights(desk: Course) -> None:
    await desk.accept()
    await desk.approver(
        course.CaseFinish, kind="terminated", cause="dissolved", reason="公司已于昨日注销。"
    )
    text = (await desk.printed())["termination"]
    on(text, *ALWAYS, "终止办理告知书", "法人或者其他组织依法终止", "公司已于昨日注销。")
    on(text, *REVIEW, "行政复议", "行政诉讼", "2026年11月23日受理", "退还的材料")


async def test_the_review_body_stands_on_papers_from_the_day_on_which_it_is_entered(
    desk: Course,
) -> None:
    store = desk.office.store
    unit = {"unit": "青岛西海岸新区行政审批服务局"}
    async with store.change(SYSTEM) as change:
        await staffing.set_review(change.connection, demo.XIHAIAN, "", "")
        await change.record("unit:" + demo.XIHAIAN, "unit.review", "unit:x", None, payload={})
    reason = "该事项不属于本机关职权范围。"
    refused = {"decision": "refused", "reason": reason}
    desk.case_id = await desk.office.case()
    await desk.approver(CaseDecide, **refused)
    on((await desk.printed())["refusal"], "有管辖权的行政复议机关", "有管辖权的人民法院")
    await registering.set_review(store, **unit, review_body=REVIEW[0], court=REVIEW[1])
    desk.case_id = await desk.office.case()
    await desk.approver(CaseDecide, **refused)
    on(
        (await desk.printed())["refusal"],
        f"向{REVIEW[0]}申请行政复议",
        f"向{REVIEW[1]}提起行政诉讼",
    )


@SQLITE_ALONE
async def test_what_is_granted_is_a_licence_with_its_bases_and_the_days_of_delivery(
    desk: Course,
) -> None:
    await desk.accept(item_id=await permit(desk.office))
    await desk.approver(course.CaseRule, ruling="granted", reason="现场核查合格。", bases=BASES)
    text = (await desk.printed())["grant"]
    on(text, *ALWAYS, "准予行政许可决定书", *BASES, "现场核查合格。", "第三十八条第一款")
    on(text, "第四十四条", "周明远（工号XHA-0217）", await desk.number_of("grant"))
    # ten working days after 2026-11-23
    on(text, "2026年12月7日前", "决定日期2026年11月23日", "受理日期2026年11月23日")
    assert "登记通知书" not in text
    assert (await desk.number_of("grant")).startswith("370211-ZY-20261123-")


async def test_a_registration_is_told_delivered_in_two_ways_and_closed(desk: Course) -> None:
    await desk.accept()
    stop = {"why": "hearing", "reason": "申请人要求听证"}
    desk.office.clock.move(timedelta(days=1).total_seconds())
    await desk.approver(CaseStopClock, **stop)
    desk.office.clock.move(timedelta(days=1).total_seconds())
    await desk.approver(CaseResumeClock)
    desk.office.clock.move(timedelta(days=1).total_seconds())
    await desk.approver(course.CaseRule, ruling="granted", bases=BASES)
    told = (await desk.printed())["registration"]
    on(told, *ALWAYS, "登记通知书", *BASES, "准予登记", "2026年12月10日前")
    assert "行政许可决定书" not in told
    await desk.approver(course.CaseIssue, results=[LICENCE, REPLY])
    licence, _ = (await desk.office.view(desk.case_id))["course"]["results"]
    fetched = await desk.clerk(course.CaseBeginDelivery, way="collected", results=[licence["id"]])
    await desk.clerk(
        course.CaseCheckReceiver,
        **fetched,
        name="王建国",
        agent=True,
        document="identity_card",
        number="11010519491231002X",
        how="reader",
    )
    ended = {"outcome": "delivered", "on": "2026-11-26"}
    await desk.clerk(course.CaseEndDelivery, **fetched, **ended)
    papers = await desk.printed()
    assert "closing" not in papers, "a result is not there yet"
    on(
        papers["delivery"],
        "送达回证",
        "窗口自取",
        "济南市市中区政务服务中心3号窗口",
        LICENCE["number"],
    )
    on(papers["delivery"], "王建国（代理人），居民身份证110105************，读卡核验")
    on(
        papers["delivery"],
        "受送达人孙雅宁",
        "收件人签名或者盖章",
        "送达人签名",
        "2026年11月26日",
        "（印章）",
    )
    assert REPLY["name"] not in papers["delivery"]
    assert "11010519491231002X" not in papers["delivery"]
    sent = {"courier": "中国邮政EMS", "tracking": "EX123456789CN"}
    posted = await desk.approver(course.CaseBeginDelivery, way="posted", **sent)
    await desk.clerk(course.CaseEndDelivery, **posted, **ended, note="本人签收")
    papers = await desk.printed()
    on(papers["delivery"], "邮寄", *sent.values(), REPLY["name"], REPLY["number"], "本人签收")
    assert LICENCE["number"] not in papers["delivery"], "that was delivered before"
    # accepted on Monday, ruled on Thursday; Tuesday and Wednesday stood still
    on(papers["closing"], *ALWAYS, "办结单", "实际用时1个工作日", "准予，2026年11月26日")
    on(papers["closing"], LICENCE["number"], "1/2份", "2026年11月23日至长期", REPLY["number"])
    on(papers["closing"], "2026年11月23日至2031年11月22日", "邮寄，2026年11月26日")
