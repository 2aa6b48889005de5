"""A network between a peer and the worker that loses what a test tells it to lose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

FROM_PEER = "peer"
FROM_WORKER = "worker"
SOCKET_BYTES = 4 << 20


class Middleman(asyncio.DatagramProtocol):
    """Passes datagrams between one peer and the worker; `loses(side, datagram)` drops them.

    The peer is led here by `through(offer)`, which puts this address in the place
    of the worker's.
    """

    def __init__(self, worker: tuple[str, int], loses: Callable[[str, bytes], bool]) -> None:
        self._worker = worker
        self._loses = loses
        self._peer: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def through(self, offer: str) -> str:
        assert self._transport is not None
        port = self._transport.get_extra_info("sockname")[1]
        host, number = self._worker
        return offer.replace(f" {host} {number} typ host", f" 127.0.0.1 {port} typ host")

    def inject(self, datagram: bytes) -> None:
        """Send this to the worker as if it came from the peer."""
        assert self._transport is not None
        self._transport.sendto(datagram, self._worker)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        # A network loses what it is told to lose, however late this loop has its turn.
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, SOCKET_BYTES)

    def datagram_received(self, data: bytes, address: Any) -> None:
        assert self._transport is not None
        from_worker = address[:2] == self._worker
        if not from_worker:
            self._peer = address
        if self._loses(FROM_WORKER if from_worker else FROM_PEER, data):
            return
        target = self._peer if from_worker else self._worker
        if target is not None:
            self._transport.sendto(data, target)


class Narrow(Middleman):
    """A way to one peer that carries `bps`, behind a queue of `queue_s`; what overflows is lost."""

    def __init__(self, worker: tuple[str, int], bps: float, *, queue_s: float = 0.3) -> None:
        super().__init__(worker, lambda _side, _datagram: False)
        self.bps = bps
        self.overflowed = 0
        self._queue_s = queue_s
        self._free_at = 0.0

    def datagram_received(self, data: bytes, address: Any) -> None:
        if address[:2] != self._worker:
            super().datagram_received(data, address)
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._free_at = max(self._free_at, now)
        if self._free_at - now > self._queue_s:
            self.overflowed += 1
            return
        self._free_at += 8 * (len(data) + 28) / self.bps
        loop.call_at(self._free_at, self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        if self._transport is not None and self._peer is not None:
            self._transport.sendto(data, self._peer)
