"""The applicant rates a call that has ended, on his own screen. Rules: server.domain.rating."""

from collections.abc import Mapping

from server.actions.cases import admitted
from server.actions.views import rating_view
from server.domain import rating as rules
from server.domain.codes import Satisfaction
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_call, of_case
from server.store import Store, ratings
from server.store import calls as call_rows
from server.wire.case import CaseRate, CaseRated
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> Mapping[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def rated(connection: Connected, command: CaseRate) -> Ack:
        actor = actor_of(connection)
        if connection.watches(of_case(command.case_id)) != "applicant":
            # Which cases there are is told as everywhere; the clerk's own page does not rate.
            async with store.read() as reading:
                await admitted(reading, actor, command.case_id)
            raise Refusal(Code.NOT_YOURS)
        return await rate(store, actor, command)

    return {CaseRate: rated}


async def rate(store: Store, actor: Actor, command: CaseRate) -> Ack:
    """Keep what the applicant says of a call. Result: ``{number}``.

    Refused: ``not_found`` (no such case for this person, or no such call about it), and what
    ``server.domain.rating.rate`` refuses.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        version = await change.lock(subject) + 1
        _, hand = await admitted(change.connection, actor, command.case_id)
        call = await call_rows.find(change.connection, command.call_id)
        about = await call_rows.find_header(change.connection, command.call_id)
        if call is None or about is None or about.case_id != command.case_id:
            raise Refusal(Code.NOT_FOUND, call=command.call_id)
        given = await ratings.list_ratings(change.connection, command.case_id)
        rating = rules.rate(
            new_id(),
            command.call_id,
            Satisfaction(command.level),
            command.reasons,
            command.text,
            hand,
            given=[one for one in given if one.call_id == command.call_id],
            answered=call.answered_at is not None,
            ended_at=call.ended_at,
            at=change.at,
            version=version,
        )
        await ratings.add_rating(change.connection, command.case_id, rating)
        view = rating_view(rating)
        await change.record(
            subject,
            "case.rate",
            of_call(command.call_id),
            lambda version: CaseRated(subject=subject, version=version, at=change.at, rating=view),
            payload={
                "number": rating.number,
                "level": view.level,
                "reasons": view.reasons,
                "text": view.text,
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack({"number": rating.number})
