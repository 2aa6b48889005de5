"""The worker's end of the recorder: starts its process, feeds it, never waits for it.

Packets go in one bounded stream; what does not fit is dropped and counted, so
that a slow disk costs a recording and never a call. When the recorder dies it is
started anew and every open recording goes on in its next segment. What a file
looks like is the recorder's affair.

A record on the line: length of the rest (4 bytes), kind (1 byte), body. `P` is a
packet: handle (4), mid (1 character), arrival (UTC epoch seconds, double), RTP.
`S` is a sender report: handle, mid, arrival, NTP (8), RTP time (4). `J` is JSON.
The recorder answers with `J` records.
"""

import asyncio
import json
import logging
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.forwarding.streams import Track

log = logging.getLogger(__name__)

LINE_LIMIT_BYTES = 8 << 20
RESTART_PAUSE_S = 0.5
STOP_TIMEOUT_S = 8.0

PACKET = ord("P")
REPORT = ord("S")
JSON = ord("J")
HEAD = struct.Struct("!IB")
PACKET_HEAD = struct.Struct("!IBIcd")
REPORT_BODY = struct.Struct("!IcdQI")


def json_record(message: dict[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return HEAD.pack(len(body) + 1, JSON) + body


def take_records(stream: bytearray) -> Iterator[tuple[int, bytes]]:
    """Cut whole records (kind, body) off the front of `stream`."""
    at = 0
    while len(stream) - at >= HEAD.size:
        size, kind = HEAD.unpack_from(stream, at)
        if len(stream) - at < 4 + size:
            break
        yield kind, bytes(stream[at + HEAD.size : at + 4 + size])
        at += 4 + size
    del stream[:at]


@dataclass(slots=True)
class _Open:
    room: str
    party: str
    mids: tuple[str, ...]


class Recorder:
    """Feeds the recorder process; implements the forwarder's `Tap`.

    `told(message)` gets what the recorder reports (`started`, `halted`, `finished`); `halted` are the
    (room, party) whose disk refuses; `written_at` is when, by `time.monotonic`, something of an
    m-line of a recording was last said to be in its file;
    `key_wanted(handle, mid)` that it needs a key frame. `salvaged` is set once the
    files that an earlier recorder left open are finished. `limit_bytes` bounds what
    waits for a slow recorder.
    """

    def __init__(
        self,
        folder: Path,
        told: Callable[[dict[str, Any]], None],
        key_wanted: Callable[[int, str], None],
        *,
        limit_bytes: int = LINE_LIMIT_BYTES,
    ) -> None:
        self._folder = folder
        self._told = told
        self._key_wanted = key_wanted
        self._open: dict[int, _Open] = {}
        self._handles = 0
        self._batch = bytearray()
        self._limit_bytes = limit_bytes
        self._free = limit_bytes
        self._writer: asyncio.StreamWriter | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._minding: asyncio.Task[None] | None = None
        self._stopping = False
        self._losing: dict[tuple[int, str], int] = {}
        # Arrivals are stamped with one offset to UTC, so that a step of the system
        # clock cannot tear a file.
        self._utc_offset = time.time() - time.monotonic()
        self.dropped = 0
        self.restarts = 0
        self.halted: set[tuple[str, str]] = set()
        self.written_at: dict[tuple[int, str], float] = {}
        self.salvaged = asyncio.Event()

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def backlog_bytes(self) -> int:
        """What the recorder has not taken yet; at its limit packets are dropped."""
        return self._limit_bytes - self._free

    async def start(self) -> None:
        reader = await self._launch()
        self._minding = asyncio.create_task(self._mind(reader), name="recorder")

    async def stop(self) -> None:
        """Close all recordings and wait until their files are complete."""
        for handle in list(self._open):
            self.close(handle)
        self.flush()
        self._stopping = True
        self._end_line()
        if self._minding is not None:
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._minding
            except TimeoutError:
                log.error("the recorder did not finish in time")
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _end_line(self) -> None:
        """Have the recorder finish its files and end."""
        if self._writer is not None and not self._writer.transport.is_closing():
            with suppress(OSError):
                self._writer.write_eof()

    def open(self, room: str, party: str, mids: tuple[str, ...]) -> int:
        """Begin a recording of these m-lines; its file begins with the first packet."""
        self._handles += 1
        self._open[self._handles] = _Open(room, party, mids)
        self._announce(self._handles)
        return self._handles

    def close(self, handle: int) -> None:
        """Finish the recording; packets sent before are still in it."""
        if (closed := self._open.pop(handle, None)) is not None:
            self.halted.discard((closed.room, closed.party))
            for mid in closed.mids:
                self.written_at.pop((handle, mid), None)
            self._write({"close": handle})

    def mute(self, handle: int, mid: str, on: bool, reason: str = "muted") -> None:
        """Tell that a track is held back and why, so that the file names the gap rightly."""
        at = time.monotonic() + self._utc_offset
        self._write({"mute": handle, "mid": mid, "on": on, "at": at, "reason": reason})

    def stall(self, handle: int, mid: str) -> None:
        """Tell that nothing of this track was written for long, so that the file names the gap rightly."""
        self._write({"stalled": handle, "mid": mid})

    def packet(self, track: Track, packet: memoryview, now: float) -> None:
        size = len(packet)
        if self._free < size + 64 or self._writer is None:
            self.dropped += 1
            key = (track.segment, track.mid)
            self._losing[key] = self._losing.get(key, 0) + 1
            return
        self._free -= size + 18
        self._batch += PACKET_HEAD.pack(
            size + 14, PACKET, track.segment, track.mid.encode(), now + self._utc_offset
        )
        self._batch += packet

    def report(self, track: Track, ntp: int, timestamp: int, now: float) -> None:
        """A sender report of a recorded track: keeps sound and picture in step."""
        body = REPORT_BODY.pack(
            track.segment, track.mid.encode(), now + self._utc_offset, ntp, timestamp
        )
        self._batch += HEAD.pack(len(body) + 1, REPORT) + body

    def flush(self) -> None:
        """Hand what has gathered to the kernel; called once a wake-up."""
        if self._writer is None or self._writer.transport.is_closing():
            self._batch.clear()
            return
        transport = self._writer.transport
        if self._batch:
            transport.write(bytes(self._batch))
            self._batch.clear()
        self._free = self._limit_bytes - transport.get_write_buffer_size()
        if self._losing and self._free > self._limit_bytes // 2:
            losing, self._losing = self._losing, {}
            for (handle, mid), count in losing.items():
                self._write({"dropped": handle, "mid": mid, "count": count})

    def _announce(self, handle: int) -> None:
        recording = self._open[handle]
        self._write(
            {
                "open": handle,
                "room": recording.room,
                "party": recording.party,
                "mids": recording.mids,
            }
        )

    def _write(self, message: dict[str, Any]) -> None:
        self._batch += json_record(message)
        if self._writer is not None:
            asyncio.get_running_loop().call_soon(self.flush)

    async def _launch(self) -> asyncio.StreamReader:
        self.salvaged.clear()
        ours, theirs = socket.socketpair()
        with theirs:
            # Not by the loop: uvloop would fork in it, and it would wait until the child runs.
            self._process = await asyncio.to_thread(self._spawn, theirs.fileno())
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._free = self._limit_bytes
        if self._stopping:
            self._end_line()
        return reader

    def _spawn(self, line: int) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "media.recorder"]
        return subprocess.Popen(
            [*program, str(self._folder), str(line), repr(self._utc_offset)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(line,),
        )

    async def _mind(self, reader: asyncio.StreamReader) -> None:
        while True:
            await self._listen(reader)
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._process is not None:
                await asyncio.to_thread(self._process.wait)
            if self._stopping:
                return
            self.restarts += 1
            log.error("the recorder died and is started anew")
            await asyncio.sleep(RESTART_PAUSE_S)
            self._batch.clear()
            reader = await self._launch()
            for handle in self._open:
                self._announce(handle)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        stream = bytearray()
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                stream += chunk
                for kind, body in take_records(stream):
                    if kind != JSON:
                        continue
                    message = json.loads(body)
                    if "key" in message:
                        self._key_wanted(int(message["key"]), str(message["mid"]))
                    elif "written" in message:
                        now = time.monotonic()
                        for handle, mid in message["written"]:
                            if handle in self._open:
                                self.written_at[int(handle), str(mid)] = now
                    elif "salvaged" in message:
                        self.salvaged.set()
                    else:
                        self._note_halt(message)
                        self._told(message)

    def _note_halt(self, message: dict[str, Any]) -> None:
        whose = str(message.get("room")), str(message.get("party"))
        if message.get("event") == "recording_halted":
            self.halted.add(whose)
        elif message.get("event") == "recording_started":
            self.halted.discard(whose)
