"""How the suite itself judges: limits of time that can fail, and skips that name what is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import capabilities, quiet
from tests.kit.until import STRICT, Bounds, borne, patience, runs


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> object:
    yield
    runs(Bounds(180.0, timed=False))


def test_what_is_borne_ends_before_the_test_does() -> None:
    runs(Bounds(100.0, timed=True))
    assert borne(1.0) == (1.0 if STRICT else 10.0)
    assert borne(50.0) == (50.0 if STRICT else 80.0)
    assert borne(95.0) == 95.0
    with pytest.raises(ValueError, match="not to be had in a test of 100 s"):
        borne(101.0)


def test_a_limit_of_time_is_judged_by_timed_tests_alone() -> None:
    runs(Bounds(100.0, timed=False))
    assert patience(1.0) >= 1.0
    with pytest.raises(ValueError, match="timed"):
        borne(1.0)


def test_a_busy_machine_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet.psutil, "cpu_percent", lambda interval: 90.0)
    monkeypatch.setattr(quiet.psutil, "cpu_count", lambda: 2)
    assert quiet.why_not_judged(0.0, 0.0) == "1.8 cores were busy at the end of 0 s"
    monkeypatch.setattr(quiet.psutil, "cpu_percent", lambda interval: 10.0)
    assert quiet.why_not_judged(0.0, 0.0) is None


def test_what_must_be_here_is_not_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(capabilities.PROBES, "nothing", lambda: "it is never there")
    listed = tmp_path / "must-have"
    listed.write_text("# what is here\nnothing  # of all things\n")
    with pytest.raises(pytest.skip.Exception, match="not here: nothing: it is never there"):
        capabilities.need("nothing")
    monkeypatch.setenv("YUNJIAN_MUST_HAVE", str(listed))
    with pytest.raises(pytest.fail.Exception, match="nothing must be here"):
        capabilities.need("nothing")


def test_ci_lists_nothing_that_has_no_probe() -> None:
    listed = Path(__file__).resolve().parents[2] / ".ci" / "must-have"
    names = [line.partition("#")[0].strip() for line in listed.read_text().splitlines()]
    assert {name for name in names if name} <= set(capabilities.PROBES)
