"""A petition as messages and lists tell of it: plain facts.

They hold no words of ours and look nothing up; handlers.petitions.telling fills them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.states import PetitionKind, PetitionState


@dataclass(frozen=True, kw_only=True)
class Word:
    """One approver's word. role: a handlers.decisions.standing.HelperRole. proof: a storage.proofs.ProofKind."""

    name: str
    role: str
    rationale: str
    proof: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PetitionStory:
    """Everything that is shown of one. The fields are those of the row."""

    id: str
    kind: PetitionKind
    state: PetitionState
    account: str
    directory: str
    name: str
    login: str
    team: str
    employment: str
    manager: str
    privileged: bool
    explanation: str
    missing: Mapping[str, int]
    said: tuple[Word, ...]
    asked_at: datetime
    lapses_at: datetime
    decided_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    end_words: str
    cool_off: timedelta
