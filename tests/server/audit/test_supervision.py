"""What a supervisor finds afterwards: the log of calls, files, history, the ledger and its check."""

from __future__ import annotations

import fcntl
import hashlib
import socket
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs
from yarl import URL

from server.app import Running
from server.audit import rows as log
from server.audit.acts.archive import lacking_of, silences_of
from server.calls.rows import calls, recordings
from server.calls.rows import recorded as recorded_rows
from server.case.wire.decision import CaseDecide
from server.demo import data as demo
from server.edge.route import STORE
from server.store import SYSTEM, tables
from signaling.call.parts import CallId, LegId
from signaling.wire.call import CallHangUp, CallLack, CallOpen
from tests.kit.casework import APPROVER, CLERK, Office
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import MovedClock
from tests.kit.until import until
from tests.server.store.test_ledger import owner


class Scene:
    """A case whose call rang and was declined, and who can look at it."""

    def __init__(self, node: Running, clock: MovedClock, desks: dict[str, Desk]) -> None:
        self.node = node
        self.clock = clock
        self.clerk = desks["lixiulan"]
        self.approver = desks["zhoumingyuan"]
        self.supervisor = desks["chenli"]
        self.case_id = ""
        self.call_id = ""

    async def play(self) -> None:
        self.case_id = await self.clerk.open_case()
        text = await self.clerk.get("/consent-text")
        await self.clerk.command(
            "case.consent",
            case_id=self.case_id,
            given=True,
            text_version=text["version"],
            language="zh-CN",
        )
        await self.approver.command("desk.duty", duty="online")
        self.call_id = (await self.clerk.command("call.dial", case_id=self.case_id))["call_id"]
        async with self.node.app[STORE].read() as connection:
            call = await calls.find(connection, self.call_id)
        assert call is not None
        await self.approver.command("call.decline", call_id=self.call_id, ring_id=call.rings[0].id)

    async def recorded(self, content: bytes, name: str, *gaps: dict[str, Any]) -> str:
        """A sealed file of the window's leg, as the engine would have left it."""
        store = self.node.app[STORE]
        sha256 = await store.blobs.put(content)
        async with store.change(SYSTEM) as change:
            call = await calls.find(change.connection, self.call_id)
            assert call is not None
            await recordings.add_recording(
                change.connection,
                recordings.RecordedSegment(
                    id=name,
                    call_id=CallId(self.call_id),
                    leg_id=LegId(call.legs[0].id),
                    segment=name,
                    state="stored",
                    started_at=change.at,
                    ended_at=change.at + timedelta(seconds=5),
                    size_bytes=len(content),
                    sha256=sha256,
                    gaps=list(gaps),
                ),
            )
        return sha256


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite, unless the test asks for each database by ``both``."""
    if "database" in request.fixturenames:
        url: str = request.getfixturevalue("database")
        return url
    return f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"


both = pytest.mark.usefixtures("database")


@pytest.fixture
async def scene(address: str, tmp_path: Path) -> AsyncIterator[Scene]:
    clock = MovedClock()
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(demo_node(address, tmp_path, clock))
        desks = {
            login: await stack.enter_async_context(desk_of(node, login))
            for login in ("lixiulan", "zhoumingyuan", "chenli")
        }
        scene = Scene(node, clock, desks)
        await scene.play()
        yield scene


@both
async def test_the_log_finds_a_call_by_who_and_when(scene: Scene) -> None:
    [row] = (await scene.supervisor.search("/calls"))["calls"]
    assert (row["call_id"], row["state"], row["reason"]) == (scene.call_id, "ended", "declined")
    assert row["caller"]["name"] == "李秀兰"
    assert row["applicant_masked"] == "孙**"
    assert (row["approver"], row["recordings"], row["decision"]) == (None, 0, None)
    assert row["declined_by"]["name"] == "周明远"
    for query, found in (
        ({"person": "李秀兰"}, 1),
        ({"person": "SZ-0306"}, 1),
        ({"person": "王芳"}, 0),
        ({"number": "2026"}, 0),
        # 2026-11-23 01:00 UTC is still the 23rd in China
        ({"from": "2026-11-23", "to": "2026-11-23"}, 1),
        ({"to": "2026-11-22"}, 0),
        ({"from": "2026-11-24"}, 0),
    ):
        assert len((await scene.supervisor.search("/calls", **query))["calls"]) == found, query
    for wrong in ({"from": "yesterday"}, {"cursor": "**"}, {"colour": "red"}):
        problem = await scene.supervisor.search("/calls", 400, **wrong)
        assert problem["code"] == "malformed"
    assert (await scene.clerk.search("/calls", 403))["code"] == "forbidden"


async def test_a_row_of_the_log_tells_what_was_decided_in_its_call(office: Office) -> None:
    """And not how the case stands today, which is the same for all calls about it."""
    case_id = await office.case()
    calls = []
    for decision in ("to_correct", None, "refused"):
        calls.append(await office.meet(case_id))
        if decision is not None:
            about = {"case_id": case_id, "decision": decision, "reason": "见告知单"}
            await office.do(APPROVER, CaseDecide, **about)
        await office.do(CLERK, CallHangUp, call_id=calls[-1])
    async with office.store.read() as connection:
        rows = await log.list_calls(connection, office.actors[CLERK].unit_id)
    told = {row.call_id: (row.decision, row.decided_by and row.decided_by.id) for row in rows}
    approver = office.actors[APPROVER].person_id
    assert [told[one] for one in calls] == [
        ("to_correct", approver),
        (None, None),
        ("refused", approver),
    ]


async def test_a_camera_that_gave_nothing_is_told_from_then_to_then(office: Office) -> None:
    call_id = await office.meet(await office.case())
    call = (await office.do(APPROVER, CallOpen, call_id=call_id))["call"]
    [leg] = [one["id"] for one in call["legs"] if one["seat"] == "approver"]
    began = office.clock.now()
    for mid, on in (("1", True), ("0", True), ("1", False)):
        await office.do(APPROVER, CallLack, call_id=call_id, leg_id=leg, mid=mid, on=on)
        office.clock.move(20)
    await office.do(CLERK, CallHangUp, call_id=call_id)
    async with office.store.read() as connection:
        told = await log.told_legs(connection, call_id)
    # a call may have thousands of changes: what left it as it was is not held
    lacked = [[(one["id"], one["lacking"]) for one in legs] for _, legs in told]
    assert all(before != after for before, after in pairwise(lacked))
    found = lacking_of(told)
    # to the ten seconds: the clock goes on by itself too
    spans = [
        (
            one.mid,
            round((one.from_at - began).total_seconds(), -1),
            one.to_at and round((one.to_at - began).total_seconds(), -1),
        )
        for one in found
    ]
    assert [one.leg_id for one in found] == [leg, leg]
    assert spans == [("1", 0, 40), ("0", 20, None)]


async def test_the_rest_of_a_long_list_is_asked_for_by_cursor(scene: Scene) -> None:
    opened = [scene.case_id]
    for _ in range(51):
        scene.clock.move(1)
        opened.append(await scene.clerk.open_case())
    first = await scene.supervisor.get("/cases")
    rest = await scene.supervisor.get(f"/cases?cursor={first['next_cursor']}")
    assert rest["next_cursor"] is None
    listed = [case["id"] for case in first["cases"] + rest["cases"]]
    assert listed == opened[::-1]


async def test_a_call_and_its_history_are_for_who_may_know(scene: Scene) -> None:
    detail = await scene.supervisor.get(f"/calls/{scene.call_id}")
    assert (detail["audience"], detail["call"]["id"]) == ("supervisor", scene.call_id)
    assert (await scene.clerk.get(f"/calls/{scene.call_id}"))["audience"] == "party"
    # Rung and declined: he has no seat in it.
    await scene.approver.get(f"/calls/{scene.call_id}", 404)
    await scene.supervisor.get("/calls/no-such-call", 404)
    history = await scene.supervisor.get(f"/cases/{scene.case_id}/history")
    assert [event["type"] for event in history["events"]] == [
        "case.created",
        "case.consented",
        "case.called",
    ]
    applicant = history["events"][0]["event"]["case"]["applicant"]
    assert applicant["identity_number"] == "110105************"
    assert history["next_after"] is None
    later = await scene.supervisor.get(f"/cases/{scene.case_id}/history?after=2")
    assert [event["version"] for event in later["events"]] == [3]
    for path in ("history", "ledger"):
        await scene.clerk.get(f"/cases/{scene.case_id}/{path}", 403)
        await scene.supervisor.get(f"/cases/no-such-case/{path}", 404)


@both
async def test_the_ledger_of_a_case_is_read_and_checked(scene: Scene) -> None:
    ledger = await scene.supervisor.get(f"/cases/{scene.case_id}/ledger")
    assert [(one["act"], one["result"]) for one in ledger["entries"]] == [
        ("case.create", "ok"),
        ("case.consent", "ok"),
        ("case.called", "ok"),
    ]
    assert {one["on_behalf_of"] for one in ledger["entries"]} == {"applicant", None}
    address = f"/api/v1/cases/{scene.case_id}/ledger-check"
    async with scene.supervisor.http.post(address) as said:
        report = await said.json()
    assert (report["ok"], report["findings"]) == (True, [])
    assert report["entries"] >= 3 + 2
    assert report["sealed"] >= report["entries"]
    async with scene.node.app[STORE].change(SYSTEM) as change:
        await change.connection.execute(
            sa.update(tables.ledger_entries)
            .where(
                tables.ledger_entries.c.subject == f"case:{scene.case_id}",
                tables.ledger_entries.c.version == 2,
            )
            .values(act="case.consenT")
        )
    async with scene.supervisor.http.post(address) as said:
        report = await said.json()
    assert not report["ok"]
    assert (f"case:{scene.case_id}", 2) in [
        (one["subject"], one["version"]) for one in report["findings"]
    ]
    async with scene.clerk.http.post(address) as said:
        assert said.status == 403


@both
async def test_recordings_exchanged_for_one_another_are_told_by_the_check_of_their_call(
    scene: Scene, address: str
) -> None:
    names = ("one", "two")
    at = scene.clock.now().timestamp()
    lost = {"mid": "1", "started_at": at, "ended_at": at + 7, "reason": "unwritten"}
    blinked = {**lost, "ended_at": at + 1, "reason": "lost"}
    closed = {**lost, "reason": "muted"}
    hashes = [await scene.recorded(b"one", "one", blinked, lost, closed)]
    hashes.append(await scene.recorded(b"two", "two"))
    check = f"/api/v1/calls/{scene.call_id}/check"
    async with scene.supervisor.http.post(check) as said:
        report = await said.json()
    assert report["ok"], report
    [told] = report["interruptions"]
    assert (told["name"], told["mid"], told["reason"]) == ("李秀兰", "1", "unwritten")
    async with owner(address) as connection:
        for name, sha256 in zip(names, reversed(hashes), strict=True):
            await connection.execute(
                tables.recordings.update()
                .where(tables.recordings.c.id == name)
                .values(sha256=sha256)
            )
    async with scene.supervisor.http.post(check) as said:
        report = await said.json()
    assert not report["ok"]
    assert all(one["ok"] for one in report["files"])
    assert sorted(
        (one["kind"], one["subject"], one["text"]) for one in report["ledger"]["findings"]
    ) == [
        ("row", f"call:{scene.call_id}", f"recordings {name} differs in sha256") for name in names
    ]


async def test_a_refused_command_stands_in_the_ledger_of_its_person(scene: Scene) -> None:
    body = {"type": "call.cancel", "id": "command-1", "call_id": scene.call_id}
    async with scene.clerk.http.post("/api/v1/commands", json=body) as said:
        problem = await said.json()
        assert (said.status, problem["code"]) == (409, "call_ended")
        assert problem["title"].startswith("这次云见面已经结束")
    entries = sa.select(tables.ledger_entries).where(
        tables.ledger_entries.c.subject == "person:person-lixiulan",
        tables.ledger_entries.c.result != "ok",
    )
    async with scene.node.app[STORE].read() as connection:
        [entry] = (await connection.execute(entries)).all()
    assert (entry.act, entry.object, entry.result) == (
        "call.cancel",
        f"call:{scene.call_id}",
        "call_ended",
    )
    for bad, code in (
        ({"type": "no.such", "id": "command-2"}, "unknown_type"),
        ({"type": "call.cancel", "id": "command-3", "call": "x"}, "malformed"),
    ):
        async with scene.clerk.http.post("/api/v1/commands", json=bad) as said:
            assert (said.status, (await said.json())["code"]) == (400, code)


async def test_a_recording_is_played_by_pieces_and_watching_is_kept(scene: Scene) -> None:
    content = bytes(range(256)) * 2000
    await scene.recorded(content, "recording-1")
    [shown] = (await scene.supervisor.get(f"/calls/{scene.call_id}"))["recordings"]
    assert (shown["state"], shown["size_bytes"]) == ("stored", len(content))
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    address = "/api/v1/recordings/recording-1/content"
    async with scene.supervisor.http.get(address, headers={"Range": "bytes=0-"}) as said:
        assert said.status == 206
        assert await said.read() == content
        assert said.content_type == "video/webm"
        assert said.headers["Accept-Ranges"] == "bytes"
    async with scene.supervisor.http.get(address, headers={"Range": "bytes=-100"}) as said:
        assert (said.status, await said.read()) == (206, content[-100:])
    async with scene.supervisor.http.get(f"{address}?download=1") as said:
        assert said.headers["Content-Disposition"].startswith("attachment")
        assert await said.read() == content
    async with scene.clerk.http.get(address) as said:
        assert said.status == 404
    views = sa.select(tables.ledger_entries.c.object).where(
        tables.ledger_entries.c.act == "recording.view"
    )
    async with scene.node.app[STORE].read() as connection:
        seen = list(await connection.scalars(views))
    # one sitting of the player, and one download
    assert seen == ["recording:recording-1"] * 2


async def test_a_file_that_was_altered_is_named_and_not_given_out(scene: Scene) -> None:
    sha256 = await scene.recorded(b"the true picture and sound", "recording-2")
    path = scene.node.app[STORE].blobs.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"another picture and sound!")
    [shown] = (await scene.supervisor.get(f"/calls/{scene.call_id}"))["recordings"]
    assert shown["state"] == "tampered"
    problem = await scene.supervisor.get("/recordings/recording-2/content", 409)
    assert problem["code"] == "content_altered"


def test_a_page_was_silent_from_the_one_entry_to_the_other() -> None:
    def entry(second: int, act: str, leg: str) -> recorded_rows.Written:
        at = f"2026-11-23T01:00:{second:02}+00:00"
        return recorded_rows.Written(second, at, None, None, act, leg, "ok", "", None)

    told = silences_of(
        [
            entry(1, "leg.silent", "one"),
            entry(2, "leg.silent", "two"),
            entry(9, "leg.heard", "one"),
            entry(12, "leg.lost", "two"),
            entry(13, "leg.heard", "three"),
        ]
    )
    assert [(one.leg_id, one.from_at.second, one.to_at and one.to_at.second) for one in told] == [
        ("one", 1, 9),
        ("two", 2, None),
    ]


async def test_a_reader_who_goes_in_mid_answer_is_no_fault(scene: Scene) -> None:
    await scene.recorded(bytes(24 << 20), "recording-3")
    where = URL(scene.node.address)
    lines = (
        "GET /api/v1/recordings/recording-3/content HTTP/1.1",
        f"Host: {where.authority}",
        f"Authorization: Bearer {scene.supervisor.token}",
    )
    arrived = [0]
    with capture_logs() as told:
        with socket.create_connection((where.host, where.port)) as reader:
            reader.sendall("\r\n".join((*lines, "", "")).encode())

            def full() -> str | None:
                """Whether no more comes, since nobody reads."""
                waiting = bytearray(4)
                fcntl.ioctl(reader, termios.FIONREAD, waiting)
                arrived.append(int.from_bytes(waiting, sys.byteorder))
                stands = arrived[-1] > 0 and len(set(arrived[-20:])) == 1
                return None if stands else f"{arrived[-1]} bytes wait"

            await until(full)

        def answered() -> str | None:
            return None if any(one["event"] == "request" for one in told) else "still answering"

        await until(answered)
    [request] = [one for one in told if one["event"] == "request"]
    assert (request["status"], request["log_level"]) == (499, "info")
    assert not [one for one in told if one["log_level"] == "error"]


async def test_the_machine_says_how_it_is(scene: Scene) -> None:
    async def ready() -> str | None:
        async with scene.clerk.http.get("/readyz") as said:
            return None if said.status == 200 else await said.text()

    await until(ready)
    async with scene.clerk.http.get("/metrics") as said:
        text = await said.text()
        assert said.status == 200
    assert 'route="/api/v1/cases/{case_id}/history"' in text or "yunjian_http_request" in text
    assert scene.case_id not in text
    await scene.clerk.get("/people", 403)
    assert demo.LIAOCHENG in {unit["id"] for unit in (await scene.clerk.get("/units"))["units"]}
    async with desk_of(scene.node, "admin") as admin:
        people = (await admin.get("/people"))["people"]
        # his own unit's: an administrator of another one sees none of them
        assert {"admin", "zhoumingyuan", "hanmei"} <= {one["login"] for one in people}
        assert {one["unit_id"] for one in people} == {demo.XIHAIAN}
        units = (await admin.get("/units"))["units"]
        assert {"3号窗口", "1号窗口"} <= {w["name"] for unit in units for w in unit["windows"]}
        assert demo.JINAN in {unit["id"] for unit in units}
