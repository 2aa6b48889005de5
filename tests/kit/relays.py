"""A real coturn for tests, with the configuration that is shipped, and a small client that asks it for things.

The client speaks as much TURN (RFC 8656, RFC 6062) as a test of what is refused needs; a browser
speaks the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import os
import secrets
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import trustme

from media.wire import turn
from tests.kit.services import NotStarted

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "coturn" / "turnserver.conf"
START_S: Final = 15.0
COOKIE: Final = 0x2112A442
UDP, TCP = 17, 6
IPV4, IPV6 = 1, 2

_Attribute = tuple[int, bytes | str]
"""Kind and value; a string is an address, which is masked with the question's own id."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A running coturn: where it listens, and what it and the node know together."""

    host: str
    port: int
    tls_port: int
    secret: str
    authority: Path
    log: Path

    def urls(self, *kinds: str) -> list[str]:
        """Addresses for pages, by kind: udp, tcp, tls."""
        known = {
            "udp": f"turn:{self.host}:{self.port}?transport=udp",
            "tcp": f"turn:{self.host}:{self.port}?transport=tcp",
            "tls": f"turns:{self.host}:{self.tls_port}?transport=tcp",
        }
        return [known[kind] for kind in kinds]

    def credential(self, name: str = "leg", *, made_ago_s: float = 0.0) -> tuple[str, str]:
        """User name and password as a page got them so many seconds ago."""
        [server] = turn.ice_servers(
            self.urls("udp"), self.secret, name, now=time.time() - made_ago_s
        )
        return server["username"], server["credential"]


@contextlib.contextmanager
def relay(host: str, peer: str, **over: str) -> Iterator[Relay]:
    """Run coturn on `host` with the shipped configuration, relaying to `peer` alone.

    Only what belongs to a place is changed: addresses, ports, secret, certificate, and what `over`
    says, by name with underscores. Raises NotStarted where it is not installed.
    """
    program = shutil.which("turnserver")
    if program is None:
        raise NotStarted("turnserver is not installed (Debian: coturn)")
    folder = Path(tempfile.mkdtemp(prefix="yj-turn-", dir="/tmp"))
    authority = trustme.CA()
    leaf = authority.issue_cert(host)
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "leaf.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    port, tls_port = _free_ports(host, 2)
    secret = secrets.token_hex(16)
    first = 20_000 + secrets.randbelow(300) * 100
    own = {
        "listening-ip": host,
        "relay-ip": host,
        "listening-port": str(port),
        "tls-listening-port": str(tls_port),
        "min-port": str(first),
        "max-port": str(first + 99),
        "allowed-peer-ip": peer,
        "static-auth-secret": secret,
        "cert": str(folder / "leaf.pem"),
        "pkey": str(folder / "leaf.pem"),
        "pidfile": str(folder / "pid"),
        "userdb": str(folder / "users.sqlite"),
        "log-file": "stdout",
        **{name.replace("_", "-"): value for name, value in over.items()},
    }
    lines = [
        line
        for line in SHIPPED.read_text().splitlines()
        if line.partition("=")[0] not in own and not line.startswith("#")
    ]
    lines += [f"{name}={value}" if value else name for name, value in own.items()]
    (folder / "turn.conf").write_text("\n".join(lines) + "\n")
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [program, "-c", str(folder / "turn.conf"), "--simple-log"],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
    try:
        _await(server, host, port, log)
        yield Relay(host, port, tls_port, secret, folder / "ca.pem", log)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(host: str, count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(count):
            one = held.enter_context(socket.socket())
            one.bind((host, 0))
            ports.append(int(one.getsockname()[1]))
        return ports


def _await(server: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((host, port), 0.2):
            return
        time.sleep(0.02)
    raise NotStarted(f"coturn did not come up: {log.read_text(errors='replace')[-2000:]}")


class Asker:
    """One client of a TURN server over TCP or TLS; each question gives the code of the answer, 0
    for a success. What it asks for may be UDP all the same."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._realm = b""
        self._nonce = b""
        self.user = ("", "")

    @classmethod
    async def open(cls, relay: Relay, user: tuple[str, str], *, tls: bool = False) -> Self:
        context = None
        if tls:
            context = await asyncio.to_thread(
                ssl.create_default_context, cafile=str(relay.authority)
            )
        port = relay.tls_port if tls else relay.port
        asker = cls(*await asyncio.open_connection(relay.host, port, ssl=context))
        asker.user = user
        return asker

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def allocate(self, *, transport: int = UDP, family: int = IPV4) -> int:
        """Ask for an address at the relay; what is refused for want of a nonce is asked again."""
        wanted: list[_Attribute] = [(0x0019, bytes([transport, 0, 0, 0]))]
        if family != IPV4:
            wanted.append((0x0017, bytes([family, 0, 0, 0])))
        return await self._ask(0x0003, wanted)

    async def refresh(self) -> int:
        return await self._ask(0x0004, [])

    async def permit(self, peer: str) -> int:
        """Ask for leave to send to this address."""
        return await self._ask(0x0008, [(0x0012, peer)])

    async def bind(self, peer: str) -> int:
        """Ask for a channel to this address."""
        return await self._ask(0x0009, [(0x000C, b"\x40\0\0\0"), (0x0012, peer)])

    async def connect(self, peer: str) -> int:
        """Ask for a TCP connection to this address (RFC 6062)."""
        return await self._ask(0x000A, [(0x0012, peer)])

    async def _ask(self, method: int, wanted: list[_Attribute]) -> int:
        for _ in range(3):
            knew = self._nonce
            code = await self._once(method, wanted)
            # signed with the newest nonce, a refusal is one
            if code not in (401, 438) or self._nonce == knew:
                return code
        return code

    async def _once(self, method: int, wanted: list[_Attribute]) -> int:
        transaction = secrets.token_bytes(12)
        told = [
            (kind, value if isinstance(value, bytes) else _xor(value, transaction))
            for kind, value in wanted
        ]
        if self._nonce:
            name = self.user[0].encode()
            told += [(0x0006, name), (0x0014, self._realm), (0x0015, self._nonce)]
        body = b"".join(
            struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
            for kind, value in told
        )
        if self._nonce:
            text = b":".join((self.user[0].encode(), self._realm, self.user[1].encode()))
            key = hashlib.md5(text, usedforsecurity=False).digest()
            head = struct.pack("!HHI", method, len(body) + 24, COOKIE) + transaction
            body += struct.pack("!HH", 8, 20) + hmac.new(key, head + body, hashlib.sha1).digest()
        self._writer.write(struct.pack("!HHI", method, len(body), COOKIE) + transaction + body)
        await self._writer.drain()
        while True:
            async with asyncio.timeout(5):
                head = await self._reader.readexactly(20)
                _kind, length = struct.unpack("!HH", head[:4])
                answer = await self._reader.readexactly(length)
            if head[8:] == transaction:
                break
        code = place = 0
        while place + 4 <= length:
            attribute, size = struct.unpack("!HH", answer[place : place + 4])
            value = answer[place + 4 : place + 4 + size]
            if attribute == 0x0009:
                code = value[2] * 100 + value[3]
            elif attribute == 0x0014:
                self._realm = value
            elif attribute == 0x0015:
                self._nonce = value
            place += 4 + size + -size % 4
        return code


def _xor(peer: str, transaction: bytes) -> bytes:
    address = ipaddress.ip_address(peer)
    mask = struct.pack("!I", COOKIE) + transaction
    packed = bytes(one ^ other for one, other in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, IPV4 if address.version == 4 else IPV6, 9 ^ COOKIE >> 16) + packed
