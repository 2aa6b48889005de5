"""The one place where concrete things meet: settings in, a running application out.

Opens the store, lets each room join in the order of its list and closes all in reverse. A new room is a line
of that list. No rule and no decision of the product is made here.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aiohttp import web

from media.control import fits_socket, socket_path
from server import control, live, openapi
from server.audit import join as audit
from server.calls import join as calls
from server.case import join as case
from server.case.acts.course import calling
from server.catalogue import join as catalogue
from server.edge import pages
from server.edge.edge import EDGE, EdgeSettings, edge, secure_headers
from server.edge.figures import FIGURES, Figures
from server.edge.listener import Runner
from server.edge.route import MAX_BODY_BYTES, STORE
from server.health import join as health
from server.health.api.machine import DESCRIPTION, VERSION
from server.jobs import join as jobs
from server.neighbours import join as neighbours
from server.neighbours.relay import NODES
from server.node import HouseRoom, Node
from server.papers import join as papers
from server.people import join as people
from server.settings import Settings
from server.standards import regions
from server.store import Clock, Store
from server.tasks import join as tasks
from server.tellings import join as tellings
from server.uploads import join as uploads

ROOMS: Final[tuple[HouseRoom, ...]] = (
    live,
    people,
    neighbours,
    jobs,
    catalogue,
    tasks,
    tellings,
    papers,
    calls,
    case,
    uploads,
    audit,
    health,
)
"""What a node has, each after those that it stands on."""
ROUTES: Final = tuple(routes for room in ROOMS for routes in room.ROUTES)

ENDS_WITHIN_S: Final = 3.0
"""How long requests in progress are waited for at the end."""
IDLE_S: Final = 75.0
"""How long a connection is kept on which nothing is asked; longer than nginx keeps one to us."""
LINGERS_S: Final = 1.0
"""How long a refused body is still read, so that its sender sees the answer."""


def make(
    settings: Settings,
    clock: Clock | None = None,
    *,
    media: bool = True,
    keep_media: bool = False,
) -> web.Application:
    """The application; everything it needs is opened when it starts and closed when it ends.

    The database must be at the newest migration. Without ``media`` no worker is started and calls
    have no picture; with ``keep_media`` the worker outlives an orderly end, for a restart.
    """
    app = web.Application(middlewares=[edge], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(secure_headers)
    app[EDGE] = EdgeSettings(
        origins=frozenset(settings.origins),
        proxies=tuple(ipaddress.ip_network(address) for address in settings.trusted_proxies),
    )
    app[FIGURES] = Figures()
    app[DESCRIPTION] = _description()
    node = Node(app, settings, clock, media=media, keep_media=keep_media)

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with node, _joined(node):
            yield

    async def hung_up(app: web.Application) -> None:
        await node.hang_up()

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(hung_up)
    for routes in ROUTES:
        routes.add_to(app)
    pages.add_pages(app)
    return app


@cache
def _description() -> Mapping[str, Any]:
    """Of all routes, which are the same for every node of this process: to make it is most of a node's start."""
    return openapi.describe(ROUTES, VERSION)


@asynccontextmanager
async def _joined(node: Node) -> AsyncIterator[None]:
    """The store, all rooms, and the command line's socket, for the time of the block."""
    settings = node.settings
    if node.media:
        # Before anything is opened: no later try could end otherwise.
        for path in settings.media_workers or (socket_path(node.data / "media"),):
            fits_socket(path)
    await asyncio.to_thread(
        regions.table
    )  # the first form to name a region would read it in the loop
    node.app[STORE] = store = await Store.open(settings.store, node.clock)
    node.closes(store.close)
    node.app[calls.ABOUT] = calling
    for room in ROOMS:
        await room.join(node)
    await node.start()
    async with control.listening(node.data, store):
        await node.gateway.start()
        yield


@dataclass(frozen=True, slots=True)
class Running:
    """A node that serves at ``address``."""

    app: web.Application
    address: str
    port: int


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The server's certificate, when there is one."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Clock | None = None,
    *,
    media: bool = True,
    keep_media: bool = False,
) -> AsyncIterator[Running]:
    """Serve until the block ends. Port 0 lets the system choose; the address says which."""
    app = await asyncio.to_thread(make, settings, clock, media=media, keep_media=keep_media)
    tls = await asyncio.to_thread(tls_context, settings)
    runner = Runner(
        app,
        access_log=None,
        shutdown_timeout=ENDS_WITHIN_S,
        lingering_time=LINGERS_S,
        keepalive_timeout=IDLE_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        await app[NODES].listens(port)
        shown = f"[{host}]" if ":" in host else host
        yield Running(app, f"{'https' if tls else 'http'}://{shown}:{port}", port)
    finally:
        await runner.cleanup()
