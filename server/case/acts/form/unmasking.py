"""Reading a sensitive value whole (脱敏查看): the act with its reason, and the value for who did it.

The value is in no ack, no event and no entry: it is read once or more within a minute, by the
person who unmasked it alone. Rules are in server.case.rules.unmasking.
"""

from typing import Final

from server.case.admission import admitted
from server.case.rows import unmaskings as unmasking_rows
from server.case.rules import unmasking as rules
from server.case.turn import Acts, CaseTurn
from server.case.views import unmasking_view
from server.case.wire.http import Unmasked
from server.case.wire.unmasking import CaseUnmask, CaseUnmasked
from server.rights.ids import new_id
from server.rights.person import Actor
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseUnmask, CaseTurn)
async def unmask(turn: CaseTurn, command: CaseUnmask) -> Told:
    """Begin to read a value whole. Result: ``{unmasking_id, expires_at}``.

    Refusals: ``server.case.rules.unmasking.unmask``.
    """
    before = await unmasking_rows.list_unmaskings(turn.connection, turn.case_id)
    new = rules.unmask(
        turn.case,
        new_id(),
        command.what,
        command.reason,
        turn.hand,
        before=len(before),
        at=turn.at,
        version=turn.version,
    )
    until = new.expires_at.isoformat()
    return Told(
        CaseUnmasked(**turn.stamp, unmasking=unmasking_view(new, turn.people[new.by])),
        f"value:{new.what}",
        {"what": new.what, "reason": new.reason, "until": until},
        {"unmasking_id": new.id, "expires_at": until},
        beside=[unmasking_rows.new_unmasking(turn.case_id, new)],
    )


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
        or not rules.may(hand)
    ):
        raise Refusal(Code.NOT_FOUND)
    return Unmasked(
        what=mine.what, value=rules.masked(record.case, mine.what) or "", expires_at=mine.expires_at
    )
