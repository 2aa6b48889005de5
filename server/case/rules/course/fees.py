"""What a case costs (收费): the unit that decides tells the amount and its basis in law, and a person enters that it was
paid, or why it is waived.

行政许可法 58, 59: no fee without a basis in law or administrative regulation, and at the published rate. So none is
asked of an item whose list names no 收费依据. Money never passes through the house: who collects it gives the
code and the number of the receipt (票据号). Pure.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from server.case.rules.course import course as rules
from server.case.rules.course.course import Course, Fee, Payment
from server.rights.hand import Hand
from server.standards.working_days import china_day
from signaling.refusals import Code, Refusal

AMOUNT_AT_MOST_FEN: Final = 10**10
"""100 million yuan."""


def ask(course: Course, state: str, new: Fee, who: Hand, *, basis: str) -> Course:
    """告知缴费, once accepted and before anything is issued; anew as long as nothing was paid, the later counts.

    ``basis``: 收费依据 of the item. Refused: ``other_step``, ``not_yours`` (not the approver), ``fee_unfounded`` (the
    item has no basis for a fee), ``fee_settled``.
    """
    rules.at_step(state, "accepted", "granted")
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if not basis:
        raise Refusal(Code.FEE_UNFOUNDED)
    if course.fee is not None and course.fee.payment is not None:
        raise Refusal(Code.FEE_SETTLED)
    return replace(course, fee=replace(new, basis=basis, code=new.code.strip(), payment=None))


def settle(course: Course, state: str, new: Payment, who: Hand, *, at: datetime) -> Course:
    """登记缴费 by either side, with the day and the number of the receipt; or 减免 by the unit that decides, with the
    reason.

    Refused: ``other_step``, ``not_yours``, ``fee_not_asked``, ``fee_settled``, ``number_missing`` (paid, without the
    receipt's number), ``reason_missing`` (waived), ``bad_date`` (a day before it was asked, or to come).
    """
    rules.at_step(state, "accepted", "granted", "issued")
    if not (who.judges() if new.kind == "waived" else who.handles()):
        raise Refusal(Code.NOT_YOURS)
    fee = course.fee
    if fee is None:
        raise Refusal(Code.FEE_NOT_ASKED)
    if fee.payment is not None:
        raise Refusal(Code.FEE_SETTLED)
    if new.kind == "paid" and not new.number.strip():
        raise Refusal(Code.NUMBER_MISSING)
    if new.kind == "waived" and not new.reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if not china_day(fee.at) <= new.on <= china_day(at):
        raise Refusal(Code.BAD_DATE, why="payment")
    payment = replace(new, number=new.number.strip(), reason=new.reason.strip())
    return replace(course, fee=replace(fee, payment=payment))


def settled(course: Course) -> bool:
    """Whether what is asked for was paid, or waived."""
    return course.fee is not None and course.fee.payment is not None


def first(course: Course, *, fee_first: bool) -> None:
    """Before anything is issued. Refused: ``fee_unpaid`` where the item wants its fee first (先缴费后制证) and nobody
    entered that it was paid or waived."""
    if fee_first and not settled(course):
        raise Refusal(Code.FEE_UNPAID)
