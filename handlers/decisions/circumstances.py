"""What is so around a question beside the people in it: what happened lately, what somebody has, what hour it is.

Facts that were looked up, and nothing that looks any up; what nobody looked up is unknown, never "none" (A-10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

from storage.catalogue import Entitlement

RESET_IS_RECENT = 24
"""Hours for which a reset counts as recent (P-8)."""


@dataclass(frozen=True, kw_only=True)
class Recently:
    """What happened lately to the people of a question, each by directory and account.

    hours_since_reset: whole hours since their password was reset here; nobody of longer ago. reported: those of whom it
    was said that somebody else is in their account, and nobody lifted it yet.
    """

    hours_since_reset: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reported: frozenset[tuple[str, str]] = frozenset()


NOTHING_LATELY = Recently()


@dataclass(frozen=True, kw_only=True)
class Having:
    """What somebody has beside what they ask for, by a live membership or a grant of ours.

    beside: of that, what the catalogue keeps apart from what they ask for, or has of the same workload; None where it
    is not certain which account of another directory is theirs. open_grants: how many grants and waiting requests;
    None where no policy asks.
    """

    beside: tuple[Entitlement, ...] | None = ()
    open_grants: int | None = None


HAS_NOTHING = Having(open_grants=0)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The company's business hours. days: 1 is Monday, 7 is Sunday. ends: not within them any more, nor midnight."""

    zone: tzinfo
    days: frozenset[int]
    begins: time
    ends: time

    def local(self, at: datetime) -> datetime:
        """This moment on the company's clock."""
        return at.astimezone(self.zone)

    def within(self, at: datetime) -> bool:
        """Whether this moment (aware) is within them."""
        here = self.local(at)
        return here.isoweekday() in self.days and self.begins <= here.time() < self.ends
