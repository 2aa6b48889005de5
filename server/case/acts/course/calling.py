"""What a call asks of a case (the port ``server.calls.about``): whether it may be dialled about, what is told,
that it was called."""

from datetime import datetime
from functools import partial

from server.calls.about import DialFacts
from server.calls.wire import RingCard
from server.case import rows
from server.case.admission import admitted, header
from server.case.rules import case as rules
from server.case.rules.case import Case
from server.case.rules.course import states
from server.case.wire.registering import CaseAnswered, CaseCalled
from server.rights.person import Actor
from server.rights.subjects import of_call, of_case
from server.standards import identifiers
from server.store import Change
from server.store.subject import Told, Turn
from signaling.refusals import Code, Refusal


async def dialling(
    connection: rows.Connection, actor: Actor, case_id: str, at: datetime
) -> DialFacts:
    """Judge whether this case may be dialled about now, by this person, and give what is needed.

    Refused: ``not_found``, ``not_yours`` (not the window), ``case_archived``, ``other_step`` (a consultation that
    was answered), ``consent_missing``
    (no answer yet, or a refusal where the item demands a recording).
    """
    record, hand = await admitted(connection, actor, case_id, for_call=True)
    case = record.case
    if not hand.fills:
        raise Refusal(Code.NOT_YOURS, case=case_id)
    rules.callable_(case)
    if case.consent is None:
        raise Refusal(Code.CONSENT_MISSING)
    if not case.consent.given and case.item.recording_refusal == "no_call":
        raise Refusal(Code.CONSENT_MISSING, policy=case.item.recording_refusal)
    return DialFacts(
        case_id=case.id,
        window_unit_id=case.window_unit_id,
        target_unit_id=case.unit_id,
        target_place=record.place,
        recording_consented=case.consent.given,
        card=_card(record, at),
        registered_at=case.created_at,
        called=partial(_mark_called, record),
    )


async def card(
    connection: rows.Connection, case_id: str, waiting_since: datetime | None = None
) -> RingCard:
    """What a rung approver needs to know of the case; the wait counts from the registration,
    or from ``waiting_since``. Refused ``not_found``."""
    record = await rows.find(connection, case_id, for_call=True)
    if record is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return _card(record, waiting_since or record.case.created_at)


def _card(record: rows.Record, waiting_since: datetime) -> RingCard:
    case = record.case
    stored, required = rows.counts(case.lines, case.materials)
    asked = case.course.consultation if case.state == "consulting" else None
    return RingCard(
        item_name=case.item.name,
        applicant_masked=identifiers.mask_name(case.applicant.name),
        window_name=record.window_name,
        place=record.window_place,
        unit_name=record.window_unit_name,
        mode=case.mode,
        waiting_since=waiting_since,
        materials_stored=stored,
        materials_required=required,
        registered_at=case.created_at,
        question=asked.question if asked else None,
    )


async def _mark_called(record: rows.Record, change: Change, call_id: str) -> None:
    """Record in the caller's transaction that a call about the case begins, which has been locked since it
    was read. Refused: ``case_archived``."""
    await _mark(change, record, rules.called(record.case, call_id), call_id, CaseCalled)


async def mark_answered(change: Change, case_id: str, call_id: str) -> None:
    """Record in the caller's transaction that a call about a case that was only registered was answered: it is
    under review.

    Lock the call before this locks the case. Nothing is recorded of any other case. Refused: ``not_found``.
    """
    await change.lock(of_case(case_id))
    record = await rows.find(change.connection, case_id, for_call=True)
    if record is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    after = rules.answered(record.case)
    if after.state != record.case.state:
        await _mark(change, record, after, call_id, CaseAnswered)


async def waits_at(connection: rows.Connection, case_id: str) -> str | None:
    """The unit that is to decide the case; None when it lies in the archive, or is not there."""
    found = await rows.find_header(connection, case_id)
    return None if found is None or not states.callable_(found.state) else found.unit_id


async def deciding(connection: rows.Connection, actor: Actor, case_id: str) -> bool:
    """Whether this person sees the case as one of those who decide it; refused ``not_found``."""
    _, audience = await header(connection, actor, case_id)
    return audience.judges()


async def _mark(
    change: Change,
    record: rows.Record,
    after: Case,
    call_id: str,
    event: type[CaseCalled | CaseAnswered],
) -> None:
    turn = await Turn.of(change, of_case(record.case.id))
    await turn.tell(
        event.model_fields["type"].default,
        Told(
            event(**turn.stamp, call_id=call_id, state=after.state),
            of_call(call_id),
            {"call": call_id, "state": after.state},
            beside=rows.changed_case(change.connection, record.case, after),
        ),
    )
