"""Tasks of units (多地联办): asked for by the unit that leads, done by each unit for its own part.

A plan's tasks are made when the case is accepted (受理 is one act, of the lead), and those that come after none are
asked for in the same transaction. What ends asks for what comes after it. Rules:
``server.case.rules.joint.unit_task``; what each unit sees: ``server.case.admission.part_of``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from server.case.acting import rests_on
from server.case.acts.course import listing
from server.case.acts.course.numbers import AHEAD
from server.case.rules.case import Case
from server.case.rules.course import states
from server.case.rules.joint import planned
from server.case.rules.joint import unit_task as rules
from server.case.rules.joint.unit_task import Hint, UnitAnswer, UnitTask, UnitTaskAct, UnitTaskSide
from server.case.turn import Acts, CaseTurn, House
from server.case.views import unit_task_view
from server.case.wire.course.joint import (
    CaseAcceptTask,
    CaseAnswerTask,
    CaseAskUnit,
    CaseCancelTask,
    CaseCloseTask,
    CaseGiveBackTask,
    CaseGoOnTask,
    CaseHandTask,
    CasePauseTask,
    CaseReceiveTask,
    CaseReturnTask,
    CaseTasked,
    UnitTaskCommand,
)
from server.case.wire.registering import ListedChanged
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import OTHER_LINE
from server.people.rows import people as staff
from server.people.rows import staffing
from server.rights.connected import Handler
from server.rights.ids import new_id
from server.rights.person import Act, Role, may
from server.standards.working_days import CHINA_REGION, china_day
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

acts: Final = Acts()


@acts.judging(CaseAskUnit, CaseTurn)
async def ask(turn: CaseTurn, command: CaseAskUnit) -> Told:
    """请办, by hand. Refusals: ``CaseAskUnit``."""
    case, lead = turn.case, turn.hand.judges()
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=lead)
    if case.mode != "joint":
        raise Refusal(Code.OTHER_MODE, mode=case.mode)
    if not (states.fillable(case.state) or case.state == "accepted"):
        raise Refusal(Code.OTHER_STEP, state=case.state, wanted="accepted")
    unit = await staffing.find_authority(turn.connection, command.unit_id)
    if unit is None:
        raise Refusal(Code.NOT_FOUND, unit=command.unit_id)
    if unit.id == case.unit_id:
        raise Refusal(Code.SAME_UNIT)
    if not unit.approvers:
        raise Refusal(Code.NO_APPROVER, unit=unit.id)
    if not command.wanted:
        raise Refusal(Code.REASON_MISSING)
    if len(case.unit_tasks) >= rules.TASKS_AT_MOST:
        raise Refusal(Code.TOO_LARGE, at_most=rules.TASKS_AT_MOST)
    known = await _days(turn)
    if command.task_id is not None:
        before = _task(case, command.task_id)
        if (
            before.state not in ("declined", "passed_on")
            or rules.newest(case.unit_tasks)[before.key] != before
        ):
            raise Refusal(Code.OTHER_STEP, state=before.state, wanted="declined,passed_on")
        made = rules.next_round(
            before, new_id(), command.wanted, turn.at, known, (unit.id, unit.name)
        )
    else:
        _known(case, command.lines, command.fields)
        fresh = UnitTask(
            new_id(), new_id(), 1, command.kind, unit.id, unit.name, command.name, command.wanted,
            tuple(command.lines), tuple(command.fields), command.days, turn.at, basis=command.basis,
            added_by=turn.hand.person_id,
        )  # fmt: skip
        made = rules.ask(fresh, turn.at, known)
    told = await _told(turn, [made], rests | {"unit": unit.id, "wanted": command.wanted})
    return replace(told, result={"task_id": made.id})


@acts.on(CaseReceiveTask, CaseTurn)
async def receive(turn: CaseTurn, command: CaseReceiveTask) -> Told:
    """接收. Refusals: ``server.case.rules.joint.unit_task.receive``."""
    task, side, rests = await _at(turn, command, "receive")
    return await _told(turn, [rules.receive(task, turn.hand.person_id, turn.at, side)], rests)


@acts.on(CaseAcceptTask, CaseTurn)
async def accept(turn: CaseTurn, command: CaseAcceptTask) -> Told:
    """承接. Refusals: ``server.case.rules.joint.unit_task.accept``, ``no_colleague``."""
    task, side, rests = await _at(turn, command, "accept")
    if command.person_id is not None:
        await _colleague(turn, task, command.person_id)
    after = rules.accept(
        task, turn.hand.person_id, turn.at, await _days(turn), side, command.person_id
    )
    return await _told(turn, [after], rests | {"owner": command.person_id})


@acts.on(CaseHandTask, CaseTurn)
async def hand(turn: CaseTurn, command: CaseHandTask) -> Told | Mapping[str, Any]:
    """单位内转办; to who has it already it is acknowledged and is no act. Refusals:
    ``server.case.rules.joint.unit_task.hand``, ``no_colleague``."""
    task, side, rests = await _at(turn, command, "hand")
    head = await _colleague(turn, task, command.person_id)
    after = rules.hand(task, command.person_id, head=head, side=side)
    if after == task:
        return {}
    return await _told(turn, [after], rests | {"from": task.owner_id, "owner": command.person_id})


@acts.on(CaseGiveBackTask, CaseTurn)
async def give_back(turn: CaseTurn, command: CaseGiveBackTask) -> Told:
    """退回主办. Refusals: ``server.case.rules.joint.unit_task.give_back``."""
    task, side, rests = await _at(turn, command, "give_back")
    after = rules.give_back(task, command.reason, command.should, turn.at, side)
    return await _told(turn, [after], rests | {"reason": after.why, "should": after.should})


@acts.on(CasePauseTask, CaseTurn)
async def pause(turn: CaseTurn, command: CasePauseTask) -> Told:
    """暂停计时. Refusals: ``server.case.rules.joint.unit_task.pause``."""
    task, side, rests = await _at(turn, command, "pause")
    after = rules.pause(
        task, command.why, command.reason, turn.hand.person_id, turn.at, await _days(turn), side
    )
    return await _told(turn, [after], rests | {"why": command.why, "reason": command.reason})


@acts.on(CaseGoOnTask, CaseTurn)
async def go_on(turn: CaseTurn, command: CaseGoOnTask) -> Told:
    """恢复计时. Refusals: ``server.case.rules.joint.unit_task.go_on``."""
    task, side, rests = await _at(turn, command, "go_on")
    return await _told(turn, [rules.go_on(task, turn.at, await _days(turn), side)], rests)


@acts.on(CaseAnswerTask, CaseTurn)
async def answer(turn: CaseTurn, command: CaseAnswerTask) -> Told:
    """答复. Refusals: ``server.case.rules.joint.unit_task.answer``."""
    task, side, rests = await _at(turn, command, "answer")
    hints = tuple(Hint(one.text, one.clause) for one in command.hints)
    given = UnitAnswer(command.opinion, command.text, hints, turn.hand.person_id, turn.at)
    after = rules.answer(task, given, await _days(turn), side)
    said = {
        "opinion": given.opinion,
        "text": given.text,
        "hints": [{"text": one.text, "clause": one.clause} for one in hints],
    }
    return await _told(turn, [after], rests | said)


@acts.judging(CaseReturnTask, CaseTurn)
async def send_back(turn: CaseTurn, command: CaseReturnTask) -> Told:
    """退回重办. Refusals: ``server.case.rules.joint.unit_task.send_back``, ``too_large``."""
    task, side, rests = await _at(turn, command, "return")
    if len(turn.case.unit_tasks) >= rules.TASKS_AT_MOST:
        raise Refusal(Code.TOO_LARGE, at_most=rules.TASKS_AT_MOST)
    ended, fresh = rules.send_back(task, new_id(), command.reason, turn.at, await _days(turn), side)
    told = await _told(turn, [ended, fresh], rests | {"reason": command.reason, "next": fresh.id})
    return replace(told, result={"task_id": fresh.id})


@acts.judging(CaseCloseTask, CaseTurn)
async def close(turn: CaseTurn, command: CaseCloseTask) -> Told:
    """办结. Refusals: ``server.case.rules.joint.unit_task.close``."""
    task, side, rests = await _at(turn, command, "close")
    return await _ended(turn, rules.close(task, turn.at, side), rests)


@acts.judging(CaseCancelTask, CaseTurn)
async def cancel(turn: CaseTurn, command: CaseCancelTask) -> Told:
    """取消. Refusals: ``server.case.rules.joint.unit_task.cancel``."""
    task, side, rests = await _at(turn, command, "cancel")
    after = rules.cancel(task, command.reason, turn.at, side)
    return await _ended(turn, after, rests | {"reason": command.reason})


async def begin(turn: CaseTurn) -> None:
    """The case as the turn has it was accepted: the tasks of its plan are there, and the first are asked for."""
    case = turn.case
    if case.mode != "joint" or not case.item.plan:
        return
    made = list[UnitTask]()
    for step, unit_id in planned.units(case.item, case.applicant, case.entries):
        unit = await staffing.find_authority(turn.connection, unit_id)
        if unit is not None and unit_id != case.unit_id:
            made.append(planned.task(step, new_id(), unit.id, unit.name, turn.at))
    if made:
        asked = _asked([*case.unit_tasks, *made], turn, await _days(turn))
        told = await _told(turn, [asked.get(one.id, one) for one in made], {"plan": case.item.id})
        await turn.tell("case.plan_tasks", told)


async def end_all(turn: CaseTurn, reason: str) -> None:
    """The case ended to the side: nothing is wanted of other units any more."""
    left = [one for one in turn.case.unit_tasks if not one.over]
    if left:
        told = await _told(
            turn, [rules.cancel(one, reason, turn.at) for one in left], {"reason": reason}
        )
        await turn.tell("case.end_tasks", told)


def settled(case: Case) -> None:
    """Before the lead decides. Refused ``unit_tasks_open``, with the names of the units that have not finished."""
    lacking = rules.lacking(case.unit_tasks)
    if lacking:
        raise Refusal(Code.UNIT_TASKS_OPEN, units=",".join(one.unit_id for one in lacking))


async def _at(
    turn: CaseTurn, command: UnitTaskCommand, act: UnitTaskAct
) -> tuple[UnitTask, UnitTaskSide, dict[str, Any]]:
    """The task, and from which side who acts does so. A task of another unit does not exist for a unit's own side."""
    scope = turn.hand.scope
    works = scope is not None or turn.hand.judges()
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=works)
    task = _task(turn.case, command.task_id)
    if scope is not None and task.unit_id != scope.unit_id:
        raise Refusal(Code.NOT_FOUND, task=command.task_id)
    side: UnitTaskSide = "own" if scope is not None else "lead"
    rules.may(task, act, side)
    return task, side, rests | {"task": task.id}


async def _told(turn: CaseTurn, changed: Sequence[UnitTask], payload: Mapping[str, Any]) -> Told:
    """The case with these tasks, new or changed. The lists of their units hear of it."""
    by_id = {one.id: one for one in changed}
    kept = [by_id.pop(one.id, one) for one in turn.case.unit_tasks]
    turn.keep(replace(turn.case, unit_tasks=(*kept, *by_id.values())))
    people = await turn.name(id for one in changed for id in one.people)
    return Told(
        CaseTasked(**turn.stamp, tasks=[unit_task_view(one, people) for one in changed]),
        f"unit_task:{changed[0].id}",
        {**payload, "tasks": {one.id: one.state for one in changed}},
        after=partial(
            turn.house.tell,
            *(
                ListedChanged(unit_id=id, what="tasked")
                for id in sorted({one.unit_id for one in changed})
            ),
        ),
    )


async def _ended(turn: CaseTurn, task: UnitTask, rests: Mapping[str, Any]) -> Told:
    """One that ended, with those that come after it and are asked for now."""
    after = [task if one.id == task.id else one for one in turn.case.unit_tasks]
    asked = _asked(after, turn, await _days(turn))
    return await _told(turn, [task, *asked.values()], rests)


def _asked(
    all_tasks: Sequence[UnitTask], turn: CaseTurn, known: Mapping[Any, bool]
) -> dict[str, UnitTask]:
    return {
        one.id: rules.ask(one, turn.at, known, before=rules.told_before(all_tasks, one))
        for one in rules.ready(all_tasks)
    }


async def _days(turn: CaseTurn) -> Mapping[Any, bool]:
    return await catalogue_rows.known_days(
        turn.connection, CHINA_REGION, china_day(turn.case.created_at), china_day(turn.at) + AHEAD
    )


async def _colleague(turn: CaseTurn, task: UnitTask, person_id: str) -> bool:
    """Whether this colleague is the head of the task's unit. Refused ``no_colleague`` for who cannot do it there."""
    found = (await staff.actors(turn.connection, [person_id])).get(person_id)
    if found is None or not may(found, Act.CASE_JUDGE, unit_id=task.unit_id):
        raise Refusal(Code.NO_COLLEAGUE)
    return Role.HEAD in found.roles


def _task(case: Case, task_id: str) -> UnitTask:
    found = next((one for one in case.unit_tasks if one.id == task_id), None)
    if found is None:
        raise Refusal(Code.NOT_FOUND, task=task_id)
    return found


def _known(case: Case, lines: Sequence[str], names: Sequence[str]) -> None:
    for line in lines:
        if line != OTHER_LINE and case.item.line(line) is None:
            raise Refusal(Code.LINE_UNKNOWN, line=line)
    for name in names:
        group, _, column = name.partition(".")
        field = case.item.fields.get(group)
        if field is None or (column and column not in {one.name for one in field.columns}):
            raise Refusal(Code.FIELD_UNKNOWN, field=name)


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return acts.commands(store, House(listed=listing.telling(store)))
