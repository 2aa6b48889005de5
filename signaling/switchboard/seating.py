"""Who sits in a call: takes his seat again, connects it to the engine, mutes, lacks, holds and resumes."""

from collections.abc import Callable, Mapping
from typing import Any

from signaling.call.inputs import Joined, Lacked, Muted, PutOnHold, Resumed
from signaling.call.parts import CallId, LegId, PersonId
from signaling.seats import Seats
from signaling.switchboard.changes import Changes, own
from signaling.switchboard.engine import Engine
from signaling.switchboard.expected import Expected
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import CallBook, CommandSource, Handlers, MediaRooms, Screens
from signaling.wire.call import (
    CallConnect,
    CallDescribe,
    CallHold,
    CallJoin,
    CallLack,
    CallMute,
    CallResume,
    Replaced,
)
from signaling.wire.envelope import Ack


class Seating:
    """What the record says of a seat comes first, and what the engine does follows it."""

    def __init__(
        self,
        book: CallBook,
        rooms: MediaRooms,
        screens: Screens,
        changes: Changes,
        expected: Expected,
        engine: Engine,
        seats: Seats,
        pages: Pages,
        fresh_id: Callable[[], str],
    ) -> None:
        self._book = book
        self._rooms = rooms
        self._screens = screens
        self._changes = changes
        self._expected = expected
        self._engine = engine
        self._seats = seats
        self._pages = pages
        self._fresh_id = fresh_id

    def handlers(self) -> Handlers:
        return {
            CallJoin: self.join,
            CallConnect: self.connect,
            CallDescribe: self.describe,
            CallMute: self.mute,
            CallLack: self.lack,
            CallHold: self.hold,
            CallResume: self.resume,
        }

    async def join(self, line: CommandSource, command: CallJoin) -> Ack:
        """A new leg for the seat this person holds. The newer page wins; the older one is told."""
        call_id, leg_id = CallId(command.call_id), LegId(self._fresh_id())
        event = Joined(PersonId(line.who.person_id), leg_id)
        seats = self._seats.of(call_id)
        ack, call = await self._changes.take(line, call_id, command, event, {"leg_id": leg_id})
        if call is None:
            return ack
        older = next(leg.previous_leg_id for leg in call.legs if leg.id == leg_id)
        if older is not None:
            held = seats.get(older)
            if held is not None and held.page != line.page and not held.gone:
                await self._screens.tell(held.sid, Replaced(call_id=call_id))
            # Before the ack, so that the new party finds its seat in the room free.
            await self._rooms.leave(call_id, older)
        self._pages.sit(call_id, leg_id, line)
        return ack

    async def connect(self, line: CommandSource, command: CallConnect) -> Mapping[str, Any]:
        """The worker's offer for my leg. Who has dialled gets his while it rings, and is held until
        an answer, when all that is left to do is to let him through."""
        call = await self._book.find(CallId(command.call_id))
        leg = own(call, line.who, command.leg_id)
        self._pages.sit_again(call, leg, line)
        return await self._engine.offer(line.who, call, leg, restart=command.restart)

    async def describe(self, line: CommandSource, command: CallDescribe) -> Mapping[str, Any]:
        call_id, leg_id = CallId(command.call_id), LegId(command.leg_id)
        if self._expected.find(leg_id, call_id, line) is None:
            own(await self._book.find(call_id), line.who, leg_id)
        await self._rooms.describe(call_id, leg_id, command.sdp)
        return {}

    async def mute(self, line: CommandSource, command: CallMute) -> Ack:
        """Kept with the leg first: a party that is not there yet is seated muted."""
        leg_id = LegId(command.leg_id)
        event = Muted(leg_id, PersonId(line.who.person_id), command.mid, command.on)
        return await self._pass(line, command, event)

    async def lack(self, line: CommandSource, command: CallLack) -> Ack:
        event = Lacked(LegId(command.leg_id), PersonId(line.who.person_id), command.mid, command.on)
        ack, _ = await self._changes.take(line, CallId(command.call_id), command, event)
        return ack

    async def hold(self, line: CommandSource, command: CallHold) -> Ack:
        """Nothing passes either way once this is acknowledged."""
        return await self._pass(line, command, PutOnHold(PersonId(line.who.person_id)))

    async def resume(self, line: CommandSource, command: CallResume) -> Ack:
        return await self._pass(line, command, Resumed(PersonId(line.who.person_id)))

    async def _pass(
        self,
        line: CommandSource,
        command: CallMute | CallHold | CallResume,
        event: Muted | PutOnHold | Resumed,
    ) -> Ack:
        """Do it, and let through what may pass now before it is acknowledged."""
        ack, call = await self._changes.take(line, CallId(command.call_id), command, event)
        if call is not None:
            await self._engine.let_through(call.id)
        return ack
