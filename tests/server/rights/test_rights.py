"""Who may do what (S1): every route, every command and every ephemeral, as everybody.

The table says who may; all others are told that it is not there, not theirs or not allowed, and
that they asked is kept. A route or message that the table does not list fails. "May" means that no
right refuses him: another rule may. Askers: nobody; one whose sign-in has expired; both sides of a
live call and their colleagues; the unit that is rung as third party; a supervisor; an administrator of
the unit whose item it is, and one of another unit; who runs the platform; a security officer; and one of another unit who is clerk, approver and supervisor there.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import sqlalchemy as sa
from pydantic import BaseModel
from structlog.testing import capture_logs

from server.app import ROUTES, Running
from server.case.acts.elsewhere import systems
from server.case.wire.messages import FROM_PAGE
from server.demo import data as demo
from server.edge.route import STORE, Route
from server.people.rows import people, staffing
from server.rights.person import Role
from server.shapes import UNIONS
from server.store import SYSTEM, Store, tables
from server.tasks import rules as task_rules
from server.tasks.acts.turns import open_task
from signaling.client import Client, fresh_id
from tests.kit.casework import hashed
from tests.kit.desks import PIECE, TUS, Desk, demo_node, desk_of, metadata
from tests.kit.stores import MovedClock
from tests.server.uploads.test_early_view import LINE, pdf, piece

CLERK, COLLEAGUE = "lixiulan", "wangfang"
APPROVER, IDLE = "zhoumingyuan", "gaoxinmin"
RUNG, SUPERVISOR, ADMIN, OUTSIDER = "sunlei", "chenli", "admin", "outsider"
FAR_ADMIN, OPERATOR, SECURITY = "far-admin", "yunwei", "anquan"
KNOWN: Final = (
    CLERK, COLLEAGUE, APPROVER, IDLE, RUNG, SUPERVISOR, ADMIN, FAR_ADMIN, OPERATOR, SECURITY,
    OUTSIDER,
)  # fmt: skip

AGENTS: Final = "task-of-an-agent"
"""帮办 of the case, accepted at the window."""

ALL: Final = frozenset(KNOWN)
WINDOW: Final = frozenset({CLERK, COLLEAGUE})
DECIDING: Final = frozenset({APPROVER, IDLE})
STAFF: Final = WINDOW | DECIDING
CASE: Final = STAFF | {SUPERVISOR}
PARTIES: Final = frozenset({CLERK, APPROVER})
WATCHING: Final = frozenset({SUPERVISOR})
OWN: Final = frozenset({ADMIN})
"""Who administers the unit whose item it is."""
ADMINS: Final = frozenset({ADMIN, FAR_ADMIN})
"""Each sees and changes what is his own unit's, and nothing else."""
OPERATORS: Final = frozenset({OPERATOR})
OFFICERS: Final = frozenset({SECURITY})
NO_SEAT: Final = ADMINS | OPERATORS | OFFICERS
MINE: Final = frozenset({CLERK})
APPROVERS: Final = frozenset({APPROVER, IDLE, RUNG, OUTSIDER})

PUBLIC: Final = frozenset({
    "POST /api/v1/session",
    "POST /api/v1/enquiries",  # for who knows number and identity: tests/server/case/test_enquiries.py
    "POST /api/v1/externals/{external_id}/reports",  # for who has a key: tests/server/case/test_external.py
    "POST /api/v1/externals/{external_id}/statements",  # the same: tests/server/case/test_hooks.py
    "POST /api/v1/telling-receipts",  # for who has the secret: tests/server/tellings/test_tellings.py
    "DELETE /api/v1/session",
    # for who shows a session, one with a temporary password too: tests/server/people/test_accounts.py
    "GET /api/v1/session",
    "PUT /api/v1/session/password",
    "POST /api/v1/tokens",
    "OPTIONS /api/v1/uploads",
    "OPTIONS /api/v1/uploads/{upload_id}",
    "GET /api/v1/openapi.json",
    # for who has a link's cookie: tests/server/uploads/test_phones.py
    "POST /api/v1/phones/session",
    "GET /api/v1/phones/session",
    "DELETE /api/v1/phones/session",
    "POST /api/v1/phones/uploads",
    "HEAD /api/v1/phones/uploads/{upload_id}",
    "PATCH /api/v1/phones/uploads/{upload_id}",
    "DELETE /api/v1/phones/uploads/{upload_id}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",  # for this machine itself, and for operators
})  # fmt: skip

MAY_ASK: Final[Mapping[str, frozenset[str]]] = {
    "POST /api/v1/session/use": ALL,
    "GET /api/v1/items": ALL,
    "GET /api/v1/items/{item_id}": ALL,
    "GET /api/v1/units": ALL,
    "GET /api/v1/limits": ALL,
    "GET /api/v1/consent-text": ALL,
    "GET /api/v1/phrases": ALL,
    "GET /api/v1/cases": ALL,
    "GET /api/v1/case-counts": ALL,
    "POST /api/v1/search/cases": ALL,
    "GET /api/v1/cases/{case_id}": CASE,
    "GET /api/v1/cases/{case_id}/tellings": CASE,
    "GET /api/v1/cases/{case_id}/agents": CASE,
    "GET /api/v1/cases/{case_id}/unmasked/{unmasking_id}": frozenset({APPROVER}),  # who did it
    "GET /api/v1/owed": ALL,
    "GET /api/v1/referred": ALL,
    "POST /api/v1/cases/{case_id}/earlier": WINDOW,
    "GET /api/v1/cases/{case_id}/history": WATCHING,
    "GET /api/v1/cases/{case_id}/ledger": WATCHING,
    "POST /api/v1/cases/{case_id}/ledger-check": WATCHING,
    "POST /api/v1/cases/{case_id}/package": DECIDING,  # and supervisors of the unit that decides
    "POST /api/v1/search/calls": WATCHING | {OUTSIDER},
    "GET /api/v1/calls/{call_id}": PARTIES | WATCHING,
    "GET /api/v1/calls/{call_id}/marks": WATCHING,
    "POST /api/v1/calls/{call_id}/check": WATCHING,
    "POST /api/v1/calls/{call_id}/composition": WATCHING,
    "GET /api/v1/playbacks/{playback_id}/content": WATCHING,
    "GET /api/v1/recordings/{recording_id}/content": WATCHING,
    "GET /api/v1/materials/{material_id}/content": CASE,
    "GET /api/v1/materials/{material_id}/early": CASE,
    "POST /api/v1/materials/{material_id}/original": CASE,
    "POST /api/v1/materials/{material_id}/card": WINDOW,
    "GET /api/v1/papers/{paper_id}/content": CASE,
    "GET /api/v1/papers/{paper_id}/seal": CASE,
    "GET /api/v1/signatures/{signature_id}": CASE,
    "POST /api/v1/uploads": WINDOW,
    "HEAD /api/v1/uploads/{upload_id}": MINE,
    "PATCH /api/v1/uploads/{upload_id}": MINE,
    "POST /api/v1/uploads/{upload_id}": MINE,
    "DELETE /api/v1/uploads/{upload_id}": MINE,
    "GET /api/v1/people": ADMINS | OFFICERS,
    "POST /api/v1/people/{person_id}/exemptions": OFFICERS,
    "DELETE /api/v1/people/{person_id}/exemptions": OFFICERS,
    # of one's own unit: tests/server/people/test_accounts.py
    "POST /api/v1/people/{person_id}/block": OWN,
    "POST /api/v1/people/{person_id}/unblock": OWN,
    "POST /api/v1/people/{person_id}/password": OWN,
    "DELETE /api/v1/people/{person_id}/sessions": OWN,
    "GET /api/v1/calendar/{year}": ALL,
    "GET /api/v1/regions": ALL,
    "GET /api/v1/catalogue/{item_id}/form": OWN,
    "POST /api/v1/catalogue/{item_id}/form/check": OWN,
    "PUT /api/v1/catalogue/{item_id}/form": OWN,
    "POST /api/v1/catalogue/{item_id}/lowerings": OWN,
    "GET /api/v1/lowerings": ADMINS,
    "PUT /api/v1/lowerings/{lowering_id}": OWN,
    "POST /api/v1/calendar": OPERATORS,
    "GET /api/v1/catalogue": ADMINS,
    "GET /api/v1/catalogue/{item_id}": OWN,
    "PUT /api/v1/catalogue/{item_id}/offer": OWN,
    "POST /api/v1/catalogue": ADMINS | OPERATORS,  # of own items, and of new units
    "GET /api/v1/externals": ADMINS | WATCHING | {OUTSIDER},  # each of his own unit
    "GET /api/v1/externals/{external_id}/reconciliation": OWN,  # and its supervisor: tests/server/case/test_hooks.py
    "GET /api/v1/externals/{external_id}/reconciliation/file": OWN,
    "GET /api/v1/publicity": ADMINS | WATCHING | {OUTSIDER},  # each of his own unit
    "POST /api/v1/publicity/exports": ADMINS | WATCHING | {OUTSIDER},
    "PUT /api/v1/cases/{case_id}/publicity": frozenset(),  # of a granted case: tests/server/case/test_publicity.py
    "GET /api/v1/templates": ADMINS | WATCHING | {OUTSIDER},  # each of his own unit
    "GET /api/v1/templates/{paper_kind}": ADMINS | WATCHING | {OUTSIDER},
    "GET /api/v1/templates/{paper_kind}/versions/{version}": ADMINS | WATCHING | {OUTSIDER},
    "POST /api/v1/templates/{paper_kind}/check": ADMINS,
    "PUT /api/v1/templates/{paper_kind}": ADMINS,
    "GET /api/v1/health": OPERATORS,
    "POST /api/v1/commands": ALL,
    "GET /api/v1/unit-tasks": APPROVERS,
    "GET /api/v1/tasks": WINDOW | APPROVERS | WATCHING,  # each of his own unit
    "GET /api/v1/tasks/{task_id}": DECIDING,
    "GET /api/v1/colleagues": WINDOW | APPROVERS,
}

MAY_COMMAND: Final[Mapping[str, frozenset[str]]] = {
    "desk.open": ALL,
    "desk.duty": APPROVERS,
    "unit.open": ALL,
    "rehearsal.open": ALL - NO_SEAT,
    "rehearsal.describe": frozenset(),  # whose it is, and this one is nobody's
    "rehearsal.restart": frozenset(),
    "rehearsal.look": frozenset(),
    "rehearsal.close": ALL,
    "case.create": WINDOW | {OUTSIDER},
    "case.open": CASE,
    "case.consent": WINDOW,
    "case.edit": WINDOW,
    "case.draft": WINDOW,
    "case.hold": WINDOW,
    "case.close_proposal": WINDOW,
    "case.summarise": WINDOW,
    "case.sign": WINDOW,
    "case.submit": WINDOW,
    "case.answer_proposal": frozenset(),  # of the screen alone that was opened for the applicant
    "case.rate": frozenset(),  # of the screen alone that was opened for the applicant
    "case.invite_phone": WINDOW,
    "case.withdraw_phone": WINDOW,
    "case.take_page": WINDOW,
    "case.propose": DECIDING,
    "case.review": DECIDING,
    "case.grade": WINDOW,
    "case.move_material": STAFF,
    "case.draw": STAFF,
    "case.clear_drawings": STAFF,
    "case.keep_drawing": DECIDING,
    "case.check": DECIDING,
    "case.say": STAFF,
    "case.comment": STAFF,
    "case.reply": STAFF,
    "case.resolve": DECIDING | {CLERK},
    "call.dial": WINDOW,
    "call.open": PARTIES | WATCHING | {RUNG},
    "call.cancel": MINE,
    "call.answer": frozenset({APPROVER}),  # whose ring it is
    "call.decline": frozenset({APPROVER}),
    "call.prepare": frozenset({APPROVER}),
    "call.connect": MINE,
    "call.describe": MINE,
    "call.mute": MINE,
    "call.lack": MINE,
    "call.hold": PARTIES,
    "call.resume": PARTIES,
    "call.invite": PARTIES,
    "call.withdraw": PARTIES,
    "call.join": PARTIES,
    "monitor.watch": WATCHING,
    "missed.watch": WINDOW | APPROVERS,
    "listed.watch": WINDOW | APPROVERS | WATCHING,
    "missed.ask": DECIDING,
    "monitor.turn": WATCHING,
    "monitor.end": WATCHING,
    "monitor.begin": WATCHING,
    "case.stop_clock": DECIDING,
    "case.resume_clock": DECIDING,
    "case.unmask": DECIDING | WATCHING,
    "case.send_originals": WINDOW,
    "case.receive_originals": DECIDING,
    "case.promise": WINDOW,
    "case.move_promise": DECIDING,
    "case.verify": DECIDING,
    "case.take_earlier": WINDOW,
    "case.consent_earlier": WINDOW,
    "case.print_form": WINDOW,
    "case.extend_limit": frozenset({IDLE}),  # the head of the authority
    "case.rule": DECIDING,
    "case.issue": DECIDING,
    "case.report": DECIDING,
    "case.ask_fee": DECIDING,
    "case.settle_fee": WINDOW | DECIDING,
    "case.agree_electronic": WINDOW,
    "case.renew_mandate": WINDOW,
    "case.begin_sequel": WINDOW,
    "case.ask_unit": DECIDING,
    "case.receive_task": DECIDING,
    "case.accept_task": DECIDING,
    "case.hand_task": DECIDING,
    "case.give_back_task": DECIDING,
    "case.pause_task": DECIDING,
    "case.go_on_task": DECIDING,
    "case.answer_task": DECIDING,
    "case.return_task": DECIDING,
    "case.close_task": DECIDING,
    "case.cancel_task": DECIDING,
    "case.change_mode": WINDOW,
    "case.begin_delivery": WINDOW | DECIDING,
    "case.check_receiver": WINDOW,
    "case.end_delivery": WINDOW | DECIDING,
    "case.finish": DECIDING,
    "case.archive": DECIDING,
    "case.consult": WINDOW | {OUTSIDER},
    "case.register_consulted": WINDOW,
    "case.conclude": WINDOW | DECIDING,
    "case.assign": DECIDING,
    "case.ask_agent": STAFF,
    "case.print_agent": WINDOW,
    "task.claim": DECIDING,
    "task.hand": DECIDING,
    "task.enter": DECIDING,
    "task.suspend": DECIDING,
    "task.resume": DECIDING,
    "task.cancel": DECIDING,
    "task.supervise": frozenset({IDLE}),  # the head of the authority
    "task.mandate": DECIDING,
    "case.refer": DECIDING,
    # these change who may: last
    "case.decide": DECIDING,
    "call.hang_up": PARTIES,
}

MAY_HINT: Final[Mapping[str, frozenset[str]]] = {
    "call.quality": MINE,
    "case.typing": WINDOW,
    "case.focus": STAFF,
    "case.point": DECIDING,
    "document.point": STAFF,
    "document.draw": STAFF,
    "document.look": STAFF,
}

SAMPLE: Final = {
    "loss_in": 0.01, "loss_out": 0.0, "round_trip_ms": 40, "jitter_ms": 3, "in_kbps": 800,
    "out_kbps": 700, "freezes": 0, "freeze_ms": 0, "concealed": 0.0, "limited_by": "none",
    "candidate": "host", "protocol": "udp",
}  # fmt: skip

RIGHTS: Final = frozenset({"unauthenticated", "forbidden", "not_found", "not_yours", "not_in_call"})


@dataclass
class Scene:
    """A live call about a case with everything that hangs on it; ``ids`` by the names of the wire."""

    node: Running
    expired: str
    values: dict[str, Any]
    desks: dict[str, Desk] = field(default_factory=dict)
    sockets: dict[str, Client] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.node.app[STORE]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = MovedClock()
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(demo_node(url, tmp_path, clock))
        old = await stack.enter_async_context(desk_of(node, CLERK))
        clock.move(13 * 3600)
        scene = Scene(node, old.token, {})
        await _add_outsider(scene.store)
        for login in KNOWN:
            scene.desks[login] = await stack.enter_async_context(desk_of(node, login))
            client = Client(node.address, scene.desks[login].token)
            await client.connect()
            stack.push_async_callback(client.close)
            scene.sockets[login] = client
        scene.values = await _live(scene)
        yield scene


async def _add_outsider(store: Store) -> None:
    async with store.change(SYSTEM) as change:
        await staffing.add_window(
            change.connection, window_id="window-yantai", unit_id=demo.YANTAI, name="1号窗口"
        )
        await people.add_person(
            change.connection,
            person_id="person-outsider",
            login=OUTSIDER,
            password_hash=hashed(),
            name="外人",
            staff_number="YT-1",
            unit_id=demo.YANTAI,
            window_id="window-yantai",
            roles=(Role.CLERK, Role.APPROVER, Role.SUPERVISOR),
        )
        await people.add_person(
            change.connection,
            person_id=f"person-{FAR_ADMIN}",
            login=FAR_ADMIN,
            password_hash=hashed(),
            name="外单位管理员",
            staff_number="LC-0001",
            unit_id=demo.LIAOCHENG,
            window_id=None,
            roles=(Role.ADMIN,),
        )
        await people.add_person(
            change.connection,
            person_id="person-spare",
            login="spare",
            password_hash=hashed(),
            name="备用",
            staff_number="XHA-0099",
            unit_id=demo.XIHAIAN,
            window_id=None,
            roles=(Role.SUPERVISOR,),
        )


async def _live(scene: Scene) -> dict[str, Any]:
    """Bring the case into a live call, and let everything exist that a route or message can name."""
    clerk, approver = scene.sockets[CLERK], scene.sockets[APPROVER]
    desk = scene.desks[CLERK]
    case_id = await desk.open_case()
    data = pdf()
    location, material_id = await desk.begin(case_id, LINE, len(data))
    assert await piece(desk, location, 0, data) == 204
    await desk.copied(case_id, material_id)
    unfinished, arriving_id = await desk.begin(case_id, LINE, len(data))
    assert await piece(desk, unfinished, 0, data[: len(data) // 2]) == 204
    text = await desk.get("/consent-text?language=zh-CN")
    about = {"case_id": case_id}
    consent = {"given": True, "text_version": text["version"], "language": "zh-CN"}
    await clerk.ask({"type": "case.consent", **about, **consent})
    for login in (APPROVER, RUNG):
        await scene.sockets[login].ask({"type": "desk.duty", "duty": "online"})
    call_id = (await clerk.ask({"type": "call.dial", **about}))["call_id"]
    opened = await approver.ask({"type": "call.open", "call_id": call_id})
    ring_id = opened["call"]["rings"][0]["id"]
    await approver.ask({"type": "call.answer", "call_id": call_id, "ring_id": ring_id})
    invited = await approver.ask(
        {"type": "call.invite", "call_id": call_id, "unit_id": demo.LIAOCHENG}
    )
    seen = (await clerk.ask({"type": "call.open", "call_id": call_id}))["call"]
    leg_id = next(leg["id"] for leg in seen["legs"] if leg["seat"] == "window")
    proposed = await approver.ask(
        {"type": "case.propose", **about, "field": "remark", "value": "x", "reason": "y"}
    )
    comment = {"on": "field:remark", "text": "?"}
    commented = await clerk.ask({"type": "case.comment", **about, **comment})
    phone = {"line": LINE, "secret_sha256": hashlib.sha256(b"secret").hexdigest()}
    invited_phone = await clerk.ask({"type": "case.invite_phone", **about, **phone})
    unmask = {"what": "identity_number", "reason": "核对证件"}
    unmasked = await approver.ask({"type": "case.unmask", **about, **unmask})
    originals = {
        "courier": "EMS", "tracking": "EX123456789CN",
        "lines": [{"line": LINE, "originals": 1, "copies": 0}],
    }  # fmt: skip
    now = {"seen_version": await scene.store.version(f"case:{about['case_id']}")}
    handover = await clerk.ask({"type": "case.send_originals", **about, **originals, **now})
    item = await desk.get(f"/items/{demo.PRINCIPAL}")
    shown = await clerk.ask({"type": "case.summarise", **about})
    listening = {"type": "monitor.begin", "call_id": call_id, "reason": "a complaint"}
    monitoring = await scene.sockets[SUPERVISOR].ask(listening)
    stored = await _archived(scene.store, case_id, call_id, leg_id)
    now_at = scene.store.clock.now()
    later = now_at + timedelta(days=3)
    told = task_rules.TaskSource("told", "", now_at)
    async with scene.store.change(SYSTEM) as change:
        task = await open_task(
            change,
            task_rules.opened(
                fresh_id(), case_id, "follow", demo.XIHAIAN, "x", told, next_step="x", next_at=later
            ),
        )
        helped = task_rules.opened(
            AGENTS, case_id, "help", demo.JINAN, "x", told, next_step="x", next_at=later
        )
        await open_task(change, replace(helped, accepted_at=now_at))
    external = await systems.add(scene.store, unit=demo.XIHAIAN, system="某平台")
    return {
        "external_id": external["id"],
        "task_id": task.id, "outcome": "note", "next_step": "x", "next_at": later.isoformat(),
        "answer_by": later.isoformat(),
        **about, **stored, **consent, **comment, **phone, "phone_id": invited_phone["phone_id"],
        "material_id": material_id, "arriving_id": arriving_id, "item_id": demo.PRINCIPAL, "call_id": call_id,
        "upload_id": unfinished.rpartition("/")[2], "ring_id": ring_id, "leg_id": leg_id,
        "invite_id": invited["invite_id"], "proposal_id": proposed["proposal_id"],
        "comment_id": commented["comment_id"], "unit_id": demo.XIHAIAN,
        "person_id": "person-spare", "year": "2026", "paper_kind": "refusal", "version": "0", "seen_version": 0, "other_call_ids": [], "point": item["checklist"][0]["key"], "hash": shown["hash"], "shown_at": shown["shown_at"],
        "width": 600, "height": 200, "strokes": [[[0.1, 0.1, 0.5, 0], [0.9, 0.9, 0.5, 40]]],
        "mode": "proxy", "applicant_name": "孙雅宁", "identity_number": "11010519491231002X",
        "phone": "13805316217", "field": "remark", "value": "z", "base_version": 0,
        "reason": "material", "adopt": False, "answer": "yes", "review": "accepted", "grade": "B", "points": [[0.1, 0.2]], "whose": "mine", "only_me": False, "decision": "refused",
        "lane": "shared", "resolved": True, "verdict": "ok", "sdp": "v=0", "mid": "0", "on_": True,
        "rehearsal_id": "rehearsal-of-nobody", "party": "send",
        "quality": "good", "sample": SAMPLE,
        "way": "listen", "monitor_id": monitoring["monitor_id"],
        "courier": "EMS", "tracking": "EX123456789CN", "handover_id": handover["handover_id"],
        "lines": originals["lines"], "arrived": [{"line": LINE, "received": True}],
        "due_on": "2026-12-10", "what": "phone", "unmasking_id": unmasked["unmasking_id"],
        "why": "hearing", "days": 5, "level": "1", "duty": "online", "page": 1, "x": 0.5, "y": 0.5,
    }  # fmt: skip


async def _archived(store: Store, case_id: str, call_id: str, leg_id: str) -> dict[str, str]:
    """A recording, a playback, a paper and a signature, as if a call before had left them."""
    ids = {name: fresh_id() for name in (
        "recording_id", "playback_id", "paper_id", "signature_id", "lowering_id",
    )}  # fmt: skip
    sha256 = await store.blobs.put(b"bytes that were kept")
    at = store.clock.now()
    kept = {"size_bytes": 20, "sha256": sha256}
    async with store.change(SYSTEM) as change:
        for table, row in (
            (tables.recordings, {
                "id": ids["recording_id"], "call_id": call_id, "leg_id": leg_id,
                "segment": "kept", "state": "stored", "started_at": at, "ended_at": at,
                "gaps": [], **kept,
            }),
            (tables.playbacks, {
                "id": ids["playback_id"], "call_id": call_id, "seat": "window",
                "person_id": f"person-{CLERK}", "state": "ready", "started_at": at,
                "duration_s": 1.0, "gaps": [], "sources": [], **kept,
            }),
            (tables.papers, {
                "id": ids["paper_id"], "case_id": case_id, "version": 0, "kind": "receipt",
                "number": "kept", "state": "ready", "at": at, "pages": 1, **kept,
            }),
            (tables.lowerings, {
                "id": ids["lowering_id"], "item_id": demo.PRINCIPAL, "unit_id": demo.XIHAIAN,
                "code": "kept", "document": {}, "fields": [], "note": "", "by": "person-hejing",
                "at": at, "state": "waiting",
            }),
            (tables.signatures, {
                "id": ids["signature_id"], "case_id": case_id, "version": 0,
                "hash": hashlib.sha256(b"").hexdigest(), "shown_at": at, "at": at,
                "by": f"person-{CLERK}", "width": 600, "height": 200,
                "strokes": [[[0.1, 0.1, 0.5, 0]]], "points": 1, "outdated": False,
            }),
        ):  # fmt: skip
            await change.connection.execute(table.insert().values(**row))
    return ids


# ---------------------------------------------------------------- nothing is left out


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def declared() -> list[Route]:
    return [route for routes in ROUTES for route in routes.declared]


def type_of(model: type[BaseModel]) -> str:
    return str(model.model_fields["type"].default)


def test_every_route_and_every_message_is_listed() -> None:
    names = [named(route) for route in declared()]
    assert len(names) == len(set(names)), "a route is declared twice"
    assert set(names) == set(MAY_ASK) | PUBLIC
    assert {named(route) for route in declared() if route.public} == PUBLIC
    assert {type_of(model) for model in UNIONS["AnyCommand"]} == set(MAY_COMMAND)
    assert {type_of(model) for model in FROM_PAGE} == set(MAY_HINT)


def test_no_address_takes_words_about_a_person() -> None:
    """P1: what is looked for stands in bodies; a new member of a query has to be judged here."""
    asked = {name for route in declared() for name in route.query.model_fields}
    assert asked == {
        "q", "mine", "state", "cursor", "after", "download", "anyway", "language", "kind",
        "offset", "dry_run", "skip_bad", "unit_id", "item_id", "region_code", "place",
        "combined", "first", "second", "last", "to", "by", "side", "tab", "only", "on",
    }  # fmt: skip
    assert sorted(named(one) for one in declared() if "q" in one.query.model_fields) == [
        "GET /api/v1/catalogue",
        "GET /api/v1/items",
    ]


# ---------------------------------------------------------------- the matrix


@asynccontextmanager
async def asked(
    http: aiohttp.ClientSession, scene: Scene, route: Route, method: str | None = None
) -> AsyncIterator[aiohttp.ClientResponse]:
    path = route.path.format_map(scene.values)
    headers: dict[str, str] = {}
    if path.startswith("/api/v1/uploads"):
        about = {"case_id": scene.values["case_id"], "line": LINE, "filename": "a.pdf"}
        headers = {
            **(TUS if route.method in ("HEAD", "DELETE") or path.endswith("uploads") else PIECE),
            "Upload-Offset": "0",
            "Upload-Length": "10",
            "Upload-Metadata": metadata(about),
        }
        if route.method == "POST":
            headers["X-HTTP-Method-Override"] = "PATCH"
    opening = {"type": "unit.open", "id": fresh_id(), "unit_id": scene.values["unit_id"]}
    bodies = {
        "commands": opening,
        "calendar": {"days": [{"on": "2031-05-01", "works": False}], "source": "试"},
        "search/calls": {},
        "search/cases": {"q": "孙"},
        f"materials/{scene.values['material_id']}/original": {"reason": "核对"},
        f"cases/{scene.values['case_id']}/package": {"reason": "移交"},
        f"catalogue/{scene.values['item_id']}/offer": {"in_use": True},
        f"catalogue/{scene.values['item_id']}/form": {"document": {}, "version": 1, "note": "试"},
        f"catalogue/{scene.values['item_id']}/form/check": {"document": {}},
        f"catalogue/{scene.values['item_id']}/lowerings": {
            "document": {},
            "version": 1,
            "note": "试",
        },
        f"people/{scene.values['person_id']}/exemptions": {
            "first": "supervisor",
            "second": "approver",
            "reason": "试",
        },
        f"lowerings/{scene.values['lowering_id']}": {"agree": False},
        "publicity/exports": {"first": "2026-11-23", "last": "2026-11-23"},
        f"cases/{scene.values['case_id']}/publicity": {"withheld": None},
        "templates/refusal": {"source": None, "version": 0, "note": "试"},
        "templates/refusal/check": {"source": "= x"},
        "people/person-spare/block": {"reason": "试"},
    }
    body = bodies.get(path.removeprefix("/api/v1/"))
    query = (
        {"first": "supervisor", "second": "approver"} if "first" in route.query.model_fields else {}
    )
    if "last" in route.query.model_fields:
        query = {"first": "2026-11-23", "last": "2026-11-23"}
    if "on" in route.query.model_fields:
        query["on"] = "2026-11-23"
    async with http.request(
        method or route.method, path, headers=headers, json=body, params=query
    ) as said:
        yield said


async def test_who_is_not_signed_in_is_told_nothing(scene: Scene) -> None:
    expired = {"Authorization": f"Bearer {scene.expired}"}
    for headers in ({}, expired, {"Authorization": "Bearer x"}):
        async with aiohttp.ClientSession(scene.node.address, headers=headers) as http:
            for route in declared():
                if route.public:
                    continue
                for method in {route.method, "HEAD" if route.method == "GET" else route.method}:
                    async with asked(http, scene, route, method) as said:
                        assert said.status == 401, (named(route), method)
    for token in (scene.expired, "x", ""):
        with pytest.raises(ConnectionError):
            await Client(scene.node.address, token).connect()


async def test_every_route_answers_whom_it_may_and_nobody_else(scene: Scene) -> None:
    wrong: list[tuple[str, str, int]] = []
    with capture_logs() as told:
        for route in declared():
            if route.public:
                continue
            for login in KNOWN:
                async with asked(scene.desks[login].http, scene, route) as said:
                    refused = said.status in (401, 403, 404)
                    if refused == (login in MAY_ASK[named(route)]):
                        wrong.append((named(route), login, said.status))
                    text = "" if refused or login in CASE else await said.text(errors="replace")
                for secret in (
                    scene.values["case_id"],
                    "孙**",
                    "11010519491231002X",
                    "13805316217",
                ):
                    assert secret not in text, (named(route), login)
    assert not wrong
    logged = {
        (f"{line['method']} {line['route']}", line["person"], line["status"])
        for line in told
        if line["event"] == "request"
    }
    for name, allowed in MAY_ASK.items():
        for login in ALL - allowed:
            assert any((name, f"person-{login}", status) in logged for status in (403, 404))


OF_ONE: Final[Mapping[str, Mapping[str, Any]]] = {
    "case.rule": {"ruling": "granted"},
    "case.ask_fee": {"amount_fen": 1000},
    "case.settle_fee": {"kind": "paid", "on": "2026-11-23", "number": "x"},
    "case.report": {"step": "granted", "number": "x", "on": "2026-11-23", "proof": "material-1"},
    "case.issue": {
        "results": [
            {"kind": "licence", "name": "x", "number": "x", "valid_from": "2026-11-23"},
        ]
    },
    "case.agree_electronic": {"address": "13805316217"},
    "case.renew_mandate": {"material_id": "material-1"},
    "case.begin_sequel": {"kind": "altered"},
    "case.ask_unit": {"unit_id": "unit-nowhere", "wanted": "x"},
    "case.receive_task": {"task_id": "task-that-is-not"},
    "case.accept_task": {"task_id": "task-that-is-not"},
    "case.hand_task": {"task_id": "task-that-is-not", "person_id": "person-1"},
    "case.give_back_task": {"task_id": "task-that-is-not", "reason": "x"},
    "case.pause_task": {"task_id": "task-that-is-not", "why": "hearing", "reason": "x"},
    "case.go_on_task": {"task_id": "task-that-is-not"},
    "case.answer_task": {"task_id": "task-that-is-not", "opinion": "agree", "text": "x"},
    "case.return_task": {"task_id": "task-that-is-not", "reason": "x"},
    "case.close_task": {"task_id": "task-that-is-not"},
    "case.cancel_task": {"task_id": "task-that-is-not", "reason": "x"},
    "case.begin_delivery": {"way": "posted"},
    "case.check_receiver": {
        "delivery_id": "delivery", "name": "x", "document": "passport", "number": "x", "how": "sight",
    },
    "case.end_delivery": {"delivery_id": "delivery", "outcome": "delivered", "on": "2026-11-23"},
    "case.finish": {"kind": "terminated"},
    "case.verify": {"line": "licence", "verdict": "true", "how": "compared"},
    "case.change_mode": {"mode": "proxy"},
    "case.consult": {"question": "x", "item_id": demo.PRINCIPAL},
    "case.conclude": {"answer": "x"},
    "case.assign": {"person_id": "person-zhoumingyuan", "from_id": None},
    "case.ask_agent": {"kind": "proxy"},  # there is a task of 帮办
    "case.print_agent": {"task_id": AGENTS, "paper": "agent_start"},
    "task.mandate": {"scope": "x", "signed_on": "2026-11-23", "until": "2026-12-23"},
}  # fmt: skip
"""What members mean in these alone."""


def message(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """A message of this kind with what must be in it, about the things of the scene."""
    body: dict[str, Any] = {"type": type_of(model), **OF_ONE.get(type_of(model), {})}
    for name, one in model.model_fields.items():
        if one.is_required() and name != "id" and name not in body:
            boolean = name == "on" and one.annotation is bool
            body[name] = values["on_"] if boolean else values[name]
    return body


async def kept_refusals(store: Store) -> dict[str, int]:
    entries = tables.ledger_entries
    query = (
        sa.select(entries.c.actor, sa.func.count())
        .where(entries.c.result != "ok")
        .group_by(entries.c.actor)
    )
    async with store.read() as connection:
        return {str(actor): int(count) for actor, count in await connection.execute(query)}


async def test_every_command_obeys_whom_it_may_and_nobody_else(scene: Scene) -> None:
    wrong: list[tuple[str, str, str | None]] = []
    models = {type_of(model): model for model in UNIONS["AnyCommand"]}
    refused = dict.fromkeys((f"person-{login}" for login in KNOWN), 0)
    before = await kept_refusals(scene.store)
    # First all who may not, so that nothing has been changed by who may.
    for may in (False, True):
        for kind, allowed in MAY_COMMAND.items():
            for login in KNOWN:
                if (login in allowed) is not may:
                    continue
                ack = await scene.sockets[login].send(message(models[kind], scene.values))
                assert ack.code not in ("malformed", "unknown_type", "internal", "throttled"), (
                    kind,
                    ack,
                )
                refused[f"person-{login}"] += not ack.ok
                if (ack.code in RIGHTS) is may:
                    wrong.append((kind, login, ack.code))
    assert not wrong
    after = await kept_refusals(scene.store)
    assert {who: after.get(who, 0) - before.get(who, 0) for who in refused} == refused


async def test_every_ephemeral_is_taken_from_whom_it_may_and_nobody_else(scene: Scene) -> None:
    wrong: list[tuple[str, str, str | None]] = []
    for model in FROM_PAGE:
        for login in KNOWN:
            socket = scene.sockets[login]
            case = {"type": "case.open", "case_id": scene.values["case_id"]}
            await socket.send(case)
            ack = await _hinted(socket, message(model, scene.values))
            if ack.get("ok") is not (login in MAY_HINT[type_of(model)]):
                wrong.append((type_of(model), login, ack.get("code")))
    assert not wrong


async def _hinted(socket: Client, body: Mapping[str, Any]) -> Mapping[str, Any]:
    said: Mapping[str, Any] = await socket._io.call("ephemeral", body, timeout=10)
    return said
