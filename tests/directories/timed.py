"""A directory that ends memberships itself: a wrapper around a real one that notes until when, for tests of that.

It ends nothing by itself; whoever looks at a membership is told what was asked of it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage.directories.base import Directory, Membership, Pair, one_by_one
from storage.faults import DirectoryUnavailable


class TimedDirectory:
    """`inner`, with the ends that were given to memberships. A test writes to `ends` as time would."""

    def __init__(self, inner: Directory) -> None:
        self._inner = inner
        self.capabilities = replace(inner.capabilities, ends_memberships=True)
        self.ends: dict[tuple[str, str], datetime | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def membership(self, account_id: str, group: str) -> Membership:
        found = await self._inner.membership(account_id, group)
        return replace(found, until=self.ends.get((account_id, group)) if found.present else None)

    async def memberships_of(self, pairs: Sequence[Pair]) -> Sequence[Membership | DirectoryUnavailable]:
        return await one_by_one(self.membership, pairs, within=math.inf)

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:
        await self._inner.add_member(account_id, group)
        self.ends[account_id, group] = until
