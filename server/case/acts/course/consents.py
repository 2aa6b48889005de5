"""The applicant's answer about recording: before a call, and taken back while one runs.

A consent that is taken back ends the recording of the running call: the answer and the call are
written in one transaction, so that the record has one moment for both, and the media worker is told
before the command is acknowledged. What was recorded until then stays, under the consent of then.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from server.calls.acts import turns
from server.calls.rows import calls as call_rows
from server.case import rows
from server.case.acts.course import calling
from server.case.rules import case as rules
from server.case.rules import consent as texts
from server.case.turn import Acts, CaseTurn, House
from server.case.views import consent_view
from server.case.wire.materials import CaseConsentEarlier, CaseEarlierConsented
from server.case.wire.registering import CaseConsent, CaseConsented
from server.rights.connected import Handler
from server.rights.hand import APPLICANT
from server.rights.subjects import of_call
from server.store import Store
from server.store.subject import Told
from signaling.call.parts import Call
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

acts: Final = Acts()


def commands(
    store: Store, turned: Callable[[Call, Call], Awaitable[None]]
) -> dict[type[Command], Handler]:
    """The handlers of this module, by command. ``turned`` brings seats and engine in step with a call,
    before and after, that was changed."""
    return acts.commands(store, House(turned=turned))


def answer_of(turn: CaseTurn, command: CaseConsent | CaseConsentEarlier) -> rules.Consent:
    """What the applicant answered, as the command tells it."""
    by = turn.hand.person_id
    return rules.Consent(command.given, command.text_version, command.language, turn.at, by)


def answered(
    turn: CaseTurn,
    answer: rules.Consent,
    event: type[CaseConsented] | type[CaseEarlierConsented],
    **more: str,
) -> Told:
    """That the applicant answered; the entry tells ``more`` besides."""
    return Told(
        event(**turn.stamp, consent=consent_view(answer, turn.people[answer.taken_by])),
        turn.subject,
        {
            "given": answer.given,
            "text_version": answer.text_version,
            "language": answer.language,
            **more,
        },
        on_behalf_of=APPLICANT,
    )


async def _running(connection: rows.Connection, command: CaseConsent) -> list[str]:
    running = await call_rows.running_about(connection, command.case_id)
    return [] if running is None else [of_call(running)]


@acts.on(CaseConsent, CaseTurn, also=_running)
async def consent(turn: CaseTurn, command: CaseConsent) -> Told:
    """Keep the applicant's answer about recording, taken at the window. A no ends the recording of a
    call that runs about the case; where the item allows none without one, the call.

    A yes counts from the next call on. Refused: ``not_found``, ``not_yours``, ``case_closed``,
    ``malformed`` (no such text), ``busy`` (a call about the case begins or ends at this moment).
    """
    running = await call_rows.running_about(turn.connection, turn.case_id)
    if turn.also != ([] if running is None else [of_call(running)]):
        raise Refusal(Code.BUSY, case=turn.case_id)
    if texts.text(command.text_version, command.language) is None:
        raise Refusal(Code.MALFORMED, fields="text_version")
    answer = answer_of(turn, command)
    after = rules.consented(turn.case, answer, turn.hand)
    turn.keep(after)
    kept = answered(turn, answer, CaseConsented)
    if running is None or answer.given:
        return kept
    ended: list[tuple[Call, Call]] = []

    async def then() -> None:
        goes_on = after.item.recording_refusal != "no_call"
        ended.append(await turns.end_recording(turn.change, calling, running, goes_on=goes_on))

    async def later() -> None:
        for before_and_after in ended:
            await turn.house.turned(*before_and_after)

    return replace(kept, then=then, after=later)
