"""Takes away by age what nobody can ask for any more, an hour apart, and packs what a replay asks for; see
``server.store.pruning`` and ``aging``.

Several nodes may do it at once: what one has taken away the other does not find.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any, Final, NoReturn

import structlog

from server.store import SYSTEM, Store, aging
from server.store import pruning as rows
from server.store.ledger import PRUNE, PRUNED, moment
from signaling.refusals import Refusal

log = structlog.get_logger("pruning")

EVERY_S: Final = 3600.0
NODES_KEPT: Final = timedelta(days=30)

Prune = Callable[[Any, datetime], Awaitable[int]]


class Pruning:
    """How long is kept: an answer to a command (``acks_days``), a sign-in that is over (``sign_ins_days``),
    a job that has ended (``jobs_days``), an event, what was measured in a call, and a link for a phone that
    has ended (``events_days``)."""

    def __init__(
        self, store: Store, *, acks_days: int, sign_ins_days: int, jobs_days: int, events_days: int
    ) -> None:
        self._store = store
        self._events = timedelta(days=events_days)
        self._kept: tuple[tuple[str, Prune, timedelta], ...] = (
            ("acks", rows.acks, timedelta(days=acks_days)),
            ("sign_ins", rows.sign_ins, timedelta(days=sign_ins_days)),
            ("jobs", rows.jobs_ended, timedelta(days=jobs_days)),
            ("phones", rows.links, self._events),
            ("nodes", rows.gone_nodes, NODES_KEPT),
        )

    async def run(self) -> NoReturn:
        """Once an hour, until cancelled."""
        while True:
            for what in (self._take_away, self._pack_marks, self._age_events):
                try:
                    for kind, count in (await what()).items():
                        if count:
                            log.info("pruned", what=kind, count=count)
                except Refusal as refusal:
                    log.warning("pruning_put_off", code=refusal.code.value)
            await asyncio.sleep(EVERY_S)

    async def prune(self) -> dict[str, int]:
        """Take away all that is old enough; how many of each kind. What is no fact of the record goes also
        while nothing can be sealed; then events are refused, ``ledger_unavailable``."""
        return {
            **await self._take_away(),
            **await self._pack_marks(),
            **await self._age_events(),
        }

    async def _take_away(self) -> dict[str, int]:
        done: dict[str, int] = {}
        for what, prune, kept in self._kept:
            done[what] = 0
            while True:
                async with self._store.working() as connection:
                    count = await prune(connection, self._store.clock.now() - kept)
                done[what] += count
                if count < rows.AT_ONCE:
                    break
        return done

    def _before(self) -> datetime:
        """By whole days, so that the ledger has one entry of it a day."""
        old = self._store.clock.now() - self._events
        return datetime.combine(old.date(), time(), old.tzinfo)

    async def _pack_marks(self) -> dict[str, int]:
        """Pack what was measured in calls."""
        done = 0
        while True:
            async with self._store.working() as connection:
                packed = await aging.age_marks(connection, self._before())
            done += packed
            if packed < aging.AT_ONCE:
                return {"packed_marks": done}

    async def _age_events(self) -> dict[str, int]:
        """Let old events go, and pack those of cases."""
        done = {"events": 0, "packed_events": 0}
        before = self._before()
        told = False
        while True:
            async with self._store.change(SYSTEM) as change:
                gone, packed = await aging.age_events(change.connection, before)
                if gone and not told:
                    payload = {"before": moment(before), "kept": list(aging.KEPT)}
                    await change.record(PRUNED, PRUNE, PRUNED, None, payload=payload)
                    told = True
            done["events"] += gone
            done["packed_events"] += packed
            if gone + packed < aging.AT_ONCE:
                return done
