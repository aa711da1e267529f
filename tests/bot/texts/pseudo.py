"""A language that nobody speaks: each template in letters of its own, so that whatever is forgotten stands out."""

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from storage.sentences import Sentence

WIDE = {ord(one): chr(ord(one) + 0xFEE0) for one in ascii_lowercase + ascii_uppercase}
FOREIGN = {
    **{ord(one): chr(0x3B1 + at % 17) for at, one in enumerate(ascii_lowercase)},
    **{ord(one): chr(0x391 + at % 17) for at, one in enumerate(ascii_uppercase)},
    # What becomes such letters where a sentence begins with it: ß does, and ligatures.
    **{at: "\u03b2" for at in range(0x80, 0x10000) if re.search("[A-Za-z]", chr(at).upper())},
}
_PLACE = re.compile(r"(\{\w+\})")
# Escapes, ids that Slack turns into names, and the layout of a time, which it fills in the reader's own language.
# So are the names of zones, which are alike in every language.
_SLACKS = re.compile(r"&(?:amp|lt|gt);|<[#@][A-Z0-9]+>|<!date\^\d+\^[^|>]*\||\bUTC\b")


class Pseudo:
    """Wide letters, as many as there were: what fits in English fits here."""

    def gettext(self, message: str) -> str:
        parts = _PLACE.split(message)
        return "".join(part if at % 2 else part.translate(WIDE) for at, part in enumerate(parts))

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)

    def info(self) -> Mapping[str, str]:
        return {"language": "en-x-wide"}


def foreign(value: Any, *, keep: frozenset[str] = frozenset()) -> Any:
    """The same facts with Greek letters in every name and text, but for codes and what stands under a kept name."""
    if isinstance(value, Enum | datetime):
        return value
    if isinstance(value, Sentence):
        return Sentence.of(value.template, {name: foreign(one) for name, one in value.values.items()})
    if isinstance(value, str):
        return value.translate(FOREIGN)
    if isinstance(value, Mapping):
        return {name: one if name in keep else foreign(one, keep=keep) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(foreign(one, keep=keep) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            one.name: foreign(getattr(value, one.name), keep=keep)
            for one in dataclasses.fields(value)
            if one.name not in keep and one.init
        }
        return dataclasses.replace(value, **changes)
    return value


def shown(body: Any) -> list[str]:
    """All that people read in blocks or a form."""
    if isinstance(body, list):
        return [text for one in body for text in shown(one)]
    if not isinstance(body, dict):
        return []
    own = [one for name, one in body.items() if name == "text" and isinstance(one, str)]
    return own + [text for one in body.values() for text in shown(one)]


def english(*texts: str) -> list[str]:
    """What stands in plain letters though every value is Greek: words that no translator would have seen."""
    return [word for text in texts for word in re.findall(r"[A-Za-z]+", _SLACKS.sub("", text))]
