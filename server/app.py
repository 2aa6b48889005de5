"""The one place where concrete things meet: settings in, a running application out.

Opens what a node needs in order, hands it to the edges and closes it in reverse.
No rule and no decision of the product is made here.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from media import turn
from media.client import Limits, Worker, attach, name_of, spawn
from media.control import fits_socket, socket_path
from server import commands, control, openapi
from server import settings as configuration
from server.audit.acts.archive import Archive
from server.audit.acts.pruning import Pruning
from server.audit.api import calls, histories
from server.calls.acts import book as call_actions
from server.calls.acts import qualities
from server.calls.acts.guests import Guests
from server.calls.acts.marks import Marks
from server.calls.acts.playbacks import Studio
from server.calls.acts.recordings import Recordings
from server.calls.acts.rehearsals import Rehearsals
from server.calls.acts.rooms import Rooms, Start
from server.case.acts.course import calling, clocks, consents, decisions, registering
from server.case.acts.course.enquiries import Enquiries
from server.case.acts.form import forms, unmasking
from server.case.acts.form.cards import CardReader
from server.case.acts.materials import earlier, handovers, moving, promises
from server.case.acts.materials.files import COPY_KIND
from server.case.acts.papers import press as papers
from server.case.acts.papers import signing
from server.case.acts.papers.press import Press
from server.case.acts.talk import comments, drawing, rating, sayings, showing
from server.case.api import calendar, cases, enquiries
from server.case.wire.materials import MaterialProgress
from server.catalogue import api as catalogue_api
from server.catalogue.acts import reading as catalogue
from server.catalogue.acts.importing import Importer
from server.edge import logs, pages, problems
from server.edge.edge import (
    AUTHENTICATE,
    EDGE,
    USED,
    EdgeSettings,
    edge,
    is_secure,
    secure_headers,
    socket_token,
    source,
)
from server.edge.figures import FIGURES, Figures
from server.edge.listener import Runner
from server.edge.route import MAX_BODY_BYTES, REFUSALS, STORE
from server.health import acts as health_actions
from server.health.api import health, machine
from server.jobs.runner import Jobs
from server.neighbours.nodes import Nodes, identify
from server.neighbours.relay import NEIGHBOURS, Neighbours
from server.node import DRAIN, Drain, Tasks
from server.papers import api as templates
from server.papers.studio import Studio as TemplateStudio
from server.people.acts.accounts import Accounts
from server.people.acts.passwords import Passwords
from server.people.acts.sessions import Sessions
from server.people.api import accounts, administration, sessions
from server.projection import parts, project
from server.rights.hand import CASE_AUDIENCES
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Clock, ShiftedClock, Store, refusing
from server.uploads.acts import copies as viewing
from server.uploads.acts.copies import Copier
from server.uploads.acts.early import Early
from server.uploads.acts.phones import Phones
from server.uploads.acts.quotas import Quota
from server.uploads.acts.scanning import Scanner
from server.uploads.acts.uploads import LIVES, Uploads
from server.uploads.api import limits, phones, uploads
from server.work import cards, walls
from server.work.child import Children
from server.work.probe import MEDIA_TYPES
from signaling.gateway.gateway import Gateway
from signaling.gateway.handshake import Handshake
from signaling.refusals import Refusal
from signaling.switchboard.switchboard import Switchboard
from signaling.wire.envelope import Who

ROUTES = (
    sessions.routes,
    accounts.routes,
    cases.routes,
    histories.routes,
    commands.routes,
    uploads.routes,
    phones.routes,
    enquiries.routes,
    calls.routes,
    administration.routes,
    catalogue_api.routes,
    calendar.routes,
    templates.routes,
    machine.routes,
    limits.routes,
    health.routes,
)

ENDS_WITHIN_S = 3.0
"""How long requests in progress are waited for at the end."""
IDLE_S = 75.0
"""How long a connection is kept on which nothing is asked; longer than nginx keeps one to us."""
LINGERS_S = 1.0
"""How long a refused body is still read, so that its sender sees the answer."""

log = structlog.get_logger("app")
security_log = structlog.get_logger("security")


def _ahead(clock: Clock | None) -> timedelta:
    """How far this node's record is ahead of the machine's clock: not at all, but for a demo's past."""
    return clock.ahead if isinstance(clock, ShiftedClock) else timedelta()


NODES = web.AppKey("nodes", Nodes)


def make(
    settings: configuration.Settings,
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
    app.on_response_prepare.append(uploads.tus_headers)
    app[EDGE] = EdgeSettings(
        origins=frozenset(settings.origins),
        proxies=tuple(ipaddress.ip_network(address) for address in settings.trusted_proxies),
    )
    app[FIGURES] = Figures()
    app[limits.UPLOAD_LIMITS] = limits.UploadLimits(
        settings.max_upload_bytes, MEDIA_TYPES, int(LIVES.total_seconds()), cards.installed()
    )
    app[machine.DESCRIPTION] = openapi.describe(ROUTES, machine.VERSION)

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with node(app, settings, clock, media=media, keep_media=keep_media):
            yield

    async def hung_up(app: web.Application) -> None:
        app[uploads.UPLOADS].let_go()
        await app[commands.GATEWAY].close()

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(hung_up)
    for routes in ROUTES:
        routes.add_to(app)
    pages.add_pages(app)
    return app


@asynccontextmanager
async def node(
    app: web.Application,
    settings: configuration.Settings,
    clock: Clock | None,
    *,
    media: bool,
    keep_media: bool,
) -> AsyncIterator[None]:
    """Open the store, the uploads, the engine, the switchboard and the gateway, and join them.

    What was opened is closed again, the last first, whatever fails on the way.
    """
    async with AsyncExitStack() as opened:
        await _open(opened, app, settings, clock, media=media, keep_media=keep_media)
        yield


async def _open(
    opened: AsyncExitStack,
    app: web.Application,
    settings: configuration.Settings,
    clock: Clock | None,
    *,
    media: bool,
    keep_media: bool,
) -> None:
    data = settings.data.absolute()
    if media:
        # Before anything is opened: no later try could end otherwise.
        for path in settings.media_workers or (socket_path(data / "media"),):
            fits_socket(path)
    if (found := await walls.walls()).program is None:
        log.warning("cell.without_walls", why=found.why, told=found.told)
    store = await Store.open(settings.store, clock)
    opened.push_async_callback(store.close)
    await catalogue.seed_calendar(store)
    await catalogue.learn_regions()
    app[STORE] = store
    app[calls.ARCHIVE] = Archive(store)
    app[calls.CARDS] = CardReader(store, Children(at_once=1), cards.installed())
    hashing = Passwords()
    book = Sessions(store, passwords=hashing, idle_s=settings.idle_s)
    app[sessions.SESSIONS] = book
    app[accounts.ACCOUNTS] = Accounts(store, passwords=hashing)
    app[AUTHENTICATE] = book.authenticate

    async def who(handshake: Handshake) -> Who | None:
        token = socket_token(
            handshake.headers, handshake.cookies, handshake.auth, secure=handshake.secure
        )
        actor = await book.authenticate(token) if token else None
        if actor is not None and token not in handshake.cookies.values():
            book.used(actor.session_id)  # a program: it tells nothing apart
        return actor

    refusals = refusing.Refusals(store)
    app[REFUSALS] = refusals
    app[USED] = book.used

    async def who_now(shown: Sequence[Handshake]) -> list[Actor | None]:
        tokens = [
            socket_token(one.headers, one.cookies, one.auth, secure=one.secure) for one in shown
        ]
        return await book.authenticate_all([token or "" for token in tokens])

    gateway = Gateway(
        authenticate=who,
        recheck=who_now,
        outbox=store,
        project=project,
        parts=parts,
        sentence=problems.sentence,
        refused=refusals.command,
        relay=store.bus.ephemeral,
        security=lambda what, ids: security_log.warning(what, **ids),
        allowed_origins=settings.origins,
        secure=is_secure,
        source=source,
    )
    gateway.attach(app)
    app[commands.GATEWAY] = gateway
    app[uploads.SENDERS] = senders = uploads.Senders()

    async def over(session_id: str) -> None:
        senders.cut(session_id)
        await gateway.disconnect_session(session_id)

    def connected() -> set[Who]:
        return gateway.connected() | senders.who()

    app[sessions.DISCONNECT] = over
    store.bus.subscribe(gateway.publish, ephemeral=gateway.deliver, missed=gateway.missed)

    async def start_worker() -> Worker:
        return await spawn(
            data / "media",
            host=settings.media_host,
            advertised=list(settings.media_advertised),
            port=settings.media_port,
            codec=settings.media_codec,
            limits=Limits(settings.media_calls, settings.media_load),
        )

    workers: dict[str, Start] = {
        str(socket): partial(attach, socket) for socket in settings.media_workers
    }
    if not workers:
        workers = {await asyncio.to_thread(name_of, data / "media"): start_worker}
    marks = Marks(store)
    opened.push_async_callback(marks.close)
    recordings = Recordings(store, settings.hash, partial(_ahead, clock))
    rooms = Rooms(workers, recordings, store, marks.note_worker)
    opened.push_async_callback(rooms.close, stop=not keep_media)

    async def sockets() -> Mapping[str, Any]:
        return gateway.figures()

    async def worker() -> Mapping[str, Any]:
        return dict((await rooms.figures()).get("worker", {}))

    async def log_figures() -> Mapping[str, Any]:
        lost, refuses = await asyncio.to_thread(logs.standing)
        return {"lost_lines": lost, "refusing": int(refuses)}

    counted: dict[str, machine.Counted] = {
        "gateway": sockets, "media": worker, "log": log_figures
    }  # fmt: skip
    app[machine.LOG] = logs.standing
    for part, count in health_actions.COUNTED.items():
        counted[part] = partial(count, store)
    app[machine.COUNTED] = counted
    scanner = Scanner(settings.clamd, settings.scan_max_bytes) if settings.clamd else None
    app[health.HEALTH] = health_actions.Health(
        store=store,
        places={
            "data": data,
            "uploads": data / "uploads",
            "blobs": settings.store.blob_root,
            "ledger": settings.store.ledger_dir,
        },
        worker=worker if media else None,
        turn_urls=settings.turn_urls,
        certificate=settings.tls_certificate,
        font_dirs=settings.font_dirs,
        redis=settings.redis_url is not None,
        scanner=scanner,
        log=logs.standing,
    )
    app[catalogue_api.IMPORTER] = Importer(store, Children(), settings.item_code_pattern)
    app[templates.STUDIO] = TemplateStudio(store, Children(1), settings.font_dirs)
    pressing = Press(store, Children(), settings.font_dirs, settings.public_url)
    studio = Studio(store, Children(), data / "work", settings.font_dirs)
    await studio.prepare()
    copier = Copier(store, Children(), data / "work", settings.font_dirs, scanner)
    jobs = Jobs(
        store, {papers.KIND: pressing.kind, COPY_KIND: copier.kind, **studio.kinds}, at_once=3
    )
    turn_secret = None if settings.turn_secret is None else settings.turn_secret.get_secret_value()
    switchboard = Switchboard(
        call_actions.Book(store, calling),
        call_actions.Desks(store, calling),
        rooms,
        gateway,
        now=store.clock.now,
        fresh_id=new_id,
        ice_servers=partial(
            turn.ice_servers, settings.turn_urls, turn_secret, lives_s=settings.turn_lives_s
        ),
        rings_at_once=settings.rings_at_once,
        sweeps=[Guests(store, gateway).sweep],
    )
    rehearsals = Rehearsals(
        rooms.stage,
        store.clock.now,
        partial(turn.ice_servers, settings.turn_urls, turn_secret),
    )
    opened.push_async_callback(rehearsals.end_all)
    opened.push_async_callback(switchboard.close)
    app[DRAIN] = drain = Drain(switchboard)
    for table in (
        registering.commands(store),
        consents.commands(store, switchboard.turned),
        forms.commands(store),
        decisions.commands(store, settings.numbering),
        clocks.commands(store),
        sayings.commands(store),
        comments.commands(store),
        signing.commands(store, settings.numbering),
        unmasking.commands(store),
        papers.commands(store),
        rating.commands(store),
        viewing.commands(store),
        moving.commands(store),
        drawing.commands(store),
        earlier.commands(store),
        promises.commands(store),
        handovers.commands(store),
        switchboard.handlers(),
        rehearsals.commands(),
    ):
        for command, handler in table.items():
            gateway.on(command, handler)
    live = showing.ephemerals(store, marks.note) | qualities.ephemerals(store, marks.note_quality)
    for message, told in live.items():
        gateway.on_ephemeral(message, told)
    gateway.on_beat(switchboard.heard)
    gateway.on_gone(switchboard.gone)
    gateway.on_signed_out(switchboard.signed_out)

    async def show_progress(message: MaterialProgress) -> None:
        for audience in CASE_AUDIENCES:
            gateway.ephemeral(of_case(message.case_id), audience, message)

    nodes = Nodes(
        store,
        await asyncio.to_thread(identify, data),
        address=settings.node_address,
        secret=settings.store.bus_secret,
    )
    app[NODES] = nodes
    app[NEIGHBOURS] = neighbours = Neighbours(nodes)
    await neighbours.open()
    opened.push_async_callback(neighbours.close)
    early = Early(store, data / "uploads", enabled=settings.shows_early, node_id=nodes.node_id)
    receiving = Uploads(
        store,
        data / "uploads",
        max_bytes=settings.max_upload_bytes,
        children=Children(),
        progress=show_progress,
        node_id=nodes.node_id,
        quota=Quota(
            settings.quota_person_files or None,
            settings.quota_person_bytes or None,
            settings.quota_unit_files or None,
            settings.quota_unit_bytes or None,
        ),
        silence_s=settings.upload_silence_s,
        scanned=scanner is not None,
        received=app[FIGURES].received,
        ended=app[FIGURES].upload_ended,
        grew=early.grew,
    )
    await receiving.prepare()
    app[uploads.EARLY] = early
    app[uploads.UPLOADS] = receiving
    app[enquiries.ENQUIRIES] = Enquiries(store)
    app[phones.PHONES] = links = Phones(store, receiving)
    for command, handler in links.commands().items():
        gateway.on(command, handler)
    app[limits.ROOM] = receiving.room

    async def flushed() -> None:
        with suppress(Refusal):
            await refusals.flush(all_of_them=True)

    opened.push_async_callback(flushed)
    tasks = Tasks()
    opened.push_async_callback(tasks.close)
    checks = {
        "tasks": tasks.alive,
        "accepting": drain.accepting,
        **health_actions.checks(store),
    }
    if media:

        async def worker_there() -> bool:
            return rooms.ready

        checks["media"] = worker_there
        tasks.start("media", rooms.run(switchboard))
    app[machine.CHECKS] = checks
    tasks.start("switchboard", switchboard.run())
    tasks.start("jobs", jobs.run())
    tasks.start("marks", marks.run())
    tasks.start("rehearsals", rehearsals.run())
    tasks.start("uploads", receiving.sweep_on())
    tasks.start("phones", links.run())
    tasks.start("nodes", nodes.run())
    pruning = Pruning(
        store,
        acks_days=settings.keep_acks_days,
        sign_ins_days=settings.keep_sign_ins_days,
        jobs_days=settings.keep_jobs_days,
        events_days=settings.keep_events_days,
    )
    tasks.start("pruning", pruning.run())
    tasks.start("sessions", book.watch(connected, over, gateway.reconnect, senders.who))
    tasks.start("refusals", refusals.run())
    await opened.enter_async_context(control.listening(data, store))
    await gateway.start()


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
    settings: configuration.Settings,
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
