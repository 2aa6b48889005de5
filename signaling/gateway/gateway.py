"""The Socket.IO edge: who is there, commands in, acks and events out.

The front of the edge of one node, which joins its parts and lets in who connects: ``transport`` (the library),
``doorkeeper`` (who gets in), ``allowance`` (how much he may send), ``dispatch`` (commands and acks), ``fanout``
(events and ephemerals) and ``beat``. It knows no message but the envelope: handlers, projection, outbox
and sentences are given to it. Nothing here logs what a message holds.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel

from signaling.beside import Beside
from signaling.gateway.admission import Admission
from signaling.gateway.allowance import Allowances
from signaling.gateway.beat import NAMELESS_S, RECHECK_EVERY_S, Beat, Recheck
from signaling.gateway.connection import Connection, Connections, Nobody
from signaling.gateway.dispatch import Dispatch, EphemeralHandler, Handler
from signaling.gateway.doorkeeper import Doorkeeper
from signaling.gateway.fanout import FanOut, Outbox
from signaling.gateway.handshake import Handshake
from signaling.gateway.outlet import Body, Outlet
from signaling.gateway.transport import Sockets, turned_away
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import BEAT_EVERY_S, Ack, Command, Message, StoredEvent, Who

Listener = Callable[[Connection], None]


class Gateway:
    """One node's Socket.IO server. What it is given:

    ``authenticate``: a handshake into a person, or None; asked again every ``recheck_every_s``, by ``recheck``,
    where there is one, of all at once. ``project``: the event that one audience may see (``server.projection``).
    ``parted``: whether an event is the last for an audience; its sockets watch the subject no longer. ``sentence``:
    a refusal in a language. ``refused``: told of each refused command of a known person. ``security``: told what
    no honest page sends (what, ids). ``allowed_origins``: beside the host's own; foreign ones are refused unread.
    ``secure``: whether the browser of a request (aiohttp's) speaks https. ``source``: the place that it comes
    from, for a limit to clients that say no name. ``relay``: an ephemeral for a room to all nodes, this one too,
    which hands it back to ``deliver``.
    """

    def __init__(
        self,
        *,
        authenticate: Callable[[Handshake], Awaitable[Who | None]],
        outbox: Outbox,
        project: Callable[[StoredEvent, str], Mapping[str, Any] | BaseModel],
        parted: Callable[[StoredEvent, str], bool] = lambda event, audience: False,
        sentence: Callable[[Code, str, Mapping[str, Any]], str],
        refused: Callable[[Who, Command, Refusal], Awaitable[None]] | None = None,
        relay: Callable[[str, Mapping[str, Any]], None] | None = None,
        security: Callable[[str, Mapping[str, Any]], None] = lambda what, ids: None,
        allowed_origins: Sequence[str] = (),
        secure: Callable[[Any], bool] = lambda request: request.scheme == "https",
        recheck: Callable[[Sequence[Handshake]], Awaitable[Sequence[Who | None]]] | None = None,
        source: Callable[[Any], str] = lambda request: str(request.remote or ""),
        nameless_s: float = NAMELESS_S,
        beat_every_s: float = BEAT_EVERY_S,
        recheck_every_s: float = RECHECK_EVERY_S,
    ) -> None:
        self._security = security
        self._on_beat: list[Listener] = []
        self._on_gone: list[Listener] = []
        self._on_signed_out: list[Listener] = []
        self._beside = Beside()
        self._counts: Counter[str] = Counter()
        self._connections = Connections()
        self._allowances = Allowances()
        self._admission = Admission(self._counts, security)
        self._door = Doorkeeper(
            admission=self._admission,
            authenticate=authenticate,
            recheck=recheck,
            secure=secure,
            source=source,
            allowed_origins=allowed_origins,
            counts=self._counts,
            security=security,
            bug=self._bug,
        )
        self._fan_out = FanOut(
            self._connections, outbox, project, parted, relay, self._beside.begin, self._counts
        )
        self._dispatch = Dispatch(sentence, refused, self._fan_out.spread, self._counts)
        self._sockets = Sockets(
            admit=self._door.admit,
            opened=self._admission.opened,
            closed=self._admission.closed,
            binary=partial(self._unread, "binary_message"),
            broken=partial(self._unread, "no_packet"),
            origin_allowed=self._door.origin_allowed,
        )
        self._beat = Beat(
            self._sockets,
            self._connections,
            self._admission.keep,
            every_s=beat_every_s,
            nameless_s=nameless_s,
            counts=self._counts,
            security=security,
            bug=self._bug,
        )
        self._recheck = Recheck(
            self._connections,
            self._door.ask_again,
            self._end,
            every_s=recheck_every_s,
            beat_every_s=beat_every_s,
            bug=self._bug,
        )
        self._sockets.on("connect", self._connected)
        self._sockets.on("disconnect", self._gone)
        self._sockets.on("command", self._command)
        self._sockets.on("ephemeral", self._ephemeral)
        self._sockets.on("beat", self._beaten)
        self._sockets.on("*", self._unknown)

    # ------------------------------------------------------------ what it is given

    def on(self, command: type[Command], handler: Handler) -> None:
        """As ``Dispatch.on``."""
        self._dispatch.on(command, handler)

    def on_ephemeral(self, message: type[Message], handler: EphemeralHandler) -> None:
        """As ``Dispatch.on_ephemeral``."""
        self._dispatch.on_ephemeral(message, handler)

    def on_beat(self, listener: Listener) -> None:
        """Call ``listener`` at every sign of life of a socket: its first, and every answered beat."""
        self._on_beat.append(listener)

    def on_gone(self, listener: Listener) -> None:
        """Call ``listener`` when a socket is closed, from either side."""
        self._on_gone.append(listener)

    def on_signed_out(self, listener: Listener) -> None:
        """Call ``listener`` before a socket is closed because its sign-in is over."""
        self._on_signed_out.append(listener)

    def attach(self, app: Any) -> None:
        """Serve under ``/socket.io`` of an aiohttp application."""
        self._sockets.attach(app)

    async def start(self) -> None:
        """Begin to beat and to deliver."""
        self._beside.begin(self._beat.run())
        self._beside.begin(self._recheck.run())
        self._beside.begin(self._fan_out.run())

    async def close(self) -> None:
        """Disconnect everybody and end every task of the edge."""
        for connection in self._connections:
            await self._sockets.disconnect(connection.sid)
        await self._sockets.close(self._beside.running)

    # ------------------------------------------------------------ out

    async def publish(self, subject: str, version: int) -> None:
        """A hint that ``subject`` has reached ``version``; a wrong or repeated one does no harm."""
        self._fan_out.hint(subject, version)

    async def missed(self) -> None:
        """Hints may have been lost: read on in every subject that is watched here."""
        for subject in self.watched(""):
            self._fan_out.hint(subject)

    def ephemeral(self, subject: str, audience: str, message: Message) -> None:
        """Send a message that is never stored to who watches ``subject`` as ``audience``, on all nodes."""
        self._fan_out.spread(subject, audience, message.model_dump(mode="json"))

    async def deliver(self, room: str, message: Mapping[str, Any]) -> None:
        """Hand an ephemeral that came over the bus to the sockets of this node."""
        await self._fan_out.deliver(room, message)

    async def show(self, subject: str, audience: str, message: Message) -> None:
        """Like ``ephemeral``, for the sockets of this node alone."""
        await self._fan_out.show(subject, audience, message.model_dump(mode="json"))

    async def tell(self, sid: str, message: Message) -> None:
        """Send an ephemeral to one socket; nothing happens when it is not of this node, or gone."""
        if connection := self._connections.get(sid):
            await self._fan_out.send(connection, "", "ephemeral", message.model_dump(mode="json"))

    def watched(self, prefix: str) -> list[str]:
        """The subjects with this prefix that a socket of this node watches."""
        return self._fan_out.watchers.subjects(prefix)

    def watchers(self, prefix: str, audience: str) -> set[tuple[str, str]]:
        """(person, subject) of this node's sockets that watch such a subject as this audience."""
        return {
            (connection.who.person_id, subject)
            for subject in self.watched(prefix)
            for connection in self._fan_out.watchers.of(subject, audience)
        }

    def unwatch(self, person_id: str, subject: str, audience: str) -> None:
        """Let no socket of this person watch ``subject`` as ``audience`` any more.

        What waits behind an ack to be sent of that subject is not sent either.
        """
        self._fan_out.send_out(person_id, subject, audience)

    def connected(self) -> set[Who]:
        """Who has a socket on this node, as he was when he connected."""
        return {connection.who for connection in self._connections}

    async def disconnect_session(self, session_id: str) -> None:
        """Close every socket of this node that this sign-in opened: it is over."""
        for connection in self._connections:
            if connection.who.session_id == session_id:
                await self._end(connection)

    async def reconnect(self, who: Who) -> None:
        """Close every socket of this node whose person was so when he connected: what he may has changed,
        and his pages come back as who he is now."""
        for connection in self._connections.of_person(who.person_id):
            if connection.who == who:
                await self._sockets.disconnect(connection.sid)

    def figures(self) -> dict[str, int]:
        """Counters since the start, and how many sockets and watched subjects there are now."""
        return {
            **self._counts,
            "sockets": len(self._connections),
            "watched_subjects": len(self._fan_out.watchers),
        }

    # ------------------------------------------------------------ in

    async def hear(self, connection: Connection, raw: object) -> Ack:
        """``dispatch`` a command, or refuse it as ``throttled`` when this person sends too many.

        What is refused here is not told to ``refused``: a flood must not fill the ledger.
        """
        if not self._allowances.take(connection.who.person_id):
            return self._dispatch.nack(connection, Refusal(Code.THROTTLED))
        return await self.dispatch(connection, raw)

    async def dispatch(self, connection: Connection, raw: object) -> Ack:
        """As ``Dispatch.command``."""
        return await self._dispatch.command(connection, raw)

    # ------------------------------------------------------------ who comes and goes

    async def _connected(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        handshake = self._door.read(environ, auth)
        language = handshake.language
        try:
            who = await self._door.let_in(handshake, self._sockets.transport_of(sid))
        except Refusal as refusal:
            raise turned_away(refusal, self._dispatch.title(refusal, language)) from None

        async def emit(event: str, body: Body) -> None:
            await self._sockets.emit(sid, event, body)

        connection = Connection(
            who,
            language,
            sid,
            handshake.page or sid,
            handshake,
            watching=self._fan_out,
            outlet=Outlet(emit, self._beside.begin),
        )
        self._connections.add(connection)
        self._counts["connected"] += 1
        self._alive(connection)

    async def _gone(self, sid: str, reason: object = None) -> None:
        self._sockets.release(sid)
        connection = self._connections.remove(sid)
        if connection is None:
            return
        self._fan_out.leave(connection)
        if connection.outlet is not None:
            connection.outlet.close()
        connection.watching = None
        for listener in self._on_gone:
            listener(connection)

    async def _end(self, connection: Connection) -> None:
        """Close the socket of a sign-in that is over."""
        for listener in self._on_signed_out:
            listener(connection)
        await self._sockets.disconnect(connection.sid)

    def _alive(self, connection: Connection) -> None:
        for listener in self._on_beat:
            listener(connection)

    def _unread(self, what: str, transport_id: str) -> None:
        self._counts[f"{what}_refused"] += 1
        self._security(what, {"person": self._admission.person_of(transport_id)})

    # ------------------------------------------------------------ what they say

    async def _command(self, sid: str, *args: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None or connection.outlet is None:
            return _nobody()
        with connection.outlet.answering():
            ack = await self.hear(connection, args[0] if args else None)
        return ack.model_dump(mode="json")

    async def _ephemeral(self, sid: str, *args: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None or not connection.ephemerals.take():
            return Ack(ok=False, code=Code.THROTTLED.value).model_dump(mode="json")
        ack = await self._dispatch.ephemeral(connection, args[0] if args else None)
        return ack.model_dump(mode="json")

    async def _beaten(self, sid: str, *_: object) -> None:
        if connection := self._connections.get(sid):
            self._alive(connection)

    async def _unknown(self, event: str, sid: str, *_: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None:
            return _nobody()
        self._security("unknown_message", {"person": connection.who.person_id})
        ack = self._dispatch.nack(connection, Refusal(Code.UNKNOWN_TYPE))
        return ack.model_dump(mode="json")

    def _bug(self, error: Exception, language: str = "zh-CN") -> None:
        """Log what went wrong where nobody waits for an answer."""
        self._dispatch.bug(Connection(Nobody(), language), None, error)


def _nobody() -> dict[str, Any]:
    return Ack(ok=False, code=Code.UNAUTHENTICATED.value).model_dump(mode="json")
