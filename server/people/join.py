"""What a node has of people: accounts, sign-ins, and the watch over those that are over."""

from typing import Final

from server.edge.edge import AUTHENTICATE, USED
from server.edge.senders import SENDERS, Senders
from server.node import Node
from server.people.acts.accounts import Accounts
from server.people.acts.passwords import Passwords
from server.people.acts.sessions import Sessions
from server.people.api import accounts, administration, sessions
from signaling.wire.envelope import Who

ROUTES: Final = (sessions.routes, accounts.routes, administration.routes)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    app, gateway = node.app, node.gateway
    hashing = Passwords()
    app[sessions.SESSIONS] = book = Sessions(
        node.store, passwords=hashing, idle_s=node.settings.idle_s
    )
    app[accounts.ACCOUNTS] = Accounts(node.store, passwords=hashing)
    app[AUTHENTICATE] = book.authenticate
    app[USED] = book.used
    app[SENDERS] = senders = Senders()

    async def over(session_id: str) -> None:
        senders.cut(session_id)
        await gateway.disconnect_session(session_id)

    def connected() -> set[Who]:
        return gateway.connected() | senders.who()

    app[sessions.DISCONNECT] = over
    node.runs("sessions", lambda: book.watch(connected, over, gateway.reconnect, senders.who))
