"""送达: how what was issued, or the paper of a denial, gets to the applicant; one try at a time.

Law: 行政许可法 44 (within ten working days); 民事诉讼法 86 to 91 for how papers are delivered (留置, 邮寄), which
administrative practice follows. Pure: time and ids are given.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Final

from server.case.rules.course import modes, states
from server.case.rules.course.course import Attempt, Course, Delivery, Receiver, at_step
from server.case.rules.course.states import CaseState
from server.catalogue.rules.item import Mode
from server.rights.hand import Hand
from server.standards import working_days
from signaling.refusals import Code, Refusal

ATTEMPTS_AT_MOST: Final = 20


def begin(course: Course, state: str, new: Delivery, who: Hand, *, mode: Mode) -> Course:
    """Begin to hand over: laid ready at the window, given to the post, sent electronically.

    Without named results: of everything that is neither on its way nor there. Which side may do it in
    this way is the mode's. Refused: ``other_step``, ``not_yours``, ``other_mode``, ``result_unknown``, ``on_its_way`` (one is on its way or there already), ``tracking_missing`` of what is
    posted, ``agreement_missing`` of what is sent electronically, ``reason_missing`` (留置 without what
    happened and who saw it), ``throttled`` (20 tries).
    """
    at_step(state, "issued", "denied")
    modes.hands_over(mode, new.way, who)
    if len(course.deliveries) >= ATTEMPTS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    under_way = [one for one in course.deliveries if one.state != "returned"]
    taken = {id for one in under_way for id in one.results}
    known = [one.id for one in course.results]
    if not set(new.results) <= set(known):
        raise Refusal(Code.RESULT_UNKNOWN)
    results = new.results or tuple(id for id in known if id not in taken)
    if taken & set(results) or (known and not results) or (not known and under_way):
        raise Refusal(Code.ON_ITS_WAY)
    if new.way == "posted" and not (new.courier.strip() and new.tracking.strip()):
        raise Refusal(Code.TRACKING_MISSING)
    if new.way == "electronic" and course.agreement is None:
        raise Refusal(Code.AGREEMENT_MISSING)
    if new.way == "left" and not new.note.strip():
        raise Refusal(Code.REASON_MISSING)
    begun = replace(
        new,
        results=results,
        courier=new.courier.strip(),
        tracking=new.tracking.strip(),
        note=new.note.strip(),
    )
    return replace(course, deliveries=(*course.deliveries, begun))


def receive(course: Course, state: str, id: str, receiver: Receiver, who: Hand) -> Course:
    """刷证核对: who fetches is seen to be the applicant or whom he entrusted. It is an act of its own, before he
    signs for it; a second look replaces the first.

    Refused: ``other_step``, ``not_yours`` (not the window), ``not_found``, ``delivery_ended``, ``other_way``
    (nothing is fetched), ``receiver_missing`` (no name or number).
    """
    at_step(state, "issued", "denied")
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    one = _waiting(course, id)
    if one.way != "collected":
        raise Refusal(Code.OTHER_WAY, way=one.way)
    if not receiver.name.strip() or not receiver.number.strip():
        raise Refusal(Code.RECEIVER_MISSING)
    return _with(course, replace(one, receiver=replace(receiver, name=receiver.name.strip())))


def end(
    course: Course,
    state: str,
    id: str,
    outcome: Attempt,
    note: str,
    on: date,
    who: Hand,
    *,
    at: datetime,
) -> tuple[CaseState, Course]:
    """登记送达, or that the post came back: then a new try is begun.

    Refused: ``other_step``, ``not_yours`` (neither side), ``not_found``, ``delivery_ended``,
    ``receiver_missing`` (fetched by nobody whose identity was seen), ``reason_missing`` (why it came back),
    ``bad_date`` (a day before it was begun, or to come), ``other_way`` (what is not posted cannot come back).
    """
    at_step(state, "issued", "denied")
    if not who.handles():
        raise Refusal(Code.NOT_YOURS)
    one = _waiting(course, id)
    if not working_days.china_day(one.at) <= on <= working_days.china_day(at):
        raise Refusal(Code.BAD_DATE, why="delivery")
    if outcome == "returned":
        if one.way == "collected":
            raise Refusal(Code.OTHER_WAY, way=one.way)
        if not note.strip():
            raise Refusal(Code.REASON_MISSING)
    elif one.way == "collected" and one.receiver is None:
        raise Refusal(Code.RECEIVER_MISSING)
    ended = replace(
        one,
        state=outcome,
        note=note.strip() or one.note,
        ended_by=who.person_id,
        ended_at=at,
        ended_on=on,
    )
    after = _with(course, ended)
    return ("delivered" if after.complete else states.named(state)), after


def _waiting(course: Course, id: str) -> Delivery:
    one = course.delivery(id)
    if one.state != "waiting":
        raise Refusal(Code.DELIVERY_ENDED, state=one.state)
    return one


def _with(course: Course, one: Delivery) -> Course:
    return replace(
        course, deliveries=tuple(one if each.id == one.id else each for each in course.deliveries)
    )
