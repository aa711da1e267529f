"""Something that was asked for and is kept for a while; many who need it at once share one asking.

It is never asked for more often than it was said it may be, failures included.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from storage.clock import Clock
from storage.faults import ProviderUnavailable

T = TypeVar("T")

# After a failure everybody hears of it for so long, so that a provider that hangs is not asked by each of them.
_REST = timedelta(seconds=2)


class Kept(Generic[T]):
    """One thing of the provider's."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._at: datetime | None = None
        self._failed_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def get(
        self, ask: Callable[[], Awaitable[T]], clock: Clock, *, younger_than: timedelta, holds: timedelta
    ) -> T:
        """What is kept, if it is younger than that, else a new one; while none is to be had, the old one `holds`."""
        async with self._asking:
            now = clock()  # not before: whoever waited for another's asking hears what came of it
            # Of one of later than now nobody knows how old it is: the clock was set back.
            if self._value is not None and self._at and timedelta() <= now - self._at < younger_than:
                return self._value
            if self._failed_at is not None and timedelta() <= now - self._failed_at < _REST:
                return self._older(now, holds)
            try:
                self._value, self._at, self._failed_at = await ask(), now, None
            except (ProviderUnavailable, asyncio.CancelledError) as fault:
                self._failed_at = clock()
                if isinstance(fault, asyncio.CancelledError):
                    raise
                return self._older(now, holds)
            return self._value

    def _older(self, now: datetime, holds: timedelta) -> T:
        if self._value is not None and self._at is not None and now - self._at < holds:
            return self._value
        raise ProviderUnavailable
