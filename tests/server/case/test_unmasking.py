"""Reading a sensitive value whole: by whom, with what reason, for how long; and that nothing leaves before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.case.acts.form import unmasking
from server.case.wire import registering
from server.case.wire.form import CaseEdit
from server.case.wire.unmasking import CaseUnmask
from server.projection import project
from server.rights.hand import CASE_AUDIENCES
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OTHER_APPROVER,
    OTHER_IDENTITY_NUMBER,
    PHONE,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.stores import SQLITE_ALONE


async def filled(office: Office) -> str:
    case_id = await office.case()
    value = {"field": "new_identity_number", "value": OTHER_IDENTITY_NUMBER, "base_version": 0}
    await office.do(CLERK, CaseEdit, case_id=case_id, **value)
    return case_id


async def asked(office: Office, case_id: str, login: str, what: str) -> str:
    made = await office.do(login, CaseUnmask, case_id=case_id, what=what, reason="与证件核对")
    return str(made["unmasking_id"])


async def refused_reading(office: Office, case_id: str, login: str, unmasking_id: str) -> Code:
    with pytest.raises(Refusal) as told:
        await unmasking.read(office.store, office.actors[login], case_id, unmasking_id)
    return told.value.code


@SQLITE_ALONE
@pytest.mark.parametrize(
    "what, whole",
    [
        ("identity_number", IDENTITY_NUMBER),
        ("phone", PHONE),
        ("field:new_identity_number", OTHER_IDENTITY_NUMBER),
    ],
)
async def test_who_unmasks_reads_it_for_a_minute_and_nobody_else_does(
    office: Office, what: str, whole: str
) -> None:
    case_id = await filled(office)
    mine = await asked(office, case_id, APPROVER, what)
    read = await unmasking.read(office.store, office.actors[APPROVER], case_id, mine)
    assert (read.what, read.value) == (what, whole)
    for login in (CLERK, OTHER_APPROVER, SUPERVISOR, ADMIN):
        assert await refused_reading(office, case_id, login, mine) is Code.NOT_FOUND
    office.clock.move(61)
    assert await refused_reading(office, case_id, APPROVER, mine) is Code.NOT_FOUND
    await office.switchboard.close()


async def test_it_is_an_act_with_a_reason_that_others_see(office: Office) -> None:
    case_id = await filled(office)
    await asked(office, case_id, SUPERVISOR, "phone")
    await asked(office, case_id, APPROVER, "field:new_identity_number")
    for login in (OTHER_APPROVER, SUPERVISOR, CLERK):
        seen = (await office.view(case_id, login))["unmaskings"]
        assert [(one["what"], one["reason"], one["by"]["name"]) for one in seen] == [
            ("phone", "与证件核对", "陈立"),
            ("field:new_identity_number", "与证件核对", "周明远"),
        ]
    shown = await office.do(CLERK, registering.CaseOpen, case_id=case_id, as_applicant=True)
    assert shown["case"]["unmaskings"] == []
    acts = [(one["act"], one["object"]) for one in await office.entries(case_id)]
    assert ("case.unmask", "value:phone") in acts
    await office.switchboard.close()


@SQLITE_ALONE
async def test_nothing_sensitive_leaves_with_the_act(office: Office) -> None:
    case_id = await filled(office)
    acks: list[Any] = []
    for what in ("identity_number", "phone", "field:new_identity_number"):
        acks.append(
            await office.do(APPROVER, CaseUnmask, case_id=case_id, what=what, reason="核对")
        )
    events = await office.store.events(f"case:{case_id}", 0)
    left = json.dumps(acks) + json.dumps(await office.view(case_id, APPROVER))
    for audience in set(CASE_AUDIENCES) - {"window", "applicant"}:
        left += json.dumps([project(event, audience) for event in events])
    unmasked = json.dumps([event.body for event in events if event.type == "case.unmasked"])
    for secret in (IDENTITY_NUMBER, PHONE, OTHER_IDENTITY_NUMBER):
        assert secret not in left
        assert secret not in unmasked
    await office.switchboard.close()


@SQLITE_ALONE
async def test_without_right_reason_or_such_a_value_it_is_refused(office: Office) -> None:
    case_id = await filled(office)
    await office.seat_third(await office.meet(case_id))
    phone = {"case_id": case_id, "what": "phone", "reason": "核对"}

    async def code(login: str, **changed: str) -> Code:
        return (await office.refused(login, CaseUnmask, **{**phone, **changed})).code

    assert await code(CLERK) is Code.NOT_YOURS
    assert await code(THIRD) is Code.NOT_YOURS
    assert await code(ADMIN) is Code.NOT_FOUND
    assert await code(APPROVER, reason=" ") is Code.REASON_MISSING
    assert await code(APPROVER, what="field:remark") is Code.FIELD_UNKNOWN
    assert await code(APPROVER, what="field:nothing") is Code.FIELD_UNKNOWN
    await office.switchboard.close()
