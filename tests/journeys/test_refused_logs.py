"""A log that cannot be written stops nobody's work, and health says so."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import aiohttp
import psutil
import pytest

from server.demo import data as demo
from server.edge.logs import Destination
from server.settings import Settings
from tests.kit.templates import fill
from tests.kit.until import until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(120)

_CLOSED = """
import os, sys; os.close(2); sys.stderr = None
other = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR); assert other == 2
from server.edge import logs; logs.configure(); import structlog
structlog.get_logger().warning('x'); print('y', file=sys.stderr)
lost, refuses = logs.standing(); assert lost > 1 and refuses, lost
"""


async def _filled(data: Path) -> None:
    settings = Settings(data=data)
    await asyncio.to_thread(data.mkdir, parents=True)
    await fill(settings.store)


def _refusing(kind: str) -> IO[bytes]:
    if kind == "a full disk":
        return open("/dev/full", "wb", buffering=0)
    reads, writes = os.pipe()
    os.close(reads)
    return os.fdopen(writes, "wb", buffering=0)


@pytest.mark.parametrize("kind", ["a full disk", "a pipe that nobody reads"])
async def test_people_work_on_while_the_log_is_refused(tmp_path: Path, kind: str) -> None:
    await _filled(tmp_path / "data")
    log = await asyncio.to_thread(_refusing, kind)
    node = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", "--data", str(tmp_path / "data"),
        "--port", "0", cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    log.close()
    try:
        address = await _listens(node)
        async with aiohttp.ClientSession(address) as http:

            async def why_not() -> str | None:
                assert node.returncode is None, "it ended"
                try:
                    async with http.get("/readyz") as said:
                        return None if said.status == 200 else await said.text()
                except aiohttp.ClientError as error:
                    return repr(error)

            await until(why_not, 40)
            for _ in range(3):
                for login, password, status in (
                    ("lixiulan", "a wrong password", 401), ("lixiulan", demo.PASSWORD, 201),
                ):  # fmt: skip
                    body = {"login": login, "password": password}
                    async with http.post("/api/v1/tokens", json=body) as said:
                        assert said.status == status
            assert await _refuses(http) == "failing"
            async with http.get("/metrics") as said:
                figures = dict(
                    line.rsplit(" ", 1)
                    for line in (await said.text()).splitlines()
                    if not line.startswith("#")
                )
            assert float(figures["yunjian_log_lost_lines"]) > 6
            assert float(figures["yunjian_log_refusing"]) == 1
            part = await _part(http)
            assert part["state"] == "failing"
            assert "日志无法写入" in part["detail"]
            # The media worker and its recorder write to the same place.
            assert float(figures["yunjian_media_rooms"]) == 0
            children = psutil.Process(node.pid).children(recursive=True)
            assert len(children) >= 2
            assert all(child.status() != psutil.STATUS_ZOMBIE for child in children)
    finally:
        with suppress(ProcessLookupError):
            node.send_signal(signal.SIGTERM)
        ended = await asyncio.wait_for(node.wait(), 30)
    assert ended == 0


async def _listens(node: asyncio.subprocess.Process) -> str:
    """Where it listens, as the system knows: it can tell nobody."""
    found: list[int] = []

    async def why_not() -> str | None:
        assert node.returncode is None, "it ended"
        open_ = await asyncio.to_thread(psutil.Process(node.pid).net_connections, "tcp")
        found[:] = [one.laddr.port for one in open_ if one.status == psutil.CONN_LISTEN]
        return None if found else "it does not listen yet"

    await until(why_not, 40)
    return f"http://127.0.0.1:{found[0]}"


async def _refuses(http: aiohttp.ClientSession) -> str:
    async with http.get("/readyz") as said:
        assert said.status == 200
        body = await said.json()
    assert body["status"] == "ok"
    return str(body["checks"]["log"])


async def _part(http: aiohttp.ClientSession) -> dict[str, Any]:
    body = {"login": "yunwei", "password": demo.PASSWORD}
    async with http.post("/api/v1/tokens", json=body) as said:
        token = (await said.json())["token"]
    async with http.get("/api/v1/health", headers={"Authorization": f"Bearer {token}"}) as said:
        assert said.status == 200
        [part] = [one for one in (await said.json())["parts"] if one["key"] == "log"]
        return dict(part)


def test_what_was_lost_is_told_once_the_log_takes_lines_again() -> None:
    """A pipe that takes no more for a while stands for a disk that is full for a while."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    os.set_blocking(reads, False)
    try:
        to = Destination(writes)
        size = 10_000
        written = 0
        while not to.lost:
            to.write("x" * size + "\n")
            written += 1
        assert to.refuses
        to.write("lost\n")
        assert to.lost == 2
        taken = bytearray()
        with suppress(BlockingIOError):
            while True:
                taken += os.read(reads, 65_536)
        assert not to.refuses
        to.write("taken\n")
        with suppress(BlockingIOError):
            while True:
                taken += os.read(reads, 65_536)
        lines = taken.decode().splitlines()
        assert lines[: written - 1] == ["x" * size] * (written - 1)
        assert len(lines[written - 1]) < size  # the one that was cut
        assert lines[written:] == [
            '{"event": "log.refused", "lost": 2, "level": "warning"}',
            "taken",
        ]
        to.write("\ud800 is no UTF-8\n")
        assert os.read(reads, 100) == b"\\ud800 is no UTF-8\n"
    finally:
        os.close(reads)
        os.close(writes)


def test_a_log_that_was_closed_before_the_start_touches_no_other_file(tmp_path: Path) -> None:
    """Its number may be that of the next file that is opened."""
    said = subprocess.run(
        [
            sys.executable, "-c",
            _CLOSED,
            str(tmp_path / "other"),
        ],
        cwd=ROOT, check=False, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert said.returncode == 0
    assert (tmp_path / "other").read_bytes() == b""
