"""What its two audit entries add to the transaction of an approval: with both, with the first and without, in turns.

Run as `python -m tests.bench.run_share FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.demo.company import LOVELACE
from bot.grounds import ground_of
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers.approvals.deciding import Deciding
from handlers.audit import taking_over
from handlers.decisions.cedar import CedarPolicy
from handlers.intents import SCHEDULE
from storage.audit import log
from storage.database import Database, Work
from storage.directories.local import LocalDirectory
from storage.macs import Macs
from tests.bench.figures import middle
from tests.bench.machine import BOT_CORE, pin
from tests.bench.run_clicks import WARM, approve, open_form, wait_for_approval
from tests.bench.stage import CROWD
from tests.handlers.made_once import without_step_up

T = TypeVar("T")


ROUNDS = 3
"""How often everybody of the crowd asks: what the entries cost is a small difference of what varies."""


class _Timed(Database):
    """A store that knows how long its last writing transaction took, the commit with it, and how much it worked."""

    waited = worked = 0.0

    async def write(self, work: Work[T]) -> T:
        began, worked = time.perf_counter(), time.process_time()
        try:
            return await super().write(work)
        finally:
            self.waited, self.worked = time.perf_counter() - began, time.process_time() - worked


async def share(folder: Path) -> dict[str, float]:
    """Milliseconds with the entries, and what part of that both are, and one, in percent: by the clock, and as our own
    work.

    opened: where the form was opened here, so that policy knows its answer when it is sent.
    """
    settings = load_settings(folder / "wicket.toml", os.environ)
    database = _Timed(settings.database.path, macs=Macs(settings.secrets.vault()))
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    policy = CedarPolicy.load(*without_step_up(), bound_to="bench")
    ground = ground_of(settings, database, {directory.name: directory}, database.now, policy)
    costs = defaultdict[tuple[bool, int, str], list[float]](list)
    await asyncio.to_thread(taking_over.sign_rows, database, where=SCHEDULE, tell=lambda *_: None)
    favour_the_loop()  # as `wicket serve` does
    try:
        approver, deciding = await directory.account("p-grace"), Deciding(ground)
        assert approver is not None
        for _ in range(ROUNDS):
            waiting = await database.write(partial(wait_for_approval, ground=ground, count=CROWD))
            for number, (grant, shown) in enumerate(waiting):
                recorded, opened = number % 3, number % 6 > 2
                if opened:
                    await open_form(deciding, approver, grant)
                with _recorded(most=recorded):
                    await approve(deciding, approver, grant, shown)
                if number >= WARM:
                    costs[opened, recorded, ""].append(database.waited * 1000)
                    costs[opened, recorded, " work"].append(database.worked * 1000)
    finally:
        directory.close()
        database.close()
    found = dict[str, float]()
    for opened, name in ((False, ""), (True, " opened")):
        for work in ("", " work"):
            whole, one, without = (middle(costs[opened, recorded, work]) for recorded in (2, 1, 0))
            found |= {f"whole{name}{work}": whole, f"share{name}{work}": (whole - without) / whole * 100}
            found |= {f"one{name}{work}": (one - without) / one * 100}
    return found


@contextmanager
def _recorded(*, most: int) -> Iterator[None]:
    """For a moment only the first so many entries of an act are added: nothing but a comparison does that."""
    all_of_them = log.append_each
    try:
        setattr(log, "append_each", lambda tx, entries: all_of_them(tx, entries[:most]))  # noqa: B010
        yield
    finally:
        setattr(log, "append_each", all_of_them)  # noqa: B010


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(share(Path(sys.argv[1])))), flush=True)
