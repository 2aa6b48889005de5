"""The applicant's answer about recording: before a call, and taken back while one runs.

A consent that is taken back ends the recording of the running call: the answer and the call are
written in one transaction, so that the record has one moment for both, and the media worker is told
before the command is acknowledged. What was recorded until then stays, under the consent of then.
"""

from collections.abc import Awaitable, Callable

from server.actions import calls
from server.actions.cases.admission import admitted, header
from server.actions.views import consent_view, person_ref
from server.domain import case as rules
from server.domain import consent as texts
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.person import Actor
from server.rights.subjects import of_call, of_case
from server.store import Change, Store
from server.store import calls as call_rows
from server.store import cases as rows
from server.wire.case import CaseConsent, CaseConsentEarlier, CaseConsented, CaseEarlierConsented
from signaling.call import Call
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal

Turned = Callable[[Call, Call], Awaitable[None]]
"""Brings seats and engine in step with a call, before and after, that was changed."""


def commands(store: Store, turned: Turned) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def consented(connection: Connected, command: CaseConsent) -> Ack:
        return await consent(store, actor_of(connection), command, turned)

    return {CaseConsent: consented}


def answer_of(
    command: CaseConsent | CaseConsentEarlier, actor: Actor, change: Change
) -> rules.Consent:
    """What the applicant answered, as the command tells it."""
    return rules.Consent(
        command.given, command.text_version, command.language, change.at, actor.person_id
    )


async def keep(
    change: Change,
    actor: Actor,
    before: rules.Case,
    after: rules.Case,
    answer: rules.Consent,
    act: str,
    event: type[CaseConsented] | type[CaseEarlierConsented],
    **more: str,
) -> None:
    """Keep a case, which is locked, with an answer of its applicant; its entry tells ``more`` besides."""
    subject = of_case(after.id)
    await rows.save(change.connection, before, after)
    told = consent_view(answer, person_ref(actor))
    await change.record(
        subject,
        act,
        subject,
        lambda version: event(subject=subject, version=version, at=change.at, consent=told),
        payload={
            "given": answer.given,
            "text_version": answer.text_version,
            "language": answer.language,
            **more,
        },
        on_behalf_of=APPLICANT,
    )


async def consent(store: Store, actor: Actor, command: CaseConsent, turned: Turned) -> Ack:
    """Keep the applicant's answer about recording, taken at the window. A no ends the recording of a
    call that runs about the case; where the item allows none without one, the call.

    A yes counts from the next call on. Refused: ``not_found``, ``not_yours``, ``case_closed``,
    ``malformed`` (no such text), ``busy`` (a call about the case begins or ends at this moment).
    """
    changed: tuple[Call, Call] | None = None
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        await header(change.connection, actor, command.case_id)
        running = await call_rows.running_about(change.connection, command.case_id)
        if running is not None:
            await change.lock(of_call(running))
        await change.lock(subject)
        if running != await call_rows.running_about(change.connection, command.case_id):
            raise Refusal(Code.BUSY, case=command.case_id)
        record, hand = await admitted(change.connection, actor, command.case_id)
        if texts.text(command.text_version, command.language) is None:
            raise Refusal(Code.MALFORMED, fields="text_version")
        answer = answer_of(command, actor, change)
        after = rules.consented(record.case, answer, hand)
        await keep(change, actor, record.case, after, answer, "case.consent", CaseConsented)
        if running is not None and not answer.given:
            goes_on = after.item.recording_refusal != "no_call"
            changed = await calls.end_recording(change, running, goes_on=goes_on)
        ack = change.ack()
    if changed is not None:
        await turned(*changed)
    return ack
