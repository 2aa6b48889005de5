"""Whatever order people act in, lose their lines and come back: every page ends with the same case.

A Hypothesis state machine over real sockets and a real database. Two clerks, the approver and a
third party that was invited into the call edit, propose, adopt, decline and lock fields of one
case, one after the other and at the same moment; lines are cut, with and without a command on its
way, and commands are sent again. What each page got is kept from one connection to the next.

In the end: each page's snapshot and the events that it got are the case as it stands now for its
audience; each acknowledged act is in the history and in the ledger, once, and nothing else is.
On SQLite what the pages got becomes tests/vectors/interleavings.json, which the page's reducer
replays. The proofs ask more, on PostgreSQL, with the pages spread over two nodes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from server.case import rows as case_rows
from server.case import views
from server.case.projection import project_case
from server.case.rules import consent as consent_texts
from server.demo import data as demo
from server.projection import project
from server.rights.hand import CASE_AUDIENCES
from server.store import Store, tables, version_of
from signaling.wire.envelope import StoredEvent
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, IDENTITY_NUMBER, NEW_CASE, OTHER_CLERK, PHONE, THIRD
from tests.kit.casework import OTHER_IDENTITY_NUMBER as OTHER_NUMBER
from tests.kit.exchange import Desk, Exchange, exchange, ringing_ring, site
from tests.kit.reducers import Json
from tests.kit.stores import MovedClock
from tests.kit.until import until
from tests.server.case.test_projection_law import write

R = TypeVar("R")

SCREEN: Final = "screen"
"""The page that the clerk turned to the applicant."""
PAGES: Final = {
    CLERK: "window",
    OTHER_CLERK: "window",
    APPROVER: "approver",
    THIRD: "third",
    SCREEN: "applicant",
}
"""Each page, and as which audience it reads."""
ACTING: Final = (CLERK, OTHER_CLERK, APPROVER, THIRD)
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "company_name": ("青岛沐川精密仪器有限公司", "青岛沐川", ""),
    "term": ("长期", "固定期限", "永久"),
    "begins_on": ("2026-12-01", "2027-01-01"),
    "ends_on": ("2046-11-30", "2026-12-15"),
    "contact_phone": (PHONE, "053182012345", "12"),
    "owners": ("r1,r2", "r2,r1", "r1", ""),
    "owners.r1.name": ("孙雅宁", "刘启明"),
    "owners.r2.identity_number": (IDENTITY_NUMBER, OTHER_NUMBER, ""),
}
SECRETS: Final = (IDENTITY_NUMBER, OTHER_NUMBER, PHONE, "053182012345", NEW_CASE["identity_number"])
REFUSALS: Final = (
    "stale", "field_held", "not_yours", "field_invalid", "field_unknown", "proposal_closed",
    "not_found",
)  # fmt: skip
"""What the rules may answer here; ``not_found`` to who closes a proposal before there is one."""
JUMPS: Final = 4
"""How often a lease may run out: a lost seat of the call is kept for 60 s of the moved clock."""
SETTLED_WITHIN_S: Final = 20.0
VECTORS_AT_MOST: Final = 120
ACKNOWLEDGED_AT_LEAST: Final = 0.3
"""Which share of what was offered must have been taken, or too little was tried."""
RUNS_TOGETHER: Final = 10
"""Of the long count: each ten under a seed of their own."""


@dataclass(frozen=True)
class Act:
    """What somebody does to the form, told so that it means something in every state."""

    login: str
    kind: str
    field: str
    value: str
    fresh: bool
    """Whether an edit names the version that its page shows; else that of an empty field."""
    turn: int
    """Which proposal is closed; whether a lock is taken or dropped."""


@st.composite
def _acts(draw: st.DrawFn) -> Act:
    # Few fields, so that hands meet.
    name = draw(st.sampled_from([*["company_name", "contact_phone"] * 3, *sorted(VALUES)]))
    kind = draw(st.sampled_from(["edit"] * 3 + ["propose"] * 2 + ["close", "hold"] * 2))
    # Mostly by whom it is for; by anybody else it is refused, and must leave no trace.
    usual = (APPROVER,) * 8 if kind == "propose" else (CLERK, OTHER_CLERK) * 4
    return Act(
        login=draw(st.sampled_from([*usual, *ACTING])),
        kind=kind,
        field=name,
        value=draw(st.sampled_from(VALUES[name])),
        fresh=draw(st.sampled_from([True, True, True, False])),
        turn=draw(st.integers(0, 5)),
    )


ACTS: Final = _acts()


Place = tuple[str, dict[str, Any]]
"""Where a node stands: its database, and what else it is set to."""


@dataclass
class Span:
    """What one page got between a connection and its end."""

    page: str
    snapshot: Json
    desk: Desk

    def events(self, subject: str) -> list[Json]:
        return [event for event in self.desk.events if event["subject"] == subject]


@dataclass
class Ground:
    """One or more nodes over one database, and a loop to use them from."""

    runner: asyncio.Runner
    nodes: list[Exchange]
    clock: MovedClock
    vectors: list[Json] = field(default_factory=list)
    runs: int = 0
    acknowledged: int = 0
    came: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failure: BaseException | None = None
    """The first: what Hypothesis tells of a run that cannot be had again would hide it."""

    @property
    def store(self) -> Store:
        return self.nodes[0].store

    @property
    def offered(self) -> int:
        """How many acts were answered, by an acknowledgement or a refusal."""
        return self.acknowledged + self.refused.total()


@dataclass
class Case:
    """One case under many hands."""

    ground: Ground
    case_id: str = ""
    call_id: str = ""
    lines: dict[str, Desk] = field(default_factory=dict)
    """Pages with a line."""
    spans: list[Span] = field(default_factory=list)
    done: list[tuple[Json, Json]] = field(default_factory=list)
    """(command, result) of each act that was acknowledged, in the order of the acks."""
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Who holds a field, as far as acks tell."""

    @property
    def subject(self) -> str:
        return f"case:{self.case_id}"

    # ------------------------------------------------------------ coming and going

    async def begin(self) -> None:
        """A new case in a live call, open on every page."""
        desks = {login: await self._line(login) for login in ACTING}
        clerk, approver, third = desks[CLERK], desks[APPROVER], desks[THIRD]
        for desk in (approver, third):
            await desk.do("desk.duty", duty="online")
        registered = {**NEW_CASE, "item_id": demo.FOUNDING}
        self.case_id = (await clerk.do("case.create", **registered))["case_id"]
        yes = {"given": True, "text_version": consent_texts.CURRENT, "language": "zh-CN"}
        await clerk.do("case.consent", case_id=self.case_id, **yes)
        self.call_id = (await clerk.do("call.dial", case_id=self.case_id))["call_id"]
        await self._answer(approver)
        await clerk.do("call.invite", call_id=self.call_id, unit_id=demo.LIAOCHENG, note="")
        await self._answer(third)
        self.lines = {**desks, SCREEN: await self._line(SCREEN)}
        for page in self.lines:
            await self._open(page)
        rows = {"field": "owners", "value": "r1,r2", "base_version": 0}
        await self._say(clerk, {"type": "case.edit", "id": secrets.token_urlsafe(16), **rows})

    async def _line(self, page: str) -> Desk:
        nodes = self.ground.nodes
        self.ground.came += 1
        node = nodes[self.ground.came % len(nodes)]
        login = CLERK if page == SCREEN else page
        desk = Desk(node.url, login, await node.token(login))
        await desk.connect()
        return desk

    async def _answer(self, desk: Desk) -> None:
        call = await desk.sees(lambda call: ringing_ring(call) is not None, self.call_id, 20)
        await desk.do("call.answer", call_id=self.call_id, ring_id=ringing_ring(call))

    async def _open(self, page: str) -> None:
        asked = {"case_id": self.case_id, "as_applicant": page == SCREEN}
        opened = await self.lines[page].do("case.open", **asked)
        assert opened["audience"] == PAGES[page]
        snapshot = {name: opened[name] for name in ("audience", "version", "case")}
        self.spans.append(Span(page, snapshot, self.lines[page]))

    async def cut(self, page: str) -> None:
        """The line is gone without a word."""
        await self.lines.pop(page).cut()

    async def back(self, page: str) -> None:
        """A new line, and with it a new snapshot."""
        self.lines[page] = await self._line(page)
        await self._open(page)

    async def end(self) -> None:
        for page in PAGES.keys() - self.lines.keys():
            self.lines[page] = await self._line(page)
        over = {"type": "call.hang_up", "id": secrets.token_urlsafe(16), "call_id": self.call_id}
        await self._heard(self.lines[CLERK], over)
        for desk in self.lines.values():
            await desk.close()

    # ------------------------------------------------------------ acting

    def command(self, act: Act) -> Json | None:
        """The command as that person's page would send it now; None when it has no line."""
        if act.login not in self.lines:
            return None
        shown = self.shown(act.login)["case"]
        command: Json = {"type": f"case.{act.kind}", "id": secrets.token_urlsafe(16)}
        if act.kind == "edit":
            known = shown["fields"].get(act.field, {"version": 0})["version"]
            command |= {"field": act.field, "value": act.value}
            command |= {"base_version": known if act.fresh else 0}
        elif act.kind == "propose":
            command |= {"field": act.field, "value": act.value, "reason": "见申请书"}
        elif act.kind == "close":
            open_ones = [one["id"] for one in shown["proposals"] if one["state"] == "open"]
            ids = open_ones if act.fresh else [one["id"] for one in shown["proposals"]]
            chosen = ids[act.turn % len(ids)] if ids else "proposal-none"
            command |= {"type": "case.close_proposal", "proposal_id": chosen}
            command |= {"adopt": act.turn % 3 != 0}
        else:
            command |= {"field": act.field if act.turn else None}
        return command

    def shown(self, page: str) -> Json:
        """What that page shows now."""
        span = next(one for one in reversed(self.spans) if one.page == page)
        return reducers.reduce_case(span.snapshot, span.events(self.subject))

    async def alone(self, act: Act) -> None:
        """One act, with nothing beside it: a running lease of somebody else must have stopped it."""
        command = self.command(act)
        if command is None:
            return
        written = self._written(act, command)
        if not (await self._say(self.lines[act.login], command))["ok"]:
            return
        now = self.ground.clock.now()
        holder, expires_at = self.leases.get(written, (act.login, now))
        assert holder == act.login or expires_at <= now, (command, holder)
        if act.kind == "hold":
            self.leases = {f: one for f, one in self.leases.items() if one[0] != act.login}
            if written:
                expires = self.done[-1][1]["expires_at"]
                self.leases[written] = (act.login, datetime.fromisoformat(expires))

    def _written(self, act: Act, command: Json) -> str:
        """The field that this act must have for itself; empty for an act that needs none."""
        if command.get("adopt"):
            shown = self.shown(act.login)["case"]["proposals"]
            return next((p["field"] for p in shown if p["id"] == command["proposal_id"]), "")
        return (command["field"] or "") if act.kind in ("edit", "hold") else ""

    async def at_once(self, acts: list[Act]) -> None:
        """All of them at the same moment; each page shows what it showed before."""
        commands = [(act, self.command(act)) for act in acts]
        told = [(self.lines[act.login], one) for act, one in commands if one is not None]
        self.leases.clear()
        await asyncio.gather(*(self._say(desk, one) for desk, one in told))

    async def lost(self, act: Act, acknowledged: bool) -> None:
        """The line is cut behind a command; the page comes back and sends it again.

        ``acknowledged``: the ack was given and never came; else the command itself may be lost.
        """
        command = self.command(act)
        if command is None:
            return
        self.leases.clear()
        before: Json | None = None
        line = self.lines[act.login]
        body = {**command, "case_id": self.case_id}
        if acknowledged:
            before = await self._heard(line, body)
        else:
            await line.emit("command", body)
        await self.cut(act.login)
        await self.back(act.login)
        after = await self._say(self.lines[act.login], command)
        # A lease is no act: it has no ack to be kept.
        if before is not None and before["ok"] and act.kind != "hold":
            assert after == before

    async def again(self) -> None:
        """The newest act once more, by its id: the same ack, and nothing changes."""
        kept = [one for one in self.done if one[0]["type"] != "case.hold"]
        command, result = kept[-1]
        login = command["by"]
        if login not in self.lines:
            return
        body = {name: value for name, value in command.items() if name != "by"}
        ack = await self._heard(self.lines[login], body)
        assert ack["ok"], ack
        assert ack["result"] == result

    async def _say(self, desk: Desk, command: Json) -> Json:
        body = {**command, "case_id": self.case_id}
        ack = await self._heard(desk, body)
        if ack["ok"]:
            self.done.append(({**body, "by": desk.login}, ack["result"]))
            self.ground.acknowledged += 1
        else:
            assert ack["code"] in REFUSALS, (command, ack)
            self.ground.refused[ack["code"]] += 1
        return ack

    async def _heard(self, desk: Desk, body: Json) -> Json:
        """The ack; a person who is told to wait does so, as a page would."""
        said: Json = {}

        async def why_not() -> str | None:
            said.clear()
            said.update(await desk.raw("command", body))
            return "throttled" if said["code"] in ("throttled", "busy") else None

        await until(why_not, SETTLED_WITHIN_S, every_s=0.1)
        return dict(said)

    # ------------------------------------------------------------ what must hold

    async def settle(self) -> None:
        """Everybody is back, and what came to each of them is the case; the history is what was
        acknowledged."""
        for page in PAGES.keys() - self.lines.keys():
            await self.back(page)
        events = await self.ground.store.events(self.subject, 0)
        last = events[-1].version
        assert [event.version for event in events] == list(range(1, last + 1))

        def behind() -> str | None:
            reached = {page: self.shown(page)["version"] for page in PAGES}
            late = {page: version for page, version in reached.items() if version != last}
            return f"{late} of {last}" if late else None

        await until(behind, SETTLED_WITHIN_S)
        truth = _truth(events)
        now = await self._stored()
        for audience in CASE_AUDIENCES:
            assert truth[audience][last] == now[audience], audience
        for span in self.spans:
            audience, got = PAGES[span.page], span.events(self.subject)
            first = span.snapshot["version"]
            # What a node had still to tell when the page came may be in its snapshot already.
            known = sum(one["version"] <= first for one in got)
            start = first + 1 - known
            assert [one["version"] for one in got] == list(range(start, start + len(got)))
            assert span.snapshot == truth[audience][first], span.page
            reached = reducers.reduce_case(span.snapshot, got)
            assert reached == truth[audience][first + len(got) - known], span.page
        self._same_everywhere(now)
        await self._history(events)

    async def _stored(self) -> dict[str, Json]:
        """The case as it stands in the database, for each audience."""
        async with self.ground.store.read() as connection:
            whole = await case_rows.find_whole(connection, self.case_id)
            version = await version_of(connection, self.subject)
        assert whole is not None
        view = views.case_view(whole)
        return {
            audience: {
                "audience": audience,
                "version": version,
                "case": project_case(view, audience).model_dump(mode="json"),
            }
            for audience in CASE_AUDIENCES
        }

    def _same_everywhere(self, now: dict[str, Json]) -> None:
        """All pages show the same form; masked or whole, each by his right."""
        shown = {page: self.shown(page) for page in PAGES}
        assert shown[CLERK] == shown[OTHER_CLERK]
        window = shown[CLERK]["case"]["fields"]
        for page, audience in PAGES.items():
            assert shown[page] == now[audience]
            fields = shown[page]["case"]["fields"]
            assert fields.keys() == window.keys()
            for name, state in fields.items():
                for member in ("version", "by", "at", "on_behalf_of"):
                    assert state[member] == window[name][member], (page, name)
            if audience in ("approver", "third"):
                text = str([span.snapshot for span in self.spans if span.page == page])
                text += str([one.events(self.subject) for one in self.spans if one.page == page])
                assert not [secret for secret in SECRETS if secret in text]

    async def _history(self, events: list[StoredEvent]) -> None:
        """What was acknowledged is in the history and in the ledger, each once and nothing else."""
        table, entries = tables.field_history, tables.ledger_entries
        async with self.ground.store.read() as connection:
            history = [
                (row.version, row.field, row.value, row.by)
                for row in await connection.execute(
                    sa.select(table)
                    .where(table.c.case_id == self.case_id)
                    .order_by(table.c.version)
                )
            ]
            ledger = [
                (row.version, row.act, row.object, row.actor)
                for row in await connection.execute(
                    sa.select(entries)
                    .where(entries.c.subject == self.subject)
                    .order_by(entries.c.version)
                )
            ]
        assert [version for version, *_ in ledger] == [event.version for event in events]

        def person(command: Json) -> str:
            return f"person-{command['by']}"

        def of(kind: str) -> list[tuple[Json, Json]]:
            return [one for one in self.done if one[0]["type"] == kind]

        edits = [
            (result["version"], command["field"], result["value"], person(command))
            for command, result in of("case.edit")
        ]
        closed = {command["proposal_id"]: command for command, _ in of("case.close_proposal")}
        assert len(closed) == len(of("case.close_proposal"))
        adopted = []
        for event in events:
            if event.type == "case.proposal_closed":
                proposal = event.body["proposal"]
                command = closed.pop(proposal["id"])
                assert (event.body["field_state"] is not None) == command["adopt"]
                if command["adopt"]:
                    field, value = proposal["field"], proposal["value"]
                    adopted.append((event.version, field, value, person(command)))
        assert not closed
        assert history == sorted([*edits, *adopted])
        assert [one for one in ledger if one[1] == "case.edit"] == sorted(
            (version, "case.edit", f"field:{name}", by) for version, name, _, by in edits
        )
        assert sorted(one[2] for one in ledger if one[1] == "case.propose") == sorted(
            f"proposal:{result['proposal_id']}" for _, result in of("case.propose")
        )
        newest = {name: (version, value) for version, name, value, _ in history}
        fields = self.shown(CLERK)["case"]["fields"]
        assert newest == {name: (one["version"], one["value"]) for name, one in fields.items()}

    def keep(self) -> None:
        """What each page got in one connection, as vectors for the page's own reducer."""
        for number, span in enumerate(self.spans):
            got = span.events(self.subject)
            if len(got) < 2 or len(self.ground.vectors) >= VECTORS_AT_MOST:
                continue
            self.ground.vectors.append(
                {
                    "name": f"run {self.ground.runs}, connection {number} of {span.page}",
                    "subject": "case",
                    "audience": PAGES[span.page],
                    "snapshot": span.snapshot,
                    "events": got,
                    "expected": reducers.reduce_case(span.snapshot, got),
                }
            )


def _truth(events: list[StoredEvent]) -> dict[str, dict[int, Json]]:
    """The case at each of its versions as each audience sees it, from its first event on."""
    truth: dict[str, dict[int, Json]] = {}
    for audience in CASE_AUDIENCES:
        created, *later = (_plain(project(event, audience)) for event in events)
        now: Json = {"audience": audience, "version": 1, "case": created["case"]}
        truth[audience] = {1: now}
        for event in later:
            now = reducers.reduce_case(now, [event])
            truth[audience][now["version"]] = now
    return truth


def _plain(event: Any) -> Json:
    return dict(event) if isinstance(event, dict) else dict(event.model_dump(mode="json"))


def machine(ground: Ground) -> type[RuleBasedStateMachine]:
    """The state machine over these nodes; each run is a new case."""

    class Interleavings(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.case = Case(ground)
            self.sound = False
            self.jumps = 0

        def _run(self, work: Coroutine[Any, Any, R]) -> R:
            self.sound = False
            try:
                result = ground.runner.run(work)
            except BaseException as error:
                ground.failure = ground.failure or error
                raise
            self.sound = True
            return result

        @initialize()
        def a_case_in_a_call(self) -> None:
            self._run(self.case.begin())

        @rule(acts=st.lists(ACTS, min_size=2, max_size=6))
        def in_turn(self, acts: list[Act]) -> None:
            for act in acts:
                self._run(self.case.alone(act))

        @rule(acts=st.lists(ACTS, min_size=2, max_size=6))
        def at_once(self, acts: list[Act]) -> None:
            self._run(self.case.at_once(acts))

        @rule(act=ACTS, acknowledged=st.booleans())
        def lost(self, act: Act, acknowledged: bool) -> None:
            self._run(self.case.lost(act, acknowledged))

        @rule()
        def again(self) -> None:
            self._run(self.case.again())

        @rule(page=st.sampled_from(sorted(PAGES)))
        def drop_or_return(self, page: str) -> None:
            there = page in self.case.lines
            self._run(self.case.cut(page) if there else self.case.back(page))

        @rule()
        def leases_run_out(self) -> None:
            # No precondition: where a run has this rule alone, nothing would be left to draw.
            if self.jumps < JUMPS:
                self.jumps += 1
                ground.clock.move(11)

        def teardown(self) -> None:
            if self.sound:
                self._run(self.case.settle())
                self.case.keep()
            self._run(self.case.end())
            ground.runs += 1

    return Interleavings


def explore(ground: Ground, runs: int, steps: int, seeded: int | None = None) -> None:
    factory = machine(ground)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        factory if seeded is None else seed(seeded)(factory),
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            derandomize=seeded is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


@asynccontextmanager
async def nodes(places: list[Place], clock: MovedClock) -> AsyncIterator[list[Exchange]]:
    """Nodes over one database, until the block ends."""
    async with AsyncExitStack() as stack:
        running: list[Exchange] = []
        for database, settings in places:
            there = await stack.enter_async_context(
                site(database, clock, filled=bool(running), **settings)
            )
            running.append(await stack.enter_async_context(exchange(there)))
        for node in running:
            if len(running) > 1:
                await until(lambda node=node: None if node.store.bus.connected else "no Redis yet")
        yield running


def asked(
    places: list[Place], runs: int, steps: int, seeds: Iterable[int | None] = (None,)
) -> Ground:
    """``runs`` of so many steps under each of these seeds; None is the seed of the suite."""
    clock = MovedClock()
    with asyncio.Runner() as runner:
        block = nodes(places, clock)
        ground = Ground(runner, runner.run(block.__aenter__()), clock)
        try:
            for number, seeded in enumerate(seeds, 1):
                explore(ground, runs, steps, seeded)
                assert ground.runs >= number * runs
        except BaseException:
            if ground.failure is not None:
                raise ground.failure from None
            raise
        finally:
            runner.run(block.__aexit__(None, None, None))
    return ground


@pytest.mark.timeout(180)
def test_every_interleaving_ends_with_the_same_case_everywhere(tmp_path: Path) -> None:
    here = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    ground = asked([(here, {})], runs=12, steps=16)
    assert ground.offered > 5 * ground.runs
    assert ground.acknowledged > ground.offered * ACKNOWLEDGED_AT_LEAST
    assert ground.refused.keys() >= {"stale", "field_held", "not_yours"}
    assert len(ground.vectors) > 20
    write("interleavings", ground.vectors)


@pytest.mark.proofs
@pytest.mark.postgres
@pytest.mark.timeout(3600)
def test_every_interleaving_over_two_nodes(
    postgres_url: str, redis_url: str, record_property: Any
) -> None:
    shared = {"redis_url": redis_url, "bus_secret": "a secret between two nodes"}
    chosen: list[Place] = [(postgres_url, shared)] * 2
    ground = asked(chosen, runs=RUNS_TOGETHER, steps=40, seeds=range(200 // RUNS_TOGETHER))
    record_property("runs", ground.runs)
    record_property("offered acts", ground.offered)
    record_property("acknowledged acts", ground.acknowledged)
    record_property("refused acts", dict(ground.refused))
    assert ground.offered > 5 * ground.runs
    assert ground.acknowledged > ground.offered * ACKNOWLEDGED_AT_LEAST
