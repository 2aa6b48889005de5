"""Calls as they stand in the record, made into what pages see of them, before it is projected.

Who may see a call is asked in ``server.calls.acts.telling``.
"""

from collections.abc import Mapping, Sequence

from server.calls.rows import calls as rows
from server.calls.rows import missed as missed_rows
from server.calls.wire import CallView, MissedCall, RingCard, RunningCall
from server.people.rows.people import person_refs
from signaling.call.parts import Call, EndReason
from signaling.wire.call import HoldView, LegView, RingView
from signaling.wire.envelope import PersonRef, recall


async def call_view(connection: rows.Connection, call: Call, header: rows.CallHead) -> CallView:
    """The whole call, unprojected; rings in the order in which they are read back."""
    people = {call.caller_id, *(r.target_id for r in call.rings), *(x.person_id for x in call.legs)}
    people |= {ring.invited_by for ring in call.rings if ring.invited_by is not None}
    people |= {hold.by for hold in call.holds}
    refs = await person_refs(connection, people)
    return CallView(
        id=call.id,
        case_id=header.case_id,
        state=call.state,
        reason=call.reason,
        caller=refs[call.caller_id],
        target_unit_id=header.target_unit_id,
        target_place=header.target_place,
        card=recall(RingCard, header.card),
        rings=[
            RingView(
                id=ring.id,
                target=refs[ring.target_id],
                state=ring.state,
                rung_at=ring.rung_at,
                deadline_at=ring.deadline_at,
                closed_at=ring.closed_at,
                invite_id=ring.invite_id,
                invited_by=None if ring.invited_by is None else refs[ring.invited_by],
                note=ring.note,
            )
            for ring in sorted(call.rings, key=lambda ring: (ring.rung_at, ring.id))
        ],
        legs=[
            LegView(
                id=leg.id,
                seat=leg.seat,
                person=refs[leg.person_id],
                state=leg.state,
                silent=leg.silent,
                media=leg.media,
                recording=leg.recording,
                muted=sorted(leg.muted),
                lacking=sorted(leg.lacking),
                joined_at=leg.joined_at,
                ended_at=leg.ended_at,
                previous_leg_id=leg.previous_leg_id,
                held_until=leg.held_until,
                barged=leg.barged,
            )
            for leg in call.legs
        ],
        recording_consented=call.recording_consented,
        opened_at=call.opened_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        holds=[HoldView(by=refs[one.by], since=one.since, until=one.until) for one in call.holds],
        consent_withdrawn_at=call.consent_withdrawn_at,
    )


async def running_calls(
    connection: rows.Connection, listed: Mapping[str, Sequence[rows.Live]]
) -> dict[str, list[RunningCall]]:
    """The live calls of each unit, as its supervisors see them in the list."""
    of = {
        who
        for several in listed.values()
        for one in several
        for who in (one.caller_id, one.approver_id)
    }
    refs = await person_refs(connection, of)
    return {
        unit_id: [_running_call(one, unit_id, refs) for one in several]
        for unit_id, several in listed.items()
    }


def _running_call(one: rows.Live, unit_id: str, refs: Mapping[str, PersonRef]) -> RunningCall:
    card = recall(RingCard, one.card)
    return RunningCall(
        call_id=one.id,
        case_id=one.case_id,
        item_name=card.item_name,
        applicant_masked=card.applicant_masked,
        caller=refs[one.caller_id],
        approver=refs[one.approver_id],
        answered_at=one.answered_at,
        unrecorded="refused"
        if not one.recording_consented
        else "withdrawn"
        if one.consent_withdrawn_at
        else None,
        decides=one.target_unit_id == unit_id,
        deciding_unit_id=one.deciding_unit_id,
        deciding_unit_name=one.deciding_unit_name,
    )


async def missed_calls(
    connection: rows.Connection, listed: Mapping[missed_rows.Desks, Sequence[missed_rows.Missed]]
) -> dict[missed_rows.Desks, list[MissedCall]]:
    """Calls that nobody answered, of each of these desks, in the order in which they are given."""
    every = [one for several in listed.values() for one in several]
    of = {one.caller_id for one in every} | {one.asked_by for one in every if one.asked_by}
    refs = await person_refs(connection, of)
    return {desk: [_missed_call(one, refs) for one in several] for desk, several in listed.items()}


def _missed_call(one: missed_rows.Missed, refs: Mapping[str, PersonRef]) -> MissedCall:
    return MissedCall(
        case_id=one.case_id,
        call_id=one.call_id,
        reason=EndReason(one.reason),
        caller=refs[one.caller_id],
        window_id=one.window_id,
        target_unit_id=one.target_unit_id,
        target_unit_name=one.target_unit_name,
        card=recall(RingCard, one.card),
        at=one.at,
        times=one.times,
        asked_by=refs[one.asked_by] if one.asked_by else None,
        asked_at=one.asked_at,
        ask_again_at=one.ask_again_at,
    )
