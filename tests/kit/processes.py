"""`yunjian serve` as a process of its own, for the tests that end it, kill it and start it again.

Started again it listens where it listened before, so that pages find it. Whatever it started
is ended with the block, each by its own process id; its log is kept and can be read, and holds
nothing of a person (P1).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from media.client import attach
from media.control import SOCKET_NAME
from media.rejected import Rejected
from tests.kit.personal import leaks
from tests.kit.until import until

ROOT: Final = Path(__file__).parents[2]
SAYS: Final = "Yunjian serves at "
START_S: Final = 40.0


class Serving:
    """One node. `address` is where it serves; `settings` are those of `server.settings`, by name."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.address = ""
        self._settings = {
            "host": "127.0.0.1",
            "port": 0,
            "ledger_join": True,  # several of them share a database
            **settings,
            "data": self.data,
        }
        self._child: subprocess.Popen[bytes] | None = None
        self._family: dict[int, psutil.Process] = {}
        self._log = folder / "serve.log"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    async def start(self) -> float:
        """Start, and return when it is ready, with the seconds that this took."""
        began = time.monotonic()
        environment = {
            **{name: value for name, value in os.environ.items() if "YUNJIAN_" not in name},
            **{f"YUNJIAN_{name.upper()}": _told(value) for name, value in self._settings.items()},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        before = await asyncio.to_thread(self._lines)
        with self._log.open("ab") as log:
            self._child = await asyncio.to_thread(
                subprocess.Popen,
                [sys.executable, "-m", "server", "serve"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        async def why_not() -> str | None:
            lines = (await asyncio.to_thread(self._lines))[len(before) :]
            if not self.running:
                return f"it ended: {lines[-5:]}"
            told = [line for line in lines if line.startswith(SAYS)]
            if not told:
                return f"it says {lines[-3:]}"
            self.address = told[-1].removeprefix(SAYS).strip()
            return await self.why_not_ready()

        await until(why_not, START_S, every_s=0.05)
        self._settings["port"] = int(self.address.rpartition(":")[2])
        self.family()
        return time.monotonic() - began

    async def why_not_ready(self) -> str | None:
        """None when the node says that it is ready."""
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.address}/readyz") as said:
                return None if said.status == 200 else await said.text()
        except aiohttp.ClientError as error:
            return repr(error)

    def family(self) -> dict[int, psutil.Process]:
        """Every process that this node has started so far and that is still there."""
        if self.running:
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self.pid).children(recursive=True):
                    self._family[child.pid] = child
        for member in list(self._family.values()):
            with suppress(psutil.NoSuchProcess):
                for child in member.children(recursive=True):
                    self._family[child.pid] = child
        return {pid: one for pid, one in self._family.items() if _lives(one)}

    def find(self, *words: str) -> list[psutil.Process]:
        """Those of the family whose command line holds all these words, newest last."""
        found = []
        for one in self.family().values():
            with suppress(psutil.NoSuchProcess):
                line = " ".join(one.cmdline())
                if all(word in line for word in words):
                    found.append(one)
        return sorted(found, key=lambda one: one.create_time())

    def signal(self, number: signal.Signals) -> None:
        self.family()
        os.kill(self.pid, number)

    async def ended(self, timeout_s: float) -> int:
        """The exit status, once it has ended."""
        child = self._child
        assert child is not None
        await until(
            lambda: None if child.poll() is not None else "still running",
            timeout_s,
        )
        return int(child.returncode)

    async def kill(self) -> None:
        """SIGKILL to the node alone; what it started stays."""
        self.signal(signal.SIGKILL)
        await self.ended(10)

    def said(self) -> list[dict[str, Any]]:
        """The events of its log so far."""
        events = []
        for line in self._lines():
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    events.append(event)
        return events

    def errors(self) -> list[dict[str, Any]]:
        """What was logged as an error."""
        return [event for event in self.said() if event.get("level") in ("error", "critical")]

    async def close(self) -> None:
        """End it and everything that it started, each by its id."""
        family = self.family()
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()
            await self.ended(10)
        for one in family.values():
            with suppress(psutil.NoSuchProcess):
                one.kill()

    def _lines(self) -> list[str]:
        if not self._log.exists():
            return []
        return self._log.read_text(errors="replace").splitlines()


class Engine:
    """A media worker that runs by itself, as a service manager starts it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.socket = folder / "media" / SOCKET_NAME
        self.child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        log = await asyncio.to_thread((self.data / "worker.log").open, "ab")
        with log:
            self.child = await asyncio.to_thread(
                subprocess.Popen,
                [sys.executable, "-m", "server", "media", "--data", str(self.data)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

        async def why_not() -> str | None:
            try:
                worker = await attach(self.socket)
            except Rejected as rejected:
                return str(rejected)
            await worker.client.close()
            return None

        await until(why_not, 40, every_s=0.1)

    def kill(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def close(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Serving]:
    """A node that is not started yet, and is ended at the end of the block."""
    node = Serving(folder, settings)
    try:
        yield node
    finally:
        await node.close()
    text = "\n".join(await asyncio.to_thread(node._lines))
    assert not (found := leaks(text)), f"in the log: {found}"


def _told(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | tuple) else str(value)


def _lives(one: psutil.Process) -> bool:
    try:
        return bool(one.is_running() and one.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
