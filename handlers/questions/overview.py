"""A person's overview: what they hold, what they asked for, what waits for them, what came of the rest. Frozen facts.

It looks nothing up; handlers.questions.home fills it.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.questions.answers import AccessList
from storage.states import GrantState


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of the two long lists is looked at, from 0."""

    held: int = 0
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class OwnRequest:
    """A request of one's own. owner: whom it waits for; at: when it came to its state, or when it was asked.

    report: name of whom it is for, where that is a report of theirs.
    """

    id: str
    entitlement: str
    owner: str
    minutes: int
    state: GrantState
    at: datetime | None
    lapses_at: datetime | None
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class ToDecide:
    """Somebody's request that this person can act on. risk: 0 if it left the catalogue. report: as above."""

    id: str
    entitlement: str
    requester: str
    minutes: int
    risk: int
    lapses_at: datetime | None
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What one person sees of their own. page: what is shown of `held` and of what waits; waits: how many do in all.

    more_requests: how many of one's own requests stand behind those shown.
    """

    access: AccessList
    requests: tuple[OwnRequest, ...]
    more_requests: bool
    to_decide: tuple[ToDecide, ...]
    waits: int
    recent: tuple[OwnRequest, ...]
    page: Page
