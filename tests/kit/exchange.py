"""A node as the product runs it, and desks that speak to it over real Socket.IO.

The node is `server.app` itself on a port of its own: its edge and sign-ins, its own detection of
who is gone or barred, its own periods. A desk has a session, that was written and not asked for
(no password is hashed). What a desk knows it knows from acks and events alone.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import socketio
import sqlalchemy as sa

from media.client import Worker
from server.app import running
from server.calls.acts.engine.rooms import CallRooms
from server.case.rules import consent as consent_texts
from server.demo import data as demo
from server.edge.route import STORE
from server.node import DRAIN, GATEWAY
from server.people.rows import people, sessions
from server.rights.person import Role
from server.store import SYSTEM, Store
from server.store.tables import ledger_entries, roster
from signaling.call.parts import PATIENCE
from signaling.gateway.gateway import Gateway
from signaling.refusals import Code
from signaling.switchboard.switchboard import Switchboard
from tests.kit.nodes import node_settings, session_of
from tests.kit.stores import MovedClock
from tests.kit.templates import fill
from tests.kit.until import until

CLERK, OTHER_CLERK, SUPERVISOR = "lixiulan", "wangfang", "chenli"
APPROVERS: Final = ("zhoumingyuan", "gaoxinmin")


@dataclass
class Site:
    """What nodes stand on, one after another: a database with the demo's data, a folder whose path
    is short enough for a socket, a clock (None: the machine's), and what else they are set to."""

    database: str
    folder: Path
    clock: MovedClock | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of each person's session, by login: one for all pages, as in one browser."""
    workers: list[Worker] = field(default_factory=list)
    """Media workers that outlived their node; whoever ends the site waits for them."""


@asynccontextmanager
async def site(
    database: str, clock: MovedClock | None, *, filled: bool = True, **settings: Any
) -> AsyncIterator[Site]:
    """A site on this database for the time of the block; the demo's data are put in, unless they
    are there."""
    folder = Path(tempfile.mkdtemp(prefix="yj-"))
    try:
        if not filled:
            await fill(node_settings(database, folder).store)
        found = Site(database, folder, clock, settings)
        yield found
        for worker in found.workers:
            # Also of one that another node took up and ended: a child is to be awaited.
            if worker.process is not None:
                await worker.process.wait()
    finally:
        shutil.rmtree(folder)


@dataclass
class Exchange:
    """What runs; ``url`` is where desks connect."""

    url: str
    site: Site
    store: Store
    gateway: Gateway
    switchboard: Switchboard

    @property
    def rooms(self) -> CallRooms:
        rooms = self.switchboard.rooms
        assert isinstance(rooms, CallRooms)
        return rooms

    @property
    def worker(self) -> Worker | None:
        """The media worker that is there now."""
        (post,) = self.rooms.pool.posts.values()
        return post.worker

    async def pass_by(self, seconds: float, *alive: Desk) -> None:
        """Time passes while these pages answer the beats, and the others do not.

        Never so much at once that the sweeper, which runs beside this, takes one of them for lost
        in the moment before its beat.
        """
        clock = self.site.clock
        assert clock is not None
        while seconds > 0:
            step = min(seconds, PATIENCE.lost_after_s - 1)
            clock.move(step)
            seconds -= step
            for desk in alive:
                await desk.beat_again()
            await self.switchboard.sweep()

    @asynccontextmanager
    async def desk(self, login: str, **options: Any) -> AsyncIterator[Desk]:
        """A desk of this person, signed in, connected and opened."""
        desk = Desk(self.url, login, await self.token(login), **options)
        try:
            await desk.connect()
            yield desk
        finally:
            await desk.close()

    async def end_sessions(self, desk: Desk) -> None:
        """End what this person signed in to, as if at another node."""
        async with self.store.working() as connection:
            await sessions.end_sessions(connection, desk.person_id, self.store.clock.now())
        del self.site.tokens[desk.login]

    async def token(self, login: str) -> str:
        """Of this person's session here; a new one at the first time."""
        if login not in self.site.tokens:
            self.site.tokens[login] = await session_of(self.store, login)
        return self.site.tokens[login]


class Desk:
    """One page of one person. ``page`` stays the same over its reconnects."""

    def __init__(
        self,
        url: str,
        login: str,
        token: str,
        *,
        page: str | None = None,
        beats: bool = True,
    ) -> None:
        self.login = login
        self.token = token
        self.person_id = f"person-{login}"
        self.page = page or secrets.token_urlsafe(16)
        self.beats = beats
        self.events: list[dict[str, Any]] = []
        self.ephemerals: list[dict[str, Any]] = []
        self.calls: dict[str, dict[str, Any]] = {}
        """The newest view of each call, by id."""
        self.versions: dict[str, int] = {}
        self.order: list[str] = []
        """What came in, in order: ``ack`` or the subject and version of an event."""
        self.strange: tuple[str, ...] = ()
        """Names of socket events that no page knows."""
        self._url = url
        self._http = aiohttp.ClientSession()
        self._socket = socketio.AsyncClient(
            reconnection=False, logger=False, http_session=self._http
        )
        self._socket.on("event", self._event)
        self._socket.on("ephemeral", self.ephemerals.append)
        self._socket.on("beat", self._beat)
        self._socket.on("*", self._stranger)

    @property
    def connected(self) -> bool:
        return bool(self._socket.connected)

    async def connect(self) -> None:
        """Connect and open the desk; a refused connection is a ConnectionError."""
        await self._socket.connect(
            self._url,
            auth={"token": self.token, "page": self.page, "language": "zh-CN"},
            transports=["websocket"],
            # a busy machine may take longer than the second that is the default
            wait_timeout=20,
        )
        opened = await self.do("desk.open")
        for snapshot in opened["calls"]:
            self._take(f"call:{snapshot['call']['id']}", snapshot["version"], snapshot["call"])

    async def close(self) -> None:
        await self._socket.disconnect()
        await self._http.close()

    async def cut(self) -> None:
        """Lose the line, without a word to the other end."""
        await self._http.close()
        await self._socket.eio.wait()

    async def emit(self, event: str, what: Mapping[str, Any]) -> None:
        """Hand a message to the line, and wait for nothing."""
        await self._socket.emit(event, what)

    async def hand_over(
        self, event: str, what: Mapping[str, Any], answered: Callable[[dict[str, Any]], object]
    ) -> None:
        """As ``emit``; ``answered`` is called with the ack when it comes."""
        await self._socket.emit(event, what, callback=answered)

    async def send(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a command; returns the ack."""
        command = {"type": kind, "id": secrets.token_urlsafe(16), **fields}
        return await self.raw("command", command)

    async def raw(self, event: str, *what: Any) -> dict[str, Any]:
        """Emit anything; returns what is acknowledged."""
        ack: dict[str, Any] = await self._socket.call(event, what or None, timeout=20)
        self.order.append("ack")
        return ack

    async def do(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a command that is not refused; returns the result. Who is told that he sends too much
        waits, and sends it again."""
        command = {"type": kind, "id": secrets.token_urlsafe(16), **fields}
        ack: dict[str, Any] = {}

        async def too_much() -> str | None:
            nonlocal ack
            ack = await self.raw("command", command)
            return "too much" if ack["code"] == Code.THROTTLED else None

        await until(too_much, every_s=0.1)
        assert ack["ok"], ack
        result: dict[str, Any] = ack["result"]
        return result

    async def hint(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send an ephemeral."""
        return await self.raw("ephemeral", {"type": kind, **fields})

    async def sees(
        self, what: Callable[[dict[str, Any]], bool], call_id: str, timeout_s: float = 5.0
    ) -> dict[str, Any]:
        """Wait until this desk's view of the call is so; returns it."""

        def why_not() -> str | None:
            call = self.calls.get(call_id)
            return None if call is not None and what(call) else f"{self.login} sees {call}"

        await until(why_not, timeout_s)
        return self.calls[call_id]

    async def beat_again(self) -> None:
        """Wait until the server has heard from this desk after now."""
        # Of its own, no beat is waited for. The ack says that it was taken.
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._socket.emit("beat", 0, callback=lambda *_: heard.set_result(None))
        async with asyncio.timeout(5):
            await heard

    def ring_in(self, call_id: str) -> str:
        """The id of this person's ring."""
        rings = self.calls[call_id]["rings"]
        return next(str(r["id"]) for r in rings if r["target"]["id"] == self.person_id)

    def leg_in(self, call_id: str) -> dict[str, Any]:
        """This person's newest leg."""
        legs = self.calls[call_id]["legs"]
        return next(leg for leg in reversed(legs) if leg["person"]["id"] == self.person_id)

    async def _stranger(self, event: str, *_: object) -> None:
        self.strange += (event,)

    async def _event(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.order.append(f"{event['subject']} {event['version']}")
        if event["type"] == "call.changed":
            self._take(event["subject"], event["version"], event["call"])

    def _take(self, subject: str, version: int, call: dict[str, Any]) -> None:
        if version > self.versions.get(subject, 0):
            self.versions[subject] = version
            self.calls[call["id"]] = call

    async def _beat(self, number: int) -> None:
        if self.beats:
            await self._socket.emit("beat", number)


async def seat_approvers(
    store: Store,
    count: int,
    unit_id: str = demo.XIHAIAN,
    login: str = "approver",
    password_hash: str = "-",  # noqa: S107
) -> list[str]:
    """So many further approvers of a unit, by default that which the demo calls; returns their logins.
    With the default hash no password is theirs."""
    logins = [f"{login}{number:02}" for number in range(count)]
    async with store.change(SYSTEM) as change:
        for login in logins:
            await people.add_person(
                change.connection,
                person_id=f"person-{login}",
                login=login,
                password_hash=password_hash,
                name=login,
                staff_number="XHA-1000",
                unit_id=unit_id,
                window_id=None,
                roles=[Role.APPROVER],
            )
    return logins


async def registered(desk: Desk, *, consent: bool | None = True) -> str:
    """A new case at this clerk's window, with an answer about recording; returns its id."""
    created = await desk.do(
        "case.create",
        item_id=demo.PRINCIPAL,
        mode="online",
        applicant_name="孙丽华",
        identity_number="11010519491231002X",
        phone="13800138000",
        credit_code=None,
    )
    case_id = str(created["case_id"])
    if consent is not None:
        await desk.do(
            "case.consent",
            case_id=case_id,
            given=consent,
            text_version=consent_texts.CURRENT,
            language="zh-CN",
        )
    return case_id


async def ringing(clerk: Desk, approvers: list[Desk]) -> str:
    """Dial about a new case of the clerk until it rings at all these approvers and the clerk sees it; returns
    the call's id."""
    case_id = await registered(clerk)
    call_id = str((await clerk.do("call.dial", case_id=case_id))["call_id"])
    for desk in (clerk, *approvers):
        await desk.sees(lambda call: call["state"] == "open", call_id)
    return call_id


async def live(clerk: Desk, approver: Desk, others: list[Desk]) -> str:
    """A call that the approver has answered; returns its id."""
    call_id = await ringing(clerk, [approver, *others])
    await approver.do("call.answer", call_id=call_id, ring_id=approver.ring_in(call_id))
    await clerk.sees(lambda call: call["state"] == "live", call_id)
    return call_id


async def invited(inviter: Desk, guests: list[Desk], call_id: str, note: str = "") -> str:
    """Invite the unit of these guests into a live call until it rings at them all; returns the
    id of the invitation."""
    asked = await inviter.do("call.invite", call_id=call_id, unit_id=demo.LIAOCHENG, note=note)
    for guest in guests:
        await guest.sees(lambda call: ringing_ring(call) is not None, call_id)
    return str(asked["invite_id"])


def ringing_ring(call: dict[str, Any]) -> str | None:
    """The id of the one ring in this view that is ringing."""
    return next((str(ring["id"]) for ring in call["rings"] if ring["state"] == "ringing"), None)


async def come(guest: Desk, call_id: str) -> None:
    """Answer the ring of a guest and wait for his seat."""
    ring = ringing_ring(guest.calls[call_id])
    await guest.do("call.answer", call_id=call_id, ring_id=ring)
    await guest.sees(
        lambda call: any(
            leg["seat"] == "third"
            and leg["state"] == "joined"
            and leg["person"]["id"] == guest.person_id
            for leg in call["legs"]
        ),
        call_id,
    )


async def reserved(store: Store) -> dict[str, str]:
    """Who is reserved, and by which call."""
    async with store.read() as connection:
        rows = await connection.execute(
            sa.select(roster.c.person_id, roster.c.reserved_by).where(
                roster.c.reserved_by.is_not(None)
            )
        )
        return {row.person_id: row.reserved_by for row in rows}


async def acts(store: Store, call_id: str) -> list[str]:
    """The ledger of a call, as acts in order."""
    async with store.read() as connection:
        return list(
            await connection.scalars(
                sa.select(ledger_entries.c.act)
                .where(ledger_entries.c.subject == f"call:{call_id}")
                .order_by(ledger_entries.c.version)
            )
        )


async def refusals(store: Store) -> list[tuple[str, str, str]]:
    """(person, command type, code) of every command that was refused, as the ledger tells them."""
    async with store.read() as connection:
        rows = await connection.execute(
            sa.select(ledger_entries.c.actor, ledger_entries.c.act, ledger_entries.c.result)
            .where(ledger_entries.c.result != "ok")
            .order_by(ledger_entries.c.at)
        )
        return [(row.actor, row.act, row.result) for row in rows]


@asynccontextmanager
async def exchange(
    site: Site, *, media: bool = False, keep_media: bool = False
) -> AsyncIterator[Exchange]:
    """Serve the site's people on a port of its own until the block ends.

    With ``media`` the node has a worker, which ends with it or, with ``keep_media``, outlives it;
    without, media is unavailable.
    """
    settings = node_settings(
        site.database, site.folder, **{"media_host": "127.0.0.1", **site.settings}
    )
    async with running(settings, site.clock, media=media, keep_media=keep_media) as node:
        found = Exchange(
            node.address, site, node.app[STORE], node.app[GATEWAY], node.app[DRAIN]._switchboard
        )
        try:
            yield found
        finally:
            if keep_media and (worker := found.worker) is not None:
                site.workers.append(worker)
