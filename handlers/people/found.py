"""Whom somebody means by a Slack account, a login or an account's id: as the directory has them now, or as rows do.

It decides nothing. A directory that is silent makes somebody who is on record no stranger.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sqlmodel import Session

from handlers.exceptions.strange import named
from handlers.ground import Ground
from handlers.patience import in_time
from storage import grants, links
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{1,30}")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One person's account. account: as the directory has it; None if it has it no more, or is silent."""

    directory: str
    id: str
    account: Account | None = field(default=None, repr=False)
    silent: bool = False

    @property
    def name(self) -> str:
        """To show."""
        return named(self.account.name, self.account.login) if self.account else self.id


async def find(ground: Ground, whom: str) -> Found | None:
    """Whom this names; None if nobody. DirectoryUnavailable if a directory is silent and no row knows them."""
    word = whom.strip()
    known = await ground.database.read(lambda tx: _on_record(tx, ground, word))
    if known is not None:
        return await _look(ground, *known)
    if not word or _SLACK_USER.fullmatch(word):
        return None
    silent: DirectoryUnavailable | None = None
    for name, home in ground.homes.items():
        try:
            account = await in_time(home.account_by_login(word))
        except DirectoryUnavailable as fault:
            silent = fault
            continue
        if account is not None:
            return Found(directory=name, id=account.id, account=account)
    if silent is not None:
        raise silent
    return None


def everybody_known(tx: Session) -> Mapping[str, AbstractSet[str]]:
    """By directory, who holds something, waits for it, approved it, or is linked."""
    concerned = grants.people_concerned(tx)
    for directory, accounts in links.linked_people(tx).items():
        concerned.setdefault(directory, set()).update(accounts)
    return concerned


def _on_record(tx: Session, ground: Ground, word: str) -> tuple[str, str] | None:
    link = links.link_of_user(tx, word) if _SLACK_USER.fullmatch(word) else None
    if link is not None:
        return link.directory, link.account
    concerned = everybody_known(tx)
    return next(((home, word) for home in ground.homes if word in concerned.get(home, ())), None)


async def _look(ground: Ground, directory: str, account: str) -> Found:
    try:
        found = await in_time(ground.home(directory).account(account))
    except DirectoryUnavailable:
        return Found(directory=directory, id=account, silent=True)
    return Found(directory=directory, id=account, account=found)
