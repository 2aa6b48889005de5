"""The switchboard's MediaRooms, over media workers: a room is a call, a party is a leg.

Leads each worker of this node: starts it, takes up the one that still lives, or attaches to one
that several nodes share; and tells switchboard and recordings what it says. Which worker holds
a room stands with the call, so that all nodes seat its pages in the same one. The engine's
refusals become ours here. A worker that dies ends no call: its legs have no media until their
pages connect again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, TypedDict

import structlog

from media.client import (
    MediaClient,
    MediaEvent,
    OfferWanted,
    PartyDown,
    PartyUp,
    RecordingHalted,
    RecordingResumed,
    RecordingStalled,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    Worker,
    WorkerGone,
)
from media.rejected import Code as Reason
from media.rejected import Rejected
from server.calls.acts.qualities import SAMPLED_EVERY_S, Differences, Keep
from server.calls.acts.recordings import Recordings
from server.calls.rows import calls as rows
from server.rights.person import SYSTEM
from server.store import Store
from signaling.call.parts import (
    Call,
    CallId,
    CallState,
    Leg,
    LegId,
    LegState,
    Monitor,
    MonitorId,
    Seat,
    Way,
)
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

AGAIN_AFTER_S: Final = 1.0
SEALING_MAY_TAKE_S: Final = 5.0
STARTING_IS_AWAITED_S: Final = 4.0
"""How long a page waits for a worker that is being started; it counts as silent after 5 s."""
MOVED_AFTER_S: Final = 2.0
"""How long the worker that holds a room may be away before another one takes the room."""
TIDIED_EVERY_S: Final = 10.0
WITHDRAWN_EVERY_S: Final = 1.0
"""How often it is asked whether a worker records on without consent, because the node that took the word back
died before it told the worker."""

_OF_ONE: Final = frozenset({"port", "recorder_pid", "load_limit"})
"""Figures of a worker that are no amounts."""
_WORST: Final = frozenset({"lag_s"})
"""Figures of which that of the worst worker counts."""

MIDS: Final = ("0", "1", "2", "3")
"""What a seat sends: microphone, face, document camera, screen."""
REHEARSAL: Final = "rehearsal-"
"""Rooms of this name belong to no call; behind it stands when they end (Unix seconds)."""

_CODES: Final = {
    Reason.BAD_SDP: Code.BAD_SDP,
    Reason.FINGERPRINT_MISSING: Code.BAD_SDP,
    Reason.FULL: Code.MEDIA_FULL,
}


class Told(Protocol):
    """Who hears what happens to the media of calls; the switchboard."""

    async def media_turned(self, call_id: str, leg_id: str, on: bool) -> None: ...
    async def media_lost(self, calls: Collection[str]) -> None: ...
    async def offer_wanted(self, call_id: str, leg_id: str) -> None: ...
    async def find(self, call_id: str) -> Call | None: ...


Start = Callable[[], Awaitable[Worker]]
"""Starts a worker, takes up one that lives, or attaches to a shared one; raises Rejected or OSError."""


@dataclass(slots=True)
class _Post:
    """A worker's place at this node; ``worker`` while it is there, ``up`` set meanwhile,
    ``missing`` once it was asked for in vain."""

    start: Start
    worker: Worker | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    missing: asyncio.Event = field(default_factory=asyncio.Event)


class _Held(TypedDict):
    held: bool
    turn: int


class Rehearsed:
    """A room for a rehearsal; refuses as a call's room does. Nothing of it is recorded."""

    def __init__(self, client: MediaClient, room: str) -> None:
        self._client = client
        self._room = room

    async def party(self, name: str) -> str:
        with _refusing():
            return await self._client.add_party(self._room, name, record=False)

    async def describe(self, name: str, sdp: str) -> None:
        with _refusing():
            await self._client.answer(self._room, name, sdp)

    async def restart(self, name: str) -> str:
        with _refusing():
            return await self._client.restart_ice(self._room, name)

    async def packets(self, name: str) -> Mapping[str, int]:
        with _refusing():
            rooms = (await self._client.figures())["rooms"]
        tracks = rooms.get(self._room, {}).get(name, {}).get("tracks", {})
        return {mid: int(track["packets"]) for mid, track in tracks.items()}

    async def close(self) -> None:
        try:
            await self._client.close_room(self._room)
        except Rejected as rejected:
            log.info("rehearsal.not_closed", code=rejected.code)


class Rooms:
    """The media rooms of this node.

    ``workers`` are those it may use, by names: all nodes that share one have the same for it, and
    no two workers of a deployment have one name. ``keep`` is told every few seconds what each
    worker counted of each leg: body {leg_id, sample}, a WorkerSample.
    """

    def __init__(
        self,
        workers: Mapping[str, Start],
        recordings: Recordings,
        store: Store,
        keep: Keep | None = None,
    ) -> None:
        self._keep = keep
        self._posts = {name: _Post(start) for name, start in workers.items()}
        self._recordings = recordings
        self._store = store
        self._running = False
        self._sealing: set[asyncio.Task[None]] = set()
        # who made the offer that a leg's page has to answer, and who that of one that is expected
        self._offering: dict[tuple[CallId, LegId | MonitorId], MediaClient] = {}
        self._expecting: dict[tuple[CallId, LegId | MonitorId], MediaClient] = {}

    @property
    def ready(self) -> bool:
        """Whether a worker is there."""
        return any(post.worker is not None for post in self._posts.values())

    async def figures(self) -> dict[str, Any]:
        """The counters of all workers, added up; empty while there is none."""
        found: dict[str, Any] = {}
        for post in self._posts.values():
            if post.worker is None:
                continue
            try:
                told = await post.worker.client.figures()
            except Rejected:
                continue
            if not found:
                found = told
                continue
            found["rooms"].update(told["rooms"])
            for name, value in told["worker"].items():
                if name in _WORST:
                    found["worker"][name] = max(found["worker"][name], value)
                elif isinstance(value, int | float) and name not in _OF_ONE:
                    found["worker"][name] += value
        return found

    # ------------------------------------------------------------ what the switchboard asks

    async def full(self) -> str | None:
        """Why no worker that is here takes a new call; None when one does, or none is here."""
        why = None
        for client in self._here().values():
            with suppress(Rejected):
                if (why := await client.full()) is None:
                    return None
        return why

    def _here(self) -> dict[str, MediaClient]:
        return {name: post.worker.client for name, post in self._posts.items() if post.worker}

    async def prepare(self, call_id: CallId) -> None:
        try:
            client, moved = await self._client_for(call_id)
            await self._open(call_id, client, moved)
        except (Refusal, Rejected) as failed:
            log.info("room.not_prepared", call=call_id, code=failed.code)

    async def offer(self, call: Call, leg: Leg | Monitor, *, restart: bool) -> str:
        client, moved = await self._client_for(call.id)
        with _refusing():
            sdp = await self._restarted(client, call, leg) if restart else None
            if sdp is None:
                seat = partial(self._seat, call=call, leg=leg)
                client, sdp = await self._opened(call.id, client, moved, seat)
        self._offering[call.id, leg.id] = client
        return sdp

    async def _opened(
        self,
        call_id: CallId,
        client: MediaClient,
        moved: bool,
        ask: Callable[[MediaClient], Awaitable[str]],
    ) -> tuple[MediaClient, str]:
        """What the worker says, and which one it is; the room is opened first where there is none."""
        try:
            return client, await ask(client)
        except Rejected as rejected:
            if rejected.code is not Reason.UNKNOWN_ROOM:
                raise
        client = await self._open(call_id, client, moved)
        return client, await ask(client)

    async def expect(self, call_id: CallId, leg_id: LegId) -> str:
        client, moved = await self._client_for(call_id)
        place = list(Seat).index(Seat.APPROVER)
        with _refusing():
            client, sdp = await self._opened(
                call_id, client, moved, lambda at: at.expect_party(call_id, leg_id, place=place)
            )
        self._expecting[call_id, leg_id] = client
        return sdp

    async def seat(self, call: Call, leg: Leg) -> None:
        client = self._expecting.pop((call.id, leg.id), None)
        if client is None:
            raise Refusal(Code.MEDIA_UNAVAILABLE)
        with _refusing():
            record = call.recorded
            await client.seat_party(call.id, leg.id, record=record, **_held(call))

    async def _restarted(self, client: MediaClient, call: Call, leg: Leg | Monitor) -> str | None:
        """None for a party that is not there: it is to be seated anew."""
        with suppress(Rejected):
            return await client.restart_ice(call.id, leg.id)
        return None

    async def describe(self, call_id: CallId, leg_id: LegId | MonitorId, sdp: str) -> None:
        leg = call_id, leg_id
        client = self._expecting.get(leg) or self._offering.pop(leg, None)
        client = client or await self._client_of(call_id)
        with _refusing():
            await client.answer(call_id, leg_id, sdp)

    async def let_through(self, call: Call) -> None:
        client = await self._client_of(call.id)
        with _refusing():
            await _let_through(client, call)

    async def leave(self, call_id: CallId, leg_id: LegId | MonitorId | None) -> None:
        expecting = self._expecting.get((call_id, leg_id)) if leg_id is not None else None
        for kept in (self._offering, self._expecting):
            for one in [one for one in kept if one[0] == call_id and leg_id in (None, one[1])]:
                del kept[one]
        try:
            client = expecting or await self._client_of(call_id)
        except Refusal as refusal:
            # The worker's next tidying finds what nobody needs any more.
            log.info("room.not_left", call=call_id, leg=leg_id, code=refusal.code)
            return
        await self._leave(client, call_id, leg_id)

    async def _leave(self, client: MediaClient, call_id: str, leg_id: str | None) -> None:
        try:
            if leg_id is None:
                await client.close_room(call_id)
            else:
                await client.remove_party(call_id, leg_id)
        except Rejected as rejected:
            if rejected.code not in (Reason.UNKNOWN_ROOM, Reason.UNKNOWN_PARTY):
                log.warning("room.not_left", call=call_id, leg=leg_id, code=rejected.code)

    async def _seat(self, client: MediaClient, *, call: Call, leg: Leg | Monitor) -> str:
        """Add the party; one of the same name, or of a leg that is over, makes room for it.

        Who follows the call unseen is never recorded, and from his first packet on nobody gets more
        of him than ``_heard_by`` says."""
        unseen = isinstance(leg, Monitor)
        record = call.recorded and not unseen
        place = list(Seat).index(leg.place if isinstance(leg, Monitor) else leg.seat)
        sends_to = _heard_by(leg) if isinstance(leg, Monitor) else None
        add = partial(
            client.add_party, call.id, leg.id, record=record, place=place, sends_to=sends_to
        )
        try:
            return await add()
        except Rejected as rejected:
            if rejected.code not in (Reason.PARTY_EXISTS, Reason.FULL):
                raise
        over = {str(leg.id)} | {other.id for other in call.legs if other not in call.seated()}
        over |= {monitor.id for monitor in call.monitors if not monitor.unseen}
        for party in over:
            await self._leave(client, call.id, party)
        return await add()

    async def _open(self, call_id: CallId, client: MediaClient, moved: bool) -> MediaClient:
        """Open the call's room there, or, where that worker takes no new one, at one that does."""
        try:
            await client.open_room(call_id, resumed=moved)
            return client
        except Rejected as rejected:
            if rejected.code is not Reason.BUSY:
                raise
            busy = rejected
        for name, other in self._here().items():
            if other is client or await other.full() is not None:
                continue
            async with self._store.change(SYSTEM) as change:
                before = await rows.worker_of(change.connection, call_id)
                placed = await rows.place(change.connection, call_id, name, before)
            if placed:
                await other.open_room(call_id)
                return other
        raise busy

    async def _client_for(self, call_id: CallId) -> tuple[MediaClient, bool]:
        """The client of the worker that holds this call's room: the one that stands with the call,
        or, when there is none yet or it stays away, the one here that holds the fewest. And whether
        the call was at another one before."""
        held = await self._held_by(call_id)
        before = self._posts.get(held) if held is not None else None
        if before is not None and before.worker is None and len(self._posts) > 1:
            await _first_of((before.up, before.missing), MOVED_AFTER_S)
        if before is None or before.worker is None:
            await self._any_up()
            moved = held is not None
            held = await self._placed(call_id)
        else:
            moved = False
        return self._client_at(held), moved

    async def _client_of(self, call_id: CallId) -> MediaClient:
        return self._client_at(await self._held_by(call_id))

    def _client_at(self, name: str | None) -> MediaClient:
        post = self._posts.get(name) if name is not None else None
        if post is None or post.worker is None:
            raise Refusal(Code.MEDIA_UNAVAILABLE)
        return post.worker.client

    async def _any_up(self) -> None:
        """Wait for a worker that is just being started."""
        if self.ready:
            return
        ups = [post.up for post in self._posts.values()]
        await _first_of(ups, STARTING_IS_AWAITED_S if self._running else 0)

    async def _held_by(self, call_id: CallId) -> str | None:
        async with self._store.read() as connection:
            return await rows.worker_of(connection, call_id)

    async def _placed(self, call_id: CallId) -> str | None:
        """Place a room at a worker that is here, unless it stands at one; the name of that."""
        async with self._store.change(SYSTEM) as change:
            before = await rows.worker_of(change.connection, call_id)
            here = [name for name, post in self._posts.items() if post.worker is not None]
            if not here or before in here:
                return before
            held = await rows.rooms_by_worker(change.connection)
            name = min(here, key=lambda name: held.get(name, 0))
            if await rows.place(change.connection, call_id, name, before):
                return name
            return await rows.worker_of(change.connection, call_id)

    # ------------------------------------------------------------ rooms that belong to no call

    async def stage(self, name: str, ends_at: datetime) -> "Rehearsed":
        """A new room for a rehearsal, at the worker here that holds the fewest; whatever happens to
        this node it is closed soon after ``ends_at``. Refused: media_unavailable."""
        await self._any_up()
        up = [post.worker.client for post in self._posts.values() if post.worker is not None]
        if not up:
            raise Refusal(Code.MEDIA_UNAVAILABLE)
        client = up[0]
        room = f"{REHEARSAL}{ends_at.timestamp():.0f}-{name}"
        try:
            await client.open_room(room)
        except Rejected as rejected:
            raise _refusal(rejected) from None
        return Rehearsed(client, room)

    # ------------------------------------------------------------ what the workers say

    async def run(self, told: Told) -> None:
        """Lead all workers until cancelled."""
        self._running = True
        async with asyncio.TaskGroup() as group:
            for name, post in self._posts.items():
                group.create_task(self._lead(name, post, told), name=f"worker {name}")

    async def _lead(self, name: str, post: _Post, told: Told) -> None:
        """Lead one worker after another at this place."""
        while True:
            try:
                worker = await post.start()
            except (Rejected, OSError) as error:
                log.error("media.not_started", worker=name, error=str(error))
                post.missing.set()
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            post.worker = worker
            post.missing.clear()
            post.up.set()
            came_at = time.monotonic()
            aside = [asyncio.create_task(self._tidy_on(name, worker.client, told))]
            if self._keep is not None:
                aside.append(asyncio.create_task(self._sample_on(worker.client, told, self._keep)))
            try:
                await self._take_up(name, worker.client)
                async for event in worker.client.events():
                    await self._hear(worker.client, event, told)
            except Rejected as rejected:
                log.warning("media.worker_gone", worker=name, code=rejected.code)
            finally:
                for task in aside:
                    task.cancel()
                await asyncio.gather(*aside, return_exceptions=True)
                # Cancelled, the worker stays known: close() decides whether it goes on.
                if not _cancelling():
                    post.worker = None
                    post.up.clear()
            await worker.client.close()
            await _until_taken(partial(self._lost, name, told))
            # At once, to see whether it is dead; but one that dies at each start has a pause.
            if time.monotonic() - came_at < AGAIN_AFTER_S:
                await asyncio.sleep(AGAIN_AFTER_S)

    async def close(self, *, stop: bool) -> None:
        """Let go of the workers; with ``stop`` those of our own end, else they forward and record
        on for 60 s.

        Call it after ``run`` was cancelled. Sealings in progress are waited for, but not for long:
        what is not sealed then is sealed at the next start.
        """
        if self._sealing:
            await asyncio.wait(self._sealing, timeout=SEALING_MAY_TAKE_S)
        for task in self._sealing:
            task.cancel()
        await asyncio.gather(*self._sealing, return_exceptions=True)
        for post in self._posts.values():
            worker, post.worker = post.worker, None
            if worker is not None:
                await (worker.stop() if stop else worker.client.close())

    async def _take_up(self, name: str, client: MediaClient) -> None:
        """Seal what is left over, and say of what the worker knows nothing that it is lost."""
        unfinished: list[rows.Recording] = []

        async def ask() -> None:
            unfinished[:] = await self._recordings.unfinished(name)

        # In this order: what begins meanwhile is in neither, what ends meanwhile in the last.
        await _until_taken(ask)
        known = await client.open_segments()
        for segment in await client.list_segments():
            known.add(segment.segment)
            self._aside(self._recordings.seal(client, segment))
        gone = [recording for recording in unfinished if recording.segment not in known]
        await self._recordings.give_up(gone)

    async def _tidy_on(self, name: str, client: MediaClient, told: Told) -> None:
        next_at = time.monotonic()
        while True:
            try:
                if time.monotonic() >= next_at:
                    next_at = time.monotonic() + TIDIED_EVERY_S
                    await self._tidy(name, client, told)
                else:
                    await self._unrecord(name, client)
            except Refusal as refusal:
                log.warning("media.put_off", code=refusal.code)
            except Rejected:
                return
            await asyncio.sleep(WITHDRAWN_EVERY_S)

    async def _unrecord(self, name: str, client: MediaClient) -> None:
        """End the recordings at this worker that nobody consents to any more."""
        async with self._store.read() as connection:
            withdrawn = await rows.withdrawn_at(connection, name)
        if not withdrawn:
            return
        found: dict[str, Any] = (await client.figures())["rooms"]
        for call in withdrawn:
            if any(seat["recording"] for seat in found.get(call.id, {}).values()):
                await _let_through(client, call)

    async def _tidy(self, name: str, client: MediaClient, told: Told) -> None:
        """Bring worker and record together where a word between them was lost: rooms of calls
        that ended, parties of legs that left, recordings that nobody consents to any more, and legs
        whose media is said to be otherwise."""
        # In this order: a leg that is said to have media before it is missed here has none now.
        async with self._store.read() as connection:
            placed = await rows.placed_at(connection, name)
        found: dict[str, Any] = (await client.figures())["rooms"]
        now = self._store.clock.now().timestamp()
        for room, seats in found.items():
            if room.startswith(REHEARSAL):
                if float(room.removeprefix(REHEARSAL).partition("-")[0]) + TIDIED_EVERY_S < now:
                    await self._leave(client, room, None)
                continue
            call = await told.find(room)
            if call is None or call.state is CallState.ENDED:
                await self._leave(client, room, None)
                continue
            over: set[str] = {leg.id for leg in call.legs if leg.state is LegState.LEFT}
            over |= {monitor.id for monitor in call.monitors if not monitor.unseen}
            for party in over & set(seats):
                await self._leave(client, room, party)
            if not call.recorded and any(seat["recording"] for seat in seats.values()):
                await _let_through(client, call)
        for call in placed:
            for leg in call.seated():
                if leg.media and leg.id not in found.get(call.id, {}):
                    await told.media_turned(call.id, leg.id, False)

    async def _sample_on(self, client: MediaClient, told: Told, keep: Keep) -> None:
        """Keep what the worker counts of each leg; of several nodes one is told."""
        differences = Differences()
        people: dict[str, str] = {}
        while True:
            try:
                rooms = await client.counters()
                for room, party, sample in differences.take(rooms, time.monotonic()):
                    if party not in people and not room.startswith(REHEARSAL):
                        call = await told.find(room)
                        # Who follows a call unseen has no leg, and nothing is kept of him.
                        people |= {leg.id: leg.person_id for leg in call.legs} if call else {}
                    if party in people:
                        body = {"leg_id": party, "sample": sample.model_dump(mode="json")}
                        keep(room, people[party], body)
                seated = {party for seats in (rooms or {}).values() for party in seats}
                people = {party: person for party, person in people.items() if party in seated}
            except Refusal as refusal:
                log.warning("media.put_off", code=refusal.code)
            except Rejected:
                return
            await asyncio.sleep(SAMPLED_EVERY_S)

    async def _lost(self, name: str, told: Told) -> None:
        async with self._store.read() as connection:
            placed = await rows.placed_at(connection, name)
        await told.media_lost([call.id for call in placed])

    async def _hear(self, client: MediaClient, event: MediaEvent, told: Told) -> None:
        match event:
            case PartyUp(room, party):
                await _until_taken(partial(told.media_turned, room, party, True))
            case PartyDown(room, party):
                await _until_taken(partial(told.media_turned, room, party, False))
            case OfferWanted(room, party):
                await _until_taken(partial(told.offer_wanted, room, party))
            case RecordingStarted():
                await _until_taken(partial(self._recordings.begun, event))
            case RecordingHalted():
                await _until_taken(partial(self._recordings.halted, event))
            case RecordingStalled():
                await _until_taken(partial(self._recordings.stalled, event))
            case RecordingResumed():
                await _until_taken(partial(self._recordings.resumed, event))
            case SegmentFinished():
                self._aside(self._recordings.seal(client, event))
            case SegmentLost(room, _, segment):
                await _until_taken(partial(self._recordings.lose, room, segment))
            case WorkerGone():
                log.warning("media.worker_gone")

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)


def _heard_by(monitor: Monitor) -> tuple[int, ...]:
    """The places that get what a supervisor sends: the approver's while he whispers, else none."""
    return (list(Seat).index(Seat.APPROVER),) if monitor.way is Way.WHISPER else ()


def _stopped(leg: Leg | Monitor) -> frozenset[str]:
    """The m-lines whose packets the worker stops: of who is unseen all but the microphone."""
    return frozenset(MIDS) - {"0"} if isinstance(leg, Monitor) else leg.muted


async def _first_of(events: Collection[asyncio.Event], timeout_s: float) -> None:
    """Wait for one of these, but not for long."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _until_taken(work: Callable[[], Awaitable[None]]) -> None:
    """Do it, and again each second while the store refuses it; what the worker says waits meanwhile.

    Of a call that is not in this database nothing is kept.
    """
    while True:
        try:
            await work()
            return
        except Refusal as refusal:
            log.warning("media.put_off", code=refusal.code)
            if refusal.code is Code.NOT_FOUND:
                return
        await asyncio.sleep(AGAIN_AFTER_S)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except Rejected as rejected:
        raise _refusal(rejected) from None


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _let_through(client: MediaClient, call: Call) -> None:
    unseen = [one for one in call.monitors if one.unseen]
    muted: dict[str, frozenset[str]] = {leg.id: _stopped(leg) for leg in call.seated()}
    muted |= {monitor.id: _stopped(monitor) for monitor in unseen}
    await client.let_through(call.id, muted=muted, recorded=call.recorded, **_held(call))
    for monitor in unseen:
        sends_to = _heard_by(monitor)
        try:
            await client.permit(call.id, monitor.id, receives_from=None, sends_to=sends_to)
        except Rejected as rejected:
            if rejected.code is not Reason.UNKNOWN_PARTY:
                raise


def _held(call: Call) -> _Held:
    """Whether the room is held: before an answer, and while the call is on hold."""
    if call.state is CallState.OPEN:
        return {"held": True, "turn": 0}
    held = call.on_hold() is not None
    return {"held": held, "turn": 2 * len(call.holds) + (0 if held else 1)}


def _refusal(rejected: Rejected) -> Refusal:
    if rejected.code is Reason.BUSY:
        return Refusal(Code.MEDIA_BUSY, why=rejected.detail)
    return Refusal(_CODES.get(rejected.code, Code.MEDIA_UNAVAILABLE), engine=rejected.code.value)
