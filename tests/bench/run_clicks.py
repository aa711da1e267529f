"""Clicks on Approve: from the form's submission as it was received to the decision that no crash undoes.

Run as `python -m tests.bench.run_clicks FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
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
from bot.settings import load_settings
from handlers import recording
from handlers.approvals import Deciding
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

CLICKS, WARM = 400, 50
WHAT = "prod-db"


async def clicks(folder: Path) -> dict[str, float]:
    """Milliseconds each: one durable transaction, one decision, and how many of the first the second takes.

    As waits, and as our own work: a disk that others use makes both wait alike, which says little of either.
    """
    settings = load_settings(folder / "wicket.toml", os.environ)
    database = Database(settings.database.path, macs=Macs(settings.secrets.vault()))
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    policy = CedarPolicy.load(*without_step_up(), bound_to="bench")  # nobody proves who they are here
    ground = ground_of(settings, database, {directory.name: directory}, database.now, policy)
    deciding = Deciding(ground)
    try:
        approver = await directory.account("p-grace")
        assert approver is not None
        waiting = await database.write(partial(wait_for_approval, ground=ground))
        durable: list[_Cost] = []
        decided: list[_Cost] = []
        for number, (grant, shown) in enumerate(waiting):  # in turns, so that a busy minute is both's
            await open_form(deciding, approver, grant)
            one = await _timed(lambda: database.write(_append))
            other = await _timed(partial(approve, deciding, approver, grant, shown))
            if number >= WARM:
                durable.append(one)
                decided.append(other)
    finally:
        directory.close()
        database.close()
    waits = [one.wait for one in durable], [one.wait for one in decided]
    works = [one.work for one in durable], [one.work for one in decided]
    return {
        "durable": middle(waits[0]),
        "decided": middle(waits[1]),
        "decided p99": percentile(waits[1], 0.99),
        "times": middle(waits[1]) / middle(waits[0]),
        "durable work": middle(works[0]),
        "decided work": middle(works[1]),
        "times work": middle(works[1]) / middle(works[0]),
    }


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
