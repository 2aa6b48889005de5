"""RTP payloads into coded frames, as a file holds them; nothing is decoded.

VP8 (RFC 7741), VP9 (RFC 9628), H264 (RFC 6184, non-interleaved) and AV1 (RTP Payload
Format For AV1 1.0). Pure: bytes in, bytes out, no library and no clock. What a stranger
may send ends in a frame, in nothing, or in the wish for a key frame; memory is bounded.
"""

from dataclasses import dataclass
from typing import Final

MAX_FRAME_BYTES: Final = 4 << 20
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded picture.

    `size` (width, height) is told by key frames alone. `header` is what a file must know
    before its first key frame: SPS and PPS of H264 (Annex B), the sequence header of AV1.
    """

    data: bytes
    key: bool
    size: Size | None = None
    header: bytes = b""


class Depacketiser:
    """Joins payloads, given in the order of their sequence, to frames.

    After a loss nothing comes before a key frame: `needs_key` says so. H264 waits for an
    IDR whose SPS and PPS it has seen.
    """

    def __init__(self) -> None:
        self.needs_key = True
        self._timestamp: int | None = None
        self._gathered = bytearray()

    def put(self, payload: bytes, timestamp: int, marker: bool, broken: bool) -> Frame | None:
        """The frame that this packet completes. `broken`: packets before it never came."""
        if broken or (self._timestamp is not None and timestamp != self._timestamp):
            # Packets are missing, or the frame before never got its last one.
            self.lose()
        try:
            if self._timestamp is None:
                if not self._begins(payload):
                    self.lose()
                    return None
                self._timestamp = timestamp
            sound = self._take(payload)
        except IndexError:
            sound = False
        if not sound or len(self._gathered) > MAX_FRAME_BYTES:
            # Out of place, cut short, or a frame without end, which must not fill the memory.
            self.lose()
            return None
        if not marker:
            return None
        try:
            frame = self._whole()
        except IndexError:
            frame = None
        self._forget()
        if frame is None or (self.needs_key and not frame.key):
            self.needs_key = True
            return None
        self.needs_key = False
        return frame

    def lose(self) -> None:
        """Drop what is unfinished and wait for a key frame."""
        self.needs_key = True
        self._forget()

    def _forget(self) -> None:
        self._timestamp = None
        self._gathered.clear()

    def _begins(self, payload: bytes) -> bool:
        """Whether a frame may begin with this payload."""
        raise NotImplementedError

    def _take(self, payload: bytes) -> bool:
        """Gather the payload; False when it does not belong here. May raise IndexError."""
        raise NotImplementedError

    def _whole(self) -> Frame | None:
        """What was gathered, as a frame. May raise IndexError."""
        raise NotImplementedError


# ---------------------------------------------------------------- VP8


def vp8_payload_at(data: bytes | bytearray | memoryview, head: int, end: int) -> int:
    """Where the VP8 payload starts behind its descriptor (RFC 7741, 4.2); 0 when it is cut short."""
    at = head + 1
    if end > head and data[head] & 0x80:
        if at >= end:
            return 0
        extension = data[at]
        at += 1
        if extension & 0x80:
            if at >= end:
                return 0
            at += 2 if data[at] & 0x80 else 1
        if extension & 0x40:
            at += 1
        if extension & 0x30:
            at += 1
    return at if at < end else 0


class Vp8(Depacketiser):
    """VP8 (RFC 7741)."""

    def _begins(self, payload: bytes) -> bool:
        return payload[0] & 0x17 == 0x10

    def _take(self, payload: bytes) -> bool:
        at = vp8_payload_at(payload, 0, len(payload))
        if not at or (self._gathered and self._begins(payload)):
            return False
        self._gathered += payload[at:]
        return True

    def _whole(self) -> Frame | None:
        data = bytes(self._gathered)
        key = not data[0] & 1
        return Frame(data, key, vp8_size(data) if key else None)


def vp8_size(frame: bytes) -> Size | None:
    """Width and height in a VP8 key frame's header (RFC 6386, 9.1)."""
    if len(frame) < 10 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None


# ---------------------------------------------------------------- VP9


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
    bits = _Bits(data)
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


# ---------------------------------------------------------------- H264

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
        return _h264_size(_Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except IndexError:
        return None


def _h264_size(bits: "_Bits") -> Size | None:
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


def _skip_scaling(bits: "_Bits", length: int) -> None:
    last = following = 8
    for _ in range(length):
        if following:
            code = bits.golomb()
            following = (last + (code + 1) // 2 * (1 if code & 1 else -1)) % 256
        last = following or last


# ---------------------------------------------------------------- AV1

_SEQUENCE, _DELIMITER, _TILES, _PADDING = 1, 2, 8, 15


class Av1(Depacketiser):
    """AV1 (RTP payload format 1.0) into temporal units of the low-overhead format, without delimiters."""

    def __init__(self) -> None:
        super().__init__()
        self._fragment = bytearray()
        self._continues = False
        self._fresh = False
        self._sequence = b""
        self._size: Size | None = None

    def _forget(self) -> None:
        super()._forget()
        self._fragment = bytearray()
        self._continues = self._fresh = False
        self._sequence = b""

    def _begins(self, payload: bytes) -> bool:
        return not payload[0] & 0x80

    def _take(self, payload: bytes) -> bool:
        first = payload[0]
        if bool(first & 0x80) != self._continues:
            return False
        self._fresh |= bool(first & 0x08)
        count = first >> 4 & 3
        at, number = 1, 0
        while at < len(payload):
            number += 1
            if count and number == count:
                size = len(payload) - at
            else:
                size, at = _leb128(payload, at)
            if not size or at + size > len(payload) or (count and number > count):
                return False
            self._fragment += payload[at : at + size]
            self._gathered += payload[at : at + size]
            at += size
            self._continues = at == len(payload) and bool(first & 0x40)
            if not self._continues and not self._end_unit():
                return False
        return number > 0

    def _end_unit(self) -> bool:
        """Write the gathered OBU with its size, unless it has no place in a file."""
        unit, self._fragment = bytes(self._fragment), bytearray()
        del self._gathered[len(self._gathered) - len(unit) :]
        head = 2 if unit[0] & 4 else 1
        body = unit[head:]
        if unit[0] & 2:
            size, at = _leb128(unit, head)
            body = unit[at : at + size]
            if len(body) != size:
                return False
        kind = unit[0] >> 3 & 15
        if kind in (_DELIMITER, _TILES, _PADDING):
            return True
        whole = bytes((unit[0] | 2,)) + unit[1:head] + _as_leb128(len(body)) + body
        if kind == _SEQUENCE:
            self._sequence = whole
            self._size = av1_size(body)
        self._gathered += whole
        return True

    def _whole(self) -> Frame | None:
        if self._continues or not self._gathered:
            return None
        key = self._fresh and bool(self._sequence)
        if not key:
            return Frame(bytes(self._gathered), False)
        return Frame(bytes(self._gathered), True, self._size, self._sequence)


def av1_size(sequence: bytes) -> Size | None:
    """Largest width and height in a sequence header OBU without its head (AV1 5.5); None when broken."""
    try:
        return _av1_size(_Bits(sequence))
    except IndexError:
        return None


def _av1_size(bits: "_Bits") -> Size:
    bits.take(3)
    bits.take(1)
    if bits.take(1):
        bits.take(5)
    else:
        delays = models = 0
        if bits.take(1):
            bits.take(64)
            if bits.take(1):
                bits.golomb()
            if models := bits.take(1):
                delays = bits.take(5) + 1
                bits.take(42)
        display = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if models and bits.take(1):
                bits.take(2 * delays + 1)
            if display and bits.take(1):
                bits.take(4)
    broad, high = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(broad) + 1, bits.take(high) + 1


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to four bytes, and where it ends. Raises IndexError."""
    value = 0
    for number in range(4):
        byte = data[at + number]
        value |= (byte & 127) << 7 * number
        if not byte & 128:
            return value, at + number + 1
    raise IndexError


def _as_leb128(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Bits:
    """Reads bits from the highest on; IndexError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """An Exp-Golomb number (H264 9.1), which is the uvlc() of AV1 too."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)


DEPACKETISERS: Final[dict[str, type[Depacketiser]]] = {
    "vp8": Vp8,
    "vp9": Vp9,
    "h264": H264,
    "av1": Av1,
}
"""By the codec's name, as FFmpeg has it."""
