"""What forwarding costs, side by side in one run: our worker, rtpengine, a C floor, aiortc.

The engine that is measured has one core, the load generator the other; the rest stand still
meanwhile. Twenty calls, 1000-byte packets, 16,000 packets a second, the median of five runs that
take turns. Only ratios gate: absolute figures belong to the machine. Then, without gates: the
highest rate without loss, the delay, connections a second, memory a call.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media.wire.dtls import Certificate
from tests.bench.media.engines import (
    LOAD_CORE,
    Aiortc,
    Engine,
    Floor,
    Ours,
    Rtpengine,
    build,
    cpu_s,
    resident_mb,
)

OUT = Path("build/bench/media.json")
WARM_UP_MS = 700
CLIMB = (20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000)
CLIMB_MS = 2000


def _hurry(process: int, priority: int) -> None:
    """Let it and its children run before all that is not of this benchmark, where that is allowed:
    what else the machine does would be measured too."""
    with suppress(PermissionError):
        os.sched_setscheduler(process, os.SCHED_RR, os.sched_param(priority))


@dataclass
class Load:
    """The load generator over one engine's callers."""

    engine: Engine
    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, engine: Engine, program: Path) -> "Load":
        process = await asyncio.create_subprocess_exec(
            str(program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[caller.socket.fileno() for caller in engine.callers],
        )
        _hurry(process.pid, 2)
        assert process.stdin is not None
        process.stdin.write(f"{len(engine.callers)}\n".encode())
        for number, caller in enumerate(engine.callers):
            line = f"{caller.socket.fileno()} {caller.ssrc} {caller.key_out} {caller.key_in}"
            process.stdin.write(f"{line} {number ^ 1}\n".encode())
        await process.stdin.drain()
        return cls(engine, process)

    async def run(self, rate: int, milliseconds: int) -> dict[str, Any]:
        """One run; with the engine's CPU in microseconds a forwarded packet."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        before, began = cpu_s(self.engine.process), time.monotonic()
        recorder = self.engine.recorder if isinstance(self.engine, Ours) else 0
        recorder_before = cpu_s(recorder) if recorder else 0.0
        self.process.stdin.write(f"run {rate} {milliseconds}\n".encode())
        found: dict[str, Any] = json.loads(await self.process.stdout.readline())
        spent = cpu_s(self.engine.process) - before
        received = max(found["received"], 1)
        found["us"] = spent / received * 1e6
        found["core"] = spent / (time.monotonic() - began)
        found["recorder_us"] = (
            (cpu_s(recorder) - recorder_before) / received * 1e6 if recorder else 0
        )
        found["lost"] = 1 - found["received"] / found["sent"]
        return found

    async def stop(self) -> None:
        self.process.kill()
        await self.process.wait()


@dataclass
class Row:
    """What was measured of one engine."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    memory_mb: float = 0.0

    def median(self, name: str) -> float:
        return statistics.median(run[name] for run in self.runs)


async def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Row]:
    """The runs in turns, each engine alone on its core."""
    certificate = Certificate()
    program = build("load.c", folder)
    engines: list[Engine] = [
        Ours(certificate, folder),
        Ours(certificate, folder, name="recording", record=True),
        Floor(certificate, folder),
        Rtpengine(certificate, folder),
        Aiortc(certificate, folder),
    ]
    engines = [engine for engine in engines if engine.name in arguments.only]
    if shutil.which("rtpengine") is None:
        print("rtpengine is not installed (Debian: rtpengine-daemon): left out")
        engines = [engine for engine in engines if engine.name != "rtpengine"]
    rows = {engine.name: Row() for engine in engines}
    loads: list[Load] = []
    try:
        for engine in engines:
            await engine.start()
            before = resident_mb(engine.process)
            await engine.connect(arguments.calls)
            load = await Load.start(engine, program)
            loads.append(load)
            await load.run(arguments.rate, WARM_UP_MS)
            rows[engine.name].memory_mb = (resident_mb(engine.process) - before) / arguments.calls
            engine.hold(True)
        for _ in range(arguments.runs):
            for load in loads:
                load.engine.hold(False)
                await load.run(arguments.rate, WARM_UP_MS)
                found = await load.run(arguments.rate, arguments.milliseconds)
                rows[load.engine.name].runs.append(found)
                load.engine.hold(True)
        for load in loads:
            load.engine.hold(False)
    finally:
        for load in loads:
            await load.stop()
        for engine in engines:
            await engine.stop()
    return rows


async def climb(folder: Path, calls: int) -> list[dict[str, Any]]:
    """Our worker at one rate after another, until packets are lost."""
    engine = Ours(Certificate(), folder, name="climb")
    found = []
    try:
        await engine.start()
        await engine.connect(calls)
        load = await Load.start(engine, folder / "load")
        try:
            for rate in CLIMB:
                run = {"rate": rate, **await load.run(rate, CLIMB_MS)}
                found.append(run)
                if run["lost"] > 0.02:
                    break
        finally:
            await load.stop()
    finally:
        await engine.stop()
    return found


async def set_up(folder: Path, rooms: int) -> dict[str, float]:
    """Connections a second: offer, answer, check and handshake, several under way at once."""
    engine = Ours(Certificate(), folder, name="set-up")
    try:
        await engine.start()
        await engine.connect(4)
        before, began = cpu_s(engine.process), time.monotonic()
        for _ in range(rooms // 4):
            await engine.connect(4)
        took, spent = time.monotonic() - began, cpu_s(engine.process) - before
        made = rooms // 4 * 8
        return {"per_s": made / took, "cpu_ms": spent / made * 1000, "made": made}
    finally:
        await engine.stop()
        for caller in engine.callers:
            caller.socket.close()


GATES = (
    ("worker", "floor", 2.2, 1.5),
    ("worker", "rtpengine", 2.0, 1.3),
    ("worker", "aiortc", 0.7, 0.7),
    ("recording", "worker", 1.3, 1.3),
)
MEMORY_MB = 1.2


def judge(rows: dict[str, Row]) -> tuple[list[dict[str, Any]], bool]:
    """The gates over what was measured, and whether all hold."""
    verdicts = []
    for above, below, limit, aim in GATES:
        if above in rows and below in rows:
            ratio = rows[above].median("us") / rows[below].median("us")
            what = f"CPU a packet, {above} / {below}"
            verdicts.append(
                {"what": what, "is": ratio, "limit": limit, "aim": aim, "holds": ratio <= limit}
            )
    if "worker" in rows:
        memory = rows["worker"].memory_mb
        what = "MB a call of two parties"
        verdicts.append(
            {
                "what": what,
                "is": memory,
                "limit": MEMORY_MB,
                "aim": MEMORY_MB,
                "holds": memory <= MEMORY_MB,
            }
        )
    wrong = sum(run["wrong"] + (run["opened"] == 0) for row in rows.values() for run in row.runs)
    verdicts.append(
        {
            "what": "packets that came out wrong",
            "is": wrong,
            "limit": 0,
            "aim": 0,
            "holds": wrong == 0,
        }
    )
    return verdicts, all(verdict["holds"] for verdict in verdicts)


def _print_rows(rows: dict[str, Row]) -> None:
    print(
        "engine        us/packet  (least..most)  core %  p50 ms  p99 ms  lost %  MB/call  recorder us"
    )
    for name, row in rows.items():
        costs = [run["us"] for run in row.runs]
        print(
            f"{name:12} {row.median('us'):9.1f}  ({min(costs):5.1f}..{max(costs):5.1f})"
            f" {100 * row.median('core'):7.0f} {row.median('p50_us') / 1000:7.3f}"
            f" {row.median('p99_us') / 1000:7.2f} {100 * row.median('lost'):7.3f}"
            f" {row.memory_mb:8.2f} {row.median('recorder_us'):12.1f}"
        )


def _arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.media", description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--rate", type=int, default=16_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--milliseconds", type=int, default=2500)
    parser.add_argument("--only", default="worker,recording,floor,rtpengine,aiortc")
    parser.add_argument("--gates-only", action="store_true", help="leave out climb and set-up")
    arguments = parser.parse_args(line)
    arguments.only = arguments.only.split(",")
    return arguments


async def run(arguments: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    report: dict[str, Any] = {"calls": arguments.calls, "rate": arguments.rate}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        rows = await measure(arguments, folder)
        _print_rows(rows)
        verdicts, held = judge(rows)
        report["engines"] = {
            name: {"memory_mb": row.memory_mb, "runs": row.runs} for name, row in rows.items()
        }
        report["verdicts"] = verdicts
        for verdict in verdicts:
            state = "holds" if verdict["holds"] else "FAILS"
            aim = "" if verdict["is"] <= verdict["aim"] else f" (aim {verdict['aim']})"
            print(f"{state}: {verdict['what']} {verdict['is']:.2f}, limit {verdict['limit']}{aim}")
        if not arguments.gates_only:
            report["climb"] = await climb(folder, arguments.calls)
            for step in report["climb"]:
                print(
                    f"at {step['rate']} packets/s: {step['us']:.1f} us, core {100 * step['core']:.0f} %,"
                    f" lost {100 * step['lost']:.3f} %, p50 {step['p50_us'] / 1000:.3f} ms,"
                    f" the generator at most {step['late_ms']:.1f} ms late"
                )
            report["set_up"] = await set_up(folder, 120)
            print(
                f"connections: {report['set_up']['per_s']:.0f} a second by one caller process,"
                f" {report['set_up']['cpu_ms']:.2f} ms of the worker's core each"
            )
    return report, held


def main() -> None:
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("two cores are needed: one for the engine, one for the load")
    os.sched_setaffinity(0, {LOAD_CORE})
    _hurry(0, 1)
    report, held = asyncio.run(run(_arguments()))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    if not held:
        sys.exit(1)


if __name__ == "__main__":
    main()
