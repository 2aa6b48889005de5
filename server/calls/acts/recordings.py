"""Recordings: from the first written packet to the sealed file.

A recording is one segment of one leg. It stands in the tables from its first packet on; when
the worker has finished it, it is pulled, sealed in the blob store, hashed into the ledger of
its call, and only then dropped by the worker. What a restart interrupts is done again, and
what is lost is said to be lost. Knows no codec and no page.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from media.client import (
    MediaClient,
    RecordingHalted,
    RecordingResumed,
    RecordingStalled,
    RecordingStarted,
    SegmentFinished,
)
from media.control import Gap
from media.rejected import Rejected
from server.calls.acts import telling
from server.calls.rows import calls as rows
from server.calls.rows import recordings, writing
from server.rights.ids import new_id
from server.rights.person import SYSTEM
from server.rights.subjects import of_call
from server.store import Change, Store
from server.store.blobs import Digest
from signaling.call.inputs import RecordingTurned
from signaling.call.parts import Call, CallId, LegId
from signaling.call.step import step
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

AGAIN_AFTER_S: Final = 5.0


class Recordings:
    """The recordings of all calls of the workers of this node.

    ``digest`` sm3: each sealed file has its SM3 in the ledger too. ``ahead`` is how far the record's
    clock is ahead of this machine's, by which the workers tell their moments.
    """

    def __init__(
        self,
        store: Store,
        digest: Digest = "sha256",
        ahead: Callable[[], timedelta] = timedelta,
    ) -> None:
        self._store = store
        self._digest = digest
        self._ahead = ahead
        self._stalled: set[tuple[str, str]] = set()
        """Calls and legs of which the worker says that what comes in is not written."""

    async def begun(self, event: RecordingStarted) -> None:
        """Keep that a segment is being written; the sign of recording goes on. Twice is once."""
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, event.room)
            if await recordings.find_recording(change.connection, event.segment) is not None:
                return
            recording = recordings.RecordedSegment(
                id=new_id(),
                call_id=CallId(event.room),
                leg_id=LegId(event.party),
                segment=event.segment,
                state="recording",
                started_at=self._moment(event.at),
                ended_at=None,
                size_bytes=None,
                sha256=None,
                gaps=[],
            )
            await recordings.add_recording(change.connection, recording)
            await self._turned(change, call, header, recording, "recording.started")

    async def halted(self, event: RecordingHalted) -> None:
        """Keep that a segment cannot be written on; the sign of recording goes off until a next one is."""
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, event.room)
            after = step(call, RecordingTurned(LegId(event.party), False), change.at)
            if after is call:
                return
            await writing.save(change.connection, call, after)
            recording = await recordings.find_recording(change.connection, event.segment)
            what = event.segment if recording is None else recording.id
            await telling.record(change, after, header, "recording.halted", f"recording:{what}")

    async def stalled(self, event: RecordingStalled) -> None:
        """Keep that what comes in of a leg is not written; its sign of recording goes off until it is again.

        Nothing is kept of lines for which the leg has no device."""
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, event.room)
            leg = next((leg for leg in call.seated() if leg.id == event.party), None)
            if leg is None or not call.recorded or leg.lacking.issuperset(event.mids):
                return
            self._stalled.add((event.room, event.party))
            after = step(call, RecordingTurned(leg.id, False), change.at)
            await writing.save(change.connection, call, after)
            await telling.record(
                change,
                after,
                header,
                "recording.stalled",
                f"leg:{leg.id}",
                lines=sorted(event.mids),
            )

    async def resumed(self, event: RecordingResumed) -> None:
        """Keep that a leg is recorded again; the sign goes on."""
        key = event.room, event.party
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, event.room)
            on = await recordings.being_recorded(change.connection, LegId(event.party))
            after = step(call, RecordingTurned(LegId(event.party), on), change.at)
            if after is not call or key in self._stalled:
                await writing.save(change.connection, call, after)
                await telling.record(
                    change, after, header, "recording.resumed", f"leg:{event.party}"
                )
        self._stalled.discard(key)

    async def seal(self, client: MediaClient, event: SegmentFinished) -> None:
        """Pull a finished segment, seal it and let the worker drop it.

        Tried again while the worker lives; when it goes, the next one lists the segment again.
        """
        while True:
            try:
                await self._seal(client, event)
                return
            except Rejected as rejected:
                log.warning("recording.not_pulled", segment=event.segment, code=rejected.code)
                return
            except Refusal as refusal:
                log.warning("recording.not_sealed", segment=event.segment, code=refusal.code)
                if refusal.code is Code.NOT_FOUND:
                    return  # a segment of a call that is not in this database is left where it is
            await asyncio.sleep(AGAIN_AFTER_S)

    async def unfinished(self, worker: str) -> Sequence[recordings.RecordedSegment]:
        """What was begun at this worker and is not sealed."""
        async with self._store.read() as connection:
            return await recordings.unfinished_recordings(connection, worker)

    async def give_up(self, gone: Collection[recordings.RecordedSegment]) -> None:
        """Say of unfinished recordings that their worker has no file of them: they are lost."""
        for recording in gone:
            try:
                await self.lose(recording.call_id, recording.segment)
            except Refusal as refusal:
                # The next worker's start tries again; one recording must not keep media away.
                log.warning("recording.not_given_up", recording=recording.id, code=refusal.code)

    async def lose(self, call_id: str, segment: str) -> None:
        """Keep that nothing is left of a segment that was being written; any other stays as it is."""
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, call_id)
            recording = await recordings.find_recording(change.connection, segment)
            if recording is None or recording.state != "recording":
                return
            lost = replace(recording, state="lost")
            await recordings.save_recording(change.connection, lost)
            await self._turned(change, call, header, lost, "recording.lost")

    async def _seal(self, client: MediaClient, event: SegmentFinished) -> None:
        async with self._store.read() as connection:
            before = await recordings.find_recording(connection, event.segment)
            if await rows.find(connection, event.room) is None:
                raise Refusal(Code.NOT_FOUND, call=event.room)
        if before is None or before.state != "stored":
            sha256 = await self._store.blobs.put(client.pull_segment(event.segment))
            if sha256 != event.sha256:
                raise Refusal(Code.BUSY, segment=event.segment)
            sm3 = await self._store.blobs.sm3(sha256) if self._digest == "sm3" else None
            await self._store_row(event, sm3)
        await client.drop_segment(event.segment)

    async def _store_row(self, event: SegmentFinished, sm3: str | None) -> None:
        async with self._store.change(SYSTEM) as change:
            call, header = await self._locked(change, event.room)
            before = await recordings.find_recording(change.connection, event.segment)
            if before is not None and before.state == "stored":
                return  # another node was told of it too
            recording = recordings.RecordedSegment(
                id=new_id() if before is None else before.id,
                call_id=CallId(event.room),
                leg_id=LegId(event.party),
                segment=event.segment,
                state="stored",
                started_at=self._moment(event.started_at),
                ended_at=self._moment(event.ended_at),
                size_bytes=event.size_bytes,
                sha256=event.sha256,
                gaps=[self._gap(gap) for gap in event.gaps],
                tracks=[asdict(track) for track in event.tracks],
                cut=event.cut,
                sm3=sm3,
            )
            if before is None:
                await recordings.add_recording(change.connection, recording)
            else:
                await recordings.save_recording(change.connection, recording)
            await self._turned(change, call, header, recording, "recording.stored")

    async def _locked(self, change: Change, call_id: str) -> tuple[Call, rows.CallHead]:
        await change.lock(of_call(call_id))
        return await telling.found(change.connection, CallId(call_id))

    async def _turned(
        self,
        change: Change,
        call: Call,
        header: rows.CallHead,
        recording: recordings.RecordedSegment,
        act: str,
    ) -> None:
        # A killed recorder's next segment may be told before its last one is finished.
        on = await recordings.being_recorded(change.connection, recording.leg_id)
        if not on:
            self._stalled.discard((recording.call_id, recording.leg_id))
        # Another file of the leg (its document camera) says nothing of the one that is not written.
        on = on and (recording.call_id, recording.leg_id) not in self._stalled
        after = step(call, RecordingTurned(recording.leg_id, on), change.at)
        await writing.save(change.connection, call, after)
        await telling.record(
            change,
            after,
            header,
            act,
            f"recording:{recording.id}",
            recording={
                "id": recording.id,
                "leg": recording.leg_id,
                "segment": recording.segment,
                "started_at": recording.started_at.isoformat(),
                "ended_at": recording.ended_at and recording.ended_at.isoformat(),
                "size_bytes": recording.size_bytes,
                "sha256": recording.sha256,
                "gaps": len(recording.gaps),
                "codecs": {track["mid"]: track["codec"] for track in recording.tracks},
                "cut": recording.cut,
                **({"sm3": recording.sm3} if recording.sm3 is not None else {}),
            },
        )

    def _moment(self, epoch_s: float) -> datetime:
        return datetime.fromtimestamp(epoch_s, UTC) + self._ahead()

    def _gap(self, gap: Gap) -> dict[str, Any]:
        ahead_s = self._ahead().total_seconds()
        moved = replace(gap, started_at=gap.started_at + ahead_s, ended_at=gap.ended_at + ahead_s)
        return asdict(moved)
