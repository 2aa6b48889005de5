"""An applicant asks how his case stands: by number and the end of his identity number, without a sign-in."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from server.case.acts.course.enquiries import Enquiries
from server.case.wire.decision import CaseDecide, CaseRefer, CaseStopClock
from server.case.wire.promises import CasePromise
from server.demo import data as demo
from server.people.acts.throttle import Limit, Throttle
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    PHONE,
    Office,
    closing,
)
from tests.kit.desks import demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE, MovedClock

TAIL = IDENTITY_NUMBER[-6:]
HOME = "192.0.2.1"


@pytest.fixture
def enquiries(office: Office) -> Enquiries:
    return Enquiries(
        office.store,
        Throttle(
            office.store, "enquiry", pair=Limit(3, 3600), name=Limit(6, 60), source=Limit(5, 60)
        ),
    )


async def test_the_applicant_learns_state_and_days(
    office: Office, enquiries: Enquiries, tmp_path: Path
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    await closing(office, case_id, tmp_path)
    number = (await office.view(case_id))["number"]
    found = await enquiries.find(number, TAIL.lower(), HOME)
    assert (found.number, found.state, found.item_name) == (number, "registered", "分公司注销登记")
    assert found.unit_name == "青岛西海岸新区行政审批服务局"
    assert found.submitted_on == found.registered_on
    assert (found.decided_on, found.due_on, found.owed_by, found.stopped) == (
        None,
        None,
        None,
        False,
    )

    wrong = {"decision": "to_correct", "reason": "请补税务证明"}
    await office.do(APPROVER, CaseDecide, case_id=case_id, **wrong)
    assert (await enquiries.find(number, TAIL, HOME)).state == "to_correct"
    await office.do(
        APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason="属东昌府区管辖"
    )
    assert (await enquiries.find(number, TAIL, HOME)).unit_name == "聊城市东昌府区政务服务中心"


async def test_an_accepted_case_tells_its_limits(
    office: Office, enquiries: Enquiries, tmp_path: Path
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    await closing(office, case_id, tmp_path)
    promise = {
        "line": "tax",
        "due_on": "2026-12-03",
        "text_version": "2026-11",
        "language": "zh-CN",
    }
    await office.do(CLERK, CasePromise, case_id=case_id, **promise)
    await office.do(APPROVER, CaseDecide, case_id=case_id, decision="accepted", reason="齐")
    view = await office.view(case_id)
    found = await enquiries.find(view["number"], TAIL, HOME)
    assert found.state == "accepted"
    assert str(found.due_on) == view["decision"]["due_on"]
    assert str(found.owed_by) == "2026-12-03"
    assert found.legal_due_on is not None
    await office.do(APPROVER, CaseStopClock, case_id=case_id, why="hearing", reason="听证")
    assert (await enquiries.find(view["number"], TAIL, HOME)).stopped


@SQLITE_ALONE
async def test_who_guesses_is_told_nothing_and_slowed_down(
    office: Office, enquiries: Enquiries, tmp_path: Path, clock: MovedClock
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    await closing(office, case_id, tmp_path)
    number = (await office.view(case_id))["number"]

    async def refused(number: str, tail: str, source: str) -> Code:
        with pytest.raises(Refusal) as told:
            await enquiries.find(number, tail, source)
        return told.value.code

    asker = "192.0.2.2"
    for _ in range(8):  # right ones never count
        assert (await enquiries.find(number, TAIL, asker)).state == "registered"
    for guess in range(3):
        assert await refused(number, f"00000{guess}", HOME) is Code.NOT_FOUND
    assert await refused(number, TAIL, HOME) is Code.THROTTLED
    # At home other numbers may still be asked for, until the source has failed too often.
    for guess in range(2):
        assert await refused(f"no-such-number-{guess}", TAIL, HOME) is Code.NOT_FOUND
    assert await refused("no-such-number-3", TAIL, HOME) is Code.THROTTLED

    # From elsewhere the number has three failures left this minute; who was right before has his own.
    for guess in range(3):
        assert await refused(number, "000003", f"198.51.100.{guess}") is Code.NOT_FOUND
    assert await refused(number, TAIL, "192.0.2.3") is Code.THROTTLED
    assert (await enquiries.find(number, TAIL, asker)).state == "registered"
    clock.move(60)
    assert (await enquiries.find(number, TAIL, "192.0.2.3")).state == "registered"


async def test_the_answer_names_nobody(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node, desk_of(node, "lixiulan") as clerk:
        case_id = await clerk.open_case()
        async with desk_of(node, APPROVER) as approver:
            await approver.command(
                "case.decide", case_id=case_id, decision="refused", reason="无权"
            )
        case = await clerk.case(case_id)
        with capture_logs() as logs:
            async with aiohttp.ClientSession(node.address) as http:
                ask = {
                    "number": case["number"],
                    "identity_tail": case["applicant"]["identity_number"][-6:],
                }
                async with http.post("/api/v1/enquiries", json=ask) as said:
                    assert said.status == 200
                    text = await said.text()
                async with http.post(
                    "/api/v1/enquiries", json={**ask, "identity_tail": "12345"}
                ) as said:
                    assert (said.status, (await said.json())["code"]) == (400, "malformed")
                async with http.post(
                    "/api/v1/enquiries", json={**ask, "identity_tail": "999999"}
                ) as said:
                    assert (said.status, (await said.json())["code"]) == (404, "not_found")
        assert '"state":"refused"' in text.replace(" ", "")
        secrets = (
            case["applicant"]["name"],
            case["applicant"]["identity_number"],
            PHONE,
            "李秀兰",
            "周明远",
            "无权",
        )
        assert not [one for one in secrets if one in text]
        assert not [
            one for one in (case["number"], ask["identity_tail"], "999999") if one in str(logs)
        ]
