"""Limits of a case that is being decided: from which day, who stops and extends them, what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.case.acts.papers.press import KIND, Press
from server.case.wire import decision as case_decision
from server.case.wire import form, materials, signing
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.work.child import Children
from signaling.refusals import Code
from tests.kit.casework import APPROVER, CLERK, OTHER_APPROVER, SUPERVISOR, VALUES, Office
from tests.server.case.test_papers import on, text_of

DAY_S = 86_400


class Deciding:
    """A case with everything in it, at whatever step of its decision."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.folder = folder
        self.case_id = ""

    async def filled(self, **changes: Any) -> None:
        self.case_id = await self.office.case(**changes)
        self.uploads = await self.office.uploads(self.folder / "uploads")
        for line in (await self.office.view(self.case_id))["item"]["lines"]:
            await self.office.bring(self.uploads, self.case_id, line["key"])
        for field, value in VALUES.items():
            edit = {"field": field, "value": value, "base_version": 0}
            await self.do(CLERK, form.CaseEdit, **edit)

    async def do(self, login: str, command: Any, **members: Any) -> dict[str, Any]:
        return await self.office.do(login, command, case_id=self.case_id, **members)

    async def refused(self, login: str, command: Any, **members: Any) -> Code:
        refusal = await self.office.refused(login, command, case_id=self.case_id, **members)
        return refusal.code

    async def handed_in(self) -> None:
        shown = await self.do(CLERK, signing.CaseSummarise)
        pad = {"width": 400, "height": 200, "strokes": [[(0.1, 0.1, 0.5, 0)]]}
        signed = {"hash": shown["hash"], "shown_at": shown["shown_at"]}
        await self.do(CLERK, signing.CaseSign, **signed, **pad)
        await self.do(CLERK, signing.CaseSubmit, hash=shown["hash"])

    async def accepted(self) -> dict[str, Any]:
        for material in (await self.office.view(self.case_id))["materials"]:
            if material["review"] != "accepted":
                judged = {"material_id": material["id"], "review": "accepted"}
                await self.do(APPROVER, materials.CaseReview, **judged)
        await self.do(APPROVER, case_decision.CaseDecide, decision="accepted", reason="材料齐全。")
        return await self.decision()

    async def decision(self) -> dict[str, Any]:
        decision: dict[str, Any] = (await self.office.view(self.case_id))["decision"]
        return decision


@pytest.fixture
async def deciding(office: Office, tmp_path: Path) -> AsyncIterator[Deciding]:
    deciding = Deciding(office, tmp_path)
    await deciding.filled()
    yield deciding
    await office.switchboard.close()


async def test_who_was_told_nothing_in_time_is_accepted_from_the_receipt(
    deciding: Deciding,
) -> None:
    await deciding.handed_in()  # Monday, 2026-11-23
    submission = (await deciding.office.view(deciding.case_id))["submission"]
    assert submission["tell_by"] == "2026-11-30"
    deciding.office.clock.move(8 * DAY_S)  # Tuesday, 2026-12-01
    clock = (await deciding.accepted())["clock"]
    assert (clock["started"], clock["started_on"]) == ("deemed", "2026-11-23")
    assert (await deciding.decision())["due_on"] == "2026-11-26"
    assert clock["legal"]["due_on"] == "2026-12-21"


async def test_in_time_the_limits_run_from_the_decision(deciding: Deciding) -> None:
    await deciding.handed_in()
    deciding.office.clock.move(7 * DAY_S)
    clock = (await deciding.accepted())["clock"]
    assert (clock["started"], clock["started_on"]) == ("decided", "2026-11-30")


async def test_after_a_notice_the_last_that_arrives_begins_the_limits(deciding: Deciding) -> None:
    material = (await deciding.office.view(deciding.case_id))["materials"][0]
    returned = {"material_id": material["id"], "review": "returned", "reason": "缺页"}
    await deciding.do(APPROVER, materials.CaseReview, **returned)
    await deciding.do(APPROVER, case_decision.CaseDecide, decision="to_correct", reason="请补正")
    deciding.office.clock.move(2 * DAY_S)  # Wednesday
    await deciding.office.bring(deciding.uploads, deciding.case_id, material["line"])
    deciding.office.clock.move(5 * DAY_S)  # Monday after
    view = await deciding.office.view(deciding.case_id)
    newest = view["materials"][-1]
    judged = {"material_id": newest["id"], "review": "accepted"}
    await deciding.do(APPROVER, materials.CaseReview, **judged)
    for one in view["materials"][1:-1]:
        judged = {"material_id": one["id"], "review": "accepted"}
        await deciding.do(APPROVER, materials.CaseReview, **judged)
    await deciding.do(APPROVER, case_decision.CaseDecide, decision="accepted", reason="已补齐。")
    clock = (await deciding.decision())["clock"]
    assert (clock["started"], clock["started_on"]) == ("corrected", "2026-11-25")


async def test_a_stopped_clock_does_not_count_and_is_told_in_writing(deciding: Deciding) -> None:
    hearing = {"why": "hearing", "reason": "听证会定于12月1日举行，约需5个工作日"}
    assert await deciding.refused(APPROVER, case_decision.CaseStopClock, **hearing) is (
        Code.LIMIT_NOT_RUNNING
    )
    before = await deciding.accepted()
    assert before["due_on"] == "2026-11-26"
    for login in (CLERK, SUPERVISOR):
        assert (
            await deciding.refused(login, case_decision.CaseStopClock, **hearing) is Code.NOT_YOURS
        )
    empty = {**hearing, "reason": " "}
    assert (
        await deciding.refused(APPROVER, case_decision.CaseStopClock, **empty)
        is Code.REASON_MISSING
    )
    deciding.office.clock.move(DAY_S)  # Tuesday
    await deciding.do(APPROVER, case_decision.CaseStopClock, **hearing)
    stopped = await deciding.decision()
    [halt] = stopped["clock"]["halts"]
    assert (halt["began"], halt["ended"], halt["by"]["name"]) == ("2026-11-24", None, "周明远")
    assert stopped["provisional"]
    assert (
        await deciding.refused(APPROVER, case_decision.CaseStopClock, **hearing)
        is Code.CLOCK_STOPPED
    )
    paper, text = await printed(deciding)
    assert paper["kind"] == "suspension"
    on(text, "特别程序告知书", "第四十五条", "听证", hearing["reason"], "2026年11月24日")
    deciding.office.clock.move(3 * DAY_S)  # Friday
    told = await deciding.do(OTHER_APPROVER, case_decision.CaseResumeClock)
    # three working days after Monday, Tuesday to Friday passed over
    assert told["due_on"] == "2026-12-02"
    after = await deciding.decision()
    assert (after["due_on"], after["provisional"]) == ("2026-12-02", False)
    assert after["clock"]["halts"][0]["ended_by"]["name"] == "高新民"
    assert await deciding.refused(APPROVER, case_decision.CaseResumeClock) is Code.CLOCK_RUNNING


async def test_only_the_head_extends_and_once(deciding: Deciding) -> None:
    longer = {"days": 10, "reason": "案情复杂，需要向登记机关函询"}
    assert await deciding.refused(OTHER_APPROVER, case_decision.CaseExtendLimit, **longer) is (
        Code.LIMIT_NOT_RUNNING
    )
    await deciding.accepted()
    assert await deciding.refused(CLERK, case_decision.CaseExtendLimit, **longer) is Code.NOT_YOURS
    assert (
        await deciding.refused(APPROVER, case_decision.CaseExtendLimit, **longer) is Code.FORBIDDEN
    )
    too_long = {**longer, "days": 11}
    assert await deciding.refused(OTHER_APPROVER, case_decision.CaseExtendLimit, **too_long) is (
        Code.EXTENSION_TOO_LONG
    )
    await deciding.do(OTHER_APPROVER, case_decision.CaseExtendLimit, **longer)
    decision = await deciding.decision()
    assert decision["due_on"] == "2026-12-10"
    assert decision["clock"]["extension"]["by"]["name"] == "高新民"
    assert decision["clock"]["legal"]["due_on"] == "2027-01-04"
    assert await deciding.refused(OTHER_APPROVER, case_decision.CaseExtendLimit, **longer) is (
        Code.EXTENDED_ALREADY
    )
    paper, text = await printed(deciding)
    assert paper["kind"] == "extension"
    on(
        text,
        "延长办理期限告知书",
        "第四十二条",
        "延长10个工作日",
        longer["reason"],
        "2026年12月10日",
    )
    acts = [(one["act"], one["result"]) for one in await deciding.office.entries(deciding.case_id)]
    assert ("case.extend_limit", "ok") in acts
    assert demo.XIHAIAN in {one["unit"] for one in await deciding.office.entries(deciding.case_id)}


async def printed(deciding: Deciding) -> tuple[dict[str, Any], str]:
    """Let all papers be made; the newest and the text on it."""
    jobs = Jobs(deciding.office.store, {KIND: Press(deciding.office.store, Children()).kind})
    while await jobs.work_once():
        pass
    paper = (await deciding.office.view(deciding.case_id))["papers"][-1]
    assert paper["state"] == "ready"
    content = deciding.office.store.blobs.path(paper["sha256"]).read_bytes()
    return paper, text_of(paper["kind"], content)
