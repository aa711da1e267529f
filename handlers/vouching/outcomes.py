"""What came of somebody vouching for somebody. Frozen facts.

They look nothing up; handlers.vouching.giving fills them.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.decisions.freezing import Stopped
from handlers.outcomes import Repeated, TicketWanted


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """It is taken, and counts between these times."""

    name: str
    counts_from: datetime
    counts_until: datetime


@dataclass(frozen=True, kw_only=True)
class ProveFirst:
    """Whoever vouches has to show first that it is them, by this handle of the secure page; then once more."""

    handle: str


@dataclass(frozen=True, kw_only=True)
class WrongCode:
    """It is not the code that this person's page shows now; there may be none."""


@dataclass(frozen=True, kw_only=True)
class NobodyKnown:
    """This Slack account is nobody's who could be vouched for."""


@dataclass(frozen=True, kw_only=True)
class MayNot:
    """Policy says no, to this voucher or about this person."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlreadyVouched:
    """Somebody was faster. by: their name."""

    by: str


@dataclass(frozen=True, kw_only=True)
class Resting:
    """Too many wrong codes by this voucher: they rest for a day."""


Outcome = (
    Vouched
    | ProveFirst
    | WrongCode
    | NobodyKnown
    | MayNot
    | AlreadyVouched
    | Resting
    | TicketWanted
    | Stopped
    | Repeated
)
