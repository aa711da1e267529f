"""Standing memberships as they are kept: declared by somebody, or found at the first look at a group.

It compares nothing with a directory and decides nothing; a member is given as (kind, id or inner group's name). One
that is not as Wicket wrote it counts nowhere.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, SQLModel

from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows
from storage.identifiers import new_id
from storage.records import Standing, Watched
from storage.signing import genuine, only_genuine
from storage.spellings import NONE_KNOWN, Looked, as_watched

Key = tuple[str, str]
"""("account", its id) or ("group", the inner group's name)."""

# Built once: each look at a group asks, and making a statement costs more than running it.
_STANDINGS, _WATCHED = (SQLModel.metadata.tables[one.__tablename__] for one in (Standing, Watched))
_OF_GROUP = Loading(
    Standing,
    select(_STANDINGS).where(
        _STANDINGS.c.directory == bindparam("directory"), among(_STANDINGS.c.group, "groups")
    ),
)
_IS_WATCHED = Plain(
    select(_WATCHED.c.group).where(
        _WATCHED.c.directory == bindparam("directory"), among(_WATCHED.c.group, "groups")
    )
)


def of_group(tx: Session, directory: str, group: str, known: Looked = NONE_KNOWN) -> Sequence[Standing]:
    """What stands in a group, declared or only found. known: see `spellings.as_watched`."""
    return only_genuine(tx, _OF_GROUP.held(tx, _place(tx, directory, group, known)))


def is_watched(tx: Session, directory: str, group: str, known: Looked = NONE_KNOWN) -> bool:
    """Whether the group was looked at before. known: see `spellings.as_watched`."""
    return bool(rows(tx.connection(), _IS_WATCHED, _place(tx, directory, group, known)))


def watch(
    tx: Session, *, at: datetime, directory: str, group: str, entitlement: str, found: Iterable[Key]
) -> None:
    """From now on newcomers must be explained; what was `found` stood there before."""
    tx.add(Watched(directory=directory, group=group, since=at))
    _make_way(tx, directory, group)
    for kind, member in found:
        tx.add(
            Standing(
                id=new_id("s", at),
                directory=directory,
                group=group,
                entitlement=entitlement,
                kind=kind,
                member=member,
                at=at,
            )
        )
    tx.flush()


def declare(
    tx: Session,
    *,
    at: datetime,
    directory: str,
    group: str,
    entitlement: str,
    members: Iterable[Key],
    owner: str,
    declared_by: str,
    rationale: str,
    review_at: datetime,
) -> None:
    """Account for these members, anew where they were declared before. owner: an owner's id."""
    written, *_ = as_watched(tx, directory, group)
    _make_way(tx, directory, group)
    known = {(row.kind, row.member): row for row in of_group(tx, directory, group)}
    for kind, member in members:
        row = known.get((kind, member)) or Standing(
            id=new_id("s", at), directory=directory, group=written, entitlement=entitlement, kind=kind,
            member=member,
        )  # fmt: skip
        row.entitlement, row.owner, row.declared_by = entitlement, owner, declared_by
        row.rationale, row.review_at, row.at = rationale, review_at, at
        tx.add(row)
    tx.flush()


def forget(tx: Session, directory: str, group: str, members: Iterable[Key]) -> None:
    """These stand there no more: should they come back, that is news."""
    gone = set(members)
    for row in of_group(tx, directory, group):
        if (row.kind, row.member) in gone:
            tx.delete(row)
    tx.flush()


def _make_way(tx: Session, directory: str, group: str) -> None:
    """Take away what others wrote there: each member stands there once, by a row of Wicket's."""
    for row in _OF_GROUP.held(tx, _place(tx, directory, group)):
        if not genuine(tx, row):
            tx.delete(row)
    tx.flush()  # before what is new is written


def _place(tx: Session, directory: str, group: str, known: Looked = NONE_KNOWN) -> dict[str, str]:
    return {"directory": directory, "groups": listed(as_watched(tx, directory, group, known))}
