"""`wicket policy replay` over a log of stories, short and long: how many questions a second, and how much memory.

Run as `python -m tests.bench.run_replay FOLDER COUNT`, with the secrets in the environment; prints one line of JSON.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlmodel import Session

from bot.cli.policy_replay import Seen
from bot.demo.company.shapes import account_of
from bot.settings import load_settings
from handlers.decisions.cedar import CedarPolicy
from handlers.rules.replaying import Base, Replaying
from storage import approvals, grants
from storage.audit import log
from storage.audit.entry import Actor, Entry, PolicyTrace, Where
from storage.catalogue import Catalogue
from storage.database import Database
from storage.macs import Macs
from storage.states import GrantState
from tests.bench.machine import BOT_CORE, peak_mb, pin, resident_mb
from tests.bench.stage import a_grant, crowd
from tests.handlers.made_once import without_step_up
from tests.storage.rows import numbered

# Of each story two entries are questions to policy: asked for, and approved.
_STORY, _AT_ONCE, _SHORT = 20, 100, 5
_STRICTER = """
@id("no-databases") @reason("No databases today.") @control("AC-3")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
when { resource.kind == "database" };
"""
WHAT, BEGUN = "prod-db", datetime(2026, 1, 1, tzinfo=UTC)
_EACH = timedelta(seconds=60)


class Past:
    """Stories of people who asked for something privileged, which Grace approved; each a minute after the last."""

    def __init__(self, database: Database, catalogue: Catalogue, policy_set: str) -> None:
        self._database, self._thing, self._set = database, catalogue.entitlements[WHAT], policy_set
        self._people, self.stories = crowd(), 0

    @property
    def ends(self) -> datetime:
        """Behind the last of them."""
        return BEGUN + self.stories * _EACH

    def grow(self, entries: int) -> None:
        """Until there are so many entries."""
        while self.stories * _STORY < entries:
            begins, self.stories = self.stories, min(self.stories + _AT_ONCE, entries // _STORY)
            self._database.write_now(partial(self._add, numbers=range(begins, self.stories)))

    def _add(self, tx: Session, numbers: range) -> None:
        for number in numbers:
            at, person = BEGUN + number * _EACH, self._people[number % len(self._people)]
            row = a_grant(
                person,
                self._thing,
                at,
                id=f"g-{number}",
                automatic=False,
                state=GrantState.ENDED,
                ended_at=at,
            )
            grants.add(tx, row)
            approvals.add_approval(
                tx, row, at=at, approver=account_of("grace"), approver_name="Grace", slack_user="U0GRACE",
                role="owner", approved=True, rationale="ok", given=(),
            )  # fmt: skip
            log.append_each(tx, [self._entry(number, step, at, person.account) for step in range(_STORY)])

    def _entry(self, number: int, step: int, at: datetime, who: str) -> Entry:
        action, actor, ids = (
            ("grant.requested", who, ("ask-production", "ask-risk-4")),
            ("approval.given", account_of("grace"), ("approve-as-owner",)),
            ("access.given", "", ()),
        )[min(step, 2)]
        return Entry(
            id=numbered(number * _STORY + step, at), at=at, outcome="done", action=action,
            actor=Actor(type="person", id=actor) if actor else Actor(type="wicket", id="wicket"),
            subject=who, resource=WHAT, correlation=f"g-{number}", where=Where(transport="socket", replica="main"),
            policy=PolicyTrace(allowed=True, ids=ids, digest=self._set) if ids else None,
            facts={"minutes": 60} if step == 0 else {},
        )  # fmt: skip


def measured(folder: Path, count: int) -> dict[str, float]:
    """By processor time; memory in megabytes. short: of a fifth of the entries."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    sources, schema = without_step_up()
    ours = CedarPolicy.load(sources, schema, bound_to="bench")
    stricter = CedarPolicy.load({**sources, "own.cedar": _STRICTER}, schema, bound_to="bench")
    base = Base(policy_set=ours.policy_set, texts={name: note.text for name, note in ours.notes.items()})
    database = Database(settings.database.path, macs=Macs(settings.secrets.vault()))
    past = Past(database, settings.catalogue, ours.policy_set)

    def replayed() -> tuple[Seen, float]:
        replaying, seen, began = Replaying(stricter, settings.catalogue, base), Seen(), time.process_time()

        def work(tx: Session) -> None:
            for one in replaying.replay(tx, BEGUN, past.ends):
                seen.take(one)

        database.read_now(work)
        return seen, time.process_time() - began

    try:
        past.grow(count // _SHORT)
        short, little = replayed()
        past.grow(count)
        before = _peak_from_here()
        seen, spent = replayed()
        return {
            "asked": seen.total, "differs": seen.differs, "untold": seen.untold, "rate": seen.total / spent,
            "growth": (spent / seen.total) / (little / short.total), "memory": peak_mb(os.getpid()) - before,
        }  # fmt: skip
    finally:
        database.close()


def _peak_from_here() -> float:
    """Forget how much memory there was at the most before; how much there is."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident_mb(os.getpid())


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(measured(Path(sys.argv[1]), int(sys.argv[2]))), flush=True)
