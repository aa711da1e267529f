"""Which grants count: as Wicket wrote them, and not put back to what they were before their end.

It ends none; whoever asks for a grant that does not count goes on as if there were none.
"""

from collections.abc import Collection, Iterable
from itertools import chain

from sqlalchemy import and_, bindparam, exists, literal_column, select
from sqlmodel import Session, SQLModel

from storage.audit.tables import ENTRIES
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.paged import Paged
from storage.engine.plain import Plain, rows
from storage.macs import BOUND
from storage.on_record import was_put_back
from storage.records import Grant
from storage.signing import genuine, is_sound, note_doubt
from storage.states import LIVE, GrantState

_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
# What is on the record of each grant that is over, or whose end has begun.
_ENDS = (
    "grant.expired", "grant.ended_early", "grant.given_back", "grant.voided", "grant.withdrawn", "grant.lapsed",
    "approval.denied",
)  # fmt: skip
_HAS_ENDED = exists().where(
    ENTRIES.c.correlation == _GRANTS.c.id,
    ENTRIES.c.action.in_([literal_column(f"'{action}'") for action in _ENDS]),
)
# Literally the conditions of two indexes, so that what is over costs nothing.
_LIVE = and_(_GRANTS.c.state.in_(LIVE), _GRANTS.c.expires_at.is_not(None))
_WAITS = and_(_GRANTS.c.state == GrantState.PENDING, _GRANTS.c.lapses_at.is_not(None))
_OVER = Plain(select(_GRANTS.c.id).where(_LIVE, _HAS_ENDED))
_OVER_AMONG = select(_GRANTS.c.id).where(among(_GRANTS.c.id, "ids"), _HAS_ENDED)
_BY_ID = Loading(Grant, select(_GRANTS).where(_GRANTS.c.id == bindparam("of")).with_for_update())
_COLUMNS = (*BOUND[_GRANTS.name], "mac")
_UNDER_WAY = tuple(
    Paged(select(*(_GRANTS.c[name] for name in _COLUMNS)).where(which)) for which in (_LIVE, _WAITS)
)


def asked_truly(tx: Session, grant: Grant | None) -> Grant | None:
    """The same; None for a request that is not as Wicket wrote it: nobody asked for that."""
    waits = grant is not None and grant.state in (GrantState.DRAFT, GrantState.PENDING)
    return None if grant is None or (waits and not genuine(tx, grant)) else grant


def given_truly(tx: Session, found: Iterable[Grant]) -> list[Grant]:
    """Those that concern what they say: the live ones only if they are as Wicket wrote them, and did not end before.

    A MAC cannot tell a row that was put back to what it was once; that its end is on the record can.
    """
    grants = list(found)
    live = {one.id for one in grants if one.state in LIVE}
    over = ended_before(tx, live)
    return [
        one
        for one in grants
        if one.id not in live or (genuine(tx, one) and not was_put_back(tx, one, one.id in over))
    ]


def ended_before(tx: Session, ids: Collection[str]) -> frozenset[str]:
    """Those of these grants whose end stands on the record."""
    if not ids:
        return frozenset()
    return frozenset(tx.connection().execute(_OVER_AMONG, {"ids": listed(ids)}).scalars())


def doubtful(tx: Session) -> None:
    """Note every open request and live grant that does not count. It takes memory for some at a time."""
    over = frozenset(grant for (grant,) in rows(tx.connection(), _OVER))
    for asked in _UNDER_WAY:
        for each in chain.from_iterable(asked.pages(tx)):
            row = dict(zip(_COLUMNS, each, strict=True))
            if is_sound(tx, _GRANTS.name, row, row["mac"]) and row["id"] in over:
                note_doubt(tx, _GRANTS.name, row)


def is_spoilt(tx: Session, grant_id: str) -> bool:
    """Whether there is a grant with this id that is not as Wicket wrote it."""
    found = _BY_ID.one_found(tx, {"of": grant_id})
    return found is not None and not genuine(tx, found)


def as_it_stands(tx: Session, grant_id: str) -> Grant | None:
    """The grant with this id, whatever it says and whoever wrote it: to be ended."""
    return _BY_ID.one_held(tx, {"of": grant_id})
