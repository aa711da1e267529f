"""The ways in which rows write the name of one group: the catalogue may have written it otherwise when they were made.

What a row says is bound and stays as it is written; so whoever looks for rows looks for all these ways, and a new row
takes over the way of those before it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, bindparam, select, union
from sqlmodel import Session, SQLModel

from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.group_names import ALL_EXACT, NAMES, GroupNames
from storage.records import Grant, Holding, Watched
from storage.states import LIVE, GrantState

Membership = tuple[str, str, str]
"""Directory, account and group."""

Looked: TypeAlias = Mapping[str, Sequence[str]]
"""How groups of one directory that were looked at are written, by what all ways to write one have in common."""
NONE_KNOWN: Looked = MappingProxyType({})

_GRANTS, _HOLDINGS, _WATCHED = (
    SQLModel.metadata.tables[one.__tablename__] for one in (Grant, Holding, Watched)
)
# What ended has a holding, and so has all that is given; what only waits has none yet.
_UNENDED = _GRANTS.c.state.in_((GrantState.DRAFT, GrantState.PENDING, *LIVE, GrantState.ENDING))


def _written(whose: Callable[[Any], ColumnElement[bool]]) -> Plain:
    here: ColumnElement[Any] = bindparam("directory")
    return Plain(
        union(
            select(_HOLDINGS.c.account, _HOLDINGS.c.group).where(
                _HOLDINGS.c.directory == here, whose(_HOLDINGS.c.account)
            ),
            select(_GRANTS.c.account, _GRANTS.c.group).where(
                _GRANTS.c.directory == here, whose(_GRANTS.c.account), _UNENDED
            ),
        )
    )


_OF_ACCOUNTS = _written(lambda account: among(account, "accounts"))
# PostgreSQL takes a list for a hundred, and would read all holdings of a company of some thousands for one account.
_OF_ONE = _written(lambda account: account == bindparam("account"))
_OF_WATCHED = Plain(select(_WATCHED.c.group).where(_WATCHED.c.directory == bindparam("directory")))


def names_in(tx: Session) -> GroupNames:
    """By what rule each directory tells its groups apart whose memberships this store holds."""
    known: GroupNames = tx.info.get(NAMES, ALL_EXACT)
    return known


def ways(tx: Session, directory: str, account: str, group: str) -> list[str]:
    """How rows of this account write the name of this group, first of all as a new row is to write it."""
    return ways_of(tx, [(directory, account, group)])[directory, account, group]


def ways_of(tx: Session, places: Collection[Membership]) -> dict[Membership, list[str]]:
    """`ways` of each of these: one question for each of their directories that has several, none for the others."""
    names, by_directory = names_in(tx), defaultdict[str, list[Membership]](list)
    for place in places:
        if not names.is_exact(place[0]):
            by_directory[place[0]].append(place)
    found = {place: [place[2]] for place in places}
    for directory, some in by_directory.items():
        written = defaultdict[tuple[str, str], set[str]](set)
        for account, group in _rows_of(tx, directory, {account for _, account, _ in some}):
            written[account, names.key(directory, group)].add(group)
        for place in some:
            theirs = written[place[1], names.key(directory, place[2])]
            found[place] = sorted(theirs or {place[2]}, key=lambda way: (way != place[2], way))
    return found


def _rows_of(tx: Session, directory: str, accounts: Collection[str]) -> Sequence[Sequence[Any]]:
    if len(accounts) == 1:
        (account,) = accounts
        return rows(tx.connection(), _OF_ONE, {"directory": directory, "account": account})
    return rows(tx.connection(), _OF_ACCOUNTS, {"directory": directory, "accounts": listed(accounts)})


def watched_in(tx: Session, directory: str) -> Looked:
    """How groups of a directory that were looked at are written, for whoever asks about each of them in turn."""
    names, found = names_in(tx), defaultdict[str, list[str]](list)
    if not names.is_exact(directory):
        for (one,) in rows(tx.connection(), _OF_WATCHED, {"directory": directory}):
            found[names.key(directory, one)].append(one)
    return found


def as_watched(tx: Session, directory: str, group: str, known: Looked = NONE_KNOWN) -> list[str]:
    """How groups that were looked at write the name of this one, first of all as a new row is to write it.

    known: what `watched_in` found before. A group is looked at first in one way, so what is known of it stays so.
    """
    names = names_in(tx)
    if names.is_exact(directory):
        return [group]
    key = names.key(directory, group)
    return sorted(known.get(key) or watched_in(tx, directory).get(key) or [group])
