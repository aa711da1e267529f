"""`wicket` as a process of its own, borne by one that has loaded it: a fork, with the words, files and variables that a
shell would have given it.

Loading takes ten times as long as most commands. What Python does before it loads anything is done here by hand for the
standard streams alone, so of whatever rests on that one test starts a process from nothing.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
SERVING = ("bot.app", "bot.logs", "storage.engine.migrating", "alembic.command", "storage.engine.postgresql")
"""What `wicket serve` loads besides."""
DEMO = (*SERVING, "bot.demo.run")

_MOST, _END = 1_000_000, b"\n"


class Borne:
    """A running one. Its files are its caller's, who closes them."""

    def __init__(self, nursery: "_Nursery", pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or the signal that ended it as a negative number; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.order({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        """The same once it has ended. AssertionError if it does not in time."""
        ends = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < ends, "it does not end"
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """And wait until it is gone."""
        self.send_signal(signal.SIGKILL)
        self.wait(30)


def bear(
    *words: str,
    environ: Mapping[str, str],
    stdout: int | None,
    stderr: int | None,
    loads: Sequence[str] = (),
    at: Path = ROOT,
) -> Borne:
    """Begin `wicket` with these words.

    environ: all its variables. stdout, stderr: descriptors; None for closed. loads: what is loaded before, once. at:
    the folder that it is started in.
    """
    nursery = _nursery()
    order = {
        "words": words,
        "environ": dict(environ),
        "closed": [number for number, given in ((1, stdout), (2, stderr)) if given is None],
        "loads": loads,
        "at": str(at),
    }
    pid = nursery.order(order, [one for one in (stdout, stderr) if one is not None])
    assert pid is not None
    return Borne(nursery, pid)


class _Nursery:
    """The process that bears them. It ends with this one, and they with it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        others = {name: value for name, value in os.environ.items() if not name.startswith("WICKET_")}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bot.loaded", str(theirs.fileno())],
                cwd=ROOT, env=others, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self._end)

    def order(self, order: Mapping[str, Any], files: Sequence[int] = ()) -> int | None:
        """What it answers: a number, if there is one."""
        socket.send_fds(self._ours, [json.dumps(order).encode() + _END], files)
        answer, _ = _heard(self._ours)
        if not answer:
            raise RuntimeError("the nursery ended")
        number: int | None = json.loads(answer)
        return number

    def _end(self) -> None:
        self._ours.close()
        self._process.wait(10)


def _heard(end: socket.socket) -> tuple[bytes, list[int]]:
    """One line, and the descriptors that came with it; nothing once the other end is gone."""
    said, files = b"", list[int]()
    while not said.endswith(_END):
        some, came, _, _ = socket.recv_fds(end, _MOST, 2)
        if not some:
            return b"", files
        said, files = said + some, files + came
    return said, files


@cache
def _nursery() -> _Nursery:
    return _Nursery()


def main(orders: socket.socket) -> None:
    """Bear and bury as ordered; in a child it is `wicket` that ends the process, and Python ends as it always does."""
    gc.disable()  # as where `wicket` begins
    from bot.cli.commands import load_all

    load_all()

    borne = set[int]()
    while True:
        said, files = _heard(orders)
        if not said:
            break
        order = json.loads(said)
        if "ended" in order:
            orders.sendall(json.dumps(_ended(order["ended"], borne)).encode() + _END)
            continue
        for module in order["loads"]:
            __import__(module)
        gc.freeze()
        if (pid := os.fork()) == 0:
            orders.close()
            _be_wicket(order, files)
        borne.add(pid)
        for file in files:
            os.close(file)
        orders.sendall(json.dumps(pid).encode() + _END)
    for pid in borne:
        os.kill(pid, signal.SIGKILL)


def _ended(pid: int, borne: set[int]) -> int | None:
    if pid not in borne:
        raise ValueError("it was not borne here")
    gone, status = os.waitpid(pid, os.WNOHANG)
    if not gone:
        return None
    borne.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _be_wicket(order: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    left = list(files)
    for number in (1, 2):
        if number in order["closed"]:
            os.close(number)
        else:
            os.dup2(left[0], number)
            os.close(left.pop(0))
    sys.stdout = sys.__stdout__ = _stream(1)  # type: ignore[assignment]
    sys.stderr = sys.__stderr__ = _stream(2)  # type: ignore[assignment]
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["at"])
    sys.argv = ["wicket", *order["words"]]
    gc.enable()
    from bot.cli import main as wicket

    wicket()
    raise SystemExit(0)


def _stream(number: int) -> Any:
    """As Python makes it: nothing where the descriptor is closed."""
    try:
        is_terminal = os.isatty(number)
        os.fstat(number)
    except OSError:
        return None
    return open(
        number,
        "w",
        1 if is_terminal else -1,
        encoding="utf-8",
        errors="backslashreplace" if number == 2 else "strict",
        closefd=False,
    )


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
