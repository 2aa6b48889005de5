"""The whole case as a page sees it, and what comes with it when it is opened.

Made of the shapes of each fact beside it. Knows the words of the rules and the envelope of
``signaling.wire``; no storage, no rules.
"""

from datetime import datetime
from typing import ClassVar

from server.case.rules.course.states import CaseState
from server.case.wire.course.advancing import CourseView
from server.case.wire.course.joint import UnitTaskView
from server.case.wire.course.sequels import SequelOfView
from server.case.wire.decision import Check, Decided, DueView, ReferralView
from server.case.wire.form import FieldState, Proposal
from server.case.wire.materials import HandoverView, MaterialMoved, MaterialView
from server.case.wire.phones import PhoneView
from server.case.wire.promises import PromiseView
from server.case.wire.rating import RatingView
from server.case.wire.showing import DrawingView
from server.case.wire.signing import PaperView, SignatureView, Submission
from server.case.wire.talk import Comment, Saying
from server.case.wire.unmasking import UnmaskingView
from server.case.wire.words import Applicant, Consent, Version
from server.catalogue.rules.item import (
    Mode,
)
from server.catalogue.wire import ItemView
from server.rights.hand import Reader
from signaling.wire.envelope import Message, PersonRef


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
            "receipt_number",
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
    course: CourseView = CourseView()
    """What became of it after acceptance, or instead of it."""
    owner: PersonRef | None = None
    """Who of the unit that decides handles it; null: it lies in the unit's pool."""
    unit_tasks: list[UnitTaskView] = []
    """多地联办: what other units have to do in it."""
    receipt_number: str | None = None
    """收件号 of the receiving place, given with the first material and kept."""
    sequel_of: SequelOfView | None = None
    """The granted case that this one follows; null: it follows none."""


class Draft(Message):
    """My own unsaved value of a field, as it was up to a second ago."""

    value: str
    base_version: Version
    at: datetime


class CaseOpened(Message):
    """Result of ``case.open``. ``due`` is the promised limit if the case were accepted today.

    ``moved``: how somebody else put a file elsewhere last, for people who were not there when it was told. An
    event of ``calendar:<region>`` afterwards says that ``due`` may be another.
    """

    audience: Reader
    version: int
    case: CaseView
    drafts: dict[str, Draft]
    due: DueView
    moved: "MaterialMoved | None" = None
