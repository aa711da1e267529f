"""The schedule: duties that are woken, tick, never run beside themselves and never stop for a fault."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
import structlog

from bot.schedule import Duty, Schedule
from storage.faults import DirectoryUnavailable

NEVER = 3600.0


class Work:
    """Work that counts its runs, and can be held or made to fail."""

    def __init__(self) -> None:
        self.runs = 0
        self.at_once = 0
        self.most_at_once = 0
        self.faults: list[Exception] = []
        self.began = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self) -> None:
        self.runs += 1
        self.began.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.free.wait()
            if self.faults:
                raise self.faults.pop(0)
        finally:
            self.at_once -= 1

    async def ran(self, times: int) -> None:
        """Wait until it ran so often; a second is plenty."""
        async with asyncio.timeout(1):
            while self.runs < times:
                self.began.clear()
                await self.began.wait()


async def calm() -> None:
    """Let everything run that is ready to."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def begin():
    """Starts duties and ends them after the test."""
    begun: list[Schedule] = []

    def started(*duties: Duty) -> Schedule:
        schedule = Schedule(duties)
        begun.append(schedule)
        schedule.start()
        return schedule

    yield started
    for schedule in begun:
        await schedule.stop()


def duty(
    work: Callable[[], Awaitable[object]], *, every: float = NEVER, woken_by: str = "", name: str = "duty"
) -> Duty:
    return Duty(name=name, work=work, every=every, woken_by=woken_by)


async def test_every_duty_runs_once_at_the_start(begin):
    """After a restart what is overdue comes first (promise 1)."""
    first, second = Work(), Work()
    begin(duty(first, name="first"), duty(second, name="second"))
    await calm()
    assert (first.runs, second.runs) == (1, 1)


async def test_a_duty_ticks_by_itself(begin):
    work = Work()
    begin(duty(work, every=0.02))
    await work.ran(3)


async def test_a_duty_ticks_though_every_thread_is_busy(begin):
    """Slow name look-ups fill the loop's threads; what is due is ended all the same (promise 1)."""
    loop, free = asyncio.get_running_loop(), threading.Event()
    stuck = [loop.run_in_executor(None, free.wait, 30) for _ in range(64)]
    work = Work()
    begin(Duty(name="ends", every=0.05, work=work))
    try:
        await work.ran(4)
    finally:
        free.set()
        await asyncio.gather(*stuck)


async def test_a_duty_that_knows_of_more_to_come_does_not_wait_for_a_tick(begin):
    """Promise 1: what is over between two ticks is ended when it is over, and what is far ahead wakes nobody."""
    soon, far = Work(), Work()

    def after(seconds: float) -> Callable[[], Awaitable[float]]:
        async def until_next() -> float:
            return seconds

        return until_next

    begin(
        Duty(name="soon", every=NEVER, work=soon, until_next=after(-1.0)),
        Duty(name="far", every=NEVER, work=far, until_next=after(NEVER)),
    )
    await soon.ran(3)
    assert far.runs == 1


async def test_a_duty_goes_ahead_though_nobody_ticks():
    """The wall clock may be set back by an hour, and APScheduler waits for it: nobody's access may."""
    work = Work()
    duty = Duty(name="ends", every=0.02, work=work)
    running = asyncio.create_task(duty.run())
    await work.ran(3)
    duty.rest()
    await running


async def test_a_commit_wakes_only_those_it_left_work_for(begin):
    effects, courier, slow = Work(), Work(), Work()
    schedule = begin(
        duty(effects, woken_by="holdings", name="effects"),
        duty(courier, woken_by="outbox", name="courier"),
        duty(slow, name="slow"),
    )
    await calm()
    schedule.wake(frozenset({"outbox"}))
    await calm()
    assert (effects.runs, courier.runs, slow.runs) == (1, 2, 1)
    schedule.wake(frozenset({"outbox", "holdings"}))
    await calm()
    assert (effects.runs, courier.runs, slow.runs) == (2, 3, 1)
    schedule.wake(frozenset())
    await calm()
    assert (effects.runs, courier.runs, slow.runs) == (2, 3, 1)


async def test_woken_while_busy_it_runs_once_more_and_never_beside_itself(begin):
    work = Work()
    work.free.clear()
    schedule = begin(duty(work, woken_by="outbox"))
    await calm()
    for _ in range(5):
        schedule.wake(frozenset({"outbox"}))
        await calm()
    assert work.runs == 1
    work.free.set()
    await work.ran(2)
    await calm()
    assert (work.runs, work.most_at_once) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "event", "level"),
    [
        (DirectoryUnavailable("The directory did not answer."), "duty.hindered", "warning"),
        (KeyError("nobody foresaw this"), "duty.fault", "error"),
    ],
)
async def test_a_duty_that_faults_says_so_and_goes_on(begin, fault, event, level):
    work = Work()
    work.faults = [fault, fault]
    with structlog.testing.capture_logs() as logs:
        begin(duty(work, every=0.02))
        await work.ran(4)
    assert [(line["event"], line["log_level"], line["duty"]) for line in logs] == [(event, level, "duty")] * 2


async def test_a_duty_that_hangs_holds_up_no_other(begin):
    hung, other = Work(), Work()
    hung.free.clear()
    begin(duty(hung, every=0.02, name="hung"), duty(other, every=0.02, name="other"))
    await other.ran(3)
    assert hung.runs == 1


async def test_a_work_that_was_cancelled_inside_does_not_end_its_duty(begin):
    """A connection that is torn down cancels what waits for it; the duty itself was not asked to stop."""
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            await gone

    schedule = begin(duty(work, woken_by="outbox"))
    await calm()
    gone.cancel()
    await calm()
    schedule.wake(frozenset({"outbox"}))
    await calm()
    assert runs == 2


async def test_stopped_it_runs_nothing_any_more():
    work, busy = Work(), Work()
    busy.free.clear()
    schedule = Schedule([duty(work, every=0.01, woken_by="outbox", name="work"), duty(busy, name="busy")])
    schedule.start()
    await work.ran(2)
    async with asyncio.timeout(1):
        await schedule.stop()
    runs = work.runs
    assert busy.at_once == 0
    schedule.wake(frozenset({"outbox"}))
    await asyncio.sleep(0.05)
    assert work.runs == runs
    await schedule.stop()


async def test_what_was_never_started_can_be_stopped():
    await Schedule([duty(Work())]).stop()


async def test_a_duty_is_done_when_what_it_was_woken_for_is_done(begin):
    """Also what it was woken for while it was at it; and a run that fails is done as well."""
    work = Work()
    work.free.clear()
    [only] = [duty(work)]
    schedule = begin(only)
    waiting = asyncio.create_task(schedule.done())
    await calm()
    only.wake()
    work.faults = [DirectoryUnavailable("away"), DirectoryUnavailable("away")]
    assert not waiting.done()
    work.free.set()
    async with asyncio.timeout(1):
        await waiting
    assert work.runs == 2


async def test_whoever_waits_for_a_duty_that_is_stopped_waits_no_longer(begin):
    work = Work()
    work.free.clear()
    schedule = begin(duty(work))
    waiting = asyncio.create_task(schedule.done())
    await calm()
    stopping = asyncio.create_task(schedule.stop())
    work.free.set()
    async with asyncio.timeout(1):
        await asyncio.gather(waiting, stopping)
