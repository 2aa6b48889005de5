"""What HTTP takes and gives of cases, the working days and quick phrases: bodies and answers.

Shapes only, for the edge, the OpenAPI document and the TypeScript messages. A case keeps the shape
that it has on the socket (``server.case.wire.view``). No rules, no storage.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from server.case.rules.course.course import SequelKind
from server.case.rules.course.states import CaseState
from server.case.rules.materials.material import Grade, Judged
from server.case.rules.materials.promise import Owing
from server.case.rules.talk.saying import PhraseKind
from server.case.wire.course.owning import RunningClock
from server.case.wire.view import CaseView
from server.catalogue.rules.card import Kind as CardKind
from server.catalogue.rules.item import Mode
from server.rights.hand import Reader
from server.standards.languages import Language
from signaling.wire.envelope import Message, PersonRef


class Enquire(Message):
    """An applicant asks how his case stands: its 办件编号, and the last six of the number of
    his document."""

    number: Annotated[
        str, StringConstraints(min_length=1, max_length=50, strip_whitespace=True, pattern=r"\S")
    ]
    identity_tail: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{6}$")]


class EnquiryView(Message):
    """How a case stands, with nothing of a person. Days are China's; ``stopped``: the clock stands."""

    number: str
    item_name: str
    unit_name: str
    """The unit that decides."""
    window_name: str
    state: CaseState
    registered_on: date
    submitted_on: date | None
    decided_on: date | None
    due_on: date | None
    """The promised limit of an accepted case."""
    legal_due_on: date | None
    stopped: bool
    owed_by: date | None
    """By when what was promised (容缺后补) has to come."""


class CalendarDay(Message):
    on: date
    works: bool


class KnownDay(CalendarDay):
    source: str
    """Who says so: ``chinesecalendar``, or the notice that an operator named."""


class CalendarYear(Message):
    """What is known of a year; a day that is not named is counted by its weekday, as 暂定."""

    year: int
    days: list[KnownDay]


class CalendarEdit(Message):
    """Days whose state an operator sets; ``dry_run`` only tells which cases would move."""

    days: Annotated[list[CalendarDay], Field(min_length=1, max_length=400)]
    source: Annotated[
        str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")
    ]
    dry_run: StrictBool = False


class MovedCase(Message):
    """An accepted case of which a time limit ends on another day. ``before`` and ``after`` are the promised
    limit (承诺期限), ``legal_before`` and ``legal_after`` that of the law (法定期限); each is told, moved or not."""

    case_id: str
    number: str | None
    item_name: str
    before: date
    after: date
    legal_before: date
    legal_after: date
    provisional: bool
    """Of either limit as it is now."""


class CalendarChange(Message):
    changed: int
    """Days that are another now than before."""
    moved: list[MovedCase]
    """The first 500 of them, oldest first."""
    moved_count: int
    written: bool


class CaseSummary(Message):
    """One row of a list of cases. The applicant's name is masked (孙**); of a consultation there is none."""

    id: str
    number: str | None
    receipt_number: str | None = None
    """收件号, from the first material on."""
    migrated: bool = False
    """迁移: it goes on from an upgrade, and counts in no figure of what was done in time."""
    sequel_kind: SequelKind | None = None
    """As what it follows another case (变更, 延续, 撤销 …)."""
    state: CaseState
    correcting: bool = False
    """``to_correct`` and something that the notice named still waits; once all of it is settled the case is under review."""
    mode: Mode
    item_name: str
    applicant_masked: str
    clerk: PersonRef
    window_name: str
    window_unit_name: str
    window_place: str
    unit_id: str
    unit_name: str
    place: str
    call_id: str | None
    created_at: datetime
    decided_at: datetime | None
    combined: bool = False
    """Whether one person took it and decided it (即办可审核合一), for those who sample."""
    due_on: date | None
    correct_by: date | None = None
    """Until when what the notice named is wanted, while the case is ``correcting``; null of older notices."""
    materials_stored: int
    """Lines of the list that hold a stored material."""
    materials_required: int
    """Lines of the list that must hold one."""
    judged: Judged = "none"
    """How many of the files that lie on lines the approver has judged."""
    referred_from: str | None = None
    """The unit from which it came to the one that decides (转入)."""
    owner: PersonRef | None = None
    """Who of the unit that decides handles it; null: it lies in the unit's pool (待认领)."""
    running: RunningClock | None = None
    """The clock that runs; null in the archive, and of a consultation."""
    question: str = ""
    """What was asked, of a consultation (咨询) alone."""
    answer: str = ""
    """What was answered; empty while the consultation is open."""


class CaseCounts(Message):
    """How many rows each list of a desk has: 要我处理, 对方处理, 将到期, 已办结. 10,001: more than 10,000."""

    mine: int
    theirs: int
    soon: int
    done: int


class Cases(Message):
    """Newest first. ``next_cursor`` asks for the following rows; null at the end."""

    cases: list[CaseSummary]
    next_cursor: str | None


class ReferredCase(Message):
    """转出: a case that the asker's unit referred to another one, as it stood then. The applicant's name is masked."""

    case_id: str
    item_name: str
    applicant_masked: str
    window_unit_name: str
    window_name: str
    to_unit_name: str
    reason: str
    by: PersonRef
    at: datetime


class ReferredCases(Message):
    """Newest first. ``next_cursor`` asks for the following rows; null at the end."""

    cases: list[ReferredCase]
    next_cursor: str | None


class CaseSnapshot(Message):
    """A case as the asker's audience sees it at ``version``."""

    audience: Reader
    version: int
    case: CaseView


class Unmasked(Message):
    """A sensitive value, whole, for the person who unmasked it. Never kept by a page."""

    what: str
    value: str
    expires_at: datetime


class SignatureImage(Message):
    """The strokes of a signature: x, y, pressure as shares, milliseconds since the first point."""

    id: str
    width: int
    height: int
    strokes: list[list[tuple[float, float, float, int]]]


class Phrase(Message):
    """A quick phrase of the asker's unit, or of all (常用语).

    ``reason``: why a material is to be corrected; ``accepted``, ``refused``: why a case was decided so.
    """

    id: str
    kind: PhraseKind
    text: str


class Phrases(Message):
    phrases: list[Phrase]


class CardReading(Message):
    """What was read off a picture of a card: for which fields it was offered as a proposal, and which
    say the same already, by their paths."""

    kind: CardKind
    offered: list[str]
    same: list[str]


class OwedMaterial(Message):
    """What was promised to an accepted case (容缺后补) and is not done."""

    case_id: str
    number: str | None
    item_name: str
    applicant_masked: str
    line: str
    line_name: str
    window_unit_name: str
    due_on: date
    days_left: int
    """Below 0: so many days overdue."""
    standing: Owing
    """``received``: it came, and waits to be judged."""


class OwedMaterials(Message):
    """The most urgent cases first; the next ones are asked for by ``cursor``."""

    owed: list[OwedMaterial]
    next_cursor: str | None = None


class EarlierMaterial(Message):
    """A file that the applicant brought to another matter; what it holds is not shown before it is used here."""

    id: str
    item_name: str
    line_name: str
    """Empty for what was on no line."""
    name_masked: str
    """The first character of the file's name, and its ending."""
    place: str
    """Of the window that took it."""
    at: datetime
    media_type: str
    size_bytes: int
    pages: int | None
    grade: Grade | None
    fits: list[str]
    """Keys of the lines of this case that ask for a paper of that name."""


class EarlierMaterials(Message):
    """Newest first."""

    materials: list[EarlierMaterial]


class ConsentText(Message):
    """The words that the applicant is shown before he answers; ``version`` is what ``case.consent``, ``case.consent_earlier``
    or ``case.promise`` names; that of a promise has places for ``{line}`` and ``{day}``, that of a declaration for ``{line}``."""

    version: str
    language: Language
    text: str
