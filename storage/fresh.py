"""A fresh proof, as those hear of it who ask for one, rest on it and tell of it.

Plain facts: storage.step_ups finds and spends it.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class FreshProof:
    """Somebody proved who they are, for one thing. kinds: storage.proofs.ProofKind. handle: by which; at: when."""

    handle: str
    kinds: tuple[str, ...]
    at: datetime
