"""A ring, at the desk where it rings: the page makes ready for an answer, and answers."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from signaling.call.claims import open_ring
from signaling.call.inputs import Answered
from signaling.call.parts import Call, CallId, Leg, LegId, PersonId, RingId
from signaling.refusals import Refusal
from signaling.switchboard.changes import Changes, known
from signaling.switchboard.engine import Engine
from signaling.switchboard.expected import Expected
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import Begin, CallBook, CommandSource, Handlers, MediaRooms
from signaling.wire.call import CallAnswer, CallPrepare
from signaling.wire.envelope import Ack

log = logging.getLogger("yunjian.switchboard")


class Answering:
    """Who answers is seated as fast as his page has prepared for it; that nothing can be had for his connection
    does not undo an answer."""

    def __init__(
        self,
        book: CallBook,
        rooms: MediaRooms,
        changes: Changes,
        expected: Expected,
        engine: Engine,
        pages: Pages,
        now: Callable[[], datetime],
        fresh_id: Callable[[], str],
        begin: Begin,
    ) -> None:
        self._book = book
        self._rooms = rooms
        self._changes = changes
        self._expected = expected
        self._engine = engine
        self._pages = pages
        self._now = now
        self._fresh_id = fresh_id
        self._begin = begin

    def handlers(self) -> Handlers:
        return {CallPrepare: self.prepare, CallAnswer: self.answer}

    async def prepare(self, line: CommandSource, command: CallPrepare) -> Mapping[str, Any]:
        """An offer for the leg that an answer of this page would make; the last one of a page counts.

        Not asked of the engine for a guest's seat: which one he gets his answer says. Refused as an
        answer is; where the engine gives none, there is none."""
        call_id, ring_id = CallId(command.call_id), RingId(command.ring_id)
        call = await self._book.find(call_id)
        known(call, line.who)
        ring = open_ring(call, ring_id, PersonId(line.who.person_id), self._now())
        return await self._expected.offer(call_id, ring, line)

    async def answer(self, line: CommandSource, command: CallAnswer) -> Ack:
        """The first answer wins; it makes the approver's leg, or a guest's, held by this page.

        A leg that was expected has only to be let in. Else its ack brings the worker's offer for the
        new leg where it was asked for and can be had."""
        leg_id, call_id = LegId(self._fresh_id()), CallId(command.call_id)
        expected = self._expected.find(command.leg_id, call_id, line)
        if expected is not None and expected.ring_id == command.ring_id:
            leg_id = LegId(str(command.leg_id))
            self._expected.come(leg_id)
        else:
            expected = None
        event = Answered(RingId(command.ring_id), PersonId(line.who.person_id), leg_id)
        try:
            ack, call = await self._changes.take(
                line, call_id, command, event, {"call_id": call_id, "leg_id": leg_id}
            )
        except Refusal:
            if expected is not None:
                self._begin(self._rooms.leave(call_id, leg_id))
            raise
        if call is None:
            return ack
        self._pages.sit(call_id, leg_id, line)
        leg = next((leg for leg in call.legs if leg.id == leg_id), None)
        if expected is not None and leg is not None and await self._seated(call, leg):
            self._begin(self._engine.let_through(call_id))
            return ack.model_copy(update={"result": {**ack.result, "seated": True}})
        if command.connect and leg is not None and self._rooms.ready:
            try:
                offered = await self._engine.offer(line.who, call, leg, restart=False)
                return ack.model_copy(update={"result": {**ack.result, **offered}})
            except Refusal as refusal:
                # Answered it is; the page asks for its connection and is told why there is none.
                log.info("no offer yet call=%s code=%s", call_id, refusal.code.value)
        self._begin(self._engine.let_through(call_id))
        return ack

    async def _seated(self, call: Call, leg: Leg) -> bool:
        try:
            await self._rooms.seat(call, leg)
        except Refusal as refusal:
            log.info("not seated yet call=%s code=%s", call.id, refusal.code.value)
            return False
        return True
