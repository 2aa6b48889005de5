"""/api/v1/publicity: 双公示 of one's unit, for who administers it or watches over it."""

from typing import Final

from server.case.acts.elsewhere import publicity
from server.case.wire.course.publicity import (
    Publicity,
    PublicityChoice,
    PublicityDays,
    PublicityFile,
)
from server.edge.route import STORE, Ask, Nothing, Routes
from signaling.refusals import Code

routes: Final = Routes("publicity")


@routes.route("GET", "/api/v1/publicity", problems=(Code.FORBIDDEN, Code.BAD_DATE))
async def read_publicity(ask: Ask[PublicityDays, Nothing]) -> Publicity:
    """What my unit granted on these days, by when each is to be exported, and when it was."""
    return await publicity.listed(ask.request.app[STORE], ask.actor, ask.query)


@routes.route(
    "POST",
    "/api/v1/publicity/exports",
    problems=(Code.FORBIDDEN, Code.BAD_DATE, Code.THROTTLED),
    act="publicity.export",
)
async def export_publicity(ask: Ask[Nothing, PublicityDays]) -> PublicityFile:
    """The file of these days, in the fields of the credit platform; an act with its entry."""
    return await publicity.export(ask.request.app[STORE], ask.actor, ask.body)


@routes.route(
    "PUT",
    "/api/v1/cases/{case_id}/publicity",
    status=204,
    problems=(Code.FORBIDDEN, Code.NOT_FOUND, Code.REASON_MISSING),
    act="publicity.choose",
)
async def choose_publicity(ask: Ask[Nothing, PublicityChoice]) -> None:
    """不予公示 with its reason, or that it is published."""
    await publicity.choose(ask.request.app[STORE], ask.actor, ask.path("case_id"), ask.body)
