"""容缺后补: the applicant's promise at the window, and what is still owed to a desk.

Rules are in server.domain.promise. What follows after acceptance comes and is judged by the same
road as every material.
"""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from server.actions.cases import admitted, places_of
from server.actions.views import person_ref, promise_view
from server.domain import promise as rules
from server.domain.identifiers import mask_name
from server.domain.working_days import china_day
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Store
from server.store import cases as rows
from server.wire.case import CaseMovePromise, CasePromise, CasePromised
from server.wire.http import OwedMaterial, OwedMaterials
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal

PAGE: Final = 100
"""Cases told at once."""


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def promised(connection: Connected, command: CasePromise) -> Ack:
        return await promise(store, actor_of(connection), command)

    async def moved(connection: Connected, command: CaseMovePromise) -> Ack:
        return await move(store, actor_of(connection), command)

    return {CasePromise: promised, CaseMovePromise: moved}


async def promise(store: Store, actor: Actor, command: CasePromise) -> Ack:
    """Take down what the applicant promises, with the words that he was shown.

    Refused: ``malformed`` (no such text), and as in ``server.domain.promise.make``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        await change.lock(subject)
        record, hand = await admitted(change.connection, actor, command.case_id)
        case = record.case
        new = rules.Promise(
            command.line,
            command.due_on,
            command.text_version,
            command.language,
            actor.person_id,
            change.at,
        )
        promises = rules.make(case.item, case.promises, new, hand, closed=case.closed)
        if rules.text(new.text_version, new.language) is None:
            raise Refusal(Code.MALFORMED, fields="text_version")
        await rows.save(change.connection, case, replace(case, promises=promises))
        view = promise_view(new, {actor.person_id: person_ref(actor)})
        await change.record(
            subject,
            "case.promise",
            f"line:{new.line}",
            lambda version: CasePromised(
                subject=subject, version=version, at=change.at, promise=view
            ),
            payload={
                "line": new.line,
                "due_on": new.due_on.isoformat(),
                "text_version": new.text_version,
                "language": new.language,
                "words": rules.words(case.item, new),
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack()


async def move(store: Store, actor: Actor, command: CaseMovePromise) -> Ack:
    """Give a promise another day, for a reason. Refused as in ``server.domain.promise.move``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        await change.lock(subject)
        record, hand = await admitted(change.connection, actor, command.case_id)
        case = record.case
        promises, moved = rules.move(
            case.promises,
            case.materials,
            command.line,
            command.due_on,
            hand,
            reason=command.reason,
            closed=case.closed,
            accepted=case.state == "accepted",
            at=change.at,
        )
        await rows.save(change.connection, case, replace(case, promises=promises))
        people = {**record.people, actor.person_id: person_ref(actor)}
        view = promise_view(moved, people)
        assert moved.moved is not None
        await change.record(
            subject,
            "case.move_promise",
            f"line:{moved.line}",
            lambda version: CasePromised(
                subject=subject, version=version, at=change.at, promise=view
            ),
            payload={
                "line": moved.line,
                "before": moved.moved.before.isoformat(),
                "due_on": moved.due_on.isoformat(),
                "reason": moved.moved.reason,
            },
        )
        return change.ack()


async def owed(
    store: Store, actor: Actor, after: tuple[datetime, str] | None = None, *, cases: int = PAGE
) -> tuple[OwedMaterials, tuple[datetime, str] | None]:
    """What is promised and not done in the accepted cases that exist for this person, most urgent first.

    As much as so many ``cases`` are owed, behind ``after``; beside it where the page ends, None
    where nothing follows.
    """
    windows, deciding = places_of(actor)
    today = china_day(store.clock.now())
    async with store.read() as connection:
        found = await rows.list_owed(
            connection,
            window_unit_ids=windows,
            unit_ids=deciding,
            after=after and (after[0].date(), after[1]),
            limit=cases + 1,
        )
    more = len(found) > cases
    found = found[:cases]
    end = (datetime.combine(found[-1].owed_by, time(), UTC), found[-1].case_id) if more else None
    owing = [(one, promise) for one in found for promise in rules.owed(one.promises, one.materials)]
    owing.sort(key=lambda pair: (pair[1].due_on, pair[0].case_id))
    told = OwedMaterials(
        owed=[
            OwedMaterial(
                case_id=one.case_id,
                number=one.number,
                item_name=one.item.name,
                applicant_masked=mask_name(one.applicant_name),
                line=promise.line,
                line_name=line.name if (line := one.item.line(promise.line)) else promise.line,
                window_unit_name=one.window_unit_name,
                due_on=promise.due_on,
                days_left=(promise.due_on - today).days,
                standing=rules.standing(promise, one.materials, today),
            )
            for one, promise in owing
        ]
    )
    return told, end
