"""The approvers, examined: whether for every owner somebody can decide, and somebody else when that one asks.

It reads groups and accounts live and asks policy about them; nobody is told.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.checking.directories import Directories
from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from handlers.decisions.policy import PolicyEngine, Role, role_of, same_person
from handlers.decisions.prospects import ordinary_question
from handlers.decisions.requests import Verdict, may_decide
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory, Finding
from storage.faults import WicketFault

_TOGETHER = 8


@dataclass(frozen=True, kw_only=True)
class _Body:
    """A group that is to decide about entitlements. can: whether this account may. needed: nothing goes without it."""

    about: str
    directory: str
    group: str
    written: str
    can: Callable[[Account], bool]
    needed: bool = True


async def examine_approvers(
    directories: Directories,
    settings: Settings,
    policy: PolicyEngine,
    verdicts: Mapping[str, Verdict],
    *,
    now: datetime,
) -> list[Finding]:
    """A line for the approvers of each owner, and for security, in every home in which they are to decide."""
    bodies = [*_owners(settings, policy, now), *_security(settings, policy, verdicts, now)]
    at_a_time = asyncio.Semaphore(_TOGETHER)

    async def look(body: _Body) -> Finding:
        async with at_a_time:
            return await _examine(directories, body)

    return list(await asyncio.gather(*(look(body) for body in bodies)))


def _owners(settings: Settings, policy: PolicyEngine, now: datetime) -> list[_Body]:
    catalogue, bodies = settings.catalogue, []
    by_place: dict[tuple[str, str], list[Entitlement]] = {}
    for one in catalogue.entitlements.values():
        by_place.setdefault((one.owner, settings.home_of(one.directory)), []).append(one)
    for (owner_id, directory), owned in by_place.items():
        owner = catalogue.owners[owner_id]
        bodies.append(
            _Body(
                about=f"approvers of {owner.name} in {directory}",
                directory=directory,
                group=owner.approvers,
                written=f"owner[{owner_id}].approvers",
                can=_may_decide_as("owner", settings, policy, owned, now),
            )
        )
    return bodies


def _security(
    settings: Settings, policy: PolicyEngine, verdicts: Mapping[str, Verdict], now: datetime
) -> list[_Body]:
    """The security team, in each home; what needs no approval of theirs there can do without them."""
    group, bodies = settings.security.approvers_group, []
    by_directory: dict[str, list[Entitlement]] = {settings.home_of(name): [] for name in settings.directories}
    for one in settings.catalogue.entitlements.values():
        by_directory[settings.home_of(one.directory)].append(one)
    for directory, held in by_directory.items():
        theirs = [one for one in held if (fewest := verdicts[one.id].missing) and fewest.security]
        can = _may_decide_as("security", settings, policy, theirs, now) if theirs else _is_active
        bodies.append(
            _Body(
                about=f"security approvers in {directory}",
                directory=directory,
                group=group,
                written="[security] approvers_group",
                can=can,
                needed=bool(theirs),
            )
        )
    return bodies


def _may_decide_as(
    wanted: Role, settings: Settings, policy: PolicyEngine, entitlements: list[Entitlement], now: datetime
) -> Callable[[Account], bool]:
    """Whether an account may decide, in this role, about at least one of these, when somebody ordinary asks."""
    catalogue, security = settings.catalogue, settings.security.approvers_group

    def can(account: Account) -> bool:
        for one in entitlements:
            home = settings.home_of(one.directory)
            question = ordinary_question(one, catalogue.owner_of(one), home=home, now=now)
            role = role_of(account, question.requester, question.owner, security)
            if role == wanted and may_decide(policy, question, account, role).allowed:
                return True
        return False

    return can


def _is_active(account: Account) -> bool:
    return account.active


async def _examine(directories: Directories, body: _Body) -> Finding:
    try:
        able = await _able(await directories.get(body.directory), body)
    except WicketFault as fault:
        return failed(body.about, f"It is not known who they are: {fault}", "Mend the directory first.")
    bad = failed if body.needed else warning
    if able is None:
        return bad(
            body.about,
            f"Nobody can approve: there is no group {body.group}.",
            f"Make the group, or correct {body.written}.",
        )
    if not able:
        return bad(
            body.about,
            f"Nobody can approve: nobody in the group {body.group} is active and allowed to.",
            "Put at least two people into it.",
        )
    if len(able) == 1:
        name = able[0].name
        return warning(
            body.about,
            f"Only {name} can approve, so nobody can decide what {name} asks for.",
            f"Put a second person into the group {body.group}.",
        )
    return ok(body.about, f"Two people or more in the group {body.group} can approve.")


async def _able(directory: Directory, body: _Body) -> list[Account] | None:
    """The first two different people of the group who can decide; None if there is no such group."""
    group = await directory.group(body.group)
    if group is None:
        return None
    able: list[Account] = []
    for member in sorted(group.members):
        account = await directory.account(member)
        if account is None or not body.can(account) or any(same_person(account, one) for one in able):
            continue
        able.append(account)
        if len(able) == 2:
            break
    return able
