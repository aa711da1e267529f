"""Messages make room for ends, and are all delivered."""

import asyncio

from bot.couriers.patient import deliver_all


class Queue:
    """So many messages, handed out in tens; at the first rest somebody looks how many are left."""

    def __init__(self, owed: int) -> None:
        self.owed = owed

    async def deliver(self) -> int:
        taken = min(10, self.owed)
        self.owed -= taken
        return taken


async def test_all_that_is_owed_is_delivered_busy_or_not() -> None:
    """Promise 10: a directory that hangs for ever keeps no message back for ever."""
    for is_busy in (True, False):
        queue = Queue(35)
        await deliver_all(queue.deliver, batch=10, is_busy=lambda is_busy=is_busy: is_busy, pause=0)
        assert queue.owed == 0


async def test_between_full_batches_there_is_room_for_what_is_more_urgent() -> None:
    """SL-11: what people are told never holds up the end of access."""
    queue = Queue(35)
    delivering = asyncio.create_task(deliver_all(queue.deliver, batch=10, is_busy=lambda: True, pause=60))
    await asyncio.sleep(0.01)
    assert queue.owed == 25
    delivering.cancel()
    await asyncio.gather(delivering, return_exceptions=True)
    await asyncio.wait_for(deliver_all(queue.deliver, batch=10, is_busy=lambda: False, pause=60), 1)
    assert queue.owed == 0
