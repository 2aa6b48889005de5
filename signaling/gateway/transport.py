"""Socket.IO and Engine.IO: all that is known here of their insides stands in this module.

One server of sockets: it opens and closes them, carries named messages both ways and says what waits in it. It
asks before a transport is opened, ends a connection on which comes what is no packet, and lets nothing binary in.
It knows no person, no subject and no message. A *socket* has a sid; the *transport* below it has an id of its own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import engineio
import socketio

from signaling.gateway.admission import Transport
from signaling.refusals import Refusal

log = logging.getLogger("yunjian.gateway")

PATH: Final = "socket.io"
MESSAGE_MAX_BYTES: Final = 256 * 1024
PACKETS_AT_ONCE: Final = 128
POST_WITHIN_S: Final = 30.0
"""How long what a page without WebSocket posts may take to come and to be dealt with."""

_BINARY_PACKETS: Final = ("5", "6")
"""The first character of a binary event and a binary ack of Socket.IO."""
_PACKETS: Final = frozenset({
    socketio.packet.CONNECT, socketio.packet.DISCONNECT, socketio.packet.EVENT, socketio.packet.ACK,
})  # fmt: skip
"""What a page sends."""

# A page without WebSocket posts what has gathered meanwhile; Engine.IO's own 16 would drop it.
engineio.payload.Payload.max_decode_packets = PACKETS_AT_ONCE

_admitted: ContextVar[Transport] = ContextVar("admitted")
"""Of the request that is opening a transport."""


def turned_away(refusal: Refusal, title: str) -> Exception:
    """What a handler of ``connect`` raises, so that the page is told this refusal."""
    code = refusal.code.value
    refused: Exception = socketio.exceptions.ConnectionRefusedError(
        code, {"code": code, "title": title}
    )
    return refused


class _EngineIO(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO that remembers its background tasks, so that closing can end them."""

    admit: Callable[[Mapping[str, Any]], Awaitable[Transport]]
    opened: Callable[[str, Transport], None]
    closed: Callable[[str], None]
    binary: Callable[[str], Awaitable[None]]

    async def handle_request(self, request: Any) -> Any:
        """Ends a connection on which comes what is no packet; Engine.IO lets that pass as a fault."""
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


class _NoPacket(Exception):
    """What came is no packet of Socket.IO."""


class _Packet(socketio.packet.Packet):  # type: ignore[misc]
    """One that says when it is none: Socket.IO would drop it as a fault of its own, and leave the page waiting."""

    def decode(self, encoded_packet: str) -> int:
        try:
            parts: int = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError):
            raise _NoPacket from None
        data = self.data
        named = isinstance(data, list) and bool(data) and isinstance(data[0], str)
        if self.packet_type not in _PACKETS or (
            self.packet_type == socketio.packet.EVENT and not named
        ):
            raise _NoPacket
        return parts


class _SocketIO(socketio.AsyncServer):  # type: ignore[misc]
    broken: Callable[[str], Awaitable[None]]

    def _engineio_server_class(self) -> type[_EngineIO]:
        return _EngineIO

    async def _handle_eio_message(self, eio_sid: str, data: str) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except _NoPacket:
            await self.broken(eio_sid)


class Sockets:
    """The sockets of one node.

    ``admit`` is asked before a transport is opened what it shows, and refuses; ``opened`` and ``closed`` hear of
    each. ``binary`` is told of one that sent a binary message, and is closed for it: the protocol of
    ``signaling.wire.envelope`` has none, and Socket.IO would keep its parts until the last one comes. ``broken`` is
    told of one that sent what is no packet, and is closed for it too.
    ``origin_allowed`` says whether a page of this origin may speak to us at all.
    """

    def __init__(
        self,
        *,
        admit: Callable[[Mapping[str, Any]], Awaitable[Transport]],
        opened: Callable[[str, Transport], None],
        closed: Callable[[str], None],
        binary: Callable[[str], None],
        broken: Callable[[str], None],
        origin_allowed: Callable[[str | None, dict[str, Any]], bool],
    ) -> None:
        self._binary, self._broken = binary, broken
        # Events of one client must not overtake each other: no task for each of them.
        self._sio = _SocketIO(
            async_mode="aiohttp",
            async_handlers=False,
            serializer=_Packet,
            logger=False,
            engineio_logger=False,
            cors_allowed_origins=origin_allowed,
            max_http_buffer_size=MESSAGE_MAX_BYTES,
            namespaces=["/"],
        )
        self._sio.eio.admit = admit
        self._sio.eio.opened = opened
        self._sio.eio.closed = closed
        self._sio.eio.binary = partial(self._refuse, self._binary)
        self._sio.broken = partial(self._refuse, self._broken)

    def on(self, event: str, handler: Callable[..., Awaitable[Any]]) -> None:
        """Let ``handler`` answer what a page emits by this name; ``*`` is any other name."""
        self._sio.on(event, handler)

    def attach(self, app: Any) -> None:
        """Serve under ``/socket.io`` of an aiohttp application."""
        self._sio.attach(app, socketio_path=PATH)

    async def emit(self, sid: str, event: str, body: object) -> None:
        await self._sio.emit(event, body, to=sid)

    async def disconnect(self, sid: str) -> None:
        await self._sio.disconnect(sid)

    async def close(self, beside: Collection[asyncio.Task[None]] = ()) -> None:
        """End the server and every task of it, and these too."""
        await self._sio.shutdown()
        running = [*beside, *self._sio.eio.running]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def transport_of(self, sid: str) -> str:
        """The id of the transport below this socket; empty where there is none any more."""
        return self._sio.manager.eio_sid_from_sid(sid, "/") or ""

    def transports(self) -> Collection[str]:
        """The ids of all that are open."""
        return list(self._sio.eio.sockets)

    def waiting(self, sid: str) -> int:
        """How many packets wait for the page to read them."""
        transport = self._sio.eio.sockets.get(self.transport_of(sid))
        return 0 if transport is None else int(transport.queue.qsize())

    async def cut(self, transport_id: str) -> bool:
        """Close a transport without a word; whether it was open."""
        transport = self._sio.eio.sockets.get(transport_id)
        if transport is None or transport.closed:
            return False
        await transport.close(wait=False, abort=True)
        transport.queue.put_nowait(None)
        return True

    def release(self, sid: str) -> None:
        """Let go of a request that polls for a socket that is gone: Engine.IO would let it hang on for most of a
        minute."""
        transport = self._sio.eio.sockets.get(self.transport_of(sid))
        if transport is not None:
            transport.queue.put_nowait(None)

    async def _refuse(self, told: Callable[[str], None], transport_id: str) -> None:
        transport = self._sio.eio.sockets.get(transport_id)
        if transport is None or transport.closed:
            return
        told(transport_id)
        await self.cut(transport_id)
