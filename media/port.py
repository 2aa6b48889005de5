"""One UDP socket for all parties of a worker.

It drains the socket, tells datagrams apart by their first byte (RFC 7983) and
lets through only what comes from a path that ICE has checked; STUN goes to the
checks. What a packet means is decided by those it hands it to.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from media.ice import Address, Agent, Checks
from media.srtp import BUFFER_BYTES, Buffer

log = logging.getLogger(__name__)

DRAIN_LIMIT = 64
SOCKET_BUFFER_BYTES = 4 << 20

Owner = TypeVar("Owner")


def outward_address() -> str:
    """The address of the interface that leads outward, found without sending; else loopback.

    Firefox sends no check to 127.0.0.1, so that even a page on this machine is
    offered the interface's address where there is one.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


class Port(Generic[Owner]):
    """The worker's socket, bound to one concrete address.

    A wildcard address would let answers leave from another address than the one
    that the candidate names, and ICE would never connect. `media(owner, length,
    now)` finds the packet in `buffer`; `dtls(owner, datagram, address)` and
    `checked(agent, address, fresh)` get theirs; `drained()` is called after each wake-up.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        media: Callable[[Owner, int, float], None],
        dtls: Callable[[Owner, bytes, Address], None],
        checked: Callable[[Agent, Address, bool], None],
        drained: Callable[[], None],
    ) -> None:
        self.buffer = Buffer()
        self.checks = Checks(monotonic)
        self.owners: dict[Address, Owner] = {}
        self.dropped: Counter[str] = Counter()
        self.datagrams = 0
        self.wakeups = 0
        self._media = media
        self._dtls = dtls
        self._checked = checked
        self._drained = drained
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.host: str = host
        self.number: int = self._socket.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._socket.fileno(), self._drain)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def send(self, packet: bytes | memoryview, address: Address) -> None:
        """Send or lose: a full socket buffer drops the packet, as a network would."""
        try:
            self._socket.sendto(packet, address)
        except BlockingIOError:
            self.dropped["send_buffer_full"] += 1
        except OSError:
            # The kernel reports an unreachable peer here; its silence will tell.
            self.dropped["send_error"] += 1

    def _drain(self) -> None:
        now = monotonic()
        self.wakeups += 1
        buffer = self.buffer
        data = buffer.data
        receive = self._socket.recvfrom_into
        owners = self.owners
        media = self._media
        for _ in range(DRAIN_LIMIT):
            try:
                length, address = receive(data, BUFFER_BYTES)
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error of an earlier send; the datagrams behind it are fine.
                continue
            self.datagrams += 1
            if length == 0 or length == BUFFER_BYTES:
                self.dropped["size"] += 1
                continue
            first = data[0]
            try:
                if 127 < first < 192:
                    owner = owners.get(address)
                    if owner is None:
                        self.dropped["stranger"] += 1
                    else:
                        media(owner, length, now)
                elif first < 4:
                    self._check(bytes(buffer.view[:length]), address)
                elif 19 < first < 64:
                    owner = owners.get(address)
                    if owner is None:
                        self.dropped["stranger"] += 1
                    else:
                        self._dtls(owner, bytes(buffer.view[:length]), address)
                else:
                    self.dropped["unknown_kind"] += 1
            except Exception:
                # A bug, but the datagrams behind this one are other people's calls. Told once:
                # whoever found such a datagram can send a thousand a second.
                if not self.dropped["fault"]:
                    log.exception("a datagram could not be handled")
                self.dropped["fault"] += 1
        self._drained()

    def _check(self, datagram: bytes, address: Any) -> None:
        found = self.checks.receive(datagram, address)
        if found is None:
            self.dropped["stun"] += 1
            return
        agent, answer, fresh = found
        self._checked(agent, address, fresh)
        self.send(answer, address)
