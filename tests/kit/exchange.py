"""A node's signaling on a port of its own, and desks that speak to it over real Socket.IO.

The exchange is the real gateway and switchboard over a real store, without the HTTP edge: a
desk names itself by its login. What a desk knows it knows from acks and events alone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import socketio
import sqlalchemy as sa
from aiohttp import web

from server.actions import cases, consents, demo
from server.actions.calls import Book, Desks
from server.actions.recordings import Recordings
from server.actions.rooms import Rooms
from server.domain import consent as consent_texts
from server.domain.person import Actor, Role
from server.store import SYSTEM, Store, people
from server.store.tables import ledger_entries, roster
from server.wire.projection import parts, project
from signaling.call import PATIENCE, Patience
from signaling.gateway import Gateway, Handshake
from signaling.protocol import Command, Who
from signaling.refusals import Code, Refusal
from signaling.switchboard import Switchboard
from tests.kit.casework import hashed
from tests.kit.stores import MovedClock
from tests.kit.until import until

BEAT_EVERY_S: Final = 0.1
CLERK, OTHER_CLERK, SUPERVISOR = "lixiulan", "wangfang", "chenli"
APPROVERS: Final = ("zhoumingyuan", "gaoxinmin")


class NoWorker(Exception):
    """The start of a worker that this exchange does not have."""


@dataclass
class Exchange:
    """What runs; ``url`` is where desks connect."""

    url: str
    store: Store
    gateway: Gateway
    switchboard: Switchboard
    rooms: Rooms
    security: list[tuple[str, Mapping[str, Any]]]
    refused: list[tuple[str, str, Code]]
    """(person, command type, code) of every refused command."""

    async def pass_by(self, seconds: float, *alive: Desk) -> None:
        """Time passes while these pages answer the beats, and the others do not.

        Never so much at once that the sweeper, which runs beside this, takes one of them for lost
        in the moment before its beat.
        """
        clock = self.store.clock
        assert isinstance(clock, MovedClock)
        while seconds > 0:
            step = min(seconds, PATIENCE.lost_after_s - 1)
            clock.move(step)
            seconds -= step
            for desk in alive:
                await desk.beat_again()
            await self.switchboard.sweep()

    @asynccontextmanager
    async def desk(self, login: str, **options: Any) -> AsyncIterator[Desk]:
        """A desk of this person, connected and opened."""
        desk = Desk(self.url, login, **options)
        try:
            await desk.connect()
            yield desk
        finally:
            await desk.close()


class Desk:
    """One page of one person. ``page`` stays the same over its reconnects."""

    def __init__(
        self,
        url: str,
        login: str,
        *,
        page: str | None = None,
        beats: bool = True,
        token: str | None = None,
    ) -> None:
        self.login = login
        self.token = login if token is None else token
        """What it signs in with; an exchange without the edge takes the login for it."""
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
        self.beaten = 0
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
        """Wait until the server has sent a beat, and has heard from this desk after now."""
        before = self.beaten
        await until(lambda: None if self.beaten > before else "no beat")
        # A sign of life of its own: the answer to a beat may have been given before now, or may
        # still be on its way. The ack says that this one was taken.
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
            self.beaten += 1
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
    """Dial about a new case of the clerk until it rings at all these approvers; returns the call's id."""
    case_id = await registered(clerk)
    call_id = str((await clerk.do("call.dial", case_id=case_id))["call_id"])
    for desk in approvers:
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


@asynccontextmanager
async def exchange(
    store: Store,
    *,
    patience: Patience = PATIENCE,
    worker: Callable[[], Any] | None = None,
    stop_worker: bool = True,
    worker_name: str = "own",
    beat_every_s: float = BEAT_EVERY_S,
    handlers: Sequence[Mapping[type[Command], Any]] = (),
) -> AsyncIterator[Exchange]:
    """Serve the demo's people on a port of its own until the block ends.

    ``worker`` starts a media worker, which ends with the exchange or, without ``stop_worker``,
    outlives it; without one, media is unavailable.
    """
    await demo.load(store, hashed())
    security: list[tuple[str, Mapping[str, Any]]] = []
    refused: list[tuple[str, str, Code]] = []

    async def authenticate(handshake: Handshake) -> Actor | None:
        login = str(handshake.auth.get("token", ""))
        async with store.read() as connection:
            account = await people.find_account(connection, login)
        return None if account is None else account.actor

    async def told(who: Who, command: Command, refusal: Refusal) -> None:
        refused.append((who.person_id, command.model_dump()["type"], refusal.code))

    async def start() -> Any:
        if worker is None:
            raise NoWorker
        return await worker()

    gateway = Gateway(
        authenticate=authenticate,
        outbox=store,
        project=project,
        parts=parts,
        sentence=lambda code, language, details: f"{language}: {code.value}",
        refused=told,
        relay=store.bus.ephemeral,
        security=lambda what, ids: security.append((what, ids)),
        beat_every_s=beat_every_s,
    )
    recordings = Recordings(store)
    rooms = Rooms({worker_name: start}, recordings, store)
    switchboard = Switchboard(
        Book(store),
        Desks(store),
        rooms,
        gateway,
        now=store.clock.now,
        fresh_id=cases.new_id,
        patience=patience,
    )
    consent = consents.commands(store, switchboard.turned)
    for table in (switchboard.handlers(), cases.commands(store), consent, *handlers):
        for command, handler in table.items():
            gateway.on(command, handler)
    gateway.on_beat(switchboard.heard)
    gateway.on_gone(switchboard.gone)
    gateway.on_signed_out(switchboard.signed_out)
    store.bus.subscribe(gateway.publish, ephemeral=gateway.deliver, missed=gateway.missed)
    app = web.Application()
    gateway.attach(app)
    await gateway.start()
    running = [asyncio.create_task(switchboard.run())]
    if worker is not None:
        running.append(asyncio.create_task(rooms.run(switchboard)))
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Exchange(
            f"http://127.0.0.1:{port}", store, gateway, switchboard, rooms, security, refused
        )
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await gateway.close()
        await switchboard.close()
        await rooms.close(stop=stop_worker)
        await runner.cleanup()
