"""What is told between the parts and nodes of a running system: hints and ephemerals.

A hint says that a subject has reached a version; who cares reads the outbox. An
ephemeral is a message that is never stored. Both reach this node at once, in order,
and the other nodes through Redis when there is one. Redis is never believed: what is
not signed, or was heard before, is ignored; while it is away this node goes on alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL: Final = "yunjian"
OLDEST_S: Final = 10.0
"""A message from another node that is older, or this far in the future, is ignored."""
BACKLOG: Final = 10_000
"""Messages that wait for Redis at most; beyond it the oldest are dropped, they are only hints."""
RECONNECT_S: Final = 0.5

HintHandler = Callable[[str, int], Awaitable[None]]
EphemeralHandler = Callable[[str, Mapping[str, Any]], Awaitable[None]]
MissedHandler = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Hint(_Message):
    subject: str
    version: int


class _Ephemeral(_Message):
    room: str
    message: dict[str, Any]


class _Missed(_Message):
    """Redis was away."""


class _Told(_Message):
    """What goes over Redis, behind its signature. ``count`` grows with each message of a node."""

    node: str
    count: int
    at: float
    what: _Hint | _Ephemeral


class Bus:
    """Hints and ephemerals of one node. Start it, subscribe, publish; `close` ends its tasks.

    Without a Redis URL it serves one process. `secret` signs what goes over Redis.
    """

    def __init__(self, redis_url: str | None = None, secret: bytes | None = None) -> None:
        if redis_url is not None and not secret:
            raise ValueError("a bus over Redis needs a secret")
        self._hint_handlers: list[HintHandler] = []
        self._ephemeral_handlers: list[EphemeralHandler] = []
        self._missed_handlers: list[MissedHandler] = []
        self._incoming: asyncio.Queue[_Hint | _Ephemeral | _Missed] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._redis_url = redis_url
        self._secret = secret or b""
        self._node = secrets.token_hex(8)
        self._closing = False
        self._count = 0
        self._heard: dict[str, int] = {}
        self._outgoing: deque[bytes] = deque(maxlen=BACKLOG)
        self._something_to_send = asyncio.Event()
        self.connected = redis_url is None
        """Whether the other nodes are being heard; always true without Redis."""

    def subscribe(
        self,
        hint: HintHandler | None = None,
        *,
        ephemeral: EphemeralHandler | None = None,
        missed: MissedHandler | None = None,
    ) -> None:
        """Register what is called for each hint and each ephemeral, one after another.

        `missed` is called after Redis was away: hints may be lost, so every watched subject
        is to be read again.
        """
        if hint is not None:
            self._hint_handlers.append(hint)
        if ephemeral is not None:
            self._ephemeral_handlers.append(ephemeral)
        if missed is not None:
            self._missed_handlers.append(missed)

    def publish(self, subject: str, version: int) -> None:
        """Tell all nodes that `subject` has reached `version`. Never waits, never fails."""
        self._tell(_Hint(subject=subject, version=version))

    def ephemeral(self, room: str, message: Mapping[str, Any]) -> None:
        """Tell all nodes a message of JSON values for `room`. Never waits, never stored."""
        self._tell(_Ephemeral(room=room, message=dict(message)))

    async def start(self) -> None:
        """Begin to deliver; with Redis, begin to connect (without waiting for it)."""
        self._tasks.append(asyncio.create_task(self._deliver(), name="bus deliver"))
        if self._redis_url is not None:
            self._tasks.append(asyncio.create_task(self._stay_connected(), name="bus redis"))

    async def close(self) -> None:
        """End the tasks; what was not delivered yet is dropped. A task that died of a bug raises it here."""
        self._closing = True
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _deliver(self) -> None:
        while True:
            match await self._incoming.get():
                case _Hint(subject=subject, version=version):
                    for on_hint in self._hint_handlers:
                        await self._call(on_hint(subject, version))
                case _Ephemeral(room=room, message=message):
                    for on_ephemeral in self._ephemeral_handlers:
                        await self._call(on_ephemeral(room, message))
                case _Missed():
                    for on_missed in self._missed_handlers:
                        await self._call(on_missed())

    async def _call(self, handled: Awaitable[None]) -> None:
        try:
            await handled
        except Exception as error:  # noqa: BLE001 - one bad delivery must not silence later ones
            # In a thread: a traceback reads source files.
            await asyncio.to_thread(log.error, "bus.delivery_failed", exc_info=error)

    # ------------------------------------------------------------ Redis

    async def _stay_connected(self) -> None:
        assert self._redis_url is not None
        first = True
        while True:
            redis = Redis.from_url(
                self._redis_url,
                socket_timeout=None,
                socket_connect_timeout=2.0,
                # Or each connection would look for the driver's version on the disk.
                driver_info=None,
            )
            try:
                async with redis, redis.pubsub() as listening:
                    await listening.subscribe(CHANNEL)
                    self.connected = True
                    if not first:
                        self._incoming.put_nowait(_Missed())
                    first = False
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._hear(listening), name="bus hear")
                        group.create_task(self._speak(redis), name="bus speak")
            except* (RedisError, OSError) as errors:
                if self.connected or first:
                    log.warning("bus.redis_away", error=type(errors.exceptions[0]).__name__)
                first = False
            self.connected = False
            # A task group that fails while it is cancelled tells the failure alone (Python < 3.13).
            if self._closing:
                return
            await asyncio.sleep(RECONNECT_S)

    async def _hear(self, listening: Any) -> None:
        async for message in listening.listen():
            if message["type"] == "message" and (heard := self._believed(message["data"])):
                self._incoming.put_nowait(heard)

    async def _speak(self, redis: Redis) -> None:
        while True:
            while self._outgoing:
                await redis.publish(CHANNEL, self._outgoing[0])
                self._outgoing.popleft()
            self._something_to_send.clear()
            await self._something_to_send.wait()

    def _tell(self, what: _Hint | _Ephemeral) -> None:
        self._incoming.put_nowait(what)
        if self._redis_url is None:
            return
        self._count += 1
        told = _Told(node=self._node, count=self._count, at=time.time(), what=what)
        text = told.model_dump_json().encode()
        self._outgoing.append(self._signature(text) + text)
        self._something_to_send.set()

    def _believed(self, data: object) -> _Hint | _Ephemeral | None:
        """The message in `data` when another node signed it just now and it was not heard before."""
        if not isinstance(data, bytes) or len(data) < 64:
            return None
        signature, text = data[:64], data[64:]
        if not hmac.compare_digest(signature, self._signature(text)):
            log.warning("bus.forged")
            return None
        try:
            told = _Told.model_validate_json(text)
        except ValidationError:
            log.warning("bus.unreadable")
            return None
        if told.node == self._node or abs(time.time() - told.at) > OLDEST_S:
            return None
        if told.count <= self._heard.get(told.node, 0):
            return None
        self._heard[told.node] = told.count
        return told.what

    def _signature(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, hashlib.sha256).hex().encode()
