"""Small words: text made inert, durations and times as people say them.

Nothing here knows what it talks about; a person's text never gets a meaning it did not have (SL-9).
"""

import re
from datetime import UTC, datetime, timedelta

# Characters that reorder or hide text, and controls other than space. Newlines become spaces: no fake extra lines.
_UNSEEN = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_FORMATTING = re.compile(r"([*_~`|])")
_WORD_JOINER = "\u2060"


def visible(text: str) -> str:
    """The text on one line, without what cannot be seen: fit for a field that shows text literally."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def as_typed(text: str) -> str:
    """What a person typed, with Slack's escapes of & < > undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def inert(text: str) -> str:
    """The text for mrkdwn: no mention, link, formatting or emoji code in it comes alive."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quiet = _FORMATTING.sub(rf"{_WORD_JOINER}\1", escaped)
    return re.sub(r":(?=\w)", f":{_WORD_JOINER}", quiet)


def quoted(text: str) -> str:
    """A person's words in quotation marks, inert."""
    return f"“{inert(text)}”"


def duration(minutes: int) -> str:
    """90 → "1 hour 30 minutes", 1440 → "1 day"."""
    parts = []
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(counted(count, unit))
    return " ".join(parts) or "no time"


def counted(count: int, noun: str) -> str:
    """1, "day" → "1 day"; 2, "day" → "2 days"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clock(at: datetime) -> str:
    """A time of day that Slack shows in the reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"


def day_and_clock(at: datetime) -> str:
    """Day and time in the reader's own zone ("tomorrow at 14:02")."""
    fallback = f"{at.astimezone(UTC):%d %b %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def day(at: datetime) -> str:
    """The day alone, in the reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}|{at.astimezone(UTC):%d %b %Y}>"


def plainly(at: datetime) -> str:
    """Day and time where Slack cannot localise: "23 Nov 14:02 UTC"."""
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"


def until_from(now: datetime, then: datetime) -> str:
    """How long from now: "in 52 minutes"."""
    minutes = max(1, round((then - now) / timedelta(minutes=1)))
    if minutes >= 2880:
        return f"in {counted(round(minutes / 1440), 'day')}"
    if minutes >= 120:
        return f"in {counted(round(minutes / 60), 'hour')}"
    return f"in {counted(minutes, 'minute')}"


def listed(names: list[str], last: str = "and") -> str:
    """["a", "b", "c"] → "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
