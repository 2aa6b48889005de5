"""Checks the record against the ledger, whole or one subject of it, and names what is not as it was.

Each entry is hashed again and followed along its subject's chain; each payload and each
event is hashed against its digest; the journal's signed heads are checked and its leaves
compared with the database, one by one. What the payloads tell of rows is compared with the
rows, and sealed files are hashed. What is not yet under a signed head (less than a
second's entries) is held by its chain alone. Reads only, in chunks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import aging
from server.store.blobs import Blobs
from server.store.database import Database
from server.store.ledger import derived, keys
from server.store.ledger.entry import (
    ERASE,
    GENESIS,
    OK,
    PRUNE,
    PRUNED,
    Entry,
    Payload,
    members,
    moment,
)
from server.store.ledger.journal import Head, JournalDamaged, Leaf, Records
from server.store.ledger.merkle import Tree
from server.store.ledger.rows import File, Told, chunks
from server.store.tables import (
    events,
    ledger_entries,
    ledger_payloads,
    ledger_sequencer,
    metadata,
    subjects,
)
from server.store.tables.words import facts_of, home_of

CHUNK: Final = 1_000
FINDINGS_AT_MOST: Final = 1_000


class Kind(StrEnum):
    """What is wrong. Shown to supervisors by a sentence of its own in each language."""

    ALTERED = "altered"
    """The entry's columns do not give its hash."""
    PAYLOAD = "payload"
    """The payload or its salt was altered, removed without an order, or belongs to no entry."""
    MISSING = "missing"
    """The entry was removed."""
    CHAIN = "chain"
    """The entry does not follow the one before it, or the subject's head is not its last entry."""
    LEAF = "leaf"
    """The entry does not stand at its number in the tree, or is another one than was sealed there."""
    HEAD = "head"
    """A signed head, the journal under it, or the sequencer's row does not hold."""
    EVENT = "event"
    """The event of the entry was altered or removed, or belongs to no entry."""
    ROW = "row"
    """A row of the record is not as the entry told it, was removed, or was told by none."""
    FILE = "file"
    """A sealed file that a row names is gone or was altered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the entry it is about as far as that can be told."""

    kind: Kind
    subject: str | None
    version: int | None
    leaf: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `sealed` entries are under the last signed head, signed at `head_at`.

    `subject` is the one that alone was checked. Of the entries `format_1` seal no event and tell no rows; the events of `pruned` were let go by
    age. Of the rows `untold` are older than format 2, so that no entry can speak for them (a row of
    which only a part is told counts among `rows`). `files` were hashed, each once.
    """

    ok: bool
    subject: str | None
    entries: int
    sealed: int
    root: str | None
    head_at: str | None
    erased: int
    format_1: int
    pruned: int
    rows: int
    untold: int
    files: int
    findings: list[Finding]


@dataclass(slots=True)
class _Found:
    """Findings so far; at most one of a kind for an entry."""

    findings: dict[tuple[object, ...], Finding] = field(default_factory=dict)

    def add(
        self,
        kind: Kind,
        text: str,
        subject: str | None,
        version: int | None,
        leaf: int | None = None,
    ) -> None:
        several = kind in (Kind.ROW, Kind.FILE)
        key = (kind, subject, version, text if several else leaf if subject is None else None)
        known = self.findings.get(key)
        if known is None and len(self.findings) < FINDINGS_AT_MOST:
            self.findings[key] = Finding(kind, subject, version, leaf, text)
        elif known is not None and known.leaf is None and leaf is not None:
            self.findings[key] = replace(known, leaf=leaf)

    def names(self, subject: str, version: int) -> bool:
        return any((kind, subject, version, None) in self.findings for kind in Kind)


@dataclass(slots=True)
class _Chains:
    """Follows the chains of one subject after another, through chunks of rows."""

    found: _Found
    heads: dict[str, tuple[int, str]]
    told: Told
    let_go: Sequence[tuple[str, Collection[str]]]
    entries: int = 0
    format_1: int = 0
    pruned: int = 0
    erased: list[tuple[str, int]] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)
    _held: dict[str, dict[int, tuple[str, Any, str]]] = field(default_factory=dict)
    _subject: str | None = None
    _version: int = 0
    _links: tuple[str, ...] = (GENESIS,)

    def follow(self, rows: Sequence[Any], packs: Sequence[Any]) -> None:
        """`packs` are the old events of the subjects of these entries."""
        self._hold(packs)
        for row in rows:
            self.format_1 += row.event is None
            self.entries += 1
            if row.subject != self._subject:
                self.finish()
                self._subject, self._version, self._links = row.subject, 0, (GENESIS,)
            self._entry(row)
        self.told.flush()

    def _hold(self, packs: Sequence[Any]) -> None:
        for one in packs:
            held = self._held.setdefault(one.subject, {})
            try:
                for event in aging.unpack(json.loads(one.body)):
                    held[event["version"]] = (event["type"], event["body"], moment(event["at"]))
            except (ValueError, KeyError, TypeError):
                self.found.add(Kind.EVENT, "the packed events are unreadable", one.subject, None)

    def finish(self) -> None:
        """The rows of the present subject are over: compare with its head."""
        subject = self._subject
        if subject is None:
            return
        for version in self._held.pop(subject, {}):
            if not 0 < version <= self._version:
                self.found.add(Kind.EVENT, "an event of no entry", subject, version)
        head = self.heads.pop(subject, None)
        if head is None:
            self.found.add(Kind.CHAIN, "the subject has entries but no head", subject, None)
        elif head[0] > self._version:
            self._missing(self._version + 1, head[0])
        elif head[0] < self._version or head[1] not in self._links:
            self.found.add(
                Kind.CHAIN, "the subject's head is not its last entry", subject, self._version
            )
        self._subject = None

    def _entry(self, row: Any) -> None:
        if row.version > self._version + 1:
            self._missing(self._version + 1, row.version - 1)
        try:
            computed = Entry(
                **{name: getattr(row, name) for name in Entry.__dataclass_fields__}
            ).hash()
        except ValueError:  # bytes that are no text
            computed = ""
        if computed != row.hash:
            self.found.add(
                Kind.ALTERED, "the entry does not give its hash", row.subject, row.version, row.leaf
            )
        elif row.version == self._version + 1 and row.previous not in self._links:
            self.found.add(
                Kind.CHAIN,
                "the entry does not follow the one before",
                row.subject,
                row.version,
                row.leaf,
            )
        # An altered entry is named once: the next may follow what it was or what it is.
        self._version, self._links = row.version, (row.hash, computed)
        if row.act == ERASE:
            self.orders.add(row.object)
        self._payload(row)

    def _payload(self, row: Any) -> None:
        where = (row.subject, row.version, row.leaf)
        old = row.event is None
        if row.salt is None:
            self.found.add(Kind.PAYLOAD, "the payload was removed", *where)
            return
        if row.payload is None:
            self.erased.append((row.subject, row.version))
            if not old and self._stands(row) is not None:
                self.found.add(Kind.EVENT, "the event of an erased payload stands", *where)
            self.told.silent(row.subject, row.version, row.at, old=old)
            return
        try:
            digest = Payload(row.salt, row.payload).digest()
        except ValueError:
            digest = ""
        if digest != row.digest:
            if not self.found.names(row.subject, row.version):
                self.found.add(Kind.PAYLOAD, "the payload does not give its digest", *where)
            self.told.silent(row.subject, row.version, row.at, old=old)
            return
        if old:
            self.told.silent(row.subject, row.version, row.at, old=True)
        else:
            self._event(row)
        about = row.object if row.result == OK else ""
        self.told.entry(row.subject, row.version, about, members(row.payload))

    def _event(self, row: Any) -> None:
        where = (row.subject, row.version, row.leaf)
        stands = self._stands(row)
        if stands is None:
            kind = row.subject.partition(":")[0]
            if any(row.at < before and kind not in kept for before, kept in self.let_go):
                self.pruned += 1
            else:
                self.found.add(Kind.EVENT, "the event was removed", *where)
            return
        name, body, at = stands
        try:
            digest = Payload(row.salt, row.payload).digest_of(body)
        except ValueError:
            digest = ""
        if digest != row.event or not isinstance(body, Mapping):
            self.found.add(Kind.EVENT, "the event does not give its digest", *where)
        elif body.get("type") != name:
            self.found.add(Kind.EVENT, "the event is called by another name", *where)
        elif at != row.at:
            self.found.add(Kind.EVENT, "the event has another time than its entry", *where)

    def _stands(self, row: Any) -> tuple[str, Any, str] | None:
        """The event of this entry, how it is called and when it was, as a row or as one of a pack; None for
        none."""
        if row.event_body is not None and row.event_type != aging.PACKED:
            try:
                body = json.loads(row.event_body)
            except ValueError:
                body = None
            return row.event_type, body, _moment(row.event_at)
        return self._held.get(row.subject, {}).get(row.version)

    def _missing(self, first: int, last: int) -> None:
        text = "the entry was removed" if first == last else f"the entries to {last} were removed"
        self.found.add(Kind.MISSING, text, self._subject, first)


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
        found = _Found()
        of = frozenset(alone) or None
        async with Told.gathered() as told:
            async with self._database.read() as connection:
                chains = await self._follow_chains(connection, found, of, told)
                # What let events go is believed, so it must be what was sealed.
                signed = None if of is None else of | ({PRUNED} if chains.pruned else set())
                size, root = await self._follow_journal(connection, found, signed, heads, against)
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
        found: _Found,
        of: Collection[str] | None,
        told: Told,
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
                    found.add(Kind.ROW, f"{table.name} {key} cannot be read", None, None)
                wrong, older = await asyncio.to_thread(
                    told.compare, table, chunk, alone=of is not None
                )
                rows += len(chunk) + len(unreadable)
                untold += older
                for one in wrong:
                    found.add(Kind.ROW, one.text, one.subject, one.version)
            for one in await asyncio.to_thread(told.removed, table, FINDINGS_AT_MOST):
                found.add(Kind.ROW, one.text, one.subject, one.version)
        for query in derived.otherwise(of):
            for row in await connection.execute(query.limit(FINDINGS_AT_MOST)):
                found.add(Kind.ROW, row.text, row.subject, None)
        return rows, untold

    async def _hash_files(self, found: _Found, told: Told) -> int:
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

    async def _hash_file(self, found: _Found, file: File) -> None:
        assert self._blobs is not None
        if not await self._blobs.exists(file.sha256):
            found.add(Kind.FILE, f"the file of {file.text} is gone", file.subject, None)
        elif not await self._blobs.verify(file.sha256):
            found.add(Kind.FILE, f"the file of {file.text} was altered", file.subject, None)

    async def _follow_chains(
        self,
        connection: AsyncConnection,
        found: _Found,
        of: Collection[str] | None,
        told: Told,
    ) -> _Chains:
        chosen = sa.true() if of is None else subjects.c.subject.in_(of)
        heads = {
            row.subject: (row.version, row.head)
            for row in await connection.execute(sa.select(subjects).where(chosen))
        }
        chains = _Chains(found, heads, told, await _let_go(connection))
        async for rows in _entries(connection, of):
            packs = await _packs(connection, {row.subject for row in rows})
            await asyncio.to_thread(chains.follow, rows, packs)
        chains.finish()
        for name, (version, _) in chains.heads.items():
            if version:
                text = (
                    "the entry was removed"
                    if version == 1
                    else f"the entries to {version} were removed"
                )
                found.add(Kind.MISSING, text, name, 1)
        for name, version in chains.erased:
            if f"{name}#{version}" not in chains.orders:
                found.add(Kind.PAYLOAD, "the payload was erased without an order", name, version)
        stray = (
            sa.select(ledger_payloads.c.subject, ledger_payloads.c.version)
            .outerjoin(ledger_entries, _same_entry())
            .where(ledger_entries.c.subject.is_(None))
            .limit(FINDINGS_AT_MOST)
        )
        if of is not None:
            stray = stray.where(ledger_payloads.c.subject.in_(of))
        for row in await connection.execute(stray):
            if not found.names(row.subject, row.version):
                found.add(Kind.PAYLOAD, "a payload of no entry", row.subject, row.version)
        lone = (
            sa.select(events.c.subject, events.c.version)
            .outerjoin(ledger_entries, _same_entry(events))
            .where(ledger_entries.c.subject.is_(None))
            .limit(FINDINGS_AT_MOST)
        )
        if of is not None:
            lone = lone.where(events.c.subject.in_(of))
        for row in await connection.execute(lone):
            if not found.names(row.subject, row.version):
                found.add(Kind.EVENT, "an event of no entry", row.subject, row.version)
        return chains

    async def _follow_journal(
        self,
        connection: AsyncConnection,
        found: _Found,
        of: Collection[str] | None,
        heads: list[Head | None],
        against: Sequence[Head],
    ) -> tuple[int, str | None]:
        """Compare what is signed with what is there; returns size and root of the last good head."""
        key = await asyncio.to_thread(self._public_key_or_finding, found)
        names = await keys.known(connection)
        if names and key is not None and keys.fingerprint(key) not in names:
            found.add(
                Kind.HEAD, "the key of the signed heads is not named in the ledger", None, None
            )
        checked = _Heads(found, heads, key, against)
        leaves = self._records.leaves()
        at = 0
        while chunk := await asyncio.to_thread(checked.take, leaves):
            await self._compare(connection, found, of, at, chunk)
            at += len(chunk)
        checked.finish()
        await self._compare_unsigned(connection, found, of, checked.tree)
        return (checked.good.size, checked.good.root) if checked.good else (0, None)

    def _public_key_or_finding(self, found: _Found) -> Any:
        try:
            return self._records.public_key()
        except (JournalDamaged, ValueError) as error:
            found.add(Kind.HEAD, str(error), None, None)
            return None

    async def _compare(
        self,
        connection: AsyncConnection,
        found: _Found,
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
                        Kind.LEAF,
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
                    Kind.LEAF,
                    "the entry has lost its number in the tree",
                    leaf.subject,
                    leaf.version,
                    number,
                )
            else:
                found.add(Kind.MISSING, "the entry was removed", leaf.subject, leaf.version, number)

    async def _compare_unsigned(
        self, connection: AsyncConnection, found: _Found, of: Collection[str] | None, tree: Tree
    ) -> None:
        """Follow the numbers that the journal does not have yet up to the sequencer's row."""
        row = (
            await connection.execute(sa.select(ledger_sequencer.c.size, ledger_sequencer.c.root))
        ).one_or_none()
        size = row.size if row else 0
        if size < tree.size:
            found.add(
                Kind.HEAD,
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
                    found.add(Kind.LEAF, f"no entry has number {number}", None, None, number)
                    whole = False
                    break
        if whole and row is not None and tree.root().hex() != row.root:
            found.add(Kind.HEAD, "the entries do not add up to the tree's root", None, None, size)
        beyond = (
            sa.select(ledger_entries.c.subject, ledger_entries.c.version, ledger_entries.c.leaf)
            .where(sa.or_(ledger_entries.c.leaf >= size, ledger_entries.c.leaf < 0))
            .limit(FINDINGS_AT_MOST)
        )
        if of is not None:
            beyond = beyond.where(ledger_entries.c.subject.in_(of))
        for entry in await connection.execute(beyond):
            found.add(
                Kind.LEAF, "the number was never given", entry.subject, entry.version, entry.leaf
            )


class _Heads:
    """Grows a tree from the journal's leaves and checks each signed head at its size."""

    def __init__(
        self, found: _Found, heads: list[Head | None], key: Any, against: Sequence[Head] = ()
    ) -> None:
        self._kept = sorted(against, key=lambda head: head.size, reverse=True)
        self.tree = Tree()
        self.good: Head | None = None
        self._found = found
        self._heads = [head for head in heads if head is not None]
        self._next = 0
        if len(self._heads) < len(heads):
            found.add(Kind.HEAD, "a signed head is unreadable", None, None)
        if self._heads and key is None:
            found.add(Kind.HEAD, "the key of the signed heads is missing", None, None)
        sizes = [head.size for head in self._heads]
        if sizes != sorted(sizes):
            found.add(Kind.HEAD, "the signed heads are out of order", None, None)
            self._heads.sort(key=lambda head: head.size)
        if key is not None:
            for head in self._heads:
                if not head.signed_by(key):
                    found.add(
                        Kind.HEAD,
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
                        Kind.HEAD,
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
                Kind.HEAD,
                f"the kept head over {kept.size} entries is not this ledger's",
                None, None, kept.size,
            )  # fmt: skip

    def finish(self) -> None:
        for kept in self._kept:
            self._found.add(
                Kind.HEAD,
                f"{self.tree.size} entries are sealed, a kept head counts {kept.size}",
                None, None, kept.size,
            )  # fmt: skip
        for head in self._heads[self._next :]:
            if head.size > self.tree.size:
                self._found.add(
                    Kind.HEAD,
                    f"the journal has {self.tree.size} leaves, a head counts {head.size}",
                    None, None, head.size,
                )  # fmt: skip


def _same_entry(of: sa.Table = ledger_payloads) -> sa.ColumnElement[bool]:
    return sa.and_(
        of.c.subject == ledger_entries.c.subject, of.c.version == ledger_entries.c.version
    )


async def _let_go(connection: AsyncConnection) -> list[tuple[str, Collection[str]]]:
    """Up to when events were let go by age, and of which kinds of subjects none were: what the entries of
    that act tell, as far as their own chain and payloads hold."""
    newest: dict[tuple[str, ...], str] = {}
    version, previous = 0, GENESIS
    async for rows in _entries(connection, [PRUNED]):
        for row in rows:
            if not _follows(row, version, previous):
                return [(before, kept) for kept, before in newest.items()]
            version, previous = row.version, row.hash
            if (row.act, row.result) == (PRUNE, OK) and _holds(row):
                told = members(row.payload)
                kept = tuple(told.get("kept", ()))
                newest[kept] = max(newest.get(kept, ""), str(told.get("before", "")))
    return [(before, kept) for kept, before in newest.items()]


def _moment(stored: Any) -> str:
    """A time as entries have it: of PostgreSQL, or of the text that SQLite keeps, whatever it is by now."""
    return moment(stored) if isinstance(stored, datetime) else f"{stored}Z".replace(" ", "T", 1)


def _follows(row: Any, version: int, previous: str) -> bool:
    """Whether an entry gives its hash and is the next one."""
    try:
        computed = Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__}).hash()
    except ValueError:  # bytes that are no text
        return False
    return (row.version, row.previous, row.hash) == (version + 1, previous, computed)


def _holds(row: Any) -> bool:
    """Whether the payload of an entry is there and gives its digest."""
    if row.salt is None or row.payload is None:
        return False
    try:
        return bool(Payload(row.salt, row.payload).digest() == row.digest)
    except ValueError:
        return False


async def _packs(connection: AsyncConnection, of: Collection[str]) -> Sequence[Any]:
    """The packed events of these subjects."""
    body = sa.cast(events.c.body, sa.Text).label("body")
    packed = sa.select(events.c.subject, body).where(
        events.c.subject.in_(of), events.c.type == aging.PACKED
    )
    return (await connection.execute(packed)).all()


async def _entries(
    connection: AsyncConnection, of: Collection[str] | None
) -> AsyncIterator[Sequence[Any]]:
    """All entries with their payloads in the order of subject and version, in chunks."""
    sqlite = connection.dialect.name == "sqlite"
    query = (
        sa.select(
            ledger_entries,
            ledger_payloads.c.salt,
            ledger_payloads.c.payload,
            events.c.type.label("event_type"),
            # As text: what was made unreadable must reach the check, not stop it.
            sa.cast(events.c.body, sa.Text).label("event_body"),
            (sa.cast(events.c.at, sa.Text) if sqlite else events.c.at).label("event_at"),
        )
        .outerjoin(ledger_payloads, _same_entry())
        .outerjoin(events, _same_entry(events))
        .order_by(ledger_entries.c.subject, ledger_entries.c.version)
        .limit(CHUNK)
    )
    if of is not None:
        query = query.where(ledger_entries.c.subject.in_(of))
    here = sa.tuple_(ledger_entries.c.subject, ledger_entries.c.version)
    rows = (await connection.execute(query)).all()
    while rows:
        yield rows
        if len(rows) < CHUNK:
            return
        rows = (
            await connection.execute(query.where(here > (rows[-1].subject, rows[-1].version)))
        ).all()
