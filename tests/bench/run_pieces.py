"""The raw pieces that a command is made of, each alone, to explain the whole.

Run as `python -m tests.bench.run_pieces FOLDER`, with the secrets in the environment; prints one line of JSON.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from bot.settings import load_settings
from bot.settings.settings import Settings
from bot.slack.home import home_view
from handlers import recording
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.grammar import understand
from handlers.decisions.names import Names
from handlers.decisions.policy import AccessQuestion, AccountQuestion, Action
from handlers.intents import SCHEDULE
from handlers.policies import shipped
from handlers.questions.answers import AccessList, Held
from handlers.questions.overview import Overview, Page
from storage.database import Database
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from tests.bench.machine import BOT_CORE, pin

WRITES, CALLS, REPEATS = 2000, 1000, 5


async def pieces(folder: Path) -> dict[str, float]:
    """Microseconds each, the best of a few repeats."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    names = Names(settings.catalogue)
    database = Database(settings.database.path)
    directory = LocalDirectory(folder / "people.db")
    try:
        account = await directory.account("p-crowd0001")
        assert account is not None
        return {
            "write alone": await _each(1, lambda: database.write(_append)),
            "write of 32": await _each(32, lambda: database.write(_append)),
            "read": await _each(1, lambda: database.read(lambda tx: tx.connection())),
            "account": await _each(1, lambda: directory.account("p-crowd0001")),
            **_decisions(settings, account),
            "home": _home(),
            "parse": _call(lambda: understand("am i in vpn-users", names)),
        }
    finally:
        directory.close()
        database.close()


def _append(tx: Session) -> None:
    at = datetime.now(UTC)
    recording.record(
        tx, at=at, action="bench.piece", outcome="done", actor=recording.WICKET, where=SCHEDULE,
        correlation="c-bench", subject="p-crowd0001", facts={"kind": "membership", "about": ["vpn-users"]},
    )  # fmt: skip


def _decisions(settings: Settings, account: Account) -> dict[str, float]:
    sources, schema = shipped()
    policy = CedarPolicy.load(sources, schema, bound_to="bench")
    now, entitlement = datetime.now(UTC), settings.catalogue.entitlements["prod-db"]
    view = AccountQuestion(action=Action.VIEW, principal=account, target=account, now=now)
    grant = AccessQuestion(
        action=Action.GRANT,
        principal=account,
        requester=account,
        entitlement=entitlement,
        owner=settings.catalogue.owner_of(entitlement),
        minutes=int(timedelta(hours=2).total_seconds() // 60),
        justification_given=True,
        ticket_given=True,
        now=now,
    )
    team, long = 'principal.team == "team-{number}"', "context.minutes > {number}"
    apart = _thousand(sources, schema, ' == Entitlement::"thing-{number}"', f"{team} && {long}")
    teams = _thousand(sources, schema, "", f"{team} && {long}")
    many = _thousand(sources, schema, "", f"{long} && {team}")
    return {
        "decision view": _call(lambda: policy.ask(view)),
        "decision grant": _call(lambda: policy.ask(grant)),
        "decision 1000 apart": _call(lambda: apart.ask(grant)),
        "decision 1000 teams": _call(lambda: teams.ask(grant)),
        "decision 1000": _call(lambda: many.ask(grant)),
    }


def _thousand(sources: Mapping[str, str], schema: str, resource: str, when: str) -> CedarPolicy:
    """The shipped policies, and a thousand more that forbid a grant to teams that are not there."""
    more = (
        f'@id("own-{number}") @reason("No.")\n'
        f'forbid (principal, action == Action::"grant", resource{resource.format(number=number)})\n'
        f"when {{ {when.format(number=number)} }};\n"
        for number in range(1000)
    )
    return CedarPolicy.load({**sources, "own.cedar": "".join(more)}, schema, bound_to="bench")


def _home() -> float:
    """The whole view of somebody with 200 grants, as Slack takes it."""
    now = datetime.now(UTC)
    held = tuple(
        Held(entitlement=f"thing-{n}", owner="Owner", until=now + timedelta(hours=n + 1), grant=f"g-{n}")
        for n in range(200)
    )
    seen = Overview(
        access=AccessList(held=held, read_at=now), requests=(), more_requests=False, to_decide=(), waits=0,
        recent=(), page=Page(),
    )  # fmt: skip
    return _call(lambda: home_view(seen, now).to_dict())


async def _each(in_flight: int, work: Callable[[], Awaitable[object]]) -> float:
    async def some() -> None:
        for _ in range(WRITES // REPEATS // in_flight):
            await work()

    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(in_flight)))
        best = min(best, (time.perf_counter() - began) / (WRITES // REPEATS // in_flight * in_flight))
    return best * 1e6


def _call(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        for _ in range(CALLS // REPEATS):
            work()
        best = min(best, (time.perf_counter() - began) / (CALLS // REPEATS))
    return best * 1e6


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(pieces(Path(sys.argv[1])))), flush=True)
