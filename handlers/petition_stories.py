"""A petition as messages and lists tell of it: plain facts, read in one transaction.

They hold no words of ours, and nothing is looked up outside the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from storage import petitions
from storage.records import Attestation, Petition
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


def story_of(tx: Session, petition_id: str, *, cool_off: timedelta) -> PetitionStory | None:
    """The story; None if there is no such petition."""
    petition = petitions.look(tx, petition_id)
    return None if petition is None else _story(petition, petitions.attestations(tx, petition_id), cool_off)


def _story(petition: Petition, said: Sequence[Attestation], cool_off: timedelta) -> PetitionStory:
    return PetitionStory(
        id=petition.id,
        kind=PetitionKind(petition.kind),
        state=PetitionState(petition.state),
        account=petition.account,
        directory=petition.directory,
        name=petition.name,
        login=petition.login,
        team=petition.team,
        employment=petition.employment,
        manager=petition.manager,
        privileged=petition.privileged,
        explanation=petition.explanation,
        missing=dict(petition.missing),
        said=tuple(
            Word(name=one.name, role=one.role, rationale=one.rationale, proof=one.proof, at=one.at)
            for one in said
        ),
        asked_at=petition.asked_at,
        lapses_at=petition.lapses_at,
        decided_at=petition.decided_at,
        opens_at=petition.opens_at,
        closes_at=petition.closes_at,
        ended_at=petition.ended_at,
        ended_by=petition.ended_by,
        end_reason=petition.end_reason,
        end_words=petition.end_words,
        cool_off=cool_off,
    )
