"""T-6, T-7: the proofs that transparency-dev/merkle publishes, and the ways in which it breaks them."""

import pytest

from storage.audit.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

from .test_merkle import LEAVES, ROOTS, between

HASHES = [leaf_hash(leaf) for leaf in LEAVES]
OTHER = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")
A, B, C, D, E, F = (
    bytes.fromhex(text)
    for text in (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    )
)
G = bytes.fromhex("b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f")
R = [bytes.fromhex(root) for root in ROOTS]

# Index from 0, size, path.
INCLUDED = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, R[4]]),
    (2, 3, [R[2]]),
    (1, 5, [R[1], B, D]),
]
# The earlier size, the later one, path.
CONTINUED = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, R[4]]), (2, 5, [B, D]), (6, 7, [F, G, R[4]])]


@pytest.mark.parametrize(("index", "size", "path"), INCLUDED)
def test_a_published_inclusion_proof_is_ours_and_no_broken_one_verifies(
    index: int, size: int, path: list[bytes]
) -> None:
    """T-6."""
    leaf, root = HASHES[index], root_of(HASHES[:size])
    assert inclusion_proof(between(HASHES), index, size) == path
    assert verify_inclusion(leaf, index, size, path, root)
    broken = [
        *((leaf, wrong, size, path, root) for wrong in (index - 1, index + 1, index ^ 2)),
        (leaf, index, size * 2, path, root),
        (leaf, index, size // 2, path, root),
        (b"WrongLeaf", index, size, path, root),
        (leaf, index, size, path, EMPTY_ROOT),
        (leaf, index, size, path, OTHER),
        *((leaf, index, size, [*path, more], root) for more in (b"", root)),
        *((leaf, index, size, [more, *path], root) for more in (b"", root)),
        *((leaf, index, size, flipped(path, at, 8), root) for at in range(len(path))),
        *([(leaf, index, size, path[:-1], root)] if path else []),
        *([(leaf, index, size, [path[0], OTHER, *path[1:]], root)] if len(path) > 1 else []),
    ]
    assert [given for given in broken if verify_inclusion(*given)] == []


@pytest.mark.parametrize(("old", "new", "path"), CONTINUED)
def test_a_published_consistency_proof_is_ours_and_no_broken_one_verifies(
    old: int, new: int, path: list[bytes]
) -> None:
    """T-7."""
    before, after = root_of(HASHES[:old]), root_of(HASHES[:new])
    assert consistency_proof(between(HASHES), old, new) == path
    assert verify_consistency(old, new, path, before, after)
    if not path:
        return
    broken = [
        *((wrong, new, path, before, after) for wrong in (old - 1, old + 1, old ^ 2)),
        (old, new * 2, path, before, after),
        (old, new // 2, path, before, after),
        (old, new, path, b"WrongRoot", after),
        (old, new, path, before, b"WrongRoot"),
        (old, new, path, after, before),
        (old, new, [], before, after),
        *((old, new, [*path, more], before, after) for more in (b"", before, after)),
        *((old, new, [more, *path], before, after) for more in (b"", before, after, path[0])),
        (old, new, path[:-1], before, after),
        *((old, new, flipped(path, at, 16), before, after) for at in range(len(path))),
    ]
    assert [given for given in broken if verify_consistency(*given)] == []


def flipped(path: list[bytes], at: int, bit: int) -> list[bytes]:
    """The path with one bit changed in one of its hashes."""
    changed = bytes([path[at][0] ^ bit]) + path[at][1:]
    return [*path[:at], changed, *path[at + 1 :]]
