"""What time does: it ends what is overdue and what is nobody's right any more, and shows what has changed.

Several nodes may sweep at once: each change is decided again under the lock of its call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from signaling.call.inputs import Barred, Tick
from signaling.call.parts import Call, CallId, CallState, LegState, Patience, RingState
from signaling.call.step import step
from signaling.refusals import Refusal
from signaling.seats import Seats
from signaling.subjects import of_monitor, of_person
from signaling.switchboard.changes import Settle, Stepping
from signaling.switchboard.expected import Expected
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import CallBook
from signaling.switchboard.watching import Showing

log = logging.getLogger("yunjian.switchboard")

SWEEP_EVERY_S: Final = 1.0
RIGHTS_ASKED_EVERY_S: Final = 0.5
"""At most so often, and each second at least: whose right has been taken away has 2 s."""


class Sweeping:
    """``wake`` is set when something is known to have changed; ``sweeps`` are what else ends with time, done in
    each pass over the calls."""

    def __init__(
        self,
        book: CallBook,
        stepping: Stepping,
        expected: Expected,
        seats: Seats,
        pages: Pages,
        showing: Showing,
        patience: Patience,
        settle: Settle,
        now: Callable[[], datetime],
        wake: asyncio.Event,
        sweeps: Sequence[Callable[[], Awaitable[None]]],
    ) -> None:
        self._book = book
        self._stepping = stepping
        self._expected = expected
        self._seats = seats
        self._pages = pages
        self._showing = showing
        self._patience = patience
        self._settle = settle
        self._now = now
        self._wake = wake
        self._sweeps = tuple(sweeps)

    async def run(self) -> None:
        """Sweep every second, and at once when something is known to have changed; and see to it that
        rights are kept. Never returns."""
        asked_at = -RIGHTS_ASKED_EVERY_S
        while True:
            self._wake.clear()
            try:
                await self.sweep()
                if monotonic() - asked_at >= RIGHTS_ASKED_EVERY_S:
                    asked_at = monotonic()
                    await self.bar()
            except Refusal as refusal:
                log.warning("sweep put off code=%s", refusal.code.value)
            try:
                async with asyncio.timeout(SWEEP_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def sweep(self) -> None:
        """One pass: write signs of life, end what is overdue, here and in the ``sweeps`` that were given,
        and show what has changed."""
        now = self._now()
        await self._pages.write_down(now)
        quiet_since = now - timedelta(seconds=self._patience.silent_after_s)
        for call, seen in await self._book.due(quiet_since, now, self._seats.left):
            tick = self._seats.tick(call, seen)
            if step(call, tick, now, self._patience) is call:
                continue
            try:
                await self._pass_time(call.id, tick)
            except Refusal as refusal:
                # The next sweep tries again; meanwhile time goes on for the other calls.
                log.warning("sweep put off call=%s code=%s", call.id, refusal.code.value)
        self._expected.lapse(now)
        for sweep in self._sweeps:
            await sweep()
        await self._showing.show()

    async def bar(self) -> None:
        """End what is nobody's right any more, and the rings of people who were signed out; whoever took it away
        need not tell."""
        for call_id, event in await self._book.barred():
            try:
                async with self._book.turn(None, call_id) as turn:
                    before = turn.call
                    after = await self._stepping.stepped(turn, event)
                    if after is not before:
                        rights = isinstance(event, Barred)
                        bars = ("call.bar", of_person(event.person_id))
                        await turn.write(after, *(bars if rights else _done(before, after)))
                self._settle(before, after)
            except Refusal as refusal:
                log.warning("not barred yet call=%s code=%s", call_id, refusal.code.value)

    async def _pass_time(self, call_id: CallId, tick: Tick) -> None:
        async with self._book.turn(None, call_id) as turn:
            before, after = turn.call, await self._stepping.stepped(turn, tick)
            if after is before:
                return
            await turn.write(after, *_done(before, after))
        self._settle(before, after)


def _done(before: Call, after: Call) -> tuple[str, str]:
    """What time has done, as the ledger's act and object."""
    if after.state is CallState.ENDED and before.state is not CallState.ENDED:
        return f"call.{after.reason}", after.id
    for was, ring in zip(before.rings, after.rings, strict=False):
        if ring.state is RingState.MISSED and was.state is not RingState.MISSED:
            return "ring.missed", ring.id
    for old, leg in zip(before.legs, after.legs, strict=True):
        if leg.state is LegState.LOST and old.state is not LegState.LOST:
            return "leg.lost", leg.id
        if leg.state is LegState.LEFT and old.state is not LegState.LEFT:
            return "leg.lapsed", leg.id
        if leg.silent is not old.silent:
            return "leg.silent" if leg.silent else "leg.heard", leg.id
    for earlier, monitor in zip(before.monitors, after.monitors, strict=True):
        if monitor.ended is not earlier.ended:
            return "monitor.end", of_monitor(monitor.id)
    return "call.held", after.id
