"""The evidence as one page for a person: numbers, three charts, every request, and what is not evidenced.

It counts what it is given and reads nothing; the page holds no script and asks for nothing from elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.evidence.cases import Case
from bot.evidence.charts import Bar, bars
from bot.evidence.emergencies import Broken, frequency
from bot.evidence.gathering import Wanted
from bot.evidence.tables import Names
from bot.slack.messages.proofs import proofs_told
from bot.slack.words import duration

VOLUME = ("automatic", "approved by people", "not given")
_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_MOST_DAYS, _MOST_BARS = 62, 104
_WAITS = (
    ("1 min", timedelta(minutes=1)), ("15 min", timedelta(minutes=15)), ("1 h", timedelta(hours=1)),
    ("4 h", timedelta(hours=4)), ("24 h", timedelta(hours=24)),
)  # fmt: skip
_LATE = (
    ("1 s", timedelta(seconds=1)), ("5 s", timedelta(seconds=5)), ("1 min", timedelta(minutes=1)),
    ("15 min", timedelta(minutes=15)), ("1 h", timedelta(hours=1)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The numbers at the top. stopped: asked while new access was. kept: over, and something else goes on giving it.
    still: given, and neither known to be taken back nor kept when this was written.
    """

    asked: int
    automatic: int
    approved: int
    denied: int
    refused: int
    stopped: int
    unanswered: int
    given: int
    removed: int
    kept: int
    still: int
    late: int
    latest: float


def summary(cases: Sequence[Case]) -> Summary:
    """How many there are of each. late: taken back more than a minute after their time."""

    def many(*outcomes: str) -> int:
        return sum(case.outcome in outcomes for case in cases)

    lates = _lates(cases)
    return Summary(
        asked=len(cases),
        automatic=many("automatic"),
        approved=many("approved"),
        denied=many("denied"),
        refused=many("refused"),
        stopped=many("stopped"),
        unanswered=many("lapsed", "withdrawn", "voided", "waiting"),
        given=sum(case.given_at is not None for case in cases),
        removed=sum(case.is_taken_back for case in cases),
        kept=sum(case.kept for case in cases),
        still=sum(case.is_open for case in cases),
        late=sum(late > 60 for late in lates),
        latest=max(lates, default=0.0),
    )


def report(
    cases: Sequence[Case],
    wanted: Wanted,
    names: Names,
    *,
    written: datetime,
    checkpoint: str,
    broken: Sequence[Broken] = (),
    doubts: Sequence[str] = (),
) -> str:
    """The page. written: when. checkpoint: the signed one that covers it all, "" without the key. broken: emergencies,
    the oldest first. doubts: of entries that nobody vouches for.
    """
    waits = [case.waited for case in cases if case.waited is not None]
    lates = [timedelta(seconds=late) for late in _lates(cases)]
    return (
        _templates()
        .get_template("report.html")
        .render(
            cases=cases,
            wanted=wanted,
            names=names,
            written=written,
            checkpoint=checkpoint,
            broken=broken,
            doubts=doubts,
            often=frequency(broken),
            numbers=summary(cases),
            kinds=VOLUME,
            volume=_volume(cases, wanted),
            waits=_histogram("Time to a decision", waits, _WAITS) if waits else "",
            lates=_histogram("How late access was taken back", lates, _LATE) if lates else "",
        )
    )


def _lates(cases: Iterable[Case]) -> list[float]:
    """By how many seconds what was taken back outlived its time."""
    return [case.late for case in cases if case.is_taken_back and case.late is not None]


def _volume(cases: Iterable[Case], wanted: Wanted) -> Markup:
    """Requests by day, or by week or longer where there would be too many of them."""
    step, name, word = _step(wanted.until - wanted.since)
    places = max(1, -(-(wanted.until - wanted.since) // step))
    counts = [[0, 0, 0] for _ in range(places)]
    for case in cases:
        kind = {"automatic": 0, "approved": 1}.get(case.outcome, 2)
        counts[(case.asked_at - wanted.since) // step][kind] += 1
    line = [Bar(word=word(wanted.since + number * step), parts=parts) for number, parts in enumerate(counts)]
    return bars(f"Requests by {name}", line, VOLUME)


def _step(period: timedelta) -> tuple[timedelta, str, Callable[[datetime], str]]:
    """How much of a period one bar stands for, in a word, and what tells a bar from the others."""
    if period <= _MOST_DAYS * _A_DAY:
        return _A_DAY, "day", _day
    if period <= _MOST_BARS * _A_WEEK:
        return _A_WEEK, "week", _day
    days = -(-period // (_MOST_BARS * _A_DAY))
    return days * _A_DAY, f"{days} days", _month


def _histogram(title: str, found: Iterable[timedelta], edges: Sequence[tuple[str, timedelta]]) -> Markup:
    counts = [0] * (len(edges) + 1)
    for one in found:
        counts[next((number for number, (_, edge) in enumerate(edges) if one <= edge), len(edges))] += 1
    words = [f"≤ {word}" for word, _ in edges] + [f"> {edges[-1][0]}"]
    return bars(
        title, [Bar(word=word, parts=(count,)) for word, count in zip(words, counts, strict=True)], (title,)
    )


def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(moment=_moment, day=_whole_day, duration=duration, late=_late, proofs=_proofs)
    return made


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def _month(at: datetime) -> str:
    return f"{at:%b} {at.year}"


def _whole_day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _late(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds < 60 else duration(round(seconds / 60))


def _proofs(kinds: str) -> str:
    """As people read of them in Slack; as it stands on record where none has a word."""
    return proofs_told(kinds.split(", ")) or kinds
