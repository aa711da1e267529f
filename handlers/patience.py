"""How long somebody who waits in Slack may be kept: set where a payload arrives, obeyed wherever facts are fetched.

It is never set around a transaction: what has begun is finished.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TypeVar

from storage.faults import DirectoryUnavailable

T = TypeVar("T")
K = TypeVar("K")

# Of many look-ups of one kind so many are out at a time: a directory answers few at once, and others wait as well.
AT_ONCE = 4

# For work that nobody waits for with a payload open, such as rendering an owed answer.
OTHERWISE = 2.0
# How long one directory call may take where no person waits, whatever its connector promises.
CALL = timedelta(seconds=6)

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
    return await _by(_answer_by.get() or asyncio.get_running_loop().time() + otherwise, facts)


async def in_call_time(call: Awaitable[T]) -> T:
    """The answer of one directory call of the worker's, or DirectoryUnavailable once it takes too long."""
    return await _by(asyncio.get_running_loop().time() + CALL.total_seconds(), call)


async def few_at_a_time(look_up: Callable[[K], Awaitable[T]], of: Iterable[K]) -> list[T]:
    """What each look-up said, in this order; the first that fails ends it."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(key: K) -> T:
        async with slots:
            return await look_up(key)

    return await asyncio.gather(*map(one, of))


async def _by(moment: float, facts: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(moment):
            return await facts
    except TimeoutError as late:
        raise DirectoryUnavailable("The directory did not answer in time.") from late
