"""Running a heavy job in a short-lived child: one JSON object in, one out, files by path.

The child inherits no open file, no environment but the language of its system calls, and no
secret. It confines itself before the job's code runs (``server.work.cell``): niced, within limits
of memory, time and files, in a session of its own, without network where the kernel allows it.
What it started ends with it, and one that hangs is killed. Few run at once.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

AT_ONCE: Final = 2
PATIENCE_S: Final = 60.0
MIB: Final = 1024 * 1024

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Limits:
    """What a child may use: address space, processor time, the size of a file it writes (0: none)."""

    memory_bytes: int = 1536 * MIB
    processor_s: int = 30
    file_bytes: int = 0
    files: int = 64


JUDGING: Final = Limits()
"""For looking at pictures that strangers sent."""
JUDGING_PDF: Final = Limits(memory_bytes=512 * MIB, processor_s=10)
"""For looking at their PDFs."""


class JobFailed(Exception):
    """The child was killed, hung, or said nothing that could be read.

    ``final``: it said itself why nothing can come of it, and trying again would not help.
    """

    def __init__(self, fault: str, *, final: bool = False) -> None:
        super().__init__(fault)
        self.final = final


class Children:
    """The children of one node; more than `at_once` wait for their turn."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self.pids: set[int] = set()
        """Of those that run now."""

    async def run(
        self,
        module: str,
        *arguments: str,
        given: Any = None,
        limits: Limits = JUDGING,
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """What ``python -m module arguments`` prints when it is told ``given``, both JSON.

        Raises JobFailed; ``final`` when the answer is ``{"fault": why}``.
        """
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "server.work.cell",
                json.dumps(asdict(limits)),
                module,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                start_new_session=True,
            )
            self.pids.add(child.pid)
            try:
                async with asyncio.timeout(patience_s):
                    told, _ = await child.communicate(
                        None if given is None else json.dumps(given).encode()
                    )
            except TimeoutError:
                raise JobFailed(f"{module} hung") from None
            finally:
                self.pids.discard(child.pid)
                # Also behind one that ended: what it started may hang on.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
                if child.returncode is None:
                    await child.wait()
        try:
            answer = json.loads(told)
        except ValueError:
            raise JobFailed(f"{module} ended with {child.returncode}") from None
        if isinstance(answer, dict) and "fault" in answer:
            raise JobFailed(str(answer["fault"]), final=True)
        return answer
