"""The media worker: one process, one UDP socket, one control channel, one recorder.

Started by `media.client.spawn` or `yunjian media`. It obeys every authenticated
client, and several at once; what happens it tells the one that came first, and what
that one had not dealt with when it went, the next. When the last client is lost it
goes on for a minute, then finishes its files and exits.
"""

import argparse
import asyncio
import gc
import hmac
import json
import logging
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media.control import (
    SEGMENT_SUFFIX,
    SEGMENTS_NAME,
    TOKEN_NAME,
    MediaEvent,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    bytes_frame,
    configure_logging,
    event_from_json,
    event_to_json,
    json_frame,
    read_frame,
    socket_path,
)
from media.load import LIMITS, LoadLimits
from media.rejected import Rejected, Rejection
from media.room.parties import MAX_PARTIES, Rights
from media.room.rooms import Rooms
from media.tap import Recorder
from media.wire.port import outward_address
from media.wire.sdp import CODEC_NAMES

log = logging.getLogger(__name__)

CHUNK_BYTES = 256 << 10
UNHEARD_LIMIT = 10_000
NAME_LIMIT = 200
HELLO_TIMEOUT_S = 5.0
EMPTY_ASKED_S = 0.5
SALVAGE_WAIT_S = 8.0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """`host` empty: the outward address; `advertised` empty: `host`; `port` 0: any free one;
    `codec`: the preferred one of `media.wire.sdp.VIDEO`."""

    workdir: Path
    host: str = ""
    advertised: tuple[str, ...] = field(default=())
    port: int = 0
    linger_s: float = 60.0
    codec: str = CODEC_NAMES[0]
    limits: LoadLimits = LIMITS


class MediaNode:
    """The worker's life: `serve` until ordered to end, or alone for too long."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._token = (settings.workdir / TOKEN_NAME).read_text()
        self._segments = settings.workdir / SEGMENTS_NAME
        self._segments.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._recorder = Recorder(
            self._segments,
            lambda message: self._emit(event_from_json(message)),
            lambda handle, mid: self._rooms.key_wanted(handle, mid),
        )
        self._rooms = Rooms(
            settings.host or outward_address(),
            settings.port,
            list(settings.advertised),
            self._recorder,
            self._emit,
            (settings.codec, *(name for name in CODEC_NAMES if name != settings.codec)),
            settings.limits,
        )
        self._clients: list[asyncio.StreamWriter] = []
        self._sessions: dict[asyncio.StreamWriter, asyncio.Task[Any] | None] = {}
        self._unheard: deque[tuple[int, MediaEvent]] = deque(maxlen=UNHEARD_LIMIT)
        self._writing: set[str] = set()
        self._finished_by: dict[str, tuple[SegmentFinished, asyncio.StreamWriter | None]] = {}
        self._events = 0
        self._ending = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None

    async def serve(self, ready: Callable[[], None]) -> None:
        """Work until ended; `ready` is called once the control socket accepts."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        loop.add_signal_handler(signal.SIGUSR1, self._drain)
        path = socket_path(self._settings.workdir)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._session, str(path))
        finally:
            os.umask(before)
        await self._recorder.start()
        self._rooms.open(loop)
        self._linger()
        gc.freeze()
        ready()
        try:
            await self._ending.wait()
        finally:
            server.close()
            self._rooms.close()
            await self._recorder.stop()
            sessions = [task for task in self._sessions.values() if task is not None]
            for writer in self._sessions:
                writer.close()
            await asyncio.gather(*sessions)
            path.unlink(missing_ok=True)

    def _drain(self) -> None:
        """Take no new call, and end once the last one has."""
        self._rooms.drain()
        self._end_empty()

    def _end_empty(self) -> None:
        if self._rooms.empty:
            self._ending.set()
        else:
            asyncio.get_running_loop().call_later(EMPTY_ASKED_S, self._end_empty)

    def _emit(self, event: MediaEvent) -> None:
        match event:
            case RecordingStarted(segment=segment):
                self._writing.add(segment)
            case SegmentFinished(segment=segment) | SegmentLost(segment=segment):
                self._writing.discard(segment)
            case _:
                pass
        self._events += 1
        # Kept until it is heard: a channel whose other end just died takes it and says nothing.
        self._unheard.append((self._events, event))
        self._tell(self._events, event)

    def _tell(self, number: int, event: MediaEvent) -> None:
        listener = self._clients[0] if self._clients else None
        if isinstance(event, SegmentFinished):
            self._finished_by[event.segment] = event, listener
        if listener is not None and not listener.is_closing():
            listener.write(json_frame({**event_to_json(event), "number": number}))

    def _heard(self, number: int) -> None:
        while self._unheard and self._unheard[0][0] <= number:
            self._unheard.popleft()

    def _lose(self, client: asyncio.StreamWriter) -> None:
        """A client is gone: what it was told and had not dealt with is told to the next one."""
        if client not in self._clients:
            return
        listened = self._clients[0] is client
        self._clients.remove(client)
        if not self._clients:
            self._linger()
            return
        if not listened:
            return
        for number, event in self._unheard:
            self._tell(number, event)
        # It has heard of these, and may have been killed while it sealed them.
        for event, sealer in list(self._finished_by.values()):
            if sealer is client:
                self._emit(event)

    def _linger(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        self._lingering = asyncio.get_running_loop().call_later(
            self._settings.linger_s, self._ending.set
        )

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        authentic = False
        self._sessions[writer] = asyncio.current_task()
        try:
            while True:
                async with asyncio.timeout(None if authentic else HELLO_TIMEOUT_S):
                    message = await read_frame(reader)
                if message is None:
                    return
                if isinstance(message, tuple):
                    raise Rejected(Rejection.BAD_REQUEST, "unexpected bytes")
                heard = message.get("heard")
                if authentic and isinstance(heard, int):
                    self._heard(heard)
                    continue
                request = message.get("id")
                if not isinstance(request, int):
                    raise Rejected(Rejection.BAD_REQUEST, "no id")
                try:
                    if message.get("do") == "hello":
                        self._welcome(message, writer)
                        authentic = True
                        outcome: Any = {}
                    elif not authentic:
                        raise Rejected(Rejection.BAD_TOKEN)
                    else:
                        outcome = await self._obey(message, writer)
                except Exception as error:
                    # A bug in one order must not end the channel of all calls.
                    if isinstance(error, Rejected):
                        rejected = error
                    else:
                        log.exception("an order failed")
                        rejected = Rejected(Rejection.BAD_REQUEST, type(error).__name__)
                    writer.write(
                        json_frame(
                            {"id": request, "rejected": rejected.code, "detail": rejected.detail}
                        )
                    )
                    if not authentic:
                        return
                    continue
                if isinstance(outcome, bytes):
                    writer.write(bytes_frame(request, outcome))
                else:
                    writer.write(json_frame({"id": request, "ok": outcome}))
                if message.get("do") == "hello" and self._clients[0] is writer:
                    for number, event in self._unheard:
                        self._tell(number, event)
                await writer.drain()
        except (ConnectionError, TimeoutError, Rejected):
            # The peer broke off, broke the framing or said nothing; its next connection starts anew.
            pass
        finally:
            writer.close()
            del self._sessions[writer]
            self._lose(writer)

    def _welcome(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if not hmac.compare_digest(_text(message, "token").encode(), self._token.encode()):
            raise Rejected(Rejection.BAD_TOKEN)
        if writer not in self._clients:
            self._clients.append(writer)
        if self._lingering is not None:
            self._lingering.cancel()

    async def _obey(self, message: dict[str, Any], client: asyncio.StreamWriter) -> Any:
        rooms = self._rooms
        match message.get("do"):
            case "open_room":
                rooms.open_room(_text(message, "room"), message.get("resumed") is True)
            case "full":
                return {"why": rooms.full()}
            case "add_party":
                place = message.get("place")
                if place is not None and not isinstance(place, int):
                    raise Rejected(Rejection.BAD_REQUEST, "place")
                sdp = rooms.add_party(
                    _text(message, "room"),
                    _text(message, "party"),
                    _flag(message, "record"),
                    place,
                    _rights(message),
                )
                return {"sdp": sdp}
            case "expect_party":
                sdp = rooms.expect_party(
                    _text(message, "room"), _text(message, "party"), _number(message, "place")
                )
                return {"sdp": sdp}
            case "seat_party":
                rooms.seat_party(
                    _text(message, "room"),
                    _text(message, "party"),
                    _flag(message, "record"),
                    _flag(message, "held"),
                    _number(message, "turn"),
                )
            case "permit":
                rooms.permit(_text(message, "room"), _text(message, "party"), _rights(message))
            case "let_through":
                rooms.let_through(
                    _text(message, "room"),
                    _flag(message, "held"),
                    _number(message, "turn"),
                    _lines(message, "muted"),
                    _flag(message, "recorded"),
                )
            case "answer":
                sdp = _text(message, "sdp", limit=1 << 20)
                rooms.answer(_text(message, "room"), _text(message, "party"), sdp)
            case "restart_ice":
                return {"sdp": rooms.restart_ice(_text(message, "room"), _text(message, "party"))}
            case "record":
                rooms.record(_text(message, "room"), _text(message, "party"), _flag(message, "on"))
            case "remove_party":
                rooms.remove_party(_text(message, "room"), _text(message, "party"))
            case "close_room":
                rooms.close_room(_text(message, "room"))
            case "figures":
                figures = rooms.figures()
                figures["worker"]["cpu_s"] = time.process_time()
                figures["worker"]["tasks"] = len(asyncio.all_tasks())
                return figures
            case "counters":
                return {"rooms": rooms.counters() if self._clients[0] is client else None}
            case "open_segments":
                return {"segments": sorted(self._writing)}
            case "list_segments":
                with suppress(TimeoutError):
                    async with asyncio.timeout(SALVAGE_WAIT_S):
                        await self._recorder.salvaged.wait()
                return {"segments": await asyncio.to_thread(self._finished)}
            case "read_segment":
                path = self._segment(message, SEGMENT_SUFFIX)
                offset = message.get("offset")
                if not isinstance(offset, int) or offset < 0:
                    raise Rejected(Rejection.BAD_REQUEST, "offset")
                return await asyncio.to_thread(_read_at, path, offset)
            case "drop_segment":
                self._finished_by.pop(_text(message, "segment"), None)
                for suffix in (".json", SEGMENT_SUFFIX):
                    path = self._segment(message, suffix)
                    await asyncio.to_thread(path.unlink, missing_ok=True)
            case "shut_down":
                asyncio.get_running_loop().call_soon(self._ending.set)
            case _:
                raise Rejected(Rejection.BAD_REQUEST, "unknown order")
        return {}

    def _finished(self) -> list[dict[str, Any]]:
        """The notes of finished segments, oldest first."""
        notes = [p for p in self._segments.glob("*.json") if not p.name.endswith(".open.json")]
        events: list[dict[str, Any]] = [json.loads(note.read_text()) for note in notes]
        return sorted(events, key=lambda event: float(event["started_at"]))

    def _segment(self, message: dict[str, Any], suffix: str) -> Path:
        segment = _text(message, "segment")
        if not re.fullmatch(r"[0-9a-f]{24}", segment):
            raise Rejected(Rejection.UNKNOWN_SEGMENT)
        return self._segments / f"{segment}{suffix}"


def _read_at(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(CHUNK_BYTES)
    except FileNotFoundError:
        raise Rejected(Rejection.UNKNOWN_SEGMENT) from None


def _text(message: dict[str, Any], name: str, *, limit: int = NAME_LIMIT) -> str:
    value = message.get(name)
    if not isinstance(value, str) or len(value) > limit:
        raise Rejected(Rejection.BAD_REQUEST, name)
    return value


def _rights(message: dict[str, Any]) -> Rights:
    return Rights(_places(message, "receives_from"), _places(message, "sends_to"))


def _places(message: dict[str, Any], name: str) -> frozenset[int] | None:
    value = message.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        type(place) is int and 0 <= place < MAX_PARTIES for place in value
    ):
        raise Rejected(Rejection.BAD_REQUEST, name)
    return frozenset(value)


def _lines(message: dict[str, Any], name: str) -> dict[str, frozenset[str]]:
    value = message.get(name)
    if not isinstance(value, dict) or not all(
        isinstance(mids, list) and all(isinstance(mid, str) for mid in mids)
        for mids in value.values()
    ):
        raise Rejected(Rejection.BAD_REQUEST, name)
    return {party: frozenset(mids) for party, mids in value.items()}


def _number(message: dict[str, Any], name: str) -> int:
    value = message.get(name)
    if type(value) is not int or value < 0:
        raise Rejected(Rejection.BAD_REQUEST, name)
    return value


def _flag(message: dict[str, Any], name: str) -> bool:
    value = message.get(name)
    if not isinstance(value, bool):
        raise Rejected(Rejection.BAD_REQUEST, name)
    return value


def run(settings: WorkerSettings) -> None:
    """Run a worker in this process until it is ended; prints `ready` when it accepts."""
    configure_logging()
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop

    def ready() -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    async def serve() -> None:
        await MediaNode(settings).serve(ready)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve())


def main() -> None:
    parser = argparse.ArgumentParser(prog="media.node", description="A media worker.")
    parser.add_argument("--workdir", type=Path, required=True)
    parser.add_argument("--host", default="")
    parser.add_argument("--advertise", action="append", default=[])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--linger", type=float, default=60.0)
    parser.add_argument("--calls", type=int, default=LIMITS.calls)
    parser.add_argument("--load", type=float, default=LIMITS.load)
    parser.add_argument("--codec", choices=CODEC_NAMES, default=CODEC_NAMES[0])
    arguments = parser.parse_args()
    run(
        WorkerSettings(
            workdir=arguments.workdir,
            host=arguments.host,
            advertised=tuple(arguments.advertise),
            port=arguments.port,
            linger_s=arguments.linger,
            limits=LoadLimits(arguments.calls, arguments.load),
            codec=arguments.codec,
        )
    )


if __name__ == "__main__":
    main()
