"""The form of a case: its fields and proposals, commands and events."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import StrictBool

from server.case.rules.form import Answer, ProposalState
from server.case.wire.words import CaseCommand, FieldName, FieldValue, Reason, Version
from server.rights.seen import Put, Seen
from server.standards.identifiers import (
    mask,
)
from signaling.wire.envelope import Event, Id, Message, PersonRef


class FieldState(Message):
    seen: ClassVar = Seen(masks={"value": mask})

    value: str
    version: int
    """The case version of the last edit: what ``base_version`` of the next edit must name."""
    by: PersonRef
    at: datetime
    on_behalf_of: str | None = None


class Proposal(Message):
    """The approver proposes, or a card that was read; the window adopts or declines; ``outdated`` when the
    field changed since."""

    seen: ClassVar = Seen(
        at=lambda one: f"field:{one.field}", masks={"value": mask, "old_value": mask}
    )

    id: str
    field: str
    value: str
    old_value: str
    reason: str
    by: PersonRef
    at: datetime
    state: ProposalState
    closed_by: PersonRef | None = None
    closed_at: datetime | None = None
    answer: Answer | None = None
    """What the applicant said to it on his own screen; it changes nothing by itself."""
    answered_at: datetime | None = None


class CaseEdit(CaseCommand):
    """Save one field. Refused: stale, field_held, field_invalid, not_yours, case_closed. Window only."""

    type: Literal["case.edit"] = "case.edit"
    field: FieldName
    value: FieldValue
    base_version: Version
    """The ``version`` of the field the page edited from; 0 when it was empty."""


class CaseDraft(CaseCommand):
    """Keep the unsaved value of a field and person; overwritten, no ledger, not an event."""

    type: Literal["case.draft"] = "case.draft"
    field: FieldName
    value: FieldValue
    base_version: Version


class CaseHold(CaseCommand):
    """Take or renew (field) or drop (null) the soft lock; 10 s lease. Refused with field_held and the holder's id."""

    type: Literal["case.hold"] = "case.hold"
    field: FieldName | None


class CasePropose(CaseCommand):
    """Approver only. Result: ``{proposal_id}``."""

    type: Literal["case.propose"] = "case.propose"
    field: FieldName
    value: FieldValue
    reason: Reason = ""


class CaseAnswerProposal(CaseCommand):
    """What the applicant says to a proposal, on his own screen alone. The field stays until the clerk adopts it.
    Refused: not_yours (the clerk's own page), not_found, proposal_closed, case_closed."""

    type: Literal["case.answer_proposal"] = "case.answer_proposal"
    proposal_id: Id
    answer: Answer


class CaseCloseProposal(CaseCommand):
    """Window only: adopt writes the field and closes; decline only closes. Refused when it is outdated or closed."""

    type: Literal["case.close_proposal"] = "case.close_proposal"
    proposal_id: Id
    adopt: StrictBool


class CaseEdited(Event):
    """``field_state.version`` equals the event's version. Open proposals named in ``outdated`` are outdated by it."""

    into: ClassVar = (Put("fields", "field_state", lambda event: f"field:{event.field}"),)
    also: ClassVar = ("proposals", "signature")

    type: Literal["case.edited"] = "case.edited"
    field: str
    field_state: FieldState
    outdated: list[str] = []
    sensitive: bool = False
    """The value is masked for every audience but the window."""


class CaseProposed(Event):
    into: ClassVar = (Put("proposals", "proposal"),)

    type: Literal["case.proposed"] = "case.proposed"
    proposal: Proposal
    sensitive: bool = False


class CaseProposalAnswered(Event):
    """The applicant's answer, with which the proposal stays open."""

    into: ClassVar = (Put("proposals", "proposal"),)

    type: Literal["case.proposal_answered"] = "case.proposal_answered"
    proposal: Proposal
    sensitive: bool = False


class CaseProposalClosed(Event):
    """``field_state`` is there when it was adopted: field and proposal change in one event."""

    into: ClassVar = (
        Put("proposals", "proposal"),
        Put("fields", "field_state", lambda event: f"field:{event.proposal.field}"),
    )
    also: ClassVar = ("proposals", "signature")

    type: Literal["case.proposal_closed"] = "case.proposal_closed"
    proposal: Proposal
    field_state: FieldState | None = None
    outdated: list[str] = []
    sensitive: bool = False
