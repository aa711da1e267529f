"""How a sentence is said: a whole template with named places, in the language that its reader reads.

It holds no sentence of its own, and formats nothing but a template: a person's text is only ever a value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from string import Formatter
from typing import Protocol


class Language(Protocol):
    """A language, as the standard library's gettext has it."""

    def gettext(self, message: str, /) -> str:
        """The template in this language; itself where there is none."""

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """The template for so many."""


ENGLISH: Language = NullTranslations()
"""The templates as they stand here."""

# Messages are pure functions of facts, called through dozens of others; handing the language through all of them would
# put one more argument on each for the sake of the few that speak. The edge that knows the reader sets it, once.
_LANGUAGE: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@contextmanager
def read_in(language: Language) -> Iterator[None]:
    """Whatever is said within is said in this language, in this task alone."""
    before = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


def template(text: str, /) -> str:
    """The text itself: it marks a constant or a table of templates, so that they are found and translated."""
    return text


def say(template: str, /, **values: str | int) -> str:
    """The template with its places filled, once: what stands in a value is never a template."""
    return _LANGUAGE.get().gettext(template).format_map(values)


def say_counted(one: str, many: str, count: int, /, **values: str | int) -> str:
    """The template for so many, which it calls {count}, in as many forms as the language has."""
    return _LANGUAGE.get().ngettext(one, many, count).format_map({"count": count, **values})


def as_told(text: str) -> str:
    """A sentence made elsewhere, such as a policy's reason, in the reader's language; never formatted."""
    return _LANGUAGE.get().gettext(text) if text else ""


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
