"""Delivering until nothing is due, in steps that leave room while access is being given or taken back.

It delivers nothing itself and loses nothing: what is not delivered now is owed as before.
"""

import asyncio
from collections.abc import Awaitable, Callable

# For how many seconds a batch of messages waits while there is something more urgent to do: whatever that is, and
# however long it takes, a batch is delivered about as often as this.
GIVE_WAY = 1.0
_LOOK = 0.05


async def deliver_all(
    deliver: Callable[[], Awaitable[int]],
    *,
    batch: int,
    is_busy: Callable[[], bool],
    ends_are_due: Callable[[], bool] = lambda: False,
    pause: float = GIVE_WAY,
) -> None:
    """Call `deliver` until it took up less than a full batch. While `is_busy`, rest for `pause` seconds in between.

    ends_are_due: access is being taken back by the hundred. Then the first batch waits as well.
    A directory that hangs keeps us busy for ever, so messages wait a while and never for good.
    """
    gives_way = ends_are_due
    while True:
        await _rest_while(gives_way, pause)
        if await deliver() < batch:
            return
        gives_way = is_busy


async def _rest_while(holds: Callable[[], bool], most: float) -> None:
    looks = max(1, round(most / _LOOK))
    for _ in range(looks):
        if not holds():
            return
        await asyncio.sleep(most / looks)
