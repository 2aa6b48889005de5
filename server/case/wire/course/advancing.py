"""The course of a case after its acceptance: ruling, results, delivery, ends to the side, archive."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from server.case.rules.course.course import (
    BASES_AT_MOST,
    RESULTS_AT_MOST,
    Attempt,
    Cause,
    Document,
    EndKind,
    How,
    PaymentKind,
    ReportStep,
    ResultKind,
    RulingKind,
    Way,
)
from server.case.rules.course.fees import AMOUNT_AT_MOST_FEN
from server.case.rules.course.states import CaseState
from server.case.wire.course.consulting import ConsultationView
from server.case.wire.course.sequels import SequelView
from server.case.wire.decision import DueView
from server.case.wire.words import CaseAct, Reason
from server.rights.seen import Seen, everywhere
from signaling.wire.envelope import Event, Id, Message, PersonRef

Name = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)]
ResultName = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Number = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)]
Basis = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Sheets = Annotated[int, Field(ge=0, le=99)]
Step = Literal[
    "ruled", "issued", "agreed", "delivery_begun", "receiver_checked", "delivery_ended", "finished", "archived",
    "reported",
    "concluded", "fee_asked", "fee_settled", "mandate_renewed", "sequel_begun", "sequel_ended", "migrated",
]  # fmt: skip


class RulingView(Message):
    """准予 or 不予; ``deliver`` counts the ten working days of delivery (行政许可法 44)."""

    kind: RulingKind
    reason: str
    bases: list[str]
    by: PersonRef
    at: datetime
    deliver: DueView


class ResultView(Message):
    """A licence or document; ``valid_until`` null: for good."""

    id: str
    kind: ResultKind
    name: str
    number: str
    originals: int
    copies: int
    valid_from: date
    valid_until: date | None
    by: PersonRef
    at: datetime


class ReportedView(Message):
    """What an external system did; ``proof`` is the id of a file of the case, or where it is ``signed`` of the message
    in which the system reported it itself."""

    step: ReportStep
    number: str
    on: date
    proof: str
    by: PersonRef
    at: datetime
    signed: bool = False


class ReceiverView(Message):
    """Who came to fetch, and how it was seen who he is; ``number`` is always masked."""

    name: str
    agent: bool
    document: Document
    number: str
    how: How
    by: PersonRef
    at: datetime


class DeliveryView(Message):
    """One try to hand over results; ``ended_on``: the day of its arrival or return."""

    id: str
    way: Way
    results: list[str]
    by: PersonRef
    at: datetime
    state: Attempt
    courier: str
    tracking: str
    receiver: ReceiverView | None
    note: str
    ended_by: PersonRef | None
    ended_at: datetime | None
    ended_on: date | None


class AgreementView(Message):
    """电子送达确认书. ``address`` is masked."""

    address: str
    by: PersonRef
    at: datetime


class EndingView(Message):
    """撤回, 未补正退件 or 终止."""

    kind: EndKind
    reason: str
    by: PersonRef
    at: datetime
    cause: Cause | None


class ArchivedView(Message):
    """归档."""

    by: PersonRef
    at: datetime


class PaymentView(Message):
    """Paid on that day under the receipt's number (票据号), or waived (减免) for this reason."""

    kind: PaymentKind
    on: date
    number: str
    reason: str
    by: PersonRef
    at: datetime


class FeeView(Message):
    """缴费告知: amount in fen, basis in law, the code under which it is paid."""

    amount_fen: int
    basis: str
    code: str
    by: PersonRef
    at: datetime
    payment: PaymentView | None


class RenewalView(Message):
    """续签: by which file of the case the mandate was renewed, and its last day; null: up to the end of the matter."""

    material_id: str
    until: date | None
    by: PersonRef
    at: datetime


class MigratedView(Message):
    """迁移: it ended at its acceptance when it was decided, and goes on from the day of the upgrade."""

    on: date
    at: datetime


class CourseView(Message):
    """What became of a case after its acceptance, or instead of it, and what was asked before it."""

    seen: ClassVar = Seen(
        at=everywhere,
        blank={
            "task": {
                "ruling": None,
                "agreement": None,
                "deliveries": [],
                "ending": None,
                "reports": [],
                "consultation": None,
                "fee": None,
                "mandate": None,
                "sequels": [],
                "migrated": None,
            }
        },
    )

    ruling: RulingView | None = None
    results: list[ResultView] = []
    agreement: AgreementView | None = None
    deliveries: list[DeliveryView] = []
    """The oldest first."""
    ending: EndingView | None = None
    archived: ArchivedView | None = None
    reports: list[ReportedView] = []
    """The oldest first; of a case that is decided in an external system."""
    consultation: ConsultationView | None = None
    """咨询, open or answered, or that became this case."""
    fee: FeeView | None = None
    """What is to be paid, and that it was."""
    mandate: RenewalView | None = None
    """The 授权委托书 of who came for another, where it was renewed."""
    sequels: list[SequelView] = []
    """Cases that follow what was granted (变更, 延续, 撤销 …), the oldest first."""
    migrated: MigratedView | None = None


class CaseRule(CaseAct):
    """准予 or 不予 of an accepted case. Approver only; its paper is made.

    Refused: other_step, reason_missing (a denial), owed_still (no 准予 before 容缺 is complete),
    clock_stopped, basis_unknown, decided_elsewhere, mandate_over (no 准予 by one).
    """

    type: Literal["case.rule"] = "case.rule"
    ruling: RulingKind
    reason: Reason = ""
    bases: Annotated[list[Basis], Field(max_length=BASES_AT_MOST)] = []


class NewResult(Message):
    """What is issued. ``valid_until`` null: it holds for good."""

    kind: ResultKind
    name: ResultName
    number: Number
    originals: Sheets = 1
    copies: Sheets = 0
    valid_from: date
    valid_until: date | None = None


class CaseIssue(CaseAct):
    """制证、签发 of a granted case. Approver only. Refused: other_step, result_missing, bad_date,
    decided_elsewhere, fee_unpaid."""

    type: Literal["case.issue"] = "case.issue"
    results: Annotated[list[NewResult], Field(min_length=1, max_length=RESULTS_AT_MOST)]


class CaseAskFee(CaseAct):
    """告知缴费, by the approver: the amount in fen and the code under which it is paid. Asked anew, the later counts.

    Refused: other_step, fee_unfounded (the item names no 收费依据), fee_settled, decided_elsewhere.
    """

    type: Literal["case.ask_fee"] = "case.ask_fee"
    amount_fen: Annotated[int, Field(ge=1, le=AMOUNT_AT_MOST_FEN)]
    code: Number = ""


class CaseSettleFee(CaseAct):
    """登记缴费 by either side, with day and number of the receipt; or 减免 by the approver, with the reason.

    Refused: other_step, fee_not_asked, fee_settled, number_missing, reason_missing, bad_date.
    """

    type: Literal["case.settle_fee"] = "case.settle_fee"
    kind: PaymentKind
    on: date
    number: Number = ""
    reason: Reason = ""


class CaseReport(CaseAct):
    """Enter what the external system did in which the item is decided: it accepted the case, granted, denied, or
    issued the results. Approver only; no paper of ours is made.

    Refused: decided_here, other_step, number_missing, proof_missing, bad_date, reason_missing (a denial),
    result_missing (issued).
    """

    type: Literal["case.report"] = "case.report"
    step: ReportStep
    number: Number
    on: date
    proof: Id
    reason: Reason = ""
    bases: Annotated[list[Basis], Field(max_length=BASES_AT_MOST)] = []
    results: Annotated[list[NewResult], Field(max_length=RESULTS_AT_MOST)] = []


class CaseRenewMandate(CaseAct):
    """续签: who came for another shows a new 授权委托书, which the window has brought to the case. Window only, until the
    ruling. ``until`` null: up to the end of the matter.

    Refused: other_step, principal_missing (he came by no mandate), bad_date (it is over), mandate_unfit (no stored
    file of the window's).
    """

    type: Literal["case.renew_mandate"] = "case.renew_mandate"
    material_id: Id
    until: date | None = None


class CaseAgreeElectronic(CaseAct):
    """电子送达确认书, taken at the window. Refused: other_step, address_missing."""

    type: Literal["case.agree_electronic"] = "case.agree_electronic"
    address: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]


class CaseBeginDelivery(CaseAct):
    """Begin to hand over: lay ready at the window, post, or send electronically. Without ``results``: of all
    that is neither on its way nor there. Result: ``{delivery_id}``.

    Refused: other_step, not_yours, other_mode, result_unknown, on_its_way, tracking_missing, agreement_missing,
    reason_missing (留置).
    """

    type: Literal["case.begin_delivery"] = "case.begin_delivery"
    way: Way
    results: Annotated[list[Id], Field(max_length=RESULTS_AT_MOST)] = []
    courier: Annotated[str, StringConstraints(max_length=30, strip_whitespace=True)] = ""
    tracking: Annotated[str, StringConstraints(max_length=40, strip_whitespace=True)] = ""
    note: Reason = ""


class CaseCheckReceiver(CaseAct):
    """刷证核对: who fetches is seen to be the applicant or his agent. Window only; of the number nothing but
    its masked form is kept.

    Refused: other_step, not_found, delivery_ended, other_way, receiver_missing, bad_identity_number,
    bad_document_number, other_document.
    """

    type: Literal["case.check_receiver"] = "case.check_receiver"
    delivery_id: Id
    name: Name
    agent: bool = False
    document: Document
    number: Number
    how: How


class CaseEndDelivery(CaseAct):
    """登记送达, or that the post came back. ``on``: the day on which it arrived or came back.

    Refused: other_step, not_found, delivery_ended, receiver_missing, reason_missing, bad_date, other_way.
    """

    type: Literal["case.end_delivery"] = "case.end_delivery"
    delivery_id: Id
    outcome: Literal["delivered", "returned"]
    on: date
    note: Reason = ""


class CaseFinish(CaseAct):
    """An end without a ruling: 撤回 (window), 未补正退件 and 终止 (approver). Its paper is made.

    Refused: other_step, not_yours, reason_missing, cause_missing (终止), time_left (退件).
    """

    type: Literal["case.finish"] = "case.finish"
    kind: EndKind
    reason: Reason
    cause: Cause | None = None


class CaseArchive(CaseAct):
    """归档. Approver only. Refused: other_step, unfinished."""

    type: Literal["case.archive"] = "case.archive"


class CaseAdvanced(Event):
    """The case went on in its course; ``step`` says by what."""

    sets: ClassVar = {"state": "state", "course": "course"}

    type: Literal["case.advanced"] = "case.advanced"
    step: Step
    state: CaseState
    course: CourseView
