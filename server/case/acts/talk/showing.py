"""What pages show each other live, never stored: typing, who is where, pointing, looking.

Each message goes to every audience of its case, as that may see it; nothing is pointed at or looked
at together while the call about it is on hold, nor by whoever sits in a call about another case. Nothing of it is an act: no event, no ledger; where
somebody pointed or looked is noted for the replay of a call.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, TypeVar

from server.calls.rows import calls as call_rows
from server.case.acting import Seats, elsewhere, running
from server.case.admission import header
from server.case.projection import to_all
from server.case.rows import Connection
from server.case.views import person_ref
from server.case.wire.showing import (
    CaseFocus,
    CasePoint,
    CaseTyping,
    DocumentDraw,
    DocumentLook,
    DocumentPoint,
)
from server.catalogue.rules.item import Field, field_at
from server.rights.connected import Watcher
from server.rights.person import Actor
from server.rights.seen import SIDES, Audience
from server.rights.subjects import of_call, of_case
from server.store import Store
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message, PersonRef

T = TypeVar("T")
CASES_REMEMBERED: Final = 1_000

Delivery = tuple[str, str, Message]
"""Subject, audience, message: where an ephemeral goes, to the sender's own side too: a second person at the
window must see who is in a field. A page passes over what it sent itself."""
EphemeralHandler = Callable[[Any, Any], Awaitable[Sequence[Delivery]]]
Note = Callable[[str, Literal["point", "look", "pointer"], PersonRef, Mapping[str, Any]], None]
"""Told of the case, what was done, by whom, and its body; never waits."""


def ephemerals(store: Store, note: Note) -> dict[type[Message], EphemeralHandler]:
    """The handlers of what pages show each other live, by message. What is pointed at and looked
    at is also told to ``note``, which keeps it for the replay of a call."""
    live = _Live(store, note)
    return {
        CaseTyping: live.typing,
        CaseFocus: live.focus,
        CasePoint: live.point,
        DocumentPoint: live.point_in_document,
        DocumentDraw: live.draw,
        DocumentLook: live.look,
    }


async def _seats_of(connection: Connection, person_id: str) -> tuple[Seats, None]:
    """Who sits in one call may come to sit in another besides: it rests on all."""
    return await call_rows.seats_of(connection, person_id), None


class _OfCalls(Generic[T]):
    """What the record says of running calls for one case or one person: read once, and anew after a change of
    the call that it rests on, or of any call where it rests on none alone."""

    def __init__(
        self, store: Store, read: Callable[[Connection, str], Awaitable[tuple[T, str | None]]]
    ) -> None:
        self._store = store
        self._read = read
        self._known: OrderedDict[str, tuple[T, str | None]] = OrderedDict()
        self._changes = 0
        store.bus.subscribe(self._heard, missed=self._forget)

    async def of(self, whom: str) -> T:
        if whom in self._known:
            return self._known[whom][0]
        changes = self._changes
        async with self._store.read() as reading:
            found = await self._read(reading, whom)
        if changes == self._changes:
            self._known[whom] = found
            if len(self._known) > CASES_REMEMBERED:
                self._known.popitem(last=False)
        return found[0]

    async def _heard(self, subject: str, version: int) -> None:
        if not subject.startswith(of_call("")):
            return
        self._changes += 1
        for whom, (_, call_id) in list(self._known.items()):
            if call_id is None or of_call(call_id) == subject:
                del self._known[whom]

    async def _forget(self) -> None:
        self._changes += 1
        self._known.clear()


class _Live:
    """Who may show what to whom. Rights come from what the socket watches: it opened the case."""

    def __init__(self, store: Store, note: Note) -> None:
        self._store = store
        self._note = note
        self._holds = _OfCalls(store, running)
        self._seats = _OfCalls(store, _seats_of)
        self._forms: OrderedDict[str, Mapping[str, Field]] = OrderedDict()

    async def typing(self, connection: Watcher, message: CaseTyping) -> list[Delivery]:
        """A value grows at the window. Refused: ``not_found``, ``not_yours``, ``field_unknown``."""
        actor, audience, fields = await self._seat(connection, message.case_id)
        if not audience.fills:
            raise Refusal(Code.NOT_YOURS)
        told = {"by": actor, "sensitive": _known(fields, message.field).sensitive}
        return to_all(message.case_id, message.model_copy(update=told))

    async def focus(self, connection: Watcher, message: CaseFocus) -> list[Delivery]:
        """Who is in which field, from the window and the approver alike."""
        actor, audience, fields = await self._seat(connection, message.case_id)
        if not audience.handles():
            raise Refusal(Code.NOT_YOURS)
        if message.field is not None:
            _known(fields, message.field)
        return to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def point(self, connection: Watcher, message: CasePoint) -> list[Delivery]:
        """The approver points at a field. Refused: ``not_found``, ``not_yours``, ``field_unknown``."""
        actor, audience, fields = await self._seat(connection, message.case_id)
        if not audience.judges():
            raise Refusal(Code.NOT_YOURS)
        if message.field is not None:
            _known(fields, message.field)
        if await self._reaches_none(actor, message.case_id, stops=message.field is None):
            return []
        self._note(message.case_id, "point", actor, {"field": message.field})
        return to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def point_in_document(
        self, connection: Watcher, message: DocumentPoint
    ) -> list[Delivery]:
        """Somebody of the window or the approver's points in a document. Refused: ``not_found``,
        ``not_yours``."""
        actor = _guide(connection, message.case_id)
        if await self._reaches_none(actor, message.case_id, stops=message.x is None):
            return []
        place = {"page": message.page, "x": message.x, "y": message.y}
        body = {"material_id": message.material_id, **place}
        self._note(message.case_id, "pointer", actor, body)
        return to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def draw(self, connection: Watcher, message: DocumentDraw) -> list[Delivery]:
        """A stroke of the window's or the approver's grows. Refused as above. What is drawn to the end
        is kept by an act of its own."""
        actor = _guide(connection, message.case_id)
        if await self._reaches_none(actor, message.case_id, stops=message.points is None):
            return []
        return to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def look(self, connection: Watcher, message: DocumentLook) -> list[Delivery]:
        """Which page somebody of the window or the approver's looks at; whoever sits in a call about another
        case leads nobody to it. Refused as above."""
        actor = _guide(connection, message.case_id)
        if await self._holds.of(message.case_id):
            return []
        body = {"material_id": message.material_id, "page": message.page}
        self._note(message.case_id, "look", actor, body)
        leads = message.follow and not elsewhere(await self._seats.of(actor.id), message.case_id)
        return to_all(message.case_id, message.model_copy(update={"by": actor, "follow": leads}))

    async def _reaches_none(self, actor: PersonRef, case_id: str, *, stops: bool) -> bool:
        """Whether what is shown goes to nobody: the call is on hold, or who shows it speaks about another case.
        That he stops is always told, but while on hold."""
        if await self._holds.of(case_id):
            return True
        return not stops and elsewhere(await self._seats.of(actor.id), case_id)

    async def _seat(
        self, connection: Watcher, case_id: str
    ) -> tuple[PersonRef, Audience, Mapping[str, Field]]:
        actor, audience = _watching(connection, case_id)
        return person_ref(actor), audience, await self._fields(actor, case_id)

    async def _fields(self, actor: Actor, case_id: str) -> Mapping[str, Field]:
        """The fields of the case; a running case never changes them."""
        known = self._forms.get(case_id)
        if known is None:
            async with self._store.read() as reading:
                found, _ = await header(reading, actor, case_id)
            known = found.item.fields
            self._forms[case_id] = known
            if len(self._forms) > CASES_REMEMBERED:
                self._forms.popitem(last=False)
        return known


def _known(fields: Mapping[str, Field], path: str) -> Field:
    field = field_at(fields, path)
    if field is None:
        raise Refusal(Code.FIELD_UNKNOWN, field=path)
    return field


def _watching(connection: Watcher, case_id: str) -> tuple[Actor, Audience]:
    audience = SIDES.get(connection.watches(of_case(case_id)) or "")
    if audience is None or not isinstance(connection.who, Actor):
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return connection.who, audience


def _guide(connection: Watcher, case_id: str) -> PersonRef:
    """Who shows something to the others: of the window or the approver's, not of who only reads."""
    actor, audience = _watching(connection, case_id)
    if not audience.handles():
        raise Refusal(Code.NOT_YOURS)
    return person_ref(actor)
