"""A sentence as data: a whole template with named places, and what fills them, for a reader of whatever language.

It translates nothing. Its own text is the English one, which is what the record, a log and a comparison see.
"""

import json
from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, Self

Value = str | int
"""What fills a place: a name or a number as it is; a sentence or a `Length`, which is said in its turn."""

_TEMPLATE, _VALUES = "said", "with"
# No fact is called so: names of facts have no spaces.
_MINUTES = "so many minutes"
_UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))
_MARK = '{"said": '


class Length(int):
    """So many minutes, as a value of a sentence: it is read as a length of time, "1 hour" and never "60 minutes"."""

    def __str__(self) -> str:
        """In English; whoever shows it to people says it with `bot.texts.as_told`."""
        parts, rest = [], int(self)
        for unit, name in _UNITS:
            count, rest = divmod(rest, unit)
            parts += [f"{count} {name}{'' if count == 1 else 's'}"] if count else []
        return " ".join(parts) or "no time"

    def __format__(self, layout: str) -> str:
        """The same: a template's place has no layout."""
        return str(self)


class Sentence(str):
    """`Sentence("{name} left.", name=name)`; the template is a literal or a constant, so that `make texts` finds it.

    Whoever shows it to people says it with `bot.texts.as_told`; whoever forgets to, says it in English.
    """

    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Self:
        """ValueError or LookupError if the template has other places than these. A sentence stays the one it is."""
        if isinstance(template, cls) and not values:
            return template
        made = super().__new__(cls, template.format_map(values) if values else template)
        made.template, made.values = template, MappingProxyType(values)
        return made

    @classmethod
    def of(cls, template: str, values: Mapping[str, Value]) -> Self:
        """The same, of a template that is at hand only as a value."""
        return cls(template, **values)

    def __str__(self) -> str:
        """Itself: a fault that was raised with a sentence still has it when it is asked for its text."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return revived, (kept(self),)


def template(text: str, /) -> str:
    """The text itself: it marks a constant or a table of templates, so that they are found and translated."""
    return text


def told_together(*sentences: str) -> str:
    """Whole sentences one after another, each to be said by itself; empty ones are left out."""
    whole = [one if isinstance(one, Sentence) else Sentence(one) for one in sentences if one]
    return (
        reduce(lambda before, after: Sentence("{before} {after}", before=before, after=after), whole)
        if whole
        else ""
    )


def kept(value: Any) -> Any:
    """The same as JSON can hold it: each sentence within as an object of its template and its values, each length of
    time as one of its minutes.
    """
    if isinstance(value, Sentence):
        return {_TEMPLATE: value.template, _VALUES: {name: kept(one) for name, one in value.values.items()}}
    if isinstance(value, Length):
        return {_MINUTES: int(value)}
    if isinstance(value, Mapping):
        return {name: kept(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [kept(one) for one in value]
    return value


def revived(value: Any) -> Any:
    """What `kept` was given, from what it made."""
    if isinstance(value, list):
        return [revived(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_MINUTES} and isinstance(value[_MINUTES], int):
        return Length(value[_MINUTES])
    held = {name: revived(one) for name, one in value.items()}
    if (
        held.keys() == {_TEMPLATE, _VALUES}
        and isinstance(held[_TEMPLATE], str)
        and isinstance(held[_VALUES], dict)
    ):
        return Sentence.of(held[_TEMPLATE], held[_VALUES])
    return held


def as_text(text: str) -> str:
    """A sentence as one line of text that `as_kept` reads again; any other text as it is."""
    if isinstance(text, Sentence):
        return json.dumps(kept(text), ensure_ascii=False)
    # What somebody wrote may look like one of ours, and must come back as what they wrote.
    return json.dumps({_TEMPLATE: text, _VALUES: {}}, ensure_ascii=False) if text.startswith(_MARK) else text


def as_kept(text: str) -> str:
    """What `as_text` was given."""
    return str(revived(json.loads(text))) if text.startswith(_MARK) else text
