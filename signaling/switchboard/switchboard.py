"""The switchboard: pairs window and approver, rings, seats, carries SDP, and keeps the time.

It answers ``call.*``, ``desk.*`` and ``unit.open`` and sweeps what is overdue. What it
needs of the world are its ports: CallBook (one call in one transaction), Roster (who is
at which desk), MediaRooms (the engine) and Screens (the sockets of this node). It knows
no HTTP, no SQL and no rule of a case; a person is an id to it. Which page holds a seat is
known in memory alone (``signaling.seats``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from weakref import WeakValueDictionary

from signaling import waiting
from signaling.call.inputs import (
    Answered,
    Barred,
    CallInput,
    Cancelled,
    Declined,
    HungUp,
    Invited,
    Joined,
    Lacked,
    MediaTurned,
    MonitorBegun,
    MonitorClosed,
    MonitorTurned,
    Muted,
    PutOnHold,
    RecordingTurned,
    Resumed,
    Tick,
    Withdrawn,
)
from signaling.call.parts import (
    PATIENCE,
    RINGS_AT_MOST,
    Call,
    CallId,
    CallState,
    EndReason,
    InviteId,
    Leg,
    LegId,
    LegState,
    Monitor,
    MonitorId,
    Patience,
    PersonId,
    RingId,
    RingState,
    Way,
)
from signaling.call.step import asked, dial, may_invite, open_ring, own_leg, own_monitor, step
from signaling.refusals import Code, Refusal
from signaling.seats import SeatId, Seats, Sitting
from signaling.subjects import (
    ADVISED,
    PARTY,
    PRESENCE,
    SUPERVISOR,
    Availability,
    id_of,
    of_call,
    of_invite,
    of_missed,
    of_monitor,
    of_monitored,
    of_person,
    of_unit,
)
from signaling.switchboard.ports import (
    CallBook,
    Dialling,
    Inviting,
    Line,
    MediaRooms,
    Roster,
    Screens,
    Turn,
)
from signaling.wire.call import (
    CallAnswer,
    CallCancel,
    CallConnect,
    CallDecline,
    CallDescribe,
    CallDial,
    CallHangUp,
    CallHold,
    CallInvite,
    CallJoin,
    CallLack,
    CallMute,
    CallOpen,
    CallPrepare,
    CallResume,
    CallWithdraw,
    OfferWanted,
    Replaced,
)
from signaling.wire.desk import DeskDuty, DeskOpen, MissedAsk, MissedWatch, UnitOpen, UnitPresence
from signaling.wire.envelope import Ack, Command, Message, Who
from signaling.wire.monitor import (
    MonitorBegin,
    MonitorChanged,
    MonitorEnd,
    MonitorTurn,
    MonitorWatch,
)

log = logging.getLogger("yunjian.switchboard")

SWEEP_EVERY_S: Final = 1.0
RIGHTS_ASKED_EVERY_S: Final = 0.5
"""At most so often, and each second at least: whose right has been taken away has 2 s."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """A leg that a ring's answer would make, and the page that has its offer."""

    call_id: CallId
    ring_id: RingId
    person_id: str
    page: str
    until: datetime


class Switchboard:
    """The calls of one node. ``fresh_id`` makes ids of 22 characters; ``now`` is aware UTC;
    ``ice_servers`` makes what the page of a leg is given to reach the worker by; ``rings_at_once`` are
    rung together; ``sweeps`` are what else ends with time, done in each pass over the calls."""

    def __init__(
        self,
        book: CallBook,
        roster: Roster,
        rooms: MediaRooms,
        screens: Screens,
        *,
        now: Callable[[], datetime],
        fresh_id: Callable[[], str],
        patience: Patience = PATIENCE,
        ice_servers: Callable[[LegId], Sequence[Mapping[str, Any]]] = lambda leg_id: (),
        rings_at_once: int = waiting.AT_ONCE,
        sweeps: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._book = book
        self._roster = roster
        self._rooms = rooms
        self._screens = screens
        self._now = now
        self._fresh_id = fresh_id
        self._patience = patience
        self._ice_servers = ice_servers
        self._rings_at_once = rings_at_once
        self._sweeps = tuple(sweeps)
        self._draining = False
        self._seats = Seats()
        self._expected: dict[LegId, _Expected] = {}
        self._shown: dict[str, Message] = {}
        self._settling: WeakValueDictionary[CallId, asyncio.Lock] = WeakValueDictionary()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def handlers(self) -> Mapping[type[Command], Callable[[Any, Any], Awaitable[Any]]]:
        """What it answers, by command; for ``Gateway.on``."""
        return {
            CallDial: self.dial,
            CallCancel: self.cancel,
            CallPrepare: self.prepare,
            CallAnswer: self.answer,
            CallDecline: self.decline,
            CallJoin: self.join,
            CallConnect: self.connect,
            CallDescribe: self.describe,
            CallMute: self.mute,
            CallLack: self.lack,
            CallHold: self.hold,
            CallResume: self.resume,
            CallHangUp: self.hang_up,
            CallInvite: self.invite,
            CallWithdraw: self.withdraw,
            CallOpen: self.open,
            DeskOpen: self.open_desk,
            DeskDuty: self.set_duty,
            UnitOpen: self.open_unit,
            MonitorWatch: self.watch_calls,
            MonitorBegin: self.begin_monitor,
            MonitorTurn: self.turn_monitor,
            MonitorEnd: self.end_monitor,
            MissedWatch: self.watch_missed,
            MissedAsk: self.ask_back,
        }

    # ------------------------------------------------------------ ringing

    async def dial(self, line: Line, command: CallDial) -> Ack:
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
            reserved = await dialling.reserve(
                call_id, self._rings_at_once, self._seen_since(dialling.at), [caller_id]
            )
            if not reserved:
                raise await self._nobody_free(dialling)
            call = dial(
                call_id,
                caller_id,
                leg_id,
                [(RingId(self._fresh_id()), PersonId(person)) for person in reserved],
                dialling.at,
                recording_consented=dialling.recording_consented,
                patience=self._patience,
            )
            await dialling.open(call)
            ack = dialling.ack({"call_id": call_id})
        self._aside(self._rooms.prepare(call_id))
        self._sit(call_id, leg_id, line)
        self._wake.set()
        return ack

    def _seen_since(self, at: datetime) -> datetime:
        return at - timedelta(seconds=self._patience.lost_after_s)

    async def _stepped(self, turn: Turn, event: CallInput) -> Call:
        """The call after this, and the next ones asked in the place of those whose rings it closes."""
        before, after = turn.call, step(turn.call, event, turn.at, self._patience)
        if before.state is not CallState.OPEN or after.rings == before.rings:
            return after
        rung_out = after.reason in (EndReason.DECLINED, EndReason.MISSED)
        if after.state is not CallState.OPEN and not rung_out:
            return after
        ringing = sum(ring.state is RingState.RINGING for ring in after.rings)
        more = waiting.room(ringing, len(after.rings), self._rings_at_once, RINGS_AT_MOST)
        if not more:
            return after
        known = {before.caller_id, *(ring.target_id for ring in before.rings)}
        people = await turn.reserve(before.id, more, self._seen_since(turn.at), known)
        rings = [(RingId(self._fresh_id()), PersonId(person)) for person in people]
        return step(asked(before, rings, turn.at, self._patience), event, turn.at, self._patience)

    async def _nobody_free(self, dialling: Dialling | Inviting) -> Refusal:
        (desks, handling_s), at = await dialling.around(), dialling.at
        away_after_s = self._patience.lost_after_s
        seen = [waiting.presence(desk, at, away_after_s) for desk in desks]
        wait_s = waiting.estimated_wait_s(desks, 0, handling_s, at, away_after_s)
        return Refusal(
            Code.NO_APPROVER_FREE,
            on_duty=len(seen) - seen.count(Availability.AWAY),
            wait_s=None if wait_s is None else round(wait_s),
        )

    async def cancel(self, line: Line, command: CallCancel) -> Ack:
        event = Cancelled(PersonId(line.who.person_id))
        ack, _ = await self._take(line, CallId(command.call_id), command, event)
        return ack

    async def prepare(self, line: Line, command: CallPrepare) -> Mapping[str, Any]:
        """An offer for the leg that an answer of this page would make; the last one of a page counts.

        Not asked of the engine for a guest's seat: which one he gets his answer says. Refused as an
        answer is; where the engine gives none, there is none."""
        call_id, ring_id = CallId(command.call_id), RingId(command.ring_id)
        call = await self._book.find(call_id)
        _known(call, line.who)
        ring = open_ring(call, ring_id, PersonId(line.who.person_id), self._now())
        for older, one in list(self._expected.items()):
            if (one.ring_id, one.page) == (ring_id, line.page):
                self._expect_no_more(older)
        if ring.invite_id is not None or not self._rooms.ready:
            return {}
        leg_id = LegId(self._fresh_id())
        try:
            sdp = await self._rooms.expect(call_id, leg_id)
        except Refusal as refusal:
            log.info("nobody expected call=%s code=%s", call_id, refusal.code.value)
            return {}
        who, until = line.who.person_id, ring.deadline_at
        self._expected[leg_id] = _Expected(call_id, ring_id, who, line.page, until)
        servers = [dict(server) for server in self._ice_servers(leg_id)]
        return {"leg_id": leg_id, "sdp": sdp, "ice_servers": servers}

    def _expects(self, leg_id: str | None, call_id: CallId, line: Line) -> _Expected | None:
        """What is expected as this leg, when it is of this call and person."""
        one = self._expected.get(LegId(leg_id)) if leg_id is not None else None
        return (
            one if one and (one.call_id, one.person_id) == (call_id, line.who.person_id) else None
        )

    def _expect_no_more(self, leg_id: LegId) -> None:
        one = self._expected.pop(leg_id)
        self._aside(self._rooms.leave(one.call_id, leg_id))

    async def answer(self, line: Line, command: CallAnswer) -> Ack:
        """The first answer wins; it makes the approver's leg, or a guest's, held by this page.

        A leg that was expected has only to be let in. Else its ack brings the worker's offer for the
        new leg where it was asked for and can be had."""
        leg_id, call_id = LegId(self._fresh_id()), CallId(command.call_id)
        expected = self._expects(command.leg_id, call_id, line)
        if expected is not None and expected.ring_id == command.ring_id:
            leg_id = LegId(str(command.leg_id))
            del self._expected[leg_id]
        else:
            expected = None
        event = Answered(RingId(command.ring_id), PersonId(line.who.person_id), leg_id)
        try:
            ack, call = await self._take(
                line, call_id, command, event, {"call_id": call_id, "leg_id": leg_id}
            )
        except Refusal:
            if expected is not None:
                self._aside(self._rooms.leave(call_id, leg_id))
            raise
        if call is None:
            return ack
        self._sit(call_id, leg_id, line)
        leg = next((leg for leg in call.legs if leg.id == leg_id), None)
        if expected is not None and leg is not None and await self._seated(call, leg):
            self._aside(self._let_through(call_id))
            return ack.model_copy(update={"result": {**ack.result, "seated": True}})
        if command.connect and leg is not None and self._rooms.ready:
            try:
                offered = await self._offer(line, call, leg, restart=False)
                return ack.model_copy(update={"result": {**ack.result, **offered}})
            except Refusal as refusal:
                # Answered it is; the page asks for its connection and is told why there is none.
                log.info("no offer yet call=%s code=%s", call_id, refusal.code.value)
        self._aside(self._let_through(call_id))
        return ack

    async def _seated(self, call: Call, leg: Leg) -> bool:
        try:
            await self._rooms.seat(call, leg)
        except Refusal as refusal:
            log.info("not seated yet call=%s code=%s", call.id, refusal.code.value)
            return False
        return True

    async def decline(self, line: Line, command: CallDecline) -> Ack:
        event = Declined(RingId(command.ring_id), PersonId(line.who.person_id))
        ack, _ = await self._take(line, CallId(command.call_id), command, event)
        return ack

    async def hang_up(self, line: Line, command: CallHangUp) -> Ack:
        event = HungUp(PersonId(line.who.person_id))
        ack, _ = await self._take(line, CallId(command.call_id), command, event)
        return ack

    async def invite(self, line: Line, command: CallInvite) -> Ack:
        """Ring the free approvers of one more unit, as many at once as a dialling, to the next free
        seat; refused as ``Invited`` is,
        ``no_approver_free`` with the same details as a dialling's."""
        call_id, invite_id = CallId(command.call_id), InviteId(self._fresh_id())
        async with self._book.invite(line.who, command) as turn:
            if turn.replayed is not None:
                return turn.replayed
            _known(turn.call, line.who)
            person_id = PersonId(line.who.person_id)
            may_invite(turn.call, person_id)
            at_once = self._rings_at_once
            seen_since = self._seen_since(turn.at)
            reserved = await turn.reserve(call_id, at_once, seen_since, [person_id])
            if not reserved:
                raise await self._nobody_free(turn)
            rings = tuple((RingId(self._fresh_id()), PersonId(person)) for person in reserved)
            event = Invited(person_id, invite_id, rings, command.note)
            after = step(turn.call, event, turn.at, self._patience)
            about = {"unit": command.unit_id, "note": command.note}
            await turn.write(after, "call.invite", of_invite(invite_id), invite=about)
            ack = turn.ack({"invite_id": invite_id})
        self._wake.set()
        return ack

    async def withdraw(self, line: Line, command: CallWithdraw) -> Ack:
        event = Withdrawn(PersonId(line.who.person_id), InviteId(command.invite_id))
        ack, _ = await self._take(line, CallId(command.call_id), command, event)
        return ack

    # ------------------------------------------------------------ seats and media

    async def join(self, line: Line, command: CallJoin) -> Ack:
        """A new leg for the seat this person holds. The newer page wins; the older one is told."""
        call_id, leg_id = CallId(command.call_id), LegId(self._fresh_id())
        event = Joined(PersonId(line.who.person_id), leg_id)
        seats = self._seats.of(call_id)
        ack, call = await self._take(line, call_id, command, event, {"leg_id": leg_id})
        if call is None:
            return ack
        older = next(leg.previous_leg_id for leg in call.legs if leg.id == leg_id)
        if older is not None:
            held = seats.get(older)
            if held is not None and held.page != line.page and not held.gone:
                await self._screens.tell(held.sid, Replaced(call_id=call_id))
            # Before the ack, so that the new party finds its seat in the room free.
            await self._rooms.leave(call_id, older)
        self._sit(call_id, leg_id, line)
        return ack

    async def connect(self, line: Line, command: CallConnect) -> Mapping[str, Any]:
        """The worker's offer for my leg. Who has dialled gets his while it rings, and is held until
        an answer, when all that is left to do is to let him through."""
        call, leg = await self._own(line, command.call_id, command.leg_id)
        self._sit_again(call, leg, line)
        return await self._offer(line, call, leg, restart=command.restart)

    async def _offer(
        self, line: Line, call: Call, leg: Leg | Monitor, *, restart: bool
    ) -> Mapping[str, Any]:
        sdp = await self._rooms.offer(call, leg, restart=restart)
        # Before its page can answer: what it has muted, and whether the call is on hold.
        now = await self._settle_media(call.id)
        try:
            _own(now, line.who, leg.id)
        except Refusal:
            # It has ended meanwhile, and whoever ended it found no party yet.
            await self._rooms.leave(call.id, None if now.state is CallState.ENDED else leg.id)
            raise
        servers = [dict(server) for server in self._ice_servers(LegId(leg.id))]
        return {"sdp": sdp, "ice_servers": servers}

    async def describe(self, line: Line, command: CallDescribe) -> Mapping[str, Any]:
        call_id, leg_id = CallId(command.call_id), LegId(command.leg_id)
        if self._expects(leg_id, call_id, line) is None:
            await self._own(line, call_id, leg_id)
        await self._rooms.describe(call_id, leg_id, command.sdp)
        return {}

    async def mute(self, line: Line, command: CallMute) -> Ack:
        """Kept with the leg first: a party that is not there yet is seated muted."""
        leg_id = LegId(command.leg_id)
        event = Muted(leg_id, PersonId(line.who.person_id), command.mid, command.on)
        ack, call = await self._take(line, CallId(command.call_id), command, event)
        if call is not None:
            await self._let_through(call.id)
        return ack

    async def lack(self, line: Line, command: CallLack) -> Ack:
        event = Lacked(LegId(command.leg_id), PersonId(line.who.person_id), command.mid, command.on)
        ack, _ = await self._take(line, CallId(command.call_id), command, event)
        return ack

    async def hold(self, line: Line, command: CallHold) -> Ack:
        """Nothing passes either way once this is acknowledged."""
        event = PutOnHold(PersonId(line.who.person_id))
        ack, call = await self._take(line, CallId(command.call_id), command, event)
        if call is not None:
            await self._let_through(call.id)
        return ack

    async def resume(self, line: Line, command: CallResume) -> Ack:
        event = Resumed(PersonId(line.who.person_id))
        ack, call = await self._take(line, CallId(command.call_id), command, event)
        if call is not None:
            await self._let_through(call.id)
        return ack

    async def _let_through(self, call_id: CallId) -> None:
        try:
            await self._settle_media(call_id)
        except Refusal as refusal:
            # No room, no packets: the next offer applies what the call says.
            log.info("settling waits call=%s code=%s", call_id, refusal.code.value)

    async def _settle_media(self, call_id: CallId) -> Call:
        """Bring the engine in step with the call as it is now, whichever command came last."""
        async with self._settling.setdefault(call_id, asyncio.Lock()):
            call = await self._book.find(call_id)
            if call.state is not CallState.ENDED:
                await self._rooms.let_through(call)
        return call

    async def open(self, line: Line, command: CallOpen) -> Message:
        call_id = CallId(command.call_id)
        _, audience = await self._roster.snapshot(line.who, call_id)
        await line.watch(of_call(call_id), audience)
        snapshot, now = await self._roster.snapshot(line.who, call_id)
        if now != audience:
            await line.watch(of_call(call_id), now)
        return snapshot

    # ------------------------------------------------------------ supervisors in running calls

    async def watch_calls(self, line: Line, command: MonitorWatch) -> Message:
        unit_id = self._roster.monitored(line.who)
        await line.watch(of_monitored(unit_id), SUPERVISOR)
        return (await self._roster.running([unit_id]))[unit_id]

    async def watch_missed(self, line: Line, command: MissedWatch) -> Message:
        desks = self._roster.misses(line.who)
        await line.watch(of_missed(desks), PRESENCE)
        return (await self._roster.missed([desks]))[desks]

    async def ask_back(self, line: Line, command: MissedAsk) -> Ack:
        ack = await self._roster.ask(line.who, command)
        self._wake.set()
        return ack

    async def begin_monitor(self, line: Line, command: MonitorBegin) -> Ack:
        """A party that receives alone: no page shows it, and no page is told of it."""
        call_id, monitor_id = CallId(command.call_id), MonitorId(self._fresh_id())
        event = MonitorBegun(PersonId(line.who.person_id), monitor_id, command.reason)
        ack, call = await self._monitor(
            line, call_id, Way.LISTEN, command, event, {"monitor_id": monitor_id}
        )
        if call is not None:
            self._sit(call_id, monitor_id, line)
        return ack

    async def turn_monitor(self, line: Line, command: MonitorTurn) -> Ack:
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
            self._sit(call_id, leg_id if way is Way.BARGE else event.monitor_id, line)
            await self._let_through(call_id)
        return ack

    async def end_monitor(self, line: Line, command: MonitorEnd) -> Ack:
        event = MonitorClosed(PersonId(line.who.person_id), MonitorId(command.monitor_id))
        async with self._book.turn(line.who, CallId(command.call_id), command) as turn:
            if turn.replayed is not None:
                return turn.replayed
            _known(turn.call, line.who)
            before, after = turn.call, step(turn.call, event, turn.at, self._patience)
            await turn.write(after, "monitor.end", of_monitor(event.monitor_id))
            ack = turn.ack({})
        self._settle(before, after)
        return ack

    async def _monitor(
        self,
        line: Line,
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
        self._wake.set()
        return ack, after

    # ------------------------------------------------------------ desks

    async def open_desk(self, line: Line, command: DeskOpen) -> Message:
        """My desk. Every call of mine that runs is watched by this socket from now on; a seat of
        mine that no page of this node is known to hold is taken to be this page's."""
        _, before, _ = await self._roster.desk(line.who)
        for subject, audience in before.items():
            await line.watch(subject, audience)
        view, audiences, seats = await self._roster.desk(line.who)
        for subject, audience in audiences.items():
            await line.watch(subject, audience)
        for call_id, leg_id in seats:
            if leg_id not in self._seats:
                self._sit(call_id, leg_id, line)
        return view

    async def set_duty(self, line: Line, command: DeskDuty) -> Ack:
        self._seats.person_heard(line.who.person_id, self._now())
        ack = await self._roster.duty(line.who, command)
        self._wake.set()
        return ack

    async def open_unit(self, line: Line, command: UnitOpen) -> UnitPresence:
        unit_id = command.unit_id
        if not await self._roster.known(unit_id):
            raise Refusal(Code.NOT_FOUND)
        await line.watch(of_unit(unit_id), PRESENCE)
        return (await self._roster.presence([unit_id]))[unit_id]

    # ------------------------------------------------------------ signs of life

    def heard(self, line: Line) -> None:
        """This socket has given a sign of life; for ``Gateway.on_beat``."""
        if self._seats.heard(line.who.person_id, line.page, line.sid, self._now()):
            self._wake.set()

    def gone(self, line: Line) -> None:
        """This socket is closed; for ``Gateway.on_gone``. Its seats are silent from now on."""
        if self._seats.gone(line.sid):
            self._wake.set()

    def signed_out(self, line: Line) -> None:
        """The sign-in behind this socket is over; for ``Gateway.on_signed_out``. Nothing flows at its
        seats any more; their places are held for who signs in anew. Who is off duty now is shown so."""
        for seat_id, seat in self._seats.held_by(line.sid):
            self._aside(self._rooms.leave(seat.call_id, seat_id))
        self._wake.set()

    # ------------------------------------------------------------ the engine speaks

    async def media_turned(self, call_id: str, leg_id: str, on: bool) -> None:
        """Packets of this leg flow, or flow no longer. A call that is not there is no error.

        Refused with what the store refuses: say it again then.
        """
        event = MediaTurned(LegId(leg_id), on)
        await self._note(CallId(call_id), event, "leg.media_up" if on else "leg.media_down", leg_id)

    async def offer_wanted(self, call_id: str, leg_id: str) -> None:
        """The engine has more, or another, to offer to this leg: its page asks anew, wherever it is.

        A page that does not hear of it asks when it sees that more are there than it has lines for.
        Nobody but supervisors is told of what is for one who follows the call unseen.
        """
        call = await self.find(call_id)
        wanted = OfferWanted(call_id=call_id, leg_id=leg_id)
        seated = call is not None and any(leg.id == leg_id for leg in call.legs)
        for audience in (PARTY, ADVISED) if seated else (SUPERVISOR,):
            self._screens.ephemeral(of_call(call_id), audience, wanted)

    async def turned(self, before: Call, call: Call) -> None:
        """The call was changed by an act of another noun, which is in the record: bring seats and engine
        in step with it."""
        self._settle(before, call)
        self._wake.set()
        await self._let_through(call.id)

    async def find(self, call_id: str) -> Call | None:
        """The call of a media room; None when there is none."""
        try:
            return await self._book.find(CallId(call_id))
        except Refusal as refusal:
            if refusal.code is not Code.NOT_FOUND:
                raise
            return None

    async def media_lost(self, calls: Collection[str]) -> None:
        """The engine is gone: nothing flows in these calls until their pages connect again."""
        for call_id in map(CallId, calls):
            call = await self.find(call_id)
            for leg in call.seated() if call else ():
                await self._note(call_id, MediaTurned(leg.id, False), "leg.media_down", leg.id)
                await self._note(
                    call_id, RecordingTurned(leg.id, False), "recording.stopped", leg.id
                )

    # ------------------------------------------------------------ time

    async def run(self) -> None:
        """Sweep every second, and at once when something is known to have changed; and see to it that
        rights are kept. Never returns."""
        asked_at = -RIGHTS_ASKED_EVERY_S
        while True:
            self._wake.clear()
            try:
                await self.sweep()
                if monotonic() - asked_at >= RIGHTS_ASKED_EVERY_S:
                    asked_at = monotonic()
                    await self.bar()
            except Refusal as refusal:
                log.warning("sweep put off code=%s", refusal.code.value)
            try:
                async with asyncio.timeout(SWEEP_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def drain(self) -> None:
        """From now on no call begins here; those that run go on."""
        self._draining = True

    @property
    def calls(self) -> Collection[CallId]:
        """The calls of which a page of this node holds a seat, or held it and may come back."""
        return self._seats.calls

    async def close(self) -> None:
        """Wait for what was begun on the side."""
        await asyncio.gather(*self._tasks)

    async def sweep(self) -> None:
        """One pass: write signs of life, end what is overdue, here and in the ``sweeps`` that were given,
        and show what has changed of presence and of the lists of calls.

        Several nodes may sweep at once: each change is decided again under the lock of its call.
        """
        now = self._now()
        await self._write_seen(now)
        quiet_since = now - timedelta(seconds=self._patience.silent_after_s)
        for call, seen in await self._book.due(quiet_since, now, self._seats.left):
            tick = self._seats.tick(call, seen)
            if step(call, tick, now, self._patience) is call:
                continue
            try:
                await self._pass_time(call.id, tick)
            except Refusal as refusal:
                # The next sweep tries again; meanwhile time goes on for the other calls.
                log.warning("sweep put off call=%s code=%s", call.id, refusal.code.value)
        for leg_id, one in list(self._expected.items()):
            if one.until <= now:
                self._expect_no_more(leg_id)
        for sweep in self._sweeps:
            await sweep()
        shown = {
            **await self._told(of_unit, PRESENCE, self._roster.presence),
            **await self._told(of_monitored, SUPERVISOR, self._roster.running),
            **await self._told(of_missed, PRESENCE, self._roster.missed),
        }
        self._shown = shown

    async def bar(self) -> None:
        """End what is nobody's right any more, and the rings of who was signed out; whoever took it away
        need not tell."""
        for call_id, event in await self._book.barred():
            try:
                async with self._book.turn(None, call_id) as turn:
                    before = turn.call
                    after = await self._stepped(turn, event)
                    if after is not before:
                        rights = isinstance(event, Barred)
                        bars = ("call.bar", of_person(event.person_id))
                        await turn.write(after, *(bars if rights else _told(before, after)))
                self._settle(before, after)
            except Refusal as refusal:
                log.warning("not barred yet call=%s code=%s", call_id, refusal.code.value)

    async def _pass_time(self, call_id: CallId, tick: Tick) -> None:
        async with self._book.turn(None, call_id) as turn:
            before, after = turn.call, await self._stepped(turn, tick)
            if after is before:
                return
            await turn.write(after, *_told(before, after))
        self._settle(before, after)

    async def _write_seen(self, now: datetime) -> None:
        people, seats = self._seats.unwritten()
        if people or seats:
            await self._roster.seen(people, seats)
        forgotten = now - timedelta(seconds=2 * self._patience.lost_after_s)
        self._seats.wrote(people, seats, forgotten)

    async def _told(
        self,
        spelt: Callable[[str], str],
        audience: str,
        ask: Callable[[Collection[str]], Awaitable[Mapping[str, Message]]],
    ) -> Mapping[str, Message]:
        """What is known of the watched subjects of this noun, by subject; shown where it has changed."""
        watched = {id_of(one) for one in self._screens.watched(spelt(""))}
        told = await ask(watched) if watched else {}
        found = {spelt(one): now for one, now in told.items()}
        for subject, now in found.items():
            if _is_news(self._shown.get(subject), now):
                await self._screens.show(subject, audience, now)
        return found

    # ------------------------------------------------------------ the one way to change a call

    async def _take(
        self,
        line: Line,
        call_id: CallId,
        command: Command,
        event: CallInput,
        result: Mapping[str, Any] | None = None,
    ) -> tuple[Ack, Call | None]:
        """Do what a person wants; the call is None when the command was done before."""
        async with self._book.turn(line.who, call_id, command) as turn:
            if turn.replayed is not None:
                return turn.replayed, None
            _known(turn.call, line.who)
            before, after = turn.call, await self._stepped(turn, event)
            if after is not before:
                act = str(type(command).model_fields["type"].default)
                names = ("ring_id", "leg_id", "invite_id")
                object = next((getattr(event, n) for n in names if hasattr(event, n)), call_id)
                await turn.write(after, act, object)
            ack = turn.ack(result or {})
        self._settle(before, after)
        self._wake.set()
        return ack, after

    async def _note(self, call_id: CallId, event: CallInput, act: str, object: str) -> None:
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

    async def _own(self, line: Line, call_id: str, leg_id: str) -> tuple[Call, Leg | Monitor]:
        call = await self._book.find(CallId(call_id))
        return call, _own(call, line.who, leg_id)

    def _sit_again(self, call: Call, leg: Leg | Monitor, line: Line) -> None:
        """Who follows a call from a page that this node does not know yet is heard there from now on."""
        if isinstance(leg, Monitor) and leg.id not in self._seats:
            self._sit(call.id, leg.id, line)

    def _sit(self, call_id: CallId, seat_id: SeatId, line: Line) -> None:
        if line.page:
            who = line.who.person_id
            self._seats.sit(seat_id, Sitting(call_id, who, line.page, line.sid, self._now()))

    def _settle(self, before: Call, call: Call) -> None:
        """Let go of the seats that have ended, of who was expected by a ring that is over, of the
        party of each who has left, and of the room when the call has ended."""
        for leg in call.legs:
            if leg.state is not LegState.JOINED:
                self._seats.free(leg.id)
        rings = {ring.id for ring in call.rings if ring.state is RingState.RINGING}
        for leg_id, one in list(self._expected.items()):
            if one.call_id == call.id and one.ring_id not in rings:
                self._expect_no_more(leg_id)
        unseen = {monitor.id for monitor in call.monitors if monitor.unseen}
        left = [one.id for one in before.monitors if one.unseen and one.id not in unseen]
        for monitor_id in left:
            self._seats.free(monitor_id)
        if before.monitors != call.monitors:
            self._tell_of_monitors(before, call)
        if call.state is CallState.ENDED:
            self._aside(self._rooms.leave(call.id, None))
            return
        for monitor_id in left:
            self._aside(self._rooms.leave(call.id, monitor_id))
        there = {leg.seat for leg in call.seated()}
        for leg in before.seated():
            if leg.seat not in there:
                self._aside(self._rooms.leave(call.id, leg.id))

    def _tell_of_monitors(self, before: Call, call: Call) -> None:
        changed = MonitorChanged(call_id=call.id)
        self._screens.ephemeral(of_call(call.id), SUPERVISOR, changed)
        if _whispering(before) != _whispering(call):
            self._screens.ephemeral(of_call(call.id), ADVISED, changed)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_news(before: Message | None, now: Message) -> bool:
    """Whether more has changed than the moment at which it is told."""
    at = getattr(now, "at", None)
    return before is None or before.model_copy(update={"at": at}) != now


def _own(call: Call, who: Who, leg_id: str) -> Leg | Monitor:
    _known(call, who)
    person_id = PersonId(who.person_id)
    if (monitor := call.monitor_of(person_id)) is not None and monitor.unseen:
        return own_monitor(call, MonitorId(leg_id), person_id)
    return own_leg(call, LegId(leg_id), person_id)


def _known(call: Call, who: Who) -> None:
    """Refuse with ``not_found`` who has nothing to do with this call: he may not know of it."""
    people = {call.caller_id} | {ring.target_id for ring in call.rings}
    people |= {monitor.person_id for monitor in call.monitors}
    if PersonId(who.person_id) not in people:
        raise Refusal(Code.NOT_FOUND)


def _whispering(call: Call) -> set[MonitorId]:
    return {one.id for one in call.monitors if one.unseen and one.way is Way.WHISPER}


def _told(before: Call, after: Call) -> tuple[str, str]:
    """What time has done, as the ledger's act and object."""
    if after.state is CallState.ENDED and before.state is not CallState.ENDED:
        return f"call.{after.reason}", after.id
    for was, ring in zip(before.rings, after.rings, strict=False):
        if ring.state is RingState.MISSED and was.state is not RingState.MISSED:
            return "ring.missed", ring.id
    for old, leg in zip(before.legs, after.legs, strict=True):
        if leg.state is LegState.LOST and old.state is not LegState.LOST:
            return "leg.lost", leg.id
        if leg.state is LegState.LEFT and old.state is not LegState.LEFT:
            return "leg.lapsed", leg.id
        if leg.silent is not old.silent:
            return "leg.silent" if leg.silent else "leg.heard", leg.id
    for earlier, monitor in zip(before.monitors, after.monitors, strict=True):
        if monitor.ended is not earlier.ended:
            return "monitor.end", of_monitor(monitor.id)
    return "call.held", after.id
