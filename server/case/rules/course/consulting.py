"""咨询: a consultation is the first state of the record that may become a case.

So the call about it, what was said, shown and recorded in it, and its entries stay where they are when it is
registered (收件登记). It ends answered (答复) otherwise. Across authorities it is guidance alone: no act that
judges, decides or fills in is for its state (行政许可法 22: who decides is the authority that has the power).
Pure.
"""

from dataclasses import replace
from datetime import datetime

from server.case.rules.applying import Applicant, with_mandate
from server.case.rules.case import Case
from server.case.rules.course.course import at_step
from server.catalogue.rules.item import Item, Mode
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal


def conclude(case: Case, answer: str, who: Hand, *, talked_s: int, at: datetime) -> Case:
    """Answered, by the approver or, as he said it, by the window; ``talked_s`` are the seconds of its calls.

    Refused: ``other_step``, ``case_archived``, ``not_yours`` (of neither side), ``answer_missing``.
    """
    at_step(case.state, "consulting")
    if not who.handles():
        raise Refusal(Code.NOT_YOURS)
    if not answer.strip():
        raise Refusal(Code.ANSWER_MISSING)
    asked = case.course.consultation
    ended = asked and replace(
        asked,
        answer=answer.strip(),
        answered_by=who.person_id,
        answered_at=at,
        talked_s=talked_s,
    )
    return replace(case, state="consulted", course=replace(case.course, consultation=ended))


def register(
    case: Case,
    item: Item,
    mode: Mode,
    applicant: Applicant,
    who: Hand,
    *,
    in_call: bool,
    at: datetime,
) -> Case:
    """收件登记 at the window: from now on it is a case, under review already when it is spoken about (``in_call``).

    Its days count from here. What was shown stays on the line of other papers. Refused: ``other_step``,
    ``case_archived``, ``not_yours`` (not the window), ``item_unavailable`` (of another unit than the one that
    is asked, or not in this mode).
    """
    at_step(case.state, "consulting")
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if item.unit_id != case.unit_id or mode not in item.modes:
        raise Refusal(Code.ITEM_UNAVAILABLE, item=item.id, mode=mode)
    asked = case.course.consultation
    return replace(
        case,
        state="reviewing" if in_call else "registered",
        item=with_mandate(item, applicant.principal),
        mode=mode,
        applicant=applicant,
        course=replace(case.course, consultation=asked and replace(asked, registered_at=at)),
    )
