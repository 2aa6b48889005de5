"""Rings, from the desk that makes them: who dials, invites one more unit, takes it back, declines or hangs up."""

from collections.abc import Callable
from typing import Any

from signaling.call.claims import may_invite
from signaling.call.inputs import Cancelled, Declined, HungUp, Invited, Withdrawn
from signaling.call.parts import CallId, InviteId, LegId, Patience, PersonId, RingId
from signaling.call.ringing import dial
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.subjects import of_invite
from signaling.switchboard.asking import Asking
from signaling.switchboard.changes import Changes, known
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import Begin, CallBook, CommandSource, Handlers, MediaRooms
from signaling.wire.call import (
    CallCancel,
    CallDecline,
    CallDial,
    CallHangUp,
    CallInvite,
    CallWithdraw,
)
from signaling.wire.envelope import Ack


class Ringing:
    """The calls that begin on this node, until it is to end (``drain``)."""

    def __init__(
        self,
        book: CallBook,
        rooms: MediaRooms,
        asking: Asking,
        changes: Changes,
        pages: Pages,
        patience: Patience,
        fresh_id: Callable[[], str],
        begin: Begin,
        wake: Callable[[], None],
    ) -> None:
        self._book = book
        self._rooms = rooms
        self._asking = asking
        self._changes = changes
        self._pages = pages
        self._patience = patience
        self._fresh_id = fresh_id
        self._begin = begin
        self._wake = wake
        self._draining = False

    def handlers(self) -> Handlers:
        return {
            CallDial: self.dial,
            CallCancel: self.cancel,
            CallDecline: self.decline,
            CallHangUp: self.hang_up,
            CallInvite: self.invite,
            CallWithdraw: self.withdraw,
        }

    def drain(self) -> None:
        """From now on no call begins here; those that run go on."""
        self._draining = True

    async def dial(self, line: CommandSource, command: CallDial) -> Ack:
        """Ring those approvers of the case's unit who are free for longest, so many at once; the next
        ones where they decline or let it ring. Refused, beside what the book refuses:
        ``no_approver_free`` with how many are on duty and, in seconds, the estimated wait;
        ``draining`` once this node is to end; ``media_busy`` while no media worker takes a call."""
        full = await self._rooms.full()
        async with self._book.dial(line.who, command) as dialling:
            if dialling.replayed is not None:
                return dialling.replayed
            if self._draining:
                raise Refusal(Code.DRAINING)
            if full is not None:
                raise Refusal(Code.MEDIA_BUSY, why=full)
            caller_id = PersonId(line.who.person_id)
            call_id, leg_id = CallId(self._fresh_id()), LegId(self._fresh_id())
            call = dial(
                call_id,
                caller_id,
                leg_id,
                await self._asking.first(dialling, call_id, [caller_id]),
                dialling.at,
                recording_consented=dialling.recording_consented,
                patience=self._patience,
            )
            await dialling.open(call)
            ack = dialling.ack({"call_id": call_id})
        self._begin(self._rooms.prepare(call_id))
        self._pages.sit(call_id, leg_id, line)
        self._wake()
        return ack

    async def cancel(self, line: CommandSource, command: CallCancel) -> Ack:
        return await self._take(line, command, Cancelled(PersonId(line.who.person_id)))

    async def decline(self, line: CommandSource, command: CallDecline) -> Ack:
        event = Declined(RingId(command.ring_id), PersonId(line.who.person_id))
        return await self._take(line, command, event)

    async def hang_up(self, line: CommandSource, command: CallHangUp) -> Ack:
        return await self._take(line, command, HungUp(PersonId(line.who.person_id)))

    async def invite(self, line: CommandSource, command: CallInvite) -> Ack:
        """Ring the free approvers of one more unit, as many at once as a dialling, to the next free
        seat; refused as ``Invited`` is,
        ``no_approver_free`` with the same details as a dialling's."""
        call_id, invite_id = CallId(command.call_id), InviteId(self._fresh_id())
        async with self._book.invite(line.who, command) as turn:
            if turn.replayed is not None:
                return turn.replayed
            known(turn.call, line.who)
            person_id = PersonId(line.who.person_id)
            may_invite(turn.call, person_id)
            rings = tuple(await self._asking.first(turn, call_id, [person_id]))
            event = Invited(person_id, invite_id, rings, command.note)
            after = step(turn.call, event, turn.at, self._patience)
            about = {"unit": command.unit_id, "note": command.note}
            await turn.write(after, "call.invite", of_invite(invite_id), invite=about)
            ack = turn.ack({"invite_id": invite_id})
        self._wake()
        return ack

    async def withdraw(self, line: CommandSource, command: CallWithdraw) -> Ack:
        event = Withdrawn(PersonId(line.who.person_id), InviteId(command.invite_id))
        return await self._take(line, command, event)

    async def _take(self, line: CommandSource, command: Any, event: Any) -> Ack:
        ack, _ = await self._changes.take(line, CallId(command.call_id), command, event)
        return ack
