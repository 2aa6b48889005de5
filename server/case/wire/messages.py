"""All commands, events and ephemerals of a case, for the gateway and the schema."""

from server.case.wire.course.advancing import (
    CaseAdvanced,
    CaseAgreeElectronic,
    CaseArchive,
    CaseAskFee,
    CaseBeginDelivery,
    CaseCheckReceiver,
    CaseEndDelivery,
    CaseFinish,
    CaseIssue,
    CaseRenewMandate,
    CaseReport,
    CaseRule,
    CaseSettleFee,
)
from server.case.wire.course.agents import CaseAskAgent, CasePrintAgent
from server.case.wire.course.consulting import CaseConclude
from server.case.wire.course.joint import COMMANDS as UNIT_TASK_COMMANDS
from server.case.wire.course.joint import CaseTasked
from server.case.wire.course.mode import CaseChangeMode, CaseModeChanged
from server.case.wire.course.owning import CaseAssign, CaseAssigned
from server.case.wire.course.sequels import CaseBeginSequel
from server.case.wire.decision import (
    CaseCheck,
    CaseChecked,
    CaseDecide,
    CaseDecided,
    CaseExtendLimit,
    CaseRecounted,
    CaseRefer,
    CaseReferred,
    CaseResumeClock,
    CaseStopClock,
)
from server.case.wire.form import (
    CaseAnswerProposal,
    CaseCloseProposal,
    CaseDraft,
    CaseEdit,
    CaseEdited,
    CaseHold,
    CaseProposalAnswered,
    CaseProposalClosed,
    CasePropose,
    CaseProposed,
)
from server.case.wire.materials import (
    CaseConsentEarlier,
    CaseEarlierConsented,
    CaseGrade,
    CaseMoveMaterial,
    CaseReceived,
    CaseReceiveOriginals,
    CaseReview,
    CaseSendOriginals,
    CaseTakeEarlier,
    HandoverChanged,
    MaterialChanged,
    MaterialMoved,
    MaterialProgress,
)
from server.case.wire.phones import (
    CaseInvitePhone,
    CaseTakePage,
    CaseWithdrawPhone,
    PhoneChanged,
)
from server.case.wire.promises import CaseMovePromise, CasePromise, CasePromised, CaseVerify
from server.case.wire.rating import CaseRate, CaseRated
from server.case.wire.registering import (
    CaseAnswered,
    CaseCalled,
    CaseConsent,
    CaseConsented,
    CaseConsult,
    CaseCreate,
    CaseCreated,
    CaseOpen,
    CaseRegisterConsulted,
    ListedChanged,
    ListedWatch,
)
from server.case.wire.showing import (
    CaseClearDrawings,
    CaseDraw,
    CaseDrawingKept,
    CaseDrawingsCleared,
    CaseDrawn,
    CaseFocus,
    CaseKeepDrawing,
    CasePoint,
    CaseTyping,
    DocumentDraw,
    DocumentLook,
    DocumentPoint,
)
from server.case.wire.signing import (
    CasePrintForm,
    CaseShown,
    CaseSign,
    CaseSigned,
    CaseSubmit,
    CaseSubmitted,
    CaseSummarise,
    PaperChanged,
)
from server.case.wire.talk import (
    CaseComment,
    CaseCommented,
    CaseReply,
    CaseResolve,
    CaseSaid,
    CaseSay,
)
from server.case.wire.unmasking import CaseUnmask, CaseUnmasked
from signaling.wire.envelope import Command, Event, Message
from signaling.wire.quality import CallQuality

COMMANDS: tuple[type[Command], ...] = (
    CaseCreate, CaseOpen, CaseConsent, CaseEdit, CaseDraft, CaseHold, CasePropose,
    CaseAnswerProposal, CaseCloseProposal, CaseReview, CaseGrade, CaseMoveMaterial, CaseDecide, CaseRefer, CaseSay, CaseComment, CaseReply, CaseResolve,
    CaseCheck, CaseSummarise, CaseSign, CaseSubmit, CaseRate, CaseInvitePhone, CaseTakePage, CaseWithdrawPhone,
    CaseStopClock, CaseResumeClock, CaseExtendLimit, CaseUnmask, CaseDraw, CaseClearDrawings,
    CaseKeepDrawing, CasePrintForm, CaseConsentEarlier, CaseTakeEarlier, CasePromise, CaseMovePromise, CaseVerify,
    CaseSendOriginals, CaseReceiveOriginals, CaseChangeMode, CaseRule, CaseIssue, CaseAskFee, CaseSettleFee, CaseReport, CaseAgreeElectronic, CaseRenewMandate, CaseBeginDelivery,
    CaseCheckReceiver, CaseEndDelivery, CaseFinish, CaseArchive, CaseAssign, ListedWatch, CaseAskAgent, CasePrintAgent,
    CaseConsult, CaseRegisterConsulted, CaseConclude, CaseBeginSequel, *UNIT_TASK_COMMANDS,
)  # fmt: skip
EVENTS: tuple[type[Event], ...] = (
    CaseCreated, CaseConsented, CaseCalled, CaseAnswered, CaseEdited, CaseProposed, CaseProposalAnswered, CaseProposalClosed,
    MaterialChanged, CaseReceived, MaterialMoved, CaseModeChanged, CaseDecided, CaseReferred, CaseRecounted, CaseSaid, CaseCommented, CaseChecked, CaseShown, CaseSigned,
    CaseSubmitted, CaseRated, PaperChanged, PhoneChanged, CaseUnmasked, CaseDrawn,
    CaseDrawingsCleared, CaseDrawingKept, CaseEarlierConsented, CasePromised, HandoverChanged, CaseAdvanced, CaseAssigned, CaseTasked,
)  # fmt: skip
EPHEMERALS: tuple[type[Message], ...] = (
    CaseTyping, CaseFocus, CasePoint, MaterialProgress, DocumentPoint, DocumentDraw, DocumentLook,
    ListedChanged,
)  # fmt: skip
FROM_PAGE: tuple[type[Message], ...] = (
    CallQuality, CaseTyping, CaseFocus, CasePoint, DocumentPoint, DocumentDraw, DocumentLook,
)  # fmt: skip
"""The ephemerals that a page may send; ``by`` is always set by the server."""
