"""Functions that wait for a thread of ours, and their answers: all that are ready together wake a loop once.

It runs none of them and knows nothing of stores.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

A = TypeVar("A")
T = TypeVar("T")
Fault = Callable[[], Exception]


class Job(Generic[A, T]):
    """A function of an A that waits for its turn, and what its caller waits for: on a loop, or in a thread (None).

    Whoever takes the turn first has it: the thread that is to run it, or the caller who gives it up.
    """

    __slots__ = ("_loop", "_turn", "answer", "work")

    def __init__(self, work: Callable[[A], T], loop: asyncio.AbstractEventLoop | None) -> None:
        self.work = work
        self.answer: asyncio.Future[T] | Future[T] = Future() if loop is None else loop.create_future()
        self._loop = loop
        self._turn = threading.Lock()

    def take_turn(self) -> bool:
        """Whether nobody took it before."""
        return self._turn.acquire(blocking=False)

    def waited_for(self) -> T:
        """What the function returns or raises, for a thread."""
        return cast("Future[T]", self.answer).result()

    async def answered(self, patience: float | None, *, never_run: Fault, perhaps_run: Fault) -> T:
        """What the function returns or raises. Whoever stops waiting gives it up, which stops nothing that has begun.

        patience: seconds after which that happens by itself, with the exception that the one or the other makes.
        """
        answer, timer = cast("asyncio.Future[T]", self.answer), None
        if patience is not None:
            timer = answer.get_loop().call_later(patience, self._fall_silent, never_run, perhaps_run)
        try:
            return await answer
        finally:
            self.take_turn()
            if timer is not None:
                timer.cancel()

    def _fall_silent(self, never_run: Fault, perhaps_run: Fault) -> None:
        if not self.answer.done():
            self.answer.set_exception(never_run() if self.take_turn() else perhaps_run())


class Jobs(Generic[A]):
    """Jobs in a row, for one thread or several."""

    def __init__(self) -> None:
        self._row: queue.SimpleQueue[Job[A, Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False

    def put(self, job: Job[A, Any]) -> bool:
        """Whether it stands in the row now; False once that is closed."""
        with self._gate:  # behind the end of the row a job would wait for ever
            if not self._closed:
                self._row.put(job)
            return not self._closed

    def close(self) -> None:
        """Let nobody in any more; who is in it has their turn."""
        with self._gate:
            self._closed = True
            self._row.put(None)

    def next(self, limit: int) -> list[Job[A, Any]]:
        """The next job and those that already wait behind it, their turns taken; none at the end of a closed row."""
        while together := self._together(limit):
            if taken := [job for job in together if job.take_turn()]:
                return taken
        return []

    def _together(self, limit: int) -> list[Job[A, Any]]:
        job = self._row.get()
        together: list[Job[A, Any]] = []
        while job is not None:
            together.append(job)
            if len(together) == limit:
                return together
            try:
                job = self._row.get_nowait()
            except queue.Empty:
                return together
        self._row.put(None)  # for the next look, and for other threads
        return together


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of a job: its result, or the fault that it is to raise."""

    job: Job[Any, T]
    result: T | None
    fault: BaseException | None = None

    def tell(self) -> None:
        """Hand it to the caller, if one still waits. On the caller's loop, or in any thread where there is none."""
        answer = self.job.answer
        if answer.done():
            return
        if self.fault is None:
            answer.set_result(cast(T, self.result))
        elif isinstance(self.fault, StopIteration):  # a future takes none
            answer.set_exception(RuntimeError("a function raised StopIteration"))
        else:
            answer.set_exception(self.fault)


def tell(answers: Iterable[Answer[Any]]) -> None:
    """Hand out these answers, from any thread."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[Answer[Any]]] = {}
    for answer in answers:
        by_loop.setdefault(answer.job._loop, []).append(answer)
    for loop, together in by_loop.items():
        if loop is None:
            _tell_all(together)
        else:
            with suppress(RuntimeError):  # nobody waits on a loop that is closed
                loop.call_soon_threadsafe(_tell_all, together)


def _tell_all(answers: Iterable[Answer[Any]]) -> None:
    for answer in answers:
        answer.tell()
