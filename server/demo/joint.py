"""What a joint case (多地联办) needs in the demo: units of three more provinces, their approvers, and an item with a plan.

The item is of a public 一件事, 养老保险关系转移接续: the unit where the applicant lives now leads, those where he paid hand
over what they keep, one after the other, and one more is asked about months that were paid twice. People are invented.
"""

import asyncio
from typing import Final

from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import Field, Item, Line
from server.catalogue.rules.plan import PlanStep, order
from server.demo.data import PASSWORD, SUBJECT, XIHAIAN, Person
from server.people.acts.passwords import Passwords
from server.people.rows import people as staff
from server.people.rows import staffing
from server.rights.person import Role
from server.store import SYSTEM, Store

SUZHOU: Final = "unit-suzhou-park"
CHENGDU: Final = "unit-chengdu-qingbaijiang"
SHENZHEN: Final = "unit-shenzhen-nanshan"
TRANSFER: Final = "item-pension-transfer-1"
UNITS: Final = (
    (SUZHOU, "苏州工业园区行政审批局", "苏州园区", "320571", "11320594MB1A2B3C45", "4", "苏州市人民政府", "苏州工业园区人民法院"),
    (CHENGDU, "成都市青白江区行政审批局", "成都青白江", "510113", "11510113MB1A2B3C4F", "4", "成都市青白江区人民政府", "成都市青白江区人民法院"),
    (SHENZHEN, "深圳市南山区政务服务数据管理局", "深圳南山", "440305", "11440305MB1A2B3C4W", "4", "深圳市南山区人民政府", "深圳市南山区人民法院"),
)  # fmt: skip
PEOPLE: Final = (
    Person("shenjia", "沈佳", "SZY-0118", SUZHOU, (Role.APPROVER, Role.HEAD)),
    Person("gujun", "顾骏", "SZY-0126", SUZHOU, (Role.APPROVER,)),
    Person("xujing", "徐静", "QBJ-0203", CHENGDU, (Role.APPROVER,)),
    Person("heliqun", "何立群", "NS-0311", SHENZHEN, (Role.APPROVER,)),
)
ITEM: Final = Item(
    id=TRANSFER,
    code="11370211MB287554194002014006001",
    name="养老保险关系转移接续",
    version=1,
    unit_id=XIHAIAN,
    promised_days=7,
    legal_days=15,
    modes=("joint",),
    lines=(
        Line("application", "转移接续申请表", "required", "both", 1, 0),
        Line("identity", "参保人身份证件", "required", "both", 1, 1, "正反两面", slots=("正面", "反面")),
        Line("letter", "转移接续联系函", "required", "electronic", 0, 0),
        Line("record", "转移接续信息表", "required", "both", 0, 1),
        Line("twice", "重复缴费明细", "optional", "both", 0, 1),
    ),
    form_title="养老保险关系转移接续申请表",
    form=(
        Field("insured", "参保人", "Insured person", "text", True, example="赵先生", max_length=60, group="参保信息"),
        Field(
            "insured_number", "参保人身份证号", "Identity number", "identity_number", True,
            sensitive=True, max_length=18, group="参保信息",
        ),
        Field("first_span", "苏州参保时段", "Paid in Suzhou", "text", True, example="2012-07 至 2016-08", group="缴费时段"),
        Field("second_span", "成都参保时段", "Paid in Chengdu", "text", True, example="2016-09 至 2020-12", group="缴费时段"),
        Field("twice_span", "重复缴费时段", "Paid twice", "text", False, example="2020-09 至 2020-12", group="缴费时段"),
        Field("account", "个人账户储存额", "Balance of the account", "money", False, group="缴费时段"),
    ),
    recording_refusal="not_recorded",
    plan=(
        PlanStep(
            "suzhou", "移交苏州缴费档案", "transfer", {"": SUZHOU}, 5,
            wanted="请移交 2012 年 7 月至 2016 年 8 月的缴费档案。",
            lines=("letter", "record"), fields=("insured", "first_span"),
            basis="《城镇企业职工基本养老保险关系转移接续暂行办法》第八条",
        ),
        PlanStep(
            "chengdu", "移交成都缴费记录", "transfer", {"": CHENGDU}, 5,
            wanted="请移交 2016 年 9 月至 2020 年 12 月的缴费记录和个人账户，2020 年 9 月以后请单列。",
            after=("suzhou",), lines=("letter", "record"), fields=("insured", "second_span", "twice_span"),
            basis="《城镇企业职工基本养老保险关系转移接续暂行办法》第八条",
        ),
        PlanStep(
            "shenzhen", "核对重复参保", "opinion", {"": SHENZHEN}, 5,
            wanted="请核对 2020 年 9 月至 12 月是否在两地重复缴费，出具意见。",
            lines=("twice",), fields=("insured", "twice_span"),
            basis="《社会保险经办条例》第十二条",
        ),
    ),
)  # fmt: skip


async def load(store: Store, password_hash: str | None = None) -> None:
    """Load what is not there yet, beside ``server.demo.data``: in one transaction with one entry in the ledger."""
    async with store.read() as reading:
        there = await staff.person_refs(reading, [one.id for one in PEOPLE])
    if there:
        return
    hashed = password_hash
    if hashed is None:
        hashed = await asyncio.to_thread(Passwords().hash, PASSWORD)
    order(ITEM.plan)
    async with store.change(SYSTEM) as change:
        await change.lock(SUBJECT)
        connection = change.connection
        for unit_id, name, place, region_code, credit_code, level, review_body, court in UNITS:
            await staffing.add_unit(
                connection, unit_id=unit_id, name=name, place=place, region_code=region_code,
                credit_code=credit_code, level=level, review_body=review_body, court=court,
            )  # fmt: skip
        for person in PEOPLE:
            await staff.add_person(
                connection, person_id=person.id, login=person.login, password_hash=hashed,
                name=person.name, staff_number=person.staff_number, unit_id=person.unit_id,
                window_id=person.window_id, roles=person.roles,
            )  # fmt: skip
        await catalogue_rows.add_item(connection, ITEM)
        await change.record(
            SUBJECT,
            "demo.load",
            SUBJECT,
            None,
            payload={
                "units": [unit_id for unit_id, *_ in UNITS],
                "people": [one.id for one in PEOPLE],
                "items": [ITEM.id],
            },
        )
