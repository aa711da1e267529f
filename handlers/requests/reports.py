"""Somebody whom a person may ask for: whoever reports to them, as the directory says at that moment.

It says the same of a stranger, of somebody who is gone and of somebody who reports to another (P-9).
"""

from handlers.decisions.policy import same_person
from handlers.ground import Ground
from storage import links
from storage.directories.base import Account
from storage.records import Grant


async def find_report(ground: Ground, own: Account, slack_user: str) -> Account | None:
    """The report of `own` who is linked to this Slack account; None if it is nobody of theirs.

    DirectoryUnavailable when the directory does not answer.
    """
    link = await ground.database.read(lambda tx: links.link_of_user(tx, slack_user))
    if link is None or link.directory != own.directory:
        return None
    return _if_report(await ground.home(own.directory).account(link.account), own)


async def report_now(ground: Ground, grant: Grant, own: Account) -> Account | None:
    """Whom `own` asked for, if the one still reports to them. DirectoryUnavailable as above."""
    return _if_report(await ground.home(own.directory).account(grant.target_account), own)


def _if_report(found: Account | None, own: Account) -> Account | None:
    if found is None or found.manager != own.id or not found.active or same_person(found, own):
        return None
    return found
