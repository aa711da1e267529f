"""What is asked of delegations, what came of it, and one delegation as people read of it. Frozen facts.

They look nothing up; handlers.delegations.delegating fills them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from handlers.decisions.freezing import Stopped
from handlers.intents import Intent
from handlers.outcomes import Repeated, Unknown

DELEGATION = "delegation"
"""The kind of the message that tells of one, wherever it is told."""

WAKES = "delegations"


@dataclass(frozen=True, kw_only=True)
class Delegate(Intent):
    """Let somebody else approve. whom: a Slack id, or "" where group is the name of a directory group.

    entitlements: ids of one owner. max_risk: 1 to 5. max_minutes: of a request. lasts: until it ends by itself.
    """

    entitlements: tuple[str, ...]
    whom: str
    group: str
    max_risk: int
    max_minutes: int
    lasts: timedelta

    def __post_init__(self) -> None:
        if not 1 <= self.max_risk <= 5 or self.max_minutes < 1 or self.lasts <= timedelta(0):
            raise ValueError("a delegation has a risk from 1 to 5, a time, and an end")
        if bool(self.whom) == bool(self.group):
            raise ValueError("a delegation is to a person or to a group")


@dataclass(frozen=True, kw_only=True)
class OnDelegation(Intent):
    """Do something about one delegation: end it."""

    delegation: str


@dataclass(frozen=True, kw_only=True)
class MayDelegate:
    """The form can open. riskiest: the highest risk of what they may delegate."""

    riskiest: int


@dataclass(frozen=True, kw_only=True)
class MayNotDelegate:
    """They may not. reasons: sentences, by which policies or by code."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NotToThem:
    """Nobody can be delegated to like that. group: whether a group was named. reason: a sentence."""

    group: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """It holds from now on. delegation: its id."""

    delegation: str


@dataclass(frozen=True, kw_only=True)
class EndedNow:
    """It is worth nothing from now on."""


@dataclass(frozen=True, kw_only=True)
class EndedBefore:
    """It was over before. by: a name; "" if nobody ended it."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class MayNotEnd:
    """They are none of those who can end it. owner: the team's name."""

    owner: str


Refused: TypeAlias = MayNotDelegate | NotToThem | Stopped | Unknown | Repeated


@dataclass(frozen=True, kw_only=True)
class DelegationStory:
    """One delegation as its messages tell of it. owner: the team's name. to: a name, or the group's.

    things: titles by id. risk, minutes: its limits. ended: one of storage.states.DelegationEnd, "" while it is open.
    """

    id: str
    owner: str
    by: str
    to: str
    to_group: bool
    things: Mapping[str, str]
    risk: int
    minutes: int
    made_at: datetime
    until: datetime
    ended: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ScopeStory:
    """One standing scope of the catalogue. where: its filter, as words that stand in the catalogue."""

    id: str
    name: str
    owner: str
    group: str
    things: Mapping[str, str]
    where: tuple[str, ...]
    risk: int
    minutes: int
