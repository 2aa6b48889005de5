"""咨询: asked without an applicant, answered, or registered in the call that goes on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from server.audit import rows as audit_rows
from server.calls.wire import RingCard
from server.case.acts.course import calling, listing
from server.case.rows import overdue
from server.case.wire import decision, form, materials, talk
from server.case.wire.course import advancing, consulting
from server.case.wire.http import CaseSummary
from server.case.wire.registering import CaseConsent, CaseConsult, CaseRegisterConsulted
from server.catalogue.rules.item import NO_ITEM
from server.demo import data as demo
from server.standards.identifiers import NOBODY
from server.store import tables
from server.tasks import rows as task_rows
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallDial, CallHangUp
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    NEW_CASE,
    OTHER_APPROVER,
    PHONE,
    SUPERVISOR,
    THIRD,
    Office,
)

QUESTION: Final = "公司换了负责人，营业执照能在这里换吗？"
ANSWER: Final = "可以。请带任免文件和负责人身份证，当场办结。"


async def asked(office: Office) -> str:
    about = {"item_id": demo.PRINCIPAL, "question": QUESTION}
    case_id: str = (await office.do(CLERK, CaseConsult, **about))["case_id"]
    return case_id


async def asked_of_unit(office: Office, unit_id: str) -> str:
    """Without an item."""
    about = {"unit_id": unit_id, "question": QUESTION}
    case_id: str = (await office.do(CLERK, CaseConsult, **about))["case_id"]
    return case_id


async def listed(office: Office, login: str, **which: Any) -> list[CaseSummary]:
    return await listing.listing(office.store, office.actors[login], **which)


async def test_a_consultation_becomes_a_case_in_the_call_that_goes_on(
    office: Office, tmp_path: Path
) -> None:
    case_id = await asked(office)
    about = {"case_id": case_id}
    begun = await office.view(case_id)
    assert begun["state"] == "consulting"
    assert begun["course"]["consultation"]["question"] == QUESTION
    assert begun["applicant"] == {
        "name": "",
        "identity_number": "",
        "phone": "",
        "credit_code": None,
        "document": "identity_card",
        "principal": None,
    }
    assert {id.id for id in await listed(office, CLERK, mine=True)} == set()
    assert await listed(office, CLERK, by_due=True) == []
    for login in (CLERK, APPROVER):
        [row] = await listed(office, login, state="consulting")
        assert (row.id, row.question, row.answer, row.applicant_masked, row.running) == (
            *(case_id, QUESTION, "", NOBODY, None),
        )
    # another unit knows nothing of it
    assert await listed(office, THIRD, state="consulting") == []
    assert (await office.refused(THIRD, consulting.CaseConclude, **about, answer="x")).code is (
        Code.NOT_FOUND
    )

    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, **about, **yes)
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, **about))["call_id"]
    async with office.store.read() as reading:
        card: RingCard = await calling.card(reading, case_id)
    assert (card.question, card.applicant_masked) == (QUESTION, NOBODY)
    await office.answer(APPROVER, call_id)
    assert (await office.view(case_id))["state"] == "consulting", "no call makes it a case"

    # talk and what lies under the camera go on; nothing is filled in, judged or decided
    await office.do(APPROVER, talk.CaseSay, **about, lane="staff", text="请出示任免文件")
    uploads = await office.uploads(tmp_path / "uploads")
    shown = await office.bring(uploads, case_id, "other", name="任免文件.pdf")
    no = {"decision": "refused", "reason": "x"}
    judged = {"material_id": shown, "review": "accepted"}
    for login, command, members, code in (
        (APPROVER, decision.CaseDecide, no, Code.CASE_CLOSED),
        (
            APPROVER,
            decision.CaseRefer,
            {"unit_id": demo.LIAOCHENG, "reason": "x"},
            Code.CASE_CLOSED,
        ),
        (APPROVER, materials.CaseReview, judged, Code.CASE_CLOSED),
        (APPROVER, advancing.CaseRule, {"ruling": "granted"}, Code.OTHER_STEP),
        (
            CLERK,
            form.CaseEdit,
            {"field": "remark", "value": "x", "base_version": 0},
            Code.CASE_CLOSED,
        ),
        (CLERK, advancing.CaseFinish, {"kind": "withdrawn", "reason": "x"}, Code.OTHER_STEP),
        (SUPERVISOR, consulting.CaseConclude, {"answer": "x"}, Code.NOT_YOURS),
        (APPROVER, CaseRegisterConsulted, NEW_CASE, Code.NOT_YOURS),
        (
            CLERK,
            CaseRegisterConsulted,
            {**NEW_CASE, "identity_number": "1"},
            Code.BAD_IDENTITY_NUMBER,
        ),
        (
            CLERK,
            CaseRegisterConsulted,
            {**NEW_CASE, "item_id": "item-of-nobody"},
            Code.ITEM_UNAVAILABLE,
        ),
    ):
        assert (await office.refused(login, command, **about, **members)).code is code, command
    with pytest.raises(Refusal) as refused:  # it has no list of materials
        await office.bring(uploads, case_id, "identity")
    assert refused.value.code is Code.CASE_CLOSED

    await office.do(CLERK, CaseRegisterConsulted, **about, **NEW_CASE)
    view = await office.view(case_id)
    assert (view["id"], view["state"], view["call_id"]) == (case_id, "reviewing", call_id)
    assert (view["applicant"]["identity_number"], view["mode"]) == (IDENTITY_NUMBER, "proxy")
    assert [one["id"] for one in view["materials"]] == [shown], "what was shown stays"
    assert view["course"]["consultation"]["registered_at"] is not None
    assert (await office.call(call_id))["state"] == "live", "the call goes on"
    masked = await office.view(case_id, APPROVER)
    assert masked["applicant"]["identity_number"] != IDENTITY_NUMBER
    again = await office.refused(CLERK, CaseRegisterConsulted, **about, **NEW_CASE)
    assert again.code is Code.OTHER_STEP
    assert await listed(office, CLERK, state="consulting") == []
    [row] = await listed(office, APPROVER, by_due=True)
    assert row.id == case_id
    await office.bring(uploads, case_id, "identity")
    edit = {"field": "remark", "value": "当场办", "base_version": 0}
    await office.do(CLERK, form.CaseEdit, **about, **edit)
    await office.do(APPROVER, decision.CaseDecide, **about, **no)
    acts = [one["act"] for one in await office.entries(case_id) if one["act"].startswith("case.")]
    assert acts[0] == "case.consult"
    assert "case.register_consulted" in acts


async def test_a_consultation_ends_with_its_answer_and_names_nobody(office: Office) -> None:
    case_id = await asked(office)
    about = {"case_id": case_id}
    call_id = await office.meet(case_id)
    office.clock.move(300)
    await office.do(CLERK, CallHangUp, call_id=call_id)
    blank = await office.refused(APPROVER, consulting.CaseConclude, **about, answer=" ")
    assert blank.code is Code.ANSWER_MISSING
    seen = await office.store.version(f"case:{case_id}")
    await office.do(APPROVER, consulting.CaseConclude, **about, answer=ANSWER)
    ended = (await office.view(case_id))["course"]["consultation"]
    assert ended["answer"] == ANSWER
    assert ended["answered_by"]["name"] == "周明远"
    assert 300 <= ended["talked_s"] < 320
    late = {**about, "answer": "x", "seen_version": seen}
    assert (await office.refused(OTHER_APPROVER, consulting.CaseConclude, **late)).code is (
        Code.CHANGED
    )
    assert (await office.refused(CLERK, CallDial, **about)).code is Code.OTHER_STEP
    [row] = await listed(office, APPROVER, state="consulted")
    assert (row.state, row.answer) == ("consulted", ANSWER)
    assert await listed(office, APPROVER) == []
    async with office.store.read() as reading:
        kept = (
            (await reading.execute(sa.select(tables.cases).where(tables.cases.c.id == case_id)))
            .mappings()
            .one()
        )
    text = json.dumps({**kept, "course": kept["course"]}, default=str, ensure_ascii=False)
    assert not any(one in text for one in (IDENTITY_NUMBER, PHONE, "孙雅宁"))
    assert kept["due_on"] is None


async def test_a_unit_is_asked_without_an_item(office: Office, tmp_path: Path) -> None:
    unknown = await office.refused(CLERK, CaseConsult, unit_id="unit-none", question=QUESTION)
    assert unknown.code is Code.NOT_FOUND
    assert (await office.refused(CLERK, CaseConsult, question=QUESTION)).code is Code.NOT_FOUND
    case_id = await asked_of_unit(office, demo.XIHAIAN)
    about = {"case_id": case_id}
    item = (await office.view(case_id))["item"]
    assert (item["id"], item["name"], item["unit_id"], item["form"]) == (
        *("", NO_ITEM, demo.XIHAIAN, []),
    )
    assert [line["key"] for line in item["lines"]] == ["other"], "for what is only shown"
    [row] = await listed(office, APPROVER, state="consulting")
    assert (row.item_name, row.question) == (NO_ITEM, QUESTION)

    # a missed call is to be called back, though no item is known
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, **about, **yes)
    await office.duty(APPROVER)
    missed = (await office.do(CLERK, CallDial, **about))["call_id"]
    await office.do(CLERK, CallHangUp, call_id=missed)
    async with office.store.read() as reading:
        [task] = await task_rows.list_tasks(reading, demo.XIHAIAN, "", "unclaimed")
        assert (task.task.kind, task.item_name, task.applicant_name) == ("callback", NO_ITEM, "")
        [call] = await audit_rows.list_calls(reading, demo.XIHAIAN)
        assert (call.item_name, call.consultation.question) == (NO_ITEM, QUESTION)
        assert await overdue.list_passed(reading, date(2099, 1, 1)) == []

    uploads = await office.uploads(tmp_path / "uploads")
    shown = await office.bring(uploads, case_id, "other", name="任免文件.pdf")
    elsewhere = {"case_id": await asked_of_unit(office, demo.LIAOCHENG)}
    of_another = await office.refused(CLERK, CaseRegisterConsulted, **elsewhere, **NEW_CASE)
    assert of_another.code is Code.ITEM_UNAVAILABLE
    await office.do(CLERK, CaseRegisterConsulted, **about, **NEW_CASE)
    view = await office.view(case_id)
    assert (view["state"], view["item"]["id"]) == ("registered", demo.PRINCIPAL)
    assert [one["id"] for one in view["materials"]] == [shown]
