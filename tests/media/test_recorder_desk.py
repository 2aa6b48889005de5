"""The process that records, led over its line alone: what it is told, what it tells, what it leaves on the disk."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from media.control import SEGMENT_SUFFIX
from media.recorder.desk import RecorderDesk
from media.recorder.recording import Recording
from media.recorder.sealing import finished_note, open_note
from media.tap import JSON, PACKET, PACKET_HEAD, json_record, take_records
from tests.kit.packets import Stream, sounds
from tests.kit.talk import UTC


class Worker:
    """The other end of the line."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._stream = bytearray()

    def order(self, **order: Any) -> None:
        self._line.sendall(json_record(order))

    def speak(self, handle: int, seconds: float) -> None:
        stream = Stream(111, 48_000, ssrc=5)
        for frame in sounds(seconds, 440.0):
            for packet in stream.packets("opus", frame, frame.at_s):
                at = UTC + frame.at_s
                head = PACKET_HEAD.pack(len(packet) + 14, PACKET, handle, b"0", at)
                self._line.sendall(head + packet)

    def told(self) -> list[dict[str, Any]]:
        """End the line; what it told until its end."""
        self._line.shutdown(socket.SHUT_WR)
        while chunk := self._line.recv(1 << 16):
            self._stream += chunk
        return self._taken()

    def told_now(self) -> list[dict[str, Any]]:
        """The next that it tells."""
        self._stream += self._line.recv(1 << 16)
        return self._taken()

    def _taken(self) -> list[dict[str, Any]]:
        return [json.loads(body) for kind, body in take_records(self._stream) if kind == JSON]


@contextmanager
def recorder(folder: Path) -> Iterator[Worker]:
    ours, theirs = socket.socketpair()

    def run() -> None:
        with theirs:
            RecorderDesk(folder, theirs, 0.0).run()

    thread = Thread(target=run)
    thread.start()
    with ours:
        yield Worker(ours)
    thread.join(60)


def test_each_recording_is_told_once_it_is_on_the_disk_and_once_it_is_finished(
    tmp_path: Path,
) -> None:
    with recorder(tmp_path) as worker:
        worker.order(open=1, room="room", party="sun", mids=["0"])
        worker.order(open=2, room="room", party="li", mids=["0", "1"])
        worker.speak(1, 2.0)
        worker.order(close=1)
        worker.speak(1, 0.5)  # of a handle that is closed: nobody's
        worker.speak(2, 3.0)
        told = worker.told()
    started = {one["party"]: one for one in told if one.get("event") == "recording_started"}
    finished = {one["party"]: one for one in told if one.get("event") == "segment_finished"}
    assert (started.keys(), finished.keys()) == ({"sun", "li"}, {"sun", "li"})
    for party, seconds in (("sun", 2.0), ("li", 3.0)):
        segment = finished[party]["segment"]
        assert started[party]["segment"] == segment
        assert abs(finished[party]["ended_at"] - finished[party]["started_at"] - seconds) < 0.1
        assert finished_note(tmp_path, segment).exists()
        assert not open_note(tmp_path, segment).exists()


def test_what_an_earlier_one_left_is_finished_and_what_has_no_bytes_is_told_to_nobody(
    tmp_path: Path,
) -> None:
    left = Recording(tmp_path, "room", "sun", ("0",))
    stream = Stream(111, 48_000, ssrc=5)
    for frame in sounds(2.0, 440.0):
        for packet in stream.packets("opus", frame, frame.at_s):
            left.packet("0", UTC + frame.at_s, packet)
    open_note(tmp_path, "word-alone").with_suffix(".part").write_text("{}")
    bare = tmp_path / f"word-alone{SEGMENT_SUFFIX}"
    bare.write_bytes(b"x")
    with recorder(tmp_path) as worker:
        told: list[dict[str, Any]] = []
        while {"salvaged": True} not in told:
            told += worker.told_now()
        told += worker.told()
    (finished,) = [one for one in told if one.get("event") == "segment_finished"]
    assert (finished["segment"], finished["cut"]) == (left.segment, True)
    assert not bare.exists()
    assert sorted(path.name for path in tmp_path.glob("*.open.*")) == []
    left.abandon()


def test_a_folder_that_is_gone_halts_nothing_but_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with recorder(folder) as worker:
        worker.order(open=1, room="room", party="sun", mids=["0"])
        while {"salvaged": True} not in worker.told_now():
            pass
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        worker.speak(1, 1.0)
        worker.order(mute=1, mid="0", on=True, at=0.0, reason="muted")
        worker.order(close=1)
        told = worker.told()
    assert [one for one in told if "event" in one] == [], "nothing of it was told of yet"
