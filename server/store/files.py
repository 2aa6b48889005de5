"""Files opened beside the loop, in a thread, by somebody who may be cancelled meanwhile."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import IO, Any, Final, TypeVar

SPARE_BYTES: Final = 64 * 1024 * 1024
"""Room that nothing which somebody sends or asks for may take from the disk."""
T = TypeVar("T")


async def opened(
    opening: Callable[[], T], close: Callable[[T], object] = methodcaller("close")
) -> T:
    """What ``opening`` returns, done in a thread. A thread cannot be cancelled: what it opens for
    somebody who was is closed at once, by whichever of the two comes last.
    """
    lock = threading.Lock()
    held: list[T] = []
    unwanted = False

    def work() -> T:
        found = opening()
        with lock:
            held.append(found)
            if unwanted:
                close(found)
        return found

    try:
        return await asyncio.to_thread(work)
    except asyncio.CancelledError:
        with lock:
            unwanted = True
            for found in held:
                close(found)
        raise


async def closed(file: IO[Any]) -> None:
    """Close a file in a thread; here and now for somebody who is cancelled before the thread begins."""
    try:
        await asyncio.to_thread(file.close)
    except asyncio.CancelledError:
        file.close()
        raise


def head_of(path: Path, size: int) -> bytes:
    """Its first bytes."""
    with path.open("rb") as file:
        return file.read(size)


def has_room(folder: Path, size: int) -> bool:
    """Whether the disk of this folder has room for so many bytes more, and some to spare."""
    return shutil.disk_usage(folder).free >= size + SPARE_BYTES
