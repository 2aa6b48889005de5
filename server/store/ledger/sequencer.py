"""The one sequencer: numbers committed entries, grows the tree, signs its head outside the database.

No act waits for it. Each node has one and the row in `ledger_sequencer` says whose turn
it is. When it cannot do its work (a full disk, a database older than the last signed
head) it says so in `failure`, and acts are refused until that is put right. A second
task watches that entries are sealed at all, by whichever node has the turn.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.ledger.entry import moment
from server.store.ledger.journal import Journal, JournalDamaged, Leaf
from server.store.ledger.merkle import EMPTY_ROOT, Tree
from server.store.tables import ledger_entries, ledger_sequencer
from signaling.refusals import Refusal

GATHER_S: Final = 0.25
"""How long committed entries are gathered before they are sealed together."""
LOOK_EVERY_S: Final = 1.0
"""How often to look for entries of other nodes."""
BATCH: Final = 1_000
CLAIM_S: Final = 3.0
"""How long a node keeps its turn after it last sealed: well below STALLED_S, so that a dead node's
turn passes on before anyone is alarmed. The locked row, not this claim, keeps two from sealing."""
TRY_AGAIN_S: Final = 0.25
"""How soon to try again after a failure."""
PATIENCE_S: Final = 2.0
"""How long one try after another may fail before acts are refused."""
STALLED_S: Final = 5.0
"""How long committed entries may wait without any being sealed before that is an alarm."""
STALLED_TOO_LONG_S: Final = 30.0
"""And before acts are refused."""

log = structlog.get_logger(__name__)
_ROW: Final = 1


class Sequencer:
    """Seals the ledger in the background between `start` and `close`; `wake` it after a commit."""

    def __init__(self, database: Database, folder: Path, now: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._now = now
        self._node = secrets.token_hex(8)
        self._journal: Journal | None = None
        self._tree = Tree()
        self._one_at_a_time = asyncio.Lock()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._failing_since: float | None = None
        self._failed_at = 0.0
        self._damaged = False
        self._sealing = asyncio.Event()
        self._barred: str | None = None
        self._named = True
        self._stands_since: float | None = None
        self._stood_at = -1
        self.problem: str | None = None
        """Why sealing does not work at the moment."""
        self.unsealed = 0
        """Committed entries that had no number at the last look, whichever node's they are."""

    @property
    def failure(self) -> str | None:
        """Why acts must be refused: a problem that lasts longer than PATIENCE_S, or a fault."""
        if self._task is not None and self._task.done():
            return "the sequencer has ended"
        if self._damaged:
            return self.problem
        if self.behind_s >= STALLED_TOO_LONG_S:
            return f"nothing was sealed for {STALLED_TOO_LONG_S:.0f} s"
        # Not by the clock alone: what came back since the last try must not be refused for it.
        if self._failing_since is None or self._failed_at - self._failing_since < PATIENCE_S:
            return None
        return self.problem

    @property
    def behind_s(self) -> float:
        """For how long entries have waited without any being sealed; 0 when all goes on."""
        return 0.0 if self._stands_since is None else time.monotonic() - self._stands_since

    @property
    def stalled(self) -> bool:
        """Whether that is long enough for an alarm."""
        return self.behind_s >= STALLED_S

    def wake(self) -> None:
        """Something was committed."""
        self._woken.set()

    async def recovered(self) -> None:
        """Wait until a try to seal went well."""
        await self._sealing.wait()

    def wait_for_name(self) -> None:
        """Number and sign nothing until `named`: the key does not stand in the ledger yet."""
        self._named = False

    def named(self) -> None:
        """The key stands in the ledger: what waits is sealed."""
        self._named = True
        self.wake()

    def bar(self, why: str) -> None:
        """Seal nothing any more, and say why."""
        self._barred = self.problem = why
        self._damaged = True

    async def start(self) -> None:
        """Look once before anything is served: an older database beside a newer head takes no act."""
        await self._try_to_seal()
        self._task = asyncio.create_task(self._run(), name="ledger sequencer")
        self._watching = asyncio.create_task(self._watch(), name="ledger watch")

    async def close(self) -> None:
        """Seal what is committed, as far as that works, give the turn away and end."""
        if self._task is None or self._watching is None:
            return
        tasks, self._task = (self._task, self._watching), None
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        await self._try_to_seal()
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    ledger_sequencer.update()
                    .where(ledger_sequencer.c.node == self._node)
                    .values(node=None, until=None)
                )
        except (Refusal, sa.exc.SQLAlchemyError) as error:
            log.warning("ledger.turn_not_given_away", why=str(error))

    async def seal(self) -> int:
        """Seal all that is committed now; returns the size of the signed tree.

        0 while another node is the sequencer. Raises JournalDamaged, OSError or Refusal when
        it cannot.
        """
        async with self._one_at_a_time:
            if self._barred is not None:
                raise JournalDamaged(self._barred)
            if self._journal is None:
                self._journal = await asyncio.to_thread(Journal.open, self._folder)
                self._tree = self._journal.tree.copy()
            while True:
                leaves = await self._number_a_batch(self._journal)
                if leaves is None:
                    return 0
                if self._journal.tree.size < self._tree.size:
                    await self._sign(self._journal, leaves)
                if len(leaves) < BATCH:
                    return self._tree.size

    async def _run(self) -> None:
        while True:
            await self._try_to_seal()
            try:
                async with asyncio.timeout(TRY_AGAIN_S if self.problem else LOOK_EVERY_S):
                    await self._woken.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
            self._woken.clear()

    async def _try_to_seal(self) -> None:
        try:
            await self.seal()
        except (JournalDamaged, OSError, ValueError, Refusal, sa.exc.SQLAlchemyError) as error:
            self._failed_at = time.monotonic()
            if self._failing_since is None:
                self._failing_since = self._failed_at
                log.error("ledger.not_sealed", why=_safe(error))
            self.problem = _safe(error)
            # A disk may come back; files that contradict the database do not mend themselves.
            self._damaged = isinstance(error, JournalDamaged)
            self._sealing.clear()
        else:
            self._failing_since = self.problem = None
            self._damaged = False
            self._sealing.set()

    async def _watch(self) -> None:
        """See each second whether the tree grows while entries wait: a task that hangs cannot tell."""
        alarmed = False
        while True:
            with suppress(Refusal, sa.exc.SQLAlchemyError):
                await self._look()
            if self.stalled and not alarmed:
                log.error("ledger.stalled", behind_s=round(self.behind_s, 1), entries=self.unsealed)
            elif alarmed and not self.stalled:
                log.info("ledger.sealed_again")
            alarmed = self.stalled
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        async with self._database.read() as connection:
            unsealed = (
                sa.select(sa.func.count())
                .select_from(ledger_entries)
                .where(ledger_entries.c.leaf.is_(None))
            )
            size = sa.select(ledger_sequencer.c.size)
            self.unsealed = await connection.scalar(unsealed) or 0
            stands_at = await connection.scalar(size) or 0
        if not self.unsealed or stands_at != self._stood_at:
            self._stands_since = time.monotonic() if self.unsealed else None
        elif self._stands_since is None:
            self._stands_since = time.monotonic()
        self._stood_at = stands_at

    async def _number_a_batch(self, journal: Journal) -> list[Leaf] | None:
        """Give numbers to up to BATCH entries in one transaction; None when it is not our turn."""
        if journal.tree.size == self._tree.size and not await self._something_to_do():
            return []
        async with self._database.write() as connection:
            row = await _locked_row(connection)
            now = self._now()
            # On SQLite there is no other process; a claim there is one of our own, before a crash.
            if (
                self._database.dialect != "sqlite"
                and row.node not in (None, self._node)
                and row.until is not None
                and row.until > now
            ):
                return None
            tree = await self._caught_up(connection, journal, row.size, row.root)
            if not self._named:
                return None
            rows = (
                await connection.execute(
                    sa.select(
                        ledger_entries.c.subject, ledger_entries.c.version, ledger_entries.c.hash
                    )
                    .where(ledger_entries.c.leaf.is_(None))
                    # Versions of one subject in their order; batches keep it too.
                    .order_by(ledger_entries.c.subject, ledger_entries.c.version)
                    .limit(BATCH)
                )
            ).all()
            numbers = []
            for entry in rows:
                numbers.append(
                    {"of_subject": entry.subject, "of_version": entry.version, "number": tree.size}
                )
                tree.append(bytes.fromhex(entry.hash))
            if numbers:
                await connection.execute(
                    ledger_entries.update()
                    .where(
                        ledger_entries.c.subject == sa.bindparam("of_subject"),
                        ledger_entries.c.version == sa.bindparam("of_version"),
                    )
                    .values(leaf=sa.bindparam("number")),
                    numbers,
                )
            await connection.execute(
                ledger_sequencer.update().values(
                    node=self._node,
                    until=now + timedelta(seconds=CLAIM_S),
                    size=tree.size,
                    root=tree.root().hex(),
                )
            )
        self._tree = tree
        return [Leaf(entry.hash, entry.subject, entry.version) for entry in rows]

    async def _something_to_do(self) -> bool:
        async with self._database.read() as connection:
            unnumbered = sa.exists().where(ledger_entries.c.leaf.is_(None))
            size = sa.select(ledger_sequencer.c.size).scalar_subquery()
            row = (await connection.execute(sa.select(unnumbered, size))).one()
            return bool(row[0]) or (row[1] or 0) != self._tree.size

    async def _caught_up(
        self, connection: AsyncConnection, journal: Journal, size: int, root: str
    ) -> Tree:
        """A tree at the row's size, begun from what is signed rather than from the database."""
        if size < journal.tree.size:
            raise JournalDamaged(
                f"the database holds {size} sealed entries, the signed head counts {journal.tree.size}"
            )
        tree = max(self._tree, journal.tree, key=lambda tree: tree.size).copy()
        if tree.size > size:
            tree = journal.tree.copy()
        while tree.size < size:
            for leaf in await _sealed(connection, tree.size, min(size, tree.size + BATCH)):
                tree.append(bytes.fromhex(leaf.hash))
        if tree.root().hex() != root:
            raise JournalDamaged(f"the first {size} entries do not add up to the tree's root")
        return tree

    async def _sign(self, journal: Journal, fresh: list[Leaf]) -> None:
        """Bring the journal to the size of the tree; `fresh` are its last leaves."""
        while (size := journal.tree.size) < self._tree.size:
            if size + len(fresh) == self._tree.size:
                leaves = fresh
            else:
                async with self._database.read() as connection:
                    leaves = await _sealed(connection, size, min(self._tree.size, size + BATCH))
            await _whole(asyncio.to_thread(journal.append, leaves, moment(self._now())))
        if journal.tree.root() != self._tree.root():
            raise JournalDamaged(f"the head over {self._tree.size} entries differs from the tree")


async def _whole(work: Coroutine[Any, Any, Any]) -> None:
    """Wait until it is done, though cancelled meanwhile: a thread goes on, and two that append at once
    would sign leaves twice."""
    doing = asyncio.create_task(work)
    try:
        await asyncio.shield(doing)
    finally:
        while not doing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({doing})
        doing.exception()


def _safe(error: Exception) -> str:
    """Words of our own and of the system; a driver's may quote values of a row."""
    return type(error).__name__ if isinstance(error, sa.exc.SQLAlchemyError) else str(error)


async def _locked_row(connection: AsyncConnection) -> Any:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        insert(ledger_sequencer)
        .values(id=_ROW, node=None, until=None, size=0, root=EMPTY_ROOT.hex())
        .on_conflict_do_nothing()
    )
    return (
        await connection.execute(
            sa.select(
                ledger_sequencer.c.node,
                ledger_sequencer.c.until,
                ledger_sequencer.c.size,
                ledger_sequencer.c.root,
            )
            .where(ledger_sequencer.c.id == _ROW)
            .with_for_update()
        )
    ).one()


async def _sealed(connection: AsyncConnection, start: int, end: int) -> list[Leaf]:
    rows = (
        await connection.execute(
            sa.select(ledger_entries.c.hash, ledger_entries.c.subject, ledger_entries.c.version)
            .where(ledger_entries.c.leaf >= start, ledger_entries.c.leaf < end)
            .order_by(ledger_entries.c.leaf)
        )
    ).all()
    if len(rows) != end - start:
        raise JournalDamaged(f"of the sealed entries {start} to {end - 1} some are missing")
    return [Leaf(row.hash, row.subject, row.version) for row in rows]
