"""What is left of a call: real media, recorded, copied, sought by pieces over HTTP, checked.

The supervisor finds the call by a file's name, and each party's file is there within ten seconds
of the call's end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.app import Running, running
from server.calls.wire import WorkerSample
from server.edge.route import STORE
from tests.kit.footage import index_in_front, seek
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import counted, play
from tests.kit.seats import Approver, Supervisor, Window, story
from tests.kit.templates import fill
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(150)

READY_WITHIN_S = 10.0
TALK_S = 6.0


@pytest.fixture
async def node(demo_database: str, tmp_path: Path) -> AsyncIterator[Running]:
    """A node with the demo's people and items, on a real clock."""
    settings = node_settings(demo_database, tmp_path)
    await fill(settings.store)
    async with running(settings) as node:
        yield node


@pytest.mark.timed
async def test_a_call_is_played_again(node: Running, tmp_path: Path) -> None:
    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        await approver.on_duty()
        case_id = await window.register()
        await window.take_consent(case_id)
        call_id = await window.dial(case_id)
        await approver.answer(call_id)
        await approver.ask({"type": "case.open", "case_id": case_id})
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        await window.take_seat(call_id, live["legs"][0]["id"])
        await window.meets(approver)
        await approver.meets(window)
        await window.sees_call(call_id, lambda call: all(x["recording"] for x in call["legs"]), 15)
        began = time.time()
        await approver.hint({"type": "case.point", "case_id": case_id, "field": "new_principal"})
        await window.says(case_id, "请看第二页的落款日期", call_id=call_id)
        material = await window.upload(case_id, "appointment", "任职文件-2026.pdf", PAGE)
        await approver.hint(
            {
                "type": "document.point",
                "case_id": case_id,
                "material_id": material,
                "page": 1,
                "x": 0.25,
                "y": 0.75,
            }
        )
        # the length of the talk is what is measured here
        await until(lambda: None if time.time() - began > TALK_S else "they talk", 2 * TALK_S)
        await until(lambda: counted(node.app[STORE], call_id, len(live["legs"])), 15)
        await approver.ask({"type": "call.hang_up", "call_id": call_id})
        ended = time.time()
        supervisor = await seat(Supervisor, "chenli", BLUE, 880.0)
        detail = await ready(supervisor, call_id)
        took_s = time.time() - ended
        assert took_s < borne(READY_WITHIN_S)

        for playback, person in zip(detail["playbacks"], (window, approver), strict=True):
            assert playback["seat"] == ("window" if person is window else "approver")
            assert playback["person"]["id"] == person.person["id"]
            assert began + playback["duration_s"] >= ended - 1.0
            path = tmp_path / f"{playback['seat']}.webm"
            await asyncio.to_thread(path.write_bytes, await fetched(supervisor, playback))
            await asyncio.to_thread(looked_at, path, playback, person)

        for query, count in (
            ({"file": "任职文件"}, 1), ({"file": "营业执照"}, 0),
            ({"text": "落款日期"}, 1), ({"text": "别的话"}, 0),
        ):  # fmt: skip
            found = (await supervisor.search("/calls", **query))["calls"]
            assert [row["call_id"] for row in found] == [call_id] * count, query

        told = (await supervisor.get(f"/calls/{call_id}/marks"))["marks"]
        marks = [one for one in told if one["kind"] != "worker"]
        by = {leg["id"]: leg["person"]["id"] for leg in live["legs"]}
        for one in (mark for mark in told if mark["kind"] == "worker"):
            assert one["by"]["id"] == by[one["body"]["leg_id"]]
            sample = WorkerSample.model_validate(one["body"]["sample"])
            assert 0 < sample.seconds < 2 * TALK_S
            assert sample.packets_in or sample.packets_out
        assert [(one["kind"], one["by"]["id"]) for one in marks] == [
            ("point", approver.person["id"]),
            ("pointer", approver.person["id"]),
        ]
        assert marks[0]["body"] == {"field": "new_principal"}
        assert marks[1]["body"] == {"material_id": material, "page": 1, "x": 0.25, "y": 0.75}

        checked = await post(supervisor, f"/calls/{call_id}/check")
        assert checked["ok"], checked
        assert {one["kind"] for one in checked["files"]} == {"recording", "playback", "material"}
        composed = await post(supervisor, f"/calls/{call_id}/composition")
        assert composed["seat"] == "composed"
        *_, whole = (await ready(supervisor, call_id, 60.0))["playbacks"]
        path = tmp_path / "composed.webm"
        await asyncio.to_thread(path.write_bytes, await fetched(supervisor, whole))
        shown = await asyncio.to_thread(seek, path, whole["duration_s"] / 2)
        assert near(shown.left, RED)
        assert near(shown.right, GREEN)

        # one byte on the disk is another
        playback = detail["playbacks"][0]
        await asyncio.to_thread(flip, node.app[STORE].blobs.path(playback["sha256"]))
        address = f"/api/v1/playbacks/{playback['id']}/content"
        async with supervisor.http.get(address) as said:
            assert (said.status, (await said.json())["code"]) == (409, "content_altered")
        async with supervisor.http.get(f"{address}?anyway=1") as said:
            assert said.status == 200
        checked = await post(supervisor, f"/calls/{call_id}/check")
        assert not checked["ok"]
        assert [one["id"] for one in checked["files"] if not one["ok"]] == [playback["id"]]
        async with window.http.get(address) as said:
            assert said.status == 404


def looked_at(path: Path, playback: dict[str, Any], person: Window | Approver) -> None:
    played = play(path)
    assert played.errors == ""
    assert near(played.colour, person.colour)
    assert played.tone_hz is not None
    assert abs(played.tone_hz - person.tone_hz) < 15
    assert abs(played.duration_s - playback["duration_s"]) < 1
    assert index_in_front(path)
    half = seek(path, playback["duration_s"] / 2)
    assert abs(half.at_s - playback["duration_s"] / 2) < 0.5
    assert near(half.left, person.colour)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


async def ready(
    supervisor: Supervisor, call_id: str, timeout_s: float = READY_WITHIN_S + 5
) -> dict[str, Any]:
    """The call as soon as all its playbacks are ready."""
    detail: dict[str, Any] = {}

    async def why_not() -> str | None:
        detail.update(await supervisor.get(f"/calls/{call_id}"))
        states = [one["state"] for one in detail["playbacks"]]
        return None if len(states) > 1 and set(states) == {"ready"} else f"playbacks: {states}"

    await until(why_not, timeout_s, every_s=0.1)
    return detail


async def fetched(supervisor: Supervisor, playback: dict[str, Any]) -> bytes:
    """The whole file by pieces, as a player asks for it."""
    address = f"/api/v1/playbacks/{playback['id']}/content"
    content = b""
    size = playback["size_bytes"]
    while len(content) < size:
        asked = {"Range": f"bytes={len(content)}-{len(content) + 99_999}"}
        async with supervisor.http.get(address, headers=asked) as said:
            assert said.status == 206, await said.text()
            assert said.content_type == "video/webm"
            assert said.headers["Content-Range"].endswith(f"/{size}")
            content += await said.read()
    return content


async def post(supervisor: Supervisor, path: str) -> dict[str, Any]:
    async with supervisor.http.post(f"/api/v1{path}") as said:
        assert said.status == 200, await said.text()
        answer: dict[str, Any] = await said.json()
        return answer


PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
