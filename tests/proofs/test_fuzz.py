"""What comes from outside to the media worker, fuzzed by coverage, a minute each; see ``fuzz.py``.

``make fuzz SECONDS=600`` goes on longer, from what was found of interest before.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.capabilities import needs

pytestmark = [
    pytest.mark.proofs,
    pytest.mark.timeout(300),
    needs("atheris"),
]
SECONDS = os.environ.get("YUNJIAN_FUZZ_SECONDS", "60")


@pytest.mark.parametrize("target", ["stun", "sdp", "rtp", "rtcp", "frames"])
async def test_nothing_from_outside_is_a_fault(
    target: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.proofs.fuzz", target, SECONDS, str(tmp_path / target)),
        f"-artifact_prefix={tmp_path}/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    told = said.decode("utf-8", "replace")
    assert process.returncode == 0, told[-4000:]
    runs = re.search(r"number_of_executed_units: (\d+)", told)
    assert runs is not None
    record_property("inputs", int(runs[1]))
