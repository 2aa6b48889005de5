"""Tasks on a real store: from a call that nobody answered and a step that failed, through people's hands, to an end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from server.case.acts.course import following
from server.case.wire.course import advancing as course_wire
from server.case.wire.course import owning
from server.case.wire.decision import CaseRefer, CaseResumeClock, CaseStopClock
from server.case.wire.registering import CaseConsent
from server.demo import data as demo
from server.rights.person import Role
from server.store import SYSTEM, tables
from server.tasks import rows, rules
from server.tasks.acts import raising, reading
from server.tasks.wire import (
    TaskClaim,
    TaskEnter,
    TaskHand,
    TaskResume,
    TaskSupervise,
    TaskSuspend,
    TaskView,
)
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallCancel, CallDial
from tests.kit.casework import (
    APPROVER,
    CLERK,
    OTHER_APPROVER,
    OTHER_IDENTITY_NUMBER,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.server.case.test_course import Course

DAY_S = 24 * 3600


async def missed(office: Office, case_id: str) -> str:
    """A call about this case that nobody answers."""
    call_id: str = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    return call_id


async def consented(office: Office) -> str:
    case_id = await office.case()
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    await office.duty(APPROVER)
    return case_id


async def tasks(office: Office, login: str, tab: rules.TaskTab) -> list[TaskView]:
    return (await reading.listing(office.store, office.actors[login], tab)).tasks


async def done(office: Office, login: str, command: Any, task_id: str, **members: Any) -> Any:
    """Let this person do this with the task as his page shows it."""
    async with office.store.read() as reading:
        found = await rows.find(reading, task_id)
    assert found is not None
    return await office.do(login, command, task_id=task_id, seen_version=found.version, **members)


async def refused(office: Office, login: str, command: Any, task_id: str, **members: Any) -> Code:
    with pytest.raises(Refusal) as told:
        await done(office, login, command, task_id, **members)
    return told.value.code


async def acts(office: Office, task_id: str) -> list[str]:
    entries = tables.ledger_entries.c
    query = sa.select(entries.act).where(entries.subject == f"task:{task_id}")
    async with office.store.read() as reading:
        return list(await reading.scalars(query.order_by(entries.version)))


async def test_a_missed_call_is_a_task_until_one_is_answered(office: Office) -> None:
    case_id = await consented(office)
    call_id = await missed(office, case_id)
    [task] = await tasks(office, APPROVER, "unclaimed")
    assert (task.kind, task.case_id, task.call_id, task.owner) == (
        "callback", case_id, call_id, None,
    )  # fmt: skip
    assert task.next_at == task.made_at + rules.CALL_BACK_WITHIN
    assert (task.applicant_masked, task.phone_masked[-4:]) == ("孙**", "6217")
    # the window's own unit has nothing to call back about
    assert await tasks(office, CLERK, "unclaimed") == []
    # missed once more: one task, and who waits keeps his place
    await missed(office, case_id)
    [again] = await tasks(office, APPROVER, "unclaimed")
    assert (again.id, again.joined_at, len(again.sources)) == (task.id, task.joined_at, 2)
    # suspended meanwhile, and answered all the same
    await done(office, APPROVER, TaskSuspend, task.id, text="窗口午休", next_at=again.next_at)
    await office.meet(case_id)
    [ended] = await tasks(office, APPROVER, "ended")
    assert (ended.state, ended.next_at, ended.results[-1].by) == ("closed", None, None)
    assert await acts(office, task.id) == [
        "task.open", "task.again", "task.suspend", "task.close",
    ]  # fmt: skip


async def test_a_referral_and_an_end_take_the_task_along(office: Office) -> None:
    case_id = await consented(office)
    await missed(office, case_id)
    [task] = await tasks(office, APPROVER, "unclaimed")
    await done(office, APPROVER, TaskClaim, task.id)
    refer = {"unit_id": demo.LIAOCHENG, "reason": "由聊城办理"}
    await office.do(APPROVER, CaseRefer, case_id=case_id, **refer)
    assert await tasks(office, APPROVER, "mine") == []
    # who had it can do nothing more with it, and is not told that it is there
    assert await refused(office, APPROVER, TaskClaim, task.id) is Code.NOT_FOUND
    [passed] = await tasks(office, THIRD, "unclaimed")
    assert (passed.id, passed.owner) == (task.id, None)
    await office.do(
        CLERK, course_wire.CaseFinish, case_id=case_id, kind="withdrawn", reason="不办了"
    )
    assert [one.state for one in await tasks(office, THIRD, "ended")] == ["cancelled"]


@pytest.mark.parametrize("first", ["referred", "late"])
async def test_a_limit_that_passes_is_the_task_of_the_unit_that_decides_now(
    office: Office, tmp_path: Path, first: str
) -> None:
    """Whoever referred the case to another unit has nothing more to see to, and reads nothing of it."""
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    refer = {"unit_id": demo.LIAOCHENG, "reason": "由聊城办理"}
    if first == "referred":
        await course.do(APPROVER, CaseRefer, **refer)
    office.clock.move(40 * DAY_S)
    assert await following.sweep(office.store) == 1
    if first == "late":
        [task] = await tasks(office, APPROVER, "unclaimed")
        await done(office, APPROVER, TaskClaim, task.id)
        await course.do(APPROVER, CaseRefer, **refer)
    for tab in get_args(rules.TaskTab):
        assert await tasks(office, APPROVER, tab) == []
    [task] = await tasks(office, THIRD, "unclaimed")
    assert (task.case_id, task.sources[0].cause) == (course.case_id, "limit_passed")
    assert await refused(office, APPROVER, TaskClaim, task.id) is Code.NOT_FOUND
    await office.switchboard.close()


def test_a_time_says_its_zone() -> None:
    """One without is refused on the wire: it can be compared with no other."""
    about = {"id": "command-1", "task_id": "task-1", "seen_version": 1, "text": "等"}
    for at in ("2026-12-03T09:00:00", "2026-12-03"):
        for command, name in ((TaskSuspend, "next_at"), (TaskSupervise, "answer_by")):
            with pytest.raises(ValidationError, match="timezone"):
                command.model_validate({**about, name: at})


async def test_through_the_hands_of_a_unit(office: Office) -> None:
    """Claimed, handed on, supervised, answered, suspended, resumed, done; and by nobody of elsewhere."""
    await missed(office, await consented(office))
    [task] = await tasks(office, APPROVER, "unclaimed")
    id, soon = task.id, office.clock.now() + timedelta(hours=3)
    going_on = {"outcome": "no_answer", "text": "打过两次", "next_step": "再打", "next_at": soon}
    demand = {"text": "今天要有结果", "answer_by": soon}
    for login in (CLERK, THIRD, SUPERVISOR):
        assert await refused(office, login, TaskEnter, id, **going_on) is Code.NOT_FOUND
        assert await refused(office, login, TaskClaim, id) is Code.NOT_FOUND
        assert await refused(office, login, TaskSupervise, id, **demand) is Code.NOT_FOUND
    with pytest.raises(Refusal, match="not_found"):
        await reading.one(office.store, office.actors[CLERK], id)
    assert await refused(office, APPROVER, TaskSupervise, id, **demand) is Code.FORBIDDEN

    await done(office, APPROVER, TaskClaim, id)
    with pytest.raises(Refusal, match="stale"):
        await office.do(OTHER_APPROVER, TaskClaim, task_id=id, seen_version=task.version)
    assert await refused(office, OTHER_APPROVER, TaskClaim, id) is Code.TASK_CLAIMED
    for stranger in (CLERK, SUPERVISOR, "nobody"):
        person = office.actors[stranger].person_id if stranger in office.actors else "nobody-there"
        assert await refused(office, APPROVER, TaskHand, id, person_id=person) is Code.NO_COLLEAGUE
    given = office.actors[OTHER_APPROVER].person_id
    await done(office, APPROVER, TaskHand, id, person_id=given)
    [theirs] = await tasks(office, APPROVER, "others")
    assert theirs.owner is not None
    assert theirs.owner.id == given

    await done(office, OTHER_APPROVER, TaskSupervise, id, **demand)
    assert [one.id for one in await tasks(office, OTHER_APPROVER, "demanded")] == [id]
    # its time comes without a result: the whole unit sees it, once, however many nodes sweep
    office.clock.move(31 * 60)
    assert (await raising.sweep(office.store), await raising.sweep(office.store)) == (1, 0)
    assert (await tasks(office, OTHER_APPROVER, "mine"))[0].level == 1
    late = {**going_on, "next_at": office.clock.now()}
    assert await refused(office, OTHER_APPROVER, TaskEnter, id, **late) is Code.NEXT_MISSING
    await done(office, OTHER_APPROVER, TaskEnter, id, **going_on)
    page = await reading.listing(office.store, office.actors[OTHER_APPROVER], "mine")
    assert page.tasks[0].demands[0].answered_at is not None
    assert page.counts.model_dump() == {
        "mine": 1,
        "others": 0,
        "demanded": 0,
        "unclaimed": 0,
        "untold": 0,
        "agents": 0,
    }
    assert (page.does, page.supervises) == (True, Role.HEAD in office.actors[OTHER_APPROVER].roles)

    await done(office, OTHER_APPROVER, TaskSuspend, id, text="申请人出差", next_at=soon)
    await done(office, OTHER_APPROVER, TaskResume, id, next_step="再打", next_at=soon)
    ended = {"outcome": "done", "text": "已办好"}
    await done(office, OTHER_APPROVER, TaskEnter, id, **ended)
    assert await refused(office, OTHER_APPROVER, TaskEnter, id, **ended) is Code.TASK_OVER
    [closed] = await tasks(office, APPROVER, "ended")
    assert (closed.round, [one.outcome for one in closed.results]) == (
        2, ["no_answer", "note", "done"],
    )  # fmt: skip
    assert (await acts(office, id))[-7:] == [
        "task.hand", "task.supervise", "task.raise", "task.enter", "task.suspend", "task.resume",
        "task.enter",
    ]  # fmt: skip


async def test_a_step_that_fails_opens_a_task_once(office: Office, tmp_path: Path) -> None:
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    await course.accepted()
    [licence] = await course.issued()
    sent = await course.begin(
        APPROVER, "posted", results=[licence], courier="EMS", tracking="1234567890"
    )
    await course.end(APPROVER, sent, "returned", note="地址不详")
    [task] = await tasks(office, APPROVER, "mine")
    assert (task.kind, task.sources[0].cause, task.sources[0].text) == (
        "follow", "post_returned", "地址不详",
    )  # fmt: skip
    assert task.next_step == "联系申请人核对地址"
    async with office.store.read() as connection:
        assert await rows.without_owner_or_date(connection) == []
    await office.switchboard.close()


async def test_a_day_that_passes_opens_a_task_once(office: Office) -> None:
    case_id = await consented(office)
    async with office.store.change(SYSTEM) as change:
        await change.connection.execute(
            sa.text("UPDATE cases SET state = 'to_correct', due_on = '2026-01-05'")
        )
    assert (await following.sweep(office.store), await following.sweep(office.store)) == (1, 0)
    [task] = await tasks(office, CLERK, "mine")
    assert (task.case_id, task.sources[0].cause, task.sources[0].text) == (
        case_id, "correction_passed", "2026-01-05",
    )  # fmt: skip


async def test_a_limit_that_passes_is_told_once_to_whose_turn_it_is(
    office: Office, tmp_path: Path
) -> None:
    """Each clock of a case, unless it stands still: under the case in the ledger, and as a task."""
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    await course.accepted()
    approver = office.actors[APPROVER].person_id
    await course.do(APPROVER, owning.CaseAssign, person_id=approver, from_id=None)
    await course.do(APPROVER, CaseStopClock, why="hearing", reason="听证")
    taken = await office.case(identity_number=OTHER_IDENTITY_NUMBER)
    assert await following.sweep(office.store) == 0
    office.clock.move(40 * DAY_S)
    assert await following.sweep(office.store) == 1, "the other clock stands still"
    [task] = await tasks(office, CLERK, "mine")
    assert (task.case_id, task.sources[0].cause, task.level) == (taken, "limit_passed", 0)
    [entry] = [one for one in await office.entries(taken) if one["act"] == "case.overdue"]
    assert entry["object"] == f"case:{taken}"

    await course.do(APPROVER, CaseResumeClock)
    assert await following.sweep(office.store) == 0, "it has days left"
    office.clock.move(40 * DAY_S)
    assert (await following.sweep(office.store), await following.sweep(office.store)) == (1, 0)
    [task] = await tasks(office, APPROVER, "mine")
    assert (task.case_id, task.sources[0].cause) == (course.case_id, "limit_passed")
    assert task.level == rules.LEVEL_HEAD, "a limit of the law"
    await office.switchboard.close()
