"""Emergencies as rows: made, moved from state to state, found and counted.

It decides no move; one that the table of states does not have fails.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.engine import upserts
from storage.engine.changing import change
from storage.engine.loading import Loading
from storage.engine.plain import run
from storage.records import Emergency, Grant
from storage.signing import genuine, if_genuine, only_genuine, signed
from storage.spellings import names_in
from storage.states import EMERGENCY_FOLLOWS, EMERGENCY_UNDER_WAY, LIVE, EmergencyState, GrantState

FORESEEN = "emergency"
"""What stands in a grant that was taken so, where others say what policy foresaw. It is believed of no grant: it only
says where to look."""

_EMERGENCIES = SQLModel.metadata.tables[Emergency.__tablename__]
_ADD = upserts.or_nothing(_EMERGENCIES)
# Literally the condition of the index: the schedule asks twice a second, and mostly there is none.
_ALL_UNDER_WAY = Loading(
    Emergency,
    pick(_EMERGENCIES).where(_EMERGENCIES.c.state.in_(EMERGENCY_UNDER_WAY)).order_by(_EMERGENCIES.c.id),
)
# Access that is about to be, is there, or is not known to be gone.
_GIVES = (*LIVE, GrantState.ENDING)
_GRANTED = col(Emergency.state) == EmergencyState.GRANTED


def add(tx: Session, emergency: Emergency) -> bool:
    """Keep a new one. False if this person has one under way for the same."""
    return run(tx.connection(), _ADD, signed(tx, _EMERGENCIES.name, emergency.model_dump())) == 1


def get(tx: Session, emergency_id: str) -> Emergency | None:
    """The emergency, held until the transaction ends where it writes. None if it is not as Wicket wrote it."""
    return if_genuine(tx, tx.get(Emergency, emergency_id, with_for_update=True, populate_existing=True))


def move(tx: Session, emergency: Emergency, to: EmergencyState, **changes: Any) -> None:
    """Set the state and what goes with it; the same state only changes what goes with it. ValueError for no move."""
    follows = EMERGENCY_FOLLOWS.get(EmergencyState(emergency.state), frozenset())
    if to not in follows and to != emergency.state:
        raise ValueError(f"an emergency that is {emergency.state} cannot become {to}")
    tx.add(emergency)
    change(tx, emergency, state=to, **changes)


def end_sooner(tx: Session, grant_id: str, at: datetime) -> None:
    """Have the emergency that gave this grant, and has its id, say that it ends at `at`, if there is one."""
    found = get(tx, grant_id)
    if found is not None and found.ends_at is not None and at < found.ends_at:
        move(tx, found, EmergencyState.GRANTED, ends_at=at)


def under_way(tx: Session) -> Sequence[Emergency]:
    """Those that are asked and neither granted nor refused yet, the oldest first."""
    return only_genuine(tx, _ALL_UNDER_WAY.held(tx))


def gives(tx: Session) -> Sequence[Emergency]:
    """Those under way, and those whose access is not known to be gone, the oldest first."""
    ongoing = (
        select(Emergency)
        .join(Grant, col(Grant.id) == col(Emergency.grant))
        .where(col(Emergency.state) == EmergencyState.GRANTED, col(Grant.state).in_(_GIVES))
        .order_by(col(Emergency.id))
    )
    return [*only_genuine(tx, tx.exec(ongoing)), *under_way(tx)]


def granted_for(tx: Session, incident: str) -> Sequence[Emergency]:
    """Those that ever gave access for this incident, the oldest first."""
    return tx.exec(
        select(Emergency)
        .where(Emergency.incident == incident, Emergency.state == EmergencyState.GRANTED)
        .order_by(col(Emergency.id))
    ).all()


def accounts_since(tx: Session, directory: str, since: datetime) -> frozenset[str]:
    """Whose of this directory are under way, or gave access that was to end after then."""
    lately = or_(col(Emergency.state).in_(EMERGENCY_UNDER_WAY), _GRANTED & (col(Emergency.ends_at) > since))
    return frozenset(tx.exec(select(Emergency.account).where(Emergency.directory == directory, lately)))


def last_granted(
    tx: Session, emergency: Emergency, accounts: Collection[str], *, place: tuple[str, str], drills: bool
) -> Emergency | None:
    """The newest other one that gave the same to any of these accounts of its directory.

    place: the directory and group that it is of now: it is the same, too, whatever it was called when it was given.
    drills: those that were practised count too.
    """
    directory, group = place
    of_grant = (col(Grant.id) == col(Emergency.grant)) & (col(Grant.directory) == directory)
    asked = (
        select(Emergency, col(Grant.group))
        .outerjoin(Grant, of_grant)
        .where(
            Emergency.directory == emergency.directory,
            col(Emergency.account).in_(accounts),
            _GRANTED,
            Emergency.id != emergency.id,
        )
    )
    if not drills:
        asked = asked.where(col(Emergency.drill).is_(False))
    names = names_in(tx)
    for found, written in tx.exec(asked.order_by(col(Emergency.opened_at).desc())):
        is_here = written is not None and names.are_one(directory, written, group)
        if is_here or found.entitlement == emergency.entitlement:
            return found
    return None


def under_way_of(tx: Session, directory: str, account: str, entitlement: str) -> Emergency | None:
    """What this person has under way for this."""
    return if_genuine(tx, _under_way_of(tx, directory, account, entitlement))


def make_way(tx: Session, emergency: Emergency) -> None:
    """What is not as Wicket wrote it counts nowhere, so it does not stand in the way of this one either."""
    found = _under_way_of(tx, emergency.directory, emergency.account, emergency.entitlement)
    if found is not None and not genuine(tx, found):
        change(tx, found, state=EmergencyState.REFUSED)


def _under_way_of(tx: Session, directory: str, account: str, entitlement: str) -> Emergency | None:
    return tx.exec(
        select(Emergency).where(
            Emergency.directory == directory,
            Emergency.account == account,
            Emergency.entitlement == entitlement,
            col(Emergency.state).in_(EMERGENCY_UNDER_WAY),
        )
    ).first()
