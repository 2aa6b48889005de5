"""The Merkle tree of RFC 9162 section 2.1 over SHA-256: roots, and proofs that are checked.

A leaf is any byte string; the tree hashes it with the prefix 0x00, and two nodes with
0x01, so that a leaf can never pass for a node. Pure: it knows no ledger and no file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_BYTES: Final = 32


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that only grows, as the roots of its perfect subtrees: memory grows with log2(size)."""

    __slots__ = ("_subtrees", "size")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []  # widest first; one for each bit of size that is set
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add `leaf` as number `size`, counted from 0."""
        node = leaf_hash(leaf)
        width = self.size
        while width & 1:
            node = node_hash(self._subtrees.pop(), node)
            width >>= 1
        self._subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far; of none, SHA-256 of nothing."""
        if not self._subtrees:
            return EMPTY_ROOT
        node = self._subtrees[-1]
        for subtree in reversed(self._subtrees[:-1]):
            node = node_hash(subtree, node)
        return node

    def copy(self) -> Tree:
        """A tree of the same leaves that grows on its own."""
        other = Tree()
        other.size = self.size
        other._subtrees = self._subtrees.copy()
        return other


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The path from leaf number `index` to the root of `leaves` (RFC 9162 2.1.3.1), lowest first.

    IndexError when there is no such leaf.
    """
    return proofs_by(len(leaves), [index], lambda start, end: Tree(leaves[start:end]).root())[1][
        index
    ]


def proofs_by(
    size: int, indices: Iterable[int], root_of: Callable[[int, int], bytes]
) -> tuple[bytes, dict[int, list[bytes]]]:
    """The root of ``size`` leaves, and the paths of several of them at once, by number. ``root_of`` tells the root of
    the leaves from one number to below another, of parts that do not overlap.

    IndexError when there is no such leaf.
    """
    proofs: dict[int, list[bytes]] = {index: [] for index in indices}
    for index in proofs:
        if not 0 <= index < size:
            raise IndexError(index)

    def root(start: int, end: int, asked: Sequence[int]) -> bytes:
        if not asked or end - start == 1:
            return root_of(start, end)
        middle = start + split(end - start)
        below = [index for index in asked if index < middle]
        above = [index for index in asked if index >= middle]
        left, right = root(start, middle, below), root(middle, end, above)
        for index in below:
            proofs[index].append(right)
        for index in above:
            proofs[index].append(left)
        return node_hash(left, right)

    return root(0, size, sorted(proofs)), proofs


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root`.

    The algorithm of RFC 9162 2.1.3.2. False for anything malformed.
    """
    if not 0 <= index < size:
        return False
    number, last, node = index, size - 1, leaf_hash(leaf)
    for step in proof:
        if last == 0 or len(step) != HASH_BYTES:
            return False
        if number & 1 or number == last:
            node = node_hash(step, node)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            node = node_hash(node, step)
        number >>= 1
        last >>= 1
    return last == 0 and node == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """That the tree of the first `first` leaves is a beginning of the tree of all (RFC 9162 2.1.4.1).

    Empty when both are the same tree. ValueError unless 0 < first <= len(leaves).
    """
    if not 0 < first <= len(leaves):
        raise ValueError(first)
    proof: list[bytes] = []
    start, end = 0, len(leaves)
    while first != end:
        middle = start + split(end - start)
        if first <= middle:
            proof.append(Tree(leaves[middle:end]).root())
            end = middle
        else:
            proof.append(Tree(leaves[start:middle]).root())
            start = middle
    if start:
        proof.append(Tree(leaves[start:end]).root())
    return proof[::-1]


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `first` leaves is a beginning of that of `second`.

    The algorithm of RFC 9162 2.1.4.2. False for anything malformed, and for an empty first tree.
    """
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if not proof or any(len(step) != HASH_BYTES for step in proof):
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    number, last = first - 1, second - 1
    while number & 1:
        number >>= 1
        last >>= 1
    first_node = second_node = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first_node = node_hash(step, first_node)
            second_node = node_hash(step, second_node)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            second_node = node_hash(second_node, step)
        number >>= 1
        last >>= 1
    return last == 0 and first_node == first_root and second_node == second_root


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
