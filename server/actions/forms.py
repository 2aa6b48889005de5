"""The form of a case under guidance: edits, drafts, holds, proposals, and what is shown live.

Three levels of a value: as it is typed (an ephemeral, never stored), the unsaved draft of one
person, and the saved value with its ledger entry. The window's people enter the applicant's
values; the approver points and proposes. Rules are in server.domain.form.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from server.actions.cases import (
    Connected,
    Handler,
    actor_of,
    admitted,
    header,
    new_id,
    subject_of,
)
from server.actions.views import field_view, person_ref, proposal_view
from server.domain import form as rules
from server.domain.case import CLOSED
from server.domain.form import APPLICANT
from server.domain.person import Actor
from server.store import Store
from server.store import cases as rows
from server.wire.case import (
    CaseCloseProposal,
    CaseDraft,
    CaseEdit,
    CaseEdited,
    CaseFocus,
    CaseHold,
    CasePoint,
    CaseProposalClosed,
    CasePropose,
    CaseProposed,
    CaseTyping,
)
from server.wire.projection import CASE_AUDIENCES, project_ephemeral
from signaling.protocol import Ack, Command, Message, PersonRef
from signaling.refusals import Code, Refusal

CASES_REMEMBERED: Final = 1_000

Delivery = tuple[str, str, Message]
"""Subject, audience, message: where an ephemeral goes."""
EphemeralHandler = Callable[[Any, Any], Awaitable[Sequence[Delivery]]]


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
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = subject_of(command.case_id)
        version = await change.lock(subject) + 1
        record, hand = await admitted(change.connection, actor, command.case_id)
        before = record.case.form
        after = rules.edit(
            before,
            command.field,
            command.value,
            command.base_version,
            hand,
            at=change.at,
            version=version,
        )
        await rows.save_form(change.connection, command.case_id, before, after)
        await rows.outdate_signatures(change.connection, command.case_id)
        await rows.drop_draft(change.connection, command.case_id, command.field, actor.person_id)
        entry = after.entries[command.field]
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
                sensitive=before.fields[command.field].sensitive,
            ),
            payload={
                "field": command.field,
                "value": entry.value,
                "base_version": command.base_version,
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack({"version": version, "value": entry.value})


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
        if command.field not in found.item.fields:
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
    async with store.change(actor) as change:
        await change.lock(subject_of(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        before = record.case.form
        after = rules.hold(before, command.field, hand, at=change.at)
        await rows.save_form(change.connection, command.case_id, before, after)
        lease = after.holds[command.field] if command.field else None
        return {
            "field": command.field,
            "expires_at": lease.expires_at.isoformat() if lease else None,
        }


async def propose(store: Store, actor: Actor, command: CasePropose) -> Ack:
    """Suggest a value to the window. Result: ``{proposal_id}``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = subject_of(command.case_id)
        version = await change.lock(subject) + 1
        record, hand = await admitted(change.connection, actor, command.case_id)
        before = record.case.form
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
        proposal = after.proposals[-1]
        await change.record(
            subject,
            "case.propose",
            f"proposal:{proposal.id}",
            lambda version: CaseProposed(
                subject=subject,
                version=version,
                at=change.at,
                proposal=proposal_view(proposal, {actor.person_id: person_ref(actor)}),
                sensitive=before.fields[command.field].sensitive,
            ),
            payload={
                "field": proposal.field,
                "value": proposal.value,
                "old_value": proposal.old_value,
                "reason": proposal.reason,
            },
        )
        return change.ack({"proposal_id": proposal.id})


async def close_proposal(store: Store, actor: Actor, command: CaseCloseProposal) -> Ack:
    """Adopt or decline a proposal at the window; adopting changes field and proposal at once."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = subject_of(command.case_id)
        version = await change.lock(subject) + 1
        record, hand = await admitted(change.connection, actor, command.case_id)
        before = record.case.form
        after = rules.close_proposal(
            before, command.proposal_id, command.adopt, hand, at=change.at, version=version
        )
        await rows.save_form(change.connection, command.case_id, before, after)
        proposal = next(one for one in after.proposals if one.id == command.proposal_id)
        people = {**record.people, actor.person_id: person_ref(actor)}
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
                sensitive=before.fields[proposal.field].sensitive,
            ),
            payload={
                "field": proposal.field,
                "adopted": command.adopt,
                "value": entry.value if entry else None,
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack()


# ---------------------------------------------------------------- shown live, never stored


class Watcher(Protocol):
    """A socket, and as which audience it watches a subject."""

    @property
    def who(self) -> Any: ...

    def watches(self, subject: str) -> str | None: ...


def ephemerals(store: Store) -> dict[type[Message], EphemeralHandler]:
    """The handlers of what pages show each other live, by message."""
    live = _Live(store)
    return {CaseTyping: live.typing, CaseFocus: live.focus, CasePoint: live.point}


class _Live:
    """Who may show what to whom. Rights come from what the socket watches: it opened the case."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sensitive: OrderedDict[str, Mapping[str, bool]] = OrderedDict()

    async def typing(self, connection: Watcher, message: CaseTyping) -> list[Delivery]:
        """A value grows at the window. Refused: ``not_found``, ``not_yours``, ``field_unknown``."""
        actor, side, fields = await self._seat(connection, message.case_id)
        if side != "window":
            raise Refusal(Code.NOT_YOURS)
        if message.field not in fields:
            raise Refusal(Code.FIELD_UNKNOWN, field=message.field)
        told = {"by": actor, "sensitive": fields[message.field]}
        return _to_all(message.case_id, message.model_copy(update=told))

    async def focus(self, connection: Watcher, message: CaseFocus) -> list[Delivery]:
        """Who is in which field, from the window and the approver alike."""
        actor, side, fields = await self._seat(connection, message.case_id)
        if side not in ("window", "approver"):
            raise Refusal(Code.NOT_YOURS)
        if message.field is not None and message.field not in fields:
            raise Refusal(Code.FIELD_UNKNOWN, field=message.field)
        return _to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def point(self, connection: Watcher, message: CasePoint) -> list[Delivery]:
        """The approver points at a field. Refused: ``not_found``, ``not_yours``, ``field_unknown``."""
        actor, side, fields = await self._seat(connection, message.case_id)
        if side != "approver":
            raise Refusal(Code.NOT_YOURS)
        if message.field is not None and message.field not in fields:
            raise Refusal(Code.FIELD_UNKNOWN, field=message.field)
        return _to_all(message.case_id, message.model_copy(update={"by": actor}))

    async def _seat(
        self, connection: Watcher, case_id: str
    ) -> tuple[PersonRef, str, Mapping[str, bool]]:
        side = connection.watches(subject_of(case_id))
        if side is None or not isinstance(connection.who, Actor):
            raise Refusal(Code.NOT_FOUND, case=case_id)
        return person_ref(connection.who), side, await self._fields(connection.who, case_id)

    async def _fields(self, actor: Actor, case_id: str) -> Mapping[str, bool]:
        """Which fields the case has, and whether each is sensitive; a running case never changes it."""
        known = self._sensitive.get(case_id)
        if known is None:
            async with self._store.read() as reading:
                found, _ = await header(reading, actor, case_id)
            known = {name: field.sensitive for name, field in found.item.fields.items()}
            self._sensitive[case_id] = known
            if len(self._sensitive) > CASES_REMEMBERED:
                self._sensitive.popitem(last=False)
        return known


def _to_all(case_id: str, message: Message) -> list[Delivery]:
    # The sender's own side too: a second person at the window must see who is in a field. A page
    # passes over what it sent itself.
    return [
        (subject_of(case_id), audience, project_ephemeral(message, audience))
        for audience in CASE_AUDIENCES
    ]
