"""RTCP from one leg's numbers to the other's, checked against aiortc's reader and by law."""

from __future__ import annotations

import struct

import pytest
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from media.wire import rtcp


def _one(data: bytes) -> rtcp.Block:
    (block,) = rtcp.split(data)
    return block


def test_a_sender_report_names_our_stream_and_keeps_its_clock() -> None:
    report = RtcpSrPacket(
        ssrc=7, sender_info=RtcpSenderInfo(1 << 40, 0xFFFFFF00, 10, 1000), reports=[]
    )
    (read,) = RtcpPacket.parse(rtcp.sender_report(_one(bytes(report)), 99, 0x200))
    assert isinstance(read, RtcpSrPacket)
    assert read.ssrc == 99
    assert read.sender_info == RtcpSenderInfo(1 << 40, 0x100, 10, 1000)
    assert read.reports == []


def test_reception_reports_reach_the_source_in_its_own_numbers() -> None:
    info = RtcpReceiverInfo(
        ssrc=99,
        fraction_lost=3,
        packets_lost=5,
        highest_sequence=70_000,
        jitter=6,
        lsr=7,
        dlsr=8,
    )
    (report,) = rtcp.report_blocks(_one(bytes(RtcpRrPacket(ssrc=1, reports=[info]))))
    told = rtcp.receiver_report([rtcp.rewrite_report(report, 42, 12_345)])
    (read,) = RtcpPacket.parse(told)
    assert isinstance(read, RtcpRrPacket)
    (got,) = read.reports
    assert (got.ssrc, got.highest_sequence) == (42, 12_345)
    assert (got.fraction_lost, got.packets_lost, got.jitter, got.lsr, got.dlsr) == (3, 5, 6, 7, 8)


def test_more_reports_than_a_packet_can_count_are_left_out() -> None:
    told = rtcp.receiver_report([bytes(rtcp.REPORT_BYTES)] * 70)
    (read,) = RtcpPacket.parse(told)
    assert isinstance(read, RtcpRrPacket)
    assert len(read.reports) == 31


def test_feedback_that_tells_of_more_than_a_browser_sends_is_not_read() -> None:
    def told(count: int) -> bytes:
        runs = -(-count // 0x1FFF)
        return bytes(12) + struct.pack("!HHI", 0, count, 0) + b"\x1f\xff" * runs

    assert rtcp.read_feedback(told(4096)) is not None
    assert rtcp.read_feedback(told(65535)) is None


def test_a_nack_asks_for_the_numbers_that_the_source_used() -> None:
    packet = RtcpRtpfbPacket(fmt=rtcp.NACK, ssrc=1, media_ssrc=99, lost=[2, 3, 9, 40])
    asked = rtcp.rewrite_nack(_one(bytes(packet)), 42, 5)
    (read,) = RtcpPacket.parse(asked)
    assert isinstance(read, RtcpRtpfbPacket)
    assert read.media_ssrc == 42
    assert [number & 0xFFFF for number in read.lost] == [65533, 65534, 4, 35]


def test_a_key_frame_request_is_a_picture_loss() -> None:
    (read,) = RtcpPacket.parse(rtcp.picture_loss(42))
    assert isinstance(read, RtcpPsfbPacket)
    assert (read.fmt, read.media_ssrc) == (rtcp.PLI, 42)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_nonsense_is_read_as_nothing(data: bytes) -> None:
    for block in rtcp.split(data):
        rtcp.report_blocks(block)
        rtcp.read_feedback(block.data)
    rtcp.read_feedback(data)


arrivals = st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=1, max_size=80)


@given(st.integers(0, 65535), st.integers(0, 1 << 23), arrivals)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(base: int, reference: int, steps: list[int | None]) -> None:
    at, times = 0, []
    for step in steps:
        at += step or 0
        times.append(None if step is None else at)
    feedback = rtcp.TransportFeedback(base, reference, times)
    written = rtcp.write_feedback(feedback, 42, 9)
    assert len(written) == 4 + 4 * struct.unpack("!H", written[2:4])[0]
    assert rtcp.read_feedback(written) == feedback


@given(
    st.integers(0, 65535),
    st.integers(0, 65535),
    st.lists(st.sampled_from(["ok", "up", "down", "kept"]), min_size=3, max_size=150),
    st.integers(5, 40),
)
@settings(max_examples=150, deadline=None)
def test_the_publisher_hears_of_exactly_its_own_losses(
    published: int, forwarded: int, fates: list[str], batch: int
) -> None:
    """Whatever is lost on either way is lost, whatever came through or was kept here is not.

    Holds across the wrap of both numberings and however the subscriber cuts its reports.
    """
    numbering = rtcp.LegNumbering(forwarded)
    seen: list[tuple[int, int | None]] = []
    for index, fate in enumerate(fates):
        number = (published + index) & 0xFFFF
        if fate == "kept":
            numbering.keep(number)
        elif fate != "up":
            out = numbering.assign(number)
            seen.append((out, None if fate == "down" else index * 4))
    told: dict[int, bool] = {}
    for start in range(0, len(seen), batch):
        part = seen[start : start + batch]
        while part and part[-1][1] is None:
            part.pop()
        if not part:
            continue
        feedback = rtcp.TransportFeedback(part[0][0], 1, [arrival for _, arrival in part])
        translated = numbering.translate(feedback)
        assert translated is not None
        for index, arrival in enumerate(translated.arrivals):
            number = (translated.base + index) & 0xFFFF
            told[number] = told.get(number, False) or arrival is not None
    indexes = [(n - published) & 0xFFFF for n in told]
    assert sorted(indexes) == list(range(min(indexes), max(indexes) + 1)) if indexes else True
    for number, arrived in told.items():
        assert arrived == (fates[(number - published) & 0xFFFF] in ("ok", "kept"))


def test_numbers_wrap_without_a_loss() -> None:
    numbering = rtcp.LegNumbering(65_500)
    lost = 0
    for start in range(0, 200, 20):
        outs = [numbering.assign((65_400 + start + i) & 0xFFFF) for i in range(20)]
        translated = numbering.translate(rtcp.TransportFeedback(outs[0], start, list(range(20))))
        assert translated is not None
        assert translated.base == (65_400 + start) & 0xFFFF
        lost += translated.arrivals.count(None)
    assert lost == 0
    assert numbering.unmapped == 0


def test_the_workers_own_report_shows_gaps_between_reports_too() -> None:
    log = rtcp.Arrivals()
    assert log.report() is None
    for number in (65_534, 65_535, 1):
        log.note(number, 10.0 + (number & 3) / 1000)
    first = log.report()
    assert first is not None
    assert first.base == 65_534
    assert [a is None for a in first.arrivals] == [False, False, True, False]
    log.note(4, 10.1)
    second = log.report()
    assert second is not None
    assert second.base == 2
    assert [a is None for a in second.arrivals] == [True, True, False]
    elapsed = (second.reference * 256 + (second.arrivals[2] or 0)) / 4000
    assert abs(elapsed % 1024 - 10.1) < 0.001


@pytest.mark.parametrize(("first", "count"), [(7, 1), (65530, 17), (65535, 3)])
def test_what_the_worker_asks_for_again(first: int, count: int) -> None:
    (block,) = rtcp.split(rtcp.ask_again(0x1234, first, count))
    assert (block.kind, block.count, rtcp.ssrc_at(block.data, 8)) == (
        rtcp.RTPFB,
        rtcp.NACK,
        0x1234,
    )
    assert list(rtcp.nacked(block)) == [(first + n) & 0xFFFF for n in range(count)]


@given(
    base=st.integers(0, 0xFFFF),
    deltas=st.lists(st.one_of(st.none(), st.integers(-300, 600)), min_size=1, max_size=60),
)
def test_feedback_reads_as_it_was_written_whether_all_came_or_not(
    base: int, deltas: list[int | None]
) -> None:
    for chosen in (deltas, [abs(delta or 0) % 256 for delta in deltas]):
        at = 0
        arrivals: list[int | None] = []
        for delta in chosen:
            at += delta or 0
            arrivals.append(None if delta is None else at)
        feedback = rtcp.TransportFeedback(base, 7, arrivals)
        written = rtcp.write_feedback(feedback, 42, 3)
        assert rtcp.read_feedback(written) == feedback


def test_feedback_in_which_all_came_is_told_in_the_publishers_numbers_over_the_wrap() -> None:
    numbering = rtcp.LegNumbering(65_000)
    outgoing = [numbering.assign(n & 0xFFFF) for n in range(65_480, 65_600)]
    told: list[int] = []
    for start in range(0, 120, 20):
        arrivals: list[int | None] = list(range(start, start + 20))
        translated = numbering.translate(rtcp.TransportFeedback(outgoing[start], 9, arrivals))
        assert translated is not None
        assert translated.arrivals == arrivals
        assert translated.reference == 9
        told += [(translated.base + i) & 0xFFFF for i in range(20)]
    assert told == [n & 0xFFFF for n in range(65_480, 65_600)]


def test_what_was_lost_on_the_way_in_is_told_as_lost_between_two_straight_reports() -> None:
    numbering = rtcp.LegNumbering(100)
    first = [numbering.assign(n) for n in range(1000, 1010)]
    second = [numbering.assign(n) for n in range(1013, 1023)]
    ten: list[int | None] = list(range(10))
    one = numbering.translate(rtcp.TransportFeedback(first[0], 1, ten))
    two = numbering.translate(rtcp.TransportFeedback(second[0], 2, ten))
    assert one is not None
    assert two is not None
    assert (one.base, one.arrivals) == (1000, ten)
    assert (two.base, two.arrivals) == (1010, [None, None, None, *ten])
