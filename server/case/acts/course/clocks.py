"""The clock of an accepted case: stopped, resumed, its limit extended, by approvers of the unit.

Each makes one event that carries the decision with both limits as they are now; a stop and an
extension ask for their written notice (行政许可法 42, 45). Rules are in server.case.rules.clock.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, Literal

from server.case.acting import rests_on
from server.case.acts.course.numbers import AHEAD
from server.case.acts.course.telling import tell
from server.case.acts.papers.press import ask_paper
from server.case.rules import case as rules
from server.case.rules import clock
from server.case.rules.clock import Deadlines
from server.case.turn import Acts, CaseTurn
from server.case.views import decided_view
from server.case.wire.decision import CaseExtendLimit, CaseRecounted, CaseResumeClock, CaseStopClock
from server.case.wire.words import CaseAct
from server.catalogue.rows import catalogue as catalogue_rows
from server.rights.person import Act, may
from server.standards.papers import PaperKind
from server.standards.working_days import CHINA_REGION, china_day
from server.store.subject import Told
from signaling.refusals import Code, Refusal

Why = Literal["stopped", "resumed", "extended"]
NOTICES: Final[Mapping[Why, PaperKind]] = {"stopped": "suspension", "extended": "extension"}
"""What must be told in writing."""
Step = Callable[[Deadlines, Mapping[date, bool]], Deadlines]

acts: Final = Acts()
commands: Final = acts.commands


@acts.judging(CaseStopClock, CaseTurn)
async def stop(turn: CaseTurn, command: CaseStopClock) -> Told:
    """Stop the clock; the notice is made. Refusals: ``server.case.rules.clock.stop``, ``not_yours``."""

    def step(now: Deadlines, known: Mapping[date, bool]) -> Deadlines:
        by = turn.hand.person_id
        return clock.stop(now, command.why, command.reason, by, at=turn.at, known=known)

    payload = {"why": command.why, "reason": command.reason}
    return await _clocked(turn, command, "stopped", step, payload)


@acts.judging(CaseResumeClock, CaseTurn)
async def resume(turn: CaseTurn, command: CaseResumeClock) -> Told:
    """Let it run again. Result: ``{due_on}``. Refusals: ``clock_running``, ``not_yours``."""

    def step(now: Deadlines, known: Mapping[date, bool]) -> Deadlines:
        return clock.resume(now, turn.hand.person_id, at=turn.at, known=known)

    return await _clocked(turn, command, "resumed", step, {})


@acts.judging(CaseExtendLimit, CaseTurn)
async def extend(turn: CaseTurn, command: CaseExtendLimit) -> Told:
    """延长, once; the notice is made. Result: ``{due_on}``.

    Refused: ``not_yours`` (not the approver's side), ``forbidden`` (an approver whom the law does
    not leave it to), and what ``server.case.rules.clock.extend`` refuses.
    """

    def step(now: Deadlines, known: Mapping[date, bool]) -> Deadlines:
        by = turn.hand.person_id
        return clock.extend(now, command.days, command.reason, by, at=turn.at, known=known)

    heads = may(turn.actor, Act.LIMIT_EXTEND, unit_id=turn.case.unit_id)
    if turn.hand.judges() and not heads:
        raise Refusal(Code.FORBIDDEN, why="head")
    payload = {"days": command.days, "reason": command.reason}
    return await _clocked(turn, command, "extended", step, payload)


async def _clocked(
    turn: CaseTurn, command: CaseAct, why: Why, step: Step, payload: Mapping[str, Any]
) -> Told:
    """One step of the clock, with its event, entry and notice."""
    case = turn.case
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.judges()
    )
    known = await catalogue_rows.known_days(
        turn.connection, CHINA_REGION, china_day(case.created_at), china_day(turn.at) + AHEAD
    )
    now = step(rules.clock_of(case, known, turn.at), known)
    after = rules.clocked(case, now)
    turn.keep(after)
    if after.decision is None:
        raise RuntimeError("a clock without a decision")
    view, by = decided_view(after.decision, turn.people), turn.people[turn.hand.person_id]
    return Told(
        CaseRecounted(**turn.stamp, decision=view, why=why, by=by),
        turn.subject,
        {
            **rests,
            **payload,
            "due_on": now.promised.due_on.isoformat(),
            "legal_due_on": now.legal.due_on.isoformat(),
        },
        {"due_on": now.promised.due_on.isoformat()},
        then=partial(_noticed, turn, why) if why != "resumed" else None,
    )


async def _noticed(turn: CaseTurn, why: Literal["stopped", "extended"]) -> None:
    """The notice, and that the applicant is told of it (行政许可法 42)."""
    await ask_paper(turn, NOTICES[why])
    await tell(turn, why)
