"""/api/v1/externals: an external system reports what it did with a case that is decided in it, and states its day; who
administers the unit or watches over it reads both sides of a day."""

from datetime import date
from typing import Final

from aiohttp import hdrs, web

from server.case.acts.elsewhere.comparing import Comparing, as_csv
from server.case.acts.elsewhere.reporting import Reporting, Said
from server.case.wire.course.external import (
    ExternalList,
    ExternalReport,
    ExternalStated,
    ExternalStatement,
    ExternalTaken,
    Reconciliation,
)
from server.edge.edge import DOWNLOADED, attachment, source
from server.edge.route import Ask, Header, Nothing, Routes
from server.standards import webhooks
from signaling.refusals import Code
from signaling.wire.envelope import Message

REPORTING: Final = web.AppKey("reporting", Reporting)
COMPARING: Final = web.AppKey("comparing", Comparing)
routes: Final = Routes("externals")
CSV: Final = "text/csv"
_SIGNED: Final = (
    Header(
        webhooks.ID, {"type": "string"}, "Id of the message; again with each try", required=False
    ),
    Header(
        webhooks.TIMESTAMP, {"type": "string"}, "The second in which it was signed", required=False
    ),
    Header(
        webhooks.SIGNATURE,
        {"type": "string"},
        "v1, and the base64 of HMAC-SHA256 of id, second and body (Standard Webhooks)",
        required=False,
    ),
)


@routes.route(
    "POST",
    "/api/v1/externals/{external_id}/reports",
    public=True,
    problems=(
        Code.NOT_FOUND, Code.FORBIDDEN, Code.THROTTLED, Code.COMMAND_ID_REUSED, Code.OTHER_STEP, Code.CASE_ARCHIVED,
        Code.NUMBER_MISSING, Code.BAD_DATE, Code.REASON_MISSING, Code.RESULT_MISSING, Code.OWED_STILL,
    ),
    headers=_SIGNED,
)  # fmt: skip
async def take_report(ask: Ask[Nothing, ExternalReport]) -> ExternalTaken:
    """The system accepted a case, granted, denied or issued. Signed with its key; the same message twice changes
    nothing."""
    body = await ask.request.read()
    reporting, said = ask.request.app[REPORTING], _said(ask.request)
    return await reporting.take(ask.path("external_id"), ask.body, body, said, source(ask.request))


def _said(request: web.Request) -> Said:
    return Said(*(request.headers.get(one.name, "") for one in _SIGNED))


@routes.route(
    "POST",
    "/api/v1/externals/{external_id}/statements",
    public=True,
    problems=(
        Code.NOT_FOUND,
        Code.FORBIDDEN,
        Code.THROTTLED,
        Code.COMMAND_ID_REUSED,
        Code.BAD_DATE,
    ),
    headers=_SIGNED,
)
async def take_statement(ask: Ask[Nothing, ExternalStatement]) -> ExternalStated:
    """All that the system did on a day. Signed with its key; the same message twice changes nothing."""
    body = await ask.request.read()
    comparing, said = ask.request.app[COMPARING], _said(ask.request)
    return await comparing.take(ask.path("external_id"), ask.body, body, said, source(ask.request))


class DayQuery(Message):
    on: date
    """The day, in China."""


@routes.route("GET", "/api/v1/externals", problems=(Code.FORBIDDEN,))
async def list_externals(ask: Ask[Nothing, Nothing]) -> ExternalList:
    """The external systems of my unit."""
    return await ask.request.app[COMPARING].listed(ask.actor)


@routes.route(
    "GET",
    "/api/v1/externals/{external_id}/reconciliation",
    problems=(Code.NOT_FOUND, Code.FORBIDDEN),
)
async def read_reconciliation(ask: Ask[DayQuery, Nothing]) -> Reconciliation:
    """对账: what the cases have of a day beside what the system states of it."""
    comparing = ask.request.app[COMPARING]
    return await comparing.compared(ask.actor, ask.path("external_id"), ask.query.on)


@routes.route(
    "GET",
    "/api/v1/externals/{external_id}/reconciliation/file",
    produces=CSV,
    problems=(Code.NOT_FOUND, Code.FORBIDDEN),
)
async def read_reconciliation_file(ask: Ask[DayQuery, Nothing]) -> web.StreamResponse:
    """The same as a file for an office program."""
    comparing = ask.request.app[COMPARING]
    told = await comparing.compared(ask.actor, ask.path("external_id"), ask.query.on)
    name = f"对账-{told.external.system}-{told.on.isoformat()}.csv"
    headers = {**DOWNLOADED, hdrs.CONTENT_DISPOSITION: attachment(name)}
    return web.Response(body=as_csv(told), content_type=CSV, charset="utf-8", headers=headers)
