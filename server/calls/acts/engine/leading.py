"""Leading the media workers of this node: started, taken up, heard, and let go.

Tells the switchboard and the recordings what a worker says. A worker that dies ends no call: its legs have
no media until their pages connect again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog

from media.client import (
    MediaClient,
    MediaEvent,
    NewOfferWanted,
    PartyDown,
    PartyUp,
    RecordingHalted,
    RecordingResumed,
    RecordingStalled,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    WorkerGone,
)
from media.rejected import Rejected
from server.calls.acts.engine.pool import Pool, Post
from server.calls.acts.engine.tidying import MediaListener, Tidying, sample_on
from server.calls.acts.qualities import Keep
from server.calls.acts.recordings import Recordings
from server.calls.rows import placing, recordings
from server.store import Store
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

AGAIN_AFTER_S: Final = 1.0
SEALING_MAY_TAKE_S: Final = 5.0


class Leading:
    """How one node leads the workers of its pool. ``keep`` is told every few seconds what each worker
    counted of each leg: body {leg_id, sample}, a WorkerSample."""

    def __init__(
        self, pool: Pool, recordings: Recordings, store: Store, keep: Keep | None = None
    ) -> None:
        self._pool = pool
        self._recordings = recordings
        self._store = store
        self._keep = keep
        self._tidying = Tidying(store)
        self._sealing: set[asyncio.Task[None]] = set()

    async def run(self, told: MediaListener) -> None:
        """Lead all workers until cancelled."""
        self._pool.led = True
        async with asyncio.TaskGroup() as group:
            for name, post in self._pool.posts.items():
                group.create_task(self._lead(name, post, told), name=f"worker {name}")

    async def _lead(self, name: str, post: Post, told: MediaListener) -> None:
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
            aside = [asyncio.create_task(self._tidying.tidy_on(name, worker.client, told))]
            if self._keep is not None:
                aside.append(asyncio.create_task(sample_on(worker.client, told, self._keep)))
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
        for post in self._pool.posts.values():
            worker, post.worker = post.worker, None
            if worker is not None:
                await (worker.stop() if stop else worker.client.close())

    async def _take_up(self, name: str, client: MediaClient) -> None:
        """Seal what is left over, and say of what the worker knows nothing that it is lost."""
        unfinished: list[recordings.RecordedSegment] = []

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

    async def _lost(self, name: str, told: MediaListener) -> None:
        async with self._store.read() as connection:
            placed = await placing.placed_at(connection, name)
        await told.media_lost([call.id for call in placed])

    async def _hear(self, client: MediaClient, event: MediaEvent, told: MediaListener) -> None:
        match event:
            case PartyUp(room, party):
                await _until_taken(partial(told.media_turned, room, party, True))
            case PartyDown(room, party):
                await _until_taken(partial(told.media_turned, room, party, False))
            case NewOfferWanted(room, party):
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


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
