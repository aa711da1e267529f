"""Mail addresses as they were seen in the directories, so that a change is known for as long as it matters (P-3).

It asks no directory, and an address that was never seen before is no change. None at all is no address: it is not kept,
so that nobody hides a change behind it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, SQLModel

from storage.engine import upserts
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run_each
from storage.records import Address, Link

_ADDRESSES = SQLModel.metadata.tables[Address.__tablename__]
_KEEP = upserts.or_replace(_ADDRESSES, ("mail", "before", "since"))
_KNOWN = Loading(
    Address,
    select(_ADDRESSES).where(
        _ADDRESSES.c.directory == bindparam("directory"), among(_ADDRESSES.c.account, "accounts")
    ),
)

_LINKS = SQLModel.metadata.tables[Link.__tablename__]
_LINKED = Plain(
    select(_LINKS.c.account, _LINKS.c.mail).where(
        _LINKS.c.directory == bindparam("directory"), among(_LINKS.c.account, "accounts")
    )
)


def known(tx: Session, directory: str, accounts: Collection[str]) -> Mapping[str, Address]:
    """What is kept of these accounts."""
    found = _KNOWN.held(tx, {"directory": directory, "accounts": listed(accounts)})
    return {row.account: row for row in found}


def news(tx: Session, directory: str, seen: Mapping[str, str]) -> Iterator[str]:
    """The accounts whose address is kept otherwise than it was seen now, or not at all. seen: account to address."""
    kept = known(tx, directory, seen)
    return (account for account, mail in seen.items() if _is_news(kept.get(account), mail))


def see(tx: Session, *, directory: str, seen: Mapping[str, str], at: datetime) -> Mapping[str, Address]:
    """Keep how it is now; what is kept then, where there ever was one. A link made with another address knows an
    earlier one. seen: account to address.
    """
    kept = dict(known(tx, directory, seen))
    fresh = {account: mail for account, mail in seen.items() if _is_news(kept.get(account), mail)}
    linked = _linked_with(tx, directory, fresh.keys() - kept.keys())
    for account, mail in fresh.items():
        earlier = [kept[account].mail] if account in kept else linked.get(account, ())
        before = next((one for one in earlier if one and not same(one, mail)), "")
        kept[account] = Address(directory=directory, account=account, mail=mail, before=before, since=at)
    run_each(tx.connection(), _KEEP, [kept[account].model_dump() for account in fresh])
    return kept


def same(one: str, other: str) -> bool:
    """Whether two addresses are one, compared without case."""
    return one.strip().casefold() == other.strip().casefold()


def _is_news(row: Address | None, mail: str) -> bool:
    return bool(mail.strip()) and (row is None or not same(row.mail, mail))


def _linked_with(tx: Session, directory: str, accounts: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The addresses that links to these accounts were made with."""
    found = dict[str, list[str]]()
    asked = {"directory": directory, "accounts": listed(accounts)}
    for account, mail in rows(tx.connection(), _LINKED, asked) if accounts else ():
        found.setdefault(account, []).append(mail)
    return found
