"""What becomes of an accepted case: the ruling, its results, their delivery, an end to the side, the archive.

Each act takes the course as it is, in the state that the case is in, and gives both as they are then. Law:
行政许可法 38 (a denial tells its reason and the ways to have it reviewed), 39 (licence), 44 (delivery within ten
working days), 69 (revocation is a case of its own). How what was issued is handed over: ``delivering``. Pure: time,
calendar and ids are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from server.case.rules.course import states
from server.case.rules.course.states import CaseState
from server.rights.hand import Hand
from server.standards import limits, working_days
from server.standards.identifiers import IdentityDocument
from signaling.refusals import Code, Refusal

RulingKind = Literal["granted", "denied"]
"""准予 | 不予."""
ReportStep = Literal["accepted", "granted", "denied", "issued"]
"""What an external system did."""
ResultKind = Literal["licence", "document"]
"""证照 | 批文."""
Way = Literal["collected", "posted", "electronic", "left"]
"""窗口自取 | 邮寄 | 电子送达 | 留置送达."""
Attempt = Literal["waiting", "delivered", "returned"]
EndKind = Literal["returned", "withdrawn", "terminated"]
"""未补正退件 | 撤回 | 终止."""
Cause = Literal["died", "incapable", "dissolved", "impossible", "other_by_law"]
"""Why an accepted case is terminated: the applicant died or lost his capacity where the licence is bound to
him, the legal person ended, the matter can no longer be done, or another reason that the law lists."""
PaymentKind = Literal["paid", "waived"]
"""已缴 | 减免."""
Document = Literal[IdentityDocument, "licence"]
"""What who fetches shows: a document of a person, or the 营业执照 of who he comes for."""
How = Literal["reader", "sight"]
"""By a card reader, or by comparing what lies on the counter."""
SequelKind = Literal["rectified", "altered", "prolonged", "reissued", "revoked", "deregistered"]
"""更正 | 变更 | 延续 | 补证 | 撤销 | 注销."""
SequelOutcome = Literal["open", "granted", "ended"]
RULED_BY: Final[Mapping[RulingKind, str]] = {
    "granted": "《中华人民共和国行政许可法》第三十八条第一款",
    "denied": "《中华人民共和国行政许可法》第三十八条第二款",
}
"""The clause on which every ruling may stand, beside those of its item."""
RESULTS_AT_MOST: Final = 20
BASES_AT_MOST: Final = 20


@dataclass(frozen=True)
class Ruling:
    """准予 or 不予, with the reason and the legal bases; ``deliver`` counts the days in which it is delivered."""

    kind: RulingKind
    reason: str
    bases: tuple[str, ...]
    by: str
    at: datetime
    deliver: working_days.Counted


@dataclass(frozen=True)
class Reported:
    """What an external system did on a day under its own number (受理号). ``proof`` is the id of a file of the case,
    or where it is ``signed`` of the message in which the system reported it itself."""

    step: ReportStep
    number: str
    on: date
    proof: str
    by: str
    at: datetime
    signed: bool = False


@dataclass(frozen=True)
class Result:
    """What the applicant gets: a licence or a document, with its number and how long it holds (None: for good)."""

    id: str
    kind: ResultKind
    name: str
    number: str
    originals: int
    copies: int
    valid_from: date
    valid_until: date | None
    by: str
    at: datetime


@dataclass(frozen=True)
class Receiver:
    """Who came to fetch it, and how it was seen who he is. ``number`` is masked: the whole is not kept."""

    name: str
    agent: bool
    document: Document
    number: str
    how: How
    by: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """One try to hand over results, by their ids; none of a denial, whose paper is delivered.

    ``ended_on`` is the day on which it arrived or came back.
    """

    id: str
    way: Way
    results: tuple[str, ...]
    by: str
    at: datetime
    state: Attempt = "waiting"
    courier: str = ""
    tracking: str = ""
    receiver: Receiver | None = None
    note: str = ""
    ended_by: str | None = None
    ended_at: datetime | None = None
    ended_on: date | None = None


@dataclass(frozen=True)
class Agreement:
    """电子送达确认书: the applicant agreed to electronic delivery, to an address that he named."""

    address: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Ending:
    """An end without a ruling; ``cause`` of a termination alone."""

    kind: EndKind
    reason: str
    by: str
    at: datetime
    cause: Cause | None = None


@dataclass(frozen=True)
class Archived:
    """归档."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Consultation:
    """咨询: what was asked before there was a case, by whom and when, and how it ended.

    Answered (答复): ``answer``, by whom, when, and how many seconds the calls about it lasted. Or ``registered_at``:
    it became a case, and the rest stays empty. It names no applicant, whatever somebody types into it.
    """

    question: str
    by: str
    at: datetime
    answer: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None
    talked_s: int = 0
    registered_at: datetime | None = None


@dataclass(frozen=True)
class Payment:
    """The fee was paid on that day, under the number of the receipt (票据号); or it is waived (减免), with the reason."""

    kind: PaymentKind
    on: date
    number: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Fee:
    """缴费告知: the amount in fen, its basis in law, and the code under which it is paid (缴款码), if there is one."""

    amount_fen: int
    basis: str
    code: str
    by: str
    at: datetime
    payment: Payment | None = None


@dataclass(frozen=True)
class Renewal:
    """A renewed 授权委托书: its file among those of the case, and its last day (None: up to the end of the matter)."""

    material_id: str
    until: date | None
    by: str
    at: datetime


@dataclass(frozen=True)
class Sequel:
    """后续办件: a case that follows this one, and what became of it. ``ended_on``: the day of its ruling or end."""

    case_id: str
    kind: SequelKind
    by: str
    at: datetime
    outcome: SequelOutcome = "open"
    ended_on: date | None = None


@dataclass(frozen=True)
class Migrated:
    """迁移: the case ended at its acceptance when it was decided, and goes on from the day of the upgrade. No limit of
    before that day is held against anybody."""

    on: date
    at: datetime


@dataclass(frozen=True)
class Course:
    """All that became of a case after its acceptance, or instead of it, and what was asked before it."""

    ruling: Ruling | None = None
    results: tuple[Result, ...] = ()
    agreement: Agreement | None = None
    deliveries: tuple[Delivery, ...] = ()
    ending: Ending | None = None
    archived: Archived | None = None
    reports: tuple[Reported, ...] = ()
    """Of a case that is decided in an external system, the oldest first."""
    consultation: Consultation | None = None
    fee: Fee | None = None
    mandate: Renewal | None = None
    """The newest, where the one of the registration was renewed."""
    sequels: tuple[Sequel, ...] = ()
    """Cases that follow what was granted, the oldest first."""
    migrated: Migrated | None = None

    @property
    def delivered(self) -> frozenset[str]:
        """The ids of results that arrived."""
        return frozenset(
            id for one in self.deliveries if one.state == "delivered" for id in one.results
        )

    @property
    def complete(self) -> bool:
        """Whether everything that is to be delivered arrived: each result, or of a denial its paper."""
        if self.ruling is None:
            return False
        if self.ruling.kind == "denied":
            return any(one.state == "delivered" for one in self.deliveries)
        return bool(self.results) and {one.id for one in self.results} <= self.delivered

    @property
    def granted(self) -> bool:
        """Whether it was granted (准予)."""
        return self.ruling is not None and self.ruling.kind == "granted"

    @property
    def granted_on(self) -> date | None:
        """The day of 准予; in an external system that of its report."""
        if self.ruling is None or self.ruling.kind != "granted":
            return None
        there = next((one.on for one in self.reports if one.step == "granted"), None)
        return there or working_days.china_day(self.ruling.at)

    @property
    def people(self) -> frozenset[str]:
        """The ids of all who did something in it."""
        single = (self.ruling, self.agreement, self.ending, self.archived, self.mandate)
        named: list[str | None] = [one.by for one in single if one is not None]
        named += [one.by for one in self.results]
        named += [one.by for one in self.reports]
        named += [one.by for one in self.sequels]
        if self.consultation is not None:
            named += [self.consultation.by, self.consultation.answered_by]
        if self.fee is not None:
            named += [self.fee.by, self.fee.payment.by if self.fee.payment else None]
        named += [id for one in self.deliveries for id in (one.by, one.ended_by)]
        named += [one.receiver.by for one in self.deliveries if one.receiver is not None]
        return frozenset(id for id in named if id is not None)

    def delivery(self, id: str) -> Delivery:
        """Refused: ``not_found``."""
        found = next((one for one in self.deliveries if one.id == id), None)
        if found is None:
            raise Refusal(Code.NOT_FOUND, delivery=id)
        return found


NOTHING: Final = Course()


def at_step(state: str, *wanted: CaseState) -> None:
    """Refused: ``other_step`` when the case is in none of these states, ``case_archived`` in the archive."""
    if states.archived(state):
        raise Refusal(Code.CASE_ARCHIVED)
    if state not in wanted:
        raise Refusal(Code.OTHER_STEP, state=state, wanted=",".join(wanted))


def rule(
    course: Course,
    state: str,
    kind: RulingKind,
    reason: str,
    bases: Sequence[str],
    who: Hand,
    *,
    owed: Sequence[str],
    untrue: Sequence[str] = (),
    stopped: bool,
    at: datetime,
    known_days: Mapping[date, bool],
    offered: Sequence[str] = (),
    on: date | None = None,
) -> tuple[CaseState, Course]:
    """准予 or 不予 by the unit that decides; the ten working days of delivery begin.

    ``owed``: the keys of lines that were promised and have not come. ``untrue``: of those whose declaration was
    found untrue. ``stopped``: the clock stands.
    ``offered``: the legal bases of the item; where it has some, no others are taken but that of ``RULED_BY``.
    ``on``: the day of the ruling, where it was made elsewhere. Refused: ``other_step``, ``not_yours`` (not the
    approver), ``reason_missing`` for a denial, ``owed_still`` (no 准予 before 容缺 is complete),
    ``declared_untrue`` (no 准予), ``clock_stopped``, ``basis_unknown``.
    """
    at_step(state, "accepted")
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if kind == "denied" and not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if kind == "granted" and owed:
        raise Refusal(Code.OWED_STILL, lines=",".join(owed))
    if kind == "granted" and untrue:
        raise Refusal(Code.DECLARED_UNTRUE, lines=",".join(untrue))
    if stopped:
        raise Refusal(Code.CLOCK_STOPPED)
    told = tuple(dict.fromkeys(one.strip() for one in bases if one.strip()))[:BASES_AT_MOST]
    if offered and not set(told) <= {*offered, RULED_BY[kind]}:
        raise Refusal(Code.BASIS_UNKNOWN)
    deliver = working_days.count(known_days, on or working_days.china_day(at), limits.DELIVER)
    ruling = Ruling(kind, reason.strip(), told, who.person_id, at, deliver)
    return kind, replace(course, ruling=ruling)


def issue(
    course: Course, state: str, results: Sequence[Result], who: Hand
) -> tuple[CaseState, Course]:
    """制证、签发: what the applicant gets is made. All results of a case are issued at once.

    Refused: ``other_step``, ``not_yours`` (not the approver), ``result_missing`` (none, or one without a
    name or number), ``throttled`` (more than 20), ``bad_date`` (one that ends before it begins).
    """
    at_step(state, "granted")
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if len(results) > RESULTS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    if not results or any(not one.name.strip() or not one.number.strip() for one in results):
        raise Refusal(Code.RESULT_MISSING)
    if any(one.valid_until is not None and one.valid_until < one.valid_from for one in results):
        raise Refusal(Code.BAD_DATE, why="validity")
    return "issued", replace(course, results=tuple(results))


def agree(course: Course, state: str, agreement: Agreement, who: Hand) -> Course:
    """The applicant agrees to electronic delivery, taken at the window; a later address replaces the first.

    Refused: ``other_step`` (the case is at its end), ``not_yours``, ``address_missing``.
    """
    at_step(state, *states.FILLABLE, "accepted", "granted", "denied", "issued")
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if not agreement.address.strip():
        raise Refusal(Code.ADDRESS_MISSING)
    return replace(course, agreement=replace(agreement, address=agreement.address.strip()))


def finish(
    course: Course,
    state: str,
    kind: EndKind,
    reason: str,
    who: Hand,
    *,
    at: datetime,
    cause: Cause | None = None,
    correct_by: date | None = None,
) -> tuple[CaseState, Course]:
    """An end without a ruling: 撤回 by the applicant, at the window; 退件 of what was not corrected in time, and
    终止 of an accepted case, by a person of the unit that decides and never by itself.

    Refused: ``other_step``, ``not_yours``, ``reason_missing``, ``cause_missing`` of a termination,
    ``time_left`` (退件 up to the day until which the corrections are wanted, ``until``).
    """
    match kind:
        case "withdrawn":
            at_step(state, *states.FILLABLE, "accepted")
        case "returned":
            at_step(state, "to_correct")
        case "terminated":
            at_step(state, "accepted")
    if not (who.fills if kind == "withdrawn" else who.judges()):
        raise Refusal(Code.NOT_YOURS)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if kind == "terminated" and cause is None:
        raise Refusal(Code.CAUSE_MISSING)
    if kind == "returned" and correct_by and working_days.china_day(at) <= correct_by:
        raise Refusal(Code.TIME_LEFT, until=correct_by.isoformat())
    of = cause if kind == "terminated" else None
    return kind, replace(course, ending=Ending(kind, reason.strip(), who.person_id, at, of))


def archive(
    course: Course,
    state: str,
    who: Hand,
    *,
    making: int,
    away: int,
    unverified: Sequence[str] = (),
    at: datetime,
) -> tuple[CaseState, Course]:
    """归档 by the unit that decides; it never waits for the rating.

    ``making``: papers that are not printed yet, ``away``: lists of paper originals that nobody has received.
    ``unverified``: lines whose declaration nobody has verified.
    Refused: ``other_step``, ``not_yours`` (not the approver), ``unfinished`` with the first two, ``unverified``.
    """
    at_step(state, *states.ENDED)
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if making or away:
        raise Refusal(Code.UNFINISHED, papers=making, originals=away)
    if unverified:
        raise Refusal(Code.UNVERIFIED, lines=",".join(unverified))
    return "archived", replace(course, archived=Archived(who.person_id, at))
