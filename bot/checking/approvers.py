"""The approvers, examined: whether for every owner somebody can decide, and somebody else when that one asks.

It reads groups and accounts live and asks policy about them; nobody is told.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.checking.directories import Directories, is_employed
from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from handlers.approvals.owner_deciders import Deciders, first_able
from handlers.decisions.policy import PolicyEngine
from handlers.decisions.requests import Verdict
from storage.catalogue import Entitlement
from storage.directories.base import Account, Finding
from storage.faults import WicketFault

_TOGETHER = 8


@dataclass(frozen=True, kw_only=True)
class _Body:
    """A group that is to decide about entitlements. can: whether this account may. needed: nothing goes without it.

    enough: how many who can are well.
    """

    about: str
    directory: str
    group: str
    written: str
    can: Callable[[Account], bool]
    needed: bool = True
    enough: int = 2


async def examine_approvers(
    directories: Directories,
    settings: Settings,
    policy: PolicyEngine,
    verdicts: Mapping[str, Verdict],
    *,
    now: datetime,
) -> list[Finding]:
    """A line for the approvers of each owner, those on call, standing scopes, and security, wherever they decide."""
    deciders = Deciders(
        policy=policy,
        catalogue=settings.catalogue,
        security_group=settings.security.approvers_group,
        home_of=settings.home_of,
        now=now,
    )
    bodies = [
        *_owners(settings, deciders),
        *_on_call(settings, deciders),
        *_scopes(settings),
        *_security(settings, deciders, verdicts),
    ]
    at_a_time = asyncio.Semaphore(_TOGETHER)

    async def look(body: _Body) -> Finding:
        async with at_a_time:
            return await _examine(directories, body)

    return list(await asyncio.gather(*(look(body) for body in bodies)))


def _owners(settings: Settings, deciders: Deciders) -> list[_Body]:
    return [
        _Body(
            about=f"approvers of {owner.name} in {directory}",
            directory=directory,
            group=owner.approvers,
            written=f"owner[{owner.id}].approvers",
            can=deciders.who_may("owner", entitlements, owner.id),
        )
        for (owner_id, directory), entitlements in deciders.bodies().items()
        for owner in [settings.catalogue.owners[owner_id]]
    ]


def _on_call(settings: Settings, deciders: Deciders) -> list[_Body]:
    """Those who are on call for an owner: a shift of one is enough, and without one its approvers decide."""
    return [
        _Body(
            about=f"on call for {owner.name} in {directory}",
            directory=directory,
            group=owner.on_call,
            written=f"owner[{owner.id}].on_call",
            can=deciders.who_may("owner", own),
            needed=False,
            enough=1,
        )
        for (owner_id, directory), entitlements in deciders.bodies().items()
        for owner in [settings.catalogue.owners[owner_id]]
        if owner.on_call and (own := [one for one in entitlements if one.owner == owner_id])
    ]


def _scopes(settings: Settings) -> list[_Body]:
    """Those who approve by a standing scope: of one that takes in nothing, and of an empty group, nobody is helped."""
    return [
        _Body(
            about=f"standing scope {scope.name} in {directory}",
            directory=directory,
            group=scope.group,
            written=f"scope[{scope.id}].group",
            can=is_employed,
            needed=False,
            enough=1,
        )
        for scope in settings.catalogue.scopes.values()
        for directory in sorted(
            {
                settings.home_of(one.directory)
                for one in settings.catalogue.entitlements.values()
                if scope.takes_in(one)
            }
        )
    ]


def _security(settings: Settings, deciders: Deciders, verdicts: Mapping[str, Verdict]) -> list[_Body]:
    """The security team, in each home; what needs no approval of theirs there can do without them."""
    group, bodies = settings.security.approvers_group, []
    by_directory: dict[str, list[Entitlement]] = {settings.home_of(name): [] for name in settings.directories}
    for one in settings.catalogue.entitlements.values():
        by_directory[settings.home_of(one.directory)].append(one)
    for directory, held in by_directory.items():
        theirs = [one for one in held if (fewest := verdicts[one.id].missing) and fewest.security]
        can = deciders.who_may("security", theirs) if theirs else _is_active
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


def _is_active(account: Account) -> bool:
    return account.active


async def _examine(directories: Directories, body: _Body) -> Finding:
    try:
        able = await first_able(await directories.get(body.directory), body.group, body.can, body.enough)
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
            "Put at least two people into it." if body.enough > 1 else "Put whoever is on call into it.",
        )
    if body.enough == 1:
        return ok(body.about, f"Somebody in the group {body.group} can approve.")
    if len(able) == 1:
        name = able[0].name
        return warning(
            body.about,
            f"Only {name} can approve, so nobody can decide what {name} asks for.",
            f"Put a second person into the group {body.group}.",
        )
    return ok(body.about, f"Two people or more in the group {body.group} can approve.")
