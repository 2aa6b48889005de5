"""多地联办: one case, four units of four provinces. Each does its own part, sees what that needs and no more, and the lead
decides when each has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from server.case import rows as case_rows
from server.case.acts.course import registering
from server.case.admission import part_of
from server.case.rows.joint import unit_tasks as unit_task_rows
from server.case.rules.joint.unit_task import UnitTaskTab
from server.case.wire import decision, form, materials, talk
from server.case.wire import registering as wire
from server.case.wire.course import advancing, joint, mode
from server.demo import joint as demo
from server.demo.data import LIAOCHENG
from server.rights.hand import CASE_AUDIENCES
from signaling.refusals import Code, Refusal
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, NEW_CASE, THIRD, Office, joined
from tests.kit.statements import statements
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_projection_law import Law

LEAD: Final = APPROVER
SUZHOU, SUZHOU_TOO, CHENGDU, SHENZHEN = "shenjia", "gujun", "xujing", "heliqun"
UNIT_PEOPLE: Final = (SUZHOU, SUZHOU_TOO, CHENGDU, SHENZHEN)
VALUES: Final = {
    "insured": "赵先生",
    "insured_number": "370103198506072840",
    "first_span": "2012-07 至 2016-08",
    "second_span": "2016-09 至 2020-12",
    "twice_span": "2020-09 至 2020-12",
}
DAY_S: Final = 86_400
YES: Final = {"reason": "材料齐全，予以受理。"}


class Joint:
    """A joint case at the desks of its units, with the law asked after each step."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.case_id = ""

    async def begin(self) -> None:
        await joined(self.office)
        created = {**NEW_CASE, "item_id": demo.TRANSFER, "mode": "joint"}
        self.case_id = (await self.office.do(CLERK, wire.CaseCreate, **created))["case_id"]
        self.law = Law(
            self.office.store, f"case:{self.case_id}", CASE_AUDIENCES, reducers.reduce_case
        )
        uploads = await self.office.uploads(self.folder / "uploads")
        for line in ("application", "letter", "record", "twice"):
            await self.office.bring(uploads, self.case_id, line, name=f"{line}.pdf")
        for slot in (1, 2):
            await self.office.bring(uploads, self.case_id, "identity", slot=slot)
        for field, value in VALUES.items():
            edit = {"field": field, "value": value, "base_version": 0}
            await self.do(CLERK, form.CaseEdit, **edit)
        for line in ("application", "letter", "record", "twice", "identity"):
            for one in (await self.view(LEAD))["materials"]:
                if one["line"] == line:
                    judged = {"material_id": one["id"], "review": "accepted"}
                    await self.do(LEAD, materials.CaseReview, **judged)

    async def accepted(self) -> None:
        await self.begin()
        await self.law.begin()
        await self.do(LEAD, decision.CaseDecide, decision="accepted", **YES)
        await self.law.holds("accepted")

    async def do(self, login: str, command: Any, **members: Any) -> dict[str, Any]:
        return await self.office.do(login, command, case_id=self.case_id, **members)

    async def act(self, login: str, command: Any, key: str, **members: Any) -> dict[str, Any]:
        """An act on the newest round of this task."""
        task = (await self.tasks())[key]
        told = await self.do(login, command, task_id=task["id"], **members)
        await self.law.holds(command.__name__)
        return told

    async def refused(self, login: str, command: Any, **members: Any) -> Refusal:
        return await self.office.refused(login, command, case_id=self.case_id, **members)

    async def view(self, login: str) -> dict[str, Any]:
        return await self.office.view(self.case_id, login)

    async def tasks(self, login: str = LEAD) -> dict[str, dict[str, Any]]:
        """The newest round of each task that this person sees, by its key."""
        found = (await self.view(login))["unit_tasks"]
        return {one["key"]: one for one in sorted(found, key=lambda one: one["round"])}

    async def states(self) -> dict[str, str]:
        return {key: one["state"] for key, one in (await self.tasks()).items()}

    async def sees(self, login: str) -> bool:
        async with self.office.store.read() as reading:
            found = await case_rows.find_header(reading, self.case_id)
            assert found is not None
            return await part_of(reading, self.office.actors[login], found) is not None


@pytest.fixture
def case(office: Office, tmp_path: Path) -> Joint:
    return Joint(office, tmp_path)


async def test_four_units_do_a_case_over_days(case: Joint) -> None:
    """Two at once, one after them; one is sent back, one gives it back, one is late; the lead decides at the end alone."""
    await case.begin()
    assert not (await case.view(LEAD))["unit_tasks"], "受理 is one act, of the lead"
    assert [await case.sees(one) for one in UNIT_PEOPLE] == [False] * 4
    await case.law.begin()
    await case.do(LEAD, decision.CaseDecide, decision="accepted", **YES)
    await case.law.holds("accepted")
    assert await case.states() == {"suzhou": "asked", "shenzhen": "asked", "chengdu": "planned"}
    assert [await case.sees(one) for one in UNIT_PEOPLE] == [True, True, False, True]

    rule = {"ruling": "granted", "reason": "", "bases": []}
    early = await case.refused(LEAD, advancing.CaseRule, **rule)
    assert early.code is Code.UNIT_TASKS_OPEN

    await case.act(SUZHOU, joint.CaseReceiveTask, "suzhou")
    me = case.office.actors
    await case.act(SUZHOU, joint.CaseAcceptTask, "suzhou", person_id=me[SUZHOU_TOO].person_id)
    answer = {"opinion": "missing", "text": "第三卷待补扫。"}
    task = (await case.tasks(SUZHOU))["suzhou"]
    other = await case.refused(SUZHOU, joint.CaseAnswerTask, task_id=task["id"], **answer)
    assert other.code is Code.UNIT_TASK_CLAIMED
    await case.act(SUZHOU_TOO, joint.CaseAnswerTask, "suzhou", **answer)
    told = await case.act(LEAD, joint.CaseReturnTask, "suzhou", reason="请补第三卷")
    again = (await case.tasks())["suzhou"]
    assert (again["id"], again["round"], again["state"]) == (told["task_id"], 2, "asked")
    rounds = [one for one in (await case.view(LEAD))["unit_tasks"] if one["key"] == "suzhou"]
    assert [one["answer"] and one["answer"]["opinion"] for one in rounds] == ["missing", None]
    seen = (await case.view(SUZHOU))["unit_tasks"]
    assert [one["round"] for one in seen] == [1, 2], "opinions of rounds before stay readable"

    task = (await case.tasks(SHENZHEN))["shenzhen"]
    back = {"reason": "参保地在福田区。", "should": "福田区人社局"}
    await case.act(SHENZHEN, joint.CaseGiveBackTask, "shenzhen", **back)
    assert not await case.sees(SHENZHEN), "what it gave back it sees no more"
    lacking = await case.refused(LEAD, advancing.CaseRule, **rule)
    assert lacking.code is Code.UNIT_TASKS_OPEN
    more = {
        "wanted": "经核实由贵区经办，请出意见。",
        "unit_id": demo.SHENZHEN,
        "task_id": task["id"],
    }
    await case.do(LEAD, joint.CaseAskUnit, **more)
    await case.law.holds("asked again")

    case.office.clock.move(9 * DAY_S)
    await case.act(SUZHOU, joint.CaseAcceptTask, "suzhou")
    late = (await case.tasks())["suzhou"]
    await case.act(SUZHOU, joint.CaseAnswerTask, "suzhou", opinion="moved", text="已移交 4 卷。")
    assert late["due"]["due_on"] < (await case.tasks())["suzhou"]["answer"]["at"][:10], "it is late"
    await case.act(LEAD, joint.CaseCloseTask, "suzhou")
    assert not await case.sees(SUZHOU), "a task that is over opens nothing"
    chengdu = (await case.tasks(CHENGDU))["chengdu"]
    assert (chengdu["state"], chengdu["before"][0]["opinion"]) == ("asked", "moved")

    await case.act(CHENGDU, joint.CaseAcceptTask, "chengdu", person_id=me[CHENGDU].person_id)
    why = {"why": "inspection", "reason": "调取纸质档案鉴定"}
    await case.act(CHENGDU, joint.CasePauseTask, "chengdu", **why)
    stopped = await case.refused(
        CHENGDU, joint.CaseAnswerTask, task_id=chengdu["id"], opinion="moved", text="已移交。"
    )
    assert stopped.code is Code.CLOCK_STOPPED
    await case.act(CHENGDU, joint.CaseGoOnTask, "chengdu")
    await case.act(CHENGDU, joint.CaseAnswerTask, "chengdu", opinion="moved", text="已移交。")
    await case.act(LEAD, joint.CaseCloseTask, "chengdu")

    await case.act(SHENZHEN, joint.CaseAcceptTask, "shenzhen")
    hints = [
        {"text": "重复的 4 个月清退后再计", "clause": "经办规程第十二条"},
        {"text": "单位更过名"},
    ]
    await case.act(
        SHENZHEN, joint.CaseAnswerTask, "shenzhen", opinion="agree_if", text="同意。", hints=hints
    )
    await case.act(LEAD, joint.CaseCloseTask, "shenzhen")
    assert set((await case.states()).values()) == {"closed"}
    assert [await case.sees(one) for one in UNIT_PEOPLE] == [False] * 4
    await case.do(LEAD, advancing.CaseRule, **rule)
    await case.law.holds("granted")
    assert (await case.view(LEAD))["state"] == "granted"

    answered = [
        entry
        for entry in await case.office.entries(case.case_id)
        if entry["act"] == "case.answer_task" and entry["result"] == "ok"
    ]
    kept = [one["answer"] for one in (await case.view(LEAD))["unit_tasks"] if one["answer"]]
    assert sorted(one["opinion"] for one in kept) == ["agree_if", "missing", "moved", "moved"]
    assert len(answered) == len(kept), "each opinion is in the ledger once"


async def test_a_unit_sees_what_its_task_needs_and_no_more(case: Joint) -> None:
    await case.accepted()
    whole = await case.view(LEAD)
    own = {
        SUZHOU: (demo.SUZHOU, {"letter", "record"}, {"insured", "first_span"}),
        SHENZHEN: (demo.SHENZHEN, {"twice"}, {"insured", "twice_span"}),
    }
    for login, (unit_id, lines, fields) in own.items():
        shown = await registering.snapshot(
            case.office.store, case.office.actors[login], case.case_id
        )
        assert shown.audience == "task"
        view = shown.model_dump(mode="json")["case"]
        assert {one["line"] for one in view["materials"]} == lines
        assert view["fields"].keys() == fields
        assert {one["key"] for one in view["item"]["lines"]} == lines
        assert {one["name"] for one in view["item"]["form"]} == fields
        assert {one["unit_id"] for one in view["unit_tasks"]} == {unit_id}
        for member in (
            "comments",
            "sayings",
            "checks",
            "promises",
            "handovers",
            "papers",
            "ratings",
        ):
            assert not view[member], member
        for member in ("signature", "submission", "consent"):
            assert view[member] is None, member
        text = shown.model_dump_json()
        for secret in (VALUES["insured_number"], NEW_CASE["identity_number"], NEW_CASE["phone"]):
            assert secret not in text
    for one in (await case.view(CLERK))["unit_tasks"]:
        assert (one["wanted"], one["answer"], one["lines"]) == ("", None, [])
        assert one["unit_name"] in {name for _, name, *_ in demo.UNITS}
    assert whole["unit_tasks"][0]["wanted"]


async def test_nobody_but_its_unit_acts_on_a_task_and_nobody_of_it_on_the_case(case: Joint) -> None:
    await case.accepted()
    suzhou = (await case.tasks())["suzhou"]["id"]
    for login, code in (
        (SHENZHEN, Code.NOT_FOUND), (CHENGDU, Code.NOT_FOUND), (THIRD, Code.NOT_FOUND),
        (CLERK, Code.NOT_YOURS), (LEAD, Code.NOT_YOURS),
    ):  # fmt: skip
        for command, members in (
            (joint.CaseReceiveTask, {}),
            (joint.CaseAcceptTask, {}),
            (joint.CaseGiveBackTask, {"reason": "不归我们管"}),
        ):
            refusal = await case.refused(login, command, task_id=suzhou, **members)
            assert refusal.code is code, (login, command)
    others: tuple[tuple[Any, dict[str, Any]], ...] = (
        (advancing.CaseRule, {"ruling": "granted", "reason": "", "bases": []}),
        (joint.CaseCancelTask, {"task_id": suzhou, "reason": "不办了"}),
        (joint.CaseAskUnit, {"unit_id": demo.CHENGDU, "wanted": "请办"}),
        (decision.CaseRefer, {"unit_id": demo.CHENGDU, "reason": "转"}),
    )
    for other, named in others:
        refusal = await case.refused(SUZHOU, other, **named)
        assert refusal.code in (Code.NOT_YOURS, Code.FORBIDDEN, Code.NOT_FOUND), other
    assert await case.states() == {"suzhou": "asked", "shenzhen": "asked", "chengdu": "planned"}


async def test_a_unit_writes_where_its_task_lies_alone(case: Joint) -> None:
    """Before the acceptance, when a case still takes what is written."""
    await case.begin()
    scope = {"lines": ["letter"], "fields": ["insured"]}
    await case.do(LEAD, joint.CaseAskUnit, unit_id=demo.SUZHOU, wanted="请核对", **scope)
    hidden = await case.do(LEAD, talk.CaseComment, on="line:twice", text="请看")
    for place in ("line:letter", "field:insured"):
        begun = await case.do(SUZHOU, talk.CaseComment, on=place, text="已核对")
        await case.do(SUZHOU, talk.CaseReply, **begun, text="再看")
    for place in ("case", "line:twice", "field:second_span", "line:nothing", "field:nothing"):
        refusal = await case.refused(SUZHOU, talk.CaseComment, on=place, text="看看")
        assert refusal.code is Code.NOT_YOURS, place
    for command, members in (
        (talk.CaseReply, {"text": "x"}),
        (talk.CaseResolve, {"resolved": True}),
    ):
        refusal = await case.refused(SUZHOU, command, **hidden, **members)
        assert refusal.code is Code.COMMENT_UNKNOWN, command
    for lane in ("staff", "shared"):
        refusal = await case.refused(SUZHOU, talk.CaseSay, lane=lane, text="在")
        assert refusal.code is Code.NOT_YOURS
    lines = {one["line"]: one["id"] for one in (await case.view(LEAD))["materials"]}
    judged = {"review": "accepted"}
    refusal = await case.refused(SUZHOU, materials.CaseReview, material_id=lines["twice"], **judged)
    assert refusal.code in (Code.NOT_YOURS, Code.NOT_FOUND)


async def test_a_case_that_ends_to_the_side_wants_nothing_of_anybody_any_more(case: Joint) -> None:
    await case.accepted()
    await case.act(SUZHOU, joint.CaseReceiveTask, "suzhou")
    await case.do(CLERK, advancing.CaseFinish, kind="withdrawn", reason="申请人不办了")
    await case.law.holds("withdrawn")
    assert set((await case.states()).values()) == {"cancelled"}
    assert [await case.sees(one) for one in UNIT_PEOPLE] == [False] * 4


async def test_a_task_asked_for_by_hand_and_what_it_may_not_name(case: Joint) -> None:
    await case.accepted()
    asked = {
        "unit_id": demo.SUZHOU,
        "wanted": "请一并核对单位名称",
        "lines": ["twice"],
        "fields": ["insured"],
    }
    told = await case.do(LEAD, joint.CaseAskUnit, **asked)
    await case.law.holds("by hand")
    assert told["task_id"] in {one["id"] for one in (await case.view(SUZHOU))["unit_tasks"]}
    seen = {one["line"] for one in (await case.view(SUZHOU))["materials"]}
    assert seen == {"letter", "record", "twice"}, "what a unit sees is what all its tasks need"
    for changed, code in (
        ({"unit_id": "unit-qingdao-xihaian"}, Code.SAME_UNIT),
        ({"unit_id": "no-such-unit"}, Code.NOT_FOUND),
        ({"lines": ["nothing"]}, Code.LINE_UNKNOWN),
        ({"fields": ["nothing"]}, Code.FIELD_UNKNOWN),
        ({"wanted": " "}, Code.REASON_MISSING),
    ):
        refusal = await case.refused(LEAD, joint.CaseAskUnit, **asked | changed)
        assert refusal.code is code, changed


async def test_a_case_of_several_units_stays_one(office: Office) -> None:
    case = {"case_id": await office.case(mode="joint")}
    await office.do(CLERK, mode.CaseChangeMode, **case, mode="proxy")
    other = await office.refused(
        LEAD, joint.CaseAskUnit, **case, unit_id=LIAOCHENG, wanted="请核对"
    )
    assert other.code is Code.OTHER_MODE
    await office.do(CLERK, mode.CaseChangeMode, **case, mode="joint")
    await office.do(LEAD, joint.CaseAskUnit, **case, unit_id=LIAOCHENG, wanted="请核对")
    refusal = await office.refused(CLERK, mode.CaseChangeMode, **case, mode="proxy")
    assert refusal.code is Code.OTHER_MODE


async def test_two_answers_to_one_task_are_one(case: Joint) -> None:
    await case.accepted()
    await case.act(SUZHOU, joint.CaseAcceptTask, "suzhou")
    task = (await case.tasks(SUZHOU))["suzhou"]
    seen = await case.office.store.version(f"case:{case.case_id}")
    given = {"task_id": task["id"], "seen_version": seen, "text": "已移交。"}
    await case.do(SUZHOU, joint.CaseAnswerTask, **given, opinion="moved")
    second = await case.refused(SUZHOU_TOO, joint.CaseAnswerTask, **given, opinion="no_file")
    assert second.code in (Code.CHANGED, Code.OTHER_STEP)
    assert (await case.tasks())["suzhou"]["answer"]["opinion"] == "moved"


@SQLITE_ALONE
async def test_the_lists_of_a_unit_are_read_from_their_indexes(office: Office) -> None:
    """A condition that is not in the words of its partial index would read every task there ever was."""
    tabs: tuple[UnitTaskTab, ...] = ("to_do", "answered", "ended")
    for tab in tabs:
        with statements() as asked:
            async with office.store.read() as reading:
                await unit_task_rows.list_of_unit(reading, LIAOCHENG, tab)
        [one] = [one for one in asked if "unit_tasks" in one.sql]
        async with office.store.read() as reading:
            found = await reading.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {one.sql}", tuple(one.values)
            )
            plan = [row[3] for row in found]
        assert any(f"unit_tasks_{tab} " in f"{step} " for step in plan), plan
