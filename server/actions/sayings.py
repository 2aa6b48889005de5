"""Text beside the voice: what the window, the approver and a third party write to each other.

Rules are in server.domain.saying; what of it the applicant sees is decided by the lane.
"""

from server.actions.cases import header
from server.actions.views import person_ref, saying_view
from server.domain import saying as rules
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import Hand
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Store
from server.store import calls as call_rows
from server.store import cases as rows
from server.wire.case import CaseSaid, CaseSay
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def said(connection: Connected, command: CaseSay) -> Ack:
        return await say(store, actor_of(connection), command)

    return {CaseSay: said}


async def say(store: Store, actor: Actor, command: CaseSay) -> Ack:
    """Write a message. Result: ``{saying_id}``. Refusals: ``server.domain.saying.say``, and
    ``not_found`` for a call that is not about this case."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        version = await change.lock(subject) + 1
        _, side = await header(change.connection, actor, command.case_id)
        saying = rules.say(
            new_id(),
            command.lane,
            command.text,
            Hand(actor.person_id, side),
            said=await rows.count_sayings(change.connection, command.case_id),
            for_applicant=command.for_applicant,
            call_id=await _call_of(change.connection, command),
            at=change.at,
            version=version,
        )
        await change.connection.execute(*rows.new_saying(command.case_id, saying))
        view = saying_view(saying, person_ref(actor))
        await change.record(
            subject,
            "case.say",
            f"saying:{saying.id}",
            lambda version: CaseSaid(subject=subject, version=version, at=change.at, saying=view),
            payload={"lane": saying.lane, "text": saying.text, "call": saying.call_id},
            on_behalf_of=saying.on_behalf_of,
        )
        return change.ack({"saying_id": saying.id})


async def _call_of(connection: rows.Connection, command: CaseSay) -> str | None:
    """The call during which it is said; None when that one is over by now."""
    if command.call_id is None:
        return None
    call = await call_rows.find_header(connection, command.call_id)
    if call is None or call.case_id != command.case_id:
        raise Refusal(Code.NOT_FOUND, call=command.call_id)
    running = await call_rows.running_about(connection, command.case_id)
    return command.call_id if running == command.call_id else None
