"""Tellings as pages of a case are told of them, with what people entered of those that they tell."""

from collections.abc import Mapping
from typing import Final

from server.people.rows.people import person_refs
from server.rights.person import Act, Actor, may
from server.tasks.rows import find as find_task
from server.tasks.rules import Task
from server.tasks.wire import TaskResultView
from server.tellings import rows
from server.tellings.rules import Telling, TellingState, step_of
from server.tellings.wire import Tellings, TellingShown, TellingView
from signaling.wire.envelope import PersonRef

_PLAIN: Final[dict[TellingState, TellingShown]] = {
    "waiting": "waiting",
    "sent": "sent",
    "received": "received",
    "lapsed": "untold",
}


async def tellings_of(connection: rows.Connection, actor: Actor, case_id: str) -> Tellings:
    """The tellings of a case for who sees it."""
    found = await rows.of_case(connection, case_id)
    tasks = {
        one.task_id: await find_task(connection, one.task_id)
        for one, _ in found
        if one.task_id is not None
    }
    known = [task for task in tasks.values() if task is not None]
    named = {id for task in known for id in (task.owner_id, *(one.by for one in task.results))}
    people = await person_refs(connection, {id for id in named if id})
    return Tellings(
        tellings=[
            _view(one, name, tasks.get(one.task_id or ""), actor, people) for one, name in found
        ]
    )


def _view(
    one: Telling, unit_name: str, task: Task | None, actor: Actor, people: Mapping[str, PersonRef]
) -> TellingView:
    mine = task is not None and not task.over and may(actor, Act.TASK_DO, unit_id=task.unit_id)
    return TellingView(
        id=one.id,
        step=step_of(one),
        unit_name=unit_name,
        number=one.number,
        day=one.day,
        made_at=one.made_at,
        state=shown(one, task),
        sent_at=one.sent_at,
        received_at=one.received_at,
        why=one.why,
        owner=people.get(task.owner_id or "") if task else None,
        results=[
            TaskResultView(
                outcome=told.outcome, text=told.text, at=told.at, by=people.get(told.by or "")
            )
            for told in (task.results if task else ())
        ],
        task_id=task.id if task and mine else None,
        task_version=task.version if task and mine else None,
    )


def shown(one: Telling, task: Task | None) -> TellingShown:
    """Of what was handed to people the task says what became of it."""
    if one.state != "handed" or task is None:
        return _PLAIN.get(one.state, "to_tell")
    if not task.over:
        return "to_tell"
    return "told" if task.state == "closed" else "untold"
