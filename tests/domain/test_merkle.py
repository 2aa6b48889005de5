"""The tree against RFC 9162's definitions, written here as plain recursion, and against forgeries."""

from __future__ import annotations

import hashlib
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def k_of(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\0" + d[0])
    k = k_of(len(d))
    return sha(b"\1" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = k_of(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = k_of(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


leaves_of = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def test_known_roots() -> None:
    """The vectors of Certificate Transparency's reference implementation, for trees of 1 to 8 leaves."""
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    assert Tree().root() == EMPTY_ROOT == sha(b"")
    tree = Tree()
    for given_leaf, root in zip(INPUTS, roots, strict=True):
        tree.append(bytes.fromhex(given_leaf))
        assert tree.root().hex() == root


INPUTS = [
    "", "00", "10", "2021", "3031", "40414243",
    "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOT_5 = "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"
ROOT_6 = "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"
ROOT_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_known_proofs() -> None:
    """Six proofs over those leaves as transparency-dev's test data give them, byte for byte."""
    leaves = [bytes.fromhex(one) for one in INPUTS]
    of_five = [
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ]
    of_one = [
        "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    ]
    from_six = [
        "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ]
    assert inclusion_proof(leaves, 5) == [b64decode(one) for one in of_five]
    assert inclusion_proof(leaves[:5], 1) == [b64decode(one) for one in of_one]
    assert consistency_proof(leaves, 6) == [b64decode(one) for one in from_six]
    for number, index, size, root, proof in ((5, 5, 8, ROOT_8, of_five), (1, 1, 5, ROOT_5, of_one)):
        steps = [b64decode(one) for one in proof]
        assert verify_inclusion(leaves[number], index, size, steps, bytes.fromhex(root))
    steps = [b64decode(one) for one in from_six]
    assert verify_consistency(6, 8, bytes.fromhex(ROOT_6), bytes.fromhex(ROOT_8), steps)
    between = {
        (1, 8): [
            "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
            "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
            "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
        ],
        (2, 5): [
            "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
        ],
        (6, 7): [
            "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
            "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=",
            "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
        ],
    }
    for (old, new), proof in between.items():
        steps = [b64decode(one) for one in proof]
        assert consistency_proof(leaves[:new], old) == steps
        assert verify_consistency(old, new, mth(leaves[:old]), mth(leaves[:new]), steps)


def test_every_kind_of_forged_inclusion_is_refused() -> None:
    """The kinds of transparency-dev's forgeries, for each leaf of each tree of 1 to 8 leaves."""
    forged = 0
    leaves = [bytes.fromhex(one) for one in INPUTS]
    garbage = bytes(32)
    for size in range(1, 9):
        root = mth(leaves[:size])
        for index in range(size):
            leaf, good = leaves[index], path(index, leaves[:size])
            assert verify_inclusion(leaf, index, size, good, root)
            for place in (index - 1, index + 1, index ^ 2):
                assert not verify_inclusion(leaf, place, size, good, root)
            for other in (size * 2, size // 2):
                assert not verify_inclusion(leaf, index, other, good, root) or other == size
            assert not verify_inclusion(leaf + b"x", index, size, good, root)
            for wrong in (b"", sha(b""), sha(b"random"), garbage):
                assert not verify_inclusion(leaf, index, size, good, wrong)
            proofs = [[*good, b""], [*good, garbage], [*good, root], [b"", *good], [root, *good]]
            proofs += [[*good[:at], garbage, *good[at:]] for at in range(len(good))]
            proofs += [[*good[:at], *good[at + 1 :]] for at in range(len(good))]
            for at, step in enumerate(good):
                turned = bytes([step[0] ^ 8, *step[1:]])
                proofs.append([*good[:at], turned, *good[at + 1 :]])
            for proof in proofs:
                assert not verify_inclusion(leaf, index, size, proof, root), (size, index, proof)
                forged += 1
    assert forged >= 98


def test_every_kind_of_forged_consistency_is_refused() -> None:
    forged = 0
    leaves = [bytes.fromhex(one) for one in INPUTS]
    garbage = bytes(32)
    for second in range(2, 9):
        root2 = mth(leaves[:second])
        for first in range(1, second):
            root1, good = mth(leaves[:first]), subproof(first, leaves[:second], True)
            assert verify_consistency(first, second, root1, root2, good)
            for other in {first - 1, first + 1, first ^ 2} - {first}:
                assert not verify_consistency(other, second, root1, root2, good)
            for other in (second * 2, second // 2):
                assert not verify_consistency(first, other, root1, root2, good)
            assert not verify_consistency(first, second, root2, root1, good)
            assert not verify_consistency(first, second, sha(root1), root2, good)
            assert not verify_consistency(first, second, root1, sha(root2), good)
            proofs = [[], good[:-1], [*good, garbage], [*good, root1], [*good, root2]]
            proofs += [[garbage, *good], [root1, *good], [root2, *good]]
            for at, step in enumerate(good):
                turned = bytes([step[0] ^ 16, *step[1:]])
                proofs.append([*good[:at], turned, *good[at + 1 :]])
            for proof in proofs:
                assert not verify_consistency(first, second, root1, root2, proof), (first, second)
                forged += 1
    assert forged >= 98


@given(leaves_of)
def test_the_growing_tree_is_the_defined_one(leaves: list[bytes]) -> None:
    tree = Tree()
    for number, leaf in enumerate(leaves, 1):
        tree.append(leaf)
        assert tree.root() == mth(leaves[:number])
    assert tree.size == len(leaves)


@given(leaves_of, st.data())
def test_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    size, root = len(leaves), mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, index)
    assert proof == path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)

    assert not verify_inclusion(leaves[index] + b"!", index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, proof, sha(root))
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not verify_inclusion(leaves[index], -1, size, proof, root)
    assert not verify_inclusion(leaves[index], size, size, proof, root)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_inclusion(leaves[index], index, size, spoiled(proof, at, data), root)
    other = data.draw(st.integers(0, size - 1))
    if leaves[other] != leaves[index]:
        assert not verify_inclusion(leaves[index], other, size, path(other, leaves), root)


@given(leaves_of, st.data())
def test_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    second, root = len(leaves), mth(leaves)
    first = data.draw(st.integers(1, second))
    first_root = mth(leaves[:first])
    proof = consistency_proof(leaves, first)
    assert proof == subproof(first, leaves, True)
    assert verify_consistency(first, second, first_root, root, proof)

    assert not verify_consistency(first, second, sha(first_root), root, proof)
    assert not verify_consistency(first, second, first_root, sha(root), proof)
    assert not verify_consistency(first, second, first_root, root, [*proof, root])
    assert not verify_consistency(0, second, EMPTY_ROOT, root, [])
    assert not verify_consistency(second + 1, second, first_root, root, proof)
    if proof:
        assert not verify_consistency(first, second, first_root, root, proof[:-1])
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_consistency(first, second, first_root, root, spoiled(proof, at, data))


def spoiled(proof: list[bytes], at: int, data: st.DataObject) -> list[bytes]:
    """The proof with one bit of one hash turned."""
    bit = data.draw(st.integers(0, 255))
    step = bytearray(proof[at])
    step[bit // 8] ^= 1 << bit % 8
    return [*proof[:at], bytes(step), *proof[at + 1 :]]


def test_a_copy_grows_on_its_own() -> None:
    tree = Tree([b"a", b"b", b"c"])
    copy = tree.copy()
    copy.append(b"d")
    assert tree.root() == mth([b"a", b"b", b"c"])
    assert copy.root() == mth([b"a", b"b", b"c", b"d"])


def test_what_does_not_exist_has_no_proof() -> None:
    with pytest.raises(IndexError):
        inclusion_proof([b"a"], 1)
    with pytest.raises(ValueError, match="0"):
        consistency_proof([b"a"], 0)
    with pytest.raises(ValueError, match="2"):
        consistency_proof([b"a"], 2)
