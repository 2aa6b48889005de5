"""How long the 授权委托书 holds by which somebody came for another, and that it was renewed (续签).

What it says at the registration stands with the principal; a later one stands in the course of the case, and what was
signed holds all the same. Sources: 民法典 165 (the mandate says how long it holds), 173 (it ends with its last day). Pure.
"""

from dataclasses import replace
from datetime import date

from server.case.rules.applying import MANDATED, Principal
from server.case.rules.course import states
from server.case.rules.course.course import Course, Renewal, at_step
from server.rights.hand import Part
from signaling.refusals import Code, Refusal


def holds(who: Principal | None, course: Course, today: date) -> bool:
    """Whether nobody needs a mandate, or it is not over; one without a last day holds up to the end of the matter."""
    if who is None or who.capacity not in MANDATED:
        return True
    until = course.mandate.until if course.mandate else who.mandate_until
    return until is None or until >= today


def in_force(who: Principal | None, course: Course, today: date) -> None:
    """Before the case is accepted or granted. Refused: ``mandate_over``."""
    if not holds(who, course, today):
        raise Refusal(Code.MANDATE_OVER)


def renew(
    who: Principal | None, course: Course, state: str, new: Renewal, hand: Part, *, today: date
) -> Course:
    """A new mandate takes the place of the one before, at the window and until the ruling.

    Refused: ``other_step``, ``case_archived``, ``not_yours`` (not the window), ``principal_missing`` (he came for nobody
    by a mandate), ``bad_date`` (it is over already).
    """
    at_step(state, *sorted(states.FILLABLE), "accepted")
    if not hand.fills:
        raise Refusal(Code.NOT_YOURS)
    if who is None or who.capacity not in MANDATED:
        raise Refusal(Code.PRINCIPAL_MISSING)
    if new.until is not None and new.until < today:
        raise Refusal(Code.BAD_DATE, why="mandate")
    return replace(course, mandate=new)
