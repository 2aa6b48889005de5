"""What each audience may see: one pure function from an event to the event that leaves.

    reduce(project(old), projected events) == project(new)     for every action and audience

``server.case.projection`` and ``server.calls.projection`` say what each audience sees of theirs; what
an audience may not see keeps its place as ``skipped``. An event of
unknown type or an audience that does not read that subject is skipped too, never passed on.
"""

from collections.abc import Collection
from typing import Any, Final

from server.calls.projection import project_call_for
from server.calls.wire import CallChanged
from server.case.projection import CASE_EVENTS, project_case_event, reader
from server.case.wire.decision import CaseReferred
from server.rights.seen import Audience, crosses
from signaling.wire.envelope import Event, Skipped, StoredEvent, recall

PARTED: Final = frozenset({"approver", "third", "supervisor"})
"""Those who see a case by the unit that decides, or as guests beside it."""
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
    model = CASE_EVENTS.get(event.type)
    return model is not None and crosses(recall(model, event.body), audience)


def _seen(event: StoredEvent, audience: str | Audience) -> Event:
    if event.type == "call.changed" and isinstance(audience, str):
        changed = recall(CallChanged, event.body)
        call = project_call_for(changed.call, audience)
        if call is not None:
            return changed.model_copy(update={"call": call})
    elif (model := CASE_EVENTS.get(event.type)) and (who := reader(audience)):
        return project_case_event(recall(model, event.body), who)
    return Skipped(subject=event.subject, version=event.version, at=event.at)
