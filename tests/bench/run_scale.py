"""One measured process: a start with whatever is in the store, ends at a steady pace, or the cost of one more grant.

Run as `python -m tests.bench.run_scale FOLDER start|late|more`, with the secrets in the environment; prints JSON.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from bot.app import App
from bot.demo.company import LOVELACE
from bot.logs import set_up_logs
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers.grants.effects import Effects
from handlers.grants.revocation import Revocation
from handlers.intents import Actor, AskAccess, Where
from handlers.outcomes import Asked
from handlers.requests.asking import Asking
from storage import grants, holdings
from storage.records import Grant
from storage.states import GrantState
from tests.bench.figures import middle, percentile
from tests.bench.machine import BOT_CORE, peak_mb, pin, resident_mb
from tests.bench.run_sweep import Clock, until_ended
from tests.bench.stage import a_grant, crowd, put_in_groups

SETTLES, TICKS = 10.0, 20
A_SECOND, SECONDS, AHEAD = 100, 10, 30
LIVES = 150
THING = "grafana-edit"


def ground_ticks(app: App) -> dict[str, Callable[[], Awaitable[object]]]:
    """What the schedule asks again and again."""
    ends = Revocation(app.ground)
    return {
        "ends": ends.end_due,
        "next end": ends.until_next_end,
        "lapses": ends.lapse_unanswered,
        "holdings": effects_of(app).settle_due,
        "overdue": ends.tell_overdue,
        "standing": ends.standing,
    }


def effects_of(app: App) -> Effects:
    """A worker beside the bot's own."""
    return Effects(
        app.ground,
        chance=random.random,
        slot_free=lambda: None,
        revoked_late=lambda _seconds: None,
        tried=lambda _outcome: None,
    )


async def start(app: App, began: float) -> dict[str, float]:
    """Seconds until ready, building included; memory when all looks of a start are over; the slowest tick."""
    await app.start()
    ready = time.perf_counter() - began
    favour_the_loop()
    await asyncio.sleep(SETTLES)
    ticks, computed = [], []
    for tick in ground_ticks(app).values():
        costs, own = [], []
        for _ in range(TICKS):
            since, busy = time.perf_counter(), time.process_time()
            await tick()
            costs.append(time.perf_counter() - since)
            own.append(time.process_time() - busy)
        ticks.append(middle(costs))
        computed.append(middle(own))
    pid = os.getpid()
    return {
        "start": ready,
        "tick_ms": max(ticks) * 1000,
        "tick_cpu_ms": max(computed) * 1000,
        "resident_mb": resident_mb(pid),
        "peak_mb": peak_mb(pid),
    }


async def late(app: App, folder: Path) -> dict[str, float]:
    """A hundred due each second for ten seconds: how late each is recorded as ended, read back."""
    await app.start()
    favour_the_loop()
    count, first = A_SECOND * SECONDS, datetime.now(UTC) + timedelta(seconds=AHEAD)
    thing = app.ground.catalogue.entitlements[THING]
    people = crowd()[:count]
    await put_in_groups(folder, {thing.group: [one.account for one in people]})

    def work(tx: Session) -> None:
        at = first - timedelta(hours=1)
        for number, person in enumerate(people):
            ends = first + timedelta(seconds=number / A_SECOND)
            grant = grants.add(tx, a_grant(person, thing, at, state=GrantState.ACTIVE, expires_at=ends))
            holding = holdings.take_over(tx, grant, at=at)
            holdings.settle(tx, holding, present=True, over=False)

    await app.database.write(work)
    if datetime.now(UTC) >= first:
        raise RuntimeError("this machine is too busy to prepare it in time")
    await until_ended(app.database, count)
    ended = select(Grant.expires_at, Grant.ended_at).where(Grant.state == GrantState.ENDED)
    pairs = await app.database.read(lambda tx: tx.exec(ended.where(col(Grant.expires_at) >= first)).all())
    by = [(end - due).total_seconds() for due, end in pairs if due and end]
    if len(by) != count:
        raise RuntimeError(f"{len(by)} of {count} ended")
    return {"late_p50": percentile(by, 0.5), "late_p99": percentile(by, 0.99), "late_max": max(by)}


async def more(app: App, clock: Clock) -> dict[str, float]:
    """One more grant from the asking to the end, by one after another: what this process computes for each, in ms."""
    asking, effects, ends = Asking(app.ground), effects_of(app), Revocation(app.ground)
    costs: list[float] = []
    for number, person in enumerate(crowd()[:LIVES]):
        account = await app.directories[LOVELACE.directory].account(person.account)
        if account is None:
            raise RuntimeError(f"{person.account} is not there")
        intent = AskAccess(
            actor=Actor(account=account, slack_team=LOVELACE.slack_team, slack_user=person.slack),
            where=Where(transport="http", team=LOVELACE.slack_team, channel="D1"), delivery=f"{clock.now()} {number}",
            entitlement=THING, duration=timedelta(minutes=30), justification="bench",
        )  # fmt: skip
        began = time.process_time()
        outcome = await asking.ask(intent)
        if not isinstance(outcome, Asked) or outcome.state != GrantState.APPROVED:
            raise RuntimeError(f"it was not given: {outcome}")
        await _settle(effects)
        clock.skipped += timedelta(minutes=31)
        if (ended := await ends.end_due()) != 1:
            raise RuntimeError(f"{ended} ended")
        await _settle(effects)
        costs.append(time.process_time() - began)
    return {"more_ms": middle(costs) * 1000}


async def _settle(effects: Effects) -> None:
    await effects.settle_due()
    await effects.finish()


async def main(folder: Path, what: str) -> dict[str, float]:
    """Build the bot and do that."""
    began = time.perf_counter()
    settings = load_settings(folder / "wicket.toml", os.environ)
    set_up_logs(settings.logs, secrets=(), stream=sys.stderr)
    clock = Clock()
    app = App(settings, now=clock.now)
    try:
        if what == "start":
            return await start(app, began)
        return await (late(app, folder) if what == "late" else more(app, clock))
    finally:
        await app.stop()


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))), flush=True)
