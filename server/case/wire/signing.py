"""Summary, signature, submission and the papers of a case: views, commands and events."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from server.case.rules.summary import Viewer
from server.case.wire.words import Applicant, CaseAct, CaseCommand, Hash, Share
from server.rights.seen import UNMASKED, Put, Seen, everywhere
from server.standards.papers import OWN_PAPERS, DraftWhy, PaperKind, PaperState, SealPurpose
from signaling.wire.envelope import Event, Message, PersonRef


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


class SealView(Message):
    """The electronic seal on a paper: whose, by which certificate, when."""

    purpose: SealPurpose
    unit_name: str
    subject: str
    fingerprint: str
    at: datetime


class PaperView(Message):
    """An official paper as PDF. ``number`` is the 受理文书编号."""

    seen: ClassVar = Seen(when=lambda one, side: one.kind not in OWN_PAPERS or side in UNMASKED)

    id: str
    kind: PaperKind
    number: str
    state: PaperState
    at: datetime
    size_bytes: int | None = None
    sha256: str | None = None
    pages: int | None = None
    seal: SealView | None = None
    draft: DraftWhy | None = None
    """Why no seal is on it although one belongs there: it is marked 草稿."""


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


class CasePrintForm(CaseAct):
    """Make the form as it is filled now, as a paper to print. Window only. Refused: throttled (50 a
    case). Result: ``{paper_id}``."""

    type: Literal["case.print_form"] = "case.print_form"


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


class PaperChanged(Event):
    into: ClassVar = (Put("papers", "paper"),)

    type: Literal["paper.changed"] = "paper.changed"
    paper: PaperView
