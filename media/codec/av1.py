"""AV1 payloads (RTP Payload Format For AV1 1.0) into temporal units, and what a sequence header tells."""

from media.codec.bits import Bits
from media.codec.frames import Depacketiser, Frame, Size

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
        return _av1_size(Bits(sequence))
    except IndexError:
        return None


def _av1_size(bits: Bits) -> Size:
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
