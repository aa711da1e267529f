"""The tree is the one of RFC 6962, told by its published vectors and by its own recursive definition."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    root_under,
    verify_consistency,
    verify_inclusion,
)

# transparency-dev/merkle, testonly/constants.go (Apache-2.0)
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(size: int) -> list[bytes]:
    """Leaf hashes of `size` different leaves."""
    return [leaf_hash(str(number).encode()) for number in range(size)]


def between(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """The roots over parts of these leaves, by the definition."""
    return lambda start, end: recursive_root(leaves[start:end])


def recursive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


def recursive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*recursive_path(index, leaves[:split]), recursive_root(leaves[split:])]
    return [*recursive_path(index - split, leaves[split:]), recursive_root(leaves[:split])]


def recursive_subproof(old: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if known else [recursive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*recursive_subproof(old, leaves[:split], known), recursive_root(leaves[split:])]
    return [*recursive_subproof(old - split, leaves[split:], False), recursive_root(leaves[:split])]


def test_a_leaf_and_a_node_hash_as_published() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert (
        node_hash(b"N123", b"N456").hex()
        == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root_of(leaf_hash(leaf) for leaf in LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", [*range(40), 1000])
def test_the_frontier_agrees_with_the_recursive_definition(size: int) -> None:
    leaves = leaves_of(size)
    assert root_of(leaves) == recursive_root(leaves)


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_a_frontier_survives_storage_at_every_size(leaves: list[bytes]) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    frontier = Frontier()
    for leaf in hashes:
        frontier = Frontier.from_bytes(frontier.to_bytes()).append(leaf)
    assert (frontier.size, frontier.root) == (len(hashes), recursive_root(hashes))


@pytest.mark.parametrize(
    "stored",
    [b"", b"\x00" * 7, b"\x00" * 9, b"\x00" * 7 + b"\x01", b"\x00" * 7 + b"\x01" + b"x" * 31, b"\xff" * 8],
)
def test_bytes_that_are_no_frontier_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="not a frontier"):
        Frontier.from_bytes(stored)


def test_a_frontier_with_the_wrong_peaks_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="32 bytes are not a frontier of 3 leaves"):
        Frontier(3, EMPTY_ROOT)
    with pytest.raises(ValueError, match="5 bytes are not a frontier"):
        Frontier(1, b"short")


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_inclusion_proofs_are_those_of_the_definition_and_verify(case: tuple[int, int]) -> None:
    size, index = case
    leaves = leaves_of(size)
    proof = inclusion_proof(between(leaves), index, len(leaves))
    assert proof == recursive_path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root_of(leaves))


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_consistency_proofs_are_those_of_the_definition_and_verify(case: tuple[int, int]) -> None:
    size, old = case
    leaves = leaves_of(size)
    proof = consistency_proof(between(leaves), old, len(leaves))
    assert proof == recursive_subproof(old, leaves, True)
    assert verify_consistency(old, size, proof, root_of(leaves[:old]), root_of(leaves))


def test_no_single_change_to_an_inclusion_proof_verifies() -> None:
    for size in range(1, 18):
        leaves = leaves_of(size)
        root = root_of(leaves)
        for index in range(size):
            leaf, proof = leaves[index], inclusion_proof(between(leaves), index, len(leaves))
            assert not verify_inclusion(EMPTY_ROOT, index, size, proof, root)
            assert not verify_inclusion(leaf, index, size, proof, EMPTY_ROOT)
            assert not verify_inclusion(leaf, index, size, [*proof, EMPTY_ROOT], root)
            assert not verify_inclusion(leaf, index, size, [*proof, root], root)
            for other in range(size):
                assert verify_inclusion(leaf, other, size, proof, root) == (other == index)
            for at in range(len(proof)):
                assert not verify_inclusion(leaf, index, size, proof[:at] + proof[at + 1 :], root)
                changed = [*proof[:at], EMPTY_ROOT, *proof[at + 1 :]]
                assert not verify_inclusion(leaf, index, size, changed, root)


def test_no_single_change_to_a_consistency_proof_verifies() -> None:
    for size in range(1, 18):
        leaves = leaves_of(size)
        root = root_of(leaves)
        for old in range(1, size + 1):
            old_root, proof = root_of(leaves[:old]), consistency_proof(between(leaves), old, len(leaves))
            assert not verify_consistency(old, size, proof, EMPTY_ROOT, root)
            assert not verify_consistency(old, size, proof, old_root, EMPTY_ROOT)
            assert not verify_consistency(old, size, [*proof, EMPTY_ROOT], old_root, root)
            for other in range(1, size + 1):
                assert verify_consistency(other, size, proof, old_root, root) == (other == old)
            for at in range(len(proof)):
                assert not verify_consistency(old, size, proof[:at] + proof[at + 1 :], old_root, root)
                changed = [*proof[:at], EMPTY_ROOT, *proof[at + 1 :]]
                assert not verify_consistency(old, size, changed, old_root, root)


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root"),
    [
        (b"x" * 31, 0, 1, [], b"x" * 31),
        (b"x" * 33, 0, 1, [], b"x" * 33),
        (b"", 0, 1, [], b""),
        (EMPTY_ROOT, 0, 0, [], EMPTY_ROOT),
        (EMPTY_ROOT, 1, 1, [], EMPTY_ROOT),
        (EMPTY_ROOT, -1, 1, [], EMPTY_ROOT),
        (EMPTY_ROOT, -1, -1, [], EMPTY_ROOT),
        (EMPTY_ROOT, False, True, [], EMPTY_ROOT),
        (EMPTY_ROOT, 0, 2**64, [], EMPTY_ROOT),
        (EMPTY_ROOT, 0, 1.0, [], EMPTY_ROOT),
        (EMPTY_ROOT, "0", 1, [], EMPTY_ROOT),
        (EMPTY_ROOT, 0, 1, None, EMPTY_ROOT),
        (EMPTY_ROOT, 0, 1, 5, EMPTY_ROOT),
        (EMPTY_ROOT, 0, 2, ["not bytes"], EMPTY_ROOT),
        (EMPTY_ROOT, 0, 2, "x" * 32, EMPTY_ROOT),
    ],
)
def test_a_malformed_inclusion_proof_is_false(
    leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes
) -> None:
    assert verify_inclusion(leaf, index, size, proof, root) is False


def test_a_proof_of_short_hashes_that_would_add_up_is_false() -> None:
    left, right = b"a" * 31, b"b" * 31
    assert verify_inclusion(left, 0, 2, [right], node_hash(left, right)) is False
    assert verify_consistency(1, 2, [right], left, node_hash(left, right)) is False


@pytest.mark.parametrize(
    ("old", "new", "proof", "old_root", "new_root"),
    [
        (0, 0, [], EMPTY_ROOT, EMPTY_ROOT),
        (0, 1, [], EMPTY_ROOT, leaf_hash(b"0")),
        (-1, 1, [], EMPTY_ROOT, EMPTY_ROOT),
        (2, 1, [], EMPTY_ROOT, EMPTY_ROOT),
        (1, 1, [], b"short", b"short"),
        (1, 1, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT),
        (3, 5, [], EMPTY_ROOT, EMPTY_ROOT),
        (True, True, [], EMPTY_ROOT, EMPTY_ROOT),
        (1, 2**63, [], EMPTY_ROOT, EMPTY_ROOT),
        (1, 1, None, EMPTY_ROOT, EMPTY_ROOT),
        (1, 2, [7], EMPTY_ROOT, EMPTY_ROOT),
    ],
)
def test_a_malformed_consistency_proof_is_false(
    old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes
) -> None:
    assert verify_consistency(old, new, proof, old_root, new_root) is False


def test_there_is_no_proof_for_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(between(leaves_of(3)), 3, 3)
    with pytest.raises(IndexError):
        inclusion_proof(between([]), 0, 0)
    for old in (0, 4):
        with pytest.raises(ValueError, match="no proof"):
            consistency_proof(between(leaves_of(3)), old, 3)


@given(st.lists(st.binary(), max_size=40), st.lists(st.binary(), max_size=40))
def test_many_leaves_at_once_make_the_tree_that_each_makes(before: list[bytes], more: list[bytes]) -> None:
    """T-1: whatever was there, the same frontier, and after each leaf the spine of the same root."""
    alone = Frontier()
    for leaf in before:
        alone = alone.append(leaf_hash(leaf))
    together, spines = alone.extend([leaf_hash(leaf) for leaf in more])
    expected = []
    for leaf in more:
        alone = alone.append(leaf_hash(leaf))
        expected.append((alone.root, alone.spine))
    assert together == alone
    assert [(root_under(spine), spine) for spine in spines] == expected
