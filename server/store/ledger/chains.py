"""Follows the chains of entries, subject by subject, with the payload and the event of each.

Each entry is hashed again; each payload and each event against its digest. What the payloads tell of
rows is handed on to ``LastWords``. Knows no journal. Reads only, in chunks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import aging
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
from server.store.ledger.findings import FINDINGS_AT_MOST, FindingKind, Findings
from server.store.ledger.rows import LastWords
from server.store.tables import events, ledger_entries, ledger_payloads, subjects

CHUNK: Final = 1_000


@dataclass(slots=True)
class Chains:
    """Follows the chains of one subject after another, through chunks of rows."""

    found: Findings
    heads: dict[str, tuple[int, str]]
    told: LastWords
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
                self.found.add(
                    FindingKind.EVENT, "the packed events are unreadable", one.subject, None
                )

    def finish(self) -> None:
        """The rows of the present subject are over: compare with its head."""
        subject = self._subject
        if subject is None:
            return
        for version in self._held.pop(subject, {}):
            if not 0 < version <= self._version:
                self.found.add(FindingKind.EVENT, "an event of no entry", subject, version)
        head = self.heads.pop(subject, None)
        if head is None:
            self.found.add(FindingKind.CHAIN, "the subject has entries but no head", subject, None)
        elif head[0] > self._version:
            self._missing(self._version + 1, head[0])
        elif head[0] < self._version or head[1] not in self._links:
            self.found.add(
                FindingKind.CHAIN,
                "the subject's head is not its last entry",
                subject,
                self._version,
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
                FindingKind.ALTERED,
                "the entry does not give its hash",
                row.subject,
                row.version,
                row.leaf,
            )
        elif row.version == self._version + 1 and row.previous not in self._links:
            self.found.add(
                FindingKind.CHAIN,
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
            self.found.add(FindingKind.PAYLOAD, "the payload was removed", *where)
            return
        if row.payload is None:
            self.erased.append((row.subject, row.version))
            if not old and self._stands(row) is not None:
                self.found.add(FindingKind.EVENT, "the event of an erased payload stands", *where)
            self.told.silent(row.subject, row.version, row.at, old=old)
            return
        try:
            digest = Payload(row.salt, row.payload).digest()
        except ValueError:
            digest = ""
        if digest != row.digest:
            if not self.found.names(row.subject, row.version):
                self.found.add(FindingKind.PAYLOAD, "the payload does not give its digest", *where)
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
                self.found.add(FindingKind.EVENT, "the event was removed", *where)
            return
        name, body, at = stands
        try:
            digest = Payload(row.salt, row.payload).digest_of(body)
        except ValueError:
            digest = ""
        if digest != row.event or not isinstance(body, Mapping):
            self.found.add(FindingKind.EVENT, "the event does not give its digest", *where)
        elif body.get("type") != name:
            self.found.add(FindingKind.EVENT, "the event is called by another name", *where)
        elif at != row.at:
            self.found.add(FindingKind.EVENT, "the event has another time than its entry", *where)

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
        self.found.add(FindingKind.MISSING, text, self._subject, first)


async def follow_chains(
    connection: AsyncConnection,
    found: Findings,
    of: Collection[str] | None,
    told: LastWords,
) -> Chains:
    """Follow every chain, or those of these subjects, and name what belongs to none of them."""
    chosen = sa.true() if of is None else subjects.c.subject.in_(of)
    heads = {
        row.subject: (row.version, row.head)
        for row in await connection.execute(sa.select(subjects).where(chosen))
    }
    chains = Chains(found, heads, told, await _let_go(connection))
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
            found.add(FindingKind.MISSING, text, name, 1)
    for name, version in chains.erased:
        if f"{name}#{version}" not in chains.orders:
            found.add(FindingKind.PAYLOAD, "the payload was erased without an order", name, version)
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
            found.add(FindingKind.PAYLOAD, "a payload of no entry", row.subject, row.version)
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
            found.add(FindingKind.EVENT, "an event of no entry", row.subject, row.version)
    return chains


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
