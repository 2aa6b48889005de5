"""The wheel alone: it holds every tracked file and the built pages, and serves from any folder.

Stands here because it needs the web build, as the browser stories do: `make wheel` first.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.kit.until import until

pytestmark = pytest.mark.browser

TREE: Final = Path(__file__).parents[2]
PACKAGES: Final = ("server", "signaling", "media", "migrations")
START_S: Final = 40.0
STOP_S: Final = 20.0


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The one wheel under dist/."""
    found = sorted((TREE / "dist").glob("yunjian-*.whl"))
    assert len(found) == 1, f"`make wheel` leaves one wheel in dist/, found {found}"
    return found[0]


def test_holds_what_is_tracked_and_the_built_pages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        entries = archive.read(next(name for name in held if name.endswith("entry_points.txt")))
    tracked = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES], cwd=TREE, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    built = {
        path.relative_to(TREE).as_posix()
        for path in (TREE / "server/static").rglob("*")
        if path.is_file()
    }
    assert "server/static/index.html" in built
    assert (set(filter(None, tracked)) | built) - held == set()
    assert "yunjian = server.__main__:main" in entries.decode()
    foreign = {name for name in held if name.split("/")[0] not in PACKAGES}
    assert {name for name in foreign if ".dist-info/" not in name} == set()


@pytest.fixture
async def demo(
    wheel: Path, tmp_path: Path
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """`yunjian demo` from the wheel, in an empty folder; yields its address and its process."""
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    await asyncio.to_thread(
        subprocess.run, [*install, "--target", str(site), str(wheel)], check=True
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUNBUFFERED": "1"}
    where = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", "import server; print(server.__file__)"),
        cwd=elsewhere,
        env=environment,
        stdout=subprocess.PIPE,
    )
    output, _ = await where.communicate()
    assert output.decode().startswith(str(site)), "the tree was imported instead of the wheel"
    log = tmp_path / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-P",
                "-m",
                "server",
                "demo",
                "--no-past",
                "--port",
                "0",
                "--data",
                "data",
            ),
            cwd=elsewhere,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        async with asyncio.timeout(START_S):
            address = await _address(process)
        assert address is not None, f"the demo ended: {log.read_text()[-2000:]}"
        yield address, process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str | None:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"https?://127\.0\.0\.1:\d+", line):
            return found.group().decode()
    return None


@pytest.mark.timeout(120)
async def test_serves_its_pages_and_accounts_from_any_folder(
    demo: tuple[str, asyncio.subprocess.Process],
) -> None:
    address, process = demo
    async with aiohttp.ClientSession(address) as browser:
        async with browser.get("/") as page:
            assert page.status == 200
            assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', await page.text())
        assert assets
        for asset in assets:
            async with browser.get(asset) as answer:
                assert answer.status == 200, asset

        async def why_not_ready() -> str | None:
            async with browser.get("/readyz") as answer:
                return None if answer.status == 200 else await answer.text()

        await until(why_not_ready, START_S, every_s=0.2)
        account = {"login": "lixiulan", "password": "yunjian-demo"}
        async with browser.post(
            "/api/v1/session", json=account, headers={"Origin": address}
        ) as answer:
            assert answer.status in {200, 201}, await answer.text()
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(STOP_S):
        await process.communicate()
    assert process.returncode == 0
