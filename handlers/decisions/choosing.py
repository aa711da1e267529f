"""Which policies are put to Cedar: all that could decide about a question, and not those that never could.

Cedar looks at every policy that it is given, a microsecond each; so what is about other actions, or bound to another
value of a fact, is not given to it. It never leaves out a policy that could apply or fail.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import cedarpy

from handlers.decisions.reading import Bound, Read
from handlers.decisions.statements import PolicyNote

# Policies kept parsed, five kilobytes each, in however many combinations of what they are bound to.
_POLICIES_KEPT = 16_384
# Where fewer policies are bound to values of one fact, looking at them is cheaper than a set for each value.
_WORTH = 16
# A kind of question, and what its policies are bound to that its facts are.
_Set: TypeAlias = tuple[str, frozenset[Bound]]


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

    def __init__(
        self,
        kinds: Mapping[str, frozenset[str]],
        notes: Iterable[PolicyNote],
        most_kept: int = _POLICIES_KEPT,
    ) -> None:
        """kinds: the actions of each kind of question. notes: of the whole set."""
        whole = tuple(notes)
        self._kinds = MappingProxyType({kind: _about(actions, whole) for kind, actions in kinds.items()})
        self._bound = MappingProxyType({kind: _values(each) for kind, each in self._kinds.items()})
        self._kept = _Kept(most_kept)
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
        if not met:
            return self._of_none[kind]
        return self._kept.of((kind, met), lambda: self._parsed(kind, met))

    @property
    def kept(self) -> int:
        """How many parsed policies are kept for whoever asks again."""
        return len(self._kept)

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


class _Kept:
    """Sets of policies, of so many policies in all: what was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most, self._policies = most, 0
        self._sets = dict[_Set, Chosen]()
        self._lock = threading.Lock()

    def of(self, which: _Set, made: Callable[[], Chosen]) -> Chosen:
        """The one that is kept, or a new one."""
        with self._lock:
            if (known := self._sets.pop(which, None)) is not None:
                self._sets[which] = known
                return known
        chosen = made()  # by several at once, rather than one after the other
        with self._lock:
            if which not in self._sets:
                self._sets[which] = chosen
                self._policies += len(chosen.notes)
            while self._policies > self._most:
                self._policies -= len(self._sets.pop(next(iter(self._sets))).notes)
        return chosen

    def __len__(self) -> int:
        """How many policies are kept."""
        return self._policies


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
