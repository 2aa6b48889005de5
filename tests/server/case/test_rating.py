"""What the applicant says of a call: on his screen alone, once and once more, read by the supervisor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.case.rules.talk.rating import RATED_WITHIN
from server.case.wire.rating import CaseRate
from server.case.wire.registering import CaseOpen
from server.standards.codes import Satisfaction
from signaling.refusals import Code
from signaling.wire.call import CallCancel, CallDial, CallHangUp
from tests.kit.casework import APPROVER, CLERK, OTHER_CLERK, SUPERVISOR, Office
from tests.kit.stores import SQLITE_ALONE


async def met(office: Office, *, ended: bool = True) -> dict[str, Any]:
    """A case and a call about it, and the applicant's screen open on it."""
    case_id = await office.case()
    call_id = await office.meet(case_id)
    await office.do(CLERK, CaseOpen, case_id=case_id, as_applicant=True)
    if ended:
        await office.do(CLERK, CallHangUp, call_id=call_id)
    return {"case_id": case_id, "call_id": call_id}


async def ratings(office: Office, case_id: str, login: str) -> list[dict[str, Any]]:
    case: dict[str, Any] = (await office.do(login, CaseOpen, case_id=case_id))["case"]
    return list(case["ratings"])


async def test_a_call_is_rated_once_and_added_to_once(office: Office) -> None:
    about = await met(office)
    assert await office.do(CLERK, CaseRate, **about, level="1") == {"number": 1}
    more = {"level": "5", "reasons": ["repeated", "waiting", "waiting"], "text": " 又要重交 "}
    assert await office.do(CLERK, CaseRate, **about, **more) == {"number": 2}
    refusal = await office.refused(CLERK, CaseRate, **about, level="1")
    assert refusal.code is Code.RATING_CLOSED
    first, second = await ratings(office, about["case_id"], SUPERVISOR)
    assert (first["number"], first["level"], first["reasons"], first["text"]) == (1, "1", [], "")
    assert (second["number"], second["level"]) == (2, "5")
    assert (second["reasons"], second["text"]) == (["waiting", "repeated"], "又要重交")
    assert Satisfaction(second["level"]).bad


@SQLITE_ALONE
async def test_the_window_and_the_approver_see_nothing_of_it(office: Office) -> None:
    about = await met(office)
    said = {"level": "4", "text": "态度不好"}
    ack = await office.do(CLERK, CaseRate, **about, **said)
    assert ack == {"number": 1}
    opened = {"case_id": about["case_id"], "as_applicant": True}
    [shown] = (await office.do(CLERK, CaseOpen, **opened))["case"]["ratings"]
    assert (shown["call_id"], shown["number"]) == (about["call_id"], 1)
    assert (shown["level"], shown["reasons"], shown["text"]) == (None, [], "")
    for login in (CLERK, OTHER_CLERK, APPROVER):
        assert await ratings(office, about["case_id"], login) == []


@SQLITE_ALONE
async def test_only_the_screen_of_the_applicant_rates(office: Office) -> None:
    about = await met(office)
    for login in (CLERK, OTHER_CLERK, APPROVER, SUPERVISOR):
        await office.do(login, CaseOpen, case_id=about["case_id"])
        refusal = await office.refused(login, CaseRate, **about, level="1")
        assert refusal.code is Code.NOT_YOURS, login
    assert await ratings(office, about["case_id"], SUPERVISOR) == []


@SQLITE_ALONE
@pytest.mark.parametrize("level", ["4", "5"])
async def test_a_bad_one_says_why(office: Office, level: str) -> None:
    about = await met(office)
    refusal = await office.refused(CLERK, CaseRate, **about, level=level, text="  ")
    assert refusal.code is Code.REASON_MISSING
    await office.do(CLERK, CaseRate, **about, level=level, reasons=["attitude"])


async def test_what_has_not_ended_was_not_answered_or_is_long_ago_is_not_rated(
    office: Office,
) -> None:
    about = await met(office, ended=False)
    refusal = await office.refused(CLERK, CaseRate, **about, level="1")
    assert refusal.code is Code.CALL_RUNNING
    await office.do(CLERK, CallHangUp, call_id=about["call_id"])
    call_id = (await office.do(CLERK, CallDial, case_id=about["case_id"]))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    missed = {**about, "call_id": call_id}
    assert (await office.refused(CLERK, CaseRate, **missed, level="1")).code is Code.RATING_CLOSED
    office.clock.move((RATED_WITHIN + timedelta(seconds=1)).total_seconds())
    refusal = await office.refused(CLERK, CaseRate, **about, level="1")
    assert refusal.code is Code.RATING_CLOSED


@SQLITE_ALONE
async def test_a_call_about_another_case_is_not_there(office: Office) -> None:
    about = await met(office)
    other = await met(office)
    mixed = {"case_id": about["case_id"], "call_id": other["call_id"]}
    assert (await office.refused(CLERK, CaseRate, **mixed, level="1")).code is Code.NOT_FOUND
