"""What grants gave: to one person, for the answers that most people ask for, and of one entitlement.

It reads without the ORM, and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, SQLModel

from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows
from storage.records import Grant
from storage.states import LIVE, GrantState
from storage.whose import whose

# Built once: making a statement costs more than running it.
_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
_WHAT = (
    _GRANTS.c.id,
    _GRANTS.c.directory,
    _GRANTS.c.account,
    _GRANTS.c.group,
    _GRANTS.c.expires_at,
    _GRANTS.c.state,
)
_GIVEN_TO = Plain(
    select(*_WHAT)
    .where(
        whose(bindparam("directory"), bindparam("account")),
        or_(_GRANTS.c.state == GrantState.ACTIVE, _GRANTS.c.state == GrantState.ENDING),
    )
    .order_by(_GRANTS.c.expires_at)
)
# Literally the condition of an index, so that what is over costs nothing.
_LASTS = _GRANTS.c.state.in_(LIVE), _GRANTS.c.expires_at.is_not(None)
_ENTITLEMENTS = Plain(select(_GRANTS.c.entitlement).where(*_LASTS).distinct())
_OF_ENTITLEMENT = Loading(
    Grant,
    select(_GRANTS)
    .where(_GRANTS.c.entitlement == bindparam("entitlement"), *_LASTS)
    .order_by(_GRANTS.c.expires_at.desc(), _GRANTS.c.id),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One membership that a grant gave, and until when. id: the grant's; directory and account: whose membership.

    ending: it is being taken back.
    """

    id: str
    directory: str
    account: str
    group: str
    expires_at: datetime
    ending: bool


def given_to(tx: Session, directory: str, account: str) -> list[Given]:
    """What the person was given and is not known to be gone, in whatever directory, soonest end first."""
    found = rows(tx.connection(), _GIVEN_TO, {"directory": directory, "account": account})
    return [
        Given(
            id=grant,
            directory=kept_in,
            account=whose_membership,
            group=group,
            expires_at=expires_at,
            ending=state == GrantState.ENDING,
        )
        for grant, kept_in, whose_membership, group, expires_at, state in found
    ]


def entitlements_given(tx: Session) -> list[str]:
    """The ids of all entitlements of which somebody has something now, or is about to."""
    return sorted(entitlement for (entitlement,) in rows(tx.connection(), _ENTITLEMENTS, {}))


def given_of(tx: Session, entitlement: str) -> Sequence[Grant]:
    """The grants of one entitlement that give access or are about to, the one that lasts longest first."""
    return _OF_ENTITLEMENT.held(tx, {"entitlement": entitlement})
