"""Checks the record against the ledger, whole or one subject of it, and names what is not as it was.

Each entry is hashed again and followed along its subject's chain; each payload and each
event is hashed against its digest; the journal's signed heads are checked and its leaves
compared with the database, one by one. What the payloads tell of rows is compared with the
rows, and sealed files are hashed. What is not yet under a signed head (less than a
second's entries) is held by its chain alone. Reads only, in chunks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.blobs import Blobs
from server.store.database import Database
from server.store.ledger import derived
from server.store.ledger.chains import follow_chains
from server.store.ledger.entry import PRUNED
from server.store.ledger.findings import FINDINGS_AT_MOST, FindingKind, Findings, Report
from server.store.ledger.journal import Head, Records
from server.store.ledger.leaves import follow_journal
from server.store.ledger.rows import File, LastWords, chunks
from server.store.tables import metadata
from server.store.tables.words import facts_of, home_of


class Verifier:
    """Checks the ledger of an open database against the journal in `folder`."""

    def __init__(self, database: Database, folder: Path, blobs: Blobs | None = None) -> None:
        self._database = database
        self._records = Records(folder)
        self._blobs = blobs

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, database_url: str, folder: Path, blobs: Blobs | None = None
    ) -> AsyncIterator[Verifier]:
        """Open the database for reading alone, beside a running server or without one."""
        database = await Database.open(database_url, writable=False)
        try:
            yield cls(database, folder, blobs)
        finally:
            await database.close()

    async def verify(
        self,
        *alone: str,
        files: bool = False,
        against: Sequence[Head] = (),
    ) -> Report:
        """Check every entry and row, or those of these subjects; the signed heads are checked in any case,
        once.

        With `files` the sealed files that the rows name are hashed too. The tree must have passed
        through the heads of `against`, which were kept elsewhere.
        """
        # Heads before rows: what is signed now is committed, so that the snapshot has it.
        heads = await asyncio.to_thread(self._records.heads)
        found = Findings()
        of = frozenset(alone) or None
        async with LastWords.gathered() as told:
            async with self._database.read() as connection:
                chains = await follow_chains(connection, found, of, told)
                # What let events go is believed, so it must be what was sealed.
                signed = None if of is None else of | ({PRUNED} if chains.pruned else set())
                size, root = await follow_journal(
                    self._records, connection, found, signed, heads, against
                )
                rows, untold = await self._compare_rows(connection, found, of, told)
            hashed = await self._hash_files(found, told) if files else 0
        last = heads[-1] if heads else None
        findings = list(found.findings.values())
        return Report(
            ok=not findings,
            subject=alone[0] if len(alone) == 1 else None,
            entries=chains.entries,
            sealed=size,
            root=root,
            head_at=last.at if last else None,
            erased=len(chains.erased),
            format_1=chains.format_1,
            pruned=chains.pruned,
            rows=rows,
            untold=untold,
            files=hashed,
            findings=findings,
        )

    async def _compare_rows(
        self,
        connection: AsyncConnection,
        found: Findings,
        of: Collection[str] | None,
        told: LastWords,
    ) -> tuple[int, int]:
        """Compare what entries told with what stands; how many rows there are, how many are untold."""
        rows = untold = 0
        kinds = {subject.partition(":")[0] for subject in of or ()}
        for table in metadata.sorted_tables:
            if not facts_of(table):
                continue
            if of is not None and home_of(table).kind not in kinds:
                continue
            async for chunk, unreadable in chunks(connection, table, of):
                for key in unreadable:
                    await asyncio.to_thread(told.passed, table, key)
                    found.add(FindingKind.ROW, f"{table.name} {key} cannot be read", None, None)
                wrong, older = await asyncio.to_thread(
                    told.compare, table, chunk, alone=of is not None
                )
                rows += len(chunk) + len(unreadable)
                untold += older
                for one in wrong:
                    found.add(FindingKind.ROW, one.text, one.subject, one.version)
            for one in await asyncio.to_thread(told.removed, table, FINDINGS_AT_MOST):
                found.add(FindingKind.ROW, one.text, one.subject, one.version)
        for query in derived.otherwise(of):
            for row in await connection.execute(query.limit(FINDINGS_AT_MOST)):
                found.add(FindingKind.ROW, row.text, row.subject, None)
        return rows, untold

    async def _hash_files(self, found: Findings, told: LastWords) -> int:
        if self._blobs is None:
            return 0
        count = 0
        last = ""
        while some := await asyncio.to_thread(told.files, last):
            count += len(some)
            last = some[-1].sha256
            for file in some:
                await self._hash_file(found, file)
        return count

    async def _hash_file(self, found: Findings, file: File) -> None:
        assert self._blobs is not None
        if not await self._blobs.exists(file.sha256):
            found.add(FindingKind.FILE, f"the file of {file.text} is gone", file.subject, None)
        elif not await self._blobs.verify(file.sha256):
            found.add(FindingKind.FILE, f"the file of {file.text} was altered", file.subject, None)
