"""The file that a killed recorder left open, or a disk that refused: as much of it as is whole is finished."""

import json
from pathlib import Path
from typing import Any, BinaryIO

import av

from media.control import SEGMENT_SUFFIX, Gap, RecordedTrack, SegmentLost, event_to_json
from media.recorder.sealing import finish, forget, open_note

SEGMENT_ID = b"\x18\x53\x80\x67"


def whole_bytes(stream: BinaryIO, size_bytes: int) -> int:
    """How far a Matroska file consists of whole elements (RFC 8794, 8.1): a cluster that the disk took
    half of is no use to anybody, and decoders complain of it."""
    whole = 0
    while True:
        head = stream.read(12)
        if len(head) < 2:
            return whole
        id_bytes = 9 - head[0].bit_length()
        if id_bytes > 4 or len(head) <= id_bytes:
            return whole
        length_bytes = 9 - head[id_bytes].bit_length()
        at = id_bytes + length_bytes
        if length_bytes > 8 or len(head) < at:
            return whole
        unknown = (1 << 7 * length_bytes) - 1
        length = int.from_bytes(head[id_bytes:at], "big") & unknown
        if head[:id_bytes] == SEGMENT_ID:
            # Its length is known only at the end; what is in it is looked at.
            whole += at
        elif length == unknown or whole + at + length > size_bytes:
            return whole
        else:
            whole += at + length
        stream.seek(whole)


def salvage(folder: Path, segment: str) -> dict[str, Any]:
    """Finish the file of a recorder that was killed, or whose disk refused: cut off what is not whole,
    read it through, take its true length."""
    note = json.loads(open_note(folder, segment).read_text())
    path = folder / f"{segment}{SEGMENT_SUFFIX}"
    spans: dict[int, tuple[int, float, float]] = {}
    try:
        with path.open("r+b") as stream:
            stream.truncate(whole_bytes(stream, path.stat().st_size))
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is None or packet.time_base is None:
                    continue
                at = float(packet.pts * packet.time_base)
                count, first, _ = spans.get(packet.stream_index, (0, at, at))
                spans[packet.stream_index] = (count + 1, first, at)
    except (av.FFmpegError, OSError):
        # A last cluster that was cut short ends the reading; what came before counts.
        pass
    if not spans:
        forget(folder, segment)
        path.unlink(missing_ok=True)
        return event_to_json(SegmentLost(note["room"], note["party"], segment))
    start = float(note["started_at"])
    tracks = tuple(
        RecordedTrack(mid, kind, codec, count, start + first, start + last)
        for index, (count, first, last) in sorted(spans.items())
        for mid, kind, codec in [note["tracks"][index]]
    )
    ended_at = max(track.ended_at for track in tracks)
    return finish(
        folder,
        {
            "room": note["room"],
            "party": note["party"],
            "segment": segment,
            "started_at": start,
            "ended_at": ended_at,
            # A gap that was noted may end behind what is left.
            "gaps": tuple(Gap(**gap) for gap in note["gaps"] if gap["ended_at"] <= ended_at),
            "tracks": tracks,
            "cut": True,
        },
    )
