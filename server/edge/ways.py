"""What the system knows of the connection that an answer goes out on (tcp(7), Linux)."""

import asyncio
import fcntl
import socket
import struct
from contextlib import suppress
from typing import Any, Final

UNSENT_BYTES: Final = 64 * 1024
"""So much the system takes beyond what is under way: what waits here instead can still be put behind
something else."""
SIOCOUTQNSD: Final = 0x894B
"""Asks how much of a socket's queue was not sent yet (linux/sockios.h)."""


class TcpWay:
    """The TCP connection of a request. Of one of another kind, or that is gone, nothing is known, and
    nothing of it is changed."""

    def __init__(self, transport: asyncio.Transport | None) -> None:
        taken: Any = transport.get_extra_info("socket") if transport is not None else None
        internet = taken is not None and taken.family in (socket.AF_INET, socket.AF_INET6)
        self._transport = transport if internet else None
        self._socket = taken
        if self._transport is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def waiting(self) -> int:
        """How many bytes that were written are not under way yet."""
        if self._transport is None or self._transport.is_closing():
            return 0
        try:
            told = fcntl.ioctl(self._socket.fileno(), SIOCOUTQNSD, bytes(4))
        except OSError:
            return 0
        return self._transport.get_write_buffer_size() + int(struct.unpack("i", told)[0])
