"""Where a stream may begin, read from one RTP packet's payload; nothing is decoded.

Pure functions over bytes, one for each codec: VP8 (RFC 7741), VP9 (RFC 9628), H264
(RFC 6184) and AV1 (the RTP payload format of the Alliance for Open Media, whose
aggregation header tells it without the dependency descriptor). Bytes that are cut short
or nonsense begin nothing; no function raises.
"""

from collections.abc import Callable

from media.codec.vp8 import vp8_payload_at

Data = bytes | bytearray | memoryview

_SPS = 7
_STAP_A = 24
_FU_A = 28


def begins_vp8(data: Data, head: int, end: int) -> bool:
    """Whether the packet holds the first bytes of a VP8 key frame."""
    at = vp8_payload_at(data, head, end)
    return at > 0 and data[head] & 0x17 == 0x10 and not data[at] & 1


def begins_vp9(data: Data, head: int, end: int) -> bool:
    """Whether it is the start of a VP9 frame that is predicted from none, in the lowest layer.

    Of a frame of several spatial layers only the first begins (RFC 9628, 4.2).
    """
    if head >= end:
        return False
    flags = data[head]
    # I P L F B E V Z: P, predicted from earlier pictures; B, start of a frame.
    if flags & 0x40 or not flags & 0x08:
        return False
    at = head + 1
    if flags & 0x80:
        if at >= end:
            return False
        at += 2 if data[at] & 0x80 else 1
    if flags & 0x20:
        if at >= end:
            return False
        # T T T U S S S D
        return not data[at] & 0x0F
    return at < end


def begins_h264(data: Data, head: int, end: int) -> bool:
    """Whether the packet brings a sequence parameter set, with which every IDR of WebRTC begins.

    A file or a decoder that begins with an IDR alone knows no size (RFC 6184, 8.4).
    """
    if head >= end:
        return False
    kind = data[head] & 31
    if kind == _SPS:
        return head + 1 < end
    if kind == _STAP_A:
        at = head + 1
        while at + 2 < end:
            size = data[at] << 8 | data[at + 1]
            if not size or at + 2 + size > end:
                return False
            if data[at + 2] & 31 == _SPS:
                return True
            at += 2 + size
        return False
    return kind == _FU_A and head + 1 < end and data[head + 1] & 0x9F == 0x80 | _SPS


def begins_av1(data: Data, head: int, end: int) -> bool:
    """Whether the packet is the first of a coded video sequence: Z clear and N set."""
    return head + 1 < end and data[head] & 0x88 == 0x08


BEGINS: dict[str, Callable[[Data, int, int], bool]] = {
    "VP8": begins_vp8,
    "VP9": begins_vp9,
    "H264": begins_h264,
    "AV1": begins_av1,
}
"""`(data, head, end)` → whether a picture may begin with the payload `data[head:end]`."""
