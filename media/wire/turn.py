"""TURN for pages that cannot reach the worker: short-lived credentials, and whether a server answers.

Credentials follow the REST scheme of coturn (`use-auth-secret`): the user name is the moment
at which it ends and a name, the password HMAC-SHA1 of it under a secret that both sides know.
The media engine itself never speaks TURN; it knows no call and no person.
"""

import asyncio
import base64
import hashlib
import hmac
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aioice import stun

CREDENTIAL_LIVES_S: Final = 300
PATIENCE_S: Final = 2.0
TRIES: Final = 3
_DEFAULT_PORTS: Final = {"stun": 3478, "turn": 3478, "turns": 5349}


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a STUN or TURN server, as RFC 7065 writes it."""

    scheme: str
    host: str
    port: int
    transport: str

    @classmethod
    def parse(cls, url: str) -> "Server":
        """From ``turn:host[:port][?transport=udp|tcp]``. ValueError for anything else."""
        scheme, colon, rest = url.partition(":")
        place, _, query = rest.partition("?")
        transport = query.removeprefix("transport=") or ("tcp" if scheme == "turns" else "udp")
        if scheme not in _DEFAULT_PORTS or not colon or transport not in ("udp", "tcp"):
            raise ValueError(f"no address of a TURN server: {url}")
        host, port = place, ""
        if place.startswith("["):
            host, _, port = place[1:].partition("]")
            port = port.removeprefix(":")
        elif place.count(":") == 1:
            host, _, port = place.partition(":")
        if not host or (port and not port.isdecimal()):
            raise ValueError(f"no address of a TURN server: {url}")
        return cls(scheme, host, int(port) if port else _DEFAULT_PORTS[scheme], transport)


def ice_servers(
    urls: Sequence[str],
    secret: str | None,
    name: str,
    now: float | None = None,
    lives_s: int = CREDENTIAL_LIVES_S,
) -> list[dict[str, Any]]:
    """What a page is given as RTCIceServer; `name` must say nothing about a person.

    With a secret the credentials end `lives_s` seconds after `now` (seconds of Unix time; without
    it the clock's). STUN addresses need none. Empty without addresses.
    """
    open_to_all = [url for url in urls if url.startswith("stun:")]
    guarded = [url for url in urls if not url.startswith("stun:")]
    servers: list[dict[str, Any]] = [{"urls": open_to_all}] if open_to_all else []
    if guarded and secret is not None:
        ends = int((time.time() if now is None else now) + lives_s)
        username = f"{ends}:{name}"
        digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        servers.append({"urls": guarded, "username": username, "credential": credential})
    return servers


async def reachable(url: str) -> bool:
    """Whether the server answers a STUN binding request (RFC 8489 §6); over TLS without looking at
    whose the certificate is. ValueError for what is no address."""
    server = Server.parse(url)
    request = bytes(
        stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    )
    ask = _ask_by_udp if server.transport == "udp" else _ask_by_tcp
    try:
        answer = stun.parse_message(await ask(server, request))
    except (OSError, TimeoutError, ValueError, EOFError):
        return False
    return (
        answer.transaction_id == request[8:20]
        and answer.message_method == stun.Method.BINDING
        and answer.message_class == stun.Class.RESPONSE
    )


class _One(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, address: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _ask_by_udp(server: Server, request: bytes) -> bytes:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _One, remote_addr=(server.host, server.port)
    )
    try:
        for _ in range(TRIES):
            transport.sendto(request)
            done, _ = await asyncio.wait({protocol.answer}, timeout=PATIENCE_S / TRIES)
            if done:
                return protocol.answer.result()
        raise TimeoutError
    finally:
        protocol.answer.cancel()
        transport.close()


async def _ask_by_tcp(server: Server, request: bytes) -> bytes:
    context: ssl.SSLContext | None = None
    if server.scheme == "turns":
        context = await asyncio.to_thread(ssl.create_default_context)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readexactly(20)
            return head + await reader.readexactly(int.from_bytes(head[2:4], "big"))
        finally:
            writer.close()
