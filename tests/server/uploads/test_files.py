"""Files that a thread opens for somebody who is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import pytest

from server.store.blobs import Blobs
from server.store.files import closed, opened
from tests.kit.until import until


async def test_what_is_opened_for_nobody_is_closed(tmp_path: Path) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    files: list[IO[bytes]] = []

    def opening() -> IO[bytes]:
        begun.set()
        goes_on.wait()
        files.append((tmp_path / "file").open("xb"))
        return files[0]

    waiting = asyncio.create_task(opened(opening))
    try:
        assert await asyncio.to_thread(begun.wait, 30)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    finally:
        goes_on.set()
    await until(lambda: None if files and files[0].closed else f"{files} stand open")


async def test_what_was_opened_before_the_cancellation_came_is_closed(tmp_path: Path) -> None:
    files: list[IO[bytes]] = []

    def opening() -> IO[bytes]:
        files.append((tmp_path / "file").open("xb"))
        return files[0]

    waiting = asyncio.create_task(opened(opening))
    await asyncio.sleep(0)  # it has begun
    while not files:  # the loop must not take the result before it is cancelled
        pass
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: None if files[0].closed else "it stands open")


async def test_what_is_opened_for_somebody_stays_open_and_errors_pass(tmp_path: Path) -> None:
    file = await opened(lambda: (tmp_path / "file").open("xb"))
    assert not file.closed
    file.close()
    with pytest.raises(FileExistsError):
        await opened(lambda: (tmp_path / "file").open("xb"))


async def test_a_file_is_closed_although_no_thread_is_free(tmp_path: Path) -> None:
    loop, goes_on = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    file = (tmp_path / "file").open("xb")
    busy = loop.run_in_executor(None, goes_on.wait)
    try:
        closing = asyncio.create_task(closed(file))
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert file.closed
    finally:
        goes_on.set()
        await busy


async def test_a_blob_that_is_begun_when_its_writer_is_cancelled_leaves_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = Blobs(tmp_path)
    await blobs.prepare()
    begun, goes_on = threading.Event(), threading.Event()
    files: list[IO[bytes]] = []
    plain = Path.open

    def slowly(path: Path, *how: Any) -> Any:
        begun.set()
        goes_on.wait()
        files.append(plain(path, *how))
        return files[-1]

    monkeypatch.setattr(Path, "open", slowly)
    putting = asyncio.create_task(blobs.put(b"paper"))
    try:
        assert await asyncio.to_thread(begun.wait, 30)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
    finally:
        goes_on.set()
    await until(lambda: None if files and files[0].closed else f"{files} stand open")
    monkeypatch.undo()
    assert await blobs.put(b"paper")
