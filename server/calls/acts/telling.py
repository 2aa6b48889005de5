"""Who may see a call, as which audience, and how a change of it is told: whole, as ``call.changed``."""

from typing import Any

from server.calls.acts import asking
from server.calls.rows import calls as rows
from server.calls.views import call_view
from server.calls.wire import CallChanged
from server.rights.hand import Audience
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_call
from server.store import Change
from server.store.subject import Told, Turn
from signaling.call.parts import Call, CallId, CallState, PersonId, Seat
from signaling.refusals import Code, Refusal
from signaling.subjects import ADVISED, PARTY, rung_as


def audience_of(actor: Actor, call: Call, header: rows.CallHead) -> Audience | None:
    """As which audience this person sees the call; None: it does not exist for him.

    party: who holds a seat; rung: who is or was rung, and who was a guest and has left;
    supervisor: those of either unit.
    """
    if actor.person_id == call.caller_id or call.leg_of(PersonId(actor.person_id)) is not None:
        return "party"
    if any(ring.target_id == actor.person_id for ring in call.rings):
        return "rung"
    units = {"window_unit_id": header.window_unit_id, "unit_id": header.target_unit_id}
    return "supervisor" if may(actor, Act.CASE_WATCH, **units) else None


def room_of(audience: Audience, person_id: str, call: Call) -> str:
    """The audience as the gateway knows it: that of a rung person is his alone, and the approver is
    told apart from the other parties because it is he to whom one whispers."""
    if audience == "rung":
        return rung_as(person_id)
    leg = call.leg_of(PersonId(person_id))
    if audience == "party" and leg is not None and leg.seat is Seat.APPROVER:
        return ADVISED
    return audience


def people_of(call: Call) -> dict[str, str]:
    """Whose sockets watch this call, and in which of the gateway's audiences."""
    people = {ring.target_id: room_of("rung", ring.target_id, call) for ring in call.rings}
    people |= {leg.person_id: room_of(PARTY, leg.person_id, call) for leg in call.seated()}
    return {str(person_id): audience for person_id, audience in people.items()}


async def record(
    change: Change, call: Call, header: rows.CallHead, act: str, object: str, **payload: Any
) -> None:
    """Record the call as it is now: one event with the whole view, one entry with the states.

    An ended call gets the playbacks that it lacks.
    """
    view = await call_view(change.connection, call, header)
    if call.state is CallState.ENDED:
        await asking.ask(change, call.id)
    turn = await Turn.of(change, of_call(call.id))
    told = Told(
        CallChanged(**turn.stamp, call=view),
        object,
        {
            "case": header.case_id,
            "state": call.state,
            "reason": call.reason,
            "rings": {ring.id: [ring.target_id, ring.state] for ring in call.rings},
            "legs": {leg.id: [leg.person_id, leg.seat, leg.state] for leg in call.legs},
            **payload,
        },
        people=people_of(call),
    )
    await turn.tell(act, told)


async def found(connection: rows.Connection, call_id: CallId) -> tuple[Call, rows.CallHead]:
    call = await rows.find(connection, call_id)
    header = await rows.find_header(connection, call_id)
    if call is None or header is None:
        raise Refusal(Code.NOT_FOUND, call=call_id)
    return call, header
