"""News of what changed, for everyone who waits for it: tests, the tour, the page's stream.

Waiting is woken by the change itself; it never polls.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.demo.workspace.answers import Json

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: its `kind`, whom it concerns (None: everyone) and the facts to show."""

    kind: str
    to: frozenset[str] | None = None
    facts: Json = field(default_factory=dict)


class Changes:
    """Tells listeners at once and wakes whoever waits.

    count: grows with each change, so of two looks at the workspace it says which one saw more.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[Change], None]] = []

    def tell(self, change: Change) -> None:
        """Pass one change on; listeners run in this very call."""
        self.count += 1
        for listener in list(self._listeners):
            listener(change)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` for each change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def until(self, found: Callable[[], Found | None], seconds: float) -> Found | None:
        """What `found` answers as soon as it is not None, or None when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while (result := found()) is None:
                    await self._next()
        except TimeoutError:
            return found()
        return result

    async def _next(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
