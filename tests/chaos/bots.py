"""Bots as processes: borne, killed, frozen and waited for by whoever tests them.

Only processes that the nursery bore for this test are sent a signal.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = STOPS_WITHIN = 30.0
_STARTED = "wicket.started"


class Nursery:
    """The process that bears bots (tests.chaos.nursery). A context manager; its bots end with it."""

    def __init__(self) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("WICKET_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"], cwd=ROOT, env=others,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answer()

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def order(self, **order: Any) -> dict[str, Any]:
        """Have something done there; what came of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the nursery ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(kw_only=True)
class Bot:
    """One place for a bot: its settings, its log, and the process that runs there now.

    environ: what is in its environment besides. up: when it was up, as pairs of Unix seconds; the last may be open.
    """

    nursery: Nursery
    config: Path
    environ: Mapping[str, str]
    log: Path
    pid: int | None = None
    kills: int = 0
    is_frozen: bool = False
    up: list[list[float]] = field(default_factory=list)
    _read: int = 0

    def bear(self, die_at: tuple[str, str, str] | None = None) -> None:
        """Begin a process. die_at: where it kills itself, as `tests.chaos.points.die_at` takes it."""
        assert self.pid is None
        self._read = self.log.stat().st_size if self.log.exists() else 0
        answer = self.nursery.order(
            do="start", config=str(self.config), environ=dict(self.environ), log=str(self.log), die_at=die_at
        )
        self.pid = answer["pid"]

    async def started(self) -> bool:
        """Wait until it says that it is started; False if it ended before. RuntimeError if it does neither in time."""
        ends = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < ends:
            if self.pid is None:
                return False
            if _STARTED in self.said():
                self.up.append([time.time()])
                return True
            if self.has_ended():
                return False
            await asyncio.sleep(0.02)
        raise RuntimeError(f"it does not start: {self.said()}")

    async def start(self) -> None:
        """Begin a process and wait until it is started."""
        self.bear()
        if not await self.started():
            raise RuntimeError(f"it did not start: {self.said()}")

    def said(self) -> str:
        """What this process logged so far."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._read)
            return file.read().decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone: no lock of it stands any more."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)
        self.kills += 1
        self._gone(by=signal.SIGKILL, wait=True)

    def has_ended(self) -> bool:
        """Whether the process is gone by itself."""
        return self.pid is None or self._gone(by=signal.SIGKILL)

    async def died(self, within: float) -> None:
        """Wait until it has killed itself. AssertionError if it does not, or ended in another way."""
        ends = time.monotonic() + within
        while not self.has_ended():
            assert time.monotonic() < ends, f"it never came to the point: {self.said()}"
            await asyncio.sleep(0.01)
        self.kills += 1

    def look_out(self) -> None:
        """SIGUSR1: from now on it watches for the point at which it dies."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGUSR1)

    def freeze(self) -> None:
        """SIGSTOP: it stands still with all it holds."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGSTOP)
        self.is_frozen = True
        self._down()

    def thaw(self) -> None:
        """SIGCONT: it goes on as if no time had passed."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGCONT)
        self.is_frozen = False
        self.up.append([time.time()])

    async def stop(self) -> None:
        """SIGTERM, and wait until it has ended; RuntimeError if it did not do so properly."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGTERM)
        ends = time.monotonic() + STOPS_WITHIN
        while not self._gone(by=0):
            if time.monotonic() > ends:
                raise RuntimeError(f"it does not end: {self.said()}")
            await asyncio.sleep(0.02)

    def _gone(self, *, by: int, wait: bool = False) -> bool:
        """Whether it has ended. RuntimeError if another signal than this one, or none where one should, ended it."""
        answer = self.nursery.order(do="ended", pid=self.pid, wait=wait)
        if answer["signal"] is None:
            return False
        self.pid = None
        self._down()
        if answer["signal"] != by or (not by and answer["status"]):
            raise RuntimeError(f"it ended by itself ({answer}): {self.said()}")
        return True

    def _down(self) -> None:
        if self.up and len(self.up[-1]) == 1:
            self.up[-1].append(time.time())
