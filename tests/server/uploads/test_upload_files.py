"""The files of unfinished uploads by themselves: no database, no case, no HTTP."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.neighbours.nodes import ConnectionCut
from server.uploads.acts.files import ORPHANED_S, Files
from server.uploads.acts.receiving import Checksum, UploadLock
from signaling.refusals import Code, Refusal


class Sender:
    """Brings these chunks; ``heard`` is what was told of them."""

    def __init__(self, *chunks: bytes, hangs: bool = False) -> None:
        self._chunks = chunks
        self._hangs = hangs
        self.heard: list[int] = []

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._hangs:
            raise ConnectionCut

    async def tell(self, at: int) -> None:
        self.heard.append(at)


async def never(began: int, at: int) -> bool:
    return False


async def test_bytes_are_appended_and_told_up_to_the_most(tmp_path: Path) -> None:
    changed: list[str] = []
    counted: list[int] = []
    files = Files(tmp_path / "uploads", received=counted.append, grew=changed.append)
    await files.prepare()
    async with files.new() as upload_id:
        files.owners[upload_id] = "clerk-one"
    path = files.path_of(upload_id)

    async def take(sender: Sender, at: int, most: int) -> None:
        await files.take(
            upload_id, at, sender.chunks(), UploadLock(), most=most, whole=6, tell=sender.tell, enough=never
        )  # fmt: skip

    first = Sender(b"ab", b"cd", hangs=True)
    with pytest.raises(ConnectionCut):
        await take(first, 0, 6)
    assert path.read_bytes() == b"abcd"
    assert first.heard[0] == 2
    with pytest.raises(Refusal, match=Code.TOO_LARGE):
        await take(Sender(b"e", b"fgh"), 4, 6)
    assert path.read_bytes() == b"abcd"  # of a piece that is too large nothing stays
    last = Sender(b"ef")
    await take(last, 4, 6)
    assert last.heard == [6]
    assert await files.size_of(upload_id) == 6
    assert sum(counted) == 7
    assert set(changed) == {upload_id}
    await files.forget(upload_id)
    assert (files.owners, await files.names()) == ({}, [])
    with pytest.raises(Refusal, match=Code.UPLOAD_EXPIRED):
        await files.size_of(upload_id)


async def test_a_piece_of_another_hash_leaves_nothing(tmp_path: Path) -> None:
    files = Files(tmp_path)
    async with files.new() as upload_id:
        pass
    checksum = Checksum("sha256", hashlib.sha256(b"abcd").digest())
    for told, kept in ((b"abxd", b""), (b"abcd", b"abcd")):
        sender = Sender(told[:2], told[2:])
        taking = files.take_checked(
            upload_id, 0, sender.chunks(), UploadLock(), checksum, most=9, tell=sender.tell
        )
        if kept:
            await taking
        else:
            with pytest.raises(Refusal, match=Code.UPLOAD_CHECKSUM):
                await taking
        assert (files.path_of(upload_id).read_bytes(), sender.heard) == (kept, [4] if kept else [])
        assert await files.names() == [upload_id]


async def test_a_file_of_a_block_that_fails_goes_and_an_idle_one_is_found(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(LookupError):
        async with files.new():
            raise LookupError
    assert await files.names() == []
    async with files.new() as old, files.new() as fresh:
        pass
    before = files.path_of(fresh).stat().st_mtime - ORPHANED_S - 1
    os.utime(files.path_of(old), (before, before))
    assert await files.idle() == [old]
