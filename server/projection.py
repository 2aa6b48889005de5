"""What each audience may see: one pure function from an event to the event that leaves.

    reduce(project(old), projected events) == project(new)     for every action and audience

``server.case.projection`` and ``server.calls.projection`` say what each audience sees of theirs; what
an audience may not see keeps its place as ``skipped``. An event of
unknown type or an audience that does not read that subject is skipped too, never passed on.
"""

from typing import Any, Final

from server.calls.projection import project_call_for
from server.calls.wire import CallChanged
from server.case.projection import CASE_EVENTS, project_case_event, reader
from server.case.wire.course.joint import CaseTasked
from server.case.wire.decision import CaseReferred
from server.rights.seen import Audience, crosses
from signaling.wire.envelope import Event, Skipped, StoredEvent, recall

PARTED: Final = frozenset({"approver", "third", "supervisor"})
"""Those who see a case by the unit that decides, or as guests beside it."""
_REFERRED: Final = CaseReferred.model_fields["type"].default
_TASKED: Final = CaseTasked.model_fields["type"].default


def project(event: StoredEvent, audience: str | Audience) -> dict[str, Any]:
    """The event as that audience may see it, ready for the wire.

    Audiences of a case are window, approver, third, applicant, supervisor, and a value of ``seen`` with a
    scope; of a call party, advised, supervisor and ``rung:<person id>``.
    """
    return _seen(event, audience).model_dump(mode="json")


def parted(event: StoredEvent, audience: str | Audience) -> bool:
    """Whether this event of a case is the last for an audience, because another unit decides from now on, or something
    has become of a task of its unit: who may still see the case, and as what, is asked anew."""
    if isinstance(audience, str):
        if audience in PARTED:
            return bool(event.type == _REFERRED)
        who = reader(audience)
    else:
        who = audience
    if who is None:
        return False
    if who.scope is None:
        return who.side in PARTED and event.type == _REFERRED
    if who.over(event.at):
        return True
    if event.type == _TASKED:
        return any(one.unit_id == who.scope.unit_id for one in recall(CaseTasked, event.body).tasks)
    model = CASE_EVENTS.get(event.type)
    return model is not None and crosses(recall(model, event.body), who)


def _seen(event: StoredEvent, audience: str | Audience) -> Event:
    if event.type == "call.changed" and isinstance(audience, str):
        changed = recall(CallChanged, event.body)
        call = project_call_for(changed.call, audience)
        if call is not None:
            return changed.model_copy(update={"call": call})
    elif (model := CASE_EVENTS.get(event.type)) and (who := reader(audience)):
        return project_case_event(recall(model, event.body), who)
    return Skipped(subject=event.subject, version=event.version, at=event.at)
