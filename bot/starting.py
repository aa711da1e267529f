"""What a start does while others are at work on its store: it waits for its turn a few times, and then gives up.

It knows no work of its own, and hides no other fault.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from storage.faults import StorageUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

# A replica that stands still in a transaction is cut off after three seconds, and several may be next: half a minute.
TRIES = 20
PAUSE = 0.5


async def in_its_turn(work: Callable[[], Awaitable[T]]) -> T:
    """What came of the work, which may be done more than once. StorageUnavailable if the store never had time for it.

    Whoever starts a process would only start it anew, and lose the time that starting takes.
    """
    for _ in range(TRIES - 1):
        try:
            return await work()
        except StorageUnavailable as fault:
            log.warning("start.waits", fault=str(fault))
            await asyncio.sleep(PAUSE)
    return await work()
