"""One of two trees that are compared, and what may be said instead where that cannot be.

It reads no store: what a signed note says is found with the public key alone.
"""

from dataclasses import dataclass

from storage.audit.checkpoint import BadNote, Checkpoint, Verifier, verify_note


@dataclass(frozen=True, kw_only=True)
class NotProven:
    """Why no proof was made; `detail` is one sentence or several, fit to show. contradicts: the log is not sound."""

    detail: str
    contradicts: bool = False


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two trees to compare: how many entries, its root, and the signed note if there is one."""

    size: int
    root: bytes
    note: str | None = None
    checkpoint: Checkpoint | None = None


def signed_side(note: str, verifier: Verifier) -> Side | NotProven:
    """What a signed note says."""
    read = verify_note(note, verifier)
    if isinstance(read, BadNote):
        return NotProven(detail=f"A checkpoint cannot be trusted: {read.reason}.", contradicts=read.forged)
    return Side(size=read.size, root=read.root, note=note, checkpoint=read)
