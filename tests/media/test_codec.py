"""Where a picture may begin, for each codec, from packets as their specifications draw them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codec.beginning import BEGINS
from media.wire.sdp import CODEC_BY_PAYLOAD, RTX_PAYLOADS, VIDEO


@pytest.mark.parametrize(
    ("codec", "payload", "begins"),
    [
        ("VP8", b"\x10\x00\x00", True),
        ("VP8", b"\x90\x80\x81\x02\x00", True),
        ("VP8", b"\x10\x01abc", False),
        ("VP8", b"\x00\x00abc", False),
        ("VP8", b"\x90\x80", False),
        # B; I with a picture id of 7 and of 15 bits; L of the lowest and of a higher layer; P.
        ("VP9", b"\x08\x00", True),
        ("VP9", b"\x88\x05\x00", True),
        ("VP9", b"\x88\x85\x01\x00", True),
        ("VP9", b"\xa8\x85\x01\x00\x00\x00", True),
        ("VP9", b"\xa8\x85\x01\x03\x00\x00", False),
        ("VP9", b"\xc8\x05\x00", False),
        ("VP9", b"\x84\x05\x00", False),
        ("VP9", b"\x88\x85", False),
        # SPS alone; SPS and PPS in a STAP-A; PPS before SPS in one; IDR alone; FU-A of an IDR.
        ("H264", b"\x67\x42\xe0\x1f", True),
        ("H264", b"\x78\x00\x02\x67\x42\x00\x01\x68", True),
        ("H264", b"\x78\x00\x01\x68\x00\x02\x67\x42", True),
        ("H264", b"\x78\x00\x01\x68\x00\x02\x65\x42", False),
        ("H264", b"\x78\x00\x09\x67\x42", False),
        ("H264", b"\x65\x88", False),
        ("H264", b"\x7c\x87\x42", True),
        ("H264", b"\x7c\x07\x42", False),
        ("H264", b"\x7c\x85\x42", False),
        # Z W N: the first of a sequence, its continuation, a later frame.
        ("AV1", b"\x18\x0a\x01", True),
        ("AV1", b"\x98\x0a\x01", False),
        ("AV1", b"\x10\x30\x01", False),
        ("AV1", b"\x18", False),
    ],
)
def test_a_beginning_is_known_by_the_packet(codec: str, payload: bytes, begins: bool) -> None:
    for before in (b"", b"\xff\x00\xaa"):
        data = before + payload
        assert BEGINS[codec](data, len(before), len(data)) is begins
        # What lies behind the packet in the buffer does not matter.
        assert BEGINS[codec](data + b"\x67\x08" * 8, len(before), len(data)) is begins


@pytest.mark.parametrize(("codec", "encoder"), [("VP8", Vp8Encoder), ("H264", H264Encoder)])
def test_a_real_encoders_key_frames_are_found_and_nothing_else(
    codec: str, encoder: type[Vp8Encoder | H264Encoder]
) -> None:
    encode = encoder()
    found = []
    for count in range(6):
        frame = VideoFrame(320, 240, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([40 * count]) * plane.buffer_size)
        frame.pts, frame.time_base = count * 3000, Fraction(1, 90_000)
        payloads, _ = encode.encode(frame, force_keyframe=count == 4)
        found.append(any(BEGINS[codec](payload, 0, len(payload)) for payload in payloads))
    assert found == [True, False, False, False, True, False]


@given(st.sampled_from(sorted(BEGINS)), st.binary(max_size=40), st.integers(0, 45))
@settings(max_examples=400, deadline=None)
def test_nonsense_begins_nothing_and_raises_nothing(codec: str, data: bytes, end: int) -> None:
    assert BEGINS[codec](data, 0, min(end, len(data))) in (True, False)
    assert BEGINS[codec](data, len(data), len(data)) is False


def test_no_two_formats_share_a_number() -> None:
    assert set(BEGINS) == set(VIDEO)
    payloads = [codec.payload for codec in VIDEO.values()] + [c.rtx for c in VIDEO.values()]
    assert len({*payloads, 111}) == len(payloads) + 1
    assert all(95 < payload < 128 for payload in payloads)
    assert set(CODEC_BY_PAYLOAD) | RTX_PAYLOADS == set(payloads)
