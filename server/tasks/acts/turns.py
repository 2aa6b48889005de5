"""The turn of a task: locked, read, admitted, changed by its rule, and told with its row.

What other rooms do to tasks (a call that nobody answered, a step that failed, a case that is passed on) is done
here too, within their transactions. Lock the call, then the case, before a task.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.rights.ids import new_id
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_task
from server.store import Change
from server.store.batch import Write
from server.store.subject import Told, Turn
from server.tasks import rows, rules
from server.tasks.rules import Task, TaskKind, TaskResult, TaskSource
from signaling.refusals import Code, Refusal


class TaskTurn(Turn):
    """One act on a task that is locked."""

    task: Task

    @classmethod
    async def at_task(cls, change: Change, task_id: str) -> "TaskTurn":
        """Lock the task and read it. Refused: ``not_found``."""
        turn = cls(change, of_task(task_id), await change.lock(of_task(task_id)) + 1)
        found = await rows.find(change.connection, task_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND, task=task_id)
        turn.task = found
        return turn

    @classmethod
    async def begin(
        cls, change: Change, actor: Actor, task_id: str, act: Act, seen_version: int
    ) -> "TaskTurn":
        """As ``at_task``, for who acts at its unit. Refused: ``not_found`` where he sees no task of that unit,
        ``forbidden``, ``stale``."""
        turn = await cls.at_task(change, task_id)
        admit(actor, turn.task, act)
        if seen_version != turn.task.version:
            raise Refusal(Code.STALE, version=turn.task.version)
        return turn

    async def done(self, act: str, task: Task, payload: dict[str, Any]) -> None:
        """Write the task as its rule gave it, with the entry of this act."""
        self.task = replace(task, version=self.version)
        await self.tell(
            act, Told(None, self.subject, payload, beside=[rows.changed_task(self.task)])
        )


def admit(actor: Actor, task: Task, act: Act) -> None:
    """Refused: ``not_found`` to who sees no task of that unit, ``forbidden`` to who may not do this."""
    if not may(actor, Act.TASK_READ, unit_id=task.unit_id):
        raise Refusal(Code.NOT_FOUND, task=task.id)
    if not may(actor, act, unit_id=task.unit_id):
        raise Refusal(Code.FORBIDDEN, task=task.id)


async def open_task(change: Change, task: Task, *, beside: Sequence[Write] = ()) -> Task:
    """Keep a new task in the caller's transaction."""
    subject = of_task(task.id)
    await change.make(subject)
    turn = Turn(change, subject, 1)
    made = replace(task, version=1)
    payload = {
        "case": task.case_id,
        "call": task.call_id,
        "kind": task.kind,
        "cause": task.sources[0].cause,
        "unit": task.unit_id,
        "owner": task.owner_id,
    }
    await turn.tell(
        "task.open", Told(None, subject, payload, beside=[rows.new_task(made), *beside])
    )
    return made


async def call_missed(
    change: Change, case_id: str, call_id: str, unit_id: str, reason: str, joined_at: datetime
) -> None:
    """A call about this case, which is locked, ended with nobody having answered: the unit that decides has to
    call back. Who waits already keeps his place: one task a case."""
    source = TaskSource("missed_call", reason, change.at)
    waiting = await rows.going_on(change.connection, case_id, "callback")
    if waiting:
        turn = await TaskTurn.at_task(change, waiting[0].id)
        await turn.done("task.again", rules.again(turn.task, source), {"call": call_id})
        return
    await open_task(
        change,
        rules.opened(
            new_id(), case_id, "callback", unit_id, "与窗口和申请人连线", source,
            next_step="回拨窗口", next_at=change.at + rules.CALL_BACK_WITHIN,
            call_id=call_id, joined_at=joined_at,
        ),
    )  # fmt: skip


async def call_answered(change: Change, case_id: str, call_id: str) -> None:
    """A later call about the case was answered: nobody has to call back any more."""
    await seen_to(change, case_id, "callback", "已连线", {"call": call_id})


async def seen_to(
    change: Change, case_id: str, kind: TaskKind, how: str, payload: dict[str, Any]
) -> None:
    """An act of the case, which is locked, did what its tasks of that kind were for."""
    for one in await rows.going_on(change.connection, case_id, kind):
        await _close(change, one.id, how, payload)


async def told_otherwise(change: Change, task_id: str, how: str) -> None:
    """The applicant knows it by another way: nobody has to tell it any more."""
    await _close(change, task_id, how, {"how": how})


async def _close(change: Change, task_id: str, how: str, payload: dict[str, Any]) -> None:
    turn = await TaskTurn.at_task(change, task_id)
    task = turn.task
    if task.over:
        return
    if task.state == "suspended":
        task = replace(task, state="open", round=task.round + 1)
    result = TaskResult("done", how, change.at)
    await turn.done("task.close", rules.enter(task, result), payload)


async def open_once(change: Change, task: Task) -> bool:
    """Keep a task that is opened but once for its case, which is locked; False when it was."""
    assert task.once is not None
    if await rows.has_once(change.connection, task.case_id, task.once):
        return False
    await open_task(change, task)
    return True


async def case_passed_on(
    change: Change, case_id: str, unit_id: str, moves: Callable[[Task], bool]
) -> None:
    """Another unit decides the case, which is locked: these of its tasks lie in the pool of that one."""
    for one in await rows.going_on(change.connection, case_id):
        if moves(one):
            await _change(change, one.id, "task.pass_on", lambda task: rules.pass_on(task, unit_id))


async def case_over(change: Change, case_id: str, kind: TaskKind | None = None) -> None:
    """The case, which is locked, is over: nothing is left to see to, or nothing of that kind."""
    result = TaskResult("note", "办件已了结", change.at)
    for one in await rows.going_on(change.connection, case_id, kind):
        await _change(change, one.id, "task.cancel", lambda task: rules.cancel(task, result))


async def _change(change: Change, task_id: str, act: str, step: Callable[[Task], Task]) -> None:
    turn = await TaskTurn.at_task(change, task_id)
    after = step(turn.task)
    if after is not turn.task:
        await turn.done(act, after, {"unit": after.unit_id, "state": after.state})
