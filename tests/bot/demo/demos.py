"""`wicket demo` as a process of its own, for tests that look at it from outside."""

import os
import re
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bot.loaded import DEMO, Borne, bear

ROOT = Path(__file__).parents[3]
_LISTENING = "0A"
COMMAND = (sys.executable, "-m", "bot", "demo")


@dataclass(kw_only=True)
class Running:
    """A demo that said it is ready. said: its output so far; more: what comes."""

    process: Borne
    said: str
    more: IO[str]

    @property
    def url(self) -> str:
        return re.findall(r"http://\S+", self.said)[0]

    def page(self, path: str = "") -> str:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read().decode()

    def listens_on(self) -> set[str]:
        """The IPv4 and IPv6 addresses that the process listens on, as /proc writes them; Linux only."""
        process = Path("/proc") / str(self.process.pid)
        targets = [
            os.readlink(each) for each in (process / "fd").iterdir() if each.exists() or each.is_symlink()
        ]
        ours = {target[8:-1] for target in targets if target.startswith("socket:[")}
        rows = [
            line.split()
            for table in ("tcp", "tcp6")
            for line in (process / "net" / table).read_text().splitlines()[1:]
        ]
        return {row[1].partition(":")[0] for row in rows if row[3] == _LISTENING and row[9] in ours}

    def stop(self, with_signal: signal.Signals = signal.SIGINT, *, within: float = 10) -> str:
        """Ask it to stop; what it said at the end."""
        self.process.send_signal(with_signal)
        self.process.wait(within)
        return self.more.read()


@contextmanager
def demo(*arguments: str, at: Path = ROOT, **environment: str) -> Iterator[Running]:
    """at: the folder that it is started in."""
    ours, theirs = os.pipe()
    with open(ours) as output:
        process = bear(
            "demo", *arguments, environ={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=theirs, stderr=theirs, loads=DEMO, at=at,
        )  # fmt: skip
        os.close(theirs)
        said = ""
        try:
            for line in output:
                said += line
                if "Ctrl+C" in line:
                    break
            yield Running(process=process, said=said, more=output)
        finally:
            process.kill()
