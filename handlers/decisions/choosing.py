"""Which policies are put to Cedar: all that could decide about a question, and not those that never could.

Cedar looks at every policy that it is given, a microsecond each; so what is about other actions, or bound to another
value of a fact, is not given to it. It never leaves out a policy that could apply or fail.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import cedarpy

from handlers.decisions.reading import Bound, Read
from handlers.decisions.statements import PolicyNote

# Combinations of what policies are bound to, each with its policies parsed.
_CHOICES_KEPT = 512
# Where fewer policies are bound to values of one fact, looking at them is cheaper than a set for each value.
_WORTH = 16


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Policies, parsed, and what each says of itself, in the order by which Cedar numbers them."""

    policies: cedarpy.PolicySet
    notes: tuple[PolicyNote, ...]

    @property
    def numbered(self) -> Mapping[str, PolicyNote]:
        """The notes by the names that Cedar gives the policies."""
        return {f"policy{at}": note for at, note in enumerate(self.notes)}


class Choices:
    """By kind of question, and by the facts that policies are bound to: those that could decide. Immutable."""

    def __init__(self, kinds: Mapping[str, frozenset[str]], notes: Iterable[PolicyNote]) -> None:
        """kinds: the actions of each kind of question. notes: of the whole set."""
        whole = tuple(notes)
        self._kinds = MappingProxyType({kind: _about(actions, whole) for kind, actions in kinds.items()})
        self._bound = MappingProxyType({kind: _values(each) for kind, each in self._kinds.items()})
        self._of = lru_cache(_CHOICES_KEPT)(self._parsed)
        # Most questions meet none of these values, and nobody should wait while the others are read.
        self._of_none = MappingProxyType({kind: self._parsed(kind, frozenset()) for kind in kinds})

    def of(self, kind: str, values: Callable[[Read], Iterable[str | None]]) -> Chosen:
        """All that could decide about questions of this kind.

        values: what a fact is in each of the questions; None if it is not known, or not there.
        """
        met = frozenset(
            (read, value)
            for read, known in self._bound[kind].items()
            for one in values(read)
            for value in (known if one is None else known & {one})
        )
        return self._of(kind, met) if met else self._of_none[kind]

    def notes(self, kind: str) -> tuple[PolicyNote, ...]:
        """Of all that could decide about this kind of question, whatever its facts are."""
        return self._kinds[kind]

    def _parsed(self, kind: str, met: frozenset[Bound]) -> Chosen:
        bound = self._bound[kind]
        notes = tuple(
            note
            for note in self._kinds[kind]
            if note.bound is None or note.bound in met or note.bound[0] not in bound
        )
        text = "\n".join(note.text for note in notes)
        return Chosen(policies=cedarpy.PolicySet.from_str(text, release_gil=True), notes=notes)


def _values(notes: Iterable[PolicyNote]) -> Mapping[Read, frozenset[str]]:
    """The facts that many are bound to, with the values that they name."""
    named = defaultdict[Read, list[str]](list)
    for note in notes:
        if note.bound is not None:
            read, value = note.bound
            named[read].append(value)
    return {read: frozenset(values) for read, values in named.items() if len(values) >= _WORTH}


def _about(actions: frozenset[str], notes: Iterable[PolicyNote]) -> tuple[PolicyNote, ...]:
    """All but those that are about other actions."""
    return tuple(note for note in notes if note.actions is None or actions & note.actions)
