"""The live edge of a node: who a socket is, what each audience is told, and commands over HTTP.

Opens the gateway, which all other rooms hand their commands to, and the ledger's way for what is refused.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from server import commands
from server.edge import problems
from server.edge.edge import AUTHENTICATE, USED, is_secure, socket_token, source
from server.edge.route import REFUSALS
from server.node import GATEWAY, Node
from server.people.api.sessions import SESSIONS
from server.projection import parted, project
from server.rights.person import Actor
from server.store.refusing import Refusals
from signaling.gateway.gateway import Gateway
from signaling.gateway.handshake import Handshake
from signaling.refusals import Refusal
from signaling.wire.envelope import Who

ROUTES: Final = (commands.routes,)
security_log = structlog.get_logger("security")


async def join(node: Node) -> None:
    """See ``Room``."""
    app, store = node.app, node.store
    app[REFUSALS] = refusals = Refusals(store)

    async def who(handshake: Handshake) -> Who | None:
        token = _token_of(handshake)
        actor = await app[AUTHENTICATE](token) if token else None
        if actor is not None and token not in handshake.cookies.values():
            app[USED](actor.session_id)  # a program: it tells nothing apart
        return actor

    async def who_now(shown: Sequence[Handshake]) -> list[Actor | None]:
        return await app[SESSIONS].authenticate_all([_token_of(one) or "" for one in shown])

    async def flushed() -> None:
        with suppress(Refusal):
            await refusals.flush(all_of_them=True)

    app[GATEWAY] = gateway = Gateway(
        authenticate=who,
        recheck=who_now,
        outbox=store,
        project=project,
        parted=parted,
        sentence=problems.sentence,
        refused=refusals.command,
        relay=store.bus.ephemeral,
        security=lambda what, ids: security_log.warning(what, **ids),
        allowed_origins=node.settings.origins,
        secure=is_secure,
        source=source,
    )
    gateway.attach(app)
    store.bus.subscribe(gateway.publish, ephemeral=gateway.deliver, missed=gateway.missed)

    async def sockets() -> dict[str, int]:
        return dict(gateway.figures())

    node.figures["gateway"] = sockets
    node.hangs_up(gateway.close)
    node.closes(flushed)
    node.runs("refusals", refusals.run)


def _token_of(handshake: Handshake) -> str | None:
    return socket_token(
        handshake.headers, handshake.cookies, handshake.auth, secure=handshake.secure
    )
