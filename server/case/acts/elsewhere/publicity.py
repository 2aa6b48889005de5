"""双公示: what a unit granted, exported for the credit platform, each export an act with its entry under the unit.

Who administers the unit or watches over it exports, and marks what is not published with the reason.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from server.case.rows import beside as rows
from server.case.rows.beside import Publication
from server.case.rules.course import publishing as rules
from server.case.rules.course.publishing import Granting
from server.case.wire.course.publicity import (
    GrantedView,
    Publicity,
    PublicityChoice,
    PublicityDays,
    PublicityFile,
)
from server.catalogue.rows import catalogue
from server.people.rows import staffing
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case, of_unit
from server.standards import working_days
from server.standards.identifiers import mask_name
from server.standards.working_days import CHINA_REGION, china_day
from server.store import Store
from server.store.batch import write
from server.store.subject import Turn
from signaling.refusals import Code, Refusal

DAYS_AT_MOST: Final = 92
AT_MOST: Final = 1000
"""Cases that are told, and exported, at once."""
_AHEAD: Final = timedelta(days=40)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def listed(store: Store, actor: Actor, days: PublicityDays) -> Publicity:
    """What the actor's unit granted on these days. Refused: ``forbidden``, ``bad_date`` (the last before the first, or
    more than 92 days)."""
    _may(actor, days)
    async with store.read() as connection:
        found = await rows.list_granted(
            connection, actor.unit_id, days.first, days.last, AT_MOST + 1
        )
        today = china_day(store.clock.now())
        known = await catalogue.known_days(
            connection, CHINA_REGION, days.first, max(today, days.last) + _AHEAD
        )
    return Publicity(
        granted=[_view(one, told, known, today) for one, told in found[:AT_MOST]],
        more=len(found) > AT_MOST,
    )


async def export(store: Store, actor: Actor, days: PublicityDays) -> PublicityFile:
    """The file of these days, without what is withheld; each case in it counts as exported from its first export on.

    Refused: as ``listed``, and ``throttled`` (more than a thousand cases: fewer days).
    """
    _may(actor, days)
    async with store.change(actor) as change:
        turn = await Turn.of(change, of_unit(actor.unit_id))
        found = await rows.list_granted(
            change.connection, actor.unit_id, days.first, days.last, AT_MOST + 1
        )
        if len(found) > AT_MOST:
            raise Refusal(Code.THROTTLED)
        here = await staffing.find_authority(change.connection, actor.unit_id)
        code = await staffing.credit_code_of(change.connection, actor.unit_id)
        public = [one for one, told in found if told.withheld is None]
        content = _csv(rules.sheet(public, here.name if here else "", code))
        fresh = {
            one.case_id for one, told in found if told.withheld is None and told.exported_at is None
        }
        if fresh:
            await write(
                change.connection,
                [
                    rows.published(
                        change.connection,
                        id,
                        unit_id=actor.unit_id,
                        at=change.at,
                        exported_at=change.at,
                        withheld=None,
                        note="",
                        by=actor.person_id,
                    )
                    for id in sorted(fresh)
                ],
            )
        payload: dict[str, Any] = {
            "first": days.first.isoformat(),
            "last": days.last.isoformat(),
            "cases": [one.case_id for one in public],
            "withheld": len(found) - len(public),
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
        }
        await turn.enter("publicity.export", payload)
    name = f"双公示-行政许可-{days.first:%Y%m%d}-{days.last:%Y%m%d}.csv"
    return PublicityFile(
        name=name, content=content, cases=len(public), withheld=len(found) - len(public)
    )


async def choose(store: Store, actor: Actor, case_id: str, choice: PublicityChoice) -> None:
    """不予公示 of one granted case with its reason, or that it is published all the same. What was exported before stays
    told as that.

    Refused: ``forbidden``, ``not_found`` (the unit granted no such case), ``reason_missing`` (withheld without a note).
    """
    if not may(actor, Act.PUBLICITY, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    if choice.withheld is not None and not choice.note:
        raise Refusal(Code.REASON_MISSING)
    async with store.change(actor) as change:
        turn = await Turn.of(change, of_unit(actor.unit_id))
        before = await rows.publication_of(change.connection, actor.unit_id, case_id)
        if before is None:
            raise Refusal(Code.NOT_FOUND, case=case_id)
        kept = rows.published(
            change.connection,
            case_id,
            unit_id=actor.unit_id,
            at=change.at,
            exported_at=before.exported_at,
            withheld=choice.withheld,
            note=choice.note,
            by=actor.person_id,
        )
        await write(change.connection, [kept])
        payload = {"withheld": choice.withheld, "note": choice.note, "before": before.withheld}
        await turn.enter("publicity.choose", payload, of_case(case_id))


def _may(actor: Actor, days: PublicityDays) -> None:
    if not may(actor, Act.PUBLICITY, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    if not timedelta(0) <= days.last - days.first < timedelta(days=DAYS_AT_MOST):
        raise Refusal(Code.BAD_DATE, why="publicity")


def _view(one: Granting, told: Publication, known: Any, today: date) -> GrantedView:
    due_on = working_days.count(known, one.granted_on, rules.WITHIN_DAYS).due_on
    natural, name = rules.natural(one.applicant), one.applicant.declarant
    return GrantedView(
        case_id=one.case_id,
        number=one.number,
        item_name=one.item.name,
        applicant_masked=mask_name(name) if natural else name,
        natural=natural,
        granted_on=one.granted_on,
        due_on=due_on,
        left=working_days.left(known, today, due_on),
        exported_at=told.exported_at,
        withheld=told.withheld,
        note=told.note,
    )


def _csv(told: Sequence[Sequence[str]]) -> str:
    """As an office program opens it: what would be taken for a formula stands behind an apostrophe."""
    out = io.StringIO()
    lines = csv.writer(out)
    for row in told:
        lines.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return out.getvalue()
