"""How good each party's connection is, as its page tells: shown to the others, kept for the replay.

Never an act, never in a log: a sample has figures and the kind of way, no address. Who follows a
call unseen tells of nothing here, since he has no leg.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from server.actions.calls import found, subject_of
from server.actions.showing import Watcher
from server.domain.person import Actor
from server.store import Store
from server.wire.projection import CALL_AUDIENCES
from signaling.call import CallId, LegId, PersonId, own_leg
from signaling.protocol import CallQuality, Message
from signaling.refusals import Code, Refusal

EVERY_S: Final = 3.0
"""What a page tells of one leg sooner after the last is dropped."""
LEGS_REMEMBERED: Final = 2_000

Keep = Callable[[str, str, Mapping[str, Any]], None]
"""Told of call, person and body; never waits."""


def ephemerals(
    store: Store, keep: Keep
) -> dict[type[Message], Callable[[Any, Any], Awaitable[Sequence[tuple[str, str, Message]]]]]:
    """The handler of what pages tell of their connections."""
    told_at: OrderedDict[str, datetime] = OrderedDict()

    async def quality(
        connection: Watcher, message: CallQuality
    ) -> Sequence[tuple[str, str, Message]]:
        who = connection.who
        if not isinstance(who, Actor):
            raise Refusal(Code.NOT_FOUND)
        now = store.clock.now()
        async with store.read() as reading:
            call, _ = await found(reading, CallId(message.call_id))
        own_leg(call, LegId(message.leg_id), PersonId(who.person_id))
        last = told_at.get(message.leg_id)
        if last is not None and (now - last).total_seconds() < EVERY_S:
            return ()
        told_at[message.leg_id] = now
        told_at.move_to_end(message.leg_id)
        if len(told_at) > LEGS_REMEMBERED:
            told_at.popitem(last=False)
        body = message.model_dump(mode="json", include={"leg_id", "quality", "sample"})
        keep(call.id, who.person_id, body)
        return [(subject_of(call.id), audience, message) for audience in CALL_AUDIENCES]

    return {CallQuality: quality}
