"""How one person stands in every directory: their own as it was read, and their account in each other one.

All others are asked at once, each in its own time; one that does not answer is unknown and spoils no other's answer.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from handlers.decisions.counterparts import Counterpart, NoCounterpart, Reason
from handlers.ground import Ground
from handlers.patience import in_time
from handlers.people.counterparts import find_counterpart
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable

Picture: TypeAlias = Mapping[str, Counterpart | None]
"""By directory, the person's account there; None where it did not answer in time."""

# That no account has one's number is an answer. That one has no number leaves open which account is whose.
_KNOWN = frozenset({Reason.NONE, Reason.ELSEWHERE})


async def picture_of(ground: Ground, own: Account, directories: Iterable[str]) -> Picture:
    """Their own account, and those in these directories among the ones that hold the same people."""
    asked = sorted({name for name in directories if ground.people_of.get(name) == own.directory})
    found = await asyncio.gather(*(_unless_away(ground, own, name) for name in asked))
    return {own.directory: own, **dict(zip(asked, found, strict=True))}


def is_unknown(found: Counterpart | None) -> bool:
    """Whether nobody can say what this person has there (N-11)."""
    return found is None or (isinstance(found, NoCounterpart) and found.reason not in _KNOWN)


async def _unless_away(ground: Ground, own: Account, directory: str) -> Counterpart | None:
    try:
        return await in_time(find_counterpart(ground, own, directory))
    except DirectoryUnavailable:
        return None
