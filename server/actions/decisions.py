"""Judging a case: the review of each material, the checklist, the decision, and that another unit is to
decide (转办), by the approver.

The decision asks for its official paper in the same transaction, and gives the 办件编号 where
there is none yet. Rules are in server.domain.material, server.domain.checklist and
server.domain.case.
"""

from dataclasses import replace
from typing import Final

from server.actions.cases import AHEAD, apart, judging, number_of, rests_on
from server.actions.papers import ask_paper
from server.actions.views import (
    check_view,
    decided_view,
    material_view,
    person_ref,
    referral_view,
)
from server.domain import case as rules
from server.domain import checklist, material
from server.domain.numbering import STANDARD, Numbering
from server.domain.paper import PaperKind
from server.domain.working_days import CHINA_REGION, china_day
from server.rights.connected import Connected, Handler, actor_of
from server.rights.person import Actor
from server.rights.subjects import of_case, of_unit
from server.store import Store
from server.store import cases as rows
from server.store import catalogue as catalogue_rows
from server.store import missed as missed_rows
from server.store import people as people_rows
from server.wire.case import (
    CaseCheck,
    CaseChecked,
    CaseDecide,
    CaseDecided,
    CaseRefer,
    CaseReferred,
    CaseReview,
    MaterialChanged,
)
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal

PAPERS: Final[dict[rules.Decision, PaperKind]] = {
    "accepted": "acceptance",
    "to_correct": "correction",
    "refused": "refusal",
}
"""The paper that each decision makes."""


def commands(store: Store, numbering: Numbering = STANDARD) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def reviewed(connection: Connected, command: CaseReview) -> Ack:
        return await review(store, actor_of(connection), command)

    async def decided(connection: Connected, command: CaseDecide) -> Ack:
        return await decide(store, actor_of(connection), command, numbering)

    async def checked(connection: Connected, command: CaseCheck) -> Ack:
        return await check(store, actor_of(connection), command)

    async def referred(connection: Connected, command: CaseRefer) -> Ack:
        return await refer(store, actor_of(connection), command)

    return {
        CaseReview: reviewed,
        CaseCheck: checked,
        CaseDecide: decided,
        CaseRefer: referred,
    }


async def review(store: Store, actor: Actor, command: CaseReview) -> Ack:
    """合格, 需补正 or 不需要 for one material; the same word and reason as it has is acknowledged and is no act.
    Refusals: ``server.domain.material.reviewed``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await judging(change.connection, actor, command.case_id)
        both = await apart(change, hand, record.case)
        case = record.case
        judged = material.reviewed(
            case.materials,
            command.material_id,
            command.review,
            command.reason,
            hand,
            closed=case.shut(case.line_of(command.material_id)),
            at=change.at,
        )
        before = next(one for one in case.materials if one.id == judged.id)
        if (before.review, before.review_reason) == (judged.review, judged.review_reason):
            return change.ack()
        others = [judged if one.id == judged.id else one for one in case.materials]
        await rows.save(change.connection, case, replace(case, materials=tuple(others)))
        await rows.look(change.connection, command.case_id, seen, change.at)
        people = {**record.people, actor.person_id: person_ref(actor)}
        await change.record(
            subject,
            "case.review",
            f"material:{judged.id}",
            lambda version: MaterialChanged(
                subject=subject,
                version=version,
                at=change.at,
                material=material_view(judged, people),
            ),
            payload={
                "line": judged.line,
                "number": judged.number,
                "sha256": judged.sha256,
                "review": judged.review,
                "reason": judged.review_reason,
                **({"combined": True} if both else {}),
            },
        )
        return change.ack()


async def check(store: Store, actor: Actor, command: CaseCheck) -> Ack:
    """The word about one point of the checklist. Refusals: ``server.domain.checklist.check``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await judging(change.connection, actor, command.case_id)
        both = await apart(change, hand, record.case)
        word = checklist.check(
            record.case.item,
            command.point,
            command.verdict,
            command.note,
            hand,
            closed=record.case.closed,
            at=change.at,
        )
        others = {key: one for key, one in record.case.checks.items() if key != command.point}
        checks = others if word is None else {**others, command.point: word}
        await rows.save(change.connection, record.case, replace(record.case, checks=checks))
        await rows.look(change.connection, command.case_id, seen, change.at)
        view = word and check_view(word, person_ref(actor))
        await change.record(
            subject,
            "case.check",
            f"point:{command.point}",
            lambda version: CaseChecked(
                subject=subject, version=version, at=change.at, point=command.point, check=view
            ),
            payload={
                "verdict": command.verdict,
                "note": word.note if word else "",
                **({"combined": True} if both else {}),
            },
        )
        return change.ack()


async def decide(
    store: Store, actor: Actor, command: CaseDecide, numbering: Numbering = STANDARD
) -> Ack:
    """受理, 补正 or 不予受理; its paper is made. Result: ``{number}``.

    Refusals: ``server.domain.case.decide``, ``server.actions.cases.rests_on``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await judging(change.connection, actor, command.case_id)
        both = await apart(change, hand, record.case)
        rests = await rests_on(change, hand, command, seen, side="approver")
        today = china_day(change.at)
        known = await catalogue_rows.known_days(
            change.connection, CHINA_REGION, china_day(record.case.created_at), today + AHEAD
        )
        after = rules.decide(
            record.case,
            command.decision,
            command.reason,
            hand,
            at=change.at,
            known_days=known,
            again=command.again,
            combined=both,
        )
        number = await number_of(change, record.case, numbering)
        after = replace(after, number=number)
        await rows.save(change.connection, record.case, after)
        await rows.look(change.connection, command.case_id, seen, change.at)
        if after.closed:
            await missed_rows.forget(change.connection, command.case_id)
        decided = after.decision
        if decided is None:
            raise RuntimeError("a decided case without a decision")
        shown = decided_view(decided, {**record.people, actor.person_id: person_ref(actor)})
        await change.record(
            subject,
            "case.decide",
            subject,
            lambda version: CaseDecided(
                subject=subject,
                version=version,
                at=change.at,
                number=number,
                state=after.state,
                decision=shown,
            ),
            payload={
                **rests,
                **({"combined": True} if both else {}),
                "number": number,
                "decision": decided.kind,
                "reason": decided.reason,
                "points": list(decided.points),
                "due_on": shown.due_on.isoformat() if shown.due_on else None,
                "legal_due_on": decided.clock.legal.due_on.isoformat() if decided.clock else None,
                "accepted_on": decided.clock.started_on.isoformat() if decided.clock else None,
            },
        )
        people = {**record.people, actor.person_id: person_ref(actor)}
        paper = PAPERS[decided.kind]
        await ask_paper(change, replace(record, case=after, people=people), paper)
        return change.ack({"number": number})


async def refer(store: Store, actor: Actor, command: CaseRefer) -> Ack:
    """转办: another unit decides from now on. Who watched the case opens it anew, as far as he may.

    Refusals: ``not_found`` (of the unit too), ``server.domain.case.refer``,
    ``server.actions.cases.rests_on``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await judging(change.connection, actor, command.case_id)
        await apart(change, hand, record.case)
        rests = await rests_on(change, hand, command, seen, side="approver")
        here = await people_rows.find_authority(change.connection, record.case.unit_id)
        there = await people_rows.find_authority(change.connection, command.unit_id)
        if here is None or there is None:
            raise Refusal(Code.NOT_FOUND, unit=command.unit_id)
        after = rules.refer(record.case, here, there, command.reason, hand, at=change.at)
        await rows.save(change.connection, record.case, after)
        await missed_rows.pass_on(change.connection, command.case_id, there.id)
        told = after.referrals[-1]
        view = referral_view(told, {**record.people, actor.person_id: person_ref(actor)})
        await change.record(
            subject,
            "case.refer",
            of_unit(there.id),
            lambda version: CaseReferred(
                subject=subject,
                version=version,
                at=change.at,
                referral=view,
                unit_id=there.id,
                place=there.place,
            ),
            payload=rests | {"from": here.id, "to": there.id, "reason": told.reason},
        )
        return change.ack()
