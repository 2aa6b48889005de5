"""Text beside the voice: who may write on which lane, who reads it, and what the ledger keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.case.acts.course import listing
from server.case.rules.talk import saying
from server.case.wire.decision import CaseDecide
from server.case.wire.registering import CaseOpen
from server.case.wire.talk import CaseSay
from signaling.refusals import Code
from signaling.wire.call import CallHangUp
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OTHER_CLERK,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.stores import SQLITE_ALONE


async def say(office: Office, login: str, case_id: str, text: str, **more: Any) -> None:
    await office.do(login, CaseSay, case_id=case_id, text=text, **{"lane": "shared", **more})


async def texts(office: Office, case_id: str, login: str, **more: Any) -> list[str]:
    opened = await office.do(login, CaseOpen, case_id=case_id, **more)
    return [one["text"] for one in opened["case"]["sayings"]]


async def test_each_side_writes_and_the_applicant_reads_the_shared_lane_alone(
    office: Office,
) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)
    await office.seat_third(call_id)
    await say(office, CLERK, case_id, "您好", call_id=call_id)
    await say(office, APPROVER, case_id, "请放平", call_id=call_id)
    await say(office, THIRD, case_id, "地址无误", lane="staff", call_id=call_id)
    await say(office, OTHER_CLERK, case_id, "我来接手", lane="staff")
    await say(office, CLERK, case_id, "我同意", for_applicant=True)
    everything = ["您好", "请放平", "地址无误", "我来接手", "我同意"]
    for login in (CLERK, OTHER_CLERK, APPROVER, THIRD, SUPERVISOR):
        assert await texts(office, case_id, login) == everything, login
    assert await texts(office, case_id, CLERK, as_applicant=True) == ["您好", "请放平", "我同意"]
    first, *_, last = (await office.view(case_id))["sayings"]
    assert (first["call_id"], first["on_behalf_of"]) == (call_id, None)
    assert first["by"]["staff_number"] == "SZ-0306"
    assert (last["call_id"], last["on_behalf_of"]) == (None, "applicant")
    acts = [one for one in await office.entries(case_id) if one["act"] == "case.say"]
    assert [one["on_behalf_of"] for one in acts] == [None, None, None, None, "applicant"]
    assert {one["object"] for one in acts} == {
        f"saying:{one['id']}" for one in (await office.view(case_id))["sayings"]
    }


@SQLITE_ALONE
async def test_who_only_watches_or_was_not_invited_writes_nothing(office: Office) -> None:
    case_id = await office.case()
    words = {"case_id": case_id, "lane": "shared", "text": "x"}
    assert (await office.refused(SUPERVISOR, CaseSay, **words)).code is Code.NOT_YOURS
    for login in (ADMIN, THIRD):
        assert (await office.refused(login, CaseSay, **words)).code is Code.NOT_FOUND
    for login, lane in ((APPROVER, "shared"), (CLERK, "staff")):
        asked = {**words, "lane": lane, "for_applicant": True}
        assert (await office.refused(login, CaseSay, **asked)).code is Code.NOT_YOURS
    assert (await office.view(case_id))["sayings"] == []


@SQLITE_ALONE
async def test_the_third_party_writes_as_long_as_it_is_there(office: Office) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)
    await office.seat_third(call_id, answered=False)
    words = {"case_id": case_id, "lane": "shared", "text": "在"}
    assert (await office.refused(THIRD, CaseSay, **words)).code is Code.NOT_FOUND
    await office.answer(THIRD, call_id)
    await office.do(THIRD, CaseSay, **words)
    await office.do(THIRD, CallHangUp, call_id=call_id)
    assert (await office.refused(THIRD, CaseSay, **words)).code is Code.NOT_FOUND
    assert await texts(office, case_id, CLERK) == ["在"]


@SQLITE_ALONE
async def test_a_message_names_only_a_running_call_about_its_case(office: Office) -> None:
    case_id, other = await office.case(), await office.case()
    call_id = await office.meet(case_id)
    words = {"case_id": other, "lane": "shared", "text": "x", "call_id": call_id}
    assert (await office.refused(CLERK, CaseSay, **words)).code is Code.NOT_FOUND
    nowhere = {**words, "call_id": "call-that-is-not"}
    assert (await office.refused(CLERK, CaseSay, **nowhere)).code is Code.NOT_FOUND
    await office.do(CLERK, CallHangUp, call_id=call_id)
    await say(office, CLERK, case_id, "刚挂断", call_id=call_id)
    [late] = (await office.view(case_id))["sayings"]
    assert (late["text"], late["call_id"]) == ("刚挂断", None)


@SQLITE_ALONE
async def test_a_decided_case_is_still_written_about(office: Office) -> None:
    case_id = await office.case()
    no = {"decision": "refused", "reason": "不属职权范围"}
    await office.do(APPROVER, CaseDecide, case_id=case_id, **no)
    await say(office, APPROVER, case_id, "请向税务部门申请")
    assert await texts(office, case_id, CLERK) == ["请向税务部门申请"]


async def test_cases_are_found_by_what_was_said_and_by_the_names_of_their_files(
    office: Office, tmp_path: Path
) -> None:
    first, second, third = [await office.case() for _ in range(3)]
    await say(office, CLERK, first, "任职文件 50%_要重扫")
    await say(office, APPROVER, second, "请稍等", lane="staff")
    uploads = await office.uploads(tmp_path / "uploads")
    await office.bring(uploads, third, "licence", name="任职文件.pdf")

    async def found(login: str, text: str) -> list[str]:
        rows = await listing.listing(office.store, office.actors[login], text=text)
        return [row.id for row in rows]

    for login in (CLERK, APPROVER, SUPERVISOR):
        assert await found(login, "任职文件") == [third, first]
        assert await found(login, "稍等") == [second]
        assert await found(login, "50%_要") == [first]
        assert await found(login, "50__") == []
    assert await found(ADMIN, "任职文件") == []


async def test_a_case_takes_no_messages_without_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saying, "SAYINGS_AT_MOST", 3)
    case_id, other = await office.case(), await office.case()
    for number in range(3):
        await say(office, CLERK, case_id, f"第{number}句")
    words = {"case_id": case_id, "lane": "staff", "text": "再一句"}
    assert (await office.refused(APPROVER, CaseSay, **words)).code is Code.THROTTLED
    await say(office, APPROVER, other, "另一件")
