"""Fresh proofs as rows: asked of one person for one thing, found while they are fresh, spent once.

It does not know how fresh a proof must be or what it is good for, and keeps no code.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from storage.handles import Purpose, Result
from storage.records import Handle, StepUp


class About(StrEnum):
    """What a fresh proof is for."""

    APPROVAL = "approval"


@dataclass(frozen=True, kw_only=True)
class FreshProof:
    """Somebody proved who they are, for one thing. kinds: storage.proofs.ProofKind. handle: by which; at: when."""

    handle: str
    kinds: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Who it is asked of: a person, and the Slack account from which they decide. Both have to be the same."""

    directory: str
    account: str
    slack_team: str
    slack_user: str


def ask_for(tx: Session, handle: Handle, *, about: str, kind: About, thing: str, whom: str) -> StepUp:
    """Keep what this handle is to be proven for."""
    row = StepUp(handle=handle.id, about=about, kind=kind, thing=thing, whom=whom)
    tx.add(row)
    tx.flush()
    return row


def step_up_of(tx: Session, handle: str) -> StepUp | None:
    """What this handle is for; None if it is for something else than a fresh proof."""
    return tx.get(StepUp, handle)


def open_for(tx: Session, whose: Whose, about: str, *, until: datetime) -> Handle | None:
    """Their newest handle for this that nothing was proven by yet, if it is open at least until then."""
    return tx.exec(
        select(Handle)
        .join(StepUp, col(StepUp.handle) == col(Handle.id))
        .where(*_theirs(whose, about), Handle.result == Result.OPEN, col(Handle.expires_at) >= until)
        .order_by(col(Handle.id).desc())
        .limit(1)
    ).first()


def proven_since(tx: Session, whose: Whose, about: str, since: datetime) -> FreshProof | None:
    """What they last proved for this after then, if nothing rests on it yet."""
    found = tx.exec(
        select(Handle)
        .join(StepUp, col(StepUp.handle) == col(Handle.id))
        .where(*_theirs(whose, about), Handle.result == Result.DONE, col(Handle.done_at) > since)
        .order_by(col(Handle.done_at).desc())
        .limit(1)
    ).first()
    if found is None or found.done_at is None:
        return None
    return FreshProof(handle=found.id, kinds=tuple(found.proven), at=found.done_at)


def spend(tx: Session, handle: str, at: datetime) -> bool:
    """Let a decision rest on it. False if one does already."""
    spent = (
        update(StepUp)
        .where(col(StepUp.handle) == handle, col(StepUp.spent_at).is_(None))
        .values(spent_at=at)
        .returning(col(StepUp.handle))
        .execution_options(synchronize_session=False)
    )
    return tx.execute(spent).first() is not None


def _theirs(whose: Whose, about: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(StepUp.about) == about,
        col(StepUp.spent_at).is_(None),
        col(Handle.purpose) == Purpose.STEP_UP,
        col(Handle.directory) == whose.directory,
        col(Handle.account) == whose.account,
        col(Handle.slack_team) == whose.slack_team,
        col(Handle.slack_user) == whose.slack_user,
    )
