"""The case record over a real store: rights, repeats, races, drafts and leases, lists, numbers."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.case import rows as case_rows
from server.case.acts.course import listing
from server.case.rules.form import LEASE
from server.case.wire.decision import CaseDecide
from server.case.wire.form import CaseCloseProposal, CaseDraft, CaseEdit, CaseHold, CasePropose
from server.case.wire.materials import CaseReview
from server.case.wire.registering import CaseConsent, CaseCreate, CaseOpen
from server.catalogue.acts import reading as catalogue
from server.catalogue.rows import catalogue as catalogue_rows
from server.demo import data as demo
from server.rights.person import SYSTEM
from server.standards import working_days
from server.standards.numbering import STANDARD
from server.store import tables
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallAnswer, CallDial
from signaling.wire.desk import DeskOpen
from signaling.wire.envelope import Command
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    NEW_CASE,
    OTHER_APPROVER,
    OTHER_CLERK,
    PHONE,
    SUPERVISOR,
    VALUES,
    Office,
)
from tests.kit.stores import SQLITE_ALONE


async def refused(office: Office, login: str, command: type[Command], **members: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await office.do(login, command, **members)
    return caught.value


async def edit(
    office: Office, case_id: str, field: str, value: str, base: int = 0, login: str = CLERK
) -> int:
    done = await office.do(
        login, CaseEdit, case_id=case_id, field=field, value=value, base_version=base
    )
    version: int = done["version"]
    return version


async def fill(office: Office, case_id: str) -> None:
    for field, value in VALUES.items():
        await edit(office, case_id, field, value)


# ---------------------------------------------------------------- registering


async def test_registers_a_case_with_its_list_and_form(office: Office) -> None:
    case_id = await office.case(identity_number=f" {IDENTITY_NUMBER} ", phone="138 0531 6217")
    view = await office.view(case_id)
    assert (view["state"], view["number"], view["call_id"]) == ("registered", None, None)
    assert view["applicant"]["phone"] == PHONE
    assert [line["key"] for line in view["item"]["lines"]] == [
        "application",
        "appointment",
        "identity",
        "licence",
    ]
    assert view["window_name"] == "3号窗口"
    assert (view["window_place"], view["item"]["place"]) == ("济南市中", "青岛西海岸")
    assert view["clerk"]["name"] == "李秀兰"


@SQLITE_ALONE
@pytest.mark.parametrize(
    "changes, code",
    [
        ({"identity_number": "370103198506072841"}, Code.BAD_IDENTITY_NUMBER),
        ({"identity_number": "370103199002300015"}, Code.BAD_DATE),
        ({"phone": "12345"}, Code.BAD_PHONE),
        ({"credit_code": "91350100M000100Y4Z"}, Code.BAD_CREDIT_CODE),
        ({"item_id": "item-unknown"}, Code.ITEM_UNAVAILABLE),
        ({"item_id": "item-branch-closing-1", "mode": "joint"}, Code.ITEM_UNAVAILABLE),
    ],
)
async def test_registering_is_refused_and_leaves_nothing(
    office: Office, changes: dict[str, Any], code: Code
) -> None:
    refusal = await refused(office, CLERK, CaseCreate, **{**NEW_CASE, **changes})
    assert refusal.code is code
    assert not set(changes.values()) & set(map(str, refusal.details.values())) - {
        "item-unknown"
    } - {
        "item-branch-closing-1",
        "joint",
    }
    async with office.store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count(tables.cases.c.id))) == 0


@SQLITE_ALONE
@pytest.mark.parametrize("login", [APPROVER, SUPERVISOR, ADMIN])
async def test_only_a_clerk_with_a_window_registers(office: Office, login: str) -> None:
    assert (await refused(office, login, CaseCreate, **NEW_CASE)).code is Code.FORBIDDEN


async def test_a_repeated_command_gives_the_same_case(office: Office) -> None:
    command = CaseCreate(id="command-twice", **NEW_CASE)
    first = await office.send(CLERK, command)
    assert await office.send(CLERK, command) == first
    assert len(await listing.listing(office.store, office.actors[CLERK])) == 1


# ---------------------------------------------------------------- who may


async def test_who_may_not_know_of_a_case_is_told_that_there_is_none(office: Office) -> None:
    case_id = await office.case()
    for login in (CLERK, OTHER_CLERK, APPROVER, OTHER_APPROVER, SUPERVISOR):
        assert (await office.do(login, CaseOpen, case_id=case_id))["version"] == 1
    made: list[tuple[type[Command], dict[str, Any]]] = [
        (CaseOpen, {}),
        (CaseEdit, {"field": "remark", "value": "", "base_version": 0}),
        (CaseDraft, {"field": "remark", "value": "", "base_version": 0}),
        (CaseHold, {"field": "remark"}),
        (CaseConsent, {"given": True, "text_version": "2026-11", "language": "en"}),
        (CasePropose, {"field": "remark", "value": "x"}),
        (CaseCloseProposal, {"proposal_id": "proposal-1", "adopt": True}),
        (CaseReview, {"material_id": "material-1", "review": "accepted"}),
        (CaseDecide, {"decision": "refused", "reason": "x"}),
    ]
    for command, members in made:
        outsider = await refused(office, ADMIN, command, case_id=case_id, **members)
        nothing = await refused(office, CLERK, command, case_id="case-that-is-not", **members)
        assert outsider.code is nothing.code is Code.NOT_FOUND


@SQLITE_ALONE
async def test_each_side_keeps_to_its_acts(office: Office) -> None:
    case_id = await office.case()
    window: list[tuple[type[Command], dict[str, Any]]] = [
        (CaseEdit, {"field": "remark", "value": "", "base_version": 0}),
        (CaseDraft, {"field": "remark", "value": "", "base_version": 0}),
        (CaseHold, {"field": "remark"}),
        (CaseConsent, {"given": True, "text_version": "2026-11", "language": "en"}),
    ]
    approver: list[tuple[type[Command], dict[str, Any]]] = [
        (CasePropose, {"field": "remark", "value": "x"}),
        (CaseReview, {"material_id": "material-1", "review": "accepted"}),
        (CaseDecide, {"decision": "refused", "reason": "x"}),
    ]
    for logins, commands in (((APPROVER, SUPERVISOR), window), ((CLERK, SUPERVISOR), approver)):
        for login in logins:
            for command, members in commands:
                refusal = await refused(office, login, command, case_id=case_id, **members)
                assert refusal.code is Code.NOT_YOURS, (login, command)
    assert (await office.view(case_id))["fields"] == {}


@SQLITE_ALONE
async def test_an_unknown_consent_text_is_refused(office: Office) -> None:
    case_id = await office.case()
    answer = {"case_id": case_id, "given": True, "language": "zh-CN"}
    refusal = await refused(office, CLERK, CaseConsent, text_version="1999-01", **answer)
    assert refusal.code is Code.MALFORMED
    assert (await office.view(case_id))["consent"] is None


@SQLITE_ALONE
async def test_dialling_asks_for_consent_and_heeds_the_policy_of_the_item(office: Office) -> None:
    await office.duty(APPROVER)
    case_id = await office.case()
    assert (await refused(office, CLERK, CallDial, case_id=case_id)).code is Code.CONSENT_MISSING
    strict = await office.case(item_id="item-branch-closing-1")
    no = {"given": False, "text_version": "2026-11", "language": "zh-CN"}
    for id in (case_id, strict):
        await office.do(CLERK, CaseConsent, case_id=id, **no)
    refusal = await refused(office, CLERK, CallDial, case_id=strict)
    assert (refusal.code, refusal.details) == (Code.CONSENT_MISSING, {"policy": "no_call"})
    assert (await refused(office, APPROVER, CallDial, case_id=case_id)).code is Code.NOT_YOURS
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    view = await office.view(case_id, APPROVER)
    assert (view["state"], view["call_id"]) == ("registered", call_id)


# ---------------------------------------------------------------- the form


async def test_of_two_who_edit_the_same_version_one_is_stale(office: Office) -> None:
    case_id = await office.case()
    version = await edit(office, case_id, "old_principal", "刘启明")
    tries = [
        edit(office, case_id, "old_principal", f"刘{number}", version, login)
        for number, login in enumerate((CLERK, OTHER_CLERK) * 4)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    won = [result for result in results if isinstance(result, int)]
    lost = [result for result in results if isinstance(result, Refusal)]
    assert len(won) == 1
    assert len(lost) == 7
    assert {refusal.code for refusal in lost} == {Code.STALE}
    assert won == [(await office.view(case_id))["fields"]["old_principal"]["version"]]
    async with office.store.read() as connection:
        history = await connection.scalars(
            sa.select(tables.field_history.c.version).where(
                tables.field_history.c.case_id == case_id
            )
        )
        assert sorted(history) == [version, *won]


async def test_the_ledger_says_on_whose_behalf_and_keeps_the_value_apart(office: Office) -> None:
    case_id = await office.case()
    await edit(office, case_id, "new_identity_number", IDENTITY_NUMBER)
    async with office.store.read() as connection:
        entries = (await connection.execute(sa.select(tables.ledger_entries))).mappings().all()
        payloads = (await connection.scalars(sa.select(tables.ledger_payloads.c.payload))).all()
    [entry] = [one for one in entries if one["act"] == "case.edit"]
    assert entry["object"] == "field:new_identity_number"
    assert (entry["actor"], entry["on_behalf_of"]) == ("person-lixiulan", "applicant")
    for one in entries:
        assert not [value for value in one.values() if IDENTITY_NUMBER in str(value)]
    assert [payload for payload in payloads if IDENTITY_NUMBER in payload]


async def test_drafts_come_back_to_their_owner_until_he_saves(office: Office) -> None:
    case_id = await office.case()
    for value in ("刘", "刘启", "刘启"):
        draft = {"case_id": case_id, "field": "old_principal", "value": value, "base_version": 0}
        await office.do(CLERK, CaseDraft, **draft)
    invalid = {"field": "contact_phone", "value": "123", "base_version": 0}
    await office.do(CLERK, CaseDraft, case_id=case_id, **invalid)
    opened = await office.do(CLERK, CaseOpen, case_id=case_id)
    assert {name: draft["value"] for name, draft in opened["drafts"].items()} == {
        "old_principal": "刘启",
        "contact_phone": "123",
    }
    for login in (OTHER_CLERK, APPROVER, SUPERVISOR):
        assert (await office.do(login, CaseOpen, case_id=case_id))["drafts"] == {}
    await edit(office, case_id, "old_principal", "刘启明")
    opened = await office.do(CLERK, CaseOpen, case_id=case_id)
    assert set(opened["drafts"]) == {"contact_phone"}
    assert opened["version"] == 2  # drafts are no events


async def test_the_second_typist_is_locked_out_for_the_lease(office: Office) -> None:
    case_id = await office.case()
    leased = await office.do(CLERK, CaseHold, case_id=case_id, field="remark")
    assert leased["field"] == "remark"
    again = await refused(office, OTHER_CLERK, CaseHold, case_id=case_id, field="remark")
    change = {"case_id": case_id, "field": "remark", "value": "x", "base_version": 0}
    blocked = await refused(office, OTHER_CLERK, CaseEdit, **change)
    assert again.code is blocked.code is Code.FIELD_HELD
    assert blocked.details["holder"] == "person-lixiulan"
    office.clock.move(LEASE.total_seconds() + 1)
    await office.do(OTHER_CLERK, CaseEdit, **change)
    await office.do(OTHER_CLERK, CaseHold, case_id=case_id, field="remark")
    await office.do(OTHER_CLERK, CaseHold, case_id=case_id, field=None)
    await office.do(CLERK, CaseHold, case_id=case_id, field="remark")


async def test_of_many_who_take_a_field_at_once_one_gets_it(office: Office) -> None:
    case_id = await office.case()
    tries = [
        office.do(login, CaseHold, case_id=case_id, field="remark")
        for login in (CLERK, OTHER_CLERK) * 3
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    holders = {
        login
        for login, result in zip((CLERK, OTHER_CLERK) * 3, results, strict=True)
        if not isinstance(result, BaseException)
    }
    assert len(holders) == 1


# ---------------------------------------------------------------- the decision


async def test_acceptance_names_what_is_open_then_counts_the_days(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    yes = {"case_id": case_id, "decision": "accepted", "reason": "材料齐全"}
    refusal = await refused(office, APPROVER, CaseDecide, **yes)
    assert refusal.code is Code.INCOMPLETE
    assert refusal.details["lines"] == "application,appointment,identity,licence"
    await fill(office, case_id)
    uploads = await office.uploads(tmp_path)
    for line in ("application", "appointment", "identity", "licence"):
        material_id = await office.bring(uploads, case_id, line)
        judged = {"case_id": case_id, "material_id": material_id, "review": "accepted"}
        await office.do(APPROVER, CaseReview, **judged)
    opened = await office.do(APPROVER, CaseOpen, case_id=case_id)
    foreseen = opened["due"]
    await office.do(APPROVER, CaseReview, **judged)
    # the same word about the same file was said already
    assert (await office.do(APPROVER, CaseOpen, case_id=case_id))["version"] == opened["version"]
    number = (await office.do(APPROVER, CaseDecide, **yes))["number"]
    assert number == demo.ITEMS[0].code + "202611230001"
    view = await office.view(case_id)
    decision = view["decision"]
    assert (view["number"], view["state"]) == (number, "accepted")
    assert (decision["due_on"], decision["provisional"]) == ("2026-11-26", False)
    assert [day["on"] for day in decision["due_days"]] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert foreseen["due_days"] == decision["due_days"]
    for command, members in (
        (CaseEdit, {"field": "remark", "value": "x", "base_version": 0}),
        (CaseDraft, {"field": "remark", "value": "x", "base_version": 0}),
    ):
        closed = await refused(office, CLERK, command, case_id=case_id, **members)
        assert closed.code is Code.CASE_CLOSED
    again = {"case_id": case_id, "decision": "refused", "reason": "改主意"}
    assert (await refused(office, APPROVER, CaseDecide, **again)).code is Code.CASE_CLOSED


async def test_the_number_stays_with_the_second_decision(office: Office) -> None:
    case_id = await office.case()
    wait = {"case_id": case_id, "decision": "to_correct", "reason": "请补正"}
    number = (await office.do(APPROVER, CaseDecide, **wait))["number"]
    office.clock.move(timedelta(days=2).total_seconds())
    no = {"case_id": case_id, "decision": "refused", "reason": "未补正"}
    assert (await office.do(OTHER_APPROVER, CaseDecide, **no))["number"] == number
    view = await office.view(case_id)
    assert (view["state"], view["decision"]["by"]["name"]) == ("refused", "高新民")


async def test_numbers_are_unique_and_without_gap_however_many_decide_at_once(
    office: Office,
) -> None:
    ids = [await office.case() for _ in range(12)]
    no = {"decision": "refused", "reason": "不属本单位职权范围"}
    decide = office.handlers[CaseDecide]
    lines = [office.line(login) for login in (APPROVER, OTHER_APPROVER)]
    acks = await asyncio.gather(
        *(
            decide(
                lines[index % 2],
                CaseDecide(id=f"decide-{index:04d}", case_id=case_id, seen_version=1, **no),
            )
            for index, case_id in enumerate(ids)
        )
    )
    numbers = sorted(ack.result["number"] for ack in acks)
    prefix = demo.ITEMS[0].code + "20261123"
    assert numbers == [f"{prefix}{serial:04d}" for serial in range(1, 13)]


async def test_the_last_eight_digits_name_one_case_of_the_unit_whatever_its_item(
    office: Office,
) -> None:
    no = {"decision": "refused", "reason": "x"}
    ids = [
        await office.case(item_id=item) for item in (demo.PRINCIPAL, demo.CLOSING, demo.PRINCIPAL)
    ]
    numbers = [(await office.do(APPROVER, CaseDecide, case_id=one, **no))["number"] for one in ids]
    assert [one[-8:] for one in numbers] == ["11230001", "11230002", "11230003"]
    async with office.store.read() as connection:
        for asked in ("1123 0002", numbers[1][-8:]):
            found = await case_rows.list_cases(
                connection, window_unit_ids=(), unit_ids=(demo.XIHAIAN,), text=asked
            )
            assert [one.id for one in found] == [ids[1]], asked


async def test_a_number_given_before_serials_counted_by_unit_is_not_given_again(
    office: Office,
) -> None:
    no = {"decision": "refused", "reason": "x"}
    async with office.store.change(SYSTEM) as change:
        prefix = STANDARD.prefix(demo.ITEMS[0].code, date(2026, 11, 23))
        assert [await case_rows.next_serial(change.connection, prefix) for _ in range(2)] == [1, 2]
    ids = [await office.case(item_id=item) for item in (demo.PRINCIPAL, demo.CLOSING)]
    numbers = [(await office.do(APPROVER, CaseDecide, case_id=one, **no))["number"] for one in ids]
    assert [one[-8:] for one in numbers] == ["11230003", "11230004"]


async def test_a_day_of_numbers_begins_at_midnight_in_china(office: Office) -> None:
    office.clock.move(timedelta(hours=14, minutes=59).total_seconds())  # 15:59 UTC
    no = {"decision": "refused", "reason": "x"}
    first, second = await office.case(), await office.case()
    before = await office.do(APPROVER, CaseDecide, case_id=first, **no)
    office.clock.move(60)
    after = await office.do(APPROVER, CaseDecide, case_id=second, **no)
    assert (before["number"][-12:], after["number"][-12:]) == ("202611230001", "202611240001")


# ---------------------------------------------------------------- lists, catalogue, demo data


async def test_lists_show_each_person_his_cases_masked(office: Office) -> None:
    first, second = await office.case(), await office.case(applicant_name="王强")
    for login, seen in (
        (CLERK, [second, first]),
        (OTHER_CLERK, [second, first]),
        (APPROVER, [second, first]),
        (SUPERVISOR, [second, first]),
        (ADMIN, []),
    ):
        rows = await listing.listing(office.store, office.actors[login])
        assert [row.id for row in rows] == seen, login
    clerk = office.actors[CLERK]
    [row] = await listing.listing(office.store, clerk, text="孙")
    assert (row.id, row.applicant_masked, row.materials_required) == (first, "孙**", 4)
    assert await listing.listing(office.store, clerk, text="100%") == []
    assert await listing.listing(office.store, office.actors[OTHER_CLERK], mine=True) == []
    assert len(await listing.listing(office.store, clerk, mine=True)) == 2
    [newest] = await listing.listing(office.store, clerk, limit=1)
    [older] = await listing.listing(
        office.store, clerk, limit=1, before=(newest.created_at, newest.id)
    )
    assert (newest.id, older.id) == (second, first)
    no = {"decision": "refused", "reason": "x"}
    await office.do(APPROVER, CaseDecide, case_id=first, **no)
    [decided] = await listing.listing(office.store, clerk, state="refused")
    assert decided.decided_at == office.clock.now()


async def test_an_approver_finds_the_cases_that_he_met(office: Office) -> None:
    case_id = await office.case()
    await office.case()
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    await office.duty(APPROVER)
    await office.do(CLERK, CallDial, case_id=case_id)
    assert await listing.listing(office.store, office.actors[APPROVER], mine=True) == []
    desk = await office.do(APPROVER, DeskOpen)
    [call] = desk["calls"]
    ring = {"call_id": call["call"]["id"], "ring_id": call["call"]["rings"][0]["id"]}
    await office.do(APPROVER, CallAnswer, **ring)
    met = await listing.listing(office.store, office.actors[APPROVER], mine=True)
    assert [row.id for row in met] == [case_id]


async def test_items_are_found_by_name_and_place(office: Office) -> None:
    assert [row.name for row in await catalogue.items(office.store, "负责人")] == [
        "分公司负责人变更登记"
    ]
    assert len(await catalogue.items(office.store, "青岛西海岸")) == len(demo.ITEMS)
    assert await catalogue.items(office.store, "没有") == []
    [found] = await catalogue.items(office.store, "FGSFZR")
    for other in ("负", "负责人变更登记", found.code[:12]):
        assert found.id in {row.id for row in await catalogue.items(office.store, other)}, other
    for wrong in ("人负责", "负责登记", f"x{found.code}", "f%r", "_"):
        assert await catalogue.items(office.store, wrong) == [], wrong
    item = await catalogue.item(office.store, demo.PRINCIPAL)
    assert (item.promised_days, len(item.lines), len(item.form)) == (3, 4, 10)
    with pytest.raises(Refusal) as missing:
        await catalogue.item(office.store, "item-unknown")
    assert missing.value.code is Code.NOT_FOUND


async def test_the_demo_data_load_once(office: Office) -> None:
    lines = await demo.load(office.store)
    assert [line.split()[0] for line in lines] == [person.login for person in demo.PEOPLE]
    async with office.store.read() as connection:
        for table, number in (
            (tables.people, len(demo.PEOPLE)),
            (tables.units, 4),
            (tables.items, len(demo.ITEMS)),
            (tables.phrases, len(demo.PHRASES)),
        ):
            count = sa.select(sa.func.count()).select_from(table)
            assert await connection.scalar(count) == number


async def test_the_calendar_is_seeded_and_edited_days_stay(office: Office) -> None:
    day, known = date(2026, 11, 24), dict(working_days.statutory_days(2024))
    async with office.store.read() as connection:
        span = (min(known), max(known) + timedelta(days=5))
        assert await catalogue_rows.known_days(connection, "CN", *span) == known
    async with office.store.change(SYSTEM) as change:
        await change.connection.execute(
            tables.work_calendar.update()
            .where(tables.work_calendar.c.on == day)
            .values(works=False)
        )
        await change.connection.execute(
            tables.work_calendar.delete().where(
                tables.work_calendar.c.on == day + timedelta(days=1)
            )
        )
    await catalogue.seed_calendar(office.store)
    async with office.store.read() as connection:
        again = await catalogue_rows.known_days(connection, "CN", day, day + timedelta(days=1))
    assert again == {day: False, day + timedelta(days=1): True}
