"""A sealed file: read whole with its key, from any place, and with nothing changed, moved or cut off."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest

from server.store.sealing import KEY_BYTES, PIECE_BYTES, NotOpened, Opener, Sealer, is_sealed

KEY = os.urandom(KEY_BYTES)
SEALED_BYTES = PIECE_BYTES + 16


def sealed(path: Path, content: bytes, key: bytes = KEY) -> Path:
    with path.open("wb") as file:
        sealer = Sealer(file, key)
        for start in range(0, len(content), 300_001):
            sealer.write(content[start : start + 300_001])
        sealer.finish()
    return path


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7]
)
def test_what_was_sealed_is_read_from_any_place(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)
    path = sealed(tmp_path / "file", content)
    assert is_sealed(path)
    assert content[:64] not in path.read_bytes() or size < 64
    with io.BufferedReader(Opener(path, KEY)) as file:
        assert file.read() == content
        for start in (0, size // 2, max(0, size - 5)):
            file.seek(start)
            assert file.read(1000) == content[start : start + 1000]


def test_another_key_and_every_change_is_refused(tmp_path: Path) -> None:
    content = os.urandom(3 * PIECE_BYTES + 100)
    path = sealed(tmp_path / "file", content)
    whole = path.read_bytes()
    head = len(whole) - 3 * SEALED_BYTES - 116
    pieces = [whole[head + n * SEALED_BYTES : head + (n + 1) * SEALED_BYTES] for n in range(4)]
    other = sealed(tmp_path / "other", content).read_bytes()
    bad = {
        "a bit": whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:],
        "cut off": whole[:-116],
        "cut within": whole[:-50],
        "a piece left out": whole[:head] + pieces[0] + pieces[2] + pieces[3],
        "pieces exchanged": whole[:head] + pieces[1] + pieces[0] + pieces[2] + pieces[3],
        "of another file": whole[:head] + other[head:],
        "longer": whole + pieces[0],
        "empty": b"",
        "its head alone": whole[:head],
    }
    for what, changed in bad.items():
        path.write_bytes(changed)
        with pytest.raises(NotOpened), io.BufferedReader(Opener(path, KEY)) as file:
            assert file.read() == content, what
    path.write_bytes(whole)
    with pytest.raises(NotOpened):
        Opener(path, os.urandom(KEY_BYTES))
