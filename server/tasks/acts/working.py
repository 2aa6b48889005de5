"""What people do with the tasks of their unit."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

from server.people.rows import people as staff
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import DONE_BY
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case, of_task
from server.standards.working_days import china_day
from server.store import Change, Store, has_done
from server.tasks import agents, rows, rules
from server.tasks.acts.days import in_working_days
from server.tasks.acts.turns import TaskTurn
from server.tasks.rules import Mandate, Task, TaskResult
from server.tasks.wire import (
    TaskCancel,
    TaskClaim,
    TaskCommand,
    TaskEnter,
    TaskHand,
    TaskMandate,
    TaskResume,
    TaskSupervise,
    TaskSuspend,
)
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command

C = TypeVar("C", bound=TaskCommand)
Step = Callable[[TaskTurn, Actor, Any], Awaitable[tuple[Task, dict[str, Any]]]]
"""The task after the act, and what its entry tells."""


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {
        command: partial(_answer, store, right, step) for command, (right, step) in _STEPS.items()
    }


async def _answer(
    store: Store, right: Act, step: Step, page: Connected, command: TaskCommand
) -> Ack:
    actor = actor_of(page)
    gives = isinstance(command, _GIVES)
    async with store.change(
        actor, command, of=None if gives else of_task(command.task_id)
    ) as change:
        if change.replayed is not None:
            return change.replayed
        if gives:
            await _lock_case(change, command.task_id)
        turn = await TaskTurn.begin(change, actor, command.task_id, right, command.seen_version)
        if isinstance(command, _AGENTS) and agents.is_agents(turn.task):
            _is_agent(actor, turn.task)
        after, payload = await step(turn, actor, command)
        if agents.is_agents(after):
            by = await in_working_days(change.connection, turn.at, agents.STEP_WITHIN)
            after = agents.quiet(after, by)
        ack = change.ack({"version": turn.version, "state": after.state})
        await turn.done(str(type(command).model_fields["type"].default), after, payload)
        return ack


async def _lock_case(change: Change, task_id: str) -> None:
    """Before the task: who gets a 帮办 or 代办 does not decide its case in the same moment."""
    task = await rows.find(change.connection, task_id)
    if task is not None and agents.is_agents(task):
        await change.lock(of_case(task.case_id))


def _is_agent(actor: Actor, task: Task) -> None:
    if not may(actor, Act.AGENT_DO, unit_id=task.unit_id):
        raise Refusal(Code.FORBIDDEN, task=task.id)


async def _decided_nothing(turn: TaskTurn, person_id: str) -> None:
    """Who judged a case helps nobody with it. Refused: ``both_sides``."""
    case = turn.task.case_id
    if await has_done(turn.connection, of_case(case), person_id, DONE_BY["approver"]):
        raise Refusal(Code.BOTH_SIDES, case=case)


async def _claim(turn: TaskTurn, actor: Actor, _: TaskClaim) -> tuple[Task, dict[str, Any]]:
    if not agents.is_agents(turn.task):
        return rules.claim(turn.task, actor.person_id), {}
    await _decided_nothing(turn, actor.person_id)
    first = await in_working_days(turn.connection, turn.at, agents.ACCEPT_WITHIN)
    return agents.accept(turn.task, actor.person_id, turn.at, first), {}


async def _hand(turn: TaskTurn, actor: Actor, command: TaskHand) -> tuple[Task, dict[str, Any]]:
    to = command.person_id
    if to is not None:
        known = (await staff.actors(turn.connection, [to])).get(to)
        does = Act.AGENT_DO if agents.is_agents(turn.task) else Act.TASK_DO
        if known is None or not may(known, does, unit_id=turn.task.unit_id):
            raise Refusal(Code.NO_COLLEAGUE)
        if agents.is_agents(turn.task):
            await _decided_nothing(turn, to)
    return rules.hand(turn.task, to), {"to": to}


async def _enter(turn: TaskTurn, actor: Actor, command: TaskEnter) -> tuple[Task, dict[str, Any]]:
    agents.may_step(turn.task, actor.person_id, china_day(turn.at), command.outcome)
    result = TaskResult(command.outcome, command.text, turn.at, actor.person_id)
    after = rules.enter(turn.task, result, next_step=command.next_step, next_at=command.next_at)
    return after, {"outcome": command.outcome, "state": after.state}


async def _suspend(
    turn: TaskTurn, actor: Actor, command: TaskSuspend
) -> tuple[Task, dict[str, Any]]:
    agents.may_step(turn.task, actor.person_id, china_day(turn.at))
    result = TaskResult("note", command.text, turn.at, actor.person_id)
    return rules.suspend(turn.task, result, next_at=command.next_at), {}


async def _resume(turn: TaskTurn, actor: Actor, command: TaskResume) -> tuple[Task, dict[str, Any]]:
    agents.may_step(turn.task, actor.person_id, china_day(turn.at))
    after = rules.resume(turn.task, turn.at, next_step=command.next_step, next_at=command.next_at)
    return after, {"round": after.round}


async def _cancel(turn: TaskTurn, actor: Actor, command: TaskCancel) -> tuple[Task, dict[str, Any]]:
    result = TaskResult("note", command.text, turn.at, actor.person_id)
    return rules.cancel(turn.task, result), {}


async def _supervise(
    turn: TaskTurn, actor: Actor, command: TaskSupervise
) -> tuple[Task, dict[str, Any]]:
    after = rules.supervise(turn.task, command.text, actor.person_id, turn.at, command.answer_by)
    return after, {"answer_by": command.answer_by.isoformat()}


async def _mandate(
    turn: TaskTurn, actor: Actor, command: TaskMandate
) -> tuple[Task, dict[str, Any]]:
    today = china_day(turn.at)
    agents.may_step(turn.task, actor.person_id, today)
    given = Mandate(
        command.material_id, command.scope, command.signed_on, command.until,
        actor.person_id, turn.at,
    )  # fmt: skip
    after = agents.mandate(turn.task, given, today)
    if not await rows.has_file(turn.connection, turn.task.case_id, given.material_id):
        raise Refusal(Code.MANDATE_UNFIT)
    return after, {"material": given.material_id, "until": given.until.isoformat()}


_GIVES: Final = (TaskClaim, TaskHand)
"""By what a task becomes somebody's."""
_AGENTS: Final = (TaskClaim, TaskEnter, TaskSuspend, TaskResume, TaskMandate)
"""What of 帮办 and 代办 is left to the clerks; the head hands it on, demands a result and ends it."""
_STEPS: Final[dict[type[Command], tuple[Act, Step]]] = {
    TaskClaim: (Act.TASK_DO, _claim),
    TaskHand: (Act.TASK_DO, _hand),
    TaskEnter: (Act.TASK_DO, _enter),
    TaskSuspend: (Act.TASK_DO, _suspend),
    TaskResume: (Act.TASK_DO, _resume),
    TaskCancel: (Act.TASK_DO, _cancel),
    TaskSupervise: (Act.TASK_SUPERVISE, _supervise),
    TaskMandate: (Act.TASK_DO, _mandate),
}
