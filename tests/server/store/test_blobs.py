"""Blobs: named by their content, whole or not there, read in ranges, checked again."""

from __future__ import annotations

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store.blobs import CHUNK_BYTES, Blobs
from server.uploads.acts.receiving import ALGORITHMS
from signaling.refusals import Code, Refusal

CONTENT = bytes(range(256)) * 2_600  # a little over two chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
async def blobs(tmp_path: Path) -> Blobs:
    blobs = Blobs(tmp_path / "blobs")
    await blobs.prepare()
    return blobs


async def read(blobs: Blobs, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    async with blobs.open(sha256, start, end) as chunks:
        return b"".join([chunk async for chunk in chunks])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def stream() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), 10_000):
        yield CONTENT[start : start + 10_000]


async def test_bytes_a_file_and_a_stream_are_one_blob(blobs: Blobs, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(CONTENT)
    for source in (CONTENT, original, stream()):
        assert await blobs.put(source) == SHA256
    assert original.read_bytes() == CONTENT
    assert files(tmp_path / "blobs") == [blobs.path(SHA256)]
    assert stat.S_IMODE(blobs.path(SHA256).stat().st_mode) == 0o400
    assert await blobs.exists(SHA256)
    assert await blobs.size(SHA256) == len(CONTENT)
    assert await read(blobs, SHA256) == CONTENT


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (0, 0),
        (5, 5),
        (CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (100, None),
        (len(CONTENT) - 3, len(CONTENT)),
        (len(CONTENT), None),
        (3, len(CONTENT) + 9),
    ],
)
async def test_ranges(blobs: Blobs, start: int, end: int | None) -> None:
    await blobs.put(CONTENT)
    assert await read(blobs, SHA256, start, end) == CONTENT[start:end]


async def test_the_empty_blob(blobs: Blobs) -> None:
    sha256 = await blobs.put(b"")
    assert sha256 == hashlib.sha256(b"").hexdigest()
    assert await read(blobs, sha256) == b""


async def test_what_is_not_there(blobs: Blobs) -> None:
    assert not await blobs.exists(SHA256)
    assert not await blobs.verify(SHA256)
    for asked in (blobs.size(SHA256), read(blobs, SHA256)):
        with pytest.raises(Refusal) as refused:
            await asked
        assert refused.value.code is Code.NOT_FOUND
    for name in ("../../etc/passwd", SHA256.upper(), "", "ab"):
        with pytest.raises(ValueError, match="SHA-256"):
            blobs.path(name)


async def test_a_changed_blob_is_told(blobs: Blobs) -> None:
    await blobs.put(CONTENT)
    assert await blobs.verify(SHA256)
    path = blobs.path(SHA256)
    path.chmod(0o600)
    path.write_bytes(CONTENT[:-1] + b"!")
    assert not await blobs.verify(SHA256)


async def test_a_stream_that_breaks_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT
        raise ConnectionResetError

    async def endless() -> AsyncIterator[bytes]:
        yield CONTENT
        await asyncio.Event().wait()

    with pytest.raises(ConnectionResetError):
        await blobs.put(broken())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await blobs.put(endless())
    assert files(tmp_path / "blobs") == []


async def test_what_a_kill_left_is_removed_at_the_next_start(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "blobs" / "partial" / "0123").write_bytes(b"half")
    await blobs.put(CONTENT)
    await blobs.prepare()
    assert files(tmp_path / "blobs") == [blobs.path(SHA256)]


async def test_many_at_once(blobs: Blobs, tmp_path: Path) -> None:
    names = await asyncio.gather(*(blobs.put(CONTENT) for _ in range(8)))
    assert set(names) == {SHA256}
    assert files(tmp_path / "blobs") == [blobs.path(SHA256)]
    assert await blobs.verify(SHA256)


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
async def test_sm3_is_that_of_the_standard(blobs: Blobs, content: bytes, digest: str) -> None:
    """The two examples of GB/T 32905-2016, annex A, in the record and in the checksum of a piece."""
    assert await blobs.sm3(await blobs.put(content)) == digest
    piece = ALGORITHMS["sm3"]()
    piece.update(content)
    assert piece.digest().hex() == digest
