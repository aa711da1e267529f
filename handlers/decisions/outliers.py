"""What stands out in a week of requests: each by a rule that anybody can check, and at most one of each kind.

Pure. Of two that stand out alike the earlier one is named, so that the same record always says the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SLOW = timedelta(hours=4)
"""A decision that took less is not slow, whatever the others took."""
QUICK = timedelta(seconds=10)
"""Whoever decides sooner after the asking has hardly read it."""
SEVERAL = 3
"""What happened less often is not often."""


class Outlier(StrEnum):
    """Why it stands out."""

    SLOWEST = "slowest"
    QUICKEST = "quickest"
    MOST_ASKED = "most-asked"
    LATEST_END = "latest-end"
    MOST_REFUSED = "most-refused"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A person's decision about a request. story: its id. by: the approver's account. after: since it was asked."""

    story: str
    what: str
    by: str
    after: timedelta


@dataclass(frozen=True, kw_only=True)
class Late:
    """Access that outlived its time. whose: the account."""

    story: str
    what: str
    whose: str
    by: timedelta


@dataclass(frozen=True, kw_only=True)
class StandsOut:
    """One thing that stands out. who: an account, "" for none; took: how long; times: how often; of: of how many."""

    why: Outlier
    story: str = ""
    what: str = ""
    who: str = ""
    took: timedelta = timedelta(0)
    times: int = 0
    of: int = 0


def stand_out(
    decided: Sequence[Decided],
    late: Sequence[Late],
    asked: Mapping[str, int],
    refused: Iterable[tuple[str, str]],
) -> tuple[StandsOut, ...]:
    """What stands out, the gravest first. asked: how often each thing was. refused: whom, and the story, in order."""
    found = (
        _latest(late),
        _quickest(decided),
        _most_refused(list(refused)),
        _slowest(decided),
        _most_asked(asked),
    )
    return tuple(one for one in found if one is not None)


def _latest(late: Sequence[Late]) -> StandsOut | None:
    if not late:
        return None
    worst = max(late, key=lambda one: one.by)
    return StandsOut(
        why=Outlier.LATEST_END,
        story=worst.story,
        what=worst.what,
        who=worst.whose,
        took=worst.by,
        of=len(late),
    )


def _quickest(decided: Sequence[Decided]) -> StandsOut | None:
    quick = [one for one in decided if one.after < QUICK]
    first = min(quick, key=lambda one: one.after, default=None)
    return None if first is None else _decision(Outlier.QUICKEST, first, of=len(quick))


def _slowest(decided: Sequence[Decided]) -> StandsOut | None:
    slow = [one for one in decided if one.after >= SLOW]
    worst = max(slow, key=lambda one: one.after, default=None)
    return None if worst is None else _decision(Outlier.SLOWEST, worst, of=len(decided))


def _decision(why: Outlier, one: Decided, *, of: int) -> StandsOut:
    return StandsOut(why=why, story=one.story, what=one.what, who=one.by, took=one.after, of=of)


def _most_asked(asked: Mapping[str, int]) -> StandsOut | None:
    if not asked:
        return None
    what = min(asked, key=lambda one: (-asked[one], one))
    if asked[what] < SEVERAL:
        return None
    return StandsOut(why=Outlier.MOST_ASKED, what=what, times=asked[what], of=sum(asked.values()))


def _most_refused(refused: Sequence[tuple[str, str]]) -> StandsOut | None:
    times = Counter(who for who, _ in refused)
    if not times:
        return None
    who = min(times, key=lambda one: (-times[one], one))
    if times[who] < SEVERAL:
        return None
    last = next(story for one, story in reversed(refused) if one == who)
    return StandsOut(why=Outlier.MOST_REFUSED, who=who, story=last, times=times[who], of=len(refused))


def since(asked: datetime, decided: datetime) -> timedelta:
    """How long it took; nothing where a clock was set back between the two."""
    return max(timedelta(0), decided - asked)
