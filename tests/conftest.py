"""What every test has: real databases and Redis on request, and a watch on what it leaves behind.

A test may not end with a thread or an asyncio task more than it began with, and the product's
own code may not block the event loop while a test runs it. Services start when a test first asks
for one, once in each pytest worker; each test has a database of its own and an empty Redis.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import settings

from server.store import upgrade
from tests.kit import capabilities, durations, quiet, services, templates
from tests.kit.until import STRICT, Bounds, NotYet, judged, patience, runs, until

KINDS: Final = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""The databases on which a test that asks for one runs: on each, or on the first alone."""
ON_BOTH: Final = "YUNJIAN_BOTH" in os.environ
"""Also what says that the kind does not matter (`make both`)."""
OWN_PACKAGES: Final = ["server", "signaling", "media"]
LINGER_S: Final = 2.0
"""How long a closed thing may take to be gone before it counts as left behind."""

# The suite tries the same examples each time; `make proofs` looks for new ones.
settings.register_profile("suite", derandomize=not STRICT)
settings.load_profile("suite")

_threads_before = pytest.StashKey[frozenset[threading.Thread]]()
_not_judged = pytest.StashKey[str | None]()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[services.Postgres]:
    """A PostgreSQL of this worker's own; `create()` gives further databases."""
    with services.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[services.Redis]:
    """A Redis of this worker's own."""
    with services.redis() as server:
        yield server


def _migrate(url: str) -> None:
    """Bring this database to the newest schema, on a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade(url)).result()


@pytest.fixture(scope="session")
def _newest_postgres(postgres_server: services.Postgres) -> str:
    """A database with the newest schema, from which those of the tests are copied."""
    name = postgres_server.create()
    _migrate(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def _newest_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema, from which those of the tests are copied."""
    file = tmp_path_factory.mktemp("newest") / "yunjian.sqlite"
    _migrate(f"sqlite+aiosqlite:///{file}")
    assert not file.with_name(f"{file.name}-wal").exists(), "the copy would lack a part"
    return file


@pytest.fixture
def postgres_url(postgres_server: services.Postgres, _newest_postgres: str) -> Iterator[str]:
    """The address of a new PostgreSQL database: the newest schema, with nothing in it."""
    name = postgres_server.create(template=_newest_postgres)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def empty_postgres_url(postgres_server: services.Postgres) -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def redis_url(redis_server: services.Redis) -> str:
    """The address of a Redis that holds nothing."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database, the newest schema with nothing in it; the test runs once on
    each kind."""
    if request.param == "sqlite":
        file = tmp_path / "yunjian.sqlite"
        shutil.copy(request.getfixturevalue("_newest_sqlite"), file)
        return f"sqlite+aiosqlite:///{file}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture(scope="session")
def _demo_postgres(
    postgres_server: services.Postgres, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, templates.Template]:
    """The name of a database with the demo's data, from which those of the tests are copied."""
    name = postgres_server.create()
    return name, templates.made(postgres_server.url(name), tmp_path_factory.mktemp("demo"))


@pytest.fixture
def demo_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database with the demo's data; the test runs once on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "yunjian.sqlite"
        url = f"sqlite+aiosqlite:///{file}"
        templates.handed_out(url, templates.copied(file))
        yield url
        return
    server: services.Postgres = request.getfixturevalue("postgres_server")
    newest, template = request.getfixturevalue("_demo_postgres")
    name = server.create(template=newest)
    templates.handed_out(server.url(name), template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture(autouse=True)
def _watched(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watch the tasks of a test that has a loop, and that our own code never blocks it."""
    if not inspect.iscoroutinefunction(getattr(request, "function", None)):
        yield
        return
    request.getfixturevalue("_no_task_left")
    with blockbuster_ctx(scanned_modules=OWN_PACKAGES) as watch:
        # aiortc, which plays the people of a test, joins its decoder's thread on the loop.
        watch.functions["threading.Lock.acquire"].can_block_in("media/peer.py", {"close"})
        yield


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield

    def why_not() -> str | None:
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        return f"tasks left behind: {sorted(map(repr, left))}" if left else None

    await until(why_not, LINGER_S)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a database runs on each kind, or on SQLite alone where it says so; one that chooses
    its kind itself is left alone."""
    alone = metafunc.definition.get_closest_marker("sqlite_alone") is not None
    chosen = {str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")}
    for fixture in ("database", "empty_database", "demo_database"):
        if fixture in metafunc.fixturenames and fixture not in chosen:
            metafunc.parametrize(fixture, KINDS[: 1 if alone and not ON_BOTH else 2], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first."""
    durations.longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The files that took longest, and the figures that tests have told, behind everything else."""
    reports = [one for some in terminalreporter.stats.values() for one in some]
    slowest = durations.slowest(one for one in reports if isinstance(one, pytest.TestReport))
    if len(slowest) > 1:
        terminalreporter.section("slowest files")
        for took, tests, file in slowest:
            terminalreporter.write_line(f"{took:7.1f} s {tests:5} tests  {file}")
    told = [
        f"{report.nodeid}: {name} {value}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in getattr(report, "user_properties", ())
    ]
    if told:
        terminalreporter.section("figures")
        for line in dict.fromkeys(told):
            terminalreporter.write_line(line)


def _limit_of(item: pytest.Item) -> float | None:
    """How long this test may take, in seconds, as pytest-timeout will count."""
    asked = item.config.getoption("timeout")
    mark = item.get_closest_marker("timeout")
    said = asked if asked is not None else item.config.getini("timeout")
    if mark is not None:
        said = mark.args[0] if mark.args else mark.kwargs["timeout"]
    return float(said) or None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell what may be borne, and, before its time is counted, wait for a quiet machine where the
    limits of a test are to be judged."""
    timed = item.get_closest_marker("timed") is not None
    proof = item.get_closest_marker("proofs") is not None
    runs(Bounds(_limit_of(item), timed or proof))
    if timed and quiet.ASKED:
        item.stash[_not_judged] = quiet.why_not_judged()
    try:
        return (yield)
    finally:
        runs(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[_threads_before] = frozenset(threading.enumerate())
    if (why := item.stash.get(_not_judged, None)) is not None:
        pytest.skip(f"{quiet.NOT_JUDGED}{why}")
    for mark in item.iter_markers("needs"):
        capabilities.need(*mark.args)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """A skip that names no capability hides something: it fails. Where limits of time are judged, the
    report tells for each limit the worst that was held against it."""
    report = yield
    if STRICT and report.when == "call":
        for limit in dict.fromkeys(limit for _, limit in judged):
            worst = max(took for took, of in judged if of == limit)
            report.user_properties.append((f"limit {limit:g} s", f"{worst:.3g} s"))
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if not reason.startswith((capabilities.NOT_HERE, quiet.NOT_JUDGED)):
            report.outcome = "failed"
            report.longrepr = f"skipped for no capability of tests/kit/capabilities.py: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Look for threads when the fixtures and the loop of the test are gone."""
    result = yield
    before = item.stash[_threads_before]
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(patience(LINGER_S))
    if names := sorted(thread.name for thread in left if thread.is_alive()):
        raise NotYet(f"threads left behind: {names}")
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "runs before all others from now on"
    return result
