"""What a seated third party may do of all that can be done in a case, and as whom each person reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from server.case.acts.course import registering
from server.case.wire import (
    decision,
    form,
    materials,
    messages,
    promises,
    rating,
    showing,
    signing,
    talk,
    unmasking,
)
from server.case.wire import phones as case_phones
from server.case.wire import registering as case_registering
from server.case.wire.course import advancing as course
from server.case.wire.course import agents, consulting, joint, mode, owning, sequels
from server.demo import data as demo
from server.uploads.acts.phones import Phones
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallHangUp
from signaling.wire.envelope import Command
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_CLERK,
    PHONE,
    SECOND_ADMIN,
    SECURITY,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.stores import SQLITE_ALONE

MEMBERS: Final[dict[type[Command], dict[str, Any]]] = {
    case_registering.CaseOpen: {},
    case_registering.CaseConsent: {"given": True, "text_version": "2026-11", "language": "en"},
    form.CaseEdit: {"field": "remark", "value": "x", "base_version": 0},
    form.CaseDraft: {"field": "remark", "value": "x", "base_version": 0},
    form.CaseHold: {"field": "remark"},
    form.CasePropose: {"field": "remark", "value": "x"},
    form.CaseAnswerProposal: {"answer": "yes"},
    form.CaseCloseProposal: {"adopt": True},
    materials.CaseReview: {"material_id": "material-1", "review": "accepted"},
    showing.CaseDraw: {"material_id": "material-1", "page": 1, "points": [(0.1, 0.1)]},
    showing.CaseClearDrawings: {"material_id": "material-1", "whose": "mine"},
    showing.CaseKeepDrawing: {"only_me": True},
    materials.CaseGrade: {"material_id": "material-1", "grade": "B"},
    materials.CaseMoveMaterial: {"material_id": "material-1", "line": "other"},
    decision.CaseDecide: {"decision": "refused", "reason": "x"},
    course.CaseRule: {"ruling": "granted"},
    course.CaseAskFee: {"amount_fen": 1000},
    course.CaseSettleFee: {"kind": "paid", "on": "2026-11-23", "number": "x"},
    course.CaseReport: {
        "step": "granted",
        "number": "x",
        "on": "2026-11-23",
        "proof": "material-1",
    },
    course.CaseIssue: {
        "results": [
            {"kind": "licence", "name": "x", "number": "x", "valid_from": "2026-11-23"},
        ]
    },
    course.CaseAgreeElectronic: {"address": "13805316217"},
    course.CaseRenewMandate: {"material_id": "material-1"},
    sequels.CaseBeginSequel: {"kind": "altered"},
    course.CaseBeginDelivery: {"way": "collected"},
    course.CaseCheckReceiver: {
        "delivery_id": "delivery-1",
        "name": "x",
        "document": "passport",
        "number": "x",
        "how": "sight",
    },
    course.CaseEndDelivery: {
        "delivery_id": "delivery-1",
        "outcome": "delivered",
        "on": "2026-11-23",
    },
    course.CaseFinish: {"kind": "withdrawn", "reason": "x"},
    course.CaseArchive: {},
    consulting.CaseConclude: {"answer": "x"},
    case_registering.CaseRegisterConsulted: {
        "item_id": demo.PRINCIPAL,
        "mode": "proxy",
        "applicant_name": "x",
        "identity_number": IDENTITY_NUMBER,
        "phone": PHONE,
    },
    mode.CaseChangeMode: {"mode": "proxy"},
    owning.CaseAssign: {"person_id": None, "from_id": None},
    agents.CaseAskAgent: {"kind": "help", "text": "x"},
    agents.CasePrintAgent: {"task_id": "task-of-nobody", "paper": "agent_start"},
    decision.CaseRefer: {"unit_id": demo.LIAOCHENG, "reason": "x"},
    talk.CaseSay: {"lane": "staff", "text": "在"},
    talk.CaseComment: {"on": "field:remark", "text": "请核对"},
    talk.CaseReply: {"text": "好"},
    talk.CaseResolve: {"resolved": True},
    decision.CaseCheck: {"point": "seal", "verdict": "ok"},
    signing.CaseSummarise: {},
    signing.CaseSign: {"hash": "0" * 64, "width": 100, "height": 100, "strokes": [[(0, 0, 0, 0)]]},
    signing.CaseSubmit: {"hash": "0" * 64},
    decision.CaseStopClock: {"why": "hearing", "reason": "x"},
    decision.CaseResumeClock: {},
    decision.CaseExtendLimit: {"days": 5, "reason": "x"},
    materials.CaseConsentEarlier: {"given": True, "text_version": "2026-11", "language": "en"},
    materials.CaseSendOriginals: {
        "courier": "EMS",
        "tracking": "EX123456789CN",
        "lines": [{"line": "licence", "originals": 1, "copies": 0}],
    },
    materials.CaseReceiveOriginals: {
        "handover_id": "handover-1",
        "arrived": [{"line": "licence", "received": True}],
    },
    promises.CaseMovePromise: {"line": "tax", "due_on": "2026-12-17", "reason": "尚在办理"},
    promises.CaseVerify: {"line": "licence", "verdict": "true", "how": "compared"},
    promises.CasePromise: {
        "line": "licence",
        "due_on": "2026-12-31",
        "text_version": "2026-11",
        "language": "en",
    },
    joint.CaseAskUnit: {"unit_id": demo.LIAOCHENG, "wanted": "x"},
    joint.CaseReceiveTask: {"task_id": "task-that-is-not"},
    joint.CaseAcceptTask: {"task_id": "task-that-is-not"},
    joint.CaseHandTask: {"task_id": "task-that-is-not", "person_id": "person-1"},
    joint.CaseGiveBackTask: {"task_id": "task-that-is-not", "reason": "x"},
    joint.CasePauseTask: {"task_id": "task-that-is-not", "why": "hearing", "reason": "x"},
    joint.CaseGoOnTask: {"task_id": "task-that-is-not"},
    joint.CaseAnswerTask: {"task_id": "task-that-is-not", "opinion": "agree", "text": "x"},
    joint.CaseReturnTask: {"task_id": "task-that-is-not", "reason": "x"},
    joint.CaseCloseTask: {"task_id": "task-that-is-not"},
    joint.CaseCancelTask: {"task_id": "task-that-is-not", "reason": "x"},
    materials.CaseTakeEarlier: {"line": "application", "material_id": "material-of-old"},
    signing.CasePrintForm: {},
    unmasking.CaseUnmask: {"what": "phone", "reason": "x"},
    rating.CaseRate: {"call_id": "call-of-old", "level": "1"},
    case_phones.CaseInvitePhone: {"line": "application", "secret_sha256": "0" * 64},
    case_phones.CaseWithdrawPhone: {"phone_id": "phone-of-old"},
    case_phones.CaseTakePage: {"phone_id": "phone-of-old", "material_id": "material-of-old"},
}
"""Every command about a case, with members that no rule but that of the side is against."""
THIRD_MAY: Final = {case_registering.CaseOpen, talk.CaseSay, talk.CaseComment, talk.CaseReply}


@SQLITE_ALONE
async def test_a_third_party_reads_and_writes_and_does_nothing_else(
    office: Office, tmp_path: Path
) -> None:
    of_no_case = {
        case_registering.CaseCreate,
        case_registering.CaseConsult,
        case_registering.ListedWatch,
    }
    assert MEMBERS.keys() == set(messages.COMMANDS) - of_no_case
    phones = Phones(office.store, await office.uploads(tmp_path / "uploads"))
    office.handlers.update(phones.commands())
    case_id = await office.case()
    await office.seat_third(await office.meet(case_id))
    about = {"case_id": case_id}
    proposed = {"field": "remark", "value": "甲"}
    of_others = {
        "proposal_id": (await office.do(APPROVER, form.CasePropose, **about, **proposed))[
            "proposal_id"
        ],
        "comment_id": (await office.do(APPROVER, talk.CaseComment, **about, on="case", text="?"))[
            "comment_id"
        ],
        "shown_at": office.clock.now(),
    }
    before = await office.view(case_id)
    for command, members in MEMBERS.items():
        known = {name: value for name, value in of_others.items() if name in command.model_fields}
        asked = {**about, **known, **members}
        if command in THIRD_MAY:
            await office.do(THIRD, command, **asked)
        else:
            refusal = await office.refused(THIRD, command, **asked)
            assert refusal.code is Code.NOT_YOURS, command
    after = await office.view(case_id)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"sayings", "comments"}


async def test_each_person_reads_as_the_first_that_he_is(office: Office) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)

    async def seen() -> dict[str, str | None]:
        audiences: dict[str, str | None] = {}
        for login, actor in office.actors.items():
            try:
                shown = await registering.snapshot(office.store, actor, case_id)
            except Refusal as refusal:
                assert refusal.code is Code.NOT_FOUND  # noqa: PT017 - told apart from the others
                audiences[login] = None
                continue
            audiences[login] = shown.audience
            whole = shown.case.applicant.identity_number == IDENTITY_NUMBER
            assert whole is (shown.audience == "window")
        return audiences

    known = {
        CLERK: "window",
        OTHER_CLERK: "window",
        APPROVER: "approver",
        OTHER_APPROVER: "approver",
        SUPERVISOR: "supervisor",
        "hanmei": "supervisor",
        ADMIN: None,
        SECOND_ADMIN: None,
        OPERATOR: None,
        SECURITY: None,
        THIRD: None,
    }
    assert await seen() == known
    await office.seat_third(call_id, answered=False)
    assert await seen() == known
    await office.answer(THIRD, call_id)
    assert await seen() == {**known, THIRD: "third"}
    await office.do(CLERK, CallHangUp, call_id=call_id)
    assert await seen() == known


@SQLITE_ALONE
@pytest.mark.parametrize("gone_s, reads", [(16, True), (16 + 121, False)])
async def test_a_lost_third_party_reads_as_long_as_its_place_is_kept(
    office: Office, gone_s: int, reads: bool
) -> None:
    case_id = await office.case()
    await office.seat_third(await office.meet(case_id))
    waited = 0
    while waited < gone_s:  # the others go on answering their beats
        office.clock.move(4)
        waited += 4
        for login in (CLERK, APPROVER):
            office.switchboard.heard(office.line(login))
        await office.switchboard.sweep()
    call_id = (await office.view(case_id))["call_id"]
    view = await office.call(call_id)
    third = next(leg for leg in view["legs"] if leg["seat"] == "third")
    assert (view["state"], third["state"]) == ("live", "lost" if reads else "left")
    if reads:
        assert (await office.do(THIRD, case_registering.CaseOpen, case_id=case_id))[
            "audience"
        ] == "third"
    else:
        refusal = await office.refused(THIRD, case_registering.CaseOpen, case_id=case_id)
        assert refusal.code is Code.NOT_FOUND
