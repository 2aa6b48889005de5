"""H264 payloads (RFC 6184, non-interleaved) into access units, and what their parameter sets tell."""

from media.codec.bits import Bits
from media.codec.frames import Depacketiser, Frame, Size

_START = b"\x00\x00\x00\x01"
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
_STAP_A, _FU_A = 24, 28


class H264(Depacketiser):
    """H264 (RFC 6184): single units, STAP-A and FU-A, into access units of Annex B."""

    def __init__(self) -> None:
        super().__init__()
        self._sps = self._pps = b""
        self._units: list[bytes] = []
        self._fragment = bytearray()

    def _forget(self) -> None:
        super()._forget()
        self._units = []
        self._fragment = bytearray()

    def _begins(self, payload: bytes) -> bool:
        return payload[0] & 31 != _FU_A or bool(payload[1] & 0x80)

    def _take(self, payload: bytes) -> bool:
        kind = payload[0] & 31
        if kind == _FU_A:
            return self._take_fragment(payload)
        if self._fragment:
            return False
        if kind == _STAP_A:
            at = 1
            while at < len(payload):
                size = payload[at] << 8 | payload[at + 1]
                at += 2
                if not size or at + size > len(payload):
                    return False
                self._add(payload[at : at + size])
                at += size
            return bool(self._units)
        if not 0 < kind < _STAP_A:
            return False
        self._add(payload)
        return True

    def _take_fragment(self, payload: bytes) -> bool:
        start, end = payload[1] & 0x80, payload[1] & 0x40
        if bool(start) == bool(self._fragment) or len(payload) < 3:
            return False
        if start:
            self._fragment.append(payload[0] & 0xE0 | payload[1] & 31)
        self._fragment += payload[2:]
        # Counted with the rest while it grows.
        self._gathered += payload[2:]
        if end:
            unit, self._fragment = bytes(self._fragment), bytearray()
            self._note(unit)
        return True

    def _add(self, unit: bytes) -> None:
        self._gathered += unit
        self._note(unit)

    def _note(self, unit: bytes) -> None:
        kind = unit[0] & 31
        if kind == _SPS:
            self._sps = unit
        elif kind == _PPS:
            self._pps = unit
        self._units.append(unit)

    def _whole(self) -> Frame | None:
        if self._fragment:
            return None
        kinds = {unit[0] & 31 for unit in self._units}
        if not kinds & {_SLICE, _IDR, 2}:
            # Parameter sets in a time of their own: kept, and no picture.
            return None
        data = b"".join(_START + unit for unit in self._units)
        if _IDR not in kinds:
            return Frame(data, False)
        if not self._sps or not self._pps:
            return None
        header = _START + self._sps + _START + self._pps
        return Frame(data, True, h264_size(self._sps), header)


def h264_size(sps: bytes) -> Size | None:
    """Width and height in an H264 sequence parameter set (7.3.2.1.1); None when it is broken."""
    try:
        return _h264_size(Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except IndexError:
        return None


def _h264_size(bits: Bits) -> Size | None:
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma, separate = 1, 0
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135):
        chroma = bits.golomb()
        if chroma == 3:
            separate = bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            for number in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _skip_scaling(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.take(1)
    width, height = 16 * (bits.golomb() + 1), 16 * (bits.golomb() + 1)
    frames_only = bits.take(1)
    height *= 2 - frames_only
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        across = 2 if chroma in (1, 2) and not separate else 1
        down = (2 if chroma == 1 and not separate else 1) * (2 - frames_only)
        width -= across * (left + right)
        height -= down * (top + bottom)
    return (width, height) if 0 < width < 1 << 16 and 0 < height < 1 << 16 else None


def _skip_scaling(bits: Bits, length: int) -> None:
    last = following = 8
    for _ in range(length):
        if following:
            code = bits.golomb()
            following = (last + (code + 1) // 2 * (1 if code & 1 else -1)) % 256
        last = following or last
