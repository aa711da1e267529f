"""Which names are one group: by the rule of the directory that the group stands in, and by no other.

It asks no directory and finds no rows. Where no rule is known, names are one only if they are written alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from unicodedata import category, normalize

Key = Callable[[str], str]
"""What all ways to write one group's name have in common, in directories of one kind."""

Place = tuple[str, str]
"""A group: its directory, and the key of its name."""

NAMES = "group_names"

# Names whose letters are kept: each question about delegations compares one with all groups of the catalogue.
_LETTERS_KEPT = 4096
# Accents, and format characters, which nobody sees.
_PASSED_OVER = ("Mn", "Me", "Cf")


def exact(name: str) -> str:
    """The key where each way to write a name is another group."""
    return name


@dataclass(frozen=True)
class GroupNames:
    """keys: by the name of a directory, where its names are not exact, or not known to be."""

    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}))

    def key(self, directory: str, group: str) -> str:
        """The same for every way to write this group's name."""
        return self.keys.get(directory, exact)(group)

    def place(self, directory: str, group: str) -> Place:
        """The group itself: the same for all its names, and another for every other group."""
        return directory, self.key(directory, group)

    def are_one(self, directory: str, one: str, other: str) -> bool:
        """Whether these are names of one group there."""
        return one == other or self.place(directory, one) == self.place(directory, other)

    def may_be_one(self, directory: str, one: str, other: str) -> bool:
        """Whether these could be names of one group there, for whoever lets somebody in if they are not.

        Servers pass over more than any rule can tell for sure: accents, the width of letters, spaces beside spaces.
        """
        if self.are_one(directory, one, other):
            return True
        return directory in self.keys and _letters(one) == _letters(other)

    def is_exact(self, directory: str) -> bool:
        """Whether a group has one way to be written there."""
        return self.keys.get(directory, exact) is exact


@lru_cache(_LETTERS_KEPT)
def _letters(name: str) -> str:
    """What is left of a name when all is passed over that some server passes over."""
    plain = normalize("NFKD", normalize("NFKD", name).casefold())
    return " ".join("".join(one for one in plain if category(one) not in _PASSED_OVER).split())


ALL_EXACT = GroupNames()
