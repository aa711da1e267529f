"""The courier of one channel outside Slack: takes what it is owed from the outbox, says it as it is now, and tells it.

It gives up only when somebody took the exception up in Slack, or it is over; and it never logs what it tells.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlmodel import Session

from bot.metrics import Metrics
from handlers.decisions.lifecycle import wait_before_retry
from handlers.exceptions.escalating import OUTSIDE, failed, took
from handlers.exceptions.outside import WITHIN, Notice, Outside
from handlers.ground import Ground
from storage import escalations, outbox
from storage.faults import OutsideUnavailable
from storage.records import ExceptionRecord, Owed

log = structlog.get_logger(__name__)

# A try is over well within it, or another replica would tell it too.
LEASE = timedelta(seconds=WITHIN * 3)
LONGEST = timedelta(minutes=5)
AT_A_TIME = 50
# After so many tries somebody should look.
TELL_AFTER = 3
Written = Callable[[str, str], Awaitable[Notice | None]]


class OutsideCourier:
    """chance: from 0 to 1. write: from the ids of an exception and of its notice, the notice."""

    def __init__(
        self,
        ground: Ground,
        channel: Outside,
        *,
        write: Written,
        metrics: Metrics,
        chance: Callable[[], float],
    ) -> None:
        self._ground, self._channel, self._write = ground, channel, write
        self._metrics, self._chance = metrics, chance
        self._courier = escalations.courier(channel.name)

    @property
    def name(self) -> str:
        """Of its duty."""
        return self._courier

    async def deliver_due(self) -> int:
        """Tell what is due now; how many were taken. Stops early while the channel takes nothing."""
        told = 0
        for _ in range(AT_A_TIME):
            taken = await self._ground.database.write(
                lambda tx: outbox.claim(
                    tx, courier=self._courier, at=self._ground.now(), lease=LEASE, limit=1, longest=LONGEST
                )
            )
            if not taken:
                break
            try:
                told += await self._deliver(taken[0])
            except OutsideUnavailable as fault:
                await self._postpone(taken[0], str(fault))
                break
        return told

    async def _deliver(self, owed: Owed) -> bool:
        """Tell one; False if there is nothing to tell any more."""
        row = await self._ground.database.read(lambda tx: escalations.still_unheeded(tx, owed.subject))
        if row is None:
            await self._ground.database.write(lambda tx: outbox.done(tx, owed))
            return False
        # Opened again it is another notice, and at each try it is the same.
        notice = await self._write(row.id, f"{row.id}-{row.reopened}-{self._channel.name}")
        if notice is not None:
            await self._channel.tell(notice)
        self._metrics.delivery(OUTSIDE, "delivered")

        def work(tx: Session) -> None:
            now = tx.get(ExceptionRecord, row.id)
            if now is not None:
                took(tx, self._ground, owed, now)

        await self._ground.database.write(work)
        return True

    async def _postpone(self, owed: Owed, fault: str) -> None:
        until = self._ground.now() + min(wait_before_retry(owed.attempts, self._chance()), LONGEST)
        self._metrics.delivery(OUTSIDE, "retried")
        log.warning("outside.postponed", channel=self._channel.name, attempts=owed.attempts, fault=fault)

        def work(tx: Session) -> None:
            outbox.postpone(tx, owed, until=until, fault=fault)
            if owed.attempts >= TELL_AFTER:
                failed(tx, self._ground, owed, fault)

        await self._ground.database.write(work)
