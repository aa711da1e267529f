"""The command `wicket policy replay`: the record asked again under another set of policies, and what would differ.

It reads one snapshot of the store beside a running bot, and writes nothing.
"""

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlmodel import Session

from bot.cli.archives import refuse_archived
from bot.cli.bars import progress
from bot.cli.place import place_of
from bot.cli.policy import AsJson, Directory, Replaces
from bot.cli.policy_place import policy_of
from bot.cli.stores import opened
from bot.cli.tables import say, show, since_when

if TYPE_CHECKING:
    from handlers.rules.replaying import Replayed

_STORIES = 5
_NOBODYS = "no policy"


@dataclass
class Seen:
    """What was asked again so far, counted; of each policy the first few stories."""

    total: int = 0
    differs: int = 0
    untold: int = 0
    by_policy: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stories: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    facts: Counter[str] = field(default_factory=Counter)

    def take(self, one: "Replayed") -> None:
        """Count one."""
        self.total += 1
        if one.became == "untold":
            self.untold += 1
            self.facts.update(one.facts)
        elif one.became == "differs":
            self.differs += 1
            for policy in one.by or (_NOBODYS,):
                key = (policy, one.was, one.would)
                self.by_policy[key] += 1
                if len(self.stories[key]) < _STORIES:
                    self.stories[key].append(one.story)

    def show(self, seconds: float) -> None:
        """What would differ, what cannot be told and for want of what, and how fast it was asked."""
        if self.by_policy:
            rows = (
                (policy, f"{was} → {would}", str(number), " ".join(self.stories[policy, was, would]))
                for (policy, was, would), number in self.by_policy.most_common()
            )
            show(("Policy", "Answer", "Times", "Stories"), rows)
        told = self.total - self.untold
        say(f"{self.total} asked again: {told - self.differs} the same, {self.differs} would differ, "
            f"{self.untold} cannot be told.")  # fmt: skip
        if self.facts:
            say(
                "The record does not hold: "
                + ", ".join(f"{name} ({number})" for name, number in self.facts.most_common())
            )
        say(f"{self.total / max(seconds, 1e-9):.0f} a second. Nothing was written.")

    def as_json(self, policy_set: str) -> dict[str, Any]:
        """The same for programs."""
        return {
            "policy_set": policy_set,
            "asked": self.total,
            "differs": self.differs,
            "cannot_be_told": self.untold,
            "missing_facts": dict(self.facts.most_common()),
            "by_policy": [
                {"policy": policy, "was": was, "would_be": would, "times": number,
                 "stories": self.stories[policy, was, would]}
                for (policy, was, would), number in self.by_policy.most_common()
            ],
        }  # fmt: skip


def replay(
    context: typer.Context,
    since: Annotated[str, typer.Option(help='How long ago, like "30d", or a day: what is asked again.')],
    directory: Directory = None,
    replaces: Replaces = None,
    as_json: AsJson = False,
) -> None:
    """Ask all on the record again, under the files as they are or under --directory, and say what would differ."""
    from handlers.people.recently import KNOWN_FOR
    from handlers.rules.replaying import ASKED, Base, Replaying
    from storage.audit.log import NO_TIME, tally

    place = place_of(context)
    settings = place.settings()
    in_force, policy = policy_of(place, settings, None, None), policy_of(place, settings, directory, replaces)
    base = Base(
        policy_set=in_force.policy_set, texts={name: one.text for name, one in in_force.notes.items()}
    )
    replaying = Replaying(policy, settings.catalogue, base)
    with opened(settings) as database:
        now = database.now()
        start = since_when(since, now)
        assert start is not None  # noqa: S101 - it was given
        seen, began = Seen(), time.perf_counter()
        with progress("Asking again") as moved:

            def work(tx: Session) -> None:
                # What happened to accounts lately is asked about, too.
                refuse_archived(tx, None, max(start, NO_TIME + KNOWN_FOR) - KNOWN_FOR)
                counted = tally(tx, start, now)
                total = sum(number for (action, _), number in counted.items() if action in ASKED)
                for one in replaying.replay(tx, start, now):
                    seen.take(one)
                    moved(seen.total, total)

            database.read_now(work)
        seconds = time.perf_counter() - began
    if as_json:
        typer.echo(json.dumps(seen.as_json(policy.policy_set), indent=2))
    else:
        seen.show(seconds)
