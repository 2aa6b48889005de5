"""Running a heavy job in a short-lived child: one JSON object in, one out, files by path.

The child inherits no open file, no environment but the language of its system calls, and no
secret. It stands within walls where this machine allows them (``server.work.walls``), and confines
itself before the job's code runs (``server.work.cell``): niced, within limits of memory, time and
files, in a session of its own. What it started ends with it, and one that hangs is killed. Few run
at once.
"""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from server.work.walls import Walls, walls

AT_ONCE: Final = 2
PATIENCE_S: Final = 60.0
ENDS_WITHIN_S: Final = 10.0
MIB: Final = 1024 * 1024
SAID_BYTES: Final = 64 * MIB
"""The longest answer: pages of a paper as pictures have a few megabytes. What a child prints is this
process's memory, and no limit of the child's own holds a pipe."""

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_KEPT_WITHIN: Final = ("PATH", "LANG", "LC_ALL")
_SIGNALLED: Final = 128
"""To which bubblewrap adds the signal that ended what it ran."""


@dataclass(frozen=True)
class ChildLimits:
    """What a child may use: address space, processor time, the size of a file it writes (0: none)."""

    memory_bytes: int = 1536 * MIB
    processor_s: int = 30
    file_bytes: int = 0
    files: int = 64


JUDGING: Final = ChildLimits()
"""For looking at pictures that strangers sent."""
JUDGING_PDF: Final = ChildLimits(memory_bytes=512 * MIB, processor_s=10)
"""For looking at their PDFs."""


class JobFailed(Exception):
    """The child was killed, hung, or said nothing that could be read.

    ``final``: it said itself why nothing can come of it, and trying again would not help.
    """

    def __init__(self, fault: str, *, final: bool = False) -> None:
        super().__init__(fault)
        self.final = final


class WallsFell(JobFailed):
    """There were walls, and none can be had any more: not the fault of what the job was given."""


def left(target: Path) -> Path:
    """What a child wrote there, once it has ended. Raises JobFailed when it is no plain file: a
    child that a file has taken over could leave a link to another one."""
    try:
        plain = stat.S_ISREG(target.lstat().st_mode)
    except OSError:
        plain = False
    if not plain:
        raise JobFailed(f"left no plain {target.name}")
    return target


class Children:
    """The children of one node; more than `at_once` wait for their turn. They stand within these
    walls or, without, within those that this machine allows."""

    def __init__(self, at_once: int = AT_ONCE, within: Walls | None = None) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._within = within
        self.pids: set[int] = set()
        """Of those that run now."""

    async def run(
        self,
        module: str,
        *arguments: str,
        given: Any = None,
        limits: ChildLimits = JUDGING,
        patience_s: float = PATIENCE_S,
        said_bytes: int = SAID_BYTES,
        reads: Iterable[Path] = (),
        writes: Iterable[Path] = (),
    ) -> Any:
        """What ``python -m module arguments`` prints when it is told ``given``, both JSON.

        ``reads`` are the files and folders that it is to see, and ``writes`` the folders that it may
        fill; a folder that is written should be of this job alone, and what is in it is taken by
        ``left``. Raises JobFailed; ``final`` when the answer is ``{"fault": why}``, or longer than
        ``said_bytes``.
        """
        within = self._within or await walls()
        kept = _KEPT if within.program is None else _KEPT_WITHIN
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        confined = asdict(limits) | {"walled": within.program is not None}
        command = await asyncio.to_thread(
            within.around,
            [
                sys.executable,
                "-I",
                "-m",
                "server.work.cell",
                json.dumps(confined),
                module,
                *arguments,
            ],
            environment,
            reads,
            writes,
        )
        async with self._turn:
            child = await _started(
                *command,
                stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
            self.pids.add(child.pid)
            try:
                async with _not_outlived(child.pid), asyncio.timeout(patience_s):
                    told = await _said(
                        child, b"" if given is None else json.dumps(given).encode(), said_bytes
                    )
            except TimeoutError:
                raise JobFailed(f"{module} hung") from None
            finally:
                self.pids.discard(child.pid)
                # Also behind one that ended: what it started may hang on.
                _kill(child.pid)
                await _ended(child)
        try:
            answer = json.loads(told)
        except ValueError:
            status = child.returncode or 0
            if within.program is not None:
                if status == 1 and (await walls(anew=True)).program is None:
                    raise WallsFell(f"no walls for {module} any more") from None
                if status > _SIGNALLED:
                    status = _SIGNALLED - status
            raise JobFailed(f"{module} ended with {status}") from None
        if isinstance(answer, dict) and "fault" in answer:
            raise JobFailed(str(answer["fault"]), final=True)
        return answer


async def _started(*command: str, **how: Any) -> asyncio.subprocess.Process:
    """A child of this command. Whoever is cancelled meanwhile waits until it stands, and ends it and all that it
    began: asyncio alone would kill the child and wait for its pipe, which what the child began may hold open."""
    starting = asyncio.create_task(asyncio.create_subprocess_exec(*command, **how))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        child = await starting
        _kill(child.pid)
        await _ended(child)
        raise


async def _said(child: asyncio.subprocess.Process, given: bytes, most: int) -> bytes:
    """What a child prints when it is told ``given``. Raises JobFailed as soon as that is more than ``most``."""

    async def tell() -> None:
        if child.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError):  # it ended without listening
                child.stdin.write(given)
                await child.stdin.drain()
            child.stdin.close()

    async def hear() -> bytes:
        assert child.stdout is not None
        told = bytearray()
        while piece := await child.stdout.read(MIB):
            told += piece
            if len(told) > most:
                raise JobFailed("said too much", final=True)
        await child.wait()
        return bytes(told)

    telling = asyncio.create_task(tell())
    try:
        return await hear()
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Wait for the end of a child that was killed. asyncio tells it only once all that the child printed has
    been read, and reads no further than its bound while nobody asks for more. One that the system does not
    end in time is left to it."""
    assert child.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDS_WITHIN_S):
            while await child.stdout.read(MIB):
                pass
            await child.wait()


@asynccontextmanager
async def _not_outlived(pid: int) -> AsyncIterator[None]:
    """As soon as a child has ended, end what is left of it: that may hold the pipe that is read. It
    is what bubblewrap began when it is killed before it could tie it to itself."""
    loop = asyncio.get_running_loop()
    try:
        ends = os.pidfd_open(pid)
    except ProcessLookupError:
        _kill(pid)
        yield
        return

    def ended() -> None:
        loop.remove_reader(ends)
        _kill(pid)

    loop.add_reader(ends, ended)
    try:
        yield
    finally:
        loop.remove_reader(ends)
        os.close(ends)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
