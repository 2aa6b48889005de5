"""What each audience may see: one pure function from an event to the event that leaves.

    reduce(project(old), projected events) == project(new)     for every action and audience

Sensitive values, and people's numbers in the names of files, leave whole for the window and the
applicant whose they are, and masked for everyone else; the applicant sees nothing that is between members of staff; how he was served only the supervisor; a rung approver sees
his own ring alone; what an audience may not see keeps its place as ``skipped``. An event of
unknown type or an audience that does not read that subject is skipped too, never passed on.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from server.calls.wire import CallChanged, CallView
from server.case.wire import view as shapes
from server.case.wire.view import (
    CaseCreated,
    CaseReferred,
    CaseTyping,
    CaseView,
    DrawingView,
    FormField,
    MaterialMoved,
)
from server.rights.hand import CaseAudience
from server.rights.seen import SIDES, UNMASKED, Audience, crosses, see_event, see_members, skipped
from server.standards.identifiers import mask
from signaling.protocol import Event, Message, Skipped, StoredEvent, recall
from signaling.subjects import CALL_AUDIENCES, rung_as

PARTED: Final = frozenset({"approver", "third", "supervisor"})
"""Those who see a case by the unit that decides, or as guests beside it."""
_CASE_EVENTS: Final[dict[str, type[Event]]] = {
    model.model_fields["type"].default: model for model in shapes.EVENTS
}
_REFERRED: Final = CaseReferred.model_fields["type"].default


def project(event: StoredEvent, audience: str | Audience) -> dict[str, Any]:
    """The event as that audience may see it, ready for the wire.

    Audiences of a case are window, approver, third, applicant, supervisor, and a value of ``seen`` with a
    scope; of a call party, advised, supervisor and ``rung:<person id>``.
    """
    return _seen(event, audience).model_dump(mode="json")


def parts(event: StoredEvent) -> Collection[str]:
    """The audiences for which this event of a case is the last: another unit decides, and who may still see
    it, and as what, is asked anew."""
    return PARTED if event.type == _REFERRED else ()


def parted(event: StoredEvent, audience: Audience) -> bool:
    """Whether this event of a case is the last for an audience: what it may see is asked anew."""
    if audience.scope is None:
        return audience.side in parts(event)
    if audience.over(event.at):
        return True
    model = _CASE_EVENTS.get(event.type)
    return model is not None and crosses(recall(model, event.body), audience)


def _reader(audience: str | Audience) -> Audience | None:
    return audience if isinstance(audience, Audience) else SIDES.get(audience)


def _seen(event: StoredEvent, audience: str | Audience) -> Event:
    if event.type == "call.changed" and isinstance(audience, str):
        changed = recall(CallChanged, event.body)
        call = project_call_for(changed.call, audience)
        if call is not None:
            return changed.model_copy(update={"call": call})
    elif (model := _CASE_EVENTS.get(event.type)) and (who := _reader(audience)):
        return _project_case_event(recall(model, event.body), who)
    return Skipped(subject=event.subject, version=event.version, at=event.at)


def _project_case_event(event: Event, audience: Audience) -> Event:
    if isinstance(event, CaseCreated):
        if audience.over(event.at):
            return skipped(event)
        return event.model_copy(update={"case": project_case(event.case, audience)})
    return see_event(event, audience, CaseView)


def project_moved(event: MaterialMoved, audience: CaseAudience) -> MaterialMoved | None:
    """That a file was put elsewhere, as that audience may see it when it opens the case."""
    seen = _project_case_event(event, SIDES[audience])
    return seen if isinstance(seen, MaterialMoved) else None


def project_case(case: CaseView, audience: str | Audience) -> CaseView:
    """The case as that audience may see it. PermissionError for an audience that reads no cases."""
    who = _reader(audience)
    if who is None:
        raise PermissionError(f"{audience} reads no cases")
    hidden = _sensitive(case.item.form)
    places = {"drawings": _place_of(case)} if who.scope else {}
    return case.model_copy(
        update=see_members(case, who, lambda path: _column(path) in hidden, places)
    )


def _place_of(case: CaseView) -> Callable[[DrawingView], str]:
    """Where a stroke lies: on the line of its document."""
    lines = {one.id: one.line for one in case.materials}
    return lambda one: f"line:{lines.get(one.material_id, '')}"


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


def project_ephemeral(message: Message, audience: str) -> Message:
    """The message as that audience may see it; an unfinished sensitive value becomes stars."""
    if isinstance(message, CaseTyping) and message.sensitive and audience not in UNMASKED:
        return message.model_copy(update={"value": mask(message.value)})
    return message


def _sensitive(form: list[FormField]) -> frozenset[str]:
    """Names of sensitive fields, those of groups as ``group.column``."""
    cells = {f"{one.name}.{cell.name}" for one in form for cell in one.columns if cell.sensitive}
    return frozenset({one.name for one in form if one.sensitive} | cells)


def _column(path: str) -> str:
    """``group.column`` of ``group.row.column``; any other path as it is."""
    first, dot, rest = path.partition(".")
    return f"{first}.{rest.rpartition('.')[2]}" if dot else path
