"""Threads for calls that block and may hang: a name that nobody resolves, a disk that does not answer.

Nothing ever waits for them to end, so a command that is done ends, whatever they are at.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Apart(ThreadPoolExecutor):
    """An executor fit for `loop.set_default_executor`: each call on a thread of its own that dies with the process."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Begin the call now."""
        done: Future[T] = Future()

        def run() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(fn(*args, **kwargs))
                except BaseException as fault:  # noqa: BLE001 - whatever it is, it is its caller's
                    done.set_exception(fault)

        threading.Thread(target=run, name="wicket-check", daemon=True).start()
        return done

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave them to themselves."""
