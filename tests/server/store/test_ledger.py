"""The ledger: an honest one is accepted, and whatever was done to a row is named."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import stat
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.rights.person import SYSTEM, Actor, Role
from server.store import FindingKind, Report, Store, StoreSettings, Verifier, verify
from server.store.ledger import GENESIS, Entry, Payload
from server.store.tables import (
    events,
    ledger_entries,
    ledger_payloads,
    ledger_sequencer,
    subjects,
)
from signaling.refusals import Code, Refusal
from tests.kit.stores import MovedClock, opened, settings_for
from tests.kit.until import until

ENTRIES = 12
KEY = 1
"""The entry that names the key of a node."""
TURNED = 1 << 6


async def write(store: Store, entries: int = ENTRIES) -> None:
    """Entries of three subjects in turn: case:0 to case:2, each with versions from 1."""
    for number in range(entries):
        async with store.change(SYSTEM) as change:
            await change.record(
                f"case:{number % 3}",
                "case.edit",
                f"field:{number}",
                {"type": "case.edited"},
                payload={"value": f"值{number}", "number": number},
                on_behalf_of="申请人",
            )


@asynccontextmanager
async def owners(database: str) -> AsyncIterator[AsyncEngine]:
    """Connections of someone who may do anything to the database."""
    engine = create_async_engine(database)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def owner(database: str) -> AsyncIterator[AsyncConnection]:
    """One of them, committed at the end."""
    async with owners(database) as engine, engine.begin() as connection:
        yield connection


@dataclass(frozen=True)
class Sealed:
    """A closed store with ENTRIES sealed entries."""

    database: str
    settings: StoreSettings

    async def verify(self, subject: str | None = None) -> Report:
        return await verify(self.settings, subject)

    async def found(self, kind: FindingKind, subject: str, version: int) -> Report:
        """Verify; the report must name this entry for this reason."""
        report = await self.verify()
        assert not report.ok
        named = {(finding.kind, finding.subject, finding.version) for finding in report.findings}
        assert (kind, subject, version) in named, report.findings
        return report


@pytest.fixture
async def sealed(database: str, tmp_path: Path, clock: MovedClock) -> Sealed:
    async with opened(database, tmp_path, clock) as store:
        await write(store)
        assert await store.seal() == ENTRIES + KEY
    return Sealed(database, settings_for(database, tmp_path))


def turned(value: Any) -> Any:
    """The value with one bit turned; a missing one becomes something."""
    match value:
        case None:
            return "x"
        case int():
            return value ^ TURNED
        case str():
            middle = len(value) // 2
            return f"{value[:middle]}{chr(ord(value[middle]) ^ 1)}{value[middle + 1 :]}"
        case _:
            raise TypeError(type(value))


async def test_an_honest_ledger_is_accepted(sealed: Sealed) -> None:
    report = await sealed.verify()
    assert (report.ok, report.findings) == (True, [])
    assert (report.entries, report.sealed, report.erased) == (ENTRIES + KEY, ENTRIES + KEY, 0)
    report = await sealed.verify("case:1")
    assert (report.ok, report.entries, report.findings) == (True, ENTRIES // 3, [])


@pytest.mark.parametrize("table", [ledger_entries, ledger_payloads], ids=lambda table: table.name)
async def test_one_turned_bit_in_any_column_names_the_entry(
    sealed: Sealed, table: sa.Table
) -> None:
    places = itertools.product(table.columns, (2, ENTRIES // 3))
    async with (
        Verifier.opened(sealed.database, sealed.settings.ledger_dir) as verifier,
        owners(sealed.database) as engine,
    ):
        for column, version in places:
            here = sa.and_(table.c.subject == "case:1", table.c.version == version)
            async with engine.begin() as connection:
                before = await connection.scalar(sa.select(column).where(here))
                after = turned(before)
                await connection.execute(table.update().where(here).values({column: after}))
            report = await verifier.verify()
            assert not report.ok, f"{column} was not missed"
            moved = {"subject": ("case:1" if column.name != "subject" else after)}
            names = {(finding.subject, finding.version) for finding in report.findings}
            assert ("case:1", version) in names, f"{column}: {report.findings}"
            if column.name == "subject":
                assert (after, version) in names, f"{column}: {report.findings}"
            assert len(report.findings) <= 5, f"{column}: {report.findings}"
            if version == 2:
                assert not (await verifier.verify("case:1")).ok
                assert (await verifier.verify("case:2")).ok
            there = sa.and_(
                table.c.subject == moved["subject"],
                table.c.version == (after if column.name == "version" else version),
            )
            async with engine.begin() as connection:
                await connection.execute(table.update().where(there).values({column: before}))
    assert (await sealed.verify()).ok


async def test_bytes_that_are_no_text_are_named(tmp_path: Path, clock: MovedClock) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with opened(database, tmp_path, clock) as store:
        await write(store)
    sealed = Sealed(database, settings_for(database, tmp_path))
    async with owner(database) as connection:
        await connection.execute(
            sa.text(
                "UPDATE ledger_payloads SET payload = CAST(x'7bff7d' AS TEXT) "
                "WHERE subject = 'case:0' AND version = 2"
            )
        )
        await connection.execute(
            sa.text(
                "UPDATE ledger_entries SET act = CAST(x'ff' AS TEXT) "
                "WHERE subject = 'case:2' AND version = 3"
            )
        )
    await sealed.found(FindingKind.PAYLOAD, "case:0", 2)
    await sealed.found(FindingKind.ALTERED, "case:2", 3)


@pytest.mark.parametrize("version", [1, 2, ENTRIES // 3])
async def test_a_deleted_row_is_named(sealed: Sealed, version: int) -> None:
    async with owner(sealed.database) as connection:
        for table in (ledger_entries, ledger_payloads):
            await connection.execute(
                table.delete().where(table.c.subject == "case:1", table.c.version == version)
            )
    report = await sealed.found(FindingKind.MISSING, "case:1", version)
    [missing] = [finding for finding in report.findings if finding.kind is FindingKind.MISSING]
    assert missing.leaf is not None
    assert not (await sealed.verify("case:1")).ok
    assert (await sealed.verify("case:0")).ok


async def test_a_deleted_payload_is_named(sealed: Sealed) -> None:
    async with owner(sealed.database) as connection:
        await connection.execute(
            ledger_payloads.delete().where(
                ledger_payloads.c.subject == "case:1", ledger_payloads.c.version == 3
            )
        )
    await sealed.found(FindingKind.PAYLOAD, "case:1", 3)


async def test_a_payload_erased_without_an_order_is_named(
    sealed: Sealed, tmp_path: Path, clock: MovedClock
) -> None:
    async with owner(sealed.database) as connection:
        await connection.execute(
            ledger_payloads.update()
            .where(ledger_payloads.c.subject == "case:1", ledger_payloads.c.version == 3)
            .values(payload=None)
        )
    await sealed.found(FindingKind.PAYLOAD, "case:1", 3)
    async with opened(sealed.database, tmp_path, clock) as store, store.change(SYSTEM) as change:
        await change.record("case:1", "ledger.erase", "case:1#3", None, payload={"order": "1"})
    await sealed.found(FindingKind.EVENT, "case:1", 3)  # says what the payload said
    async with owner(sealed.database) as connection:
        await connection.execute(
            ledger_payloads.update()
            .where(ledger_payloads.c.subject == "case:1", ledger_payloads.c.version == 3)
            .values(salt="")
        )
        await connection.execute(
            events.delete().where(events.c.subject == "case:1", events.c.version == 3)
        )
    report = await sealed.verify()
    assert (report.ok, report.erased) == (True, 1)


@pytest.mark.parametrize("other", ["case:1", "case:2"])
async def test_two_swapped_rows_are_named(sealed: Sealed, other: str) -> None:
    """Everything is exchanged but the places: what case:1 did second is now done by `other` third."""
    contents = [
        column
        for column in ledger_entries.c
        if column.name not in ("subject", "version", "hash", "leaf")
    ]
    places = [("case:1", 2), (other, 3)]
    async with owner(sealed.database) as connection:
        rows = [
            (
                await connection.execute(
                    sa.select(*contents).where(
                        ledger_entries.c.subject == subject, ledger_entries.c.version == version
                    )
                )
            ).one()
            for subject, version in places
        ]
        for (subject, version), row in zip(places, reversed(rows), strict=True):
            await connection.execute(
                ledger_entries.update()
                .where(ledger_entries.c.subject == subject, ledger_entries.c.version == version)
                .values(**row._mapping)
            )
    await sealed.found(FindingKind.ALTERED, "case:1", 2)
    await sealed.found(FindingKind.ALTERED, other, 3)


async def test_two_swapped_numbers_of_the_tree_are_named(sealed: Sealed) -> None:
    async with owner(sealed.database) as connection:
        for old, new in ((2, -1), (7, 2), (-1, 7)):
            await connection.execute(
                ledger_entries.update().where(ledger_entries.c.leaf == old).values(leaf=new)
            )
    report = await sealed.verify()
    assert sorted(finding.leaf or 0 for finding in report.findings) == [2, 7]
    assert {finding.kind for finding in report.findings} == {FindingKind.LEAF}


async def test_a_cut_tail_is_named(sealed: Sealed) -> None:
    async with owner(sealed.database) as connection:
        await cut(connection, "case:2", 3)
    report = await sealed.found(FindingKind.MISSING, "case:2", 3)
    assert all(finding.subject == "case:2" for finding in report.findings)


async def test_a_cut_tail_with_everything_rolled_back_is_told_by_the_signed_head(
    sealed: Sealed, tmp_path: Path, clock: MovedClock
) -> None:
    """As if a backup had been put back: no table of the database contradicts another."""
    async with owner(sealed.database) as connection:
        for subject in ("case:0", "case:1", "case:2"):
            await cut(connection, subject, 2)
            head = await connection.scalar(
                sa.select(ledger_entries.c.hash).where(
                    ledger_entries.c.subject == subject, ledger_entries.c.version == 1
                )
            )
            await connection.execute(
                subjects.update().where(subjects.c.subject == subject).values(version=1, head=head)
            )
        await connection.execute(ledger_entries.update().values(leaf=None))
        await connection.execute(ledger_sequencer.delete())
    for subject in ("case:0", "case:1", "case:2"):
        for version in (2, 3, 4):
            await sealed.found(FindingKind.MISSING, subject, version)
    report = await sealed.verify("case:2")
    assert [
        finding.version for finding in report.findings if finding.kind is FindingKind.MISSING
    ] == [
        2,
        3,
        4,
    ]

    # Nothing can be sealed on top of it, and after a moment nothing can be done either.
    async with opened(sealed.database, tmp_path, clock) as store:

        def why_not() -> str | None:
            return None if store.ledger_failure else "no failure yet"

        await until(why_not, 10)

        async def act() -> None:
            async with store.change(SYSTEM) as change:
                await change.record("case:0", "case.edit", "x", None, payload={})

        with pytest.raises(Refusal) as refused:
            await act()
        assert refused.value.code is Code.LEDGER_UNAVAILABLE


async def test_a_ledger_made_anew_is_told_by_the_journal(sealed: Sealed) -> None:
    """One payload is changed and every hash after it is computed afresh, heads included."""
    async with owner(sealed.database) as connection:
        rows = (
            await connection.execute(
                sa.select(ledger_entries, events.c.body)
                .join(
                    events,
                    sa.and_(
                        events.c.subject == ledger_entries.c.subject,
                        events.c.version == ledger_entries.c.version,
                    ),
                )
                .where(ledger_entries.c.subject == "case:1")
                .order_by(ledger_entries.c.version)
            )
        ).all()
        previous = rows[0].previous
        for row in rows:
            payload = Payload.seal({"value": "forged", "number": row.version})
            entry = Entry(
                **{name: getattr(row, name) for name in Entry.__dataclass_fields__}
                | {"previous": previous, "digest": payload.digest()}
                | {"event": payload.digest_of(row.body)}
            )
            previous = entry.hash()
            where = (row.subject, row.version)
            await connection.execute(
                ledger_payloads.update()
                .where(sa.tuple_(ledger_payloads.c.subject, ledger_payloads.c.version) == where)
                .values(salt=payload.salt, payload=payload.text)
            )
            await connection.execute(
                ledger_entries.update()
                .where(sa.tuple_(ledger_entries.c.subject, ledger_entries.c.version) == where)
                .values(
                    previous=entry.previous,
                    digest=entry.digest,
                    event=entry.event,
                    hash=previous,
                )
            )
        await connection.execute(
            subjects.update().where(subjects.c.subject == "case:1").values(head=previous)
        )
    report = await sealed.verify()
    named = [(finding.kind, finding.subject, finding.version) for finding in report.findings]
    assert named == [(FindingKind.LEAF, "case:1", version) for version in (1, 2, 3, 4)]


async def cut(connection: AsyncConnection, subject: str, first: int) -> None:
    for table in (ledger_entries, ledger_payloads, events):
        await connection.execute(
            table.delete().where(table.c.subject == subject, table.c.version >= first)
        )


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        Entry,
        on_behalf_of=st.none() | texts,
        version=st.integers(1, 1 << 50),
        **{
            name: texts
            for name in Entry.__dataclass_fields__
            if name not in ("version", "on_behalf_of")
        },
    )
)
def test_the_hashed_form_is_rfc_8785(entry: Entry) -> None:
    members = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    if members["event"] is None:
        del members["event"]
        assert entry.canonical() == rfc8785.dumps({"format": 1, **members})
    else:
        assert entry.canonical() == rfc8785.dumps({"format": 2, **members})


def test_a_known_hash() -> None:
    """Both formats are frozen: this entry has this hash, in whatever way it is computed."""
    payload = Payload("00112233445566778899aabbccddeeff", '{"value":"孙"}')
    assert (
        payload.digest()
        == hashlib.sha256(
            bytes.fromhex("00112233445566778899aabbccddeeff") + b'{"value":"\xe5\xad\x99"}'
        ).hexdigest()
    )
    entry = Entry(
        subject="case:one", version=1, previous=GENESIS, at="2026-11-23T01:00:00.000000Z",
        actor="person-1", on_behalf_of=None, unit="unit-1", act="case.edit", object="field:name",
        result="ok", digest="ab" * 32,
    )  # fmt: skip
    line = (
        '{"act":"case.edit","actor":"person-1","at":"2026-11-23T01:00:00.000000Z","digest":"'
        + "ab" * 32
        + '","format":1,"object":"field:name","on_behalf_of":null,"previous":"'
        + "0" * 64
        + '","result":"ok","subject":"case:one","unit":"unit-1","version":1}'
    )
    assert entry.hash() == hashlib.sha256(line.encode()).hexdigest()
    event = payload.digest_of({"value": "孙", "at": 1.0})
    assert (
        event
        == hashlib.sha256(
            bytes.fromhex(payload.salt) + '{"at":1,"value":"孙"}'.encode()
        ).hexdigest()
    )
    line = line.replace('"format":1', f'"event":"{event}","format":2')
    assert replace(entry, event=event).hash() == hashlib.sha256(line.encode()).hexdigest()


# ---------------------------------------------------------------- the journal


async def test_sealing_happens_by_itself_and_goes_on_after_a_restart(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = settings_for(database, tmp_path)
    for total in (3, 6):
        async with opened(database, tmp_path, clock) as store:
            await write(store, 3)

            async def why_not(expected: int = total) -> str | None:
                report = await verify(settings)
                assert report.ok, report.findings
                return None if report.sealed == expected + KEY else f"{report.sealed} sealed"

            await until(why_not)
    heads = (settings.ledger_dir / "heads.jsonl").read_text().splitlines()
    sizes = [json.loads(line)["size"] for line in heads]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 6 + KEY
    assert stat.S_IMODE((settings.ledger_dir / "key").stat().st_mode) == 0o600


async def test_a_changed_head_or_leaf_outside_is_told(sealed: Sealed) -> None:
    folder = sealed.settings.ledger_dir
    for name in ("heads.jsonl", "leaves"):
        path = folder / name
        honest = path.read_bytes()
        for at in range(0, len(honest), 53):
            if honest[at : at + 1] == b"\n":
                continue
            changed = bytearray(honest)
            changed[at] ^= 1
            path.write_bytes(changed)
            report = await sealed.verify()
            assert not report.ok, f"byte {at} of {name}: {bytes(changed[at - 5 : at + 5])!r}"
        path.write_bytes(honest)
    assert (await sealed.verify()).ok


async def test_an_interrupted_journal_is_continued(
    sealed: Sealed, tmp_path: Path, clock: MovedClock
) -> None:
    """A kill after the leaves, or in the middle of a head, leaves what the next start cuts off."""
    folder = sealed.settings.ledger_dir
    for name, torn in (
        ("leaves", "00" * 32 + " 9 case:9\n00"),
        ("heads.jsonl", '{"size": 99, "ro'),
    ):
        with (folder / name).open("a") as file:
            file.write(torn)
    assert (await sealed.verify()).ok
    async with opened(sealed.database, tmp_path, clock) as store:
        await write(store, 1)
        assert await store.seal() == ENTRIES + KEY + 1
    report = await sealed.verify()
    assert (report.ok, report.sealed) == (True, ENTRIES + KEY + 1)


async def test_a_journal_that_cannot_be_written_stops_acts_and_recovers(
    store: Store, tmp_path: Path
) -> None:
    await write(store, 1)
    await store.seal()
    heads = tmp_path / "ledger" / "heads.jsonl"
    away = heads.rename(heads.with_suffix(".away"))
    heads.mkdir()
    await write(store, 1)

    def refused() -> str | None:
        return None if store.ledger_failure else "still working"

    await until(refused, 10)
    with pytest.raises(Refusal) as refusal:
        await write(store, 1)
    assert refusal.value.code is Code.LEDGER_UNAVAILABLE
    heads.rmdir()
    away.rename(heads)

    def working() -> str | None:
        return store.ledger_failure

    await until(working, 10)
    await write(store, 1)
    assert await store.seal() == 3 + KEY
    assert (await store.verifier.verify()).ok


async def test_what_works_again_is_not_refused_for_a_try_of_before(
    postgres_url: str, tmp_path: Path, clock: MovedClock
) -> None:
    """One try failed, and the next one takes its time: nothing says that sealing does not work."""
    async with opened(postgres_url, tmp_path, clock) as store:
        await write(store, 1)
        assert await store.seal() == 1 + KEY
    heads = tmp_path / "ledger" / "heads.jsonl"
    away = heads.rename(heads.with_suffix(".away"))
    heads.mkdir()
    async with owner(postgres_url) as other:
        await other.execute(sa.select(ledger_sequencer).with_for_update())
        async with opened(postgres_url, tmp_path, clock) as store:
            heads.rmdir()
            away.rename(heads)
            until_s = time.monotonic() + 3.0  # longer than a failure is borne
            while time.monotonic() < until_s:
                await write(store, 1)
                await asyncio.sleep(0.05)
            assert store.ledger_lag[0] > 0, "the next try did not have to wait"
            await other.rollback()


async def test_two_nodes_take_turns(postgres_url: str, tmp_path: Path, clock: MovedClock) -> None:
    async with (
        opened(postgres_url, tmp_path / "one", clock) as one,
        opened(postgres_url, tmp_path / "two", clock) as two,
    ):
        await write(one, 3)

        async def sealed() -> str | None:
            sizes = [await one.seal(), await two.seal()]
            return None if sorted(sizes) == [0, 3 + 2 * KEY] else f"{sizes}"

        await until(sealed)
        holder, other = (one, two) if await one.seal() else (two, one)
        await write(other, 2)
        assert await holder.seal() == 5 + 2 * KEY
        clock.move(60)
        await write(holder, 1)
        assert await other.seal() == 6 + 2 * KEY
        assert (await other.verifier.verify()).sealed == 6 + 2 * KEY
        assert (await holder.verifier.verify()).ok


async def test_a_refused_command_has_an_entry(store: Store) -> None:
    actor = Actor(
        "person-1", "zhoumingyuan", "周明远", "XHA-0217", "unit-1", "青岛西海岸新区行政审批服务局",
        "青岛西海岸", frozenset({Role.APPROVER}), None, None, "session-1",
    )  # fmt: skip
    await store.refused(actor, "case.decide", "case:1", Refusal(Code.INCOMPLETE, missing=2))
    async with store.read() as connection:
        entry = (
            await connection.execute(
                sa.select(ledger_entries).where(ledger_entries.c.subject == "person:person-1")
            )
        ).one()
        payload = await connection.scalar(
            sa.select(ledger_payloads.c.payload).where(
                ledger_payloads.c.subject == "person:person-1"
            )
        )
    assert (entry.subject, entry.actor, entry.unit) == ("person:person-1", "person-1", "unit-1")
    assert (entry.act, entry.object, entry.result) == ("case.decide", "case:1", "incomplete")
    assert payload == '{"details":{"missing":2}}'
    assert entry.at == "2026-11-23T01:00:00.000000Z"


async def test_a_seal_that_is_cut_off_is_signed_once(
    tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node may end, and a request be given up, while the disk is still at it."""
    synced, at_it = os.fsync, threading.Event()

    def slowly(descriptor: int) -> None:
        at_it.set()
        time.sleep(0.1)
        synced(descriptor)

    database = f"sqlite+aiosqlite:///{tmp_path / 'one.sqlite'}"
    async with opened(database, tmp_path, clock) as store:
        await store.seal()
        monkeypatch.setattr(os, "fsync", slowly)
        await write(store)
        cut = asyncio.create_task(store.seal())
        await until(lambda: None if at_it.is_set() else "nothing is written yet", every_s=0.001)
        cut.cancel()
        assert await store.seal() == ENTRIES + KEY
        assert cut.cancelled()
    heads = (tmp_path / "ledger/heads.jsonl").read_text().splitlines()
    sizes = [json.loads(line)["size"] for line in heads]
    assert sizes == sorted(set(sizes))
    assert (await verify(settings_for(database, tmp_path))).ok
