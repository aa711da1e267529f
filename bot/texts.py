"""How a sentence is said: a whole template with named places, in the language that its reader reads.

It holds no sentence of its own but lengths of time, and formats only templates: a person's text is never one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from functools import lru_cache, reduce
from gettext import NullTranslations
from string import Formatter
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.sentences import Length, Sentence
from storage.sentences import template as template


class Language(Protocol):
    """A language, as the standard library's gettext has it."""

    def gettext(self, message: str, /) -> str:
        """The template in this language; itself where there is none."""

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """The template for so many."""

    def info(self) -> Mapping[str, str]:
        """What its file says of itself at its head, by names in small letters."""


_LONGEST_ZONE = 64

ENGLISH: Language = NullTranslations()
"""The templates as they stand here."""

# Messages are pure functions of facts, called through dozens of others; handing the language through all of them would
# put one more argument on each for the sake of the few that speak. The edge that knows the reader sets it, once.
_LANGUAGE: ContextVar[Language] = ContextVar("language", default=ENGLISH)
_ZONE: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


@contextmanager
def read_in(language: Language, zone: tzinfo | None = None) -> Iterator[None]:
    """Whatever is said within is said in this language, in this task alone. zone: the reader's, where it is known."""
    before, there = _LANGUAGE.set(language), _ZONE.set(zone or _ZONE.get())
    try:
        yield
    finally:
        _LANGUAGE.reset(before)
        _ZONE.reset(there)


def read_from(name: str) -> None:
    """The reader turned out to be in the zone of this name: so it is until the `read_in` around this ends."""
    if (zone := zone_named(name)) is not None:
        _ZONE.set(zone)


def their_time(at: datetime) -> datetime:
    """The time in the reader's zone; in UTC where none is known."""
    return at.astimezone(_ZONE.get())


@lru_cache(maxsize=512)
def zone_named(name: str) -> tzinfo | None:
    """The zone of this name ("Europe/Berlin"); None if this machine knows none."""
    try:
        return ZoneInfo(name) if 0 < len(name) <= _LONGEST_ZONE else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def say(template: str, /, **values: str | int) -> str:
    """The template with its places filled, once: what stands in a value is never a template."""
    return _filled(_LANGUAGE.get().gettext(template), values)


def say_counted(one: str, many: str, count: int, /, **values: str | int) -> str:
    """The template for so many, which it calls {count}, in as many forms as the language has."""
    return _filled(as_counted(one, many, count), {"count": count, **values})


def as_told(text: str) -> str:
    """A sentence made elsewhere, in the reader's language: a policy's reason is looked up whole, and never formatted.

    A handler's sentence brings its values along; those that are sentences are said in their turn.
    """
    if isinstance(text, Sentence) and text.values:
        values = {name: _as_value(one) for name, one in text.values.items()}
        return _filled(_LANGUAGE.get().gettext(text.template), values)
    return _LANGUAGE.get().gettext(str(text)) if text else ""


def duration(minutes: int) -> str:
    """90 → "1 hour 30 minutes", 1440 → "1 day"."""
    days, rest = divmod(minutes, 1440)
    hours, rest = divmod(rest, 60)
    parts = [
        *([say_counted("{count} day", "{count} days", days)] if days else []),
        *([say_counted("{count} hour", "{count} hours", hours)] if hours else []),
        *([say_counted("{count} minute", "{count} minutes", rest)] if rest else []),
    ]
    return reduce(
        lambda longer, shorter: say("{longer} {shorter}", longer=longer, shorter=shorter),
        parts or [say("no time")],
    )


def _filled(template: str, values: Mapping[str, str | int]) -> str:
    """The one rule for a quotation that ends in a full stop: it ends the sentence as well, and no second one follows.

    Whoever is quoted keeps their words. It is done here since a quotation may end a part that another sentence ends.
    """
    return template.format_map(values).replace(".”.", ".”")


def _as_value(value: str | int) -> str | int:
    if isinstance(value, Length):
        return duration(value)
    return as_told(value) if isinstance(value, Sentence) else value


def as_known(text: str) -> str:
    """A name or a person's words as they are; a sentence that stands in their place, in the reader's language."""
    return as_told(text) if isinstance(text, Sentence) else text


def as_counted(one: str, many: str, count: int, /) -> str:
    """The template for so many in the reader's language, its places still open."""
    return _LANGUAGE.get().ngettext(one, many, count)


def tag_of(language: Language) -> str:
    """The language's name as HTML and HTTP have it (RFC 5646), by the head of its file: "de", "pt-BR"; "" if unsaid."""
    if language is ENGLISH:
        return "en"
    return language.info().get("language", "").replace("_", "-").strip()


def spoken() -> str:
    """The name of the language in which things are said here."""
    return tag_of(_LANGUAGE.get())


def places(template: str) -> frozenset[str]:
    """The names of a template's places. ValueError if it is none: a brace left open, or more than a name in one."""
    found = set()
    for _, name, layout, conversion in Formatter().parse(template):
        if name is None:
            continue
        if layout or conversion or not name.isidentifier():
            raise ValueError(f"a place is a bare name, not {name!r}")
        found.add(name)
    return frozenset(found)
