"""What somebody has to see to when a step of a case fails: a task of 内部跟办, opened in the transaction of the step,
or by a sweep once a day of the case has passed.

Nothing of the case changes by it. Its rules and its rows are of ``server.tasks``.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final, NoReturn

from server.case.rows import overdue
from server.case.rows.overdue import Passed, limit_once
from server.case.rules.course.course import Migrated
from server.case.rules.course.due import ClockName
from server.case.rules.materials.promise import VERIFY_WITHIN
from server.case.turn import CaseTurn
from server.case.views import course_view
from server.case.wire.course.advancing import CaseAdvanced
from server.people.rows import people as staff
from server.rights.ids import new_id
from server.rights.person import Act, may
from server.rights.subjects import of_case
from server.standards.working_days import china_day
from server.store import SYSTEM, Store
from server.store.batch import write
from server.store.subject import Told
from server.tasks import rules as task_rules
from server.tasks.acts import turns as tasks
from server.tasks.rules import TaskCause, TaskSource
from signaling.refusals import Refusal

SWEPT_EVERY_S: Final = 300.0
SEEN_TO_WITHIN: Final = timedelta(days=1)
OURS: Final[frozenset[ClockName]] = frozenset({"taking_in", "archiving"})
"""Clocks that are ours and not the law's: the head is not told at once when they are over."""
_NEXT: Final[dict[TaskCause, tuple[str, str]]] = {
    "post_returned": ("证照送到申请人手里", "联系申请人核对地址"),
    "correction_passed": ("补正材料补齐，或办结退件", "联系申请人，问是否还要办理"),
    "promise_passed": ("承诺后补的材料补齐", "联系申请人催交材料"),
    "declared_untrue": ("不实承诺依法处理", "核实情况，决定是否撤销已作出的决定"),
    "limit_passed": ("超期的办件办下去", "办理要做的事，或写明为什么还办不了"),
}
"""What is to come of it, and what is to be done first."""


async def post_returned(turn: CaseTurn, note: str) -> None:
    """A delivery came back: it lies with who entered that, at his unit."""
    await tasks.open_task(
        turn.change,
        _followed(turn, "post_returned", note, turn.actor.unit_id, turn.actor.person_id),
    )


async def to_verify(turn: CaseTurn) -> None:
    """The case is granted on a declaration (告知承诺): it is to be verified (核查) within two months. It lies with who handles
    the case."""
    if not turn.case.unverified:
        return
    await tasks.open_once(
        turn.change,
        task_rules.opened(
            new_id(),
            turn.case_id,
            "verify",
            turn.case.unit_id,
            "核查告知承诺是否属实",
            TaskSource("declared", _named(turn, turn.case.unverified), turn.at),
            next_step="核查承诺内容，在办件中登记结果",
            next_at=turn.at + VERIFY_WITHIN,
            owner_id=turn.case.owner_id,
            once="verify",
        ),
    )


async def verified(turn: CaseTurn, line: str, *, untrue: bool) -> None:
    """What was declared for a line was verified: the task is over with the last of them. What is found untrue of a case
    that was granted is somebody's to see to."""
    if not turn.case.unverified:
        await tasks.seen_to(turn.change, turn.case_id, "verify", "已核查", {"line": line})
    if untrue and turn.case.course.ruling is not None:
        text = _named(turn, [line])
        unit_id, person_id = turn.actor.unit_id, turn.actor.person_id
        task = _followed(turn, "declared_untrue", text, unit_id, person_id, f"untrue:{line}")
        await tasks.open_once(turn.change, task)


def _named(turn: CaseTurn, lines: Sequence[str]) -> str:
    names = {one.key: one.name for one in turn.case.item.lines}
    return "、".join(names.get(line, line) for line in lines)


async def passed_on(turn: CaseTurn, unit_id: str) -> None:
    """Another unit decides the case, as the turn keeps it from now on: what the unit before had to see to as the one
    that decided lies with that one now. What a unit has to see to at its window stays there."""
    case, before = turn.case, turn.case.referrals[-1].from_unit_id
    running = case.running
    late = running and running.turn == "approver" and limit_once(running.on)

    def moves(task: task_rules.Task) -> bool:
        of_decider = before != case.window_unit_id or task.once == late
        return task.kind == "callback" or (task.unit_id == before and of_decider)

    await tasks.case_passed_on(turn.change, turn.case_id, unit_id, moves)


async def sweep(store: Store) -> int:
    """Open a task for each case of which a day has passed, once; how many were opened. Several nodes may sweep."""
    async with store.read() as connection:
        passed = await overdue.list_passed(connection, china_day(store.clock.now()))
    made = 0
    for one in passed:
        async with store.change(SYSTEM) as change:
            turn = await CaseTurn.open(change, one.case_id)
            # the case may have gone on since the list was read
            if one not in await overdue.list_passed(
                change.connection, china_day(change.at), one.case_id
            ):
                continue
            unit_id, clerk_id = turn.case.window_unit_id, turn.case.clerk_id
            known = (await staff.actors(change.connection, [clerk_id])).get(clerk_id)
            able = known is not None and may(known, Act.TASK_DO, unit_id=unit_id)
            text = one.on.isoformat()
            task = _followed(turn, one.cause, text, unit_id, clerk_id if able else None, one.once)
            made += await tasks.open_once(change, task)
    return made + await _sweep_limits(store)


async def _sweep_limits(store: Store) -> int:
    """As ``sweep``, for the clocks of the cases; one that stands still is not over."""
    made, after = 0, None
    while True:
        async with store.read() as connection:
            late = await overdue.list_late(connection, china_day(store.clock.now()), after)
        for one in late:
            async with store.change(SYSTEM, of=of_case(one.case_id)) as change:
                made += await _late(await CaseTurn.open(change, one.case_id), one)
        if len(late) < overdue.AT_ONCE:
            return made
        after = (late[-1].on, late[-1].case_id)


async def _late(turn: CaseTurn, passed: Passed) -> bool:
    """超期: kept in the ledger under the case, and a task of the side whose turn it is, which is its owner's; the head
    is told at once where the limit is the law's. False where the case went on, or is told of."""
    running = turn.case.running
    if running is None or running.on != passed.on or running.stopped:
        return False
    window = running.turn == "window"
    unit_id = turn.case.window_unit_id if window else turn.case.unit_id
    owner_id = turn.case.clerk_id if window else turn.case.owner_id
    known = (await staff.actors(turn.connection, [owner_id])).get(owner_id) if owner_id else None
    able = known is not None and may(known, Act.TASK_DO, unit_id=unit_id)
    text = passed.on.isoformat()
    level = 0 if running.clock in OURS else task_rules.LEVEL_HEAD
    task = _followed(
        turn, passed.cause, text, unit_id, owner_id if able else None, passed.once, level
    )
    if not await tasks.open_once(turn.change, task):
        return False
    await turn.tell(
        "case.overdue",
        Told(None, turn.subject, {"clock": running.clock, "on": text, "task": task.id}),
    )
    return True


async def migrate(store: Store) -> int:
    """迁移: enter of each case that an upgrade marked that it goes on, from the day of the upgrade; how many. One that
    went on by itself meanwhile is entered all the same. Several nodes may do it: each case is entered once."""
    made = 0
    while True:
        async with store.read() as connection:
            marked = await overdue.list_to_migrate(connection)
        for case_id, on in marked:
            async with store.change(SYSTEM, of=of_case(case_id)) as change:
                made += await _migrated(await CaseTurn.open(change, case_id), on)
        if len(marked) < overdue.AT_ONCE:
            return made


async def _migrated(turn: CaseTurn, on: date) -> bool:
    if turn.case.course.migrated is not None:
        await _entered(turn)
        return False
    after = replace(turn.case.course, migrated=Migrated(on, turn.at))
    turn.keep(replace(turn.case, course=after))
    view = course_view(after, turn.people)
    event = CaseAdvanced(**turn.stamp, step="migrated", state=turn.case.state, course=view)
    payload = {"on": on.isoformat()}
    await turn.tell(
        "case.migrate", Told(event, turn.subject, payload, then=partial(_entered, turn))
    )
    return True


async def _entered(turn: CaseTurn) -> None:
    done = overdue.no_longer_to_migrate(turn.case_id, turn.case.due_on)
    await write(turn.connection, [done])


async def run(store: Store) -> NoReturn:
    """Sweep for ever, once what an upgrade left is entered."""
    with suppress(Refusal):
        await migrate(store)
    while True:
        with suppress(Refusal):  # the database is away: the next time
            await sweep(store)
        await asyncio.sleep(SWEPT_EVERY_S)


def _followed(
    turn: CaseTurn,
    cause: TaskCause,
    text: str,
    unit_id: str,
    owner_id: str | None,
    once: str | None = None,
    level: int = 0,
) -> task_rules.Task:
    wanted, step = _NEXT[cause]
    return task_rules.opened(
        new_id(),
        turn.case_id,
        "follow",
        unit_id,
        wanted,
        TaskSource(cause, text, turn.at),
        next_step=step,
        next_at=turn.at + SEEN_TO_WITHIN,
        owner_id=owner_id,
        once=once,
        level=level,
    )
