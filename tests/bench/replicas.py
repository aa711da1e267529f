"""One process on SQLite beside one and three equal ones on PostgreSQL: the same commands, the same due grants.

All of them share two cores with the server and the load: what more machines would give is not seen here.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session, col, func, select

from bot.demo.company import LOVELACE
from bot.settings import load_settings
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.engine.stores import Server, Store
from storage.records import Grant
from storage.states import GrantState
from tests.bench.commands import load_on
from tests.bench.figures import Burst, Figure, middle
from tests.bench.load import Load
from tests.bench.lock import LockWatch
from tests.bench.machine import computed
from tests.bench.run_sweep import hand_over
from tests.bench.stage import Stage, crowd, listening, running, staged
from tests.ports import free_port
from tests.storage.postgres import NOT_INSTALLED, Postgres, installed, started

PART = "replicas"
IN_FLIGHT, AT_MOST = 30, 20_000
_GIVEN_WITHIN, _RESTS_WITHIN, _ENDS_WITHIN = 30.0, 60.0, 600.0
# Seconds of computing in a second, of three processes: their ticks alone take a tenth of it.
_REST = 0.2


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Equal replicas on one store. watch: of the lock that those on PostgreSQL share."""

    name: str
    stage: Stage
    replicas: int
    watch: LockWatch | None
    bursts: list[Burst] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Where they keep everything."""
        return load_settings(self.stage.folder / "wicket.toml", self.stage.secrets).store

    def looking(self) -> AbstractContextManager[None]:
        """The watch at work, where there is one."""
        return nullcontext() if self.watch is None else self.watch.watching()


async def measure_replicas(
    *, rounds: int, seconds: float, grants: int, progress: Callable[[float], None]
) -> list[Figure]:
    """All of it, or one line with the reason why not. seconds: of one burst. grants: due at one moment."""
    if not installed():
        return [Figure(part=PART, what="not measured", value=0, unit="", note=NOT_INSTALLED)]
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        setups = [await stack.enter_async_context(each) for each in _setups(started())]
        await _commands(setups, rounds=rounds, seconds=seconds, progress=lambda done: progress(done / 2))
        for number, setup in enumerate(setups):
            figures += _about_commands(setup)
            took = await _sweep(setup, grants)
            figures.append(_figure(setup, f"{grants} due grants: all access taken back", took, "s"))
            figures.append(_figure(setup, "grants ended", grants / took, "/s"))
            progress(0.5 + (number + 1) / 2 / len(setups))
    return figures


def _setups(server: Postgres) -> Iterator[AbstractAsyncContextManager[Setup]]:
    yield _setup("SQLite", None, 1)
    for name, replicas in (("PostgreSQL, one replica", 1), ("PostgreSQL, three replicas", 3)):
        server.run(f"CREATE DATABASE replicas_{replicas} TEMPLATE template0")
        yield _setup(name, server.server(f"replicas_{replicas}"), replicas)


@asynccontextmanager
async def _setup(name: str, server: Server | None, replicas: int) -> AsyncIterator[Setup]:
    with TemporaryDirectory(prefix="wicket-bench-") as folder:
        async with staged(Path(folder), server=server) as stage:
            watch = None if server is None else LockWatch(server.url)
            yield Setup(name=name, stage=stage, replicas=replicas, watch=watch)


@asynccontextmanager
async def _serving(setup: Setup) -> AsyncIterator[list[int]]:
    """All replicas of it, listening on these ports, their first looks at the directory over."""
    ports = [free_port() for _ in range(setup.replicas)]
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(running(setup.stage, "tests.bench.run_app", str(port)))
            for port in ports
        ]
        for port in ports:
            await listening(port)
        await _at_rest([process.pid for process in processes])
        yield ports


async def _at_rest(processes: list[int]) -> None:
    """Return once all of them together leave a core idle for most of a second."""
    until = time.monotonic() + _RESTS_WITHIN
    while time.monotonic() < until:
        before = sum(computed(process) or 0 for process in processes)
        await asyncio.sleep(1)
        if sum(computed(process) or 0 for process in processes) - before < _REST:
            return
    raise RuntimeError("the replicas do not come to rest")


async def _commands(
    setups: list[Setup], *, rounds: int, seconds: float, progress: Callable[[float], None]
) -> None:
    """The load in turns, spread over the replicas of each."""
    async with AsyncExitStack() as stack:
        loads: list[list[Load]] = []
        for setup in setups:
            ports = await stack.enter_async_context(_serving(setup))
            loads.append([load_on(setup.stage, port) for port in ports])
            await _spread(loads[-1], seconds=seconds)  # warm
        turns = [(setup, load) for _ in range(rounds) for setup, load in zip(setups, loads, strict=True)]
        for number, (setup, load) in enumerate(turns):
            with setup.looking():
                setup.bursts.append(await _spread(load, seconds=seconds))
            progress((number + 1) / len(turns))


async def _spread(loads: list[Load], *, seconds: float) -> Burst:
    each = IN_FLIGHT // len(loads)
    bursts = await asyncio.gather(
        *(load.burst(in_flight=each, seconds=seconds, at_most=AT_MOST) for load in loads)
    )
    longest = max(burst.seconds for burst in bursts)
    return Burst(seconds=longest, waits=[wait for burst in bursts for wait in burst.waits])


def _about_commands(setup: Setup) -> Iterator[Figure]:
    rate = middle([burst.rate for burst in setup.bursts])
    yield _figure(setup, f"commands, {IN_FLIGHT} in flight", rate, "/s")
    for share in (50, 99):
        wait = middle([burst.wait_ms(share / 100) for burst in setup.bursts])
        yield _figure(setup, f"commands, {IN_FLIGHT} in flight, p{share}", wait, "ms")
    for what, held in setup.watch.shares().items() if setup.watch is not None else ():
        yield _figure(setup, f"the lock of all writers held {what}", 100 * held, "%")


def _figure(setup: Setup, what: str, value: float, unit: str) -> Figure:
    return Figure(part=PART, what=f"{setup.name}: {what}", value=value, unit=unit)


async def _sweep(setup: Setup, count: int) -> float:
    """Seconds from the moment at which so many grants end until all of them are ended and read back."""
    database = Database(setup.store)
    try:
        async with _serving(setup):
            due = datetime.now(UTC) + timedelta(seconds=_GIVEN_WITHIN)
            await _give(setup.stage, database, count, due)
            if (left := (due - datetime.now(UTC)).total_seconds()) < 0:
                raise RuntimeError("the grants were not handed over by the moment at which they end")
            await asyncio.sleep(left)
            began = time.perf_counter()
            while (ended := await database.read(_ended)) < count:
                if time.perf_counter() - began > _ENDS_WITHIN:
                    raise RuntimeError(f"after {_ENDS_WITHIN:.0f} s only {ended} of {count} are ended")
                await asyncio.sleep(0.1)
            return time.perf_counter() - began
    finally:
        database.close()


async def _give(stage: Stage, database: Database, count: int, ends: datetime) -> None:
    things = LOVELACE.entitlements
    pairs = [(person, thing) for thing in things for person in crowd()][:count]
    directory = LocalDirectory(stage.folder / "people.db", name=LOVELACE.directory)
    try:
        for thing in things:
            await directory.put_in_group(thing.group, *(p.account for p, t in pairs if t is thing))
    finally:
        directory.close()
    for start in range(0, len(pairs), 500):
        some = partial(hand_over, pairs=pairs[start : start + 500], ends=ends)
        await asyncio.to_thread(database.write_now, some)


def _ended(tx: Session) -> int:
    return tx.exec(select(func.count()).where(col(Grant.state) == GrantState.ENDED)).one()
