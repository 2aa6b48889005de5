"""A full database costs what an empty one does: statements counted, and the rows that they read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from server.audit.acts import histories as supervision
from server.audit.acts.pruning import Pruning
from server.calls.acts.book import Book
from server.calls.acts.desks import Desks
from server.calls.acts.guests import guests_of
from server.calls.rows import calls
from server.calls.rows import marks as mark_rows
from server.case import rows as case_rows
from server.case.acts.course import calling
from server.case.rows import Connection, phones
from server.case.wire.registering import CaseConsent
from server.case.wire.talk import CaseSay
from server.catalogue.rows import catalogue as catalogue_rows
from server.demo import data as demo
from server.neighbours import rows as node_rows
from server.people.rows import people as staff
from server.people.rows import sessions
from server.rights.person import Role
from server.store import SYSTEM, FindingKind, Store, aging, facts, tables
from signaling.call.parts import RINGS_AT_MOST
from signaling.wire.call import CallCancel, CallDecline, CallDial, CallHangUp
from tests.kit.casework import APPROVER, CLERK, Office
from tests.kit.statements import plans, rows_read, statements
from tests.kit.stores import MovedClock

STATEMENTS_OF_A_DIAL: Final = 15
STATEMENTS_OF_A_LIST: Final = 6


async def fill(office: Office, *, approvers: int, ended: int) -> None:
    """Seat so many approvers, and let so many calls have ended, each answered, between the same two people."""
    store, at = office.store, office.clock.now()
    case_id = await office.case()
    async with store.change(SYSTEM) as change:
        connection = change.connection
        facts.begin(connection).end()  # nobody's act: no entry tells these rows
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.text("set local session_replication_role = replica"))

        async def copies(table: sa.Table, row: Mapping[str, Any], changed: Any, count: int) -> None:
            rows = [{**row, **changed(number)} for number in range(count)]
            if rows:
                await connection.execute(table.insert(), rows)

        async def row_of(table: sa.Table, id: str) -> dict[str, Any]:
            found = await connection.execute(sa.select(table).where(table.c.id == id))
            return dict(found.mappings().one())

        approver = await row_of(tables.people, f"person-{APPROVER}")
        name = f"a{approvers}"
        await copies(
            tables.people,
            approver,
            lambda n: {"id": f"{name}-{n:05}", "login": f"{name}-{n:05}"},
            approvers,
        )
        await copies(
            tables.roster,
            {"unit_id": demo.XIHAIAN, "duty": "online", "reserved_by": None, "last_seen_at": at},
            lambda n: {
                "person_id": f"{name}-{n:05}",
                "free_since": at - timedelta(seconds=approvers - n),
            },
            approvers,
        )
        about = await row_of(tables.cases, case_id)
        number = f"c{ended}"
        await copies(tables.cases, about, lambda n: {"id": f"{number}-{n}"}, ended // 10)
        of_call = {
            "case_id": "",
            "window_unit_id": demo.JINAN,
            "target_unit_id": demo.XIHAIAN,
        }
        await copies(
            tables.calls,
            {
                **of_call,
                "caller_id": f"person-{CLERK}",
                "state": "ended",
                "reason": "hung_up",
                "card": {},
                "recording_consented": True,
                "holds": [],
                "media_worker": None,
            },
            lambda n: {
                "id": f"{number}-call-{n}",
                "case_id": f"{number}-{n // 10}",
                "opened_at": at - timedelta(minutes=n),
                "answered_at": at - timedelta(minutes=n),
                "ended_at": at - timedelta(minutes=n - 1),
            },
            ended,
        )
        for seat, login in (("window", CLERK), ("approver", APPROVER)):
            await copies(
                tables.legs,
                {
                    **of_call,
                    "seat": seat,
                    "person_id": f"person-{login}",
                    "state": "left",
                    "silent": False,
                    "media": False,
                    "recording": False,
                    "muted": [],
                    "barged": False,
                    "joined_at": at,
                    "last_seen_at": at,
                    "registered_at": about["created_at"],
                },
                lambda n, seat=seat: {
                    "id": f"{number}-{seat}-{n}",
                    "call_id": f"{number}-call-{n}",
                    "case_id": f"{number}-{n // 10}",
                    "opened_at": at - timedelta(minutes=n),
                },
                ended,
            )
        # The clerk is an approver too, and has answered all his life.
        await copies(
            tables.rings,
            {
                "target_id": f"person-{CLERK}",
                "state": "answered",
                "rung_at": at,
                "deadline_at": at,
                "closed_at": at,
                "note": "",
            },
            lambda n: {"id": f"{number}-ring-{n}", "call_id": f"{number}-call-{n}"},
            ended,
        )
    async with store.change(SYSTEM) as change:
        await change.connection.execute(sa.text("analyze"))


async def see_all(office: Office) -> None:
    """Every desk gives a sign of life now."""
    async with office.store.change(SYSTEM) as change:
        await change.connection.execute(
            tables.roster.update().values(last_seen_at=office.clock.now())
        )


async def test_a_dial_costs_the_same_however_full_the_database_is(office: Office) -> None:
    """Few statements, as many with 2,000 approvers and 20,000 ended calls as with 10 and 100; and on
    PostgreSQL they read no more rows than half as many again."""
    case_id = await office.case()
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    # Of whoever signs in there is an entry already.
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    counted: list[int] = []
    read: list[float] = []
    for approvers, ended in ((10, 100), (1_990, 19_900)):
        await fill(office, approvers=approvers, ended=ended)
        await see_all(office)
        with statements() as noted:
            call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
        assert len(noted) <= STATEMENTS_OF_A_DIAL, "\n".join(one.sql for one in noted)
        counted.append(len(noted))
        await office.do(CLERK, CallCancel, call_id=call_id)
        if told := await plans(office.store, noted):
            read.append(sum(rows_read(one["plan"]) for one in told))
        with statements() as swept:
            assert (
                await Book(office.store, calling).due(office.clock.now(), office.clock.now(), [])
                == []
            )
        assert len(swept) == 1, swept
        for due in await plans(office.store, swept):
            assert rows_read(due["plan"]) < 200, due
    for ask, named in ((combined, "combined"), (consulted, "consulted")):
        how = await plan_of(office.store, ask)
        for side in ("window", "unit"):
            # SQLite may take the index of all of the unit's cases, by what its connection knows of the statistics
            whole = f"SEARCH cases USING INDEX cases_by_{side} " in how
            assert whole or f"cases_{named}_by_{side}" in how, how
    # asked once a second; PostgreSQL would rather read all of the few links that are here
    how = await plan_of(office.store, phones.of_decided)
    assert "phones_open" in how or "Seq Scan on phones" in how, how
    assert counted[0] == counted[1]
    assert not read or read[1] <= 1.5 * read[0], read


async def combined(connection: Connection) -> list[case_rows.Listed]:
    """The list of cases that one person took and decided."""
    mine = {"window_unit_ids": [demo.JINAN], "unit_ids": [demo.XIHAIAN]}
    return await case_rows.list_cases(connection, **mine, combined=True)


async def consulted(connection: Connection) -> list[case_rows.Listed]:
    """The list of what was asked and answered (咨询)."""
    mine = {"window_unit_ids": [demo.JINAN], "unit_ids": [demo.XIHAIAN]}
    return await case_rows.list_cases(connection, **mine, state="consulted")


async def plan_of(store: Store, ask: Callable[[Connection], Awaitable[list[Any]]]) -> str:
    """How what is asked, of which nothing is there, is read, as the database tells it."""
    async with store.read() as connection:
        with statements() as noted:
            assert await ask(connection) == []
        how = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = await connection.exec_driver_sql(f"{how} {noted[0].sql}", noted[0].values)
        return "\n".join(str(row[-1]) for row in rows)


async def multiply(office: Office, call_id: str, missed_id: str, count: int) -> None:
    """So many calls more like this one, which runs, and like that one, which was missed, about cases of ``fill``."""
    async with office.store.change(SYSTEM) as change:
        connection = change.connection
        facts.begin(connection).end()  # nobody's act: no entry tells these rows
        for table, name, of in (
            (tables.calls, "id", call_id),
            (tables.legs, "call_id", call_id),
            (tables.missed_calls, "case_id", missed_id),
        ):
            found = await connection.execute(sa.select(table).where(table.c[name] == of))
            for row in found.mappings().all():
                copies = []
                for n in range(count):
                    copy = {**row, "case_id": f"c300-{n}"}
                    if "id" in row:
                        copy["id"] = f"live-{n}" if table is tables.calls else f"{row['id']}-{n}"
                    if table is tables.legs:
                        copy["call_id"] = f"live-{n}"
                    copies.append(copy)
                await connection.execute(table.insert(), copies)


async def test_lists_and_presence_cost_few_statements_however_much_is_watched(
    office: Office,
) -> None:
    """Also with as many calls that run, with guests, and that were missed."""
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    missed_id, case_id = await office.case(), await office.case()
    await office.do(CLERK, CaseConsent, case_id=missed_id, **yes)
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=missed_id))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    call_id = await office.meet(case_id)
    await office.seat_third(call_id)
    await fill(office, approvers=60, ended=300)
    store, supervisor = office.store, office.actors["hanmei"]
    desks, window_id = Desks(store, calling), office.actors[CLERK].window_id
    head = replace(office.actors[APPROVER], roles=frozenset({Role.APPROVER, Role.HEAD}))
    assert (await desks.desk(head))[0].roles == ["head", "approver"]  # by rank, as everywhere
    units = [demo.XIHAIAN, demo.JINAN, demo.LIAOCHENG, demo.YANTAI]
    guests: list[int] = []
    for watched, running in ((units[:1], 1), (units, 1), (units, 21)):
        if running > 1:
            await multiply(office, call_id, missed_id, running - 1)
        with statements() as noted:
            told = await desks.presence(watched)
        assert len(noted) == 1, noted
        with statements() as noted:
            live = await desks.running(watched)
        assert len(noted) == 2, noted
        assert {len(live[unit].calls) for unit in watched[:2]} == {running}
        about = [f"case:{case_id}", *(f"case:c300-{n}" for n in range(running - 1))]
        with statements() as noted:
            found = await guests_of(store, [*about, f"case:{missed_id}"])
        guests.append(len(noted))
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        assert [len(found[one]) for one in about] == [1] * running
        with statements() as noted:
            lists = await desks.missed([f"{window_id}:{unit}" for unit in watched])
        assert len(noted) == 2, noted
        assert {len(one.calls) for one in lists.values()} == {running}
    assert len(set(guests)) == 1, guests
    assert len(told[demo.XIHAIAN].approvers) >= 60
    async with store.change(SYSTEM) as change:
        facts.begin(change.connection).end()
        await change.connection.execute(
            tables.legs.delete().where(tables.legs.c.call_id.startswith("live-"))
        )
        await change.connection.execute(
            tables.calls.delete().where(tables.calls.c.id.startswith("live-"))
        )
    await office.do(CLERK, CallHangUp, call_id=call_id)

    mine = {"window_unit_ids": [demo.JINAN], "unit_ids": [demo.XIHAIAN]}
    searches: list[dict[str, Any]] = [
        {}, {"text": "您好"}, {"file": "pdf"}, {"person": "李秀"}, {"number": "1"}
    ]  # fmt: skip
    for search in searches:
        with statements() as noted:
            rows = await supervision.call_log(store, supervisor, **search)
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        assert len(rows) == (0 if search.keys() & {"text", "file", "number"} else 50), search
    for how in ({}, {"taken_part": f"person-{APPROVER}"}, {"text": "孙"}):
        async with store.read() as connection:
            with statements() as noted:
                found = await case_rows.list_cases(connection, **mine, **how)  # type: ignore[arg-type]
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        assert len(found) > 30, how
    async with store.read() as connection:
        with statements() as noted:
            await case_rows.list_owed(connection, **mine)
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        with statements() as noted:
            assert await catalogue_rows.list_items(connection)
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        with statements() as noted:
            assert (
                await catalogue_rows.newest_items(connection, demo.XIHAIAN, "", limit=20, offset=0)
            )[1] > 1
        assert len(noted) <= STATEMENTS_OF_A_LIST, noted
        with statements() as noted:
            assert await calls.running_of(connection, f"person-{CLERK}") == []
        assert len(noted) == 1


async def test_pages_of_lists_follow_each_other_without_a_gap(office: Office) -> None:
    """Read by pages a list is what it is read whole, on either side of a call or a case."""
    await fill(office, approvers=0, ended=120)
    store, supervisor = office.store, office.actors["chenli"]
    whole = [one.call_id for one in await supervision.call_log(store, supervisor, limit=1_000)]
    paged: list[str] = []
    before = None
    while page := await supervision.call_log(store, supervisor, before=before, limit=7):
        paged += [one.call_id for one in page]
        before = (page[-1].opened_at, page[-1].call_id)
    assert paged == whole
    assert len(set(whole)) == 120
    async with store.read() as connection:
        for taken_part in (None, f"person-{APPROVER}"):
            mine = {"window_unit_ids": [demo.JINAN], "unit_ids": [demo.XIHAIAN]}
            asked: dict[str, Any] = {**mine, "taken_part": taken_part}
            all_of_them = await case_rows.list_cases(connection, **asked, limit=1_000)
            found: list[str] = []
            after = None
            while rows := await case_rows.list_cases(connection, **asked, before=after, limit=5):
                found += [one.id for one in rows]
                after = (rows[-1].created_at, rows[-1].id)
            assert found == [one.id for one in all_of_them]
            assert len(set(found)) == (13 if taken_part is None else 12)


async def rings_of(store: Store, call_id: str) -> dict[str, str]:
    """Who was rung in this call, in their order, and what became of it."""
    async with store.read() as connection:
        call = await calls.find(connection, call_id)
    assert call is not None
    return {ring.target_id: ring.state.value for ring in call.rings}


async def test_twelve_are_rung_at_once_and_the_next_ones_in_their_place(
    office: Office, clock: MovedClock
) -> None:
    """The longest free first; one who declines, or lets it ring, is followed by the next who is free."""
    await fill(office, approvers=30, ended=0)
    case_id = await office.case()
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    await see_all(office)
    people = [f"a30-{number:05}" for number in range(30)]
    async with office.store.change(SYSTEM) as change:
        # who is last by his name has been free for longest
        await change.connection.execute(
            tables.roster.update()
            .where(tables.roster.c.person_id == people[29])
            .values(free_since=clock.now() - timedelta(hours=3))
        )
    expected = [people[29], *people[:29]]
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    assert await rings_of(office.store, call_id) == dict.fromkeys(sorted(expected[:12]), "ringing")

    async with office.store.read() as connection:
        call = await calls.find(connection, call_id)
        actor = await staff.find_actor(connection, people[29], "session")
    assert call is not None
    assert actor is not None
    office.actors["last"] = actor
    [ring] = [ring for ring in call.rings if ring.target_id == people[29]]
    await see_all(office)
    await office.do("last", CallDecline, call_id=call_id, ring_id=ring.id)
    rung = await rings_of(office.store, call_id)
    assert (len(rung), rung[people[29]], rung[expected[12]]) == (13, "declined", "ringing")

    clock.move(29)
    await see_all(office)
    await office.switchboard.sweep()
    rung = await rings_of(office.store, call_id)
    # the one who was rung later rings on, beside eleven who are new
    assert {who for who, state in rung.items() if state == "missed"} == set(expected[1:12])
    clock.move(5)
    await see_all(office)
    await office.switchboard.sweep()
    rung = await rings_of(office.store, call_id)
    assert list(rung.values()).count("ringing") in (11, 12)
    assert set(rung) <= set(expected)
    assert len(rung) >= 24

    # nobody is asked twice: when all have let it ring it is over
    for _ in range(3):
        clock.move(31)
        await see_all(office)
        await office.switchboard.sweep()
    rung = await rings_of(office.store, call_id)
    assert set(rung) == set(expected)
    assert len(rung) <= RINGS_AT_MOST
    async with office.store.read() as connection:
        over = await calls.find(connection, call_id)
    assert over is not None
    assert (over.state, over.reason) == ("ended", "missed")


async def test_a_call_is_found_by_what_was_said_and_shown_in_it_alone(
    office: Office, tmp_path: Any
) -> None:
    """Not by what was said or came in another call about the same case."""
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    found: list[str] = []
    checked: list[int] = []
    supervisor = office.actors["chenli"]
    for word in ("第一次说的话", "第二次说的话"):
        call_id = await office.meet(case_id)
        await office.do(CLERK, CaseSay, case_id=case_id, call_id=call_id, text=word, lane="shared")
        await office.bring(uploads, case_id, "application", name=f"{word}.pdf")
        await office.do(CLERK, CallHangUp, call_id=call_id)
        found.append(call_id)
        for _ in range(2):  # the first one makes the place of its own entry
            await office.store.seal()
            with statements() as noted:
                report = await supervision.check_ledger(office.store, supervisor, case_id)
            assert report.ok, report.findings
        checked.append(len(noted))
        office.clock.move(60)
    assert checked[0] == checked[1], "the journal is read once, and each table, for all calls"
    await office.bring(uploads, case_id, "application", name="之后才来.pdf")

    async def search(**what: str) -> list[str]:
        return [one.call_id for one in await supervision.call_log(office.store, supervisor, **what)]

    assert await search(text="第一次") == [found[0]]
    assert await search(text="第二次") == [found[1]]
    assert await search(file="第一次") == [found[0]]
    assert await search(file="第二次") == [found[1]]
    assert await search(file="之后") == []
    # somebody looked at the first file again, and at the last, in the second call
    async with office.store.change(SYSTEM) as change:
        for name in ("第一次说的话.pdf", "之后才来.pdf"):
            material = await change.connection.scalar(
                sa.select(tables.materials.c.id).where(tables.materials.c.name == name)
            )
            await change.connection.execute(
                tables.marks.insert().values(
                    id=f"mark-{name}",
                    call_id=found[1],
                    kind="look",
                    by=f"person-{APPROVER}",
                    body={"material_id": material, "page": 1},
                    at=change.at,
                )
            )
    assert await search(file="第一次") == [found[1], found[0]]
    assert await search(file="之后") == [found[1]]


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {what: count for what, count in counts.items() if count}


async def test_what_nobody_can_ask_for_any_more_is_taken_away(office: Office) -> None:
    """Answers, sign-ins and nodes by their age, and nothing of the record."""
    case_id = await office.case()
    at = office.clock.now()
    pruning = Pruning(office.store, acks_days=7, sign_ins_days=30, jobs_days=30, events_days=30)

    async def count(table: sa.Table) -> int:
        async with office.store.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    async with office.store.change(SYSTEM) as change:
        for number, age in enumerate((0, 6, 29, 31)):
            await sessions.add_session(
                change.connection,
                session_id=f"session-{number}",
                token_hash=f"{number}",
                person_id=f"person-{CLERK}",
                kind="cookie",
                at=at - timedelta(days=age + 1),
                expires_at=at - timedelta(days=age),
            )
            await node_rows.beat(
                change.connection, f"node-{number}", None, at - timedelta(days=age)
            )
            for state in ("done", "failed", "waiting"):
                ended = None if state == "waiting" else at - timedelta(days=age)
                await change.connection.execute(
                    tables.jobs.insert().values(
                        id=f"{state}-{number}", kind="copy", subject="case:1", body={}, state=state,
                        tries=1, at=at - timedelta(days=age + 1), ended_at=ended,
                    )
                )  # fmt: skip
        kept = (await change.connection.execute(sa.select(tables.commands))).mappings().first()
        assert kept is not None
        await change.connection.execute(
            tables.commands.insert(),
            [{**kept, "id": f"old-{n}", "at": at - timedelta(days=8)} for n in range(2_500)],
        )
    record = (tables.events, tables.ledger_entries, tables.cases, tables.materials)
    before = [await count(one) for one in record]
    answered = await count(tables.commands)
    assert _some(await pruning.prune()) == {"acks": 2_500, "sign_ins": 1, "jobs": 2, "nodes": 1}
    assert await count(tables.commands) == answered - 2_500
    assert [await count(one) for one in record] == before
    assert _some(await pruning.prune()) == {}
    assert (await office.view(case_id))["id"] == case_id


async def test_old_events_are_let_go_or_packed_and_a_replay_reads_what_it_read(
    office: Office,
) -> None:
    """What only pages that follow ask for goes, and the ledger says so; the history of a case and the marks of
    a call stay what they were; what is packed is checked like all else."""
    store, supervisor = office.store, office.actors["chenli"]
    pruning = Pruning(store, acks_days=7, sign_ins_days=30, jobs_days=30, events_days=30)
    case_id = await office.case()
    call_id = await office.meet(case_id)
    async with store.change(SYSTEM) as change:
        await mark_rows.add(
            change.connection,
            [
                mark_rows.Mark(f"mark-{n}", call_id, kind, CLERK, {"n": n}, change.at)
                for n, kind in enumerate(("look", "quality", "pointer", "worker", "point"))
            ],
        )

    async def say(text: str) -> None:
        await office.do(CLERK, CaseSay, case_id=case_id, text=text, lane="shared")

    async def seen() -> tuple[Any, ...]:
        whole = await supervision.history(store, supervisor, case_id, 0)
        parts, after = [], 0
        while some := await store.events(f"case:{case_id}", after, 2):
            parts += some
            after = some[-1].version
        async with store.read() as connection:
            return (
                whole,
                [one.body for one in parts],
                await mark_rows.list_marks(connection, call_id),
            )

    async def stored(table: sa.Table) -> list[Any]:
        async with store.read() as connection:
            return list(await connection.execute(sa.select(table)))

    await say("好的")
    await office.do(CLERK, CallHangUp, call_id=call_id)
    before, rows = await seen(), len(await stored(tables.events))
    for _ in range(2):  # what comes later is put to what is packed already
        office.clock.move(40 * 86_400)
        done = _some(await pruning.prune())
        assert {"events", "packed_events"} <= set(done), done
        assert await seen() == before
        report = await store.verifier.verify()
        assert (report.ok, report.findings) == (True, [])
        assert report.pruned > 0
        await say("后来")
        before = await seen()
    assert len(await stored(tables.events)) < rows / 2
    assert sorted(one.kind for one in await stored(tables.marks)) == ["look", "packed", "pointer"]
    assert _some(await pruning.prune()) == {}

    packed = sa.and_(tables.events.c.type == "packed", tables.events.c.subject == f"case:{case_id}")
    for forged, why in (
        ([{"version": 1, "type": "case.created", "body": {}, "at": office.clock.now()}], "digest"),
        ([], "removed"),
        ([{"version": 99, "type": "x", "body": {}, "at": office.clock.now()}], "of no entry"),
        (None, "unreadable"),
    ):
        async with store.change(SYSTEM) as change:
            body = "x" if forged is None else aging.pack(forged, ("version", "type", "body", "at"))
            await change.connection.execute(tables.events.update().where(packed).values(body=body))
        told = (await store.verifier.verify(f"case:{case_id}")).findings
        assert any(one.kind is FindingKind.EVENT and why in one.text for one in told), (why, told)
