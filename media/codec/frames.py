"""RTP payloads into coded frames, as a file holds them; nothing is decoded.

What holds for every codec; each has a module of its own beside this one. Pure: bytes in,
bytes out, no library and no clock. What a stranger may send ends in a frame, in nothing, or
in the wish for a key frame; memory is bounded.
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
