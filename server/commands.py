"""/api/v1/commands: the commands of the socket for clients that have none.

The same handlers answer, with the same command ids; watching does nothing here.
"""

from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from server.edge import problems
from server.edge.edge import REFERENCE
from server.edge.route import Ask, Nothing, Routes
from server.node import GATEWAY
from server.shapes import UNIONS
from signaling.gateway.connection import Connection
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack

routes: Final = Routes("commands")


class AnyCommand(BaseModel):
    """A command as on the socket: ``type``, ``id`` and the members of its kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    id: str


@routes.route(
    "POST",
    "/api/v1/commands",
    answer=Ack,
    bodies=UNIONS["AnyCommand"],
    problems=tuple(Code),
)
async def send_command(ask: Ask[Nothing, AnyCommand]) -> web.Response:
    """Do what a command asks. Repeating one with its id changes nothing and gives the same answer.

    A refusal is a problem with the status of its code.
    """
    connection = Connection(ask.actor, ask.language)
    ack = await ask.request.app[GATEWAY].hear(connection, ask.body.model_dump())
    if ack.ok:
        return web.Response(
            text=ack.model_dump_json(),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
    refusal = Refusal(Code(ack.code or Code.INTERNAL), **ack.details)
    reference = ack.reference or ask.request[REFERENCE]
    return problems.answer(refusal, ask.language, reference)
