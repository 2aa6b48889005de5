"""一次性告知: one notice with every open point, a warning before a second one, and its paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.case.acts.course.listing import listing
from server.case.wire.decision import CaseCheck, CaseDecide
from server.case.wire.form import CaseEdit
from server.case.wire.materials import CaseReview
from server.case.wire.talk import CaseComment, CaseResolve
from signaling.refusals import Code
from signaling.wire.call import CallDial, CallHangUp
from tests.kit.casework import APPROVER, CLERK, OTHER_APPROVER, VALUES, Office
from tests.kit.stores import SQLITE_ALONE

CORRECT = {"decision": "to_correct", "reason": "请一次性补正"}
ACCEPT = {"decision": "accepted", "reason": "材料齐全"}


async def decided(office: Office, case_id: str) -> dict[str, Any]:
    decision: dict[str, Any] = (await office.view(case_id))["decision"]
    return decision


async def stage(office: Office, case_id: str) -> tuple[str, bool]:
    """The state of a case, and whether it waits for corrections; at both sides and in their lists alike."""
    told = []
    for login in (CLERK, APPROVER):
        rows = await listing(office.store, office.actors[login])
        [row] = [one for one in rows if one.id == case_id]
        assert row.state == (await office.view(case_id, login))["state"]
        told.append((row.state, row.correcting))
    assert told[0] == told[1]
    return told[0]


async def settle(office: Office, case_id: str, folder: Path) -> None:
    """Fill in what is required, bring every required file and accept it."""
    for field, value in VALUES.items():
        edit = {"case_id": case_id, "field": field, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, **edit)
    uploads = await office.uploads(folder)
    for line in ("application", "appointment", "identity", "licence"):
        judged = {"material_id": await office.bring(uploads, case_id, line), "review": "accepted"}
        await office.do(APPROVER, CaseReview, case_id=case_id, **judged)


async def test_a_notice_gathers_every_open_point_of_every_kind(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    await settle(office, case_id, tmp_path / "uploads")
    uploads = await office.uploads(tmp_path / "more")
    for line, reason in (("licence", "缺副本"), ("other", "看不清")):
        brought = await office.bring(uploads, case_id, line, name="说明.pdf")
        judged = {"material_id": brought, "review": "returned", "reason": reason}
        await office.do(APPROVER, CaseReview, case_id=case_id, **judged)
    version = (await office.view(case_id))["fields"]["delivery"]["version"]
    cleared = {"field": "delivery", "value": "", "base_version": version}
    await office.do(CLERK, CaseEdit, case_id=case_id, **cleared)
    threads = [
        (await office.do(APPROVER, CaseComment, case_id=case_id, on=on, text=text))["comment_id"]
        for on, text in (
            ("field:remark", "请说明原因"),
            ("line:application", "缺签字"),
            ("case", "请本人到场"),
            ("field:new_principal", "已当面说清"),
        )
    ]
    closed = {"comment_id": threads.pop(), "resolved": True}
    await office.do(APPROVER, CaseResolve, case_id=case_id, **closed)
    for point, verdict, note in (
        ("names", "ok", ""),
        ("seal", "lacking", "缺法定代表人签字"),
        ("delivery", "lacking", ""),
    ):
        check = {"point": point, "verdict": verdict, "note": note}
        await office.do(APPROVER, CaseCheck, case_id=case_id, **check)

    open_ = await office.refused(APPROVER, CaseDecide, case_id=case_id, **ACCEPT)
    assert open_.code is Code.INCOMPLETE
    assert open_.details == {
        "lines": "licence",
        "fields": "delivery",
        "comments": 3,
        "checks": "seal,delivery",
    }
    await office.do(APPROVER, CaseDecide, case_id=case_id, **CORRECT)
    view = await office.view(case_id)
    assert view["decision"]["points"] == [
        "营业执照正、副本：缺副本",
        "说明.pdf：看不清",
        "未填写：送达方式",
        "备注：请说明原因",
        "变更登记申请书：缺签字",
        "办件：请本人到场",
        "变更登记申请书加盖公司公章，并由法定代表人签字：缺法定代表人签字",
        "送达方式和联系电话经申请人本人确认",
    ]
    at = ("line:licence:1", "line:other:1", "field:delivery")
    of_comments = (f"comment:{one}" for one in threads)
    assert view["decision"]["about"] == [*at, *of_comments, "check:seal", "check:delivery"]
    assert (view["state"], view["corrections"]) == ("to_correct", 1)
    assert [one["kind"] for one in view["papers"]] == ["correction"]


@SQLITE_ALONE
async def test_each_open_thing_alone_stands_in_the_way_of_acceptance(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    await settle(office, case_id, tmp_path / "uploads")
    accept = {"case_id": case_id, **ACCEPT}
    on = {"case_id": case_id, "on": "line:licence", "text": "遗失？"}
    thread = (await office.do(CLERK, CaseComment, **on))["comment_id"]
    refusal = await office.refused(APPROVER, CaseDecide, **accept)
    assert refusal.details == {"lines": "", "fields": "", "comments": 1, "checks": ""}
    resolve = {"case_id": case_id, "comment_id": thread, "resolved": True}
    await office.do(APPROVER, CaseResolve, **resolve)
    check = {"case_id": case_id, "point": "licence"}
    await office.do(APPROVER, CaseCheck, **check, verdict="lacking")
    refusal = await office.refused(APPROVER, CaseDecide, **accept)
    assert refusal.details == {"lines": "", "fields": "", "comments": 0, "checks": "licence"}

    # a notice names it; once it is settled the lists say so too, without an act of anybody
    await office.do(APPROVER, CaseDecide, case_id=case_id, **CORRECT)
    assert (await decided(office, case_id))["about"] == ["check:licence"]
    assert await stage(office, case_id) == ("to_correct", True)
    await office.do(APPROVER, CaseCheck, **check, verdict="none")
    assert await stage(office, case_id) == ("to_correct", False)
    await office.do(APPROVER, CaseDecide, **accept)
    assert await stage(office, case_id) == ("accepted", False)
    view = await office.view(case_id)
    assert [one["kind"] for one in view["papers"]] == ["correction", "acceptance"]


@SQLITE_ALONE
async def test_a_second_notice_is_warned_of_and_given_when_it_is_meant(office: Office) -> None:
    case_id = await office.case()
    correct = {"case_id": case_id, **CORRECT}
    await office.do(APPROVER, CaseDecide, **correct, again=True)  # the first is never a second
    for login in (APPROVER, OTHER_APPROVER):
        warned = await office.refused(login, CaseDecide, **correct)
        assert (warned.code, warned.details) == (Code.SECOND_NOTICE, {"count": 1})
    assert (await office.view(case_id))["corrections"] == 1
    await office.do(OTHER_APPROVER, CaseDecide, **correct, again=True)
    warned = await office.refused(APPROVER, CaseDecide, **correct)
    assert warned.details == {"count": 2}
    view = await office.view(case_id)
    assert [one["kind"] for one in view["papers"]] == ["correction", "correction"]
    assert len({one["number"] for one in view["papers"]}) == 2
    assert (view["corrections"], view["decision"]["by"]["name"]) == (2, "高新民")


@SQLITE_ALONE
async def test_a_notice_that_lacks_its_reason_is_no_notice(office: Office) -> None:
    case_id = await office.case()
    empty = {"decision": "to_correct", "reason": " "}
    refusal = await office.refused(APPROVER, CaseDecide, case_id=case_id, **empty)
    assert refusal.code is Code.REASON_MISSING
    assert (await office.view(case_id))["corrections"] == 0
    await office.do(APPROVER, CaseDecide, case_id=case_id, **CORRECT)


async def test_a_notice_and_its_warning_outlive_another_call_about_the_case(office: Office) -> None:
    case_id = await office.case()
    await office.do(APPROVER, CaseDecide, case_id=case_id, **CORRECT)
    noticed = (await office.view(case_id))["decision"]
    call_id = await office.meet(case_id)
    assert await stage(office, case_id) == ("to_correct", True)
    await office.do(CLERK, CallHangUp, call_id=call_id)
    assert await stage(office, case_id) == ("to_correct", True)
    assert (await office.view(case_id))["decision"] == noticed
    warned = await office.refused(APPROVER, CaseDecide, case_id=case_id, **CORRECT)
    assert warned.code is Code.SECOND_NOTICE
    await office.do(APPROVER, CaseDecide, case_id=case_id, decision="refused", reason="逾期")
    closed = await office.refused(APPROVER, CaseDecide, case_id=case_id, **CORRECT)
    assert closed.code is Code.CASE_CLOSED
    # it may be talked about, and is not opened again by that
    again = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.answer(APPROVER, again)
    assert await stage(office, case_id) == ("refused", False)
    kinds = [one["kind"] for one in (await office.view(case_id))["papers"]]
    assert kinds == ["correction", "refusal"]


@pytest.mark.parametrize("decision", ["to_correct", "refused"])
async def test_a_decision_and_its_paper_stand_or_fall_together(
    office: Office, decision: str
) -> None:
    case_id = await office.case()
    asked = {"case_id": case_id, "decision": decision, "reason": "x"}
    await office.do(APPROVER, CaseDecide, **asked)
    [decide, ask] = (await office.entries(case_id))[-2:]
    assert (decide["act"], ask["act"]) == ("case.decide", "paper.ask")
    assert decide["at"] == ask["at"]
    assert (await decided(office, case_id))["kind"] == decision
