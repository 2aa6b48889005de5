"""External systems on a real store and over real HTTP: whose key opens what, and what a report enters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from server.case.acts.elsewhere import systems
from server.case.acts.elsewhere.reporting import A_MINUTE_AT_MOST, Reporting
from server.case.api import externals as api
from server.case.wire.course import advancing as wire
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.edge.edge import EDGE, EdgeSettings, edge
from server.edge.figures import FIGURES, Figures
from server.edge.route import REFUSALS
from server.people.rows import externals as rows
from server.standards import webhooks
from server.store import SYSTEM
from server.store.refusing import Refusals
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, Office
from tests.server.case.test_course import DAY, LICENCE, Course

SECRET: Final = b"the secret of the house, which is long enough"
NAME: Final = "省工程审批平台"
Answer = tuple[int, dict[str, Any]]


@dataclass
class Outside:
    """The system as it stands outside: it knows its id and its key, and signs as the documents say."""

    address: str
    office: Office
    id: str = ""
    key: bytes = b""
    late_s: int = 0

    def knows(self, given: dict[str, Any]) -> Outside:
        told = webhooks.told(systems.key(SECRET, given["id"], given["generation"]))
        return replace(self, id=given["id"], key=base64.b64decode(told.removeprefix("whsec_")))

    async def send(self, id: str, told: dict[str, Any], **headers: str) -> Answer:
        body = json.dumps(told, ensure_ascii=False).encode()
        second = str(int(self.office.clock.now().timestamp()) - self.late_s)
        text = f"{id}.{second}.".encode() + body
        mac = base64.b64encode(hmac.digest(self.key, text, hashlib.sha256)).decode()
        signed = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": second,
            "webhook-signature": f"v1a,elsewhere v1,{mac}",
            **headers,
        }
        url = f"{self.address}/api/v1/externals/{self.id}/reports"
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=body, headers=signed) as answer,
        ):
            return answer.status, await answer.json()


async def elsewhere(office: Office) -> str:
    """An item that is decided in the system; its id."""
    [known] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
    item = replace(known, id="item-elsewhere", code=known.code[:-1] + "9", system=NAME)
    async with office.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    return item.id


@pytest.fixture
async def course(office: Office, tmp_path: Path) -> AsyncIterator[Course]:
    """A case that is decided in the system, accepted."""
    course = Course(office, tmp_path)
    await course.filled(item_id=await elsewhere(office))
    await course.handed_in()
    await course.accepted()
    yield course
    await office.switchboard.close()


@pytest.fixture
async def outside(office: Office) -> AsyncIterator[Outside]:
    app = web.Application(middlewares=[edge])
    app[EDGE], app[FIGURES] = EdgeSettings(origins=frozenset()), Figures()
    app[REFUSALS] = Refusals(office.store)
    app[api.REPORTING] = Reporting(office.store, SECRET)
    api.routes.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Outside(f"http://127.0.0.1:{runner.addresses[0][1]}", office)
    await runner.cleanup()


def code(answer: Answer) -> str:
    return str(answer[1].get("code"))


async def test_a_system_reports_the_course_of_a_case_and_each_message_counts_once(
    course: Course, outside: Outside
) -> None:
    office = course.office
    unit = office.actors[APPROVER].unit_id
    own = outside.knows(await systems.add(office.store, unit=unit, system=NAME))
    case = await office.view(course.case_id)
    told = {"case": case["number"], "number": "2237004416", "on": DAY}
    before = await course.kinds()

    assert await own.send("message-1", {**told, "step": "accepted"}) == (
        200, {"case": case["number"], "state": "accepted"},
    )  # fmt: skip
    denial = {**told, "step": "denied"}
    assert code(await own.send("message-2", denial)) == Code.REASON_MISSING
    early = {**told, "step": "granted", "on": "2026-11-22"}
    assert code(await own.send("message-2", early)) == Code.BAD_DATE
    granted = {**told, "step": "granted", "reason": "符合条件"}
    answers = [await own.send("message-2", granted) for _ in range(2)]
    assert answers == [(200, {"case": case["number"], "state": "granted"})] * 2
    assert code(await own.send("message-2", {**granted, "reason": "another"})) == (
        Code.COMMAND_ID_REUSED
    )
    assert code(await own.send("message-3", {**told, "step": "issued"})) == Code.RESULT_MISSING
    issued = {**told, "step": "issued", "results": [LICENCE]}
    assert (await own.send("message-3", issued))[1]["state"] == "issued"
    assert code(await own.send("message-4", issued)) == Code.OTHER_STEP

    shown = await course.course()
    assert [
        (one["step"], one["proof"], one["signed"], one["by"]["name"], one["by"]["unit_id"])
        for one in shown["reports"]
    ] == [
        (step, f"message-{n}", True, NAME, unit)
        for n, step in enumerate(("accepted", "granted", "issued"), 1)
    ]
    assert shown["ruling"]["by"]["name"] == NAME
    assert [one["number"] for one in shown["results"]] == [LICENCE["number"]]
    assert await course.kinds() == before, "no decision of ours is printed"
    entries = [one for one in await office.entries(course.case_id) if one["act"] == "case.report"]
    assert [(one["actor"], one["unit"]) for one in entries] == [(own.id, unit)] * 3
    # delivery and the archive stay ours, by the hand of people
    await course.end(APPROVER, await course.begin(APPROVER, "posted", courier="EMS", tracking="E1"))
    await course.made()
    await course.do(APPROVER, wire.CaseArchive)
    assert code(await own.send("message-5", issued)) == Code.CASE_ARCHIVED
    report = await office.store.verifier.verify()
    assert report.ok, report.findings


async def test_no_key_opens_more_than_the_cases_of_its_unit_in_its_system(
    course: Course, outside: Outside
) -> None:
    office = course.office
    store, unit = office.store, office.actors[APPROVER].unit_id
    given = await systems.add(store, unit=unit, system=NAME)
    own = outside.knows(given)
    told = {
        "case": (await office.view(course.case_id))["number"],
        "step": "granted",
        "number": "2237004416",
        "on": DAY,
    }
    before = await office.entries(course.case_id)
    foreign = await systems.add(store, unit=office.actors[CLERK].unit_id, system=NAME)
    other = await systems.add(store, unit=unit, system="另一个平台")
    for one in (foreign, other):
        answer = await outside.knows(one).send("message-1", told)
        assert (answer[0], code(answer)) == (404, Code.NOT_FOUND)
    missing = await own.send("message-1", {**told, "case": "no such number"})
    assert (missing[0], code(missing)) == (404, Code.NOT_FOUND)

    with capture_logs() as logs:
        for bad in (
            replace(own, key=b"another"),
            replace(own, id=foreign["id"]),
            replace(own, id="no-such-system"),
            replace(own, late_s=301),
            replace(own, late_s=-301),
        ):
            answer = await bad.send("message-1", told)
            assert (answer[0], code(answer)) == (403, Code.FORBIDDEN), bad
        for header in ({"webhook-id": "message-9"}, {"webhook-signature": ""},
                       {"webhook-timestamp": "now"}, {"webhook-signature": "v1,é"}):  # fmt: skip
            assert (await own.send("message-1", told, **header))[0] == 403, header
    assert [one["event"] for one in logs].count("forged_report") == 9
    assert code(await own.send("short", told)) == Code.MALFORMED
    assert await office.entries(course.case_id) == before, "nothing was entered"

    # a new key ends the one before; a revoked one opens nothing, and cannot be renewed
    new = await systems.rotate(store, id=own.id)
    assert code(await own.send("message-1", told)) == Code.FORBIDDEN
    own = outside.knows(new)
    assert (await replace(own, late_s=299).send("message-1", told))[0] == 200
    await systems.revoke(store, id=own.id)
    assert code(await own.send("message-1", told)) == Code.FORBIDDEN
    with pytest.raises(Refusal, match="not_found"):
        await systems.rotate(store, id=own.id)
    again = await systems.add(store, unit=unit, system=NAME)
    for bad_name in (NAME, " ", "平台\u202e", "长" * 61):
        with pytest.raises(Refusal, match="malformed"):
            await systems.add(store, unit=unit, system=bad_name)
    with pytest.raises(Refusal, match="not_found"):
        await systems.add(store, unit="no such unit", system=NAME)
    assert {one["id"]: one["revoked"] for one in await systems.listed(store)} == {
        own.id: True, foreign["id"]: False, other["id"]: False, again["id"]: False,
    }  # fmt: skip
    async with store.read() as connection:
        kept = await rows.find(connection, own.id)
    assert kept is not None
    assert kept.generation == 2

    # so many a minute, and without a secret of the house none
    loud = outside.knows(again)
    answers = [await loud.send("message-7", told) for _ in range(A_MINUTE_AT_MOST + 1)]
    assert code(answers[-1]) == Code.THROTTLED
    assert code(answers[-2]) == Code.OTHER_STEP
    office.clock.move(60)
    assert code(await loud.send("message-7", told)) == Code.OTHER_STEP
