"""Running a heavy job in a short-lived child: files in, one JSON object out.

The child inherits no open file, no environment but the language of its system
calls, and no secret. One that hangs is killed. Few run at once.
"""

import asyncio
import json
import os
import sys
from typing import Any, Final

AT_ONCE: Final = 2
PATIENCE_S: Final = 60.0

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


class JobFailed(Exception):
    """The child was killed, hung, or said nothing that could be read."""


class Children:
    """The children of one node; more than `at_once` wait for their turn."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def run(self, module: str, *arguments: str, patience_s: float = PATIENCE_S) -> Any:
        """What ``python -m module arguments`` prints, parsed. Raises JobFailed."""
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )
            try:
                async with asyncio.timeout(patience_s):
                    told, _ = await child.communicate()
            except TimeoutError:
                raise JobFailed(module) from None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
            try:
                return json.loads(told)
            except ValueError:
                raise JobFailed(module) from None
