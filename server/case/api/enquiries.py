"""/api/v1/enquiries: an applicant asks how his case stands, without a sign-in."""

from dataclasses import asdict
from typing import Final

from aiohttp import web

from server.case.acts.course.enquiries import Enquiries
from server.case.wire.http import Enquire, EnquiryView
from server.edge.edge import source
from server.edge.route import Ask, Nothing, Routes
from signaling.refusals import Code

ENQUIRIES: Final = web.AppKey("enquiries", Enquiries)

routes: Final = Routes("enquiries")


@routes.route("POST", "/api/v1/enquiries", public=True, problems=(Code.NOT_FOUND, Code.THROTTLED))
async def enquire(ask: Ask[Nothing, Enquire]) -> EnquiryView:
    """How the case of this 办件编号 stands; not found, whichever of the two is wrong."""
    found = await ask.request.app[ENQUIRIES].find(
        ask.body.number, ask.body.identity_tail, source(ask.request)
    )
    return EnquiryView(**asdict(found))
