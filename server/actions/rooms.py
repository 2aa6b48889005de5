"""The switchboard's MediaRooms, over a media worker: a room is a call, a party is a leg.

Starts the worker or takes up the one that still lives, starts another when it is gone, and
tells switchboard and recordings what it says. The engine's refusals become ours here. A
worker that dies ends no call: its legs have no media until their pages connect again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

import structlog

from media.client import (
    MediaClient,
    MediaEvent,
    PartyDown,
    PartyUp,
    RecordingStarted,
    SegmentFinished,
    Worker,
    WorkerGone,
)
from media.rejected import Code as Reason
from media.rejected import Rejected
from server.actions.recordings import Recordings
from signaling.call import Call, CallId, CallState, Leg, LegId, LegState, Seat
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

AGAIN_AFTER_S: Final = 1.0
SEALING_MAY_TAKE_S: Final = 10.0
STARTING_IS_AWAITED_S: Final = 4.0
"""How long a page waits for a worker that is being started; it counts as silent after 5 s."""

_CODES: Final = {
    Reason.BAD_SDP: Code.BAD_SDP,
    Reason.FINGERPRINT_MISSING: Code.BAD_SDP,
    Reason.FULL: Code.MEDIA_FULL,
}


class Told(Protocol):
    """Who hears what happens to the media of calls; the switchboard."""

    async def media_turned(self, call_id: str, leg_id: str, on: bool) -> None: ...
    async def media_lost(self, calls: Collection[str]) -> None: ...
    async def find(self, call_id: str) -> Call | None: ...


class Rooms:
    """The media rooms of this node. ``start`` starts or takes up the worker."""

    def __init__(self, start: Callable[[], Awaitable[Worker]], recordings: Recordings) -> None:
        self._start = start
        self._recordings = recordings
        self._worker: Worker | None = None
        self._started = asyncio.Event()
        self._running = False
        self._open: set[str] = set()
        self._sealing: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether a worker is there."""
        return self._worker is not None

    async def figures(self) -> dict[str, Any]:
        """The worker's counters; empty while there is none."""
        if self._worker is None:
            return {}
        try:
            return await self._worker.client.figures()
        except Rejected:
            return {}

    # ------------------------------------------------------------ what the switchboard asks

    async def offer(self, call: Call, leg: Leg, *, restart: bool) -> str:
        client = await self._client()
        self._open.add(call.id)
        try:
            if restart:
                with suppress(Rejected):  # a party that is not there is seated anew
                    return await client.restart_ice(call.id, leg.id)
            await client.open_room(call.id)
            sdp = await self._seat(client, call, leg)
            for mid in sorted(leg.muted):
                await client.mute(call.id, leg.id, mid, True)
            return sdp
        except Rejected as rejected:
            raise _refusal(rejected) from None

    async def describe(self, call_id: CallId, leg_id: LegId, sdp: str) -> None:
        try:
            await (await self._client()).answer(call_id, leg_id, sdp)
        except Rejected as rejected:
            raise _refusal(rejected) from None

    async def mute(self, call_id: CallId, leg_id: LegId, mid: str, on: bool) -> None:
        try:
            await (await self._client()).mute(call_id, leg_id, mid, on)
        except Rejected as rejected:
            raise _refusal(rejected) from None

    async def leave(self, call_id: CallId, leg_id: LegId | None) -> None:
        if leg_id is None:
            self._open.discard(call_id)
        if self._worker is None:
            return
        try:
            if leg_id is None:
                await self._worker.client.close_room(call_id)
            else:
                await self._worker.client.remove_party(call_id, leg_id)
        except Rejected as rejected:
            if rejected.code not in (Reason.UNKNOWN_ROOM, Reason.UNKNOWN_PARTY):
                log.warning("room.not_left", call=call_id, leg=leg_id, code=rejected.code)

    async def _seat(self, client: MediaClient, call: Call, leg: Leg) -> str:
        """Add the party; one of the same name, or of a leg that is over, makes room for it."""
        record, place = call.recording_consented, list(Seat).index(leg.seat)
        try:
            return await client.add_party(call.id, leg.id, record=record, place=place)
        except Rejected as rejected:
            if rejected.code not in (Reason.PARTY_EXISTS, Reason.FULL):
                raise
        over = {leg.id} | {other.id for other in call.legs if other not in call.seated()}
        for party in over:
            await self.leave(call.id, LegId(party))
        return await client.add_party(call.id, leg.id, record=record, place=place)

    async def _client(self) -> MediaClient:
        """The worker's client; one that is just being started is waited for."""
        try:
            async with asyncio.timeout(STARTING_IS_AWAITED_S if self._running else 0):
                while self._worker is None:
                    await self._started.wait()
        except TimeoutError:
            raise Refusal(Code.MEDIA_UNAVAILABLE) from None
        return self._worker.client

    # ------------------------------------------------------------ what the worker says

    async def run(self, told: Told) -> None:
        """Lead workers, one after another, until cancelled."""
        self._running = True
        while True:
            try:
                worker = await self._start()
            except (Rejected, OSError) as error:
                log.error("media.not_started", error=str(error))
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            self._worker = worker
            self._started.set()
            try:
                await self._take_up(worker, told)
                async for event in worker.client.events():
                    await self._hear(worker.client, event, told)
            except Rejected as rejected:
                log.warning("media.worker_gone", code=rejected.code)
            finally:
                # Cancelled, the worker stays known: close() decides whether it goes on.
                if not _cancelling():
                    self._worker = None
                    self._started.clear()
            await worker.client.close()
            lost, self._open = self._open, set()
            await _until_taken(partial(told.media_lost, lost))
            await asyncio.sleep(AGAIN_AFTER_S)

    async def close(self, *, stop: bool) -> None:
        """Let go of the worker; with ``stop`` it ends, else it forwards and records on for 60 s.

        Call it after ``run`` was cancelled. Sealings in progress are waited for, but not for long:
        what is not sealed then is sealed at the next start.
        """
        if self._sealing:
            await asyncio.wait(self._sealing, timeout=SEALING_MAY_TAKE_S)
        for task in self._sealing:
            task.cancel()
        await asyncio.gather(*self._sealing, return_exceptions=True)
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if stop:
            await worker.stop()
        else:
            await worker.client.close()

    async def _take_up(self, worker: Worker, told: Told) -> None:
        """Seal what is left over, close the rooms of calls that ended meanwhile."""
        client = worker.client
        finished = await client.list_segments()
        for segment in finished:
            self._aside(self._recordings.seal(client, segment))
        if worker.process is not None:
            known = [segment.segment for segment in finished]
            await _until_taken(lambda: self._recordings.give_up(known))
            return
        await _until_taken(lambda: self._leave_ended(client, told))

    async def _leave_ended(self, client: MediaClient, told: Told) -> None:
        for room, seats in (await client.figures())["rooms"].items():
            call = await told.find(room)
            if call is None or call.state is CallState.ENDED:
                await self.leave(CallId(room), None)
                continue
            self._open.add(room)
            over = {leg.id for leg in call.legs if leg.state is LegState.LEFT}
            for party in over & set(seats):
                await self.leave(CallId(room), LegId(party))

    async def _hear(self, client: MediaClient, event: MediaEvent, told: Told) -> None:
        try:
            match event:
                case PartyUp(room, party):
                    await told.media_turned(room, party, True)
                case PartyDown(room, party):
                    await told.media_turned(room, party, False)
                case RecordingStarted():
                    await self._recordings.begun(event)
                case SegmentFinished():
                    self._aside(self._recordings.seal(client, event))
                case WorkerGone():
                    log.warning("media.worker_gone")
        except Refusal as refusal:
            log.warning("media.not_noted", event_kind=type(event).__name__, code=refusal.code)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)


async def _until_taken(work: Callable[[], Awaitable[None]]) -> None:
    """Do it, and again each second while the store refuses it; what the worker says waits meanwhile."""
    while True:
        try:
            await work()
            return
        except Refusal as refusal:
            log.warning("media.put_off", code=refusal.code)
        await asyncio.sleep(AGAIN_AFTER_S)


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _refusal(rejected: Rejected) -> Refusal:
    return Refusal(_CODES.get(rejected.code, Code.MEDIA_UNAVAILABLE), engine=rejected.code.value)
