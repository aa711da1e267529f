"""Whether a history keeps the promises: one finding for each thing that does not.

Pure: a history in, findings out. It trusts none of the three witnesses more than the others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.history import TAKEN_OVER_WITHIN, Change, Entry, Given, History, Pair

# A call that was begun in time may come to its end so much later.
CALL = 6.0
# What two clocks that count the same time may differ by.
CLOCKS = 1.0

_ENDS_EARLY = frozenset({"grant.given_back", "grant.voided"})
_GONE = frozenset({"access.removed", "access.kept"})
_OWES_NOTHING = frozenset({"access.given", "access.removed"})


@dataclass(frozen=True, order=True)
class Finding:
    """One promise broken. kind: which; about: a grant, or an account and a group."""

    kind: str
    about: str
    what: str


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """A time without a gap in which grants gave one membership."""

    begins: float
    ends: float
    grants: tuple[Given, ...]


def check(history: History) -> list[Finding]:
    """Every finding, in order of kind."""
    return sorted(
        {
            *_outlived(history),
            *_effects(history),
            *_records(history),
            *_told(history),
            *(Finding("left undone", "store", each) for each in history.left),
            *(Finding("audit unsound", "log", each) for each in history.unsound),
            *_taken_over_late(history),
        }
    )


def latest(history: History) -> float:
    """By how many seconds, with a bot up, the access that outlived its end the longest did so."""
    return max((late for _, late in _lateness(history)), default=0.0)


def longest_takeover(history: History) -> float:
    """How many seconds, with a bot up, the longest work lay there under one claim, whether that one lived or died."""
    return max((seconds for _, seconds in _lying(history)), default=0.0)


def repeats(history: History) -> int:
    """Messages that stand in Slack a second time."""
    return sum(shown.copies for shown in history.shown)


# Time


def _up_within(history: History, begins: float, ends: float) -> float:
    """For how many seconds of this time a bot was up."""
    return sum(max(0.0, min(ends, until) - max(begins, since)) for since, until in _merged(history.up))


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for since, until in sorted(spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def _stretches(history: History) -> Mapping[Pair, list[_Stretch]]:
    early = {entry.about: entry.at for entry in history.entries if entry.action in _ENDS_EARLY}
    of: dict[Pair, list[_Stretch]] = defaultdict(list)
    for grant in sorted(history.grants, key=lambda each: each.decided or 0):
        if grant.decided is None or grant.expires is None:
            continue
        ends = min(grant.expires, early.get(grant.id, grant.expires))
        before = of[grant.pair][-1] if of[grant.pair] else None
        if before is not None and grant.decided <= before.ends:
            of[grant.pair][-1] = _Stretch(
                begins=before.begins, ends=max(before.ends, ends), grants=(*before.grants, grant)
            )
        else:
            of[grant.pair].append(_Stretch(begins=grant.decided, ends=ends, grants=(grant,)))
    return of


def _changes(history: History) -> Mapping[Pair, list[Change]]:
    of: dict[Pair, list[Change]] = defaultdict(list)
    for change in history.changes:
        of[change.pair].append(change)
    return of


# No access beyond its time


def _lateness(history: History) -> Iterator[tuple[Pair, float]]:
    """For each membership that came by a grant and is over: for how long it outlived the grant while a bot was up."""
    stretches = _stretches(history)
    for pair, changes in _changes(history).items():
        removals = [change.at for change in changes if not change.added]
        still = [history.at] if pair in history.holds and changes[-1].added else []
        for at in (*removals, *still):
            ends = [each.ends for each in stretches[pair] if each.ends <= at]
            covered = any(each.begins <= at < each.ends for each in stretches[pair])
            if ends and not covered:
                yield pair, _up_within(history, max(ends), at)


def _outlived(history: History) -> Iterator[Finding]:
    for pair, late in _lateness(history):
        if late > history.allowed:
            yield Finding("access outlived its time", named(pair), f"by {late:.1f} s with a bot up")
    stretches = _stretches(history)
    for pair in history.holds - history.began:
        if not any(each.begins <= history.at <= each.ends + CLOCKS for each in stretches[pair]):
            yield Finding("access nothing gives", named(pair), "it is held, and no grant gives it")
    for pair in history.began - history.holds:
        yield Finding("access taken that was not ours", named(pair), "it stood before, and is gone")


# No double effect; no effect without a record, no record without its effect


def _effects(history: History) -> Iterator[Finding]:
    stretches = _stretches(history)
    for pair, changes in _changes(history).items():
        in_turn = _without_late(pair, changes, history)
        yield from _once_each(pair, in_turn, stretches[pair])
        yield from _on_record(pair, changes, history)
    for pair, times in stretches.items():
        live = [each for each in times if any(grant.state == "active" for grant in each.grants)]
        if live and pair not in history.holds:
            yield Finding("record without its effect", named(pair), "a grant is active, and nobody holds it")


def _without_late(pair: Pair, changes: Sequence[Change], history: History) -> list[Change]:
    """The changes but those made out of turn, as the record itself says, each with the next, which puts it right.

    No lease keeps one from a call who stands still right before it; that it is put right in time is asked elsewhere.
    """
    ours = {grant.id for grant in history.grants if grant.pair == pair}
    late = [each for each in history.entries if each.about in ours and each.facts.get("late")]
    kept, left = list[Change](), list(changes)
    while left:
        change = left.pop(0)
        wanted = "access.given" if change.added else "access.removed"
        told = next((e for e in late if e.action == wanted and _follows(e, change)), None)
        if told is None:
            kept.append(change)
            continue
        late.remove(told)
        if left:
            left.pop(0)
    return kept


def _follows(entry: Entry, change: Change) -> bool:
    return change.at - CLOCKS <= entry.at <= change.at + CALL


def _once_each(pair: Pair, changes: Sequence[Change], stretches: Sequence[_Stretch]) -> Iterator[Finding]:
    """Each stretch of cover has one add at most and one removal after it."""
    given: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    for change in changes:
        if change.added:
            covering = _covering(change, stretches)
            if not covering:
                yield Finding("access nothing gives", named(pair), f"it was given at {change.at:.3f}")
                continue
            it = next((n for n in covering if not given[n]), covering[-1])
            given[it] += 1
            if given[it] > 1:
                yield Finding("given twice", named(pair), f"once more at {change.at:.3f}")
            continue
        over = [n for n, each in enumerate(stretches) if each.ends <= change.at + CLOCKS and given[n]]
        if not over or taken[over[-1]]:
            kind = "taken twice" if over else "taken before its time"
            yield Finding(kind, named(pair), f"at {change.at:.3f}")
            continue
        taken[over[-1]] += 1


def _covering(change: Change, stretches: Sequence[_Stretch]) -> Sequence[int]:
    """The stretches that this may belong to: those around it, or else those that clocks and calls may put beside it."""
    around = [n for n, each in enumerate(stretches) if each.begins <= change.at <= each.ends]
    return around or [n for n, each in enumerate(stretches) if _is_within(change, each)]


def _is_within(change: Change, stretch: _Stretch) -> bool:
    return stretch.begins - CLOCKS <= change.at <= stretch.ends + CALL


def _on_record(pair: Pair, changes: Sequence[Change], history: History) -> Iterator[Finding]:
    """Each change has its entry before the next change of the same membership.

    What a dead one did and what is undone by whoever takes over is told by the beginning that stands before it and by
    what came next (T-3).
    """
    ours = {grant.id for grant in history.grants if grant.pair == pair}
    entries = [entry for entry in history.entries if entry.about in ours]
    for number, change in enumerate(changes):
        following = changes[number + 1] if number + 1 < len(changes) else None
        until = (following.at if following else history.at) + CLOCKS
        wanted = "access.given" if change.added else "access.removed"
        if any(each.action == wanted and change.at - CLOCKS <= each.at <= until for each in entries):
            continue
        if following is not None and _was_begun(entries, change):
            continue
        did = "given" if change.added else "taken"
        yield Finding("effect without a record", named(pair), f"{did} at {change.at:.3f}, and no {wanted}")


def _was_begun(entries: Sequence[Entry], change: Change) -> bool:
    """Whether the last beginning before this change says that it is about to be made.

    Clocks may differ, but what the next one begins within that time is not this one's beginning.
    """
    return any(_last_begun(entries, change.at + apart) == (not change.added) for apart in (0.0, CLOCKS))


def _last_begun(entries: Sequence[Entry], until: float) -> bool | None:
    """Whether the last beginning until then was of a removal; None if there was none."""
    begun = [each for each in entries if each.action == "effect.begun" and each.at <= until]
    return bool(begun[-1].facts.get("removal")) if begun else None


def _records(history: History) -> Iterator[Finding]:
    """Every entry about access says what was so in the directory, once for each grant; every grant has its entries."""
    pairs = {grant.id: grant.pair for grant in history.grants}
    changes = _changes(history)
    for entry in history.entries:
        if entry.action not in _OWES_NOTHING or entry.about not in pairs:
            continue
        pair = pairs[entry.about]
        wanted = entry.action == "access.given"
        if wanted not in _present_around(entry.at, pair, changes[pair], history.began):
            was = "was not" if wanted else "was"
            yield Finding("record without its effect", entry.about, f"{entry.action}, and it {was} there")
    told = Counter(
        (entry.about, entry.action)
        for entry in history.entries
        if entry.outcome == "done" and not entry.facts.get("overtaken")
    )
    for grant in history.grants:
        yield from _recorded_once(grant, told)


def _recorded_once(grant: Given, told: Mapping[tuple[str, str], int]) -> Iterator[Finding]:
    def times(*actions: str) -> int:
        return sum(told.get((grant.id, action), 0) for action in actions)

    for action in ("grant.approved", "access.given", "grant.requested", "grant.given_back", "grant.expired"):
        if times(action) > 1:
            yield Finding("recorded twice", grant.id, f"{action}, {times(action)} times")
    if times(*_GONE) > 1:
        yield Finding("recorded twice", grant.id, "its end")
    if (grant.decided is not None and grant.expires is not None) != (times("grant.approved") > 0):
        yield Finding("effect without a record", grant.id, "an approval and its entry do not go together")
    if grant.active is not None and not times("access.given"):
        yield Finding("effect without a record", grant.id, "it is active since a time that no entry says")
    if grant.state == "ended" and grant.active is not None and not times(*_GONE):
        yield Finding("effect without a record", grant.id, "it ended, and no entry says how")
    if grant.active is None and times("access.given"):
        yield Finding("record without its effect", grant.id, "given, says an entry, and its row does not")


def _present_around(
    at: float, pair: Pair, changes: Sequence[Change], began: frozenset[Pair]
) -> frozenset[bool]:
    """What the directory said about this membership at some moment around this one."""
    before = [change for change in changes if change.at <= at - CLOCKS]
    then = [change.added for change in changes if at - CLOCKS < change.at <= at + CLOCKS]
    return frozenset([before[-1].added if before else pair in began, *then])


# No owed message missing


def _told(history: History) -> Iterator[Finding]:
    for shown in history.shown:
        if shown.stands is None:
            yield Finding("message missing", shown.about, f"for {shown.reader}")
        elif shown.stands != shown.owed:
            yield Finding(
                "message out of date",
                shown.about,
                f"{shown.reader} reads {shown.stands!r}, not {shown.owed!r}",
            )
    if repeats(history) and not history.kills:
        yield Finding("message repeated", "all", f"{repeats(history)} repeats, and nobody was killed")


# Work of a dead one


def _lying(history: History) -> Iterator[tuple[str, float]]:
    """For each claim: how long it stood while a bot was up, until it was given back or somebody else had the work."""
    for lease in history.leases:
        yield lease.about, _up_within(history, lease.first, lease.last)


def _taken_over_late(history: History) -> Iterator[Finding]:
    for about, seconds in _lying(history):
        if seconds > TAKEN_OVER_WITHIN:
            yield Finding("taken over late", about, f"after {seconds:.1f} s with a bot up")


def named(pair: Pair) -> str:
    """A membership, as findings say it."""
    return f"{pair[0]} in {pair[1]}"
