"""Mail addresses as they were seen in the directories, so that a change is known for as long as it matters (P-3).

It asks no directory, and an address that was never seen before is no change. None at all is no address: it is not kept,
so that nobody hides a change behind it.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlmodel import Session, SQLModel, col, select

from storage.engine import upserts
from storage.engine.plain import run
from storage.records import Address, Link

# Of a list of accounts, so many are asked for in one statement.
_AT_ONCE = 500
_KEEP = upserts.or_replace(SQLModel.metadata.tables[Address.__tablename__], ("mail", "before", "since"))


def known(tx: Session, directory: str, accounts: Collection[str]) -> Mapping[str, Address]:
    """What is kept of these accounts."""
    wanted, found = list(accounts), dict[str, Address]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = tx.exec(
            select(Address).where(Address.directory == directory, col(Address.account).in_(some))
        ).all()
        found.update({row.account: row for row in rows})
    return found


def news(tx: Session, directory: str, seen: Mapping[str, str]) -> Iterator[str]:
    """The accounts whose address is kept otherwise than it was seen now, or not at all. seen: account to address."""
    kept = known(tx, directory, seen)
    for account, mail in seen.items():
        row = kept.get(account)
        if mail.strip() and (row is None or not same(row.mail, mail)):
            yield account


def see(tx: Session, *, directory: str, account: str, mail: str, at: datetime) -> Address | None:
    """Keep how it is now; None if there never was one. A link made with another address knows an earlier one."""
    row = tx.get(Address, (directory, account), populate_existing=True)
    if not mail.strip() or (row is not None and same(row.mail, mail)):
        return row
    before = row.mail if row is not None else _linked_with(tx, directory, account, mail)
    seen = Address(directory=directory, account=account, mail=mail, before=before, since=at)
    run(tx.connection(), _KEEP, seen.model_dump())
    return seen


def same(one: str, other: str) -> bool:
    """Whether two addresses are one, compared without case."""
    return one.strip().casefold() == other.strip().casefold()


def _linked_with(tx: Session, directory: str, account: str, mail: str) -> str:
    found = tx.exec(select(Link.mail).where(Link.directory == directory, Link.account == account)).all()
    return next((one for one in found if one and not same(one, mail)), "")
