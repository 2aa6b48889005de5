"""The bytes of unfinished uploads, as files of this node: made, grown, measured and forgotten.

Knows the name of an upload and whose it is, and nothing of cases, of the database or of HTTP.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from server.rights.ids import new_id
from server.store.files import closed, has_room, head_of, opened
from server.uploads.acts.receiving import Checksum, UploadLock, append, coming, join, write, written
from signaling.refusals import Code, Refusal

PROGRESS_EVERY_S: Final = 0.1
ORPHANED_S: Final = 60.0
"""A file is idle when nothing was written to it for as long."""
SILENCE_S: Final = 60.0
"""A sender who brings nothing for so long is cut off; what arrived stays."""

Told = Callable[[int], Awaitable[None]]
"""Is told how far a file has come, in bytes."""


class Files:
    """The files below ``folder``, each named by its upload.

    ``received`` is told of bytes as they come, ``grew`` of each upload whose file has changed or gone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        silence_s: float = SILENCE_S,
        received: Callable[[int], None] = lambda size: None,
        grew: Callable[[str], None] = lambda upload_id: None,
    ) -> None:
        self.silence_s = silence_s
        self.owners: dict[str, str] = {}
        """Who sends it, of each upload of which that is known here."""
        self._folder = folder
        self._received = received
        self._grew = grew

    async def prepare(self) -> None:
        """Make the folder."""
        await asyncio.to_thread(self._folder.mkdir, 0o700, True, True)

    def path_of(self, upload_id: str) -> Path:
        """Where its bytes lie while they arrive."""
        return self._folder / upload_id

    async def size_of(self, upload_id: str) -> int:
        """How many bytes of it are here. Refused: upload_expired, when there is no file."""
        try:
            return (await asyncio.to_thread(self.path_of(upload_id).stat)).st_size
        except FileNotFoundError:
            raise Refusal(Code.UPLOAD_EXPIRED) from None

    async def head_of(self, upload_id: str, size: int) -> bytes:
        """Its first bytes, fewer where no more have come."""
        return await asyncio.to_thread(head_of, self.path_of(upload_id), size)

    async def fits(self, length: int | None) -> None:
        """Refused: disk_full, when the disk has no room for that many bytes more."""
        if not await asyncio.to_thread(has_room, self._folder, length or 0):
            raise Refusal(Code.DISK_FULL)

    @asynccontextmanager
    async def new(self) -> AsyncIterator[str]:
        """The id of a new upload with an empty file, which goes when the block fails."""
        upload_id = new_id()
        await write(self.path_of(upload_id).touch, 0o600)
        try:
            yield upload_id
        except BaseException:
            await self.forget(upload_id)
            raise

    async def join(self, parts: Sequence[str], upload_id: str) -> None:
        """Write the files of these one after another into that one, which is there and empty."""
        await write(join, [self.path_of(part) for part in parts], self.path_of(upload_id))

    async def forget(self, upload_id: str) -> None:
        """Remove the file, if it is there."""
        self.owners.pop(upload_id, None)
        await asyncio.to_thread(self.path_of(upload_id).unlink, missing_ok=True)
        self._grew(upload_id)

    async def names(self) -> list[str]:
        """All files, those beside an upload too."""
        return await asyncio.to_thread(lambda: [path.name for path in self._folder.iterdir()])

    async def idle(self) -> list[str]:
        """Files to which nothing was written for a while."""
        return await asyncio.to_thread(self._idle)

    def _idle(self) -> list[str]:
        before = time.time() - ORPHANED_S
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    found.append(path.name)
        return found

    # ------------------------------------------------------------ bytes that come

    async def take(
        self,
        upload_id: str,
        at: int,
        chunks: AsyncIterator[bytes],
        hold: UploadLock,
        *,
        most: int,
        whole: int | None,
        tell: Told,
        enough: Callable[[int, int], Awaitable[bool]],
    ) -> None:
        """Append what comes, up to ``most`` bytes in all; what arrived stays. ``tell`` is told ten times
        a second, and when ``whole`` bytes are there; ``enough``, told where this began and how far it
        has come, may say that no more need be sent. Refused: too_large (all of it goes again), disk_full,
        disk_read_only, upload_locked; raises Cut.
        """
        began = at
        told = 0.0
        path = self.path_of(upload_id)
        with written():
            file = await opened(lambda: path.open("ab", 0))
        try:
            async for chunk in coming(chunks, hold, self.silence_s):
                if await enough(began, at):
                    return
                if at + len(chunk) > most:
                    await asyncio.to_thread(file.truncate, began)
                    self._grew(upload_id)
                    raise Refusal(Code.TOO_LARGE, room_bytes=most - began)
                await write(file.write, chunk)
                self._grew(upload_id)
                at += len(chunk)
                self._received(len(chunk))
                now = time.monotonic()
                if now - told >= PROGRESS_EVERY_S or at == whole:
                    told = now
                    await tell(at)
        finally:
            await closed(file)

    async def take_checked(
        self,
        upload_id: str,
        at: int,
        chunks: AsyncIterator[bytes],
        hold: UploadLock,
        checksum: Checksum,
        *,
        most: int,
        tell: Told,
    ) -> None:
        """Append what comes, or nothing of it. Unproven bytes wait beside the file: it never holds one
        that was not checked. Refused as ``take``, and: upload_checksum."""
        digest = checksum.begin()
        beside = self.path_of(upload_id).with_suffix(".next")
        size = 0
        with written():
            file = await opened(lambda: beside.open("wb", 0))
        try:
            try:
                async for chunk in coming(chunks, hold, self.silence_s):
                    size += len(chunk)
                    if at + size > most:
                        raise Refusal(Code.TOO_LARGE, room_bytes=most - at)
                    digest.update(chunk)
                    await write(file.write, chunk)
                    self._received(len(chunk))
            finally:
                await closed(file)
            if not checksum.holds(digest):
                raise Refusal(Code.UPLOAD_CHECKSUM, offset=at)
            await write(append, beside, self.path_of(upload_id))
            self._grew(upload_id)
        finally:
            await asyncio.to_thread(beside.unlink, missing_ok=True)
        await tell(at + size)
