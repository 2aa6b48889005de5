"""容缺后补: the applicant's promise at the window, and what is still owed to a desk.

Rules are in server.case.rules.materials.promise. What follows after acceptance comes and is judged by the same
road as every material.
"""

from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from typing import Final

from server.case import rows
from server.case.acting import rests_on
from server.case.acts.course.following import verified
from server.case.acts.course.listing import places_of
from server.case.rules.course.course import at_step
from server.case.rules.materials import promise as rules
from server.case.turn import Acts, CaseTurn
from server.case.views import promise_view
from server.case.wire.http import OwedMaterial, OwedMaterials
from server.case.wire.promises import CaseMovePromise, CasePromise, CasePromised, CaseVerify
from server.rights.hand import APPLICANT
from server.rights.person import Actor
from server.standards.working_days import china_day
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal

PAGE: Final = 100
"""Cases told at once."""


acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CasePromise, CaseTurn)
async def promise(turn: CaseTurn, command: CasePromise) -> Told:
    """Take down what the applicant promises, with the words that he was shown.

    Refused: ``malformed`` (no such text), and as in ``server.case.rules.materials.promise.make``.
    """
    case = turn.case
    new = rules.Promise(
        command.line,
        command.due_on,
        command.text_version,
        command.language,
        turn.hand.person_id,
        turn.at,
    )
    promises = rules.make(case.item, case.promises, new, turn.hand, closed=not case.fillable)
    if not rules.fits(new):
        raise Refusal(Code.MALFORMED, fields="text_version")
    turn.keep(replace(case, promises=promises))
    return Told(
        CasePromised(**turn.stamp, promise=promise_view(new, turn.people)),
        f"line:{new.line}",
        {
            "line": new.line,
            "due_on": new.due_on and new.due_on.isoformat(),
            "text_version": new.text_version,
            "language": new.language,
            "words": rules.words(case.item, new),
        },
        on_behalf_of=APPLICANT,
    )


@acts.judging(CaseMovePromise, CaseTurn, looks=False)
async def move(turn: CaseTurn, command: CaseMovePromise) -> Told:
    """Give a promise another day, for a reason. Refused as in ``server.case.rules.materials.promise.move``."""
    case = turn.case
    promises, moved = rules.move(
        case.promises,
        case.materials,
        command.line,
        command.due_on,
        turn.hand,
        reason=command.reason,
        closed=not case.fillable,
        accepted=case.state == "accepted",
        at=turn.at,
    )
    assert moved.moved is not None
    assert moved.due_on is not None
    turn.keep(replace(case, promises=promises))
    return Told(
        CasePromised(**turn.stamp, promise=promise_view(moved, turn.people)),
        f"line:{moved.line}",
        {
            "line": moved.line,
            "before": moved.moved.before.isoformat(),
            "due_on": moved.due_on.isoformat(),
            "reason": moved.moved.reason,
        },
    )


@acts.judging(CaseVerify, CaseTurn)
async def verify(turn: CaseTurn, command: CaseVerify) -> Told:
    """核查 of a declaration. Refused: ``other_step``, ``case_archived``, and as in
    ``server.case.rules.materials.promise.verify``."""
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.judges()
    )
    case = turn.case
    at_step(case.state, "accepted", "granted", "issued", "delivered")
    found = rules.Verified(command.verdict, command.how, command.note, turn.hand.person_id, turn.at)
    promises = rules.verify(case.promises, case.materials, command.line, found, turn.hand)
    turn.keep(replace(case, promises=promises))
    told = next(one for one in promises if one.line == command.line)
    return Told(
        CasePromised(**turn.stamp, promise=promise_view(told, turn.people)),
        f"line:{command.line}",
        {
            **rests,
            "line": command.line,
            "verdict": command.verdict,
            "how": command.how,
            "note": command.note,
        },
        then=partial(verified, turn, command.line, untrue=command.verdict == "untrue"),
    )


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
    owing = [
        (due_on, one, promise)
        for one in found
        for due_on, promise in rules.owed(one.promises, one.materials)
    ]
    owing.sort(key=lambda each: (each[0], each[1].case_id))
    told = OwedMaterials(
        owed=[
            OwedMaterial(
                case_id=one.case_id,
                number=one.number,
                item_name=one.item.name,
                applicant_masked=one.applicant_masked,
                line=promise.line,
                line_name=line.name if (line := one.item.line(promise.line)) else promise.line,
                window_unit_name=one.window_unit_name,
                due_on=due_on,
                days_left=(due_on - today).days,
                standing=rules.owing(promise.line, due_on, one.materials, today),
            )
            for due_on, one, promise in owing
        ]
    )
    return told, end
