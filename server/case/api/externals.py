"""/api/v1/externals: an external system reports what it did with a case that is decided in it."""

from typing import Final

from aiohttp import web

from server.case.acts.elsewhere.reporting import Reporting, Said
from server.case.wire.course.external import ExternalReport, ExternalTaken
from server.edge.edge import source
from server.edge.route import Ask, Header, Nothing, Routes
from server.standards import webhooks
from signaling.refusals import Code

REPORTING: Final = web.AppKey("reporting", Reporting)
routes: Final = Routes("externals")
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
    told = ask.request.headers
    said = Said(*(told.get(one.name, "") for one in _SIGNED))
    body = await ask.request.read()
    reporting = ask.request.app[REPORTING]
    return await reporting.take(ask.path("external_id"), ask.body, body, said, source(ask.request))
