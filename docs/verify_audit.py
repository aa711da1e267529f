"""Checks what Wicket says of its audit log, without Wicket: read this file whole, then believe what it prints.

    verify_audit.py KEY proof FILE [CHECKPOINT]      one entry, as `wicket audit prove` writes it
    verify_audit.py KEY continues FILE CHECKPOINT [OLDKEY]  that a later one keeps what this earlier one covers
    verify_audit.py KEY leaves FILE CHECKPOINT       all entries, as `wicket audit leaves` writes them, one a line

KEY is the log's public key as Wicket prints it, OLDKEY that of the earlier checkpoint if another. CHECKPOINT is a
file with one that you kept yourself, as from Slack; `proof` must be made under exactly that. Exit code: 0 it holds,
1 it does not, 2 called wrongly. It needs the package `cryptography`, and reads the named files alone. The tree is
that of RFC 6962 over SHA-256, the files are C2SP's signed-note, tlog-checkpoint, tlog-proof, signatures Ed25519.
"""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from itertools import islice

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, Ed25519PublicKey]
Checkpoint = tuple[str, int, bytes]  # the first line, how many entries, and the root
PROOF = "c2sp.org/tlog-proof@v1"


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Iterable[bytes]) -> tuple[int, bytes]:
    """How many there are, and the root over these leaf hashes, holding only the roots of whole subtrees."""
    subtrees: list[tuple[int, bytes]] = []  # how many leaves (1, 2, 4, 8 …), and the root: the largest first
    for root in hashes:
        size = 1
        while subtrees and subtrees[-1][0] == size:
            root, size = node_hash(subtrees.pop()[1], root), size * 2
        subtrees.append((size, root))
    count = sum(size for size, _ in subtrees)
    root = subtrees.pop()[1] if subtrees else hashlib.sha256(b"").digest()
    for _, left in reversed(subtrees):
        root = node_hash(left, root)
    return count, root


def root_by_inclusion(hashed: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which the path leads from leaf `index` of `size` (RFC 6962, 2.1.1)."""
    if (size == 1) != (not path):
        raise ValueError("the path has a wrong length")
    if size == 1:
        return hashed
    left = 1 << ((size - 1).bit_length() - 1)  # a tree splits at the largest power of two below its size
    if index < left:
        return node_hash(root_by_inclusion(hashed, index, left, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_inclusion(hashed, index - left, size - left, path[:-1]))


def roots_by_consistency(old: int, size: int, path: list[bytes], known: list[bytes]) -> tuple[bytes, bytes]:
    """The roots over the first `old` and all `size` leaves (RFC 6962, 2.1.2). known: the old root, if it is one."""
    if old == size and len(known + path) == 1:
        return (known + path)[0], (known + path)[0]
    if old == size or not path:
        raise ValueError("the path has a wrong length")
    left = 1 << ((size - 1).bit_length() - 1)
    if old <= left:
        before, after = roots_by_consistency(old, left, path[:-1], known)
        return before, node_hash(after, path[-1])
    before, after = roots_by_consistency(old - left, size - left, path[:-1], [])
    return node_hash(path[-1], before), node_hash(path[-1], after)


def unbase64(text: str, what: str, length: int = 0) -> bytes:
    """The bytes, if this is exactly how base64 writes them, and so many of them where that is asked for."""
    plain = len(text) % 4 == 0 and re.fullmatch("[A-Za-z0-9+/]*={0,2}", text)
    data = base64.b64decode(text) if plain else b""
    if base64.b64encode(data).decode() != text or len(data) != (length or len(data)):
        raise ValueError(f"{what} is malformed, or was not copied whole")
    return data


def read_number(text: str) -> int:
    if not re.fullmatch("0|[1-9][0-9]{0,17}", text):
        raise ValueError("a number is not written plainly")
    return int(text)


def read_key(text: str, what: str = "KEY") -> Key:
    """Name, id and public key; the id is the beginning of SHA-256(name, newline, 1, key)."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = unbase64(encoded, what, 33)
    own = hashlib.sha256(name.encode(errors="replace") + b"\n" + key).digest()[:4]
    if not name or key[0] != 1 or own.hex() != key_id:
        raise ValueError(f"{what} is not the public key of a log")
    return name, own, Ed25519PublicKey.from_public_bytes(key[1:])


def read_checkpoint(note: str, key: Key, path: str) -> Checkpoint:
    """What a signed note in a file says, if this key signed it. Signatures of others are none of our business."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f]", note):
        raise ValueError(f"{path} holds no checkpoint, or its line ends were changed")
    signed, what = False, f"a signature line in {path}"
    for line in signatures[:-1].split("\n"):
        name, _, encoded = line[2:].partition(" ")
        signature = unbase64(encoded, what)
        if not line.startswith("\u2014 ") or not name or len(signature) < 5:
            raise ValueError(f"{what} is malformed, or was not copied whole")
        if (name, signature[:4]) == key[:2]:
            try:
                key[2].verify(signature[4:], f"{text}\n".encode())
            except InvalidSignature:
                raise ValueError(f"the signature of the checkpoint in {path} is wrong") from None
            signed = True
    lines = text.split("\n")
    if not signed or len(lines) < 3:
        raise ValueError(f"the checkpoint in {path} is not signed by this key")
    if not re.fullmatch(re.escape(key[0]) + "(/epoch-[0-9a-f]{16})?", lines[0]):
        raise ValueError(f"the checkpoint in {path} is of another log")
    return lines[0], read_number(lines[1]), unbase64(lines[2], f"the root in {path}", 32)


def text_in(path: str) -> str:
    """What stands in a file; its line ends, newlines around it, and the mark some editors put first, are not signed."""
    with open(path, "rb") as file:
        read = file.read(1_000_001)
    text = read.decode("utf-8-sig", "replace")
    if len(read) > 1_000_000 or "\ufffd" in text:  # which stands for what is none
        raise ValueError(f"{path} is too long, or no text in UTF-8")
    return text.replace("\r\n", "\n").strip("\n") + "\n"


def check_proof(key: Key, path: str, held: str | None = None) -> str:
    head, _, note = text_in(path).partition("\n\n")
    lines = head.split("\n")
    if lines[0] != PROOF or [line[:6] for line in lines[1:3]] != ["extra ", "index "]:
        raise ValueError(f"{path} is not a proof that holds its entry")
    origin, size, root = read_checkpoint(note, key, path)
    leaf, index = unbase64(lines[1][6:], f"the line of the entry in {path}"), read_number(lines[2][6:])
    if held is not None and read_checkpoint(text_in(held), key, held) != (origin, size, root):
        raise ValueError("the proof is not made under your checkpoint")
    hashes = [unbase64(line, f"a hash in {path}", 32) for line in lines[3:]]
    if index >= size or root_by_inclusion(leaf_hash(leaf), index, size, hashes) != root:
        raise ValueError("the entry does not stand in the tree of the checkpoint")
    try:
        print(json.dumps(json.loads(leaf), indent=2))
    except (ValueError, RecursionError):
        raise ValueError("the entry stands in the log, but is nothing that can be read") from None
    return f"entry {index} of the {size} in the log {origin} says this"


def check_continues(key: Key, path: str, held: str, old_key: str = "") -> str:
    head, _, note = text_in(path).partition("\n\n")
    _, old, old_root = read_checkpoint(text_in(held), read_key(old_key, "OLDKEY") if old_key else key, held)
    _, size, root = read_checkpoint(note, key, path)
    lines = head.split("\n")
    hashes = [unbase64(line, f"a hash in {path}", 32) for line in lines[1:]]
    if lines[0] != f"old {old}" or not old <= size:
        raise ValueError("the proof does not begin at your checkpoint")
    both = roots_by_consistency(old, size, hashes, [old_root]) if old or hashes else (root_of(())[1], root)
    if both != (old_root, root):
        raise ValueError("the later checkpoint does not keep what yours covers")
    return f"the log over {size} entries begins with the {old} of your checkpoint, unchanged"


def check_leaves(key: Key, path: str, held: str) -> str:
    _, size, root = read_checkpoint(text_in(held), key, held)
    with open(path, "rb") as file:
        lines = islice(iter(lambda: file.readline(1_000_001), b""), size)
        count, whole = root_of(leaf_hash(line.rstrip(b"\n")) for line in lines)
    if count < size:
        raise ValueError(f"of the {size} entries of the checkpoint {size - count} are cut off the end")
    if whole != root:
        raise ValueError(f"the first {size} entries are not those that the checkpoint was signed for")
    return f"the first {size} entries are those that the checkpoint was signed for"


def main(arguments: list[str]) -> int:
    checks = {"proof": check_proof, "continues": check_continues, "leaves": check_leaves}
    counts = {"proof": (3, 4), "continues": (4, 5), "leaves": (4,)}
    if len(arguments) not in counts.get("".join(arguments[1:2]), ()):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(f"HOLDS: {checks[arguments[1]](read_key(arguments[0]), *arguments[2:])}.")
    except (ValueError, OSError) as reason:
        print(f"FAILS: {reason}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
