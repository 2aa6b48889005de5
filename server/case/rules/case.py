"""A case (办件): who asks for what at which window, and the decision.

Its states are those of ``server.case.rules.course.states``; here stand those up to the decision about
acceptance, after which form and materials are as they are. ``to_correct`` waits for what its notice named, whoever
calls about it meanwhile, and reads as under review once all of that is settled (``correcting``). A case that can be
filled in may be referred (转办) to another unit, which decides from then on; its state stays. The form, the
materials and the course after acceptance have rules of their own beside this module. Pure: time, calendar and
serials are given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from server.case.rules import checklist, clock, form, summary
from server.case.rules.applying import Applicant
from server.case.rules.checklist import Check
from server.case.rules.clock import Deadlines, Started
from server.case.rules.course import due as dues
from server.case.rules.course import mandates, states
from server.case.rules.course.course import NOTHING, Course
from server.case.rules.course.sequels import SequelOf
from server.case.rules.course.states import CaseState
from server.case.rules.form import FieldLock, Form, Proposal, SavedValue
from server.case.rules.joint.unit_task import UnitTask
from server.case.rules.materials import judging, material, promise
from server.case.rules.materials.material import Material
from server.case.rules.materials.promise import Promise
from server.case.rules.points import Judged, points
from server.case.rules.summary import Shown, Signature, Submission
from server.case.rules.talk import comment
from server.case.rules.talk.comment import Comment
from server.catalogue.rules.item import OTHER_LINE, Item, Line, Mode
from server.catalogue.rules.schema import ValueFault
from server.people.rules import Authority
from server.rights.hand import Hand
from server.standards import limits, working_days
from server.standards.languages import Language
from signaling.refusals import Code, Refusal

Decision = Literal["accepted", "to_correct", "refused"]


@dataclass(frozen=True)
class Consent:
    """The applicant's answer (about recording, or about his earlier materials), and to which version of
    the text it was given."""

    given: bool
    text_version: str
    language: Language
    at: datetime
    taken_by: str


@dataclass(frozen=True)
class Decided:
    """A decision with its reason; ``counted`` is there when it was accepted, ``points`` for 补正, each with the
    place that it is ``about`` (none of notices from before places were kept).

    ``counted`` is the promised limit, as the clock has it. Cases that were accepted before there
    were clocks have none; ``clock_of`` gives them one.
    """

    kind: Decision
    reason: str
    by: str
    at: datetime
    counted: working_days.Counted | None = None
    points: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    clock: Deadlines | None = None
    correct_by: date | None = None
    """补正: until when; none of notices from before the day was kept with them."""
    combined: bool = False
    """By who took the case at the window, too (即办可审核合一): to be sampled."""


@dataclass(frozen=True)
class Referral:
    """转办: the unit that decided passed the case on. Names are those of that day."""

    from_unit_id: str
    from_unit_name: str
    to_unit_id: str
    to_unit_name: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Case:
    """The record of one case at one version, as far as rules ask for it. People are named by their ids.

    ``unit_id`` is the unit that decides: the item's, until the case is referred to another one.

    ``signature`` is the newest, ``corrections`` how many 补正 notices were given, ``earlier_consent``
    the answer about materials of earlier cases.
    """

    id: str
    number: str | None
    state: CaseState
    mode: Mode
    item: Item
    clerk_id: str
    window_id: str
    window_unit_id: str
    unit_id: str
    applicant: Applicant
    consent: Consent | None
    entries: Mapping[str, SavedValue]
    holds: Mapping[str, FieldLock]
    proposals: tuple[Proposal, ...]
    materials: tuple[Material, ...]
    decision: Decided | None
    call_id: str | None
    created_at: datetime
    comments: tuple[Comment, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    shown: Shown | None = None
    signature: Signature | None = None
    submission: Submission | None = None
    corrections: int = 0
    earlier_consent: Consent | None = None
    promises: tuple[Promise, ...] = ()
    referrals: tuple[Referral, ...] = ()
    course: Course = NOTHING
    """What became of it after acceptance, or instead of it."""
    owner_id: str | None = None
    """Who of the unit that decides handles it (承办人); None: it lies in the unit's pool, for anybody to claim."""
    unit_tasks: tuple[UnitTask, ...] = ()
    """What other units have to do in it (多地联办), with all rounds, in the order in which it was made."""
    receipt_number: str | None = None
    """收件号 of the receiving place, given with the first material and kept; None before."""
    sequel_of: SequelOf | None = None
    """The case that this one follows (变更, 延续, 撤销 …); None of a first one."""

    @property
    def running(self) -> dues.Due | None:
        """The clock that runs, until when, and whose turn it is."""
        return dues.due(self)

    @property
    def due_on(self) -> date | None:
        """The next day on which something is due; None in the archive, and of a consultation."""
        return now.on if (now := self.running) else None

    @property
    def turn(self) -> dues.WhoseTurn | None:
        """Whose turn it is; nobody's in the archive alone."""
        return now.turn if (now := self.running) else None

    @property
    def granted_on(self) -> date | None:
        """The day on which it was granted, here or in an external system."""
        return self.course.granted_on

    @property
    def lines(self) -> list[Line]:
        """The lines of the list as they are wanted of this applicant."""
        return promise.wanted(self.item.lines, self.promises)

    @property
    def unverified(self) -> list[str]:
        """The keys of lines whose declaration (告知承诺) is to be verified, once the case is granted."""
        owed = promise.unverified(self.promises, self.materials)
        return owed if self.course.granted else []

    @property
    def fillable(self) -> bool:
        """Whether form and materials may still be filled in, judged and decided on."""
        return states.fillable(self.state)

    @property
    def owed(self) -> frozenset[str]:
        """Lines whose materials may follow, now that the case is accepted."""
        left = promise.owed(self.promises, self.materials)
        return frozenset(one.line for _, one in left if states.takes_owed(self.state))

    @property
    def owed_by(self) -> date | None:
        """The first day by which something is owed to an accepted case."""
        left = promise.owed(self.promises, self.materials)
        return left[0][0] if left and states.takes_owed(self.state) else None

    def shut(self, line: str) -> bool:
        """Whether nothing of this line changes any more: the case is decided, and it is not owed."""
        return not self.fillable and line not in self.owed

    def takes_shown(self, line: str) -> bool:
        """Whether what is only shown may come to this line: papers of a consultation, which belong to no list."""
        return self.state == "consulting" and line == OTHER_LINE

    def line_of(self, material_id: str) -> str:
        """The line of a material of the case; empty for one that is not there."""
        return next((one.line for one in self.materials if one.id == material_id), "")

    @property
    def form(self) -> Form:
        stored = material.counted(self.item, self.materials)
        return Form(
            self.item.fields,
            self.entries,
            self.holds,
            self.proposals,
            not self.fillable,
            self.item.rules,
            frozenset(one.line for one in stored),
        )

    @property
    def summary_hash(self) -> str:
        """The hash of the summary of what stands here now; see ``summary.digest``."""
        signed = self.applicant.signed
        return summary.digest(self.id, self.item, signed, self.entries, self.materials)


def callable_(case: Case) -> None:
    """Refused when no call about the case may begin: ``case_archived``, ``other_step`` (a consultation that was
    answered)."""
    if not states.callable_(case.state):
        raise Refusal(Code.CASE_ARCHIVED if states.archived(case.state) else Code.OTHER_STEP)


def called(case: Case, call_id: str) -> Case:
    """A call about the case begins, at any step up to the archive; it stands as it stood until one is answered.
    Refused: ``case_archived``, ``other_step`` (a consultation that was answered)."""
    callable_(case)
    return replace(case, call_id=call_id)


def answered(case: Case) -> Case:
    """A call about the case is answered: it is under review from then on. One that waits for corrections still
    does, and what was decided meanwhile stays so."""
    return replace(case, state="reviewing") if case.state == "registered" else case


def consented(case: Case, consent: Consent, who: Hand) -> Case:
    """Keep the applicant's answer; a later answer replaces an earlier one. Of a consultation it counts for the
    case that it may become.

    Refused: ``case_closed``, ``not_yours`` (taken anywhere but at the window).
    """
    if not case.fillable and case.state != "consulting":
        raise Refusal(Code.CASE_CLOSED)
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    return replace(case, consent=consent)


def decide(
    case: Case,
    decision: Decision,
    reason: str,
    who: Hand,
    *,
    at: datetime,
    known_days: Mapping[date, bool],
    again: bool = False,
    combined: bool = False,
) -> Case:
    """受理, 补正 or 不予受理 by the approver. 受理 starts the promised working days of the item.

    Refused: ``case_closed``, ``not_yours`` (not the approver), ``reason_missing``, ``incomplete``
    for 受理 with what is in the way (see ``_complete``), ``second_notice`` with their ``count`` for
    a 补正 notice after the first, unless it is asked for ``again`` (行政许可法 32: once, everything).
    补正 carries every open point at once, and the day until which they are wanted. What closes the case makes the open proposals outdated.
    """
    if not case.fillable:
        raise Refusal(Code.CASE_CLOSED)
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    decided = Decided(decision, reason.strip(), who.person_id, at, combined=combined)
    match decision:
        case "accepted":
            mandates.in_force(case.applicant.principal, case.course, working_days.china_day(at))
            _complete(case, at)
            on, why = accepted_on(case, at, known_days)
            today = working_days.china_day(at)
            begun = clock.start(case.item, case.mode, on, why, known=known_days, today=today)
            decided = replace(decided, counted=begun.promised, clock=begun)
        case "to_correct":
            if case.corrections and not again:
                raise Refusal(Code.SECOND_NOTICE, count=case.corrections)
            case = replace(case, corrections=case.corrections + 1)
            told = points(case, at)
            decided = replace(
                decided,
                points=tuple(one.text for one in told),
                about=tuple(one.about for one in told),
                correct_by=limits.correct_by(known_days, working_days.china_day(at)),
            )
        case "refused":
            pass
    proposals = case.proposals if decision == "to_correct" else form.lapsed(case.proposals)
    return replace(case, state=decision, decision=decided, proposals=proposals)


def refer(
    case: Case, here: Authority, there: Authority, reason: str, who: Hand, *, at: datetime
) -> Case:
    """转办: from now on ``there`` decides, with all that is in the record, ``here`` no longer.

    The item, its form and its list stay, and with them what was filled in and signed. Refused:
    ``case_closed``, ``not_yours`` (not the approver), ``reason_missing``, ``same_unit``,
    ``no_approver`` (nobody there could decide).
    """
    if not case.fillable:
        raise Refusal(Code.CASE_CLOSED)
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if there.id == case.unit_id:
        raise Refusal(Code.SAME_UNIT, unit=there.id)
    if not there.approvers:
        raise Refusal(Code.NO_APPROVER, unit=there.id)
    told = Referral(here.id, here.name, there.id, there.name, reason.strip(), who.person_id, at)
    return replace(case, unit_id=there.id, referrals=(*case.referrals, told), owner_id=None)


def assign(case: Case, to: str | None, who: Hand, *, seen: str | None) -> Case:
    """承办: somebody of the unit that decides handles the case from now on; nobody: it goes back to the pool. Itself
    where that is so already. ``seen``: who had it as it was shown to who assigns it.

    Refused: ``case_archived``, ``not_yours`` (not the approver), ``case_claimed`` (another one than ``seen`` has it,
    or nobody, as ``owner`` tells).
    """
    if states.archived(case.state):
        raise Refusal(Code.CASE_ARCHIVED)
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if to == case.owner_id:
        return case
    if seen != case.owner_id:
        raise Refusal(Code.CASE_CLAIMED, case=case.id, owner=case.owner_id)
    return replace(case, owner_id=to)


def _complete(case: Case, at: datetime) -> None:
    """Refuse ``incomplete`` with the keys of open lines, those that may follow and are not promised, the paths of fields that are required and
    empty or break a rule, the keys of lacking points (each comma-separated), how many comments are
    open, and ``signature`` when the item wants one that was handed in and still holds."""
    lines = judging.unsettled(case.lines, case.materials)
    unpromised = promise.unpromised(case.item.lines, case.promises, case.materials)
    wrong = form.faults(case.form, at)
    comments = comment.still_open(case.comments)
    checks = checklist.lacking(case.item, case.checks)
    unsigned = case.item.signature == "required" and not summary.holds(
        case.submission, case.signature
    )
    if lines or unpromised or wrong or comments or checks or unsigned:
        raise Refusal(
            Code.INCOMPLETE,
            lines=",".join(line.key for line in lines),
            fields=_paths(wrong),
            comments=len(comments),
            checks=",".join(checks),
            **({"signature": True} if unsigned else {}),
            **({"promises": ",".join(one.key for one in unpromised)} if unpromised else {}),
        )


def submitted(
    case: Case, of: str, who: Hand, *, at: datetime, known_days: Mapping[date, bool]
) -> Case:
    """The signed summary is handed in at the window. One that was handed in already and still holds
    stays as it is.

    Refused: ``case_closed``, ``not_yours``, ``signature_missing``, ``incomplete`` with the keys of
    required lines of which nothing is stored and the paths of fields that are required and empty or
    break a rule.
    """
    summary.at_the_window(who, not case.fillable)
    now = case.summary_hash
    submission = summary.submit(of, who, signature=case.signature, now=now, at=at)
    lines = judging.missing(case.lines, case.materials)
    wrong = form.faults(case.form, at)
    if lines or wrong:
        raise Refusal(
            Code.INCOMPLETE, lines=",".join(line.key for line in lines), fields=_paths(wrong)
        )
    if case.submission and case.submission.signature_id == submission.signature_id:
        return case
    if not case.corrections:
        received_on = working_days.china_day(at)
        submission = replace(submission, tell_by=limits.tell_by(known_days, received_on))
    return replace(case, submission=submission)


def due(item: Item, at: datetime, known_days: Mapping[date, bool]) -> working_days.Counted:
    """The promised time limit if the case is accepted at that moment."""
    return working_days.count(known_days, working_days.china_day(at), item.promised_days)


def accepted_on(case: Case, at: datetime, known_days: Mapping[date, bool]) -> tuple[date, Started]:
    """The day from which the limits count, if the case is accepted at that moment, and why it.

    After a notice it is the day on which the last of what was wanted arrived; without one it is
    the day of receipt when nobody told within five working days what is missing (32 (4)).
    """
    today = working_days.china_day(at)
    noticed = case.decision if case.decision and case.decision.kind == "to_correct" else None
    if noticed is not None:
        came = [one.at for one in material.counted(case.item, case.materials)]
        came += [one.at for one in case.entries.values()]
        came = [one for one in came if one > noticed.at]
        return (working_days.china_day(max(came)), "corrected") if came else (today, "decided")
    if case.submission is not None:
        received_on = working_days.china_day(case.submission.at)
        if limits.deemed_accepted(known_days, received_on, today):
            return received_on, "deemed"
    return today, "decided"


def clock_of(case: Case, known_days: Mapping[date, bool], at: datetime) -> Deadlines:
    """The clock that runs, or is stopped, in a case that is accepted and not ruled on. Refused:
    ``limit_not_running``."""
    decided = case.decision
    if decided is None or case.state != "accepted":
        raise Refusal(Code.LIMIT_NOT_RUNNING, state=case.state)
    if decided.clock is not None:
        return decided.clock
    day = working_days.china_day
    on, today = day(decided.at), day(at)
    return clock.start(case.item, case.mode, on, "decided", known=known_days, today=today)


def clocked(case: Case, now: Deadlines) -> Case:
    """The case with its clock as it is now."""
    if case.decision is None:
        raise Refusal(Code.LIMIT_NOT_RUNNING, state=case.state)
    return replace(case, decision=replace(case.decision, counted=now.promised, clock=now))


def recounted(case: Case, known_days: Mapping[date, bool], at: datetime) -> Case:
    """The case with its limits counted anew on a calendar that changed; itself when nothing moves."""
    decided = case.decision
    if decided is None or decided.counted is None:
        return case
    held = clock_of(case, known_days, at)
    now = clock.counted(held, known_days, working_days.china_day(at))
    if now.promised == decided.counted and now == held:
        return case
    return clocked(case, now)


def _paths(wrong: Iterable[ValueFault]) -> str:
    return ",".join(dict.fromkeys(one.place.path for one in wrong))


def correcting(state: str, decided: Decided | None, case: Judged, at: datetime) -> bool:
    """Whether a case in this state still waits for what its notice named: something is lacking, or came and
    nobody has judged it. Once all of it is settled the case is under review again, without an act of anybody; a
    notice that names nothing but its reason stands until the case is decided anew."""
    if state != "to_correct" or decided is None:
        return False
    if not decided.points or points(case, at):
        return True
    if len(decided.about) != len(decided.points):
        return bool(judging.unsettled(case.lines, case.materials))
    # what is still wrong of a field, said of a comment or lacking in the checklist is a point
    about = [one for one in decided.about if one.startswith("line:")]
    return any(judging.awaited(case.lines, case.materials, one) for one in about)
