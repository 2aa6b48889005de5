"""A file that whoever has no key can neither read nor change: how a backup is kept.

AES-256-GCM over pieces of a mebibyte, each under its own number and a mark for the last one, so that
none can be changed, moved, left out or cut off unseen (the STREAM construction of Hoang and others,
2015). The key of each file is drawn by HKDF-SHA256 from the key file and a salt that stands in its
head. It knows bytes alone, and can be read from any place in it.
"""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"yunjian sealed 1\n"
KEY_BYTES: Final = 32
"""A key file has as many or more: head -c 32 /dev/urandom."""
PIECE_BYTES: Final = 1024 * 1024
_SALT_BYTES: Final = 32
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = len(MAGIC) + _SALT_BYTES


class NotOpened(Exception):
    """The key is another one, or the file is not what it was."""


def read_key(path: Path) -> bytes:
    """The bytes of a key file. Raises ValueError when they are too few, OSError when it cannot be read."""
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path}: a key has {KEY_BYTES} bytes or more")
    return key


def is_sealed(path: Path) -> bool:
    """Whether the file begins as one that ``Sealer`` wrote."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class Sealer(io.RawIOBase):
    """Writes into ``file`` what is written here, sealed; whole once it is closed."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        self._file, self._cipher = file, _cipher(key, salt)
        self._waits = bytearray()
        self._number = 0
        file.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waits += data
        # The last piece has a mark of its own: whether one is it is known when more has come.
        while len(self._waits) > PIECE_BYTES:
            self._put(bytes(self._waits[:PIECE_BYTES]), last=False)
            del self._waits[:PIECE_BYTES]
        return len(data)

    def finish(self) -> None:
        """Write the last piece: without it nobody can open the file."""
        self._put(bytes(self._waits), last=True)
        self._waits.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads a sealed file from any place. Raises NotOpened, at once when its end is not the end."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size - _HEAD_BYTES
        self._pieces = max(1, -(-size // (PIECE_BYTES + _TAG_BYTES)))
        self._size = size - self._pieces * _TAG_BYTES
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        try:
            head = self._file.read(_HEAD_BYTES)
            if not head.startswith(MAGIC) or self._size < 0:
                raise NotOpened(f"{path} is no whole sealed file")
            self._cipher = _cipher(key, head[len(MAGIC) :])
            self._piece(self._pieces - 1)
        except BaseException:
            self._file.close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, into: Any) -> int:
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, PIECE_BYTES)
        told = self._piece(number)[start : start + len(into)]
        into[: len(told)] = told
        self._at += len(told)
        return len(told)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(_HEAD_BYTES + number * (PIECE_BYTES + _TAG_BYTES))
            sealed = self._file.read(PIECE_BYTES + _TAG_BYTES)
            try:
                piece = self._cipher.decrypt(
                    _nonce(number, number == self._pieces - 1), sealed, None
                )
            except InvalidTag:
                raise NotOpened("the key is another one, or the file is not what it was") from None
            self._held = (number, piece)
        return self._held[1]


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    drawn = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=MAGIC)
    return AESGCM(drawn.derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
