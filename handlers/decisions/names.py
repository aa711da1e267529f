"""Names of entitlements as people write them: exact up to case, spaces, hyphens and underscores, or merely close.

It never takes a close name for the right one.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from storage.catalogue import Catalogue, Entitlement

_MOST_CANDIDATES = 3
_CLOSE = 78.0
_LONGEST_NAME = 80
_SEPARATING = re.compile(r"[\s_\u00b7\u2010-\u2013,:-]+")
_AROUND = " \t\"'`*.,;:!?()[]<>\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a name stands for. exact: the id, if it is certain. close: at most three ids, closest first, otherwise."""

    exact: str | None = None
    close: tuple[str, ...] = ()


def fold(name: str) -> str:
    """A name without what people write differently: case, width, what separates its words, quotes around it."""
    return _SEPARATING.sub("", unicodedata.normalize("NFKC", name.strip(_AROUND)).casefold())


class Names:
    """All the names of one catalogue, ready to be looked up."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Fold every id, title, group and alias once."""
        self._ids: dict[str, set[str]] = {}
        self._others: dict[str, set[str]] = {}
        for key, entitlement in catalogue.entitlements.items():
            self._ids.setdefault(fold(key), set()).add(key)
            for name in _other_names(entitlement):
                self._others.setdefault(fold(name), set()).add(key)
        self._spoken = [
            (spoken, key)
            for key, entitlement in catalogue.entitlements.items()
            for spoken in {_spoken(name) for name in (key, *_other_names(entitlement))}
        ]

    def exactly(self, name: str) -> str | None:
        """The id of the one entitlement of this name; None if there is none, or more than one."""
        namesakes = self._namesakes(name)
        return namesakes[0] if len(namesakes) == 1 else None

    def look_up(self, name: str) -> Match:
        """What a name stands for. Two things of one name are two candidates."""
        namesakes = self._namesakes(name)
        if len(namesakes) == 1:
            return Match(exact=namesakes[0])
        return Match(close=tuple(namesakes)[:_MOST_CANDIDATES] or self._close(name))

    def _namesakes(self, name: str) -> list[str]:
        """The ids that bear exactly this name: as their id if any do, otherwise as title, group or alias."""
        folded = fold(name)
        return sorted((self._ids.get(folded) or self._others.get(folded, set())) if folded else ())

    def _close(self, name: str) -> tuple[str, ...]:
        spoken = _spoken(name)
        if not 3 <= len(spoken) <= _LONGEST_NAME:
            return ()
        found = process.extract(
            spoken, [known for known, _ in self._spoken], scorer=fuzz.WRatio, score_cutoff=_CLOSE, limit=None
        )
        ranked = sorted((-score, self._spoken[place][1]) for _, score, place in found)
        return tuple(dict.fromkeys(key for _, key in ranked))[:_MOST_CANDIDATES]


def _other_names(entitlement: Entitlement) -> Iterator[str]:
    yield entitlement.title
    yield entitlement.group
    yield from entitlement.aliases


def _spoken(name: str) -> str:
    """A name as words, for comparing: "prod-db" and "prod db" are the same two."""
    folded = unicodedata.normalize("NFKC", name.strip(_AROUND)[: 2 * _LONGEST_NAME]).casefold()
    return _SEPARATING.sub(" ", folded).strip()
