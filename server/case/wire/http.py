"""What the REST interface takes and gives: bodies, answers, the problem.

Shapes only, for the edge, the OpenAPI document and the TypeScript messages. The
case and the call keep the shapes they have on the socket (``server.case.wire.view``,
``signaling.protocol``). No rules, no storage.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.calls.rules import MarkKind, PlaybackSource, PlaybackState, PlaybackType
from server.calls.wire import CallView
from server.case.rules.case import CaseState, Decision
from server.case.rules.material import Grade, Judged
from server.case.rules.promise import Standing
from server.case.rules.saying import PhraseKind
from server.case.wire.view import CaseView, ItemView
from server.catalogue.rules.blueprint import Why as FormWhy
from server.catalogue.rules.card import Kind as CardKind
from server.catalogue.rules.item import Mode
from server.catalogue.rules.listing import Why as RowWhy
from server.catalogue.rules.lowering import LoweringState
from server.rights.hand import Audience
from server.rights.person import Role
from server.standards.languages import Language
from server.standards.papers import PaperKind
from server.standards.template import Why as TemplateWhy
from signaling.protocol import WORDS, CallState, EndReason, Message, PersonRef, Seat

RoleName = Annotated[Role, WORDS]

# ---------------------------------------------------------------- problems


class Problem(Message):
    """A refusal or a fault as RFC 9457 problem details, told in the asker's language."""

    type: str
    """URI reference of the kind of problem: ``/problems/<code>``."""
    title: str
    """One sentence for the person."""
    status: int
    detail: str | None = None
    code: str
    reference: str
    """Names this very occurrence in the server's log."""
    details: dict[str, str | int | float | bool | None] = {}
    """Safe facts of the refusal: ids, limits, names of fields."""


# ---------------------------------------------------------------- sessions


class SignIn(Message):
    """Sign-in with a password. An unknown login and a wrong password are not told apart."""

    login: Annotated[
        str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")
    ]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Enquire(Message):
    """An applicant asks how his case stands: its 办件编号, and the last six of his identity number."""

    number: Annotated[
        str, StringConstraints(min_length=1, max_length=50, strip_whitespace=True, pattern=r"\S")
    ]
    identity_tail: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}[0-9Xx]$")]


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


class TakePhone(Message):
    """A phone takes the link whose secret it was shown."""

    phone_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$")]


class PhoneSession(Message):
    """What a phone may bring, and until when."""

    item_name: str
    line_name: str
    """Empty for what is on no line of the list."""
    sides: list[str]
    """正面, 反面: in which order its sides are taken; empty where it has none."""
    unit_name: str
    window_name: str
    expires_at: datetime
    pages: int
    """How many it has begun to bring."""
    pages_at_most: int
    max_bytes: int


class UnitRef(Message):
    id: str
    name: str
    place: str


class WindowRef(Message):
    id: str
    name: str


class SignedIn(Message):
    """Who is signed in."""

    id: str
    login: str
    name: str
    staff_number: str
    roles: list[RoleName]
    unit: UnitRef
    window: WindowRef | None


class SessionView(Message):
    person: SignedIn
    expires_at: datetime
    must_change: bool = False
    """The password is a temporary one: nothing else is answered until it is changed."""
    idle_s: float = 0.0
    """A page that is not used for so long asks whether somebody is there; 0: never."""


class ChangePassword(Message):
    """The password that one has, and the one that counts from now on."""

    old: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    new: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SessionsEnded(Message):
    """How many sign-ins are over with that."""

    ended: int


class BlockPerson(Message):
    reason: Annotated[str, StringConstraints(max_length=200)]


class TemporaryPassword(Message):
    """Told once; to be changed until then."""

    password: str
    until: datetime


class TokenView(Message):
    """A bearer token for a client without cookies. It is shown once; only its SHA-256 is kept."""

    token: str
    person: SignedIn
    expires_at: datetime


# ---------------------------------------------------------------- catalogue


class ItemSummary(Message):
    """An item that can be asked for, in its version in use."""

    id: str
    code: str
    name: str
    version: int
    unit_id: str
    unit_name: str
    place: str
    promised_days: int
    modes: list[Mode]


class Items(Message):
    items: list[ItemSummary]


class CatalogueItem(Message):
    """The newest version of an item, as an administrator sees it in the list."""

    id: str
    code: str
    name: str
    version: int
    unit_name: str
    place: str
    item_type: str
    """事项类型 in words; empty where it is not known."""
    promised_days: int
    lines: int
    """How many materials it asks for."""
    fields: int
    """How many fields its form has."""
    in_use: bool


class CatalogueItems(Message):
    items: list[CatalogueItem]
    total: int


class ItemVersion(Message):
    """``made_by`` is the name of who made it; empty where nobody noted it."""

    id: str
    version: int
    in_use: bool
    made_at: datetime | None = None
    made_by: str = ""
    note: str = ""


class ItemVersions(Message):
    """One version of an item whole, and which others there are, newest first."""

    item: ItemView
    in_use: bool
    legal_days: int | None
    item_type: str
    level: str
    versions: list[ItemVersion]


class LoweredField(Message):
    """A field that would leave unmasked; ``path`` is its name, or ``group.column``."""

    path: str
    label: str


class LoweringView(Message):
    """A form that makes fields less sensitive, and waits for a second administrator of the unit."""

    id: str
    state: LoweringState
    """``outdated``: another version was published meanwhile."""
    document: dict[str, Any]
    fields: list[LoweredField]
    note: str
    by: str
    """The name of who asked."""
    mine: bool
    """I asked: another one has to agree."""
    at: datetime
    made_id: str | None = None
    """The version that came of it."""


class WaitingLowering(Message):
    """One of them in a list, by its item; ``item_id`` is the version over which it was written."""

    id: str
    item_id: str
    code: str
    by: str
    mine: bool
    at: datetime


class WaitingLowerings(Message):
    lowerings: list[WaitingLowering]


class ItemForm(Message):
    """The form of a version of an item as JSON Schema with its presentation (docs/forms.md)."""

    item: ItemView
    newest: int
    """The newest version of the item: a form is published over it."""
    document: dict[str, Any]
    lowering: LoweringView | None = None
    """What waits for a second administrator of the unit."""
    closed: Literal["agreed", "declined", "withdrawn", "outdated"] | None = None
    """What became of the last one, where none waits."""


class LoweringAnswer(Message):
    agree: StrictBool
    """No by a second person declines; no by who asked takes it back."""


class FormDocument(Message):
    document: dict[str, Any]


class FormPublication(Message):
    """``version`` is the newest one that the page knows of."""

    document: dict[str, Any]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    note: Annotated[
        str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"\S")
    ]


class FormFault(Message):
    """What is wrong in a document: where (JSON pointer, RFC 6901), what it is about."""

    pointer: str
    why: FormWhy
    name: str = ""


class FormCheck(Message):
    """What would come of a document: the item as it would be, or everything that is wrong."""

    item: ItemView | None
    faults: list[FormFault]
    lowers: list[LoweredField] = []
    """Which fields it makes less sensitive: that needs a second administrator of the unit."""


class TemplateVersion(Message):
    """One version of how a unit lays out a kind of paper: who made it, when and why."""

    version: int
    built_in: bool
    """It goes back to the built-in layout."""
    made_at: datetime
    made_by: str
    note: str


class TemplateRow(Message):
    """A kind of paper, and by what the unit lays it out; ``newest`` is None while that was never changed."""

    kind: PaperKind
    title: str
    newest: TemplateVersion | None


class Templates(Message):
    unit_name: str
    may_edit: bool
    templates: list[TemplateRow]


class TemplateWhole(Message):
    """A template as it is used now (Typst), its versions, newest first, and the invented ``facts``
    that it is tried out with."""

    kind: PaperKind
    title: str
    source: str
    built_in: bool
    versions: list[TemplateVersion]
    facts: dict[str, Any]


class TemplateSource(Message):
    version: int
    source: str


TemplateWords = Annotated[str, StringConstraints(min_length=1, max_length=64 * 1024)]


class TemplateText(Message):
    source: TemplateWords


class TemplatePublication(Message):
    """``source`` None is the built-in layout; ``version`` the newest that the page knows of, 0 without any."""

    source: TemplateWords | None
    version: Annotated[int, Field(ge=0, le=1_000_000)]
    note: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class TemplateFault(Message):
    """Why a template cannot be used: the line (0: none), and what it is about, as Typst says it;
    with ``lacks`` what is not read on the paper."""

    line: int
    why: TemplateWhy
    name: str = ""


class TemplateCheck(Message):
    """The paper of an invented case: how many pages, the first of them as PNG in Base64; or faults."""

    pages: int
    pictures: list[str]
    faults: list[TemplateFault]


class ItemOffer(Message):
    """Whether a version of an item is offered at the windows."""

    in_use: StrictBool


class BadRow(Message):
    """Why a row is not taken. Rows are counted from 1 below the header."""

    row: int
    column: str
    why: RowWhy


class CatalogueImport(Message):
    """What an import did, or would do when it was only asked for."""

    rows: int
    new: int
    changed: int
    unchanged: int
    bad: int
    """Rows that are not taken."""
    faults: list[BadRow]
    """The first 500 reasons."""
    new_units: list[str]
    written: bool


# ---------------------------------------------------------------- the working-day calendar


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


class RegionView(Message):
    """``parent`` is the code of the region that it lies in, empty for a province."""

    code: str
    name: str
    parent: str


class Regions(Message):
    """The regions of today (GB/T 2260), in the order of the standard."""

    regions: list[RegionView]


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


# ---------------------------------------------------------------- cases


class CaseSummary(Message):
    """One row of a list of cases. The applicant's name is masked (孙**)."""

    id: str
    number: str | None
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
    materials_stored: int
    """Lines of the list that hold a stored material."""
    materials_required: int
    """Lines of the list that must hold one."""
    judged: Judged = "none"
    """How many of the files that lie on lines the approver has judged."""
    referred_from: str | None = None
    """The unit from which it came to the one that decides (转入)."""


class Cases(Message):
    """Newest first. ``next_cursor`` asks for the following rows; null at the end."""

    cases: list[CaseSummary]
    next_cursor: str | None


class CaseSnapshot(Message):
    """A case as the asker's audience sees it at ``version``."""

    audience: Audience
    version: int
    case: CaseView


class HistoryEvent(Message):
    """One event of a case as the supervisor sees it; ``event`` is a case or material event of the socket."""

    version: int
    type: str
    at: datetime
    event: dict[str, Any]


class Unmasked(Message):
    """A sensitive value, whole, for the person who unmasked it. Never kept by a page."""

    what: str
    value: str
    expires_at: datetime


class RefusedSignature(Message):
    """A signature that was not taken, and why: ``stale`` when what was signed is no longer what stands there."""

    at: datetime
    by: PersonRef | None
    code: str


class CaseHistory(Message):
    """Events in the order of their versions."""

    subject: str
    events: list[HistoryEvent]
    next_after: int | None
    """Ask with ``?after=`` this version for the following events; null at the end."""
    refused_signatures: list[RefusedSignature] = []
    """Those of the case's window, all of them, with the first events."""


class Finding(Message):
    """One place where the ledger does not hold."""

    kind: str
    subject: str | None
    version: int | None
    leaf: int | None
    text: str


class Report(Message):
    """Result of a ledger check: of a case together with its calls."""

    ok: bool
    subject: str | None
    """The case that was checked; null for the whole ledger."""
    entries: int
    sealed: int
    """Entries of the whole ledger that stand under its last signed head."""
    root: str | None
    head_at: datetime | None
    """When that head was signed."""
    format_1: int = 0
    """Of the entries, those that seal no event and tell no rows: from before there was more."""
    pruned: int = 0
    """Of the events, those that were let go by age."""
    rows: int = 0
    """Rows of the record that were compared with what the entries told."""
    untold: int = 0
    """Of these, those that are older than the entries which could tell of them."""
    findings: list[Finding]
    checked_at: datetime


class LedgerRow(Message):
    """One entry of a case's ledger as the supervisor reads it."""

    version: int
    at: datetime
    actor: PersonRef | None
    """Null for the system itself."""
    on_behalf_of: str | None
    act: str
    object: str
    result: str
    hash: str
    leaf: int | None
    """Number in the tree; null while the sequencer has not numbered it yet."""


class Ledger(Message):
    subject: str
    entries: list[LedgerRow]


# ---------------------------------------------------------------- calls and recordings

RecordingState = Literal["recording", "stored", "lost", "tampered"]


class RecordingView(Message):
    """One party's file: one leg, one segment. ``tampered``: the bytes no longer match ``sha256``."""

    id: str
    leg_id: str
    seat: Seat
    person: PersonRef
    state: RecordingState
    started_at: datetime
    ended_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    gaps: list[dict[str, Any]]
    """Spans in which packets were missing."""
    source: PlaybackSource
    cut: bool
    """Its recorder died over it: it goes as far as could be read."""
    sm3: str | None
    """SM3 (GB/T 32905) of the file, where that is set."""


class Loudness(Message):
    """How loud one party was, step by step, 0 to 100."""

    label: str
    peaks: list[int]


class Waveform(Message):
    """All parties' voices in steps of ``step_s`` seconds."""

    step_s: float
    parties: list[Loudness]


class ChapterView(Message):
    """What begins at a second of a composed file."""

    at_s: float
    title: str


class PlaybackView(Message):
    """One party's finished pictures and voice in one seekable file, copied from the segments (its
    document camera and its screen have files of their own); or, with seat ``composed``, all of
    them in one picture. Second 0 is ``started_at``."""

    id: str
    call_id: str
    seat: Seat | Literal["composed"]
    source: PlaybackSource
    person: PersonRef | None
    state: PlaybackState
    progress: float
    """The share that is done, while it waits."""
    fault: Literal["", "font", "nothing"]
    """Why it failed, when that is known: no Chinese font on this server; nothing could be read."""
    media_type: PlaybackType
    started_at: datetime | None
    duration_s: float | None
    size_bytes: int | None
    sha256: str | None
    width: int | None
    height: int | None
    gaps: list[dict[str, Any]]
    """Spans without packets, as ``{from_s, to_s, reason, mid}``."""
    chapters: list[ChapterView]
    loudness: Waveform | None


class FileCheck(Message):
    """Whether the stored bytes still match the hash in the record."""

    kind: Literal["recording", "playback", "material", "paper"]
    id: str
    name: str
    ok: bool
    reason: Literal["", "altered", "missing"] = ""


class Interruption(Message):
    """A stretch of some seconds of which a party's sound or face is not in the recording, though
    nobody had closed it."""

    name: str
    mid: str
    from_at: datetime
    to_at: datetime
    reason: Literal["lost", "dropped", "unwritten"]


class CallCheck(Message):
    """Everything of a call and its case, hashed anew: ledger and files; and what was never recorded."""

    ok: bool
    ledger: Report
    files: list[FileCheck]
    interruptions: list[Interruption] = []
    checked_at: datetime


class MarkView(Message):
    """What was shown or pointed at during a call; not in the ledger, only for replay.

    ``point``: body {field}; ``look``: body {material_id, page}; ``pointer``: body {material_id, page, x, y};
    ``quality``: body {leg_id, quality, sample}, how good the connection of that leg was, as its page told;
    ``worker``: body {leg_id, sample}, a WorkerSample, what the media worker counted of it.
    """

    at: datetime
    kind: MarkKind
    by: PersonRef
    body: dict[str, Any]


class WorkerSample(Message):
    """What a media worker counted of one leg in the ``seconds`` before: packets that came from it and
    went to it, that did not come (repaired or not), that it asked for again and was asked for again
    (nacks), key frames that it asked for and was asked for (plis), and the rates."""

    seconds: float
    packets_in: int
    packets_out: int
    lost_in: int
    nacks_in: int
    nacks_out: int
    plis_in: int
    plis_out: int
    in_kbps: int
    out_kbps: int


class Marks(Message):
    marks: list[MarkView]


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


HealthStatus = Literal["ok", "warning", "failing"]
HealthState = Literal[HealthStatus, "off"]


class HealthPart(Message):
    """One line of the health page. ``detail`` is plain text in the asker's language."""

    key: Literal[
        "version",
        "revision",
        "disk",
        "media",
        "turn",
        "certificate",
        "sequencer",
        "queue",
        "fonts",
        "clock",
        "redis",
        "scanner",
        "walls",
        "office",
        "ofd",
        "cards",
        "log",
    ]
    state: HealthState
    value: str
    detail: str


class HealthView(Message):
    """What an operator sees of the machine (D9)."""

    status: HealthStatus
    parts: list[HealthPart]
    at: datetime


class CallLogRow(Message):
    """One call in the supervisor's log."""

    call_id: str
    case_id: str
    case_number: str | None
    item_name: str
    applicant_masked: str
    caller: PersonRef
    approver: PersonRef | None
    declined_by: PersonRef | None
    """Who declined a call that nobody answered: the last of them."""
    state: CallState
    reason: EndReason | None
    opened_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    recordings: int
    decision: Decision | None
    """What was decided in this call, at last; null: nothing, whatever became of the case."""


class CallLog(Message):
    """Newest first. ``next_cursor`` asks for the following rows; null at the end."""

    calls: list[CallLogRow]
    next_cursor: str | None


class Silence(Message):
    """When nothing was heard of the page of a leg; ``to_at`` null: to the end of the leg."""

    leg_id: str
    from_at: datetime
    to_at: datetime | None


class CallDetail(Message):
    """A call with its files, as the asker's audience sees it at ``version``."""

    version: int
    audience: Audience
    call: CallView
    recordings: list[RecordingView]
    case_number: str | None
    item_name: str
    playbacks: list[PlaybackView] = []
    silences: list[Silence] = []


# ---------------------------------------------------------------- told before asking


class Limits(Message):
    """What an upload may be; told before it is chosen."""

    max_bytes: int
    media_types: list[str]
    upload_lives_s: int
    """An unfinished upload is given up this many seconds after it last took bytes."""
    files_left: int | None
    """How many files the asker may still bring now, by his quota and his unit's; null: any number."""
    bytes_left: int | None
    reads_cards: bool
    """Whether identity cards and business licences are read here."""
    quota_scarce: bool = False
    """Less than a tenth of one of the quotas is left."""


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
    standing: Standing
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
    or ``case.promise`` names; that of a promise has places for ``{line}`` and ``{day}``."""

    version: str
    language: Language
    text: str


# ---------------------------------------------------------------- administration


class RoleConflict(Message):
    """Two roles that exclude one another, of one person who has both (``held``) or may have them;
    ``allowed``: for what reason a security officer let them be."""

    first: RoleName
    second: RoleName
    allowed: str | None = None
    held: bool = True


class ExemptPerson(Message):
    first: RoleName
    second: RoleName
    reason: Annotated[str, StringConstraints(max_length=1000)]


class PersonRow(Message):
    id: str
    login: str
    name: str
    staff_number: str
    unit_id: str
    unit_name: str
    window_name: str | None
    roles: list[RoleName]
    conflicts: list[RoleConflict] = []
    active: bool


class People(Message):
    people: list[PersonRow]


class UnitRow(Message):
    id: str
    name: str
    place: str
    region_code: str
    level: str
    windows: list[WindowRef]
    takes: bool = False
    """Whether it has an item in use of the name that was asked about."""
    on_duty: int = 0
    """How many of its approvers are on duty; counted where an item was asked about."""


class Units(Message):
    units: list[UnitRow]


# ---------------------------------------------------------------- the machine


Readiness = Literal["ok", "failing"]


class Health(Message):
    status: Readiness
    checks: dict[str, Readiness] = Field(default_factory=dict)
    version: str


RESPONSES: tuple[type[Message], ...] = (
    PhoneSession, EnquiryView, Problem, SessionView, SessionsEnded, TemporaryPassword, TokenView, Items, Cases, CaseSnapshot, CaseHistory, Unmasked, Report, Ledger,
    CallLog, CallDetail, CardReading, Limits, ConsentText, EarlierMaterials, OwedMaterials, People, Units, Health, PlaybackView, CallCheck, Marks, WorkerSample,
    SignatureImage, Phrases, HealthView, Regions, ItemForm, WaitingLowerings, FormCheck, CalendarYear, CalendarChange, CatalogueItems, ItemVersions, CatalogueImport,
    Templates, TemplateWhole, TemplateSource, TemplateCheck,
)  # fmt: skip
REQUESTS: tuple[type[Message], ...] = (
    SignIn,
    ChangePassword,
    BlockPerson,
    TakePhone,
    ItemOffer,
    CalendarEdit,
)
