"""What the ledger says of the record: events, rows and files; whose key seals it; how it is amended."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.audit.acts.pruning import Pruning
from server.calls.acts.desks import Desks
from server.case.acts.course import calling
from server.neighbours import rows as node_rows
from server.neighbours.nodes import Nodes
from server.people.rows import staffing
from server.rights.person import SYSTEM
from server.store import (
    Change,
    FindingKind,
    LedgerElsewhere,
    Report,
    Store,
    StoreSettings,
    upgrade,
    verify,
)
from server.store.amending import ACT, AMENDMENTS
from server.store.ledger import PRUNE, Entry, Journal, Payload, Records, keys, moment
from server.store.ledger.keys import fingerprint
from server.store.tables import events, ledger_entries, ledger_payloads, nodes, units
from signaling.refusals import Refusal
from tests.kit.stores import MovedClock, opened, settings_for
from tests.kit.until import until
from tests.server.store.test_ledger import owner

UNIT = {
    "unit_id": "u", "name": "青岛西海岸新区行政审批服务局", "place": "青岛西海岸",
    "region_code": "370211", "credit_code": "11370211MB2875541Y", "level": "5",
}  # fmt: skip


async def add_unit(store: Store) -> None:
    async with store.change(SYSTEM) as change:
        await staffing.add_unit(change.connection, **UNIT)
        await change.record("unit:u", "unit.create", "unit:u", None, payload={})


async def rename(change: Change) -> None:
    await change.connection.execute(units.update().where(units.c.id == "u").values(name="新"))
    await change.record(
        "unit:u", "unit.rename", "unit:u", {"type": "unit.renamed"}, payload={"why": "revision"}
    )


def told(report: Report, kind: FindingKind) -> list[tuple[str | None, int | None, str]]:
    return [(one.subject, one.version, one.text) for one in report.findings if one.kind is kind]


# ---------------------------------------------------------------- events


async def test_an_event_that_was_rewritten_or_removed_is_told_and_one_that_was_pruned_is_not(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = settings_for(database, tmp_path)
    async with opened(database, tmp_path, clock) as store:
        for number in range(3):
            async with store.change(SYSTEM) as change:
                event = {"type": "case.edited", "value": f"值{number}", "share": number / 3}
                await change.record("case:1", "case.edit", "x", event, payload={})
    here = events.c.subject == "case:1"
    assert (await verify(settings)).ok
    async with owner(database) as connection:
        body = await connection.scalar(sa.select(events.c.body).where(here, events.c.version == 1))
        assert body is not None
        await connection.execute(
            events.update().where(here, events.c.version == 1).values(body={**body, "value": "假"})
        )
        await connection.execute(events.delete().where(here, events.c.version == 2))
    report = await verify(settings, "case:1")
    assert told(report, FindingKind.EVENT) == [
        ("case:1", 1, "the event does not give its digest"),
        ("case:1", 2, "the event was removed"),
    ]
    async with owner(database) as connection:
        await connection.execute(
            events.update().where(here, events.c.version == 1).values(body=body)
        )
    clock.move(60)
    async with opened(database, tmp_path, clock) as store:
        async with store.change(SYSTEM) as change:
            before = {"before": moment(change.at)}
            await change.record("events:kept", PRUNE, "events:kept", None, payload=before)
        clock.move(60)
        async with store.change(SYSTEM) as change:
            event = {"type": "case.edited", "value": "later"}
            await change.record("case:1", "case.edit", "x", event, payload={})
    report = await verify(settings)
    assert (report.ok, report.pruned, report.format_1) == (True, 1, 0)
    async with owner(database) as connection:
        await connection.execute(events.delete().where(here, events.c.version == 4))
    report = await verify(settings)
    assert told(report, FindingKind.EVENT) == [("case:1", 4, "the event was removed")]
    assert report.pruned == 1
    # an order that was made to reach further is not believed, as it is told or as it was sealed
    order = ledger_payloads.c.subject == "events:kept"
    async with owner(database) as connection:
        text = json.dumps({**before, "before": moment(clock.now() + timedelta(days=1))})
        await connection.execute(ledger_payloads.update().where(order).values(payload=text))
    report = await verify(settings, "case:1")
    assert [version for _, version, _ in told(report, FindingKind.EVENT)] == [2, 4]
    assert report.pruned == 0
    async with owner(database) as connection:
        entry = ledger_entries.c.subject == "events:kept"
        row = (await connection.execute(sa.select(ledger_entries).where(entry))).one()
        salt = await connection.scalar(sa.select(ledger_payloads.c.salt).where(order))
        forged = Entry(
            **{name: getattr(row, name) for name in Entry.__dataclass_fields__}
            | {"digest": Payload(salt or "", text).digest()}
        )
        await connection.execute(
            ledger_entries.update().where(entry).values(digest=forged.digest, hash=forged.hash())
        )
    report = await verify(settings, "case:1")
    assert told(report, FindingKind.LEAF) == [("events:kept", 1, "another entry was sealed here")]


async def test_an_entry_without_an_event_is_of_format_1_and_cannot_be_made_one_later(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = settings_for(database, tmp_path)
    async with opened(database, tmp_path, clock) as store:
        await add_unit(store)
    async with owner(database) as connection:
        await connection.execute(
            ledger_entries.update().where(ledger_entries.c.subject == "unit:u").values(event=None)
        )
    report = await verify(settings)
    assert (report.ok, report.format_1) == (False, 1)
    assert told(report, FindingKind.ALTERED) == [("unit:u", 1, "the entry does not give its hash")]


# ---------------------------------------------------------------- rows


async def test_what_an_act_forgot_to_tell_is_told_by_an_entry_of_its_own(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    async with opened(database, tmp_path, clock) as store:
        async with store.change(SYSTEM) as change:
            await staffing.add_unit(change.connection, **UNIT)
        async with store.read() as connection:
            [act] = (
                await connection.scalars(
                    sa.select(ledger_entries.c.act).where(ledger_entries.c.subject == "unit:u")
                )
            ).all()
            payload = await connection.scalar(
                sa.select(ledger_payloads.c.payload).where(ledger_payloads.c.subject == "unit:u")
            )
    assert act == "record.keep"
    assert json.loads(payload or "")["facts"]["units"]["u"]["name"] == UNIT["name"]
    report = await verify(settings_for(database, tmp_path))
    assert (report.ok, report.rows, report.untold) == (True, 1, 0)


async def test_every_form_of_statement_is_told(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    """Several rows at once, rows met by another column, what the database fills in, what it refuses."""
    settings = settings_for(database, tmp_path)
    unit = {name.replace("unit_id", "id"): value for name, value in UNIT.items()}
    insert = sqlite.insert if database.startswith("sqlite") else postgresql.insert

    async with opened(database, tmp_path, clock) as store:

        async def change(*statements: sa.Executable) -> None:
            async with store.change(SYSTEM) as act:
                for one in statements:
                    await act.connection.execute(one)
            report = await verify(settings)
            assert (report.ok, report.untold) == (True, 0), report.findings

        await change(units.insert().values([unit, {**unit, "id": "v"}]))
        await change(units.update().where(units.c.place == unit["place"]).values(name="其他"))
        await change(units.update().values(name=units.c.name + "局"))
        await change(insert(units).values({**unit, "name": "未取"}).on_conflict_do_nothing())
        taken = insert(units).values(unit)
        await change(
            taken.on_conflict_do_update(index_elements=["id"], set_={"name": taken.excluded.name})
        )
        other = insert(units).values(unit)
        await change(
            other.on_conflict_do_update(index_elements=["id"], set_={"name": "另写", "level": "4"})
        )
        await change(
            units.delete().where(units.c.id == "v"), units.insert().values({**unit, "id": "v"})
        )
        await change(units.update().where(units.c.id == "nobody").values(name="无"))
        await change(units.delete().where(units.c.id == "nobody"))
        await change(units.delete().where(units.c.place == unit["place"]))
        assert (await verify(settings)).rows == 0
        async with store.read() as connection:
            kept = await connection.scalars(sa.select(ledger_entries.c.subject).distinct())
            assert {one for one in kept if one.startswith("unit:")} == {"unit:u", "unit:v"}


async def test_a_row_that_is_taken_away_and_put_back_by_acts_holds(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = settings_for(database, tmp_path)
    async with opened(database, tmp_path, clock) as store:
        await add_unit(store)
        for gone in (True, False, True):
            async with store.change(SYSTEM) as change:
                if gone:
                    await change.connection.execute(units.delete().where(units.c.id == "u"))
                else:
                    await staffing.add_unit(change.connection, **UNIT)
                await change.record("unit:u", "unit.turn", "unit:u", None, payload={})
            assert (await verify(settings)).ok, gone
    async with owner(database) as connection:
        row = {name.replace("unit_id", "id"): value for name, value in UNIT.items()}
        await connection.execute(units.insert().values(row))
    report = await verify(settings)
    assert told(report, FindingKind.ROW) == [
        ("unit:u", 4, "units u was taken away and stands again")
    ]


# ---------------------------------------------------------------- the key


async def test_a_node_does_not_start_where_its_ledger_folder_is_gone_or_anothers(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    await upgrade(database)
    settings = StoreSettings(
        database_url=database, blob_root=tmp_path / "blobs", ledger_dir=tmp_path / "ledger"
    )

    async def started(settings: StoreSettings) -> None:
        store = await Store.open(settings, clock)
        await store.seal()
        await store.close()

    await started(settings)
    key = await asyncio.to_thread(Records(settings.ledger_dir).public_key)
    assert key is not None
    async with owner(database) as connection:
        first = (
            await connection.execute(
                sa.select(ledger_entries.c.act, ledger_payloads.c.payload)
                .join(ledger_payloads, ledger_payloads.c.subject == ledger_entries.c.subject)
                .where(ledger_entries.c.leaf == 0)
            )
        ).one()
    assert first.act == "ledger.begin"
    assert json.loads(first.payload)["key"] == fingerprint(key)

    away = settings.ledger_dir.rename(tmp_path / "away")
    with pytest.raises(LedgerElsewhere, match="counts 1 sealed entries"):
        await started(settings)
    assert not settings.ledger_dir.exists()

    another = f"sqlite+aiosqlite:///{tmp_path / 'another.sqlite'}"
    await upgrade(another)
    await started(replace(settings, database_url=another))
    with pytest.raises(LedgerElsewhere, match="is another's"):
        await started(settings)
    shutil.rmtree(settings.ledger_dir)

    away.rename(settings.ledger_dir)
    await started(settings)
    with pytest.raises(LedgerElsewhere, match="the settings name the key 0000"):
        await started(replace(settings, ledger_key="0" * 64))
    await started(replace(settings, ledger_key=fingerprint(key)))
    assert (await verify(settings)).ok


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.postgres
async def test_of_two_nodes_that_begin_a_ledger_at_once_one_does(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    def beginning(node: str) -> StoreSettings:
        return replace(
            settings_for(database, tmp_path), ledger_dir=tmp_path / node, ledger_join=False
        )

    both = await asyncio.gather(
        *(Store.open(beginning(node), clock) for node in ("a", "b")), return_exceptions=True
    )
    [store] = [one for one in both if isinstance(one, Store)]
    await store.close()
    assert [type(one) for one in both if one is not store] == [LedgerElsewhere]


@asynccontextmanager
async def unable(settings: StoreSettings, clock: MovedClock) -> AsyncIterator[Store]:
    """A store that could seal nothing when it was opened; its first head is unreadable."""
    await upgrade(settings.database_url)
    await asyncio.to_thread(Journal.open, settings.ledger_dir)
    (settings.ledger_dir / "heads.jsonl").write_text("no head\n")
    store = await Store.open(settings, clock)
    try:
        assert store.ledger_failure == "the last head is unreadable"
        yield store
    finally:
        await store.close()


async def test_what_is_no_fact_goes_on_while_nothing_is_sealed_and_the_key_is_entered_when_it_is(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = replace(settings_for(database, tmp_path), ledger_join=False)
    async with unable(settings, clock) as store:
        with pytest.raises(Refusal, match="ledger_unavailable"):
            await add_unit(store)
        async with store.working() as connection:
            await node_rows.beat(connection, "gone", None, clock.now() - timedelta(days=31))
        await Nodes(store, "here").beat()
        await Desks(store, calling).seen({"nobody": clock.now()}, {})
        pruning = Pruning(store, acks_days=7, sign_ins_days=30, jobs_days=30, events_days=30)
        with pytest.raises(Refusal, match="ledger_unavailable"):  # the events, which have an entry
            await pruning.prune()
        async with store.read() as connection:
            assert (await connection.scalars(sa.select(nodes.c.id))).all() == ["here"]
            assert await keys.known(connection) == []

        (settings.ledger_dir / "heads.jsonl").write_text("")

        async def entered() -> str | None:
            async with store.read() as connection:
                return None if await keys.known(connection) else "no key is named"

        await until(entered)
        await add_unit(store)
        await store.seal()
    report = await verify(settings)
    assert (report.ok, report.sealed) == (True, 2)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.postgres
async def test_a_key_that_came_too_late_for_the_beginning_seals_nothing(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    first = replace(settings_for(database, tmp_path / "first"), ledger_join=False)
    late = replace(settings_for(database, tmp_path / "late"), ledger_join=False)
    (tmp_path / "late").mkdir()
    async with unable(late, clock) as store:
        other = await Store.open(first, clock)
        (late.ledger_dir / "heads.jsonl").write_text("")

        def why_not() -> str | None:
            told = store.ledger_failure or ""
            return None if "another node has begun this ledger" in told else told

        await until(why_not)
        await other.close()
    assert (await verify(first)).ok
    assert (late.ledger_dir / "heads.jsonl").read_text() == ""


async def test_kept_heads_tell_a_ledger_that_was_made_anew_and_one_that_was_cut(
    database: str, tmp_path: Path, clock: MovedClock
) -> None:
    settings = settings_for(database, tmp_path)
    kept = tmp_path / "kept.jsonl"
    async with opened(database, tmp_path, clock) as store:
        await add_unit(store)
        await store.seal()
    shutil.copy(settings.ledger_dir / "heads.jsonl", kept)
    report = await verify(settings, against=kept)
    assert (report.ok, report.sealed) == (True, 2)
    head = json.loads(kept.read_text().splitlines()[-1])
    kept.write_text(
        json.dumps({**head, "size": 9}) + "\n" + json.dumps({**head, "root": "0" * 64}) + "\n"
    )
    report = await verify(settings, against=kept)
    assert [text for _, _, text in told(report, FindingKind.HEAD)] == [
        "the kept head over 2 entries is not this ledger's",
        "2 entries are sealed, a kept head counts 9",
    ]
    kept.write_text("no head\n")
    with pytest.raises(ValueError, match="no head"):
        await verify(settings, against=kept)


# ---------------------------------------------------------------- amendments


async def test_a_revision_changes_a_sealed_fact_by_an_act_and_never_by_its_migration(
    database: str, tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`db upgrade` runs what stands in the list, once."""
    settings = settings_for(database, tmp_path)
    async with opened(database, tmp_path, clock) as store:
        await add_unit(store)
    monkeypatch.setitem(AMENDMENTS, "9999", rename)
    for _ in range(2):
        assert (await upgrade(database)).up_to_date
    report = await verify(settings)
    assert (report.ok, report.rows) == (True, 1)
    async with owner(database) as connection:
        acts = await connection.scalars(
            sa.select(ledger_entries.c.act).where(
                ledger_entries.c.actor == SYSTEM.person_id,
                ledger_entries.c.subject.in_(("unit:u", "db:upgrade")),
            ).order_by(ledger_entries.c.act)
        )  # fmt: skip
        assert acts.all() == [ACT, "unit.create", "unit.rename"]
        event = await connection.scalar(
            sa.select(events.c.type).where(events.c.subject == "unit:u", events.c.version == 2)
        )
        assert event == "unit.renamed"
        await connection.execute(units.update().values(name="by a migration"))
    report = await verify(settings)
    assert told(report, FindingKind.ROW) == [("unit:u", 2, "units u differs in name")]
