"""Holdings: what an account should have in a directory group, claimed under a lease and a fence.

It follows the grants and decides nothing; the directory itself is called elsewhere, outside transactions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, literal_column, or_, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, func, select

from storage.database import wake
from storage.endings import Ending
from storage.endings import late as late_ends
from storage.engine import upserts
from storage.engine.changing import change
from storage.engine.counting import one_more
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run
from storage.faults import NotKept
from storage.identifiers import new_id
from storage.records import Grant, Holding
from storage.spellings import names_in, ways, ways_of
from storage.states import LIVE

# What is kept as the fault of a try whose process ended in the middle of it.
LEFT = "Wicket ended while it was at it."

# What is kept as the fault when somebody changed the membership, or may have, whose lease was over by then.
LATE = "One whose turn was over by then changed it."

# Built once: making a statement costs more than running it.
_STOOD_BEFORE = select(Holding.account, Holding.group).where(
    col(Holding.directory) == bindparam("directory"), col(Holding.stood_before).is_(True)
)
_HOLDINGS = SQLModel.metadata.tables[Holding.__tablename__]
_OF_ACCOUNT = (_HOLDINGS.c.directory == bindparam("directory"), _HOLDINGS.c.account == bindparam("account"))
_OF = Loading(Holding, select_columns(_HOLDINGS).where(*_OF_ACCOUNT, _HOLDINGS.c.group == bindparam("group")))
_OF_ALL_NAMES = Loading(
    Holding, select_columns(_HOLDINGS).where(*_OF_ACCOUNT, among(_HOLDINGS.c.group, "groups"))
)
_BY_ID = Loading(
    Holding, select_columns(_HOLDINGS).where(_HOLDINGS.c.id == bindparam("of")).with_for_update()
)
_OF_SOME = Loading(
    Holding,
    select_columns(_HOLDINGS).where(
        _HOLDINGS.c.directory == bindparam("directory"),
        among(_HOLDINGS.c.account, "accounts"),
        among(_HOLDINGS.c.group, "groups"),
    ),
)
_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
# Literally the condition of the index holdings_open, so that settled holdings cost nothing.
_UNSETTLED = _HOLDINGS.c.settled == false()
_IS_HELD = _HOLDINGS.c.lease_until.is_not(None)
_IS_LATE = (_UNSETTLED, _HOLDINGS.c.wanted.is_(False), _HOLDINGS.c.due_at < bindparam("before"))
_FREE = Plain(
    update(_HOLDINGS)
    .where(_UNSETTLED, _IS_HELD)
    .values(lease_until=None, fence=one_more(_HOLDINGS.c.fence), next_at=bindparam("at"), last_fault=LEFT)
)
_NEXT_DIRECTORY = Plain(
    select_columns(func.min(_HOLDINGS.c.directory)).where(_HOLDINGS.c.directory > bindparam("after"))
)
_OVERDUE = Loading(
    Holding,
    select_columns(_HOLDINGS)
    .where(
        *_IS_LATE,
        or_(
            _HOLDINGS.c.overdue_told.is_(False),
            _HOLDINGS.c.page_at.is_(None),  # told by a version that did not tell again
            _HOLDINGS.c.page_at <= bindparam("at"),
            _HOLDINGS.c.page_at > bindparam("far"),
        ),
    )
    .limit(bindparam("most")),
)
_LEASED = Plain(select_columns(func.count()).select_from(_HOLDINGS).where(_UNSETTLED, _IS_HELD))
_HOW_LATE: Sequence[ColumnElement[Any]] = (func.count(), func.min(_HOLDINGS.c.due_at))
_LATE = Plain(select_columns(*_HOW_LATE).where(*_IS_LATE))


def _is_covered(directory: Any, account: Any, in_group: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        _GRANTS.c.directory == directory,
        _GRANTS.c.account == account,
        in_group,
        # What is said to the driver as it is takes no list. And literally, or SQLite plans it anew each time.
        or_(*(_GRANTS.c.state == literal_column(f"'{state}'") for state in LIVE)),
    )


# What was to be looked at once more (`look_again`) still is, though the wish changed before its time came.
_AWAITS_A_LOOK = and_(
    _HOLDINGS.c.settled == false(), _HOLDINGS.c.last_fault == "", _HOLDINGS.c.next_at > bindparam("now")
)
_ANEW: dict[str, Any] = {"settled": False, "attempts": 0, "overdue_told": False, "page_at": None}
_ENDED = _GRANTS.alias("ended")
_FOLLOW = Plain(
    update(_HOLDINGS)
    .where(
        among(_ENDED.c.id, "ended"),
        _HOLDINGS.c.directory == _ENDED.c.directory,
        _HOLDINGS.c.account == _ENDED.c.account,
        _HOLDINGS.c.group == _ENDED.c.group,
    )
    .values(
        **_ANEW,
        wanted=_is_covered(_HOLDINGS.c.directory, _HOLDINGS.c.account, _GRANTS.c.group == _HOLDINGS.c.group),
        due_at=_ENDED.c.expires_at, next_at=bindparam("now"),
        last_fault=case((_AWAITS_A_LOOK, LEFT), else_=_HOLDINGS.c.last_fault),
    )
)  # fmt: skip
_KEY: dict[str, Any] = {
    "directory": bindparam("directory_of"),
    "account": bindparam("account_of"),
    "group": bindparam("group_of"),
}
_CHANGE = upserts.or_change(
    _HOLDINGS,
    {
        **_ANEW, **_KEY, "id": bindparam("new_id"), "fence": 0, "last_fault": "", "mac": "",
        "wanted": _is_covered(_KEY["directory"], _KEY["account"], _GRANTS.c.group == _KEY["group"]),
        "due_at": bindparam("due"), "next_at": bindparam("now"),
    },
    key=_KEY,
    anew=(*_ANEW, "wanted", "due_at", "next_at"),
    besides={"last_fault": case((_AWAITS_A_LOOK, LEFT), else_=_HOLDINGS.c.last_fault)},
)  # fmt: skip
_FOLLOW_ONE = Plain(_CHANGE)
_FOLLOWED = Loading(Holding, {name: one.returning(*_HOLDINGS.c) for name, one in _CHANGE.items()})
_FOLLOW_ALL_NAMES = Plain(
    update(_HOLDINGS)
    # What is over for good stays so.
    .where(*_OF_ACCOUNT, among(_HOLDINGS.c.group, "groups"), or_(_UNSETTLED, _HOLDINGS.c.wanted.is_(True)))
    .values(
        **_ANEW, due_at=bindparam("due"), next_at=bindparam("now"),
        wanted=_is_covered(bindparam("directory"), bindparam("account"), among(_GRANTS.c.group, "groups")),
        last_fault=case((_AWAITS_A_LOOK, LEFT), else_=_HOLDINGS.c.last_fault),
    )
)  # fmt: skip


class Claim(Protocol):
    """A holding under our lease: it is ours as long as nobody raised its fence."""

    @property
    def id(self) -> str:
        """Of the holding."""

    @property
    def fence(self) -> int:
        """As it was when it was taken."""


def follow(
    tx: Session, *, at: datetime, directory: str, account: str, group: str, due_at: datetime
) -> Holding:
    """Make the holding want what its live grants want, and due for the directory from `due_at` on."""
    written, *others = ways(tx, directory, account, group)
    key = {"directory_of": directory, "account_of": account, "group_of": written}
    about = {**key, "new_id": new_id("h", at), "due": due_at, "now": at}
    holding = _FOLLOWED.one_found(tx, about)
    if holding is None:
        raise NotKept
    wake(tx, "holdings")
    if others:
        place = {"directory": directory, "account": account, "groups": listed([written, *others])}
        holding = _follow_together(tx, place, at=at, due_at=due_at)[written]
    return holding


def follow_grant(tx: Session, grant: Grant, *, at: datetime, due_at: datetime) -> Holding:
    """Make the holding of this grant follow its grants (`follow`)."""
    return follow(
        tx, at=at, directory=grant.directory, account=grant.account, group=grant.group, due_at=due_at
    )


def have_follow(tx: Session, grant: Grant, *, at: datetime, due_at: datetime) -> None:
    """`follow_grant` for whoever has nothing to do with the holding."""
    if not names_in(tx).is_exact(grant.directory):
        follow_grant(tx, grant, at=at, due_at=due_at)
        return
    key = {"directory_of": grant.directory, "account_of": grant.account, "group_of": grant.group}
    if run(tx.connection(), _FOLLOW_ONE, {**key, "new_id": new_id("h", at), "due": due_at, "now": at}) != 1:
        raise NotKept
    wake(tx, "holdings")


def _follow_together(
    tx: Session, place: dict[str, str], *, at: datetime, due_at: datetime
) -> dict[str, Holding]:
    """Have all holdings of one membership want what a grant of any of them gives; by how they write its group.

    A version before made one for each way to write it. What we gave by one of them is ours by all.
    """
    run(tx.connection(), _FOLLOW_ALL_NAMES, {**place, "due": due_at, "now": at})
    found = {row.group: row for row in _OF_ALL_NAMES.held(tx, place)}
    followed = [row for row in found.values() if not row.settled]
    if any(row.stood_before is False for row in followed):
        for row in followed:
            change(tx, row, stood_before=False)
    return found


def take_over(tx: Session, grant: Grant, *, at: datetime) -> Holding:
    """`follow_grant` for a membership that other hands gave and somebody decided about: now it is ours to end."""
    holding = follow_grant(tx, grant, at=at, due_at=at)
    change(tx, holding, stood_before=False)
    return holding


def of_account(tx: Session, *, directory: str, account: str, group: str) -> Holding | None:
    """The holding of this account in this group, if there ever was one; of several, one that is not settled."""
    place = {"directory": directory, "account": account}
    known = [_OF.one_held(tx, {**place, "group": way}) for way in ways(tx, directory, account, group)]
    return min(filter(None, known), key=lambda row: row.settled, default=None)


def of_accounts(tx: Session, *, directory: str, group: str, accounts: Collection[str]) -> dict[str, Holding]:
    """The holdings of these accounts in this group, by account; of several, one that is not settled."""
    found = _of_some(tx, directory, group, accounts)
    return {row.account: row for row in sorted(found, key=lambda row: row.settled, reverse=True)}


def look(tx: Session, holding_id: str) -> Holding | None:
    """The holding of this id, apart from the session."""
    return _BY_ID.one_found(tx, {"of": holding_id})


def stood_before(tx: Session, *, directory: str, group: str) -> frozenset[str]:
    """The accounts that were in this group before a grant gave it to them that is not over yet."""
    names, found = names_in(tx), tx.exec(_STOOD_BEFORE, params={"directory": directory})
    stood = frozenset(account for account, written in found if names.are_one(directory, written, group))
    if names.is_exact(directory):
        return stood
    return stood - {one.account for one in _of_some(tx, directory, group, stood) if one.stood_before is False}


def _of_some(tx: Session, directory: str, group: str, accounts: Collection[str]) -> Sequence[Holding]:
    written = ways_of(tx, [(directory, account, group) for account in accounts]).values()
    groups = listed({way for each in written for way in each})
    return _OF_SOME.held(tx, {"directory": directory, "accounts": listed(accounts), "groups": groups})


def follow_each(tx: Session, ended: Collection[Ending], *, at: datetime) -> None:
    """`follow_grant` for many grants that end, each due since its own end; where two gave the same, the last's."""
    by_holding = {(one.directory, one.account, one.group): one.id for one in ended}
    if not by_holding:
        return
    followed = run(tx.connection(), _FOLLOW, {"ended": listed(by_holding.values()), "now": at})
    wake(tx, "holdings")
    several = {place for place, written in ways_of(tx, by_holding).items() if len(written) > 1}
    # Some have no holding yet, or one more that is written otherwise, both of which are rare.
    alone = several if followed == len(by_holding) else by_holding.keys()
    for one in (each for each in ended if (each.directory, each.account, each.group) in alone):
        follow(
            tx, at=at, directory=one.directory, account=one.account, group=one.group, due_at=one.expires_at or at
        )  # fmt: skip


def free_leases(tx: Session, *, at: datetime) -> None:
    """Give back all that is held, for a try at once. Only for whoever can be sure that nobody is at it any more.

    What the dead one had begun may still land in the directory, so it counts as a fault: it is looked at once more.
    """
    run(tx.connection(), _FREE, {"at": at})


def directories(tx: Session) -> list[str]:
    """The names of all directories that there ever was a holding in; each costs one step in an index."""
    names: list[str] = []
    while True:
        ((name,),) = rows(tx.connection(), _NEXT_DIRECTORY, {"after": names[-1] if names else ""})
        if name is None:
            return names
        names.append(name)


def renew(tx: Session, claimed: Claim, *, until: datetime) -> Holding | None:
    """Hold it for longer, if the lease of `claimed` still holds; None if the work went to another."""
    holding = held_under(tx, claimed)
    if holding is not None:
        change(tx, holding, lease_until=until)
    return holding


def held_under(tx: Session, claimed: Claim) -> Holding | None:
    """The holding as it is now, if the lease of `claimed` still holds; None if the work went to another."""
    holding = _BY_ID.one_held(tx, {"of": claimed.id})
    return holding if holding is not None and holding.fence == claimed.fence else None


def changed_late(tx: Session, claimed: Claim, *, at: datetime, ours: bool) -> Holding | None:
    """The directory was changed, or may have been, after the work went to another: have it looked at anew from `at` on.

    Whoever is at it now looks once more when they are done. ours: what stands there now came by us, whatever it was
    taken for meanwhile, so it is ours to take back. None if there is no such holding.
    """
    holding = _BY_ID.one_held(tx, {"of": claimed.id})
    if holding is None:
        return None
    if holding.settled:
        change(tx, holding, **_ANEW, due_at=at)
    stood = False if ours else holding.stood_before
    change(tx, holding, next_at=at, last_fault=LATE, stood_before=stood)
    wake(tx, "holdings")
    return holding


def note_stood_before(tx: Session, claimed: Claim, stood: bool) -> bool:
    """Keep what the membership was before our first add. False if the lease is gone."""
    holding = held_under(tx, claimed)
    if holding is None:
        return False
    if holding.stood_before is not False:  # what came late by us may be what was read
        change(tx, holding, stood_before=stood)
    return True


def settle(tx: Session, holding: Holding, *, present: bool, over: bool) -> None:
    """The directory agrees. When the last grant is `over`, forget what stood before: the next time reads it anew."""
    stood = None if over else holding.stood_before
    change(tx, holding, present=present, settled=True, lease_until=None, last_fault="", stood_before=stood)


def release(tx: Session, holding: Holding, *, next_at: datetime, fault: str, tried: bool = True) -> None:
    """Give the work back for a later try. tried: else no attempt is counted."""
    attempts = holding.attempts if tried else max(0, holding.attempts - 1)
    change(tx, holding, lease_until=None, next_at=next_at, last_fault=fault, attempts=attempts)


def go_on(tx: Session, holding: Holding, *, next_at: datetime) -> None:
    """Give the work back for another round that is no retry: something moved, and there is more to do."""
    change(tx, holding, lease_until=None, next_at=next_at, attempts=0)


def look_again(tx: Session, holding: Holding, *, present: bool, at: datetime) -> None:
    """The directory agrees, but not surely for good: read it once more from `at` on."""
    change(tx, holding, present=present, last_fault="", due_at=max(holding.due_at, at))
    go_on(tx, holding, next_at=at)


def overdue(
    tx: Session, at: datetime, *, after: timedelta, again: timedelta, limit: int
) -> Sequence[Holding]:
    """Removals that are later than `after` and were not told of yet, or are to be told of again by now.

    again: how far ahead the next telling may be. One that is further was set before the clock was set back.
    """
    return _OVERDUE.held(tx, {"before": at - after, "at": at, "far": at + again, "most": limit})


def late(tx: Session, before: datetime) -> Sequence[Holding]:
    """Every removal that should have been done before this time and is not, the longest overdue first."""
    return tx.exec(
        select(Holding)
        .where(_UNSETTLED, col(Holding.wanted).is_(False), col(Holding.due_at) < before)
        .order_by(col(Holding.due_at))
    ).all()


def told_overdue(tx: Session, holding: Holding, *, page_at: datetime) -> None:
    """It was told; it is told again from `page_at` on."""
    change(tx, holding, overdue_told=True, page_at=page_at)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How it stands. overdue: removals and ends later than they may be. oldest: since when the first of them is due."""

    leased: int
    overdue: int
    oldest: datetime | None


def standing(tx: Session, before: datetime) -> Standing:
    """How many are being worked on, and how many removals should have been done before this time, or ends begun."""
    ((leased,),) = rows(tx.connection(), _LEASED)
    ((overdue, oldest),) = rows(tx.connection(), _LATE, {"before": before})
    unbegun, first = late_ends(tx, before)
    return Standing(
        leased=leased, overdue=overdue + unbegun, oldest=min(filter(None, (oldest, first)), default=None)
    )
