"""R9 in its full count: the recorder killed twenty times, 5 to 60 s after its files began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.conftest import Studio, studio
from tests.media.test_killed_recorder import kill_again_and_again

pytestmark = [pytest.mark.proofs, pytest.mark.timeout(1800)]

__all__ = ["studio"]


async def test_a_recorder_that_is_killed_twenty_times(
    studio: Studio, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    measured = await kill_again_and_again(studio, tmp_path, 20, (5.0, 60.0))
    record_property("worst_lost_s", max(lost for lost, _ in measured))
    record_property("worst_next_s", max(after for _, after in measured))
