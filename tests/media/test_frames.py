"""What the depacketisers make of packets: each codec's own frames, and nothing of what strangers send."""

from __future__ import annotations

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codec.depacketisers import DEPACKETISERS
from media.codec.frames import MAX_FRAME_BYTES, Frame
from media.codec.h264 import h264_size
from media.codec.vp8 import vp8_payload_at, vp8_size
from tests.kit.packets import Coded, payloads, pictures, units
from tests.kit.peer import RED

CODECS = ("vp8", "vp9", "h264", "av1")
DECODERS = {"vp8": "vp8", "vp9": "vp9", "h264": "h264", "av1": "libdav1d"}
KEY = bytes([0x10]) + b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"


def through(codec: str, frames: tuple[Coded, ...], lost: set[int] = frozenset()) -> list[Frame]:  # type: ignore[assignment]
    """All frames through a depacketiser; the packets of these numbers never come."""
    made = DEPACKETISERS[codec]()
    out, number, broken = [], 0, False
    for index, frame in enumerate(frames):
        parts = payloads(codec, frame)
        for at, part in enumerate(parts):
            number += 1
            if number - 1 in lost:
                broken = True
                continue
            if (got := made.put(part, index * 9000, at == len(parts) - 1, broken)) is not None:
                out.append(got)
            broken = False
    return out


@pytest.mark.parametrize("codec", CODECS)
def test_frames_come_out_as_they_went_in_and_decode(codec: str) -> None:
    sent = pictures(codec, 2.0, RED, (322, 242), key_every=10)
    got = through(codec, sent)
    assert [one.key for one in got] == [one.key for one in sent]
    assert sum(one.key for one in got) == 2
    assert all(one.size == (322, 242) for one in got if one.key)
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    shown = [shown for one in got for shown in decoder.decode(av.Packet(one.data))]
    shown += decoder.decode(None)
    assert len(shown) == len(sent)
    if codec == "h264":
        assert [units(one.data) for one in got] == [units(one.data) for one in sent]
        assert {unit[0] & 31 for unit in units(got[0].header)} == {7, 8}
    elif codec != "av1":
        assert [one.data for one in got] == [one.data for one in sent]


@pytest.mark.parametrize("codec", CODECS)
def test_after_a_loss_nothing_comes_before_a_key_frame(codec: str) -> None:
    sent = pictures(codec, 2.0, RED, (640, 480), key_every=10)
    counts = [len(payloads(codec, one)) for one in sent]
    assert counts[0] > 1, "the first frame must be of several packets"
    for lost in (counts[0] - 1, sum(counts[:3]), 0):
        got = through(codec, sent, {lost})
        hit = next(i for i in range(len(sent)) if lost < sum(counts[: i + 1]))
        assert len(got) == hit + (10 if hit < 10 else 0)
        assert got[hit].key


def test_h264_begins_with_an_idr_whose_parameters_are_known() -> None:
    sent = pictures("h264", 2.0, RED, key_every=10)
    bare = Coded(0.0, b"".join(b"\x00\x00\x01" + u for u in units(sent[0].data) if u[0] & 31 == 5), True)  # fmt: skip
    assert through("h264", (bare, *sent[1:10])) == []
    parameters = Coded(
        0.0, b"".join(b"\x00\x00\x01" + u for u in units(sent[0].data) if u[0] & 31 in (7, 8)), True
    )
    got = through("h264", (parameters, bare, *sent[1:10]))
    assert [one.key for one in got] == [True] + [False] * 9


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=300, deadline=None)
@given(
    packets=st.lists(
        st.tuples(
            st.binary(max_size=40), st.integers(0, 3), st.booleans(), st.booleans()
        ),
        max_size=30,
    )
)  # fmt: skip
def test_strange_packets_end_in_frames_or_in_nothing(
    codec: str, packets: list[tuple[bytes, int, bool, bool]]
) -> None:
    made = DEPACKETISERS[codec]()
    for payload, timestamp, marker, broken in packets:
        frame = made.put(payload, timestamp, marker, broken)
        assert frame is None or (frame.data and (frame.key or not made.needs_key))


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_packets_with_bits_turned_over_end_in_frames_or_in_nothing(
    codec: str, data: st.DataObject
) -> None:
    made = DEPACKETISERS[codec]()
    for index, frame in enumerate(pictures(codec, 0.5, RED)):
        for part in payloads(codec, frame):
            head = bytearray(part)
            at = data.draw(st.integers(0, min(len(part), 24) - 1))
            head[at] ^= data.draw(st.integers(0, 255))
            made.put(bytes(head), index, data.draw(st.booleans()), False)


def test_a_frame_that_never_ends_is_given_up() -> None:
    piece = bytes(1200)
    begun = {
        "vp8": (KEY, b"\x00" + piece),
        "vp9": (b"\x08" + piece, b"\x00" + piece),
        "h264": (b"\x7c\x85" + piece, b"\x7c\x05" + piece),
        "av1": (b"\x58\x32" + piece, b"\xd0" + piece),
    }
    for codec, (first, further) in begun.items():
        made = DEPACKETISERS[codec]()
        made.needs_key = False
        assert made.put(first, 1, False, False) is None
        assert not made.needs_key, codec
        for _ in range(MAX_FRAME_BYTES // len(piece) + 2):
            assert made.put(further, 1, False, False) is None
        assert made.needs_key, codec
    vp8 = DEPACKETISERS["vp8"]()
    assert vp8.put(KEY, 2, True, False) == Frame(KEY[1:], True, (320, 240))


def test_descriptors_and_headers_that_are_cut_short() -> None:
    assert vp8_payload_at(b"\x90\x80", 0, 2) == 0
    assert vp8_payload_at(b"", 0, 0) == 0
    assert vp8_size(KEY[1:]) == (320, 240)
    assert vp8_size(b"") is None
    assert h264_size(b"\x67\x42") is None
