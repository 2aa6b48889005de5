"""Coded pictures and sound as RTP packets, without a browser: what a page of each codec would send."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np

from tests.kit.peer import Colour

ENCODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264", "av1": "libsvtav1"}
OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "8"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
    "av1": {"preset": "11", "crf": "40", "svtav1-params": "pred-struct=1"},
}
PIECE = 1100
SOUND_HZ = 48_000


@dataclass(frozen=True)
class Coded:
    """One coded frame and its second."""

    at_s: float
    data: bytes
    key: bool


@cache
def pictures(
    codec: str,
    seconds: float,
    colour: Colour,
    size: tuple[int, int] = (320, 240),
    per_s: int = 10,
    key_every: int = 100_000,
    bits_per_s: int = 300_000,
) -> tuple[Coded, ...]:
    """A plain colour with some grain, so that frames have bytes; the key frame first."""
    with _usual_schedule():
        return _pictures(codec, seconds, colour, size, per_s, key_every, bits_per_s)


@contextmanager
def _usual_schedule() -> Iterator[None]:
    """Give this thread the scheduling back that it had: SVT-AV1, where it runs as root, puts who opens
    it above all others (SCHED_FIFO 99), which starves the rest of the machine and passes on to children."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def _pictures(
    codec: str,
    seconds: float,
    colour: Colour,
    size: tuple[int, int],
    per_s: int,
    key_every: int,
    bits_per_s: int,
) -> tuple[Coded, ...]:
    av.logging.set_level(av.logging.PANIC)
    encoder = av.CodecContext.create(ENCODERS[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(per_s), Fraction(1, per_s)
    encoder.gop_size = key_every
    if codec != "av1":  # by quality: its low-delay mode takes no rate of this kind
        encoder.bit_rate = bits_per_s
    encoder.options = OPTIONS[codec]
    grain = np.random.default_rng(7)
    out: list[Coded] = []
    for number in range(round(seconds * per_s)):
        pixels = np.empty((size[1], size[0], 3), np.int16)
        pixels[:] = colour
        pixels[size[1] * 3 // 4 :] += grain.integers(
            -20, 20, (size[1] - size[1] * 3 // 4, size[0], 1)
        )
        frame = av.VideoFrame.from_ndarray(np.clip(pixels, 0, 255).astype(np.uint8), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, per_s)
        out += _coded(encoder.encode(frame), per_s)
    return tuple(out + _coded(encoder.encode(None), per_s))


def _coded(packets: Iterable[av.Packet[Any]], per_s: int) -> list[Coded]:
    return [Coded((p.pts or 0) / per_s, bytes(p), p.is_keyframe) for p in packets]


@cache
def sounds(seconds: float, tone_hz: float) -> tuple[Coded, ...]:
    """A sine in Opus, 20 ms a packet."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SOUND_HZ, "stereo", "s16"
    encoder.time_base = Fraction(1, SOUND_HZ)
    out: list[Coded] = []
    for number in range(round(seconds * 50)):
        moments = (np.arange(960) + number * 960) / SOUND_HZ
        wave = (8000 * np.sin(2 * np.pi * tone_hz * moments)).astype(np.int16)
        block = av.AudioFrame.from_ndarray(
            np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo"
        )
        block.sample_rate, block.pts = SOUND_HZ, number * 960
        out += [Coded(number / 50, bytes(p), True) for p in encoder.encode(block)]
    return tuple(out)


def payloads(codec: str, frame: Coded) -> list[bytes]:
    """A frame cut for the wire, in the form of its codec."""
    return {"opus": _whole, "vp8": _vp8, "vp9": _vp9, "h264": _h264, "av1": _av1}[codec](frame)


def _whole(frame: Coded) -> list[bytes]:
    return [frame.data]


def _pieces(data: bytes) -> list[bytes]:
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)]


def _vp8(frame: Coded) -> list[bytes]:
    # The extended descriptor with a picture id of 15 bits, as Chromium writes it.
    return [
        bytes((0x90 if not number else 0x80, 0x80, 0x81, 0x23)) + piece
        for number, piece in enumerate(_pieces(frame.data))
    ]


def _vp9(frame: Coded) -> list[bytes]:
    # Flexible mode off: picture id, layer indices, TL0PICIDX, and the structure with key frames.
    pieces = _pieces(frame.data)
    out = []
    for number, piece in enumerate(pieces):
        first = 0xA0 | (0 if frame.key else 0x40)
        first |= 0x08 if number == 0 else 0
        first |= 0x04 if number == len(pieces) - 1 else 0
        head = bytes((0x81, 0x23, 0x00, 0x07))
        if frame.key and not number:
            first |= 0x02
            head += bytes((0x18, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x04, 0x01))
        out.append(bytes((first,)) + head + piece)
    return out


def units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B stream."""
    return [part.removesuffix(b"\x00") for part in data.split(b"\x00\x00\x01")[1:]]


def _h264(frame: Coded) -> list[bytes]:
    small: list[bytes] = []
    out: list[bytes] = []
    for unit in units(frame.data):
        if len(unit) < PIECE // 4:
            small.append(unit)
            continue
        out += _aggregated(small)
        small = []
        pieces = _pieces(unit[1:])
        for number, piece in enumerate(pieces):
            mark = 0x80 if number == 0 else 0x40 if number == len(pieces) - 1 else 0
            if len(pieces) == 1:
                out.append(unit)
            else:
                out.append(bytes((unit[0] & 0xE0 | 28, mark | unit[0] & 31)) + piece)
    return out + _aggregated(small)


def _aggregated(small: list[bytes]) -> list[bytes]:
    if len(small) < 2:
        return small
    return [b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in small)]


def _av1(frame: Coded) -> list[bytes]:
    obus = [obu for obu in _obus(frame.data) if obu[0] >> 3 & 15 != 2]
    fresh = 0x08 if any(obu[0] >> 3 & 15 == 1 for obu in obus) else 0
    stream = [(obu[at : at + PIECE], at > 0, at + PIECE < len(obu)) for obu in obus
              for at in range(0, len(obu), PIECE)]  # fmt: skip
    # One element a packet, its length left out (W = 1).
    return [
        bytes(((0x80 if before else 0) | (0x40 if after else 0) | 0x10 | (0 if number else fresh),))
        + piece
        for number, (piece, before, after) in enumerate(stream)
    ]


def _obus(data: bytes) -> list[bytes]:
    """The OBUs of a temporal unit, without their size fields."""
    out, at = [], 0
    while at < len(data):
        head = 2 if data[at] & 4 else 1
        size = shift = 0
        cursor = at + head
        while True:
            size |= (data[cursor] & 127) << shift
            shift += 7
            cursor += 1
            if not data[cursor - 1] & 128:
                break
        out.append(
            bytes((data[at] & ~2,)) + data[at + 1 : at + head] + data[cursor : cursor + size]
        )
        at = cursor + size
    return out


@dataclass
class Stream:
    """One RTP stream: gives the packets of frame after frame, its numbers going on over codecs."""

    payload_type: int
    clock: int
    ssrc: int = 7
    sequence: int = 65_500
    first_timestamp: int = 0xFFFF0000
    sent: int = field(default=0)

    def packets(self, codec: str, frame: Coded, at_s: float | None = None) -> list[bytes]:
        moment = frame.at_s if at_s is None else at_s
        timestamp = (self.first_timestamp + round(moment * self.clock)) & 0xFFFFFFFF
        parts = payloads(codec, frame)
        out = []
        for number, part in enumerate(parts):
            marker = 0x80 if number == len(parts) - 1 and codec != "opus" else 0
            out.append(
                bytes((0x80, marker | self.payload_type))
                + (self.sequence & 0xFFFF).to_bytes(2, "big")
                + timestamp.to_bytes(4, "big")
                + self.ssrc.to_bytes(4, "big")
                + part
            )
            self.sequence += 1
            self.sent += 1
        return out
