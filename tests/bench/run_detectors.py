"""Requests and their approvals with the detectors behind them and without, in turns; and slices of the walk.

Run as `python -m tests.bench.run_detectors FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.demo.company import LOVELACE
from bot.grounds import ground_of
from bot.settings import load_settings
from handlers.approvals.deciding import Deciding
from handlers.audit.tiling import Tiling
from handlers.decisions.cedar import CedarPolicy
from handlers.detectors.detecting import Detecting
from handlers.ground import Ground
from handlers.intents import SCHEDULE, Actor, AskAccess
from handlers.outcomes import Asked
from handlers.requests.asking import Asking
from storage import grants
from storage.audit.merkle import Frontier
from storage.audit.slices import next_slice
from storage.binding import mark
from storage.database import Database
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from storage.macs import Macs
from tests.bench.figures import middle
from tests.bench.machine import BOT_CORE, pin
from tests.bench.run_clicks import WHAT, approve, open_form
from tests.bench.stage import crowd
from tests.handlers.made_once import without_step_up

TURNS, AT_ONCE = 10, 20


class Requests:
    """People who ask for something privileged, each once, and Grace, who approves it."""

    def __init__(
        self, ground: Ground, database: Database, directory: LocalDirectory, approver: Account
    ) -> None:
        self._asking, self._deciding = Asking(ground), Deciding(ground)
        self._database, self._directory, self._approver = database, directory, approver
        self._people = iter(crowd())

    async def make(self, count: int) -> None:
        """So many, one after the other: what the detectors look at most."""
        for _ in range(count):
            person = next(self._people)
            account = await self._directory.account(person.account)
            assert account is not None
            actor = Actor(account=account, slack_team=LOVELACE.slack_team, slack_user=person.slack)
            asked = await self._asking.ask(
                AskAccess(
                    actor=actor, where=SCHEDULE, delivery=f"ask:{person.account}", entitlement=WHAT,
                    duration=timedelta(hours=1), justification="INC-1", draft=None,
                )
            )  # fmt: skip
            if not isinstance(asked, Asked):
                raise RuntimeError(f"a request was not taken: {asked}")
            row = await self._database.read(partial(grants.get, grant_id=asked.grant))
            assert row is not None
            await open_form(self._deciding, self._approver, row.id)
            await approve(self._deciding, self._approver, row.id, mark(row))


async def measured(folder: Path) -> dict[str, float]:
    """Milliseconds of processor time, of the whole process."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    database = Database(settings.database.path, macs=Macs(settings.secrets.vault()))
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    policy = CedarPolicy.load(*without_step_up(), bound_to="bench")  # nobody proves who they are here
    ground = ground_of(settings, database, {directory.name: directory}, database.now, policy)
    detecting = Detecting(ground, tuple(settings.detectors.tuned()), sender="bench")
    try:
        approver = await directory.account("p-grace")
        assert approver is not None
        requests = Requests(ground, database, directory, approver)
        await requests.make(AT_ONCE)
        await detecting.look()
        without, busy, quiet = list[float](), list[float](), list[float]()
        for _ in range(TURNS):  # in turns, so that a busy minute is everybody's
            without.append(await _work(lambda: requests.make(AT_ONCE)) / AT_ONCE)
            await detecting.look()
            alone = await _work(lambda: requests.make(AT_ONCE))
            busy.append((alone + await _work(detecting.look)) / alone - 1)
            await requests.make(1)
            quiet.append(await _work(detecting.look))
        await Tiling(database).seal_due()
        verifier = settings.secrets.signer().verifier
        slices = [
            await _work(lambda: database.read(lambda tx: next_slice(tx, Frontier(), verifier)))
            for _ in range(20)
        ]
    finally:
        directory.close()
        database.close()
    return {
        "request": middle(without),
        "busy": 100 * middle(busy),
        "quiet": middle(quiet),
        "slice": middle(slices),
    }


async def _work(work: Callable[[], Awaitable[object]]) -> float:
    worked = time.process_time()
    await work()
    return (time.process_time() - worked) * 1000


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(measured(Path(sys.argv[1])))), flush=True)
