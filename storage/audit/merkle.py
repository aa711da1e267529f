"""The Merkle tree of RFC 6962 and RFC 9162 over SHA-256: roots, a growing frontier, proofs and verifiers.

Pure: bytes in, bytes out. It never reads or writes anything, and a verifier never raises on bad input.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1  # a tree size is a database integer
# Hashes in a stored tile (c2sp.org/tlog-tiles).
WIDTH = 256
_NODE = b"\x01"
MARK = b"\x02"
_sha256 = hashlib.sha256

# The root over the leaves from the one index up to the other; a proof asks for subtrees only.
Between = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf), 32 bytes."""
    return _sha256(b"\x00" + leaf).digest()


def mark_of(spine: bytes) -> bytes:
    """SHA-256(0x02 ‖ spine), 32 bytes: it binds to the same leaves as the root does, and costs one hash, not ten."""
    return _sha256(MARK + spine).digest()


def root_under(spine: bytes) -> bytes:
    """The root of the tree that has this spine (Frontier.spine), of one leaf at least."""
    return folded([spine[at : at + HASH_SIZE] for at in range(0, len(spine), HASH_SIZE)])


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes."""
    return _sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a growing tree must remember: its size and the roots of its whole subtrees, largest first, 32 bytes each.

    One peak for each bit set in `size`, so appending needs at most log2(size) hashes and no old leaf.
    """

    size: int = 0
    spine: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.spine) != HASH_SIZE * self.size.bit_count():
            raise ValueError(f"{len(self.spine)} bytes are not a frontier of {self.size} leaves")

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier with one more leaf, given by its leaf hash (32 bytes)."""
        return self.extend((leaf,))[0]

    def extend(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[bytes]]:
        """`append` for many leaf hashes, in this order, and the spine after each: a loop of its own, since it is run
        for every entry that is ever written.
        """
        size, spine, spines = self.size, self.spine, list[bytes]()
        for leaf in leaves:
            whole, rest, kept = leaf, size, len(spine)
            # Adding one to a binary number: each trailing 1 is a whole subtree as big as what is carried.
            while rest & 1:
                last = kept - HASH_SIZE
                whole = _sha256(_NODE + spine[last:kept] + whole).digest()
                kept = last
                rest >>= 1
            spine = spine[:kept] + whole
            size += 1
            spines.append(spine)
        return Frontier(size, spine), spines

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of its whole subtrees, largest first."""
        spine = self.spine
        return tuple(spine[at : at + HASH_SIZE] for at in range(0, len(spine), HASH_SIZE))

    def is_told_by(self, beside: bytes) -> bool:
        """Whether what stands beside the last entry is this tree's mark, or its root, as older versions wrote it."""
        return beside in (mark_of(self.spine), self.root)

    @property
    def root(self) -> bytes:
        """The root of the tree so far: 32 bytes, SHA-256 of nothing while it is empty."""
        return folded(self.peaks) if self.peaks else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """The size as 8 big-endian bytes, then the peaks, 32 bytes each."""
        return self.size.to_bytes(8, "big") + self.spine

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Frontier":
        """The frontier that `to_bytes` wrote. Anything else is a ValueError."""
        if len(stored) < 8:
            raise ValueError("these bytes are not a frontier")
        return cls(int.from_bytes(stored[:8], "big"), stored[8:])


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root over hashes that stand side by side (32 bytes each): of leaves, or of whole subtrees of one size."""
    row = list(hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # The last of an odd number goes up as it is: a tree splits at the largest power of two.
        odd = row[-1:] if len(row) & 1 else []
        pairs = zip(row[::2], row[1::2], strict=False)
        row = [_sha256(_NODE + left + right).digest() for left, right in pairs] + odd
    return row[0]


def folded(roots: Sequence[bytes]) -> bytes:
    """The root over subtrees that stand side by side, each larger than the next (Frontier.peaks are such)."""
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(between: Between, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of `size` leaves, nearest first (RFC 6962, 2.1.1).

    IndexError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(between(middle, end))
            end = middle
        else:
            path.append(between(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(between: Between, old_size: int, size: int) -> list[bytes]:
    """The hashes that show the first `old_size` of `size` leaves to be their beginning (RFC 6962, 2.1.2).

    ValueError unless 1 <= old_size <= size.
    """
    if not 1 <= old_size <= size:
        raise ValueError(f"no proof from {old_size} to {size} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(between(middle, end))
            end = middle
        else:
            path.append(between(start, middle))
            start = middle
    # The old root itself is known to the verifier; a smaller whole subtree is not.
    if start:
        path.append(between(start, end))
    return path[::-1]


def whole_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """What a subtree of the leaves from `start` up to `end` is folded from, as (height, number): number n of height h
    is the whole subtree over the leaves n·2^h up to (n+1)·2^h. Largest first; nothing if there are no leaves.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash is number `index` of the `size` leaves under this root (RFC 9162, 2.1.3.2).

    False for anything malformed: a hash not of 32 bytes, an index outside the tree, a proof of wrong length.
    """
    if not (_hashes(leaf, root, *_listed(proof)) and _whole(index, size) and 0 <= index < size):
        return False
    at, last, result = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(step, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, step)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the tree of `new_size` leaves begins with the tree of `old_size` (RFC 9162, 2.1.4.2).

    False for anything malformed: a hash not of 32 bytes, an old size below 1 or above the new one, a proof
    of a wrong length.
    """
    if not (_hashes(old_root, new_root, *_listed(proof)) and _whole(old_size, new_size)):
        return False
    if not 1 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        # A whole subtree: its root is the old root, so the proof leaves it out.
        path.insert(0, old_root)
    return bool(path) and _both_roots(path, old_size - 1, new_size - 1) == (old_root, new_root)


def _both_roots(path: list[bytes], at: int, last: int) -> tuple[bytes, bytes] | None:
    """The old and the new root that a consistency path leads to; None if it is too long or too short."""
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None


def _hashes(*candidates: object) -> bool:
    return all(isinstance(each, bytes) and len(each) == HASH_SIZE for each in candidates)


def _whole(*sizes: object) -> bool:
    return all(type(size) is int and size <= MAX_SIZE for size in sizes)


def _listed(proof: object) -> Sequence[object]:
    """The proof as a sequence; something that fails the hash check if it is none."""
    return proof if isinstance(proof, list | tuple) else (None,)
