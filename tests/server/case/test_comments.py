"""Comments and the checklist: who begins, answers and closes, and what stands in the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from server.case.rules.talk import comment as rules
from server.case.wire.decision import CaseCheck, CaseDecide
from server.case.wire.talk import CaseComment, CaseReply, CaseResolve
from signaling.refusals import Code
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OTHER_APPROVER,
    OTHER_CLERK,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.stores import SQLITE_ALONE


async def comment(
    office: Office, login: str, case_id: str, on: str = "field:remark", text: str = "请核对"
) -> str:
    begun = await office.do(login, CaseComment, case_id=case_id, on=on, text=text)
    comment_id: str = begun["comment_id"]
    return comment_id


async def test_a_thread_is_answered_closed_and_opened_again(office: Office) -> None:
    case_id = await office.case()
    thread = await comment(office, APPROVER, case_id)
    await office.do(CLERK, CaseReply, case_id=case_id, comment_id=thread, text="已核对")
    resolve = {"case_id": case_id, "comment_id": thread}
    await office.do(OTHER_APPROVER, CaseResolve, **resolve, resolved=True)
    for login in (CLERK, APPROVER, SUPERVISOR):
        [seen] = (await office.view(case_id, login))["comments"]
        assert [entry["text"] for entry in seen["entries"]] == ["请核对", "已核对"]
        assert (seen["state"], seen["closed_by"]["name"]) == ("resolved", "高新民")
    await office.do(CLERK, CaseReply, case_id=case_id, comment_id=thread, text="又有不同")
    [seen] = (await office.view(case_id))["comments"]
    assert (seen["state"], seen["closed_by"], len(seen["entries"])) == ("open", None, 3)
    await office.do(APPROVER, CaseResolve, **resolve, resolved=True)
    closed_at = (await office.view(case_id))["comments"][0]["closed_at"]
    await office.do(OTHER_APPROVER, CaseResolve, **resolve, resolved=True)
    [seen] = (await office.view(case_id))["comments"]
    assert (seen["closed_at"], seen["closed_by"]["name"]) == (closed_at, "周明远")
    await office.do(APPROVER, CaseResolve, **resolve, resolved=False)
    assert (await office.view(case_id))["comments"][0]["state"] == "open"
    acts = [(one["act"], one["object"]) for one in await office.entries(case_id)][1:]
    assert {object for _, object in acts} == {f"comment:{thread}"}
    assert [act for act, _ in acts] == [
        "case.comment", "case.reply", "case.resolve", "case.reply", "case.resolve",
        "case.resolve", "case.resolve",
    ]  # fmt: skip


@SQLITE_ALONE
async def test_who_began_a_thread_closes_it_too_and_nobody_else_of_his_side(
    office: Office,
) -> None:
    case_id = await office.case()
    await office.seat_third(await office.meet(case_id))
    for login in (CLERK, THIRD):
        thread = await comment(office, login, case_id)
        resolve = {"case_id": case_id, "comment_id": thread, "resolved": True}
        others = await office.refused(OTHER_CLERK, CaseResolve, **resolve)
        assert others.code is Code.NOT_YOURS
        await office.do(login, CaseResolve, **resolve)
    foreign = await comment(office, APPROVER, case_id)
    for login in (CLERK, THIRD):
        await office.do(login, CaseReply, case_id=case_id, comment_id=foreign, text="好")
        refusal = await office.refused(
            login, CaseResolve, case_id=case_id, comment_id=foreign, resolved=True
        )
        assert refusal.code is Code.NOT_YOURS


@SQLITE_ALONE
async def test_comments_are_about_what_is_there(office: Office) -> None:
    case_id = await office.case()
    for on in ("case", "field:remark", "line:licence", "line:other"):
        await comment(office, APPROVER, case_id, on)
    for on, code in (("field:nothing", Code.FIELD_UNKNOWN), ("line:nothing", Code.LINE_UNKNOWN)):
        refusal = await office.refused(CLERK, CaseComment, case_id=case_id, on=on, text="x")
        assert refusal.code is code
    for command, more in ((CaseReply, {"text": "x"}), (CaseResolve, {"resolved": True})):
        asked: dict[str, Any] = {"case_id": case_id, "comment_id": "comment-none", **more}
        assert (await office.refused(CLERK, command, **asked)).code is Code.COMMENT_UNKNOWN
    assert len((await office.view(case_id))["comments"]) == 4


@SQLITE_ALONE
async def test_who_only_watches_or_does_not_see_the_case_does_not_comment(office: Office) -> None:
    case_id = await office.case()
    thread = await comment(office, CLERK, case_id)
    for login, code in (
        (SUPERVISOR, Code.NOT_YOURS),
        (ADMIN, Code.NOT_FOUND),
        (THIRD, Code.NOT_FOUND),
    ):
        for command, more in (
            (CaseComment, {"on": "case", "text": "x"}),
            (CaseReply, {"comment_id": thread, "text": "x"}),
            (CaseResolve, {"comment_id": thread, "resolved": True}),
        ):
            refusal = await office.refused(login, command, case_id=case_id, **more)
            assert refusal.code is code, (login, command)


@SQLITE_ALONE
async def test_a_decided_case_takes_no_comments_and_no_checks(office: Office) -> None:
    case_id = await office.case()
    thread = await comment(office, CLERK, case_id)
    await office.do(APPROVER, CaseDecide, case_id=case_id, decision="refused", reason="x")
    for login, command, more in (
        (CLERK, CaseComment, {"on": "case", "text": "x"}),
        (CLERK, CaseReply, {"comment_id": thread, "text": "x"}),
        (CLERK, CaseResolve, {"comment_id": thread, "resolved": True}),
        (APPROVER, CaseCheck, {"point": "seal", "verdict": "ok"}),
    ):
        refusal = await office.refused(login, command, case_id=case_id, **more)
        assert refusal.code is Code.CASE_CLOSED, command


async def test_threads_and_their_answers_have_an_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "THREADS_AT_MOST", 2)
    monkeypatch.setattr(rules, "ENTRIES_AT_MOST", 2)
    case_id = await office.case()
    thread = await comment(office, CLERK, case_id)
    await comment(office, CLERK, case_id)
    one_more = {"case_id": case_id, "on": "case", "text": "x"}
    assert (await office.refused(APPROVER, CaseComment, **one_more)).code is Code.THROTTLED
    reply = {"case_id": case_id, "comment_id": thread, "text": "x"}
    await office.do(CLERK, CaseReply, **reply)
    assert (await office.refused(CLERK, CaseReply, **reply)).code is Code.THROTTLED


async def test_the_approver_checks_the_points_of_the_list(office: Office) -> None:
    case_id = await office.case()
    keys = [point["key"] for point in (await office.view(case_id))["item"]["checklist"]]
    assert len(keys) == 5
    check = {"case_id": case_id, "point": keys[0], "note": " 缺公章 "}
    await office.do(APPROVER, CaseCheck, **check, verdict="lacking")
    [seen] = (await office.view(case_id))["checks"]
    assert (seen["verdict"], seen["note"], seen["by"]["name"]) == ("lacking", "缺公章", "周明远")
    await office.do(OTHER_APPROVER, CaseCheck, case_id=case_id, point=keys[0], verdict="ok")
    await office.do(APPROVER, CaseCheck, case_id=case_id, point=keys[1], verdict="ok")
    checks = (await office.view(case_id))["checks"]
    assert [one["point"] for one in checks] == sorted(keys[:2])
    assert {one["point"]: one["by"]["name"] for one in checks}[keys[0]] == "高新民"
    await office.do(APPROVER, CaseCheck, case_id=case_id, point=keys[0], verdict="none")
    assert [one["point"] for one in (await office.view(case_id))["checks"]] == [keys[1]]
    for login, point, code in (
        (CLERK, keys[0], Code.NOT_YOURS),
        (SUPERVISOR, keys[0], Code.NOT_YOURS),
        (APPROVER, "nothing", Code.POINT_UNKNOWN),
        (ADMIN, keys[0], Code.NOT_FOUND),
    ):
        asked = {"case_id": case_id, "point": point, "verdict": "ok"}
        assert (await office.refused(login, CaseCheck, **asked)).code is code
