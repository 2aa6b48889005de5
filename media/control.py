"""The wire between a media worker and its server: frames and events.

A frame is a length (4 bytes, big endian, of what follows), one kind byte and a
body: `J` a JSON object, `B` the bytes of a segment. The server asks with
`{"id", "do", ...}` and is answered with the same id; events come unasked as
`{"event", "number", ...}` to one of the servers, which acknowledges it by
`{"heard": number}` once it has dealt with it; when that server goes before, it is sent
again to the next one. Neither side's behaviour lives here.
"""

import asyncio
import json
import logging
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media.rejected import Rejected, Rejection

MAX_FRAME_BYTES = 1 << 20
SOCKET_NAME = "control.sock"
LONGEST_SOCKET_PATH = 107
"""Bytes of an address of a Unix socket on Linux, its closing zero left out."""
TOKEN_NAME = "control.token"
SEGMENTS_NAME = "segments"
SEGMENT_SUFFIX = ".mkv"
"""Of a segment's file: WebM is Matroska too."""

JSON_KIND = ord("J")
BYTES_KIND = ord("B")


@dataclass(frozen=True, slots=True)
class PartyUp:
    """The party's media path stands: DTLS is done and its fingerprint is the answered one."""

    room: str
    party: str


@dataclass(frozen=True, slots=True)
class PartyDown:
    """The media path is lost. `reason` is `silent`, `closed`, `fingerprint` or `dtls`.

    A `silent` party that is heard again is reported by another `PartyUp`.
    """

    room: str
    party: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewOfferWanted:
    """What the room needs of this party has changed: its page should get a new offer (`renew`).

    Said when the party sends pictures in a codec that another one does not take.
    """

    room: str
    party: str


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The first packet of a segment was written at `at` (UTC epoch seconds)."""

    room: str
    party: str
    segment: str
    at: float


@dataclass(frozen=True, slots=True)
class RecordingHalted:
    """A segment that was told of cannot be written on: the disk is full or fails. What is there is
    finished as soon as it can be, and a next segment is tried every few seconds."""

    room: str
    party: str
    segment: str


@dataclass(frozen=True, slots=True)
class RecordingStalled:
    """What comes in on these m-lines of a party has not been written for some seconds. Said again when
    it is others."""

    room: str
    party: str
    mids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordingResumed:
    """All that comes in of a party whose recording had stalled is written again, or nothing is to be."""

    room: str
    party: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a recorded track that is missing (UTC epoch seconds).

    `reason` is `lost` (packets never came), `muted` (the party's track held back by order),
    `held` (the whole room held), `codec` (the sender went on in another one), `dropped`
    (the recorder could not keep up) or `unwritten` (packets came, and nothing of them was written).
    """

    mid: str
    started_at: float
    ended_at: float
    reason: str


@dataclass(frozen=True, slots=True)
class RecordedTrack:
    """One track of a finished segment; times are of its first and last packet written.

    `anchors` are raw RTP times, each with the UTC second that it was taken for, wherever that
    mapping began anew: with them and the clock's rate the RTP time of every packet can be told.
    """

    mid: str
    kind: str
    codec: str
    packets: int
    started_at: float
    ended_at: float
    anchors: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentFinished:
    """A recording segment is complete on the worker's disk and can be pulled.

    `started_at` and `ended_at` (UTC epoch seconds, worker's clock) are those of
    the first and last packet written; `sha256` is the hex digest of the file. `cut`: the
    recorder died over it, and it goes as far as it could be read.
    """

    room: str
    party: str
    segment: str
    sha256: str
    size_bytes: int
    started_at: float
    ended_at: float
    gaps: tuple[Gap, ...]
    tracks: tuple[RecordedTrack, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class SegmentLost:
    """Nothing of a segment that had begun could be read again; there is no file."""

    room: str
    party: str
    segment: str


@dataclass(frozen=True, slots=True)
class WorkerGone:
    """The control channel ended. It is the last event of a client."""


MediaEvent = (
    PartyUp
    | PartyDown
    | NewOfferWanted
    | RecordingStarted
    | RecordingHalted
    | RecordingStalled
    | RecordingResumed
    | SegmentFinished
    | SegmentLost
    | WorkerGone
)


def segment_from(fields: Mapping[str, Any]) -> SegmentFinished:
    """Build a `SegmentFinished` from its JSON form."""
    rest = {k: v for k, v in fields.items() if k not in ("event", "number", "gaps", "tracks")}
    return SegmentFinished(
        gaps=tuple(Gap(**g) for g in fields["gaps"]),
        tracks=tuple(
            RecordedTrack(**{**t, "anchors": tuple(map(tuple, t["anchors"]))})
            for t in fields["tracks"]
        ),
        **rest,
    )


_NAMES: dict[type[Any], str] = {
    PartyUp: "party_up",
    PartyDown: "party_down",
    NewOfferWanted: "offer_wanted",
    RecordingStarted: "recording_started",
    RecordingHalted: "recording_halted",
    RecordingStalled: "recording_stalled",
    RecordingResumed: "recording_resumed",
    SegmentFinished: "segment_finished",
    SegmentLost: "segment_lost",
    WorkerGone: "worker_gone",
}


def event_to_json(event: MediaEvent) -> dict[str, Any]:
    return {"event": _NAMES[type(event)], **asdict(event)}


def event_from_json(fields: Mapping[str, Any]) -> MediaEvent:
    rest = {k: v for k, v in fields.items() if k not in ("event", "number")}
    match fields["event"]:
        case "party_up":
            return PartyUp(**rest)
        case "party_down":
            return PartyDown(**rest)
        case "offer_wanted":
            return NewOfferWanted(**rest)
        case "recording_started":
            return RecordingStarted(**rest)
        case "recording_halted":
            return RecordingHalted(**rest)
        case "recording_stalled":
            return RecordingStalled(**{**rest, "mids": tuple(rest["mids"])})
        case "recording_resumed":
            return RecordingResumed(**rest)
        case "segment_finished":
            return segment_from(fields)
        case "segment_lost":
            return SegmentLost(**rest)
        case "worker_gone":
            return WorkerGone()
        case other:
            raise ValueError(f"unknown event {other!r}")


def json_frame(message: Mapping[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return struct.pack("!IB", len(body) + 1, JSON_KIND) + body


def bytes_frame(request: int, chunk: bytes) -> bytes:
    """A chunk of a segment in answer to `request`; an empty one is the end."""
    return struct.pack("!IBI", len(chunk) + 5, BYTES_KIND, request) + chunk


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any] | tuple[int, bytes] | None:
    """Read one frame: a JSON object, a pair (request, chunk), or None at the end.

    Raises `Rejected(bad_request)` when the peer breaks the framing.
    """
    try:
        size, kind = struct.unpack("!IB", await reader.readexactly(5))
        if not 1 <= size <= MAX_FRAME_BYTES:
            raise Rejected(Rejection.BAD_REQUEST, "frame size")
        body = await reader.readexactly(size - 1)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    if kind == BYTES_KIND and len(body) >= 4:
        return int.from_bytes(body[:4], "big"), body[4:]
    if kind != JSON_KIND:
        raise Rejected(Rejection.BAD_REQUEST, "frame kind")
    try:
        message = json.loads(body)
    except ValueError:
        raise Rejected(Rejection.BAD_REQUEST, "not JSON") from None
    if not isinstance(message, dict):
        raise Rejected(Rejection.BAD_REQUEST, "not an object")
    return message


class PathTooLong(ValueError):
    """A path that no Unix socket can have; the text says which, and what to do."""


def fits_socket(path: Path) -> Path:
    """The path of a control socket, as it is. Raises `PathTooLong`."""
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET_PATH:
        raise PathTooLong(
            f"{path} is too long for a Unix socket: {length} bytes, {LONGEST_SOCKET_PATH} at most;"
            " choose a data folder with a shorter path"
        )
    return path


def socket_path(workdir: Path) -> Path:
    """Where a worker of this folder listens. Raises `PathTooLong`."""
    return fits_socket(workdir / SOCKET_NAME)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging() -> None:
    """Log one JSON line an event to stderr, which is the server's: the engine's own processes do."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
