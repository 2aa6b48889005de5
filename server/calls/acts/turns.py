"""A turn of the switchboard with one call, which is locked meanwhile.

It writes what the machine made of the call, frees who is no longer engaged and records the whole call.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.calls.about import About, DialFacts
from server.calls.acts.telling import found, record
from server.calls.rows import calls as rows
from server.calls.rows import missed as missed_rows
from server.calls.rows import writing
from server.calls.wire import RingCard
from server.people.rows import roster as desks
from server.rights.subjects import of_call, of_case, of_monitor, of_monitors
from server.store import Change
from server.store.subject import Turn
from server.tasks.acts import turns as tasks
from signaling import waiting
from signaling.call.inputs import ConsentWithdrawn
from signaling.call.parts import Call, CallId, CallState, Monitor, PersonId
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, recall


class RingTurn:
    """What is asked of the desks of the unit that rings, within one change."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self.replayed = change.replayed
        self.at = change.at

    def _unit(self) -> str:
        raise NotImplementedError

    async def around(self) -> tuple[Sequence[waiting.Desk], float]:
        """The desks of the unit, and how long a call of it lasts: for who finds nobody free."""
        connection, unit = self._change.connection, self._unit()
        return await desks.desks(connection, unit), await desks.handling_s(connection, unit)

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        return await desks.reserve(
            self._change.connection,
            call_id,
            self._unit(),
            at_most=at_most,
            seen_since=seen_since,
            but=but,
        )

    def ack(self, result: Mapping[str, Any]) -> Ack:
        return self._change.ack(result)


class CallTurn(RingTurn):
    """One call, and its change."""

    def __init__(self, change: Change, about: About, call: Call, header: rows.CallHead) -> None:
        super().__init__(change)
        self._about = about
        self._header = header
        self.call = call

    def _unit(self) -> str:
        return self._header.target_unit_id

    async def deciding(self) -> Collection[PersonId]:
        return await rows.deciding_in(self._change.connection, self.call.id)

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        """As ``LockedCall`` says. Who follows the call unseen is kept under a subject of its own, so that
        not even the call's version tells its parties that something was."""
        before = self.call
        await writing.save(self._change.connection, before, call)
        was = {monitor.id: monitor for monitor in before.monitors}
        for monitor in call.monitors:
            if monitor != was.get(monitor.id):
                await self._follow(call, monitor, begun=monitor.id not in was, **more)
        if replace(call, monitors=()) != replace(before, monitors=()):
            await desks.release(self._change.connection, call.id, call.engaged(), self._change.at)
            await record(self._change, call, self._header, act, object, **more)
        if before.state is CallState.OPEN and call.state is not CallState.OPEN:
            await self._answered_or_missed(call)
        self.call = call

    async def _answered_or_missed(self, call: Call) -> None:
        """An answer puts the case under review and is a call back; without one, the call is missed, and the unit
        that decides has the task to call back."""
        connection, header = self._change.connection, self._header
        if call.answered_at is not None:
            await self._about.mark_answered(self._change, header.case_id, call.id)
            await missed_rows.forget(connection, header.case_id)
            await tasks.call_answered(self._change, header.case_id, call.id)
            return
        await self._change.lock(of_case(header.case_id))
        unit_id = await self._about.waits_at(connection, header.case_id)
        if unit_id is not None:
            await missed_rows.keep(
                connection, header.case_id, call.id, call.caller_id, unit_id, call.opened_at
            )
            await tasks.call_missed(
                self._change,
                header.case_id,
                call.id,
                unit_id,
                call.reason or "missed",
                call.opened_at,
            )

    async def _follow(
        self, call: Call, monitor: Monitor, *, begun: bool, why: str = "", **_: Any
    ) -> None:
        """The entry of a beginning, a change of way or an end; nobody is sent anything of it."""
        turn = await Turn.of(self._change, of_monitors(call.id))
        act = "monitor.begin" if begun else "monitor.turn"
        if monitor.ended is not None:
            act = "monitor.end"
        payload = {
            "call": call.id,
            "case": self._header.case_id,
            "person": monitor.person_id,
            "way": monitor.way,
            "reason": monitor.reason,
            "why": why,
            "ended": monitor.ended,
        }
        await turn.enter(act, payload, of_monitor(monitor.id))


class InviteTurn(CallTurn):
    """A call into which an approver of another unit is asked."""

    unit_id: str = ""

    def _unit(self) -> str:
        return self.unit_id

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        """As ``LockedCall`` says; who is asked now is told what is there now, and not what was at the dialling."""
        connection, header = self._change.connection, self._header
        waiting_since = recall(RingCard, header.card).waiting_since
        shown = await self._about.card(connection, header.case_id, waiting_since)
        card = shown.model_dump(mode="json")
        await writing.show_card(connection, call.id, card)
        self._header = replace(header, card=card)
        await super().write(call, act, object, **more)


class DialTurn(RingTurn):
    def __init__(
        self,
        change: Change,
        caller_id: str,
        about: DialFacts | None,
    ) -> None:
        super().__init__(change)
        self._caller_id = caller_id
        self._about = about

    @property
    def about(self) -> DialFacts:
        assert self._about is not None, "a repeated command dials nobody"
        return self._about

    @property
    def recording_consented(self) -> bool:
        return self.about.recording_consented

    def _unit(self) -> str:
        return self.about.target_unit_id

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        if not await desks.engage(self._change.connection, call_id, self._caller_id):
            raise Refusal(Code.ALREADY_IN_CALL)
        return await super().reserve(call_id, at_most, seen_since, but)

    async def open(self, call: Call) -> None:
        about = self.about
        header = rows.CallHead(
            about.case_id,
            about.window_unit_id,
            about.target_unit_id,
            about.target_place,
            about.card.model_dump(mode="json"),
        )
        await self._change.make(of_call(call.id))
        await writing.add(self._change.connection, call, header, about.registered_at)
        await record(self._change, call, header, "call.dial", of_call(call.id))
        await about.called(self._change, call.id)


async def locked(change: Change, call_id: CallId) -> tuple[Call, rows.CallHead]:
    """The call as an act on it finds it; a repeat changes nothing and locks nothing."""
    if change.replayed is None:
        await change.lock(of_call(call_id))
    return await found(change.connection, call_id)


async def end_recording(
    change: Change, about: About, call_id: CallId, *, goes_on: bool
) -> tuple[Call, Call]:
    """Keep in the caller's transaction, which has locked this call, that the applicant took back his
    consent to its recording; the call before and after.

    Without ``goes_on`` the call may not be without a recording, and ends."""
    before, header = await found(change.connection, call_id)
    after = step(before, ConsentWithdrawn(goes_on), change.at)
    if after is not before:
        await CallTurn(change, about, before, header).write(
            after,
            "call.unrecord",
            of_call(call_id),
            consent_withdrawn_at=change.at.isoformat(),
        )
    return before, after
