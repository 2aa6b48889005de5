"""/api/v1/unit-tasks: what the asker's unit has to do in cases that other units lead (协办)."""

from datetime import datetime, time
from typing import Annotated, Final

from pydantic import StringConstraints

from server.case.acts.joint import tasks_of
from server.case.rules.joint.unit_task import UnitTaskTab
from server.case.wire.course.joint import UnitTasks
from server.edge.route import STORE, Ask, Nothing, Routes, read_cursor, write_cursor
from server.standards.working_days import CHINA
from signaling.refusals import Code
from signaling.wire.envelope import Message

routes: Final = Routes("cases")
PAGE: Final = 50


class UnitTaskQuery(Message):
    tab: UnitTaskTab = "to_do"
    """In which it is my unit's turn, which wait for the lead, or are over."""
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


@routes.route("GET", "/api/v1/unit-tasks", problems=(Code.FORBIDDEN,))
async def list_unit_tasks(ask: Ask[UnitTaskQuery, Nothing]) -> UnitTasks:
    """The tasks of my unit, the most urgent first; those that are over, the newest first."""
    found = await tasks_of.listing(
        ask.request.app[STORE],
        ask.actor,
        ask.query.tab,
        after=read_cursor(ask.query.cursor),
        limit=PAGE + 1,
    )
    last = found.tasks[PAGE - 1] if len(found.tasks) > PAGE else None
    at = last.ended_at if last else None
    if last and last.next_on:
        at = datetime.combine(last.next_on, time(), CHINA)
    cursor = write_cursor(at, last.id) if last and at else None
    return found.model_copy(update={"tasks": found.tasks[:PAGE], "next_cursor": cursor})
