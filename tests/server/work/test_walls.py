"""What a child that reads strangers' files can reach of its node: within walls nothing, and who runs
a machine without them is told."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from media.client import prepare_folder
from media.control import TOKEN_NAME
from server.doctor import _ONE_PAGE
from server.store import Blobs
from server.store.ledger.journal import KEY
from server.work.child import MIB, ChildLimits, Children, JobFailed, left
from server.work.walls import OPEN, walls
from tests.kit.capabilities import needs
from tests.kit.desks import demo_node
from tests.kit.processes import ROOT
from tests.kit.until import until

REACH = """
import json, os, socket
def read(path):
    try:
        with open(path, "rb") as file:
            return len(file.read())
    except OSError as error:
        return type(error).__name__
def reaches(family, where):
    with socket.socket(family) as one:
        return one.connect_ex(where) == 0
def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
told = {
    "read": {path: read(path) for path in %(paths)r},
    "tcp": reaches(socket.AF_INET, ("127.0.0.1", %(port)d)),
    "unix": reaches(socket.AF_UNIX, %(unix)r),
    "node": lives(%(pid)d),
    "processes": [one for one in os.listdir("/proc") if one.isdigit()] if os.path.isdir("/proc") else [],
    "environment": sorted(os.environ),
}
print(json.dumps(told), flush=True)
os._exit(0)
"""


async def in_cell(children: Children, code: str, **more: Any) -> Any:
    """Run code in a child: timeit is a module of the standard library that runs what it is given."""
    return await children.run("timeit", "-n1", "-r1", code, **more)


@needs("walls")
async def test_a_child_reaches_nothing_of_its_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing key, database, worker's token, a sealed file of somebody else, sockets, processes."""
    monkeypatch.setenv("YUNJIAN_BUS_SECRET", "not for children")
    data = tmp_path / "data"
    database = data / "yunjian.sqlite"
    data.mkdir()
    async with demo_node(f"sqlite+aiosqlite:///{database}", data) as node:
        await asyncio.to_thread(prepare_folder, data / "media")
        token = data / "media" / TOKEN_NAME
        token.write_text("the worker's token")
        [key] = data.rglob(KEY)
        other = data / "of-another-case.pdf"
        other.write_bytes(b"%PDF-")
        mine = data / "mine.pdf"
        mine.write_bytes(b"%PDF-1.4")
        secret = [str(key), str(database), str(token), str(other), "/etc/passwd"]
        unix = str(tmp_path / "socket")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(unix)
            listening.listen()
            asked = {
                "paths": [*secret, str(mine)], "port": node.port, "unix": unix, "pid": os.getpid(),
            }  # fmt: skip
            within = await in_cell(Children(), REACH % asked, reads=[mine])
            without = await in_cell(Children(within=OPEN), REACH % asked, reads=[mine])
    assert within["read"].pop(str(mine)) == 8
    assert within["read"] == dict.fromkeys(secret, "FileNotFoundError")
    assert not within["tcp"]
    assert not within["unix"]
    assert not within["node"]
    # Its own, in a name space of its own: the init of the walls and itself.
    assert set(within["processes"]) <= {"1", "2"}
    assert set(within["environment"]) <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "PWD"}
    # What THREAT_MODEL.md says of a machine that forbids walls, and that the question can be answered.
    assert all(isinstance(one, int) for one in without["read"].values()), without
    assert without["unix"]
    assert without["node"]
    assert "YUNJIAN_BUS_SECRET" not in without["environment"]


@needs("walls")
async def test_a_child_writes_into_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    mine, read, other = tmp_path / "mine", tmp_path / "read", tmp_path / "other"
    for folder in (mine, read, other):
        folder.mkdir()
        (folder / "there").write_bytes(b"as it was")
    code = (
        "import json, os\n"
        "def write(path):\n"
        "    try:\n"
        "        open(path, 'wb').write(b'changed')\n"
        "    except OSError:\n"
        "        return False\n"
        "    return True\n"
        f"places = {[str(one / 'there') for one in (mine, read, other)]!r}\n"
        "places += ['/usr/there', '/there', '/dev/shm/there', '/etc/ld.so.cache']\n"
        "print(json.dumps([write(one) for one in places]), flush=True)\n"
        "os._exit(0)\n"
    )
    told = await in_cell(
        Children(), code, limits=ChildLimits(file_bytes=MIB), reads=[read], writes=[mine]
    )
    assert told == [True, *[False] * 6]
    assert (mine / "there").read_bytes() == b"changed"
    assert {(one / "there").read_bytes() for one in (read, other)} == {b"as it was"}


async def test_a_child_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    """Its own limits hold no pipe, and what it says is the memory of its node."""
    children, before = Children(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = "import os\nwhile True: os.write(1, bytes(1 << 16))"
    with pytest.raises(JobFailed, match="too much") as told:
        await in_cell(children, code, said_bytes=MIB)
    assert told.value.final
    assert children.pids == set()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


async def test_a_child_that_prints_while_its_job_is_given_up_ends(tmp_path: Path) -> None:
    """A node that ended waited for it for ever: nobody read what it had printed last."""
    children, begun = Children(), tmp_path / "begun"
    begun.mkdir()
    mark = str(begun / "yes")
    code = f"import os\nopen({mark!r}, 'w')\nwhile True: os.write(1, bytes(1 << 16))"
    for _ in range(5):
        job = asyncio.create_task(in_cell(children, code, said_bytes=1 << 40, writes=[begun]))
        await until(lambda: None if (begun / "yes").exists() else "it has not begun", 20)
        job.cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(job, return_exceptions=True)
        assert job.cancelled()
        (begun / "yes").unlink()
    assert children.pids == set()


async def test_a_child_whose_job_is_given_up_while_it_starts_ends() -> None:
    """asyncio would wait for a pipe that what bubblewrap began holds open."""
    children, me = Children(), psutil.Process()
    before = {child.pid for child in me.children()}

    def left_behind() -> str | None:
        return str([one for one in me.children() if one.pid not in before]).strip("[]") or None

    for turns in range(12):
        job = asyncio.create_task(in_cell(children, "import time; time.sleep(600)"))
        await until(lambda: None if left_behind() else "it has not begun", 20, every_s=0)
        for _ in range(turns):
            await asyncio.sleep(0)
        job.cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(job, return_exceptions=True)
        assert job.cancelled()
        await until(left_behind, 20)
    assert children.pids == set()


async def test_a_link_that_a_child_left_is_not_taken_for_its_work(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_bytes(b"the signing key")
    target = tmp_path / "copy"
    blobs = Blobs(tmp_path / "blobs")
    await blobs.prepare()
    for leave in (target.symlink_to, lambda _: os.mkfifo(target), lambda _: None):
        leave(secret)
        with pytest.raises(JobFailed, match="left no plain copy"):
            await asyncio.to_thread(left, target)
        with pytest.raises(OSError, match=r"links|plain|such"):
            await blobs.put(target)
        target.unlink(missing_ok=True)
    assert [one for one in (tmp_path / "blobs").rglob("*") if one.is_file()] == []
    target.write_bytes(b"a copy")
    assert await blobs.put(await asyncio.to_thread(left, target))


TOLD = """
import asyncio, json, sys
from pathlib import Path
from server.health.acts import walled
from server.case.acts.materials import files as materials
from server.health.api.health import sentence
from server.work import walls
from server.work.child import Children, WallsFell

async def main():
    told = []
    async def look():
        one = await walled()
        told.append([one.key, one.state, one.said, sentence(one, "en"), sentence(one, "zh-CN")])
    children = Children()
    page = Path(sys.argv[1])
    await look()
    found = await children.run("server.work.probe", str(page), reads=[page])
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    try:
        await children.run("server.work.probe", str(page), reads=[page])
    except WallsFell:
        told.append("fell")
    await look()
    found = [found, await children.run("server.work.probe", str(page), reads=[page])]
    print(json.dumps([told, found]))

asyncio.run(main())
"""


@needs("walls")
async def test_a_machine_that_forbids_name_spaces_is_told_and_works_on(tmp_path: Path) -> None:
    """In a user name space whose own limit of further ones falls to nothing while it runs."""
    page = tmp_path / "page"
    page.write_bytes(_ONE_PAGE)
    asked = [sys.executable, "-c", TOLD, str(page)]
    child = await asyncio.create_subprocess_exec(
        "unshare", "-Ur", *asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, wrong = await child.communicate()
    assert child.returncode == 0, wrong.decode()
    (standing, fell, forbidden), found = json.loads(said)
    assert standing[:3] == ["walls", "ok", "walls"]
    # A file is not called broken because the walls fell.
    assert fell == "fell"
    assert forbidden[:3] == ["walls", "warning", "walls_forbidden"]
    assert "forbids bubblewrap" in forbidden[3]
    assert "不允许 bubblewrap" in forbidden[4]
    assert found == [{"media_type": "application/pdf", "pages": 1}] * 2


async def test_the_doctor_tells_that_bubblewrap_is_missing(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "doctor", "--data", str(tmp_path), "--port", "0",
        cwd=ROOT, env={"PATH": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await child.communicate()
    [line] = [one for one in said.decode().splitlines() if "walls" in one]
    assert line.startswith("ok"), said.decode()
    assert "bubblewrap is not installed" in line
    assert "judges a page as {'media_type': 'application/pdf', 'pages': 1}" in said.decode()


@needs("walls")
async def test_the_walls_are_looked_for_once() -> None:
    first = await walls()
    assert first.program
    assert await walls() is first
    assert await walls(anew=True) == first


@needs("walls")
async def test_walls_stand_where_no_proc_may_be_mounted(tmp_path: Path) -> None:
    """As below systemd's ProtectKernelTunables: nothing of it is there but what programs ask for first."""
    bare = Children(within=replace(await walls(), proc=False))
    code = (
        "import json, os\n"
        "print(json.dumps([sorted(os.listdir('/proc')), os.path.exists('/proc/1')]), flush=True)\n"
        "os._exit(0)\n"
    )
    assert await in_cell(bare, code) == [["cpuinfo", "meminfo", "version"], False]
    page = tmp_path / "page"
    page.write_bytes(_ONE_PAGE)
    found = await bare.run("server.work.probe", str(page), reads=[page])
    assert found == {"media_type": "application/pdf", "pages": 1}
