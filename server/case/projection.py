"""What each audience may see of a case: one pure function from an event to the event that leaves.

Who sees what is declared beside each shape (``server.rights.seen``).
"""

from collections.abc import Callable
from typing import Final

from server.case.wire import messages
from server.case.wire.materials import MaterialMoved
from server.case.wire.registering import CaseCreated
from server.case.wire.showing import CaseTyping, DrawingView
from server.case.wire.view import CaseView
from server.catalogue.wire import FormField
from server.rights.seen import SIDES, Audience, of_room, see, see_event, see_members, skipped
from server.rights.subjects import of_case
from signaling.wire.envelope import Event, Message

CASE_EVENTS: Final[dict[str, type[Event]]] = {
    model.model_fields["type"].default: model for model in messages.EVENTS
}


def reader(audience: str | Audience) -> Audience | None:
    return audience if isinstance(audience, Audience) else of_room(audience)


def project_case_event(event: Event, audience: Audience) -> Event:
    if isinstance(event, CaseCreated):
        if audience.over(event.at):
            return skipped(event)
        return event.model_copy(update={"case": project_case(event.case, audience)})
    return see_event(event, audience, CaseView)


def project_moved(event: MaterialMoved, audience: Audience) -> MaterialMoved | None:
    """That a file was put elsewhere, as that audience may see it when it opens the case."""
    seen = project_case_event(event, audience)
    return seen if isinstance(seen, MaterialMoved) else None


def project_case(case: CaseView, audience: str | Audience) -> CaseView:
    """The case as that audience may see it. PermissionError for an audience that reads no cases."""
    who = reader(audience)
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


def to_all(case_id: str, message: Message) -> list[tuple[str, str, Message]]:
    """Where an ephemeral of a case goes: the subject, each audience that sees it, and the message as that
    sees it; an unfinished sensitive value becomes stars."""
    sensitive = message.sensitive if isinstance(message, CaseTyping) else True
    seen = [(one.room, see(message, one, sensitive=sensitive)) for one in SIDES.values()]
    return [(of_case(case_id), room, told) for room, told in seen if told is not None]


def _sensitive(form: list[FormField]) -> frozenset[str]:
    """Names of sensitive fields, those of groups as ``group.column``."""
    cells = {f"{one.name}.{cell.name}" for one in form for cell in one.columns if cell.sensitive}
    return frozenset({one.name for one in form if one.sensitive} | cells)


def _column(path: str) -> str:
    """``group.column`` of ``group.row.column``; any other path as it is."""
    first, dot, rest = path.partition(".")
    return f"{first}.{rest.rpartition('.')[2]}" if dot else path
