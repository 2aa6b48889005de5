"""Bytes on their way into a file of this node: its lock, the silence of a sender, checksums.

A lock's holder can be asked to let go; he looks between two chunks. Nothing here knows what a
file is for, nor HTTP.
"""

import asyncio
import base64
import binascii
import errno
import hashlib
import hmac
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes

from server.neighbours.nodes import ConnectionCut
from signaling.refusals import Code, Refusal

LETTING_GO_S: Final = 0.8
"""How long a writer that was asked to let go is waited for."""
SILENT_S: Final = 0.4
"""A writer that has brought nothing for so long is asked to let go by the next writer too."""
NOTHING_LEFT: Final = (errno.ENOSPC, errno.EDQUOT)
READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
COPIED_BYTES: Final = 1024 * 1024


class Digest(Protocol):
    """A hash that is fed."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""
        ...

    def digest(self) -> bytes:
        """The hash of all that was taken."""
        ...


class _Sm3:
    """SM3 (GB/T 32905), which not every build of Python knows."""

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.copy().finalize()


ALGORITHMS: Final[dict[str, Callable[[], Digest]]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sm3": _Sm3,
}


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a chunk must hash to, as its sender says."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, said: str) -> "Checksum":
        """From ``<algorithm> <Base64>``. Refused: upload_checksum_algorithm, malformed."""
        algorithm, _, encoded = said.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise Refusal(Code.UPLOAD_CHECKSUM_ALGORITHM, known=",".join(ALGORITHMS))
        try:
            digest = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if not digest:
            raise Refusal(Code.MALFORMED, fields="Upload-Checksum")
        return cls(algorithm, digest)

    def begin(self) -> Digest:
        return ALGORITHMS[self.algorithm]()

    def holds(self, digest: Digest) -> bool:
        return hmac.compare_digest(digest.digest(), self.digest)


class UploadLock:
    """The lock of one upload. Its holder waits for chunks within ``waiting``, which ``ask`` ends."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.asked = False
        self.users = 0
        self.heard_at = time.monotonic()
        self._waits: asyncio.Timeout | None = None

    @property
    def silent(self) -> bool:
        return time.monotonic() - self.heard_at > SILENT_S

    def ask(self) -> None:
        """Ask the holder to let go; one who waits for a chunk does at once."""
        self.asked = True
        if self._waits is not None and not self._waits.expired():
            self._waits.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def waiting(self, silence_s: float) -> AsyncIterator[None]:
        """Where the holder waits for a chunk. Refused with upload_locked once he was asked to let
        go; raises Cut after ``silence_s``."""
        if self.asked:
            raise Refusal(Code.UPLOAD_LOCKED)
        try:
            async with asyncio.timeout(silence_s) as self._waits:
                yield
        except TimeoutError:
            if self.asked:
                raise Refusal(Code.UPLOAD_LOCKED) from None
            raise ConnectionCut from None
        finally:
            self._waits = None
        self.heard_at = time.monotonic()


class Holds:
    """The locks of one node's uploads, by their ids."""

    def __init__(self) -> None:
        self._holds: dict[str, UploadLock] = {}

    @asynccontextmanager
    async def held(self, upload_id: str, *, ask: bool) -> AsyncIterator[UploadLock]:
        """The lock; with ``ask`` its present holder is asked to let go, otherwise only one from
        whom nothing is heard. Refused with upload_locked when he does not in time."""
        hold = self._holds.setdefault(upload_id, UploadLock())
        hold.users += 1
        try:
            if ask or hold.silent:
                hold.ask()
            try:
                async with asyncio.timeout(LETTING_GO_S):
                    await hold.lock.acquire()
            except TimeoutError:
                raise Refusal(Code.UPLOAD_LOCKED) from None
            hold.asked = False
            hold.heard_at = time.monotonic()
            try:
                yield hold
            finally:
                hold.lock.release()
        finally:
            hold.users -= 1
            if not hold.users:
                del self._holds[upload_id]

    @asynccontextmanager
    async def all_held(self, upload_ids: Iterable[str]) -> AsyncIterator[None]:
        """Several locks, taken in one order whoever asks."""
        async with AsyncExitStack() as stack:
            for upload_id in sorted(set(upload_ids)):
                await stack.enter_async_context(self.held(upload_id, ask=True))
            yield

    def ask_all(self) -> None:
        """Ask every holder to let go."""
        for hold in self._holds.values():
            hold.ask()

    def __contains__(self, upload_id: str) -> bool:
        return upload_id in self._holds


async def coming(
    chunks: AsyncIterator[bytes], hold: UploadLock, silence_s: float
) -> AsyncIterator[bytes]:
    """The chunks, until somebody asks for the lock: then refused with upload_locked. Raises Cut
    when none comes for ``silence_s``."""
    while True:
        async with hold.waiting(silence_s):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


async def write(writing: Callable[..., object], *what: object) -> None:
    """Do in a thread what writes to the disk. Refused as in ``written``."""
    with written():
        await asyncio.to_thread(writing, *what)


@contextmanager
def written() -> Iterator[None]:
    """Around what makes, opens or writes a file. Refused with disk_full and disk_read_only."""
    try:
        yield
    except OSError as error:
        if error.errno in NOTHING_LEFT:
            raise Refusal(Code.DISK_FULL) from error
        if error.errno in READ_ONLY:
            raise Refusal(Code.DISK_READ_ONLY) from error
        raise


def append(source: Path, target: Path) -> None:
    """Add one file to the end of another, or nothing at all."""
    before = target.stat().st_size
    try:
        with source.open("rb") as taken, target.open("ab") as file:
            shutil.copyfileobj(taken, file, COPIED_BYTES)
    except OSError:
        os.truncate(target, before)
        raise


def join(parts: Sequence[Path], target: Path) -> None:
    """Write the parts one after another into a file that is there and empty."""
    with target.open("wb") as file:
        for part in parts:
            with part.open("rb") as taken:
                shutil.copyfileobj(taken, file, COPIED_BYTES)
