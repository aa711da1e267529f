"""The sweep: thousands of grants that end at the same moment, in the whole bot, with the loop watched.

Run as `python -m tests.bench.run_sweep FOLDER GRANTS`, with the secrets in the environment; prints lines of JSON.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlmodel import Session, col, func, select

from bot.app import App
from bot.demo.company import LOVELACE
from bot.demo.company.shapes import Person
from bot.logs import set_up_logs
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers.grants.effects import Effects
from handlers.grants.revocation import Revocation
from storage import grants, holdings, outbox
from storage.audit.verification import verify_log
from storage.catalogue import Entitlement
from storage.database import Database
from storage.records import Grant
from storage.states import GrantState
from tests.bench.figures import percentile
from tests.bench.machine import BOT_CORE, pin, resident_mb, waited_for_core
from tests.bench.stage import a_grant, crowd, put_in_groups

ENDS_WITHIN, TOLD_WITHIN = 600.0, 900.0
QUIET_SECONDS, IDLE_TICKS = 3.0, 100
SLEEP = 0.005


@dataclass
class Clock:
    """Real time plus what was skipped."""

    skipped: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self.skipped


@dataclass(frozen=True, kw_only=True)
class Late:
    """How late one short sleep came, in seconds.

    robbed: for how long of it the loop was ready while the machine ran somebody else. computed: for how long this
    process, all threads together, was running at all; on one core nothing of ours can hold the loop up for longer.
    """

    all: float
    robbed: float
    computed: float

    @property
    def ours(self) -> float:
        """What this process did to its own loop: code on it, and threads that held the interpreter."""
        return max(0.0, min(self.all - self.robbed, self.computed))


class Watch:
    """Short sleeps on the loop, each with how late it came."""

    def __init__(self) -> None:
        self.late: list[Late] = []
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            due, robbed, computed = time.perf_counter() + SLEEP, waited_for_core(), time.process_time()
            await asyncio.sleep(SLEEP)
            late = max(0.0, time.perf_counter() - due)
            robbed, computed = waited_for_core() - robbed, time.process_time() - computed
            self.late.append(Late(all=late, robbed=min(late, robbed), computed=computed))

    def taken(self) -> list[Late]:
        """What was seen since the last time."""
        late, self.late = self.late, []
        return late


async def sweep(folder: Path, count: int) -> dict[str, float]:
    """Build the bot, hand it the grants, let their time pass, and watch."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    set_up_logs(settings.logs, secrets=(), stream=sys.stderr)
    clock = Clock()
    app = App(settings, now=clock.now)
    await app.start()
    favour_the_loop()  # as `wicket serve` does
    try:
        ends = clock.now() + timedelta(hours=1)
        await app.compare()  # what is put there next must not be met half done by the look of the start
        await _seed(app, folder, count, ends)
        await app.compare()  # it is due once a minute at most, so it is no part of what a quiet second costs
        idle = await _quiet(app)
        return {**idle, **await _let_end(app, clock, ends, count), "resident_mb": resident_mb(os.getpid())}
    finally:
        await app.stop()


async def _let_end(app: App, clock: Clock, ends: datetime, count: int) -> dict[str, float]:
    watch = Watch()
    clock.skipped = ends - datetime.now(UTC)  # to the very moment: what is late by then is late by our doing
    began, computed = time.perf_counter(), time.process_time()
    await until_ended(app.database, count)
    ended, computed = time.perf_counter() - began, time.process_time() - computed
    late = watch.taken()
    left = await app.database.read(outbox.backlog)
    await _until(lambda: _delivered(app.database, left), left, TOLD_WITHIN)
    told = time.perf_counter() - began
    after = watch.taken()
    await _check(app, count)
    return {
        "seconds": ended,
        "a_second": count / ended,
        "cpu_ms_each": computed / count * 1000,
        "told_seconds": told,
        **_lateness("ending", late),
        **_lateness("telling", after),
    }


def _lateness(when: str, late: Sequence[Late]) -> dict[str, float]:
    return {
        f"blocked_max_{when}_ms": max(each.ours for each in late) * 1000,
        f"blocked_p99_{when}_ms": percentile([each.ours for each in late], 0.99) * 1000,
        f"late_max_{when}_ms": max(each.all for each in late) * 1000,
    }


async def _quiet(app: App) -> dict[str, float]:
    """The cost of having nothing to do: each tick alone, and the whole process left to itself."""
    ends = Revocation(app.ground)
    effects = Effects(
        app.ground,
        chance=random.random,
        slot_free=lambda: None,
        revoked_late=lambda _seconds: None,
        tried=lambda _outcome: None,
    )
    ticks: dict[str, Callable[[], Awaitable[object]]] = {
        "tick_ends_us": ends.end_due,
        "tick_lapses_us": ends.lapse_unanswered,
        "tick_holdings_us": effects.settle_due,
        "tick_overdue_us": ends.tell_overdue,
    }
    costs: dict[str, float] = {}
    for name, tick in ticks.items():
        began = time.perf_counter()
        for _ in range(IDLE_TICKS):
            await tick()
        costs[name] = (time.perf_counter() - began) / IDLE_TICKS * 1e6
    busy, began = time.process_time(), time.perf_counter()
    await asyncio.sleep(QUIET_SECONDS)
    share = (time.process_time() - busy) / (time.perf_counter() - began)
    return {**costs, "idle_cpu_percent": share * 100}


async def _seed(app: App, folder: Path, count: int, ends: datetime) -> None:
    """`count` active grants, settled holdings and memberships: ten things for each of many people."""
    things = list(app.ground.catalogue.entitlements.values())
    pairs = [(person, thing) for thing in things for person in crowd()][:count]
    members = {thing.group: [p.account for p, t in pairs if t is thing] for thing in things}
    await put_in_groups(folder, members)
    for start in range(0, len(pairs), 500):
        some = pairs[start : start + 500]
        await app.database.write(partial(hand_over, pairs=some, ends=ends))
        _say({"progress": 0.2 * start / len(pairs)})


def hand_over(tx: Session, pairs: Sequence[tuple[Person, Entitlement]], ends: datetime) -> None:
    """Active grants of these people on these things that end then, with settled holdings."""
    at = ends - timedelta(hours=1)
    for person, thing in pairs:
        grant = grants.add(tx, a_grant(person, thing, at, state=GrantState.ACTIVE, expires_at=ends))
        holding = holdings.take_over(tx, grant, at=at)
        holdings.settle(tx, holding, present=True, over=False)


async def until_ended(database: Database, count: int) -> None:
    """Return when so many grants have ended. RuntimeError if that takes too long."""
    await _until(lambda: _ended(database), count, ENDS_WITHIN)


async def _until(reached: Callable[[], Awaitable[int]], goal: int, within: float) -> None:
    until = time.perf_counter() + within
    while (so_far := await reached()) < goal:
        if time.perf_counter() > until:
            raise RuntimeError(f"after {within:.0f} s only {so_far} of {goal} are done")
        _say({"progress": 0.2 + 0.6 * so_far / goal})
        await asyncio.sleep(0.1)


async def _ended(database: Database) -> int:
    done = select(func.count()).select_from(Grant).where(col(Grant.state) == GrantState.ENDED)
    return await database.read(lambda tx: tx.exec(done).one())


async def _delivered(database: Database, owed: int) -> int:
    return owed - await database.read(outbox.backlog)


async def _check(app: App, count: int) -> None:
    """RuntimeError unless nobody has anything any more, and the log says so and is sound."""
    directory = app.directories[LOVELACE.directory]
    for entitlement in app.ground.catalogue.entitlements.values():
        if (await directory.membership(crowd()[0].account, entitlement.group)).present:
            raise RuntimeError(f"{entitlement.id} was not taken back")
    report = await app.database.read(verify_log)
    if not report.sound or report.entries < 2 * count:
        raise RuntimeError(f"the log does not bear it out: {report.conclusion}")


def _say(what: dict[str, float]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    pin(BOT_CORE)
    _say(asyncio.run(sweep(Path(sys.argv[1]), int(sys.argv[2]))))
