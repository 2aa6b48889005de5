"""The recorder's parts: order, frames, clocks; what is lost is named and asked for."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import av
import pytest

from media.control import SEGMENT_SUFFIX, Gap
from media.recorder.ordering import Packet, Reorder, RtpClock, parse_rtp
from media.recorder.recording import Recording
from media.recorder.salvage import salvage, whole_bytes
from media.recorder.sealing import finish
from tests.kit.packets import Stream, pictures
from tests.kit.peer import RED, near
from tests.kit.recording import play
from tests.kit.talk import KINDS, UTC, Talk

KEY = bytes([0x10]) + b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"


def _rtp(
    sequence: int, timestamp: int, payload: bytes, *, ssrc: int = 7, kind: int = 96, marker: int = 1
) -> bytes:
    return (
        bytes((0x80, marker << 7 | kind))
        + (sequence & 0xFFFF).to_bytes(2, "big")
        + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        + ssrc.to_bytes(4, "big")
        + payload
    )


def _packet(sequence: int, arrival: float) -> Packet:
    return Packet(sequence & 0xFFFF, 0, True, arrival, b"x")


def test_packets_come_out_in_order_across_the_wrap() -> None:
    order = Reorder()
    sequence = list(range(65_500, 65_600))
    shuffled = sequence[:1] + [
        s
        for i in range(1, 100, 5)
        for s in random.Random(i).sample(sequence[i : i + 5], len(sequence[i : i + 5]))
    ]
    out = []
    for index, number in enumerate(shuffled):
        order.put(_packet(number, index / 1000))
        order.put(_packet(number, index / 1000))
        while (taken := order.take(index / 1000)) is not None:
            out.append(taken)
    assert [p.sequence for p, _ in out] == [s & 0xFFFF for s in sequence]
    assert not any(broken for _, broken in out)


def test_a_lost_packet_is_waited_for_and_then_given_up() -> None:
    order = Reorder()
    for number in (1, 3, 4):
        order.put(_packet(number, 0.0))
    assert order.take(0.0) is not None
    assert order.take(0.1) is None
    third, fourth = order.take(0.5), order.take(0.5)
    assert third is not None
    assert fourth is not None
    assert (third[0].sequence, third[1]) == (3, True)
    assert (fourth[0].sequence, fourth[1]) == (4, False)


def test_a_retransmission_takes_the_place_of_the_lost_packet() -> None:
    wrapped = _rtp(900, 5, (41).to_bytes(2, "big") + KEY, ssrc=8, kind=97)
    ssrc, codec, packet = parse_rtp(wrapped, 1.0)
    assert (ssrc, codec) == (0, "vp8")
    assert packet is not None
    assert (packet.sequence, packet.payload) == (41, KEY)
    probe = bytes((0xA0, 97)) + bytes(10) + bytes(20) + bytes((20,))
    assert parse_rtp(probe, 1.0)[2] is None


def test_clock_follows_the_stream_and_not_the_jitter() -> None:
    clock = RtpClock(90_000)
    start = 0xFFFFFF00
    assert clock.at(start, UTC) == UTC
    for index in range(1, 100):
        at = clock.at((start + index * 9000) & 0xFFFFFFFF, UTC + index * 0.1 + (index % 7) * 0.02)
        assert abs(at - (UTC + index * 0.1)) < 1e-6


def test_clock_keeps_the_places_of_a_burst_behind_a_stall() -> None:
    clock = RtpClock(48_000)
    for index in range(300):
        arrival = UTC + max(index * 0.02, 4.0 if 100 <= index < 200 else 0.0)
        assert abs(clock.at(index * 960, arrival) - (UTC + index * 0.02)) < 1e-6


def test_clock_follows_a_sender_whose_time_stood_still_or_leapt() -> None:
    clock = RtpClock(48_000)
    clock.at(0, UTC)
    paused = [clock.at(index * 960, UTC + 3 + index * 0.02) for index in range(1, 300)]
    assert abs(paused[-1] - (UTC + 3 + 299 * 0.02)) < 0.03
    assert paused == sorted(paused)
    leapt = clock.at(300 * 960 + 60 * 48_000, UTC + 9)
    assert leapt == UTC + 9
    assert abs(clock.at(301 * 960 + 60 * 48_000, UTC + 9.02) - (UTC + 9.02)) < 1e-6


def test_sender_reports_bring_the_picture_in_step_with_the_sound(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "room", "sun", ("0", "1"))
    sender = UTC - 1000
    for index in range(60):
        sound = UTC + index * 0.02
        recording.packet("0", sound, _rtp(index, index * 960, b"\xfc\xff\xfe", kind=111))
        if index % 5 == 0:
            frame = index // 5
            # The picture's path is 200 ms slower than the sound's.
            recording.packet("1", sound + 0.2, _rtp(frame, 5000 + frame * 9000, KEY, ssrc=9))
        if index == 20:
            ntp = int((sender + 2_208_988_800) * (1 << 32))
            recording.report("0", ntp, 0)
            recording.report("1", ntp, 5000)
    lines = recording.lines
    apart = (lines["0"].clock.behind_sender() or 0) - (lines["1"].clock.behind_sender() or 1)
    assert abs(apart) < 0.01
    assert recording.close() is not None


def test_a_loss_drops_pictures_up_to_the_next_key_frame_and_is_named(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "room", "sun", ("1",))
    delta = bytes([0x10, 0x01]) + bytes(10)
    wanted = []
    for index in range(60):
        at = UTC + index * 0.1
        if 20 <= index < 23:
            continue
        key = index in (0, 40)
        recording.packet("1", at, _rtp(index, index * 9000, KEY if key else delta))
        wanted += [index] if recording.tick(at) else []
    path = recording.close()
    result = recording.result()
    assert path is not None
    assert wanted[0] in range(24, 29), "a key frame is asked for once the loss is sure"
    assert all(23 < index < 40 for index in wanted)
    assert wanted == sorted(set(wanted))
    (gap,) = result["gaps"]
    assert gap.reason == "lost"
    assert (round(gap.started_at - UTC, 1), round(gap.ended_at - UTC, 1)) == (1.9, 4.0)
    assert result["tracks"][0].packets == 40
    assert abs(result["ended_at"] - result["started_at"] - 5.9) < 0.01
    with av.open(str(path)) as container:
        times = [p.pts for p in container.demux() if p.pts is not None]
    assert times == [*range(0, 2000, 100), *range(4000, 6000, 100)]


@pytest.mark.parametrize("codec", KINDS)
def test_each_codec_is_written_as_it_came_and_decodes(tmp_path: Path, codec: str) -> None:
    talk = Talk(tmp_path)
    talk.goes_on(codec, 0.0, 3.0)
    talk.close()
    played = play(talk.paths[0])
    assert played.errors == ""
    assert played.pictures == 30
    assert near(played.colour, RED)
    assert played.tone_hz is not None
    assert abs(played.tone_hz - 440) < 5
    (result,) = talk.done
    assert [(t.mid, t.codec) for t in result["tracks"]] == [("0", "opus"), ("1", codec)]
    assert result["gaps"] == ()
    with av.open(str(talk.paths[0])) as file:
        assert file.streams.video[0].codec_context.codec.canonical_name == codec
        times = [p.pts for p in file.demux(video=0) if p.pts is not None]
    assert times == [number * 100 for number in range(30)]


def test_another_codec_in_mid_call_is_another_segment_and_no_sound_is_lost(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    for number, codec in enumerate(("vp8", "h264", "av1", "vp9")):
        talk.goes_on(codec, number * 3.0, 3.0)
    talk.close()
    codecs = [[t.codec for t in one["tracks"] if t.mid == "1"] for one in talk.done]
    assert codecs == [["vp8"], ["h264"], ["av1"], ["vp9"]]
    assert [play(path).errors for path in talk.paths] == [""] * 4
    assert sum(play(path).pictures for path in talk.paths) == 120
    sound = sum(t.packets for one in talk.done for t in one["tracks"] if t.mid == "0")
    assert sound == 600
    for before, after in pairwise(talk.done):
        assert 0 <= after["started_at"] - before["ended_at"] < 0.15


def test_late_packets_of_the_codec_before_and_a_sender_that_changes_all_the_time(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path, "room", "sun", ("1",))
    stream = Stream(96, 90_000, ssrc=9)
    shown = {codec: pictures(codec, 2.0, RED, key_every=1) for codec in ("vp8", "vp9")}
    files = 1
    for number in range(40):
        codec = ("vp8", "vp9")[number % 2]
        stream.payload_type = KINDS[codec]
        at = number * 0.05
        for packet in stream.packets(codec, shown[codec][number // 2], at):
            recording.packet("1", UTC + at, packet)
        if recording.outgrown:
            recording.close(last=False)
            recording = recording.next()
            files += 1
    recording.close()
    assert 1 <= files <= 3, "at most one a second"


def test_a_picture_that_ends_before_its_file_is_a_gap_to_the_end(tmp_path: Path) -> None:
    for stalled, why in ((False, "lost"), (True, "unwritten")):
        recording = Recording(tmp_path, "room", "sun", ("0", "1"))
        for index in range(500):
            at = UTC + index * 0.02
            sound = _rtp(index, index * 960, b"\xfc\xff\xfe", kind=111)
            recording.packet("0", at, sound)
            if index < 50:
                recording.packet("1", at, _rtp(index, index * 1800, KEY, ssrc=9))
        assert sorted(recording.written()) == ["0", "1"]
        assert recording.written() == []
        if stalled:
            recording.stall("1")
        assert recording.close() is not None
        ((mid, since, until, reason),) = [
            (g.mid, g.started_at, g.ended_at, g.reason) for g in recording.result()["gaps"]
        ]
        assert (mid, reason) == ("1", why)
        assert (since, until) == (pytest.approx(UTC + 0.98), pytest.approx(UTC + 9.98))


def test_hours_of_one_call_keep_their_times(tmp_path: Path) -> None:
    """RTP times of 90 kHz begin anew after 13 hours, sequence numbers all the time."""
    recording = Recording(tmp_path, "room", "sun", ("0", "1"))
    hours, step = 15, 20
    for number in range(hours * 3600 // step):
        at = number * step
        recording.packet(
            "0", UTC + at, _rtp(number * 1000, at * 48_000 + 77, b"\xfc\xff\xfe", kind=111)
        )
        recording.packet("1", UTC + at, _rtp(number * 50, at * 90_000 + 99, KEY, ssrc=9))
        recording.tick(UTC + at + 1)
    path = recording.close()
    result = recording.result()
    assert path is not None
    assert abs(result["ended_at"] - result["started_at"] - (hours * 3600 - step)) < 1
    with av.open(str(path)) as container:
        times = [p.pts for p in container.demux(video=0) if p.pts is not None]
    assert times == [number * step * 1000 for number in range(hours * 3600 // step)]


def test_raw_times_of_all_packets_can_be_told_from_the_description(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    talk.goes_on("vp8", 0.0, 2.0)
    talk.close()
    picture = talk.done[0]["tracks"][1]
    ((timestamp, moment),) = picture.anchors
    assert (timestamp, moment) == (0xFFFF0000, UTC)
    with av.open(str(talk.paths[0])) as file:
        raw = [
            (timestamp + round((UTC + p.pts / 1000 - moment) * 90_000)) & 0xFFFFFFFF
            for p in file.demux(video=0)
            if p.pts is not None
        ]
    assert raw == [(0xFFFF0000 + number * 9000) & 0xFFFFFFFF for number in range(20)]


def test_what_was_missing_is_known_after_a_kill(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    talk.goes_on("h264", 0.0, 6.0, lost=set(range(60, 80)))
    gaps = talk.recording.gaps
    assert {gap.reason for gap in gaps} == {"lost"}
    talk.recording.abandon()
    event = salvage(tmp_path, talk.recording.segment)
    assert event["cut"] is True
    assert [Gap(**gap) for gap in event["gaps"]] == gaps
    assert [track["codec"] for track in event["tracks"]] == ["opus", "h264"]


def test_a_file_is_cut_off_behind_its_last_whole_element() -> None:
    """The length of the segment is unknown until it is closed, those of its clusters are not."""
    head = bytes.fromhex("1a45dfa3 84 01020304 18538067 01ffffffffffffff")
    first = bytes.fromhex("1f43b675 4003") + b"abc"
    second = bytes.fromhex("1f43b675 82") + b"de"
    file = head + first + second
    ends = [0, 9, len(head), len(head + first), len(file)]
    for size in range(len(file) + 1):
        stream = BytesIO(file[:size])
        assert whole_bytes(stream, size) == max(end for end in ends if end <= size)
    assert whole_bytes(BytesIO(b"\0" * 40), 40) == 0


def test_what_comes_while_a_line_is_muted_is_in_no_file(tmp_path: Path) -> None:
    """The worker hands on no such packet; if one came all the same, the recorder drops it."""
    talk = Talk(tmp_path)
    talk.goes_on("vp8", 0.0, 2.0)
    before = {mid: line.packets for mid, line in talk.recording.lines.items()}
    assert min(before.values()) > 0
    talk.mute("01", True)
    talk.goes_on("vp8", 2.0, 2.0, tone_hz=880.0)
    assert {mid: line.packets for mid, line in talk.recording.lines.items()} == before
    talk.mute("01", False)
    talk.goes_on("vp8", 4.0, 2.0)
    talk.close()
    [done] = talk.done
    silent = [gap.ended_at - gap.started_at for gap in done["gaps"] if gap.reason == "muted"]
    assert len(silent) == 2
    assert min(silent) > 1.8


def test_a_broken_off_cluster_is_cut_from_the_file_itself(tmp_path: Path) -> None:
    """What is sealed is what is whole: no decoder and no later reader finds half an element."""
    talk = Talk(tmp_path)
    talk.goes_on("vp8", 0.0, 4.0)
    talk.recording.abandon()
    path = talk.recording.path
    whole = path.stat().st_size
    with path.open("rb") as stream:
        assert whole_bytes(stream, whole) == whole
    with path.open("ab") as stream:
        stream.write(bytes.fromhex("1f43b675 4800") + b"half of a cluster")
    event = salvage(tmp_path, talk.recording.segment)
    assert event["size_bytes"] == path.stat().st_size == whole
    assert event["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_on_the_disk_before_it_is_told_to_be_finished(tmp_path: Path) -> None:
    """Each fsync and the rename of the note, as Python calls them: a loss of power finds no note of
    a file whose bytes were never written."""
    talk = Talk(tmp_path)
    talk.goes_on("vp8", 0.0, 1.0)
    talk.close()
    called: list[str] = []

    def spy(frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call" and what in (os.fsync, os.rename):
            stream = frame.f_locals.get("stream")
            called.append(f"{what.__name__} {Path(stream.name).name if stream else ''}".strip())

    sys.setprofile(spy)
    try:
        finish(tmp_path, talk.done[0])
    finally:
        sys.setprofile(None)
    segment = talk.recording.segment
    assert called == [f"fsync {segment}{SEGMENT_SUFFIX}", f"fsync {segment}.json.part", "rename"]
