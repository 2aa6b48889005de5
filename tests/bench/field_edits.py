"""How long a field's edit takes to the other page under load: python -m tests.bench.field_edits

A whole node in a process of its own, 200 cases that a clerk and an approver have open at once, and
their pages in two further processes, over real sockets on the loopback. Each clerk fills a field
every ten seconds as the page does it: focus, lock, what he types ten times a second for a second
and a half, a draft, the edit, the lock dropped. Server time is from the command received to the
event handed to the approver's socket; told beside it is the time from page to page. On SQLite
(synchronous=FULL) and on PostgreSQL. Writes build/bench/field_edits.json.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Final

import uvloop

from server.app import running
from server.cli.running import run as run_whole
from server.demo import data as demo
from server.node import GATEWAY
from server.people.rows import people, sessions
from server.rights.person import Role
from server.store import SYSTEM, Store, upgrade
from signaling.client import Client
from signaling.gateway.connection import Connection
from signaling.gateway.gateway import Gateway
from tests.kit import services
from tests.kit.nodes import node_settings

OUT: Final = Path("build/bench/field_edits.json")
CASES: Final = 200
PROCESSES: Final = 2
EVERY_S: Final = 10.0
"""How often a clerk fills a field."""
KEYS: Final = 15
KEY_EVERY_S: Final = 0.1
LASTS_S: Final = 40.0
AT_ONCE: Final = 20
"""How many pages come at the same moment before the measurement."""
FIELDS: Final = ("branch_name", "old_principal", "new_principal", "remark")
MEDIAN_MS, P95_MS = 5.0, 20.0
"""What is asked of the server time."""

SPAWN: Final = multiprocessing.get_context("spawn")


# -------------------------------------------------------------------- the node


async def _seat(store: Store) -> None:
    """A clerk and an approver for each case, signed in."""
    await demo.load(store)
    async with store.change(SYSTEM) as change:
        for number in range(CASES):
            for kind, unit, window, role in (
                ("clerk", demo.JINAN, demo.WINDOW_3, Role.CLERK),
                ("approver", demo.XIHAIAN, None, Role.APPROVER),
            ):
                login = f"{kind}-{number}"
                await people.add_person(
                    change.connection,
                    person_id=f"person-{login}",
                    login=login,
                    password_hash="-",
                    name=login,
                    staff_number=login,
                    unit_id=unit,
                    window_id=window,
                    roles=[role],
                )
                await sessions.add_session(
                    change.connection,
                    session_id=f"session-{login}",
                    token_hash=hashlib.sha256(_token(login).encode()).hexdigest(),
                    person_id=f"person-{login}",
                    kind="bearer",
                    at=change.at,
                    expires_at=change.at + timedelta(days=1),
                )


def _token(login: str) -> str:
    return f"the token of {login}".replace(" ", "-")


class Stopwatch:
    """From a command at the gateway's door to its event in another socket's hands."""

    def __init__(self, gateway: Gateway) -> None:
        self.took_ms: list[float] = []
        self._began: dict[str, tuple[float, str]] = {}
        self._hear, self._send = gateway.hear, gateway._fan_out.send
        gateway.hear = self.hear  # type: ignore[method-assign]
        gateway._fan_out.send = self.send  # type: ignore[method-assign]

    async def hear(self, connection: Connection, raw: object) -> Any:
        if isinstance(raw, Mapping) and raw.get("type") == "case.edit":
            self._began[raw["value"]] = (time.perf_counter(), connection.sid)
        return await self._hear(connection, raw)

    async def send(
        self, connection: Connection, subject: str, event: str, body: dict[str, Any]
    ) -> None:
        await self._send(connection, subject, event, body)
        if body.get("type") == "case.edited":
            began, sender = self._began[body["field_state"]["value"]]
            if connection.sid != sender:
                self.took_ms.append((time.perf_counter() - began) * 1e3)


def serve(database: str, folder: str, pipe: Pipe) -> None:
    """The node; tells its address, and what it measured once it is told that it is over."""

    async def served() -> None:
        await upgrade(database)
        settings = node_settings(database, Path(folder))
        store = await Store.open(settings.store)
        try:
            await _seat(store)
        finally:
            await store.close()
        async with running(settings, media=False) as node:
            watch = Stopwatch(node.app[GATEWAY])
            pipe.send(node.address)
            await asyncio.to_thread(pipe.recv)
            watch.took_ms.clear()
            cpu, began = time.process_time(), time.monotonic()
            await asyncio.to_thread(pipe.recv)
            share = (time.process_time() - cpu) / (time.monotonic() - began)
            pipe.send((watch.took_ms, share))

    run_whole(served())


# -------------------------------------------------------------------- the pages


class Table:
    """One case: the clerk's page and the approver's."""

    def __init__(self, address: str, number: int) -> None:
        self.number = number
        self.took_ms: list[float] = []
        self._sent: dict[str, float] = {}
        self._case_id = ""
        self._clerk = Client(address, _token(f"clerk-{number}"))
        self._approver = Client(address, _token(f"approver-{number}"), hear_event=self._heard)

    async def open(self) -> None:
        for page in (self._clerk, self._approver):
            await page.connect()
        made = await self._clerk.ask(
            {
                "type": "case.create",
                "item_id": demo.PRINCIPAL,
                "mode": "proxy",
                "applicant_name": "孙雅宁",
                "identity_number": "11010519491231002X",
                "phone": "13805316217",
            }
        )
        self._case_id = made["case_id"]
        for page in (self._clerk, self._approver):
            await page.ask({"type": "case.open", "case_id": self._case_id})

    async def fill(self, ends_at: float) -> None:
        """A field every ten seconds, the first at a moment of this case's own."""
        versions: dict[str, int] = {}
        await asyncio.sleep(EVERY_S * self.number / CASES)
        for turn, field in enumerate(itertools.cycle(FIELDS)):
            began = time.monotonic()
            if began + KEYS * KEY_EVERY_S > ends_at:
                return
            value = f"{self.number}号窗口填写的第{turn}个值"
            about = {"case_id": self._case_id, "field": field}
            base = {"base_version": versions.get(field, 0)}
            await self._clerk.hint({"type": "case.focus", **about})
            await self._clerk.ask({"type": "case.hold", **about})
            for key in range(KEYS):
                await self._clerk.hint({"type": "case.typing", **about, "value": value[:key]})
                if key == KEYS // 2:
                    draft = {"type": "case.draft", **about, **base, "value": value[:key]}
                    await self._clerk.ask(draft)
                await asyncio.sleep(KEY_EVERY_S)
            self._sent[value] = time.perf_counter()
            done = await self._clerk.ask({"type": "case.edit", **about, **base, "value": value})
            versions[field] = done["version"]
            await self._clerk.ask({"type": "case.hold", **about, "field": None})
            await asyncio.sleep(max(0.0, began + EVERY_S - time.monotonic()))

    async def close(self) -> None:
        for page in (self._clerk, self._approver):
            await page.close()

    def _heard(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "case.edited":
            sent = self._sent[event["field_state"]["value"]]
            self.took_ms.append((time.perf_counter() - sent) * 1e3)


def sit(address: str, numbers: range, pipe: Pipe) -> None:
    """The people of these cases; tells when all have come, and what their pages saw in the end."""

    async def sat() -> None:
        tables = [Table(address, number) for number in numbers]
        turn = asyncio.Semaphore(AT_ONCE)

        async def come(table: Table) -> None:
            async with turn:
                await table.open()

        await asyncio.gather(*(come(table) for table in tables))
        pipe.send(None)
        await asyncio.to_thread(pipe.recv)
        ends_at = time.monotonic() + LASTS_S
        await asyncio.gather(*(table.fill(ends_at) for table in tables))
        pipe.send([took for table in tables for took in table.took_ms])
        await asyncio.to_thread(pipe.recv)
        await asyncio.gather(*(table.close() for table in tables))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(sat())


# -------------------------------------------------------------------- the figures


def row(samples_ms: list[float]) -> dict[str, float]:
    ordered = sorted(samples_ms)
    return {
        "n": len(ordered),
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
        "max_ms": round(ordered[-1], 2),
    }


def measure(database: str, folder: Path) -> dict[str, Any]:
    """One node on this database, and all its people."""
    node, serving = SPAWN.Pipe()
    children = [SPAWN.Process(target=serve, args=(database, str(folder), serving), daemon=True)]
    children[0].start()
    address = node.recv()
    desks = []
    share = -(-CASES // PROCESSES)
    for first in range(0, CASES, share):
        desk, sitting = SPAWN.Pipe()
        numbers = range(first, min(first + share, CASES))
        child = SPAWN.Process(target=sit, args=(address, numbers, sitting), daemon=True)
        child.start()
        children.append(child)
        desks.append(desk)
    for desk in desks:
        desk.recv()
    for pipe in (node, *desks):
        pipe.send("go")
    pages = [took for desk in desks for took in desk.recv()]
    node.send("over")
    took, cpu = node.recv()
    for desk in desks:
        desk.send("leave")
    for child in reversed(children):
        child.join(20)
        if child.is_alive():
            child.terminate()
    return {
        "server": row(took),
        "page_to_page": row(pages),
        "edits_per_s": round(len(took) / LASTS_S, 1),
        "server_cpu_share": round(cpu, 2),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--only", choices=("sqlite", "postgresql"))
    only = asked.parse_args().only
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if only != "postgresql":
            database = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
            figures["sqlite"] = measure(database, folder / "sqlite")
        if only != "sqlite":
            server = stack.enter_context(services.postgres())
            figures["postgresql"] = measure(server.url(server.create()), folder / "postgresql")
    print(f"{'':28}{'n':>6}{'median ms':>11}{'p95 ms':>9}{'max ms':>9}")
    for name, one in figures.items():
        for what in ("server", "page_to_page"):
            told = one[what]
            print(
                f"{f'{name}, {what}':28}{told['n']:>6}{told['median_ms']:>11.1f}"
                f"{told['p95_ms']:>9.1f}{told['max_ms']:>9.1f}"
            )
        held = one["server"]["median_ms"] <= MEDIAN_MS and one["server"]["p95_ms"] <= P95_MS
        print(
            f"  {one['edits_per_s']} edits/s of {CASES} cases, server {one['server_cpu_share']:.0%} of"
            f" a core; median <= {MEDIAN_MS:g} and p95 <= {P95_MS:g} ms: {'held' if held else 'NOT held'}"
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
