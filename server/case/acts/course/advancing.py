"""The course of a case after its acceptance: ruling, issuing, delivering, ending to the side, archiving.

Each makes one event with the whole course and, where the law wants one, its paper. Rules are in
server.case.rules.course.course.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final

from server.calls.rows import missed as missed_rows
from server.case.acting import rests_on
from server.case.acts.course.following import post_returned, to_verify
from server.case.acts.course.numbers import AHEAD
from server.case.acts.course.telling import tell, tell_system
from server.case.acts.joint import tasking
from server.case.acts.papers.press import ask_paper
from server.case.acts.sequels.ending import told_first
from server.case.rows import handovers as handover_rows
from server.case.rows import papers as paper_rows
from server.case.rules import case as case_rules
from server.case.rules.course import course as rules
from server.case.rules.course import delivering, external, fees, mandates
from server.case.rules.course.course import (
    Agreement,
    Course,
    Delivery,
    EndKind,
    Receiver,
    Reported,
    Result,
    Way,
)
from server.case.rules.course.states import CaseState
from server.case.rules.materials import promise
from server.case.turn import Acts, CaseTurn
from server.case.views import course_view
from server.case.wire.course.advancing import (
    CaseAdvanced,
    CaseAgreeElectronic,
    CaseArchive,
    CaseBeginDelivery,
    CaseCheckReceiver,
    CaseEndDelivery,
    CaseFinish,
    CaseIssue,
    CaseReport,
    CaseRule,
    NewResult,
    Step,
)
from server.case.wire.course.owning import CaseAssign, CaseAssigned
from server.case.wire.words import CaseAct
from server.catalogue.rows import catalogue as catalogue_rows
from server.people.rows import staffing
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.standards import identifiers
from server.standards.papers import PaperKind
from server.standards.working_days import CHINA_REGION, china_day
from server.store.subject import Told
from server.tasks.acts import turns as tasks
from server.tellings.rules import SystemStep, TellingStep
from signaling.refusals import Code, Refusal

ENDINGS: Final[Mapping[EndKind, PaperKind]] = {
    "withdrawn": "withdrawal",
    "returned": "return",
    "terminated": "termination",
}
"""The paper of each end to the side."""

_ENDED: Final[Mapping[EndKind, str]] = {
    "withdrawn": "申请人已撤回申请",
    "returned": "办件已退件",
    "terminated": "办件已终止",
}
"""Why nothing is wanted of other units any more."""
_OUTSIDE: Final[Mapping[CaseState, SystemStep]] = {
    "withdrawn": "withdrawn",
    "returned": "sent_back",
    "terminated": "ended",
    "delivered": "delivered",
}
"""What an external system is told of that decides the case."""
_BEGUN: Final[Mapping[Way, TellingStep]] = {"collected": "ready", "posted": "posted"}
"""What the applicant is told of when a delivery begins; the electronic one tells itself, at a visit he is there."""

acts: Final = Acts()
commands: Final = acts.commands


@acts.judging(CaseRule, CaseTurn)
async def rule(turn: CaseTurn, command: CaseRule) -> Told:
    """准予 or 不予; its paper is made. Refusals: ``server.case.rules.course.course.rule``,
    ``decided_elsewhere``, ``mandate_over`` (准予 alone)."""
    rests = await _rests(turn, command, may=turn.hand.judges())
    return await ruled(turn, command.ruling, command.reason, command.bases, rests)


async def ruled(
    turn: CaseTurn,
    kind: rules.RulingKind,
    reason: str,
    bases: Sequence[str],
    rests: Mapping[str, Any],
) -> Told:
    """The case as the turn has it, ruled on."""
    case = turn.case
    external.here(case.item.system)
    tasking.settled(case)
    known = await _known_days(turn)
    clock = case.decision.clock if case.decision else None
    state, after = rules.rule(
        case.course,
        case.state,
        kind,
        reason,
        bases,
        turn.hand,
        owed=sorted(case.owed),
        untrue=promise.untrue(case.promises, case.materials),
        stopped=clock is not None and clock.stopped is not None,
        at=turn.at,
        known_days=known,
        offered=case.item.bases,
    )
    if kind == "granted":
        mandates.in_force(case.applicant.principal, case.course, china_day(turn.at))
    payload = {**rests, "ruling": kind, "reason": reason, "bases": list(bases)}
    paper: PaperKind = "denial" if kind == "denied" else "grant"
    if kind == "granted" and case.item.registers:
        paper = "registration"
    return advanced(turn, "ruled", state, after, payload, partial(_told, turn, [paper], kind))


@acts.judging(CaseIssue, CaseTurn)
async def issue(turn: CaseTurn, command: CaseIssue) -> Told:
    """制证、签发. Refusals: ``server.case.rules.course.course.issue``, ``decided_elsewhere``, ``fee_unpaid``."""
    rests = await _rests(turn, command, may=turn.hand.judges())
    external.here(turn.case.item.system)
    made = _made(turn, command.results)
    state, after = rules.issue(turn.case.course, turn.case.state, made, turn.hand)
    fees.first(turn.case.course, fee_first=turn.case.item.fee_first)
    return advanced(turn, "issued", state, after, {**rests, "results": _results(command.results)})


@acts.judging(CaseReport, CaseTurn)
async def report(turn: CaseTurn, command: CaseReport) -> Told:
    """What the external system did. Refusals: ``server.case.rules.course.external.report``."""
    rests = await _rests(turn, command, may=turn.hand.judges())
    return await reported(turn, command, rests)


async def reported(
    turn: CaseTurn, command: CaseReport, rests: Mapping[str, Any], *, signed: bool = False
) -> Told:
    """The case as the turn has it, with what was reported; ``signed``: the proof is a message of the system."""
    case = turn.case
    new = Reported(
        command.step,
        command.number,
        command.on,
        command.proof,
        turn.hand.person_id,
        turn.at,
        signed,
    )
    state, after = external.report(
        case.course,
        case.state,
        new,
        turn.hand,
        system=case.item.system,
        proofs={one.id for one in case.materials if one.state == "stored"},
        since=china_day(case.created_at),
        reason=command.reason,
        bases=command.bases,
        results=_made(turn, command.results),
        at=turn.at,
        known_days=await _known_days(turn),
    )
    payload = {
        **rests,
        "step": command.step,
        "system": case.item.system,
        "number": command.number,
        "on": command.on.isoformat(),
        "proof": command.proof,
        "reason": command.reason,
        "bases": list(command.bases),
        "results": _results(command.results),
    }
    then = partial(to_verify, turn) if command.step == "granted" else None
    return advanced(turn, "reported", state, after, payload, then)


@acts.on(CaseAgreeElectronic, CaseTurn)
async def agree(turn: CaseTurn, command: CaseAgreeElectronic) -> Told:
    """电子送达确认书. Refusals: ``server.case.rules.course.course.agree``."""
    rests = await _rests(turn, command, may=turn.hand.fills)
    new = Agreement(command.address, turn.hand.person_id, turn.at)
    after = rules.agree(turn.case.course, turn.case.state, new, turn.hand)
    payload = {**rests, "address": command.address}
    return advanced(turn, "agreed", turn.case.state, after, payload, on_behalf_of=APPLICANT)


@acts.on(CaseBeginDelivery, CaseTurn)
async def begin(turn: CaseTurn, command: CaseBeginDelivery) -> Told:
    """Lay ready, post, or send. Result: ``{delivery_id}``. Refusals:
    ``server.case.rules.course.delivering.begin``."""
    if command.way == "electronic":
        await turn.judge(turn.actor)
    rests = await _rests(turn, command, may=turn.hand.handles())
    new = Delivery(
        id=new_id(),
        way=command.way,
        results=tuple(command.results),
        by=turn.hand.person_id,
        at=turn.at,
        courier=command.courier,
        tracking=command.tracking,
        note=command.note,
    )
    case = turn.case
    after = delivering.begin(case.course, case.state, new, turn.hand, mode=case.mode)
    begun = after.delivery(new.id)
    payload = {
        **rests,
        "delivery": begun.id,
        "way": begun.way,
        "results": list(begun.results),
        "courier": begun.courier,
        "tracking": begun.tracking,
        "note": begun.note,
    }
    step = _BEGUN.get(begun.way)
    then = partial(_told, turn, [], step) if step else None
    told = advanced(turn, "delivery_begun", case.state, after, payload, then)
    return replace(told, result={"delivery_id": new.id})


@acts.on(CaseCheckReceiver, CaseTurn)
async def check_receiver(turn: CaseTurn, command: CaseCheckReceiver) -> Told:
    """刷证核对. Refusals: ``server.case.rules.course.delivering.receive``, of
    ``identifiers.document_number``."""
    rests = await _rests(turn, command, may=turn.hand.fills)
    number = command.number
    if command.document != "licence" and number:
        number = identifiers.document_number(command.document, number, today=china_day(turn.at))
    seen = Receiver(
        name=command.name,
        agent=command.agent,
        document=command.document,
        number=identifiers.mask_document(number),
        how=command.how,
        by=turn.hand.person_id,
        at=turn.at,
    )
    case = turn.case
    after = delivering.receive(case.course, case.state, command.delivery_id, seen, turn.hand)
    payload = {
        **rests,
        "delivery": command.delivery_id,
        "document": seen.document,
        "how": seen.how,
        "agent": seen.agent,
        "name": seen.name,
        "number": seen.number,
    }
    return advanced(turn, "receiver_checked", case.state, after, payload)


@acts.on(CaseEndDelivery, CaseTurn)
async def end(turn: CaseTurn, command: CaseEndDelivery) -> Told:
    """登记送达, with 送达回证 and, when all is there, 办结单; or that the post came back. Refusals:
    ``server.case.rules.course.delivering.end``."""
    rests = await _rests(turn, command, may=turn.hand.handles())
    case = turn.case
    state, after = delivering.end(
        case.course,
        case.state,
        command.delivery_id,
        command.outcome,
        command.note,
        command.on,
        turn.hand,
        at=turn.at,
    )
    payload = {
        **rests,
        "delivery": command.delivery_id,
        "outcome": command.outcome,
        "on": command.on.isoformat(),
        "note": command.note,
    }
    papers: list[PaperKind] = ["delivery"] if command.outcome == "delivered" else []
    papers += ["closing"] if state == "delivered" else []
    returned = None if command.outcome == "delivered" else command.note
    then = partial(_ask, turn, papers, returned)
    return advanced(turn, "delivery_ended", state, after, payload, then)


@acts.on(CaseFinish, CaseTurn)
async def finish(turn: CaseTurn, command: CaseFinish) -> Told:
    """撤回, 退件 or 终止; its paper is made. Refusals: ``server.case.rules.course.course.finish``."""
    withdrawn = command.kind == "withdrawn"
    if not withdrawn:
        await turn.judge(turn.actor)
    hand = turn.hand
    rests = await _rests(turn, command, may=hand.fills if withdrawn else hand.judges())
    case = turn.case
    state, after = rules.finish(
        case.course,
        case.state,
        command.kind,
        command.reason,
        hand,
        at=turn.at,
        cause=command.cause,
        correct_by=case.decision.correct_by if case.decision else None,
    )
    payload = {**rests, "kind": command.kind, "reason": command.reason, "cause": command.cause}
    return advanced(
        turn,
        "finished",
        state,
        after,
        payload,
        partial(_finished, turn, command.kind),
        on_behalf_of=APPLICANT if withdrawn else None,
        forget=True,
    )


async def _finished(turn: CaseTurn, kind: EndKind) -> None:
    """Its paper, what the applicant and the external system are told, and that no other unit has anything to do in it."""
    await tasking.end_all(turn, _ENDED[kind])
    await _told(turn, [ENDINGS[kind]], None if kind == "withdrawn" else kind)


@acts.judging(CaseArchive, CaseTurn)
async def archive(turn: CaseTurn, command: CaseArchive) -> Told:
    """归档. Refusals: ``server.case.rules.course.course.archive``."""
    rests = await _rests(turn, command, may=turn.hand.judges())
    case = turn.case
    papers = await paper_rows.list_papers(turn.connection, [case.id])
    sent = await handover_rows.list_handovers(turn.connection, case.id)
    state, after = rules.archive(
        case.course,
        case.state,
        turn.hand,
        making=sum(one.state == "making" for one in papers),
        away=sum(one.received_at is None for one in sent),
        unverified=case.unverified,
        at=turn.at,
    )
    return advanced(turn, "archived", state, after, rests, forget=True)


@acts.judging(CaseAssign, CaseTurn)
async def assign(turn: CaseTurn, command: CaseAssign) -> Told | Mapping[str, Any]:
    """认领, 交给 or back to the pool; the same owner as it has is no act. Refusals: ``server.case.rules.case.assign``,
    ``no_approver``."""
    case, to = turn.case, command.person_id
    after = case_rules.assign(case, to, turn.hand, seen=command.from_id)
    if after is case:
        return {}
    if to is not None and not await staffing.decides_at(turn.connection, to, case.unit_id):
        raise Refusal(Code.NO_APPROVER, unit=case.unit_id)
    turn.keep(after)
    people = await turn.name([to])
    return Told(
        CaseAssigned(**turn.stamp, owner=people[to] if to else None),
        turn.subject,
        {"owner": to, "before": case.owner_id},
    )


async def _rests(turn: CaseTurn, command: CaseAct, *, may: bool) -> dict[str, Any]:
    return await rests_on(turn.change, turn.hand, command, turn.version - 1, may=may)


async def _known_days(turn: CaseTurn) -> Mapping[date, bool]:
    return await catalogue_rows.known_days(
        turn.connection, CHINA_REGION, china_day(turn.case.created_at), china_day(turn.at) + AHEAD
    )


def _made(turn: CaseTurn, results: Sequence[NewResult]) -> list[Result]:
    return [
        Result(
            id=new_id(),
            kind=one.kind,
            name=one.name,
            number=one.number,
            originals=one.originals,
            copies=one.copies,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            by=turn.hand.person_id,
            at=turn.at,
        )
        for one in results
    ]


def _results(results: Sequence[NewResult]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in results]


async def _told(turn: CaseTurn, papers: Sequence[PaperKind], step: TellingStep | None) -> None:
    """The papers of a step, that the applicant is told of it, and that what he declared is verified."""
    for kind in papers:
        await ask_paper(turn, kind)
    if step == "granted":
        await to_verify(turn)
    if step is not None:
        await tell(turn, step)


async def _also(
    turn: CaseTurn, then: Callable[[], Awaitable[object]] | None, step: SystemStep
) -> None:
    """What else follows, and that the external system is told."""
    if then is not None:
        await then()
    await tell_system(turn, step)


async def _ask(turn: CaseTurn, papers: Sequence[PaperKind], returned: str | None) -> None:
    for kind in papers:
        await ask_paper(turn, kind)
    if returned is not None:
        await post_returned(turn, returned)


async def _over(turn: CaseTurn, then: Callable[[], Awaitable[None]] | None) -> None:
    if then is not None:
        await then()
    await tasks.case_over(turn.change, turn.case_id)


def advanced(
    turn: CaseTurn,
    step: Step,
    state: CaseState,
    after: Course,
    payload: Mapping[str, Any],
    then: Callable[[], Awaitable[None]] | None = None,
    *,
    on_behalf_of: str | None = None,
    forget: bool = False,
) -> Told:
    """The case with its course as it is now. ``forget``: it is over, and with it what was missed and what was to be seen to."""
    outside = _OUTSIDE.get(state) if state != turn.case.state else None
    if outside is not None:
        then = partial(_also, turn, then, outside)
    if turn.case.sequel_of is not None and state != turn.case.state:
        then = partial(told_first, turn, then)
    turn.keep(replace(turn.case, state=state, course=after))
    return Told(
        CaseAdvanced(**turn.stamp, step=step, state=state, course=course_view(after, turn.people)),
        turn.subject,
        {**payload, "state": state},
        on_behalf_of=on_behalf_of,
        beside=[missed_rows.forgotten(turn.case_id)] if forget else [],
        then=partial(_over, turn, then) if forget else then,
    )
