"""VP9 payloads (RFC 9628) into frames, and what a frame's header tells."""

from media.codec.bits import Bits
from media.codec.frames import Depacketiser, Frame, Size


class Vp9(Depacketiser):
    """VP9 (RFC 9628). Of several spatial layers the lowest is kept, which never needs another."""

    def _begins(self, payload: bytes) -> bool:
        return bool(payload[0] & 0x08)

    def _take(self, payload: bytes) -> bool:
        at, layer = _vp9_payload_at(payload)
        if at >= len(payload):
            return False
        if layer == 0:
            if payload[0] & 0x08 and self._gathered:
                return False
            self._gathered += payload[at:]
        return True

    def _whole(self) -> Frame | None:
        if not self._gathered:
            return None
        data = bytes(self._gathered)
        key, size = _vp9_key(data)
        return Frame(data, key, size)


def _vp9_payload_at(payload: bytes) -> tuple[int, int]:
    """Where the payload starts behind its descriptor (RFC 9628, 4.2), and its spatial layer."""
    first, at, layer = payload[0], 1, 0
    flexible = first & 0x10
    if first & 0x80:
        at += 2 if payload[at] & 0x80 else 1
    if first & 0x20:
        layer = payload[at] >> 1 & 7
        at += 1 if flexible else 2
    if flexible and first & 0x40:
        for _ in range(3):
            at += 1
            if not payload[at - 1] & 1:
                break
    if first & 0x02:
        structure = payload[at]
        at += 1
        if structure & 0x10:
            at += 4 * ((structure >> 5) + 1)
        if structure & 0x08:
            pictures = payload[at]
            at += 1
            for _ in range(pictures):
                at += 1 + (payload[at] >> 2 & 3)
    return at, layer


def _vp9_key(data: bytes) -> tuple[bool, Size | None]:
    """Whether a frame is a key frame, and its size, by the uncompressed header (VP9 6.2)."""
    bits = Bits(data)
    if bits.take(2) != 2:
        return False, None
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shows an existing frame; is no key frame
        return False, None
    bits.take(2)
    if bits.take(24) != 0x498342:
        return False, None
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != 7:  # not sRGB
        bits.take(1)
        if profile & 1:
            bits.take(3)
    elif profile & 1:
        bits.take(1)
    return True, (bits.take(16) + 1, bits.take(16) + 1)
