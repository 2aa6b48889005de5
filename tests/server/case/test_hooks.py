"""What external systems are told of their cases over real TLS, and 对账 of a day: sent, tried again, handed, compared."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
import trustme
from aiohttp import web
from structlog.testing import capture_logs

from server.case.acts.elsewhere import systems
from server.case.acts.elsewhere.comparing import HEAD, Comparing, as_csv
from server.case.acts.elsewhere.reporting import Reporting, Said
from server.case.rules.course.reconciling import ComparedStep, StatedStep, reconcile
from server.case.wire.course import advancing as wire
from server.case.wire.course.external import ExternalStated, ExternalStatement
from server.case.wire.decision import CaseDecide
from server.standards import webhooks
from server.standards.working_days import china_day
from server.store.tables import ledger_entries, tellings
from server.tasks.acts import reading
from server.tellings.acts import passing
from server.tellings.hooks import HookSender
from signaling.refusals import Code, Refusal
from tests.kit.casework import ADMIN, APPROVER, CLERK, SUPERVISOR, Office
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_course import DAY, LICENCE, Course
from tests.server.case.test_external import NAME, SECRET, elsewhere

HOST: Final = "127.0.0.1"
MINUTE_S: Final = 60


class Listening:
    """A system that takes messages over TLS, answers as it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.status = 204
        self.slow = asyncio.Event()
        self.slow.set()
        self.came: list[tuple[dict[str, Any], bytes, dict[str, str]]] = []
        self.elsewhere = 0
        self.url = ""
        self.authorities = ssl.create_default_context()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.came.append(
            (json.loads(body), body, {k.lower(): v for k, v in request.headers.items()})
        )
        await self.slow.wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})

    async def led(self, _: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.Response()

    @property
    def steps(self) -> list[str]:
        return [one["type"] for one, _, _ in self.came]


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    listening = Listening()
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    authority.configure_trust(listening.authorities)
    app = web.Application()
    app.router.add_post("/hook", listening.take)
    app.router.add_route("*", "/elsewhere", listening.led)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=tls).start()
    listening.url = f"https://{HOST}:{runner.addresses[0][1]}/hook"
    yield listening
    listening.slow.set()
    await runner.cleanup()


@pytest.fixture
async def sender(office: Office, listening: Listening) -> AsyncIterator[HookSender]:
    sender = HookSender(
        SECRET, [HOST], office.clock, answers_within_s=0.5, authorities=listening.authorities
    )
    yield sender
    await sender.close()


@pytest.fixture
async def course(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    """A case that is decided in the system, filled and not handed in yet."""
    course = Course(office, tmp_path)
    await course.filled(item_id=await elsewhere(office))
    yield course
    await office.switchboard.close()


async def told(office: Office, url: str) -> dict[str, Any]:
    """A system of the deciding unit that is told there."""
    unit = office.actors[APPROVER].unit_id
    given = await systems.add(office.store, unit=unit, system=NAME)
    await systems.tell(office.store, id=given["id"], url=url, hosts=[HOST])
    return given


def believed(given: dict[str, Any], listening: Listening, office: Office) -> bool:
    """Whether the newest message is signed as Standard Webhooks says, with the key that ``add`` printed."""
    _, body, headers = listening.came[-1]
    key = systems.key_out(SECRET, given["id"], given["generation"])
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
    second = int(office.clock.now().timestamp())
    fresh = abs(int(headers["webhook-timestamp"]) - second) <= 5
    return fresh and headers["webhook-signature"] == f"v1,{mac}"


async def states(office: Office) -> list[tuple[str, str, int]]:
    async with office.store.read() as connection:
        query = sa.select(tellings.c.step, tellings.c.state, tellings.c.tries).where(
            tellings.c.external_id.is_not(None)
        )
        return [tuple(row) for row in await connection.execute(query.order_by(tellings.c.made_at))]


# ---------------------------------------------------------------- told


async def test_a_system_is_told_of_its_cases_by_signed_messages_without_a_person_in_them(
    course: Course, listening: Listening, sender: HookSender
) -> None:
    office, store = course.office, course.office.store
    given = await told(office, listening.url)
    await course.handed_in()
    assert await passing.sweep(store, sender) == 1
    case = await office.view(course.case_id)
    [(body, raw, headers)] = listening.came
    assert body == {
        "type": "case.handed_in",
        "timestamp": body["timestamp"],
        "data": {
            "case": case["number"],
            "receipt": case["receipt_number"],
            "system": NAME,
            "item": case["item"]["code"],
            "item_name": case["item"]["name"],
            "unit": office.actors[APPROVER].unit_name,
            "window": office.actors[CLERK].unit_name,
            "on": DAY,
        },
    }
    assert believed(given, listening, office)
    for personal in (case["applicant"]["name"], case["applicant"]["identity_number"], "138"):
        assert personal not in raw.decode()
    assert {"cookie", "authorization"}.isdisjoint(headers)
    # its own key signs nothing of ours: what we sent is no report of its
    own = systems.key(SECRET, given["id"], given["generation"])
    assert own != systems.key_out(SECRET, given["id"], given["generation"])
    said = [headers[name] for name in (webhooks.ID, webhooks.TIMESTAMP, webhooks.SIGNATURE)]
    assert not webhooks.believe(own, *said, raw, office.clock.now())
    await course.accepted()
    await course.do(
        APPROVER, wire.CaseReport, step="granted", number="2237", on=DAY,
        proof=case["materials"][0]["id"],
    )  # fmt: skip
    await course.do(
        APPROVER, wire.CaseReport, step="issued", number="2237", on=DAY,
        proof=case["materials"][0]["id"], results=[LICENCE],
    )  # fmt: skip
    id = await course.begin(APPROVER, "posted", courier="EMS", tracking="E1")
    await course.end(APPROVER, id)
    assert await passing.sweep(store, sender) == 2
    assert await passing.sweep(store, sender) == 0
    assert listening.steps == ["case.handed_in", "case.complete", "case.delivered"]
    assert await states(office) == [
        (step, "received", 1) for step in ("handed_in", "complete", "delivered")
    ]
    # the applicant is told apart, and of this nothing
    report = await store.verifier.verify()
    assert report.ok, report.findings


@pytest.mark.parametrize("how", ["withdrawn", "declined"])
@SQLITE_ALONE
async def test_an_end_to_the_side_is_told_and_what_a_system_never_knew_is_not(
    course: Course, listening: Listening, sender: HookSender, how: str
) -> None:
    office = course.office
    await told(office, listening.url)
    if how == "withdrawn":
        # before it was handed in there is no number by which the system knows it
        other = Course(office, course.folder)
        await other.filled(item_id=(await office.view(course.case_id))["item"]["id"])
        await other.do(CLERK, wire.CaseFinish, kind="withdrawn", reason="不办了")
        await course.handed_in()
        await course.do(CLERK, wire.CaseFinish, kind="withdrawn", reason="不办了")
        wanted = ["case.handed_in", "case.withdrawn"]
    else:
        await course.do(APPROVER, CaseDecide, decision="refused", reason="不属于本机关职权范围。")
        wanted = ["case.declined"]
    await passing.sweep(office.store, sender)
    assert listening.steps == wanted


async def test_what_is_tried_in_vain_is_tried_again_by_night_too_and_then_becomes_a_task(
    course: Course, listening: Listening, sender: HookSender
) -> None:
    office, store = course.office, course.office.store
    await told(office, listening.url)
    await course.handed_in()
    listening.status = 503
    office.clock.move(14 * 3600)  # past eleven in the evening, in China
    with capture_logs() as logs:
        for wait_s in (30, 120, 600, 1800):
            assert await passing.sweep(store, sender) == 1
            assert await passing.sweep(store, sender) == 0, "it waits"
            office.clock.move(wait_s + 1)
        assert await passing.sweep(store, sender) == 1
    assert [one["gives_up"] for one in logs if one["event"] == "system_away"] == [False] * 4 + [
        True
    ]
    assert len({headers[webhooks.ID] for _, _, headers in listening.came}) == 1, "one message"
    assert len({headers[webhooks.TIMESTAMP] for _, _, headers in listening.came}) == 5
    assert await states(office) == [("handed_in", "handed", 5)]
    [task] = (await reading.listing(store, office.actors[APPROVER], "unclaimed")).tasks
    assert (task.kind, task.sources[0].cause, task.sources[0].text) == (
        "follow", "system_untold", "unreachable",
    )  # fmt: skip
    assert task.wanted == "告知外部系统：已收件"
    report = await store.verifier.verify()
    assert report.ok, report.findings


@SQLITE_ALONE
async def test_a_refusal_an_address_elsewhere_and_a_system_without_a_key_become_tasks_at_once(
    course: Course, listening: Listening, sender: HookSender
) -> None:
    office, store = course.office, course.office.store
    given = await told(office, listening.url)
    for n, why in enumerate(("rejected", "rejected", "rejected", "off", "revoked"), 1):
        case = course if n == 1 else Course(office, course.folder)
        if n > 1:
            await case.filled(item_id=(await office.view(course.case_id))["item"]["id"])
        sends: HookSender | None = sender
        listening.status = {1: 400, 2: 307}.get(n, 204)
        await case.handed_in()
        before = len(listening.came)
        if n == 3:  # the operator names this host no more
            sends = HookSender(SECRET, ["elsewhere.example"], office.clock)
        elif n == 4:
            sends = None
        elif n == 5:
            await systems.revoke(store, id=given["id"])
        assert await passing.sweep(store, sends) == 1
        assert len(listening.came) - before == (n < 3)
        found = (await reading.listing(store, office.actors[APPROVER], "unclaimed")).tasks
        assert [one.sources[0].text for one in found].count(why) == min(n, 3) if n < 4 else 1
    assert listening.elsewhere == 0, "nothing that leads elsewhere is followed"


@SQLITE_ALONE
async def test_a_system_that_does_not_answer_holds_up_no_other(
    course: Course, listening: Listening, sender: HookSender
) -> None:
    office, store = course.office, course.office.store
    await told(office, listening.url)
    await course.handed_in()
    await course.accepted()
    listening.slow.clear()
    # the first waits its time; the second is not tried against who does not answer
    assert await passing.sweep(store, sender) == 1
    assert await states(office) == [("handed_in", "waiting", 1), ("complete", "waiting", 0)]
    listening.slow.set()
    office.clock.move(31)
    assert await passing.sweep(store, sender) == 2
    assert await states(office) == [("handed_in", "received", 2), ("complete", "received", 1)]


@SQLITE_ALONE
async def test_another_certificate_than_is_believed_is_no_system(
    course: Course, listening: Listening
) -> None:
    office = course.office
    await told(office, listening.url)
    await course.handed_in()
    stranger = HookSender(SECRET, [HOST], office.clock, answers_within_s=0.5)
    assert await passing.sweep(office.store, stranger) == 1
    await stranger.close()
    assert listening.came == []
    assert await states(office) == [("handed_in", "waiting", 1)]


def test_messages_go_by_https_to_a_named_host_and_nowhere_else() -> None:
    hosts = ["hooks.example.gov.cn", "10.0.0.7"]
    for url in (
        "https://hooks.example.gov.cn",
        "https://hooks.example.gov.cn/in?from=yunjian",
        "https://hooks.example.gov.cn:8443/a/b",
        "https://10.0.0.7/in",
    ):
        assert webhooks.may_go(url, hosts), url
    for url in (
        "http://hooks.example.gov.cn/",
        "https://other.example.gov.cn/",
        "https://hooks.example.gov.cn.evil.example/",
        "https://evil.example/hooks.example.gov.cn",
        "https://hooks.example.gov.cn@evil.example/",
        "https://user:word@hooks.example.gov.cn/",
        "https://evil.example\\@hooks.example.gov.cn/",
        "https://evil.example#@hooks.example.gov.cn/",
        "https://hooks.example.gov.cn/#in",
        "https://hooks.example.gov.cn/\nHost: evil.example",
        "https://hooks.example.gov.cn:0/",
        "https://hooks.example.gov.cn:70000/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://hooks。example.gov.cn/",
        "file:///etc/passwd",
        "gopher://hooks.example.gov.cn/",
        f"https://hooks.example.gov.cn/{'a' * 500}",
        "",
    ):
        assert not webhooks.may_go(url, hosts), url
    assert not webhooks.may_go("https://hooks.example.gov.cn/", [])


@SQLITE_ALONE
async def test_no_address_of_another_host_is_kept_and_no_key_is_told_again(office: Office) -> None:
    store, unit = office.store, office.actors[APPROVER].unit_id
    given = await systems.add(store, unit=unit, system=NAME)
    for url in ("http://127.0.0.1/", "https://elsewhere.example/"):
        with pytest.raises(Refusal) as refused:
            await systems.tell(store, id=given["id"], url=url, hosts=[HOST])
        assert refused.value.code is Code.MALFORMED
    await systems.tell(store, id=given["id"], url=f"https://{HOST}/", hosts=[HOST])
    [row] = await systems.listed(store)
    assert row == {
        "id": given["id"], "unit": row["unit"], "system": NAME, "generation": 1,
        "revoked": False, "url": f"https://{HOST}/",
    }  # fmt: skip
    await systems.tell(store, id=given["id"], url=None, hosts=[])
    assert (await systems.listed(store))[0]["url"] is None
    # each generation and each direction has a key of its own
    keys = {
        make(SECRET, id, generation)
        for make in (systems.key, systems.key_out)
        for id in (given["id"], "another")
        for generation in (1, 2)
    }
    assert len(keys) == 8


# ---------------------------------------------------------------- 对账


def test_both_sides_of_a_day_are_compared_step_by_step() -> None:
    ours = [
        StatedStep("A", "accepted", "1"),
        StatedStep("A", "granted", "1"),
        StatedStep("B", "denied", "2"),
    ]
    theirs = [
        StatedStep("A", "granted", "9"),
        StatedStep("C", "issued", "3"),
        StatedStep("A", "accepted", "1"),
    ]
    assert reconcile(ours, theirs) == (
        ComparedStep("A", "granted", "1", "9", "differs"),
        ComparedStep("B", "denied", "2", None, "only_here"),
        ComparedStep("C", "issued", None, "3", "only_there"),
        ComparedStep("A", "accepted", "1", "1", "same"),
    )
    assert reconcile([], []) == ()


async def test_a_day_is_stated_by_signed_messages_and_compared_by_who_may(
    course: Course,
) -> None:
    office, store = course.office, course.office.store
    unit = office.actors[APPROVER].unit_id
    given = await systems.add(store, unit=unit, system=NAME)
    await systems.add(store, unit=office.actors[CLERK].unit_id, system=NAME)
    key = systems.key(SECRET, given["id"], 1)
    comparing = Comparing(store, Reporting(store, SECRET))
    await course.handed_in()
    await course.accepted()
    case = await office.view(course.case_id)
    proof = case["materials"][0]["id"]
    await course.do(APPROVER, wire.CaseReport, step="accepted", number="2237", on=DAY, proof=proof)
    await course.do(APPROVER, wire.CaseReport, step="granted", number="2237", on=DAY, proof=proof)

    async def stated(
        message: str, steps: list[dict[str, str]], by: bytes = key, on: str = DAY
    ) -> ExternalStated:
        told = ExternalStatement.model_validate({"on": on, "steps": steps})
        body = told.model_dump_json().encode()
        signed = webhooks.sign(by, message, body, office.clock.now())
        said = Said(signed[webhooks.ID], signed[webhooks.TIMESTAMP], signed[webhooks.SIGNATURE])
        return await comparing.take(given["id"], told, body, said, "192.0.2.1")

    day = date.fromisoformat(DAY)
    admin = next(one for one in office.actors.values() if one.login == ADMIN)
    seen = await comparing.compared(admin, given["id"], day)
    assert (seen.stated_at, [one.verdict for one in seen.steps]) == (None, ["only_here"] * 2)
    first = [{"case": case["number"], "step": "accepted", "number": "2237"}]
    assert (await stated("statement-1", first)).steps == 1
    assert (await stated("statement-1", first)).steps == 1
    with pytest.raises(Refusal, match=Code.COMMAND_ID_REUSED.value):
        await stated("statement-1", [])
    with pytest.raises(Refusal, match=Code.FORBIDDEN.value):
        await stated("statement-2", first, by=b"another key, of as many bytes ..")
    tomorrow = (china_day(office.clock.now()) + timedelta(days=1)).isoformat()
    with pytest.raises(Refusal, match=Code.BAD_DATE.value):
        await stated("statement-2", first, on=tomorrow)
    seen = await comparing.compared(admin, given["id"], day)
    assert [(one.step, one.verdict) for one in seen.steps] == [
        ("granted", "only_here"), ("accepted", "same"),
    ]  # fmt: skip
    # the newest statement of a day counts
    office.clock.move(1)
    more = [*first, {"case": case["number"], "step": "granted", "number": "=1+1"}]
    more.append({"case": "another", "step": "denied", "number": "8"})
    await stated("statement-2", more)
    for login in (ADMIN, "hanmei"):
        seen = await comparing.compared(office.actors[login], given["id"], day)
        assert [(one.case, one.ours, one.theirs, one.verdict) for one in seen.steps] == [
            (case["number"], "2237", "=1+1", "differs"),
            ("another", None, "8", "only_there"),
            (case["number"], "2237", "2237", "same"),
        ]
        assert [one.system for one in (await comparing.listed(office.actors[login])).externals] == [
            NAME
        ]
    lines = as_csv(seen).decode("utf-8-sig").splitlines()
    assert lines[0] == ",".join(HEAD)
    assert lines[1] == f"{DAY},{case['number']},准予,2237,'=1+1,号码不一致"
    # no day before it, no other unit, nobody who decides
    assert (await comparing.compared(admin, given["id"], day - timedelta(days=1))).steps == []
    for login in (APPROVER, CLERK, SUPERVISOR):
        with pytest.raises(Refusal) as refused:
            await comparing.compared(office.actors[login], given["id"], day)
        assert refused.value.code in (Code.FORBIDDEN, Code.NOT_FOUND)
    for login in (APPROVER, CLERK):
        with pytest.raises(Refusal, match="forbidden"):
            await comparing.listed(office.actors[login])
    async with store.read() as connection:
        entries = (
            ledger_entries.c.subject == f"unit:{unit}",
            ledger_entries.c.act == "external.state",
        )
        query = sa.select(ledger_entries.c.actor).where(*entries)
        assert list(await connection.scalars(query)) == [given["id"]] * 2
    report = await store.verifier.verify()
    assert report.ok, report.findings
