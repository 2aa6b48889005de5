"""The clock of an accepted case: stopped, resumed, its limit extended, by approvers of the unit.

Each makes one event that carries the decision with both limits as they are now; a stop and an
extension ask for their written notice (行政许可法 42, 45). Rules are in server.domain.clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, Literal

from server.actions.cases import AHEAD, apart, judging, rests_on
from server.actions.papers import ask_paper
from server.actions.views import decided_view, person_ref
from server.domain import case as rules
from server.domain import clock
from server.domain.clock import Clock
from server.domain.paper import PaperKind
from server.domain.working_days import CHINA_REGION, china_day
from server.rights.connected import Connected, Handler, actor_of
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import cases as rows
from server.store import catalogue as catalogue_rows
from server.wire.case import CaseAct, CaseExtendLimit, CaseRecounted, CaseResumeClock, CaseStopClock
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal

Why = Literal["stopped", "resumed", "extended"]
ACTS: Final[Mapping[Why, str]] = {
    "stopped": "case.stop_clock",
    "resumed": "case.resume_clock",
    "extended": "case.extend_limit",
}
NOTICES: Final[Mapping[Why, PaperKind]] = {"stopped": "suspension", "extended": "extension"}
"""What must be told in writing."""
Step = Callable[[Change, Clock, Mapping[date, bool]], Clock]


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def stopped(connection: Connected, command: CaseStopClock) -> Ack:
        return await stop(store, actor_of(connection), command)

    async def resumed(connection: Connected, command: CaseResumeClock) -> Ack:
        return await resume(store, actor_of(connection), command)

    async def extended(connection: Connected, command: CaseExtendLimit) -> Ack:
        return await extend(store, actor_of(connection), command)

    return {CaseStopClock: stopped, CaseResumeClock: resumed, CaseExtendLimit: extended}


async def stop(store: Store, actor: Actor, command: CaseStopClock) -> Ack:
    """Stop the clock; the notice is made. Refusals: ``server.domain.clock.stop``, ``not_yours``."""

    def step(change: Change, now: Clock, known: Mapping[date, bool]) -> Clock:
        return clock.stop(
            now, command.why, command.reason, actor.person_id, at=change.at, known=known
        )

    told = {"why": command.why, "reason": command.reason}
    return await _turn(store, actor, command, command.case_id, "stopped", step, told)


async def resume(store: Store, actor: Actor, command: CaseResumeClock) -> Ack:
    """Let it run again. Result: ``{due_on}``. Refusals: ``clock_running``, ``not_yours``."""

    def step(change: Change, now: Clock, known: Mapping[date, bool]) -> Clock:
        return clock.resume(now, actor.person_id, at=change.at, known=known)

    return await _turn(store, actor, command, command.case_id, "resumed", step, {})


async def extend(store: Store, actor: Actor, command: CaseExtendLimit) -> Ack:
    """延长, once; the notice is made. Result: ``{due_on}``.

    Refused: ``not_yours`` (not the approver's side), ``forbidden`` (an approver whom the law does
    not leave it to), and what ``server.domain.clock.extend`` refuses.
    """

    def step(change: Change, now: Clock, known: Mapping[date, bool]) -> Clock:
        return clock.extend(
            now, command.days, command.reason, actor.person_id, at=change.at, known=known
        )

    told = {"days": command.days, "reason": command.reason}
    return await _turn(store, actor, command, command.case_id, "extended", step, told)


async def _turn(
    store: Store,
    actor: Actor,
    command: CaseAct,
    case_id: str,
    why: Why,
    step: Step,
    told: Mapping[str, Any],
) -> Ack:
    """One step of the clock, with its event, entry and notice."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(case_id)
        seen = await change.lock(subject)
        record, hand = await judging(change.connection, actor, case_id)
        await apart(change, hand, record.case)
        heads = may(actor, Act.LIMIT_EXTEND, unit_id=record.case.unit_id)
        if why == "extended" and hand.side == "approver" and not heads:
            raise Refusal(Code.FORBIDDEN, why="head")
        rests = await rests_on(change, hand, command, seen, side="approver")
        known = await catalogue_rows.known_days(
            change.connection,
            CHINA_REGION,
            china_day(record.case.created_at),
            china_day(change.at) + AHEAD,
        )
        now = step(change, rules.clock_of(record.case, known, change.at), known)
        after = rules.clocked(record.case, now)
        await rows.save(change.connection, record.case, after)
        await rows.look(change.connection, case_id, seen, change.at)
        people = {**record.people, actor.person_id: person_ref(actor)}
        decided = after.decision
        if decided is None:
            raise RuntimeError("a clock without a decision")
        view = decided_view(decided, people)
        await change.record(
            subject,
            ACTS[why],
            subject,
            lambda version: CaseRecounted(
                subject=subject,
                version=version,
                at=change.at,
                decision=view,
                why=why,
                by=people[actor.person_id],
            ),
            payload={
                **rests,
                **told,
                "due_on": now.promised.due_on.isoformat(),
                "legal_due_on": now.legal.due_on.isoformat(),
            },
        )
        if why in NOTICES:
            await ask_paper(change, replace(record, case=after, people=people), NOTICES[why])
        return change.ack({"due_on": now.promised.due_on.isoformat()})
