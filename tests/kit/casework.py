"""A case being worked on by the people of the demo data, through the handlers that the gateway calls."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel

from server.calls.acts import book as calls
from server.calls.acts import desks
from server.calls.acts.engine.pool import Pool
from server.calls.acts.engine.rooms import CallRooms
from server.calls.acts.recordings import Recordings
from server.case.acts.agents import asking, printing, renewing
from server.case.acts.course import (
    advancing,
    calling,
    clocks,
    consents,
    consulting,
    decisions,
    fees,
    registering,
)
from server.case.acts.form import forms, unmasking
from server.case.acts.joint import tasking
from server.case.acts.materials import earlier, handovers, moving, promises
from server.case.acts.papers import press as papers
from server.case.acts.papers import signing
from server.case.acts.sequels import beginning
from server.case.acts.talk import comments, drawing, rating, sayings
from server.case.rules.materials.material import Purpose
from server.case.wire.form import CaseEdit
from server.case.wire.materials import CaseReview
from server.case.wire.registering import CaseConsent, CaseCreate
from server.case.wire.signing import CaseSign, CaseSubmit, CaseSummarise
from server.case.wire.words import CaseAct
from server.demo import data as demo
from server.demo import joint
from server.people.acts.passwords import Passwords
from server.people.rows import people as staff
from server.rights.ids import new_id
from server.rights.person import Actor
from server.store import Store, tables
from server.tasks.acts import working
from server.uploads.acts import copies as viewing
from server.uploads.acts.uploads import Uploads
from server.work.child import Children
from signaling.gateway.connection import Connection
from signaling.refusals import Refusal
from signaling.switchboard.switchboard import Switchboard
from signaling.wire.call import CallAnswer, CallDial, CallInvite, CallOpen
from signaling.wire.desk import DeskDuty, DeskOpen
from signaling.wire.envelope import Ack, Command, Message
from tests.kit.stores import MovedClock

CLERK: Final = "lixiulan"
OTHER_CLERK: Final = "wangfang"
APPROVER: Final = "zhoumingyuan"
OTHER_APPROVER: Final = "gaoxinmin"
SUPERVISOR: Final = "chenli"
ADMIN: Final = "admin"
SECOND_ADMIN: Final = "hejing"
"""Of the same unit: what one makes less sensitive needs the other."""
OPERATOR: Final = "yunwei"
SECURITY: Final = "anquan"
THIRD: Final = "sunlei"
"""An approver of another unit, who may be invited into a call."""

IDENTITY_NUMBER: Final = "370103198506072840"
OTHER_IDENTITY_NUMBER: Final = "11010519491231002X"
PHONE: Final = "13805316217"
PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)

_numbers = itertools.count(1)


class Line:
    """A connection without a socket, as the switchboard asks for one: one page of one person."""

    def __init__(self, who: Actor, watching: dict[str, str] | None = None) -> None:
        self.who = who
        self._watching = {} if watching is None else watching
        self.sid = self.page = f"page-{who.login}"

    async def watch(self, subject: str, audience: str) -> None:
        """Nothing is sent to a request; as what it watches is known."""
        self._watching[subject] = audience

    def unwatch(self, subject: str) -> None:
        self._watching.pop(subject, None)

    def watches(self, subject: str) -> str | None:
        return self._watching.get(subject)


class Screens:
    """No socket is connected to this node."""

    async def tell(self, sid: str, message: Message) -> None: ...
    async def show(self, subject: str, audience: str, message: Message) -> None: ...
    def ephemeral(self, subject: str, audience: str, message: Message) -> None: ...
    def watched(self, prefix: str) -> list[str]:
        return []


class Office:
    """The handlers of cases and calls over one store, and the people who use them.

    The media worker is not started: what the switchboard asks of rooms finds none, as in an outage.
    """

    def __init__(self, store: Store, clock: MovedClock, actors: Mapping[str, Actor]) -> None:
        self.store = store
        self.clock = clock
        self.actors = actors
        self.recordings = Recordings(store)
        self.rooms = CallRooms(Pool({"own": _no_worker}, store))
        self.switchboard = Switchboard(
            calls.Book(store, calling),
            desks.Desks(store, calling),
            self.rooms,
            Screens(),
            now=clock.now,
            fresh_id=new_id,
        )
        self.handlers: dict[type[Command], Any] = {
            **registering.commands(store),
            **consents.commands(store, self.switchboard.turned),
            **forms.commands(store),
            **decisions.commands(store),
            **clocks.commands(store),
            **advancing.commands(store),
            **fees.commands(store),
            **consulting.commands(store),
            **sayings.commands(store),
            **comments.commands(store),
            **signing.commands(store),
            **unmasking.commands(store),
            **papers.commands(store),
            **rating.commands(store),
            **moving.commands(store),
            **viewing.commands(store),
            **drawing.commands(store),
            **earlier.commands(store),
            **promises.commands(store),
            **handovers.commands(store),
            **tasking.commands(store),
            **asking.commands(store),
            **renewing.commands(store),
            **beginning.commands(store),
            **printing.commands(store),
            **working.commands(store),
            **self.switchboard.handlers(),
        }
        self.done: set[type[Command]] = set()
        self._watching: dict[str, dict[str, str]] = {}

    async def do(self, login: str, command: type[Command], **members: Any) -> dict[str, Any]:
        """Let this person send a command with a new id; returns its result. A second later each time.
        An act upon a case is that of a person whose page shows the newest version.

        Raises the Refusal.
        """
        if issubclass(command, CaseAct):
            about = f"case:{members['case_id']}"
            members.setdefault("seen_version", await self.store.version(about))
        return await self.send(login, command(id=f"command-{next(_numbers)}", **members))

    async def send(self, login: str, command: Command) -> dict[str, Any]:
        """Let this person send this command."""
        self.clock.move(1)
        result = await self.handlers[type(command)](self.line(login), command)
        self.done.add(type(command))
        if isinstance(result, Ack):
            return result.result
        if isinstance(result, BaseModel):
            return result.model_dump(mode="json")
        return dict(result)

    async def refused(self, login: str, command: type[Command], **members: Any) -> Refusal:
        """Let this person send a command that must be refused; returns the Refusal."""
        try:
            await self.do(login, command, **members)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{command.__name__} by {login} was not refused")

    async def meet(self, case_id: str) -> str:
        """Let the clerk and the approver meet in a call about the case; returns its id."""
        yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
        await self.do(CLERK, CaseConsent, case_id=case_id, **yes)
        await self.duty(APPROVER)
        call_id: str = (await self.do(CLERK, CallDial, case_id=case_id))["call_id"]
        await self.answer(APPROVER, call_id)
        return call_id

    async def seat_third(self, call_id: str, *, answered: bool = True) -> None:
        """Invite the third party's unit into the call, and let him answer."""
        await self.duty(THIRD)
        await self.do(APPROVER, CallInvite, call_id=call_id, unit_id=demo.LIAOCHENG)
        if answered:
            await self.answer(THIRD, call_id)

    async def answer(self, login: str, call_id: str) -> None:
        """Let this person answer his ring of a call."""
        for shown in (await self.do(login, DeskOpen))["calls"]:
            for ring in shown["call"]["rings"]:
                mine = ring["target"]["id"] == self.actors[login].person_id
                if shown["call"]["id"] == call_id and mine and ring["state"] == "ringing":
                    await self.do(login, CallAnswer, call_id=call_id, ring_id=ring["id"])
                    return
        raise AssertionError(f"{login} is not rung")

    def line(self, login: str) -> Line:
        """The one page of this person."""
        return Line(self.actors[login], self._watching.setdefault(login, {}))

    async def call(self, call_id: str, login: str = CLERK) -> dict[str, Any]:
        """The call as this person sees it now."""
        view: dict[str, Any] = (await self.do(login, CallOpen, call_id=call_id))["call"]
        return view

    async def entries(self, case_id: str) -> list[dict[str, Any]]:
        """The ledger of a case, in its order, without the leaf: the sequencer numbers it when it will."""
        table = tables.ledger_entries
        columns = [column for column in table.c if column is not table.c.leaf]
        async with self.store.read() as connection:
            found = await connection.execute(
                sa.select(*columns)
                .where(table.c.subject == f"case:{case_id}")
                .order_by(table.c.version)
            )
            return [dict(row) for row in found.mappings()]

    async def case(self, **changes: Any) -> str:
        """Register a case at the clerk's window; returns its id."""
        result = await self.do(CLERK, CaseCreate, **{**NEW_CASE, **changes})
        case_id: str = result["case_id"]
        return case_id

    async def view(self, case_id: str, login: str = CLERK) -> dict[str, Any]:
        """The case as this person sees it now."""
        shown = await registering.snapshot(self.store, self.actors[login], case_id)
        view: dict[str, Any] = shown.model_dump(mode="json")["case"]
        return view

    async def duty(self, *logins: str) -> None:
        """Let these approvers go on duty."""
        for login in logins:
            await self.do(login, DeskDuty, duty="online")

    async def bring(
        self,
        uploads: Uploads,
        case_id: str,
        line: str,
        content: bytes = PDF,
        name: str = "a.pdf",
        *,
        login: str = CLERK,
        purpose: Purpose = "material",
        answers: str | None = None,
        slot: int | None = None,
    ) -> str:
        """Upload a file into a line; returns the material's id. Raises the Refusal."""
        self.clock.move(1)
        actor = self.actors[login]
        begun = await uploads.begin(
            actor, case_id, line, name, len(content), purpose=purpose, answers=answers, slot=slot
        )
        self.clock.move(1)
        await uploads.append(actor, begun.upload_id, 0, once(content))
        assert begun.material_id is not None
        return begun.material_id

    async def uploads(self, folder: Path) -> Uploads:
        """Uploads with their files below ``folder``, probed by real children."""

        async def progress(_: Message) -> None:
            """Nobody watches."""

        uploads = Uploads(
            self.store, folder, max_bytes=1_000_000, children=Children(), progress=progress
        )
        await uploads.files.prepare()
        return uploads


NEW_CASE: Final = {
    "item_id": demo.PRINCIPAL,
    "mode": "proxy",
    "applicant_name": "孙雅宁",
    "identity_number": IDENTITY_NUMBER,
    "phone": PHONE,
    "credit_code": "91370103MA3D7KQ42E",
}
VALUES: Final = {
    "branch_name": "济南禾川检测技术有限公司青岛西海岸分公司",
    "branch_credit_code": "91370211MA3N5XGY1G",
    "old_principal": "刘启明",
    "new_principal": "孙雅宁",
    "new_identity_number": OTHER_IDENTITY_NUMBER,
    "appointed_on": "2026-11-20",
    "contact_phone": "053182012345",
    "appointment_way": "公司任命",
    "delivery": "邮寄送达",
}


async def closing(office: Office, case_id: str, folder: Path) -> Uploads:
    """Fill a case of the item that lets a material follow: what is required is accepted, and signed."""
    uploads = await office.uploads(folder / "uploads")
    for line in ("application", "decision", "licence"):
        brought = await office.bring(uploads, case_id, line, name=f"{line}.pdf")
        judged = {"material_id": brought, "review": "accepted"}
        await office.do(APPROVER, CaseReview, case_id=case_id, **judged)
    for field, value in CLOSING_VALUES.items():
        edit = {"field": field, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, case_id=case_id, **edit)
    shown = await office.do(CLERK, CaseSummarise, case_id=case_id)
    seen = {"case_id": case_id, "hash": shown["hash"]}
    await office.do(CLERK, CaseSign, **seen, shown_at=shown["shown_at"], **INK)
    await office.do(CLERK, CaseSubmit, **seen)
    return uploads


INK: Final[dict[str, Any]] = {
    "width": 300,
    "height": 100,
    "strokes": [[(0.1, 0.5, 0.5, 0), (0.9, 0.5, 0.5, 40)]],
}


CLOSING_VALUES: Final = {
    "branch_name": "济南禾川检测技术有限公司青岛西海岸分公司",
    "branch_credit_code": "91370211MA3N5XGY1G",
    "closing_reason": "业务调整",
    "contact_phone": "053182012345",
}


@cache
def hashed() -> str:
    """The hash of the demo's password, made once."""
    return Passwords().hash(demo.PASSWORD)


async def open_office(store: Store, clock: MovedClock) -> Office:
    """Load the demo data and give everybody a session."""
    await demo.load(store, hashed())
    return await office_of(store, clock)


async def office_of(store: Store, clock: MovedClock) -> Office:
    """Give everybody of the demo data that are there a session."""
    return Office(store, clock, await _signed_in(store, demo.PEOPLE))


async def joined(office: Office) -> None:
    """Load what a joint case needs, and give a session to the people of its units."""
    await joint.load(office.store, hashed())
    office.actors = {**office.actors, **await _signed_in(office.store, joint.PEOPLE)}


async def _signed_in(store: Store, people: Sequence[demo.Person]) -> dict[str, Actor]:
    async with store.read() as connection:
        found = await staff.actors(connection, [person.id for person in people])
    return {
        person.login: replace(found[person.id], session_id=f"session-{person.login}")
        for person in people
    }


def watching(actor: Actor, subject: str, audience: str) -> Connection:
    """A connection that watches a subject, as a socket does after case.open."""
    return Connection(who=actor, watching=_Watching(subject, audience))


@dataclass(frozen=True)
class _Watching:
    subject: str
    as_audience: str

    async def watch(self, connection: Connection, subject: str, audience: str) -> None: ...
    def forget(self, connection: Connection, subject: str) -> None: ...
    def audience(self, connection: Connection, subject: str) -> str | None:
        return self.as_audience if subject == self.subject else None


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _no_worker() -> Any:
    raise ConnectionError("no media worker in this test")
