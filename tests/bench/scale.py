"""A full PostgreSQL: python -m tests.bench.scale, or make bench scale

Fills two databases by COPY, always with the same content: one with 600 units, 100,000 cases,
1,000,000 calls and 600,000 items, and a hundredth of it. Told for both are p50 and p95 of what a
node asks each second, of a dial until it rings at 200 a minute, of each list and search and of the
catalogue, and what PostgreSQL uses of a core beside a node at which nothing happens. Fails when a
plan reads a large table from one end to the other, and when a median at the full size is more
than 1.5 times that at a hundredth of it. Plans are kept beside the figures, in build/bench/scale.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil
import structlog

from server.audit.acts import histories as supervision
from server.calls.acts.book import Book
from server.calls.acts.desks import Desks
from server.calls.rows import calls as call_rows
from server.case import rows as case_rows
from server.case.acts.course import calling
from server.catalogue.rows import catalogue as catalogue_rows
from server.rights.person import Actor, Role
from server.store import Store, upgrade
from tests.kit import services
from tests.kit.exchange import (
    APPROVERS,
    CLERK,
    Exchange,
    exchange,
    registered,
    seat_approvers,
    site,
)
from tests.kit.statements import Statement, plans, scanned, statements
from tests.kit.stores import MovedClock, settings_for
from tests.kit.until import until

OUT: Final = Path("build/bench/scale")
CALLS: Final = 1_000_000
SMALLER: Final = 100
"""The other database has a hundredth of everything, and as much of it in each unit."""
CALLS_A_UNIT, CALLS_A_CASE, ITEMS_A_UNIT, PEOPLE_A_UNIT = 1_667, 10, 1_000, 10
FILLED_WITHIN_S: Final = 300.0
RUNS: Final = 40
DIALS, DIALS_A_MINUTE = 60, 200
QUIET_S: Final = 15.0
TIMES: Final = 1.5
FLOOR_MS: Final = 2.0
"""Medians are compared from here on: below it one measures the machine."""
LARGE: Final = frozenset({"calls", "legs", "rings", "cases", "items", "materials", "sayings"})
NOW: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def rows(
    units: int, count: int
) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
    """The tables, their columns and their rows; the same in each run."""
    cases, items = count // CALLS_A_CASE, units * ITEMS_A_UNIT
    word = [
        "食品经营许可",
        "户口迁移",
        "不动产登记",
        "公司设立登记",
        "施工许可",
        "道路运输许可",
        "医师执业注册",
        "排污许可",
    ]

    def unit(n: int) -> str:
        return f"unit-{n % units:04}"

    def other(n: int) -> str:
        return f"unit-{(n * 7 + 1) % units:04}"

    def person(n: int, of: int) -> str:
        return f"person-{of % units:04}-{n % PEOPLE_A_UNIT}"

    def opened(n: int) -> datetime:
        return NOW - timedelta(seconds=31 * (count - n))

    def registered_at(case: int) -> datetime:
        return opened(case * CALLS_A_CASE) - timedelta(seconds=20)

    def case_of(n: int) -> int:
        return n // CALLS_A_CASE

    yield (
        "units",
        ("id", "name", "place", "region_code", "credit_code", "level"),
        (
            (unit(n), f"第{n}政务服务中心", f"地{n}", "370000", f"{n:018}", "4")
            for n in range(units)
        ),
    )
    yield (
        "windows",
        ("id", "unit_id", "name"),
        ((f"window-{n:04}", unit(n), "1号窗口") for n in range(units)),
    )
    yield (
        "people",
        ("id", "login", "password_hash", "name", "staff_number", "unit_id", "roles", "active"),
        (
            (
                person(k, n),
                f"u{n}p{k}",
                "-",
                f"人员{n}之{k}",
                f"{n}-{k}",
                unit(n),
                '["approver"]',
                True,
            )
            for n in range(units)
            for k in range(PEOPLE_A_UNIT)
        ),
    )
    yield (
        "roster",
        ("person_id", "unit_id", "duty", "last_seen_at", "free_since"),
        (
            (person(k, n), unit(n), "online" if k else "away", NOW, NOW)
            for n in range(units)
            for k in range(PEOPLE_A_UNIT)
        ),
    )
    body = json.dumps(
        {
            "promised_days": 3, "modes": ["online"], "lines": [], "form_title": "申请表", "form": [],
            "rules": [], "recording_refusal": "not_recorded", "checklist": [], "guide": "",
        }
    )  # fmt: skip
    yield (
        "items",
        ("id", "code", "version", "unit_id", "name", "body", "in_use", "initials", "newest"),
        (
            (f"item-{n:06}", f"code-{n:06}", 1, unit(n // ITEMS_A_UNIT), f"{word[n % 8]}{n % ITEMS_A_UNIT}",
             body, True, "spjyxk", True)
            for n in range(items)
        ),
    )  # fmt: skip
    yield "item_words", ("word", "name", "initials"), (
        (one, name, "spjyxk")
        for name in sorted({f"{word[n % 8]}{n % ITEMS_A_UNIT}" for n in range(items)})
        for one in sorted(catalogue_rows.words_of(name, "spjyxk"))
    )  # fmt: skip
    yield (
        "cases",
        ("id", "number", "state", "mode", "item_id", "unit_id", "window_id", "window_unit_id", "clerk_id",
         "applicant_name", "identity_number", "phone", "created_at", "owed_by", "number_end"),
        (
            (f"case-{n:06}", f"{n:020}", "accepted", "online", f"item-{n % items:06}", other(n),
             f"window-{n % units:04}", unit(n), person(n // units, n), f"申请人{n}", f"{n:018}", "13800138000",
             registered_at(n), None if n % 10 else NOW.date(), f"{n:08}")
            for n in range(cases)
        ),
    )  # fmt: skip
    yield (
        "calls",
        ("id", "case_id", "caller_id", "window_unit_id", "target_unit_id", "state", "reason", "card",
         "recording_consented", "opened_at", "answered_at", "ended_at", "holds"),
        (
            (f"call-{n:07}", f"case-{case_of(n):06}", person(case_of(n) // units, case_of(n)),
             unit(case_of(n)), other(case_of(n)), "ended", "hung_up", "{}", True, opened(n), opened(n),
             opened(n) + timedelta(seconds=300), "[]")
            for n in range(count)
        ),
    )  # fmt: skip
    yield (
        "legs",
        ("id", "call_id", "seat", "person_id", "state", "silent", "media", "recording", "muted", "joined_at",
         "last_seen_at", "case_id", "window_unit_id", "target_unit_id", "opened_at", "registered_at"),
        (
            (f"leg-{n:07}-{seat}", f"call-{n:07}", seat,
             person(case_of(n) // units, case_of(n)) if seat == "window"
             else person(n, (case_of(n) * 7 + 1)),
             "left", False, False, False, "[]", opened(n), opened(n), f"case-{case_of(n):06}",
             unit(case_of(n)), other(case_of(n)), opened(n), registered_at(case_of(n)))
            for n in range(count)
            for seat in ("window", "approver")
        ),
    )  # fmt: skip
    yield "rings", ("id", "call_id", "target_id", "state", "rung_at", "deadline_at"), (
        (f"ring-{n:07}", f"call-{n:07}", person(n, case_of(n) * 7 + 1), "answered", opened(n), opened(n))
        for n in range(count)
    )  # fmt: skip
    yield (
        "materials",
        ("id", "case_id", "line", "number", "name", "state", "size_bytes", "by", "at", "review",
         "review_reason"),
        (
            (f"material-{n:06}", f"case-{n:06}", "application", 1, f"申请书{n // units % 20}.pdf", "stored",
             1000, person(n // units, n), opened(n * CALLS_A_CASE) + timedelta(seconds=30), "none", "")
            for n in range(cases)
        ),
    )  # fmt: skip
    yield "sayings", ("id", "case_id", "version", "call_id", "lane", "text", "by", "at"), (
        (f"saying-{n:06}", f"case-{n:06}", 1, f"call-{n * CALLS_A_CASE:07}", "shared",
         f"请出示证件{n // units % 20}", person(n // units, n), opened(n * CALLS_A_CASE))
        for n in range(cases)
    )  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\")


async def fill(url: str, units: int, count: int) -> float:
    """Fill an empty database at the newest schema; returns how long it took, in seconds."""
    began = time.monotonic()
    folder = url.partition("?host=")[2]
    name = url.rpartition("/")[2] if "?" not in url else url.split("@/")[1].split("?")[0]
    connection = await asyncpg.connect(host=folder, user="yunjian", database=name, password="")
    try:
        await connection.execute("set session_replication_role = replica")
        for table, columns, found in rows(units, count):

            async def lines(found: Iterator[tuple[Any, ...]] = found) -> AsyncIterator[bytes]:
                kept: list[str] = []
                for row in found:
                    kept.append("\t".join(map(_text, row)))
                    if len(kept) == 5_000:
                        yield ("\n".join(kept) + "\n").encode()
                        kept.clear()
                if kept:
                    yield ("\n".join(kept) + "\n").encode()

            await connection.copy_to_table(table, source=lines(), columns=columns)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return time.monotonic() - began


Asked = Callable[[], Awaitable[Any]]


def questions(store: Store, units: int, count: int) -> dict[str, Asked]:
    """What is asked of a full database, by name; ``unit-0003`` is a unit like every other."""
    here = "unit-0003"
    actor = Actor(
        person_id="person-0003-1", login="x", name="x", staff_number="x", unit_id=here, unit_name="x",
        place="x", roles=frozenset({Role.SUPERVISOR}), window_id=None, window_name=None, session_id="x",
    )  # fmt: skip
    book, desks = Book(store, calling), Desks(store, calling)
    watched = [f"unit-{n:04}" for n in range(min(units, 6))]
    middle = NOW - timedelta(seconds=31 * count // 2)

    async def rows_of(read: Callable[[Any], Awaitable[Any]]) -> Any:
        async with store.read() as connection:
            return await read(connection)

    def cases(**how: Any) -> Asked:
        scope = {"window_unit_ids": [here], "unit_ids": [here]}
        return lambda: rows_of(lambda c: case_rows.list_cases(c, **{**scope, **how}))

    def calls(**how: Any) -> Asked:
        return lambda: supervision.call_log(store, actor, **how)

    async def sweep() -> None:
        now = store.clock.now()
        await book.due(now - timedelta(seconds=5), now, [])
        await book.barred()
        await desks.presence(watched)
        await desks.running(watched)
        await desks.missed([f"window+approver:{one}" for one in watched])

    return {
        "sweep of a second": sweep,
        "whose calls run": lambda: rows_of(lambda c: call_rows.running_of(c, "person-0003-1")),
        "calls, first page": calls(),
        "calls, from the middle": calls(before=(middle, "call-")),
        "calls of a person": calls(person="人员3之1"),
        "calls by number": calls(number="0000"),
        "calls by what was said": calls(text="证件7"),
        "calls by a file": calls(file="申请书7."),
        "cases, first page": cases(),
        "cases, from the middle": cases(before=(middle, "case-")),
        "cases of a person": cases(taken_part="person-0003-1"),
        "cases by a word": cases(text="申请书7."),
        "a case by its number": cases(text=f"{3 + units:020}"),
        "a case that is not there": cases(text="99999999"),
        "cases owed": lambda: rows_of(
            lambda c: case_rows.list_owed(c, window_unit_ids=[here], unit_ids=[here])
        ),
        "items at a window": lambda: rows_of(catalogue_rows.list_items),
        "items by a word": lambda: rows_of(lambda c: catalogue_rows.list_items(c, "户口")),
        "catalogue": lambda: rows_of(
            lambda c: catalogue_rows.newest_items(c, here, "", limit=20, offset=0)
        ),
    }


def row(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "p50_ms": round(1e3 * statistics.median(ordered), 2),
        "p95_ms": round(1e3 * ordered[int(0.95 * (len(ordered) - 1))], 2),
        "n": len(ordered),
    }


async def dials(node: Exchange) -> list[float]:
    """From a dial to the ring at an approver's desk, 200 a minute."""
    took: list[float] = []
    async with node.desk(CLERK) as clerk, node.desk(APPROVERS[0]) as approver:
        await approver.do("desk.duty", duty="online")
        case_id = await registered(clerk)
        begins = time.monotonic()
        for number in range(DIALS):
            await asyncio.sleep(max(0.0, begins + number * 60 / DIALS_A_MINUTE - time.monotonic()))
            began = time.monotonic()
            call_id = str((await clerk.do("call.dial", case_id=case_id))["call_id"])

            def why_not(call_id: str = call_id) -> str | None:
                return None if call_id in approver.calls else "it does not ring"

            await until(why_not, every_s=0.001)
            took.append(time.monotonic() - began)
            await clerk.do("call.cancel", call_id=call_id)
    return took


def used(server: services.Postgres) -> float:
    """Seconds of processor time that PostgreSQL has used."""
    own = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    family = [psutil.Process(own), *psutil.Process(own).children(recursive=True)]
    times = [one.cpu_times() for one in family]
    return sum(one.user + one.system for one in times)


async def filled(server: services.Postgres, units: int, count: int) -> tuple[str, dict[str, Any]]:
    """A new database with so much in it: its address, and what is told of it so far."""
    url = server.url(server.create())
    await upgrade(url)
    took_s = await fill(url, units, count)
    return url, {"units": units, "calls": count, "filled_s": round(took_s, 1), "asked": {}}


async def compare(
    server: services.Postgres, folder: Path, sizes: dict[str, tuple[int, int]]
) -> dict[str, dict[str, Any]]:
    """The figures of a database of each size. All are asked the same in turn, so that what else the machine
    does meanwhile is the same for all."""
    figures: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    urls: dict[str, str] = {}
    stores: dict[str, Store] = {}
    clock = MovedClock(NOW)
    async with AsyncExitStack() as opened:
        for size, (units, count) in sizes.items():
            urls[size], figures[size] = await filled(server, units, count)
            stores[size] = await Store.open(settings_for(urls[size], folder / size), clock)
            opened.push_async_callback(stores[size].close)
            found[size] = {}
        asked = {size: questions(stores[size], *sizes[size]) for size in sizes}
        for name in next(iter(asked.values())):
            noted: dict[str, list[Statement]] = {}
            took: dict[str, list[float]] = {size: [] for size in sizes}
            for size, store in stores.items():
                await asked[size][name]()
                with statements() as noted[size]:
                    await asked[size][name]()
                found[size][name] = await plans(store, noted[size])
            for _ in range(RUNS):
                for size in sizes:
                    began = time.monotonic()
                    await asked[size][name]()
                    took[size].append(time.monotonic() - began)
            for size in sizes:
                figures[size]["asked"][name] = row(took[size]) | {"statements": len(noted[size])}
        for size, store in stores.items():
            async with site(urls[size], clock, filled=False) as there, exchange(there) as node:
                await seat_approvers(store, 12)
                before = used(server)
                await asyncio.sleep(QUIET_S)
                of_a_core = round((used(server) - before) / QUIET_S, 4)
                figures[size]["postgresql_of_a_core"] = of_a_core
                figures[size]["asked"]["dial to ring"] = row(await dials(node)) | {"statements": 0}
    for size, plan in found.items():
        told = json.dumps(plan, indent=1, default=str)
        await asyncio.to_thread((OUT / f"{size}-plans.json").write_text, told)
        figures[size]["scans"] = sorted(
            f"{name}: {table}"
            for name, each in plan.items()
            for one in each
            for table in scanned(one["plan"]) & LARGE
        )
    return figures


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--calls", type=int, default=CALLS)
    count = asked.parse_args().calls
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, services.postgres() as server:
        sizes = {}
        for size, calls in (
            ("hundredth", max(count // SMALLER, 6 * CALLS_A_UNIT)),
            ("full", count),
        ):
            sizes[size] = (6 * max(1, round(calls / CALLS_A_UNIT / 6)), calls)
        figures = asyncio.run(compare(server, Path(folder), sizes))
    small, full = figures["hundredth"], figures["full"]
    faults = [f"read from end to end: {one}" for one in full["scans"]]
    print(f"{'':28}{'a hundredth':>20}{'full':>20}{'times':>8}  statements")
    for name, one in full["asked"].items():
        was = small["asked"][name]
        times = max(one["p50_ms"], FLOOR_MS) / max(was["p50_ms"], FLOOR_MS)
        print(
            f"{name:28}{was['p50_ms']:>10.1f}{was['p95_ms']:>10.1f}{one['p50_ms']:>10.1f}"
            f"{one['p95_ms']:>10.1f}{times:>8.2f}  {one['statements']}"
        )
        if times > TIMES:
            faults.append(f"{name} costs {times:.2f} times as much")
    for name, one in figures.items():
        print(
            f"{name}: {one['units']} units, {one['calls']} calls, filled in {one['filled_s']} s; beside a"
            f" quiet node PostgreSQL uses {one['postgresql_of_a_core']:.1%} of a core"
        )
    if full["filled_s"] > FILLED_WITHIN_S:
        faults.append(f"filled in {full['filled_s']} s")
    (OUT / "figures.json").write_text(json.dumps(figures | {"faults": faults}, indent=2) + "\n")
    for fault in faults:
        print(f"NOT held: {fault}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
