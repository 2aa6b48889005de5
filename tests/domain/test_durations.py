"""What begins first in a run, and what is named at its end as slow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.kit import durations

ROOT = Path(__file__).parents[2]


def report(
    test: str, when: Literal["setup", "call", "teardown"], took_s: float
) -> pytest.TestReport:
    return pytest.TestReport(test, ("", None, ""), {}, "passed", None, when, duration=took_s)


def test_what_is_long_begins_first_and_is_there() -> None:
    for name in durations.LONG:
        assert (ROOT / name).exists(), name
    tests = [
        "tests/domain/a.py::b",
        "tests/media/b.py::a",
        "tests/domain/a.py::a",
        "tests/journeys/a.py::a",
    ]
    tests.sort(key=durations.turn)
    assert tests == [
        "tests/journeys/a.py::a", "tests/media/b.py::a", "tests/domain/a.py::b", "tests/domain/a.py::a",
    ]  # fmt: skip


def test_a_file_takes_what_its_tests_take_with_what_is_before_and_after() -> None:
    few = [
        report("a.py::one", "setup", 1.0), report("a.py::one", "call", 2.0), report("a.py::one", "teardown", 0.5),
        report("b.py::one", "setup", 0.0), report("b.py::one", "call", 4.0),
        report("a.py::two", "setup", 0.0), report("a.py::two", "call", 1.5),
    ]  # fmt: skip
    assert durations.slowest(few) == [(5.0, 2, "a.py"), (4.0, 1, "b.py")]
    many = [report(f"{number}.py::one", "call", number) for number in range(20)]
    assert [file for _, _, file in durations.slowest(many)] == [f"{n}.py" for n in range(19, 9, -1)]
