"""Whom a call rings: the desks of a unit that are free for longest, and the next ones where these do not come.

Asks a call's turn to reserve them, and makes their rings. Knows no engine, no page and no person's command.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from signaling import waiting
from signaling.call.inputs import Barred, CallInput, HungUp, Tick
from signaling.call.parts import (
    RINGS_AT_MOST,
    Call,
    CallId,
    CallState,
    EndReason,
    Patience,
    PersonId,
    RingId,
    RingState,
)
from signaling.call.ringing import asked
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.subjects import Availability
from signaling.switchboard.ports import Dialling, Inviting, LockedCall


class Asking:
    """``fresh_id`` makes ids of 22 characters; ``at_once`` are rung together."""

    def __init__(self, fresh_id: Callable[[], str], patience: Patience, at_once: int) -> None:
        self._fresh_id = fresh_id
        self._patience = patience
        self._at_once = at_once

    async def first(
        self, turn: Dialling | Inviting, call_id: CallId, but: Collection[str]
    ) -> Sequence[tuple[RingId, PersonId]]:
        """The rings that begin now, at nobody of ``but``. Refused with ``no_approver_free``: how many are on
        duty and, in seconds, the estimated wait; and as the turn refuses."""
        seen_since = self._seen_since(turn.at)
        reserved = await turn.reserve(call_id, self._at_once, seen_since, but)
        if not reserved:
            raise await self._nobody_free(turn)
        return self._rings(reserved)

    async def stepped(self, turn: LockedCall, event: CallInput) -> Call:
        """The call after this, and the next ones asked in the place of those whose rings it closes."""
        asks = isinstance(event, HungUp | Barred | Tick) and turn.call.guests()
        deciding = await turn.deciding() if asks else ()
        before, after = turn.call, step(turn.call, event, turn.at, self._patience, deciding)
        if before.state is not CallState.OPEN or after.rings == before.rings:
            return after
        rung_out = after.reason in (EndReason.DECLINED, EndReason.MISSED)
        if after.state is not CallState.OPEN and not rung_out:
            return after
        ringing = sum(ring.state is RingState.RINGING for ring in after.rings)
        more = waiting.room(ringing, len(after.rings), self._at_once, RINGS_AT_MOST)
        if not more:
            return after
        known = {before.caller_id, *(ring.target_id for ring in before.rings)}
        people = await turn.reserve(before.id, more, self._seen_since(turn.at), known)
        rings = self._rings(people)
        return step(asked(before, rings, turn.at, self._patience), event, turn.at, self._patience)

    def _rings(self, people: Sequence[str]) -> Sequence[tuple[RingId, PersonId]]:
        return [(RingId(self._fresh_id()), PersonId(person)) for person in people]

    def _seen_since(self, at: datetime) -> datetime:
        return at - timedelta(seconds=self._patience.lost_after_s)

    async def _nobody_free(self, turn: Dialling | Inviting) -> Refusal:
        (desks, handling_s), at = await turn.around(), turn.at
        away_after_s = self._patience.lost_after_s
        seen = [waiting.presence(desk, at, away_after_s) for desk in desks]
        wait_s = waiting.estimated_wait_s(desks, 0, handling_s, at, away_after_s)
        return Refusal(
            Code.NO_APPROVER_FREE,
            on_duty=len(seen) - seen.count(Availability.AWAY),
            wait_s=None if wait_s is None else round(wait_s),
        )
