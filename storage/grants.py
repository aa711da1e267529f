"""Grants as rows: made, moved from state to state, found.

It does not decide which move is right (handlers do); a move that the table of states does not have fails.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm.attributes import instance_state
from sqlmodel import Session, SQLModel, col, func, select

from storage.engine.changing import change, put
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.paged import Paged
from storage.engine.plain import Plain, rows, run
from storage.records import Approval, Grant, Holding, Question
from storage.spellings import names_in, ways
from storage.states import FOLLOWS, LIVE, GrantState
from storage.truly import asked_truly, given_truly
from storage.whose import people_of, whose

_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]

# Built once: these run for every question and every change, and making a statement costs more than running it.
_LIVE_OF = Loading(
    Grant,
    select_columns(_GRANTS)
    .where(whose(bindparam("directory"), bindparam("account")), _GRANTS.c.state.in_(LIVE))
    .order_by(_GRANTS.c.expires_at),
)
# Joined to nothing, so that SQLite does not look through all that was ever asked of one entitlement.
_ASKED_BY = select_columns(_GRANTS).where(
    whose(bindparam("directory"), bindparam("account")),
    _GRANTS.c.entitlement.concat("") == bindparam("entitlement"),
)
_OPEN_OF = Loading(Grant, _ASKED_BY.where(_GRANTS.c.state == GrantState.PENDING))
_PAST_OF = Loading(
    Grant,
    _ASKED_BY.where(_GRANTS.c.state == GrantState.ENDED, _GRANTS.c.minutes > 0).order_by(
        _GRANTS.c.ended_at.desc()
    ),
)
_REFUSED_SINCE = Plain(
    select_columns(func.count())
    .select_from(_GRANTS)
    .where(
        _GRANTS.c.requester_directory == bindparam("directory"),
        _GRANTS.c.requester_account == bindparam("account"),
        _GRANTS.c.state == GrantState.REFUSED,
        _GRANTS.c.entitlement == bindparam("entitlement"),
        _GRANTS.c.decided_at > bindparam("since"),
    )
)
_STANDS = _GRANTS.c.state.in_((*LIVE, GrantState.ENDING))
_COVERING_ALL = select(Grant).where(
    col(Grant.account).in_(bindparam("accounts", expanding=True)),
    _STANDS,
)
_HERE = _GRANTS.c.directory == bindparam("directory")
_OF_ACCOUNT = select_columns(_GRANTS).where(_HERE, _GRANTS.c.account == bindparam("account"), _STANDS)
_COVERING = Loading(Grant, _OF_ACCOUNT.where(_GRANTS.c.group == bindparam("group")))
# Whoever asks for a group here compares its name by the rule of its directory, which no database knows.
_CONCERNING = select_columns(_GRANTS.c.group, _GRANTS.c.account, _GRANTS.c.id, _GRANTS.c.state).where(
    _HERE, _GRANTS.c.entitlement == bindparam("entitlement"), _STANDS
)
_CONCERNING_SOME = Plain(_CONCERNING.where(among(_GRANTS.c.account, "accounts")))
_ACTIVE_IN = Paged(
    select_columns(_GRANTS.c.group, _GRANTS.c.account).where(
        _HERE, _GRANTS.c.entitlement == bindparam("entitlement"), _GRANTS.c.state == GrantState.ACTIVE
    )
)
_STANDING_HERE = select_columns(_GRANTS.c.group, _GRANTS.c.account).where(
    _HERE, among(_GRANTS.c.account, "accounts"), _STANDS
)
_STANDING_OF = Plain(_STANDING_HERE)
_COVERED_IN = Plain(_STANDING_HERE.where(_GRANTS.c.group == bindparam("group")))

# Literally the conditions of two indexes, so that what is over costs nothing.
_IS_LIVE = _GRANTS.c.state.in_(LIVE)
_IS_PENDING = _GRANTS.c.state == GrantState.PENDING
_PEOPLE = _GRANTS.c.requester_directory, _GRANTS.c.requester_account, _GRANTS.c.target_account
_HOLDING = Paged(
    select_columns(_GRANTS.c.directory, _GRANTS.c.account, *_PEOPLE).where(
        _IS_LIVE, _GRANTS.c.expires_at.is_not(None)
    )
)
_ASKING = Paged(select_columns(*_PEOPLE).where(_IS_PENDING, _GRANTS.c.lapses_at.is_not(None)))
_APPROVALS = SQLModel.metadata.tables[Approval.__tablename__]
_APPROVING = Paged(
    select_columns(_GRANTS.c.requester_directory, _APPROVALS.c.approver)
    .join(_APPROVALS, _APPROVALS.c.grant == _GRANTS.c.id)
    .where(_IS_PENDING, _GRANTS.c.lapses_at.is_not(None), _APPROVALS.c.approved)
)

_UNANSWERED = Loading(
    Grant,
    select_columns(_GRANTS)
    .where(_GRANTS.c.state == GrantState.PENDING, _GRANTS.c.lapses_at <= bindparam("at"))
    .order_by(_GRANTS.c.lapses_at)
    .limit(bindparam("most")),
)
_DROP_DRAFTS = Plain(
    delete(_GRANTS).where(_GRANTS.c.state == GrantState.DRAFT, _GRANTS.c.requested_at < bindparam("before"))
)
_QUESTIONS = SQLModel.metadata.tables[Question.__tablename__]
_DROP_QUESTIONS = Plain(delete(_QUESTIONS).where(_QUESTIONS.c.at < bindparam("before")))

_UNENDED_OF = select_columns(col(Grant.id), col(Grant.entitlement), col(Grant.state)).where(
    whose(bindparam("directory"), bindparam("account")),
    col(Grant.state).in_((GrantState.PENDING, *LIVE, GrantState.ENDING)),
)

_BY_ID = Loading(Grant, select_columns(_GRANTS).where(_GRANTS.c.id == bindparam("of")).with_for_update())


@dataclass(frozen=True, kw_only=True)
class Unended:
    """A grant or a waiting request. is_given: it gives access, is about to, or what it gave is not back yet."""

    id: str
    entitlement: str
    is_given: bool


def unended_of(tx: Session, directory: str, account: str) -> list[Unended]:
    """What this person asked for and still waits for, or has, in whatever directory."""
    rows = tx.connection().execute(_UNENDED_OF, {"directory": directory, "account": account})
    return [
        Unended(id=id_, entitlement=entitlement, is_given=state != GrantState.PENDING)
        for id_, entitlement, state in rows
    ]


def add(tx: Session, grant: Grant) -> Grant:
    """Keep a new grant."""
    return put(tx, grant)


def get(tx: Session, grant_id: str) -> Grant | None:
    """The grant with this id. In a writing transaction it is locked: SQLite has one writer.

    None as well for a request that is not as Wicket wrote it: nobody asked for that.
    """
    return asked_truly(tx, _BY_ID.one_held(tx, {"of": grant_id}))


def look(tx: Session, grant_id: str) -> Grant | None:
    """`get` for whoever changes it by `move` alone: it is apart from the session, which costs more than the look."""
    return asked_truly(tx, _BY_ID.one_found(tx, {"of": grant_id}))


def move(tx: Session, grant: Grant, to: GrantState, **changes: Any) -> None:
    """Set the state and what goes with it; the same state only changes what goes with it.

    ValueError for a move that is not in `states.FOLLOWS`: nothing leaves a final state, whoever asks.
    `expires_at` is set once and never moves (promise 1); see `end_sooner`.
    """
    follows = FOLLOWS.get(GrantState(grant.state), frozenset())
    if to not in follows and (to != grant.state or not follows):
        raise ValueError(f"a grant that is {grant.state} cannot become {to}")
    if "expires_at" in changes and grant.expires_at is not None:
        raise ValueError("the end of a grant never moves")
    if instance_state(grant).key is None:  # a new one; what follows looks for it without the ORM
        add(tx, grant)
    change(tx, grant, state=to, **changes)


def end_sooner(tx: Session, grant: Grant, at: datetime) -> None:
    """Have a live grant end at `at`, for whoever found that the clock was ahead by which it was granted.

    ValueError unless that is sooner than its end: nothing ever moves one to later (promise 1).
    """
    if grant.state not in LIVE or grant.expires_at is None or at >= grant.expires_at:
        raise ValueError("the end of a grant never moves to later")
    change(tx, grant, expires_at=at)


def show_verdict(
    grant: Grant, *, reasons: Iterable[str], missing: Mapping[str, int], policy_set: str, foreseen: str
) -> None:
    """Keep on the row what policy answered, for those who read the message. The caller keeps the row."""
    grant.reasons, grant.missing = list(reasons), {role: count for role, count in missing.items() if count}
    grant.policy_set, grant.foreseen = policy_set, foreseen


def unfinished_of(tx: Session, directory: str, account: str) -> Sequence[Grant]:
    """Everything that gives access or could still come to: drafts, open requests, live grants.

    The account may be who asked, whom it is for, or the one that holds it in another directory. What somebody asked
    for a report is the report's alone once it was given.
    """
    waits = (GrantState.DRAFT, GrantState.PENDING, GrantState.APPROVED)
    asked = and_(
        col(Grant.requester_directory) == directory,
        col(Grant.requester_account) == account,
        col(Grant.state).in_(waits),
    )
    holds = and_(col(Grant.directory) == directory, col(Grant.account) == account)
    return tx.exec(
        select(Grant)
        .where(
            or_(asked, whose(directory, account), holds),
            col(Grant.state).in_((GrantState.DRAFT, GrantState.PENDING, *LIVE)),
        )
        .order_by(col(Grant.id))
        .with_for_update()
    ).all()


def people_concerned(tx: Session) -> dict[str, set[str]]:
    """By directory, whoever has access or waits for it, and whoever approved an open request.

    Of whoever has access elsewhere, the account there as well; of whoever it was asked for, who asked as well.
    It is read some grants at a time, so it takes memory for people alone.
    """
    found: dict[str, set[str]] = {}
    for some in _HOLDING.pages(tx):
        for directory, account, *asked in some:
            found.setdefault(directory, set()).add(account)
            _add_people(found, *asked)
    for some in chain(_ASKING.pages(tx), _APPROVING.pages(tx)):
        for row in some:
            _add_people(found, *row)
    return found


def _add_people(found: dict[str, set[str]], directory: str, requester: str, target: str = "") -> None:
    for name, account in people_of(directory, requester, target):
        found.setdefault(name, set()).add(account)


def live_of(tx: Session, directory: str, account: str) -> Sequence[Grant]:
    """The person's grants that give access or are about to, in whatever directory, soonest end first.

    directory, account: the person's own, here and below; what concerns one membership asks `covering` and the like.
    """
    return _LIVE_OF.held(tx, {"directory": directory, "account": account})


def open_of(tx: Session, directory: str, account: str, entitlement: str) -> Grant | None:
    """A request for this entitlement that still waits, this person's or made for them."""
    asked = {"directory": directory, "account": account, "entitlement": entitlement}
    return _OPEN_OF.one_held(tx, asked)


def past_of(tx: Session, directory: str, account: str, entitlement: str) -> Sequence[Grant]:
    """Ended grants of this person on this entitlement, newest first; not what was only taken away (0 minutes)."""
    return _PAST_OF.held(tx, {"directory": directory, "account": account, "entitlement": entitlement})


def refused_since(tx: Session, directory: str, account: str, entitlement: str, since: datetime) -> int:
    """How often this person was refused this entitlement after `since`, for whomever they asked."""
    asked = {"directory": directory, "account": account, "entitlement": entitlement, "since": since}
    ((count,),) = rows(tx.connection(), _REFUSED_SINCE, asked)
    return int(count)


def covering(tx: Session, *, directory: str, account: str, group: str) -> Sequence[Grant]:
    """The grants that concern one holding: live ones and those whose end is under way."""
    place, written = {"directory": directory, "account": account}, ways(tx, directory, account, group)
    return given_truly(tx, [one for way in written for one in _COVERING.held(tx, {**place, "group": way})])


def concerning_group(
    tx: Session,
    *,
    entitlement: str,
    directory: str,
    group: str,
    among: Collection[str] | None = None,
) -> list[tuple[str, str, str]]:
    """Account, id and state of the grants that give this group, are about to, or whose end is under way.

    among: only these accounts'. Rows and no grants, since there may be very many.
    """
    names, asked = names_in(tx), {"entitlement": entitlement, "directory": directory}
    found: Iterable[Sequence[Any]] = (
        tx.execute(_CONCERNING, asked)
        if among is None
        else rows(tx.connection(), _CONCERNING_SOME, {**asked, "accounts": listed(among)})
    )
    return [
        (account, id_, state)
        for written, account, id_, state in found
        if names.are_one(directory, written, group)
    ]


def active_in(tx: Session, *, entitlement: str, directory: str, group: str) -> Iterator[list[str]]:
    """Those who have an active grant that gives this group, some at a time: there may be very many.

    To be read to the end within the transaction.
    """
    names = names_in(tx)
    for some in _ACTIVE_IN.pages(tx, {"entitlement": entitlement, "directory": directory}):
        yield [account for written, account in some if names.are_one(directory, written, group)]


def covered_in(tx: Session, *, directory: str, group: str, among: Collection[str]) -> frozenset[str]:
    """Those of these accounts that a grant concerns here, whatever its entitlement was called when it was given."""
    names, asked = names_in(tx), {"directory": directory, "group": group, "accounts": listed(among)}
    # Where a name is written in one way, the rest of what all of them have need not be read.
    found = rows(tx.connection(), _COVERED_IN if names.is_exact(directory) else _STANDING_OF, asked)
    return frozenset(account for written, account in found if names.are_one(directory, written, group))


def covering_each(tx: Session, rows: Collection[Holding]) -> dict[str, list[Grant]]:
    """`covering` for each of these holdings, by its id, in one look."""
    found: dict[str, list[Grant]] = {row.id: [] for row in rows}
    names, ids = names_in(tx), defaultdict[tuple[str, str, str], list[str]](list)
    for row in rows:
        ids[row.directory, row.account, names.key(row.directory, row.group)].append(row.id)
    accounts = sorted({row.account for row in rows})
    for grant in given_truly(tx, tx.exec(_COVERING_ALL, params={"accounts": accounts})) if rows else ():
        for holding in ids.get((grant.directory, grant.account, names.key(grant.directory, grant.group)), ()):
            found[holding].append(grant)
    return found


def open_in(tx: Session, directory: str) -> int:
    """How many grants in this directory give access that is not known to be gone, or are about to."""
    return tx.exec(select(func.count()).where(Grant.directory == directory, _STANDS)).one()


def ended_since(tx: Session, *, directory: str, account: str, group: str, at: datetime) -> Sequence[Grant]:
    """The grants on one holding that ended at `at` or later."""
    return tx.exec(
        select(Grant).where(
            Grant.directory == directory,
            Grant.account == account,
            col(Grant.group).in_(ways(tx, directory, account, group)),
            Grant.state == GrantState.ENDED,
            col(Grant.ended_at) >= at,
        )
    ).all()


def covering_holding(tx: Session, holding: Holding) -> Sequence[Grant]:
    """`covering`, for a holding."""
    return covering(tx, directory=holding.directory, account=holding.account, group=holding.group)


def concerning(tx: Session, holding: Holding) -> Grant | None:
    """The grant that a change of this holding is about: one that waits for it, else the one last approved."""
    waits = case((col(Grant.state).in_((GrantState.APPROVED, GrantState.ENDING)), 0), else_=1)
    return tx.exec(
        select(Grant)
        .where(
            Grant.directory == holding.directory,
            Grant.account == holding.account,
            col(Grant.group).in_(ways(tx, holding.directory, holding.account, holding.group)),
            col(Grant.expires_at).is_not(None),
        )
        .order_by(waits, col(Grant.decided_at).desc())
        .limit(1)
    ).first()


def unanswered(tx: Session, at: datetime, limit: int) -> Sequence[Grant]:
    """Requests that nobody answered in time."""
    return _UNANSWERED.held(tx, {"at": at, "most": limit})


def drop_drafts(tx: Session, before: datetime) -> None:
    """Forget drafts that were never sent: nothing was asked, so nothing is kept."""
    run(tx.connection(), _DROP_DRAFTS, {"before": before})


def drop_questions(tx: Session, before: datetime) -> None:
    """Forget answered routine questions."""
    run(tx.connection(), _DROP_QUESTIONS, {"before": before})
