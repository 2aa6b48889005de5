"""What slows guessing down: failures count, successes never, and all nodes count together.

A try is of a name (an account, a 办件编号) from a source (an address). It is counted before it is
made and given back when it succeeds, so that any number of tries at once, on any nodes, cannot get
past a limit; whoever is right is held back only where the failures before him have reached one.
Knows no HTTP, no cookie and no password.
"""

import hashlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.people.rows import throttles as rows
from server.store import Store
from signaling.refusals import Code, Refusal


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures in so many seconds, from the first one on."""

    failures: int
    seconds: int


PAIR: Final = Limit(10, 15 * 60)
"""Of one name from one source, and of one account from one of its devices."""
NAME: Final = Limit(20, 60)
"""Of one name from all sources together: it holds back devices that the account is not known from."""
SOURCE: Final = Limit(20, 60)
"""Of one source over all names."""
SEARCHES: Final = Limit(120, 60)
"""Of one person in the cases and the calls of his unit, whatever he finds."""
DEVICE_LIVES: Final = timedelta(days=180)
"""A device is known for so long after the last sign-in from it."""


_FAILED: Final = frozenset({Code.BAD_CREDENTIALS, Code.NOT_FOUND})
"""Refusals that say that the try was wrong."""


@dataclass(slots=True)
class Try:
    """One try that was counted. Until it is given back, it has failed."""

    keys: tuple[str, ...]
    given_back: bool = False

    async def succeeded(self, connection: rows.Connection, at: datetime) -> None:
        """It does not count: say so in the transaction of what it led to."""
        await rows.give_back(connection, self.keys, at)
        self.given_back = True


class Throttle:
    """Counts the failed tries of one kind: ``sign-in``, ``enquiry``, ``phone``."""

    def __init__(
        self,
        store: Store,
        kind: str,
        *,
        pair: Limit = PAIR,
        name: Limit = NAME,
        source: Limit = SOURCE,
    ) -> None:
        self._store = store
        self._kind = kind
        self._pair = pair
        self._name = name
        self._source = source

    async def look(self, name: str | None, source: str, device: str | None = None) -> None:
        """Refused with ``throttled`` as ``trying`` would, without counting anything."""
        now = self._store.clock.now()
        async with self._store.read() as connection:
            until: datetime | None = now
            for limits in await self._ways(connection, name, source, device, now):
                most = {key: limit.failures for key, limit in limits.items()}
                until = await rows.spent(connection, most, now)
                if until is None:
                    return
        raise _throttled(until or now, now)

    @asynccontextmanager
    async def trying(
        self, name: str | None, source: str, device: str | None = None
    ) -> AsyncIterator[Try]:
        """Count a try for the time of the block; it goes on counting when the block is refused as wrong
        (``bad_credentials``, ``not_found``), is cancelled or ends in a fault. Refused: ``throttled``,
        and then nothing is counted.

        A device that the account is known from (``know``) is held back by its own failures alone;
        when these are too many it counts as unknown.
        """
        one = await self._take(name, source, device)
        try:
            yield one
        except Refusal as refusal:
            if refusal.code not in _FAILED:  # nobody knows whether it was right
                await self._give_back(one)
            raise
        if not one.given_back:
            await self._give_back(one)

    async def _give_back(self, one: Try) -> None:
        async with self._store.working() as connection:
            await one.succeeded(connection, self._store.clock.now())

    async def _take(self, name: str | None, source: str, device: str | None) -> Try:
        until = now = self._store.clock.now()
        async with self._store.read() as connection:
            ways = await self._ways(connection, name, source, device, now)
        for limits in ways:
            refused = await self._spend(limits, now)
            if refused is None:
                return Try(tuple(limits))
            until = refused
        raise _throttled(until, now)

    async def _spend(self, limits: dict[str, Limit], now: datetime) -> datetime | None:
        try:
            async with self._store.working() as connection:
                for key in sorted(limits):  # in one order, or two would wait for each other
                    lasts = timedelta(seconds=limits[key].seconds)
                    until = await rows.take(connection, key, limits[key].failures, now, lasts)
                    if until is not None:
                        raise _Spent(until)
        except _Spent as spent:
            return spent.until
        return None

    async def _ways(
        self,
        connection: rows.Connection,
        name: str | None,
        source: str,
        device: str | None,
        now: datetime,
    ) -> list[dict[str, Limit]]:
        """What is counted, by key; where there are two, the second counts when the first is used up."""
        everybody = {self._key("source", source): self._source}
        if name is None:
            return [everybody]
        everybody[self._key("name", name)] = self._name
        everybody[self._key("pair", name, source)] = self._pair
        if device is not None and await rows.is_known(
            connection, self._key("account", name), digest(device), now - DEVICE_LIVES
        ):
            return [{self._key("device", name, device): self._pair}, everybody]
        return [everybody]

    async def know(self, connection: rows.Connection, name: str, device: str, at: datetime) -> None:
        """From now on the account is known from this device."""
        await rows.know(connection, self._key("account", name), digest(device), at)

    async def forget_devices(self, connection: rows.Connection, name: str) -> None:
        """The account is known from no device any more."""
        await rows.forget_devices(connection, self._key("account", name))

    def _key(self, *parts: str) -> str:
        return digest("\n".join((self._kind, *parts)))


class _Spent(Exception):
    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


async def sweep(store: Store) -> None:
    """Drop counts and devices that count no more."""
    now = store.clock.now()
    async with store.working() as connection:
        await rows.forget(connection, now, now - DEVICE_LIVES)


async def spend(store: Store, what: Collection[str], limit: Limit) -> None:
    """Count one use of something dear, of whatever outcome. Refused: ``throttled``."""
    now = store.clock.now()
    async with store.working() as connection:
        until = await rows.take(
            connection, digest("\n".join(what)), limit.failures, now,
            timedelta(seconds=limit.seconds),
        )  # fmt: skip
    if until is not None:
        raise _throttled(until, now)


def digest(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _throttled(until: datetime, now: datetime) -> Refusal:
    return Refusal(Code.THROTTLED, retry_after_s=max(1, round((until - now).total_seconds())))
