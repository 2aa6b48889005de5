"""Paper originals by courier: the list that goes with them, what arrived, and the paper of both."""

from __future__ import annotations

from typing import Any

import pytest

from server.case.acts.papers.press import KIND, Press
from server.case.wire import decision, materials
from server.jobs.runner import Jobs
from server.work.child import Children
from signaling.refusals import Code
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, Office
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_papers import text_of

PARCEL = {
    "courier": "中国邮政 EMS",
    "tracking": "EX123456789CN",
    "lines": [
        {"line": "application", "originals": 1, "copies": 0},
        {"line": "licence", "originals": 2, "copies": 1},
    ],
}


async def sent(office: Office, case_id: str) -> str:
    made = await office.do(CLERK, materials.CaseSendOriginals, case_id=case_id, **PARCEL)
    return str(made["handover_id"])


async def paper(office: Office, case_id: str) -> str:
    """The text of the newest list, once it is made."""
    jobs = Jobs(office.store, {KIND: Press(office.store, Children()).kind})
    assert await jobs.work_once()
    made = (await office.view(case_id, APPROVER))["papers"][-1]
    assert (made["kind"], made["state"]) == ("handover", "ready")
    return text_of("handover", office.store.blobs.path(made["sha256"]).read_bytes())


async def test_what_is_sent_is_listed_and_told_line_by_line(office: Office) -> None:
    case_id = await office.case()
    handover_id = await sent(office, case_id)
    text = await paper(office, case_id)
    for word in ("材料交接清单", "中国邮政EMS", "EX123456789CN", "营业执照正、副本", "李秀兰"):
        assert word in text, word
    assert "已收到" not in text
    arrived = [
        {"line": "application", "received": True},
        {"line": "licence", "received": False, "note": "只有正本，缺副本"},
    ]
    came = {"case_id": case_id, "handover_id": handover_id, "arrived": arrived}
    await office.do(APPROVER, materials.CaseReceiveOriginals, **came, note="外包装完好")
    text = await paper(office, case_id)
    for word in ("已收到", "未收到", "只有正本", "外包装完好", "周明远"):
        assert word in text, word
    [held] = (await office.view(case_id))["handovers"]
    assert (held["number"], held["received_by"]["name"]) == (1, "周明远")
    assert [one["received"] for one in held["lines"]] == [True, False]
    acts = [(one["act"], one["object"]) for one in await office.entries(case_id)]
    for act in ("case.send_originals", "case.receive_originals"):
        assert (act, f"handover:{handover_id}") in acts
    again = await office.refused(APPROVER, materials.CaseReceiveOriginals, **came)
    assert again.code is Code.STALE
    await office.switchboard.close()


@SQLITE_ALONE
@pytest.mark.parametrize(
    "changed, code",
    [
        ({"lines": [{"line": "nothing", "originals": 1, "copies": 0}]}, Code.LINE_UNKNOWN),
        ({"lines": [{"line": "licence", "originals": 0, "copies": 0}]}, Code.BAD_NUMBER),
        ({"lines": [{"line": "licence", "originals": 1, "copies": 0}] * 2}, Code.MALFORMED),
    ],
)
async def test_a_list_that_is_none_is_refused(
    office: Office, changed: dict[str, Any], code: Code
) -> None:
    about = {"case_id": await office.case(), **PARCEL}
    refusal = await office.refused(CLERK, materials.CaseSendOriginals, **{**about, **changed})
    assert refusal.code is code
    for login in (APPROVER, SUPERVISOR):
        refusal = await office.refused(login, materials.CaseSendOriginals, **about)
        assert refusal.code is Code.NOT_YOURS
    await office.switchboard.close()


async def test_a_receipt_tells_each_line_and_says_what_is_not_there(office: Office) -> None:
    case_id = await office.case()
    about = {"case_id": case_id, "handover_id": await sent(office, case_id)}
    one = {"line": "application", "received": True}
    gone = {"line": "licence", "received": False}
    for login, arrived, code in (
        (CLERK, [one, gone], Code.NOT_YOURS),
        (SUPERVISOR, [one, gone], Code.NOT_YOURS),
        (APPROVER, [one], Code.MALFORMED),
        (APPROVER, [one, gone], Code.REASON_MISSING),
    ):
        asked = {**about, "arrived": arrived}
        refusal = await office.refused(login, materials.CaseReceiveOriginals, **asked)
        assert refusal.code is code
    unknown = {**about, "handover_id": "handover-of-none", "arrived": [one]}
    refusal = await office.refused(APPROVER, materials.CaseReceiveOriginals, **unknown)
    assert refusal.code is Code.NOT_FOUND
    await office.do(
        APPROVER, decision.CaseDecide, case_id=case_id, decision="refused", reason="无权"
    )
    refusal = await office.refused(CLERK, materials.CaseSendOriginals, case_id=case_id, **PARCEL)
    assert refusal.code is Code.CASE_CLOSED
    await office.switchboard.close()
