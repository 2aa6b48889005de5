"""Asking clamd whether a file is clean, over its own protocol (clamd(8), INSTREAM).

The file goes to the scanner in pieces, whole or not at all: one that is larger than the scanner
takes is "not scanned", never "clean". A scanner that does not answer is away, and nothing is
known then.
"""

import asyncio
import contextlib
import re
import socket
import struct
from enum import Enum, auto
from pathlib import Path
from typing import Final

PIECE_BYTES: Final = 64 * 1024
ANSWERS_WITHIN_S: Final = 60.0
_TCP: Final = re.compile(r"(?:\[([0-9A-Fa-f:]+)\]|([^:/]+)):([0-9]{1,5})")


class ScanResult(Enum):
    """What the scanner says of a file."""

    CLEAN = auto()
    INFECTED = auto()
    NOT_SCANNED = auto()
    """It is over the scanner's limits."""


class ScannerAway(Exception):
    """The scanner cannot be reached, or does not say what it should."""


class Scanner:
    """clamd at the path of its socket, or at ``host:port``; files above ``max_bytes`` are not sent."""

    def __init__(self, address: str, max_bytes: int) -> None:
        self._address = address
        self._max_bytes = max_bytes

    async def ping(self) -> str:
        """The version that the scanner tells. Raises ScannerAway."""
        return await self._ask(b"zVERSION\0", None)

    async def scan(self, path: Path) -> ScanResult:
        """What the scanner finds in a file. Raises ScannerAway, also when the file is not there."""
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            raise ScannerAway("no file") from None
        if size > self._max_bytes:
            return ScanResult.NOT_SCANNED
        said = await self._ask(b"zINSTREAM\0", path)
        if said.endswith("FOUND"):
            # How clamd tells, with AlertExceedsMax, that it looked at a part only.
            limits = "Heuristics.Limits.Exceeded" in said
            return ScanResult.NOT_SCANNED if limits else ScanResult.INFECTED
        if "size limit exceeded" in said:
            return ScanResult.NOT_SCANNED
        if said == "stream: OK":
            return ScanResult.CLEAN
        raise ScannerAway(said[:100])

    async def _ask(self, command: bytes, path: Path | None) -> str:
        try:
            said = await asyncio.to_thread(self._say, command, path)
        except OSError as error:
            raise ScannerAway(type(error).__name__) from error
        if not said:
            raise ScannerAway("no answer")
        return said.rstrip(b"\0\n").decode(errors="replace")

    def _say(self, command: bytes, path: Path | None) -> bytes:
        with self._connected() as asking:
            asking.sendall(command)
            if path is not None:
                # A scanner that has heard enough closes, and its answer says why.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    _send(asking, path)
            return asking.recv(4096)

    def _connected(self) -> socket.socket:
        tcp = _TCP.fullmatch(self._address)
        if tcp is not None:
            return socket.create_connection((tcp[1] or tcp[2], int(tcp[3])), ANSWERS_WITHIN_S)
        asking = socket.socket(socket.AF_UNIX)
        try:
            asking.settimeout(ANSWERS_WITHIN_S)
            asking.connect(self._address)
        except OSError:
            asking.close()
            raise
        return asking


def _send(asking: socket.socket, path: Path) -> None:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            asking.sendall(struct.pack(">I", len(piece)) + piece)
    asking.sendall(struct.pack(">I", 0))
