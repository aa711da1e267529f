"""The directory port: what Wicket asks of an identity store, whatever stands behind it.

An answer says when it was read; a failure is a DirectoryUnavailable, never an empty answer (promise 7).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias, TypeVar

from rapidfuzz import process

from storage.faults import DirectoryUnavailable
from storage.group_names import Key, exact
from storage.sentences import template

T = TypeVar("T")

# How alike two names are, of 100, for one to be offered in place of the other.
_CLOSE = 75

# Of so many accounts the keys of their groups are kept: a list of all that can be had asks about each entitlement.
_KEYS_KEPT = 64


@dataclass(frozen=True, kw_only=True)
class Account:
    """One person's account as the directory holds it at `read_at` (aware UTC).

    id: stable across renames. person: what the company knows this person by in every directory, a staff number;
    empty where the directory keeps none, or several. employment: "employee", "contractor" or "service". manager: an
    account id. privileged: holds administrative power, so never resets itself. locked: too many failed sign-ins.
    must_change_password: at the next sign-in. direct_groups: names of the groups that hold the account itself.
    groups: those, and what they are in; a name that several groups have is left out of both. mail_changed_at: no later
    than this the mail address became what it is. Times are None where there is none, or the directory keeps none.
    location: where they work. environment, workload: what a service account belongs to; its manager answers for it. All
    three are empty where the directory does not say, which is unknown. group_key: what all ways to write a group's name
    have in common in this directory.
    """

    id: str
    directory: str
    person: str
    login: str
    name: str
    mail: str
    employment: str
    team: str
    company: str
    manager: str | None
    active: bool
    locked: bool
    privileged: bool
    must_change_password: bool
    direct_groups: frozenset[str]
    groups: frozenset[str]
    password_changed_at: datetime | None
    password_expires_at: datetime | None
    read_at: datetime
    mail_changed_at: datetime | None = None
    location: str = ""
    environment: str = ""
    workload: str = ""
    group_key: Key = field(default=exact, repr=False)

    def is_in(self, *groups: str) -> bool:
        """Whether it is in one of these groups, however their names are written. No group has the empty name."""
        wanted = set(groups) - {""}
        if not self.groups.isdisjoint(wanted):
            return True
        if self.group_key is exact or not wanted:
            return False
        return not _keys(self.group_key, self.groups).isdisjoint(map(self.group_key, wanted))

    def names_among(self, names: Collection[str]) -> frozenset[str]:
        """Those of these names by which it is in a group that its directory may write otherwise."""
        if self.group_key is exact or not names:
            return frozenset()
        keys = _keys(self.group_key, self.groups)
        return frozenset(name for name in names if name and self.group_key(name) in keys)


@lru_cache(_KEYS_KEPT)
def _keys(key: Key, groups: frozenset[str]) -> frozenset[str]:
    return frozenset(map(key, groups))


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group with everybody in it, as the directory holds it at `read_at` (aware UTC).

    id: stable across renames. owner: the account id of who answers for it there, if that is said. direct: ids of
    the accounts that it names itself. inner: names of the groups that it names itself. members: ids of all
    accounts in it, through other groups too. others: its names beside `name`, where it has several.
    """

    id: str
    name: str
    owner: str | None
    direct: frozenset[str]
    inner: frozenset[str]
    members: frozenset[str]
    read_at: datetime
    others: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All its names."""
        return self.others | {self.name}


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Whether one account is a direct member of one group, the thing that add and remove change.

    read_at: aware UTC. until: when the directory itself ends it; None if it does not.
    """

    present: bool
    until: datetime | None = None
    read_at: datetime


Recovery = Literal["", "recovery_link", "temporary_pass"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a connector can do beside reading and changing memberships.

    set_password, unlock, switch (accounts on and off): whether these calls work. sessions: whether the directory
    knows of sessions, so that `end_sessions` ends any. ends_memberships: whether it can end a membership itself.
    removal_takes_effect: when a removed member really loses access, fit for a sentence ("at once", "at the next
    sign-in", "when the Kerberos ticket ends, within 10 h"); people see it (promise 8). at_once: how many
    memberships it reads, or ends, in the time that one call may take; 1 where each takes its own time. recovery:
    what `recover` does where passwords cannot be set: "recovery_link" begins the directory's own flow, which sends the
    person there; "temporary_pass" makes a pass that signs them in once, to be shown to them; "" is neither.
    """

    set_password: bool
    unlock: bool
    switch: bool
    sessions: bool
    ends_memberships: bool
    removal_takes_effect: str
    at_once: int = 1
    recovery: Recovery = ""


@dataclass(frozen=True, kw_only=True)
class TemporaryPass:
    """A pass that signs an account in until `until` (aware UTC), so that its person chooses anew. Never kept here."""

    text: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordRejected:
    """The directory refused a new password; `reason` is its own sentence, fit to show."""

    reason: str


Level = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of an examination, for an operator. about: what was looked at. advice: what to do; empty if nothing."""

    level: Level
    about: str
    found: str
    advice: str = ""


def about_group(name: str, *, exists: bool, known: Collection[str] = ()) -> Finding:
    """The line about a group that the catalogue names. known: the names of all groups, to name what is close."""
    if exists:
        return Finding(level="ok", about=f"group {name}", found="It exists.")
    close = [str(found) for found, *_ in process.extract(name, known, limit=3, score_cutoff=_CLOSE)]
    return Finding(
        level="failed",
        about=f"group {name}",
        found="There is no such group." + (f" Close to it: {', '.join(close)}." if close else ""),
        advice="Correct its name in the catalogue, or make it.",
    )


Pair: TypeAlias = tuple[str, str]
"""A membership: an account's id and the name of a group."""


async def one_by_one(
    ask: Callable[[str, str], Awaitable[T]], pairs: Sequence[Pair], *, within: float
) -> list[T | DirectoryUnavailable]:
    """Many memberships for a directory that has no better way than one after another.

    within: seconds for all of them together. Those whose turn does not come in that time are not begun.
    """
    loop = asyncio.get_running_loop()
    ends, answers = loop.time() + within, list[T | DirectoryUnavailable]()
    for account, group in pairs:
        if loop.time() >= ends:
            answers.append(DirectoryUnavailable(template("The directory was too slow to come to this one.")))
            continue
        try:
            answers.append(await ask(account, group))
        except DirectoryUnavailable as fault:
            answers.append(fault)
    return answers


class Directory(Protocol):
    """One identity store. Every method is bounded in time and raises DirectoryUnavailable when it cannot answer.

    name: the id that entitlements use.
    """

    name: str
    capabilities: Capabilities

    async def account(self, account_id: str) -> Account | None:
        """The account with this stable id, or None if the directory says there is none."""

    async def account_by_login(self, login: str) -> Account | None:
        """The account that signs in with this name, compared without case; None if there is none."""

    async def accounts_by_mail(self, mail: str) -> list[Account]:
        """All accounts with this mail address, compared without case."""

    async def accounts_of(self, person: str) -> list[Account]:
        """All accounts that have this number, be it one of several; none for the empty one."""

    async def group(self, name: str) -> Group | None:
        """The group of this name with everybody in it; None if the directory says there is none."""

    async def group_names(self) -> frozenset[str]:
        """The names of all groups. It may take longer than other calls, since it is asked by operators alone."""

    async def membership(self, account_id: str, group: str) -> Membership:
        """Whether the account is a direct member of the group; what does not exist is no member.

        An account that is nobody's to the other calls, since it was moved or is left out now, may still be one.
        """

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:
        """Make it a direct member, and see that it is one. Idempotent.

        until: where the directory ends memberships itself, it ends this one soon after, should nobody else do so.
        """

    async def remove_member(self, account_id: str, group: str) -> None:
        """End its direct membership, wherever the account stands now, and see that it ended. Idempotent."""

    async def memberships_of(self, pairs: Sequence[Pair]) -> Sequence[Membership | DirectoryUnavailable]:
        """`membership` of each of these, in this order; the failure of one is its own.

        Here and below: no more of them than `capabilities.at_once`, or some may be left without an answer.
        """

    async def remove_members(self, pairs: Sequence[Pair]) -> Sequence[DirectoryUnavailable | None]:
        """`remove_member` for each of these, in this order; the failure of one is its own. None: it is done."""

    async def verify_password(self, account_id: str, password: str) -> bool:
        """Whether this password would sign the account in now. Counts towards the directory's own lockout."""

    async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
        """Replace the password; None when it was done."""

    async def recover(self, account_id: str) -> TemporaryPass | None:
        """Do what `capabilities.recovery` says: the pass, or None where the directory itself sends the person on.

        A pass made before ends with a new one. DirectoryUnavailable where there is no such way.
        """

    async def unlock(self, account_id: str) -> None:
        """Lift a lockout. Idempotent."""

    async def switch(self, account_id: str, *, active: bool) -> None:
        """Switch the account on or off, and see that it is. Idempotent."""

    async def end_sessions(self, account_id: str) -> None:
        """End what sessions the directory knows of. Idempotent."""

    async def health(self) -> None:
        """Return if the directory answers; raise DirectoryUnavailable otherwise."""

    async def examine(self, groups: Collection[str]) -> list[Finding]:
        """What an operator should know: whether these groups exist, what our account may do, what it may too much.

        It changes nothing. It never raises for a directory that is away: that is a finding.
        """
