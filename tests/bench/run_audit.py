"""What the audit log costs, small and large, by the clock: added to, sealed, proven, walked over.

What an entry and archiving cost, and how that grows, is told by processor time: the disk would drown it.

Run as `python -m tests.bench.run_audit FOLDER COUNT`; prints one line of JSON. Entries are added as the bot adds them.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from handlers.audit import archiving
from handlers.audit.archivable import YOUNGEST
from handlers.audit.archiving import Plan
from handlers.audit.digesting import digest_of
from handlers.audit.unarchiving import unarchive
from handlers.intents import By
from handlers.intents import Where as Place
from storage.audit import log, proving, stories
from storage.audit.checkpoint import Signer
from storage.audit.crew import Crew
from storage.audit.entry import Actor, Entry, PolicyTrace, Where
from storage.audit.filters import Wanted
from storage.audit.sealing import take_checkpoint
from storage.audit.tiles import add_tiles, next_tiles
from storage.audit.tlog_proof import Inclusion
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.migrating import migrate
from tests.bench.figures import middle
from tests.bench.machine import BOT_CORE, pin, spread
from tests.storage.rows import numbered

_AT_ONCE, _EACH, _BEGUN = 2000, 400, datetime(2026, 1, 1, tzinfo=UTC)
_HERE = Place(transport="cli")
SIGNER = Signer.from_seed("bench.example/audit", bytes(32))


def measured(store: Path, count: int) -> dict[str, float]:
    """For a log of `count` entries: rates, milliseconds and megabytes by what they are of."""
    migrate(store)
    database = Database(store)
    try:
        _fill(database, 0, 1000)
        small = _appended(database, 1000)
        _fill(database, 1000 + _EACH, count - _EACH)
        large = _appended(database, count - _EACH)
        sealing = _took(lambda: _seal(database))
        database.write_now(lambda tx: take_checkpoint(tx, SIGNER, at=_BEGUN))
        before = _memory()
        worked = time.process_time()
        walking = _took(lambda: _walk(database))
        worked = time.process_time() - worked
        return {
            "append": large * 1e6,
            "growth": large / small,
            "sealing": count / sealing,
            "verify": count / walking,
            "verify work": count / worked,
            "memory": _memory() - before,
            "prove": _some(lambda: database.read_now(_prove)) * 1e3,
            **_walked_by_two(database, store, count),
            **{f"show {name}": _shown(database, wanted) * 1e3 for name, wanted in LOOKS.items()},
            "story": _some(lambda: database.read_now(_story)) * 1e3,
            "digest": _some(lambda: database.read_now(lambda tx: _week(tx, count)), 3) * 1e3,
            **_archived(database, store.parent / "archive", count),
        }
    finally:
        database.close()


_DAY, _ALL = timedelta(days=1), timedelta(days=365)
LOOKS: dict[str, Wanted] = {
    "person": Wanted(person="p-00007"),
    "nobody": Wanted(person="p-nobody"),
    "entitlement": Wanted(entitlement="thing-7"),
    "story": Wanted(correlation="g-77"),
    "action": Wanted(action="grant.approved"),
    "an action that never was": Wanted(action="break_glass.used"),
    "outcome": Wanted(outcome="refused"),
    "action and outcome": Wanted(action="grant.requested", outcome="refused"),
    "person and action": Wanted(person="p-00007", action="grant.revoked"),
    "since the beginning": Wanted(since=_BEGUN),
    "a day": Wanted(since=_BEGUN + _DAY, until=_BEGUN + 2 * _DAY),
    "all days": Wanted(since=_BEGUN, until=_BEGUN + _ALL),
    "action in all days": Wanted(action="grant.expired", since=_BEGUN, until=_BEGUN + _ALL),
}


def _archived(database: Database, folder: Path, count: int) -> dict[str, float]:
    """A quarter of the log archived, verified on the way, and brought back."""
    folder.mkdir()
    by, plan = By(name="bench", why="bench", where=_HERE), list[Plan]()
    before, long_after = _BEGUN + timedelta(seconds=7 * count // 4), _BEGUN + _ALL + 3 * YOUNGEST

    def archive() -> None:
        looked = database.read_now(
            lambda tx: archiving.look(tx, SIGNER.verifier, before=before, at=long_after)
        )
        assert isinstance(looked, Plan)
        plan.append(looked)
        archiving.archive(database, looked, folder=folder, signer=SIGNER, by=by, tell=lambda *_: None)

    memory = _memory()
    taken = _spent(archive)
    grown = _memory() - memory
    back = _spent(
        lambda: unarchive(database, folder=folder, verifier=SIGNER.verifier, by=by, tell=lambda *_: None)
    )
    assert database.read_now(lambda tx: verify_log(tx, verifier=SIGNER.verifier)).sound
    return {"archive": plan[0].end / taken, "unarchive": plan[0].end / back, "archive memory": grown}


def _shown(database: Database, wanted: Wanted) -> float:
    return _some(lambda: database.read_now(lambda tx: log.rows(tx, **wanted)))


def _walk(database: Database, crew: Crew | None = None) -> None:
    report = database.read_now(lambda tx: verify_log(tx, verifier=SIGNER.verifier, crew=crew))
    assert report.sound


def _walked_by_two(database: Database, store: Path, count: int) -> dict[str, float]:
    """As `wicket audit verify` does it where there are two cores, its processes started for it."""
    spread()
    each = list[float]()
    took = _took(lambda: each.extend(_by_two(database, store)))
    cores = len(os.sched_getaffinity(0))
    pin(BOT_CORE)
    return {"verify in two": count / took, "cores of two": cores, "memory of each": max(each, default=0.0)}


def _by_two(database: Database, store: Path) -> list[float]:
    """What each of them took at most, in MB."""
    with Crew(store, 2) as crew:
        _walk(database, crew)
        ours = Path("/proc/self/task").glob("*/children")
        return [_most_of(child) for of_thread in ours for child in of_thread.read_text().split()]


def _most_of(process: str) -> float:
    """Since it became what it is: what is counted of children that have ended is also what their parent had."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _story(tx: Session) -> None:
    assert stories.about(tx, "g-77").entries == len(stories.story(tx, "g-77", skip=0, limit=8)) == 5


def _week(tx: Session, count: int) -> None:
    """The last of the log, with some 86,000 entries where there are so many."""
    ends = _BEGUN + timedelta(seconds=7 * count)
    assert not digest_of(tx, ends - timedelta(weeks=1), ends).is_quiet


def _prove(tx: log.Transaction) -> None:
    row = proving.find_entry(tx, "777")
    assert row is not None
    assert isinstance(proving.prove(tx, row, SIGNER.verifier), Inclusion)


def _fill(database: Database, begin: int, end: int) -> None:
    for first in range(begin, end, _AT_ONCE):
        entries = [_entry(number) for number in range(first, min(first + _AT_ONCE, end))]
        database.write_now(lambda tx, each=entries: log.append_each(tx, each))  # type: ignore[misc]


def _appended(database: Database, begin: int) -> float:
    """Seconds for one entry in a transaction of its own."""
    entries = [_entry(number) for number in range(begin, begin + _EACH)]

    def work() -> None:
        for entry in entries:
            database.write_now(lambda tx, one=entry: log.append(tx, one))  # type: ignore[misc]

    return _spent(work) / _EACH


def _seal(database: Database) -> None:
    while tiles := database.read_now(lambda tx: next_tiles(tx, most=16)):
        database.write_now(lambda tx, found=tiles: add_tiles(tx, found))  # type: ignore[misc]


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _some(work: Callable[[], object], times: int = 10) -> float:
    work()
    return middle([_took(work) for _ in range(times)])


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _entry(number: int) -> Entry:
    """One of a story of five: asked for, approved, given, over, taken back."""
    story, step = divmod(number, 5)
    who, asks = f"p-{story % 10_000:05}", step < 2
    at = _BEGUN + timedelta(seconds=7 * number)
    return Entry(
        id=numbered(number, at), at=at, outcome="done",
        action=("grant.requested", "grant.approved", "grant.active", "grant.expired", "grant.revoked")[step],
        actor=Actor(type="person", id=who, slack_user="U1", slack_team="T1")
        if asks
        else Actor(type="wicket", id="wicket"),
        subject=who, resource=f"thing-{story % 300}", correlation=f"g-{story}",
        where=Where(transport="socket" if asks else "schedule", replica="main"),
        policy=PolicyTrace(allowed=True, ids=("request-eligible",), digest="ab" * 32) if asks else None,
        facts={"minutes": 120, "risk": 3, "group": f"group-{story % 300}"},
        texts={"justification": f"fix INC-{number}"} if step == 0 else {},
    )  # fmt: skip


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(measured(Path(sys.argv[1]) / "audit.db", int(sys.argv[2]))), flush=True)
