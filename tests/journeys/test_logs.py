"""What a node that runs leaves in its log and in its temporary files, whatever is done to it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from PIL import Image
from yarl import URL

from server.demo import data as demo
from server.settings import Settings
from signaling.client import fresh_id
from tests.kit.desks import desk_of
from tests.kit.peer import GREEN, RED
from tests.kit.processes import Serving, serving
from tests.kit.seats import Approver, Supervisor, Window, story
from tests.kit.templates import fill
from tests.kit.until import until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    """A node of its own process with the demo's data; its temporary files go below ``tmp``."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    async with serving(tmp_path / "node", log_level="DEBUG") as node:
        settings = Settings(data=node.data)
        await asyncio.to_thread(node.data.mkdir, parents=True)
        await fill(settings.store)
        await node.start()
        yield node


# ---------------------------------------------------------------- S18

NASTY: Final = (
    'one\r\n{"event": "request", "person": "forged"}',
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "\u2028\u2029\x85line",
    "x" * (2**20 - 200),
)
LINE_MAX: Final = 4000


async def test_what_a_stranger_writes_makes_one_line_of_log(node: Serving) -> None:
    """S18: in logins, names, paths, queries, messages and bytes that are no HTTP."""
    asked = 0
    async with desk_of(node, "lixiulan") as desk:  # type: ignore[arg-type]
        case_id = await desk.open_case()
        for nasty in NASTY:
            short = URL.build(path="/" + nasty[:800]).raw_path
            for request in (
                desk.http.post("/api/v1/session", json={"login": nasty, "password": nasty[:9]}),
                desk.begun(case_id, "application", 10, nasty[:2000]),
                desk.http.get(URL(f"{node.address}/api/v1/cases{short}", encoded=True)),
                desk.http.post("/api/v1/commands", json={"type": nasty[:999], nasty[:999]: 1}),
                desk.http.post("/api/v1/commands", json=_new_case(nasty[:99])),
                desk.http.post("/api/v1/search/cases", json={"q": nasty[:99]}),
                desk.http.get("/api/v1/cases", params={"cursor": nasty[:999]}),
                desk.http.get(URL(f"{node.address}{short}", encoded=True)),
                desk.http.get("/socket.io/", params={"EIO": "4", "sid": nasty[:999]}),
            ):
                async with request as said:
                    assert said.status < 500
                asked += 1
        await _rude(node)
    asked -= len(NASTY)  # a socket counts itself

    def why_not() -> str | None:
        lines = [line for line in node.said() if line.get("event") == "request"]
        return None if len(lines) > asked else f"{len(lines)} of {asked} requests are logged"

    await until(why_not)
    text = (node.folder / "serve.log").read_text()
    whole = text.split("\n")[:-1]  # the node writes on while it is read
    for line in whole:
        assert not line.startswith("{") or isinstance(json.loads(line), dict)
        assert line.isprintable()
        assert len(line) < LINE_MAX
    assert not [one for one in node.said() if one.get("person") == "forged"]
    assert not node.errors()


def _new_case(applicant_name: str) -> dict[str, Any]:
    return {
        "type": "case.create", "id": fresh_id(), "item_id": demo.PRINCIPAL, "mode": "proxy",
        "applicant_name": applicant_name, "identity_number": "11010519491231002X",
        "phone": "13805316217",
    }  # fmt: skip


async def _rude(node: Serving) -> None:
    """Bytes that are no HTTP."""
    address = URL(node.address)
    for raw in (
        b"\x16\x03\x01garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \x1b[31m\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nCookie: __Host-yunjian=secret\x00\r\n\r\n",
        b"GET /" + b"x" * 2**20 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n",
    ):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(raw)
        answer = await reader.read(100)
        assert not answer or answer.startswith(b"HTTP/1.0 400") or b" 400 " in answer
        writer.close()


# ---------------------------------------------------------------- P1

NAME, OTHER_NAME = "欧阳测敏", "诸葛验真"
IDENTITY, WRONG_IDENTITY = "370103198506072840", "370103198506072841"
PHONE, OTHER_PHONE = "13869170242", "13869170243"
REMARK, SAID = "只有本人知道的备注", "电话里说的住址是泉城路七号"
FILE = f"{NAME}的身份证.jpg"
SEEDS: Final = (
    NAME, OTHER_NAME, IDENTITY, WRONG_IDENTITY, PHONE, OTHER_PHONE, REMARK, SAID,
    demo.PASSWORD, "a wrong password",
)  # fmt: skip


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (180, 180, 170)).save(out, "JPEG")
    return out.getvalue()


async def test_nothing_of_a_person_is_left_where_it_does_not_belong(
    node: Serving, tmp_path: Path
) -> None:
    """P1: after a whole story, logs, metrics and temporary files hold nothing of it."""
    tokens: list[str] = []
    async with story(node) as seat:  # type: ignore[arg-type]
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        supervisor = await seat(Supervisor, "chenli", GREEN, 550.0)
        tokens += [one._token for one in (window, approver, supervisor)]
        async with window.http.post(
            "/api/v1/session", json={"login": "lixiulan", "password": "a wrong password"}
        ) as said:
            assert said.status == 401
        await approver.on_duty()
        about = {"applicant_name": NAME, "identity_number": IDENTITY, "phone": PHONE}
        create = {"type": "case.create", "item_id": demo.PRINCIPAL, "mode": "proxy", **about}
        wrong = {**create, "identity_number": WRONG_IDENTITY}
        assert await window.refused(wrong) == "bad_identity_number"
        case_id = await window.register(**about)
        await window.fill(
            case_id, {"new_principal": OTHER_NAME, "contact_phone": OTHER_PHONE, "remark": REMARK}
        )
        bad = {"type": "case.edit", "case_id": case_id, "field": "new_identity_number"}
        await window.refused({**bad, "value": WRONG_IDENTITY, "base_version": 0})
        await window.hint(
            {"type": "case.typing", "case_id": case_id, "field": "remark", "value": REMARK}
        )
        await window.upload(case_id, "identity", FILE, photo())
        await window.take_consent(case_id)
        call_id = await window.dial(case_id)
        await approver.answer(call_id)
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        await window.take_seat(call_id, live["legs"][0]["id"])
        await window.meets(approver)
        broken = b"%PDF-1.7 " + NAME.encode() * 200
        await window.upload(case_id, "application", f"{NAME}.pdf", broken, last=422)
        await approver.ask({"type": "case.open", "case_id": case_id})
        for one, lane in ((window, "shared"), (approver, "staff")):
            await one.ask(
                {
                    "type": "case.say",
                    "case_id": case_id,
                    "call_id": call_id,
                    "lane": lane,
                    "text": SAID,
                }
            )
        comment = {"type": "case.comment", "case_id": case_id, "on": "field:remark"}
        await approver.ask({**comment, "text": REMARK})
        found = (await window.search("/cases", q=NAME))["cases"]
        assert NAME[0] in found[0]["applicant_masked"]
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        decide = {"type": "case.decide", "case_id": case_id, "decision": "refused"}
        await approver.ask({**decide, "reason": REMARK})
        await window.sees_paper(case_id, "refusal")
        await supervisor.get(f"/calls/{call_id}")
        await supervisor.get(f"/cases/{case_id}/history")
        for wanted in ({"person": NAME}, {"file": NAME}, {"text": SAID}):
            calls = (await supervisor.search("/calls", **wanted))["calls"]
            assert len(calls) == ("person" not in wanted), wanted
    async with aiohttp.ClientSession(node.address) as http, http.get("/metrics") as said:
        figures = await said.text()
        assert "yunjian_" in figures

    def why_not() -> str | None:
        ended = [line for line in node.said() if line.get("route") == "/metrics"]
        return None if ended else "the log is not there yet"

    await until(why_not)
    found = [seed for seed in (*SEEDS, *tokens) if seed in figures]
    text = (node.folder / "serve.log").read_text()
    assert "a=candidate" not in text
    assert "a=fingerprint" not in text
    assert not (found := [*found, *_leaks(text, tokens)]), found
    left = await asyncio.to_thread(_files, tmp_path / "tmp", node.data)
    assert not [(name, leaks) for name, content in left if (leaks := _leaks(content, tokens))]
    assert not node.errors(), json.dumps(node.errors(), ensure_ascii=False)


def _leaks(text: str, tokens: list[str]) -> list[str]:
    return [seed for seed in (*SEEDS, *tokens, json.dumps(NAME)[1:-1]) if seed in text]


def _files(*folders: Path) -> list[tuple[str, Any]]:
    """Names and contents of what lies about: not the database, not what is sealed as a blob."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            kept = {"blobs", "yunjian.sqlite", "yunjian.sqlite-wal", "yunjian.sqlite-shm"}
            if path.is_file() and not kept & set(path.relative_to(folder).parts):
                # what the node has taken away meanwhile is not left behind
                with suppress(FileNotFoundError):
                    content = path.name + path.read_text(errors="replace")
                    found.append((str(path.relative_to(folder)), content))
    return found
