"""What a person's grants gave them, for the answers that most people ask for.

It reads without the ORM, and changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, SQLModel

from storage.engine.plain import Plain, rows
from storage.records import Grant
from storage.states import GrantState
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
