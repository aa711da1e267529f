"""Which policies are put to Cedar: all that could decide about a question, and not those that never could.

Cedar looks at every policy that it is given, a microsecond each; so what is about other actions, or about one other
resource alone, is not given to it. It never leaves out a policy that could apply or fail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import cedarpy

from handlers.decisions.statements import PolicyNote

Resource: TypeAlias = tuple[str, str]
"""Type and id."""

# Resources that policies of their own are about, each with its policies parsed.
_CHOICES_KEPT = 512


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
    """By kind of question, and by resource where policies are about one alone: those that could decide. Immutable."""

    def __init__(self, kinds: Mapping[str, frozenset[str]], notes: Iterable[PolicyNote]) -> None:
        """kinds: the actions of each kind of question. notes: of the whole set."""
        whole = tuple(notes)
        self._kinds = MappingProxyType({kind: _about(actions, whole) for kind, actions in kinds.items()})
        self._alone = MappingProxyType(
            {kind: frozenset(note.resource for note in each) for kind, each in self._kinds.items()}
        )
        self._of_all = MappingProxyType({kind: self._parsed(kind, None) for kind in kinds})
        self._of_one = lru_cache(_CHOICES_KEPT)(self._parsed)

    def of(self, kind: str, resource: Resource) -> Chosen:
        """All that could decide about a question of this kind about this resource."""
        return self._of_one(kind, resource) if resource in self._alone[kind] else self._of_all[kind]

    def notes(self, kind: str) -> tuple[PolicyNote, ...]:
        """Of all that could decide about this kind of question, whatever resource it is about."""
        return self._kinds[kind]

    def _parsed(self, kind: str, resource: Resource | None) -> Chosen:
        notes = tuple(note for note in self._kinds[kind] if note.resource in (None, resource))
        text = "\n".join(note.text for note in notes)
        return Chosen(policies=cedarpy.PolicySet.from_str(text, release_gil=True), notes=notes)


def _about(actions: frozenset[str], notes: Iterable[PolicyNote]) -> tuple[PolicyNote, ...]:
    """All but those that are about other actions."""
    return tuple(note for note in notes if note.actions is None or actions & note.actions)
