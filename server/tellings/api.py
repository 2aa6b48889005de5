"""/api/v1/telling-receipts: the gateway reports what became of a message."""

from typing import Final

from aiohttp import web

from server.edge.edge import source
from server.edge.route import Ask, Header, Nothing, Routes
from server.tellings.acts.receipts import Receipts
from server.tellings.sms import SIGNATURE
from server.tellings.wire import Receipt
from signaling.refusals import Code

RECEIPTS: Final = web.AppKey("receipts", Receipts)
routes: Final = Routes("tellings")
_SIGNED: Final = Header(
    SIGNATURE, {"type": "string"}, "The second, and HMAC-SHA256 of it and the body", required=False
)


@routes.route(
    "POST",
    "/api/v1/telling-receipts",
    public=True,
    problems=(Code.NOT_FOUND, Code.FORBIDDEN),
    headers=(_SIGNED,),
)
async def take_receipt(ask: Ask[Nothing, Receipt]) -> None:
    """A message arrived, or it did not. Signed by the gateway; the same receipt twice changes nothing."""
    said = ask.request.headers.get(SIGNATURE, "")
    body = await ask.request.read()
    await ask.request.app[RECEIPTS].take(ask.body, body, said, source(ask.request))
