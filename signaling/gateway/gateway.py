"""The Socket.IO edge: who is there, commands in, acks and events out.

Decodes, authenticates, dispatches by message type and always acks; carries events to the
sockets that watch a subject, each projected for its audience, in the order of versions.
It knows no message but the envelope: handlers, projection, outbox and sentences are given
to it. Rooms are fan-out only, never truth: a socket that missed something asks for a
snapshot. Nothing here logs what a message holds.
"""

import asyncio
import logging
import re
import secrets
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import engineio
import socketio
from pydantic import BaseModel, ValidationError

from signaling.gateway.allowance import Bucket
from signaling.gateway.handshake import Handshake, handshake_of, remote
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import BEAT_EVERY_S, Ack, Command, Message, StoredEvent, Who, holds_nul

log = logging.getLogger("yunjian.gateway")

PATH: Final = "socket.io"
MESSAGE_MAX_BYTES: Final = 256 * 1024
PACKETS_AT_ONCE: Final = 128
RECHECK_EVERY_S: Final = 60.0
RECHECKED_AT_ONCE: Final = 500
AGAIN_AFTER_S: Final = 1.0
COMMANDS_PER_S, COMMANDS_AT_ONCE = 30.0, 120.0
"""Of one person, over all his sockets and requests."""
PEOPLE_REMEMBERED: Final = 10_000
NAMELESS_S: Final = 6.0
"""How long a transport may stay open on which nobody has said who he is."""
NAMELESS_AT_ONCE: Final = 400
NAMELESS_OF_A_SOURCE: Final = 100
"""Of them, in all and from one place; a browser is known by its cookie as it opens and is none of them, and whoever
says it in its first exchange tries again when it is refused."""
SOCKETS_OF_A_PERSON: Final = 64
"""At once, on one node."""
POST_WITHIN_S: Final = 30.0
"""How long what a page without WebSocket posts may take to come and to be dealt with."""
PACKETS_WAITING: Final = 1_000
"""A socket that has let so many gather reads nothing any more, and is closed."""
EPHEMERALS_PER_S, EPHEMERALS_AT_ONCE = 60.0, 120.0
SUBJECTS_REMEMBERED: Final = 20_000
EVENTS_AT_ONCE: Final = 100
LANGUAGES: Final = ("zh-CN", "en")

_UNKNOWN: Final = -1
"""The version of a hint that only says: look."""
_PAGE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_FIELD: Final = re.compile(r"[a-z0-9_.]{1,64}")


class Outbox(Protocol):
    """Where events are read from, after a hint that there are some."""

    async def following(self, subject: str, after: int, limit: int) -> Sequence[StoredEvent]:
        """Events of ``subject`` from version ``after`` + 1 on, oldest first: perhaps not all, but
        at least the next one where there is one."""
        ...

    async def version(self, subject: str) -> int:
        """The version that ``subject`` is at; 0 when nothing has happened to it."""
        ...


@dataclass(frozen=True, slots=True)
class _Nobody:
    person_id: str = ""
    session_id: str = ""


_NOBODY: Final = _Nobody()


@dataclass(eq=False)
class Connection:
    """Somebody who sends commands: a socket, or one HTTP request (then watching does nothing).

    ``page`` names the page itself, over all its sockets; a socket that does not tell it is a page
    of its own, and so is nobody's when ``sid`` is empty.
    """

    who: Who
    language: str = "zh-CN"
    sid: str = ""
    page: str = ""
    _gateway: "Gateway | None" = None
    handshake_of: Handshake | None = None
    _checked_at: float = 0.0
    _watching: dict[str, str] = field(default_factory=dict)
    _hints: Bucket = field(default_factory=lambda: Bucket(EPHEMERALS_PER_S, EPHEMERALS_AT_ONCE))
    _busy: int = 0
    _held: deque[tuple[str, str, dict[str, Any]]] = field(default_factory=deque)

    async def watch(self, subject: str, audience: str) -> None:
        """From now on this socket gets the events of ``subject`` as ``audience`` sees them.

        Call it before reading the snapshot: what happens meanwhile is sent after the ack, so that
        no event can fall between the two. A socket has one audience a subject, the last.
        """
        if self._gateway is not None:
            await self._gateway._watch_from_now(self, subject, audience)

    def unwatch(self, subject: str) -> None:
        """This socket gets nothing more of ``subject``, what waits behind an ack neither."""
        if self._gateway is not None:
            self._gateway._forget(self, subject)

    def watches(self, subject: str) -> str | None:
        """As which audience this socket watches ``subject``; None when it does not."""
        return self._watching.get(subject)


Result = Mapping[str, Any] | BaseModel | Ack
Handler = Callable[[Connection, Any], Awaitable[Result]]
Delivery = tuple[str, str, Message]
"""Subject, audience and message of an ephemeral."""
EphemeralHandler = Callable[[Connection, Any], Awaitable[Iterable[Delivery]]]
Listener = Callable[[Connection], None]
_M = TypeVar("_M", bound=Message)


# A page without WebSocket posts what has gathered meanwhile; Engine.IO's own 16 would drop it.
engineio.payload.Payload.max_decode_packets = PACKETS_AT_ONCE


_BINARY_PACKETS: Final = ("5", "6")
"""The first character of a binary event and a binary ack of Socket.IO."""


@dataclass(slots=True)
class _Transport:
    """What one socket of Engine.IO shows: where it comes from, and whose it is, if it was said."""

    source: str
    person_id: str = ""


class _Transports:
    """The transports that are open, counted as they come and go: by whose they are, and those of nobody by
    where they come from. So that a handshake costs the same however many are there."""

    def __init__(self) -> None:
        self._open: dict[str, _Transport] = {}
        self._people: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self.nameless = 0

    def get(self, eio_sid: str) -> _Transport | None:
        return self._open.get(eio_sid)

    def opened(self, eio_sid: str, transport: _Transport) -> None:
        self._open[eio_sid] = transport
        self._count(transport, 1)

    def closed(self, eio_sid: str) -> None:
        """It went; twice does nothing."""
        if transport := self._open.pop(eio_sid, None):
            self._count(transport, -1)

    def named(self, transport: _Transport, person_id: str) -> None:
        """Whose this one is was said after it had opened."""
        self._count(transport, -1)
        transport.person_id = person_id
        self._count(transport, 1)

    def keep(self, there: Collection[str]) -> None:
        """Only these are open any more."""
        for eio_sid in [one for one in self._open if one not in there]:
            self.closed(eio_sid)

    def of_person(self, person_id: str) -> int:
        return self._people[person_id]

    def nameless_from(self, source: str) -> int:
        return self._sources[source]

    def _count(self, transport: _Transport, by: int) -> None:
        self.nameless += 0 if transport.person_id else by
        counts = self._people if transport.person_id else self._sources
        key = transport.person_id or transport.source
        counts[key] += by
        if not counts[key]:
            del counts[key]


_admitted: ContextVar[_Transport] = ContextVar("admitted")
"""Of the request that is opening a transport."""


class _EngineIO(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO that remembers its background tasks, so that closing can end them."""

    admit: Callable[[Mapping[str, Any]], Awaitable[_Transport]]
    """Asked before a transport is opened: what it shows; refuses."""
    opened: Callable[[str, _Transport], None]
    closed: Callable[[str], None]
    binary: Callable[[str], Awaitable[None]]
    """Told of a message that is binary: the protocol of ``signaling.wire.envelope`` has none, and Socket.IO would
    keep its parts until the last one comes."""

    async def handle_request(self, request: Any) -> Any:
        """Ends the connection of who sends what is no packet; Engine.IO lets that pass as a fault."""
        if "sid" not in request.query:
            _admitted.set(await self.admit(self._async["translate_request"](request)))
        try:
            async with asyncio.timeout(POST_WITHIN_S if request.method == "POST" else None):
                return await super().handle_request(request)
        except TimeoutError:
            raise ConnectionResetError from None
        except ValueError:
            log.info("no packet of Engine.IO")
            raise ConnectionResetError from None

    async def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        if event == "connect":
            self.opened(args[0], _admitted.get())
        elif event == "disconnect":
            self.closed(args[0])
        elif event == "message":
            eio_sid, data = args
            transport = self.sockets.get(eio_sid)
            if transport is None or transport.closed:
                return None
            if not isinstance(data, str) or data[:1] in _BINARY_PACKETS:
                await self.binary(eio_sid)
                return None
        return await super()._trigger_event(event, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.running: set[asyncio.Task[Any]] = set()

    def start_background_task(
        self, target: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.create_task(target(*args, **kwargs))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task


class _SocketIO(socketio.AsyncServer):  # type: ignore[misc]
    def _engineio_server_class(self) -> type[_EngineIO]:
        return _EngineIO


class Gateway:
    """One node's Socket.IO server.

    ``authenticate`` turns a handshake into who it is, or None; it is asked again every
    ``recheck_every_s``, so that a sign-in which ended or expired loses its sockets: by ``recheck``, where there
    is one, of all whose turn it is at once. ``project`` gives the event that
    one audience may see (``server.projection``). ``parts`` gives the audiences that an event is the last
    for: their sockets watch its subject no longer, and may ask anew. ``sentence`` says a refusal in a language.
    ``refused`` is told of every refused command of a known person (it writes the ledger).
    ``security`` gets what no honest page sends: (what, ids). ``allowed_origins`` are origins
    besides the host's own; a foreign one is refused before anything is read. ``secure`` tells of a request of
    aiohttp whether its browser speaks https. ``relay`` carries an
    ephemeral for a room to all nodes, this one too, which hands it back to ``deliver``. ``source``
    gives the place that a request (aiohttp's) comes from, for a limit to who says no name.
    """

    def __init__(
        self,
        *,
        authenticate: Callable[[Handshake], Awaitable[Who | None]],
        outbox: Outbox,
        project: Callable[[StoredEvent, str], Mapping[str, Any] | BaseModel],
        parts: Callable[[StoredEvent], Collection[str]] = lambda event: (),
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
        self._authenticate = authenticate
        self._recheck = recheck
        self._outbox = outbox
        self._project = project
        self._parts = parts
        self._sentence = sentence
        self._refused = refused
        self._relay = relay
        self._security = security
        self._allowed_origins = frozenset(allowed_origins)
        self._secure = secure
        self._source = source
        self._nameless_s = nameless_s
        self._beat_every_s = beat_every_s
        self._recheck_every_s = recheck_every_s
        self._commands: dict[str, tuple[type[Command], Handler]] = {}
        self._ephemerals: dict[str, tuple[type[Message], EphemeralHandler]] = {}
        self._on_beat: list[Listener] = []
        self._on_gone: list[Listener] = []
        self._on_signed_out: list[Listener] = []
        self._connections: dict[str, Connection] = {}
        self._allowances: OrderedDict[str, Bucket] = OrderedDict()
        self._rooms: dict[str, dict[str, set[Connection]]] = defaultdict(dict)
        self._delivered: OrderedDict[str, int] = OrderedDict()
        self._hints: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: dict[str, int] = defaultdict(int)
        self._nameless: dict[str, float] = {}
        self._transports = _Transports()
        # Events of one client must not overtake each other: no task for each of them.
        self._sio = _SocketIO(
            async_mode="aiohttp",
            async_handlers=False,
            logger=False,
            engineio_logger=False,
            cors_allowed_origins=self._origin_allowed,
            max_http_buffer_size=MESSAGE_MAX_BYTES,
            namespaces=["/"],
        )
        self._sio.eio.admit = self._admit
        self._sio.eio.opened = self._transports.opened
        self._sio.eio.closed = self._transports.closed
        self._sio.eio.binary = self._refuse_binary
        self._sio.on("connect", self._connected)
        self._sio.on("disconnect", self._gone)
        self._sio.on("command", self._command)
        self._sio.on("ephemeral", self._ephemeral)
        self._sio.on("beat", self._beaten)
        self._sio.on("*", self._unknown)

    # ------------------------------------------------------------ what it is given

    def on(self, command: type[Command], handler: Handler) -> None:
        """Let ``handler`` answer this command; its result is the ack's, a Refusal becomes one."""
        self._commands[_type_of(command)] = (command, handler)

    def on_ephemeral(self, message: type[Message], handler: EphemeralHandler) -> None:
        """Let ``handler`` say to whom an ephemeral of a page goes; it may refuse."""
        self._ephemerals[_type_of(message)] = (message, handler)

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
        self._sio.attach(app, socketio_path=PATH)

    async def start(self) -> None:
        """Begin to beat and to deliver."""
        self._spawn(self._beat_on())
        self._spawn(self._recheck_on())
        self._spawn(self._deliver_on())

    async def close(self) -> None:
        """Disconnect everybody and end every task of the edge."""
        for sid in list(self._connections):
            await self._sio.disconnect(sid)
        await self._sio.shutdown()
        running = [*self._tasks, *self._sio.eio.running]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # ------------------------------------------------------------ out

    async def publish(self, subject: str, version: int) -> None:
        """A hint that ``subject`` has reached ``version``; a wrong or repeated one does no harm."""
        self._hints.put_nowait((subject, version))

    async def missed(self) -> None:
        """Hints may have been lost: read on in every subject that is watched here."""
        for subject in list(self._rooms):
            self._hints.put_nowait((subject, _UNKNOWN))

    def ephemeral(self, subject: str, audience: str, message: Message) -> None:
        """Send a message that is never stored to who watches ``subject`` as ``audience``, on all nodes."""
        self._spread(subject, audience, message.model_dump(mode="json"))

    def _spread(self, subject: str, audience: str, body: Mapping[str, Any]) -> None:
        if self._relay is None:
            self._spawn(self.deliver(_room(subject, audience), body))
        else:
            self._relay(_room(subject, audience), body)

    async def deliver(self, room: str, message: Mapping[str, Any]) -> None:
        """Hand an ephemeral that came over the bus to the sockets of this node."""
        subject, _, audience = room.partition(" ")
        for connection in list(self._rooms.get(subject, {}).get(audience, ())):
            await self._send(connection, subject, "ephemeral", dict(message))

    async def show(self, subject: str, audience: str, message: Message) -> None:
        """Like ``ephemeral``, for the sockets of this node alone."""
        await self.deliver(_room(subject, audience), message.model_dump(mode="json"))

    async def tell(self, sid: str, message: Message) -> None:
        """Send an ephemeral to one socket; nothing happens when it is not of this node, or gone."""
        if connection := self._connections.get(sid):
            await self._send(connection, "", "ephemeral", message.model_dump(mode="json"))

    def watched(self, prefix: str) -> list[str]:
        """The subjects with this prefix that a socket of this node watches."""
        return [subject for subject in self._rooms if subject.startswith(prefix)]

    def watchers(self, prefix: str, audience: str) -> set[tuple[str, str]]:
        """(person, subject) of this node's sockets that watch such a subject as this audience."""
        return {
            (connection.who.person_id, subject)
            for subject, audiences in self._rooms.items()
            if subject.startswith(prefix)
            for connection in audiences.get(audience, ())
        }

    def unwatch(self, person_id: str, subject: str, audience: str) -> None:
        """Let no socket of this person watch ``subject`` as ``audience`` any more.

        What waits behind an ack to be sent of that subject is not sent either.
        """
        for connection in list(self._rooms.get(subject, {}).get(audience, ())):
            if connection.who.person_id == person_id:
                self._forget(connection, subject)

    def connected(self) -> set[Who]:
        """Who has a socket on this node, as he was when he connected."""
        return {connection.who for connection in self._connections.values()}

    async def disconnect_session(self, session_id: str) -> None:
        """Close every socket of this node that this sign-in opened: it is over."""
        for connection in list(self._connections.values()):
            if connection.who.session_id == session_id:
                await self._end(connection)

    async def reconnect(self, who: Who) -> None:
        """Close every socket of this node of who was so when he connected: what he may has changed,
        and his pages come back as who he is now."""
        for connection in list(self._connections.values()):
            if connection.who == who:
                await self._sio.disconnect(connection.sid)

    async def _end(self, connection: Connection) -> None:
        for listener in self._on_signed_out:
            listener(connection)
        await self._sio.disconnect(connection.sid)

    def figures(self) -> dict[str, int]:
        """Counters since the start, and how many sockets and watched subjects there are now."""
        return {
            **self._counts,
            "sockets": len(self._connections),
            "watched_subjects": len(self._rooms),
        }

    # ------------------------------------------------------------ in

    async def hear(self, connection: Connection, raw: object) -> Ack:
        """``dispatch`` a command, or refuse it as ``throttled`` when this person sends too many.

        What is refused here is not told to ``refused``: a flood must not fill the ledger.
        """
        person_id = connection.who.person_id
        allowance = self._allowances.get(person_id)
        if allowance is None:
            allowance = self._allowances[person_id] = Bucket(COMMANDS_PER_S, COMMANDS_AT_ONCE)
        self._allowances.move_to_end(person_id)
        if len(self._allowances) > PEOPLE_REMEMBERED:
            self._allowances.popitem(last=False)
        if not allowance.take():
            return self._nack(connection, Refusal(Code.THROTTLED))
        return await self.dispatch(connection, raw)

    async def dispatch(self, connection: Connection, raw: object) -> Ack:
        """Answer one command as it came from outside; never raises but for cancellation.

        Refused with ``unknown_type``, ``malformed`` (details name the fields, never a value), and
        whatever the handler refuses. A bug is logged once, under the reference that the ack shows.
        """
        command: Command | None = None
        try:
            model, handler = self._handler_of(raw, self._commands)
            if holds_nul(raw):
                raise Refusal(Code.MALFORMED, fields="text")
            command = model.model_validate(raw)
            result = await handler(connection, command)
            self._counts["commands"] += 1
            if isinstance(result, Ack):
                return result
            body = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
            return Ack(ok=True, result=dict(body))
        except ValidationError as error:
            return self._nack(connection, _malformed(error))
        except Refusal as refusal:
            return await self._refuse(connection, command, refusal)
        except Exception as error:  # noqa: BLE001 - the edge: a bug must not leave the page without an ack
            return self._bug(connection, command, error)

    async def _refuse(
        self, connection: Connection, command: Command | None, refusal: Refusal
    ) -> Ack:
        if command is not None and self._refused is not None:
            try:
                await self._refused(connection.who, command, refusal)
            except Refusal as second:
                refusal = second
            except Exception as error:  # noqa: BLE001 - as in dispatch
                return self._bug(connection, command, error)
        return self._nack(connection, refusal)

    def _nack(self, connection: Connection, refusal: Refusal) -> Ack:
        self._counts["refused"] += 1
        return Ack(
            ok=False,
            code=refusal.code.value,
            title=self._sentence(refusal.code, connection.language, refusal.details),
            details=refusal.details,
        )

    def _bug(self, connection: Connection, command: Command | None, error: Exception) -> Ack:
        reference = secrets.token_hex(6)
        kind = _type_of(type(command)) if command is not None else "?"
        # The text of the error may hold a value of the message, and so only its kind is told.
        log.error(
            "internal error reference=%s command=%s error=%s",
            reference,
            kind,
            type(error).__name__,
            exc_info=error,
        )
        self._counts["bugs"] += 1
        ack = self._nack(connection, Refusal(Code.INTERNAL))
        return ack.model_copy(update={"reference": reference})

    def _handler_of(
        self, raw: object, table: Mapping[str, tuple[type[_M], Any]]
    ) -> tuple[type[_M], Any]:
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        if not isinstance(kind, str):
            raise Refusal(Code.MALFORMED, fields="type")
        if kind not in table:
            raise Refusal(Code.UNKNOWN_TYPE)
        return table[kind]

    # ------------------------------------------------------------ Socket.IO's events

    def _origin_allowed(self, origin: str | None, environ: dict[str, Any]) -> bool:
        if origin is None:
            return True
        scheme = "https" if self._secure(environ["aiohttp.request"]) else "http"
        own = origin.lower() == f"{scheme}://{environ.get('HTTP_HOST')}".lower()
        if own or origin in self._allowed_origins:
            return True
        # Engine.IO asks twice about a request that it refuses.
        if not environ.get("yunjian.foreign_origin"):
            environ["yunjian.foreign_origin"] = True
            self._counts["foreign_origins"] += 1
            self._security("foreign_origin", {"remote": remote(environ)})
        return False

    async def _connected(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        shown = auth if isinstance(auth, Mapping) else {}
        handshake = handshake_of(environ, shown, self._secure(environ["aiohttp.request"]))
        language = shown.get("language")
        language = language if language in LANGUAGES else LANGUAGES[0]
        try:
            who = await self._authenticate(handshake)
            refusal = Refusal(Code.UNAUTHENTICATED)
            # Who signed in at another page of this browser does not act on the pages of the one before.
            if who is not None and shown.get("person", who.person_id) != who.person_id:
                who = None
        except Refusal as error:
            who, refusal = None, error
        except Exception as error:  # noqa: BLE001 - as in dispatch
            self._bug(Connection(_NOBODY, language), None, error)
            who, refusal = None, Refusal(Code.INTERNAL)
        if who is None:
            self._security("socket_refused", {"remote": handshake.remote, "code": refusal.code})
            title = self._sentence(refusal.code, language, refusal.details)
            raise socketio.exceptions.ConnectionRefusedError(
                refusal.code.value, {"code": refusal.code.value, "title": title}
            )
        transport = self._transports.get(self._sio.manager.eio_sid_from_sid(sid, "/"))
        if transport is not None and transport.person_id != who.person_id:
            if self._transports.of_person(who.person_id) >= SOCKETS_OF_A_PERSON:
                self._too_many(who.person_id)
                title = self._sentence(Code.THROTTLED, language, {})
                raise socketio.exceptions.ConnectionRefusedError(
                    Code.THROTTLED.value, {"code": Code.THROTTLED.value, "title": title}
                )
            self._transports.named(transport, who.person_id)
        page = shown.get("page")
        named = isinstance(page, str) and _PAGE.fullmatch(page) is not None
        connection = Connection(
            who, language, sid, str(page) if named else sid, self, handshake, time.monotonic()
        )
        self._connections[sid] = connection
        self._counts["connected"] += 1
        for listener in self._on_beat:
            listener(connection)

    async def _gone(self, sid: str, reason: object = None) -> None:
        # Engine.IO would let a request that polls hang on for most of a minute.
        transport = self._sio.eio.sockets.get(self._sio.manager.eio_sid_from_sid(sid, "/"))
        if transport is not None:
            transport.queue.put_nowait(None)
        connection = self._connections.pop(sid, None)
        if connection is None:
            return
        for subject in list(connection._watching):
            self._unwatch(connection, subject)
        connection._gateway = None
        for listener in self._on_gone:
            listener(connection)

    async def _command(self, sid: str, *args: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None:
            return Ack(ok=False, code=Code.UNAUTHENTICATED.value).model_dump(mode="json")
        connection._busy += 1
        try:
            ack = await self.hear(connection, args[0] if args else None)
        finally:
            connection._busy -= 1
            if not connection._busy and connection._held:
                # The ack is queued as soon as this returns; what was held goes behind it.
                asyncio.get_running_loop().call_soon(self._flush_soon, connection)
        return ack.model_dump(mode="json")

    async def _ephemeral(self, sid: str, *args: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        raw = args[0] if args else None
        if connection is None or not connection._hints.take():
            return Ack(ok=False, code=Code.THROTTLED.value).model_dump(mode="json")
        try:
            model, handler = self._handler_of(raw, self._ephemerals)
            dumped: Message | None = None
            body: dict[str, Any] = {}
            for subject, audience, message in await handler(connection, model.model_validate(raw)):
                # Most audiences are given the same one.
                if message is not dumped:
                    dumped, body = message, message.model_dump(mode="json")
                self._spread(subject, audience, body)
            return Ack(ok=True).model_dump(mode="json")
        except ValidationError as error:
            ack = self._nack(connection, _malformed(error))
        except Refusal as refusal:
            ack = self._nack(connection, refusal)
        except Exception as error:  # noqa: BLE001 - as in dispatch
            ack = self._bug(connection, None, error)
        return ack.model_dump(mode="json")

    async def _beaten(self, sid: str, *_: object) -> None:
        if connection := self._connections.get(sid):
            for listener in self._on_beat:
                listener(connection)

    async def _unknown(self, event: str, sid: str, *_: object) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None:
            return Ack(ok=False, code=Code.UNAUTHENTICATED.value).model_dump(mode="json")
        self._security("unknown_message", {"person": connection.who.person_id})
        return self._nack(connection, Refusal(Code.UNKNOWN_TYPE)).model_dump(mode="json")

    # ------------------------------------------------------------ rooms

    def _watch(self, connection: Connection, subject: str, audience: str) -> None:
        if connection.sid not in self._connections or connection.watches(subject) == audience:
            return
        self._unwatch(connection, subject)
        connection._watching[subject] = audience
        self._rooms[subject].setdefault(audience, set()).add(connection)

    async def _watch_from_now(self, connection: Connection, subject: str, audience: str) -> None:
        self._watch(connection, subject, audience)
        if subject not in self._delivered and subject in self._rooms:
            version = await self._outbox.version(subject)
            if subject not in self._delivered:
                self._remember(subject, version)

    def _unwatch(self, connection: Connection, subject: str) -> None:
        audience = connection._watching.pop(subject, None)
        if audience is None:
            return
        members = self._rooms[subject][audience]
        members.discard(connection)
        if not members:
            del self._rooms[subject][audience]
        if not self._rooms[subject]:
            del self._rooms[subject]

    def _forget(self, connection: Connection, subject: str) -> None:
        self._unwatch(connection, subject)
        connection._held = deque(held for held in connection._held if held[0] != subject)

    async def _send(
        self, connection: Connection, subject: str, event: str, body: dict[str, Any]
    ) -> None:
        if connection._busy or connection._held:
            connection._held.append((subject, event, body))
        elif connection.sid in self._connections:
            await self._sio.emit(event, body, to=connection.sid)

    def _flush_soon(self, connection: Connection) -> None:
        self._spawn(self._flush(connection))

    async def _flush(self, connection: Connection) -> None:
        while connection._held and not connection._busy:
            if connection.sid not in self._connections:
                connection._held.clear()
                return
            held = connection._held[0]
            _, event, body = held
            await self._sio.emit(event, body, to=connection.sid)
            # Taken off afterwards, so that nothing newer overtakes what is being sent.
            if connection._held and connection._held[0] is held:
                connection._held.popleft()

    async def _deliver_on(self) -> None:
        while True:
            subject, version = await self._hints.get()
            try:
                await self._deliver(subject, version)
            except Refusal as refusal:
                # The database is away: look again rather than leave a page behind.
                log.warning("events not read subject=%s code=%s", subject, refusal.code.value)
                asyncio.get_running_loop().call_later(
                    AGAIN_AFTER_S, self._hints.put_nowait, (subject, version)
                )
            except Exception as error:
                log.error(
                    "events not delivered subject=%s version=%s error=%s",
                    subject,
                    version,
                    type(error).__name__,
                    exc_info=error,
                )

    async def _deliver(self, subject: str, version: int) -> None:
        after = self._delivered.get(subject, version - 1)
        while after < version or version == _UNKNOWN:
            events = await self._outbox.following(subject, max(after, 0), EVENTS_AT_ONCE)
            for event in events:
                await self._fan_out(event)
                after = event.version
                self._remember(subject, after)
            if not events:
                return

    def _remember(self, subject: str, version: int) -> None:
        self._delivered[subject] = version
        self._delivered.move_to_end(subject)
        while len(self._delivered) > SUBJECTS_REMEMBERED + len(self._rooms):
            oldest, reached = self._delivered.popitem(last=False)
            if oldest in self._rooms:
                self._delivered[oldest] = reached

    async def _fan_out(self, event: StoredEvent) -> None:
        if event.people:
            for connection in list(self._connections.values()):
                audience = event.people.get(connection.who.person_id)
                if audience is not None:
                    self._watch(connection, event.subject, audience)
        for audience, members in list(self._rooms.get(event.subject, {}).items()):
            seen = self._project(event, audience)
            body = seen.model_dump(mode="json") if isinstance(seen, BaseModel) else dict(seen)
            for connection in list(members):
                await self._send(connection, event.subject, "event", body)
        for audience in self._parts(event):
            for connection in list(self._rooms.get(event.subject, {}).get(audience, ())):
                self._unwatch(connection, event.subject)
        self._counts["events"] += 1

    # ------------------------------------------------------------ the beat

    async def _beat_on(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(self._beat_every_s)
            number += 1
            for sid in list(self._connections):
                with suppress(KeyError):  # it may go while the others are served
                    await self._close_if_stuck(sid)
                    await self._sio.emit("beat", number, to=sid)
            try:
                await self._close_nameless()
            except Exception as error:  # noqa: BLE001 - without beats every page would count as silent
                self._bug(Connection(_NOBODY), None, error)

    async def _admit(self, environ: Mapping[str, Any]) -> _Transport:
        """Refuse a transport that is too much: by person where the handshake says whose it is, else by
        where it comes from, so that no stranger can keep out who signed in.

        Refused: throttled (this person), busy (nobody's)."""
        who = await self._authenticate(
            handshake_of(environ, {}, self._secure(environ["aiohttp.request"]))
        )
        source = self._source(environ["aiohttp.request"])
        person_id = "" if who is None else who.person_id
        if person_id:
            if self._transports.of_person(person_id) >= SOCKETS_OF_A_PERSON:
                self._too_many(person_id)
                raise Refusal(Code.THROTTLED)
        elif (
            self._transports.nameless >= NAMELESS_AT_ONCE
            or self._transports.nameless_from(source) >= NAMELESS_OF_A_SOURCE
        ):
            self._counts["nameless_refused"] += 1
            raise Refusal(Code.BUSY)
        return _Transport(source, person_id)

    def _too_many(self, person_id: str) -> None:
        self._counts["too_many_sockets"] += 1
        self._security("too_many_sockets", {"person": person_id})

    async def _refuse_binary(self, eio_sid: str) -> None:
        """Close the transport of who sends what this protocol has not; nothing of it is kept."""
        transport = self._sio.eio.sockets.get(eio_sid)
        if transport is None or transport.closed:
            return
        self._counts["binary_refused"] += 1
        whose = self._transports.get(eio_sid)
        self._security("binary_message", {"person": whose.person_id if whose else ""})
        await transport.close(wait=False, abort=True)
        transport.queue.put_nowait(None)

    async def _close_nameless(self) -> None:
        """Close transports that were opened, and then nothing; Engine.IO asks only for pongs."""
        now, transports = time.monotonic(), self._sio.eio.sockets
        self._transports.keep(transports)
        named = {self._sio.manager.eio_sid_from_sid(sid, "/") for sid in self._connections}
        since = {eio_sid: self._nameless.get(eio_sid, now) for eio_sid in transports}
        self._nameless = {eio_sid: at for eio_sid, at in since.items() if eio_sid not in named}
        for eio_sid, at in self._nameless.items():
            transport = transports.get(eio_sid)
            if now - at > self._nameless_s and transport is not None and not transport.closed:
                self._counts["nameless_closed"] += 1
                await transport.close(wait=False, abort=True)
                transport.queue.put_nowait(None)

    async def _close_if_stuck(self, sid: str) -> None:
        """Engine.IO keeps for a page what it does not read, and asks only that it answers pings."""
        transport = self._sio.eio.sockets.get(self._sio.manager.eio_sid_from_sid(sid, "/"))
        if transport is not None and transport.queue.qsize() > PACKETS_WAITING:
            self._security("socket_stuck", {"person": self._connections[sid].who.person_id})
            await transport.close(wait=False, abort=True)

    async def _recheck_on(self) -> None:
        """Beside the beats: who waits for the database must not make a page count as silent."""
        while True:
            await asyncio.sleep(self._beat_every_s)
            try:
                await self._recheck_due()
            except Exception as error:  # noqa: BLE001 - who is signed out must not stay because of another
                self._bug(Connection(_NOBODY), None, error)

    async def _recheck_due(self) -> None:
        """Ask again who it is, of those whose turn it is; close the sockets of who is nobody now."""
        due = time.monotonic() - self._recheck_every_s
        turn = [one for one in self._connections.values() if one._checked_at <= due]
        for first in range(0, len(turn), RECHECKED_AT_ONCE):
            asked = turn[first : first + RECHECKED_AT_ONCE]
            for connection in asked:
                connection._checked_at = time.monotonic()
            try:
                now = await self._who_now([one.handshake_of for one in asked if one.handshake_of])
            except Refusal as refusal:
                log.warning("not rechecked code=%s", refusal.code.value)
                return
            for connection, who in zip(asked, now, strict=True):
                if who is None or who.person_id != connection.who.person_id:
                    await self._end(connection)

    async def _who_now(self, shown: Sequence[Handshake]) -> Sequence[Who | None]:
        if self._recheck is not None:
            return await self._recheck(shown)
        return [await self._authenticate(handshake) for handshake in shown]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _room(subject: str, audience: str) -> str:
    return f"{subject} {audience}"


def _type_of(message: type[Message]) -> str:
    return str(message.model_fields["type"].default)


def _malformed(error: ValidationError) -> Refusal:
    """Names the fields that are wrong, as far as they look like names of fields; never a value."""
    names = {".".join(str(part) for part in found["loc"]) for found in error.errors()}
    known = sorted(name for name in names if _FIELD.fullmatch(name))[:10]
    return Refusal(Code.MALFORMED, fields=", ".join(known))
