"""What each audience may see of a call: a rung approver his own ring alone."""

from server.calls.wire import CallView
from signaling.subjects import CALL_AUDIENCES, rung_as


def project_call(call: CallView, audience: str, person_id: str | None = None) -> CallView:
    """The call as that audience may see it: ``rung`` gets his own rings, and no seats
    but those that he held as the third party."""
    if audience == "rung":
        rings = [ring for ring in call.rings if ring.target.id == person_id]
        legs = [leg for leg in call.legs if leg.person.id == person_id]
        return call.model_copy(update={"rings": rings, "legs": legs})
    if audience not in CALL_AUDIENCES:
        raise PermissionError(f"{audience} reads no calls")
    return call


def project_call_for(call: CallView, room: str) -> CallView | None:
    """The call for a room's audience, which may be ``rung:<person id>``; None: nothing of it."""
    if room.startswith(rung_as("")):
        person_id = room.removeprefix(rung_as(""))
        seen = project_call(call, "rung", person_id)
        return seen if seen.rings else None
    return call if room in CALL_AUDIENCES else None
