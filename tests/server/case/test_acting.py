"""What an act rests on: the version that its author saw, and the call in which he sits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from server.calls.rows import calls as call_rows
from server.case.wire import (
    decision,
    form,
    materials,
    messages,
    promises,
    registering,
    showing,
    signing,
    talk,
    words,
)
from server.case.wire.course import advancing as course
from server.case.wire.course import consulting, joint, mode, sequels
from server.demo import data as demo
from server.store import SYSTEM, Store, tables
from server.store.tables import calls, legs
from signaling.refusals import Code
from signaling.wire.call import CallHangUp
from signaling.wire.envelope import Command
from tests.kit.casework import APPROVER, CLERK, NEW_CASE, OTHER_APPROVER, THIRD, Office
from tests.kit.stores import SQLITE_ALONE

NO = {"decision": "refused", "reason": "不属于本机关职权范围"}


async def kept(office: Office, case_id: str, act: str) -> dict[str, Any]:
    """What the newest entry of this act keeps."""
    entry = next(one for one in reversed(await office.entries(case_id)) if one["act"] == act)
    payloads = tables.ledger_payloads
    async with office.store.read() as connection:
        text = await connection.scalar(
            sa.select(payloads.c.payload).where(
                payloads.c.subject == entry["subject"], payloads.c.version == entry["version"]
            )
        )
    return dict(json.loads(text or "{}"))


async def test_what_others_changed_since_is_told_and_nothing_else(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    brought = await office.bring(uploads, case_id, "identity")
    about = {"case_id": case_id}
    seen = await office.store.version(f"case:{case_id}")

    async def changes(login: str, command: type[Command], **members: Any) -> str:
        """What this act of somebody is to an approver who saw the case before it."""
        before = await office.store.version(f"case:{case_id}")
        await office.do(login, command, **about, **members)
        refusal = await office.refused(
            APPROVER,
            decision.CaseDecide,
            **about,
            decision="refused",
            reason="",
            seen_version=before,
        )
        return str(refusal.details.get("changes", refusal.code.value))

    # words, marks, a proposal that is declined, a typed field: the decision goes on to its own rules
    said = {"lane": "shared", "text": "请稍候"}
    assert await changes(CLERK, talk.CaseSay, **said) == "reason_missing"
    typed = {"field": "remark", "value": "半", "base_version": 0}
    assert await changes(CLERK, form.CaseDraft, **typed) == "reason_missing"
    line = {"material_id": brought, "page": 1, "points": [(0.1, 0.1), (0.2, 0.2)]}
    assert await changes(CLERK, showing.CaseDraw, **line) == "reason_missing"
    wish = {"field": "remark", "value": "加急", "reason": "x"}
    assert await changes(OTHER_APPROVER, form.CasePropose, **wish) == "reason_missing"
    [proposal] = (await office.view(case_id))["proposals"]
    answer = {"proposal_id": proposal["id"], "adopt": False}
    assert await changes(CLERK, form.CaseCloseProposal, **answer) == "reason_missing"
    assert await changes(CLERK, signing.CasePrintForm) == "reason_missing"
    # a picture from a phone is no material until the window sends it
    before = await office.store.version(f"case:{case_id}")
    await office.bring(uploads, case_id, "other", purpose="page")
    refusal = await office.refused(
        APPROVER, decision.CaseDecide, **about, decision="refused", reason="", seen_version=before
    )
    assert refusal.details.get("changes", refusal.code.value) == "reason_missing"
    # what he does himself he has seen
    thread = {"on": "field:remark", "text": "请说明"}
    assert await changes(APPROVER, talk.CaseComment, **thread) == "reason_missing"

    edit = {"field": "old_principal", "value": "刘启明", "base_version": 0}
    assert await changes(CLERK, form.CaseEdit, **edit) == "values:old_principal"
    grade = {"material_id": brought, "grade": "B", "note": ""}
    assert await changes(CLERK, materials.CaseGrade, **grade) == "materials:identity"
    moved = {"material_id": brought, "line": "other"}
    assert await changes(CLERK, materials.CaseMoveMaterial, **moved) == "materials:other"
    back = {**moved, "line": "identity"}
    assert await changes(CLERK, materials.CaseMoveMaterial, **back) == "materials:identity"
    judged = {"material_id": brought, "review": "accepted", "reason": ""}
    assert await changes(OTHER_APPROVER, materials.CaseReview, **judged) == "reviews:identity"
    point = (await office.view(case_id))["item"]["checklist"][0]["key"]
    word = {"point": point, "verdict": "ok", "note": ""}
    assert await changes(OTHER_APPROVER, decision.CaseCheck, **word) == f"reviews:point:{point}"
    thread = {"on": "line:identity", "text": "缺反面"}
    assert await changes(CLERK, talk.CaseComment, **thread) == "comments:line:identity"
    before = await office.store.version(f"case:{case_id}")
    await office.bring(uploads, case_id, "licence")
    here = {**about, "seen_version": before}
    refusal = await office.refused(APPROVER, decision.CaseDecide, **here, **NO)
    assert (refusal.code, refusal.details["changes"]) == (Code.CHANGED, "materials:licence")
    away = {"unit_id": demo.LIAOCHENG, "reason": "由东昌府办理"}
    await office.do(OTHER_APPROVER, decision.CaseRefer, **about, **away)
    await office.do(THIRD, decision.CaseRefer, **about, **{**away, "unit_id": demo.XIHAIAN})
    refusal = await office.refused(
        APPROVER, decision.CaseRefer, **about, **away, seen_version=before + 2
    )
    assert refusal.details["changes"] == "unit"

    # all of it at once, once each; a version that is not there yet is nobody's
    now = await office.store.version(f"case:{case_id}")
    refusal = await office.refused(APPROVER, decision.CaseDecide, **about, **NO, seen_version=seen)
    told = str(refusal.details["changes"]).split(",")
    assert len(told) == len(set(told)) == 8
    assert (refusal.details["seen"], refusal.details["version"]) == (seen, now)
    beyond = {**about, **NO, "seen_version": now + 1}
    assert (await office.refused(APPROVER, decision.CaseDecide, **beyond)).code is Code.STALE
    # rights come first, and the version that was seen stays
    clerk = await office.refused(CLERK, decision.CaseDecide, **about, **NO, seen_version=seen)
    assert clerk.code is Code.NOT_YOURS
    await office.do(APPROVER, decision.CaseDecide, **about, **NO)
    entry = await kept(office, case_id, "case.decide")
    assert (entry["seen_version"], entry["version_before"]) == (now, now)
    assert "others" not in entry


TASK: Final[dict[str, Any]] = {"task_id": "x" * 22}


@SQLITE_ALONE
async def test_an_act_on_another_case_than_the_call_s_waits_for_a_yes(office: Office) -> None:
    called, other = await office.case(), await office.case()
    call_id = await office.meet(called)
    about = {"case_id": other}
    acts: list[tuple[str, type[Command], dict[str, Any]]] = [
        (APPROVER, decision.CaseDecide, NO),
        (APPROVER, decision.CaseRefer, {"unit_id": demo.LIAOCHENG, "reason": "x"}),
        (APPROVER, decision.CaseStopClock, {"why": "hearing", "reason": "听证"}),
        (APPROVER, decision.CaseResumeClock, {}),
        (CLERK, signing.CasePrintForm, {}),
        (CLERK, signing.CaseSubmit, {"hash": "0" * 64}),
        (CLERK, materials.CaseSendOriginals, {
            "courier": "EMS", "tracking": "EX123456789CN",
            "lines": [{"line": "identity", "originals": 1, "copies": 0}],
        }),
        (APPROVER, materials.CaseReceiveOriginals, {
            "handover_id": "x" * 22,
            "arrived": [{"line": "identity", "received": True, "note": ""}],
        }),
        (CLERK, mode.CaseChangeMode, {"mode": "online"}),
        (APPROVER, course.CaseRule, {"ruling": "granted"}),
        (APPROVER, course.CaseAskFee, {"amount_fen": 1000}),
        (CLERK, course.CaseSettleFee, {"kind": "paid", "on": "2026-11-23", "number": "x"}),
        (APPROVER, course.CaseReport, {
            "step": "granted", "number": "x", "on": "2026-11-23", "proof": "material-1",
        }),
        (APPROVER, course.CaseIssue, {"results": [
            {"kind": "licence", "name": "x", "number": "x", "valid_from": "2026-11-23"},
        ]}),
        (CLERK, course.CaseAgreeElectronic, {"address": "13805316217"}),
        (CLERK, course.CaseRenewMandate, {"material_id": "material-1"}),
        (CLERK, sequels.CaseBeginSequel, {"kind": "altered"}),
        (CLERK, course.CaseBeginDelivery, {"way": "collected"}),
        (CLERK, course.CaseCheckReceiver, {
            "delivery_id": "x" * 22, "name": "x", "document": "passport", "number": "x", "how": "sight",
        }),
        (CLERK, course.CaseEndDelivery, {
            "delivery_id": "x" * 22, "outcome": "delivered", "on": "2026-11-23",
        }),
        (CLERK, course.CaseFinish, {"kind": "withdrawn", "reason": "x"}),
        (APPROVER, course.CaseArchive, {}),
        (APPROVER, promises.CaseVerify, {"line": "licence", "verdict": "true", "how": "compared"}),
        (APPROVER, joint.CaseAskUnit, {"unit_id": demo.LIAOCHENG, "wanted": "x"}),
        (APPROVER, joint.CaseReceiveTask, TASK),
        (APPROVER, joint.CaseAcceptTask, TASK),
        (APPROVER, joint.CaseHandTask, TASK | {"person_id": "person-1"}),
        (APPROVER, joint.CaseGiveBackTask, TASK | {"reason": "x"}),
        (APPROVER, joint.CasePauseTask, TASK | {"why": "hearing", "reason": "x"}),
        (APPROVER, joint.CaseGoOnTask, TASK),
        (APPROVER, joint.CaseAnswerTask, TASK | {"opinion": "agree", "text": "x"}),
        (APPROVER, joint.CaseReturnTask, TASK | {"reason": "x"}),
        (APPROVER, joint.CaseCloseTask, TASK),
        (APPROVER, joint.CaseCancelTask, TASK | {"reason": "x"}),
        (CLERK, consulting.CaseConclude, {"answer": "x"}),
        (CLERK, registering.CaseRegisterConsulted, {**NEW_CASE}),
    ]  # fmt: skip
    # an extension is the head's, who sits in no call here, and goes the way of the other turns of the clock
    assert {one for _, one, _ in acts} | {decision.CaseExtendLimit} == {
        model for model in messages.COMMANDS if issubclass(model, words.CaseAct)
    }
    for login, command, members in acts:
        refusal = await office.refused(login, command, **about, **members)
        assert refusal.code is Code.OTHER_CASE_IN_CALL, command
        assert refusal.details == {"calls": call_id, "cases": called}
    # a yes to some other call is none
    refusal = await office.refused(
        APPROVER, decision.CaseDecide, **about, **NO, other_call_ids=["another-call"]
    )
    assert refusal.code is Code.OTHER_CASE_IN_CALL
    # who is not in the call is not asked, and the case of the call is not another one
    empty = {**about, "decision": "refused", "reason": ""}
    colleague = await office.refused(OTHER_APPROVER, decision.CaseDecide, **empty)
    assert colleague.code is Code.REASON_MISSING
    same = await office.refused(
        APPROVER, decision.CaseDecide, case_id=called, decision="refused", reason=""
    )
    assert same.code is Code.REASON_MISSING

    await office.do(APPROVER, decision.CaseDecide, **about, **NO, other_call_ids=[call_id])
    entry = await kept(office, other, "case.decide")
    assert entry["seen_version"] == entry["version_before"] == 1
    assert (entry["others"], entry["confirmed"]) == ([{"call": call_id, "case": called}], True)

    third = await office.case()
    await office.do(CLERK, CallHangUp, call_id=call_id)
    await office.do(APPROVER, decision.CaseDecide, case_id=third, **NO)
    assert "others" not in await kept(office, third, "case.decide")


@SQLITE_ALONE
async def test_each_of_several_calls_about_other_cases_needs_its_yes(office: Office) -> None:
    called, beside, meant = [await office.case() for _ in range(3)]
    first = await office.meet(called)
    # a second seat of his, as no dialling gives it
    async with office.store.change(SYSTEM) as change:
        there = sa.select(legs).where(legs.c.call_id == first, legs.c.seat == "approver")
        leg = dict((await change.connection.execute(there)).mappings().one())
        card = sa.select(calls).where(calls.c.id == first)
        call = dict((await change.connection.execute(card)).mappings().one())
        second = f"{first[:-2]}zz"
        await change.connection.execute(
            calls.insert().values(**{**call, "id": second, "case_id": beside})
        )
        await change.connection.execute(
            legs.insert().values(**{**leg, "id": f"{leg['id'][:-2]}zz", "call_id": second})
        )
    about = {"case_id": meant, **NO}
    both = sorted([first, second])
    cases = {first: called, second: beside}
    told = {"calls": ",".join(both), "cases": ",".join(cases[one] for one in both)}
    for yes in ([], [first], [second]):
        refusal = await office.refused(APPROVER, decision.CaseDecide, **about, other_call_ids=yes)
        assert (refusal.code, refusal.details) == (Code.OTHER_CASE_IN_CALL, told)
    await office.do(APPROVER, decision.CaseDecide, **about, other_call_ids=both)
    entry = await kept(office, meant, "case.decide")
    assert entry["others"] == [{"call": one, "case": cases[one]} for one in both]


async def test_in_which_call_somebody_sits_is_read_by_the_calls_that_run(store: Store) -> None:
    """And not by all the calls in which he ever sat."""
    async with store.read() as reading:
        explain = "explain query plan"
        if reading.dialect.name == "postgresql":
            await reading.execute(sa.text("set local enable_seqscan = off"))
            explain = "explain"
        query = call_rows.legs_now("person-x").compile(
            dialect=reading.dialect, compile_kwargs={"literal_binds": True}
        )
        rows = (await reading.execute(sa.text(f"{explain} {query}"))).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    assert "calls_running" in plan, plan
    assert "legs_by" not in plan, plan
