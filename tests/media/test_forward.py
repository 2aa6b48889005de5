"""The hot path alone: real SRTP in, real SRTP out, and what lies between is told byte by byte."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.forwarding.forwarder import Forwarder
from media.forwarding.layout import read_layout
from media.forwarding.streams import Endpoint, Feed, Track
from media.wire.sdp import RTX_PAYLOADS, VP8
from media.wire.srtp import PROFILES, Buffer, Inbound, Outbound

PROFILE = "SRTP_AEAD_AES_128_GCM"
SSRC, RTX_SSRC = 77, 78
RTX = min(RTX_PAYLOADS)
LINE = (("1", "video"),)
KEY_FRAME = b"\x10\x10\0\0\x9d\1\x2a\x80\2\xe0\1"


def extensions(*elements: tuple[int, bytes]) -> bytes:
    """One-byte header extensions (RFC 8285), padded to words."""
    body = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in elements)
    body += bytes(-len(body) % 4)
    return b"\xbe\xde" + (len(body) // 4).to_bytes(2, "big") + body


class Wire:
    """A publisher and so many receivers of his face, each with keys of its own."""

    def __init__(self, receivers: int) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.forwarder = Forwarder(
            lambda buffer, length, address: self._take(buffer, length, address[1]),
            self,
            lambda track, now: None,
            lambda track, first, count, now: None,
        )
        keys = [secrets.token_bytes(sum(PROFILES[PROFILE][1:])) for _ in range(receivers + 1)]
        self.publisher = Endpoint(LINE, ())
        self.publisher.ready = True
        self.publisher.inbound = Inbound(PROFILE, keys[0])
        self._out = Outbound(PROFILE, keys[0])
        self._in = [Inbound(PROFILE, key) for key in keys[1:]]
        self.track = self.publisher.tracks["1"]
        self.feeds: list[Feed] = []
        for number, key in enumerate(keys[1:]):
            receiver = Endpoint((), LINE)
            receiver.ready = True
            receiver.codecs = frozenset({"VP8"})
            receiver.outbound = Outbound(PROFILE, key)
            receiver.destination = ("", number)
            (feed,) = receiver.feeds.values()
            feed.source = self.track
            self.track.feeds.append(feed)
            self.feeds.append(feed)
        self.publisher.claim(SSRC, self.track)
        self.publisher.claim(RTX_SSRC, self.track)

    def packet(self, track: Track, packet: memoryview, now: float) -> None:
        raise AssertionError("nothing is recorded here")

    def put(
        self,
        sequence: int,
        payload: bytes,
        extension: bytes = b"",
        *,
        timestamp: int = 3000,
        ssrc: int = SSRC,
        kind: int = VP8,
        flags: int = 0x80,
    ) -> list[bytes]:
        """Send one packet in; what each receiver got, decrypted."""
        packet = (
            bytes([flags | (0x10 if extension else 0), kind])
            + (sequence & 0xFFFF).to_bytes(2, "big")
            + timestamp.to_bytes(4, "big")
            + ssrc.to_bytes(4, "big")
            + extension
            + payload
        )
        buffer = Buffer()
        buffer.data[: len(packet)] = packet
        length = self._out.rtp(buffer, len(packet))
        assert length
        self.sent.clear()
        self.forwarder.rtp(self.publisher, buffer, length, 1.0)
        return [packet for _, packet in sorted(self.sent)]

    def _take(self, buffer: Buffer, length: int, number: int) -> None:
        copy = Buffer()
        copy.data[:length] = buffer.view[:length]
        plain = self._in[number].rtp(copy, length)
        assert plain, "it can be decrypted"
        self.sent.append((number, bytes(copy.view[:plain])))


@pytest.fixture(params=[1, 3], ids=["one receiver", "three receivers"])
def wire(request: pytest.FixtureRequest) -> Wire:
    return Wire(request.param)


def number(packet: bytes) -> int:
    return int.from_bytes(packet[2:4], "big")


def test_extensions_that_change_in_mid_stream_are_found_where_they_are(wire: Wire) -> None:
    layouts = [
        lambda n: extensions((4, b"1"), (5, n)),
        lambda n: extensions((4, b"1"), (5, n)),
        lambda n: extensions((5, n)),
        lambda n: extensions((5, n), (4, b"1")),
        lambda n: extensions((9, b"abcd"), (5, n), (4, b"1")),
        lambda n: b"\xbe\xde\0\2\0\0\x51" + n + b"\x40\x31\0",
        lambda n: b"",
        lambda n: b"\x10\0\0\1\x05\x02" + n,
        lambda n: extensions((4, b"1"), (5, n)),
    ]
    counts: list[int | None] = [None] * len(wire.feeds)
    for turn, layout in enumerate(layouts):
        came = (500 + turn).to_bytes(2, "big")
        extension = layout(came)
        payload = KEY_FRAME + bytes([turn]) * 50
        got = wire.put(10 + turn, payload, extension)
        assert len(got) == len(wire.feeds)
        for at, packet in enumerate(got):
            head = 12 + len(extension)
            assert packet[head:] == payload
            assert packet[8:12] == wire.feeds[at].ssrc.to_bytes(4, "big")
            if not extension or extension[0] == 0x10:
                assert packet[12:head] == extension, "not ours to read"
                continue
            place = 12 + extension.index(b"\x51" + came) + 1
            ours = int.from_bytes(packet[place : place + 2], "big")
            before = counts[at]
            assert before is None or ours == (before + 1) & 0xFFFF
            counts[at] = ours
            others = packet[12:place] + packet[place + 2 : head]
            assert others == (extension[: place - 12] + extension[place - 10 :])


def test_numbers_go_on_over_the_wrap(wire: Wire) -> None:
    last: list[int | None] = [None] * len(wire.feeds)
    for step in range(80):
        sequence, came = 65_500 + step, (65_490 + step) & 0xFFFF
        got = wire.put(sequence, KEY_FRAME, extensions((5, came.to_bytes(2, "big"))))
        for at, packet in enumerate(got):
            before = last[at]
            assert before is None or number(packet) == (before + 1) & 0xFFFF
            last[at] = number(packet)
    assert wire.track.highest == 65_500 + 79


def test_a_late_packet_keeps_its_place_and_a_doubled_one_goes_no_further(wire: Wire) -> None:
    first = wire.put(20, KEY_FRAME)
    third = wire.put(22, KEY_FRAME)
    second = wire.put(21, KEY_FRAME)
    for a, b, c in zip(first, second, third, strict=True):
        assert [number(b) - number(a), number(c) - number(b)] == [1, 1]
    refused = wire.publisher.refused
    with pytest.raises(AssertionError):
        wire.put(21, KEY_FRAME)
    assert wire.publisher.refused == refused, "the sender's own half refuses to repeat an index"


def test_a_probe_of_padding_alone_is_passed_and_its_padding_is_not_taken_for_a_number() -> None:
    wire = Wire(1)
    (begun,) = wire.put(100, KEY_FRAME)
    offset = number(begun) - 100
    padding = bytes(199) + b"\xc8"
    for sequence in (7, 8):
        (probe,) = wire.put(
            sequence,
            padding,
            extensions((5, b"\1\0")),
            ssrc=RTX_SSRC,
            kind=RTX,
            flags=0xA0,
        )
        assert probe[-200:] == padding
        assert probe[8:12] == wire.feeds[0].rtx_ssrc.to_bytes(4, "big")
    original = (99).to_bytes(2, "big")
    (repair,) = wire.put(9, original + KEY_FRAME, ssrc=RTX_SSRC, kind=RTX)
    assert int.from_bytes(repair[12:14], "big") == (99 + offset) & 0xFFFF
    assert repair[14:] == KEY_FRAME
    (media,) = wire.put(101, b"\x10\x11" + padding, flags=0xA0)
    assert number(media) == number(begun) + 1


def test_what_claims_more_extensions_than_it_has_is_refused(wire: Wire) -> None:
    cut = bytearray(b"\x90\x60" + bytes(10) + b"\xbe\xde\0\x09\x51\0\0\0" + bytes(100))
    assert read_layout(cut, 20) is None
    assert read_layout(bytearray(b"\x83" + bytes(30)), 20) is None
    assert wire.put(31, KEY_FRAME) != []
    # An element that says it goes on behind the block is no element.
    (packet, *_) = wire.put(32, b"tail", b"\xbe\xde\0\1\0\0\0\x51")
    assert packet[12:] == b"\xbe\xde\0\1\0\0\0\x51tail"


@given(st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=5))
def test_a_layout_fits_its_own_packet_and_others_of_the_same_shape_alone(
    elements: list[tuple[int, bytes]],
) -> None:
    plain = [element for element in elements if not 6 <= element[0] <= 8]
    data = bytearray(b"\x90\x60" + bytes(10) + extensions(*plain) + bytes(40))
    read = read_layout(data, len(data))
    assert read is not None
    layout, _ = read
    assert layout.fits(data, len(data))
    assert not layout.fits(data, layout.head - 1)
    others = bytearray(
        b"\xb0\xe0"
        + bytes(10)
        + extensions(*((n, bytes(b ^ 0xFF for b in v)) for n, v in plain))
        + bytes(40)
    )
    assert layout.fits(others, len(others)), "values, marker and padding are free"
    longer = bytearray(b"\x90\x60" + bytes(10) + extensions(*plain, (13, b"xyz!")) + bytes(40))
    assert not layout.fits(longer, len(longer))
