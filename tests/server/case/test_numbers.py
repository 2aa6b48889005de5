"""A case found by its number, through an index of its own however many there are, and how often anybody may search."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from server.case import rows as case_rows
from server.case.acts.course import listing
from server.case.wire.decision import CaseDecide, CaseRefer
from server.demo import data as demo
from server.people.acts.throttle import SEARCHES
from server.store import SYSTEM, Store, facts, tables
from tests.kit.casework import APPROVER, CLERK, OTHER_CLERK, SUPERVISOR, THIRD, Office
from tests.kit.desks import demo_node, desk_of
from tests.kit.statements import Statement, plans, rows_read, statements

NO: Final = {"decision": "refused", "reason": "不属于本机关职权范围"}
MANY: Final = (
    pytest.param(20_000, marks=pytest.mark.timeout(120)),
    pytest.param(300_000, marks=[pytest.mark.proofs, pytest.mark.timeout(900)]),
)
READ_AT_MOST: Final = 50
"""Rows that a search by a number may read, however many cases there are."""


async def numbered(office: Office) -> tuple[str, str, str]:
    """A case with both of its numbers: its id, the 办件编号 and the 收件号."""
    case_id = await office.case()
    number: str = (await office.do(APPROVER, CaseDecide, case_id=case_id, **NO))["number"]
    receipt = "S-1123-0042"
    async with office.store.change(SYSTEM) as change:
        facts.begin(change.connection).end()  # as if a material had come
        await change.connection.execute(
            tables.cases.update().where(tables.cases.c.id == case_id).values(receipt_number=receipt)
        )
    return case_id, number, receipt


async def found(office: Office, login: str, text: str, **how: Any) -> list[str]:
    return [
        one.id
        for one in await listing.listing(office.store, office.actors[login], text=text, **how)
    ]


async def test_a_case_is_found_by_its_whole_numbers_and_by_the_end_of_one(office: Office) -> None:
    case_id, number, receipt = await numbered(office)
    beside, _, _ = await office.case(), None, None
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    for text in (
        number, number.lower(), grouped, number[-8:], number[-12:], f"{number[-8:-4]} {number[-4:]}",
        receipt, receipt.lower(), receipt[2:], receipt.replace("-", ""), "Ｓ－１１２３－００４２",
    ):  # fmt: skip
        for login in (CLERK, OTHER_CLERK, APPROVER, SUPERVISOR):
            assert await found(office, login, text) == [case_id], (login, text)
        # of another unit it is not there, for whatever it is asked
        assert await found(office, THIRD, text) == [], text
    wrong = str((int(number[-8]) + 1) % 10) + number[-7:]
    for text in (wrong, f"9{number}", number[:-1], "S-1123-0043", "S-1123-00420"):
        assert await found(office, CLERK, text) == [], text
    # and it is narrowed like any other search
    side = {"side": "approver"}
    assert await found(office, APPROVER, number, **side) == [case_id]
    assert await found(office, CLERK, number, side="approver") == []
    assert await found(office, APPROVER, number, **side, tab="done") == []
    assert await found(office, APPROVER, number, state="refused") == [case_id]
    assert await found(office, APPROVER, number, state="accepted") == []
    assert await found(office, CLERK, number, mine=True) == [case_id]
    assert await found(office, OTHER_CLERK, number, mine=True) == []
    [row] = await listing.listing(office.store, office.actors[CLERK], text=number)
    before = (row.created_at, row.id)
    assert await found(office, CLERK, number, before=before) == []
    assert beside not in await found(office, CLERK, number)


async def test_the_unit_to_which_a_case_was_referred_finds_it(office: Office) -> None:
    case_id, _, receipt = await numbered(office)
    other = await office.case()
    async with office.store.change(SYSTEM) as change:
        facts.begin(change.connection).end()
        await change.connection.execute(
            tables.cases.update().where(tables.cases.c.id == other).values(receipt_number=receipt)
        )
    assert set(await found(office, CLERK, receipt)) == {case_id, other}
    away = {"unit_id": demo.LIAOCHENG, "reason": "由东昌府办理"}
    await office.do(APPROVER, CaseRefer, case_id=other, **away)
    assert await found(office, THIRD, receipt) == [other]
    assert await found(office, APPROVER, receipt) == [case_id]


async def many(office: Office, case_id: str, count: int) -> None:
    """So many more cases like this one, each with numbers of its own, all of the same two units."""
    columns = [one.name for one in tables.cases.c]
    told = {
        "id": "'many-' || n",
        "number": "'1137020000000000000000' || (202000000000 + n)",
        "number_end": "substr(CAST(202000000000 + n AS TEXT), 5)",
        "receipt_number": "'S-0101-' || (100000 + n)",
    }
    series = (
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :count)"
    )
    chosen = ", ".join(told.get(one, f"cases.{one}") for one in columns)
    async with office.store.change(SYSTEM) as change:
        facts.begin(change.connection).end()  # nobody's act: no entry tells these rows
        await change.connection.execute(
            sa.text(
                f"INSERT INTO cases ({', '.join(columns)}) {series}"
                f" SELECT {chosen} FROM cases, many WHERE cases.id = :of"
            ),
            {"count": count, "of": case_id},
        )
    async with office.store.change(SYSTEM) as change:
        await change.connection.execute(sa.text("analyze"))


async def plan(store: Store, noted: list[Statement]) -> str:
    """How SQLite goes about these."""
    told: list[str] = []
    async with store.read() as connection:
        for one in noted:
            explained = await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {one.sql}", one.values
            )
            told += [str(row[-1]) for row in explained]
    return "\n".join(told)


@pytest.mark.parametrize("count", MANY)
async def test_a_number_is_looked_for_through_its_index_and_a_miss_reads_no_case(
    office: Office, count: int
) -> None:
    case_id, number, receipt = await numbered(office)
    await many(office, case_id, count)
    texts = {number: 1, number[-8:]: 1, receipt: 1, "99999999": 0, "S-9999-9999": 0}
    for text, hits in texts.items():
        for side in ("window", "approver", None):
            units = {
                "window_unit_ids": [] if side == "approver" else [demo.JINAN],
                "unit_ids": [] if side == "window" else [demo.XIHAIAN],
            }
            async with office.store.read() as connection:
                with statements() as noted:
                    rows = await case_rows.list_cases(connection, **units, text=text)
            assert len(rows) == hits, (text, side)
            told = await plans(office.store, noted)
            for one in told:
                assert rows_read(one["plan"]) < READ_AT_MOST, (text, side, one)
            if told:
                continue
            how = await plan(office.store, noted)
            assert "SCAN cases" not in how, how
            index = "received" if text.startswith("S") else "numbered"
            assert f"cases_{index}_at_" in how, how
            # neither the unit's whole list nor one of its tabs is gone through
            assert "cases_by_" not in how, how
            assert "cases_turn_" not in how, how


async def test_whoever_searches_too_often_is_told_to_wait_and_nobody_else_is(
    demo_database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, SUPERVISOR) as one,
        desk_of(node, CLERK) as other,
    ):

        async def search(what: str, **body: str) -> tuple[int, dict[str, Any]]:
            async with one.http.post(f"/api/v1/search/{what}", json=body) as said:
                return said.status, await said.json()

        for number in range(SEARCHES.failures):
            what = ("cases", {"q": "99999999"}) if number % 2 else ("calls", {"number": "12"})
            status, _ = await search(what[0], **what[1])
            assert status == 200, number
        for what, body in (("cases", {"q": "孙"}), ("calls", {"person": "李"})):
            status, told = await search(what, **body)
            assert (status, told["code"]) == (429, "throttled")
            assert told["title"] == "尝试次数过多，请稍候再试。"
            assert 0 < told["details"]["retry_after_s"] <= SEARCHES.seconds
        # the log of calls without a question is no search, and others search on
        status, _ = await search("calls")
        assert status == 200
        async with other.http.post("/api/v1/search/cases", json={"q": "孙"}) as said:
            assert said.status == 200
