"""The nodes of one installation: who lives, where each is reached, and that one speaks for itself.

Bytes of an unfinished upload lie at one node; the database says at which. Another node that is
asked for them asks there, in a request that is signed with the secret the nodes share. A node is
reached only at the address that it wrote into the database itself. Knows no HTTP.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn

import structlog

from server.neighbours import rows
from server.store import Store
from signaling.refusals import Refusal

log = structlog.get_logger("nodes")

BEAT_EVERY_S: Final = 5.0
ALONE_EVERY_S: Final = 60.0
"""Of a node that shares no secret with others."""
AWAY: Final = timedelta(seconds=20)
"""A node that was not seen for as long is not asked."""
GONE: Final = timedelta(minutes=10)
"""What a node held that was not seen for as long is given up, and its people are told."""
OLDEST_S: Final = 60.0
"""How far the clocks of two nodes may differ."""


class Elsewhere(Exception):
    """The bytes that are asked for lie at another node."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id


class Nodes:
    """This node among the others. ``address`` is where they reach it; None: they cannot."""

    def __init__(
        self, store: Store, node_id: str, *, address: str | None = None, secret: bytes | None = None
    ) -> None:
        self._store = store
        self.node_id = node_id
        self._address = address
        self._secret = secret

    async def beat(self) -> None:
        """Write that this node lives."""
        async with self._store.working() as connection:
            await rows.beat(connection, self.node_id, self._address, self._store.clock.now())

    async def listens(self, port: int) -> None:
        """Port 0 in the address means the one that the system chose: tell it."""
        if self._address is not None and self._address.rstrip("/").endswith(":0"):
            self._address = f"{self._address.rstrip('/')[:-1]}{port}"
            with suppress(Refusal):  # the next beat tells it
                await self.beat()

    async def run(self) -> NoReturn:
        """Beat for ever."""
        while True:
            try:
                await self.beat()
            except Refusal as refusal:
                log.warning("beat_refused", code=refusal.code.value)
            await asyncio.sleep(ALONE_EVERY_S if self._secret is None else BEAT_EVERY_S)

    async def address_of(self, node_id: str) -> str | None:
        """Where a node that lives is reached; None when it cannot be asked."""
        if self._secret is None or node_id == self.node_id:
            return None
        since = self._store.clock.now() - AWAY
        async with self._store.read() as connection:
            return await rows.address_of(connection, node_id, since)

    def sign(self, request: str) -> str:
        """What proves that a node of this installation sends this request now."""
        assert self._secret is not None
        at = f"{time.time():.3f}"
        return f"{self.node_id} {at} {_mac(self._secret, self.node_id, at, request)}"

    def believe(self, said: str, request: str) -> bool:
        """Whether ``said`` was signed for this request, by another node, just now."""
        node_id, _, rest = said.partition(" ")
        at, _, mac = rest.partition(" ")
        if self._secret is None or not mac.isascii() or node_id == self.node_id:
            return False
        if not hmac.compare_digest(mac, _mac(self._secret, node_id, at, request)):
            return False
        try:
            return abs(time.time() - float(at)) <= OLDEST_S
        except ValueError:
            return False


def _mac(secret: bytes, node_id: str, at: str, request: str) -> str:
    text = f"yunjian node request\n{node_id}\n{at}\n{request}"
    return hmac.digest(secret, text.encode(), hashlib.sha256).hex()


def identify(data: Path) -> str:
    """The id of the node whose files lie in ``data``; made at its first start."""
    file = data / "node"
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        made = secrets.token_urlsafe(12)
        file.write_text(made + "\n")
        return made


class ConnectionCut(Exception):
    """The connection that brought the bytes is gone, or brings nothing any more."""
