"""All persistence behind one face: the database, the outbox, the ledger, the bus, the blobs.

Everything that changes goes through `Store.change`. Nothing outside this package speaks
to a database or to Redis; nothing in it knows a rule of the case or of the call.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from server.rights.person import SYSTEM, Actor, System
from server.rights.subjects import of_person
from server.store import facts
from server.store.amending import upgrade
from server.store.blobs import Blobs
from server.store.bus import Bus
from server.store.database import (
    AlreadyOpen,
    Database,
    ReferencesBroken,
    SchemaOutdated,
    SchemaState,
    check,
)
from server.store.ledger import (
    Finding,
    FindingKind,
    LedgerElsewhere,
    Report,
    Sequencer,
    Verifier,
    keys,
)
from server.store.ledger.journal import read_heads
from server.store.unit_of_work import (
    EVENTS_AT_ONCE,
    Change,
    Done,
    acts_after,
    events_after,
    has_done,
    turn_of,
    version_of,
)
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command, StoredEvent

__all__ = [
    "SYSTEM", "AlreadyOpen", "Blobs", "Bus", "Change", "Clock", "Database", "Done", "Finding", "FindingKind", "LedgerElsewhere",
    "ReferencesBroken", "Report", "SchemaOutdated", "SchemaState", "ShiftedClock", "Store", "StoreSettings",
    "SystemClock", "Verifier", "acts_after", "check", "events_after", "has_done", "upgrade", "verify", "version_of",
]  # fmt: skip


class Clock(Protocol):
    """What time it is; tests move it."""

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The clock of this machine, moved by `ahead`: the demo makes its past with one."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where things are kept. `ledger_dir` should lie on another disk than the database."""

    database_url: str = field(repr=False)  # may hold a password
    blob_root: Path
    ledger_dir: Path
    ledger_key: str | None = None
    """The fingerprint that the key in `ledger_dir` must have."""
    ledger_join: bool = False
    """Whether a key is made and entered beside a ledger that others seal."""
    redis_url: str | None = None
    bus_secret: bytes | None = field(default=None, repr=False)


_log = structlog.get_logger(__name__)

ENTER_AGAIN_S: Final = 1.0
NEWEST_KEPT: Final = 256
"""How many of the events that this node committed last are told without reading them again."""


class Store:
    """The open store of one node. Make it with `open`, end it with `close`."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        blobs: Blobs,
        sequencer: Sequencer,
        verifier: Verifier,
        clock: Clock,
    ) -> None:
        self.bus = bus
        self.blobs = blobs
        self.verifier = verifier
        self.clock = clock
        self._database = database
        self._sequencer = sequencer
        self._enqueued: asyncio.Future[None] | None = None
        self._entering: asyncio.Task[None] | None = None
        self._newest: OrderedDict[tuple[str, int], StoredEvent] = OrderedDict()

    @classmethod
    async def open(cls, settings: StoreSettings, clock: Clock | None = None) -> Store:
        """Open everything. SchemaOutdated when `upgrade` was not run; AlreadyOpen for a taken SQLite file."""
        clock = clock or SystemClock()
        database = await Database.open(settings.database_url)
        database.watch(facts.ran, facts.done)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(database.close)
            state = await database.schema()
            if not state.up_to_date:
                raise SchemaOutdated(
                    f"the database is at {state.current}, this program needs {state.newest}: "
                    "run yunjian db upgrade"
                )
            blobs = Blobs(settings.blob_root)
            await blobs.prepare()
            bus = Bus(settings.redis_url, settings.bus_secret)
            undo.push_async_callback(bus.close)
            key = await keys.admitted(
                database, settings.ledger_dir, settings.ledger_key, join=settings.ledger_join
            )
            sequencer = Sequencer(database, settings.ledger_dir, clock.now)
            undo.push_async_callback(sequencer.close)
            verifier = Verifier(database, settings.ledger_dir, blobs)
            store = cls(database, bus, blobs, sequencer, verifier, clock)
            await bus.start()
            await sequencer.start()
            if sequencer.failure is None:
                await store._enter(key, join=settings.ledger_join)
            else:
                sequencer.wait_for_name()
                store._entering = asyncio.create_task(
                    store._enter_later(key, join=settings.ledger_join), name="ledger key"
                )
            undo.pop_all()
        return store

    async def _enter_later(self, key: str, *, join: bool) -> None:
        """Name the key as soon as sealing works; where another node has begun the ledger meanwhile,
        nothing is ever sealed with it."""
        while True:
            await self._sequencer.recovered()
            try:
                await self._enter(key, join=join)
            except Refusal as refusal:
                _log.warning("ledger.key_not_entered", code=refusal.code.value)
                await asyncio.sleep(ENTER_AGAIN_S)
            except LedgerElsewhere as elsewhere:
                self._sequencer.bar(str(elsewhere))
                return
            else:
                self._sequencer.named()
                return

    async def _enter(self, key: str, *, join: bool) -> None:
        """Name the key of this node in the ledger, once. Of several that begin an empty ledger at once one
        is the first; LedgerElsewhere for the others, unless they ``join``."""
        async with self.read() as connection:
            if key in await keys.known(connection):
                return
        async with self.change(SYSTEM) as change:
            first = await change.lock(keys.SUBJECT) == 0
            if not first and not join:
                raise LedgerElsewhere(
                    "another node has begun this ledger meanwhile; for a further node, set ledger_join"
                )
            act = keys.BEGIN if first else keys.JOIN
            await change.record(keys.SUBJECT, act, f"key:{key}", None, payload={"key": key})

    async def close(self) -> None:
        """End the tasks and let connections and files go."""
        if self._entering is not None:
            self._entering.cancel()
            await asyncio.gather(self._entering, return_exceptions=True)
        await self.bus.close()
        await self._sequencer.close()
        await self._database.close()

    @property
    def ledger_failure(self) -> str | None:
        """Why nothing can be sealed at present, so that acts are refused; None when all is well."""
        return self._sequencer.failure

    @property
    def ledger_lag(self) -> tuple[int, float]:
        """Entries that no number was given to yet, and for how many seconds none was given to any."""
        return self._sequencer.unsealed, self._sequencer.behind_s

    @property
    def ledger_stalled(self) -> bool:
        """Whether entries have waited for so long that somebody must look."""
        return self._sequencer.stalled

    async def schema(self) -> SchemaState:
        """Where the database's schema stands."""
        return await self._database.schema()

    async def seal(self) -> int:
        """Number and sign what was committed so far, at once; returns the size of the signed tree.

        It happens by itself within a second. 0 while another node is the sequencer.
        """
        return await self._sequencer.seal()

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one consistent snapshot and changes nothing."""
        return self._database.read()

    @asynccontextmanager
    async def change(
        self, actor: Actor | System, command: Command | None = None, *, of: str | None = None
    ) -> AsyncIterator[Change]:
        """One transaction of `actor`. Committed when the block ends, then told on the bus.

        An exception in the block rolls everything back and nothing is told. With a command,
        `Change.replayed` is its stored ack when it was committed before; the same id with
        other content is refused with COMMAND_ID_REUSED. `of` is a subject that is locked from
        the beginning (``Change.lock`` then costs nothing).
        """
        if self._sequencer.failure is not None:
            raise Refusal(Code.LEDGER_UNAVAILABLE)
        async with self._database.write(turn_of(actor, command)) as connection:
            change = Change(connection, actor, command, self.clock.now())
            try:
                await change.begin(of)
                yield change
                await change.finish()
            finally:
                change.end()
        for event in change.events:
            self._newest[event.subject, event.version] = event
            if len(self._newest) > NEWEST_KEPT:
                self._newest.popitem(last=False)
        for subject, version in change.recorded:
            self.bus.publish(subject, version)
        if change.recorded:
            self._sequencer.wake()
        if change.enqueued and self._enqueued is not None and not self._enqueued.done():
            self._enqueued.set_result(None)

    def working(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction for rows that are no fact of the record: counters, leases, signs of life.

        Nothing of it is told on the bus or stands in the ledger; it goes on while nothing can be sealed.
        """
        return self._database.write()

    def enqueued(self) -> Awaitable[None]:
        """Comes true when a change that asked for a job is next committed on this node."""
        if self._enqueued is None or self._enqueued.done():
            self._enqueued = asyncio.get_running_loop().create_future()
        return asyncio.shield(self._enqueued)

    async def refused(self, actor: Actor, command_type: str, object: str, refusal: Refusal) -> None:
        """Keep in the ledger, under the person, that an authorised command was refused."""
        subject = of_person(actor.person_id)
        async with self.change(actor) as change:
            await change.record(
                subject,
                command_type,
                object,
                None,
                payload={"details": refusal.details},
                result=refusal.code.value,
            )

    async def events(
        self, subject: str, after: int, limit: int = EVENTS_AT_ONCE
    ) -> list[StoredEvent]:
        """The events of `subject` with a version greater than `after`, oldest first, at most `limit`."""
        async with self.read() as connection:
            return await events_after(connection, subject, after, limit)

    async def following(self, subject: str, after: int, limit: int) -> list[StoredEvent]:
        """Like ``events``, but perhaps fewer: at least the next one, if there is one.

        What this node has just committed itself is told without asking the database again.
        """
        next_ones: list[StoredEvent] = []
        while len(next_ones) < limit:
            event = self._newest.get((subject, after + len(next_ones) + 1))
            if event is None:
                break
            next_ones.append(event)
        return next_ones or await self.events(subject, after, limit)

    async def version(self, subject: str) -> int:
        """The version `subject` is at; 0 when nothing was recorded under it."""
        async with self.read() as connection:
            return await version_of(connection, subject)


async def verify(
    settings: StoreSettings,
    subject: str | None = None,
    *,
    files: bool = True,
    against: Path | None = None,
) -> Report:
    """Check the record from outside, beside a running server or without one; changes nothing.

    `against` is a file of heads that were kept elsewhere, as ``heads.jsonl`` has them. ValueError when
    it has none.
    """
    kept = [] if against is None else await asyncio.to_thread(read_heads, against)
    async with Verifier.opened(
        settings.database_url, settings.ledger_dir, Blobs(settings.blob_root)
    ) as verifier:
        alone = [] if subject is None else [subject]
        return await verifier.verify(*alone, files=files, against=kept)
