"""Small words: text made inert, durations and times as people say them.

Nothing here knows what it talks about; a person's text never gets a meaning it did not have (SL-9).
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

# Controls, what reorders or hides text, lone surrogates, line and paragraph ends: none of them has a shape of its own.
_SHAPELESS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that show as nothing, or as a blank that is not a space.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
# Inside a word Slack leaves * _ ~ alone; a joiner beside them would not stop it elsewhere.
_FORMATTING = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
# What Slack makes something of when letters follow: an emoji, an address, a channel, a mention.
_OPENING = re.compile(r"([:@#])(?=[\w/!+-])")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOK_ALIKES = {"&": "＆", "<": "‹", ">": "›", "*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # noqa: RUF001 - meant to
_WORD_JOINER = "\u2060"
_QUOTE = '"'


def visible(text: str) -> str:
    """The text on one line, without what cannot be seen: fit for a field that shows text literally.

    Newlines become spaces, so that nobody adds lines of their own to what we say.
    """
    return " ".join("".join(" " if _is_unseen(one) else one for one in text).split())


def as_typed(text: str) -> str:
    """What a person typed: Slack's escapes of & < > undone, and its links and mentions as the words they show."""
    plain = _MARKUP.sub(lambda found: _shown(found[1], found[2] or ""), text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def inert(text: str) -> str:
    """The text for mrkdwn: no mention, link, formatting or emoji code in it comes alive (SL-9).

    It is at most twice as long as the text and 40 characters more, so that what fits still fits when it is hostile.
    """
    plain = visible(text)
    escaped = "".join(_ESCAPES.get(one, one) for one in plain)
    if len(escaped) > len(plain) + 40:
        escaped = "".join(_LOOK_ALIKES.get(one, one) for one in plain)
    quiet = _FORMATTING.sub(lambda found: _LOOK_ALIKES[found[0]], escaped)
    return _OPENING.sub(rf"\1{_WORD_JOINER}", quiet)


def in_quotes(text: str) -> str:
    """A person's words in quotation marks that they cannot close: for a field that shows text literally."""
    return f"“{visible(text).replace('“', _QUOTE).replace('”', _QUOTE)}”"


def quoted(text: str, most: int = 500) -> str:
    """A person's words in quotation marks, inert; at most so many characters of them."""
    words = visible(text)
    return inert(in_quotes(words if len(words) <= most else f"{words[: most - 1]}…"))


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


def sentence(*parts: str) -> str:
    """The parts that say something, a space between them, the first letter a capital."""
    said = " ".join(part for part in parts if part)
    return said[:1].upper() + said[1:]


def _is_unseen(one: str) -> bool:
    return unicodedata.category(one) in _SHAPELESS or one in _BLANKS


def _shown(target: str, label: str) -> str:
    """What a person sees of one of Slack's marked-up pieces."""
    if target[:1] in ("@", "#", "!"):
        return label if label[:1] in ("@", "#") else target[:1].replace("!", "@") + (label or target[1:])
    return label if label and target.endswith(label) else target
