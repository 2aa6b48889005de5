"""The form of a case under guidance: edits, drafts, holds, proposals.

Three levels of a value: as it is typed (server.case.acts.talk.showing), the unsaved draft of one person,
and the saved value with its ledger entry. The window's people enter the applicant's values; the
approver points and proposes. Rules are in server.case.rules.form.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from server.case import rows
from server.case.admission import header
from server.case.rules import form as rules
from server.case.rules.course import states
from server.case.turn import Acts, FormTurn
from server.case.views import field_view, proposal_view
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
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.subjects import of_case
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

acts: Final = Acts()


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {
        **acts.commands(store),
        CaseDraft: partial(draft, store),
        CaseHold: partial(hold, store),
    }


@acts.on(CaseEdit, FormTurn)
async def edit(turn: FormTurn, command: CaseEdit) -> Told:
    """Save one field on the applicant's behalf; the actor's draft of it is gone with that.

    Result: ``{version, value}``: the value as it was saved. Refusals: ``server.case.rules.form.edit``.
    """
    before, field = turn.form, command.field
    after = rules.edit(
        before,
        field,
        command.value,
        command.base_version,
        turn.hand,
        at=turn.at,
        version=turn.version,
    )
    turn.keep(after)
    entry = after.entries[field]
    return Told(
        CaseEdited(
            **turn.stamp,
            field=field,
            field_state=field_view(entry, turn.people[entry.by]),
            outdated=rules.outdated(before.proposals, after.proposals),
            sensitive=rules.known_field(before, field).sensitive,
        ),
        f"field:{field}",
        {"field": field, "value": entry.value, "base_version": command.base_version},
        {"version": turn.version, "value": entry.value},
        on_behalf_of=APPLICANT,
        beside=[
            rows.outdated_signatures(turn.case_id),
            rows.dropped_draft(turn.case_id, field, entry.by),
        ],
    )


async def draft(store: Store, connection: Connected, command: CaseDraft) -> Mapping[str, Any]:
    """Keep the actor's unsaved value, whatever it is; only he gets it back, by case.open.

    Overwritten, no ledger, no event. Refused: ``not_found``, ``not_yours`` (not the window),
    ``case_closed``, ``field_unknown``.
    """
    actor = actor_of(connection)
    async with store.change(actor) as change:
        found, audience = await header(change.connection, actor, command.case_id)
        if not states.fillable(found.state):
            raise Refusal(Code.CASE_CLOSED)
        if not audience.fills:
            raise Refusal(Code.NOT_YOURS, field=command.field)
        if found.item.field(command.field) is None:
            raise Refusal(Code.FIELD_UNKNOWN, field=command.field)
        await rows.save_draft(
            change.connection,
            command.case_id,
            command.field,
            actor.person_id,
            rows.Draft(command.value, command.base_version, change.at),
        )
        return {}


async def hold(store: Store, connection: Connected, command: CaseHold) -> Mapping[str, Any]:
    """Take, renew or drop the soft lock. Result: ``{field, expires_at}``, both null when dropped."""
    actor = actor_of(connection)
    async with store.change(actor, of=of_case(command.case_id)) as change:
        turn = await FormTurn.begin(change, actor, command.case_id)
        after = rules.hold(turn.form, command.field, turn.hand, at=change.at)
        await rows.save_form(change.connection, command.case_id, turn.form, after)
        lease = after.holds[command.field] if command.field else None
        return {
            "field": command.field,
            "expires_at": lease.expires_at.isoformat() if lease else None,
        }


@acts.on(CasePropose, FormTurn, looks=True)
async def propose(turn: FormTurn, command: CasePropose) -> Told:
    """Suggest a value to the window. Result: ``{proposal_id}``."""
    after = rules.propose(
        turn.form,
        new_id(),
        command.field,
        command.value,
        command.reason,
        turn.hand,
        at=turn.at,
        version=turn.version,
    )
    return proposed(turn, after)


def proposed(turn: FormTurn, form: rules.Form) -> Told:
    """That the newest proposal of this form was made. Result: ``{proposal_id}``."""
    turn.keep(form)
    proposal = form.proposals[-1]
    return Told(
        CaseProposed(
            **turn.stamp,
            proposal=proposal_view(proposal, turn.people),
            sensitive=rules.known_field(form, proposal.field).sensitive,
        ),
        f"proposal:{proposal.id}",
        {
            "field": proposal.field,
            "value": proposal.value,
            "old_value": proposal.old_value,
            "reason": proposal.reason,
        },
        {"proposal_id": proposal.id},
    )


@acts.on(CaseAnswerProposal, FormTurn, applicant=True)
async def answer_proposal(turn: FormTurn, command: CaseAnswerProposal) -> Told | Mapping[str, Any]:
    """Keep what the applicant says to a proposal, for the clerk who adopts or declines it; the same again is
    acknowledged and is no act. Refusals: ``server.case.rules.form.answer_proposal``."""
    before = turn.form
    after = rules.answer_proposal(
        before, command.proposal_id, command.answer, turn.hand, at=turn.at
    )
    if after is before:
        return {}
    turn.keep(after)
    proposal = next(one for one in after.proposals if one.id == command.proposal_id)
    people = await turn.name([proposal.by])
    return Told(
        CaseProposalAnswered(
            **turn.stamp,
            proposal=proposal_view(proposal, people),
            sensitive=rules.known_field(before, proposal.field).sensitive,
        ),
        f"proposal:{proposal.id}",
        {"field": proposal.field, "answer": command.answer},
        on_behalf_of=APPLICANT,
    )


@acts.on(CaseCloseProposal, FormTurn)
async def close_proposal(turn: FormTurn, command: CaseCloseProposal) -> Told:
    """Adopt or decline a proposal at the window; adopting changes field and proposal at once."""
    before = turn.form
    after = rules.close_proposal(
        before,
        command.proposal_id,
        command.adopt,
        turn.hand,
        at=turn.at,
        version=turn.version,
    )
    turn.keep(after)
    proposal = next(one for one in after.proposals if one.id == command.proposal_id)
    people = await turn.name([proposal.by, proposal.closed_by])
    entry = after.entries[proposal.field] if command.adopt else None
    return Told(
        CaseProposalClosed(
            **turn.stamp,
            proposal=proposal_view(proposal, people),
            field_state=field_view(entry, people[entry.by]) if entry else None,
            outdated=rules.outdated(before.proposals, after.proposals),
            sensitive=rules.known_field(before, proposal.field).sensitive,
        ),
        f"proposal:{proposal.id}",
        {
            "field": proposal.field,
            "adopted": command.adopt,
            "value": entry.value if entry else None,
            "answer": proposal.answer,
        },
        on_behalf_of=APPLICANT,
        beside=[rows.outdated_signatures(turn.case_id)] if entry else [],
    )
