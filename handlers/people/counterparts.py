"""Asking two directories, at once, for the account of one person in the other of them.

It changes nothing and keeps nothing: whoever needs to know asks again (promise 3).
"""

import asyncio
from dataclasses import dataclass

from handlers.decisions.counterparts import (
    Counterpart,
    NoCounterpart,
    Reason,
    counterpart_of,
    fit_to_hold,
    number_of,
    still_the_same,
)
from handlers.exceptions.raising import Kind, Severity, Strange, named_holder
from handlers.ground import Ground
from handlers.requests.reports import report_now
from storage.directories.base import Account
from storage.records import Grant
from storage.whose import holder_of

_IDS_TOLD = 10


async def find_counterpart(ground: Ground, own: Account, directory: str) -> Counterpart:
    """The account of this person in `directory`, or why there is none that could be meant.

    In their own directory it is their own, and nobody is asked. DirectoryUnavailable when one that must be asked
    does not answer: unknown is not none (promise 7).
    """
    if directory == own.directory:
        return own
    if ground.people_of.get(directory) != own.directory:
        return NoCounterpart(reason=Reason.ELSEWHERE, directory=directory, home=own.directory)
    number = number_of(own)
    if not number:
        return counterpart_of(own, directory, at_home=(), there=())
    at_home, there = await asyncio.gather(
        ground.directory(own.directory).accounts_of(number), ground.directory(directory).accounts_of(number)
    )
    return counterpart_of(own, directory, at_home=at_home, there=there)


async def find_person(ground: Ground, account: Account) -> Account | None:
    """Whose account this is, where people sign in from; None where that is not certain.

    DirectoryUnavailable as above.
    """
    home = ground.home_of(account.directory)
    number = number_of(account)
    if home == account.directory:
        return account
    known = await ground.home(home).accounts_of(number) if number else []
    if len(known) != 1:
        return None
    found = await find_counterpart(ground, known[0], account.directory)
    is_theirs = not isinstance(found, NoCounterpart) and found.id == account.id
    return known[0] if is_theirs else None


async def find_target(ground: Ground, own: Account, directory: str) -> Counterpart:
    """The account of this person that access in `directory` may be given to. DirectoryUnavailable as above."""
    return fit_to_hold(await find_counterpart(ground, own, directory), own)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Who gets it. account: theirs in the entitlement's directory. report: who that is, if not the requester."""

    account: Counterpart
    report: Account | None = None


async def target_now(ground: Ground, grant: Grant, own: Account) -> Target:
    """Who gets what `own` asked for before: it must still be the account that was meant then.

    DirectoryUnavailable as above.
    """
    report = None
    if grant.target_account:
        report = await report_now(ground, grant, own)
        if report is None:
            gone = NoCounterpart(
                reason=Reason.NOT_A_REPORT, directory=grant.directory, home=grant.requester_directory
            )
            return Target(account=gone)
    found = await find_target(ground, report or own, grant.directory)
    return Target(account=still_the_same(found, report or own, grant.account), report=report)


def uncertain(target: NoCounterpart, grant: Grant) -> Strange:
    """The exception that nobody could tell which account is theirs: one for one person and directory."""
    directory, account = holder_of(grant)
    return Strange(
        kind=Kind.AMBIGUOUS_IDENTITY,
        severity=Severity.MEDIUM,
        who=named_holder(grant),
        cause=f"{directory}:{account}:{target.directory}:{target.reason}",
        correlation=grant.id,
        facts={
            "entitlement": grant.entitlement,
            "directory": target.place,
            "reason": target.reason,
            "accounts": list(target.accounts[:_IDS_TOLD]),
        },
    )
