"""Small words: text made inert, durations and times as people say them.

Nothing here knows what it talks about; a person's text never gets a meaning it did not have (SL-9).
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce

from bot.texts import ENGLISH, read_in, say, say_counted, template, their_time
from bot.texts import duration as duration

# Controls, what reorders or hides text, lone surrogates, line and paragraph ends: none of them has a shape of its own.
_SHAPELESS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that show as nothing, or as a blank that is not a space.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
# Inside a word Slack leaves * _ ~ alone; a joiner beside them would not stop it elsewhere.
_FORMATTING = re.compile(r"`|(?<![^\W_])[*_~]|[*_~](?![^\W_])")
# What Slack makes something of when letters follow: an emoji, an address, a channel, a mention.
_OPENING = re.compile(r"([:@#])(?=[\w/!+-])")
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOK_ALIKES = {"&": "＆", "<": "‹", ">": "›", "*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # noqa: RUF001 - meant to
_REPLACED = str.maketrans(_LOOK_ALIKES)
_WORD_JOINER = "\u2060"
# What most names are: letters and digits, with one of these between them. None of it means anything to Slack.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?:[ .-][A-Za-z0-9]+)*").fullmatch
_QUOTE = '"'


def visible(text: str) -> str:
    """The text on one line, without what cannot be seen: fit for a field that shows text literally.

    Newlines become spaces, so that nobody adds lines of their own to what we say.
    """
    unseen = {ord(one): " " for one in set(text) if _is_unseen(one)}
    return " ".join((text.translate(unseen) if unseen else text).split())


def as_typed(text: str) -> str:
    """What a person typed: Slack's escapes of & < > undone, and its links and mentions as the words they show."""
    plain = _MARKUP.sub(lambda found: _shown(found[1], found[2] or ""), text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def inert(text: str) -> str:
    """The text for mrkdwn: no mention, link, formatting or emoji code in it comes alive (SL-9).

    It is at most twice as long as the text and 40 characters more, so that what fits still fits when it is hostile.
    """
    if _PLAIN_NAME(text):
        return text
    plain = visible(text)
    escaped = plain.translate(_ESCAPED)
    if len(escaped) > len(plain) + 40:
        escaped = plain.translate(_REPLACED)
    quiet = _FORMATTING.sub(lambda found: _LOOK_ALIKES[found[0]], escaped)
    return _OPENING.sub(rf"\1{_WORD_JOINER}", quiet)


def in_quotes(text: str) -> str:
    """A person's words in quotation marks that they cannot close: for a field that shows text literally."""
    return f"“{visible(text).replace('“', _QUOTE).replace('”', _QUOTE)}”"


def quoted(text: str, most: int = 500) -> str:
    """A person's words in quotation marks, inert; at most so many characters of them."""
    words = visible(text)
    return inert(in_quotes(words if len(words) <= most else f"{words[: most - 1]}…"))


def number(count: int) -> str:
    """1234567 → "1,234,567"."""
    return f"{count:,}".replace(",", say(","))


def written(minutes: int) -> str:
    """A duration as somebody would type it into a field: in English, which is what is read there in any language."""
    with read_in(ENGLISH):
        return duration(minutes)


def span(seconds: int) -> str:
    """45 → "45 seconds", 5400 → "1 hour 30 minutes"; at least a second."""
    if seconds >= 60:
        return duration(round(seconds / 60))
    return say_counted("{count} second", "{count} seconds", max(1, seconds))


def clock(at: datetime) -> str:
    """A time of day that Slack shows in the reader's own zone."""
    return _shown_at(at, "{time}", say("{clock} {zone}", clock=_clock(at), zone=_zone(at)))


def day_and_clock(at: datetime) -> str:
    """Day and time in the reader's own zone ("tomorrow at 14:02")."""
    return _shown_at(at, say("{day} at {time}", day="{date_short_pretty}", time="{time}"), plainly(at))


def day(at: datetime) -> str:
    """The day alone, in the reader's own zone."""
    there = their_time(at)
    shown = say("{day} {month} {year}", day=_day(there), month=_month(there), year=there.year)
    return _shown_at(at, "{date_short_pretty}", shown)


def plainly(at: datetime) -> str:
    """Day and time where nothing localises them, so the zone is named: "23 Nov 14:02 UTC", "23 Nov 15:02 CET"."""
    there = their_time(at)
    return say(
        "{day} {month} {clock} {zone}",
        day=_day(there), month=_month(there), clock=_clock(at), zone=_zone(at),
    )  # fmt: skip


def in_full(at: datetime) -> str:
    """Day and time in a letter or on a page, with the zone named: "3 November 2026 at 14:02 UTC"."""
    there = their_time(at)
    month = say(_MONTHS_IN_FULL[there.month - 1])
    return say(
        "{day} {month} {year} at {clock} {zone}",
        day=there.day, month=month, year=there.year, clock=_clock(at), zone=_zone(at),
    )  # fmt: skip


def full_day(at: datetime) -> str:
    """The day alone on a page: "3 November 2026"."""
    there = their_time(at)
    month = say(_MONTHS_IN_FULL[there.month - 1])
    return say("{day} {month} {year}", day=there.day, month=month, year=there.year)


def until_from(now: datetime, then: datetime) -> str:
    """How long from now: "in 52 minutes"."""
    minutes = max(1, round((then - now) / timedelta(minutes=1)))
    if minutes >= 2880:
        return say_counted("in {count} day", "in {count} days", round(minutes / 1440))
    if minutes >= 120:
        return say_counted("in {count} hour", "in {count} hours", round(minutes / 60))
    if minutes > 60:
        return say_counted("in 1 hour {count} minute", "in 1 hour {count} minutes", minutes - 60)
    if minutes == 60:
        return say_counted("in {count} hour", "in {count} hours", 1)
    return say_counted("in {count} minute", "in {count} minutes", minutes)


def listed(names: Sequence[str]) -> str:
    """["a", "b", "c"] → "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return say("{names} and {last}", names=_comma(names[:-1]), last=names[-1])


def either(names: Sequence[str]) -> str:
    """["a", "b", "c"] → "a, b or c"."""
    if len(names) < 2:
        return "".join(names)
    return say("{names} or {last}", names=_comma(names[:-1]), last=names[-1])


def first(names: Sequence[str], most: int, *, of: int = 0) -> list[str]:
    """So many of the names, and how many more there are, for a list. of: how many there are, if not all are at hand."""
    shown = list(names[:most])
    rest = max(of, len(names)) - len(shown)
    return [*shown, say_counted("{count} more", "{count} more", rest)] if rest > 0 else shown


def together(*sentences: str) -> str:
    """Whole sentences one after another; empty ones are left out."""
    return " ".join(one for one in sentences if one)


def ended(text: str) -> str:
    """With a full stop, if it is anything and does not end by itself: in a sign of its own, or a quoted sentence."""
    return text if not text or text.endswith((".", "!", "?", ".”")) else f"{text}."


def _comma(names: Sequence[str]) -> str:
    return reduce(lambda before, name: say("{names}, {name}", names=before, name=name), names)


def _shown_at(at: datetime, layout: str, fallback: str) -> str:
    return f"<!date^{int(at.timestamp())}^{layout}|{fallback}>"


def _clock(at: datetime) -> str:
    return f"{their_time(at):%H:%M}"


def _zone(at: datetime) -> str:
    """The name of the reader's zone at this time; one that has only a number says from where it counts."""
    name = their_time(at).tzname() or "UTC"
    return name if name[:1].isalpha() else f"UTC{name}"


def _day(there: datetime) -> str:
    return f"{there:%d}"


def _month(there: datetime) -> str:
    return say(_MONTHS[there.month - 1])


_MONTHS = (
    template("Jan"), template("Feb"), template("Mar"), template("Apr"), template("May"), template("Jun"),
    template("Jul"), template("Aug"), template("Sep"), template("Oct"), template("Nov"), template("Dec"),
)  # fmt: skip
_MONTHS_IN_FULL = (
    template("January"), template("February"), template("March"), template("April"), template("May"),
    template("June"), template("July"), template("August"), template("September"), template("October"),
    template("November"), template("December"),
)  # fmt: skip


def _is_unseen(one: str) -> bool:
    return unicodedata.category(one) in _SHAPELESS or one in _BLANKS


def _shown(target: str, label: str) -> str:
    """What a person sees of one of Slack's marked-up pieces."""
    if target[:1] in ("@", "#", "!"):
        return label if label[:1] in ("@", "#") else target[:1].replace("!", "@") + (label or target[1:])
    return label if label and target.endswith(label) else target
