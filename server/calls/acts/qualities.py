"""How good each party's connection is, as its page tells: shown to the others, kept for the replay;
and beside it, for the replay alone, what the media worker counts of the same leg.

Never an act, never in a log: a sample has figures and the kind of way, no address. Who follows a
call unseen tells of nothing here, since he has no leg.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from server.calls.acts.telling import found
from server.calls.wire import WorkerSample
from server.rights.connected import Watcher
from server.rights.person import Actor
from server.rights.subjects import of_call
from server.store import Store
from signaling.call.claims import own_leg
from signaling.call.parts import CallId, LegId, PersonId
from signaling.refusals import Code, Refusal
from signaling.subjects import CALL_AUDIENCES
from signaling.wire.envelope import Message
from signaling.wire.quality import CallQuality

SAMPLED_EVERY_S: Final = 4.0
"""How often a page tells (``TOLD_EVERY_MS`` in web/src/call/desk/useCall.ts), and the worker is asked."""
EVERY_S: Final = 3.0
"""What a page tells of one leg sooner after the last is dropped."""
LEGS_REMEMBERED: Final = 2_000

_AMOUNTS: Final = (
    "packets_in",
    "packets_out",
    "lost_in",
    "nacks_in",
    "nacks_out",
    "plis_in",
    "plis_out",
)
"""Counters of the worker that a sample tells as they are; see ``counters`` of media/client.py."""
_GROWING: Final = frozenset({*_AMOUNTS, "bytes_in", "bytes_out"}) - {"lost_in"}
"""A packet that comes late was lost until then."""

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
        return [(of_call(call.id), audience, message) for audience in CALL_AUDIENCES]

    return {CallQuality: quality}


class Differences:
    """What a worker's counters, which only grow, say of the time between two looks at them."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], Mapping[str, int]] = {}
        self._looked_at: float | None = None

    def take(
        self, rooms: Mapping[str, Mapping[str, Mapping[str, int]]] | None, at: float
    ) -> list[tuple[str, str, WorkerSample]]:
        """Room, party and sample of each, ``at`` in seconds; ``rooms`` None while nothing is told.

        The first look only begins. Who has come since the last one, or anew under his name, was
        counted from nothing on.
        """
        since, self._looked_at = self._looked_at, None if rooms is None else at
        now = {(r, name): one for r, seats in (rooms or {}).items() for name, one in seats.items()}
        before, self._before = self._before, now
        if since is None or at <= since:
            return []
        return [(*key, _sample(before.get(key, {}), now[key], at - since)) for key in now]


def _sample(before: Mapping[str, int], now: Mapping[str, int], seconds: float) -> WorkerSample:
    if any(now[amount] < before.get(amount, 0) for amount in _GROWING):
        before = {}
    fresh = {amount: max(0, now[amount] - before.get(amount, 0)) for amount in now}
    return WorkerSample(
        seconds=round(seconds, 2),
        in_kbps=round(8 * fresh["bytes_in"] / seconds / 1000),
        out_kbps=round(8 * fresh["bytes_out"] / seconds / 1000),
        **{amount: fresh[amount] for amount in _AMOUNTS},
    )
