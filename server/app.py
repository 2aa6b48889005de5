"""The one place where concrete things meet: settings in, a running application out.

Opens what a node needs in order, hands it to the edges and closes it in reverse.
No rule and no decision of the product is made here.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from server import settings as configuration
from server.actions.sessions import Sessions
from server.api import machine, openapi, pages, sessions
from server.api.edge import AUTHENTICATE, EDGE, EdgeSettings, edge, secure_headers
from server.api.figures import FIGURES, Figures
from server.api.route import MAX_BODY_BYTES, STORE
from server.store import Clock, Store

ROUTES = (sessions.routes, machine.routes)


def edge_settings(settings: configuration.Settings) -> EdgeSettings:
    """What the edge needs of the settings."""
    return EdgeSettings(
        origins=frozenset(settings.origins),
        proxies=tuple(ipaddress.ip_network(p) for p in settings.trusted_proxies),
    )


def make(settings: configuration.Settings, clock: Clock | None = None) -> web.Application:
    """The application; everything it needs is opened when it starts and closed when it ends.

    The database must be at the newest migration.
    """
    app = web.Application(middlewares=[edge], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(secure_headers)
    app[EDGE] = edge_settings(settings)
    app[FIGURES] = Figures()
    app[machine.UPLOAD_LIMITS] = machine.UploadLimits(
        settings.max_upload_bytes, ("application/pdf",), 86400
    )
    app[machine.DESCRIPTION] = openapi.describe(ROUTES, machine.VERSION)

    async def opened(app: web.Application) -> AsyncIterator[None]:
        store = await Store.open(settings.store, clock)
        app[STORE] = store
        book = Sessions(store)
        app[sessions.SESSIONS] = book
        app[AUTHENTICATE] = book.authenticate

        async def disconnect(session_id: str) -> None:
            pass

        app[sessions.DISCONNECT] = disconnect
        yield
        await store.close()

    app.cleanup_ctx.append(opened)
    for routes in ROUTES:
        routes.add_to(app)
    pages.add_pages(app)
    return app


@dataclass(frozen=True, slots=True)
class Running:
    """A node that serves at ``address``."""

    app: web.Application
    address: str
    port: int


def tls_context(settings: configuration.Settings) -> ssl.SSLContext | None:
    """The server's certificate, when there is one."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context


@asynccontextmanager
async def running(
    settings: configuration.Settings, clock: Clock | None = None
) -> AsyncIterator[Running]:
    """Serve until the block ends. Port 0 lets the system choose; the address says which."""
    app = await asyncio.to_thread(make, settings, clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
    await runner.setup()
    try:
        tls = await asyncio.to_thread(tls_context, settings)
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        if ipaddress.ip_address(host).is_unspecified:
            host = socket.gethostname()
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if tls else "http"
        yield Running(runner.app, f"{scheme}://{shown}:{port}", port)
    finally:
        await runner.cleanup()
