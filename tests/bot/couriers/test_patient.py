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


async def test_while_access_is_taken_back_by_the_hundred_words_come_second_and_never_last() -> None:
    """SL-11: not even the first batch goes before that is over; promise 10: nor does any wait longer than the pause."""
    queue, ends_are_due = Queue(25), True
    delivering = asyncio.create_task(
        deliver_all(
            queue.deliver, batch=10, is_busy=lambda: False, ends_are_due=lambda: ends_are_due, pause=60
        )
    )
    await asyncio.sleep(0.01)
    assert queue.owed == 25
    ends_are_due = False
    await asyncio.wait_for(delivering, 1)
    assert queue.owed == 0
    queue = Queue(25)
    for_ever = deliver_all(
        queue.deliver, batch=10, is_busy=lambda: True, ends_are_due=lambda: True, pause=0.01
    )
    await asyncio.wait_for(for_ever, 1)
    assert queue.owed == 0
