"""The engines side by side: our worker, rtpengine, the C floor, aiortc. One interface for all.

Each is a process pinned to the core that is measured. `connect` makes the calls with real
handshakes (the floor has none: its keys are drawn), after which party 2n hears party 2n+1.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from media.client import LoadLimits, Worker, spawn
from media.wire.dtls import Certificate
from tests.kit.caller import Caller, client_context, connect

ENGINE_CORE = 0
LOAD_CORE = 1
FIRST_SSRC = 1_000
HERE = Path(__file__).parent


def build(source: str, folder: Path) -> Path:
    """Compile one of the C programs beside this file."""
    program = folder / source.removesuffix(".c")
    subprocess.run(
        ["cc", "-O2", "-Wall", "-o", str(program), str(HERE / source), "-lsrtp2"], check=True
    )
    return program


def pin(process: int, core: int) -> None:
    for thread in os.listdir(f"/proc/{process}/task"):
        os.sched_setaffinity(int(thread), {core})


def cpu_s(process: int) -> float:
    """What all living threads of a process have run, by the scheduler's own nanoseconds."""
    total = 0
    for thread in os.listdir(f"/proc/{process}/task"):
        total += int(Path(f"/proc/{process}/task/{thread}/schedstat").read_text().split()[0])
    return total / 1e9


def resident_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no Rss")


@dataclass
class Engine(ABC):
    """`process` is the one whose CPU and memory count."""

    certificate: Certificate
    folder: Path
    name: str = ""
    process: int = 0
    callers: list[Caller] = field(default_factory=list)
    context: SSL.Context = field(init=False)

    def __post_init__(self) -> None:
        self.context = client_context(self.certificate)

    def caller(self) -> Caller:
        caller = Caller(self.certificate, self.context, FIRST_SSRC + len(self.callers))
        self.callers.append(caller)
        return caller

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def connect(self, calls: int) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

    def hold(self, on: bool) -> None:
        """Stop the process while another engine is measured, so that it takes no core."""
        os.kill(self.process, signal.SIGSTOP if on else signal.SIGCONT)


@dataclass
class Ours(Engine):
    """The worker as production runs it; with `record` every party is recorded."""

    name: str = "worker"
    record: bool = False
    worker: Worker | None = None
    recorder: int = 0

    async def start(self) -> None:
        self.worker = await spawn(
            self.folder / self.name, host="127.0.0.1", limits=LoadLimits(calls=0, load=0.0)
        )
        assert self.worker.process is not None
        self.process = self.worker.process.pid
        self.recorder = (await self.worker.client.figures())["worker"]["recorder_pid"]
        pin(self.process, ENGINE_CORE)
        pin(self.recorder, LOAD_CORE)

    async def connect(self, calls: int) -> None:
        assert self.worker is not None
        client = self.worker.client
        made = []
        for number in range(calls):
            room = f"room-{len(self.callers) // 2}-{number}"
            await client.open_room(room)
            for name in ("a", "b"):
                caller = self.caller()
                offer = await client.add_party(room, name, record=self.record)
                await client.answer(room, name, caller.answer(offer))
                caller.call(offer)
                made.append(caller)
        await asyncio.to_thread(connect, made)

    async def stop(self) -> None:
        if self.worker is not None:
            await self.worker.stop()


@dataclass
class Piped(Engine):
    """An engine that is led over its standard input and output."""

    child: asyncio.subprocess.Process | None = None

    async def _launch(self, *command: str) -> None:
        self.child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, {ENGINE_CORE}),
        )
        self.process = self.child.pid

    async def _ask(self, line: str) -> str:
        assert self.child is not None
        assert self.child.stdin is not None
        self.child.stdin.write(line.encode())
        return await self._read()

    async def _read(self) -> str:
        assert self.child is not None
        assert self.child.stdout is not None
        return (await self.child.stdout.readline()).decode()

    async def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            await self.child.wait()


@dataclass
class Floor(Piped):
    name: str = "floor"
    port: int = 0

    async def start(self) -> None:
        await self._launch(str(build("floor.c", self.folder)))
        self.port = int(await self._read())

    async def connect(self, calls: int) -> None:
        lines = [str(2 * calls)]
        for number in range(2 * calls):
            caller = self.caller()
            caller.key_out, caller.key_in = secrets.token_hex(28), secrets.token_hex(28)
            caller.socket.connect(("127.0.0.1", self.port))
            keys = f"{caller.key_out} {caller.key_in}"
            lines.append(f"{caller.port} {keys} {50_000 + number} {number ^ 1}")
        await self._ask("\n".join(lines) + "\n")


@dataclass
class Aiortc(Piped):
    name: str = "aiortc"

    async def start(self) -> None:
        await self._launch(sys.executable, "-m", "tests.bench.media.aiortc_relay")

    async def connect(self, calls: int) -> None:
        for _ in range(calls):
            pair = [self.caller(), self.caller()]
            for caller in pair:
                answer = json.loads(
                    await self._ask(json.dumps({"sdp": caller.offer("active")}) + "\n")
                )
                caller.call(answer["sdp"])
            await asyncio.to_thread(connect, pair)


@dataclass
class Rtpengine(Engine):
    """Debian's rtpengine in user space, one thread, by its NG protocol."""

    name: str = "rtpengine"
    child: asyncio.subprocess.Process | None = None
    control: socket.socket | None = None
    port: int = 0
    calls: int = 0

    async def start(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.child = await asyncio.create_subprocess_exec(
            "rtpengine",
            "--config-file=none",
            "--foreground",
            "--log-stderr",
            "--log-level=3",
            "--table=-1",
            "--num-threads=1",
            "--interface=127.0.0.1",
            f"--listen-ng=127.0.0.1:{self.port}",
            "--timeout=3600",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=(self.folder / "rtpengine.log").open("wb"),
            preexec_fn=lambda: os.sched_setaffinity(0, {ENGINE_CORE}),
        )
        self.process = self.child.pid
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.settimeout(0.5)
        self.control.connect(("127.0.0.1", self.port))
        for _ in range(20):
            try:
                await asyncio.to_thread(self._ask, command="ping")
                return
            except (TimeoutError, ConnectionRefusedError):
                await asyncio.sleep(0.2)
        raise TimeoutError("rtpengine does not answer")

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self.control is not None
        cookie = secrets.token_hex(6)
        self.control.send(f"{cookie} {json.dumps(order)}".encode())
        while True:
            told, _, answer = self.control.recv(65536).decode().partition(" ")
            if told == cookie:
                found: dict[str, Any] = json.loads(answer)
                if found["result"] not in ("ok", "pong"):
                    raise ValueError(f"rtpengine: {found}")
                return found

    async def connect(self, calls: int) -> None:
        options = {
            "ICE": "force",
            "ICE-lite": "both",
            "DTLS": "passive",
            "SDES": ["off"],
            "rtcp-mux": ["require"],
            "transport-protocol": "UDP/TLS/RTP/SAVPF",
        }
        for _ in range(calls):
            self.calls += 1
            first, second = self.caller(), self.caller()
            call = {"call-id": f"call-{self.calls}", "from-tag": "a", **options}
            offered = await asyncio.to_thread(
                self._ask, command="offer", sdp=first.offer("actpass"), **call
            )
            answered = await asyncio.to_thread(
                self._ask,
                command="answer",
                sdp=second.answer(offered["sdp"]),
                **{**call, "to-tag": "b"},
            )
            second.call(offered["sdp"])
            first.call(answered["sdp"])
            await asyncio.to_thread(connect, [first, second])

    async def stop(self) -> None:
        if self.control is not None:
            self.control.close()
        if self.child is not None:
            self.child.kill()
            await self.child.wait()
