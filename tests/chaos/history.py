"""What happened, as three who know nothing of each other say it: the store, the directory's recorder, and Slack.

It is data alone. Times are Unix seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# A dead one's work is taken over within so many seconds with a bot up, so that access outlives its end by no more.
TAKEN_OVER_WITHIN = 30.0

Pair = tuple[str, str]
"""An account and a group."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One membership that came or went, as the directory recorded it."""

    at: float
    account: str
    group: str
    added: bool

    @property
    def pair(self) -> Pair:
        """Whose membership of what."""
        return self.account, self.group


@dataclass(frozen=True, kw_only=True)
class Given:
    """One grant's row. decided: when it was approved; None for one that never was. active: access was given."""

    id: str
    state: str
    account: str
    group: str
    decided: float | None = None
    expires: float | None = None
    active: float | None = None
    ended: float | None = None

    @property
    def pair(self) -> Pair:
        """Whose membership of what."""
        return self.account, self.group


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the audit log. about: the grant's id."""

    at: float
    action: str
    outcome: str
    about: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is owed to one reader about one grant, and what stands in Slack; None for nothing.

    copies: messages about the same thing besides, that nothing knows of.
    """

    about: str
    reader: str
    owed: str
    stands: str | None
    copies: int = 0


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Work that was claimed, by one who may have died: when it was seen first, and last. about: the holding."""

    about: str
    first: float
    last: float


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that is compared, once nothing is left to do.

    began: who was a member of what at the beginning; holds: now. up: when some bot was up. left: work and messages
    still owed, in words. unsound: what the verification of the audit log found. kills: after which a message may stand
    twice. allowed: for how many seconds with a bot up access may outlive its end.
    """

    began: frozenset[Pair]
    holds: frozenset[Pair]
    at: float
    up: Sequence[tuple[float, float]]
    changes: Sequence[Change] = ()
    grants: Sequence[Given] = ()
    entries: Sequence[Entry] = ()
    shown: Sequence[Shown] = ()
    leases: Sequence[Lease] = ()
    left: Sequence[str] = ()
    unsound: Sequence[str] = ()
    kills: int = 0
    allowed: float = TAKEN_OVER_WITHIN
