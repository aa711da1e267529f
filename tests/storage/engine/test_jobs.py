"""Functions that wait for a thread: each runs once or never, and each caller hears what came of theirs."""

import asyncio
import threading
import time

import pytest

from storage.engine.jobs import Answer, Job, Jobs, tell


class NeverRun(Exception):
    """It was given up in time."""


class PerhapsRun(Exception):
    """It had begun."""


def job(loop: asyncio.AbstractEventLoop | None = None, result: object = "done") -> Job[None, object]:
    return Job(lambda _: result, loop)


async def answered(waiting: Job[None, object], patience: float | None = None) -> object:
    return await waiting.answered(patience, never_run=NeverRun, perhaps_run=PerhapsRun)


def test_whoever_comes_first_has_the_turn():
    one = job()
    assert one.take_turn()
    assert not one.take_turn()


async def test_a_caller_hears_what_came_of_it_from_another_thread():
    one, other = (job(asyncio.get_running_loop()) for _ in range(2))
    threading.Thread(target=lambda: tell([Answer(one, 1), Answer(other, None, KeyError("k"))])).start()
    assert await answered(one) == 1
    with pytest.raises(KeyError):
        await answered(other)


def test_a_thread_that_waits_hears_it_without_a_loop():
    one = job()
    threading.Thread(target=lambda: tell([Answer(one, 7)])).start()
    assert one.waited_for() == 7


async def test_answers_that_are_ready_together_wake_a_loop_once():
    class Loop:
        """Counts how often it is woken."""

        woken = 0

        def create_future(self) -> "asyncio.Future[object]":
            return asyncio.get_running_loop().create_future()

        def call_soon_threadsafe(self, work, answers) -> None:
            self.woken += 1
            work(answers)

    loop = Loop()
    jobs = [job(loop) for _ in range(5)]
    tell([Answer(each, number) for number, each in enumerate(jobs)])
    assert loop.woken == 1
    assert [each.answer.result() for each in jobs] == list(range(5))


async def test_patience_tells_what_was_never_run_from_what_had_begun():
    waiting, begun = (job(asyncio.get_running_loop()) for _ in range(2))
    assert begun.take_turn()
    with pytest.raises(NeverRun):
        await answered(waiting, 0.01)
    with pytest.raises(PerhapsRun):
        await answered(begun, 0.01)
    assert not waiting.take_turn()


async def test_whoever_is_cancelled_gives_up_their_turn():
    waiting = job(asyncio.get_running_loop())
    caller = asyncio.ensure_future(answered(waiting))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not waiting.take_turn()
    Answer(waiting, "too late").tell()


async def test_a_fault_that_no_future_takes_leaves_the_next_callers_their_answers():
    first, second = (job(asyncio.get_running_loop()) for _ in range(2))
    tell([Answer(first, None, StopIteration()), Answer(second, 2)])
    with pytest.raises(RuntimeError, match="StopIteration"):
        await answered(first)
    assert await answered(second) == 2


async def test_nobody_is_told_on_a_loop_that_is_gone_and_the_others_are():
    gone = asyncio.new_event_loop()
    lost, kept = job(gone), job(asyncio.get_running_loop())
    gone.close()
    tell([Answer(lost, 1), Answer(kept, 2)])
    assert await answered(kept) == 2


def test_those_that_wait_are_taken_together_in_order_up_to_the_limit():
    jobs: Jobs[None] = Jobs()
    put = [job(result=number) for number in range(5)]
    assert all(jobs.put(each) for each in put)
    assert jobs.next(3) == put[:3]
    assert jobs.next(3) == put[3:]


def test_what_was_given_up_is_left_out():
    jobs: Jobs[None] = Jobs()
    put = [job() for _ in range(3)]
    for each in put:
        jobs.put(each)
    assert put[0].take_turn()
    assert jobs.next(1) == [put[1]]
    assert jobs.next(1) == [put[2]]


def test_a_closed_row_lets_nobody_in_and_ends_for_every_thread_behind_the_last_job():
    jobs: Jobs[None] = Jobs()
    last = job()
    jobs.put(last)
    jobs.close()
    assert not jobs.put(job())
    assert jobs.next(8) == [last]
    ended = [threading.Thread(target=jobs.next, args=(8,), daemon=True) for _ in range(3)]
    for thread in ended:
        thread.start()
    until = time.monotonic() + 2
    for thread in ended:
        thread.join(until - time.monotonic())
    assert not any(thread.is_alive() for thread in ended)
