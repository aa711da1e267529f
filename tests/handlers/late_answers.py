"""A database of which an answer comes late: it was read in time, and whoever asked hears of it when the test says so.

It changes nothing about the database inside, and keeps no write back.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlmodel import Session

from storage.database import Database

T = TypeVar("T")


class LateAnswers:
    """`inner`, of which answers can be kept back. waiting: set while one is."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.waiting, self._released = asyncio.Event(), asyncio.Event()
        self._after: int | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def keep_back(self, after: int = 0) -> None:
        """Keep the answer of the next read back, or of the one that comes after so many others."""
        self._after = after
        self.waiting.clear()
        self._released.clear()

    def release(self) -> None:
        """Let the answer be heard."""
        self._released.set()

    async def read(self, work: Callable[[Session], T], **how: Any) -> T:
        """The answer, now or when it is released."""
        is_kept = self._after == 0
        self._after = None if self._after in (None, 0) else self._after - 1
        answer = await self.inner.read(work, **how)
        if is_kept:
            self.waiting.set()
            await self._released.wait()
        return answer
