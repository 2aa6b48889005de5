"""The recorder's parts: order, frames, clocks; what is lost is named and asked for."""

from __future__ import annotations

import random
from pathlib import Path

import av

from media.forward import begins_key_frame
from media.recorder import (
    MAX_FRAME_BYTES,
    Assembler,
    Clock,
    Packet,
    Recording,
    Reorder,
    key_frame_size,
    parse_rtp,
)

KEY = bytes([0x10]) + b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"
UTC = 1_800_000_000.0


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
    ssrc, packet = parse_rtp(wrapped, 1.0)
    assert ssrc == 0
    assert packet is not None
    assert (packet.sequence, packet.payload) == (41, KEY)
    probe = bytes((0xA0, 97)) + bytes(10) + bytes(20) + bytes((20,))
    assert parse_rtp(probe, 1.0)[1] is None


def test_clock_follows_the_stream_and_not_the_jitter() -> None:
    clock = Clock(90_000)
    start = 0xFFFFFF00
    assert clock.at(start, UTC) == UTC
    for index in range(1, 100):
        at = clock.at((start + index * 9000) & 0xFFFFFFFF, UTC + index * 0.1 + (index % 7) * 0.02)
        assert abs(at - (UTC + index * 0.1)) < 1e-6


def test_clock_keeps_the_places_of_a_burst_behind_a_stall() -> None:
    clock = Clock(48_000)
    for index in range(300):
        arrival = UTC + max(index * 0.02, 4.0 if 100 <= index < 200 else 0.0)
        assert abs(clock.at(index * 960, arrival) - (UTC + index * 0.02)) < 1e-6


def test_clock_follows_a_sender_whose_time_stood_still_or_leapt() -> None:
    clock = Clock(48_000)
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


def test_key_frames_are_known_by_their_first_bytes() -> None:
    assert begins_key_frame(KEY, 0, len(KEY))
    assert not begins_key_frame(b"\x10\x01abc", 0, 5)
    assert not begins_key_frame(b"\x00\x00abc", 0, 5)
    assert begins_key_frame(b"\x90\x80\x81\x02\x00", 0, 5)
    assert not begins_key_frame(b"\x90\x80", 0, 2)
    assert key_frame_size(KEY[1:]) == (320, 240)


def test_a_frame_that_never_ends_is_given_up() -> None:
    frames = Assembler()
    piece = bytes(1200)
    assert frames.put(Packet(0, 1, False, UTC, KEY), False) is None
    for number in range(1, MAX_FRAME_BYTES // len(piece) + 2):
        assert frames.put(Packet(number, 1, False, UTC, b"\x00" + piece), False) is None
    assert frames.needs_key
    assert frames.put(Packet(0, 2, True, UTC, KEY), False) == (KEY[1:], True)
