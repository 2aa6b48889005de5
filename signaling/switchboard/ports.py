"""What the switchboard asks of the record, of the desks, of the media engine and of the pages."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from signaling import waiting
from signaling.call.inputs import (
    Barred,
    SignedOut,
)
from signaling.call.parts import (
    Call,
    CallId,
    Leg,
    LegId,
    Monitor,
    MonitorId,
    PersonId,
    Way,
)
from signaling.wire.call import (
    CallDial,
    CallInvite,
)
from signaling.wire.desk import DeskDuty, MissedAsk, UnitPresence
from signaling.wire.envelope import Ack, Command, Message, Who

Handlers = Mapping[type[Command], Callable[[Any, Any], Awaitable[Any]]]
"""Who answers which command."""
IceServers = Callable[[LegId], Sequence[Mapping[str, Any]]]
"""What the page of a leg is given to reach the worker by."""
Begin = Callable[[Coroutine[Any, Any, None]], None]
"""Does beside what need not be waited for."""


class CommandSource(Protocol):
    """Where a command comes from; see ``gateway.connection.Connection``."""

    @property
    def who(self) -> Who: ...
    @property
    def sid(self) -> str: ...
    @property
    def page(self) -> str: ...
    async def watch(self, subject: str, audience: str) -> None: ...


class LockedCall(Protocol):
    """One call, locked, in one transaction; committed when the block ends without error."""

    @property
    def replayed(self) -> Ack | None:
        """The stored ack when this command was done before: return it and write nothing."""
        ...

    @property
    def at(self) -> datetime: ...
    @property
    def call(self) -> Call: ...

    async def deciding(self) -> Collection[PersonId]:
        """Who of those in this call is of the unit that decides the case by now, where that is not the one
        that was called; as ``step`` is told."""
        ...

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        """Keep the call as it is now, free who is no longer engaged, record event and entry.

        ``more`` goes into the entry's payload."""
        ...

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        """Reserve so many of the unit's free desks that were seen since then, the longest free first."""
        ...

    def ack(self, result: Mapping[str, Any]) -> Ack: ...


class Inviting(LockedCall, Protocol):
    """The turn of an invitation: ``reserve`` asks of the unit that is invited."""

    async def around(self) -> tuple[Sequence[waiting.Desk], float]:
        """As ``Dialling.around``."""
        ...


class Dialling(Protocol):
    """The transaction of a dialling, entered when the caller may dial about this case."""

    @property
    def replayed(self) -> Ack | None: ...
    @property
    def at(self) -> datetime: ...
    @property
    def recording_consented(self) -> bool: ...
    async def around(self) -> tuple[Sequence[waiting.Desk], float]:
        """All desks of the unit that is called, and how long a call of it lasts on average, in seconds."""
        ...

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        """As ``LockedCall.reserve``, and the caller is engaged from now on; refused with ``already_in_call``."""
        ...

    async def open(self, call: Call) -> None: ...
    def ack(self, result: Mapping[str, Any]) -> Ack: ...


class CallBook(Protocol):
    """Where calls are kept."""

    def dial(self, who: Who, command: CallDial) -> AbstractAsyncContextManager[Dialling]:
        """Refused: not_found, consent_missing, already_in_call, case_closed."""
        ...

    def turn(
        self, who: Who | None, call_id: CallId, command: Command | None = None
    ) -> AbstractAsyncContextManager[LockedCall]:
        """Refused with not_found when there is no such call. Without ``who`` it is time that acts."""
        ...

    def invite(self, who: Who, command: CallInvite) -> AbstractAsyncContextManager[Inviting]:
        """Refused with not_found when there is no such call."""
        ...

    def monitor(
        self, who: Who, call_id: CallId, way: Way, command: Command
    ) -> AbstractAsyncContextManager[LockedCall]:
        """The turn of a supervisor who may follow this call in this way.

        Refused: not_found when it is no call of his unit's, forbidden when he lacks the right."""
        ...

    async def find(self, call_id: CallId) -> Call:
        """The call as it is now, not locked; refused with not_found."""
        ...

    async def due(
        self, quiet_since: datetime, at: datetime, also: Collection[CallId]
    ) -> Sequence[tuple[Call, Mapping[LegId | MonitorId, datetime]]]:
        """Running calls with something that may be overdue, and when their legs were last seen.

        A leg or monitor that is silent or was not seen since ``quiet_since``, a ring or a held place past
        ``at``; and the calls of ``also`` that are running.
        """
        ...

    async def barred(self) -> Sequence[tuple[CallId, Barred | SignedOut]]:
        """Who is rung by, sits in or follows a running call in a way that is his right no longer,
        or is not of the staff any more; and who is rung, or rings, and was signed out everywhere."""
        ...


class Roster(Protocol):
    """Who is at which desk, and what he sees there."""

    async def desk(
        self, who: Who
    ) -> tuple[Message, Mapping[str, str], Collection[tuple[CallId, LegId]]]:
        """The desk of this person; the audience (of the gateway) of each of its subjects; and his seats
        in its calls, with the leg that holds each."""
        ...

    async def snapshot(self, who: Who, call_id: CallId) -> tuple[Message, str]:
        """A call as this person may see it, and his audience; refused with not_found."""
        ...

    async def duty(self, who: Who, command: DeskDuty) -> Ack: ...
    async def known(self, unit_id: str) -> bool:
        """Whether there is such a unit."""
        ...

    async def presence(self, unit_ids: Collection[str]) -> Mapping[str, UnitPresence]:
        """Of each of these units, who is there."""
        ...

    def monitored(self, who: Who) -> str:
        """The unit whose calls this person may follow; refused with forbidden."""
        ...

    async def running(self, unit_ids: Collection[str]) -> Mapping[str, Message]:
        """The live calls of each of these units, on either side."""
        ...

    def misses(self, who: Who) -> str:
        """The desks whose missed calls this person may see, by name: his window's, and those to his unit
        where he answers; refused with forbidden."""
        ...

    async def missed(self, desks: Collection[str]) -> Mapping[str, Message]:
        """The missed calls of each of these, by the names that ``misses`` gives."""
        ...

    async def ask(self, who: Who, command: MissedAsk) -> Ack:
        """Keep that this person asks to be called; refused as ``MissedAsk`` says."""
        ...

    async def seen(
        self, people: Mapping[str, datetime], legs: Mapping[LegId | MonitorId, datetime]
    ) -> None:
        """Keep when these last gave a sign of life. Not an event, and not in the ledger."""
        ...


class MediaRooms(Protocol):
    """The media engine: a room is a call, a party is a leg. Refuses with ``media_unavailable``."""

    @property
    def ready(self) -> bool:
        """Whether it is there, so that an offer need not wait for it."""
        ...

    async def full(self) -> str | None:
        """Why no new call finds room; None while one does, or nobody can say."""
        ...

    async def prepare(self, call_id: CallId) -> None:
        """Find the room of a call that rings, so that an answer need not wait for it. Never refused:
        where none is found, the first ``offer`` looks again, or says why not."""
        ...

    async def offer(self, call: Call, leg: Leg | Monitor, *, restart: bool) -> str:
        """The worker's SDP offer for this leg, or for one who follows the call unseen; ``restart``
        keeps what flows and renews the path.
        Nothing of the call is muted or held for it before the next ``let_through``.
        Refused with ``media_busy`` for a call that is not at a worker yet and finds none."""
        ...

    async def expect(self, call_id: CallId, leg_id: LegId) -> str:
        """The worker's offer for the approver's leg that this will be if its ring is answered.
        Its page may answer and connect; nothing passes and nobody is told before ``seat``, and
        ``leave`` ends it."""
        ...

    async def seat(self, call: Call, leg: Leg) -> None:
        """Let the expected leg take part, and through what passes in the call as it is here: what a
        later ``let_through`` said of holding stands. Refused where it is not expected any more or its page has
        not answered the offer: it is to be given another one."""
        ...

    async def describe(self, call_id: CallId, leg_id: LegId | MonitorId, sdp: str) -> None:
        """The page's answer; refused with bad_sdp."""
        ...

    async def let_through(self, call: Call) -> None:
        """Let through what the call says: nothing of anybody on hold or before an answer, else all
        that no leg muted, and of one who follows the call unseen nothing but a whisper to the approver. Of a
        call that is not to be recorded, or no longer, no recording goes on.

        A leg without a party is passed over: its next offer applies what the call says."""
        ...

    async def leave(self, call_id: CallId, leg_id: LegId | MonitorId | None) -> None:
        """Remove a party and finish its recording; None: everybody, and the room. Never refused."""
        ...


class Screens(Protocol):
    """The sockets of this node."""

    async def tell(self, sid: str, message: Message) -> None: ...
    async def show(self, subject: str, audience: str, message: Message) -> None: ...
    def ephemeral(self, subject: str, audience: str, message: Message) -> None:
        """As ``show``, on all nodes; it may get lost."""
        ...

    def watched(self, prefix: str) -> Sequence[str]: ...
