"""What a node has of calls: the engine's workers, the record, the switchboard and rehearsals."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from aiohttp import web

from media.client import LoadLimits, Worker, attach, name_of, spawn
from media.wire import turn
from server.calls.about import About
from server.calls.acts import qualities
from server.calls.acts.book import Book
from server.calls.acts.desks import Desks
from server.calls.acts.engine.leading import Leading
from server.calls.acts.engine.pool import Pool, Start
from server.calls.acts.engine.rehearsed import stage
from server.calls.acts.engine.rooms import CallRooms
from server.calls.acts.guests import Guests
from server.calls.acts.marks import UnwrittenMarks
from server.calls.acts.playbacks import PlaybackMaker
from server.calls.acts.recordings import Recordings
from server.calls.acts.rehearsals import Rehearsals
from server.edge.route import Routes
from server.jobs.join import KINDS
from server.node import DRAIN, Drain, Node
from server.rights.ids import new_id
from server.store import Clock, ShiftedClock
from server.work.child import Children
from signaling.switchboard.switchboard import Switchboard

ROUTES: Final[tuple[Routes, ...]] = ()
ABOUT: Final[web.AppKey[About]] = web.AppKey("about")
"""What calls ask of that which they are about; there before they join."""
SWITCHBOARD: Final = web.AppKey("switchboard", Switchboard)
MARKS: Final = web.AppKey("marks", UnwrittenMarks)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    app, store, settings, gateway = node.app, node.store, node.settings, node.gateway
    app[MARKS] = marks = UnwrittenMarks(store)
    node.closes(marks.close)
    recordings = Recordings(store, settings.hash, partial(_ahead, node.clock))
    pool = Pool(await _workers(node), store)
    leading = Leading(pool, recordings, store, marks.note_worker)
    node.closes(leading.close, stop=not node.keep_media)
    studio = PlaybackMaker(store, Children(), node.data / "work", settings.font_dirs)
    await studio.prepare()
    app[KINDS].update(studio.kinds)
    secret = None if settings.turn_secret is None else settings.turn_secret.get_secret_value()
    ice_servers = partial(turn.ice_servers, settings.turn_urls, secret)
    app[SWITCHBOARD] = switchboard = Switchboard(
        Book(store, app[ABOUT]),
        Desks(store, app[ABOUT]),
        CallRooms(pool),
        gateway,
        now=store.clock.now,
        fresh_id=new_id,
        ice_servers=partial(ice_servers, lives_s=settings.turn_lives_s),
        rings_at_once=settings.rings_at_once,
        sweeps=[Guests(store, gateway).sweep],
    )
    rehearsals = Rehearsals(partial(stage, pool), store.clock.now, ice_servers)
    node.closes(rehearsals.end_all)
    node.closes(switchboard.close)
    node.answers(switchboard.handlers(), rehearsals.commands())
    node.passes(qualities.ephemerals(store, marks.note_quality))
    gateway.on_beat(switchboard.heard)
    gateway.on_gone(switchboard.gone)
    gateway.on_signed_out(switchboard.signed_out)

    async def worker() -> Mapping[str, Any]:
        return dict((await pool.figures()).get("worker", {}))

    async def worker_there() -> bool:
        return pool.ready

    app[DRAIN] = drain = Drain(switchboard)
    node.checks["accepting"] = drain.accepting
    node.figures["media"] = worker
    if node.media:
        node.checks["media"] = worker_there
        node.runs("media", lambda: leading.run(switchboard))
    node.runs("switchboard", switchboard.run)
    node.runs("marks", marks.run)
    node.runs("rehearsals", rehearsals.run)


def _ahead(clock: Clock | None) -> timedelta:
    """How far this node's record is ahead of the machine's clock: not at all, but for a demo's past."""
    return clock.ahead if isinstance(clock, ShiftedClock) else timedelta()


async def _workers(node: Node) -> dict[str, Start]:
    settings, folder = node.settings, node.data / "media"

    async def start_worker() -> Worker:
        return await spawn(
            folder,
            host=settings.media_host,
            advertised=list(settings.media_advertised),
            port=settings.media_port,
            codec=settings.media_codec,
            limits=LoadLimits(settings.media_calls, settings.media_load),
        )

    if settings.media_workers:
        return {str(socket): partial(attach, socket) for socket in settings.media_workers}
    return {await asyncio.to_thread(name_of, folder): start_worker}
