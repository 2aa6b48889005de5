"""What comes too slowly is cut off, and what only comes over a slow line is not."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.edge.listener import Runner, SenderPace
from tests.kit.until import patience

PACE = SenderPace(head_s=1.0, window_s=1.0, floor_bytes=20, looked_at_every_s=0.1)


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """A server that gives back how long a body was; its port."""

    async def count(request: web.Request) -> web.Response:
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        return web.Response(text=str(size))

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/", count)
    runner = Runner(app, access_log=None, shutdown_timeout=1.0, pace=PACE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def dripping(port: int, first: bytes, drop: bytes, every_s: float, drops: int) -> bytes:
    """Send the first at once and then so many drops, or until the other end closes; what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = asyncio.create_task(reader.read())
    try:
        writer.write(first)
        for _ in range(drops):
            await asyncio.wait([said], timeout=every_s)
            if said.done() or writer.is_closing():
                break
            writer.write(drop)
        async with asyncio.timeout(patience(10)):
            try:
                return await said
            except ConnectionError:
                return b""
    finally:
        said.cancel()
        writer.close()


HEAD = b"GET / HTTP/1.1\r\nHost: y\r\n"
POST = b"POST / HTTP/1.1\r\nHost: y\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
FOR_EVER = 100


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (HEAD, b"X-Slow: 1\r\n"),
        # a connection that is kept has no more time for its next head
        (HEAD + b"\r\n" + HEAD[:1], b"E"),
        (POST % 1_000_000, b"x"),
    ],
    ids=["nothing", "head", "next head", "body"],
)
async def test_who_sends_drop_by_drop_is_cut_off(first: bytes, drop: bytes) -> None:
    async with listening() as port:
        said = await dripping(port, first, drop, 0.1, FOR_EVER)
        assert said.count(b"200 OK") == first.count(b"\r\n\r\n") - first.count(b"POST")


async def test_a_slow_line_may_send_a_body_as_long_as_it_goes_on() -> None:
    """Well above the floor, for three times as long as a window."""

    def send(port: int) -> bytes:
        # Of a thread of its own: what it sent is there whenever the server looks.
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(POST % 3100)
            for _ in range(31):
                time.sleep(0.1)
                line.sendall(b"x" * 100)
            return b"".join(iter(lambda: line.recv(4096), b""))

    async with listening() as port:
        assert (await asyncio.to_thread(send, port)).endswith(b"3100")
