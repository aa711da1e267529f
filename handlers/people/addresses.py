"""Mail addresses watched for change: one that changed less than three days ago lets nobody help themselves (P-3).

It asks no directory itself, and never says to whom an address went.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice

from sqlmodel import Session

from storage import addresses
from storage.database import Database
from storage.directories.base import Account
from storage.records import Address

SETTLES_AFTER = timedelta(hours=72)
# Of many so many are looked at, and written, at a time: whoever waits for the writer meanwhile has their turn.
AT_ONCE = 100


def changed_lately(account: Account, seen: Address | None, at: datetime) -> datetime | None:
    """When its address changed, if that is so short a time ago; the directory's own word counts as well as ours.

    An address that we saw first is no change, whoever had it before.
    """
    ours = seen.since if seen is not None and seen.before else None
    known = [one for one in (ours, account.mail_changed_at) if one is not None and at - one < SETTLES_AFTER]
    return max(known, default=None)


def former(seen: Address | None, at: datetime) -> str:
    """The address that was another's place lately, where it must hear of things too; "" if there is none."""
    lately = seen is not None and at - seen.since < SETTLES_AFTER
    return seen.before if seen is not None and lately else ""


async def seen_now(database: Database, account: Account, at: datetime) -> Address | None:
    """Keep what the directory says of this account's address, if it is news; since when it is so. None without one."""
    mine = {account.id: account.mail}

    def read(tx: Session) -> tuple[bool, Address | None]:
        is_news = any(addresses.news(tx, account.directory, mine))
        return is_news, addresses.known(tx, account.directory, mine).get(account.id)

    is_news, kept = await database.read(read)
    if not is_news:
        return kept
    seen = await database.write(lambda tx: addresses.see(tx, directory=account.directory, seen=mine, at=at))
    return seen.get(account.id)


async def watch(database: Database, directory: str, mails: Mapping[str, str], at: datetime) -> None:
    """The same for many, by account: some at a time, and written only where something is news."""
    waiting = iter(mails.items())
    while some := dict(islice(waiting, AT_ONCE)):
        await _watch_some(database, directory, some, at)


async def _watch_some(database: Database, directory: str, mails: Mapping[str, str], at: datetime) -> None:
    if await database.read(lambda tx: any(addresses.news(tx, directory, mails))):
        await database.write(lambda tx: addresses.see(tx, directory=directory, seen=mails, at=at))
