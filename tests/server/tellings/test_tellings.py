"""Telling applicants on a real store with a real gateway over HTTP: what is sent, what becomes of it, and who is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from aiohttp import web
from structlog.testing import capture_logs

from server.case.acts.course import telling
from server.case.wire.course import advancing as wire
from server.case.wire.decision import CaseDecide
from server.case.wire.materials import CaseReview
from server.store import tables
from server.tasks.acts import reading
from server.tasks.rules import TaskTab
from server.tasks.wire import TaskCancel, TaskEnter, TaskView
from server.tellings import rules
from server.tellings.acts import sending
from server.tellings.acts.receipts import Receipts
from server.tellings.sms import SIGNATURE, SmsSender
from server.tellings.wire import Receipt, TellingView
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, PHONE, SUPERVISOR, THIRD, Office
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_course import LICENCE, Course

SECRET: Final = b"the secret of the gateway"
MINUTE_S: Final = 60


class Gateway:
    """A gateway for short messages that answers as it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.slow = asyncio.Event()
        self.slow.set()
        self.told: list[tuple[dict[str, Any], bytes, str]] = []
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.told.append((json.loads(body), body, request.headers[SIGNATURE]))
        await self.slow.wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/messages", gateway.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.address = f"http://127.0.0.1:{runner.addresses[0][1]}/messages"
    yield gateway
    gateway.slow.set()
    await runner.cleanup()


@pytest.fixture
async def course(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    yield course
    await office.switchboard.close()


@pytest.fixture
async def sender(office: Office, gateway: Gateway) -> AsyncIterator[SmsSender]:
    templates = {"ready": "SMS_4711"}
    sender = SmsSender(gateway.address, SECRET, office.clock, templates, answers_within_s=0.3)
    yield sender
    await sender.close()


async def tellings(course: Course, login: str = CLERK) -> list[TellingView]:
    store, actor = course.office.store, course.office.actors[login]
    return (await telling.listing(store, actor, course.case_id)).tellings


async def shown(course: Course) -> list[tuple[str, str]]:
    return [(one.step, one.state) for one in await tellings(course)]


async def to_tell(course: Course, login: str, tab: TaskTab = "untold") -> list[TaskView]:
    return (await reading.listing(course.office.store, course.office.actors[login], tab)).tasks


async def receipt(course: Course, id: str, arrival: str, said: str | None = None) -> None:
    """The gateway reports; ``said`` in place of the signature that it would make."""
    office = course.office
    told = Receipt.model_validate({"id": id, "arrival": arrival})
    body = told.model_dump_json().encode()
    signed = rules.sign(SECRET, "receipt", body, office.clock.now()) if said is None else said
    await Receipts(office.store, SECRET).take(told, body, signed, "192.0.2.1")


async def test_what_the_gateway_takes_is_sent_and_what_it_has_a_receipt_for_is_received(
    course: Course, gateway: Gateway, sender: SmsSender
) -> None:
    office = course.office
    await course.accepted()
    await course.issued(LICENCE)
    await course.begin(CLERK, "collected")
    steps = ["accepted", "granted", "ready"]
    assert await shown(course) == [(step, "waiting") for step in steps]
    with capture_logs() as logs:
        assert await sending.sweep(office.store, sender) == 3
        # nothing is due any more, on this node or on another
        assert await sending.sweep(office.store, sender) == 0
    assert await shown(course) == [(step, "sent") for step in steps]
    assert [body["template"] for body, _, _ in gateway.told] == ["accepted", "granted", "SMS_4711"]
    whole = await office.view(course.case_id)
    for body, raw, said in gateway.told:
        assert rules.believe(SECRET, "message", said, raw, office.clock.now())
        assert body["phone"] == PHONE
        assert body["params"] == {
            "number": whole["receipt_number"],
            "unit": body["params"]["unit"],
            "day": "2026-11-23",
        }
        text = json.dumps(body, ensure_ascii=False)
        for personal in ("孙", whole["item"]["name"], whole["applicant"]["identity_number"][:6]):
            assert personal not in text
    units = [body["params"]["unit"] for body, _, _ in gateway.told]
    assert units == [one.unit_name for one in await tellings(course)]
    assert units[0] == units[1] != units[2], "the window tells what lies at the window"
    assert PHONE not in repr(logs)

    # a receipt, and what is none
    accepted, granted, _ = [one.id for one in await tellings(course)]
    for id, said, code in (
        (accepted, "", Code.FORBIDDEN),
        (accepted, rules.sign(b"another secret of some", "receipt", b"{}", office.clock.now()),
         Code.FORBIDDEN),
        ("no-such-telling", None, Code.NOT_FOUND),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            await receipt(course, id, "delivered", said)
        assert refused.value.code is code
    with pytest.raises(Refusal) as refused:
        await Receipts(office.store, None).take(
            Receipt(id=accepted, arrival="delivered"), b"", "", ""
        )
    assert refused.value.code is Code.NOT_FOUND, "no gateway, no receipts"
    assert await shown(course) == [(step, "sent") for step in steps]
    for _ in range(2):  # the same one twice
        await receipt(course, accepted, "delivered")
    await receipt(course, accepted, "undelivered")  # an older one, late
    await receipt(course, granted, "undelivered")
    assert await shown(course) == [
        ("accepted", "received"), ("granted", "to_tell"), ("ready", "sent"),
    ]  # fmt: skip
    [task] = await to_tell(course, APPROVER)
    assert (task.kind, task.sources[0].cause, task.sources[0].text) == (
        "tell", "untold", "undelivered",
    )  # fmt: skip
    assert whole["receipt_number"] in task.wanted

    # it came after all, before anybody spoke
    await receipt(course, granted, "delivered")
    assert (await shown(course))[1] == ("granted", "received")
    assert await to_tell(course, APPROVER) == []
    [ended] = await to_tell(course, APPROVER, "ended")
    assert (ended.state, ended.results[-1].by) == ("closed", None)

    # no receipt for a day
    office.clock.move(rules.RECEIPT_WITHIN.total_seconds() - MINUTE_S)
    assert await sending.sweep(office.store, sender) == 0
    office.clock.move(2 * MINUTE_S)
    assert await sending.sweep(office.store, sender) == 1
    assert (await tellings(course))[2].why == "no_receipt"
    assert len(gateway.told) == 3, "what was taken is not sent again"
    entries = tables.ledger_entries.c
    query = sa.select(entries.act).where(entries.subject == f"telling:{granted}")
    async with office.store.read() as connection:
        assert list(await connection.scalars(query.order_by(entries.version))) == [
            "telling.open", "telling.send", "telling.hand", "telling.receive",
        ]  # fmt: skip


@SQLITE_ALONE
async def test_a_gateway_in_trouble_is_tried_again_and_then_people_tell(
    course: Course, gateway: Gateway, sender: SmsSender
) -> None:
    office = course.office
    await course.accepted()
    for status, after_s in ((503, 0), (429, 30), (None, 120), (500, 600), (502, 1800)):
        if after_s:
            office.clock.move(after_s - 1)
            assert await sending.sweep(office.store, sender) == 0, "not before its time"
            office.clock.move(1)
        if status is None:
            gateway.slow.clear()  # its answer comes too late
        else:
            gateway.status = status
        assert await sending.sweep(office.store, sender) == 1
        gateway.slow.set()
    assert len(gateway.told) == 5
    assert {body["id"] for body, _, _ in gateway.told} == {(await tellings(course))[0].id}
    [one] = await tellings(course)
    assert (one.state, one.why) == ("to_tell", "unreachable")
    # what it refuses, and where it wants to lead us, is for people at once
    await course.issued(LICENCE)
    gateway.status = 302
    assert await sending.sweep(office.store, sender) == 1
    assert [(one.state, one.why) for one in await tellings(course)][1] == ("to_tell", "rejected")
    # no mobile: the gateway hears nothing of it; what is cancelled was not told
    async with office.store.working() as connection:
        await connection.execute(sa.update(tables.cases).values(phone="0532-86988888"))
    await course.begin(APPROVER, "posted", courier="EMS", tracking="1234567890123")
    heard = len(gateway.told)
    assert await sending.sweep(office.store, sender) == 1
    assert len(gateway.told) == heard
    one = (await tellings(course, APPROVER))[2]
    assert (one.step, one.state, one.why) == ("posted", "to_tell", "no_mobile")
    about = {"task_id": one.task_id, "seen_version": one.task_version}
    await office.do(APPROVER, TaskCancel, **about, text="申请人已在窗口领取通知书")
    assert (await shown(course))[2] == ("posted", "untold")


async def test_without_a_gateway_people_tell_and_enter_what_came_of_it(course: Course) -> None:
    office = course.office
    returned = (await office.view(course.case_id))["materials"][0]["id"]
    await course.do(APPROVER, CaseReview, material_id=returned, review="returned", reason="缺页")
    await course.do(APPROVER, CaseDecide, decision="to_correct", reason="请补正")
    assert await sending.sweep(office.store, None) == 1
    [task] = await to_tell(course, APPROVER)
    counts = (await reading.listing(office.store, office.actors[APPROVER], "mine")).counts
    assert (counts.untold, counts.unclaimed, counts.mine) == (1, 0, 0)
    # the window sees that it is not told yet; the deciding unit is who tells
    assert await to_tell(course, CLERK) == []
    [seen], [own] = await tellings(course, CLERK), await tellings(course, APPROVER)
    assert (seen.state, seen.why, seen.task_id) == ("to_tell", "off", None)
    assert (own.task_id, own.task_version) == (task.id, task.version)
    assert [one.state for one in await tellings(course, SUPERVISOR)] == ["to_tell"]
    with pytest.raises(Refusal) as refused:
        await tellings(course, THIRD)  # of another unit
    assert refused.value.code is Code.NOT_FOUND
    about = {"task_id": task.id, "seen_version": task.version}
    with pytest.raises(Refusal) as refused:
        await office.do(CLERK, TaskEnter, **about, outcome="done", text="已告知")
    assert refused.value.code is Code.NOT_FOUND

    tried = {"outcome": "no_answer", "text": "无人接听"}
    tried |= {"next_step": "再打", "next_at": office.clock.now() + rules.TOLD_WITHIN}
    await office.do(APPROVER, TaskEnter, **about, **tried)
    [own] = await tellings(course, APPROVER)
    assert own.task_version is not None
    about = {"task_id": task.id, "seen_version": own.task_version}
    await office.do(APPROVER, TaskEnter, **about, outcome="done", text="本人接听，已告知")
    [told] = await tellings(course)
    assert told.state == "told"
    assert [(one.outcome, one.text) for one in told.results] == [
        ("no_answer", "无人接听"), ("done", "本人接听，已告知"),
    ]  # fmt: skip
    assert told.results[-1].by is not None
    assert told.results[-1].by.name == "周明远"


@SQLITE_ALONE
async def test_at_night_no_message_goes_out_and_once_archived_nobody_is_asked(
    course: Course, gateway: Gateway, sender: SmsSender
) -> None:
    office = course.office
    office.clock.move(12.5 * 3600)  # 21:30 in China
    await course.do(CLERK, wire.CaseFinish, kind="withdrawn", reason="不办了")
    assert await shown(course) == [], "whoever withdraws knows it"
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)
    second = Course(office, course.folder / "second")
    await second.filled(identity_number="11010519491231002X")
    await second.do(APPROVER, CaseDecide, decision="refused", reason="不属于本单位职权范围")
    assert await sending.sweep(office.store, sender) == 1
    assert await sending.sweep(office.store, sender) == 0, "not before the morning"
    assert (await shown(second), gateway.told) == ([("refused", "waiting")], [])
    await second.made()
    await second.do(APPROVER, wire.CaseArchive)
    office.clock.move(11 * 3600)
    assert await sending.sweep(office.store, None) == 1
    assert await shown(second) == [("refused", "untold")]
    assert await to_tell(second, APPROVER) == []
