"""A TCP relay between a client and a node: it passes bytes on, and cuts where the test wants."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

PIECE_BYTES: Final = 16 * 1024


class Relay:
    """Passes on what comes at ``port``. ``limit`` is how many more bytes go towards the node before
    the connection ends; None: any number. ``passed`` counts what went there since it was set."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self.port = 0
        self.passed = 0
        self.limit: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def cut_after(self, size: int | None) -> None:
        """Let so many bytes pass and then end the connection, as if a cable were pulled out."""
        self.passed = 0
        self.limit = size

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            behind_reader, behind = await asyncio.open_connection("127.0.0.1", self._behind)
            back = asyncio.create_task(_pass_on(behind_reader, writer))
            try:
                await self._forward(reader, behind)
            finally:
                for one in (behind, writer):
                    one.close()
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
                for one in (behind, writer):
                    with suppress(OSError):
                        await one.wait_closed()
        finally:
            self._tasks.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, behind: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if self.limit is not None:
                    piece = piece[: self.limit - self.passed]
                behind.write(piece)
                await behind.drain()
                self.passed += len(piece)
                if self.limit is not None and self.passed >= self.limit:
                    return

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """A relay to this port of this machine, on a port of its own."""
    one = Relay(port)
    server = await asyncio.start_server(one._serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await one.close()
        await server.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST, whatever is still under way (SO_LINGER 0)."""
    taken: socket.socket = writer.get_extra_info("socket")
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
