"""Waiting for something to come true, without a blind sleep.

A condition is a function that returns None when it holds and otherwise says why not yet; that
sentence is what a test that ran out of time shows.

Limits of time are told here as they must hold on a machine that does nothing else. The suite runs
two tests at once on two cores of whatever machine there is and bears ten times as much: it finds
what hangs, not what is slow. `make strict` runs the tests that are marked `timed` alone and takes
their limits as they stand (YUNJIAN_STRICT); so does `make proofs` with the long runs.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

STRICT: Final = "YUNJIAN_STRICT" in os.environ
_TIMES: Final = 1.0 if STRICT else 10.0
_SHARE_OF_TEST: Final = 0.8
"""A limit that is borne runs out before its test does, which then says what was missing."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The test that runs: how long it may take, in seconds (None: as long as it will), and whether it is marked as
    one with limits of time (``timed``, or a proof)."""

    limit_s: float | None
    timed: bool


_running: list[Bounds | None] = [None]


def runs(test: Bounds | None) -> None:
    """Said by tests/conftest.py before each test and after the last."""
    _running[0] = test
    judged.clear()


def patience(limit_s: float) -> float:
    """How long is waited in this run for what should take ``limit_s`` seconds.

    Never so long that the test's own timeout comes first. A limit beyond that timeout is a
    ValueError: it could not fail.
    """
    test = _running[0]
    if test is None or test.limit_s is None:
        return limit_s * _TIMES
    if limit_s > test.limit_s:
        raise ValueError(f"{limit_s:g} s are not to be had in a test of {test.limit_s:g} s")
    return min(limit_s * _TIMES, max(limit_s, test.limit_s * _SHARE_OF_TEST))


class Limit(float):
    """A limit of time that remembers what was held against it: ``took_s <= borne(2)`` is a figure."""

    def __ge__(self, took_s: float) -> bool:
        judged.append((took_s, float(self)))
        return float(self) >= took_s

    def __gt__(self, took_s: float) -> bool:
        judged.append((took_s, float(self)))
        return float(self) > took_s


judged: list[tuple[float, float]] = []
"""Of the test that runs: what was held against a limit, and the limit, in seconds."""


def borne(limit_s: float) -> float:
    """What is borne in this run for a limit of time in seconds that a test judges.

    Counts are never multiplied: a limit of time alone. The test is marked ``timed``, so that
    `make strict` takes its limits as they stand; else a ValueError.
    """
    test = _running[0]
    if test is not None and not test.timed:
        raise ValueError("a test that judges a limit of time is marked `timed`")
    return Limit(patience(limit_s))


class NotYet(AssertionError):
    """The time ran out; carries what was still missing at the last look."""


async def until(
    why_not: Callable[[], str | None] | Callable[[], Awaitable[str | None]],
    timeout_s: float = 5.0,
    *,
    every_s: float = 0.02,
) -> None:
    """Return as soon as `why_not()` returns None.

    `why_not` may be a coroutine function. It is asked at once, then every `every_s` seconds, and
    once more when the time is over. Raises NotYet with its last answer after `timeout_s` seconds,
    as ``patience`` says them. An exception of `why_not` passes through.
    """
    deadline = time.monotonic() + patience(timeout_s)
    while True:
        last_look = time.monotonic() >= deadline
        answer = why_not()
        reason = await answer if inspect.isawaitable(answer) else answer
        if reason is None:
            return
        if last_look:
            raise NotYet(f"after {patience(timeout_s):g} s: {reason}")
        await asyncio.sleep(every_s)
