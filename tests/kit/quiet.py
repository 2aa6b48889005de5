"""A machine on which limits of time may be judged: one that does nothing else for a while.

`make strict` asks for it before each test of the suite that is marked `timed`. Where the machine does
not become quiet the limit is *not judged*, which fails nothing and is said.
"""

from __future__ import annotations

import os
import time
from typing import Final

import psutil

ASKED: Final = "YUNJIAN_QUIET" in os.environ
NOT_JUDGED: Final = "not judged: "
BUSY_CORES: Final = 0.5
"""Cores at work, on average, from which on a machine is not quiet. The kernel's own load average
remembers the test before for minutes, and so is not asked."""
FOR_S: Final = 20.0
WITHIN_S: Final = 300.0


def why_not_judged(for_s: float = FOR_S, within_s: float = WITHIN_S) -> str | None:
    """Return None as soon as the machine was quiet for so long; else, when the time is over, how busy it was."""
    ends = time.monotonic() + within_s
    while True:
        share = psutil.cpu_percent(interval=for_s)
        busy = share / 100 * (psutil.cpu_count() or 1)
        if busy < BUSY_CORES:
            return None
        if time.monotonic() >= ends:
            return f"{busy:.1f} cores were busy at the end of {within_s:g} s"
