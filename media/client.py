"""The server's side of a media worker: open rooms, seat parties, hear events, pull segments.

`MediaClient` speaks over one control channel and holds no state of its own that
could go stale; `spawn` starts a worker as a child, or takes up the one that is
still alive in the same folder. It is the only module of the engine that the
server calls.
"""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.control import (
    TOKEN_NAME,
    Gap,
    MediaEvent,
    NewOfferWanted,
    PartyDown,
    PartyUp,
    RecordedTrack,
    RecordingHalted,
    RecordingResumed,
    RecordingStalled,
    RecordingStarted,
    SegmentFinished,
    SegmentLost,
    WorkerGone,
    event_from_json,
    json_frame,
    read_frame,
    segment_from,
    socket_path,
)
from media.load import LIMITS, LoadLimits
from media.rejected import Rejected, Rejection

__all__ = [
    "Gap",
    "LoadLimits",
    "MediaClient",
    "MediaEvent",
    "NewOfferWanted",
    "PartyDown",
    "PartyUp",
    "RecordedTrack",
    "RecordingHalted",
    "RecordingResumed",
    "RecordingStalled",
    "RecordingStarted",
    "SegmentFinished",
    "SegmentLost",
    "Worker",
    "WorkerGone",
    "attach",
    "name_of",
    "spawn",
]

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 10.0
NAME_NAME = "worker.name"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0


class MediaClient:
    """One control channel to one worker. Every method may raise `Rejected`.

    When the channel ends, pending and later requests are `Rejected(worker_gone)`
    and `events()` yields `WorkerGone` as its last event; a new client is made by
    `connect`, and finds the worker's rooms and recordings as they were for as
    long as the worker lingers (60 s).
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self._gone = False
        self._events: asyncio.Queue[tuple[int, MediaEvent]] = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen(), name="media-client")

    @classmethod
    async def connect(cls, socket: Path, token: str) -> "MediaClient":
        """Open the channel and authenticate; `Rejected` worker_gone or bad_token."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(socket))
        except OSError as error:
            raise Rejected(Rejection.WORKER_GONE, type(error).__name__) from None
        client = cls(reader, writer)
        try:
            await client._ask("hello", token=token)
        except BaseException:
            await client.close()
            raise
        return client

    async def open_room(self, room: str, *, resumed: bool = False) -> None:
        """Make the room; an existing one is left as it is.

        Refused as busy (`draining`, `calls` or `load`) where the worker takes no new call;
        `resumed` says that the call ran at a worker that is gone, and is let in.
        """
        await self._ask("open_room", room=room, resumed=resumed)

    async def full(self) -> str | None:
        """Why the worker takes no new call, as `open_room` would say; None when it takes one."""
        why = (await self._ask("full"))["why"]
        return None if why is None else str(why)

    async def add_party(
        self,
        room: str,
        party: str,
        *,
        record: bool,
        place: int | None = None,
        receives_from: Collection[int] | None = None,
        sends_to: Collection[int] | None = None,
    ) -> str:
        """Seat a party and return the worker's SDP offer for its page.

        `record` starts the tap with the first packet. `place` (0 to 5; None: the first free
        one) says on which m-lines it is seen: each party gets the other places in their order.
        `receives_from` and `sends_to` are its rights from the first packet on, see `permit`.
        Refused: unknown_room, party_exists, full (the place is taken).
        """
        rights = _rights(receives_from, sends_to)
        answer = await self._ask(
            "add_party", room=room, party=party, record=record, place=place, **rights
        )
        return str(answer["sdp"])

    async def expect_party(self, room: str, party: str, *, place: int) -> str:
        """Return the worker's SDP offer for a party that may come to this place, before it does.

        It may answer and connect; until `seat_party` it has no place, nothing passes to it or from
        it, no event tells of it, and nobody sees it. One that sits down at the place ends what
        others were expected there, and of very many the oldest is forgotten.
        Refused: unknown_room, party_exists, full (the place is taken).
        """
        return str((await self._ask("expect_party", room=room, party=party, place=place))["sdp"])

    async def seat_party(
        self, room: str, party: str, *, record: bool, held: bool, turn: int
    ) -> None:
        """Seat an expected party that has answered, as `add_party` would, and hold the room or not,
        as `let_through` would.

        Refused: unknown_room, unknown_party (not expected, or without an answer), full."""
        await self._ask("seat_party", room=room, party=party, record=record, held=held, turn=turn)

    async def answer(self, room: str, party: str, sdp: str) -> None:
        """Take the page's SDP answer. Refused: bad_sdp, fingerprint_missing; the party stays."""
        await self._ask("answer", room=room, party=party, sdp=sdp)

    async def restart_ice(self, room: str, party: str) -> str:
        """A new offer as the room is now (see `NewOfferWanted`), with new ICE credentials; media flow on over
        the old path meanwhile."""
        return str((await self._ask("restart_ice", room=room, party=party))["sdp"])

    async def record(self, room: str, party: str, on: bool) -> None:
        """Start or stop recording the party; stopping finishes its segment."""
        await self._ask("record", room=room, party=party, on=on)

    async def permit(
        self,
        room: str,
        party: str,
        *,
        receives_from: Collection[int] | None,
        sends_to: Collection[int] | None,
    ) -> None:
        """Say whose places a party hears and sees, and which hear and see it; None: all.

        Something passes only when both ends' rights let it, from the order on at once, and of
        what may not pass no packet is sent. Who listens in silence has `sends_to=()`, who
        whispers to the approver alone `sends_to=(1,)`, an ordinary party None and None. To those who
        do not get it nothing tells of it, neither a line of their offers nor a wish for new ones. A party
        that comes anew (a reload) brings the rights of its own `add_party`.
        """
        await self._ask("permit", room=room, party=party, **_rights(receives_from, sends_to))

    async def let_through(
        self,
        room: str,
        *,
        held: bool,
        turn: int,
        muted: Mapping[str, Collection[str]],
        recorded: bool = True,
    ) -> None:
        """Hold the room or not, and of each party of `muted` exactly these m-lines.

        While it is `held` nobody in it, or who comes to it, hears or sees anyone, and nothing of it is
        recorded (gaps of reason `held`); a muted line nobody and no file gets. A party that is not
        there is passed over. `turn` (0 and up) grows each time that the room is held or not any more: a
        word about that which is older than the last one that the worker heard is passed over too.
        Unless the room is `recorded`, every recording in it ends here and its segments are finished;
        none begins by it. Refused: unknown_room."""
        lines = {party: sorted(mids) for party, mids in muted.items()}
        order = {"held": held, "turn": turn, "muted": lines, "recorded": recorded}
        await self._ask("let_through", room=room, **order)

    async def remove_party(self, room: str, party: str) -> None:
        """Unseat the party and finish its segment (reported by an event)."""
        await self._ask("remove_party", room=room, party=party)

    async def close_room(self, room: str) -> None:
        """Remove all parties and the room; closing an unknown room is no error."""
        await self._ask("close_room", room=room)

    async def figures(self) -> dict[str, Any]:
        """Counters of the worker: `worker` (totals since start) and `rooms` → parties → tracks."""
        return dict(await self._ask("figures"))

    async def counters(self) -> dict[str, dict[str, dict[str, int]]] | None:
        """Room → party → what was counted of it since it came, to be kept by one server: of several
        the one that gets the events is told, the others None.

        `packets_in` and `bytes_in` (decrypted) came from the party, `packets_out` and `bytes_out`
        went to it; `lost_in` did not come, repaired or not; `nacks_in` and `plis_in` are the packets
        and the key frames that it asked for, `nacks_out` and `plis_out` those it was asked for.
        """
        rooms = (await self._ask("counters"))["rooms"]
        return None if rooms is None else dict(rooms)

    async def open_segments(self) -> set[str]:
        """The segments that are being written now."""
        return set((await self._ask("open_segments"))["segments"])

    async def list_segments(self) -> list[SegmentFinished]:
        """Finished segments that were not dropped yet, oldest first.

        Those that an earlier worker left open are among them: the worker finishes them
        first, and answers after 8 s at the latest; later ones come as events.
        """
        answer = await self._ask("list_segments")
        return [segment_from(s) for s in answer["segments"]]

    async def pull_segment(self, segment: str) -> AsyncIterator[bytes]:
        """Read a finished segment in chunks. Refused: unknown_segment."""
        offset = 0
        while chunk := await self._ask("read_segment", segment=segment, offset=offset):
            offset += len(chunk)
            yield chunk

    async def drop_segment(self, segment: str) -> None:
        """Delete a segment from the worker; an unknown one is no error."""
        await self._ask("drop_segment", segment=segment)

    async def events(self) -> AsyncIterator[MediaEvent]:
        """Events in the order in which the worker sent them, up to `WorkerGone`. One reader.

        Of several servers one gets them. One counts as heard when the next is asked for: none
        is lost when a server dies, and one may then come a second time, to the next server.
        """
        while True:
            number, event = await self._events.get()
            yield event
            if isinstance(event, WorkerGone):
                return
            if not self._gone:
                self._writer.write(json_frame({"heard": number}))

    async def shut_down(self) -> None:
        """Ask the worker to finish its files and exit."""
        await self._ask("shut_down")

    async def ended(self) -> None:
        """Return once the channel has ended, which a worker does when its files are finished."""
        await asyncio.wait([self._listening])

    async def close(self) -> None:
        """Close the channel; the worker goes on for its linger time."""
        self._listening.cancel()
        # Not awaited itself: a worker that broke the framing ended it with an error.
        await asyncio.wait([self._listening])
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _ask(self, do: str, **fields: Any) -> Any:
        if self._gone:
            raise Rejected(Rejection.WORKER_GONE, do)
        self._next += 1
        request = self._next
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[request] = future
        try:
            self._writer.write(json_frame({"id": request, "do": do, **fields}))
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._writer.drain()
                return await future
        except (ConnectionError, TimeoutError) as error:
            raise Rejected(Rejection.WORKER_GONE, type(error).__name__) from None
        finally:
            self._pending.pop(request, None)

    async def _listen(self) -> None:
        try:
            while (frame := await read_frame(self._reader)) is not None:
                if isinstance(frame, tuple):
                    self._settle(frame[0], frame[1])
                elif "event" in frame:
                    self._events.put_nowait((int(frame["number"]), event_from_json(frame)))
                elif "rejected" in frame:
                    self._settle(
                        int(frame["id"]), Rejected(str(frame["rejected"]), str(frame["detail"]))
                    )
                else:
                    self._settle(int(frame["id"]), frame.get("ok"))
        except (Rejected, LookupError, TypeError, ValueError) as error:
            log.error("the worker said what nobody understands: %s", error)
        finally:
            self._gone = True
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(Rejected(Rejection.WORKER_GONE))
            self._events.put_nowait((0, WorkerGone()))

    def _settle(self, request: int, outcome: Any) -> None:
        future = self._pending.get(request)
        if future is None or future.done():
            return
        if isinstance(outcome, Rejected):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _rights(
    receives_from: Collection[int] | None, sends_to: Collection[int] | None
) -> dict[str, list[int] | None]:
    return {
        "receives_from": sorted(receives_from) if receives_from is not None else None,
        "sends_to": sorted(sends_to) if sends_to is not None else None,
    }


@dataclass
class Worker:
    """A running worker and a client of it. `process` is None when it was taken up; a `shared` one
    runs by itself and has other servers too."""

    client: MediaClient
    process: asyncio.subprocess.Process | None
    shared: bool = False

    async def stop(self) -> None:
        """Finish the recordings, end the process, close the channel.

        A worker that was taken up is not our child: it is waited for, not killed. A shared one
        goes on.
        """
        if self.shared:
            await self.client.close()
            return
        try:
            await self.client.shut_down()
        except Rejected:
            if self.process is not None and self.process.returncode is None:
                self.process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await (self.process.wait() if self.process is not None else self.client.ended())
        except TimeoutError:
            if self.process is not None:
                self.process.kill()
                await self.process.wait()
        await self.client.close()


async def spawn(
    workdir: Path,
    *,
    host: str = "",
    advertised: list[str] | None = None,
    port: int = 0,
    codec: str = "",
    limits: LoadLimits = LIMITS,
) -> Worker:
    """Start `python -m media.node` in `workdir`, or take up the one that lives there.

    `host` is the local address of the UDP socket (empty: the machine's outward
    one) and `port` its number (0: any free one); `advertised` are the addresses
    named to browsers (empty: `host`); `codec` is the one of `media.wire.sdp.VIDEO` that pictures
    are to have where all take it (empty: VP8); `limits` those at which it takes no new
    call. The folder holds the control socket (0600), the token and the segments; those of
    an earlier worker are found again. Raises `Rejected(worker_gone)` when the
    worker does not come up.
    """
    socket = socket_path(workdir)
    token, alive = await asyncio.to_thread(_prepare, workdir, socket)
    if alive:
        with suppress(Rejected):
            return Worker(await MediaClient.connect(socket, token), None)
    token = await asyncio.to_thread(_new_token, workdir)
    arguments = ["--workdir", str(workdir), "--host", host, "--port", str(port)]
    arguments += ["--calls", str(limits.calls), "--load", str(limits.load)]
    if codec:
        arguments += ["--codec", codec]
    for address in advertised or []:
        arguments += ["--advertise", address]
    # A session of its own, so that a signal to the server's group leaves it recording.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media.node",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            ready = await process.stdout.readline()
        if ready != b"ready\n":
            raise Rejected(Rejection.WORKER_GONE, "the worker did not start")
        return Worker(await MediaClient.connect(socket, token), process)
    except BaseException as error:
        # Cancelled, too: a child that nobody leads must not live on.
        if process.returncode is None:
            process.kill()
        await process.wait()
        if isinstance(error, Rejected | TimeoutError):
            raise Rejected(Rejection.WORKER_GONE, "the worker did not start") from None
        raise


async def attach(socket: Path) -> Worker:
    """Become one more server of the worker that runs by itself behind this control socket.

    Its token lies beside the socket. Raises `Rejected` worker_gone or bad_token.
    """
    try:
        token = await asyncio.to_thread((socket.parent / TOKEN_NAME).read_text)
    except OSError as error:
        raise Rejected(Rejection.WORKER_GONE, type(error).__name__) from None
    return Worker(await MediaClient.connect(socket, token), None, shared=True)


def name_of(workdir: Path) -> str:
    """The name of the worker of this folder, made once: its segments lie here, whoever runs it."""
    name_file = workdir / NAME_NAME
    if not name_file.exists():
        workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
        name_file.write_text(secrets.token_hex(8))
    return name_file.read_text()


def _prepare(workdir: Path, socket: Path) -> tuple[str, bool]:
    """The token of the worker that may still live here, and whether there may be one."""
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    token_file = workdir / TOKEN_NAME
    if socket.exists() and token_file.exists():
        return token_file.read_text(), True
    return "", False


def prepare_folder(workdir: Path) -> None:
    """Make the folder of a worker that is started by itself, with a new token for its clients."""
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _new_token(workdir)


def _new_token(workdir: Path) -> str:
    token = secrets.token_urlsafe(32)
    token_file = workdir / TOKEN_NAME
    token_file.unlink(missing_ok=True)
    descriptor = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(token)
    return token
