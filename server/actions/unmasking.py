"""Reading a sensitive value whole (脱敏查看): the act with its reason, and the value for who did it.

The value is in no ack, no event and no entry: it is read once or more within a minute, by the
person who unmasked it alone. Rules are in server.domain.unmasking.
"""

from server.actions.cases import admitted
from server.actions.views import person_ref, unmasking_view
from server.domain import unmasking as rules
from server.rights.connected import Connected, Handler, actor_of
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Store
from server.store import unmaskings as unmasking_rows
from server.wire.case import CaseUnmask, CaseUnmasked
from server.wire.http import Unmasked
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def unmasked(connection: Connected, command: CaseUnmask) -> Ack:
        return await unmask(store, actor_of(connection), command)

    return {CaseUnmask: unmasked}


async def unmask(store: Store, actor: Actor, command: CaseUnmask) -> Ack:
    """Begin to read a value whole. Result: ``{unmasking_id, expires_at}``.

    Refusals: ``server.domain.unmasking.unmask``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await admitted(change.connection, actor, command.case_id)
        before = await unmasking_rows.list_unmaskings(change.connection, command.case_id)
        new = rules.unmask(
            record.case,
            new_id(),
            command.what,
            command.reason,
            hand,
            before=len(before),
            at=change.at,
            version=seen + 1,
        )
        await unmasking_rows.add_unmasking(change.connection, command.case_id, new)
        view = unmasking_view(new, person_ref(actor))
        await change.record(
            subject,
            "case.unmask",
            f"value:{new.what}",
            lambda version: CaseUnmasked(
                subject=subject, version=version, at=change.at, unmasking=view
            ),
            payload={"what": new.what, "reason": new.reason, "until": new.expires_at.isoformat()},
        )
        return change.ack({"unmasking_id": new.id, "expires_at": new.expires_at.isoformat()})


async def read(store: Store, actor: Actor, case_id: str, unmasking_id: str) -> Unmasked:
    """The value, for who unmasked it, while it lasts and he still sees the case; else ``not_found``."""
    async with store.read() as reading:
        record, hand = await admitted(reading, actor, case_id)
        found = await unmasking_rows.list_unmaskings(reading, case_id)
    mine = next((one for one in found if one.id == unmasking_id), None)
    if (
        mine is None
        or mine.by != actor.person_id
        or mine.expires_at <= store.clock.now()
        or hand.side not in rules.MAY
    ):
        raise Refusal(Code.NOT_FOUND)
    return Unmasked(
        what=mine.what, value=rules.masked(record.case, mine.what) or "", expires_at=mine.expires_at
    )
