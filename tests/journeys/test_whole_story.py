"""The whole story: one case from the question that began it to the replay, with everything that it can hold.

A third party comes and goes, both sides send papers, comments and a checklist gather into one
notice, the applicant signs what he was shown, official papers are made, and afterwards the
supervisor replays the call and finds that every byte still matches. On both databases, with real
peers, a real worker and, on PostgreSQL, a real Redis.
"""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from server.app import Running, running
from server.demo import data as demo
from tests.journeys.test_first_meeting import photo, scan, until_copied, until_stored
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import play
from tests.kit.seats import REGISTRATION, Approver, Supervisor, Window, story
from tests.kit.templates import fill
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(180)

WINDOW_HZ, APPROVER_HZ, THIRD_HZ = 440.0, 660.0, 880.0
PLAYABLE_WITHIN_S = 10.0
QUESTION = "公司换了负责人，营业执照能在这里换吗？"
SIGNATURE: list[list[tuple[float, float, float, int]]] = [
    [(0.1, 0.5, 0.3, 0), (0.3, 0.2, 0.6, 40), (0.5, 0.7, 0.8, 80)],
    [(0.6, 0.3, 0.5, 200), (0.9, 0.6, 0.4, 260)],
]


@pytest.fixture
async def node(
    demo_database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Running]:
    """A node with the demo's people and items, on a real clock."""
    more: dict[str, Any] = {}
    if demo_database.startswith("postgresql"):
        more = {
            "redis_url": request.getfixturevalue("redis_url"),
            "bus_secret": "a secret between nodes",
        }
    settings = node_settings(demo_database, tmp_path, **more)
    await fill(settings.store)
    async with running(settings) as node:
        yield node


@pytest.mark.timed
async def test_whole_story(node: Running, tmp_path: Path) -> None:
    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, WINDOW_HZ)
        approver = await seat(Approver, "zhoumingyuan", GREEN, APPROVER_HZ)
        third = await seat(Approver, "sunlei", BLUE, THIRD_HZ)
        await approver.on_duty()
        await third.on_duty()
        case_id = await window.consult(QUESTION)
        await window.take_consent(case_id)
        call_id = await window.dial(case_id)
        await approver.answer(call_id)
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        mine = next(leg for leg in live["legs"] if leg["seat"] == "window")
        await window.take_seat(call_id, mine["id"])
        await window.meets(approver)
        await approver.meets(window)
        await approver.ask({"type": "case.open", "case_id": case_id})
        await become_a_case(window, approver, case_id, call_id)

        await talk_beside_the_voice(window, approver, case_id, call_id)
        await send_papers_both_ways(window, approver, case_id)
        await hear_a_third(window, approver, third, case_id, call_id)
        await tell_everything_at_once(window, approver, case_id)
        number = await sign_and_submit(window, approver, case_id)
        await accept(window, approver, case_id, number)

        await window.ask({"type": "call.hang_up", "call_id": call_id})
        ended = time.monotonic()
        await approver.sees_call(call_id, lambda call: call["state"] == "ended")
        supervisor = await seat(Supervisor, "chenli", BLUE, 990.0)
        await replay(supervisor, case_id, call_id, ended, tmp_path)


async def become_a_case(window: Window, approver: Approver, case_id: str, call_id: str) -> None:
    """What was only asked is registered while they talk, and nothing of the call is interrupted."""
    asked = await approver.case(case_id)
    assert (asked["state"], asked["course"]["consultation"]["question"]) == ("consulting", QUESTION)
    assert asked["applicant"]["name"] == ""
    await window.register_consulted(case_id)
    made = (await approver.sees_event("case.created"))["case"]
    assert (made["id"], made["state"], made["call_id"]) == (case_id, "reviewing", call_id)
    assert made["applicant"]["identity_number"] not in ("", REGISTRATION["identity_number"])
    await window.meets(approver)


async def talk_beside_the_voice(
    window: Window, approver: Approver, case_id: str, call_id: str
) -> None:
    await approver.says(case_id, "请把任职文件放平再扫描一次", call_id=call_id)
    heard = await window.sees_event("case.said")
    assert heard["saying"]["text"] == "请把任职文件放平再扫描一次"
    await window.says(case_id, "申请人比较着急", lane="staff", call_id=call_id)
    await approver.sees_event("case.said", version=heard["version"] + 1)
    screen = await window.ask({"type": "case.open", "case_id": case_id, "as_applicant": True})
    assert screen["audience"] == "applicant"
    assert [one["lane"] for one in screen["case"]["sayings"]] == ["shared"]
    # the window's own page goes on reading as the window
    again = await window.ask({"type": "case.open", "case_id": case_id})
    assert [one["lane"] for one in again["case"]["sayings"]] == ["shared", "staff"]


async def send_papers_both_ways(window: Window, approver: Approver, case_id: str) -> None:
    blank = await approver.upload(
        case_id, "appointment", "任职文件空白样表.pdf", scan(7), purpose="blank_form"
    )
    got = await window.sees_event("material.changed")
    assert (got["material"]["side"], got["material"]["purpose"]) == ("approver", "blank_form")
    await until_copied(window, blank)
    async with window.http.get(f"/api/v1/materials/{blank}/content") as said:
        assert said.status == 200
    signed = await window.upload(
        case_id, "appointment", "任职文件（已签）.pdf", scan(8), answers=blank
    )
    await until_stored(approver, signed)
    rows = {one["id"]: one for one in (await approver.case(case_id))["materials"]}
    assert rows[signed]["answers"] == blank
    assert rows[signed]["side"] == "window"


async def hear_a_third(
    window: Window, approver: Approver, third: Approver, case_id: str, call_id: str
) -> None:
    # who was not invited knows of nothing
    assert await third.refused({"type": "case.open", "case_id": case_id}) == "not_found"
    await approver.ask(
        {
            "type": "call.invite", "call_id": call_id, "unit_id": demo.LIAOCHENG,
            "note": "请核对原登记地址",
        }
    )  # fmt: skip
    ring = await third.rung(call_id)
    assert ring["note"] == "请核对原登记地址"
    await third.answer(call_id)
    for one, others in (
        (third, (window, approver)),
        (window, (approver, third)),
        (approver, (window, third)),
    ):
        for place, other in enumerate(others):
            await one.meets(other, second=place == 1)
    opened = await third.ask({"type": "case.open", "case_id": case_id})
    assert opened["audience"] == "third"
    assert opened["case"]["applicant"]["identity_number"] == "110105************"
    await third.says(case_id, "原登记地址无误", call_id=call_id)
    await window.sees_event("case.said")
    await third.ask({"type": "call.hang_up", "call_id": call_id})
    await window.sees_call(
        call_id,
        lambda call: (
            call["state"] == "live"
            and any(leg["seat"] == "third" and leg["state"] == "left" for leg in call["legs"])
        ),
    )
    assert await third.refused({"type": "case.open", "case_id": case_id}) == "not_found"
    heard = len(third.events)
    await window.fill(case_id, {"new_principal": "孙雅宁"})
    await approver.sees_event("case.edited", field="new_principal")
    assert not [event for event in third.events[heard:] if event["subject"] == f"case:{case_id}"]
    await window.meets(approver)


async def tell_everything_at_once(window: Window, approver: Approver, case_id: str) -> None:
    item = (await approver.case(case_id))["item"]
    points = [point["key"] for point in item["checklist"]]
    await approver.ask(
        {
            "type": "case.check", "case_id": case_id, "point": points[0], "verdict": "lacking",
            "note": "缺公章",
        }
    )  # fmt: skip
    for point in points[1:]:
        await approver.ask(
            {"type": "case.check", "case_id": case_id, "point": point, "verdict": "ok"}
        )
    thread = await approver.comments(case_id, "field:new_principal", "与身份证件上的姓名核对")
    await window.sees_event("case.commented")
    await window.ask(
        {"type": "case.reply", "case_id": case_id, "comment_id": thread, "text": "已核对"}
    )
    accept = {"type": "case.decide", "case_id": case_id, "decision": "accepted", "reason": "齐"}
    assert await approver.refused(accept) == "incomplete"
    correct = {**accept, "decision": "to_correct", "reason": "一次性告知"}
    await approver.ask(correct)
    told = (await window.sees_event("case.decided"))["decision"]["points"]
    for wanted in ("缺公章", "与身份证件上的姓名核对", "身份"):
        assert any(wanted in point for point in told), (wanted, told)
    assert await approver.refused(correct) == "second_notice"
    paper = await window.sees_paper(case_id, "correction")
    text = await text_of(window, paper)
    for point in told:
        assert point.partition("：")[0] in text, (point, text)
    await approver.ask(
        {"type": "case.check", "case_id": case_id, "point": points[0], "verdict": "ok"}
    )
    await approver.ask(
        {"type": "case.resolve", "case_id": case_id, "comment_id": thread, "resolved": True}
    )


async def sign_and_submit(window: Window, approver: Approver, case_id: str) -> str:
    case = await window.case(case_id)
    for line in case["item"]["lines"]:
        if line["need"] == "required":
            for side in range(max(1, len(line["slots"]))):
                name = f"{line['key']}{side}.jpg"
                slot = {"slot": str(side + 1)} if line["slots"] else {}
                brought = await window.upload(case_id, line["key"], name, photo(), **slot)
                await until_stored(approver, brought)
                await approver.review(case_id, brought, "accepted")
    values = {
        "branch_name": "济南禾川商贸有限公司青岛西海岸分公司",
        "branch_credit_code": "91370211MA3N5XGY1G",
        "old_principal": "王建国",
        "new_principal": "孙雅宁",
        "new_identity_number": "11010519491231002X",
        "appointed_on": "2026-11-18",
        "contact_phone": "13805316217",
        "appointment_way": "公司任命",
        "delivery": "邮寄送达",
    }
    await window.fill(
        case_id, {f["name"]: values[f["name"]] for f in case["item"]["form"] if f["required"]}
    )
    shown = await window.ask({"type": "case.summarise", "case_id": case_id})
    assert shown["missing_fields"] == shown["missing_lines"] == []
    sign = {
        "type": "case.sign", "case_id": case_id, "hash": shown["hash"],
        "shown_at": shown["shown_at"], "width": 800, "height": 300, "strokes": SIGNATURE,
    }  # fmt: skip
    await window.ask(sign)
    # what was signed changes: the signature no longer fits, and cannot be handed in
    await window.fill(case_id, {"remark": "请尽快办理"})
    assert (await approver.case(case_id))["signature"]["outdated"]
    submit = {"type": "case.submit", "case_id": case_id, "hash": shown["hash"]}
    assert await window.refused(submit) == "signature_missing"
    assert await window.refused(sign) == "stale"
    shown = await window.ask({"type": "case.summarise", "case_id": case_id})
    await window.ask({**sign, "hash": shown["hash"], "shown_at": shown["shown_at"]})
    done = await window.ask({**submit, "hash": shown["hash"]})
    receipt = await window.sees_paper(case_id, "receipt")
    text = await text_of(window, receipt)
    assert str(done["number"]) in text
    assert receipt["number"] in text
    assert "孙雅宁" in text
    assert "11010519491231002X" not in text
    return str(done["number"])


async def accept(window: Window, approver: Approver, case_id: str, number: str) -> None:
    said = await approver.ask(
        {
            "type": "case.decide", "case_id": case_id, "decision": "accepted",
            "reason": "材料齐全，符合法定形式",
        }
    )  # fmt: skip
    assert said["number"] == number
    await window.sees_paper(case_id, "acceptance")
    result = await approver.upload(
        case_id, "other", "变更登记通知书.pdf", scan(9), purpose="result"
    )
    await until(lambda: stored(window, result), 10)


def stored(person: Window, material_id: str) -> str | None:
    seen = [e["material"]["state"] for e in person.events if named(e, material_id)]
    return None if "stored" in seen else f"material: {seen}"


def named(event: dict[str, Any], material_id: str) -> bool:
    return bool(event.get("material", {}).get("id") == material_id)


async def text_of(person: Window, paper: dict[str, Any]) -> str:
    """All text of a paper, without spaces and line breaks."""
    async with person.http.get(f"/api/v1/papers/{paper['id']}/content") as said:
        assert said.status == 200, await said.text()
        data = await said.read()
    document = pypdfium2.PdfDocument(io.BytesIO(data))
    try:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return "".join(text.split())


async def replay(
    supervisor: Supervisor, case_id: str, call_id: str, ended: float, folder: Path
) -> None:
    detail: dict[str, Any] = {}

    async def playable() -> str | None:
        detail.update(await supervisor.get(f"/calls/{call_id}"))
        states = {one["seat"]: one["state"] for one in detail["playbacks"]}
        wanted = dict.fromkeys(("window", "approver", "third"), "ready")
        return None if states == wanted else f"playbacks: {states}"

    await until(playable, 20)
    took_s = time.monotonic() - ended
    assert took_s < borne(PLAYABLE_WITHIN_S), took_s
    expected = {
        "window": (RED, WINDOW_HZ),
        "approver": (GREEN, APPROVER_HZ),
        "third": (BLUE, THIRD_HZ),
    }
    for one in detail["playbacks"]:
        file = folder / f"{one['seat']}.webm"
        async with supervisor.http.get(f"/api/v1/playbacks/{one['id']}/content") as said:
            assert said.status == 200
            file.write_bytes(await said.read())
        played = play(file)
        assert played.errors == "", played.errors
        colour, tone_hz = expected[one["seat"]]
        assert near(played.colour, colour), (one["seat"], played.colour)
        assert played.tone_hz is not None
        assert abs(played.tone_hz - tone_hz) < 12
        assert abs(played.duration_s - one["duration_s"]) < 1.0

    for query in ({"file": "任职文件空白样表"}, {"text": "放平再扫描"}):
        found = (await supervisor.search("/calls", **query))["calls"]
        assert [row["call_id"] for row in found] == [call_id], query
    async with supervisor.http.post(f"/api/v1/calls/{call_id}/check", json={}) as said:
        report = await said.json()
    assert report["ok"], report
    kinds = {one["kind"] for one in report["files"]}
    assert kinds == {"recording", "playback", "material", "paper"}
    history = await supervisor.get(f"/cases/{case_id}/history")
    acts = {event["type"] for event in history["events"]}
    assert {"case.said", "case.signed", "case.submitted", "case.decided", "paper.changed"} <= acts
