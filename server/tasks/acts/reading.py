"""The lists of a unit's tasks, and who can be given one."""

from datetime import datetime

from server.people.rows import people as staff
from server.rights.person import Act, Actor, may
from server.store import Store
from server.tasks import rows
from server.tasks.acts.turns import admit
from server.tasks.rules import TaskOnly, TaskTab
from server.tasks.views import task_views
from server.tasks.wire import Colleagues, TaskCounts, TaskPage, TaskView
from signaling.refusals import Code, Refusal


async def listing(
    store: Store,
    actor: Actor,
    tab: TaskTab,
    *,
    only: TaskOnly | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> TaskPage:
    """The tasks of the actor's unit under a tab. Refused: ``forbidden`` to who sees none."""
    if not may(actor, Act.TASK_READ, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with store.read() as connection:
        found = await rows.list_tasks(
            connection, actor.unit_id, actor.person_id, tab, only=only, after=after, limit=limit
        )
        counts = await rows.count_tasks(connection, actor.unit_id, actor.person_id, only=only)
        return TaskPage(
            tasks=await task_views(connection, found),
            next_cursor=None,
            counts=TaskCounts(**counts),
            does=may(actor, Act.TASK_DO, unit_id=actor.unit_id),
            supervises=may(actor, Act.TASK_SUPERVISE, unit_id=actor.unit_id),
        )


async def one(store: Store, actor: Actor, task_id: str) -> TaskView:
    """A task of the actor's unit. Refused: ``not_found``."""
    async with store.read() as connection:
        found = await rows.find_listed(connection, task_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND, task=task_id)
        admit(actor, found.task, Act.TASK_READ)
        [view] = await task_views(connection, [found])
    return view


async def colleagues(store: Store, actor: Actor) -> Colleagues:
    """Who at the actor's unit can be given a task. Refused: ``forbidden`` to who gives none."""
    if not may(actor, Act.TASK_DO, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with store.read() as connection:
        ids = [one["id"] for one in await staff.list_people(connection, actor.unit_id)]
        known = await staff.actors(connection, ids)
        able = {id for id, who in known.items() if may(who, Act.TASK_DO, unit_id=actor.unit_id)}
        refs = await staff.person_refs(connection, able)
    return Colleagues(people=sorted(refs.values(), key=lambda one: (one.name, one.id)))
