"""The local socket of a running server, over which the command line does what it does.

An SQLite file belongs to one process, so that beside a server nothing else can write to it. The socket
is a file in the data folder (0600): whoever may open it is the server's own account, or root, which is
asked again of the kernel at each request. No network reaches it, and no page.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import structlog
from aiohttp import web

from server import console
from server.store import Store
from signaling.refusals import Code, Refusal

NAME: Final = "yunjian.sock"
LONGEST: Final = 107
"""Bytes of a path that Linux takes for a socket."""
PATIENCE_S: Final = 600.0
"""A long list of items takes its time."""
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a request: such a list, in base 64."""

log = structlog.get_logger("control")


class NobodyThere(Exception):
    """No server runs on this data folder."""


@asynccontextmanager
async def listening(data: Path, store: Store) -> AsyncIterator[None]:
    """Do what the command line asks, for the time of the block."""
    path = data / NAME
    if len(os.fsencode(path)) > LONGEST:
        log.warning("control_path_too_long", longest=LONGEST)
        yield
        return

    async def act(request: web.Request) -> web.Response:
        _own(request)
        asked = await request.json()
        try:
            said = await console.do(store, asked["act"], asked["given"])
        except Refusal as refusal:
            return web.json_response({"code": refusal.code.value, "details": refusal.details})
        log.info("control", act=asked["act"])
        return web.json_response({"said": said})

    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/", act)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, await asyncio.to_thread(_bound, path)).start()
        yield
    finally:
        await runner.cleanup()
        with suppress(FileNotFoundError):
            await asyncio.to_thread(path.unlink)


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a server that was killed
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        bound.bind(str(path))
    finally:
        os.umask(before)
    return bound


def _own(request: web.Request) -> None:
    end = request.get_extra_info("socket")
    said = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", said)
    if uid not in (0, os.geteuid()):
        raise web.HTTPForbidden


async def ask(data: Path, act: str, given: Mapping[str, Any]) -> Any:
    """Let the server of this data folder do it. NobodyThere when none runs; refused as the act itself."""
    path = data / NAME
    if not await asyncio.to_thread(path.is_socket):
        raise NobodyThere
    connector = aiohttp.UnixConnector(path=str(path))
    patience = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as http:
        try:
            async with http.post("http://server/", json={"act": act, "given": given}) as said:
                said.raise_for_status()
                told = await said.json()
        except aiohttp.ClientConnectorError:
            raise NobodyThere from None
    if "code" in told:
        raise Refusal(Code(told["code"]), **told["details"])
    return told["said"]
