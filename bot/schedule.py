"""The schedule: ticks, and the duties they wake. The rows say what is due; nothing is scheduled anywhere else.

APScheduler only ticks (it loses date jobs when killed); a duty never runs beside itself and never stops for a fault.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from storage.faults import WicketFault

log = structlog.get_logger(__name__)


# Seconds that a duty rests at least before what it knows to come: what comes meanwhile is done with it.
SOONEST = 0.1


@dataclass(kw_only=True)
class Duty:
    """Work that is done when woken or when `every` seconds are over; woken while at it, it runs once more.

    woken_by: what a committed transaction may name to wake it at once. until_next: asked after its work, in how many
    seconds there is more of it, as far as is known; if that is sooner than a tick, it does not wait for one. Ticks
    follow the wall clock, which may be set back: after twice `every` without one, by a clock that is never set, a duty
    goes ahead by itself.
    """

    name: str
    work: Callable[[], Awaitable[object]]
    every: float
    woken_by: str = ""
    until_next: Callable[[], Awaitable[float]] | None = None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _calm: asyncio.Event = field(default_factory=asyncio.Event)
    _resting: bool = False

    def wake(self) -> None:
        """There may be something to do."""
        self._calm.clear()
        self._woken.set()

    async def done(self) -> None:
        """Until what it was woken for is done, or has failed."""
        await self._calm.wait()

    def rest(self) -> None:
        """Begin nothing more; what is being done may end."""
        self._resting = True
        self._woken.set()

    async def run(self, kept: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """Until it may rest. kept: entered anew for each piece of work."""
        within = 2 * self.every
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._woken.wait()
            self._woken.clear()
            if self._resting:
                self._calm.set()
                return
            within = 2 * self.every
            try:
                with kept():
                    await self.work()
                if self.until_next is not None:
                    within = min(within, max(SOONEST, await self.until_next()))
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                # Something it waited for was cancelled, not the duty: that is a fault like any other.
                log.error("duty.fault", duty=self.name, fault="cancelled inside")
            except WicketFault as fault:
                log.warning("duty.hindered", duty=self.name, fault=str(fault))
            except Exception as fault:
                log.error("duty.fault", duty=self.name, exc_info=fault)
            if not self._woken.is_set():
                self._calm.set()


class Schedule:
    """Ticks the duties. Overdue work is first at start, since every duty is woken at once.

    end_within: how many seconds a stop waits for what is being done. kept: entered anew for each piece of work.
    """

    def __init__(
        self,
        duties: Iterable[Duty],
        *,
        end_within: float = 0.0,
        kept: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._duties, self._end_within, self._kept = tuple(duties), end_within, kept
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, on the running loop."""
        for duty in self._duties:
            self._running.append(asyncio.create_task(duty.run(self._kept), name=duty.name))
            duty.wake()
        # One tick for all of one pace: dozens of duties share a few, and APScheduler takes a while over each.
        for every, some in self._by_pace():
            self._scheduler.add_job(_tick, "interval", (some,), seconds=every, id=f"every {every:g}")
        self._scheduler.start()

    def _by_pace(self) -> Iterable[tuple[float, Sequence[Duty]]]:
        paces: dict[float, list[Duty]] = {}
        for duty in self._duties:
            paces.setdefault(duty.every, []).append(duty)
        return paces.items()

    def wake(self, names: frozenset[str]) -> None:
        """A transaction left something to do for these."""
        for duty in self._duties:
            if duty.woken_by in names:
                duty.wake()

    async def done(self) -> None:
        """Until each duty has done once what it was woken for: after a start, whatever was overdue."""
        for duty in self._duties:
            await duty.done()

    async def stop(self) -> None:
        """End the ticking and the duties. What takes too long is cut off, and its lease runs out."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for duty in self._duties:
            duty.rest()
        if self._running:  # a message posted and not recorded would be posted again after the start
            await asyncio.wait(self._running, timeout=self._end_within)
        for task in self._running:
            task.cancel()
        for task in self._running:
            with suppress(asyncio.CancelledError):
                await task


async def _tick(duties: Sequence[Duty]) -> None:
    """Wake them, as a coroutine: APScheduler would run a plain function in threads that slow look-ups can fill."""
    for duty in duties:
        duty.wake()


def _is_cancelled() -> bool:
    """Whether the running task itself was asked to stop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
