"""Delivering until nothing is due, in steps that leave room while access is being given or taken back.

It delivers nothing itself and loses nothing: what is not delivered now is owed as before.
"""

import asyncio
from collections.abc import Awaitable, Callable

# Seconds between full batches while there is something more urgent than messages to do.
GIVE_WAY = 1.0


async def deliver_all(
    deliver: Callable[[], Awaitable[int]], *, batch: int, is_busy: Callable[[], bool], pause: float = GIVE_WAY
) -> None:
    """Call `deliver` until it took up less than a full batch. While `is_busy`, rest for `pause` seconds in between.

    A directory that hangs keeps us busy for ever, so messages wait a while and never for good.
    """
    while await deliver() == batch:
        if is_busy():
            await asyncio.sleep(pause)
