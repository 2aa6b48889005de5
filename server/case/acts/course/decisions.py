"""Judging a case: the review of each material, the checklist, the decision, and that another unit is to
decide (转办), by the approver.

The decision asks for its official paper in the same transaction, and gives the 办件编号 where
there is none yet. Rules are in server.case.rules.materials.material, server.case.rules.checklist and
server.case.rules.case.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from server.calls.rows import missed as missed_rows
from server.case.acting import rests_on
from server.case.acts.course import following, listing
from server.case.acts.course.advancing import ruled
from server.case.acts.course.numbers import AHEAD, number_of
from server.case.acts.course.telling import tell, tell_system
from server.case.acts.joint import tasking
from server.case.acts.papers.press import ask_paper
from server.case.acts.sequels.ending import told_first
from server.case.rules import case as rules
from server.case.rules import checklist, form
from server.case.rules.materials import judging
from server.case.turn import Acts, CaseTurn, House
from server.case.views import check_view, decided_view, material_view, referral_view
from server.case.wire.decision import (
    CaseCheck,
    CaseChecked,
    CaseDecide,
    CaseDecided,
    CaseRefer,
    CaseReferred,
)
from server.case.wire.materials import CaseReview, MaterialChanged
from server.case.wire.registering import ListedChanged
from server.catalogue.rows import catalogue as catalogue_rows
from server.people.rows import staffing
from server.rights.connected import Handler
from server.rights.subjects import of_unit
from server.standards.numbering import STANDARD, Numbering
from server.standards.papers import PaperKind
from server.standards.working_days import CHINA_REGION, china_day
from server.store import Store
from server.store.subject import Told
from server.tasks.acts import turns as tasks
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

PAPERS: Final[dict[rules.Decision, PaperKind]] = {
    "accepted": "acceptance",
    "to_correct": "correction",
    "refused": "refusal",
}
"""The paper that each decision makes."""


acts: Final = Acts()


def commands(store: Store, numbering: Numbering = STANDARD) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return acts.commands(store, House(numbering, listed=listing.telling(store)))


@acts.judging(CaseReview, CaseTurn)
async def review(turn: CaseTurn, command: CaseReview) -> Told | Mapping[str, Any]:
    """合格, 需补正 or 不需要 for one material; the same word and reason as it has is acknowledged and is no act.
    Refusals: ``server.case.rules.materials.judging.reviewed``."""
    case = turn.case
    judged = judging.reviewed(
        case.materials,
        command.material_id,
        command.review,
        command.reason,
        turn.hand,
        closed=case.shut(case.line_of(command.material_id)),
        at=turn.at,
    )
    before = next(one for one in case.materials if one.id == judged.id)
    if (before.review, before.review_reason) == (judged.review, judged.review_reason):
        return {}
    others = [judged if one.id == judged.id else one for one in case.materials]
    turn.keep(replace(case, materials=tuple(others)))
    return Told(
        MaterialChanged(**turn.stamp, material=material_view(judged, turn.people)),
        f"material:{judged.id}",
        {
            "line": judged.line,
            "number": judged.number,
            "sha256": judged.sha256,
            "review": judged.review,
            "reason": judged.review_reason,
        },
    )


@acts.judging(CaseCheck, CaseTurn)
async def check(turn: CaseTurn, command: CaseCheck) -> Told:
    """The word about one point of the checklist. Refusals: ``server.case.rules.checklist.check``."""
    case, point = turn.case, command.point
    word = checklist.check(
        case.item,
        point,
        command.verdict,
        command.note,
        turn.hand,
        closed=not case.fillable,
        at=turn.at,
    )
    others = {key: one for key, one in case.checks.items() if key != point}
    turn.keep(replace(case, checks=others if word is None else {**others, point: word}))
    view = None if word is None else check_view(word, turn.people[word.by])
    return Told(
        CaseChecked(**turn.stamp, point=point, check=view),
        f"point:{point}",
        {
            "verdict": command.verdict,
            "note": word.note if word else "",
        },
    )


@acts.judging(CaseDecide, CaseTurn)
async def decide(turn: CaseTurn, command: CaseDecide) -> Told:
    """受理, 补正 or 不予受理; its paper is made. Result: ``{number}``.

    Refusals: ``server.case.rules.case.decide``, ``server.case.acting.rests_on``.
    """
    case = turn.case
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.judges()
    )
    known = await catalogue_rows.known_days(
        turn.connection, CHINA_REGION, china_day(case.created_at), china_day(turn.at) + AHEAD
    )
    after = rules.decide(
        case,
        command.decision,
        command.reason,
        turn.hand,
        at=turn.at,
        known_days=known,
        again=command.again,
        combined=turn.combined,
    )
    number = await number_of(turn.change, case, turn.house.numbering)
    turn.keep(replace(after, number=number))
    decided = after.decision
    if decided is None:
        raise RuntimeError("a decided case without a decision")
    shown = decided_view(decided, turn.people)
    return Told(
        CaseDecided(
            **turn.stamp,
            number=number,
            state=after.state,
            decision=shown,
            outdated=form.outdated(case.proposals, after.proposals),
        ),
        turn.subject,
        {
            **rests,
            "number": number,
            "decision": decided.kind,
            "reason": decided.reason,
            "points": list(decided.points),
            "due_on": shown.due_on.isoformat() if shown.due_on else None,
            **({"correct_by": decided.correct_by.isoformat()} if decided.correct_by else {}),
            "legal_due_on": decided.clock.legal.due_on.isoformat() if decided.clock else None,
            "accepted_on": decided.clock.started_on.isoformat() if decided.clock else None,
        },
        {"number": number},
        beside=[missed_rows.forgotten(turn.case_id)] if not after.fillable else [],
        then=partial(_papers, turn, command, decided.kind),
    )


async def _papers(turn: CaseTurn, command: CaseDecide, kind: rules.Decision) -> None:
    """The paper of the decision, and that the applicant is told; where the case is granted at once (即办, 受理并准予), the
    ruling behind it, which is refused as one by itself is, and with it the decision: he is told of that alone."""
    await told_first(turn)
    of = turn.case.sequel_of
    # of what the unit does of itself nobody asked: he is told of the ruling alone
    asked = of is None or of.begun_by == "applicant"
    if asked:
        await ask_paper(turn, PAPERS[kind])
    if kind != "to_correct":
        await tell_system(turn, "complete" if kind == "accepted" else "declined")
    if not turn.case.fillable:
        await tasks.case_over(turn.change, turn.case_id, "callback")
    if kind == "accepted":
        await tasking.begin(turn)
    if kind == "refused":
        await tasking.end_all(turn, "不予受理")
    if kind == "accepted" and command.grant:
        told = await ruled(turn, "granted", "", command.bases, {"with": "case.decide"})
        await turn.tell("case.rule", told)
    elif asked:
        await tell(turn, kind)


@acts.judging(CaseRefer, CaseTurn, looks=False)
async def refer(turn: CaseTurn, command: CaseRefer) -> Told:
    """转办: another unit decides from now on, and has seen nothing of the case yet. Who watched the case opens
    it anew, as far as he may.

    Refusals: ``not_found`` (of the unit too), ``server.case.rules.case.refer``,
    ``server.case.acting.rests_on``.
    """
    case = turn.case
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.judges()
    )
    here = await staffing.find_authority(turn.connection, case.unit_id)
    there = await staffing.find_authority(turn.connection, command.unit_id)
    if here is None or there is None:
        raise Refusal(Code.NOT_FOUND, unit=command.unit_id)
    after = rules.refer(case, here, there, command.reason, turn.hand, at=turn.at)
    turn.keep(after)
    referral = after.referrals[-1]
    return Told(
        CaseReferred(
            **turn.stamp,
            referral=referral_view(referral, turn.people),
            unit_id=there.id,
            place=there.place,
        ),
        of_unit(there.id),
        rests | {"from": here.id, "to": there.id, "reason": referral.reason},
        beside=[missed_rows.passed_on(turn.case_id, there.id)],
        then=partial(following.passed_on, turn, there.id),
        after=partial(
            turn.house.tell,
            ListedChanged(unit_id=there.id, what="referred"),
            ListedChanged(unit_id=here.id, what="left"),
        ),
    )
