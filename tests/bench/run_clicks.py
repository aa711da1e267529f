"""Approvals: from the click or the form as it was handed to its handler to the decision that no crash undoes.

Run as `python -m tests.bench.run_clicks FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from sqlmodel import Session

from bot.demo.company import LOVELACE
from bot.grounds import ground_of
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers import recording
from handlers.approvals.deciders import deciders, how_far
from handlers.approvals.deciding import Deciding
from handlers.audit import taking_over
from handlers.decisions.cedar import CedarPolicy
from handlers.ground import Ground
from handlers.intents import SCHEDULE, Actor, Decide, OnGrant
from handlers.people.identity import Identity
from handlers.secure_page.handles import Handles
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

CLICKS, WARM = 900, 60

Kind: TypeAlias = Literal["opened", "elsewhere", "at once", "unprepared"]
KINDS: tuple[Kind, ...] = ("opened", "elsewhere", "at once", "unprepared")
"""opened: its form was opened here. elsewhere: by another replica, or before a restart. at once: without a form, where
its message was written here. unprepared: like elsewhere, where Slack said who clicked before policy was asked ahead.
"""
# The first wants words from its approvers, the second a click alone.
WHAT, AT_ONCE = "prod-db", "staging-db"
_ASKED = tuple(AT_ONCE if kind == "at once" else WHAT for kind in KINDS)


async def clicks(folder: Path) -> dict[str, float]:
    """Milliseconds each: one durable transaction, one decision of each kind, and how many of the first that takes.

    As waits, and as our own work: a disk that others use makes both wait alike, which says little of either. all work:
    with what was done while Slack said who clicked. raw: one row of a file that nothing else is in.
    """
    settings = load_settings(folder / "wicket.toml", os.environ)
    database = Database(settings.database.path, macs=Macs(settings.secrets.vault()))
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    policy = CedarPolicy.load(*without_step_up(), bound_to="bench")  # nobody proves who they are here
    ground = ground_of(settings, database, {directory.name: directory}, database.now, policy)
    deciding, raw = Deciding(ground), _bare(folder / "raw.db")
    handles = Handles(vault=settings.secrets.vault(), lifetime=timedelta(hours=1))
    teams = frozenset({LOVELACE.slack_team})
    identity = Identity(ground, handles=handles, teams=teams, enterprise=None, trust_mail=False)
    await asyncio.to_thread(taking_over.sign_rows, database, where=SCHEDULE, tell=lambda *_: None)
    favour_the_loop()  # as `wicket serve` does
    try:
        approver = await directory.account("p-grace")
        assert approver is not None
        waiting = await database.write(partial(wait_for_approval, ground=ground, things=_ASKED))
        costs: dict[str, list[_Cost]] = {name: [] for name in ("raw", "durable", *KINDS)}
        ahead: dict[str, list[float]] = {name: [] for name in KINDS}
        for number, (grant, shown) in enumerate(waiting):  # in turns, so that a busy minute is everybody's
            kind = KINDS[number % len(KINDS)]
            await before(ground, deciding, approver, kind, grant)
            # Slack takes its time to answer then: nothing of it is warm any more.
            prepared = await _timed(partial(meanwhile, identity, deciding, kind, grant))
            bare = await _timed(partial(_one_row, raw))
            one = await _timed(lambda: database.write(_append))
            why = "" if kind == "at once" else "ok"
            other = await _timed(partial(approve, deciding, approver, grant, shown, why))
            if number >= WARM:
                costs["raw"].append(bare)
                costs["durable"].append(one)
                costs[kind].append(other)
                ahead[kind].append(prepared.work + other.work)
    finally:
        raw.close()
        directory.close()
        database.close()
    found = {name: middle([one.wait for one in each]) for name, each in costs.items()}
    works = {f"{name} work": middle([one.work for one in each]) for name, each in costs.items()}
    return {
        **found,
        **works,
        **{f"{kind} p99": percentile([one.wait for one in costs[kind]], 0.99) for kind in KINDS},
        **{f"times {kind}": found[kind] / found["durable"] for kind in KINDS},
        **{f"times {kind} work": works[f"{kind} work"] / works["durable work"] for kind in KINDS},
        **{f"times {kind} all work": middle(ahead[kind]) / works["durable work"] for kind in KINDS},
        "times raw": found["opened"] / found["raw"],
        "times raw work": works["opened work"] / works["raw work"],
    }


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


async def before(ground: Ground, deciding: Deciding, approver: Account, kind: Kind, grant: str) -> None:
    """What this process did about it earlier: the button was tapped whose form is sent, or the message written."""
    if kind == "opened":
        await open_form(deciding, approver, grant)
    elif kind == "at once":
        await how_far(ground, grant)  # as when it was asked for
        await deciders(ground, grant)


async def open_form(deciding: Deciding, approver: Account, grant: str) -> None:
    """Tap the button whose form is sent by `approve`."""
    await deciding.consider(
        OnGrant(actor=_grace(approver), where=SCHEDULE, delivery=f"button:{grant}", grant=grant)
    )


async def meanwhile(identity: Identity, deciding: Deciding, kind: Kind, grant: str) -> None:
    """What is done while Slack says who clicked."""
    if kind in ("opened", "unprepared"):
        return
    account = await identity.likely("U0GRACE")
    assert account is not None
    await deciding.ask_ahead(account, grant, explained=kind != "at once")


async def approve(
    deciding: Deciding, approver: Account, grant: str, shown: str, rationale: str = "ok"
) -> None:
    """Decide one that waits, as Grace."""
    outcome = await deciding.decide(
        Decide(
            actor=_grace(approver), where=SCHEDULE, delivery=f"view:{grant}", grant=grant, approve=True,
            rationale=rationale, shown=shown,
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


def wait_for_approval(
    tx: Session, *, ground: Ground, things: Sequence[str] = (WHAT,), count: int = CLICKS + WARM
) -> list[tuple[str, str]]:
    """As many requests that wait, each by somebody else, with the marks of what is shown. things: in turns."""
    now, made = ground.now(), list[tuple[str, str]]()
    for number, person in enumerate(crowd()[:count]):
        thing = ground.catalogue.entitlements[things[number % len(things)]]
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
