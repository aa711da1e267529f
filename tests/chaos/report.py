"""The report of a long run, as Markdown: what was done, what was found, and how to do it again.

It computes nothing but sums, and hides no finding.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.checker import Finding, latest, longest_takeover, repeats
from tests.chaos.evidence import evidence
from tests.chaos.loops import Outcome

_ABOUT = """\
# Killed again and again

`make chaos` kills the real process with `kill -9`, thousands of times, and afterwards compares what three witnesses
say that know nothing of each other: Wicket's store with its audit log, the directory, whose own file records every
membership that comes or goes, and Slack. This page is what it wrote.

```
make chaos                                         # 2,000 kills; writes this page
make chaos ARGS="--kills 200 --seed 7"             # fewer, and other ones
make chaos ARGS="--loop replicas --kills 50"       # one kind of loop
```

`make test` does the same with 20 kills each on SQLite, on PostgreSQL and with troubles, with three replicas, and with a
kill at each named point of an effect (`tests/chaos/test_points.py`): before the claim, claimed and not durable, after
the claim, before, inside and after the call, outcome written and not durable, after the commit, and around the posting
of a message.

## What is done

Eight people at a time ask for access for a minute, some of it given by policy alone and some by approval; owners
approve and deny, and so do people who may not; what is asked for is withdrawn, given back, or ends by itself; three in
ten clicks are double. A dozen things that were given an hour ago come to their end meanwhile. All of it goes over
Slack's own protocol to `wicket serve`, a process of its own; the pretend workspace lives on when the bot dies, and
delivers again what was not acknowledged. One kill in five comes before the bot is ready, the others up to 2.5 s after.
Each batch begins with a new company and ends when nothing is left to do.

- **SQLite** and **PostgreSQL**: one bot, started again at once after each kill.
- **troubled**: the same while Slack delays calls, cuts answers off, limits, fails, is away and delivers everything
  twice, and while the directory refuses changes, or half of them, says that they are done and does nothing, or hangs.
- **replicas**: three bots on one PostgreSQL; one is killed every second or two, and one is stopped (SIGSTOP) for 24 s,
  past its lease of 20 s, and goes on as if no time had passed.

## What is compared

- No access beyond its time: nobody is a member without a grant for longer than 30 s in which a bot was up (promise 1);
  where the directory itself fails, for no longer than 120 s, since it is tried again ever more slowly.
- No double effect: each stretch of time that grants cover has one add and one removal in the directory (promise 6).
  No lease stops a call that somebody is about to make who then stands still; such a change must be on the record as
  late, and be put right in time like any other.
- No effect without a record, and no record without its effect (promise 2; T-3 where a dead one had begun).
- What stood before Wicket stands after it (promise 8).
- The audit log verifies, entry by entry.
- No message owed is missing: what stands in Slack for the requester, for the owner's channel and for security is what
  the store says now (promise 10). Repeats are counted: Slack has no key by which it would know a message again, so a
  kill between a post and its record may repeat one. Each copy is pressed afterwards, and must act on the same
  request.
- Nothing is left to do, and the work of a dead one was taken over within 30 s (A-1).

The checker is a pure function (`tests/chaos/checker.py`); its tests tamper with a sound history in every way and
expect each to be found.
"""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One loop with its seed, and what was found."""

    loop: str
    seed: int
    outcome: Outcome
    findings: Sequence[Finding]


def page(
    batches: Sequence[Batch], *, machine: str, date: str, planned: int, failed: Sequence[str] = ()
) -> str:
    """The whole page."""
    whole = [_ABOUT, "## The last run", "", *_summary(batches, machine, date, planned)]
    if failed:
        whole += ["", "### Batches that failed", "", *(f"- {each}" for each in failed)]
    return "\n".join([*whole, ""])


def _summary(batches: Sequence[Batch], machine: str, date: str, planned: int) -> Iterable[str]:
    kills = sum(_kills(batch) for batch in batches)
    found = [(batch, finding) for batch in batches for finding in batch.findings]
    yield f"{date}, {machine}."
    yield f"{kills:,} kills of {planned:,} planned, in {len(batches)} batches. Findings: {len(found)}."
    yield ""
    yield from _table(batches)
    yield ""
    yield (
        "Takeover and lateness are the longest of all, in seconds in which a bot was up. "
        "Copies are messages that stand twice; *renewed* are those that said how it stands after they were pressed."
    )
    yield ""
    yield from _deeds(batches)
    if found:
        yield "\n### Findings\n"
        for batch, each in found:
            yield f"- {batch.loop}, seed {batch.seed}: {each.kind}, {each.about}: {each.what}"
            yield from _what_happened(batch, each)


def _what_happened(batch: Batch, finding: Finding) -> Iterable[str]:
    lines = evidence(batch.outcome.history, finding)
    if lines:
        yield from ("", "  ```", *(f"  {line}" for line in lines), "  ```", "")


def _table(batches: Sequence[Batch]) -> Iterable[str]:
    heads = ("loop", "seeds", "kills", "while starting", "grants", "added", "removed", "entries", "copies", "renewed",
             "takeover", "lateness", "findings")  # fmt: skip
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for loop in dict.fromkeys(batch.loop for batch in batches):
        some = [batch for batch in batches if batch.loop == loop]
        histories = [batch.outcome.history for batch in some]
        changes = Counter(change.added for history in histories for change in history.changes)
        cells = (
            loop,
            _span([batch.seed for batch in some]),
            sum(map(_kills, some)),
            sum(batch.outcome.starting for batch in some),
            sum(len(history.grants) for history in histories),
            changes[True],
            changes[False],
            sum(len(history.entries) for history in histories),
            sum(map(repeats, histories)),
            f"{sum(b.outcome.renewed for b in some)} of {sum(b.outcome.touched for b in some)}",
            f"{max(map(longest_takeover, histories)):.1f}",
            f"{max(map(latest, histories)):.1f}",
            sum(len(batch.findings) for batch in some),
        )
        yield "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"


def _deeds(batches: Sequence[Batch]) -> Iterable[str]:
    done, troubles = Counter[str](), Counter[str]()
    for batch in batches:
        done.update(batch.outcome.done)
        troubles.update(batch.outcome.troubles)
    yield f"What people tried: {_counted(done)}."
    if troubles:
        yield f"What Slack and the directory did: {_counted(troubles)}."


def _kills(batch: Batch) -> int:
    return batch.outcome.kills


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{what.replace('_', ' ')} {number:,}" for what, number in counter.most_common())


def _span(seeds: Sequence[int]) -> str:
    return f"{min(seeds)} to {max(seeds)}" if len(seeds) > 1 else str(seeds[0])
