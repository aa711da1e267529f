"""How long somebody who waits in Slack may be kept: set where a payload arrives, obeyed wherever facts are fetched.

It is never set around a transaction: what has begun is finished.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from storage.faults import DirectoryUnavailable

T = TypeVar("T")

# For work that nobody waits for with a payload open, such as rendering an owed answer.
OTHERWISE = 2.0

_answer_by: ContextVar[float | None] = ContextVar("answer_by", default=None)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """All facts fetched inside, one after another, share this much time."""
    before = _answer_by.set(asyncio.get_running_loop().time() + seconds)
    try:
        yield
    finally:
        _answer_by.reset(before)


async def in_time(facts: Awaitable[T], *, otherwise: float = OTHERWISE) -> T:
    """The facts, if they are there soon enough; otherwise DirectoryUnavailable, and nothing has begun.

    otherwise: seconds to wait where nobody waits with a payload open.
    """
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(_answer_by.get() or now + otherwise):
            return await facts
    except TimeoutError as late:
        raise DirectoryUnavailable("The directory did not answer in time.") from late
