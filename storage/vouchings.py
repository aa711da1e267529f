"""Vouchings as rows: asked for in a visit, vouched for once, counted after a time, used once.

It makes no code, knows no policy, and what ended is never open again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, literal_column, or_, update
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, func, select

from storage.audit.tables import ENTRIES
from storage.engine.changing import change_if, put
from storage.engine.loading import Loading
from storage.identifiers import new_id
from storage.on_record import has_ended, was_put_back
from storage.records import Vouching
from storage.signing import genuine
from storage.states import Ended

# By their places alone: who did much, or had much done to them, has thousands of entries, and few of them are these.
_GIVEN = ENTRIES.c.index.in_(
    pick(ENTRIES.c.index).where(ENTRIES.c.action == literal_column("'vouching.given'"))
)
_VOUCHINGS = SQLModel.metadata.tables[Vouching.__tablename__]
# Built once: the schedule asks, and mostly there is none.
_COOLING = Loading(
    Vouching,
    pick(_VOUCHINGS)
    .where(
        _VOUCHINGS.c.cooled_at.is_(None),
        _VOUCHINGS.c.ended_at.is_(None),
        _VOUCHINGS.c.counts_from <= bindparam("at"),
        _VOUCHINGS.c.counts_until > bindparam("at"),
    )
    .order_by(_VOUCHINGS.c.counts_from)
    .limit(bindparam("most")),
)


@dataclass(frozen=True, kw_only=True)
class Word:
    """What somebody says who vouches. whom: the person's name. voucher: their account, in the person's directory.

    spoken: how they spoke to each other. proof: the handle of the voucher's own fresh proof.
    """

    whom: str
    voucher: str
    name: str
    slack_user: str
    role: str
    spoken: str
    ticket: str
    proof: str


def ask(
    tx: Session,
    *,
    handle: str,
    directory: str,
    account: str,
    counted: str,
    browser: str,
    idle: str,
    at: datetime,
    expires_at: datetime,
) -> Vouching:
    """Keep a new asking; one that can be vouched for takes the place of those of this person that wait for it."""
    if account and not idle:
        _end(tx, _waiting(directory, account), Ended.REPLACED, at)
    row = Vouching(
        id=new_id("v", at), handle=handle, directory=directory, account=account, counted=counted,
        browser=browser, idle=idle, asked_at=at, expires_at=expires_at,
    )  # fmt: skip
    return put(tx, row)


def asked_since(tx: Session, counted: str, since: datetime) -> int:
    """How often it was asked for under this count since then."""
    found = select(func.count()).select_from(Vouching)
    return int(tx.exec(found.where(Vouching.counted == counted, col(Vouching.asked_at) > since)).one())


def by_id(tx: Session, vouching: str) -> Vouching | None:
    """The row, or None."""
    found = tx.get(Vouching, vouching)
    return found if found is not None and _counts(tx, found) else None


def of_visit(tx: Session, handle: str, browser: str) -> Vouching | None:
    """The newest that this browser asked for in this visit."""
    found = tx.exec(
        select(Vouching)
        .where(Vouching.handle == handle, Vouching.browser == browser)
        .order_by(col(Vouching.id).desc())
    )
    return _first(tx, found)


def waiting_for(tx: Session, directory: str, account: str, at: datetime) -> Vouching | None:
    """The one of this person that can be vouched for now."""
    found = tx.exec(
        select(Vouching)
        .where(*_waiting(directory, account), Vouching.idle == "", col(Vouching.expires_at) > at)
        .order_by(col(Vouching.id).desc())
    )
    return _first(tx, found)


def standing_of(tx: Session, directory: str, account: str, at: datetime) -> Vouching | None:
    """What was vouched of this person and is not over, whether it counts yet or not."""
    found = tx.exec(
        select(Vouching)
        .where(
            Vouching.directory == directory,
            Vouching.account == account,
            col(Vouching.ended_at).is_(None),
            col(Vouching.counts_until) > at,
        )
        .order_by(col(Vouching.id).desc())
    )
    return _first(tx, found)


def used_in(tx: Session, handle: str) -> Vouching | None:
    """The one that was used as a proof in this visit."""
    return _first(tx, tx.exec(select(Vouching).where(Vouching.proof_of == handle)))


def count_wrong(tx: Session, vouching: str, *, limit: int, at: datetime) -> int:
    """One more wrong code was typed; how many there are. The last one that is let through ends it."""
    counted = (
        update(Vouching)
        .where(col(Vouching.id) == vouching)
        .values(wrong=col(Vouching.wrong) + 1)
        .returning(col(Vouching.wrong))
        .execution_options(synchronize_session=False)
    )
    wrong = int(tx.execute(counted).scalar_one())
    if wrong >= limit:
        _changed(tx, vouching, col(Vouching.vouched_at).is_(None), ended=Ended.BURNED, ended_at=at)
    tx.expire_all()
    return wrong


def vouch(
    tx: Session, vouching: str, word: Word, *, at: datetime, counts_from: datetime, counts_until: datetime
) -> bool:
    """Take somebody's word, once. False if another was faster, or its time is over."""
    return _changed(
        tx, vouching, col(Vouching.vouched_at).is_(None), col(Vouching.expires_at) > at, name=word.whom,
        voucher=word.voucher, voucher_name=word.name, voucher_slack=word.slack_user, role=word.role,
        spoken=word.spoken, ticket=word.ticket, proof=word.proof, vouched_at=at, counts_from=counts_from,
        counts_until=counts_until,
    )  # fmt: skip


def cooling(tx: Session, at: datetime, limit: int) -> Sequence[Vouching]:
    """Those that count by now and of which nobody was told so, the oldest first."""
    return [one for one in _COOLING.held(tx, {"at": at, "most": limit}) if _counts(tx, one)]


def cool(tx: Session, vouching: str, at: datetime) -> bool:
    """It is told that it counts; False if it was before, or it ended meanwhile."""
    return _changed(tx, vouching, col(Vouching.cooled_at).is_(None), cooled_at=at)


def use(tx: Session, vouching: str, handle: str, at: datetime) -> bool:
    """Take it as a proof in this visit. False if it does not count yet or any more, or was taken before."""
    counts = (col(Vouching.counts_from) <= at, col(Vouching.counts_until) > at)
    return _changed(tx, vouching, *counts, ended=Ended.USED, ended_at=at, proof_of=handle)


def end(tx: Session, vouching: str, why: Ended, at: datetime) -> bool:
    """It is over; False if it was before."""
    return _changed(tx, vouching, ended=why, ended_at=at)


def end_all(tx: Session, directory: str, account: str, why: Ended, at: datetime) -> Sequence[str]:
    """End what is open of this person and what they vouched for; the ids."""
    theirs = or_(col(Vouching.account) == account, col(Vouching.voucher) == account)
    return _end(tx, (col(Vouching.directory) == directory, theirs), why, at)


def open_of(tx: Session, directory: str, account: str) -> int:
    """How many are open of this person, and of those whom they vouched for."""
    theirs = or_(col(Vouching.account) == account, col(Vouching.voucher) == account)
    asked = select(func.count()).select_from(Vouching)
    return tx.exec(
        asked.where(Vouching.directory == directory, col(Vouching.ended_at).is_(None), theirs)
    ).one()


def standing_everybodys(tx: Session, at: datetime) -> Sequence[str]:
    """The ids of all that were vouched and are not over, whoever they are of."""
    return tx.exec(
        select(Vouching.id)
        .where(col(Vouching.ended_at).is_(None), col(Vouching.counts_until) > at)
        .order_by(Vouching.id)
    ).all()


def end_everybodys(tx: Session, at: datetime) -> int:
    """End all that are open, whoever they are of; how many."""
    return len(_end(tx, (), Ended.VOID, at))


def last_word(
    tx: Session, *, vouchers: Collection[str], directory: str, accounts: Collection[str]
) -> datetime | None:
    """When one of these vouchers last vouched for one of these accounts, whatever came of it.

    As the rows have it, or the record, which a row that is gone or says something else does not overrule (T-9).
    """
    found = select(func.max(Vouching.vouched_at)).where(
        col(Vouching.voucher).in_(vouchers),
        Vouching.directory == directory,
        col(Vouching.account).in_(accounts),
    )
    # They are few, and the greatest is found here: an engine that is asked for it reads the log from its end.
    told = pick(ENTRIES.c.at).where(ENTRIES.c.subject.in_(accounts), ENTRIES.c.actor.in_(vouchers), _GIVEN)
    known = (tx.exec(found).one(), *tx.connection().execute(told).scalars())
    return max((one for one in known if one is not None), default=None)


def _first(tx: Session, found: Iterable[Vouching]) -> Vouching | None:
    """The first that counts: one that does not hides no other (T-9)."""
    return next((one for one in found if _counts(tx, one)), None)


def _counts(tx: Session, found: Vouching) -> bool:
    """Whether it is as Wicket wrote it, and not open though its end is on the record."""
    if not genuine(tx, found):
        return False
    over = found.ended_at is None and has_ended(tx, found.handle, found.id)
    return not was_put_back(tx, found, over)


def _waiting(directory: str, account: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Vouching.directory) == directory,
        col(Vouching.account) == account,
        col(Vouching.vouched_at).is_(None),
        col(Vouching.ended_at).is_(None),
    )


def _end(tx: Session, which: Sequence[ColumnElement[bool]], why: Ended, at: datetime) -> Sequence[str]:
    ended = (
        update(Vouching)
        .where(col(Vouching.ended_at).is_(None), *which)
        .values(ended=why, ended_at=at)
        .returning(col(Vouching.id))
        .execution_options(synchronize_session=False)
    )
    found = list(tx.execute(ended).scalars())
    tx.expire_all()
    return found


def _changed(tx: Session, vouching: str, *which: ColumnElement[bool], **values: Any) -> bool:
    """Change one that is open."""
    found = change_if(tx, Vouching, vouching, col(Vouching.ended_at).is_(None), *which, **values)
    tx.expire_all()
    return found
