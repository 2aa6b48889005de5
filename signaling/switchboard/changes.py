"""The one way to change a call: its turn, its next state, what is written, and what follows when that is committed."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from signaling.call.claims import own_leg, own_monitor
from signaling.call.inputs import CallInput
from signaling.call.parts import Call, CallId, Leg, LegId, Monitor, MonitorId, Patience, PersonId
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.switchboard.ports import CallBook, CommandSource, LockedCall
from signaling.wire.envelope import Ack, Command, Who

log = logging.getLogger("yunjian.switchboard")

Settle = Callable[[Call, Call], None]
"""What follows from a change, once it is committed: the call before, and after."""


class Stepping(Protocol):
    async def stepped(self, turn: LockedCall, event: CallInput) -> Call:
        """The call of the turn after this; nothing is written."""
        ...


class Changes:
    """``wake`` is called when something has changed that is to be seen at once."""

    def __init__(
        self,
        book: CallBook,
        stepping: Stepping,
        patience: Patience,
        settle: Settle,
        wake: Callable[[], None],
    ) -> None:
        self._book = book
        self._stepping = stepping
        self._patience = patience
        self._settle = settle
        self._wake = wake

    async def take(
        self,
        line: CommandSource,
        call_id: CallId,
        command: Command,
        event: CallInput,
        result: Mapping[str, Any] | None = None,
    ) -> tuple[Ack, Call | None]:
        """Do what a person wants; the call is None when the command was done before."""
        async with self._book.turn(line.who, call_id, command) as turn:
            if turn.replayed is not None:
                return turn.replayed, None
            known(turn.call, line.who)
            before, after = turn.call, await self._stepping.stepped(turn, event)
            if after is not before:
                act = str(type(command).model_fields["type"].default)
                names = ("ring_id", "leg_id", "invite_id")
                object = next((getattr(event, n) for n in names if hasattr(event, n)), call_id)
                await turn.write(after, act, object)
            ack = turn.ack(result or {})
        self._settle(before, after)
        self._wake()
        return ack, after

    async def note(self, call_id: CallId, event: CallInput, act: str, object: str) -> None:
        """Keep what the engine says; refused when the store is not there."""
        try:
            async with self._book.turn(None, call_id) as turn:
                after = step(turn.call, event, turn.at, self._patience)
                if after is not turn.call:
                    await turn.write(after, act, object)
        except Refusal as refusal:
            if refusal.code is not Code.NOT_FOUND:
                raise
            log.warning("not noted act=%s call=%s code=%s", act, call_id, refusal.code.value)


def known(call: Call, who: Who) -> None:
    """Refuse with ``not_found`` who has nothing to do with this call: he may not know of it."""
    people = {call.caller_id} | {ring.target_id for ring in call.rings}
    people |= {monitor.person_id for monitor in call.monitors}
    if PersonId(who.person_id) not in people:
        raise Refusal(Code.NOT_FOUND)


def own(call: Call, who: Who, leg_id: str) -> Leg | Monitor:
    """The leg, or the place of one who follows unseen, when it is this person's; refused as ``known`` is, and as
    ``own_leg`` and ``own_monitor`` are."""
    known(call, who)
    person_id = PersonId(who.person_id)
    if (monitor := call.monitor_of(person_id)) is not None and monitor.unseen:
        return own_monitor(call, MonitorId(leg_id), person_id)
    return own_leg(call, LegId(leg_id), person_id)
