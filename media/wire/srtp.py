"""SRTP in place: one reusable buffer, no copy, no object per packet.

It reaches libsrtp through the cffi module inside pylibsrtp, whose public API
copies each packet twice; where that module changes, the public API takes over at
a few microseconds more. It knows keys and bytes, not whose they are.
"""

from typing import Any

import cffi
import pylibsrtp
from pylibsrtp import Policy, Session

try:
    from pylibsrtp._binding import ffi as _ffi  # type: ignore[import-not-found]
    from pylibsrtp._binding import lib as _lib
except ImportError:  # the private module is gone: use the public API
    _ffi = _lib = None

_own = cffi.FFI()

IN_PLACE = _lib is not None
BUFFER_BYTES = 2048
# libsrtp writes its tag behind the packet without asking whether there is room.
TRAILER_BYTES = 144
REPLAY_WINDOW = 1024

# OpenSSL's name -> (libsrtp profile, key length, salt length), in order of preference.
PROFILES: dict[str, tuple[int, int, int]] = {
    "SRTP_AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    "SRTP_AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    "SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}


class Buffer:
    """A packet's place: `data` and `view` are the same bytes, `pointer` is libsrtp's sight of them
    and `address` the kernel's.

    A packet may have up to `BUFFER_BYTES`; behind it there is room for a trailer.
    """

    __slots__ = ("address", "data", "pointer", "view")

    def __init__(self) -> None:
        self.data = bytearray(BUFFER_BYTES + TRAILER_BYTES)
        self.view = memoryview(self.data)
        self.pointer: Any = _ffi.from_buffer(self.data) if _ffi is not None else None
        self.address = int(_own.cast("uintptr_t", _own.from_buffer(self.data)))


class Inbound:
    """The decrypting half of one transport. Replayed packets are refused, not errors of ours."""

    __slots__ = ("_length", "_session", "_srtp")

    def __init__(self, profile: str, key_and_salt: bytes, *, in_place: bool = IN_PLACE) -> None:
        self._session = _session(profile, key_and_salt, Policy.SSRC_ANY_INBOUND)
        self._srtp: Any = self._session._srtp[0] if in_place else None
        self._length: Any = _ffi.new("int *") if _ffi is not None else None

    def rtp(self, buffer: Buffer, length: int) -> int:
        """Decrypt in place; the new length, or 0 when the packet is refused."""
        if self._srtp is None:
            return _public(self._session.unprotect, buffer, length)
        self._length[0] = length
        if _lib.srtp_unprotect(self._srtp, buffer.pointer, self._length):
            return 0
        return int(self._length[0])

    def rtcp(self, buffer: Buffer, length: int) -> int:
        """As `rtp`, for a compound RTCP packet."""
        if self._srtp is None:
            return _public(self._session.unprotect_rtcp, buffer, length)
        self._length[0] = length
        if _lib.srtp_unprotect_rtcp(self._srtp, buffer.pointer, self._length):
            return 0
        return int(self._length[0])


class Outbound:
    """The encrypting half of one transport.

    Repeats are refused: the same SSRC and index twice breaks AES-GCM, so a
    retransmission has to be an RTX packet (RFC 4588).
    """

    __slots__ = ("_length", "_session", "_srtp")

    def __init__(self, profile: str, key_and_salt: bytes, *, in_place: bool = IN_PLACE) -> None:
        self._session = _session(profile, key_and_salt, Policy.SSRC_ANY_OUTBOUND)
        self._srtp: Any = self._session._srtp[0] if in_place else None
        self._length: Any = _ffi.new("int *") if _ffi is not None else None

    def rtp(self, buffer: Buffer, length: int) -> int:
        """Encrypt in place; the new length, or 0 when libsrtp refuses (a repeat)."""
        if self._srtp is None:
            return _public(self._session.protect, buffer, length)
        self._length[0] = length
        if _lib.srtp_protect(self._srtp, buffer.pointer, self._length):
            return 0
        return int(self._length[0])

    def rtcp(self, packet: bytes) -> bytes:
        """Encrypt a compound RTCP packet; empty when libsrtp refuses, or it fits in no datagram."""
        try:
            return self._session.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            return b""


def _session(profile: str, key_and_salt: bytes, direction: int) -> Session:
    policy = Policy(key=key_and_salt, ssrc_type=direction, srtp_profile=PROFILES[profile][0])
    policy.window_size = REPLAY_WINDOW
    policy.allow_repeat_tx = False
    return Session(policy)


def _public(step: Any, buffer: Buffer, length: int) -> int:
    try:
        result: bytes = step(bytes(buffer.view[:length]))
    except (pylibsrtp.Error, ValueError):
        return 0
    buffer.data[: len(result)] = result
    return len(result)
