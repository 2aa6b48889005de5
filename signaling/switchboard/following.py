"""Supervisors in running calls: they listen unseen, whisper to the approver, or join, and end it."""

from collections.abc import Callable, Mapping
from typing import Any

from signaling.call.inputs import MonitorBegun, MonitorClosed, MonitorTurned
from signaling.call.parts import Call, CallId, LegId, MonitorId, Patience, PersonId, Way
from signaling.call.step import step
from signaling.subjects import of_monitor
from signaling.switchboard.changes import Settle, known
from signaling.switchboard.engine import Engine
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import CallBook, CommandSource, Handlers
from signaling.wire.envelope import Ack
from signaling.wire.monitor import MonitorBegin, MonitorEnd, MonitorTurn


class Following:
    """Whether he may the book says, by the turn that it gives."""

    def __init__(
        self,
        book: CallBook,
        engine: Engine,
        pages: Pages,
        patience: Patience,
        settle: Settle,
        fresh_id: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._book = book
        self._engine = engine
        self._pages = pages
        self._patience = patience
        self._settle = settle
        self._fresh_id = fresh_id
        self._wake = wake

    def handlers(self) -> Handlers:
        return {MonitorBegin: self.begin, MonitorTurn: self.turn, MonitorEnd: self.end}

    async def begin(self, line: CommandSource, command: MonitorBegin) -> Ack:
        """A party that receives alone: no page shows it, and no page is told of it."""
        call_id, monitor_id = CallId(command.call_id), MonitorId(self._fresh_id())
        event = MonitorBegun(PersonId(line.who.person_id), monitor_id, command.reason)
        ack, call = await self._monitor(
            line, call_id, Way.LISTEN, command, event, {"monitor_id": monitor_id}
        )
        if call is not None:
            self._pages.sit(call_id, monitor_id, line)
        return ack

    async def turn(self, line: CommandSource, command: MonitorTurn) -> Ack:
        call_id, leg_id = CallId(command.call_id), LegId(self._fresh_id())
        way = Way(command.way)
        event = MonitorTurned(
            PersonId(line.who.person_id), MonitorId(command.monitor_id), way, leg_id
        )
        result = {"leg_id": leg_id if way is Way.BARGE else None}
        ack, call = await self._monitor(
            line, call_id, way, command, event, result, why=command.reason
        )
        if call is not None:
            self._pages.sit(call_id, leg_id if way is Way.BARGE else event.monitor_id, line)
            await self._engine.let_through(call_id)
        return ack

    async def end(self, line: CommandSource, command: MonitorEnd) -> Ack:
        event = MonitorClosed(PersonId(line.who.person_id), MonitorId(command.monitor_id))
        async with self._book.turn(line.who, CallId(command.call_id), command) as turn:
            if turn.replayed is not None:
                return turn.replayed
            known(turn.call, line.who)
            before, after = turn.call, step(turn.call, event, turn.at, self._patience)
            await turn.write(after, "monitor.end", of_monitor(event.monitor_id))
            ack = turn.ack({})
        self._settle(before, after)
        return ack

    async def _monitor(
        self,
        line: CommandSource,
        call_id: CallId,
        way: Way,
        command: MonitorBegin | MonitorTurn,
        event: MonitorBegun | MonitorTurned,
        result: Mapping[str, Any],
        **more: Any,
    ) -> tuple[Ack, Call | None]:
        async with self._book.monitor(line.who, call_id, way, command) as turn:
            if turn.replayed is not None:
                return turn.replayed, None
            before, after = turn.call, step(turn.call, event, turn.at, self._patience)
            if after is not before:
                await turn.write(after, f"monitor.{way}", of_monitor(event.monitor_id), **more)
            ack = turn.ack(result)
        self._settle(before, after)
        self._wake()
        return ack, after
