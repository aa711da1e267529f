"""Petitions as rows: made, moved from state to state, found; and the word of each approver, once.

It decides no move; one that the table of states does not have fails.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.audit import log
from storage.engine import upserts
from storage.engine.changing import change, unsign
from storage.engine.plain import Plain, rows, run
from storage.on_record import has_happened, was_put_back
from storage.records import Attestation, Petition
from storage.signing import genuine, only_genuine, signed
from storage.states import PETITION_FOLLOWS, PetitionState

_PETITIONS, _ATTESTATIONS = (SQLModel.metadata.tables[one.__tablename__] for one in (Petition, Attestation))
_ADD, _ATTEST = upserts.or_nothing(_PETITIONS), upserts.or_nothing(_ATTESTATIONS)
# What is on the record of each petition that is over.
_ENDS = frozenset(f"petition.{state}" for state in PetitionState if not PETITION_FOLLOWS.get(state))
_DUE = Plain(
    pick(_PETITIONS.c.id)
    .where(
        _PETITIONS.c.ended_at.is_(None),
        (_PETITIONS.c.next_at <= bindparam("at")) | (_PETITIONS.c.asked_at > bindparam("at")),
    )
    .order_by(_PETITIONS.c.next_at)
    .limit(bindparam("most"))
)


def add(tx: Session, petition: Petition) -> bool:
    """Keep a new one. False if this person has one that is not over."""
    return run(tx.connection(), _ADD, signed(tx, _PETITIONS.name, petition.model_dump())) == 1


def get(tx: Session, petition_id: str) -> Petition | None:
    """The petition, held until the transaction ends where it writes."""
    return _counts(tx, tx.get(Petition, petition_id, with_for_update=True, populate_existing=True))


def look(tx: Session, petition_id: str) -> Petition | None:
    """The same, to read only."""
    return _counts(tx, tx.get(Petition, petition_id))


def open_of(tx: Session, directory: str, account: str) -> Petition | None:
    """The one of this person that is not over."""
    found = tx.exec(
        select(Petition)
        .where(Petition.directory == directory, Petition.account == account, col(Petition.ended_at).is_(None))
        .with_for_update()
    )
    return next((one for one in found if _counts(tx, one)), None)


def end_spoilt(tx: Session, petition_id: str, at: datetime) -> Petition | None:
    """End one that is open and does not count, so that its person can ask anew; None if it is none of that kind."""
    found = tx.get(Petition, petition_id, with_for_update=True, populate_existing=True)
    if found is None or found.ended_at is not None or _counts(tx, found):
        return None
    change(tx, found, state=PetitionState.VOIDED, ended_at=at)
    unsign(tx, found)
    return found


def spoilt_of(tx: Session, directory: str, account: str) -> Sequence[str]:
    """The ids of those of this person that are open and do not count."""
    found = tx.exec(
        select(Petition).where(
            Petition.directory == directory, Petition.account == account, col(Petition.ended_at).is_(None)
        )
    ).all()
    return [one.id for one in found if not _counts(tx, one)]


def opened_since(tx: Session, directory: str, account: str, since: datetime) -> bool:
    """Whether one of this person's was opened since then, as the rows have it or the record: a row that is gone, or
    says something else by now, keeps them from as much (T-9).
    """
    found = select(Petition.id).where(
        Petition.directory == directory, Petition.account == account, col(Petition.opened_at) > since
    )
    return tx.exec(found).first() is not None or log.count(
        tx, subject=account, action="petition.opened", since=since
    ) > 0  # fmt: skip


def asked_since(tx: Session, directory: str, account: str, since: datetime) -> int:
    """How many this person asked since then, whatever became of them."""
    found = select(Petition.id).where(
        Petition.directory == directory, Petition.account == account, col(Petition.asked_at) > since
    )
    return len(tx.exec(found).all())


def due(tx: Session, at: datetime, most: int) -> Sequence[str]:
    """The ids of those that the schedule has to look at; also those asked later than now: the clock was set back."""
    return [petition for (petition,) in rows(tx.connection(), _DUE, {"at": at, "most": most})]


def listed(tx: Session, *, since: datetime) -> Sequence[Petition]:
    """All that are not over, and those that ended since then; the newest first."""
    return tx.exec(
        select(Petition)
        .where(col(Petition.ended_at).is_(None) | (col(Petition.ended_at) > since))
        .order_by(col(Petition.asked_at).desc())
    ).all()


def move(tx: Session, petition: Petition, to: PetitionState, **changes: Any) -> None:
    """Set the state and what goes with it; the same state only changes what goes with it. ValueError for no move."""
    follows = PETITION_FOLLOWS.get(PetitionState(petition.state), frozenset())
    if to not in follows and (to != petition.state or not follows):
        raise ValueError(f"a petition that is {petition.state} cannot become {to}")
    tx.add(petition)
    change(tx, petition, state=to, **changes)


def attest(tx: Session, attestation: Attestation) -> bool:
    """Keep the word of one approver. False if they gave it before; what others wrote in their name gives way (T-9)."""
    before = tx.get(Attestation, (attestation.petition, attestation.directory, attestation.account))
    if before is not None and not genuine(tx, before):
        tx.delete(before)
        tx.flush()
    return run(tx.connection(), _ATTEST, signed(tx, _ATTESTATIONS.name, attestation.model_dump())) == 1


def attestations(tx: Session, petition_id: str) -> Sequence[Attestation]:
    """What approvers said of it, the first one first."""
    found = tx.exec(
        select(Attestation)
        .where(Attestation.petition == petition_id)
        .order_by(col(Attestation.at), col(Attestation.account))
    )
    return only_genuine(tx, found)


def _counts(tx: Session, petition: Petition | None) -> Petition | None:
    """The same, if it is as Wicket wrote it, and not open though its end is on the record."""
    if petition is None or not genuine(tx, petition):
        return None
    over = petition.ended_at is None and has_happened(tx, petition.id, _ENDS)
    return None if was_put_back(tx, petition, over) else petition
