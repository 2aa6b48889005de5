"""/api/v1/calendar: the working days, and the cases that a change of them moves."""

from typing import Final

from server.case.acts.course import calendar
from server.case.wire.http import (
    CalendarChange,
    CalendarEdit,
    CalendarYear,
)
from server.edge.route import STORE, Ask, Nothing, Routes
from signaling.refusals import Code, Refusal

routes: Final = Routes("catalogue")


@routes.route("GET", "/api/v1/calendar/{year}", problems=(Code.NOT_FOUND,))
async def read_calendar(ask: Ask[Nothing, Nothing]) -> CalendarYear:
    """The working-day calendar of a year, as far as it is known."""
    year = ask.path("year")
    if not year.isdecimal() or len(year) != 4:
        raise Refusal(Code.NOT_FOUND)
    return await calendar.year(ask.request.app[STORE], int(year))


@routes.route(
    "POST",
    "/api/v1/calendar",
    problems=(Code.FORBIDDEN, Code.BAD_DATE),
    act="calendar.edit",
)
async def edit_calendar(ask: Ask[Nothing, CalendarEdit]) -> CalendarChange:
    """Set days of the calendar; accepted cases whose limit runs on are counted anew.

    With ``dry_run`` nothing is written, and it is told which would move.
    """
    return await calendar.edit(ask.request.app[STORE], ask.actor, ask.body)
