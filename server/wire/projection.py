"""What each audience may see: one pure function from an event to the event that leaves.

    reduce(project(old), projected events) == project(new)     for every action and audience

Sensitive values, and people's numbers in the names of files, leave whole for the window and the
applicant whose they are, and masked for everyone else; the applicant sees nothing that is between members of staff; how he was served only the supervisor; a rung approver sees
his own ring alone; what an audience may not see keeps its place as ``skipped``. An event of
unknown type or an audience that does not read that subject is skipped too, never passed on.
"""

from collections.abc import Collection
from typing import Any, Final

from server.domain.identifiers import mask, mask_identity_number, mask_numbers, mask_phone
from server.rights.hand import CASE_AUDIENCES
from server.wire import case as shapes
from server.wire.call import CallChanged, CallView
from server.wire.case import (
    CaseChecked,
    CaseCommented,
    CaseCreated,
    CaseEdited,
    CaseProposalClosed,
    CaseProposed,
    CaseRated,
    CaseReferred,
    CaseSaid,
    CaseTyping,
    CaseUnmasked,
    CaseView,
    FieldState,
    FormField,
    MaterialChanged,
    MaterialMoved,
    MaterialView,
    PaperChanged,
    Proposal,
    RatingView,
)
from signaling.protocol import Event, Message, Skipped, StoredEvent, recall
from signaling.subjects import CALL_AUDIENCES, rung_as

PARTED: Final = frozenset({"approver", "third", "supervisor"})
"""Those who see a case by the unit that decides, or as guests beside it."""
_UNMASKED: Final = frozenset({"window", "applicant"})
"""The applicant reads his own data, at the window that he gave them to."""
_CASE_EVENTS: Final[dict[str, type[Event]]] = {
    model.model_fields["type"].default: model for model in shapes.EVENTS
}


_REFERRED: Final = CaseReferred.model_fields["type"].default


def project(event: StoredEvent, audience: str) -> dict[str, Any]:
    """The event as that audience may see it, ready for the wire.

    Audiences of a case are window, approver, third, applicant, supervisor; of a call party,
    advised, supervisor and ``rung:<person id>``.
    """
    return _seen(event, audience).model_dump(mode="json")


def parts(event: StoredEvent) -> Collection[str]:
    """The audiences for which this event of a case is the last: another unit decides, and who may still see
    it, and as what, is asked anew."""
    return PARTED if event.type == _REFERRED else ()


def _seen(event: StoredEvent, audience: str) -> Event:
    if event.type == "call.changed":
        changed = recall(CallChanged, event.body)
        call = project_call_for(changed.call, audience)
        if call is not None:
            return changed.model_copy(update={"call": call})
    elif (model := _CASE_EVENTS.get(event.type)) and audience in CASE_AUDIENCES:
        return _project_case_event(recall(model, event.body), audience)
    return Skipped(subject=event.subject, version=event.version, at=event.at)


def _project_case_event(event: Event, audience: str) -> Event:
    if isinstance(event, CaseCreated):
        return event.model_copy(update={"case": project_case(event.case, audience)})
    if isinstance(event, CaseRated):
        seen = _seen_ratings([event.rating], audience)
        if seen:
            return event.model_copy(update={"rating": seen[0]})
        return Skipped(subject=event.subject, version=event.version, at=event.at)
    if audience == "applicant" and _among_staff(event):
        return Skipped(subject=event.subject, version=event.version, at=event.at)
    if audience == "applicant" and isinstance(event, MaterialMoved):
        return event.model_copy(update={"comments": []})
    if audience in _UNMASKED:
        return event
    match event:
        case PaperChanged() if event.paper.kind == "application":
            return Skipped(subject=event.subject, version=event.version, at=event.at)
        case MaterialChanged():
            return event.model_copy(update={"material": _masked_name(event.material)})
        case MaterialMoved():
            return event.model_copy(
                update={"materials": [_masked_name(one) for one in event.materials]}
            )
        case CaseEdited(sensitive=True):
            return event.model_copy(update={"field_state": _masked_field(event.field_state)})
        case CaseProposed(sensitive=True):
            return event.model_copy(update={"proposal": _masked_proposal(event.proposal)})
        case CaseProposalClosed(sensitive=True):
            return event.model_copy(
                update={
                    "proposal": _masked_proposal(event.proposal),
                    "field_state": event.field_state and _masked_field(event.field_state),
                }
            )
        case _:
            return event


def project_moved(event: MaterialMoved, audience: str) -> MaterialMoved | None:
    """That a file was put elsewhere, as that audience may see it when it opens the case."""
    seen = _project_case_event(event, audience)
    return seen if isinstance(seen, MaterialMoved) else None


def project_case(case: CaseView, audience: str) -> CaseView:
    """The case as that audience may see it. PermissionError for an audience that reads no cases."""
    if audience not in CASE_AUDIENCES:
        raise PermissionError(f"{audience} reads no cases")
    case = case.model_copy(update={"ratings": _seen_ratings(case.ratings, audience)})
    if audience == "applicant":
        return case.model_copy(
            update={
                "sayings": [one for one in case.sayings if one.lane == "shared"],
                "comments": [],
                "checks": [],
                "unmaskings": [],
            }
        )
    if audience in _UNMASKED:
        return case
    sensitive = _sensitive(case.item.form)
    return case.model_copy(
        update={
            "applicant": case.applicant.model_copy(
                update={
                    "identity_number": mask_identity_number(case.applicant.identity_number),
                    "phone": mask_phone(case.applicant.phone),
                }
            ),
            "fields": {
                name: _masked_field(state) if _column(name) in sensitive else state
                for name, state in case.fields.items()
            },
            "materials": [_masked_name(one) for one in case.materials],
            "papers": [one for one in case.papers if one.kind != "application"],
            "proposals": [
                _masked_proposal(one) if _column(one.field) in sensitive else one
                for one in case.proposals
            ],
        }
    )


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
    if isinstance(message, CaseTyping) and message.sensitive and audience not in _UNMASKED:
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


def _among_staff(event: Event) -> bool:
    """Whether an event is between members of staff, so that the applicant does not see it."""
    match event:
        case CaseSaid():
            return event.saying.lane == "staff"
        case CaseCommented() | CaseChecked() | CaseUnmasked():
            return True
        case _:
            return False


def _seen_ratings(ratings: list[RatingView], audience: str) -> list[RatingView]:
    """Staff who served do not see how; nor does a screen that the clerk can look at."""
    if audience == "supervisor":
        return ratings
    hidden: dict[str, Any] = {"level": None, "reasons": [], "text": ""}
    return [one.model_copy(update=hidden) for one in ratings] if audience == "applicant" else []


def _masked_field(state: FieldState) -> FieldState:
    return state.model_copy(update={"value": mask(state.value)})


def _masked_name(material: MaterialView) -> MaterialView:
    shown = mask_numbers(material.name)
    return material if shown == material.name else material.model_copy(update={"name": shown})


def _masked_proposal(proposal: Proposal) -> Proposal:
    return proposal.model_copy(
        update={"value": mask(proposal.value), "old_value": mask(proposal.old_value)}
    )
