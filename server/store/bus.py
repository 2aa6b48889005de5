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
import json
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
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


@dataclass(frozen=True, slots=True)
class _Hint:
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class _Ephemeral:
    room: str
    message: Mapping[str, Any]


class _Missed:
    pass


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
        self._incoming.put_nowait(_Hint(subject, version))
        self._send({"subject": subject, "version": version})

    def ephemeral(self, room: str, message: Mapping[str, Any]) -> None:
        """Tell all nodes a message of JSON values for `room`. Never waits, never stored."""
        self._incoming.put_nowait(_Ephemeral(room, message))
        self._send({"room": room, "message": message})

    async def start(self) -> None:
        """Begin to deliver; with Redis, begin to connect (without waiting for it)."""
        self._tasks.append(asyncio.create_task(self._deliver(), name="bus deliver"))
        if self._redis_url is not None:
            self._tasks.append(asyncio.create_task(self._stay_connected(), name="bus redis"))

    async def close(self) -> None:
        """End the tasks; what was not delivered yet is dropped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _deliver(self) -> None:
        while True:
            match await self._incoming.get():
                case _Hint(subject, version):
                    for on_hint in self._hint_handlers:
                        await self._call(on_hint(subject, version))
                case _Ephemeral(room, message):
                    for on_ephemeral in self._ephemeral_handlers:
                        await self._call(on_ephemeral(room, message))
                case _Missed():
                    for on_missed in self._missed_handlers:
                        await self._call(on_missed())

    async def _call(self, handled: Awaitable[None]) -> None:
        try:
            await handled
        except Exception:
            log.exception("bus.delivery_failed")

    # ------------------------------------------------------------ Redis

    async def _stay_connected(self) -> None:
        assert self._redis_url is not None
        first = True
        while True:
            redis = Redis.from_url(self._redis_url, socket_timeout=None, socket_connect_timeout=2.0)
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

    def _send(self, content: Mapping[str, Any]) -> None:
        if self._redis_url is None:
            return
        self._count += 1
        text = json.dumps(
            {"node": self._node, "count": self._count, "at": time.time(), **content},
            ensure_ascii=False,
        ).encode()
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
        content = json.loads(text)
        node, count = content["node"], content["count"]
        if node == self._node:
            return None
        if abs(time.time() - content["at"]) > OLDEST_S or count <= self._heard.get(node, 0):
            return None
        self._heard[node] = count
        if "room" in content:
            return _Ephemeral(content["room"], content["message"])
        return _Hint(content["subject"], content["version"])

    def _signature(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, hashlib.sha256).hex().encode()
