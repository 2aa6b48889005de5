"""Where the header extensions of RTP packets are, found once in a stream and then only compared (RFC 8285). Pure."""

from typing import NamedTuple

from media.wire.sdp import MID_EXTENSION, REPAIRED_RID_EXTENSION, RID_EXTENSION, TWCC_EXTENSION


class Layout(NamedTuple):
    """Where the extensions of one stream's packets are.

    It changes seldom in a stream, and is proved for a packet by one comparison: of all between
    `first` and `head` that `mask` does not leave out as a value.
    """

    flags: int
    first: int
    mask: int
    marks: int
    head: int
    mid_at: int
    twcc_at: int

    def fits(self, data: bytearray, length: int) -> bool:
        flags, first, mask, marks, head, _, _ = self
        return (
            data[0] & 31 == flags
            and head <= length
            and int.from_bytes(data[first:head], "big") & mask == marks
        )


def read_layout(data: bytearray, length: int) -> tuple[Layout, bytes] | None:
    """Walk a packet's header extensions (RFC 8285, one byte); None when they are cut short.

    With the name of a layer, if there is one. Who gets the packet knows nothing of layers:
    padding takes its place.
    """
    flags = data[0] & 31
    first = 12 + 4 * (flags & 15)
    if not flags & 16:
        return (Layout(flags, first, 0, 0, first, 0, 0), b"") if first <= length else None
    head = first + 4 + 4 * (data[first + 2] << 8 | data[first + 3])
    if head > length:
        return None
    mid_at = twcc_at = 0
    rid = b""
    mask = bytearray(b"\xff") * (head - first)
    if data[first] == 0xBE and data[first + 1] == 0xDE:
        at = first + 4
        while at < head:
            mark = data[at]
            after = at + (mark & 15) + 2
            if mark == 0:
                at += 1
                continue
            if after > head:
                break
            number = mark >> 4
            if number == TWCC_EXTENSION and after == at + 3:
                twcc_at = at + 1
            elif number == MID_EXTENSION:
                mid_at = at + 1
            elif RID_EXTENSION <= number <= REPAIRED_RID_EXTENSION:
                rid = bytes(data[at + 1 : at + 2])
                data[at:after] = bytes(after - at)
            mask[at + 1 - first : after - first] = bytes(after - at - 1)
            at = after
    values = int.from_bytes(mask, "big")
    marks = int.from_bytes(data[first:head], "big") & values
    return Layout(flags, first, values, marks, head, mid_at, twcc_at), rid
