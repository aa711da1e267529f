"""Proofs as files: that an entry stands in the tree of a signed checkpoint (C2SP tlog-proof), and that one checkpoint
continues another. Written, read and judged with the public key alone.

Pure, and it trusts nothing that it reads: what is wrong with a file is an answer with its reason, never an exception.
"""

import re
from dataclasses import dataclass

from storage.audit.checkpoint import BadNote, Checkpoint, Verifier, read_base64, to_base64, verify_note
from storage.audit.merkle import HASH_SIZE, leaf_hash, verify_consistency, verify_inclusion

# What a file may hold at most: a leaf of several hundred thousand bytes, far more than any entry has.
LARGEST = 1_000_000

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST_HASHES = 63


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """The leaf is number `index` of the tree that the checkpoint signs, `hashes` lead from it to the root.

    checkpoint: the whole signed note. leaf: the bytes that are hashed, which stand in the file as its extra data; None
    in a file that leaves them out.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    leaf: bytes | None

    def text(self) -> str:
        """The file."""
        extra = "" if self.leaf is None else f"extra {to_base64(self.leaf)}\n"
        return f"{_FIRST_LINE}\n{extra}index {self.index}\n{_lines(self.hashes)}\n{self.checkpoint}"


@dataclass(frozen=True, kw_only=True)
class Continuation:
    """The tree that the checkpoint signs begins with the `old` entries of an earlier one.

    C2SP has no file for it; this is the body with which a log asks a witness to sign (c2sp.org/tlog-witness).
    """

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The file."""
        return f"old {self.old}\n{_lines(self.hashes)}\n{self.checkpoint}"


@dataclass(frozen=True, kw_only=True)
class BadProof:
    """Why a file proves nothing; `reason` is a clause, fit to show.

    fails: it is a proof under this very key, and does not hold. Anything else is none, or another key's.
    """

    reason: str
    fails: bool = False


@dataclass(frozen=True, kw_only=True)
class Proven:
    """What was proven: this leaf is number `index` of the log, under this checkpoint."""

    index: int
    leaf: bytes
    checkpoint: Checkpoint


def read_proof(written: bytes) -> Inclusion | Continuation | BadProof:
    """What stands in a file. Never raises."""
    if len(written) > LARGEST:
        return BadProof(reason="it is too long to be a proof")
    try:
        head, gap, checkpoint = written.decode().partition("\n\n")
    except UnicodeError:
        return BadProof(reason="it is not UTF-8")
    if "\r" in head:
        return BadProof(reason="its line ends were changed, as by a mail program")
    lines = head.split("\n")
    if not gap or (lines[0] != _FIRST_LINE and not lines[0].startswith("old ")):
        return BadProof(
            reason=f"it is neither a {_FIRST_LINE} nor a proof that one checkpoint continues another"
        )
    if lines[0] == _FIRST_LINE:
        return _read_inclusion(lines[1:], checkpoint)
    old, hashes = _named_number(lines[0], "old"), _read_hashes(lines[1:])
    if old is None or hashes is None:
        return BadProof(reason="a line of it is malformed")
    return Continuation(old=old, hashes=hashes, checkpoint=checkpoint)


def judge(proof: Inclusion, verifier: Verifier) -> Proven | BadProof:
    """Whether the checkpoint is signed by this key and the leaf stands in its tree. Never raises."""
    checkpoint = verify_note(proof.checkpoint, verifier)
    if isinstance(checkpoint, BadNote):
        return _untrusted(checkpoint)
    if proof.leaf is None:
        return BadProof(reason="it does not hold the entry that it is about")
    if not verify_inclusion(
        leaf_hash(proof.leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root
    ):
        reason = "the entry does not stand where it says in the tree of the checkpoint"
        return BadProof(reason=reason, fails=True)
    return Proven(index=proof.index, leaf=proof.leaf, checkpoint=checkpoint)


def judge_continuation(proof: Continuation, old: Checkpoint, verifier: Verifier) -> Checkpoint | BadProof:
    """Whether the checkpoint in it is signed and its tree begins with that of `old`; that checkpoint. Never raises."""
    new = verify_note(proof.checkpoint, verifier)
    if isinstance(new, BadNote):
        return _untrusted(new)
    if proof.old != old.size:
        reason = f"it begins at {proof.old} entries, and the earlier checkpoint covers {old.size}"
        return BadProof(reason=reason, fails=True)
    if not continues(old, new, proof.hashes):
        reason = "its hashes do not lead from the earlier checkpoint to the later one"
        return BadProof(reason=reason, fails=True)
    return new


def continues(old: Checkpoint, new: Checkpoint, hashes: tuple[bytes, ...]) -> bool:
    """Whether these hashes show that the tree of `new` begins with that of `old`. Every tree begins with none."""
    if old.size == 0:
        return not hashes
    return verify_consistency(old.size, new.size, hashes, old.root, new.root)


def _untrusted(checkpoint: BadNote) -> BadProof:
    return BadProof(reason=f"its checkpoint cannot be trusted: {checkpoint.reason}", fails=checkpoint.forged)


def _read_inclusion(lines: list[str], checkpoint: str) -> Inclusion | BadProof:
    leaf: bytes | None = None
    if lines and lines[0].startswith("extra "):
        leaf = read_base64(lines[0].removeprefix("extra "))
        if leaf is None:
            return BadProof(reason="its extra data is malformed")
        lines = lines[1:]
    index = _named_number(lines[0], "index") if lines else None
    hashes = _read_hashes(lines[1:])
    if index is None or hashes is None:
        return BadProof(reason="a line of it is malformed")
    return Inclusion(index=index, hashes=hashes, checkpoint=checkpoint, leaf=leaf)


def _named_number(line: str, name: str) -> int | None:
    written = line.removeprefix(f"{name} ")
    return int(written) if written != line and _NUMBER.fullmatch(written) else None


def _read_hashes(lines: list[str]) -> tuple[bytes, ...] | None:
    hashes = [read_base64(line) for line in lines] if len(lines) <= _MOST_HASHES else [None]
    read = tuple(each for each in hashes if each is not None and len(each) == HASH_SIZE)
    return read if len(read) == len(hashes) else None


def _lines(hashes: tuple[bytes, ...]) -> str:
    return "".join(f"{to_base64(each)}\n" for each in hashes)
