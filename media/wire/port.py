"""One UDP socket for all parties of a worker.

It drains the socket, tells datagrams apart by their first byte (RFC 7983) and
lets through only what comes from a path that ICE has checked; STUN goes to the
checks. What a packet means is decided by those it hands it to.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from time import monotonic
from typing import Any, Generic, TypeVar

from media.wire.batch import BATCH, Key, batch_for
from media.wire.ice import Address, Agent, Checks
from media.wire.srtp import BUFFER_BYTES, Buffer

log = logging.getLogger(__name__)

DRAIN_LIMIT = 64
SOCKET_BUFFER_BYTES = 4 << 20

Owner = TypeVar("Owner")


class AddressOwners(MutableMapping[Address, Owner]):
    """Whose each checked address is. `known` is the same by what the kernel calls a sender,
    filled as they are heard and forgotten with each change."""

    def __init__(self) -> None:
        self._owners: dict[Address, Owner] = {}
        self.known: dict[Key, Owner] = {}

    def __getitem__(self, address: Address) -> Owner:
        return self._owners[address]

    def __setitem__(self, address: Address, owner: Owner) -> None:
        self._owners[address] = owner
        self.known.clear()

    def __delitem__(self, address: Address) -> None:
        del self._owners[address]
        self.known.clear()

    def __iter__(self) -> Iterator[Address]:
        return iter(self._owners)

    def __len__(self) -> int:
        return len(self._owners)


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
    that the candidate names, and ICE would never connect. `media(owner, buffer, length,
    now)` gets a packet where it lies, which it may change and queue for sending;
    `dtls(owner, datagram, address)` and `checked(agent, address, fresh)` get theirs;
    `drained()` is called after each wake-up.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        media: Callable[[Owner, Buffer, int, float], None],
        dtls: Callable[[Owner, bytes, Address], None],
        checked: Callable[[Agent, Address, bool], None],
        drained: Callable[[], None],
    ) -> None:
        self.checks = Checks(monotonic)
        self.owners: AddressOwners[Owner] = AddressOwners()
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
        self._batch = batch_for(self._socket, self.dropped)
        self._draining = False
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

    def queue(self, buffer: Buffer, length: int, address: Address) -> None:
        """As `send`, with the other packets of this wake-up; until its end the buffer is ours."""
        self._batch.put(buffer, length, address)
        if not self._draining:
            self._batch.flush()

    def _drain(self) -> None:
        now = monotonic()
        self.wakeups += 1
        self._draining = True
        batch = self._batch
        for _ in range(DRAIN_LIMIT // BATCH):
            count = batch.receive()
            self.datagrams += count
            sizes, keys, buffers, known = batch.sizes, batch.keys, batch.buffers, self.owners.known
            for index in range(count):
                length = sizes[index]
                buffer = buffers[index]
                try:
                    if 127 < buffer.data[0] < 192 and 0 < length < BUFFER_BYTES:
                        owner = known.get(keys[index]) or self._owner(index)
                        if owner is not None:
                            self._media(owner, buffer, length, now)
                    else:
                        self._take(index, buffer, length)
                except Exception:
                    # A bug, but the datagrams behind this one are other people's calls. Told once:
                    # whoever found such a datagram can send a thousand a second.
                    if not self.dropped["fault"]:
                        log.exception("a datagram could not be handled")
                    self.dropped["fault"] += 1
            batch.flush()
            if count < BATCH:
                break
        self._draining = False
        self._drained()

    def _take(self, index: int, buffer: Buffer, length: int) -> None:
        """Deal with a datagram that is no packet of media."""
        if length == 0 or length == BUFFER_BYTES:
            self.dropped["size"] += 1
            return
        first = buffer.data[0]
        if first < 4:
            self._check(bytes(buffer.view[:length]), self._batch.address(index))
        elif 19 < first < 64:
            owner = self._owner(index)
            if owner is not None:
                self._dtls(owner, bytes(buffer.view[:length]), self._batch.address(index))
        else:
            self.dropped["unknown_kind"] += 1

    def _owner(self, index: int) -> Owner | None:
        """Whose datagram it is by its address; a stranger's is dropped."""
        owner = self.owners.get(self._batch.address(index))
        if owner is None:
            self.dropped["stranger"] += 1
        else:
            self.owners.known[self._batch.keys[index]] = owner
        return owner

    def _check(self, datagram: bytes, address: Any) -> None:
        found = self.checks.receive(datagram, address)
        if found is None:
            self.dropped["stun"] += 1
            return
        agent, answer, fresh = found
        self._checked(agent, address, fresh)
        self.send(answer, address)
