"""Fresh proofs as rows: asked of one person for one thing, found while they are fresh, spent once.

It does not know how fresh a proof must be or what it is good for, and keeps no code.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, bindparam, update
from sqlmodel import Session, SQLModel, col, func, select

from storage.engine.changing import change_if, change_where, put
from storage.engine.plain import Plain, run
from storage.fresh import FreshProof
from storage.on_record import rests_on, was_put_back
from storage.records import Handle, StepUp, Vouching
from storage.signing import genuine, if_genuine
from storage.states import Purpose, Result

# Built once: each decision of a request erases, and mostly there is nothing.
_STEP_UPS = SQLModel.metadata.tables[StepUp.__tablename__]
_ERASE = Plain(
    update(_STEP_UPS).where(_STEP_UPS.c.about == bindparam("of")).values(rationale="", minutes=None)
)


class About(StrEnum):
    """What a fresh proof is for."""

    APPROVAL = "approval"
    PETITION = "petition"
    VOUCHING = "vouching"
    RULES = "rules"
    EMERGENCY = "emergency"


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Who it is asked of: a person, and the Slack account from which they decide. Both have to be the same."""

    directory: str
    account: str
    slack_team: str
    slack_user: str


def ask_for(tx: Session, handle: Handle, *, about: str, kind: About, thing: str, whom: str) -> StepUp:
    """Keep what this handle is to be proven for."""
    return put(tx, StepUp(handle=handle.id, about=about, kind=kind, thing=thing, whom=whom))


def step_up_of(tx: Session, handle: str) -> StepUp | None:
    """What this handle is for; None if it is for something else than a fresh proof."""
    return if_genuine(tx, tx.get(StepUp, handle))


def open_for(tx: Session, whose: Whose, about: str, *, until: datetime) -> Handle | None:
    """Their newest handle for this that nothing was proven by yet, if it is open at least until then."""
    theirs = (*_theirs(whose, about), col(Handle.result) == Result.OPEN, col(Handle.expires_at) >= until)
    found = select(Handle).join(StepUp, col(StepUp.handle) == col(Handle.id)).where(*theirs)
    return if_genuine(tx, tx.exec(found.order_by(col(Handle.id).desc()).limit(1)).first())


def proven_since(
    tx: Session, whose: Whose, about: str, since: datetime, *, until: datetime
) -> FreshProof | None:
    """What they last proved for this after `since`, if nothing rests on it yet.

    until: now, or as little later as clocks are apart. What is of later than that was proven before the clock was set
    back: nobody knows how long ago.
    """
    found = tx.exec(
        select(Handle, StepUp)
        .join(StepUp, col(StepUp.handle) == col(Handle.id))
        .where(
            *_theirs(whose, about),
            Handle.result == Result.DONE,
            col(Handle.done_at) > since,
            col(Handle.done_at) <= until,
        )
        .order_by(col(Handle.done_at).desc())
        .limit(1)
    ).first()
    if found is None or not (genuine(tx, found[0]) and genuine(tx, found[1])):
        return None
    handle = found[0]
    if handle.done_at is None or _was_spent(tx, found[1]):
        return None
    return FreshProof(handle=handle.id, kinds=tuple(handle.proven), at=handle.done_at)


def last_proven(tx: Session, directory: str, account: str, about: str) -> tuple[Handle, StepUp] | None:
    """The newest handle by which this person proved who they are for this, however long ago and wherever from."""
    return tx.exec(
        select(Handle, StepUp)
        .join(StepUp, col(StepUp.handle) == col(Handle.id))
        .where(
            StepUp.about == about, Handle.directory == directory, Handle.account == account,
            Handle.result == Result.DONE,
        )
        .order_by(col(Handle.id).desc())
        .limit(1)
    ).first()  # fmt: skip


def keep(tx: Session, handle: str, *, rationale: str, minutes: int | None) -> None:
    """Keep what they had typed, if anything, and that they decided without the proof once more."""
    words = {"rationale": rationale, "minutes": minutes} if rationale else {}
    change_if(tx, StepUp, handle, **words, tries=col(StepUp.tries) + 1)


def tries(tx: Session, whose: Whose, about: str) -> int:
    """How often they decided about this without a proof."""
    counted = select(func.coalesce(func.sum(col(StepUp.tries)), 0)).where(_handles(whose, about))
    return int(tx.exec(counted).one())


def kept(tx: Session, whose: Whose, about: str) -> StepUp | None:
    """The newest of theirs about this that holds what they had typed."""
    return tx.exec(
        select(StepUp)
        .where(_handles(whose, about), StepUp.rationale != "")
        .order_by(col(StepUp.handle).desc())
        .limit(1)
    ).first()


def erase(tx: Session, about: str, whose: Whose | None = None) -> None:
    """Erase what was typed about this: by one person, or by all."""
    if whose is None:
        run(tx.connection(), _ERASE, {"of": about})
        return
    change_where(tx, StepUp, _handles(whose, about), rationale="", minutes=None)


def erase_old(tx: Session, before: datetime) -> None:
    """Erase all words of those whose link was over before then."""
    over = select(Handle.id).where(Handle.purpose == Purpose.STEP_UP, col(Handle.expires_at) < before)
    which = (col(StepUp.thing) != "", col(StepUp.handle).in_(over))
    change_where(tx, StepUp, *which, rationale="", minutes=None, thing="", whom="")


def spend(tx: Session, handle: str, at: datetime) -> bool:
    """Let a decision rest on it. False if one does already."""
    return change_if(tx, StepUp, handle, col(StepUp.spent_at).is_(None), spent_at=at)


def _was_spent(tx: Session, row: StepUp) -> bool:
    """Whether the record says that something rests on it already, though the row does not."""
    story = row.about
    if row.kind == About.VOUCHING:  # told in the story of the visit that asked for somebody's word
        story = tx.exec(select(Vouching.handle).where(Vouching.id == row.about)).first() or row.about
    return was_put_back(tx, row, rests_on(tx, story, row.handle))


def _theirs(whose: Whose, about: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(StepUp.about) == about,
        col(StepUp.spent_at).is_(None),
        col(Handle.purpose) == Purpose.STEP_UP,
        *_visits(whose),
    )


def _handles(whose: Whose, about: str) -> ColumnElement[bool]:
    theirs = select(Handle.id).where(*_visits(whose))
    return and_(col(StepUp.about) == about, col(StepUp.handle).in_(theirs))


def _visits(whose: Whose) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Handle.directory) == whose.directory,
        col(Handle.account) == whose.account,
        col(Handle.slack_team) == whose.slack_team,
        col(Handle.slack_user) == whose.slack_user,
    )
