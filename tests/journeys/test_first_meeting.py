"""The first cloud meeting, whole: two people, one case, and a supervisor afterwards.

Real peers, a real worker, a real database of each kind; on PostgreSQL with a real Redis.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from server.app import Running, running
from server.demo import data as demo
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import play
from tests.kit.seats import Approver, Supervisor, Window, story
from tests.kit.templates import fill
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(120)

WINDOW_HZ, APPROVER_HZ = 440.0, 660.0


def photo(colour: tuple[int, int, int] = (180, 180, 170)) -> bytes:
    """A JPEG as a document camera makes it."""
    out = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(out, "JPEG")
    return out.getvalue()


def scan(page: int) -> bytes:
    """A PDF of one page as a scanner makes it, a few hundred kilobytes."""
    out = io.BytesIO()
    grain = np.random.default_rng(page).integers(0, 255, (600, 400, 3), np.uint8)
    Image.fromarray(grain).save(out, "PDF")
    return out.getvalue()


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
async def test_first_meeting(node: Running, demo_database: str, tmp_path: Path) -> None:
    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, WINDOW_HZ)
        approver = await seat(Approver, "zhoumingyuan", GREEN, APPROVER_HZ)
        colleague = await seat(Approver, "gaoxinmin", BLUE, 550.0)
        await approver.on_duty()
        await colleague.on_duty()

        # 1. the case: what is wrong is refused in words, then it is there with list and form
        wrong = {
            "type": "case.create", "item_id": demo.PRINCIPAL, "mode": "proxy",
            "applicant_name": "孙雅宁", "identity_number": "110105194912310021",
            "phone": "13805316217", "credit_code": None,
        }  # fmt: skip
        assert await window.refused(wrong) == "bad_identity_number"
        case_id = await window.register()
        case = await window.case(case_id)
        assert [line["need"] for line in case["item"]["lines"]] == ["required"] * 4
        assert case["number"] is None
        assert case["state"] == "registered"

        # 2. no ring before the answer about recording; then all free approvers at once
        assert await window.refused({"type": "call.dial", "case_id": case_id}) == "consent_missing"
        await window.take_consent(case_id)
        unit = await window.ask({"type": "unit.open", "unit_id": case["item"]["unit_id"]})
        assert {one["state"] for one in unit["approvers"]} == {"free"}
        call_id = await window.dial(case_id)
        ring = await approver.rung(call_id)
        await colleague.rung(call_id)
        card = approver.calls[call_id]["card"]
        assert card["applicant_masked"] == "孙**"
        assert card["window_name"] == "3号窗口"
        await approver.answer(call_id)
        late = {"type": "call.answer", "call_id": call_id, "ring_id": ring["id"]}
        assert await colleague.refused({**late, "id": "another-page-0001"}) in (
            "ring_closed", "not_found",
        )  # fmt: skip
        await colleague.sees_call(call_id, lambda call: call["rings"][0]["state"] == "superseded")

        # 3. both see and hear each other, and the file of each has its first bytes
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        mine = next(leg for leg in live["legs"] if leg["seat"] == "window")
        await window.take_seat(call_id, mine["id"])
        await window.meets(approver)
        await approver.meets(window)
        for person in (window, approver):
            await person.sees_call(
                call_id,
                lambda call: all(leg["media"] and leg["recording"] for leg in call["legs"]),
                15,
            )

        # 4. materials: seen from the first piece, one returned, its replacement keeps the old one
        await approver.ask({"type": "case.open", "case_id": case_id})
        pdf = scan(1)

        async def seen_while_it_arrives() -> None:
            await approver.sees_event("material.changed")
            told = await approver.sees_ephemeral("material.progress")
            assert 0 < told["received_bytes"] < told["size_bytes"] == len(pdf)

        first = await window.upload(
            case_id, "appointment", "任职文件.pdf", pdf, between=seen_while_it_arrives
        )
        await until_stored(approver, first)
        await until_copied(approver, first)
        asked = {"reason": "核对"}
        async with approver.http.post(f"/api/v1/materials/{first}/original", json=asked) as said:
            assert await said.read() == pdf
        async with approver.http.get(f"/api/v1/materials/{first}/content") as said:
            assert said.status == 200
            assert (await said.read()).startswith(b"%PDF-")
            assert said.headers["Content-Disposition"].startswith("attachment")
            assert said.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in said.headers["Content-Security-Policy"]
        await approver.review(case_id, first, "returned", "缺落款日期")
        assert (await window.sees_event("material.changed"))["material"]["id"] == first
        second = await window.upload(case_id, "appointment", "任职文件2.pdf", scan(2))
        await until_stored(approver, second)
        await approver.review(case_id, second, "accepted")
        rows = [m for m in (await window.case(case_id))["materials"] if m["line"] == "appointment"]
        assert [(m["number"], m["review"]) for m in rows] == [(1, "returned"), (2, "accepted")]
        copied = await window.upload(case_id, "licence", "照片.jpg", photo())
        again = await window.upload(case_id, "application", "同一张.jpg", photo())
        await until_stored(approver, again)
        by_id = {m["id"]: m for m in (await approver.case(case_id))["materials"]}
        assert by_id[again]["duplicate_of"] == copied
        fake = await window.upload(
            case_id, "identity", "其实不是.pdf", b"<script>alert(1)</script>", last=415
        )
        await until(lambda: rejected(approver, fake))

        # 5. guidance
        await approver.hint({"type": "case.point", "case_id": case_id, "field": "appointed_on"})
        pointed = await window.sees_ephemeral("case.point")
        assert pointed["field"] == "appointed_on"
        assert pointed["by"]["name"] == "周明远"
        await window.hint(
            {"type": "case.typing", "case_id": case_id, "field": "appointed_on", "value": "2026-11"}
        )
        typed = await approver.sees_ephemeral("case.typing")
        assert (typed["field"], typed["value"]) == ("appointed_on", "2026-11")
        await window.fill(case_id, {"appointed_on": "2026-11-20"})
        bad = {
            "type": "case.edit", "case_id": case_id, "field": "appointed_on",
            "value": "2026-02-30", "base_version": (await window.case(case_id))["fields"]
            ["appointed_on"]["version"],
        }  # fmt: skip
        assert await window.refused(bad) in ("bad_date", "field_invalid")
        assert await window.refused({**bad, "value": "2026-11-19", "base_version": 0}) == "stale"
        assert await approver.refused({**bad, "value": "2026-11-18"}) == "not_yours"
        proposed = await approver.ask(
            {
                "type": "case.propose", "case_id": case_id, "field": "appointed_on",
                "value": "2026-11-18", "reason": "以任职文件正文为准",
            }
        )  # fmt: skip
        await window.sees_event("case.proposed")
        assert (await window.case(case_id))["fields"]["appointed_on"]["value"] == "2026-11-20"
        await window.ask(
            {
                "type": "case.close_proposal", "case_id": case_id,
                "proposal_id": proposed["proposal_id"], "adopt": True,
            }
        )  # fmt: skip
        closed = await approver.sees_event("case.proposal_closed")
        assert closed["field_state"]["value"] == "2026-11-18"
        await window.fill(case_id, {"new_identity_number": "11010519491231002X"})
        edited = await approver.sees_event("case.edited", field="new_identity_number")
        assert edited["field_state"]["value"] == "110105************"

        # 8. a reload in mid-call: back within 5 s, no new ring
        began = time.monotonic()
        await window.close_page()
        desk = await window.open_page()
        (snapshot,) = desk["calls"]
        assert snapshot["call"]["id"] == call_id
        assert snapshot["call"]["state"] == "live"
        await window.ask({"type": "case.open", "case_id": case_id})
        await window.take_seat(call_id)
        await window.meets(approver)
        assert time.monotonic() - began < borne(5.0)
        again_call = window.calls[call_id]
        assert len(again_call["rings"]) == 2, "no new ring"
        chained = next(leg for leg in again_call["legs"] if leg["id"] == window.leg_id)
        assert chained["previous_leg_id"] == mine["id"]
        approver.peer.forget() if approver.peer else None
        await approver.meets(window)
        await window.sees_call(
            call_id,
            lambda call: all(leg["recording"] for leg in call["legs"] if leg["state"] == "joined"),
            15,
        )

        # 6. the decision
        early = {"type": "case.decide", "case_id": case_id, "decision": "accepted", "reason": "齐"}
        assert await approver.refused(early) == "incomplete"
        assert await approver.refused({**early, "decision": "to_correct", "reason": ""}) in (
            "reason_missing", "malformed",
        )  # fmt: skip
        outcome = await approver.ask(
            {**early, "decision": "to_correct", "reason": "身份证件未收齐"}
        )
        number = str(outcome["number"])
        decided = await window.sees_event("case.decided")
        assert decided["number"] == number
        assert len(number) == 43
        assert any("身份" in point for point in decided["decision"]["points"])
        ended_at = time.time()
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        for person in (window, approver):
            await person.sees_call(call_id, lambda call: call["state"] == "ended")

        # 7. the supervisor
        supervisor = await seat(Supervisor, "chenli", BLUE, 880.0)
        await inspect(supervisor, call_id, case_id, number, tmp_path, ended_at)


async def until_copied(person: Approver | Window, material_id: str) -> None:
    """Wait until the copy that people look at is there."""

    def why_not() -> str | None:
        told = [e["material"] for e in person.events if e["type"] == "material.changed"]
        states = [(one["viewed"] or {}).get("state") for one in told if one["id"] == material_id]
        return None if "ready" in states else f"no copy: {states}"

    await until(why_not, 20)


async def until_stored(person: Approver, material_id: str) -> None:
    await until(
        lambda: (
            None
            if any(
                event["type"] == "material.changed"
                and event["material"]["id"] == material_id
                and event["material"]["state"] == "stored"
                for event in person.events
            )
            else f"not stored: {[e for e in person.events if e['type'] == 'material.changed']}"
        ),
        10,
    )


def rejected(person: Approver, material_id: str) -> str | None:
    for event in person.events:
        material = event.get("material", {})
        if material.get("id") == material_id and material["state"] == "rejected":
            assert material["rejected_code"] == "file_type"
            return None
    return "not rejected yet"


async def inspect(
    supervisor: Supervisor,
    call_id: str,
    case_id: str,
    number: str,
    folder: Path,
    ended_at: float,
) -> None:
    """Find the call by case, staff and date; play every file; check the ledger."""
    for query in (
        {"number": number}, {"person": "周明远"}, {"person": "XHA-0217"},
        {"from": f"{datetime.now(UTC).date()}"}, {"person": "李秀兰"},
    ):  # fmt: skip
        found = (await supervisor.search("/calls", **query))["calls"]
        assert [row["call_id"] for row in found] == [call_id], query
    assert (await supervisor.search("/calls", number="nothing-like-it"))["calls"] == []

    detail: dict[str, Any] = {}

    async def sealed() -> str | None:
        detail.update(await supervisor.get(f"/calls/{call_id}"))
        states = [one["state"] for one in detail["recordings"]]
        return None if len(states) == 3 and set(states) == {"stored"} else f"recordings: {states}"

    await until(sealed, 20)
    seats = {leg["id"]: leg for leg in detail["call"]["legs"]}
    expected = {"window": (RED, WINDOW_HZ), "approver": (GREEN, APPROVER_HZ)}
    for one in detail["recordings"]:
        file = folder / f"{one['id']}.mkv"
        async with supervisor.http.get(
            f"/api/v1/recordings/{one['id']}/content?download=1"
        ) as said:
            assert said.status == 200
            data = await said.read()
        file.write_bytes(data)
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        played = play(file)
        assert played.errors == "", played.errors
        colour, tone_hz = expected[one["seat"]]
        assert near(played.colour, colour), (one["seat"], played.colour)
        assert played.tone_hz is not None
        assert abs(played.tone_hz - tone_hz) < 12
        spell_s = (moment(one["ended_at"]) - moment(one["started_at"])).total_seconds()
        assert abs(played.duration_s - spell_s) < 1.0, (played, spell_s)
        assert one["leg_id"] in seats

    async with supervisor.http.get(
        f"/api/v1/recordings/{detail['recordings'][0]['id']}/content",
        headers={"Range": "bytes=0-99"},
    ) as said:
        assert said.status == 206
        assert len(await said.read()) == 100

    async with supervisor.http.post(f"/api/v1/cases/{case_id}/ledger-check", json={}) as said:
        report = await said.json()
    assert report["ok"], report
    assert report["entries"] > 10


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ledger_verify(data: Path, database: str) -> tuple[int, str]:
    """`yunjian ledger verify` as an operator runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "server", "ledger", "verify"],
        env={**os.environ, "YUNJIAN_DATA": str(data), "YUNJIAN_DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_a_refused_recording_is_none_and_an_unanswered_ring_is_seen_by_both(
    node: Running,
) -> None:
    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, WINDOW_HZ)
        approver = await seat(Approver, "zhoumingyuan", GREEN, APPROVER_HZ)
        case_id = await window.register()
        await window.take_consent(case_id, given=False)
        assert await window.refused({"type": "call.dial", "case_id": case_id}) == "no_approver_free"
        await approver.on_duty()

        # cancelled by the clerk
        call_id = await window.dial(case_id)
        await approver.rung(call_id)
        await window.ask({"type": "call.cancel", "call_id": call_id})
        gone = await approver.sees_call(call_id, lambda call: call["state"] == "ended")
        assert gone["reason"] == "cancelled"
        assert gone["rings"][0]["state"] == "cancelled"

        # declined by all
        call_id = await window.dial(case_id)
        ring = await approver.rung(call_id)
        await approver.ask({"type": "call.decline", "call_id": call_id, "ring_id": ring["id"]})
        gone = await window.sees_call(call_id, lambda call: call["state"] == "ended")
        assert gone["reason"] == "declined"

        # answered, but not recorded: the applicant said no
        call_id = await window.dial(case_id)
        await approver.answer(call_id)
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        assert live["recording_consented"] is False
        await window.take_seat(
            call_id, next(leg["id"] for leg in live["legs"] if leg["seat"] == "window")
        )
        await window.meets(approver)
        assert not any(leg["recording"] for leg in window.calls[call_id]["legs"])
        await approver.ask({"type": "call.hang_up", "call_id": call_id})
        await window.sees_call(call_id, lambda call: call["state"] == "ended")
        supervisor = await seat(Supervisor, "chenli", BLUE, 880.0)
        assert (await supervisor.get(f"/calls/{call_id}"))["recordings"] == []


async def test_the_operator_finds_every_touch_of_the_ledger(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    await fill(settings.store)
    async with running(settings, media=False) as node, story(node) as seat:
        window = await seat(Window, "lixiulan", RED, WINDOW_HZ)
        case_id = await window.register()
        await window.take_consent(case_id)
        await window.fill(case_id, {"appointed_on": "2026-11-20", "old_principal": "刘启明"})
        await window.upload(case_id, "identity", "证件.jpg", photo())

    subject = f"case:{case_id}"
    file = tmp_path / "yunjian.sqlite"
    code, said = ledger_verify(settings.data, database)
    assert code == 0, said
    whole = {suffix: read(Path(f"{file}{suffix}")) for suffix in ("", "-wal", "-shm")}

    def put_back() -> None:
        for suffix, content in whole.items():
            path = Path(f"{file}{suffix}")
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)

    touches = {
        "one byte flipped": [
            "update ledger_entries set act = 'case.edix' where subject = ? and version = 3"
        ],
        "one byte of a payload flipped": [
            "update ledger_payloads set payload = payload || ' ' where subject = ? and version = 3"
        ],
        "deleted": [
            "delete from ledger_entries where subject = ? and version = 3",
        ],
        "swapped": [
            "update ledger_entries set version = 99 where subject = ? and version = 3",
            "update ledger_entries set version = 3 where subject = ? and version = 4",
            "update ledger_entries set version = 4 where subject = ? and version = 99",
        ],
        "tail cut": [
            "delete from ledger_entries where subject = ? and version >= 3",
            "delete from ledger_payloads where subject = ? and version >= 3",
            "update subjects set version = 2 where subject = ?",
        ],
    }
    for touch, statements in touches.items():
        with sqlite3.connect(file) as connection:
            for statement in statements:
                changed = connection.execute(statement, (subject,))
                assert changed.rowcount > 0, (touch, statement)
        connection.close()
        code, said = ledger_verify(settings.data, database)
        assert code == 1, (touch, said)
        assert subject in said, (touch, said)
        assert "3" in said, (touch, said)
        put_back()
    assert ledger_verify(settings.data, database)[0] == 0


def read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
