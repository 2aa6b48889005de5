"""What people show each other: strokes that are kept, and what is never stored."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool

from server.case.rules.talk.drawing import Whose
from server.case.wire.words import CaseCommand, FieldName, FieldValue, Share
from server.rights.seen import EVERYWHERE, Put, Seen
from server.standards.identifiers import mask
from signaling.wire.envelope import Event, Id, Message, PersonRef

Place = tuple[Share, Share]
"""x and y in a page of a document."""
Stroke = Annotated[list[Place], Field(min_length=1, max_length=400)]


class DrawingView(Message):
    """A stroke on a page of a document, in its own coordinates; no part of the document."""

    seen: ClassVar = Seen()

    id: str
    material_id: str
    page: int
    points: list[Place]
    by: PersonRef
    at: datetime


class CaseDraw(CaseCommand):
    """Keep a stroke on a page of a stored material. Window and approver. Refused: not_yours (another
    keeps drawing to himself), material_not_stored, throttled (500 strokes), call_held.
    Result: ``{drawing_id}``."""

    type: Literal["case.draw"] = "case.draw"
    material_id: Id
    page: Annotated[int, Field(ge=1, le=10_000)]
    points: Stroke


class CaseClearDrawings(CaseCommand):
    """Take one's own strokes off a document, or, as the approver, those of all. Result: ``{cleared}``."""

    type: Literal["case.clear_drawings"] = "case.clear_drawings"
    material_id: Id
    whose: Whose


class CaseKeepDrawing(CaseCommand):
    """Approver only: draw alone, or let the window draw again."""

    type: Literal["case.keep_drawing"] = "case.keep_drawing"
    only_me: StrictBool


class CaseDrawn(Event):
    into: ClassVar = (Put("drawings", "drawing", lambda event: f"line:{event.line}"),)

    type: Literal["case.drawn"] = "case.drawn"
    drawing: DrawingView
    line: str = ""
    """Of its document; empty: not known."""


class CaseDrawingsCleared(Event):
    takes: ClassVar = {"drawings": "ids"}

    type: Literal["case.drawings_cleared"] = "case.drawings_cleared"
    ids: list[str]


class CaseDrawingKept(Event):
    """``only`` is null when all draw again."""

    sets: ClassVar = {"drawing_only": "only"}

    type: Literal["case.drawing_kept"] = "case.drawing_kept"
    only: PersonRef | None


def _field(one: "CaseFocus | CasePoint") -> str:
    """The place of a field; that somebody is in none leads nowhere."""
    return EVERYWHERE if one.field is None else f"field:{one.field}"


class CaseTyping(Message):
    """The value as it grows, at most 10 a second; ``by`` and ``sensitive`` are set by the server alone."""

    seen: ClassVar = Seen(at=lambda one: f"field:{one.field}", masks={"value": mask})

    type: Literal["case.typing"] = "case.typing"
    case_id: Id
    field: FieldName
    value: FieldValue
    by: PersonRef | None = None
    sensitive: bool = False
    """The value is masked for every audience but the window."""


class CaseFocus(Message):
    """Who is in which field (null: in none). Sent on change and every 5 s; gone after 10 s of silence."""

    seen: ClassVar = Seen(at=_field)

    type: Literal["case.focus"] = "case.focus"
    case_id: Id
    field: FieldName | None
    by: PersonRef | None = None


class CasePoint(Message):
    """Who points at which field (null: stopped)."""

    seen: ClassVar = Seen(at=_field)

    type: Literal["case.point"] = "case.point"
    case_id: Id
    field: FieldName | None
    by: PersonRef | None = None


class DocumentPoint(Message):
    """Where somebody points in a document, in its own coordinates (null: stopped). At most 20 a second."""

    seen: ClassVar = Seen()

    type: Literal["document.point"] = "document.point"
    case_id: Id
    material_id: Id
    page: Annotated[int, Field(ge=1, le=10_000)]
    x: Share | None
    y: Share | None
    by: PersonRef | None = None


class DocumentDraw(Message):
    """A stroke as it grows, whole each time (null: given up); kept by ``case.draw``. At most 20 a second."""

    seen: ClassVar = Seen()

    type: Literal["document.draw"] = "document.draw"
    case_id: Id
    material_id: Id
    page: Annotated[int, Field(ge=1, le=10_000)]
    points: Stroke | None
    by: PersonRef | None = None


class DocumentLook(Message):
    """Which page somebody looks at (null: at none); with ``follow`` the others' pages turn along (请对方跟随).
    Sent on change and every 5 s; gone after 10 s of silence."""

    seen: ClassVar = Seen()

    type: Literal["document.look"] = "document.look"
    case_id: Id
    material_id: Id | None
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    follow: bool = False
    by: PersonRef | None = None
