"""The outbox: what is to be told is sent, tried again in vain a few times, then handed to people.

Several nodes may sweep: each claims a telling by a conditional update before it tries it. One that ends between the
gateway's yes and its own commit sends the message once more, under the same id, by which the gateway knows it.
"""

import asyncio
from contextlib import suppress
from typing import Final, Literal, NoReturn, Protocol

import structlog

from server.rights.subjects import of_case
from server.store import SYSTEM, Store
from server.tellings import rows, rules
from server.tellings.acts.turns import TellingTurn
from server.tellings.rows import Claimed
from server.tellings.rules import Untold
from signaling.refusals import Refusal

log = structlog.get_logger("tellings")

SWEPT_EVERY_S: Final = 5.0
Answered = Literal["taken", "rejected", "unreachable"]


class Sender(Protocol):
    """The way to the gateway."""

    async def send(self, claimed: Claimed, phone: str) -> Answered:
        """Hand one message over."""


async def sweep(store: Store, sender: Sender | None) -> int:
    """Try what is due now, each once; how many were. Without a sender all is for people. Once the gateway does not
    answer, what else is to be sent waits for the next sweep."""
    async with store.read() as connection:
        due = await rows.due(connection, store.clock.now())
    tried = 0
    for telling_id in due:
        async with store.working() as connection:
            claimed = await rows.claim(connection, telling_id, store.clock.now())
        if claimed is None:
            continue
        tried += 1
        if not await _one(store, sender, claimed):
            break
    return tried


async def _one(store: Store, sender: Sender | None, claimed: Claimed) -> bool:
    """False when the gateway did not answer."""
    telling, phone = claimed.telling, rules.mobile(claimed.phone)
    if telling.state == "sent":
        await _hand(store, claimed, "no_receipt")
    elif sender is None:
        await _hand(store, claimed, "off")
    elif phone is None:
        await _hand(store, claimed, "no_mobile")
    elif (morning := rules.allowed(store.clock.now())) > store.clock.now():
        async with store.working() as connection:
            await rows.put_off(connection, telling, morning, counts=False)
    else:
        answered = await sender.send(claimed, phone)
        if answered == "taken":
            await _sent(store, claimed)
        elif answered == "rejected":
            await _hand(store, claimed, "rejected")
        else:
            again = rules.again_at(telling.tries, store.clock.now())
            log.warning("gateway_away", tries=telling.tries, gives_up=again is None)
            if again is None:
                await _hand(store, claimed, "unreachable")
            else:
                async with store.working() as connection:
                    await rows.put_off(connection, telling, again)
            return False
    return True


async def _sent(store: Store, claimed: Claimed) -> None:
    async with store.change(SYSTEM) as change:
        turn = await TellingTurn.at_telling(change, claimed.telling.id)
        after = rules.sent(turn.telling, change.at)
        if after is not turn.telling:
            await turn.done("telling.send", after, {"tries": claimed.telling.tries})


async def _hand(store: Store, claimed: Claimed, why: Untold) -> None:
    async with store.change(SYSTEM, of=of_case(claimed.telling.case_id)) as change:
        turn = await TellingTurn.at_telling(change, claimed.telling.id)
        if turn.telling.state == claimed.telling.state:
            await turn.hand(why, archived=await rows.archived(change.connection, turn.telling))


async def run(store: Store, sender: Sender | None) -> NoReturn:
    """Sweep for ever."""
    while True:
        with suppress(Refusal):  # the database is away: the next time
            await sweep(store, sender)
        await asyncio.sleep(SWEPT_EVERY_S)
