"""The form of a case under guidance: edits, drafts, holds, proposals.

Three levels of a value: as it is typed (server.actions.showing), the unsaved draft of one person,
and the saved value with its ledger entry. The window's people enter the applicant's values; the
approver points and proposes. Rules are in server.domain.form.
"""

from collections.abc import Mapping
from typing import Any

from server.actions.cases import filling, header
from server.actions.views import field_view, person_ref, proposal_view
from server.domain import form as rules
from server.domain.case import CLOSED
from server.domain.form import Proposal
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import cases as rows
from server.store.people import person_refs
from server.wire.case import (
    CaseCloseProposal,
    CaseDraft,
    CaseEdit,
    CaseEdited,
    CaseHold,
    CaseProposalClosed,
    CasePropose,
    CaseProposed,
)
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def edited(connection: Connected, command: CaseEdit) -> Ack:
        return await edit(store, actor_of(connection), command)

    async def drafted(connection: Connected, command: CaseDraft) -> Mapping[str, Any]:
        return await draft(store, actor_of(connection), command)

    async def held(connection: Connected, command: CaseHold) -> Mapping[str, Any]:
        return await hold(store, actor_of(connection), command)

    async def proposed(connection: Connected, command: CasePropose) -> Ack:
        return await propose(store, actor_of(connection), command)

    async def closed(connection: Connected, command: CaseCloseProposal) -> Ack:
        return await close_proposal(store, actor_of(connection), command)

    return {
        CaseEdit: edited,
        CaseDraft: drafted,
        CaseHold: held,
        CasePropose: proposed,
        CaseCloseProposal: closed,
    }


async def edit(store: Store, actor: Actor, command: CaseEdit) -> Ack:
    """Save one field on the applicant's behalf; the actor's draft of it is gone with that.

    Result: ``{version, value}``: the value as it was saved. Refusals: ``server.domain.form.edit``.
    """
    subject = of_case(command.case_id)
    async with store.change(actor, command, of=subject) as change:
        if change.replayed:
            return change.replayed
        version = await change.lock(subject) + 1
        before, hand = await filling(change.connection, actor, command.case_id)
        after = rules.edit(
            before,
            command.field,
            command.value,
            command.base_version,
            hand,
            at=change.at,
            version=version,
        )
        entry = after.entries[command.field]
        ack = change.ack({"version": version, "value": entry.value})
        await change.record(
            subject,
            "case.edit",
            f"field:{command.field}",
            lambda version: CaseEdited(
                subject=subject,
                version=version,
                at=change.at,
                field=command.field,
                field_state=field_view(entry, person_ref(actor)),
                outdated=rules.outdated(before, after),
                sensitive=rules.known_field(before, command.field).sensitive,
            ),
            payload={
                "field": command.field,
                "value": entry.value,
                "base_version": command.base_version,
            },
            on_behalf_of=APPLICANT,
            beside=[
                *rows.changed_form(change.connection, command.case_id, before, after),
                rows.outdated_signatures(command.case_id),
                rows.dropped_draft(command.case_id, command.field, actor.person_id),
            ],
        )
        return ack


async def draft(store: Store, actor: Actor, command: CaseDraft) -> Mapping[str, Any]:
    """Keep the actor's unsaved value, whatever it is; only he gets it back, by case.open.

    Overwritten, no ledger, no event. Refused: ``not_found``, ``not_yours`` (not the window),
    ``case_closed``, ``field_unknown``.
    """
    async with store.change(actor) as change:
        found, side = await header(change.connection, actor, command.case_id)
        if found.state in CLOSED:
            raise Refusal(Code.CASE_CLOSED)
        if side != "window":
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


async def hold(store: Store, actor: Actor, command: CaseHold) -> Mapping[str, Any]:
    """Take, renew or drop the soft lock. Result: ``{field, expires_at}``, both null when dropped."""
    async with store.change(actor, of=of_case(command.case_id)) as change:
        before, hand = await filling(change.connection, actor, command.case_id)
        after = rules.hold(before, command.field, hand, at=change.at)
        await rows.save_form(change.connection, command.case_id, before, after)
        lease = after.holds[command.field] if command.field else None
        return {
            "field": command.field,
            "expires_at": lease.expires_at.isoformat() if lease else None,
        }


async def propose(store: Store, actor: Actor, command: CasePropose) -> Ack:
    """Suggest a value to the window. Result: ``{proposal_id}``."""
    subject = of_case(command.case_id)
    async with store.change(actor, command, of=subject) as change:
        if change.replayed:
            return change.replayed
        version = await change.lock(subject) + 1
        before, hand = await filling(change.connection, actor, command.case_id)
        after = rules.propose(
            before,
            new_id(),
            command.field,
            command.value,
            command.reason,
            hand,
            at=change.at,
            version=version,
        )
        await rows.save_form(change.connection, command.case_id, before, after)
        await rows.look(change.connection, command.case_id, version - 1, change.at)
        proposal = await record_proposal(change, actor, command.case_id, after)
        return change.ack({"proposal_id": proposal.id})


async def record_proposal(change: Change, actor: Actor, case_id: str, form: rules.Form) -> Proposal:
    """Tell of the newest proposal of a form, and keep it in the ledger of its case."""
    subject = of_case(case_id)
    proposal = form.proposals[-1]
    await change.record(
        subject,
        "case.propose",
        f"proposal:{proposal.id}",
        lambda version: CaseProposed(
            subject=subject,
            version=version,
            at=change.at,
            proposal=proposal_view(proposal, {actor.person_id: person_ref(actor)}),
            sensitive=rules.known_field(form, proposal.field).sensitive,
        ),
        payload={
            "field": proposal.field,
            "value": proposal.value,
            "old_value": proposal.old_value,
            "reason": proposal.reason,
        },
    )
    return proposal


async def close_proposal(store: Store, actor: Actor, command: CaseCloseProposal) -> Ack:
    """Adopt or decline a proposal at the window; adopting changes field and proposal at once."""
    subject = of_case(command.case_id)
    async with store.change(actor, command, of=subject) as change:
        if change.replayed:
            return change.replayed
        version = await change.lock(subject) + 1
        before, hand = await filling(change.connection, actor, command.case_id)
        after = rules.close_proposal(
            before, command.proposal_id, command.adopt, hand, at=change.at, version=version
        )
        await rows.save_form(change.connection, command.case_id, before, after)
        proposal = next(one for one in after.proposals if one.id == command.proposal_id)
        named = {one for one in (proposal.by, proposal.closed_by) if one}
        people = {
            **await person_refs(change.connection, named - {actor.person_id}),
            actor.person_id: person_ref(actor),
        }
        entry = after.entries[proposal.field] if command.adopt else None
        if entry is not None:
            await rows.outdate_signatures(change.connection, command.case_id)
        await change.record(
            subject,
            "case.close_proposal",
            f"proposal:{proposal.id}",
            lambda version: CaseProposalClosed(
                subject=subject,
                version=version,
                at=change.at,
                proposal=proposal_view(proposal, people),
                field_state=field_view(entry, people[entry.by]) if entry else None,
                outdated=rules.outdated(before, after),
                sensitive=rules.known_field(before, proposal.field).sensitive,
            ),
            payload={
                "field": proposal.field,
                "adopted": command.adopt,
                "value": entry.value if entry else None,
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack()
