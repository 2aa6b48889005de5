"""Sealed files, named by the SHA-256 of what is in them.

What is here never changes and is never written in place: a temporary file is filled,
synced and renamed. It knows bytes and hashes; whose file it is stands in the tables.
A folder of this node today; the interface asks for nothing an object store lacks.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import IO, Final, Literal

from cryptography.hazmat.primitives import hashes

from server.store.files import closed, opened
from signaling.refusals import Code, Refusal

CHUNK_BYTES: Final = 256 * 1024
Digest = Literal["sha256", "sm3"]
"""What the ledger tells of the bytes of a recording; ``sm3``: their SM3 (GB/T 32905) too, beside the SHA-256."""
_NAME: Final = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """The blobs below one folder, as `ab/cd/abcd...`; the folder is made when missing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def partial(self) -> Path:
        """Where a file lies that is being made, on the same disk; emptied by ``prepare``."""
        return self._root / "partial"

    async def prepare(self) -> None:
        """Make the folders and remove what an interrupted `put` left."""
        await asyncio.to_thread(self._prepare)

    async def put(self, source: bytes | Path | AsyncIterable[bytes]) -> str:
        """Seal bytes, a file (read, left where it is) or a stream; returns the SHA-256, hex.

        When it returns, the content survives a power cut. The same content twice is kept once.
        Refused with DISK_FULL; nothing is left behind then. A file is a plain file: a link that
        a child left in its place is not followed (OSError).
        """
        partial = self.partial / secrets.token_hex(8)
        try:
            if isinstance(source, Path):
                return await asyncio.to_thread(self._put_file, source, partial)
            return await self._put_stream(
                _once(source) if isinstance(source, bytes) else source, partial
            )
        except OSError as error:
            if error.errno in (28, 122):  # ENOSPC, EDQUOT
                raise Refusal(Code.DISK_FULL) from error
            raise
        finally:
            await asyncio.to_thread(partial.unlink, missing_ok=True)

    async def exists(self, sha256: str) -> bool:
        return await asyncio.to_thread(self.path(sha256).is_file)

    async def size(self, sha256: str) -> int:
        """Length in bytes. Refused with NOT_FOUND."""
        try:
            return (await asyncio.to_thread(self.path(sha256).stat)).st_size
        except FileNotFoundError:
            raise Refusal(Code.NOT_FOUND) from None

    def open(
        self, sha256: str, start: int = 0, end: int | None = None
    ) -> contextlib.AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read the bytes from `start` up to, not including, `end` (None: to the last) in chunks.

        Used as `async with blobs.open(sha256, 0, 100) as chunks`. Refused with NOT_FOUND.
        """
        return self._open(sha256, start, end)

    @contextlib.asynccontextmanager
    async def _open(
        self, sha256: str, start: int, end: int | None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            path = self.path(sha256)
            file = await opened(lambda: path.open("rb"))
        except FileNotFoundError:
            raise Refusal(Code.NOT_FOUND) from None
        try:
            yield _chunks(file, start, end)
        finally:
            await closed(file)

    async def sm3(self, sha256: str) -> str:
        """The SM3 (GB/T 32905) of a blob's content, hex."""
        return await asyncio.to_thread(_sm3, self.path(sha256))

    async def verify(self, sha256: str) -> bool:
        """Whether the content is there and still has this hash."""
        return await asyncio.to_thread(self._verify, sha256)

    async def quarantine(self, sha256: str) -> None:
        """Take a blob away, into a folder that nobody reads from; it is not there any more."""
        await asyncio.to_thread(self._quarantine, sha256)

    async def stamp(self, sha256: str) -> tuple[int, ...] | None:
        """What changes whenever somebody touches the file (inode, size, times); None: it is not there."""
        try:
            found = await asyncio.to_thread(self.path(sha256).stat)
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def path(self, sha256: str) -> Path:
        """Where the blob lies, for a child process that reads it. ValueError for what is no hash."""
        if not _NAME.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _quarantine(self, sha256: str) -> None:
        kept = self._root / "quarantine"
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            self.path(sha256).rename(kept / sha256)

    def _prepare(self) -> None:
        partial = self._root / "partial"
        partial.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left_over in partial.iterdir():
            left_over.unlink()

    async def _put_stream(self, source: AsyncIterable[bytes], partial: Path) -> str:
        digest = hashlib.sha256()
        file = await opened(lambda: partial.open("xb"))
        try:
            async for chunk in source:
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_sync, file)
        finally:
            await closed(file)
        await asyncio.to_thread(self._seal, partial, digest.hexdigest())
        return digest.hexdigest()

    def _put_file(self, source: Path, partial: Path) -> str:
        digest = hashlib.sha256()
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as original, partial.open("xb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, f"{source.name} is no plain file")
            while chunk := original.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
            _sync(file)
        self._seal(partial, digest.hexdigest())
        return digest.hexdigest()

    def _seal(self, partial: Path, sha256: str) -> None:
        path = self.path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.chmod(0o400)
        partial.rename(path)
        # The names must reach the disk too: the file's, and those of folders made just now.
        for folder in (path.parent, path.parent.parent, self._root):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _verify(self, sha256: str) -> bool:
        try:
            with self.path(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _chunks(file: IO[bytes], start: int, end: int | None) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, start)
    left = None if end is None else end - start
    while left is None or left > 0:
        chunk = await asyncio.to_thread(
            file.read, CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)
        )
        if not chunk:
            return
        if left is not None:
            left -= len(chunk)
        yield chunk


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sm3(path: Path) -> str:
    digest = hashes.Hash(hashes.SM3())
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.finalize().hex()
