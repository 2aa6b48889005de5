"""The process that records: reads the worker's line, leads the recordings, tells what is finished.

Fed by `media.tap` over one stream. At its start it finishes what an earlier process left behind; kill -9 costs at
most the last second. It knows handles and m-lines, not what they record.
"""

import fcntl
import json
import logging
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import av

from media.control import RecordingHalted, RecordingStarted, event_to_json
from media.recorder.recording import Recording
from media.recorder.salvage import salvage
from media.recorder.sealing import drop, finish, finished_note, open_note
from media.tap import JSON, PACKET, REPORT, REPORT_BODY, json_record, take_records

log = logging.getLogger(__name__)

LOCK_NAME = "recorder.lock"
RETRY_S = 10.0
TICK_S = 0.1
WRITTEN_EVERY_S = 1.0
"""How often it is said of which tracks something was written."""
_ARRIVAL = struct.Struct("!d")


class RecorderDesk:
    """The process: reads the line, leads the recordings, tells what is finished."""

    def __init__(self, folder: Path, line: socket.socket, utc_offset: float) -> None:
        self._folder = folder
        self._line = line
        self._utc_offset = utc_offset
        self._recordings: dict[int, Recording] = {}
        self._failed: dict[int, tuple[float, Recording]] = {}
        self._sealed: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._unsealed: SimpleQueue[tuple[float, Callable[[Path, Any], dict[str, Any]], Any]] = (
            SimpleQueue()
        )
        self._sealer = ThreadPoolExecutor(1, "seal")
        self._written_told_at = monotonic()

    def run(self) -> None:
        """Work until the worker closes the line; then finish every file."""
        left = sorted({note.name.partition(".")[0] for note in self._folder.glob("*.open.*")})
        Thread(target=self._salvage_left, args=(left,), name="salvage", daemon=True).start()
        stream = bytearray()
        ticked = monotonic()
        while True:
            readable, _, _ = select.select([self._line], [], [], TICK_S)
            if readable:
                try:
                    chunk = self._line.recv(1 << 18)
                except ConnectionResetError:
                    # a worker that was killed with an answer of ours unread: the end, all the same
                    chunk = b""
                if not chunk:
                    break
                stream += chunk
                for kind, body in take_records(stream):
                    self._take(kind, body)
            if monotonic() - ticked >= TICK_S:
                ticked = monotonic()
                self._tick()
        for handle in list(self._recordings):
            self._close(handle)
        self._sealer.shutdown(wait=True)
        self._tell_sealed()

    def _salvage_left(self, left: list[str]) -> None:
        """Finish what was open before us, once the process that wrote it is gone for certain."""
        lock = os.open(self._folder / LOCK_NAME, os.O_WRONLY | os.O_CREAT, 0o600)
        # Held until this process ends: the next one waits here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for segment in left:
            if open_note(self._folder, segment).exists():
                self._seal_by(salvage, segment)
            elif not finished_note(self._folder, segment).exists():
                drop(self._folder, segment)
        self._sealed.put({"salvaged": True})

    def _seal_by(self, how: Callable[[Path, Any], dict[str, Any]], what: Any) -> None:
        """Finish a file and queue what there is to tell. While the disk refuses it is tried again; a
        file that cannot be read is left as it is."""
        try:
            self._sealed.put(how(self._folder, what))
        except OSError as error:
            log.error("a recording cannot be finished yet: %s", error)
            self._unsealed.put((monotonic() + RETRY_S, how, what))
        except (ValueError, KeyError, av.FFmpegError) as error:
            log.error("a recording could not be finished: %s", error)

    def _take(self, kind: int, body: bytes) -> None:
        if kind == PACKET:
            handle = int.from_bytes(body[:4], "big")
            recording = self._recordings.get(handle)
            if recording is not None:
                arrival = float(_ARRIVAL.unpack_from(body, 5)[0])
                with self._failing(handle, recording):
                    recording.packet(chr(body[4]), arrival, body[13:])
                    self._announce(recording)
                if recording.outgrown:
                    self._turn(handle, recording)
        elif kind == REPORT:
            handle, mid, _, ntp, timestamp = REPORT_BODY.unpack(body)
            recording = self._recordings.get(handle)
            if recording is not None:
                recording.report(mid.decode(), ntp, timestamp)
        elif kind == JSON:
            self._order(json.loads(body))

    def _order(self, order: dict[str, Any]) -> None:
        match order:
            case {"open": int(handle), "room": room, "party": party, "mids": mids}:
                self._recordings[handle] = Recording(self._folder, room, party, tuple(mids))
            case {"close": int(handle)}:
                self._close(handle)
            case {"mute": int(handle), "mid": mid, "on": on, "reason": reason}:
                if recording := self._recording(handle):
                    recording.mute(mid, on, reason)
            case {"dropped": int(handle), "mid": mid}:
                if recording := self._recording(handle):
                    recording.dropped(mid)
            case {"stalled": int(handle), "mid": mid}:
                if recording := self._recording(handle):
                    recording.stall(mid)
            case _:
                raise ValueError(f"unknown order: {sorted(order)}")

    def _recording(self, handle: int) -> Recording | None:
        """The recording of this handle, also while it waits for its disk."""
        found = self._recordings.get(handle)
        if found is None and handle in self._failed:
            _, found = self._failed[handle]
        return found

    def _tick(self) -> None:
        now = monotonic() + self._utc_offset
        for handle, recording in list(self._recordings.items()):
            with self._failing(handle, recording):
                for mid in recording.tick(now):
                    self._tell({"key": handle, "mid": mid})
                self._announce(recording)
            if recording.outgrown:
                self._turn(handle, recording)
        if monotonic() - self._written_told_at >= WRITTEN_EVERY_S:
            self._written_told_at = monotonic()
            written = [
                (handle, mid)
                for handle, recording in self._recordings.items()
                for mid in recording.written()
            ]
            if written:
                self._tell({"written": written})
        for handle, (again_at, failed) in list(self._failed.items()):
            if now >= again_at:
                del self._failed[handle]
                self._recordings[handle] = failed.next()
        for _ in range(self._unsealed.qsize()):
            due_at, how, what = self._unsealed.get()
            if monotonic() >= due_at:
                self._sealer.submit(self._seal_by, how, what)
            else:
                self._unsealed.put((due_at, how, what))
        self._tell_sealed()

    @contextmanager
    def _failing(self, handle: int, recording: Recording) -> Iterator[None]:
        """A disk that refuses ends the file as far as it went; a new one is begun after a while."""
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            log.error("a recording cannot be written: %s", error)
            self._recordings.pop(handle, None)
            if recording.announced:
                halted = RecordingHalted(recording.room, recording.party, recording.segment)
                self._tell(event_to_json(halted))
            again_at = monotonic() + self._utc_offset + RETRY_S
            self._failed[handle] = (again_at, recording)
            recording.abandon()
            for line in recording.lines.values():
                line.held.clear()
                line.lose()
            if open_note(self._folder, recording.segment).exists():
                self._sealer.submit(self._seal_by, salvage, recording.segment)
            else:
                # Nothing of it was told of yet.
                drop(self._folder, recording.segment)

    def _announce(self, recording: Recording) -> None:
        """Say that it is being recorded, once there are bytes of it on the disk."""
        if recording.started_at is None or recording.announced:
            return
        if recording.path.stat().st_size:
            recording.announced = True
            started = RecordingStarted(
                recording.room, recording.party, recording.segment, recording.started_at
            )
            self._tell(event_to_json(started))

    def _turn(self, handle: int, recording: Recording) -> None:
        """Go on in a next file, when this one cannot hold what comes."""
        self._close(handle, last=False)
        self._recordings[handle] = recording.next()

    def _close(self, handle: int, *, last: bool = True) -> None:
        self._failed.pop(handle, None)
        recording = self._recordings.pop(handle, None)
        if recording is None:
            return
        with self._failing(handle, recording):
            if recording.close(last=last) is not None:
                self._announce(recording)
                self._sealer.submit(self._seal_by, finish, recording.result())
        self._failed.pop(handle, None)

    def _tell_sealed(self) -> None:
        while not self._sealed.empty():
            self._tell(self._sealed.get())

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._line.sendall(json_record(message))
        except (BrokenPipeError, ConnectionResetError):
            # The worker is gone; the notes on the disk tell the next one.
            pass
