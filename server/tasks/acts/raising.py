"""提级: a task whose time has come without a result is raised, by the house.

Several nodes may sweep: each locks the task, looks again and raises it once.
"""

import asyncio
from contextlib import suppress
from typing import Final, NoReturn

from server.rights.subjects import of_task
from server.store import SYSTEM, Store
from server.tasks import rows, rules
from server.tasks.acts.turns import TaskTurn
from signaling.refusals import Refusal

SWEPT_EVERY_S: Final = 20.0


async def sweep(store: Store) -> int:
    """Raise what is due now; how many were."""
    async with store.read() as connection:
        due = await rows.to_raise(connection, store.clock.now())
    raised = 0
    for task_id in due:
        async with store.change(SYSTEM, None, of=of_task(task_id)) as change:
            turn = await TaskTurn.at_task(change, task_id)
            after = rules.raised(turn.task, change.at)
            if after is not turn.task:
                await turn.done("task.raise", after, {"level": after.level})
                raised += 1
    return raised


async def run(store: Store) -> NoReturn:
    """Sweep for ever."""
    while True:
        await asyncio.sleep(SWEPT_EVERY_S)
        with suppress(Refusal):  # the database is away: the next time
            await sweep(store)
