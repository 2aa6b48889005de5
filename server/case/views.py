"""How the case of the rules becomes the view of the wire, unprojected.

Shapes only: no rights, no rules, no storage. ``server.projection`` says what of it an
audience may see.
"""

from typing import Final

from server.case import rows
from server.case.rows.papers import Paper
from server.case.rules import applying
from server.case.rules import case as rules
from server.case.rules.checklist import Check as Checked
from server.case.rules.clock import Deadlines, Extension, Halt
from server.case.rules.course import course as courses
from server.case.rules.course.sequels import SequelOf
from server.case.rules.course.states import CONSULTATIONS
from server.case.rules.form import Proposal as Proposed
from server.case.rules.form import SavedValue
from server.case.rules.joint.unit_task import Before, Hint, Pause, UnitAnswer, UnitTask
from server.case.rules.materials.handover import Handover, Sheet
from server.case.rules.materials.material import Material, Origin
from server.case.rules.materials.phone import Phone
from server.case.rules.materials.promise import Move, Promise, Verified
from server.case.rules.summary import Signature as Signed
from server.case.rules.summary import Submission as Submitted
from server.case.rules.talk.comment import Comment as Thread
from server.case.rules.talk.comment import Remark
from server.case.rules.talk.drawing import Drawing
from server.case.rules.talk.rating import Rating
from server.case.rules.talk.saying import Saying as Said
from server.case.rules.unmasking import Unmasking
from server.case.wire.course.advancing import (
    AgreementView,
    ArchivedView,
    CourseView,
    DeliveryView,
    EndingView,
    FeeView,
    MigratedView,
    PaymentView,
    ReceiverView,
    RenewalView,
    ReportedView,
    ResultView,
    RulingView,
)
from server.case.wire.course.consulting import ConsultationView
from server.case.wire.course.joint import (
    BeforeView,
    HintView,
    PauseView,
    UnitAnswerView,
    UnitTaskView,
)
from server.case.wire.course.sequels import SequelOfView, SequelView
from server.case.wire.decision import (
    Check,
    ClockView,
    Decided,
    DueDay,
    DueView,
    ExtensionView,
    HaltView,
    ReferralView,
)
from server.case.wire.form import FieldState, Proposal
from server.case.wire.materials import (
    HandoverSheet,
    HandoverView,
    MaterialView,
    OriginView,
    ViewedCopy,
)
from server.case.wire.phones import PhoneView
from server.case.wire.promises import PromiseMoveView, PromiseView, VerifiedView
from server.case.wire.rating import RatingView
from server.case.wire.showing import DrawingView
from server.case.wire.signing import PaperView, SealView, SignatureView, Submission
from server.case.wire.talk import Comment, CommentEntry, Saying
from server.case.wire.unmasking import UnmaskingView
from server.case.wire.view import CaseView
from server.case.wire.words import Applicant, Consent, Principal
from server.catalogue.rules.item import OTHER_LINE
from server.catalogue.views import item_view
from server.catalogue.wire import ItemView, MaterialLine
from server.people.views import Filled, People
from server.rights.person import Actor
from server.standards import limits
from server.standards.identifiers import mask_address
from server.standards.papers import Seal
from server.standards.working_days import Counted
from signaling.wire.envelope import PersonRef


def due_view(counted: Counted) -> DueView:
    return DueView(
        due_on=counted.due_on,
        due_days=[DueDay(on=on, number=number) for number, on in enumerate(counted.days, 1)],
        skipped_days=list(counted.skipped),
        provisional=counted.provisional,
    )


def person_ref(actor: Actor) -> PersonRef:
    """The actor as others see him."""
    return PersonRef(
        id=actor.person_id,
        name=actor.name,
        staff_number=actor.staff_number,
        unit_id=actor.unit_id,
        unit_name=actor.unit_name,
        place=actor.place,
        window_name=actor.window_name,
    )


def applicant_view(applicant: applying.Applicant) -> Applicant:
    """Who applies, whole: it names no member of staff."""
    return APPLICANT(applicant, {})


def case_view(whole: rows.Whole) -> CaseView:
    """The whole case for the wire. Project it before it leaves."""
    record, case, people = whole.record, whole.record.case, whole.people
    return CaseView(
        id=case.id,
        number=case.number,
        state=case.state,
        mode=case.mode,
        item=_item(record),
        clerk=people[case.clerk_id],
        window_name=record.window_name,
        window_unit_id=case.window_unit_id,
        window_unit_name=record.window_unit_name,
        window_place=record.window_place,
        applicant=applicant_view(case.applicant),
        consent=consent_view(case.consent, people[case.consent.taken_by]) if case.consent else None,
        fields={name: field_view(entry, people[entry.by]) for name, entry in case.entries.items()},
        proposals=[proposal_view(one, people) for one in case.proposals],
        materials=[material_view(one, people) for one in case.materials],
        decision=decided_view(case.decision, people) if case.decision else None,
        call_id=case.call_id,
        created_at=case.created_at,
        sayings=[saying_view(one, people[one.by]) for one in whole.sayings],
        comments=[comment_view(one, people) for one in case.comments],
        checks=[check_view(one, people[one.by]) for one in case.checks.values()],
        signature=signature_view(case.signature, people[case.signature.by])
        if case.signature
        else None,
        submission=submission_view(case.submission, people[case.submission.by])
        if case.submission
        else None,
        corrections=case.corrections,
        papers=[paper_view(one) for one in whole.papers],
        ratings=[rating_view(one) for one in whole.ratings],
        unmaskings=[unmasking_view(one, people[one.by]) for one in whole.unmaskings],
        phones=[phone_view(one, people[one.by]) for one in whole.phones],
        drawings=[drawing_view(one, people[one.by]) for one in whole.drawings],
        drawing_only=people[whole.drawing_only] if whole.drawing_only else None,
        handovers=[handover_view(one, people) for one in whole.handovers],
        promises=[promise_view(one, people) for one in case.promises],
        earlier_consent=consent_view(case.earlier_consent, people[case.earlier_consent.taken_by])
        if case.earlier_consent
        else None,
        referrals=[referral_view(one, people) for one in case.referrals],
        course=course_view(case.course, people),
        owner=people[case.owner_id] if case.owner_id else None,
        unit_tasks=[unit_task_view(one, people) for one in case.unit_tasks],
        receipt_number=case.receipt_number,
        sequel_of=SEQUEL_OF(case.sequel_of, {}) if case.sequel_of else None,
    )


def _item(record: rows.Record) -> ItemView:
    """The item of the case; the list of a consultation begins with the line of what is only shown."""
    case = record.case
    item = item_view(case.item, case.unit_id, record.unit_name, record.place)
    if case.state not in CONSULTATIONS:
        return item
    return item.model_copy(update={"lines": [SHOWN, *item.lines]})


def _viewed(material: Material) -> ViewedCopy | None:
    if material.state != "stored" or material.viewed_state == "none":
        return None
    return ViewedCopy.model_validate(
        {
            "state": material.viewed_state,
            "media_type": material.viewed_type,
            "size_bytes": material.viewed_bytes,
            "sha256": material.viewed_sha256,
            "fault": material.viewed_fault,
        }
    )


SHOWN: Final = MaterialLine(
    key=OTHER_LINE, name="出示的材料", need="optional", form="paper", originals=0, copies=0
)
REFERRAL: Final = Filled(ReferralView, rules.Referral)
DRAWING: Final = Filled(DrawingView, Drawing)
APPLICANT: Final = Filled(
    Applicant, applying.Applicant, {"principal": Filled(Principal, applying.Principal)}
)
CONSENT: Final = Filled(Consent, rules.Consent)
FIELD: Final = Filled(FieldState, SavedValue)
PROPOSAL: Final = Filled(Proposal, Proposed)
HANDOVER: Final = Filled(
    HandoverView, Handover, {"lines": Filled(HandoverSheet, Sheet)}, named={"lines": "sheets"}
)
PROMISE: Final = Filled(
    PromiseView,
    Promise,
    {"moved": Filled(PromiseMoveView, Move), "verified": Filled(VerifiedView, Verified)},
)
MATERIAL: Final = Filled(
    MaterialView,
    Material,
    {"origin": Filled(OriginView, Origin)},
    beside=frozenset({"viewed"}),
)
SAYING: Final = Filled(Saying, Said)
COMMENT: Final = Filled(Comment, Thread, {"entries": Filled(CommentEntry, Remark)})
CHECK: Final = Filled(Check, Checked)
RATING: Final = Filled(RatingView, Rating)
SIGNATURE: Final = Filled(SignatureView, Signed)
SUBMISSION: Final = Filled(Submission, Submitted)
SEAL: Final = Filled(SealView, Seal)
PAPER: Final = Filled(PaperView, Paper, {"seal": SEAL})
PHONE: Final = Filled(PhoneView, Phone, beside=frozenset({"pages", "taken"}))
UNMASKING: Final = Filled(UnmaskingView, Unmasking)
HALT: Final = Filled(HaltView, Halt)
EXTENSION: Final = Filled(ExtensionView, Extension)
RULING: Final = Filled(RulingView, courses.Ruling, beside=frozenset({"deliver"}))
AGREEMENT: Final = Filled(AgreementView, courses.Agreement, beside=frozenset({"address"}))
COURSE: Final = Filled(
    CourseView,
    courses.Course,
    {
        "results": Filled(ResultView, courses.Result),
        "deliveries": Filled(
            DeliveryView, courses.Delivery, {"receiver": Filled(ReceiverView, courses.Receiver)}
        ),
        "ending": Filled(EndingView, courses.Ending),
        "archived": Filled(ArchivedView, courses.Archived),
        "reports": Filled(ReportedView, courses.Reported),
        "consultation": Filled(ConsultationView, courses.Consultation),
        "mandate": Filled(RenewalView, courses.Renewal),
        "sequels": Filled(SequelView, courses.Sequel),
        "migrated": Filled(MigratedView, courses.Migrated),
        "fee": Filled(FeeView, courses.Fee, {"payment": Filled(PaymentView, courses.Payment)}),
    },
    beside=frozenset({"ruling", "agreement"}),
)


SEQUEL_OF: Final = Filled(SequelOfView, SequelOf)
UNIT_TASK: Final = Filled(
    UnitTaskView,
    UnitTask,
    {
        "answer": Filled(UnitAnswerView, UnitAnswer, {"hints": Filled(HintView, Hint)}),
        "pauses": Filled(PauseView, Pause),
        "before": Filled(BeforeView, Before),
    },
    named={"owner": "owner_id"},
    beside=frozenset({"due"}),
)


def unit_task_view(task: UnitTask, people: People) -> UnitTaskView:
    """The whole of it. Project it before it leaves."""
    return UNIT_TASK(task, people, due=due_view(task.counted) if task.counted else None)


def referral_view(referral: rules.Referral, people: People) -> ReferralView:
    return REFERRAL(referral, people)


def drawing_view(drawing: Drawing, by: PersonRef) -> DrawingView:
    return DRAWING(drawing, {drawing.by: by})


def consent_view(consent: rules.Consent, taken_by: PersonRef) -> Consent:
    return CONSENT(consent, {consent.taken_by: taken_by})


def field_view(entry: SavedValue, by: PersonRef) -> FieldState:
    return FIELD(entry, {entry.by: by})


def proposal_view(proposal: Proposed, people: People) -> Proposal:
    return PROPOSAL(proposal, people)


def handover_view(handover: Handover, people: People) -> HandoverView:
    return HANDOVER(handover, people)


def promise_view(promise: Promise, people: People) -> PromiseView:
    return PROMISE(promise, people)


def material_view(material: Material, people: People) -> MaterialView:
    return MATERIAL(material, people, viewed=_viewed(material))


def saying_view(saying: Said, by: PersonRef) -> Saying:
    return SAYING(saying, {saying.by: by})


def comment_view(comment: Thread, people: People) -> Comment:
    return COMMENT(comment, people)


def check_view(check: Checked, by: PersonRef) -> Check:
    return CHECK(check, {check.by: by})


def rating_view(rating: Rating) -> RatingView:
    """The whole of it. Project it before it leaves."""
    return RATING(rating, {})


def signature_view(signature: Signed, by: PersonRef) -> SignatureView:
    return SIGNATURE(signature, {signature.by: by})


def submission_view(submission: Submitted, by: PersonRef) -> Submission:
    return SUBMISSION(submission, {submission.by: by})


def paper_view(paper: Paper) -> PaperView:
    return PAPER(paper, {})


def phone_view(phone: Phone, by: PersonRef) -> PhoneView:
    return PHONE(
        phone,
        {phone.by: by},
        pages=[page.material_id for page in phone.pages],
        taken=[page.material_id for page in phone.pages if page.taken],
    )


def unmasking_view(unmasking: Unmasking, by: PersonRef) -> UnmaskingView:
    return UNMASKING(unmasking, {unmasking.by: by})


def decided_view(decided: rules.Decided, people: People) -> Decided:
    counted = due_view(decided.counted) if decided.counted else None
    return Decided(
        kind=decided.kind,
        reason=decided.reason,
        by=people[decided.by],
        at=decided.at,
        due_on=counted.due_on if counted else None,
        due_days=counted.due_days if counted else [],
        skipped_days=counted.skipped_days if counted else [],
        provisional=counted.provisional if counted else False,
        points=list(decided.points),
        about=list(decided.about),
        correct_by=decided.correct_by,
        clock=clock_view(decided.clock, people) if decided.clock else None,
        combined=decided.combined,
    )


def course_view(course: courses.Course, people: People) -> CourseView:
    """With the address for electronic delivery masked."""
    ruling, agreed = course.ruling, course.agreement
    return COURSE(
        course,
        people,
        ruling=RULING(ruling, people, deliver=due_view(ruling.deliver)) if ruling else None,
        agreement=AGREEMENT(agreed, people, address=mask_address(agreed.address))
        if agreed
        else None,
    )


def clock_view(clock: Deadlines, people: People) -> ClockView:
    extension = clock.extension
    return ClockView(
        started_on=clock.started_on,
        started=clock.started,
        promised_days=clock.promised_days,
        legal_days=clock.legal_days,
        extension_at_most=limits.extension(clock.joint),
        legal=due_view(clock.legal),
        halts=[HALT(one, people) for one in clock.halts],
        extension=EXTENSION(extension, people) if extension else None,
    )
