"""VP8 payloads (RFC 7741) into frames, and what a frame's header tells (RFC 6386)."""

from media.codec.frames import Depacketiser, Frame, Size


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
