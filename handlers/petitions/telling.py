"""Reads a petition as it is told of, in one transaction.

Nothing is looked up outside the store.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from handlers.petitions.stories import PetitionStory, Word
from storage import petitions
from storage.records import Attestation, Petition
from storage.states import PetitionKind, PetitionState


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
