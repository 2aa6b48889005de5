"""Waiting for something to come true, without a blind sleep.

A condition is a function that returns None when it holds and otherwise says why not yet; that
sentence is what a test that ran out of time shows.

Limits of time are told here as they must hold on a machine that does nothing else. The suite runs
two tests at once on two cores of whatever machine there is and bears ten times as much: it finds
what hangs, not what is slow. `make proofs` (YUNJIAN_STRICT) takes the limits as they stand, and
also runs the suite's tests that are marked `timed`, and those of Hypothesis with new examples.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Final

STRICT: Final = "YUNJIAN_STRICT" in os.environ
_TIMES: Final = 1.0 if STRICT else 10.0


def borne(limit: float) -> float:
    """What is borne in this run for a limit of time, in the limit's own unit."""
    return limit * _TIMES


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
    as ``borne`` says them. An exception of `why_not` passes through.
    """
    deadline = time.monotonic() + borne(timeout_s)
    while True:
        last_look = time.monotonic() >= deadline
        answer = why_not()
        reason = await answer if inspect.isawaitable(answer) else answer
        if reason is None:
            return
        if last_look:
            raise NotYet(f"after {borne(timeout_s):g} s: {reason}")
        await asyncio.sleep(every_s)
