"""双公示: what a unit granted, in the fields of the credit platform, by whom, by when, and what is not published."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from server.case.acts.elsewhere import publicity
from server.case.rows import beside
from server.case.rules.applying import Applicant, Principal
from server.case.rules.course import publishing
from server.case.rules.course.course import Course as Kept
from server.case.rules.course.course import Reported, Result, Ruling, Sequel
from server.case.rules.course.publishing import FIELDS, Granting
from server.case.wire.course.publicity import PublicityChoice, PublicityDays
from server.demo import data as demo
from server.rights.person import Actor
from server.standards.working_days import Counted
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, THIRD, Office
from tests.kit.statements import plans, rows_read, statements
from tests.server.case.test_course import LICENCE, PERMIT, Course
from tests.server.case.test_numbers import many, plan

AT: Final = datetime(2026, 11, 23, 17, tzinfo=UTC)
"""The 24th in China."""
DAY: Final = PublicityDays(first=date(2026, 11, 23), last=date(2026, 11, 23))
[ITEM] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
COMPANY: Final = Applicant("孙雅宁", "11010519491231002X", "13805316217", "91370103MA3D7KQ42E")


def granting(applicant: Applicant = COMPANY, until: date | None = None, *became: str) -> Granting:
    ruling = Ruling("granted", "", (), "meng", AT, Counted(date(2026, 12, 7), (), (), False))
    licence = Result(
        "a", "licence", "食品经营许可证", "JY1", 1, 0, date(2026, 11, 24), until, "m", AT
    )
    sequels = tuple(
        Sequel(f"case-{one}", one, "m", AT, "granted", AT.date())  # type: ignore[arg-type]
        for one in became
    )
    course = Kept(ruling=ruling, results=(licence,), sequels=sequels)
    return Granting("case-1", "N1", ITEM, applicant, course, date(2026, 11, 24), ("决定书", "ZY-1"))


def row(one: Granting) -> dict[str, str]:
    [told] = publishing.rows(one, "审批局", "11370211MB28755419")
    return dict(zip(FIELDS, told, strict=True))


def test_a_company_stands_in_the_fields_of_the_platform_and_no_number_of_its_head() -> None:
    told = row(granting())
    assert told["行政相对人代码_1(统一社会信用代码)"] == "91370103MA3D7KQ42E"
    assert told["行政相对人类别"] == "法人及非法人组织"
    assert (told["有效期自"], told["有效期至"]) == ("2026/11/24", "2099/12/31")
    assert (told["许可机关"], told["数据来源单位统一社会信用代码"]) == (
        "审批局",
        "11370211MB28755419",
    )
    assert (told["行政许可决定文书号"], told["许可编号"]) == ("ZY-1", "JY1")
    who = Principal("handler", "禾川检测", "91370103MA3D7KQ42E", None, "刘启明")
    handled = row(granting(replace(COMPANY, credit_code=None, principal=who)))
    assert (handled["行政相对人名称"], handled["法定代表人"]) == ("禾川检测", "刘启明")
    assert handled["法定代表人证件号码"] == handled["证件号码"] == ""
    assert "11010519491231002X" not in "".join(handled.values())


def test_of_a_person_the_number_is_masked_and_of_whom_an_agent_came_his_own() -> None:
    person = replace(COMPANY, credit_code=None)
    told = row(granting(person))
    assert (told["行政相对人类别"], told["证件类型"]) == ("自然人", "身份证")
    assert "*" in told["证件号码"]
    assert told["证件号码"][:6] == "110105"
    who = Principal("agent", "王建国", "370103198506072845", "identity_card")
    agent = row(granting(replace(person, principal=who)))
    assert (agent["行政相对人名称"], agent["证件号码"][:6]) == ("王建国", "370103")


def test_what_became_of_it_is_its_standing_and_what_another_system_granted_has_its_day() -> None:
    standing = {"": "有效", "altered": "有效", "revoked": "撤销", "deregistered": "注销"}
    for became, word in standing.items():
        assert row(granting(COMPANY, None, *filter(None, [became])))["当前状态"] == word
    assert publishing.standing(granting(COMPANY, None, "revoked", "deregistered").course) == "注销"
    course = granting().course
    assert course.granted_on == date(2026, 11, 24), "the day in China"
    there = Reported("granted", "37-1", date(2026, 11, 20), "m", "meng", AT)
    assert replace(course, reports=(there,)).granted_on == date(2026, 11, 20)
    assert course.ruling is not None
    assert replace(course, ruling=replace(course.ruling, kind="denied")).granted_on is None
    none_yet = replace(granting(), course=replace(course, results=()))
    assert row(none_yet)["许可编号"] == ""


@pytest.fixture
async def course(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    """A case in which two results were issued on the 23rd."""
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    await course.accepted()
    await course.issued(LICENCE, PERMIT)
    yield course
    await office.switchboard.close()


def watcher(office: Office) -> Actor:
    """A supervisor of the unit that decides."""
    approver = office.actors[APPROVER]
    return replace(office.actors[SUPERVISOR], unit_id=approver.unit_id)


async def test_an_export_is_kept_with_its_cases_and_each_is_told_as_exported_from_the_first(
    course: Course,
) -> None:
    office, store, who = course.office, course.office.store, watcher(course.office)
    [waits] = (await publicity.listed(store, who, DAY)).granted
    assert (waits.case_id, waits.exported_at) == (course.case_id, None)
    assert (waits.due_on, waits.left) == (date(2026, 12, 2), 7), "seven working days"
    told = await publicity.export(store, who, DAY)
    head, *rows = csv.reader(io.StringIO(told.content))
    assert tuple(head) == FIELDS
    assert [one[FIELDS.index("许可编号")] for one in rows] == [LICENCE["number"], PERMIT["number"]]
    assert (told.cases, told.withheld) == (1, 0)
    [first] = (await publicity.listed(store, who, DAY)).granted
    assert first.exported_at is not None
    office.clock.move(60)
    await publicity.export(store, who, DAY)
    [again] = (await publicity.listed(store, who, DAY)).granted
    assert again.exported_at == first.exported_at
    async with store.read() as connection:
        entries = await connection.exec_driver_sql(
            "SELECT count(*) FROM ledger_entries WHERE act = 'publicity.export'"
        )
        assert entries.scalar_one() == 2
    report = await store.verifier.verify()
    assert report.ok, report.findings


async def test_what_is_withheld_is_left_out_with_its_reason_until_it_is_published(
    course: Course,
) -> None:
    store, who = course.office.store, watcher(course.office)
    secret = PublicityChoice(withheld="trade_secret", note="配方")
    with pytest.raises(Refusal, match="reason_missing"):
        await publicity.choose(store, who, course.case_id, PublicityChoice(withheld="privacy"))
    with pytest.raises(Refusal, match="not_found"):
        await publicity.choose(store, who, "case-of-nobody", secret)
    await publicity.choose(store, who, course.case_id, secret)
    [kept] = (await publicity.listed(store, who, DAY)).granted
    assert (kept.withheld, kept.note) == ("trade_secret", "配方")
    told = await publicity.export(store, who, DAY)
    assert (told.cases, told.withheld) == (0, 1)
    assert len(list(csv.reader(io.StringIO(told.content)))) == 1, "its head alone"
    await publicity.choose(store, who, course.case_id, PublicityChoice())
    assert (await publicity.export(store, who, DAY)).cases == 1
    report = await store.verifier.verify()
    assert report.ok, report.findings


async def test_it_is_for_who_administers_or_watches_over_the_unit_that_granted(
    course: Course,
) -> None:
    office, store = course.office, course.office.store
    for login in (CLERK, APPROVER, THIRD):
        with pytest.raises(Refusal, match="forbidden"):
            await publicity.listed(store, office.actors[login], DAY)
    other = replace(watcher(office), unit_id=demo.LIAOCHENG)
    assert (await publicity.listed(store, other, DAY)).granted == []
    with pytest.raises(Refusal, match="not_found"):
        await publicity.choose(store, other, course.case_id, PublicityChoice())
    for wrong in ((date(2026, 11, 24), date(2026, 11, 23)), (date(2026, 1, 1), date(2026, 11, 23))):
        days = PublicityDays(first=wrong[0], last=wrong[1])
        with pytest.raises(Refusal) as refused:
            await publicity.listed(store, watcher(office), days)
        assert refused.value.code is Code.BAD_DATE


async def test_a_day_is_read_through_its_index_and_no_case_of_another(course: Course) -> None:
    await many(course.office, course.case_id, 3000)
    async with course.office.store.read() as connection:
        with statements() as noted:
            empty = PublicityDays(first=date(2026, 11, 1), last=date(2026, 11, 22))
            found = await beside.list_granted(
                connection, demo.XIHAIAN, empty.first, empty.last, 1000
            )
    assert found == []
    told = await plans(course.office.store, noted)
    for one in told:
        assert rows_read(one["plan"]) < 100, one
    if not told:
        how = await plan(course.office.store, noted)
        assert "cases_granted_by_unit" in how, how
        assert "SCAN cases" not in how, how
