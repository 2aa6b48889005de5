"""The codecs whose payloads can be joined to frames."""

from typing import Final

from media.codec.av1 import Av1
from media.codec.frames import Depacketiser
from media.codec.h264 import H264
from media.codec.vp8 import Vp8
from media.codec.vp9 import Vp9

DEPACKETISERS: Final[dict[str, type[Depacketiser]]] = {
    "vp8": Vp8,
    "vp9": Vp9,
    "h264": H264,
    "av1": Av1,
}
"""By the codec's name, as FFmpeg has it."""
