"""Inclusion proofs out of the journal, at the cost of the leaves that are asked about and not of all that there are.

The root of each whole block of 4,096 leaves is computed once in a process, and with it kept where the block begins in
the file: some 70 bytes a block. Blocks lie under a signed head, so that they never change; what does not add up to
the head that is asked for is refused, and forgotten. Blocking file work for a thread; several may ask at once.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from server.store.ledger.journal import LEAVES, Head, JournalDamaged, Leaf
from server.store.ledger.merkle import Tree, node_hash, proofs_by, split

BLOCK: Final = 4_096
"""A power of two, so that every part of a tree that is larger begins and parts at one."""


@dataclass(slots=True)
class _Read:
    """A block of which single leaves were wanted, as it was last read."""

    number: int = -1
    leaves: tuple[bytes, ...] = ()


class Blocks:
    """The journal's leaves in one folder, as far as proofs ask for them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / LEAVES
        self._lock = threading.Lock()
        self._roots: list[bytes] = []
        self._starts = [0]
        """Where each block begins in the file, and where the first one that is not known yet does."""

    def proofs(self, head: Head, asked: Iterable[int]) -> dict[int, list[bytes]]:
        """The path of each of these leaves to the head, lowest first (RFC 9162 2.1.3.1).

        IndexError: the head has no such leaf. JournalDamaged: the leaves do not add up to it.
        """
        with self._lock, self._open() as file:
            try:
                self._learn(file, head.size // BLOCK)
                last = _Read()

                def root_of(start: int, end: int) -> bytes:
                    if end - start > BLOCK:
                        middle = start + split(end - start)
                        return node_hash(root_of(start, middle), root_of(middle, end))
                    number, first = divmod(start, BLOCK)
                    if end - start == BLOCK:
                        return self._roots[number]
                    if last.number != number:
                        file.seek(self._starts[number])
                        count = min(BLOCK, head.size - number * BLOCK)
                        last.number, last.leaves = number, tuple(_leaf(file) for _ in range(count))
                    return Tree(last.leaves[first : first + end - start]).root()

                root, proofs = proofs_by(head.size, asked, root_of)
                if root.hex() != head.root:
                    raise JournalDamaged(
                        f"the journal's leaves do not add up to the head over {head.size}"
                    )
            except JournalDamaged:
                self._roots, self._starts = [], [0]
                raise
        return proofs

    def _open(self) -> BinaryIO:
        try:
            return self._file.open("rb")
        except FileNotFoundError:
            raise JournalDamaged("the journal has no leaves") from None

    def _learn(self, file: BinaryIO, count: int) -> None:
        """Know this many blocks."""
        file.seek(self._starts[-1])
        while len(self._roots) < count:
            root = Tree(_leaf(file) for _ in range(BLOCK)).root()
            self._roots.append(root)
            self._starts.append(file.tell())


def _leaf(file: BinaryIO) -> bytes:
    line = file.readline()
    try:
        return bytes.fromhex(Leaf.of_line(line.decode()).hash)
    except ValueError:
        raise JournalDamaged("a leaf of the journal is unreadable") from None
