"""Clicks on Approve: from the form's submission as it was received to the decision that no crash undoes.

Run as `python -m tests.bench.run_clicks FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session

from bot.demo.company import LOVELACE
from bot.grounds import ground_of
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers import recording
from handlers.approvals.deciding import Deciding
from handlers.audit import taking_over
from handlers.decisions.cedar import CedarPolicy
from handlers.ground import Ground
from handlers.intents import SCHEDULE, Actor, Decide, OnGrant
from storage import grants
from storage.binding import mark
from storage.database import Database
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from storage.identifiers import new_id
from storage.macs import Macs
from storage.records import Grant
from storage.states import GrantState
from tests.bench.figures import middle, percentile
from tests.bench.machine import BOT_CORE, pin
from tests.bench.stage import crowd
from tests.handlers.made_once import without_step_up

CLICKS, WARM = 600, 50
WHAT = "prod-db"


async def clicks(folder: Path) -> dict[str, float]:
    """Milliseconds each: one durable transaction, one decision, and how many of the first the second takes.

    As waits, and as our own work: a disk that others use makes both wait alike, which says little of either. unopened:
    decisions whose form was opened elsewhere, as by another replica. raw: one row of a file that nothing else is in.
    """
    settings = load_settings(folder / "wicket.toml", os.environ)
    database = Database(settings.database.path, macs=Macs(settings.secrets.vault()))
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    policy = CedarPolicy.load(*without_step_up(), bound_to="bench")  # nobody proves who they are here
    ground = ground_of(settings, database, {directory.name: directory}, database.now, policy)
    deciding, raw = Deciding(ground), _bare(folder / "raw.db")
    await asyncio.to_thread(taking_over.sign_rows, database, where=SCHEDULE, tell=lambda *_: None)
    favour_the_loop()  # as `wicket serve` does
    try:
        approver = await directory.account("p-grace")
        assert approver is not None
        waiting = await database.write(partial(wait_for_approval, ground=ground))
        costs: dict[str, list[_Cost]] = {name: [] for name in ("raw", "durable", "decided", "unopened")}
        for number, (grant, shown) in enumerate(waiting):  # in turns, so that a busy minute is everybody's
            opened = number % 3 > 0
            if opened:
                await open_form(deciding, approver, grant)
            bare = await _timed(partial(_one_row, raw))
            one = await _timed(lambda: database.write(_append))
            other = await _timed(partial(approve, deciding, approver, grant, shown))
            if number >= WARM:
                costs["raw"].append(bare)
                costs["durable"].append(one)
                costs["decided" if opened else "unopened"].append(other)
    finally:
        raw.close()
        directory.close()
        database.close()
    found = {name: middle([one.wait for one in each]) for name, each in costs.items()}
    works = {f"{name} work": middle([one.work for one in each]) for name, each in costs.items()}
    return {
        **found,
        **works,
        "decided p99": percentile([one.wait for one in costs["decided"]], 0.99),
        **{
            f"{times}{work}": found_in[f"{name}{work}"] / found_in[f"{of}{work}"]
            for work, found_in in (("", found), (" work", works))
            for times, name, of in _TIMES
        },
    }


_TIMES = (
    ("times", "decided", "durable"), ("times unopened", "unopened", "durable"), ("times raw", "decided", "raw"),
)  # fmt: skip


def _bare(path: Path) -> sqlite3.Connection:
    """A file of one table, as durable as Wicket's."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE kept (what TEXT)")
    return raw


async def _one_row(raw: sqlite3.Connection) -> None:
    """The least that a disk can be asked for: what there is nothing of Wicket in."""
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("INSERT INTO kept VALUES ('one row')")
    raw.execute("COMMIT")


async def open_form(deciding: Deciding, approver: Account, grant: str) -> None:
    """Tap the button whose form is sent by `approve`."""
    await deciding.consider(
        OnGrant(actor=_grace(approver), where=SCHEDULE, delivery=f"button:{grant}", grant=grant)
    )


async def approve(deciding: Deciding, approver: Account, grant: str, shown: str) -> None:
    """Decide one that waits, as Grace."""
    outcome = await deciding.decide(
        Decide(
            actor=_grace(approver), where=SCHEDULE, delivery=f"view:{grant}", grant=grant, approve=True, rationale="ok",
            shown=shown,
        )
    )  # fmt: skip
    if getattr(outcome, "state", "") != GrantState.APPROVED:
        raise RuntimeError(f"a decision did not count: {outcome}")


def _grace(account: Account) -> Actor:
    return Actor(account=account, slack_team=LOVELACE.slack_team, slack_user="U0GRACE")


class _Cost(NamedTuple):
    """Milliseconds: how long it took, and what this process worked meanwhile, in all its threads."""

    wait: float
    work: float


async def _timed(work: Callable[[], Awaitable[object]]) -> _Cost:
    began, worked = time.perf_counter(), time.process_time()
    await work()
    return _Cost((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000)


def _append(tx: Session) -> None:
    recording.record(
        tx, at=datetime.now(UTC), action="bench.piece", outcome="done", actor=recording.WICKET, where=SCHEDULE,
        correlation="c-bench", subject="p-crowd0001", facts={"kind": "click"},
    )  # fmt: skip


def wait_for_approval(tx: Session, *, ground: Ground) -> list[tuple[str, str]]:
    """As many requests that wait, each by somebody else, with the marks of what is shown."""
    now, thing = ground.now(), ground.catalogue.entitlements[WHAT]
    made = []
    for person in crowd()[: CLICKS + WARM]:
        grant = Grant(
            id=new_id("g", now), state=GrantState.PENDING, directory=thing.directory, account=person.account,
            requester_directory=thing.directory, requester_account=person.account, entitlement=thing.id,
            group=thing.group, minutes=60, justification="click", slack_team=LOVELACE.slack_team,
            slack_user=person.slack, requester_name=person.name, requester_login=person.login,
            requester_team=person.team, requester_employment=person.employment, manager_name="", standing=[],
            reasons=[], missing={"owner": 1}, policy_set="bench", requested_at=now,
            lapses_at=now + timedelta(days=1),
        )  # fmt: skip
        grants.add(tx, grant)
        made.append((grant.id, mark(grant)))
    return made


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(clicks(Path(sys.argv[1])))), flush=True)
