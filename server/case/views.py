"""How the case of the rules becomes the view of the wire, unprojected.

Shapes only: no rights, no rules, no storage. ``server.projection`` says what of it an
audience may see.
"""

from collections.abc import Mapping

from server.case import rows
from server.case.rows.papers import Paper
from server.case.rules import case as rules
from server.case.rules.checklist import Check as Checked
from server.case.rules.clock import Clock
from server.case.rules.form import Entry
from server.case.rules.form import Proposal as Proposed
from server.case.rules.materials.handover import Handover
from server.case.rules.materials.material import Material, Origin
from server.case.rules.materials.phone import Phone
from server.case.rules.materials.promise import Promise
from server.case.rules.summary import Signature as Signed
from server.case.rules.summary import Submission as Submitted
from server.case.rules.talk.comment import Comment as Thread
from server.case.rules.talk.drawing import Drawing
from server.case.rules.talk.rating import Rating
from server.case.rules.talk.saying import Saying as Said
from server.case.rules.unmasking import Unmasking
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
from server.case.wire.promises import PromiseMoveView, PromiseView
from server.case.wire.rating import RatingView
from server.case.wire.showing import DrawingView
from server.case.wire.signing import PaperView, SignatureView, Submission
from server.case.wire.talk import Comment, CommentEntry, Saying
from server.case.wire.unmasking import UnmaskingView
from server.case.wire.view import CaseView
from server.case.wire.words import Applicant, Consent
from server.catalogue.views import item_view
from server.rights.person import Actor
from server.standards import limits
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


def case_view(whole: rows.Whole) -> CaseView:
    """The whole case for the wire. Project it before it leaves."""
    record, case, people = whole.record, whole.record.case, whole.people
    return CaseView(
        id=case.id,
        number=case.number,
        state=case.state,
        mode=case.mode,
        item=item_view(case.item, case.unit_id, record.unit_name, record.place),
        clerk=people[case.clerk_id],
        window_name=record.window_name,
        window_unit_id=case.window_unit_id,
        window_unit_name=record.window_unit_name,
        window_place=record.window_place,
        applicant=Applicant(
            name=case.applicant.name,
            identity_number=case.applicant.identity_number,
            phone=case.applicant.phone,
            credit_code=case.applicant.credit_code,
        ),
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
    )


def referral_view(referral: rules.Referral, people: Mapping[str, PersonRef]) -> ReferralView:
    return ReferralView(
        from_unit_name=referral.from_unit_name,
        to_unit_name=referral.to_unit_name,
        reason=referral.reason,
        by=people[referral.by],
        at=referral.at,
    )


def drawing_view(drawing: Drawing, by: PersonRef) -> DrawingView:
    return DrawingView(
        id=drawing.id,
        material_id=drawing.material_id,
        page=drawing.page,
        points=list(drawing.points),
        by=by,
        at=drawing.at,
    )


def consent_view(consent: rules.Consent, taken_by: PersonRef) -> Consent:
    return Consent(
        given=consent.given,
        text_version=consent.text_version,
        language=consent.language,
        at=consent.at,
        taken_by=taken_by,
    )


def field_view(entry: Entry, by: PersonRef) -> FieldState:
    return FieldState(
        value=entry.value,
        version=entry.version,
        by=by,
        at=entry.at,
        on_behalf_of=entry.on_behalf_of,
    )


def proposal_view(proposal: Proposed, people: Mapping[str, PersonRef]) -> Proposal:
    return Proposal(
        id=proposal.id,
        field=proposal.field,
        value=proposal.value,
        old_value=proposal.old_value,
        reason=proposal.reason,
        by=people[proposal.by],
        at=proposal.at,
        state=proposal.state,
        closed_by=people[proposal.closed_by] if proposal.closed_by else None,
        closed_at=proposal.closed_at,
    )


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


def handover_view(handover: Handover, people: Mapping[str, PersonRef]) -> HandoverView:
    return HandoverView(
        id=handover.id,
        number=handover.number,
        courier=handover.courier,
        tracking=handover.tracking,
        lines=[
            HandoverSheet(
                line=one.line,
                originals=one.originals,
                copies=one.copies,
                received=one.received,
                note=one.note,
            )
            for one in handover.sheets
        ],
        by=people[handover.by],
        at=handover.at,
        received_by=people[handover.received_by] if handover.received_by else None,
        received_at=handover.received_at,
        note=handover.note,
    )


def promise_view(promise: Promise, people: Mapping[str, PersonRef]) -> PromiseView:
    moved = promise.moved
    return PromiseView(
        line=promise.line,
        due_on=promise.due_on,
        text_version=promise.text_version,
        language=promise.language,
        by=people[promise.by],
        at=promise.at,
        moved=PromiseMoveView(
            before=moved.before, reason=moved.reason, by=people[moved.by], at=moved.at
        )
        if moved
        else None,
    )


def _origin(origin: Origin) -> OriginView:
    return OriginView(
        item_name=origin.item_name,
        line_name=origin.line_name,
        place=origin.place,
        at=origin.at,
    )


def material_view(material: Material, people: Mapping[str, PersonRef]) -> MaterialView:
    return MaterialView(
        id=material.id,
        line=material.line,
        number=material.number,
        name=material.name,
        state=material.state,
        size_bytes=material.size_bytes,
        media_type=material.media_type,
        sha256=material.sha256,
        pages=material.pages,
        rejected_code=material.rejected_code,
        duplicate_of=material.duplicate_of,
        by=people[material.by],
        at=material.at,
        review=material.review,
        review_reason=material.review_reason,
        reviewed_by=people[material.reviewed_by] if material.reviewed_by else None,
        reviewed_at=material.reviewed_at,
        side=material.side,
        purpose=material.purpose,
        answers=material.answers,
        grade=material.grade,
        grade_note=material.grade_note,
        graded_by=people[material.graded_by] if material.graded_by else None,
        graded_at=material.graded_at,
        viewed=_viewed(material),
        origin=_origin(material.origin) if material.origin else None,
        slot=material.slot,
    )


def saying_view(saying: Said, by: PersonRef) -> Saying:
    return Saying(
        id=saying.id,
        lane=saying.lane,
        text=saying.text,
        by=by,
        on_behalf_of=saying.on_behalf_of,
        call_id=saying.call_id,
        at=saying.at,
    )


def comment_view(comment: Thread, people: Mapping[str, PersonRef]) -> Comment:
    return Comment(
        id=comment.id,
        on=comment.on,
        state=comment.state,
        entries=[
            CommentEntry(by=people[one.by], at=one.at, text=one.text) for one in comment.entries
        ],
        closed_by=people[comment.closed_by] if comment.closed_by else None,
        closed_at=comment.closed_at,
    )


def check_view(check: Checked, by: PersonRef) -> Check:
    return Check(point=check.point, verdict=check.verdict, note=check.note, by=by, at=check.at)


def rating_view(rating: Rating) -> RatingView:
    """The whole of it. Project it before it leaves."""
    return RatingView(
        id=rating.id,
        call_id=rating.call_id,
        number=rating.number,
        at=rating.at,
        level=rating.level,
        reasons=list(rating.reasons),
        text=rating.text,
    )


def signature_view(signature: Signed, by: PersonRef) -> SignatureView:
    return SignatureView(
        id=signature.id,
        hash=signature.hash,
        shown_at=signature.shown_at,
        at=signature.at,
        by=by,
        points=signature.points,
        outdated=signature.outdated,
    )


def submission_view(submission: Submitted, by: PersonRef) -> Submission:
    return Submission(
        hash=submission.hash,
        signature_id=submission.signature_id,
        at=submission.at,
        by=by,
        tell_by=submission.tell_by,
    )


def paper_view(paper: Paper) -> PaperView:
    return PaperView(
        id=paper.id,
        kind=paper.kind,
        number=paper.number,
        state=paper.state,
        at=paper.at,
        size_bytes=paper.size_bytes,
        sha256=paper.sha256,
        pages=paper.pages,
    )


def phone_view(phone: Phone, by: PersonRef) -> PhoneView:
    return PhoneView(
        id=phone.id,
        line=phone.line,
        state=phone.state,
        by=by,
        made_at=phone.made_at,
        expires_at=phone.expires_at,
        pages=[page.material_id for page in phone.pages],
    )


def unmasking_view(unmasking: Unmasking, by: PersonRef) -> UnmaskingView:
    return UnmaskingView(
        id=unmasking.id,
        what=unmasking.what,
        reason=unmasking.reason,
        by=by,
        at=unmasking.at,
        expires_at=unmasking.expires_at,
    )


def decided_view(decided: rules.Decided, people: Mapping[str, PersonRef]) -> Decided:
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
        clock=clock_view(decided.clock, people) if decided.clock else None,
        combined=decided.combined,
    )


def clock_view(clock: Clock, people: Mapping[str, PersonRef]) -> ClockView:
    extension = clock.extension
    return ClockView(
        started_on=clock.started_on,
        started=clock.started,
        promised_days=clock.promised_days,
        legal_days=clock.legal_days,
        extension_at_most=limits.extension(clock.joint),
        legal=due_view(clock.legal),
        halts=[
            HaltView(
                why=one.why,
                reason=one.reason,
                began=one.began,
                by=people[one.by],
                at=one.at,
                ended=one.ended,
                ended_by=people[one.ended_by] if one.ended_by else None,
                ended_at=one.ended_at,
            )
            for one in clock.halts
        ],
        extension=ExtensionView(
            days=extension.days,
            reason=extension.reason,
            by=people[extension.by],
            at=extension.at,
        )
        if extension
        else None,
    )
