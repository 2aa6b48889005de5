"""Where the time of a run goes: which tests begin first, and which files took longest.

Two workers share the tests. What takes long begins first: a long test that begins last leaves the other
core idle for as long as it takes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

import pytest

SLOWEST: Final = 10
"""How many files a run names at its end."""
LONG: Final = (
    "tests/journeys/",
    "tests/server/edge/test_api_fuzz.py",
    "tests/server/store/test_backup.py",
    "tests/server/store/test_full.py",
    "tests/server/store/test_ledger_rows.py",
    "tests/server/test_dumps.py",
    "tests/media/",
    "tests/browser/test_story.py",
    "tests/browser/test_window.py",
    "tests/browser/test_replay.py",
    "tests/browser/test_together.py",
)
"""Folders and files with tests that take some seconds each, in the order in which they begin. What the end of
a run names among the slowest belongs here where it has few tests."""


def longest_first(items: list[pytest.Item]) -> None:
    """Put the long ones before all others, and leave the rest in its order."""
    items.sort(key=lambda item: turn(item.nodeid))


def turn(test: str) -> int:
    """When this test begins: the lower before the higher."""
    return next((turn for turn, begins in enumerate(LONG) if test.startswith(begins)), len(LONG))


def slowest(reports: Iterable[pytest.TestReport]) -> list[tuple[float, int, str]]:
    """Seconds, tests and name of the files that took longest, the slowest first: set-up, test and tear-down
    of each of their tests, on whatever worker."""
    seconds: dict[str, float] = defaultdict(float)
    tests = Counter[str]()
    for report in reports:
        file = report.nodeid.partition("::")[0]
        seconds[file] += report.duration
        tests[file] += report.when == "setup"
    found = sorted(((took, tests[file], file) for file, took in seconds.items()), reverse=True)
    return found[:SLOWEST]
