"""Materials of a case, originals that change hands, and files of earlier cases: views, commands, events."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.case.rules.materials.material import Grade, MaterialState, Purpose, Review, Sender
from server.case.wire.talk import Comment
from server.case.wire.words import CaseAct, CaseCommand, Consent, Reason, Slot
from server.rights.seen import Put, Seen
from server.standards.identifiers import mask_numbers
from server.standards.languages import Language
from signaling.wire.envelope import Event, Id, Message, PersonRef


class ViewedCopy(Message):
    """The copy of a stored file that people look at: written anew, bare of metadata, marked with grade,
    place and time. ``locked``: nothing of the file is shown before a virus scan."""

    state: Literal["making", "ready", "failed", "locked"]
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    """Changes with every copy that is made."""
    fault: Literal[
        "",
        "unreadable",
        "font",
        "gave_up",
        "no_office",
        "no_ofd",
        "ofd_beyond",
        "pdf_beyond",
        "waiting",
        "too_large",
    ] = ""
    """Why it failed, or what a locked one waits for: ``waiting`` for the scanner, ``too_large`` for it."""


class HandoverSheet(Message):
    """One line of a list of paper originals; ``received`` is null until it was looked at."""

    line: str
    originals: int
    copies: int
    received: bool | None = None
    note: str = ""


class HandoverView(Message):
    """材料交接清单: paper originals that went with one parcel, and what arrived."""

    seen: ClassVar = Seen()

    id: str
    number: int
    """Counts within the case."""
    courier: str
    tracking: str
    lines: list[HandoverSheet]
    by: PersonRef
    at: datetime
    received_by: PersonRef | None = None
    received_at: datetime | None = None
    note: str = ""


class OriginView(Message):
    """The earlier case of the same applicant from which a file was taken over, with his consent."""

    item_name: str
    line_name: str
    place: str
    at: datetime
    """When it was brought there."""


class MaterialView(Message):
    """One version in one slot of a line. The newest of the slot that was not cancelled or rejected counts;
    all stay. ``number`` is its place among all files of the line."""

    seen: ClassVar = Seen(
        at=lambda one: f"line:{one.line}",
        masks={"name": mask_numbers},
        blank={"task": {"duplicate_of": None, "answers": None, "origin": None}},
    )

    id: str
    line: str
    number: int
    name: str
    state: MaterialState
    size_bytes: int
    media_type: str | None = None
    sha256: str | None = None
    pages: int | None = None
    rejected_code: str | None = None
    duplicate_of: str | None = None
    """Id of an earlier material of this case with the same SHA-256."""
    by: PersonRef
    at: datetime
    review: Review = "none"
    review_reason: str = ""
    reviewed_by: PersonRef | None = None
    reviewed_at: datetime | None = None
    side: Sender = "window"
    """Who sent it."""
    purpose: Purpose = "material"
    """Only ``material`` counts for its line; the others travel the other way."""
    answers: str | None = None
    """Id of the approver's file that this one returns, e.g. the blank form that was signed."""
    grade: Grade | None = None
    """Of the window's stored materials."""
    grade_note: str = ""
    """Grade A: the authority that issued it."""
    graded_by: PersonRef | None = None
    graded_at: datetime | None = None
    viewed: ViewedCopy | None = None
    origin: OriginView | None = None
    slot: int = 0
    """Which file of its line, from 1. 0: kept before lines took several; then the first, and on no line
    each its own."""


class CaseReview(CaseCommand):
    """Approver only: 合格 / 需补正(reason) / 不需要 for one material; ``none`` takes his own word back."""

    type: Literal["case.review"] = "case.review"
    material_id: Id
    review: Review
    reason: Reason = ""


class CaseGrade(CaseCommand):
    """Window only: how far a stored material is trusted. B is 原件已核对, C takes it back; A names the
    authority that issued it in ``note``. Its copy is made anew with the mark of the grade.
    Refused: case_closed, not_found, material_not_stored, stale, reason_missing."""

    type: Literal["case.grade"] = "case.grade"
    material_id: Id
    grade: Grade
    note: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""


class CaseMoveMaterial(CaseCommand):
    """Put a file with all its versions on another line (``other`` for none), or, within its line, into
    another ``slot``, whose file comes to where it was. Window and approver. What was said of the version
    that counts begins anew. Comments on the line go along when it leaves nothing there and comes to
    another line of the list. Refused: case_closed, not_found, not_yours (who only watches; a file of the
    approver's), line_unknown, material_not_stored, malformed (where it is already), throttled."""

    type: Literal["case.move_material"] = "case.move_material"
    material_id: Id
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    slot: Slot | None = None


class OriginalsLine(Message):
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    originals: Annotated[int, Field(ge=0, le=99)]
    copies: Annotated[int, Field(ge=0, le=99)]


class CaseSendOriginals(CaseAct):
    """Keep which paper originals go with which parcel; 材料交接清单 is made. Window only, until the case
    is refused. Refused: line_unknown, bad_number (a line of no paper), throttled (50 a case).
    Result: ``{handover_id}``."""

    type: Literal["case.send_originals"] = "case.send_originals"
    courier: Annotated[
        str, StringConstraints(min_length=1, max_length=30, strip_whitespace=True, pattern=r"\S")
    ]
    tracking: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$", strip_whitespace=True)
    ]
    lines: Annotated[list[OriginalsLine], Field(min_length=1, max_length=200)]


class ReceivedLine(Message):
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    received: StrictBool
    note: Annotated[str, StringConstraints(max_length=200)] = ""


class CaseReceiveOriginals(CaseAct):
    """Tell of each line of a parcel whether it was in it; the list is made anew. Approver only.
    Refused: not_found, stale (told already), malformed (not each line), reason_missing (a line that
    is not there, without a note)."""

    type: Literal["case.receive_originals"] = "case.receive_originals"
    handover_id: Id
    arrived: Annotated[list[ReceivedLine], Field(min_length=1, max_length=200)]
    note: Reason = ""


class CaseConsentEarlier(CaseCommand):
    """The applicant's answer about using materials of his earlier cases; a later one replaces it.
    Window only. Refused: case_closed, malformed (no such text)."""

    type: Literal["case.consent_earlier"] = "case.consent_earlier"
    given: StrictBool
    text_version: Annotated[str, StringConstraints(max_length=20)]
    language: Language


class CaseTakeEarlier(CaseCommand):
    """Use a material of an earlier case of the same applicant as the next version of a line, as
    ``POST /cases/{case_id}/earlier`` offers it. Window only. Refused: case_closed, not_found,
    earlier_consent_missing, line_unknown, throttled. Result: ``{material_id}``."""

    type: Literal["case.take_earlier"] = "case.take_earlier"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    material_id: Id
    slot: Annotated[int, Field(ge=0, le=1_000)] | None = None
    """0 beside the files of the line, else as the next version of that one; null as for uploads."""


class HandoverChanged(Event):
    """The whole list as it is now."""

    into: ClassVar = (Put("handovers", "handover"),)

    type: Literal["handover.changed"] = "handover.changed"
    handover: HandoverView


class CaseEarlierConsented(Event):
    sets: ClassVar = {"earlier_consent": "consent"}

    type: Literal["case.earlier_consented"] = "case.earlier_consented"
    consent: Consent


class MaterialChanged(Event):
    into: ClassVar = (Put("materials", "material"),)
    also: ClassVar = ("signature",)

    type: Literal["material.changed"] = "material.changed"
    material: MaterialView


class CaseReceived(Event):
    """The first material came: the receiving place gave the case its 收件号."""

    sets: ClassVar = {"receipt_number": "receipt_number"}

    type: Literal["case.received"] = "case.received"
    receipt_number: str


class MaterialMoved(Event):
    """A file came to another line or slot: all versions that changed by it, and the comments that went along."""

    into: ClassVar = (Put("materials", "materials"), Put("comments", "comments"))
    also: ClassVar = ("signature",)
    about: ClassVar = staticmethod(
        lambda event: (f"line:{event.from_line}", f"line:{event.to_line}")
    )

    type: Literal["material.moved"] = "material.moved"
    material_id: str
    from_line: str
    to_line: str
    by: PersonRef
    materials: list[MaterialView]
    comments: list[Comment] = []


class MaterialProgress(Message):
    """Sent by the server while a file arrives, from the first chunk, at most 10 a second."""

    seen: ClassVar = Seen()

    type: Literal["material.progress"] = "material.progress"
    case_id: Id
    material_id: Id
    received_bytes: int
    size_bytes: int
