"""What pages watch: a desk, a call, a unit, lists of calls, as they open it, and as it changes."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from signaling.call.parts import CallId
from signaling.refusals import Code, Refusal
from signaling.seats import Seats
from signaling.subjects import (
    PRESENCE,
    SUPERVISOR,
    id_of,
    of_call,
    of_missed,
    of_monitored,
    of_unit,
)
from signaling.switchboard.pages import Pages
from signaling.switchboard.ports import CommandSource, Handlers, Roster, Screens
from signaling.wire.call import CallOpen
from signaling.wire.desk import DeskDuty, DeskOpen, MissedAsk, MissedWatch, UnitOpen, UnitPresence
from signaling.wire.envelope import Ack, Message
from signaling.wire.monitor import MonitorWatch


class Opening:
    """What a page opens, and what it says at its desk. Each is watched before its snapshot is read, so that nothing falls between the two."""

    def __init__(
        self,
        roster: Roster,
        seats: Seats,
        pages: Pages,
        now: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._seats = seats
        self._pages = pages
        self._now = now
        self._wake = wake

    def handlers(self) -> Handlers:
        return {
            CallOpen: self.open_call,
            DeskOpen: self.open_desk,
            DeskDuty: self.set_duty,
            UnitOpen: self.open_unit,
            MonitorWatch: self.watch_calls,
            MissedWatch: self.watch_missed,
            MissedAsk: self.ask_back,
        }

    async def open_call(self, line: CommandSource, command: CallOpen) -> Message:
        call_id = CallId(command.call_id)
        _, audience = await self._roster.snapshot(line.who, call_id)
        await line.watch(of_call(call_id), audience)
        snapshot, now = await self._roster.snapshot(line.who, call_id)
        if now != audience:
            await line.watch(of_call(call_id), now)
        return snapshot

    async def open_desk(self, line: CommandSource, command: DeskOpen) -> Message:
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
                self._pages.sit(call_id, leg_id, line)
        return view

    async def set_duty(self, line: CommandSource, command: DeskDuty) -> Ack:
        self._seats.person_heard(line.who.person_id, self._now())
        ack = await self._roster.duty(line.who, command)
        self._wake()
        return ack

    async def open_unit(self, line: CommandSource, command: UnitOpen) -> UnitPresence:
        unit_id = command.unit_id
        if not await self._roster.known(unit_id):
            raise Refusal(Code.NOT_FOUND)
        await line.watch(of_unit(unit_id), PRESENCE)
        return (await self._roster.presence([unit_id]))[unit_id]

    async def watch_calls(self, line: CommandSource, command: MonitorWatch) -> Message:
        unit_id = self._roster.monitored(line.who)
        await line.watch(of_monitored(unit_id), SUPERVISOR)
        return (await self._roster.running([unit_id]))[unit_id]

    async def watch_missed(self, line: CommandSource, command: MissedWatch) -> Message:
        desks = self._roster.misses(line.who)
        await line.watch(of_missed(desks), PRESENCE)
        return (await self._roster.missed([desks]))[desks]

    async def ask_back(self, line: CommandSource, command: MissedAsk) -> Ack:
        ack = await self._roster.ask(line.who, command)
        self._wake()
        return ack


class Showing:
    """What has changed of who is there, of running and of missed calls, to the pages of this node that watch it."""

    def __init__(self, roster: Roster, screens: Screens) -> None:
        self._roster = roster
        self._screens = screens
        self._shown: dict[str, Message] = {}

    async def show(self) -> None:
        """Read all that is watched, and show what is not as it was shown last."""
        self._shown = {
            **await self._told(of_unit, PRESENCE, self._roster.presence),
            **await self._told(of_monitored, SUPERVISOR, self._roster.running),
            **await self._told(of_missed, PRESENCE, self._roster.missed),
        }

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


def _is_news(before: Message | None, now: Message) -> bool:
    """Whether more has changed than the moment at which it is told."""
    at = getattr(now, "at", None)
    return before is None or before.model_copy(update={"at": at}) != now
