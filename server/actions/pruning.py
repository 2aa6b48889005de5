"""Takes away by age what nobody can ask for any more, an hour apart; see ``server.store.pruning``.

Several nodes may do it at once: what one has taken away the other does not find.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

import structlog

from server.store import SYSTEM, Store
from server.store import pruning as rows
from signaling.refusals import Refusal

log = structlog.get_logger("pruning")

EVERY_S: Final = 3600.0
NODES_KEPT: Final = timedelta(days=30)

Prune = Callable[[Any, datetime], Awaitable[int]]


class Pruning:
    """``acks_days`` and ``sign_ins_days``: how long an answer to a command, and a sign-in that is over, is kept."""

    def __init__(self, store: Store, *, acks_days: int, sign_ins_days: int) -> None:
        self._store = store
        self._kept: tuple[tuple[str, Prune, timedelta], ...] = (
            ("acks", rows.acks, timedelta(days=acks_days)),
            ("sign_ins", rows.sign_ins, timedelta(days=sign_ins_days)),
            ("nodes", rows.gone_nodes, NODES_KEPT),
        )

    async def run(self) -> NoReturn:
        """Once an hour, until cancelled."""
        while True:
            try:
                for what, count in (await self.prune()).items():
                    if count:
                        log.info("pruned", what=what, count=count)
            except Refusal as refusal:
                log.warning("pruning_put_off", code=refusal.code.value)
            await asyncio.sleep(EVERY_S)

    async def prune(self) -> dict[str, int]:
        """Take away all that is old enough; how many of each kind."""
        done: dict[str, int] = {}
        for what, prune, kept in self._kept:
            done[what] = 0
            while True:
                async with self._store.change(SYSTEM) as change:
                    count = await prune(change.connection, change.at - kept)
                done[what] += count
                if count < rows.AT_ONCE:
                    break
        return done
