"""帮办 and 代办 on a real store: from the wish to the end, and what nobody may do without a signed 委托书."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.case.acts.agents import asking
from server.case.acts.papers import press
from server.case.wire.course.agents import CaseAskAgent, CasePrintAgent
from server.standards.working_days import china_day
from server.store import SYSTEM
from server.tasks import agents, rules
from server.tasks.acts import raising, reading
from server.tasks.acts.turns import open_task
from server.tasks.rules import Mandate, Task, TaskKind, TaskSource
from server.tasks.wire import (
    TaskCancel,
    TaskClaim,
    TaskEnter,
    TaskHand,
    TaskMandate,
    TaskResume,
    TaskSuspend,
)
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, OTHER_CLERK, SUPERVISOR, THIRD, Office
from tests.server.case.test_course import Course
from tests.server.case.test_course_papers import Course as Printed
from tests.server.case.test_papers import on
from tests.server.tasks.test_tasks import acts, done, refused, tasks

AT = datetime(2026, 12, 2, 1, tzinfo=UTC)
TODAY = date(2026, 12, 2)
SOON = AT + timedelta(hours=8)
PAPER = Mandate("m", "代领证照", TODAY, TODAY + timedelta(days=30), "liu", AT)


def asked(kind: TaskKind) -> Task:
    return rules.opened(
        "task", "case", kind, "here", "办成", TaskSource("asked", "腿脚不便", AT, "li"),
        next_step=agents.FIRST, next_at=SOON,
    )  # fmt: skip


STAGES = {
    "asked": asked,
    "accepted": lambda kind: agents.accept(asked(kind), "liu", AT, SOON),
    "mandated": lambda kind: agents.mandate(STAGES["accepted"](kind), PAPER, TODAY),
    "suspended": lambda kind: rules.suspend(
        STAGES["mandated"](kind), rules.TaskResult("note", "住院", AT, "liu"), next_at=SOON
    ),
    "over": lambda kind: rules.cancel(asked(kind), rules.TaskResult("note", "不办了", AT, "liu")),
}
ACTS = {
    "accept": lambda task: agents.accept(task, "liu", AT, SOON),
    "mandate": lambda task: agents.mandate(task, PAPER, TODAY),
    "step": lambda task: agents.may_step(task, "liu", TODAY, "note"),
    "done": lambda task: agents.may_step(task, "liu", TODAY, "done"),
    "call": lambda task: agents.may_step(task, "liu", TODAY, "no_answer"),
    "late": lambda task: agents.may_step(task, "liu", TODAY + timedelta(days=31), "note"),
    "other": lambda task: agents.may_step(task, "wang", TODAY, "note"),
    "pause": lambda task: agents.may_step(task, "liu", TODAY),
}
NO, LACKS, OVER = Code.NOT_ACCEPTED, Code.MANDATE_MISSING, Code.TASK_OVER
TABLE: dict[str, dict[str, list[Code | None]]] = {
    # 帮办 and 代办, by stage
    "asked": {
        "accept": [None, None], "mandate": [Code.MANDATE_UNFIT, None], "step": [NO, NO],
        "done": [NO, NO], "call": [NO, NO], "late": [NO, NO], "other": [NO, NO], "pause": [NO, NO],
    },
    "accepted": {
        "accept": [None, None], "mandate": [Code.MANDATE_UNFIT, None], "step": [None, LACKS],
        "done": [None, LACKS], "call": [None, None], "late": [None, LACKS],
        "other": [Code.TASK_CLAIMED] * 2, "pause": [None, None],
    },
    "mandated": {
        "accept": [None], "mandate": [None], "step": [None], "done": [None], "call": [None],
        "late": [Code.MANDATE_OVER], "other": [Code.TASK_CLAIMED], "pause": [None],
    },
    "suspended": {
        "accept": [None], "mandate": [None], "step": [None], "done": [None], "call": [None],
        "late": [Code.MANDATE_OVER], "other": [Code.TASK_CLAIMED], "pause": [None],
    },
    "over": {act: [OVER, OVER] for act in ACTS},
}  # fmt: skip


def test_every_act_at_every_stage_of_either_kind() -> None:
    came: dict[str, dict[str, list[Code | None]]] = {}
    for stage, made in STAGES.items():
        kinds: tuple[TaskKind, ...] = ("help", "proxy")
        if len(next(iter(TABLE[stage].values()))) == 1:
            kinds = ("proxy",)
        came[stage] = {act: [told(ACTS[act], made(kind)) for kind in kinds] for act in ACTS}
    assert came == TABLE


def told(act: Any, task: Task) -> Code | None:
    try:
        act(task)
    except Refusal as refusal:
        return refusal.code
    return None


def test_a_mandate_is_signed_by_today_not_over_and_for_a_year_at_most() -> None:
    task = STAGES["accepted"]("proxy")
    for signed, until in ((1, 9), (-9, -1), (0, 367)):
        days = TODAY + timedelta(days=signed), TODAY + timedelta(days=until)
        paper = Mandate("m", "代领", *days, "liu", AT)
        with pytest.raises(Refusal, match="mandate_unfit"):
            agents.mandate(task, paper, TODAY)
    far = AT + timedelta(days=200)
    step = rules.enter(
        task, rules.TaskResult("note", "说好了", AT, "liu"), next_step="去", next_at=far
    )
    # however far away the next date is, the head is told after five working days, and told at once
    quiet = agents.quiet(step, SOON)
    assert (quiet.raise_at, quiet.next_at) == (SOON, far)
    assert rules.raised(quiet, SOON).level == rules.LEVEL_HEAD
    other = rules.opened(
        "t", "c", "follow", "here", "x", TaskSource("told", "", AT), next_step="x", next_at=far
    )
    assert agents.quiet(other, SOON) is other


async def test_from_the_wish_to_the_end(office: Office, tmp_path: Path) -> None:
    """代办: asked for by who decides, accepted at the window, mandated, suspended, resumed and done."""
    course = Course(office, tmp_path)
    await course.filled()
    case_id = course.case_id
    wish = {"case_id": case_id, "kind": "proxy", "text": "行动不便，请代领证照"}
    for login in (SUPERVISOR, THIRD):
        with pytest.raises(Refusal) as no:
            await office.do(login, CaseAskAgent, **wish)
        assert no.value.code in (Code.NOT_FOUND, Code.NOT_YOURS)
    id = (await office.do(APPROVER, CaseAskAgent, **wish, cause="missed_call"))["task_id"]
    with pytest.raises(Refusal, match="task_running"):
        await office.do(CLERK, CaseAskAgent, **wish)
    for login in (CLERK, APPROVER, SUPERVISOR):
        [seen] = (await asking.listing(office.store, office.actors[login], case_id)).agents
        assert (seen.task_id, seen.stage, seen.agent) == (id, "asked", None)
    with pytest.raises(Refusal, match="not_found"):
        await asking.listing(office.store, office.actors[THIRD], case_id)
    # it lies in the pool of the window's unit, whoever asked
    assert await tasks(office, APPROVER, "unclaimed") == []
    [task] = await tasks(office, CLERK, "unclaimed")
    assert (task.id, task.kind, task.sources[0].cause) == (id, "proxy", "missed_call")
    assert await refused(office, APPROVER, TaskClaim, id) is Code.NOT_FOUND
    soon = {"next_step": "代领证照", "next_at": office.clock.now() + timedelta(days=1)}
    note = {"outcome": "note", "text": "已到窗口", **soon}
    assert await refused(office, CLERK, TaskEnter, id, **note) is Code.NOT_ACCEPTED

    # nobody accepts it within one working day: the head is told
    office.clock.move(4 * 24 * 3600)
    assert await raising.sweep(office.store) == 1
    assert (await tasks(office, CLERK, "unclaimed"))[0].level == rules.LEVEL_HEAD
    await done(office, CLERK, TaskClaim, id)
    soon["next_at"] = note["next_at"] = office.clock.now() + timedelta(days=1)
    assert await refused(office, CLERK, TaskEnter, id, **note) is Code.MANDATE_MISSING
    ended = {"outcome": "done", "text": "已代领"}
    assert await refused(office, CLERK, TaskEnter, id, **ended) is Code.MANDATE_MISSING
    await done(office, CLERK, TaskEnter, id, **{**note, "outcome": "contacted"})
    today = (office.clock.now() + timedelta(hours=8)).date()
    paper = {"scope": "代领证照", "signed_on": today, "until": today + timedelta(days=9)}
    none = await refused(office, CLERK, TaskMandate, id, material_id="material-none", **paper)
    assert none is Code.MANDATE_UNFIT
    file = (await office.view(case_id))["materials"][0]["id"]
    await done(office, CLERK, TaskMandate, id, material_id=file, **paper)
    assert await refused(office, OTHER_CLERK, TaskEnter, id, **note) is Code.TASK_CLAIMED
    await done(office, CLERK, TaskEnter, id, **note)

    await done(office, CLERK, TaskSuspend, id, text="申请人住院", next_at=soon["next_at"])
    office.clock.move(10 * 24 * 3600)
    soon["next_at"] = note["next_at"] = office.clock.now() + timedelta(days=1)
    await done(office, CLERK, TaskResume, id, **soon)
    assert await refused(office, CLERK, TaskEnter, id, **ended) is Code.MANDATE_OVER
    again = {**paper, "until": paper["until"] + timedelta(days=30)}
    await done(office, CLERK, TaskMandate, id, material_id=file, **again)
    await done(office, CLERK, TaskEnter, id, **ended)
    [over] = await tasks(office, CLERK, "ended")
    [seen] = (await asking.listing(office.store, office.actors[APPROVER], case_id)).agents
    assert (seen.stage, seen.agent and seen.agent.name) == ("closed", "李秀兰")
    assert seen.mandate_until == again["until"]
    assert (over.state, over.round, len(over.mandates)) == ("closed", 2, 2)
    assert over.mandates[-1].until == again["until"]
    assert await acts(office, id) == [
        "task.open", "task.raise", "task.claim", "task.enter", "task.mandate", "task.enter",
        "task.suspend", "task.resume", "task.mandate", "task.enter",
    ]  # fmt: skip
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.ask_agent"]
    assert entry["object"] == f"case:{case_id}"
    await office.switchboard.close()


async def test_its_five_papers_are_made_once_and_seen_by_whom_they_are_for(
    office: Office, tmp_path: Path
) -> None:
    course = Printed(office, tmp_path)
    await course.fill()
    case_id = course.case_id
    wish = {
        "case_id": case_id,
        "kind": "proxy",
        "text": "行动不便，请代领证照",
        "cause": "missed_call",
    }
    id = (await office.do(CLERK, CaseAskAgent, **wish))["task_id"]
    about = {"case_id": case_id, "task_id": id}
    today = china_day(office.clock.now())
    signed = {"scope": "代领、代寄证照", "until": today + timedelta(days=9)}

    async def printed(paper: str, by: str = CLERK, **told: Any) -> str:
        return str((await office.do(by, CasePrintAgent, **about, paper=paper, **told))["paper_id"])

    async def not_printed(paper: str, by: str = CLERK, **told: Any) -> Code:
        with pytest.raises(Refusal) as refusal:
            await office.do(by, CasePrintAgent, **{**about, "paper": paper, **told})
        return refusal.value.code

    assert await not_printed("agent_start") is Code.NOT_ACCEPTED
    assert await not_printed("mandate", **signed) is Code.NOT_ACCEPTED
    assert await not_printed("agent_end") is Code.OTHER_STEP
    await done(office, CLERK, TaskClaim, id)
    for login in (APPROVER, SUPERVISOR):
        assert await not_printed("agent_start", by=login) is Code.NOT_YOURS
    assert await not_printed("agent_start", by=THIRD) is Code.NOT_FOUND
    other = await office.case()
    assert await not_printed("agent_start", case_id=other) is Code.NOT_FOUND
    start = await printed("agent_start")
    version = await office.store.version(f"case:{case_id}")
    # whoever of the window prints it once more is told which it is
    assert await printed("agent_start", by=OTHER_CLERK) == start
    assert await office.store.version(f"case:{case_id}") == version
    for wrong in (
        {**signed, "scope": " "},
        {**signed, "until": today - timedelta(days=1)},
        {**signed, "until": today + timedelta(days=367)},
        {"scope": "代领"},
    ):
        assert await not_printed("mandate", **wrong) is Code.MANDATE_UNFIT
    assert await not_printed("renewal", **signed) is Code.MANDATE_MISSING
    assert await not_printed("agent_pause") is Code.OTHER_STEP
    mandate = await printed("mandate", **signed)
    assert await printed("mandate", **signed) == mandate
    made = await course.printed()
    on(
        made["agent_start"],
        "帮办代办受理单",
        "济南市市中区政务服务中心",
        "行动不便，请代领证照",
        "来电未接",
    )
    on(made["agent_start"], "李秀兰", "SZ-0306", "370103************", "不收取费用", "草稿")
    on(
        made["mandate"],
        "代办委托书",
        "代领、代寄证照",
        "申请人签名（盖章）",
        "受托单位济南市市中区政务服务中心",
    )
    # the applicant's own paper tells his number whole
    assert "370103************" not in made["mandate"]
    file = (await office.view(case_id))["materials"][0]["id"]
    await done(office, CLERK, TaskMandate, id, material_id=file, signed_on=today, **signed)
    assert await not_printed("mandate", **signed) is Code.OTHER_STEP
    soon = office.clock.now() + timedelta(days=1)
    await done(office, CLERK, TaskSuspend, id, text="申请人住院", next_at=soon)
    pause = await printed("agent_pause")
    again = {**signed, "until": today + timedelta(days=30)}
    await printed("renewal", **again)
    await done(office, CLERK, TaskResume, id, next_step="代领", next_at=soon)
    assert await not_printed("agent_pause") is Code.OTHER_STEP
    await done(office, CLERK, TaskSuspend, id, text="申请人又住院", next_at=soon)
    assert await printed("agent_pause") != pause
    await done(office, CLERK, TaskResume, id, next_step="代领", next_at=soon)
    await done(office, CLERK, TaskMandate, id, material_id=file, signed_on=today, **again)
    ended = {"outcome": "done", "text": "证照已送到本人手里"}
    await done(office, CLERK, TaskEnter, id, **ended)
    assert await not_printed("renewal", **again) is Code.TASK_OVER
    await printed("agent_end")
    made = await course.printed()
    on(made["agent_pause"], "中止单", "申请人又住院", "再次联系日期")
    on(made["renewal"], "续办委托书", "续签", "代领、代寄证照")
    on(made["agent_end"], "办结", "证照已送到本人手里", "申请人住院", "李秀兰")
    # the window sees all of them, the other sides not what the applicant signs with his number
    kinds = ["agent_start", "mandate", "agent_pause", "renewal", "agent_pause", "agent_end"]
    for login, told in ((CLERK, kinds), (APPROVER, [one for one in kinds if one[0] == "a"])):
        [seen] = (await asking.listing(office.store, office.actors[login], case_id)).agents
        assert [one.kind for one in seen.papers] == told
        assert {one.state for one in seen.papers} == {"ready"}
        view = await office.view(case_id, login)
        assert [one["kind"] for one in view["papers"]] == told
    with pytest.raises(Refusal, match="not_found"):
        await press.find_content(office.store, office.actors[APPROVER], mandate)
    numbers = {one["number"] for one in (await office.view(case_id))["papers"]}
    assert {one[:10] for one in numbers} == {
        f"370103-{sign}-" for sign in ("DS", "WT", "DT", "XW", "DB")
    }
    acts_done = [one["act"] for one in await office.entries(case_id)]
    assert acts_done.count("case.print_agent") == 6
    await office.switchboard.close()


async def test_they_are_listed_and_counted_alone(office: Office) -> None:
    """The page 帮办代办 has none of the other tasks; whoever lists all is told how many are of these."""
    case_id = await office.case()
    for kind in ("help", "proxy"):
        await office.do(CLERK, CaseAskAgent, case_id=case_id, kind=kind, text="请陪同")
    unit = office.actors[CLERK].unit_id
    soon = office.clock.now() + timedelta(hours=1)
    source = TaskSource("told", "", office.clock.now())
    async with office.store.change(SYSTEM) as change:
        task = rules.opened(
            "task-else", case_id, "follow", unit, "x", source, next_step="x", next_at=soon
        )
        await open_task(change, task)
    actor = office.actors[CLERK]
    every = await reading.listing(office.store, actor, "unclaimed")
    alone = await reading.listing(office.store, actor, "unclaimed", only="agents")
    assert {one.kind for one in every.tasks} == {"help", "proxy", "follow"}
    assert {one.kind for one in alone.tasks} == {"help", "proxy"}
    assert (every.counts.unclaimed, every.counts.agents) == (3, 2)
    assert (alone.counts.unclaimed, alone.counts.untold, alone.counts.agents) == (2, 0, 2)
    helped = next(one for one in alone.tasks if one.kind == "help")
    assert helped.raise_at == helped.next_at
    await done(office, CLERK, TaskClaim, helped.id)
    await done(office, CLERK, TaskEnter, helped.id, outcome="done", text="办好了")
    over = await reading.listing(office.store, actor, "ended", only="agents")
    assert [(one.kind, one.raise_at) for one in over.tasks] == [("help", None)]
    assert (over.counts.unclaimed, over.counts.agents) == (1, 1)
    await office.switchboard.close()


async def test_it_is_handed_to_clerks_and_ended_when_the_applicant_no_longer_wants_it(
    office: Office,
) -> None:
    case_id = await office.case()
    ask = {"case_id": case_id, "kind": "help", "text": "请陪同"}
    id = (await office.do(CLERK, CaseAskAgent, **ask))["task_id"]
    await done(office, CLERK, TaskClaim, id)
    for stranger in (APPROVER, SUPERVISOR):
        person = office.actors[stranger].person_id
        assert await refused(office, CLERK, TaskHand, id, person_id=person) is Code.NO_COLLEAGUE
    await done(office, CLERK, TaskHand, id, person_id=office.actors[OTHER_CLERK].person_id)
    soon = office.clock.now() + timedelta(hours=1)
    going_on = {"outcome": "note", "text": "x", "next_step": "x", "next_at": soon}
    assert await refused(office, CLERK, TaskEnter, id, **going_on) is Code.TASK_CLAIMED
    await done(office, OTHER_CLERK, TaskEnter, id, **going_on)
    await done(office, OTHER_CLERK, TaskCancel, id, text="申请人自己来办")
    assert (await tasks(office, CLERK, "ended"))[0].state == "cancelled"
    # a further wish is a further task
    assert (await office.do(CLERK, CaseAskAgent, **ask))["task_id"] != id
