"""What the ledger keeps outside the database: the key, the leaves in order, the signed heads.

`leaves` has one line a leaf (`<hash> <version> <subject>`), `heads.jsonl` one signed
{size, root, at} a batch (Ed25519 over its RFC 8785 form). Who can rewrite the database
alone cannot rewrite these, so that even a ledger made anew is found out. All of it is
plain blocking file work for a thread; it knows no database.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from server.store.ledger.merkle import Tree

KEY: Final = "key"
PUBLIC_KEY: Final = "key.pub"
LEAVES: Final = "leaves"
HEADS: Final = "heads.jsonl"
LAST_BYTES: Final = 4_096
"""Within so many the newest head ends the file: a line has some 300."""


class JournalDamaged(RuntimeError):
    """The files of the journal contradict each other; the message says how."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of the tree: the hash of an entry (hex), and which entry it is."""

    hash: str
    subject: str
    version: int

    def line(self) -> str:
        return f"{self.hash} {self.version} {self.subject}\n"

    @classmethod
    def of_line(cls, line: str) -> Leaf:
        hash_, version, subject = line.rstrip("\n").split(" ", 2)
        bytes.fromhex(hash_)
        return cls(hash_, subject, int(version))


@dataclass(frozen=True, slots=True)
class Head:
    """A signed root: of the first `size` leaves, at a moment (RFC 3339 UTC)."""

    size: int
    root: str
    at: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        encoded: bytes = rfc8785.dumps({"at": self.at, "root": self.root, "size": self.size})
        return encoded

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(base64.b64decode(self.signature), self.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return True

    def line(self) -> str:
        return (
            json.dumps(
                {"size": self.size, "root": self.root, "at": self.at, "signature": self.signature}
            )
            + "\n"
        )

    @classmethod
    def of_line(cls, line: str) -> Head:
        members = json.loads(line)
        return cls(int(members["size"]), members["root"], members["at"], str(members["signature"]))


class Journal:
    """The writer's side. `open` reads what is there; `append` adds a batch and its head."""

    def __init__(self, folder: Path, key: Ed25519PrivateKey, tree: Tree, length: int) -> None:
        self._folder = folder
        self._key = key
        self._length = length  # bytes of leaves under the last head
        self.tree = tree
        """The tree of all leaves under the last head."""

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """Open the folder, making it and a key when missing.

        What an interruption left of a torn head is cut off. JournalDamaged when
        the leaves do not add up to the last head.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _key(folder)
        last = _cut_and_read_last_head(folder / HEADS)
        leaves = folder / LEAVES
        leaves.touch(mode=0o600)
        tree = Tree()
        length = 0
        with leaves.open("rb") as file:
            for line in itertools.islice(file, last.size if last else 0):
                try:
                    tree.append(bytes.fromhex(Leaf.of_line(line.decode()).hash))
                except ValueError:
                    raise JournalDamaged(f"leaf {tree.size} of the journal is unreadable") from None
                length += len(line)
        if last is not None:
            if not last.signed_by(key.public_key()):
                raise JournalDamaged(f"the head over {last.size} leaves has a wrong signature")
            if (tree.size, tree.root().hex()) != (last.size, last.root):
                raise JournalDamaged(
                    f"the journal's leaves do not add up to the head over {last.size}"
                )
        return cls(folder, key, tree, length)

    def append(self, leaves: Sequence[Leaf], at: str) -> Head:
        """Write the leaves, then the signed head over all of them; both are synced.

        OSError when they cannot be written: the journal then stands where it stood.
        """
        tree = self.tree.copy()
        for leaf in leaves:
            tree.append(bytes.fromhex(leaf.hash))
        unsigned = Head(tree.size, tree.root().hex(), at)
        signature = base64.b64encode(self._key.sign(unsigned.signed_bytes())).decode()
        head = Head(unsigned.size, unsigned.root, at, signature)
        # Leaves that no head covers are from an append that failed or was interrupted.
        os.truncate(self._folder / LEAVES, self._length)
        length = _append(self._folder / LEAVES, (leaf.line() for leaf in leaves))
        _append(self._folder / HEADS, (head.line(),))
        self.tree, self._length = tree, length
        return head


class Records:
    """The reader's side: what is in the folder, believed only as far as it is signed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def public_key(self) -> Ed25519PublicKey | None:
        """The key that heads are checked with; None when nothing was ever signed here."""
        try:
            key = load_pem_public_key((self._folder / PUBLIC_KEY).read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(key, Ed25519PublicKey):
            raise JournalDamaged(f"{PUBLIC_KEY} is no Ed25519 key")
        return key

    def heads(self) -> list[Head | None]:
        """All whole lines, oldest first; None stands for one that is unreadable."""
        heads: list[Head | None] = []
        for line in _whole_lines(self._folder / HEADS):
            try:
                heads.append(Head.of_line(line.decode()))
            except (ValueError, KeyError, TypeError):
                heads.append(None)
        return heads

    def last_head(self) -> Head | None:
        """The newest whole line that can be read; None where none was ever signed. However many there are, only the end
        of the file is read."""
        try:
            with (self._folder / HEADS).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_BYTES))
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return None
        for line in reversed(lines):
            try:
                if line.endswith(b"\n"):
                    return Head.of_line(line.decode())
            except (ValueError, KeyError, TypeError):
                continue
        return None

    def leaves(self) -> Iterator[Leaf | None]:
        """All whole lines in order; None stands for one that is unreadable."""
        for line in _whole_lines(self._folder / LEAVES):
            try:
                yield Leaf.of_line(line.decode())
            except ValueError:
                yield None


def read_heads(path: Path) -> list[Head]:
    """Heads that were kept in a file, a line each. ValueError for one that is none, and for no head."""
    try:
        heads = [Head.of_line(line) for line in path.read_text().splitlines() if line.strip()]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} has a line that is no head") from None
    if not heads:
        raise ValueError(f"{path} has no head")
    return heads


def _whole_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return


def _cut_and_read_last_head(path: Path) -> Head | None:
    path.touch(mode=0o600)
    last, length = b"", 0
    for line in _whole_lines(path):
        last = line
        length += len(line)
    os.truncate(path, length)
    if not last:
        return None
    try:
        return Head.of_line(last.decode())
    except (ValueError, KeyError, TypeError):
        raise JournalDamaged("the last head is unreadable") from None


def _append(path: Path, lines: Iterable[str]) -> int:
    """Append and sync; returns the new length in bytes. All or nothing, unless killed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        try:
            content = memoryview("".join(lines).encode())
            while content:
                content = content[os.write(descriptor, content) :]
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def _key(folder: Path) -> Ed25519PrivateKey:
    path = folder / KEY
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
    if not isinstance(key, Ed25519PrivateKey):
        raise JournalDamaged(f"{KEY} is no Ed25519 key")
    public = folder / PUBLIC_KEY
    if not public.exists():
        public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    return key
