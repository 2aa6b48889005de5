"""What a recording holds: true picture and tone, true length, and what it survives."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
from pathlib import Path

from media.client import RecordingHalted, RecordingStarted, SegmentFinished, spawn
from media.wire.sdp import VP8
from tests.kit.peer import GREEN, RED, Peer, near
from tests.kit.recording import Played, play
from tests.kit.until import until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_PEER, Middleman


async def _meet(studio: Studio) -> tuple[Peer, Peer]:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, record=True)
    await studio.seat("room", "li", li, record=True)
    await until(lambda: sun.meets(GREEN, 880), 10)
    await until(lambda: li.meets(RED, 440), 10)
    return sun, li


async def _pull(studio: Studio, segment: SegmentFinished, into: Path) -> Played:
    path = await studio.pull(segment, into)
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == segment.sha256
    assert len(content) == segment.size_bytes
    return await asyncio.to_thread(play, path)


async def test_both_files_play_to_the_end_with_the_right_picture_tone_and_length(
    studio: Studio, tmp_path: Path
) -> None:
    sun, _ = await _meet(studio)
    sun.forget()
    await until(lambda: None if sun.received.frames >= 30 else f"{sun.received}", 8)
    await studio.client.close_room("room")
    started = {e.party: e.at for e in studio.heard if isinstance(e, RecordingStarted)}
    for party, colour, tone in (("sun", RED, 440), ("li", GREEN, 880)):
        (segment,) = await studio.finished(party)
        played = await _pull(studio, segment, tmp_path)
        assert played.errors == ""
        assert near(played.colour, colour)
        assert played.tone_hz is not None
        assert abs(played.tone_hz - tone) < 5
        assert played.pictures >= 30
        assert segment.started_at == started[party]
        assert abs(played.duration_s - (segment.ended_at - segment.started_at)) < 0.1
        # Each packet is 20 ms of sound; a starved peer may send fewer than time would allow.
        assert abs(played.sound_s - segment.tracks[0].packets * 0.02) < 0.1, segment
        assert segment.gaps == ()
        assert [track.mid for track in segment.tracks] == ["0", "1"]
    left = await studio.client.list_segments()
    assert {s.segment for s in left} == {s.segment for s in studio.segments()}
    for segment in left:
        await studio.client.drop_segment(segment.segment)
    assert await studio.client.list_segments() == []
    assert list((studio.workdir / "segments").glob("*.[jm]*")) == []


async def test_what_was_not_consented_to_is_not_written(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, record=True)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)

    def begun() -> str | None:
        parties = [e.party for e in studio.heard if isinstance(e, RecordingStarted)]
        return None if parties == ["sun"] else f"recordings of {parties}"

    await until(begun, 5)
    sun.forget()
    await until(lambda: None if sun.received.frames >= 10 else f"{sun.received}", 5)
    await studio.client.let_through("room", held=False, turn=0, muted={}, recorded=False)
    await studio.finished("sun")
    await studio.client.close_room("room")
    files = list((studio.workdir / "segments").glob("*.mkv"))
    assert len(files) == 1


async def test_a_mute_and_a_late_picture_do_not_shorten_the_file(
    studio: Studio, tmp_path: Path
) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.client.open_room("room")
    offer = await studio.client.add_party("room", "sun", record=True)
    await studio.mute("room", "sun", "1")
    await studio.client.answer("room", "sun", await sun.answer(offer))
    await studio.seat("room", "li", li)
    await until(lambda: None if li.received.audio_frames >= 120 else f"{li.received}", 8)
    await studio.mute("room", "sun")
    await until(lambda: li.meets(RED, 440), 5)
    await studio.mute("room", "sun", "0")
    li.forget()
    await until(lambda: None if li.received.frames >= 10 else f"{li.received}", 5)
    await studio.mute("room", "sun")
    await until(lambda: li.meets(RED, 440), 5)
    await studio.client.remove_party("room", "sun")
    (segment,) = await studio.finished("sun")
    played = await _pull(studio, segment, tmp_path)
    interval = segment.ended_at - segment.started_at
    assert played.errors == ""
    assert interval > 3
    assert abs(played.duration_s - interval) < 0.2
    assert near(played.colour, RED)
    assert [(gap.mid, gap.reason) for gap in segment.gaps] == [("0", "muted")]
    assert 0.2 < segment.gaps[0].ended_at - segment.gaps[0].started_at < interval - 1


async def test_a_killed_recorder_leaves_a_playable_file_and_goes_on(
    studio: Studio, tmp_path: Path
) -> None:
    sun, li = await _meet(studio)
    sun.forget()
    await until(lambda: None if sun.received.frames >= 25 else f"{sun.received}", 8)
    pid = (await studio.client.figures())["worker"]["recorder_pid"]
    os.kill(pid, signal.SIGKILL)
    (first,) = await studio.finished("sun")
    played = await _pull(studio, first, tmp_path)
    assert played.errors == ""
    assert near(played.colour, RED)
    assert played.duration_s > 1
    assert abs(played.duration_s - (first.ended_at - first.started_at)) < 0.1

    def goes_on() -> str | None:
        begun = {e.segment for e in studio.heard if isinstance(e, RecordingStarted)}
        return None if len(begun) == 4 else f"{len(begun)} recordings have begun"

    await until(goes_on, 8)
    assert li.meets(RED, 440) is None, "the call noticed"
    await studio.client.close_room("room")
    second = (await studio.finished("sun", 2))[1]
    again = await _pull(studio, second, tmp_path)
    assert again.errors == ""
    assert near(again.colour, RED)


async def test_a_killed_worker_leaves_its_recordings_to_the_next_one(
    studio: Studio, tmp_path: Path
) -> None:
    await _meet(studio)
    assert studio.worker.process is not None
    os.kill(studio.worker.process.pid, signal.SIGKILL)
    await studio.worker.process.wait()
    worker = await spawn(studio.workdir, host="127.0.0.1")
    try:
        segments = await worker.client.list_segments()
        assert sorted(segment.party for segment in segments) == ["li", "sun"]
        for segment in segments:
            path = studio.workdir / "segments" / f"{segment.segment}.mkv"
            played = await asyncio.to_thread(play, path)
            assert played.errors == ""
            assert abs(played.duration_s - (segment.ended_at - segment.started_at)) < 0.1
    finally:
        await worker.stop()


async def test_a_disk_that_refuses_costs_neither_the_call_nor_what_was_written(
    studio: Studio, tmp_path: Path
) -> None:
    sun, li = await _meet(studio)
    pid = (await studio.client.figures())["worker"]["recorder_pid"]
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    segments = studio.workdir / "segments"
    full = max((file.stat().st_size for file in segments.glob("*.mkv")), default=0) + 100_000
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (full, most))
    (first,) = await studio.finished("sun")
    assert first.size_bytes <= full
    played = await _pull(studio, first, tmp_path)
    assert near(played.colour, RED)
    assert abs(played.duration_s - (first.ended_at - first.started_at)) < 0.1
    assert (await studio.client.figures())["worker"]["recorder_pid"] == pid
    halted = [e.segment for e in studio.heard if isinstance(e, RecordingHalted)]
    assert first.segment in halted
    sun.forget()
    li.forget()
    await until(lambda: li.meets(RED, 440), 5)


async def test_who_is_recorded_alone_is_asked_again_for_what_was_lost(
    studio: Studio, tmp_path: Path
) -> None:
    """Nobody receives him, so nobody but the worker can ask."""
    lost = seen = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal lost, seen
        picture = len(datagram) > 12 and 127 < datagram[0] < 192 and datagram[1] & 127 == VP8
        if side != FROM_PEER or not picture:
            return False
        seen += 1
        lost += seen % 10 == 5
        return seen % 10 == 5

    worker = (await studio.client.figures())["worker"]
    middle = Middleman((worker["address"], worker["port"]), loses)
    await middle.open()
    try:
        sun = studio.peer(RED, 440)
        await studio.client.open_room("room")
        offer = await studio.client.add_party("room", "sun", record=True, place=0)
        await studio.client.answer("room", "sun", await sun.answer(middle.through(offer)))
        await until(lambda: None if lost >= 5 else f"{lost} lost of {seen}", 20)
        await studio.client.remove_party("room", "sun")
        (segment,) = await studio.finished("sun")
        played = await _pull(studio, segment, tmp_path)
        assert played.errors == ""
        # The last may have been lost when it was too late to ask.
        pictures = next(track.packets for track in segment.tracks if track.mid == "1")
        assert pictures >= played.pictures > 0
        assert [gap for gap in segment.gaps if gap.mid == "1"] == []
    finally:
        middle.close()
