"""All of a person's accounts in one directory: whoever signs in by a second one is the same person all the same (R-1).

It decides nothing, and believes no account that does not name the same number or mail address itself.
"""

import asyncio

from handlers.decisions.counterparts import number_of
from handlers.decisions.policy import same_person
from storage.directories.base import Account, Directory


async def all_of(directory: Directory, account: Account) -> tuple[Account, ...]:
    """This one, and all others of whoever has it. directory: where it is. DirectoryUnavailable as for any look-up."""
    number, mail = number_of(account), account.mail.strip()
    looks = [
        *([directory.accounts_of(number)] if number else []),
        *([directory.accounts_by_mail(mail)] if mail else []),
    ]
    found = [one for several in await asyncio.gather(*looks) for one in several]
    theirs = {one.id: one for one in found if one.id != account.id and same_person(account, one)}
    return account, *theirs.values()
