"""The outbox towards external systems: the same road as messages to applicants, by day and by night.

What a system takes with 2xx is received; tried in vain a few times, or refused, it is handed to people as a task of the
unit that decides. One system that does not answer holds up no other. Nodes claim as ``sending`` says.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final, NoReturn, Protocol

import structlog

from server.rights.subjects import of_case
from server.store import SYSTEM, Store
from server.tellings import rows, rules
from server.tellings.acts.sending import SWEPT_EVERY_S, Answered
from server.tellings.acts.turns import TellingTurn
from server.tellings.rows import ForSystem
from server.tellings.rules import Untold
from signaling.refusals import Refusal

log = structlog.get_logger("tellings")

WAITS: Final = timedelta(seconds=30)
"""So long what else goes to a system that did not answer waits for another sweep."""


class SystemSender(Protocol):
    """The way to the systems."""

    async def send(self, claimed: ForSystem) -> Answered:
        """Hand one message over."""


async def sweep(store: Store, sender: SystemSender | None) -> int:
    """Try what is due now, each once; how many were. Without a sender all is for people."""
    async with store.read() as connection:
        due = await rows.due(connection, store.clock.now(), systems=True)
    tried, away = 0, set[str]()
    for telling_id in due:
        async with store.working() as connection:
            claimed = await rows.claim_for_system(connection, telling_id, store.clock.now())
        if claimed is None:
            continue
        if claimed.external_id in away:
            async with store.working() as connection:
                until = store.clock.now() + WAITS
                await rows.put_off(connection, claimed.telling, until, counts=False)
            continue
        tried += 1
        if not await _one(store, sender, claimed):
            away.add(claimed.external_id)
    return tried


async def _one(store: Store, sender: SystemSender | None, claimed: ForSystem) -> bool:
    """False when the system did not answer."""
    telling = claimed.telling
    if claimed.revoked or claimed.url is None:
        await _hand(store, claimed, "revoked")
    elif sender is None:
        await _hand(store, claimed, "off")
    else:
        answered = await sender.send(claimed)
        if answered == "taken":
            await _received(store, claimed)
        elif answered == "rejected":
            await _hand(store, claimed, "rejected")
        else:
            again = rules.again_at(telling.tries, store.clock.now(), by_day=False)
            log.warning("system_away", tries=telling.tries, gives_up=again is None)
            if again is None:
                await _hand(store, claimed, "unreachable")
            else:
                async with store.working() as connection:
                    await rows.put_off(connection, telling, again)
            return False
    return True


async def _received(store: Store, claimed: ForSystem) -> None:
    async with store.change(SYSTEM) as change:
        turn = await TellingTurn.at_telling(change, claimed.telling.id)
        after = rules.received(turn.telling, change.at)
        if after is not turn.telling:
            await turn.done("telling.receive", after, {"tries": claimed.telling.tries})


async def _hand(store: Store, claimed: ForSystem, why: Untold) -> None:
    async with store.change(SYSTEM, of=of_case(claimed.telling.case_id)) as change:
        turn = await TellingTurn.at_telling(change, claimed.telling.id)
        if turn.telling.state == claimed.telling.state:
            # the system has to know it, whether the case lies in the archive by now or not
            await turn.hand(why, archived=False)


async def run(store: Store, sender: SystemSender | None) -> NoReturn:
    """Sweep for ever."""
    while True:
        with suppress(Refusal):  # the database is away: the next time
            await sweep(store, sender)
        await asyncio.sleep(SWEPT_EVERY_S)
