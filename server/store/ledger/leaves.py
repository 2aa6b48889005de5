"""Compares the journal with the entries: its signed heads, its leaves one by one, and what is not in it yet.

The leaves are read as entries claim their numbers; what is not yet under a signed head (less than a
second's entries) is followed up to the sequencer's row. Reads only, in chunks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.ledger import keys
from server.store.ledger.findings import FINDINGS_AT_MOST, FindingKind, Findings
from server.store.ledger.journal import Head, JournalDamaged, Leaf, Records
from server.store.ledger.merkle import Tree
from server.store.tables import ledger_entries, ledger_sequencer

CHUNK: Final = 1_000


async def follow_journal(
    records: Records,
    connection: AsyncConnection,
    found: Findings,
    of: Collection[str] | None,
    heads: list[Head | None],
    against: Sequence[Head],
) -> tuple[int, str | None]:
    """Compare what is signed with what is there; returns size and root of the last good head."""
    key = await asyncio.to_thread(_public_key_or_finding, records, found)
    names = await keys.known(connection)
    if names and key is not None and keys.fingerprint(key) not in names:
        found.add(
            FindingKind.HEAD, "the key of the signed heads is not named in the ledger", None, None
        )
    checked = _Heads(found, heads, key, against)
    leaves = records.leaves()
    at = 0
    while chunk := await asyncio.to_thread(checked.take, leaves):
        await _compare(connection, found, of, at, chunk)
        at += len(chunk)
    checked.finish()
    await _compare_unsigned(connection, found, of, checked.tree)
    return (checked.good.size, checked.good.root) if checked.good else (0, None)


def _public_key_or_finding(records: Records, found: Findings) -> Any:
    try:
        return records.public_key()
    except (JournalDamaged, ValueError) as error:
        found.add(FindingKind.HEAD, str(error), None, None)
        return None


async def _compare(
    connection: AsyncConnection,
    found: Findings,
    of: Collection[str] | None,
    start: int,
    leaves: list[Leaf | None],
) -> None:
    """Compare the journal's leaves from number `start` with the entries that claim these numbers."""
    if of is None:
        chosen = sa.and_(
            ledger_entries.c.leaf >= start, ledger_entries.c.leaf < start + len(leaves)
        )
    elif any(leaf is not None and leaf.subject in of for leaf in leaves):
        chosen = ledger_entries.c.subject.in_(of)
    else:
        return
    rows = {
        row.leaf: row
        for row in await connection.execute(
            sa.select(
                ledger_entries.c.leaf,
                ledger_entries.c.hash,
                ledger_entries.c.subject,
                ledger_entries.c.version,
            ).where(chosen)
        )
    }
    for number, leaf in enumerate(leaves, start):
        if leaf is None or (of is not None and leaf.subject not in of):
            continue
        row = rows.get(number)
        if row is not None and (row.subject, row.version) == (leaf.subject, leaf.version):
            if row.hash != leaf.hash and not found.names(leaf.subject, leaf.version):
                found.add(
                    FindingKind.LEAF,
                    "another entry was sealed here",
                    leaf.subject,
                    leaf.version,
                    number,
                )
            continue
        exists = await connection.scalar(
            sa.select(
                sa.exists().where(
                    ledger_entries.c.subject == leaf.subject,
                    ledger_entries.c.version == leaf.version,
                )
            )
        )
        if exists:
            found.add(
                FindingKind.LEAF,
                "the entry has lost its number in the tree",
                leaf.subject,
                leaf.version,
                number,
            )
        else:
            found.add(
                FindingKind.MISSING, "the entry was removed", leaf.subject, leaf.version, number
            )


async def _compare_unsigned(
    connection: AsyncConnection, found: Findings, of: Collection[str] | None, tree: Tree
) -> None:
    """Follow the numbers that the journal does not have yet up to the sequencer's row."""
    row = (
        await connection.execute(sa.select(ledger_sequencer.c.size, ledger_sequencer.c.root))
    ).one_or_none()
    size = row.size if row else 0
    if size < tree.size:
        found.add(
            FindingKind.HEAD,
            f"{tree.size} entries were sealed, the database says {size}",
            None, None, size,
        )  # fmt: skip
        return
    tree = tree.copy()
    whole = True
    while whole and tree.size < size:
        start, end = tree.size, min(size, tree.size + CHUNK)
        rows = await connection.execute(
            sa.select(ledger_entries.c.leaf, ledger_entries.c.hash)
            .where(ledger_entries.c.leaf >= start, ledger_entries.c.leaf < end)
            .order_by(ledger_entries.c.leaf)
        )
        hashes = {row.leaf: row.hash for row in rows}
        for number in range(start, end):
            try:
                tree.append(bytes.fromhex(hashes[number]))
            except (KeyError, ValueError):
                found.add(FindingKind.LEAF, f"no entry has number {number}", None, None, number)
                whole = False
                break
    if whole and row is not None and tree.root().hex() != row.root:
        found.add(
            FindingKind.HEAD, "the entries do not add up to the tree's root", None, None, size
        )
    beyond = (
        sa.select(ledger_entries.c.subject, ledger_entries.c.version, ledger_entries.c.leaf)
        .where(sa.or_(ledger_entries.c.leaf >= size, ledger_entries.c.leaf < 0))
        .limit(FINDINGS_AT_MOST)
    )
    if of is not None:
        beyond = beyond.where(ledger_entries.c.subject.in_(of))
    for entry in await connection.execute(beyond):
        found.add(
            FindingKind.LEAF, "the number was never given", entry.subject, entry.version, entry.leaf
        )


class _Heads:
    """Grows a tree from the journal's leaves and checks each signed head at its size."""

    def __init__(
        self, found: Findings, heads: list[Head | None], key: Any, against: Sequence[Head] = ()
    ) -> None:
        self._kept = sorted(against, key=lambda head: head.size, reverse=True)
        self.tree = Tree()
        self.good: Head | None = None
        self._found = found
        self._heads = [head for head in heads if head is not None]
        self._next = 0
        if len(self._heads) < len(heads):
            found.add(FindingKind.HEAD, "a signed head is unreadable", None, None)
        if self._heads and key is None:
            found.add(FindingKind.HEAD, "the key of the signed heads is missing", None, None)
        sizes = [head.size for head in self._heads]
        if sizes != sorted(sizes):
            found.add(FindingKind.HEAD, "the signed heads are out of order", None, None)
            self._heads.sort(key=lambda head: head.size)
        if key is not None:
            for head in self._heads:
                if not head.signed_by(key):
                    found.add(
                        FindingKind.HEAD,
                        f"wrong signature over {head.size} entries",
                        None,
                        None,
                        head.size,
                    )

    def take(self, leaves: Iterator[Leaf | None]) -> list[Leaf | None]:
        """Take a chunk of leaves that are under the last head."""
        limit = self._heads[-1].size if self._heads else 0
        chunk: list[Leaf | None] = []
        while len(chunk) < CHUNK and self.tree.size < limit:
            try:
                leaf = next(leaves)
            except StopIteration:
                break
            chunk.append(leaf)
            self.tree.append(bytes.fromhex(leaf.hash) if leaf else b"")
            self._pass_kept()
            while self._next < len(self._heads) and self._heads[self._next].size <= self.tree.size:
                head = self._heads[self._next]
                self._next += 1
                if head.size == self.tree.size and head.root == self.tree.root().hex():
                    self.good = head
                else:
                    self._found.add(
                        FindingKind.HEAD,
                        f"the journal does not add up to the head over {head.size} entries",
                        None, None, head.size,
                    )  # fmt: skip
        return chunk

    def _pass_kept(self) -> None:
        while self._kept and self._kept[-1].size <= self.tree.size:
            kept = self._kept.pop()
            if kept.size == self.tree.size and kept.root == self.tree.root().hex():
                continue
            self._found.add(
                FindingKind.HEAD,
                f"the kept head over {kept.size} entries is not this ledger's",
                None, None, kept.size,
            )  # fmt: skip

    def finish(self) -> None:
        for kept in self._kept:
            self._found.add(
                FindingKind.HEAD,
                f"{self.tree.size} entries are sealed, a kept head counts {kept.size}",
                None, None, kept.size,
            )  # fmt: skip
        for head in self._heads[self._next :]:
            if head.size > self.tree.size:
                self._found.add(
                    FindingKind.HEAD,
                    f"the journal has {self.tree.size} leaves, a head counts {head.size}",
                    None, None, head.size,
                )  # fmt: skip
