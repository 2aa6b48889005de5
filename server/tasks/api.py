"""/api/v1/tasks: what the asker's unit has to see to."""

from typing import Annotated, Final

from pydantic import StringConstraints

from server.edge.route import STORE, Ask, Nothing, Routes, read_cursor, write_cursor
from server.tasks.acts import reading
from server.tasks.rules import TaskOnly, TaskTab
from server.tasks.wire import Colleagues, TaskPage, TaskView
from signaling.refusals import Code
from signaling.wire.envelope import Message

routes: Final = Routes("tasks")
PAGE: Final = 50


class TaskQuery(Message):
    tab: TaskTab = "mine"
    """What lies with me, with colleagues, is demanded, lies with nobody yet, is to be told to applicants, or is over."""
    only: TaskOnly | None = None
    """帮办 and 代办 alone, in the list and in its counts."""
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


@routes.route("GET", "/api/v1/tasks", problems=(Code.FORBIDDEN,))
async def list_tasks(ask: Ask[TaskQuery, Nothing]) -> TaskPage:
    """The tasks of my unit, the next first; those that are over, the newest first."""
    found = await reading.listing(
        ask.request.app[STORE],
        ask.actor,
        ask.query.tab,
        only=ask.query.only,
        after=read_cursor(ask.query.cursor),
        limit=PAGE + 1,
    )
    last = found.tasks[PAGE - 1] if len(found.tasks) > PAGE else None
    at = last and (last.ended_at if ask.query.tab == "ended" else last.next_at)
    cursor = write_cursor(at, last.id) if last and at else None
    return found.model_copy(update={"tasks": found.tasks[:PAGE], "next_cursor": cursor})


@routes.route("GET", "/api/v1/colleagues", problems=(Code.FORBIDDEN,))
async def list_colleagues(ask: Ask[Nothing, Nothing]) -> Colleagues:
    """To whom a task of my unit can be handed."""
    return await reading.colleagues(ask.request.app[STORE], ask.actor)


@routes.route("GET", "/api/v1/tasks/{task_id}", problems=(Code.NOT_FOUND,))
async def read_task(ask: Ask[Nothing, Nothing]) -> TaskView:
    """One task of my unit, with its sources and results."""
    return await reading.one(ask.request.app[STORE], ask.actor, ask.path("task_id"))
