"""What others than an owner's own people may decide for it now, by delegation or by a standing scope of the catalogue.

Frozen facts: they were looked up by whoever made them, and say who may try, never that policy lets them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.decisions.actions import Action
from handlers.decisions.circumstances import NOTHING_LATELY, Recently
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

SCOPE = "scope:"
"""The id of what is delegated begins so where the catalogue says it and no row."""


@dataclass(frozen=True, kw_only=True)
class Delegated:
    """What policy hears of the delegation by which somebody has the owner's role.

    max_risk, max_minutes: its limits. standing: by a scope of the catalogue, not by a person. of_requester: whoever
    delegated it asked for this, or is to have it.
    """

    max_risk: int
    max_minutes: int
    standing: bool = False
    of_requester: bool = False


@dataclass(frozen=True, kw_only=True)
class Given:
    """One delegation of one entitlement, open now. by: the delegator as the directory has them now; None for a scope.

    to: the account that it was given to, "" where it is a group. hours: for how long it was made, rounded up.
    """

    id: str
    max_risk: int
    max_minutes: int
    to: str = ""
    group: str = ""
    by: Account | None = None
    hours: int = 0

    def is_to(self, account: Account) -> bool:
        """Whether it was given to this account of the directory in which it was made."""
        return account.id == self.to if self.to else account.is_in(self.group)


@dataclass(frozen=True, kw_only=True)
class Delegations:
    """given: those of one entitlement that are worth something now. approved: who approved the request so far."""

    given: tuple[Given, ...] = ()
    approved: tuple[Account, ...] = ()

    def held_by(self, account: Account, risk: int) -> Given | None:
        """The one by which this account may try: one that takes this risk before others, and the longest of those."""
        theirs = [one for one in self.given if one.is_to(account)]
        return max(
            theirs,
            key=lambda one: (one.max_risk >= risk, one.max_minutes, one.max_risk, one.id),
            default=None,
        )


NO_DELEGATIONS = Delegations()


@dataclass(frozen=True, kw_only=True)
class DelegateQuestion:
    """May `principal` let somebody else approve what is asked of this entitlement, for its owner?

    delegate: who is to; None for a group of the directory. role: None if they are not of the owner. max_risk,
    max_minutes: up to which they may approve. hours: for how long it is delegated, rounded up. oneself: both are one
    person. now: aware UTC.
    """

    principal: Account
    entitlement: Entitlement
    owner: Owner
    delegate: Account | None
    role: Literal["owner"] | None
    max_risk: int
    max_minutes: int
    hours: int
    oneself: bool
    now: datetime
    action: Literal[Action.DELEGATE] = Action.DELEGATE
    recently: Recently = NOTHING_LATELY
