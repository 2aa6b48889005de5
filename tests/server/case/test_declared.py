"""告知承诺: a material that need not come, from the declaration to its verification, found true and found untrue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from server.case import rows
from server.case.acts.papers.press import KIND, Press
from server.case.wire import decision, form, promises
from server.case.wire.course import advancing as wire
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.standards import regions
from server.tasks import rows as task_rows
from server.tasks.rules import Task, TaskKind
from server.work.child import Children
from signaling.refusals import Code
from tests.domain.test_form_schema import WHOLE
from tests.kit.casework import APPROVER, CLERK, OTHER_APPROVER, Office
from tests.server.case.test_clocks import DAY_S, Deciding
from tests.server.case.test_course import FETCHES, LICENCE

LINE: Final = "premises"
DECLARED: Final = {"line": LINE, "due_on": None, "text_version": "2026-12d", "language": "zh-CN"}
TRUE: Final = {"line": LINE, "verdict": "true", "how": "compared"}
UNTRUE: Final = {
    "line": LINE,
    "verdict": "untrue",
    "how": "visited",
    "note": "该地址没有这家公司。",
}


class Founding(Deciding):
    """A company is founded; where it has its seat is declared and not proved."""

    async def filled(self, **changes: Any) -> None:
        self.case_id = await self.office.case(item_id=demo.FOUNDING)
        self.uploads = await self.office.uploads(self.folder / "uploads")
        for line in ("application", "articles"):
            await self.office.bring(self.uploads, self.case_id, line)
        for slot in (1, 2):
            await self.office.bring(self.uploads, self.case_id, "identity", slot=slot)
        for field, value in WHOLE.items():
            edit = {"field": field, "value": value, "base_version": 0}
            await self.do(CLERK, form.CaseEdit, **edit)
        for point in ("name", "owners"):
            await self.do(APPROVER, decision.CaseCheck, point=point, verdict="ok")

    async def promise(self) -> dict[str, Any]:
        [one] = (await self.office.view(self.case_id))["promises"]
        told: dict[str, Any] = one
        return told

    async def state(self) -> str:
        return str((await self.office.view(self.case_id))["state"])

    async def tasks(self, kind: TaskKind) -> list[Task]:
        async with self.office.store.read() as reading:
            return await task_rows.of_case(reading, self.case_id, [kind])

    async def granted(self) -> None:
        await self.do(CLERK, promises.CasePromise, **DECLARED)
        await self.accepted()
        await self.do(APPROVER, wire.CaseRule, ruling="granted", reason="", bases=[])

    async def delivered(self) -> None:
        await self.do(APPROVER, wire.CaseIssue, results=[LICENCE])
        begun = await self.do(CLERK, wire.CaseBeginDelivery, way="collected")
        about = {"delivery_id": begun["delivery_id"]}
        await self.do(CLERK, wire.CaseCheckReceiver, **about, **FETCHES)
        on = self.office.clock.now().date().isoformat()
        await self.do(CLERK, wire.CaseEndDelivery, **about, outcome="delivered", on=on)
        jobs = Jobs(self.office.store, {KIND: Press(self.office.store, Children()).kind})
        while await jobs.work_once():
            pass


@pytest.fixture
async def founding(office: Office, tmp_path: Path) -> AsyncIterator[Founding]:
    await asyncio.to_thread(regions.table)  # as a node does at its start
    founding = Founding(office, tmp_path)
    await founding.filled()
    yield founding
    await office.switchboard.close()


async def test_what_is_declared_need_not_come_and_is_verified_before_the_archive(
    founding: Founding,
) -> None:
    about = {"decision": "accepted", "reason": "材料齐全。"}
    lacking = await founding.office.refused(
        APPROVER, decision.CaseDecide, case_id=founding.case_id, **about
    )
    assert LINE in lacking.details["lines"]
    for login, told, code in (
        (APPROVER, {}, Code.NOT_YOURS),
        (CLERK, {"line": "articles"}, Code.LINE_NOT_DECLARED),
        (CLERK, {"text_version": "2026-11"}, Code.MALFORMED),
        (CLERK, {"due_on": "2026-12-03"}, Code.LINE_NOT_LATER),
    ):
        refused = await founding.refused(login, promises.CasePromise, **{**DECLARED, **told})
        assert refused is code, told
    await founding.do(CLERK, promises.CasePromise, **DECLARED)
    before = await founding.refused(APPROVER, promises.CaseVerify, **TRUE)
    assert before is Code.OTHER_STEP, "nothing is verified before it is accepted"
    await founding.accepted()
    assert (await founding.office.view(founding.case_id))["promises"][0]["due_on"] is None
    assert await founding.tasks("verify") == []
    await founding.do(APPROVER, wire.CaseRule, ruling="granted", reason="", bases=[])

    [task] = await founding.tasks("verify")
    now = founding.office.clock.now()
    assert (task.unit_id, task.state, task.sources[0].text) == (
        demo.XIHAIAN,
        "open",
        "住所使用相关文件",
    )
    assert task.next_at == task.made_at + timedelta(days=60)
    await founding.delivered()
    assert await founding.refused(APPROVER, wire.CaseArchive) is Code.UNVERIFIED
    due = (now + timedelta(days=60)).date()
    async with founding.office.store.read() as reading:
        record = await rows.find(reading, founding.case_id)
    assert record is not None
    assert record.case.due_on == due, "its day waits for the verification"

    founding.office.clock.move(20 * DAY_S)
    refused = await founding.refused(CLERK, promises.CaseVerify, **TRUE)
    assert refused in (Code.NOT_YOURS, Code.FORBIDDEN)
    await founding.do(APPROVER, promises.CaseVerify, **TRUE)
    assert await founding.refused(OTHER_APPROVER, promises.CaseVerify, **UNTRUE) is (
        Code.VERIFIED_ALREADY
    )
    verified = (await founding.promise())["verified"]
    assert (verified["verdict"], verified["how"]) == ("true", "compared")
    [task] = await founding.tasks("verify")
    assert (task.state, task.results[-1].outcome) == ("closed", "done")
    assert await founding.tasks("follow") == []
    await founding.do(APPROVER, wire.CaseArchive)
    assert await founding.state() == "archived"


async def test_what_is_found_untrue_is_never_granted(founding: Founding) -> None:
    await founding.do(CLERK, promises.CasePromise, **DECLARED)
    await founding.accepted()
    wordless = {**UNTRUE, "note": " "}
    assert await founding.refused(APPROVER, promises.CaseVerify, **wordless) is Code.REASON_MISSING
    await founding.do(APPROVER, promises.CaseVerify, **UNTRUE)
    rule = {"ruling": "granted", "reason": "", "bases": []}
    assert await founding.refused(APPROVER, wire.CaseRule, **rule) is Code.DECLARED_UNTRUE
    denied = {"ruling": "denied", "reason": "住所承诺不实。", "bases": []}
    await founding.do(APPROVER, wire.CaseRule, **denied)
    assert await founding.state() == "denied"
    assert await founding.tasks("verify") == []


async def test_what_is_found_untrue_of_a_granted_case_is_seen_to(founding: Founding) -> None:
    await founding.granted()
    await founding.do(APPROVER, promises.CaseVerify, **UNTRUE)
    [verify] = await founding.tasks("verify")
    assert verify.state == "closed"
    [task] = await founding.tasks("follow")
    assert (task.sources[0].cause, task.state) == ("declared_untrue", "open")
    assert task.owner_id is not None


async def test_the_material_that_comes_after_all_stands_in_place_of_the_declaration(
    founding: Founding,
) -> None:
    await founding.do(CLERK, promises.CasePromise, **DECLARED)
    await founding.office.bring(founding.uploads, founding.case_id, LINE)
    await founding.accepted()
    assert await founding.refused(APPROVER, promises.CaseVerify, **TRUE) is Code.LINE_UNKNOWN
    await founding.do(APPROVER, wire.CaseRule, ruling="granted", reason="", bases=[])
    assert await founding.tasks("verify") == []
