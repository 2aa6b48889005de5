"""Heavy jobs: claimed once, tried again when a child is killed, taken over from a dead node."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.jobs import rows
from server.jobs.rows import Job
from server.jobs.runner import LEASE, TRIES_AT_MOST, JobKind, Jobs, Settle, enqueue
from server.store import SYSTEM, Change, Store, tables
from server.work import probe
from server.work.child import MIB, ChildLimits, Children, JobFailed
from server.work.walls import walls
from tests.kit.casework import PDF
from tests.kit.stores import MovedClock, opened
from tests.kit.until import until


async def asked(store: Store, kind: str = "look", **body: Any) -> str:
    async with store.change(SYSTEM) as change:
        return await enqueue(change, kind, "case:of-a-test", body)


async def row(store: Store, job_id: str) -> Any:
    async with store.read() as connection:
        found = await connection.execute(sa.select(tables.jobs).where(tables.jobs.c.id == job_id))
        return found.one()


class Looking:
    """A kind of job whose work is to probe a file in a real child; keeps what came of it."""

    def __init__(self) -> None:
        self.children = Children()
        self.seen: list[Any] = []
        self.failed: list[str] = []

    @property
    def kinds(self) -> dict[str, JobKind]:
        return {"look": JobKind(self._run, self._failed)}

    async def _run(self, job: Job) -> Settle:
        found = await self.children.run(
            probe.__name__, job.body["path"], reads=[Path(job.body["path"])]
        )

        async def settle(change: Change) -> None:
            self.seen.append(found)

        return settle

    async def _failed(self, change: Change, job: Job) -> None:
        self.failed.append(job.id)

    async def kill_child(self) -> None:
        """SIGKILL to the child that runs, as the kernel does when memory runs out."""
        await until(lambda: None if self.children.pids else "no child yet")
        os.kill(next(iter(self.children.pids)), signal.SIGKILL)


async def test_a_job_whose_child_is_killed_is_done_again(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    path = tmp_path / "page"
    os.mkfifo(path)  # who opens it waits: the child hangs until it is killed
    looking = Looking()
    jobs = Jobs(store, looking.kinds)
    job_id = await asked(store, path=str(path))
    working = asyncio.create_task(jobs.work_once())
    await looking.kill_child()
    assert await working
    assert (await row(store, job_id)).state == "waiting"
    assert "ended with -9" in (await row(store, job_id)).fault
    path.unlink()
    path.write_bytes(PDF)
    assert await jobs.work_once()
    assert looking.seen == [{"media_type": "application/pdf", "pages": 2}]
    done = await row(store, job_id)
    assert (done.state, done.tries, done.body, done.fault) == ("done", 2, {}, "")
    assert not await jobs.work_once()


async def test_a_job_that_kills_each_child_is_given_up_and_that_is_told(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    path = tmp_path / "page"
    os.mkfifo(path)
    looking = Looking()
    jobs = Jobs(store, looking.kinds)
    job_id = await asked(store, path=str(path))
    for _ in range(TRIES_AT_MOST):
        working = asyncio.create_task(jobs.work_once())
        await looking.kill_child()
        assert await working
        clock.move(60)
    failed = await row(store, job_id)
    assert (failed.state, failed.tries, failed.ended_at is not None) == ("failed", 3, True)
    assert looking.failed == [job_id]
    assert looking.seen == []
    assert not await jobs.work_once()


async def test_a_node_that_died_leaves_its_job_to_others(
    store: Store, clock: MovedClock, tmp_path: Path
) -> None:
    path = tmp_path / "page"
    path.write_bytes(PDF)
    job_id = await asked(store, path=str(path))
    async with store.change(SYSTEM) as change:
        held = await rows.claim(
            change.connection, "dead-node", ["look"], change.at, change.at + LEASE
        )
    assert held is not None
    looking = Looking()
    jobs = Jobs(store, looking.kinds)
    assert not await jobs.work_once()
    clock.move(LEASE.total_seconds() + 1)
    assert await jobs.work_once()
    assert len(looking.seen) == 1
    # the dead node wakes: what it held is no longer its own
    async with store.change(SYSTEM) as change:
        assert not await rows.done(change.connection, held, "dead-node", change.at)
        assert not await rows.renew(change.connection, held, "dead-node", change.at + LEASE)
    assert (await row(store, job_id)).tries == 2


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    naps = _naps()
    told = tmp_path / "started"
    left = (
        "import subprocess as s; from pathlib import Path; "
        f"one = s.Popen(['sleep', {naps!r}], stdout=s.DEVNULL); "
        f"Path({str(told)!r}).write_text('one')"
    )
    with pytest.raises(JobFailed, match="ended with 0"):
        await in_cell(Children(), left, limits=ChildLimits(file_bytes=MIB), writes=[tmp_path])
    assert told.read_text() == "one"
    await until(lambda: f"{found} live" if (found := _with(naps)) else None)


async def test_many_nodes_do_each_job_once(store: Store, tmp_path: Path) -> None:
    done: Counter[str] = Counter()

    async def run(job: Job) -> Settle:
        async def settle(change: Change) -> None:
            done[job.id] += 1

        return settle

    async def failed(change: Change, job: Job) -> None:
        raise AssertionError(job)

    wanted = {await asked(store, number=number) for number in range(30)}
    nodes = [Jobs(store, {"look": JobKind(run, failed)}) for _ in range(6)]

    async def work(node: Jobs) -> None:
        while await node.work_once():
            pass

    await asyncio.gather(*map(work, nodes))
    assert done == Counter(wanted)


async def test_a_job_is_begun_at_once_when_it_is_asked_for(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(PDF)
    looking = Looking()
    running = asyncio.create_task(Jobs(store, looking.kinds).run())
    try:
        await asked(store, path=str(path))
        await until(lambda: None if looking.seen else "not done", 20.0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_node_that_ends_lets_go_of_its_job(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "page"
    os.mkfifo(path)
    looking = Looking()
    job_id = await asked(store, path=str(path))
    running = asyncio.create_task(Jobs(store, looking.kinds).run())
    await until(lambda: None if looking.children.pids else "no child yet", 20.0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert looking.children.pids == set()
    left = await row(store, job_id)
    assert (left.state, left.tries, left.claimed_by) == ("waiting", 0, None)


async def test_a_node_ends_although_it_cannot_let_go_of_its_job(tmp_path: Path) -> None:
    """A database that takes no write just then leaves the job to its lease, and the node ends."""
    file = tmp_path / "yunjian.sqlite"
    path = tmp_path / "page"
    os.mkfifo(path)
    looking = Looking()
    async with opened(f"sqlite+aiosqlite:///{file}", tmp_path, MovedClock()) as store:
        await asked(store, path=str(path))
        running = asyncio.create_task(Jobs(store, looking.kinds).run())
        await until(lambda: None if looking.children.pids else "no child yet", 20.0)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            running.cancel()
            ended, _ = await asyncio.wait({running}, timeout=30)
        assert ended == {running}
        assert running.cancelled()


# ---------------------------------------------------------------- the cell

ABOUT: str = """
import json, os, resource, socket
def reaches(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
told = {
    "nice": os.nice(0),
    "session": os.getsid(0) in (0, os.getpid()),  # 0: it leads from outside the walls
    "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "environment": sorted(os.environ),
    "reaches": reaches(%d),
}
print(json.dumps(told), flush=True)
os._exit(0)
"""


async def in_cell(children: Children, code: str, **more: Any) -> Any:
    """Run code in a child: timeit is a module of the standard library that runs what it is given."""
    return await children.run("timeit", "-n1", "-r1", code, **more)


async def test_a_child_is_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_BUS_SECRET", "not for children")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = await in_cell(Children(), ABOUT % port, limits=ChildLimits(memory_bytes=512 * MIB))
    assert told["nice"] >= 10
    assert told["session"]
    assert (told["memory"], told["core"]) == (512 * MIB, 0)
    assert "YUNJIAN_BUS_SECRET" not in told["environment"]
    trial = await asyncio.create_subprocess_exec("unshare", "-rn", "true")
    allowed = await trial.wait() == 0
    assert told["reaches"] is not allowed


async def test_a_child_that_takes_too_much_ends_alone() -> None:
    children = Children()
    limits = ChildLimits(memory_bytes=512 * MIB, processor_s=1)
    with pytest.raises(JobFailed, match="ended with"):
        await in_cell(children, "bytearray(2**31)", limits=limits)
    with pytest.raises(JobFailed, match="ended with -"):
        await in_cell(children, "while True: pass", limits=limits)


async def test_a_child_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    told = tmp_path / "started"
    naps = _naps()
    # Within walls also one that has left its session: its processes are all of a name space.
    away = (await walls()).program is not None
    code = (
        f"import subprocess, time; subprocess.Popen(['sleep', {naps!r}], start_new_session={away});"
        f"open({str(told)!r}, 'w').write('one'); time.sleep(600)"
    )
    with pytest.raises(JobFailed, match="hung"):
        await in_cell(
            Children(), code, limits=ChildLimits(file_bytes=MIB), patience_s=3.0, writes=[tmp_path]
        )
    assert told.read_text() == "one"
    await until(lambda: f"{found} live" if (found := _with(naps)) else None)


async def test_a_server_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    told = tmp_path / "started"
    code = f"import time; open({str(told)!r}, 'w').write('one'); time.sleep(600)"
    serving = (
        "import asyncio, pathlib; from server.work.child import MIB, ChildLimits, Children;"
        f"asyncio.run(Children().run('timeit', '-n1', '-r1', {code!r},"
        f" limits=ChildLimits(file_bytes=MIB), writes=[pathlib.Path({str(tmp_path)!r})]))"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", serving)
    try:
        await until(lambda: None if told.exists() and told.read_text() else "no child yet", 20.0)
        assert _with(code)
    finally:
        server.kill()
        await server.wait()
    await until(lambda: f"{found} live" if (found := _with(code)) else None)


def _naps() -> str:
    """Seconds for which nobody else sleeps."""
    return f"{600 + secrets.randbelow(10**9) / 10**9:.9f}"


def _with(word: str) -> list[int]:
    """The processes of this machine with that word in their command line; one that was killed and
    not awaited yet (by whoever took it over) has none."""
    pids = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and word in _line(pid)]


def _line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []
