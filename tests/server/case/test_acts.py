"""Every act leaves its entry (A7): each command and each route that changes something, done and refused.

The tables below name all of them; one that is missing fails the first test. A node is used as its
people use it, over sockets and HTTP; after each act, and after each refusal, the ledger must have
gained an entry that says when, who, of which unit, what, about what, and how it ended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from server.app import ROUTES, Running
from server.catalogue.rows import catalogue
from server.catalogue.rules import schema
from server.catalogue.rules.item import Line
from server.demo import data as demo
from server.edge.route import STORE, Route
from server.shapes import UNIONS
from server.standards.working_days import china_day
from server.store import SYSTEM, Store, tables
from server.tasks import rules as task_rules
from server.tasks.acts.turns import open_task
from server.work import cards
from signaling.client import Client, fresh_id
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OPERATOR,
    OTHER_APPROVER,
    PDF,
    SECOND_ADMIN,
    SECURITY,
    SUPERVISOR,
    THIRD,
    VALUES,
)
from tests.kit.desks import TUS, Desk, demo_node, desk_of, metadata
from tests.kit.seats import ACTS as SEEN
from tests.kit.sheets import identity_card
from tests.kit.until import until

UNSAVED: Final[Mapping[str, str]] = {
    "desk.open": "reads",
    "unit.open": "reads",
    "monitor.watch": "reads",
    "missed.watch": "reads",
    "listed.watch": "reads",
    "call.open": "reads",
    "case.open": "reads",
    "case.draft": "what nobody but its author sees, overwritten each second",
    "case.hold": "a lease of 10 s",
    "call.connect": "negotiates media: the leg that it is for was joined by an act",
    "call.prepare": "negotiates media for a leg that only an answer makes",
    "call.describe": "negotiates media",
    "rehearsal.open": "tries out devices; nothing of it is kept",
    "rehearsal.describe": "negotiates media",
    "rehearsal.restart": "negotiates media",
    "rehearsal.look": "reads",
    "rehearsal.close": "ends what was never kept",
}
"""Commands that change nothing of the record, and why they are none of its acts."""

ACTS: Final = {
    "case.create", "case.consent", "case.edit", "case.propose", "case.answer_proposal", "case.close_proposal",
    "case.review", "case.grade", "case.move_material", "case.draw", "case.clear_drawings", "case.keep_drawing", "case.decide", "case.refer", "case.say", "case.comment", "case.reply", "case.resolve",
    "case.check", "case.summarise", "case.sign", "case.submit", "case.rate", "call.dial", "call.cancel",
    "call.answer", "call.decline", "call.join", "call.mute", "call.lack", "call.hold", "call.resume",
    "call.hang_up", "call.invite", "call.withdraw", "monitor.begin", "monitor.turn", "monitor.end", "missed.ask", "desk.duty", "case.invite_phone",
    "case.withdraw_phone", "case.take_page", "case.stop_clock", "case.resume_clock", "case.extend_limit", "case.unmask", "case.print_form",
    "case.consent_earlier", "case.take_earlier", "case.promise", "case.move_promise", "case.verify", "case.send_originals",
    "case.receive_originals", "case.rule", "case.issue", "case.agree_electronic", "case.begin_delivery",
    "case.check_receiver", "case.renew_mandate", "case.begin_sequel", "case.end_delivery", "case.finish", "case.archive", "case.assign",
    "case.report", "case.ask_fee", "case.settle_fee", "case.change_mode",
    "task.claim", "task.hand", "task.enter", "task.suspend", "task.resume", "task.cancel", "task.supervise",
    "task.mandate", "case.ask_agent", "case.print_agent",
    "case.consult", "case.register_consulted", "case.conclude",
    "case.ask_unit", "case.receive_task", "case.accept_task", "case.hand_task", "case.give_back_task", "case.pause_task", "case.go_on_task",
    "case.answer_task", "case.return_task", "case.close_task", "case.cancel_task",
}  # fmt: skip
"""Commands whose entry bears their own name."""

SESSIONS: Final = {
    "POST /api/v1/session": "session.open",
    "POST /api/v1/tokens": "session.open",
    "DELETE /api/v1/session": "session.close",
}
"""Signing in has no known person until it succeeds: a failure goes to the security log."""
BY_HTTP: Final = {
    "POST /api/v1/uploads": "material.begin",
    "PATCH /api/v1/uploads/{upload_id}": "material.append",
    "POST /api/v1/uploads/{upload_id}": "material.append",
    "DELETE /api/v1/uploads/{upload_id}": "material.cancel",
    "POST /api/v1/cases/{case_id}/ledger-check": "ledger.check",
    "POST /api/v1/calls/{call_id}/check": "call.check",
    "POST /api/v1/calls/{call_id}/composition": "playback.ask",
    "POST /api/v1/cases/{case_id}/package": "case.package",
    "PUT /api/v1/catalogue/{item_id}/offer": "item.offer",
    "PUT /api/v1/catalogue/{item_id}/form": "item.form",
    "POST /api/v1/catalogue": "catalogue.import",
    "POST /api/v1/catalogue/{item_id}/lowerings": "item.lower",
    "PUT /api/v1/lowerings/{lowering_id}": "item.close_lowering",
    "POST /api/v1/calendar": "calendar.edit",
    "POST /api/v1/publicity/exports": "publicity.export",
    "PUT /api/v1/cases/{case_id}/publicity": "publicity.choose",
    "POST /api/v1/people/{person_id}/exemptions": "person.exempt",
    "DELETE /api/v1/people/{person_id}/exemptions": "person.unexempt",
    "PUT /api/v1/templates/{paper_kind}": "template.publish",
    "POST /api/v1/materials/{material_id}/original": "material.original",
    "POST /api/v1/materials/{material_id}/card": "material.read_card",
    "POST /api/v1/cases/{case_id}/earlier": "case.list_earlier",
    "POST /api/v1/people/{person_id}/block": "person.block",
    "POST /api/v1/people/{person_id}/unblock": "person.unblock",
    "POST /api/v1/people/{person_id}/password": "person.reset_password",
    "DELETE /api/v1/people/{person_id}/sessions": "person.sign_out",
    "PUT /api/v1/session/password": "person.change_password",
}
"""Routes that change something, and what the ledger calls a refusal of them."""
PHONES: Final = frozenset({
    "POST /api/v1/phones/session",
    "DELETE /api/v1/phones/session",
    "POST /api/v1/phones/uploads",
    "PATCH /api/v1/phones/uploads/{upload_id}",
    "DELETE /api/v1/phones/uploads/{upload_id}",
})  # fmt: skip
"""By a link and without a sign-in: what they leave is tested in tests/server/uploads/test_phones.py."""
RECEIPTS: Final = frozenset(
    {
        "POST /api/v1/telling-receipts",
        "POST /api/v1/externals/{external_id}/reports",
        "POST /api/v1/externals/{external_id}/statements",
    }
)
"""By the gateway's signature: what they leave is tested in tests/server/tellings/test_tellings.py."""
COMMANDS: Final = "POST /api/v1/commands"
SEARCHES: Final = frozenset({
    "POST /api/v1/enquiries",
    "POST /api/v1/search/calls",
    "POST /api/v1/search/cases",
    "POST /api/v1/catalogue/{item_id}/form/check",
    "POST /api/v1/templates/{paper_kind}/check",
})  # fmt: skip
"""Routes that only read: what is looked for stands in the body, so that it is in no address."""

IN_USE: Final = frozenset({"POST /api/v1/session/use"})
"""That somebody is there: no act, and nothing of the record."""

NEW_CASE: Final = {
    "item_id": demo.PRINCIPAL, "mode": "proxy", "applicant_name": "孙雅宁",
    "identity_number": "11010519491231002X", "phone": "13805316217",
}  # fmt: skip
SAFE: Final = ("GET", "HEAD", "OPTIONS")


def declared() -> list[Route]:
    return [route for routes in ROUTES for route in routes.declared]


def type_of(model: type[BaseModel]) -> str:
    return str(model.model_fields["type"].default)


def test_every_command_and_every_changing_route_is_listed() -> None:
    commands = [type_of(model) for model in UNIONS["AnyCommand"]]
    assert set(commands) == ACTS | UNSAVED.keys()
    assert not ACTS & UNSAVED.keys()
    routes = {
        f"{route.method} {route.path}": route for route in declared() if route.method not in SAFE
    }
    assert (
        routes.keys()
        == SESSIONS.keys() | BY_HTTP.keys() | {COMMANDS} | SEARCHES | PHONES | RECEIPTS | IN_USE
    )
    assert {name: route.act for name, route in routes.items() if route.act} == BY_HTTP


@dataclass
class Scene:
    """A node and its people at their desks; what was done and refused so far."""

    node: Running
    desks: dict[str, Desk] = field(default_factory=dict)
    sockets: dict[str, Client] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    read: set[tuple[str, int]] = field(default_factory=set)

    @property
    def store(self) -> Store:
        return self.node.app[STORE]

    async def news(self) -> list[dict[str, Any]]:
        """The entries since this was last asked."""
        table = tables.ledger_entries
        async with self.store.read() as connection:
            found = await connection.execute(
                sa.select(table).order_by(table.c.at, table.c.subject, table.c.version)
            )
            entries = [dict(row) for row in found.mappings()]
        new = [one for one in entries if (one["subject"], one["version"]) not in self.read]
        self.read |= {(one["subject"], one["version"]) for one in new}
        return new

    async def left(
        self, since: datetime, login: str, act: str, *, about: str | None = None, result: str = "ok"
    ) -> None:
        """Exactly one of the new entries is of this act, and it says everything."""
        entries = await self.news()
        mine = [one for one in entries if (one["act"], one["result"]) == (act, result)]
        assert len(mine) == 1, (act, result, [(one["act"], one["result"]) for one in entries])
        [entry] = mine
        person = next(person for person in demo.PEOPLE if person.login == login)
        assert entry["actor"] == person.id
        assert entry["unit"] == person.unit_id
        assert since <= datetime.fromisoformat(entry["at"]) <= datetime.now(UTC)
        assert entry["object"] == about if about else entry["object"]
        assert entry["digest"]
        assert entry["hash"]

    async def does(
        self, login: str, kind: str, act: str | None = None, /, **members: Any
    ) -> dict[str, Any]:
        """Let this person send a command that succeeds, and find its entry."""
        await self.news()
        since = datetime.now(UTC)
        result = await self.sockets[login].ask({"type": kind, **await self.looking(kind, members)})
        await self.left(since, login, act or kind)
        self.done.add(kind)
        return result

    async def looking(self, kind: str, members: dict[str, Any]) -> dict[str, Any]:
        """What somebody tells who has the newest version of the case before him."""
        if kind not in SEEN:
            return members
        return {"seen_version": await self.store.version(f"case:{members['case_id']}"), **members}

    async def is_refused(self, login: str, kind: str, /, **members: Any) -> None:
        """Let this person send a command that is refused, and find its entry."""
        await self.news()
        since = datetime.now(UTC)
        ack = await self.sockets[login].send({"type": kind, **await self.looking(kind, members)})
        assert ack.code not in (None, "malformed", "unknown_type", "internal"), (kind, ack)
        noun = next(
            (n for n in ("case", "call", "unit", "item", "task") if f"{n}_id" in members), None
        )
        about = f"{noun}:{members[f'{noun}_id']}" if noun else "none"
        await self.left(since, login, kind, about=about, result=str(ack.code))
        self.refused.add(kind)

    async def asks(
        self, login: str, route: str, act: str, ids: Mapping[str, str], **request: Any
    ) -> Mapping[str, str]:
        """Let this person make a request that succeeds, and find its entry; returns the headers."""
        await self.news()
        since = datetime.now(UTC)
        method, _, path = route.partition(" ")
        http = self.desks[login].http
        async with http.request(method, path.format_map(ids), **request) as said:
            assert said.status < 300, await said.text()
            headers = dict(said.headers)
        await self.left(since, login, act)
        self.done.add(route)
        return headers

    async def is_denied(
        self, login: str, route: str, ids: Mapping[str, str], **request: Any
    ) -> None:
        """Let this person make a request that is refused, and find its entry."""
        await self.news()
        since = datetime.now(UTC)
        method, _, path = route.partition(" ")
        http = self.desks[login].http
        async with http.request(method, path.format_map(ids), **request) as said:
            assert 400 <= said.status < 500, said.status
            code = (await said.json(content_type=None))["code"]
        await self.left(since, login, BY_HTTP[route], result=code)
        self.refused.add(route)


@pytest.fixture
async def scene(demo_database: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(demo_node(demo_database, tmp_path))
        scene = Scene(node)
        for login in (
            CLERK,
            APPROVER,
            OTHER_APPROVER,
            THIRD,
            SUPERVISOR,
            ADMIN,
            SECOND_ADMIN,
            OPERATOR,
            SECURITY,
        ):
            scene.desks[login] = await stack.enter_async_context(desk_of(node, login))
            scene.sockets[login] = client = Client(node.address, scene.desks[login].token)
            await client.connect()
            stack.push_async_callback(client.close)
        yield scene


@pytest.mark.timeout(120)  # each of some seventy acts is one that waits for nothing
async def test_every_act_and_every_refusal_leaves_its_entry(scene: Scene) -> None:
    nowhere = {"case_id": "case-that-is-not", "call_id": "call-that-is-not"}
    await scene.is_refused(ADMIN, "case.create", **NEW_CASE)
    case_id = (await scene.does(CLERK, "case.create", **NEW_CASE))["case_id"]
    case = {"case_id": case_id}
    text = (await scene.desks[CLERK].get("/consent-text?language=zh-CN"))["version"]
    consent = {**case, "given": True, "text_version": text, "language": "zh-CN"}
    await scene.is_refused(APPROVER, "case.consent", **consent)
    await scene.does(CLERK, "case.consent", **consent)
    for other in ("online", "proxy"):
        await scene.is_refused(APPROVER, "case.change_mode", **case, mode=other)
        await scene.does(CLERK, "case.change_mode", **case, mode=other)

    call_id = await _calls(scene, case)
    await _form(scene, case)
    await _words(scene, case)
    await _files(scene, case)
    await _signature(scene, case)
    await _seats(scene, {"call_id": call_id})
    await _rating(scene, case, call_id)
    await _archive(scene, case, call_id)
    await _catalogue(scene)
    await _accounts(scene)
    back_and_forth = {**case, "reason": "不属于本机关职权范围"}
    await scene.is_refused(CLERK, "case.refer", **back_and_forth, unit_id=demo.LIAOCHENG)
    await scene.does(APPROVER, "case.refer", **back_and_forth, unit_id=demo.LIAOCHENG)
    await scene.does(THIRD, "case.refer", **back_and_forth, unit_id=demo.XIHAIAN)
    await scene.is_refused(CLERK, "case.decide", **case, decision="refused", reason="x")
    await scene.does(APPROVER, "case.decide", **case, decision="accepted", reason="x")
    await _clock(scene, case)
    await _tasks(scene, case["case_id"])
    await _joint(scene)
    await _course(scene, case)
    await _elsewhere(scene)
    await _paying(scene)
    await _renewed(scene)

    await scene.is_refused(ADMIN, "rehearsal.open")
    await scene.is_refused(ADMIN, "missed.watch")
    await scene.is_refused(ADMIN, "listed.watch")
    for kind in UNSAVED:  # that somebody wanted what is not his is kept of these too
        if kind.partition(".")[0] in ("desk", "unit", "missed", "listed"):
            continue
        if kind in ("rehearsal.open", "rehearsal.close"):
            continue
        members = {
            "case": {"case_id": nowhere["case_id"]},
            "call": {"call_id": nowhere["call_id"]},
            "rehearsal": {"rehearsal_id": "rehearsal-that-is-not"},
            "monitor": {},
        }
        more: dict[str, Any] = {
            "case.draft": {"field": "remark", "value": "x", "base_version": 0},
            "case.hold": {"field": "remark"},
            "call.connect": {"leg_id": "leg-that-is-not"},
            "call.prepare": {"ring_id": "ring-that-is-not"},
            "call.describe": {"leg_id": "leg-that-is-not", "sdp": "v=0"},
            "rehearsal.describe": {"party": "send", "sdp": "v=0"},
        }.get(kind, {})
        await scene.is_refused(CLERK, kind, **members[kind.partition(".")[0]], **more)

    assert scene.done >= ACTS | BY_HTTP.keys() | {COMMANDS}
    assert scene.refused >= ACTS | BY_HTTP.keys() | {COMMANDS}
    await _sessions(scene)
    await until(lambda: _making(scene, case_id), 30)
    report = await scene.store.verifier.verify()
    assert report.ok, report.findings


async def _accounts(scene: Scene) -> None:
    """Of a colleague of the administrator, and one's own password."""
    colleague = {"person_id": "person-hanmei"}
    async with desk_of(scene.node, "hanmei"):
        for act, request in (
            ("DELETE /api/v1/people/{person_id}/sessions", {}),
            ("POST /api/v1/people/{person_id}/block", {"json": {"reason": "离岗"}}),
            ("POST /api/v1/people/{person_id}/unblock", {}),
            ("POST /api/v1/people/{person_id}/password", {}),
        ):
            await scene.is_denied(CLERK, act, colleague, **request)
            await scene.asks(ADMIN, act, BY_HTTP[act], colleague, **request)
    own, words = "PUT /api/v1/session/password", "four quite unrelated words"
    await scene.is_denied(OTHER_APPROVER, own, {}, json={"old": "not it", "new": words})
    await scene.asks(
        OTHER_APPROVER, own, BY_HTTP[own], {}, json={"old": demo.PASSWORD, "new": words}
    )


async def _calls(scene: Scene, case: Mapping[str, str]) -> str:
    """Calls that are declined, cancelled and answered; the third seat, twice."""
    await scene.is_refused(CLERK, "desk.duty", duty="online")
    for login in (APPROVER, THIRD):
        await scene.does(login, "desk.duty", duty="online")

    async def ring_of(login: str, call_id: str) -> dict[str, str]:
        view = (await scene.sockets[login].ask({"type": "call.open", "call_id": call_id}))["call"]
        [ring] = [one for one in view["rings"] if one["state"] == "ringing"]
        return {"call_id": call_id, "ring_id": ring["id"]}

    await scene.is_refused(APPROVER, "call.dial", **case)
    call_id = (await scene.does(CLERK, "call.dial", **case))["call_id"]
    ring = await ring_of(APPROVER, call_id)
    await scene.is_refused(THIRD, "call.decline", **ring)
    await scene.does(APPROVER, "call.decline", **ring)
    call_id = (await scene.does(CLERK, "call.dial", **case))["call_id"]
    await scene.is_refused(APPROVER, "call.cancel", call_id=call_id)
    await scene.does(CLERK, "call.cancel", call_id=call_id)
    await scene.is_refused(CLERK, "missed.ask", **case)
    await scene.does(APPROVER, "missed.ask", **case)
    call_id = (await scene.does(CLERK, "call.dial", **case))["call_id"]
    ring = await ring_of(APPROVER, call_id)
    await scene.is_refused(THIRD, "call.answer", **ring)
    await scene.does(APPROVER, "call.answer", **ring)
    # the same over HTTP is the same act
    await scene.news()
    since = datetime.now(UTC)
    body = {"type": "call.mute", "id": fresh_id(), "call_id": call_id, "mid": "0", "on": True}
    async with scene.desks[ADMIN].http.post(
        "/api/v1/commands", json={**body, "leg_id": "leg-that-is-not"}
    ) as said:
        assert said.status == 404
    await scene.left(since, ADMIN, "call.mute", about=f"call:{call_id}", result="not_found")
    scene.refused |= {COMMANDS, "call.mute"}
    since = datetime.now(UTC)
    await scene.desks[CLERK].command("case.say", **case, lane="staff", text="接通了")
    await scene.left(since, CLERK, "case.say")
    scene.done.add(COMMANDS)

    await _monitors(scene, call_id)
    invite = {"call_id": call_id, "unit_id": demo.LIAOCHENG}
    await scene.is_refused(SUPERVISOR, "call.invite", **invite)
    invited = await scene.does(APPROVER, "call.invite", **invite)
    withdraw = {"call_id": call_id, "invite_id": invited["invite_id"]}
    await scene.is_refused(THIRD, "call.withdraw", **withdraw)
    await scene.does(CLERK, "call.withdraw", **withdraw)
    await scene.does(APPROVER, "call.invite", **invite)
    await scene.does(THIRD, "call.answer", **await ring_of(THIRD, call_id))
    return call_id


async def _monitors(scene: Scene, call_id: str) -> None:
    begin = {"call_id": call_id, "reason": "群众投诉"}
    await scene.is_refused(APPROVER, "monitor.begin", **begin)
    monitor_id = (await scene.does(SUPERVISOR, "monitor.begin", **begin))["monitor_id"]
    turn = {"call_id": call_id, "monitor_id": monitor_id}
    await scene.is_refused(SUPERVISOR, "monitor.turn", **turn, way="whisper")
    await scene.is_refused(CLERK, "monitor.end", **turn)
    await scene.news()
    since = datetime.now(UTC)
    await scene.sockets[SUPERVISOR].ask({"type": "monitor.turn", **turn, "way": "barge"})
    entries = await scene.news()
    assert {(one["act"], one["subject"]) for one in entries} == {
        ("monitor.barge", f"call:{call_id}"),
        ("monitor.turn", f"monitors:{call_id}"),
    }
    assert all(datetime.fromisoformat(one["at"]) >= since for one in entries)
    await scene.does(SUPERVISOR, "monitor.turn", **turn, way="listen")
    await scene.does(SUPERVISOR, "monitor.end", **turn)


async def _making(scene: Scene, case_id: str) -> str | None:
    """What is still at work when all acts are done."""
    table = tables.papers
    async with scene.store.read() as connection:
        states = await connection.scalars(
            sa.select(table.c.state).where(table.c.case_id == case_id)
        )
        return "papers are being made" if "making" in set(states) else None


async def _clock(scene: Scene, case: Mapping[str, str]) -> None:
    await scene.is_refused(APPROVER, "case.print_form", **case)
    await scene.does(CLERK, "case.print_form", **case)
    unmask = {**case, "what": "phone", "reason": "回拨核实"}
    await scene.is_refused(CLERK, "case.unmask", **unmask)
    await scene.does(SUPERVISOR, "case.unmask", **unmask)
    parcel = {"courier": "中国邮政 EMS", "tracking": "EX123456789CN"}
    sheets = [{"line": "licence", "originals": 2, "copies": 0}]
    await scene.is_refused(APPROVER, "case.send_originals", **case, **parcel, lines=sheets)
    sent = await scene.does(CLERK, "case.send_originals", **case, **parcel, lines=sheets)
    came = {**case, **sent, "arrived": [{"line": "licence", "received": True}]}
    await scene.is_refused(CLERK, "case.receive_originals", **came)
    await scene.does(APPROVER, "case.receive_originals", **came)
    stop = {**case, "why": "hearing", "reason": "听证会定于下周举行"}
    await scene.is_refused(CLERK, "case.stop_clock", **stop)
    await scene.does(APPROVER, "case.stop_clock", **stop)
    await scene.is_refused(SUPERVISOR, "case.resume_clock", **case)
    await scene.does(APPROVER, "case.resume_clock", **case)
    extend = {**case, "days": 5, "reason": "案情复杂"}
    await scene.is_refused(APPROVER, "case.extend_limit", **extend)
    await scene.does(OTHER_APPROVER, "case.extend_limit", **extend)


async def _form(scene: Scene, case: Mapping[str, str]) -> None:
    edit = {**case, "field": "remark", "value": "甲", "base_version": 0}
    await scene.is_refused(THIRD, "case.edit", **edit)
    version = (await scene.does(CLERK, "case.edit", **edit))["version"]
    await scene.is_refused(CLERK, "case.edit", **{**edit, "base_version": version + 1})
    propose = {**case, "field": "remark", "value": "乙"}
    await scene.is_refused(CLERK, "case.propose", **propose)
    proposal = (await scene.does(APPROVER, "case.propose", **propose))["proposal_id"]
    answer = {**case, "proposal_id": proposal, "answer": "yes"}
    await scene.is_refused(CLERK, "case.answer_proposal", **answer)  # the clerk's own page
    await scene.sockets[CLERK].ask({"type": "case.open", **case, "as_applicant": True})
    await scene.does(CLERK, "case.answer_proposal", **answer)
    await scene.sockets[CLERK].ask({"type": "case.open", **case})
    close = {**case, "proposal_id": proposal, "adopt": True}
    await scene.is_refused(APPROVER, "case.close_proposal", **close)
    await scene.does(CLERK, "case.close_proposal", **close)
    # a repeat of an act that was done is no second act
    await scene.news()
    command = {"type": "case.say", "id": fresh_id(), **case, "lane": "staff", "text": "一次"}
    first = await scene.sockets[CLERK].ask(command)
    assert await scene.sockets[CLERK].ask(command) == first
    assert [one["act"] for one in await scene.news()] == ["case.say"]


async def _tasks(scene: Scene, case_id: str) -> None:
    """What people do with a task: each act on one of its own but that which goes on after another."""
    at = scene.store.clock.now()
    later = at + timedelta(days=1)
    when = later.isoformat()

    async def task() -> dict[str, Any]:
        told = task_rules.TaskSource("told", "", at)
        new = task_rules.opened(
            fresh_id(), case_id, "follow", demo.XIHAIAN, "x", told, next_step="x", next_at=later
        )
        async with scene.store.change(SYSTEM) as change:
            await open_task(change, new)
        return {"task_id": new.id, "seen_version": 1}

    for kind, login, members in (
        ("task.claim", APPROVER, {}),
        ("task.hand", APPROVER, {"person_id": None}),
        ("task.enter", APPROVER, {"outcome": "done", "text": "x"}),
        ("task.cancel", APPROVER, {"text": "x"}),
        ("task.supervise", OTHER_APPROVER, {"text": "x", "answer_by": when}),
        ("task.suspend", APPROVER, {"text": "x", "next_at": when}),
    ):
        about = await task()
        await scene.is_refused(CLERK, kind, **about, **members)
        result = await scene.does(login, kind, **about, **members)
    again = {**about, "seen_version": result["version"], "next_step": "x", "next_at": when}
    await scene.is_refused(CLERK, "task.resume", **again)
    await scene.does(APPROVER, "task.resume", **again)
    wish = {"case_id": case_id, "kind": "proxy", "text": "请代领"}
    await scene.is_refused(SUPERVISOR, "case.ask_agent", **wish)
    agent = await scene.does(APPROVER, "case.ask_agent", **wish)
    # the window accepts it, beside the case that it has on screen
    claim = {**agent, "seen_version": 1}
    await scene.is_refused(APPROVER, "task.claim", **claim)
    claimed = await scene.does(CLERK, "task.claim", **claim)
    opened = await scene.sockets[CLERK].ask({"type": "case.open", "case_id": case_id})
    today = china_day(at).isoformat()
    scan = next(one for one in opened["case"]["materials"] if one["purpose"] == "material")
    mandate = {
        **agent, "seen_version": claimed["version"], "scope": "代领", "signed_on": today,
        "until": today, "material_id": scan["id"],
    }  # fmt: skip
    await scene.is_refused(APPROVER, "task.mandate", **mandate)
    await scene.does(CLERK, "task.mandate", **mandate)
    paper = {"case_id": case_id, **agent, "paper": "agent_start"}
    await scene.is_refused(APPROVER, "case.print_agent", **paper)
    await scene.does(CLERK, "case.print_agent", **paper)


async def _course(scene: Scene, case: Mapping[str, str]) -> None:
    mine = {**case, "person_id": f"person-{APPROVER}", "from_id": None}
    await scene.is_refused(CLERK, "case.assign", **mine)
    await scene.does(APPROVER, "case.assign", **mine)
    away = {**case, "kind": "withdrawn", "reason": "书面撤回"}
    await scene.is_refused(APPROVER, "case.finish", **away)
    granted = {**case, "ruling": "granted"}
    await scene.is_refused(CLERK, "case.rule", **granted)
    await scene.does(APPROVER, "case.rule", **granted)
    licence = {"kind": "licence", "name": "营业执照", "number": "7", "valid_from": "2026-11-23"}
    await scene.is_refused(CLERK, "case.issue", **case, results=[licence])
    await scene.does(APPROVER, "case.issue", **case, results=[licence])
    agreed = {**case, "address": "13805316217"}
    await scene.is_refused(APPROVER, "case.agree_electronic", **agreed)
    await scene.does(CLERK, "case.agree_electronic", **agreed)
    await scene.is_refused(SUPERVISOR, "case.begin_delivery", **case, way="collected")
    try_ = {**case, **await scene.does(CLERK, "case.begin_delivery", **case, way="collected")}
    receiver = {"name": "孙雅宁", "document": "passport", "number": "E12345678", "how": "sight"}
    await scene.is_refused(APPROVER, "case.check_receiver", **try_, **receiver)
    await scene.does(CLERK, "case.check_receiver", **try_, **receiver)
    today = china_day(datetime.now(UTC)).isoformat()
    over = {**try_, "outcome": "delivered", "on": today}
    await scene.is_refused(SUPERVISOR, "case.end_delivery", **over)
    await scene.does(CLERK, "case.end_delivery", **over)
    await scene.is_refused(CLERK, "case.archive", **case)
    await until(lambda: _making(scene, case["case_id"]), 30)
    package = "POST /api/v1/cases/{case_id}/package"
    reason = {"reason": "移交档案馆"}
    await scene.is_denied(APPROVER, package, case, json=reason)
    await scene.does(APPROVER, "case.archive", **case)
    await scene.is_denied(CLERK, package, case, json=reason)
    await scene.asks(APPROVER, package, "case.package", case, json=reason)
    other = {
        "case_id": (await scene.sockets[CLERK].ask({"type": "case.create", **NEW_CASE}))["case_id"]
    }
    await scene.does(CLERK, "case.finish", **{**away, **other})
    asked = {"item_id": demo.PRINCIPAL, "question": "能在这里换吗？"}
    await scene.is_refused(ADMIN, "case.consult", **asked)
    for act, login, none, members in (
        ("case.conclude", APPROVER, SUPERVISOR, {"answer": "能。"}),
        ("case.register_consulted", CLERK, APPROVER, NEW_CASE),
    ):
        consulted = {"case_id": (await scene.does(CLERK, "case.consult", **asked))["case_id"]}
        await scene.is_refused(none, act, **consulted, **members)
        await scene.does(login, act, **consulted, **members)


async def _words(scene: Scene, case: Mapping[str, str]) -> None:
    say = {**case, "lane": "shared", "text": "您好"}
    await scene.is_refused(SUPERVISOR, "case.say", **say)
    await scene.does(THIRD, "case.say", **say)
    comment = {**case, "on": "field:remark", "text": "请核对"}
    await scene.is_refused(SUPERVISOR, "case.comment", **comment)
    thread = {
        **case,
        "comment_id": (await scene.does(THIRD, "case.comment", **comment))["comment_id"],
    }
    await scene.is_refused(ADMIN, "case.reply", **thread, text="x")
    await scene.does(CLERK, "case.reply", **thread, text="已核对")
    await scene.is_refused(CLERK, "case.resolve", **thread, resolved=True)
    await scene.does(APPROVER, "case.resolve", **thread, resolved=True)
    secret = "s" * 40
    digest = hashlib.sha256(secret.encode()).hexdigest()
    phone = {**case, "line": "licence", "secret_sha256": digest}
    await scene.is_refused(APPROVER, "case.invite_phone", **phone)
    link = {**case, "phone_id": (await scene.does(CLERK, "case.invite_phone", **phone))["phone_id"]}
    page = {**link, "material_id": await _page(scene.node, link["phone_id"], secret)}
    await scene.is_refused(THIRD, "case.take_page", **page)
    await scene.does(CLERK, "case.take_page", **page)
    await scene.is_refused(THIRD, "case.withdraw_phone", **link)
    await scene.does(CLERK, "case.withdraw_phone", **link)
    check = {**case, "point": "seal", "verdict": "ok"}
    await scene.is_refused(CLERK, "case.check", **check)
    await scene.does(APPROVER, "case.check", **check)


async def _card(scene: Scene, case: Mapping[str, str], about: Mapping[str, str]) -> None:
    """A page without a card is refused everywhere; a card is read where the reader is installed."""
    route = "POST /api/v1/materials/{material_id}/card"
    await scene.is_denied(APPROVER, route, about)
    await scene.is_denied(CLERK, route, about)
    if not cards.installed():
        scene.done.add(route)
        return
    location, material_id = await scene.desks[CLERK].begin(
        case["case_id"], "other", len(picture := identity_card())
    )
    async with scene.desks[CLERK].patch(location, 0, picture) as said:
        assert said.status == 204
    await scene.asks(CLERK, route, "material.read_card", {"material_id": material_id})


async def _page(node: Running, phone_id: str, secret: str) -> str:
    """A page that a phone brought by its link: the id of its file."""
    jar = aiohttp.CookieJar(unsafe=True)  # which takes cookies of an address without a name
    async with aiohttp.ClientSession(node.address, cookie_jar=jar) as http:
        body = {"phone_id": phone_id, "secret": secret}
        async with http.post("/api/v1/phones/session", json=body) as said:
            assert said.status == 200
        named = {
            **TUS,
            "Upload-Length": str(len(PDF)),
            "Upload-Metadata": metadata({"filename": "1"}),
        }
        async with http.post("/api/v1/phones/uploads", headers=named) as said:
            location = said.headers["Location"]
        piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        async with http.patch(location, data=PDF, headers=piece) as said:
            assert said.status == 204
    links = tables.phones.c
    async with node.app[STORE].read() as reading:
        pages = await reading.scalar(sa.select(links.pages).where(links.id == phone_id))
    return str(pages[0]["material_id"])


async def _accepted(
    scene: Scene, item_id: str, *declared: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """An accepted case, with what the applicant ``declared`` in it, and a file of it."""
    begun = await scene.does(CLERK, "case.create", **{**NEW_CASE, "item_id": item_id})
    case = {"case_id": begun["case_id"]}
    for name, value in (("project_name", "沐川路厂房"), ("contact_phone", "13805316217")):
        edit = {**case, "field": name, "value": value, "base_version": 0}
        await scene.does(CLERK, "case.edit", **edit)
    begin, append = list(BY_HTTP)[:2]
    piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    for line in ("application", "report"):
        about = metadata({**case, "line": line, "filename": "a.pdf"})
        named = {**TUS, "Upload-Length": str(len(PDF)), "Upload-Metadata": about}
        told = await scene.asks(CLERK, begin, "material.begin", {}, headers=named)
        upload = {"upload_id": told["Location"].rpartition("/")[2]}
        await scene.asks(CLERK, append, "material.store", upload, data=PDF, headers=piece)
        judged = {"material_id": told["Yunjian-Material"], "review": "accepted"}
        await scene.does(APPROVER, "case.review", **case, **judged)
    for one in declared:
        await scene.does(CLERK, "case.promise", **case, **one)
    await scene.does(APPROVER, "case.decide", **case, decision="accepted", reason="材料齐全。")
    return case, judged["material_id"]


async def _elsewhere(scene: Scene) -> None:
    """A case that is decided in an external system."""
    case, proof = await _accepted(scene, demo.FILING)
    today = china_day(datetime.now(UTC)).isoformat()
    there = {"step": "granted", "number": "37-2026-118", "on": today}
    there = {**case, **there, "proof": proof}
    await scene.is_refused(CLERK, "case.report", **there)
    await scene.does(APPROVER, "case.report", **there)
    export, choose = (name for name in BY_HTTP if "/publicity" in name)
    days, private = {"first": today, "last": today}, {"withheld": "privacy", "note": "涉及隐私"}
    await scene.is_denied(CLERK, export, {}, json=days)
    await scene.asks(ADMIN, export, "publicity.export", {}, json=days)
    await scene.is_denied(CLERK, choose, case, json=private)
    await scene.asks(ADMIN, choose, "publicity.choose", case, json=private)
    await scene.is_refused(APPROVER, "case.begin_sequel", **case, kind="altered")
    await scene.does(CLERK, "case.begin_sequel", **case, kind="altered")


async def _paying(scene: Scene) -> None:
    """A case that costs something, and in which something is declared."""
    [free] = [one for one in demo.ITEMS if one.id == demo.FILING]
    seat = Line("seat", "住所证明", "required", "paper", 0, 1, declares=True)
    item = replace(
        free,
        id="item-fee",
        code=f"{free.code[:-1]}9",
        system="",
        fee_basis="发改价格〔2017〕1号",
        lines=(*free.lines, seat),
    )
    async with scene.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    words = {"text_version": "2026-12d", "language": "zh-CN"}
    case, _ = await _accepted(scene, item.id, {"line": "seat", "due_on": None, **words})
    verify = {**case, "line": "seat", "verdict": "true", "how": "asked"}
    await scene.is_refused(CLERK, "case.verify", **verify)
    await scene.does(APPROVER, "case.verify", **verify)
    await scene.is_refused(CLERK, "case.ask_fee", **case, amount_fen=1000)
    await scene.does(APPROVER, "case.ask_fee", **case, amount_fen=1000)
    today = china_day(datetime.now(UTC)).isoformat()
    paid = {**case, "kind": "paid", "on": today}
    await scene.is_refused(CLERK, "case.settle_fee", **paid)
    await scene.does(CLERK, "case.settle_fee", **paid, number="3702-0001")


async def _joint(scene: Scene) -> None:
    """A case in which another unit has a task, and what becomes of it."""
    begun = await scene.does(CLERK, "case.create", **{**NEW_CASE, "mode": "joint"})
    case = {"case_id": begun["case_id"]}
    asking = {**case, "unit_id": demo.LIAOCHENG, "wanted": "请核对"}
    await scene.is_refused(CLERK, "case.ask_unit", **asking)

    async def asked() -> dict[str, str]:
        told = await scene.does(APPROVER, "case.ask_unit", **asking)
        return {**case, "task_id": told["task_id"]}

    me = {"person_id": f"person-{THIRD}"}
    task, why = await asked(), {"reason": "x"}
    said = {"opinion": "agree", "text": "x"}
    for kind, members in (
        ("receive", {}), ("accept", {}), ("hand", me), ("pause", {"why": "hearing", **why}), ("go_on", {}),
        ("answer", said),
    ):  # fmt: skip
        await scene.is_refused(APPROVER, f"case.{kind}_task", **task, **members)
        await scene.does(THIRD, f"case.{kind}_task", **task, **members)
    await scene.is_refused(CLERK, "case.return_task", **task, **why)
    again = await scene.does(APPROVER, "case.return_task", **task, **why)
    task = {**case, "task_id": again["task_id"]}
    await scene.does(THIRD, "case.accept_task", **task, **me)
    await scene.does(THIRD, "case.answer_task", **task, **said)
    await scene.is_refused(CLERK, "case.close_task", **task)
    await scene.does(APPROVER, "case.close_task", **task)
    task = await asked()
    await scene.is_refused(APPROVER, "case.give_back_task", **task, **why)
    await scene.does(THIRD, "case.give_back_task", **task, **why)
    task = await asked()
    await scene.is_refused(CLERK, "case.cancel_task", **task, **why)
    await scene.does(APPROVER, "case.cancel_task", **task, **why)


async def _renewed(scene: Scene) -> None:
    """A case of somebody who came by a mandate, and shows a new one."""
    of = {"capacity": "agent", "name": "王建国", "number": "11010519491231002X"}
    begun = await scene.does(
        CLERK, "case.create", **{**NEW_CASE, "credit_code": None}, principal=of
    )
    about = metadata({"case_id": begun["case_id"], "line": "mandate", "filename": "a.pdf"})
    named = {**TUS, "Upload-Length": str(len(PDF)), "Upload-Metadata": about}
    begin, append = list(BY_HTTP)[:2]
    told = await scene.asks(CLERK, begin, "material.begin", {}, headers=named)
    upload = {"upload_id": told["Location"].rpartition("/")[2]}
    piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    await scene.asks(CLERK, append, "material.store", upload, data=PDF, headers=piece)
    renewed = {"case_id": begun["case_id"], "material_id": told["Yunjian-Material"]}
    await scene.is_refused(APPROVER, "case.renew_mandate", **renewed)
    await scene.does(CLERK, "case.renew_mandate", **renewed)


async def _files(scene: Scene, case: Mapping[str, str]) -> None:
    def named(line: str, size: int = len(PDF)) -> dict[str, Any]:
        about = {**case, "line": line, "filename": "a.pdf"}
        return {"headers": {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(about)}}

    begin, append, override, cancel = list(BY_HTTP)[:4]
    piece = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    as_patch = {**piece, "X-HTTP-Method-Override": "PATCH"}
    await scene.is_denied(SUPERVISOR, begin, {}, **named("licence"))
    for line, route, headers in (
        ("licence", append, piece),
        ("identity", override, as_patch),
        ("application", append, piece),
        ("appointment", append, piece),
    ):
        begun = await scene.asks(CLERK, begin, "material.begin", {}, **named(line))
        upload = {"upload_id": begun["Location"].rpartition("/")[2]}
        await scene.is_denied(APPROVER, route, upload, data=PDF, headers=headers)
        await scene.asks(CLERK, route, "material.store", upload, data=PDF, headers=headers)
        graded = {**case, "material_id": begun["Yunjian-Material"], "grade": "B"}
        await scene.is_refused(APPROVER, "case.grade", **graded)
        await scene.does(CLERK, "case.grade", **graded)
        material = {**case, "material_id": begun["Yunjian-Material"], "review": "accepted"}
        await scene.is_refused(CLERK, "case.review", **material)
        await scene.does(APPROVER, "case.review", **material)
    there = {**case, "material_id": material["material_id"]}
    await scene.is_refused(SUPERVISOR, "case.move_material", **there, line="other")
    for line in ("other", "appointment"):
        await scene.does(CLERK, "case.move_material", **there, line=line)
    await scene.does(APPROVER, "case.review", **material)
    await scene.does(APPROVER, "case.review", **there, review="none")
    await scene.does(APPROVER, "case.review", **material)
    stroke = {"material_id": material["material_id"], "page": 1, "points": [[0.1, 0.1], [0.2, 0.2]]}
    await scene.is_refused(SUPERVISOR, "case.draw", **case, **stroke)
    await scene.does(CLERK, "case.draw", **case, **stroke)
    clear = {**case, "material_id": material["material_id"], "whose": "all"}
    await scene.is_refused(CLERK, "case.clear_drawings", **clear)
    await scene.does(APPROVER, "case.clear_drawings", **clear)
    await scene.is_refused(CLERK, "case.keep_drawing", **case, only_me=True)
    await scene.does(APPROVER, "case.keep_drawing", **case, only_me=False)
    original = "POST /api/v1/materials/{material_id}/original"
    about = {"material_id": begun["Yunjian-Material"]}
    await scene.is_denied(CLERK, original, about, json={"reason": " "})
    await scene.asks(APPROVER, original, "material.original", about, json={"reason": "比对公章"})
    await _card(scene, case, about)
    await _earlier(scene, about["material_id"])
    await _promise(scene)
    begun = await scene.asks(CLERK, begin, "material.begin", {}, **named("licence"))
    upload = {"upload_id": begun["Location"].rpartition("/")[2]}
    await scene.is_denied(APPROVER, cancel, upload, headers=TUS)
    await scene.asks(CLERK, cancel, "material.cancel", upload, headers=TUS)
    # a file that is no document is refused to its sender, and stands as rejected in the case
    nonsense = b"no document at all" * 100
    begun = await scene.asks(CLERK, begin, "material.begin", {}, **named("other", len(nonsense)))
    upload = {"upload_id": begun["Location"].rpartition("/")[2]}
    await scene.is_denied(CLERK, append, upload, data=nonsense, headers=piece)


async def _earlier(scene: Scene, material_id: str) -> None:
    """A material is used again in another case of the same applicant; both ledgers keep it."""
    made = await scene.sockets[CLERK].ask({"type": "case.create", **NEW_CASE})
    case = {"case_id": made["case_id"]}
    answer = {**case, "given": True, "text_version": "2026-11", "language": "zh-CN"}
    await scene.is_refused(APPROVER, "case.consent_earlier", **answer)
    listing = "POST /api/v1/cases/{case_id}/earlier"
    await scene.is_denied(CLERK, listing, case)
    await scene.does(CLERK, "case.consent_earlier", **answer)
    await scene.is_denied(APPROVER, listing, case)
    await scene.asks(CLERK, listing, "case.list_earlier", case)
    take = {**case, "line": "identity", "material_id": material_id}
    await scene.is_refused(APPROVER, "case.take_earlier", **take)
    await scene.news()
    since = datetime.now(UTC)
    await scene.sockets[CLERK].ask({"type": "case.take_earlier", "id": fresh_id(), **take})
    left = {one["act"]: one for one in await scene.news() if one["act"] != "material.copy"}
    assert left.pop("case.receive")["object"] == f"case:{case['case_id']}", "its first material"
    assert set(left) == {"case.take_earlier", "material.lend"}
    assert left["material.lend"]["object"] == f"material:{material_id}"
    for one in left.values():
        assert (one["actor"], one["on_behalf_of"]) == (f"person-{CLERK}", "applicant")
        assert datetime.fromisoformat(one["at"]) >= since
    scene.done.add("case.take_earlier")


async def _promise(scene: Scene) -> None:
    made = await scene.sockets[CLERK].ask(
        {"type": "case.create", **NEW_CASE, "item_id": demo.CLOSING}
    )
    until = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    about = {"case_id": made["case_id"], "line": "tax", "due_on": until}
    promise = {**about, "text_version": "2026-11", "language": "zh-CN"}
    await scene.is_refused(APPROVER, "case.promise", **promise)
    await scene.does(CLERK, "case.promise", **promise)
    later = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    move = {**about, "due_on": later, "reason": "尚在办理"}
    await scene.is_refused(CLERK, "case.move_promise", **move)
    await scene.does(APPROVER, "case.move_promise", **move)


async def _signature(scene: Scene, case: Mapping[str, str]) -> None:
    for name, value in VALUES.items():
        edit = {**case, "field": name, "value": value, "base_version": 0}
        await scene.does(CLERK, "case.edit", **edit)
    await scene.is_refused(APPROVER, "case.summarise", **case)
    shown = await scene.does(CLERK, "case.summarise", **case)
    pad = {"width": 400, "height": 200, "strokes": [[[0.1, 0.1, 0.5, 0]]]}
    sign = {**case, "hash": shown["hash"], "shown_at": shown["shown_at"], **pad}
    await scene.is_refused(CLERK, "case.sign", **{**sign, "hash": "0" * 64})
    await scene.does(CLERK, "case.sign", **sign)
    await scene.is_refused(CLERK, "case.submit", **case, hash="0" * 64)
    await scene.does(CLERK, "case.submit", **case, hash=shown["hash"])


async def _seats(scene: Scene, call: Mapping[str, str]) -> None:
    joined = await scene.does(CLERK, "call.join", **call)
    await scene.is_refused(ADMIN, "call.join", **call)
    mute = {**call, "leg_id": joined["leg_id"], "mid": "0", "on": True}
    await scene.does(CLERK, "call.mute", **mute)
    await scene.does(CLERK, "call.lack", **mute)
    await scene.is_refused(ADMIN, "call.lack", **mute)
    await scene.is_refused(THIRD, "call.hold", **call)
    await scene.does(APPROVER, "call.hold", **call)
    await scene.is_refused(CLERK, "call.resume", **call)
    await scene.does(APPROVER, "call.resume", **call)
    await scene.is_refused(ADMIN, "call.hang_up", **call)
    await scene.does(THIRD, "call.hang_up", **call)
    await scene.does(APPROVER, "call.hang_up", **call)
    await scene.is_refused(CLERK, "call.hang_up", call_id="call-that-is-not")


async def _rating(scene: Scene, case: Mapping[str, str], call_id: str) -> None:
    said = {**case, "call_id": call_id, "level": "2"}
    await scene.is_refused(CLERK, "case.rate", **said)  # the clerk's own page
    await scene.sockets[CLERK].ask({"type": "case.open", **case, "as_applicant": True})
    await scene.does(CLERK, "case.rate", **said)


async def _archive(scene: Scene, case: Mapping[str, str], call_id: str) -> None:
    ledger_check, call_check, compose = list(BY_HTTP)[4:7]
    call = {"call_id": call_id}
    at = scene.store.clock.now()
    sha256 = await scene.store.blobs.put(b"a playback as a call before may have left it")
    async with scene.store.change(SYSTEM) as change:
        await change.connection.execute(
            tables.playbacks.insert().values(
                id=fresh_id(), call_id=call_id, seat="window", person_id=f"person-{CLERK}",
                state="ready", started_at=at, duration_s=1.0, size_bytes=44, sha256=sha256,
                gaps=[], sources=[],
            )
        )  # fmt: skip
    for route, ids, act in (
        (ledger_check, case, "ledger.check"),
        (call_check, call, "ledger.check"),
        (compose, call, "playback.ask"),
    ):
        await scene.is_denied(ADMIN, route, ids)
        await scene.asks(SUPERVISOR, route, act, ids)


async def _catalogue(scene: Scene) -> None:
    offer, publish, take, lower = (name for name in BY_HTTP if "/catalogue" in name)
    item = {"item_id": demo.CLOSING}
    await scene.is_denied(SUPERVISOR, offer, item, json={"in_use": False})
    await scene.asks(ADMIN, offer, "item.offer", item, json={"in_use": True})
    closing = next(one for one in demo.ITEMS if one.id == demo.CLOSING)
    told = schema.document(closing.form_title, closing.form, closing.rules)
    form = {"document": told, "version": 1, "note": "试用"}
    await scene.is_denied(SUPERVISOR, publish, item, json=form)
    await scene.asks(ADMIN, publish, "item.form", item, json=form)
    [fields] = [
        fields for name, fields in told["presentation"]["fields"].items() if name == "contact_phone"
    ]
    del fields["sensitive"]
    less = {**form, "version": 2}
    await scene.is_denied(SUPERVISOR, lower, item, json=less)
    await scene.asks(ADMIN, lower, "item.lower", item, json=less)
    async with scene.desks[ADMIN].http.get(f"/api/v1/catalogue/{demo.CLOSING}/form") as said:
        waits = {"lowering_id": (await said.json())["lowering"]["id"]}
    close = "PUT /api/v1/lowerings/{lowering_id}"
    await scene.is_denied(SUPERVISOR, close, waits, json={"agree": True})
    await scene.asks(SECOND_ADMIN, close, "item.close_lowering", waits, json={"agree": True})
    rows = [{"code": "11370211MB287554194000131099001", "name": "新的事项"}]
    sheet = {"params": {"unit_id": demo.XIHAIAN}, "data": json.dumps(rows)}
    await scene.is_denied(CLERK, take, {}, **sheet)
    await scene.asks(ADMIN, take, "catalogue.import", {}, **sheet)
    exempt, person = "POST /api/v1/people/{person_id}/exemptions", {"person_id": "person-hanmei"}
    pair = {"first": "approver", "second": "supervisor", "reason": "人手不足"}
    await scene.is_denied(ADMIN, exempt, person, json=pair)
    await scene.asks(SECURITY, exempt, "person.exempt", person, json=pair)
    end, both = exempt.replace("POST", "DELETE"), {"first": "approver", "second": "supervisor"}
    await scene.is_denied(ADMIN, end, person, params=both)
    await scene.asks(SECURITY, end, "person.unexempt", person, params=both)
    day = {"days": [{"on": "2031-05-01", "works": False}], "source": "国务院办公厅通知"}
    await scene.is_denied(CLERK, "POST /api/v1/calendar", {}, json=day)
    await scene.is_denied(ADMIN, "POST /api/v1/calendar", {}, json=day)
    await scene.asks(OPERATOR, "POST /api/v1/calendar", "calendar.edit", {}, json=day)
    lay_out, kind = "PUT /api/v1/templates/{paper_kind}", {"paper_kind": "refusal"}
    built_in = {"source": None, "version": 0, "note": "试用"}
    await scene.is_denied(SUPERVISOR, lay_out, kind, json=built_in)
    await scene.asks(ADMIN, lay_out, "template.publish", kind, json=built_in)


async def _sessions(scene: Scene) -> None:
    for route in ("POST /api/v1/session", "POST /api/v1/tokens"):
        await scene.news()
        since = datetime.now(UTC)
        signed = {"login": ADMIN, "password": demo.PASSWORD}
        path = route.partition(" ")[2]
        headers = {"Authorization": ""}
        async with scene.desks[ADMIN].http.post(path, json=signed, headers=headers) as said:
            assert said.status < 300, await said.text()
        await scene.left(since, ADMIN, SESSIONS[route])
    await scene.news()
    since = datetime.now(UTC)
    async with scene.desks[ADMIN].http.delete("/api/v1/session") as said:
        assert said.status == 204
    await scene.left(since, ADMIN, "session.close")
