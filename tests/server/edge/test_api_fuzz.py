"""The interface against its own description (S20): Schemathesis, all checks, ignored authentication too.

What the description says is asked for in right and in wrong ways, by somebody signed in, with ids
of things that exist and of things that do not. Refused is: a 5xx, a status, type or shape that is
not described, a wrong request that is taken, a right one that is called malformed, an answer
without a valid sign-in. The proofs ask more and as every role.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from server.app import Running
from tests.kit.desks import demo_node, desk_of
from tests.kit.stores import MovedClock
from tests.server.uploads.test_early_view import LINE, pdf, piece

CONFIG: Final = """
# No text holds NUL: it is malformed everywhere, which test_hidden_numbers shows.
[generation]
allow-x00 = false

[auth.openapi.bearer]
bearer = "{token}"

# tus answers 412 to another version of its protocol, 460 to a wrong checksum, 410 to what is over.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "416", "422", "423", "429", "460"]
[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "405", "412", "415", "422"]

# This node has no media worker: 503 with its own code is the answer, and none else of the five hundreds.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]

# A rule may refuse what has the right shape; a command that has it is never malformed or unknown.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "415", "422", "429", "503"]

# What a cursor holds, and what the metadata of tus holds, no schema can say.
[[operations]]
include-name = ["GET /api/v1/cases", "GET /api/v1/owed", "GET /api/v1/referred", "GET /api/v1/tasks", "GET /api/v1/unit-tasks", "POST /api/v1/search/cases", "POST /api/v1/search/calls", "POST /api/v1/uploads"]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "410", "413", "422", "423", "429", "503"]

[[operations]]
include-path-regex = "^/api/v1/uploads/"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "410", "413", "415", "422", "423", "460"]
"""
IDS: Final = "\n[parameters]\n"


@dataclass(frozen=True)
class Scene:
    """A node with a case and a stored material; their ids by the names of their parameters."""

    node: Running
    ids: Mapping[str, str]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, MovedClock()) as node, desk_of(node, "lixiulan") as clerk:
        case_id = await clerk.open_case()
        data = pdf()
        location, material_id = await clerk.begin(case_id, LINE, len(data))
        assert await piece(clerk, location, 0, data) == 204
        upload_id = location.rpartition("/")[2]
        yield Scene(node, {"case_id": case_id, "material_id": material_id, "upload_id": upload_id})


async def fuzz(scene: Scene, folder: Path, token: str, examples: int, *, known: bool) -> str:
    """What Schemathesis prints when it finds something; nothing when it finds nothing."""
    node = scene.node
    config = CONFIG.format(token=token)
    if known:
        config += IDS + "".join(f'"path.{name}" = "{id}"\n' for name, id in scene.ids.items())
    file = folder / "schemathesis.toml"
    await asyncio.to_thread(file.write_text, config)
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    running = await asyncio.create_subprocess_exec(
        command, "--config-file", str(file), "run", f"{node.address}/api/v1/openapi.json",
        "--url", node.address, "--checks", "all", "--mode", "all", "--phases",
        "coverage,fuzzing,stateful", "--max-examples", str(examples), "--no-color",
        "--exclude-operation-id", "close_session", "--continue-on-failure",
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.kit.schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await running.communicate()
    return "" if running.returncode == 0 else said.decode()


async def checked(
    scene: Scene,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    login: str,
    examples: int,
    *,
    known: tuple[bool, ...] = (False, True),
) -> None:
    # Signed in once: what Schemathesis guesses at the sign-in slows its source down.
    async with desk_of(scene.node, login) as desk:
        with capture_logs() as told:
            for one in known:
                found = await fuzz(scene, folder, desk.token, examples, known=one)
                assert not found, found
    assert not [line for line in told if line["log_level"] in ("error", "critical")]
    ours = [one for one in caplog.records if one.name.startswith("yunjian")]
    assert not [one for one in ours if one.levelno >= logging.ERROR]


@pytest.mark.timeout(180)
async def test_the_interface_does_what_it_says(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await checked(scene, tmp_path, caplog, "lixiulan", 2, known=(True,))


@pytest.mark.proofs
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("login", ["lixiulan", "zhoumingyuan", "chenli", "admin"])
async def test_the_interface_does_what_it_says_to_every_role(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture, login: str
) -> None:
    await checked(scene, tmp_path, caplog, login, 100)
