"""A case that is accepted and decided in an external system: what that system decided is entered here, with proof.

A remote window leaves to each place its own rules and acceptance system. Of such an item nothing is ruled or
issued here, and no 决定书 of ours is printed: the approver reports the number that the system gave (受理号), the
day, and the file that proves it; or the system reports them itself, in a signed message. Delivery and the archive stay ours. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from server.case.rules.course import course as rules
from server.case.rules.course.course import Course, Reported, Result
from server.case.rules.course.states import CaseState
from server.rights.hand import Hand
from server.standards.working_days import china_day
from signaling.refusals import Code, Refusal

REPORTS_AT_MOST: Final = 40


def here(system: str) -> None:
    """Refused: ``decided_elsewhere``, with the system, when the item is decided in one."""
    if system:
        raise Refusal(Code.DECIDED_ELSEWHERE, system=system)


def report(
    course: Course,
    state: CaseState,
    new: Reported,
    who: Hand,
    *,
    system: str,
    proofs: Collection[str],
    since: date,
    reason: str,
    bases: Sequence[str],
    results: Sequence[Result],
    at: datetime,
    known_days: Mapping[date, bool],
) -> tuple[CaseState, Course]:
    """Enter what the external system did: it accepted, granted, denied, or issued the results.

    The days of delivery count from the day on which it ruled. What was promised and a clock that stands do not
    hold it up: it has happened. ``proofs``: the stored files of the case. ``since``: the day of the registration.
    Refused: ``decided_here``, ``other_step``, ``not_yours`` (not the approver), ``number_missing``,
    ``proof_missing``, ``bad_date`` (a day to come, before the registration, or before what was reported last),
    ``reason_missing`` of a denial, ``throttled`` (more than 40 reports), and what ``issue`` refuses.
    """
    if not system:
        raise Refusal(Code.DECIDED_HERE)
    rules.at_step(state, "granted" if new.step == "issued" else "accepted")
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if not new.number.strip():
        raise Refusal(Code.NUMBER_MISSING)
    if len(course.reports) >= REPORTS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    if not new.signed and new.proof not in proofs:
        raise Refusal(Code.PROOF_MISSING)
    earliest = max([since, *(one.on for one in course.reports)])
    if not earliest <= new.on <= china_day(at):
        raise Refusal(Code.BAD_DATE, why="report")
    after = replace(course, reports=(*course.reports, replace(new, number=new.number.strip())))
    match new.step:
        case "accepted":
            return state, after
        case "issued":
            return rules.issue(after, state, results, who)
        case kind:
            return rules.rule(
                after,
                state,
                kind,
                reason,
                bases,
                who,
                owed=(),
                stopped=False,
                at=at,
                known_days=known_days,
                on=new.on,
            )
