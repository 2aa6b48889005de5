"""The bus: in order on this node, over Redis to others, and Redis is never believed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from server.store.bus import CHANNEL, Bus
from tests.kit import services
from tests.kit.until import until

SECRET = b"sixteen characters or more"


class Heard:
    """What a bus delivered, in order."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.all: list[object] = []
        self.missed = 0
        bus.subscribe(self.hint, ephemeral=self.ephemeral, missed=self.was_away)

    async def hint(self, subject: str, version: int) -> None:
        self.all.append((subject, version))

    async def ephemeral(self, room: str, message: Mapping[str, Any]) -> None:
        self.all.append((room, dict(message)))

    async def was_away(self) -> None:
        self.missed += 1

    async def becomes(self, expected: list[object], timeout_s: float = 5.0) -> None:
        await until(lambda: None if self.all == expected else f"heard {self.all}", timeout_s)


@asynccontextmanager
async def node(redis_url: str | None = None, secret: bytes = SECRET) -> AsyncIterator[Heard]:
    bus = Bus(redis_url, secret)
    heard = Heard(bus)
    await bus.start()
    try:
        await until(lambda: None if bus.connected else "not connected")
        yield heard
    finally:
        await bus.close()


async def test_one_node_hears_itself_in_order() -> None:
    async with node() as one:
        one.bus.publish("case:1", 1)
        one.bus.ephemeral("case:1", {"type": "case.typing", "value": "孙"})
        one.bus.publish("case:1", 2)
        await one.becomes(
            [("case:1", 1), ("case:1", {"type": "case.typing", "value": "孙"}), ("case:1", 2)]
        )


async def test_a_handler_that_fails_silences_nobody() -> None:
    async with node() as one:

        async def fail(subject: str, version: int) -> None:
            raise ZeroDivisionError

        one.bus.subscribe(fail)
        one.bus.publish("case:1", 1)
        one.bus.publish("case:1", 2)
        await one.becomes([("case:1", 1), ("case:1", 2)])


async def test_nodes_hear_each_other_once(redis_url: str) -> None:
    async with node(redis_url) as one, node(redis_url) as two:
        for version in range(1, 51):
            one.bus.publish("case:1", version)
        one.bus.ephemeral("case:1", {"type": "case.focus"})
        expected: list[object] = [("case:1", version) for version in range(1, 51)]
        expected.append(("case:1", {"type": "case.focus"}))
        await one.becomes(expected)
        await two.becomes(expected)
        assert one.missed == two.missed == 0


async def test_what_is_not_signed_or_was_heard_before_is_ignored(redis_url: str) -> None:
    async with node(redis_url) as one, node(redis_url) as two, Redis.from_url(redis_url) as forger:
        tapped = forger.pubsub()
        await tapped.subscribe(CHANNEL)
        one.bus.ephemeral("case:1", {"type": "case.typing", "value": "true"})
        await two.becomes([("case:1", {"type": "case.typing", "value": "true"})])
        genuine = b""
        async for message in tapped.listen():
            if message["type"] == "message":
                genuine = message["data"]
                break
        await tapped.aclose()

        async def two_listen() -> str | None:
            [(_, listening)] = await forger.pubsub_numsub(CHANNEL)
            return None if listening == 2 else f"{listening} listen"

        await until(two_listen)

        def signed(secret: bytes, **content: object) -> bytes:
            text = json.dumps(content).encode()
            return hmac.digest(secret, text, hashlib.sha256).hex().encode() + text

        now = time.time()
        hint = {"subject": "case:9", "version": 9}
        forged = [
            b"",
            b"no json",
            b'{"method":"emit","event":"ephemeral"}',
            b"\x80\x05cposix\nsystem\n",
            genuine,  # a replay
            genuine.replace(b"true", b"lies"),
            genuine[64:],
            b"0" * 64 + genuine[64:],
            signed(b"another secret", node="x", count=1, at=now, what=hint),
            signed(SECRET, node="x", count=1, at=now - 60, what=hint),  # kept back for a minute
            signed(SECRET, node="x", count=1, at=now + 60, what=hint),
            signed(SECRET, node="x", count=1, at=now),
            signed(SECRET, node="x", count="1", at=now, what=hint),
            signed(SECRET, node="x", count=1, at=now, what={"room": "r", "message": "m"}),
            signed(SECRET, node="x", count=1, at=now, what=hint, pickle="gASV"),
        ]
        for data in forged:
            assert await forger.publish(CHANNEL, data) == 2
        one.bus.publish("case:1", 2)
        await two.becomes([("case:1", {"type": "case.typing", "value": "true"}), ("case:1", 2)])
        assert one.bus.connected
        assert two.bus.connected


async def test_redis_away_costs_nothing_here_and_is_made_good() -> None:
    with contextlib.ExitStack() as stack:
        server = await asyncio.to_thread(stack.enter_context, services.redis())
        path = server.path
        async with node(server.url) as one, node(server.url) as two:
            await asyncio.to_thread(stack.close)
            await until(
                lambda: "still connected" if one.bus.connected or two.bus.connected else None
            )
            one.bus.publish("case:1", 1)
            await one.becomes([("case:1", 1)])
            assert two.all == []

            back = await asyncio.create_subprocess_exec(
                "redis-server", "--port", "0", "--unixsocket", str(await _folder_for(path)),
                "--save", "", "--appendonly", "no",
                stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await until(
                    lambda: None if one.bus.connected and two.bus.connected else "not back", 10
                )
                await until(lambda: None if one.missed and two.missed else "nobody was told")
                one.bus.publish("case:1", 2)
                await until(lambda: None if ("case:1", 2) in two.all else f"heard {two.all}")
            finally:
                back.terminate()
                await back.wait()


async def _folder_for(path: Any) -> Any:
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    return path


def test_a_bus_over_redis_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Bus("redis://127.0.0.1", None)
