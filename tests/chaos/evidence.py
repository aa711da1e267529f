"""Everything that the witnesses say about what one finding is about, in the order of time.

It only lays things side by side: what they mean is for whoever reads the report.
"""

from collections.abc import Iterator, Sequence

from tests.chaos.checker import Finding, named
from tests.chaos.history import History

_Moment = tuple[float, str]


def evidence(history: History, finding: Finding) -> Sequence[str]:
    """A line for each thing that happened to the membership, or to the grant, that the finding names; maybe none."""
    grants = [each for each in history.grants if finding.about in (each.id, named(each.pair))]
    pairs = {each.pair for each in grants}
    moments = [*_grants(history, pairs), *_changes(history, pairs), *_entries(history, pairs)]
    if not moments:
        return ()
    first, last = min(moments)[0], max(moments)[0]
    moments += [moment for moment in _ups(history) if first <= moment[0] <= last]
    return [f"{at:.3f}  {what}" for at, what in sorted(moments)]


def _grants(history: History, pairs: set[tuple[str, str]]) -> Iterator[_Moment]:
    for each in history.grants:
        if each.pair not in pairs:
            continue
        moments = {
            "decided": each.decided,
            "expires": each.expires,
            "active": each.active,
            "ended": each.ended,
        }
        yield from ((at, f"grant {each.id} {what}") for what, at in moments.items() if at is not None)


def _changes(history: History, pairs: set[tuple[str, str]]) -> Iterator[_Moment]:
    for each in history.changes:
        if each.pair in pairs:
            yield each.at, f"directory: {'added' if each.added else 'removed'}"


def _entries(history: History, pairs: set[tuple[str, str]]) -> Iterator[_Moment]:
    ours = {each.id for each in history.grants if each.pair in pairs}
    for each in history.entries:
        if each.about in ours:
            facts = " ".join(f"{name}={value}" for name, value in each.facts.items())
            yield each.at, f"record: {each.action} {each.outcome} {each.about} {facts}".rstrip()


def _ups(history: History) -> Iterator[_Moment]:
    for since, until in history.up:
        yield since, "a bot is up"
        yield until, "a bot is gone"
