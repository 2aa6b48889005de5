"""The case.* and material.* shapes of the wire, registered with the gateway by app.

Commands, events, ephemerals and the view of a case. Knows the domain's words and
the envelope of ``signaling.protocol``; no storage, no rules.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.case.rules.case import CaseState, Decision
from server.case.rules.checklist import Verdict as PointVerdict
from server.case.rules.checklist import Word as PointWord
from server.case.rules.clock import Started
from server.case.rules.comment import State as CommentState
from server.case.rules.drawing import Whose
from server.case.rules.form import ProposalState
from server.case.rules.material import Grade, MaterialState, Purpose, Review, Sender, Verdict
from server.case.rules.phone import PhoneState
from server.case.rules.rating import Reason as RatingReason
from server.case.rules.saying import Lane
from server.case.rules.summary import Viewer
from server.catalogue.rules.item import (
    Mode,
)
from server.catalogue.wire import ItemView
from server.rights.hand import CaseAudience
from server.rights.seen import STAFF, UNMASKED, Put, Seen, everywhere
from server.standards.codes import Satisfaction
from server.standards.identifiers import (
    UNSEEN,
    mask,
    mask_identity_number,
    mask_numbers,
    mask_phone,
)
from server.standards.languages import Language
from server.standards.limits import StopReason
from server.standards.papers import PaperKind, PaperState
from signaling.protocol import WORDS, CallQuality, Command, Event, Id, Message, PersonRef

_PATH = r"[a-z][a-z0-9_]{0,63}(\.[a-z0-9]{2,12}\.[a-z][a-z0-9_]{0,63})?"
FieldName = Annotated[str, StringConstraints(pattern=f"^{_PATH}$", max_length=64)]
"""A field of the form, or a cell of a repeated group as ``<group>.<row>.<column>``."""
FieldValue = Annotated[str, StringConstraints(max_length=2000)]
Reason = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""As far as the databases count."""

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True, pattern=r"\S")
]
Anchor = Annotated[
    str,
    StringConstraints(pattern=rf"^(case|field:{_PATH}|line:[A-Za-z0-9_-]{{1,64}})$", max_length=70),
]
"""What a comment is about: ``case``, ``field:<path>`` or ``line:<key>``."""
Slot = Annotated[int, Field(ge=1, le=1_000)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
"""A place in a document or pad as a share of its width or height, from the left or the top."""


class Applicant(Message):
    seen: ClassVar = Seen(
        at=everywhere, masks={"identity_number": mask_identity_number, "phone": mask_phone}
    )

    name: str
    identity_number: str
    """Masked (370103************) unless the audience is the window."""
    phone: str
    credit_code: str | None = None


class Consent(Message):
    seen: ClassVar = Seen()

    given: bool
    text_version: str
    language: Language
    at: datetime
    taken_by: PersonRef


class FieldState(Message):
    seen: ClassVar = Seen(masks={"value": mask})

    value: str
    version: int
    """The case version of the last edit: what ``base_version`` of the next edit must name."""
    by: PersonRef
    at: datetime
    on_behalf_of: str | None = None


class Proposal(Message):
    """The approver proposes, or a card that was read; the window adopts or declines; ``outdated`` when the
    field changed since."""

    seen: ClassVar = Seen(
        at=lambda one: f"field:{one.field}", masks={"value": mask, "old_value": mask}
    )

    id: str
    field: str
    value: str
    old_value: str
    reason: str
    by: PersonRef
    at: datetime
    state: ProposalState
    closed_by: PersonRef | None = None
    closed_at: datetime | None = None


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


class PromiseMoveView(Message):
    """The approver gave a promise another day: the last time, from which day, and why."""

    before: date
    reason: str
    by: PersonRef
    at: datetime


class PromiseView(Message):
    """容缺后补: what the applicant promised to bring by that day, the day included."""

    seen: ClassVar = Seen(at=lambda one: f"line:{one.line}")

    line: str
    due_on: date
    text_version: str
    language: Language
    by: PersonRef
    """Who took it down at the window."""
    at: datetime
    moved: PromiseMoveView | None = None


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


class Saying(Message):
    """One text message beside the voice."""

    seen: ClassVar = Seen(when=lambda one, side: one.lane == "shared" or side != "applicant")

    id: str
    lane: Lane
    text: str
    by: PersonRef
    on_behalf_of: str | None = None
    """``applicant`` when he wrote it on the turned screen."""
    call_id: str | None = None
    """The call during which it was said; null outside of calls."""
    at: datetime


class CommentEntry(Message):
    by: PersonRef
    at: datetime
    text: str


class Comment(Message):
    """A thread about a field, a line of the list or the whole case. Open ones go into a 补正 notice
    and stand in the way of 受理."""

    seen: ClassVar = Seen(to=STAFF, at=lambda one: one.on)

    id: str
    on: str
    state: CommentState
    entries: list[CommentEntry]
    closed_by: PersonRef | None = None
    closed_at: datetime | None = None


class Check(Message):
    """The approver's word about one point of the checklist; ``lacking`` goes into a 补正 notice."""

    seen: ClassVar = Seen(to=STAFF)

    point: str
    verdict: PointVerdict
    note: str = ""
    by: PersonRef
    at: datetime


class SignatureView(Message):
    """The applicant's signature, bound to the SHA-256 and the time of the summary that was shown.

    ``outdated`` as soon as a field or a stored material changed after it.
    """

    seen: ClassVar = Seen()

    id: str
    hash: str
    shown_at: datetime
    at: datetime
    by: PersonRef
    """The member of staff at whose window it was given."""
    points: int
    outdated: bool = False


class Submission(Message):
    """The signed summary was handed in."""

    seen: ClassVar = Seen(at=everywhere, blank={"task": {"hash": ""}})

    hash: str
    signature_id: str
    at: datetime
    by: PersonRef
    tell_by: date | None = None
    """The last day on which can be told what is missing (行政许可法 32); then it counts as accepted."""


SatisfactionLevel = Annotated[Satisfaction, WORDS]
"""满意度 of GB/T 39046: 1 非常满意 … 5 非常不满意."""


class RatingView(Message):
    """What the applicant said of a call (好差评). The supervisor reads all of it; the applicant's screen
    that, and when, it was given; nobody else that there is one."""

    seen: ClassVar = Seen(
        to={"supervisor", "applicant"},
        blank={"applicant": {"level": None, "reasons": [], "text": ""}},
    )

    id: str
    call_id: str
    number: int
    """1, or 2 for what was added (追评)."""
    at: datetime
    level: SatisfactionLevel | None
    """None where the audience may not see it."""
    reasons: list[RatingReason] = []
    text: str = ""


class PaperView(Message):
    """An official paper as PDF. ``number`` is the 受理文书编号."""

    seen: ClassVar = Seen(when=lambda one, side: one.kind != "application" or side in UNMASKED)

    id: str
    kind: PaperKind
    number: str
    state: PaperState
    at: datetime
    size_bytes: int | None = None
    sha256: str | None = None
    pages: int | None = None


class DueDay(Message):
    """One working day counted towards the due date."""

    on: date
    number: int


class DueView(Message):
    """How a time limit is counted in working days, day by day."""

    due_on: date
    due_days: list[DueDay]
    skipped_days: list[date]
    provisional: bool


class HaltView(Message):
    """A span that does not count; it lasts while ``ended`` is null."""

    why: StopReason
    reason: str
    began: date
    by: PersonRef
    at: datetime
    ended: date | None = None
    ended_by: PersonRef | None = None
    ended_at: datetime | None = None


class ExtensionView(Message):
    """延长: so many working days more (行政许可法 42)."""

    days: int
    reason: str
    by: PersonRef
    at: datetime


class ClockView(Message):
    """What the limits of an accepted case are counted from. While the clock is stopped both are
    counted as if it ran again on the day of the stop, and provisional."""

    started_on: date
    started: Started
    """``deemed``: nobody told in time what was missing, so it counts from the receipt (32);
    ``corrected``: from the day on which the last of what was missing arrived."""
    promised_days: int
    legal_days: int
    extension_at_most: int
    legal: DueView
    halts: list[HaltView] = []
    extension: ExtensionView | None = None


class Decided(Message):
    seen: ClassVar = Seen(at=everywhere, blank={"task": {"reason": "", "points": [], "about": []}})

    kind: Decision
    reason: str
    by: PersonRef
    at: datetime
    due_on: date | None = None
    due_days: list[DueDay] = []
    skipped_days: list[date] = []
    provisional: bool = False
    """暂定: the count runs past the known working-day calendar."""
    points: list[str] = []
    """补正: every open point at once (行政许可法 32): returned materials with reason, missing required lines."""
    about: list[str] = []
    """The place of each point: ``line:<key>``, ``line:<key>:<slot>``, ``field:<path>``, ``comment:<id>`` or
    ``check:<key>``. Empty in notices from before places were kept."""
    clock: ClockView | None = None
    """Of an accepted case; ``due_on`` is its promised limit."""
    combined: bool = False
    """By who took the case at the window, too (即办可审核合一): to be sampled."""


class PhoneView(Message):
    """A link by which one phone brings pages to a line. Its secret is nowhere but in the window's page
    and on the phone."""

    seen: ClassVar = Seen()

    id: str
    line: str
    state: PhoneState
    by: PersonRef
    made_at: datetime
    expires_at: datetime
    pages: list[str] = []
    """Ids of the materials (``page``) that it brought, in their order."""


class UnmaskingView(Message):
    """Somebody read a sensitive value whole, for a reason; the value is not here."""

    seen: ClassVar = Seen(to=STAFF)

    id: str
    what: str
    reason: str
    by: PersonRef
    at: datetime
    expires_at: datetime


class ReferralView(Message):
    """转办: which unit passed the case on to which, and why."""

    seen: ClassVar = Seen(at=everywhere, blank={"task": {"reason": ""}})

    from_unit_name: str
    to_unit_name: str
    reason: str
    by: PersonRef
    at: datetime


class CaseView(Message):
    """A case as one audience sees it."""

    open: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "number",
            "state",
            "mode",
            "clerk",
            "window_name",
            "window_unit_id",
            "window_unit_name",
        }
    ) | {"window_place", "call_id", "created_at", "corrections"}
    """What every scope sees, besides things that have a place."""

    id: str
    number: str | None
    """办件编号, given with the first decision."""
    state: CaseState
    mode: Mode
    item: ItemView
    clerk: PersonRef
    window_name: str
    window_unit_id: str
    window_unit_name: str
    window_place: str
    applicant: Applicant
    consent: Consent | None
    fields: dict[str, FieldState]
    proposals: list[Proposal]
    materials: list[MaterialView]
    decision: Decided | None
    call_id: str | None
    created_at: datetime
    sayings: list[Saying] = []
    comments: list[Comment] = []
    checks: list[Check] = []
    signature: SignatureView | None = None
    """The newest one."""
    submission: Submission | None = None
    corrections: int = 0
    """How many 补正 notices were given; the law knows one (行政许可法 32)."""
    papers: list[PaperView] = []
    ratings: list[RatingView] = []
    phones: list[PhoneView] = []
    unmaskings: list[UnmaskingView] = []
    """Not for the applicant's screen."""
    drawings: list[DrawingView] = []
    drawing_only: PersonRef | None = None
    """Who alone may draw on documents; null: the window and the approver."""
    promises: list[PromiseView] = []
    handovers: list[HandoverView] = []
    earlier_consent: Consent | None = None
    """The applicant's answer about using materials of his earlier cases."""
    referrals: list[ReferralView] = []
    """The oldest first."""


class Draft(Message):
    """My own unsaved value of a field, as it was up to a second ago."""

    value: str
    base_version: Version
    at: datetime


class CaseOpened(Message):
    """Result of ``case.open``. ``due`` is the promised limit if the case were accepted today.

    ``moved``: how somebody else put a file elsewhere last, for who was not there when it was told. An
    event of ``calendar:<region>`` afterwards says that ``due`` may be another.
    """

    audience: CaseAudience
    version: int
    case: CaseView
    drafts: dict[str, Draft]
    due: DueView
    moved: "MaterialMoved | None" = None


class CaseCommand(Command):
    """Something a page asks for about one case."""

    case_id: Id


class CaseAct(CaseCommand):
    """An act that counts: it decides, refers, turns the clock or makes a paper. It names what its author saw.

    Refused besides: ``changed`` when others have changed values, materials, reviews, comments, the unit
    or the decision since (``changes`` says what: ``values:<field>``, ``materials:<line>``,
    ``reviews:<line>`` or ``reviews:point:<key>``, ``comments:<anchor>``, ``unit``, ``decision``);
    ``other_case_in_call`` while he sits in live calls about other cases (``calls``, ``cases``), until
    ``other_call_ids`` names each of them; ``stale`` for a version that the case has not reached.
    """

    seen_version: Version
    """The version of the case that the page showed."""
    other_call_ids: list[Id] = []
    """His yes: he means this case, though he sits in these calls about others."""


class CaseCreate(Command):
    """Register a case. Refused: bad identity number, credit code or phone; unknown item. Result: ``{case_id}``."""

    type: Literal["case.create"] = "case.create"
    item_id: Id
    mode: Mode
    applicant_name: Annotated[
        str,
        StringConstraints(
            min_length=1,
            max_length=60,
            strip_whitespace=True,
            pattern=rf"^[^{UNSEEN}]*[^\s{UNSEEN}][^{UNSEEN}]*$",
        ),
    ]
    """Without characters that are not seen: what turns the direction of writing shows another name."""
    identity_number: Annotated[
        str, StringConstraints(max_length=18, strip_whitespace=True, to_upper=True)
    ]
    phone: Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]
    credit_code: (
        Annotated[str, StringConstraints(max_length=18, strip_whitespace=True, to_upper=True)]
        | None
    ) = None


class CaseOpen(CaseCommand):
    """Watch a case. Result: CaseOpened."""

    type: Literal["case.open"] = "case.open"
    as_applicant: bool = False
    """Read it as the turned screen shows it: nothing that is between members of staff. Window only."""


class SummaryField(Message):
    name: str
    label: str
    value: str
    changed: bool
    """The approver saw another value when he last looked; what he saw empty has not changed by being filled."""


class SummaryMaterial(Message):
    """A file of a line; one without a file for a line that holds none, or for a named slot that is empty."""

    line: str
    name: str
    file_name: str | None
    number: int | None
    sha256: str | None
    pages: int | None
    missing: bool
    """Required and not stored."""
    changed: bool


class SummaryView(Message):
    """What the applicant reads before he signs. ``hash`` is SHA-256 over the RFC 8785 form of item,
    applicant, field values and the hashes of the counting materials; ``changed`` and ``missing``
    are not part of it."""

    hash: str
    shown_at: datetime
    item_name: str
    unit_name: str
    applicant: Applicant
    form_title: str
    fields: list[SummaryField]
    materials: list[SummaryMaterial]
    missing_fields: list[str]
    missing_lines: list[str]


class CaseConsent(CaseCommand):
    """The applicant's answer about recording; the text version shown is kept (A1)."""

    type: Literal["case.consent"] = "case.consent"
    given: StrictBool
    text_version: Annotated[str, StringConstraints(max_length=20)]
    language: Language


class CaseEdit(CaseCommand):
    """Save one field. Refused: stale, field_held, field_invalid, not_yours, case_closed. Window only."""

    type: Literal["case.edit"] = "case.edit"
    field: FieldName
    value: FieldValue
    base_version: Version
    """The ``version`` of the field the page edited from; 0 when it was empty."""


class CaseDraft(CaseCommand):
    """Keep the unsaved value of a field and person; overwritten, no ledger, not an event."""

    type: Literal["case.draft"] = "case.draft"
    field: FieldName
    value: FieldValue
    base_version: Version


class CaseHold(CaseCommand):
    """Take or renew (field) or drop (null) the soft lock; 10 s lease. Refused with field_held and the holder's id."""

    type: Literal["case.hold"] = "case.hold"
    field: FieldName | None


class CasePropose(CaseCommand):
    """Approver only. Result: ``{proposal_id}``."""

    type: Literal["case.propose"] = "case.propose"
    field: FieldName
    value: FieldValue
    reason: Reason = ""


class CaseCloseProposal(CaseCommand):
    """Window only: adopt writes the field and closes; decline only closes. Refused when it is outdated or closed."""

    type: Literal["case.close_proposal"] = "case.close_proposal"
    proposal_id: Id
    adopt: StrictBool


class CaseReview(CaseCommand):
    """Approver only: 合格 / 需补正(reason) / 不需要 for one material."""

    type: Literal["case.review"] = "case.review"
    material_id: Id
    review: Verdict
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


class CasePromise(CaseCommand):
    """容缺后补: the applicant promises to bring the material of a line by a day; a later promise
    replaces it. Window only, until the decision. Refused: case_closed, line_unknown, line_not_later,
    bad_date (past, or more than 180 days away), malformed (no such text)."""

    type: Literal["case.promise"] = "case.promise"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    due_on: date
    text_version: Annotated[str, StringConstraints(max_length=20)]
    language: Language


class CaseMovePromise(CaseCommand):
    """容缺后补: another day for what was promised, with a reason. Approver only, also after acceptance,
    until it is done. Refused: line_unknown (nothing is promised), case_closed, bad_date (past, more
    than 180 days away, or the day that it has)."""

    type: Literal["case.move_promise"] = "case.move_promise"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    due_on: date
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


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


class CaseDecide(CaseAct):
    """Approver only. ``accepted`` is refused (incomplete) while a required line has no accepted material.

    Gives the 办件编号 at the first decision. Result: ``{number}``.
    """

    type: Literal["case.decide"] = "case.decide"
    decision: Decision
    reason: Reason
    again: bool = False
    """Set after the warning: a second 补正 notice is refused (second_notice) without it."""


class CaseRefer(CaseAct):
    """转办: let another unit decide from now on. Approver only.

    Refused: case_closed, reason_missing, same_unit, no_approver (nobody there could decide).
    """

    type: Literal["case.refer"] = "case.refer"
    unit_id: Id
    reason: Reason


class CaseStopClock(CaseAct):
    """Stop the clock of an accepted case for what does not count (行政许可法 45); its notice is made.
    Approver only. Refused: limit_not_running, clock_stopped, limit_passed, reason_missing."""

    type: Literal["case.stop_clock"] = "case.stop_clock"
    why: StopReason
    reason: Reason


class CaseResumeClock(CaseAct):
    """Let the clock run again. Approver only. Refused: limit_not_running, clock_running.
    Result: ``{due_on}``."""

    type: Literal["case.resume_clock"] = "case.resume_clock"


class CaseExtendLimit(CaseAct):
    """延长 (行政许可法 42), once; its notice is made. Only an approver who is the head of the authority
    (forbidden). Refused: limit_not_running, extended_already, extension_too_long, limit_passed,
    reason_missing. Result: ``{due_on}``."""

    type: Literal["case.extend_limit"] = "case.extend_limit"
    days: Annotated[int, Field(ge=1, le=60)]
    reason: Reason


class CaseSay(CaseCommand):
    """Write a message. Window, approver and third. Refused: throttled (2000 a case). Result: ``{saying_id}``."""

    type: Literal["case.say"] = "case.say"
    lane: Lane
    text: Text
    call_id: Id | None = None
    for_applicant: bool = False
    """The applicant wrote it on the turned screen: shared lane, window only."""


class CaseComment(CaseCommand):
    """Begin a thread. Window, approver and third. Result: ``{comment_id}``."""

    type: Literal["case.comment"] = "case.comment"
    on: Anchor
    text: Text


class CaseReply(CaseCommand):
    """Answer in a thread; a resolved one opens again."""

    type: Literal["case.reply"] = "case.reply"
    comment_id: Id
    text: Text


class CaseResolve(CaseCommand):
    """Close (or open again) a thread: the approver, or who began it."""

    type: Literal["case.resolve"] = "case.resolve"
    comment_id: Id
    resolved: StrictBool


class CaseCheck(CaseCommand):
    """The approver's word about one point of the item's checklist; ``none`` takes it back."""

    type: Literal["case.check"] = "case.check"
    point: Annotated[str, StringConstraints(max_length=64)]
    verdict: PointWord
    note: Reason = ""


class CaseSummarise(CaseCommand):
    """Show the read-only summary; that it was shown, when and ``to`` whom, is recorded. Only what the
    applicant was shown can be signed. Window only. Result: SummaryView."""

    type: Literal["case.summarise"] = "case.summarise"
    to: Viewer = "applicant"


StrokePoint = tuple[Share, Share, Share, Annotated[int, Field(ge=0, le=3_600_000)]]
"""x, y, pressure (0.5 where the pad knows none) and milliseconds since the first point."""


class CaseSign(CaseCommand):
    """The applicant signs the summary that was last shown, as ``hash`` and ``shown_at`` name it.
    Window only. Refused: stale (something changed since, or it is not what was shown).
    Result: ``{signature_id}``."""

    type: Literal["case.sign"] = "case.sign"
    hash: Hash
    shown_at: datetime
    width: Annotated[int, Field(ge=50, le=8000)]
    height: Annotated[int, Field(ge=50, le=8000)]
    strokes: Annotated[
        list[Annotated[list[StrokePoint], Field(min_length=1, max_length=4000)]],
        Field(min_length=1, max_length=200),
    ]


class CaseSubmit(CaseAct):
    """Hand the signed summary in; gives the 办件编号 and makes the receipt (收件凭证). Window only.
    Refused: signature_missing (none, outdated, or of another summary), incomplete (a required line or
    field is empty). Result: ``{number}``."""

    type: Literal["case.submit"] = "case.submit"
    hash: Hash


class CaseRate(CaseCommand):
    """The applicant says on his own screen how he was served in a call that has ended. Only from a
    socket that opened the case ``as_applicant``. Refused: call_running, rating_closed,
    reason_missing (a bad level without a reason). Result: ``{number}``; what was said is in no ack."""

    type: Literal["case.rate"] = "case.rate"
    call_id: Id
    level: SatisfactionLevel
    reasons: list[RatingReason] = []
    text: Annotated[str, Field(max_length=500)] = ""


class CaseInvitePhone(CaseCommand):
    """Let one phone bring pages to a line, for five minutes. The page makes the secret of the link and
    tells only its SHA-256; an earlier link of the case ends with this one. Window only.
    Refused: line_unknown, case_closed, throttled (200 links). Result: ``{phone_id, expires_at}``."""

    type: Literal["case.invite_phone"] = "case.invite_phone"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret_sha256: Hash


class CaseWithdrawPhone(CaseCommand):
    """End a link, whether a phone has taken it or not. Window only."""

    type: Literal["case.withdraw_phone"] = "case.withdraw_phone"
    phone_id: Id


class CasePrintForm(CaseAct):
    """Make the form as it is filled now, as a paper to print. Window only. Refused: throttled (50 a
    case). Result: ``{paper_id}``."""

    type: Literal["case.print_form"] = "case.print_form"


class CaseUnmask(CaseCommand):
    """Read a sensitive value whole, for a minute, by a reason that is kept; the value is at
    ``GET /cases/{case_id}/unmasked/{unmasking_id}``. Approver and supervisor. Refused: field_unknown,
    reason_missing, throttled (200 a case). Result: ``{unmasking_id, expires_at}``."""

    type: Literal["case.unmask"] = "case.unmask"
    what: Annotated[
        str,
        StringConstraints(pattern=rf"^(identity_number|phone|field:{_PATH})$", max_length=70),
    ]
    reason: Reason


class CaseCreated(Event):
    type: Literal["case.created"] = "case.created"
    case: CaseView


class CaseConsented(Event):
    sets: ClassVar = {"consent": "consent"}

    type: Literal["case.consented"] = "case.consented"
    consent: Consent


class HandoverChanged(Event):
    """The whole list as it is now."""

    into: ClassVar = (Put("handovers", "handover"),)

    type: Literal["handover.changed"] = "handover.changed"
    handover: HandoverView


class CasePromised(Event):
    """In place of an earlier one of that line."""

    into: ClassVar = (Put("promises", "promise"),)

    type: Literal["case.promised"] = "case.promised"
    promise: PromiseView


class CaseEarlierConsented(Event):
    sets: ClassVar = {"earlier_consent": "consent"}

    type: Literal["case.earlier_consented"] = "case.earlier_consented"
    consent: Consent


class CaseCalled(Event):
    """A call about this case began."""

    sets: ClassVar = {"call_id": "call_id", "state": "state"}

    type: Literal["case.called"] = "case.called"
    call_id: str
    state: CaseState


class CaseAnswered(Event):
    """A call about this case was answered; the case is under review."""

    sets: ClassVar = {"call_id": "call_id", "state": "state"}

    type: Literal["case.answered"] = "case.answered"
    call_id: str
    state: CaseState


class CaseEdited(Event):
    """``field_state.version`` equals the event's version. Open proposals named in ``outdated`` are outdated by it."""

    into: ClassVar = (Put("fields", "field_state", lambda event: f"field:{event.field}"),)
    also: ClassVar = ("proposals", "signature")

    type: Literal["case.edited"] = "case.edited"
    field: str
    field_state: FieldState
    outdated: list[str] = []
    sensitive: bool = False
    """The value is masked for every audience but the window."""


class CaseProposed(Event):
    into: ClassVar = (Put("proposals", "proposal"),)

    type: Literal["case.proposed"] = "case.proposed"
    proposal: Proposal
    sensitive: bool = False


class CaseProposalClosed(Event):
    """``field_state`` is there when it was adopted: field and proposal change in one event."""

    into: ClassVar = (
        Put("proposals", "proposal"),
        Put("fields", "field_state", lambda event: f"field:{event.proposal.field}"),
    )
    also: ClassVar = ("proposals", "signature")

    type: Literal["case.proposal_closed"] = "case.proposal_closed"
    proposal: Proposal
    field_state: FieldState | None = None
    outdated: list[str] = []
    sensitive: bool = False


class MaterialChanged(Event):
    into: ClassVar = (Put("materials", "material"),)
    also: ClassVar = ("signature",)

    type: Literal["material.changed"] = "material.changed"
    material: MaterialView


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


class CaseDecided(Event):
    """Open proposals named in ``outdated`` are outdated by a decision that closes the case."""

    sets: ClassVar = {"number": "number", "state": "state", "decision": "decision"}
    also: ClassVar = ("corrections", "proposals")

    type: Literal["case.decided"] = "case.decided"
    number: str
    state: CaseState
    decision: Decided
    outdated: list[str] = []


class CaseReferred(Event):
    """Another unit decides. Whoever watched the case as anything but the window opens it anew: his socket
    gets nothing more of it."""

    into: ClassVar = (Put("referrals", "referral"),)
    also: ClassVar = ("item",)

    type: Literal["case.referred"] = "case.referred"
    referral: ReferralView
    unit_id: str
    place: str


class CaseRecounted(Event):
    """The limits of an accepted case, counted anew: the working-day calendar changed, or its clock."""

    sets: ClassVar = {"decision": "decision"}

    type: Literal["case.recounted"] = "case.recounted"
    decision: Decided
    why: Literal["calendar", "stopped", "resumed", "extended"] = "calendar"
    by: PersonRef | None = None


class CaseSaid(Event):
    into: ClassVar = (Put("sayings", "saying"),)

    type: Literal["case.said"] = "case.said"
    saying: Saying


class CaseCommented(Event):
    """The whole thread as it is now."""

    into: ClassVar = (Put("comments", "comment"),)

    type: Literal["case.commented"] = "case.commented"
    comment: Comment


class CaseChecked(Event):
    """``check`` is null when it was taken back."""

    into: ClassVar = (Put("checks", "check"),)

    type: Literal["case.checked"] = "case.checked"
    point: str
    check: Check | None


class CaseShown(Event):
    """A summary with this hash was shown at ``at``: to the applicant, or to the clerk ``by`` on his own page."""

    type: Literal["case.shown"] = "case.shown"
    hash: str
    to: Viewer = "applicant"
    by: PersonRef | None = None


class CaseSigned(Event):
    sets: ClassVar = {"signature": "signature"}

    type: Literal["case.signed"] = "case.signed"
    signature: SignatureView


class CaseSubmitted(Event):
    sets: ClassVar = {"number": "number", "submission": "submission"}

    type: Literal["case.submitted"] = "case.submitted"
    number: str
    submission: Submission


class CaseRated(Event):
    """Skipped for all but the supervisor and the applicant's screen."""

    into: ClassVar = (Put("ratings", "rating"),)

    type: Literal["case.rated"] = "case.rated"
    rating: RatingView


class CaseUnmasked(Event):
    """Skipped for the applicant's screen."""

    into: ClassVar = (Put("unmaskings", "unmasking"),)

    type: Literal["case.unmasked"] = "case.unmasked"
    unmasking: UnmaskingView


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


class PaperChanged(Event):
    into: ClassVar = (Put("papers", "paper"),)

    type: Literal["paper.changed"] = "paper.changed"
    paper: PaperView


class PhoneChanged(Event):
    """The whole link as it is now."""

    into: ClassVar = (Put("phones", "phone"),)

    type: Literal["phone.changed"] = "phone.changed"
    phone: PhoneView


class CaseTyping(Message):
    """The value as it grows, at most 10 a second; ``by`` and ``sensitive`` are set by the server alone."""

    type: Literal["case.typing"] = "case.typing"
    case_id: Id
    field: FieldName
    value: FieldValue
    by: PersonRef | None = None
    sensitive: bool = False
    """The value is masked for every audience but the window."""


class CaseFocus(Message):
    """Who is in which field (null: in none). Sent on change and every 5 s; gone after 10 s of silence."""

    type: Literal["case.focus"] = "case.focus"
    case_id: Id
    field: FieldName | None
    by: PersonRef | None = None


class CasePoint(Message):
    """Who points at which field (null: stopped)."""

    type: Literal["case.point"] = "case.point"
    case_id: Id
    field: FieldName | None
    by: PersonRef | None = None


class MaterialProgress(Message):
    """Sent by the server while a file arrives, from the first chunk, at most 10 a second."""

    type: Literal["material.progress"] = "material.progress"
    case_id: Id
    material_id: Id
    received_bytes: int
    size_bytes: int


class DocumentPoint(Message):
    """Where somebody points in a document, in its own coordinates (null: stopped). At most 20 a second."""

    type: Literal["document.point"] = "document.point"
    case_id: Id
    material_id: Id
    page: Annotated[int, Field(ge=1, le=10_000)]
    x: Share | None
    y: Share | None
    by: PersonRef | None = None


class DocumentDraw(Message):
    """A stroke as it grows, whole each time (null: given up); kept by ``case.draw``. At most 20 a second."""

    type: Literal["document.draw"] = "document.draw"
    case_id: Id
    material_id: Id
    page: Annotated[int, Field(ge=1, le=10_000)]
    points: Stroke | None
    by: PersonRef | None = None


class DocumentLook(Message):
    """Which page somebody looks at (null: at none); with ``follow`` the others' pages turn along (请对方跟随).
    Sent on change and every 5 s; gone after 10 s of silence."""

    type: Literal["document.look"] = "document.look"
    case_id: Id
    material_id: Id | None
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    follow: bool = False
    by: PersonRef | None = None


COMMANDS: tuple[type[Command], ...] = (
    CaseCreate, CaseOpen, CaseConsent, CaseEdit, CaseDraft, CaseHold, CasePropose,
    CaseCloseProposal, CaseReview, CaseGrade, CaseMoveMaterial, CaseDecide, CaseRefer, CaseSay, CaseComment, CaseReply, CaseResolve,
    CaseCheck, CaseSummarise, CaseSign, CaseSubmit, CaseRate, CaseInvitePhone, CaseWithdrawPhone,
    CaseStopClock, CaseResumeClock, CaseExtendLimit, CaseUnmask, CaseDraw, CaseClearDrawings,
    CaseKeepDrawing, CasePrintForm, CaseConsentEarlier, CaseTakeEarlier, CasePromise, CaseMovePromise,
    CaseSendOriginals, CaseReceiveOriginals,
)  # fmt: skip
EVENTS: tuple[type[Event], ...] = (
    CaseCreated, CaseConsented, CaseCalled, CaseAnswered, CaseEdited, CaseProposed, CaseProposalClosed,
    MaterialChanged, MaterialMoved, CaseDecided, CaseReferred, CaseRecounted, CaseSaid, CaseCommented, CaseChecked, CaseShown, CaseSigned,
    CaseSubmitted, CaseRated, PaperChanged, PhoneChanged, CaseUnmasked, CaseDrawn,
    CaseDrawingsCleared, CaseDrawingKept, CaseEarlierConsented, CasePromised, HandoverChanged,
)  # fmt: skip
EPHEMERALS: tuple[type[Message], ...] = (
    CaseTyping, CaseFocus, CasePoint, MaterialProgress, DocumentPoint, DocumentDraw, DocumentLook,
)  # fmt: skip
FROM_PAGE: tuple[type[Message], ...] = (
    CallQuality, CaseTyping, CaseFocus, CasePoint, DocumentPoint, DocumentDraw, DocumentLook,
)  # fmt: skip
"""The ephemerals that a page may send; ``by`` is always set by the server."""
