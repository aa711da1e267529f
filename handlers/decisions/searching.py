"""Finding entitlements by what somebody types: the words of ids, titles, access and aliases, in one index.

It never says who may have what, and looks nothing up while it answers: everything is prepared when it is built.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from storage.catalogue import Entitlement

MOST = 100
"""So many are named in one answer; Slack shows no more."""

# A menu asks at every letter: what many people type is answered from memory.
_REMEMBERED = 2000
# And of a catalogue that is read anew most texts are as they were.
_TEXTS_REMEMBERED = 10_000
_QUERY_LETTERS = 100
_QUERY_WORDS = 8
# Shorter pieces stand inside nearly everything: they are looked for at the beginnings of words only.
_INSIDE_FROM = 3
_SEPARATING = frozenset("PZC")
# Above every letter that a word can hold.
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The best matches in order, at most a hundred, and how many there are in all."""

    entitlements: tuple[Entitlement, ...]
    total: int


@lru_cache(_TEXTS_REMEMBERED)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text without what people write differently: case, width, accents, what stands between words."""
    folded = unicodedata.normalize("NFKD", text.casefold()).casefold()
    kept = (one for one in folded if unicodedata.category(one) != "Mn")
    apart = "".join(" " if unicodedata.category(one)[0] in _SEPARATING else one for one in kept)
    return tuple(apart.split())


class Search:
    """An index over one catalogue, which never changes.

    Everything typed must be found. The order is the same for the same words: the very id; names that begin so (ids,
    titles and aliases); all words at the beginnings of words; the rest. Within each of these, by id.
    """

    def __init__(self, entitlements: Iterable[Entitlement]) -> None:
        """Split every text once and sort what came of it."""
        self._all = tuple(sorted(entitlements, key=lambda one: one.id))
        self._ids: list[str] = []
        holders, names = dict[str, list[int]](), list[tuple[str, int]]()
        for number, one in enumerate(self._all):
            named = [words_of(text) for text in (one.id, one.title, *one.aliases)]
            self._ids.append(" ".join(named[0]))
            names += {(" ".join(words), number) for words in named}
            for word in {word for words in (*named, words_of(one.access)) for word in words}:
                holders.setdefault(word, []).append(number)
        self._names = sorted(names)
        self._words = sorted(holders)
        self._holders = [holders[word] for word in self._words]
        # The tail of every word, by the alphabet, and the word it belongs to: what begins so is one stretch of it.
        tails = sorted(
            (word[at:], number) for number, word in enumerate(self._words) for at in range(1, len(word))
        )
        self._tails = [tail for tail, _ in tails]
        self._tail_words = [number for _, number in tails]
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)

    def _find(self, query: str) -> Found:
        """What matches everything typed; without a word, everything there is. Any text at all is fine."""
        words = words_of(query[:_QUERY_LETTERS])[:_QUERY_WORDS]
        if not words:
            return Found(entitlements=self._all[:MOST], total=len(self._all))
        beginning = set.intersection(*map(self._beginning, words))
        matching = set.intersection(*map(self._containing, words))
        phrase = " ".join(words)
        named = {number for _, number in _stretch(self._names, phrase)} & matching
        exact = {number for number in named if self._ids[number] == phrase}
        best: list[int] = []
        for better, rest in (
            (exact, set()),
            (named, exact),
            (beginning, named),
            (matching, beginning | named),
        ):
            if len(best) < MOST:
                best += sorted(better - rest)[: MOST - len(best)]
        return Found(entitlements=tuple(self._all[number] for number in best), total=len(matching))

    def _beginning(self, word: str) -> set[int]:
        """Whatever has a word that begins so."""
        first, last = bisect_left(self._words, word), bisect_right(self._words, word + _LAST)
        return set().union(*self._holders[first:last])

    def _containing(self, word: str) -> set[int]:
        """The same, and whatever has a word that holds it anywhere, if it is long enough."""
        found = self._beginning(word)
        if len(word) < _INSIDE_FROM:
            return found
        first, last = bisect_left(self._tails, word), bisect_right(self._tails, word + _LAST)
        inside = set(self._tail_words[first:last])
        return found.union(*(self._holders[number] for number in inside))


def _stretch(ordered: list[tuple[str, int]], beginning: str) -> list[tuple[str, int]]:
    """The stretch of a sorted list in which every text begins so."""
    return ordered[bisect_left(ordered, (beginning, -1)) : bisect_right(ordered, (beginning + _LAST, -1))]
